/* The roles in a plan: some stop first and measure last, some have the packets in flight that a
 * phase waits for (neither need be those that send), and some record a latency. */
#include "support.h"

#include <sched.h>
#include <string.h>

#include "base/clock.h"
#include "mode/plan.h"
#include "run/worker.h"
#include "../support/toy.h"

enum { FLYING = 5, ENTERED_MAX = 16 };

struct entered {
	enum role role;
	enum phase phase;
};

/* One server, one client. */
static struct {
	unsigned quiet_first, flying; /* set by the test for its plan */
	_Atomic unsigned drained;     /* roles on which drain() was called */
	/* so long the first call of the drain takes in which something flies */
	int64_t hold_up_ns;
	int64_t close_ns;             /* so long the first close takes */
	_Atomic bool closing;         /* one has begun */
	_Atomic unsigned polled_late; /* calls of poll since */
	_Atomic unsigned entries;
	struct entered entered[ENTERED_MAX]; /* one at a time: each is waited for */
} toy;

/* It comes home one by one when traffic stops. */
static int toy_poll(struct worker *w, struct err *err)
{
	uint64_t flying = counter_get(w->counters, COUNTER_IN_FLIGHT);

	(void)err;
	toy.polled_late += toy.closing;
	if (flying == FLYING && w->phase == PHASE_DRAIN)
		for (int64_t end_ns = clock_now_ns() + toy.hold_up_ns; clock_now_ns() < end_ns;)
			sched_yield();
	if (flying && (w->phase == PHASE_SETTLE || w->phase == PHASE_DRAIN))
		counter_set(w->counters, COUNTER_IN_FLIGHT, flying - 1);
	w->wait.until_ns = clock_now_ns() + 5 * NS_PER_MS;
	return 0;
}

static int toy_drain(struct worker *w, struct err *err)
{
	toy.drained |= w->self->role;
	return toy_poll(w, err);
}

static int toy_enter(struct worker *w, enum phase phase, struct err *err)
{
	(void)err;
	if (w->self->role & toy.flying && (phase == PHASE_WARMUP || phase == PHASE_MEASURE))
		counter_set(w->counters, COUNTER_IN_FLIGHT, FLYING);
	if (toy.entries < ENTERED_MAX)
		toy.entered[toy.entries++] = (struct entered){ w->self->role, phase };
	return 0;
}

static void toy_close(struct worker *w)
{
	bool first = !toy.closing;

	toy.closing = true;
	for (int64_t end_ns = clock_now_ns() + toy.close_ns; first && clock_now_ns() < end_ns;)
		sched_yield();
	engine_toy.close(w);
}

static int toy_plan(const struct options *o, struct plan *plan, struct err *err)
{
	int rc = engine_toy.plan(o, plan, err);

	plan->quiet_first = toy.quiet_first;
	plan->flying = toy.flying;
	return rc;
}

static const struct sample *last_of_measure(const struct gathered *g, uint32_t id)
{
	const struct sample *last = NULL;

	for (int i = 0; i < (int)gathered_samples(g, id); i++)
		if (gathered_sample(g, id, i)->phase == PHASE_MEASURE && !gathered_sample(g, id, i)->settled)
			last = gathered_sample(g, id, i);
	assert_non_null(last);
	return last;
}

static void run_held_up(unsigned quiet_first, unsigned flying, int64_t hold_up_ns, int64_t close_ns, struct gathered *g)
{
	struct engine e = engine_toy;
	struct session *s = make_session(0, false);

	script_reset();
	memset(&toy, 0, sizeof(toy));
	toy.quiet_first = quiet_first;
	toy.flying = flying;
	toy.hold_up_ns = hold_up_ns;
	toy.close_ns = close_ns;
	e.plan = toy_plan;
	e.poll = toy_poll;
	e.drain = toy_drain;
	e.enter = toy_enter;
	e.close = toy_close;
	e.observe = NULL;
	uint32_t id = start_run(s, &e, PAIRS("cores=1", "warmup=20ms", "duration=20ms"));
	const struct run_final *f = gather_until_final(s, id, g);
	struct ledger l;

	session_free(s);
	assert_string_equal(f->err.text, "");
	assert_int_equal(f->how, PHASE_DONE);
	/* The packets in flight came home before the phase was over, and the last sample of the
	 * traffic still has them. */
	assert_int_equal(sum_of_workers(gathered_run(g, id), f->settled, ROLE_BOTH, COUNTER_IN_FLIGHT), 0);
	struct reading since = reading_between(gathered_run(g, id), gathered_sample(g, id, 0), last_of_measure(g, id));
	ledger_of(&since, &l);
	assert_int_equal(l.in_flight, FLYING);
}

static void run_toy(unsigned quiet_first, unsigned flying, struct gathered *g)
{
	run_held_up(quiet_first, flying, 0, 0, g);
}

static void assert_entered(const struct entered *expected, unsigned count)
{
	assert_int_equal(toy.entries, count);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(toy.entered[i].phase, expected[i].phase);
		assert_int_equal(toy.entered[i].role, expected[i].role);
	}
}

/* echo: clients ask; chat: they do, too, but what is in flight is at the server. */
static void clients_stop_first(void **state)
{
	static const struct entered expected[] = {
		{ ROLE_SERVER, PHASE_WARMUP },
		{ ROLE_CLIENT, PHASE_WARMUP },
		{ ROLE_CLIENT, PHASE_SETTLE },
		{ ROLE_SERVER, PHASE_SETTLE },
		{ ROLE_SERVER, PHASE_MEASURE },
		{ ROLE_CLIENT, PHASE_MEASURE },
		{ ROLE_CLIENT, PHASE_DRAIN },
		{ ROLE_SERVER, PHASE_DRAIN },
	};
	static const unsigned flying[] = { ROLE_CLIENT, ROLE_SERVER };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct gathered g = { 0 };

		run_toy(ROLE_CLIENT, flying[i], &g);
		assert_entered(expected, 8);
		assert_int_equal(toy.drained, ROLE_CLIENT);
		gather_free(&g);
	}
}

/* stream, fanout: the server sends. */
static void servers_stop_first(void **state)
{
	static const struct entered expected[] = {
		{ ROLE_SERVER, PHASE_WARMUP },
		{ ROLE_CLIENT, PHASE_WARMUP },
		{ ROLE_SERVER, PHASE_SETTLE },
		{ ROLE_CLIENT, PHASE_SETTLE },
		{ ROLE_CLIENT, PHASE_MEASURE },
		{ ROLE_SERVER, PHASE_MEASURE },
		{ ROLE_SERVER, PHASE_DRAIN },
		{ ROLE_CLIENT, PHASE_DRAIN },
	};
	struct gathered g = { 0 };

	(void)state;
	run_toy(ROLE_SERVER, ROLE_SERVER, &g);
	assert_entered(expected, 8);
	assert_int_equal(toy.drained, ROLE_SERVER);
	gather_free(&g);
}

/* Nothing moves for longer than a phase waits for packets in flight, but only because a worker has
 * no CPU. */
static void who_was_kept_from_its_cpu_is_waited_for(void **state)
{
	struct gathered g = { 0 };

	(void)state;
	run_held_up(ROLE_CLIENT, ROLE_CLIENT, 300 * NS_PER_MS, 0, &g);
	gather_free(&g);
}

/* Hundreds of workers that went on while the first are closed would keep the CPUs from them.  One
 * may be in a call that began before. */
static void nobody_works_while_others_close(void **state)
{
	struct gathered g = { 0 };

	(void)state;
	run_held_up(ROLE_CLIENT, ROLE_CLIENT, 0, 200 * NS_PER_MS, &g);
	assert_at_most(toy.polled_late, 1);
	gather_free(&g);
}

static void what_is_not_recorded_takes_no_memory(void **state)
{
	struct plan_worker planned[] = { { .role = ROLE_SERVER, .cpu = -1 }, { .role = ROLE_CLIENT, .cpu = -1 } };
	struct plan plan = { .workers = 2, .worker = planned };
	struct worker worker;
	struct err err = ERR_NONE;

	(void)state;
	/* In the script's table clients record. */
	for (unsigned unrecorded = 0; unrecorded <= ROLE_BOTH; unrecorded++)
		for (unsigned i = 0; i < 2; i++) {
			plan.unrecorded[0] = unrecorded;
			assert_int_equal(worker_init(&worker, &engine_toy, NULL, &plan, i, &err), 0);
			assert_int_equal(worker.latency[0] != NULL, i == 1 && !(unrecorded & ROLE_CLIENT));
			worker_free(&worker);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients_stop_first),
		cmocka_unit_test(servers_stop_first),
		cmocka_unit_test(who_was_kept_from_its_cpu_is_waited_for),
		cmocka_unit_test(nobody_works_while_others_close),
		cmocka_unit_test(what_is_not_recorded_takes_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
