/* The verdict, as a table: one thing wrong at a time. */
#include "verdict_scene.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static void failed(struct scene *s)
{
	s->final.how = PHASE_FAILED;
	strcpy(s->final.err.text, "send to 10.0.0.1: Network is unreachable");
}

static void too_slow(struct scene *s)
{
	s->edge[1].value[COUNTER_TX_PACKETS] = 9989;
}

static void just_fast_enough(struct scene *s)
{
	s->edge[1].value[COUNTER_TX_PACKETS] = 9990;
}

static void suspended(struct scene *s)
{
	s->final.suspended_ns = 700 * NS_PER_MS;
}

static void held_up(struct scene *s)
{
	s->final.held_ns = 375 * NS_PER_MS;
}

/* The headline's median is 40 us, the generator's lateness late_ns. */
static void lateness(struct scene *s, int64_t late_ns)
{
	static const struct latency_def latencies[] = {
		{ .name = "rtt", .title = "RTT", .since = "schedule" },
		{ .name = "lateness", .title = "lateness", .since = "schedule", .of_generator = true },
		{ 0 },
	};
	static struct engine engine;

	engine = engine_toy;
	engine.latencies = latencies;
	s->info.engine = &engine;
	memset(s->total, 0, sizeof(s->total));
	s->total[0].bucket[hist_index(40 * NS_PER_US)] = s->total[0].count = 10000;
	s->total[1].bucket[hist_index(late_ns)] = s->total[1].count = 10000;
	s->final.total = s->total;
}

static void generator_late(struct scene *s)
{
	lateness(s, 25 * NS_PER_US);
}

static void generator_in_time(struct scene *s)
{
	lateness(s, 5 * NS_PER_US);
}

static void unexplained(struct scene *s)
{
	s->ledger.unexplained = 120;
	s->ledger.balanced = false;
	s->ledger.places = 1;
	s->ledger.place[0] = (struct ledger_place){ .key = "softnet_backlog", .title = "softnet backlog", .why = "forbidden" };
}

static void negative(struct scene *s)
{
	s->ledger.unexplained = -120;
	s->ledger.balanced = false;
}

static void never_answered(struct scene *s)
{
	s->final.never_answered = true;
	s->settled[1].value[COUNTER_RX_PACKETS] = 0;
}

static void nothing_received(struct scene *s)
{
	s->settled[1].value[COUNTER_RX_PACKETS] = 0;
}

static void nothing_measured(struct scene *s)
{
	s->final.measured_ns = 0;
}

static void closed_loop(struct scene *s)
{
	s->info.closed_loop = true;
	s->edge[1].value[COUNTER_SCHEDULED] = 0;
}

static void shared_cpu(struct scene *s)
{
	s->worker[0].shares_cpu = true;
}

static void not_pinned(struct scene *s)
{
	s->worker[1].pinned = false;
}

static void not_pinned_but_synthetic(struct scene *s)
{
	static struct engine synthetic;

	synthetic = engine_toy;
	synthetic.synthetic = true;
	s->info.engine = &synthetic;
	s->worker[1].pinned = false;
}

static void captured(struct scene *s)
{
	s->captured = true;
}

static void stolen(struct scene *s)
{
	s->final.net_to.value[PROCNET_STEAL_TICKS] = 5;
}

static void stolen_but_unknown(struct scene *s)
{
	stolen(s);
	s->final.net_from.known = 0;
}

static void starved(struct scene *s)
{
	s->edge[1].value[COUNTER_OBSERVED_NS] = 2ull * NS_PER_S;
	s->edge[1].value[COUNTER_RUN_DELAY_NS] = 500 * NS_PER_MS;
}

static void starved_but_unknown(struct scene *s)
{
	starved(s);
	s->worker[1].unknown = 1ull << COUNTER_RUN_DELAY_NS;
}

/* What it waited for the other worker of this run had. */
static void starved_by_its_own(struct scene *s)
{
	starved(s);
	s->edge[0].value[COUNTER_CPU_SYSTEM_NS] = 450 * NS_PER_MS;
}

static void starved_by_a_quota(struct scene *s)
{
	starved(s);
	s->worker[1].cpu = 1;
	s->final.net_to.value[PROCNET_THROTTLED_US] = 900 * 1000;
}

static void stopped_by_a_quota(struct scene *s)
{
	s->final.net_to.value[PROCNET_THROTTLED_US] = 40 * 1000;
}

static void moved(struct scene *s)
{
	s->worker[1].moved = true;
}

static void in_fragments(struct scene *s)
{
	s->info.fragments = 3;
}

/* A slow sender may have one message under way. */
static void one_is_under_way(struct scene *s)
{
	s->edge[1].value[COUNTER_SCHEDULED] = 21;
	s->edge[1].value[COUNTER_TX_PACKETS] = 20;
}

static void two_are_missing(struct scene *s)
{
	one_is_under_way(s);
	s->edge[1].value[COUNTER_TX_PACKETS] = 19;
}

static void forbidden_to_send(struct scene *s)
{
	too_slow(s);
	s->final.refusal = EPERM;
}

static void refused_by_the_peer(struct scene *s)
{
	never_answered(s);
	s->final.refusal = ECONNREFUSED;
}

static void no_way_to_the_peer(struct scene *s)
{
	never_answered(s);
	s->final.refusal = ENETUNREACH;
}

/* The workers used 100 ms of CPU time, 30 of them without a turn. */
static void multiplexed(struct scene *s)
{
	s->edge[0].value[COUNTER_CPU_SYSTEM_NS] = 60 * NS_PER_MS;
	s->edge[1].value[COUNTER_CPU_USER_NS] = 40 * NS_PER_MS;
	s->edge[1].value[COUNTER_PERF_UNSEEN_NS] = 30 * NS_PER_MS;
}

static void multiplexed_a_little(struct scene *s)
{
	multiplexed(s);
	s->edge[1].value[COUNTER_PERF_UNSEEN_NS] = NS_PER_MS;
}

static void multiplexed_on_one_of_two(struct scene *s)
{
	multiplexed(s);
	s->worker[0].unknown = 1ull << COUNTER_PERF_UNSEEN_NS;
}

static void without_hardware_counters(struct scene *s)
{
	multiplexed(s);
	s->worker[0].unknown = s->worker[1].unknown = 1ull << COUNTER_PERF_UNSEEN_NS;
}

static void short_warm_up(struct scene *s)
{
	s->info.warmup_ns = 199 * NS_PER_MS;
}

static void short_measurement(struct scene *s)
{
	s->final.measured_ns = 300 * NS_PER_MS;
}

static void long_measurement(struct scene *s)
{
	s->info.duration_ns = 2ll * NS_PER_S;
	s->final.measured_ns = 28670ll * NS_PER_MS;
}

static void much_longer(struct scene *s)
{
	s->info.duration_ns = 2ll * NS_PER_S;
	s->final.measured_ns = 2600ll * NS_PER_MS;
}

static void much_shorter(struct scene *s)
{
	s->info.duration_ns = 4ll * NS_PER_S;
	s->final.measured_ns = 3ll * NS_PER_S;
}

static void interrupted(struct scene *s)
{
	much_shorter(s);
	s->final.interrupted = true;
}

static void a_little_longer(struct scene *s)
{
	s->info.duration_ns = 2ll * NS_PER_S;
	s->final.measured_ns = 2400ll * NS_PER_MS;
}

static void silent_for_a_while(struct scene *s)
{
	s->final.silent_ns = 1100 * NS_PER_MS;
}

static void silent_for_as_long_as_an_answer_may_take(struct scene *s)
{
	s->final.silent_ns = NS_PER_S;
}

static void lost_by_the_host(struct scene *s)
{
	s->ledger.host_lost = 120;
	s->ledger.balanced = false;
	s->ledger.places = 1;
	s->ledger.place[0] = (struct ledger_place){
		.key = "softnet_backlog", .title = "softnet backlog", .known = true, .host_wide = true, .lost = 120, .seen = 500
	};
}

static void lost_somewhere(struct scene *s)
{
	s->info.rest = REST_SOMEWHERE;
	s->ledger.rest_lost = 120;
}

static void lost_on_the_path(struct scene *s)
{
	s->info.rest = REST_ON_THE_PATH;
	s->ledger.rest_lost = 120;
}

static void all_came_too_late(struct scene *s)
{
	for (unsigned i = 0; i < s->final.workers; i++)
		s->final.edge[i].value[COUNTER_RX_PACKETS] = s->final.edge[i].value[COUNTER_RX_BYTES] = 0;
}

static void away_for_a_moment(struct scene *s)
{
	s->info.expects_answers = true;
	s->final.away_ns = s->final.measured_ns / 200;
}

static void away_for_long(struct scene *s)
{
	s->info.expects_answers = true;
	s->final.away_ns = s->final.measured_ns / 4;
}

static void clients_away(struct scene *s)
{
	s->info.expects_answers = false;
	s->final.away_ns = s->final.measured_ns / 4;
}

static const struct {
	void (*change)(struct scene *s);
	const char *reason, *caution; /* NULL: none */
} rows[] = {
	{ NULL, NULL, NULL },
	{ failed, "the run failed: send to 10.0.0.1: Network is unreachable", NULL },
	{ too_slow, "the generator could not keep the rate: sent 9989 of 10000 scheduled (99.89 %)", NULL },
	{ just_fast_enough, NULL, NULL },
	{ suspended, "suspended or starved for 0.7 s", NULL },
	{ held_up, NULL, "netdyno itself was held up for 0.38 s" },
	{ generator_late, NULL, "the generator was late, 1 % of the time by 25." },
	{ generator_in_time, NULL, NULL },
	{ unexplained, "leaves 120 of 10000 packets unexplained (1.20 %); not readable: softnet backlog", NULL },
	{ negative, "accounts for 120 packets more than the 10000 sent", NULL },
	{ never_answered, "127.0.0.1:5000 never answered", NULL },
	{ silent_for_a_while, NULL, "127.0.0.1:5000 did not answer for 1.1 s" },
	{ silent_for_as_long_as_an_answer_may_take, NULL, NULL },
	{ lost_by_the_host,
		"leaves 120 of 10000 packets unexplained (1.20 %): the whole host's counters have softnet backlog at most 120",
		NULL },
	{ lost_somewhere, NULL, "120 of 10000 packets (1.20 %) were lost somewhere between here and the answer" },
	{ lost_on_the_path, NULL, "120 of 10000 packets (1.20 %) were lost on the path" },
	{ all_came_too_late, "nothing was received before the measurement was over", NULL },
	{ away_for_a_moment, NULL, "(0.50 %): the rates are means over that, too" },
	{ away_for_long, "(25.0 %, and more than 1 % is too much)", NULL },
	{ clients_away, NULL, "clients were away for" },
	{ nothing_received, "nothing was received", NULL },
	{ nothing_measured, "nothing was measured", NULL },
	{ closed_loop, NULL, "coordinated omission" },
	{ shared_cpu, NULL, "1 of 2 workers share a CPU" },
	{ not_pinned, NULL, "1 of 2 workers are not pinned" },
	{ not_pinned_but_synthetic, NULL, NULL },
	{ captured, NULL, "a capture was on" },
	{ stolen, NULL, "1.2 % of the CPU time" },
	{ stolen_but_unknown, NULL, NULL },
	{ starved_by_its_own, NULL, "other workers of this run, on CPU 0 too, took the workers' CPUs: client 0" },
	{ moved, NULL, "1 of 2 workers were moved to another CPU while they ran" },
	{ stopped_by_a_quota, NULL, "a CPU quota (cgroup cpu.max) stopped the process: its CPUs for 0.04 s in all" },
	{ in_fragments, NULL, "3 fragments a datagram" },
	{ one_is_under_way, NULL, NULL },
	{ two_are_missing, "sent 19 of 21 scheduled", NULL },
	{ forbidden_to_send, "(99.89 %); sends fail: Operation not permitted (a firewall or seccomp filter", NULL },
	{ refused_by_the_peer, "127.0.0.1:5000 never answered: Connection refused", NULL },
	{ no_way_to_the_peer, "127.0.0.1:5000 never answered: Network is unreachable", NULL },
	{ starved, NULL,
		"something else took the workers' CPUs: client 0 was ready to run and had to wait for 25 % of the time" },
	{ starved_but_unknown, NULL, NULL },
	{ multiplexed, NULL, "hardware counters are estimates: they had to be shared, and one was not counting for 30 %" },
	{ multiplexed_a_little, NULL, NULL },
	{ multiplexed_on_one_of_two, NULL, "not counting for 75 % of the workers' CPU time" },
	{ without_hardware_counters, NULL, NULL },
	{ short_warm_up, NULL, "warm-up of 199ms is too short" },
	{ short_measurement, NULL, "only 0.30 s were measured" },
	{ long_measurement, "28.7 s were measured, not 2.0 s", NULL },
	{ much_longer, NULL, "2.6 s were measured, not 2.0 s" },
	{ much_shorter, NULL, "3.0 s were measured, not 4.0 s" },
	{ interrupted, NULL, NULL },
	{ a_little_longer, NULL, NULL },
};

static void one_thing_at_a_time(void **state)
{
	struct scene s;
	struct verdict v;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		scene_make_good(&s);
		if (rows[i].change)
			rows[i].change(&s);
		scene_judge(&s, &v);
		if (v.valid == (rows[i].reason != NULL) || v.reasons != (rows[i].reason != NULL) ||
			v.cautions != (rows[i].caution != NULL))
			fail_msg("row %u: valid %d, %u reasons (%s), %u cautions (%s)", i, v.valid, v.reasons, v.reason[0],
				v.cautions, v.caution[0]);
		if (rows[i].reason)
			assert_contains(v.reason[0], rows[i].reason);
		if (rows[i].caution)
			assert_contains(v.caution[0], rows[i].caution);
	}
}

static void everything_at_once_fits(void **state)
{
	struct scene s;
	struct verdict v;

	(void)state;
	scene_make_good(&s);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].change && rows[i].change != nothing_measured)
			rows[i].change(&s);
	scene_judge(&s, &v);
	assert_false(v.valid);
	assert_at_most(v.reasons, VERDICT_LINES);
	assert_at_most(v.cautions, VERDICT_LINES);
}

static void a_quota_is_named(void **state)
{
	struct scene s;
	struct verdict v;

	(void)state;
	scene_make_good(&s);
	starved_by_a_quota(&s);
	scene_judge(&s, &v);
	assert_true(v.valid);
	assert_int_equal(v.cautions, 2);
	assert_contains(v.caution[0], "a CPU quota (cgroup cpu.max) took the workers' CPUs: client 0");
	assert_contains(v.caution[1], "a CPU quota (cgroup cpu.max) stopped the process: its CPUs for 0.90 s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_thing_at_a_time),
		cmocka_unit_test(everything_at_once_fits),
		cmocka_unit_test(a_quota_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
