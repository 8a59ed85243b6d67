/* Sessions and workers on the real clock, with a scripted mode. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "engines/null/null.h"
#include "../support/toy.h"

enum { CYCLES = 100 };

static int begin(void **state)
{
	script_reset();
	*state = make_session(0, true);
	return 0;
}

static int end(void **state)
{
	session_free(*state);
	return 0;
}

/* Long enough for workers that get a CPU late: they keep the end of a phase by the clock. */
#define SHORT "warmup=50ms", "duration=900ms", "interval=100ms", "cores=1"

/* ---- the whole life ---- */

static void a_run_goes_through_all_phases(void **state)
{
	struct session *s = *state;
	struct gathered g = { 0 };
	char phases[128];
	uint32_t id = start_run(s, &engine_toy, PAIRS(SHORT));
	const struct run_final *f = gather_until_final(s, id, &g);
	const struct run_info *info = gathered_run(&g, id);

	assert_int_equal(f->how, PHASE_DONE);
	assert_false(f->interrupted);
	assert_string_equal(gathered_phases(&g, id, phases, sizeof(phases)), "prepare warm-up settle measure drain");
	assert_non_null(info);
	assert_int_equal(info->workers, 2);
	assert_string_equal(info->peer, "127.0.0.1:5000");
	assert_string_equal(info->ran, "slow");
	assert_string_equal(info->path, "loopback");
	assert_int_equal(script.opened, 2);
	assert_int_equal(script.closed, 2);
	assert_int_equal(script.entered[PHASE_WARMUP], 2);
	assert_int_equal(script.entered[PHASE_SETTLE], 2);
	assert_int_equal(script.entered[PHASE_MEASURE], 2);
	assert_int_equal(script.entered[PHASE_DRAIN], 2);
	assert_int_equal(gathered_events(&g, id, "run #1 start: toy slow, window 8, seed 1"), 1);
	assert_int_equal(gathered_events(&g, id, "warm-up over"), 1);
	assert_int_equal(gathered_events(&g, id, "a note of the plan"), 1);
	assert_int_equal(gathered_events(&g, id, "run #1 stop: "), 1);
	/* The server's phase is the longer one: it begins before the client's and ends after it. */
	for (unsigned i = 0; i < info->workers; i++)
		if (info->worker[i].role == ROLE_CLIENT)
			assert_int_equal(f->measured_ns, f->edge_ns[i]);
	gather_free(&g);
}

static void the_ledger_balances_after_the_drain(void **state)
{
	struct session *s = *state;
	struct gathered g = { 0 };
	struct ledger l;

	script.loses_one_in_ten = true;
	uint32_t id = start_run(s, &engine_toy, PAIRS(SHORT));
	gather_until_final(s, id, &g);
	struct reading whole = gathered_reading(&g, id);

	ledger_of(&whole, &l);
	assert_true(l.known);
	assert_more(l.sent, 0);
	assert_int_equal(l.unexplained, 0);
	assert_int_equal(l.sent, l.received + l.lost);
	assert_string_equal(l.place[2].key, "late");
	assert_int_equal(l.place[2].lost, l.lost);
	/* One packet in ten is lost, give or take those of the warm-up's last ten. */
	if (l.lost + 1 < l.sent / 10 || l.lost > l.sent / 10 + 1)
		fail_msg("lost %lu of %lu", l.lost, l.sent);
	gather_free(&g);
}

/* Edge, ledger and histogram tell of the measure phase alone. */
static void warm_up_counts_nothing(void **state)
{
	struct session *s = *state;
	struct gathered g = { 0 };
	uint32_t id = start_run(s, &engine_toy, PAIRS(SHORT));
	const struct run_final *f = gather_until_final(s, id, &g);
	const struct sample *first = NULL;

	for (int i = 0; !first; i++)
		if (gathered_sample(&g, id, i)->phase == PHASE_MEASURE)
			first = gathered_sample(&g, id, i);
	assert_int_equal(first->measured_ns, 0);
	assert_more(first->worker[1].value[COUNTER_TX_PACKETS], 0);
	assert_int_equal(first->worker[1].value[COUNTER_IN_FLIGHT], 0);
	assert_int_equal(f->total[0].count, f->settled[1].value[COUNTER_RX_PACKETS]);
	assert_int_equal(f->settled[1].latency[0].count, f->total[0].count);
	/* The phase lasts that long from when it is told; a worker hears of it a little later. */
	assert_at_least(f->edge_ns[1], 100 * NS_PER_MS);
	gather_free(&g);
}

static void without_warm_up_it_measures_at_once(void **state)
{
	struct session *s = *state;
	struct gathered g = { 0 };
	char phases[128];
	uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=50ms", "cores=1"));
	const struct run_final *f = gather_until_final(s, id, &g);

	assert_int_equal(f->how, PHASE_DONE);
	assert_string_equal(gathered_phases(&g, id, phases, sizeof(phases)), "prepare measure drain");
	assert_int_equal(gathered_sample(&g, id, 0)->phase, PHASE_MEASURE);
	assert_int_equal(
		sum_of_workers(gathered_run(&g, id), gathered_sample(&g, id, 0)->worker, ROLE_BOTH, COUNTER_TX_PACKETS), 0);
	gather_free(&g);
}

/* Answers that never come: the drain ends because nothing moves, and the ledger says what is
 * missing. */
static void silence_ends_the_drain(void **state)
{
	struct session *s = *state;
	struct gathered g = { 0 };
	struct ledger l;
	struct verdict v;

	script.answers = script.drains = false;
	script.expects_answers = true;
	uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=100ms", "cores=1"));
	const struct run_final *f = gather_until_final(s, id, &g);
	struct reading whole = gathered_reading(&g, id);

	assert_int_equal(f->how, PHASE_DONE);
	assert_true(f->never_answered);
	ledger_of(&whole, &l);
	assert_int_equal(l.unexplained, 8);
	assert_false(l.balanced);
	verdict_of(&whole, &l, false, &v);
	assert_false(v.valid);
	gather_free(&g);
}

static void answers_that_come_in_the_drain_count(void **state)
{
	struct session *s = *state;
	struct gathered g = { 0 };

	script.answers = false; /* only drain() brings them home */
	uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=100ms", "cores=1"));
	const struct run_final *f = gather_until_final(s, id, &g);

	assert_int_equal(f->edge[1].value[COUNTER_RX_PACKETS], 0);
	assert_int_equal(f->settled[1].value[COUNTER_RX_PACKETS], 8);
	assert_int_equal(f->settled[1].value[COUNTER_IN_FLIGHT], 0);
	assert_more(script.drains_called, 0);
	gather_free(&g);
}

static void samples_are_numbered_and_ordered(void **state)
{
	struct session *s = *state;
	struct gathered g = { 0 };
	uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=400ms", "interval=200ms", "cores=1"));
	const struct sample *last = NULL;
	int64_t interval_end_ns = 0;
	unsigned intervals = 0;

	gather_until_final(s, id, &g);
	for (unsigned i = 0; i < gathered_samples(&g, id); i++) {
		const struct sample *sample = gathered_sample(&g, id, (int)i);

		assert_int_equal(sample->sequence, i + 1);
		/* The last interval is told after the drain. */
		if (i && !sample->settled)
			assert_more(sample->at_ns, gathered_sample(&g, id, (int)i - 1)->at_ns);
		assert_int_equal(sample->workers, 2);
		assert_non_null(sample->total);
		intervals += sample->is_interval;
		interval_end_ns = sample->is_interval ? sample->at_ns : interval_end_ns;
		last = sample->phase == PHASE_MEASURE ? sample : last;
		if (sample->is_interval &&
			(sample->interval_s <= 0 || sample->interval_s != (double)sample->window_ns / NS_PER_S))
			fail_msg("interval of %f s, window of %ld ns", sample->interval_s, sample->window_ns);
	}
	/* A very busy machine may miss one. */
	assert_in_range(intervals, 1, 3);
	/* The last interval ends with the measurement, or less than 10 ms before it. */
	assert_non_null(last);
	assert_at_most(last->at_ns - interval_end_ns, 10 * NS_PER_MS);
	gather_free(&g);
}

static void workers_are_pinned_and_observed(void **state)
{
	struct session *s = *state;
	struct gathered g = { 0 };
	uint32_t id = start_run(s, &engine_toy, PAIRS(SHORT));
	const struct run_final *f = gather_until_final(s, id, &g);
	const struct run_info *info = gathered_run(&g, id);

	assert_int_equal(script.pinned, 2);
	for (unsigned i = 0; i < info->workers; i++) {
		assert_true(info->worker[i].pinned);
		if (!f->edge[i].value[COUNTER_OBSERVED_NS])
			fail_msg("worker %u was never observed", i);
		for (unsigned c = COUNTER_CYCLES; c <= COUNTER_BRANCH_MISSES; c++)
			if (info->worker[i].unknown >> c & 1 && !info->worker[i].hardware_why[0])
				fail_msg("counter %u of worker %u is unknown without a reason", c, i);
	}
	assert_more(f->edge[1].value[COUNTER_WAITS], 0);
	assert_at_least(f->edge[1].value[COUNTER_SYSCALLS], f->edge[1].value[COUNTER_WAITS]);
	gather_free(&g);
}

/* ---- what goes wrong ---- */

static void an_open_that_fails_closes_all(void **state)
{
	struct session *s = *state;

	for (int at = 0; at < 2; at++) {
		struct gathered g = { 0 };

		script_reset();
		script.open_fails_at = at;
		uint32_t id = start_run(s, &engine_toy, PAIRS(SHORT));
		const struct run_final *f = gather_until_final(s, id, &g);

		assert_int_equal(f->how, PHASE_FAILED);
		assert_contains(f->err.text, "bind 127.0.0.1:5000: Address already in use");
		assert_int_equal(f->err.code, EADDRINUSE);
		assert_int_equal(f->measured_ns, 0);
		assert_null(gathered_run(&g, id));
		assert_int_equal(script.opened, at);
		/* also the one that failed: close() accepts half-opened */
		assert_int_equal(script.closed, at + 1);
		assert_int_equal(gathered_events(&g, id, "failed: bind 127.0.0.1:5000"), 1);
		gather_free(&g);
	}
}

static void a_poll_that_fails_ends_the_run_and_keeps_what_was_measured(void **state)
{
	struct session *s = *state;
	struct gathered g = { 0 };
	uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=0", "cores=1"));

	gather_until_samples(s, id, PHASE_MEASURE, 3, &g);
	script.poll_fails = 1;
	const struct run_final *f = gather_until_final(s, id, &g);

	assert_int_equal(f->how, PHASE_FAILED);
	assert_contains(f->err.text, "send to 127.0.0.1:5000: Input/output error");
	assert_more(f->measured_ns, 0);
	assert_more(f->edge[1].value[COUNTER_TX_PACKETS], 0);
	assert_int_equal(script.closed, 2);
	gather_free(&g);
}

static void an_observe_that_fails_ends_the_run(void **state)
{
	struct session *s = *state;
	struct gathered g = { 0 };

	script.observe_fails = 1;
	uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=0", "cores=1"));
	const struct run_final *f = gather_until_final(s, id, &g);

	assert_int_equal(f->how, PHASE_FAILED);
	assert_contains(f->err.text, "read socket drops");
	gather_free(&g);
}

static void usage_errors_come_back_at_once(void **state)
{
	struct session *s = *state;
	struct options o;
	struct err err = ERR_NONE;

	make_options(&o, &engine_toy, PAIRS("cores=1024"));
	assert_int_equal(session_start(s, &o, &err), -EINVAL);
	assert_contains(err.text, "--cores 1024");
	options_free(&o);
	err_clear(&err);
	make_options(&o, &engine_later, PAIRS("cores=1"));
	assert_int_equal(session_start(s, &o, &err), -EINVAL);
	assert_contains(err.text, "mode later is not built yet");
	options_free(&o);
	assert_null(session_next(s));
	assert_int_equal(script.released, 1);
}

/* ---- stopping, restarting, load ---- */

static void a_stop_ends_the_run(void **state)
{
	struct session *s = *state;

	for (int immediate = 0; immediate < 2; immediate++) {
		struct gathered g = { 0 };
		uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=1h", "cores=1"));

		gather_until_samples(s, id, PHASE_MEASURE, 2, &g);
		session_stop(s, immediate);
		const struct run_final *f = gather_until_final(s, id, &g);

		assert_int_equal(f->how, PHASE_DONE);
		assert_true(f->interrupted);
		assert_more(f->measured_ns, 0);
		gather_free(&g);
	}
}

static void a_stop_in_the_warm_up_measures_nothing(void **state)
{
	struct session *s = *state;
	struct gathered g = { 0 };
	uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=1h", "duration=1s", "cores=1"));

	gather_until_phase(s, id, PHASE_WARMUP, &g);
	session_stop(s, false);
	const struct run_final *f = gather_until_final(s, id, &g);

	assert_int_equal(f->how, PHASE_DONE);
	assert_true(f->interrupted);
	assert_int_equal(f->measured_ns, 0);
	assert_int_equal(f->workers, 2);
	assert_int_equal(gathered_events(&g, id, "nothing was measured"), 1);
	gather_free(&g);
}

static void a_run_without_duration_is_not_interrupted_by_a_stop(void **state)
{
	struct session *s = *state;
	struct gathered g = { 0 };
	uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=0", "cores=1"));

	gather_until_samples(s, id, PHASE_MEASURE, 2, &g);
	session_stop(s, false);
	assert_false(gather_until_final(s, id, &g)->interrupted);
	gather_free(&g);
}

static void a_start_replaces_the_run_that_goes(void **state)
{
	struct session *s = *state;
	struct gathered g = { 0 };
	uint32_t first = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=0", "cores=1"));

	gather_until_samples(s, first, PHASE_MEASURE, 2, &g);
	uint32_t second = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=0", "cores=1"));
	assert_int_equal(second, first + 1);
	gather_until_samples(s, second, PHASE_MEASURE, 2, &g);
	assert_non_null(gathered_final(&g, first));
	assert_int_equal(gathered_final(&g, first)->how, PHASE_DONE);
	assert_int_equal(script.closed, 2);
	session_stop(s, true);
	gather_until_final(s, second, &g);
	assert_int_equal(script.closed, 4);
	assert_int_equal(script.released, 2);
	gather_free(&g);
}

/* Keys come faster than runs start: each id that was given out gets its final, and the last one
 * runs. */
static void a_flood_of_starts_leaves_the_last(void **state)
{
	struct session *s = *state;
	struct gathered g = { 0 };
	uint32_t id = 0;

	for (int i = 0; i < 20; i++)
		id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=0", "cores=1"));
	gather_until_samples(s, id, PHASE_MEASURE, 2, &g);
	for (uint32_t i = 1; i < id; i++)
		assert_non_null(gather_until_final(s, i, &g));
	session_stop(s, true);
	gather_until_final(s, id, &g);
	assert_int_equal(script.released, 20);
	assert_int_equal(script.opened, script.closed);
	gather_free(&g);
}

static void the_load_is_clamped_and_reaches_the_workers(void **state)
{
	struct session *s = *state;
	struct gathered g = { 0 };
	uint64_t min, max;

	assert_int_equal(session_load(s, &min, &max), 0);
	assert_int_equal(session_set_load(s, 5), 0);
	uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=0", "cores=1"));
	assert_int_equal(session_load(s, &min, &max), 8);
	assert_int_equal(min, 1);
	assert_int_equal(max, 1000);
	gather_until_samples(s, id, PHASE_MEASURE, 1, &g);
	assert_int_equal(session_set_load(s, 5000), 1000);
	assert_int_equal(session_set_load(s, 0), 1);
	assert_int_equal(session_set_load(s, 77), 77);
	gather_until_samples(s, id, PHASE_MEASURE, gathered_samples(&g, id) + 3, &g);
	assert_int_equal(script.loads_seen, 77);
	assert_int_equal(gathered_events(&g, id, "window 77"), 1);
	session_stop(s, true);
	gather_until_final(s, id, &g);
	assert_int_equal(session_set_load(s, 5), 0);
	gather_free(&g);
}

/* A call that does not return holds its own run up, not the main thread's requests. */
static void a_blocked_worker_is_waited_for(void **state)
{
	struct session *s = *state;
	struct gathered g = { 0 };
	uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=0", "cores=1"));

	gather_until_samples(s, id, PHASE_MEASURE, 1, &g);
	script.block = 1;
	while (!atomic_load(&script.blocking))
		sched_yield();
	session_stop(s, true);
	assert_int_equal(session_load(s, NULL, NULL), 8);
	for (struct update *u; (u = session_next(s)); update_free(u))
		assert_int_not_equal(u->kind, UPDATE_FINAL);
	script.block = 0;
	assert_int_equal(gather_until_final(s, id, &g)->how, PHASE_DONE);
	gather_free(&g);
}

/* Leaving right after a change: the run that was to come is turned away, or has just begun. */
static void a_run_that_never_began_has_not_failed(void **state)
{
	struct session *s = *state;

	for (unsigned i = 0; i < 20; i++) {
		struct gathered g = { 0 };
		uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=0", "cores=1"));

		gather_until_samples(s, id, PHASE_MEASURE, 1, &g);
		id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=0", "cores=1"));
		session_stop(s, true);
		const struct run_final *f = gather_until_final(s, id, &g);
		assert_int_equal(f->how, PHASE_DONE);
		assert_int_equal(f->measured_ns, 0);
		gather_free(&g);
	}
}

static void silence_of_the_peer_is_an_event(void **state)
{
	struct session *s = *state;
	struct gathered g = { 0 };

	script.answers = false;
	script.expects_answers = true;
	uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=0", "cores=1"));
	for (unsigned n = 1; !gathered_events(&g, id, "no answer from 127.0.0.1:5000 for "); n++)
		gather_until_samples(s, id, PHASE_MEASURE, n, &g);
	script.answers = true;
	for (unsigned n = 1; !gathered_events(&g, id, "127.0.0.1:5000 answers again after "); n++)
		gather_until_samples(s, id, PHASE_MEASURE, n, &g);
	session_stop(s, true);
	assert_false(gather_until_final(s, id, &g)->never_answered);
	gather_free(&g);
}

/* ---- nothing is left behind ---- */

static void cycles_leave_nothing_behind(void **state)
{
	(void)state;
	struct session *warm = make_session(0, true);
	session_free(warm);
	unsigned fds = open_fds(), threads = running_threads();
	struct session *s = make_session(0, true);

	for (unsigned i = 0; i < CYCLES; i++) {
		struct gathered g = { 0 };
		const struct engine *engine = i % 2 ? &engine_null : &engine_toy;
		uint32_t id;

		script_reset();
		script.open_fails_at = i % 10 == 4 ? 1 : -1;
		id = start_run(s, engine, PAIRS("warmup=0", "duration=0", "cores=1"));
		if (i % 10 != 4)
			gather_until_samples(s, id, PHASE_MEASURE, 1, &g);
		session_stop(s, i % 3 == 0);
		gather_until_final(s, id, &g);
		gather_free(&g);
	}
	session_free(s);
	if (open_fds() != fds)
		fail_msg("%u descriptors before, %u after", fds, open_fds());
	assert_threads(threads);
}

static void a_session_is_freed_in_mid_run(void **state)
{
	unsigned fds = open_fds();
	struct session *s = make_session(0, false);
	struct gathered g = { 0 };

	(void)state;
	script_reset();
	uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=0", "cores=1"));
	gather_until_samples(s, id, PHASE_MEASURE, 1, &g);
	assert_null(gathered_sample(&g, id, 0)->total);
	start_run(s, &engine_toy, PAIRS("cores=1"));
	session_free(s);
	session_free(NULL);
	assert_int_equal(script.opened, script.closed);
	assert_int_equal(script.released, 2);
	assert_int_equal(open_fds(), fds);
	gather_free(&g);
}

/* A call that never returns holds up neither the run's final nor the end of the session. */
static void a_worker_that_never_ends_is_lost(void **state)
{
	struct session *s = make_session(0, false);
	struct gathered g = { 0 };

	(void)state;
	script_reset();
	uint32_t id = start_run(s, &engine_toy, PAIRS("warmup=0", "duration=0", "cores=1"));
	gather_until_samples(s, id, PHASE_MEASURE, 1, &g);
	script.block = 1;
	while (!atomic_load(&script.blocking))
		sched_yield();
	session_stop(s, true);
	const struct run_final *final = gather_until_final(s, id, &g);
	assert_int_equal(final->how, PHASE_FAILED);
	assert_contains(final->err.text, "client worker 0 does not ");
	/* It goes on to the end of the process. */
	assert_false(session_free(s));
	gather_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
		CASE(a_run_goes_through_all_phases),
		CASE(the_ledger_balances_after_the_drain),
		CASE(warm_up_counts_nothing),
		CASE(without_warm_up_it_measures_at_once),
		CASE(silence_ends_the_drain),
		CASE(answers_that_come_in_the_drain_count),
		CASE(samples_are_numbered_and_ordered),
		CASE(workers_are_pinned_and_observed),
		CASE(an_open_that_fails_closes_all),
		CASE(a_poll_that_fails_ends_the_run_and_keeps_what_was_measured),
		CASE(an_observe_that_fails_ends_the_run),
		CASE(usage_errors_come_back_at_once),
		CASE(a_stop_ends_the_run),
		CASE(a_stop_in_the_warm_up_measures_nothing),
		CASE(a_run_without_duration_is_not_interrupted_by_a_stop),
		CASE(a_start_replaces_the_run_that_goes),
		CASE(a_flood_of_starts_leaves_the_last),
		CASE(the_load_is_clamped_and_reaches_the_workers),
		CASE(a_blocked_worker_is_waited_for),
		CASE(a_run_that_never_began_has_not_failed),
		CASE(silence_of_the_peer_is_an_event),
		cmocka_unit_test(cycles_leave_nothing_behind),
		cmocka_unit_test(a_session_is_freed_in_mid_run),
		/* The last: what is lost stays. */
		cmocka_unit_test(a_worker_that_never_ends_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
