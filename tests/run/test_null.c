/* Mode null on the real clock: the schedule is kept, the ledger balances, method full turns the
 * loop. */
#include "support.h"

#include "base/clock.h"
#include "engines/null/null.h"

static void run(const char *const *pairs, struct gathered *g, struct ledger *ret_ledger, struct verdict *ret_verdict)
{
	struct session *s = make_session(0, false);
	uint32_t id = start_run(s, &engine_null, pairs);
	const struct run_final *f = gather_until_final(s, id, g);
	struct reading whole = gathered_reading(g, id);

	session_free(s);
	assert_int_equal(f->how, PHASE_DONE);
	ledger_of(&whole, ret_ledger);
	verdict_of(&whole, ret_ledger, false, ret_verdict);
}

static void the_schedule_is_kept(void **state)
{
	struct gathered g = { 0 };
	struct ledger l;
	struct verdict v;

	(void)state;
	run(PAIRS("cores=4", "rate=10M", "warmup=200ms", "duration=300ms", "loss-ppm=100"), &g, &l, &v);
	const struct run_final *f = gathered_final(&g, 1);
	for (unsigned i = 4; i < f->workers; i++) {
		/* Exact to the packets of the moment between two readings of the clock. */
		double due = 2.5e6 * (double)f->edge_ns[i] / NS_PER_S, sent = (double)f->edge[i].value[COUNTER_TX_PACKETS];

		if (sent < due * 0.99 || sent > due * 1.01)
			fail_msg("worker %u sent %.0f, due were %.0f", i, sent, due);
		assert_int_equal(f->edge[i].value[COUNTER_SCHEDULED], f->edge[i].value[COUNTER_TX_PACKETS]);
		/* It stays bounded whatever the rate. */
		assert_more(f->edge[i].latency[0].count, 0);
		assert_at_most((double)f->edge[i].latency[0].count, 20000 * 1.01 * (double)f->edge_ns[i] / NS_PER_S + 1);
	}
	assert_int_equal(l.unexplained, 0);
	assert_more(l.lost, 0);
	assert_true(v.valid);
	gather_free(&g);
}

static void full_turns_the_loop(void **state)
{
	struct gathered g = { 0 };
	struct ledger l;
	struct verdict v;

	(void)state;
	run(PAIRS("cores=1", "method=full", "warmup=0", "duration=100ms"), &g, &l, &v);
	const struct run_final *f = gathered_final(&g, 1);
	assert_string_equal(gathered_run(&g, 1)->ran, "full");
	assert_more(l.sent, 1000);
	assert_int_equal(l.unexplained, 0);
	assert_int_equal(f->total[0].count, f->settled[1].value[COUNTER_RX_PACKETS]);
	gather_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_schedule_is_kept),
		cmocka_unit_test(full_turns_the_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
