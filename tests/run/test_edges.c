/* The edges of a run: the traffic waits for whoever wants to see it, workers keep the end by
 * themselves, and where they run is told. */
#include "support.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "mode/path.h"
#include "run/worker.h"
#include "../support/toy.h"

enum { DEADLINE_S = 30 };

/* ---- the end ---- */

struct rig {
	struct plan plan;
	struct plan_worker planned;
	struct worker worker;
};

static void rig_start(struct rig *rig, enum role role, unsigned quiet_first)
{
	struct err err = ERR_NONE;

	script_reset();
	memset(rig, 0, sizeof(*rig));
	rig->plan.workers = 1;
	rig->plan.worker = &rig->planned;
	rig->plan.quiet_first = quiet_first;
	rig->planned = (struct plan_worker){ .role = role, .cpu = -1 };
	assert_int_equal(worker_init(&rig->worker, &engine_toy, NULL, &rig->plan, 0, &err), 0);
	assert_int_equal(worker_start(&rig->worker, &err), 0);
}

static void await(_Atomic uint32_t *word, uint32_t value)
{
	for (int64_t until_ns = clock_now_ns() + DEADLINE_S * (int64_t)NS_PER_S; atomic_load(word) != value; sched_yield())
		if (clock_now_ns() > until_ns)
			fail_msg("%u, not %u", atomic_load(word), value);
}

static void await_end(struct rig *rig)
{
	int64_t until_ns = clock_now_ns() + DEADLINE_S * (int64_t)NS_PER_S;

	for (; !atomic_load(&rig->worker.status->ended); sched_yield())
		if (clock_now_ns() > until_ns)
			fail_msg("the worker goes on");
}

/* Nobody tells it: the control thread of hundreds of busy workers comes too late. */
static void end_alone(enum role role, unsigned quiet_first, enum phase phase)
{
	struct rig rig;
	int64_t end_ns;

	rig_start(&rig, role, quiet_first);
	end_ns = clock_run_ns() + 20 * NS_PER_MS;
	atomic_store(&rig.worker.control->end_ns, end_ns);
	worker_tell(&rig.worker, PHASE_MEASURE);
	await(&rig.worker.status->phase, PHASE_MEASURE);
	await_end(&rig);
	await(&rig.worker.status->phase, phase);
	assert_at_least(rig.worker.measure_to.at_ns, end_ns);
	/* What it counts from now on is not of the phase. */
	uint64_t marked = rig.worker.measure_to.value[COUNTER_TX_PACKETS];
	worker_tell(&rig.worker, PHASE_DRAIN);
	await(&rig.worker.status->phase, PHASE_DRAIN);
	worker_tick(&rig.worker, 1, true);
	await(&rig.worker.status->tick, 1);
	assert_int_equal(rig.worker.measure_to.value[COUNTER_TX_PACKETS], marked);
	assert_int_equal(script.entered[PHASE_MEASURE], 1);
	assert_int_equal(script.entered[PHASE_DRAIN], 1);
	worker_stop(&rig.worker);
	worker_free(&rig.worker);
}

static void workers_end_by_themselves(void **state)
{
	(void)state;
	end_alone(ROLE_CLIENT, ROLE_CLIENT, PHASE_DRAIN);
	/* It takes what is under way, but its counters are those of the end. */
	end_alone(ROLE_CLIENT, ROLE_SERVER, PHASE_MEASURE);
}

/* It is over for every worker before the control thread sees that it has begun. */
static void the_shortest_run_ends(void **state)
{
	struct session *s = make_session(0, false);
	struct gathered g = { 0 };

	(void)state;
	script_reset();
	uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=1ns", "cores=1"));
	const struct run_final *f = gather_until_final(s, id, &g);
	if (f->how != PHASE_DONE)
		fail_msg("%s", f->err.text);
	assert_false(f->interrupted);
	assert_more(f->measured_ns, 0);
	gather_free(&g);
	session_free(s);
}

/* ---- the beginning ---- */

static void a_run_waits_for_go(void **state)
{
	struct session_config config = { .paths = paths_here, .awaits_go = true };
	struct session *s = NULL;
	struct gathered g = { 0 };
	struct err err = ERR_NONE;

	(void)state;
	script_reset();
	assert_int_equal(session_new(&config, &s, &err), 0);
	uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=1s", "cores=1"));
	/* Samples come, and so the control thread has had its chance. */
	gather_until_samples(s, id, PHASE_PREPARE, 2, &g);
	assert_non_null(gathered_run(&g, id));
	assert_int_equal(script.polls, 0);
	session_go(s, id);
	const struct run_final *f = gather_until_final(s, id, &g);
	assert_int_equal(f->how, PHASE_DONE);
	assert_more(f->settled[1].value[COUNTER_TX_PACKETS], 0);
	assert_int_equal(gathered_events(&g, id, "the run began before"), 0);
	/* One that is stopped does not wait. */
	id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=100ms", "cores=1"));
	gather_until_samples(s, id, PHASE_PREPARE, 1, &g);
	session_stop(s, false);
	assert_true(gather_until_final(s, id, &g)->interrupted);
	gather_free(&g);
	session_free(s);
}

/* ---- in between ---- */

/* As a cpuset that has shrunk would do it. */
static bool move_thread(const char *name, int cpu)
{
	DIR *tasks = opendir("/proc/self/task");
	char path[300], comm[32];
	struct dirent *task;
	cpu_set_t set;
	bool moved = false;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	while (tasks && (task = readdir(tasks))) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", task->d_name);
		FILE *f = fopen(path, "re");
		if (f && fgets(comm, sizeof(comm), f) && !strncmp(comm, name, strlen(name)))
			moved = sched_setaffinity(atoi(task->d_name), sizeof(set), &set) == 0;
		if (f)
			fclose(f);
	}
	if (tasks)
		closedir(tasks);
	return moved;
}

static void a_worker_that_was_moved_is_told(void **state)
{
	struct session *s = make_session(0, false);
	struct gathered g = { 0 };
	struct cpu_list cpus;
	char text[80], pinned[40];

	(void)state;
	script_reset();
	cpu_allowed(&cpus);
	if (cpus.count < 2) {
		session_free(s);
		skip();
	}
	snprintf(pinned, sizeof(pinned), "client-cpus=%d", cpus.cpu[0]);
	uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=0", "role=client", pinned));
	gather_until_samples(s, id, PHASE_MEASURE, 1, &g);
	assert_false(gathered_run(&g, id)->worker[0].moved);
	assert_true(move_thread("nd-cli0", cpus.cpu[1]));
	snprintf(text, sizeof(text), "client 0 was moved from CPU %d to CPU %d", cpus.cpu[0], cpus.cpu[1]);
	for (unsigned n = 2; n < 600 && !gathered_events(&g, id, text); n++)
		gather_until_samples(s, id, PHASE_MEASURE, n, &g);
	assert_int_equal(gathered_events(&g, id, text), 1);
	session_stop(s, false);
	gather_until_final(s, id, &g);
	gather_free(&g);
	session_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_end_by_themselves),
		cmocka_unit_test(the_shortest_run_ends),
		cmocka_unit_test(a_run_waits_for_go),
		cmocka_unit_test(a_worker_that_was_moved_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
