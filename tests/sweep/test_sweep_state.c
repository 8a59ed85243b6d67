/* The state of a sweep, made of its runs: medians, the best, failures, remarks, the time that is
 * left. */
#include "fixture.h"
#include "../support/asserts.h"

#include <math.h>

static struct sweep_plan plan;
static struct sweep_state state;

static int begin(void **unused)
{
	struct err err = ERR_NONE;

	(void)unused;
	make_plan(&plan, 3, "size=1K,2K threads=1,2 warmup=1s");
	return sweep_state_init(&state, &plan, &err);
}

static int end(void **unused)
{
	(void)unused;
	sweep_state_free(&state);
	sweep_plan_free(&plan);
	return 0;
}

static void expect_spread(uint32_t cell, unsigned n, double median, double min, double max)
{
	struct sweep_spread s;

	sweep_state_spread(&state, cell, 0, &s);
	bool same = s.n == n && (n ? s.median == median && s.min == min && s.max == max : isnan(s.median));
	if (!same)
		fail_msg("cell %u: %u values, %g (%g..%g), expected %u, %g (%g..%g)", cell, s.n, s.median, s.min, s.max, n,
			median, min, max);
}

static void medians_of_valid_runs(void **unused)
{
	(void)unused;
	assert_string_equal(state.metric[0].column, "rx_mbps");
	expect_spread(0, 0, 0, 0, 0);
	assert_int_equal(sweep_state_status(&state, 0), SWEEP_WAITING);
	assert_int_equal(sweep_state_best(&state, 0), -1);
	assert_false(sweep_state_known(&state, 0));
	take(&state, 0, 0, 30, true);
	take(&state, 0, 1, 1000, false); /* must not be used */
	assert_int_equal(sweep_state_status(&state, 0), SWEEP_PARTLY);
	expect_spread(0, 1, 30, 30, 30);
	take(&state, 0, 2, 10, true);
	expect_spread(0, 2, 20, 10, 30);
	assert_int_equal(sweep_state_status(&state, 0), SWEEP_DONE);
	take(&state, 3, 0, 25, true);
	assert_int_equal(sweep_state_best(&state, 0), 3);
	assert_int_equal(state.done, 4);
	assert_int_equal(state.invalid, 1);
	/* Latency: less is better, and here it is 5000 / throughput. */
	unsigned p50 = 0;
	while (p50 < state.metrics && strcmp(state.metric[p50].column, "rtt_p50_us") != 0)
		p50++;
	assert_less(p50, state.metrics);
	assert_int_equal(sweep_state_best(&state, p50), 3);
	/* The same slot a second time changes nothing. */
	take(&state, 3, 0, 99, true);
	expect_spread(3, 1, 25, 25, 25);
	assert_int_equal(state.done, 4);
}

static void unknown_says_why(void **unused)
{
	unsigned i = 0;

	(void)unused;
	take(&state, 0, 0, 30, true);
	while (i < state.metrics && strcmp(state.metric[i].column, "llc_misses") != 0)
		i++;
	assert_less(i, state.metrics);
	assert_false(sweep_state_known(&state, i));
	assert_string_equal(state.metric[i].why, "no PMU here");
	/* The run has no values of a latency, as of lateness in a closed loop. */
	json_t *row = json_pack("{s:i, s:n}", "rtt_count", 0, "rtt_p99_us"), *result = make_result(true, NULL);
	struct err err = ERR_NONE;
	assert_int_equal(sweep_state_take_run(&state, 1, 0, row, result, &err), 0);
	json_decref(row);
	json_decref(result);
	for (i = 0; i < state.metrics && strcmp(state.metric[i].column, "rtt_p99_us") != 0;)
		i++;
	assert_less(i, state.metrics);
	assert_string_equal(state.metric[i].why, "none was recorded in any run");
}

static void failures_and_second_chances(void **unused)
{
	struct err err = ERR_NONE;

	(void)unused;
	for (unsigned round = 0; round < 3; round++)
		assert_int_equal(sweep_state_take_failure(&state, 1, round, 2, "bind:\n\033[31m in use", &err), 0);
	assert_int_equal(sweep_state_status(&state, 1), SWEEP_FAILED);
	assert_int_equal(state.failed, 3);
	assert_int_equal(state.failures, 3);
	assert_null(strpbrk(state.failure[0].why, "\n\033"));
	/* A later try went well. */
	take(&state, 1, 1, 10, true);
	assert_int_equal(state.failed, 2);
	assert_int_equal(sweep_state_status(&state, 1), SWEEP_DONE);
	assert_int_equal(sweep_state_slot(&state, 1, 1), SWEEP_SLOT_DONE);
	assert_int_equal(sweep_state_slot(&state, 1, 0), SWEEP_SLOT_FAILED);
	assert_int_equal(state.failures, 3);
	for (unsigned i = 0; i < state.failures; i++)
		assert_int_equal(state.failure[i].made_good, state.failure[i].round == 1);
	/* Another one failed: its newest reason is kept. */
	assert_int_equal(sweep_state_take_failure(&state, 1, 2, 1, "no memory", &err), 0);
	assert_int_equal(state.failed, 2);
	assert_int_equal(state.failures, 3);
	for (unsigned i = 0; i < state.failures; i++)
		if (state.failure[i].round == 2)
			assert_string_equal(state.failure[i].why, "no memory");
}

/* A resumed sweep still has its failures before it: they are not over, and their time is still to
 * come. */
static void failures_wait_when_gone_on_with(void **unused)
{
	struct err err = ERR_NONE;

	(void)unused;
	double all_s = state.left_s;
	for (unsigned round = 0; round < 3; round++)
		assert_int_equal(sweep_state_take_failure(&state, 1, round, 2, "in use", &err), 0);
	take(&state, 0, 0, 30, true);
	assert_int_equal(sweep_state_ended(&state), 4);
	assert_float_equal(state.left_s, all_s - 4 * 2, 1e-9);
	sweep_state_retry(&state);
	assert_int_equal(sweep_state_ended(&state), 1);
	assert_int_equal(state.failed, 3);
	assert_float_equal(sweep_state_eta_s(&state), all_s - 2, 1e-9);
	take(&state, 1, 0, 40, true);
	assert_int_equal(sweep_state_take_failure(&state, 1, 1, 2, "still in use", &err), 0);
	assert_int_equal(sweep_state_ended(&state), 3);
	assert_int_equal(state.failed, 2);
	assert_float_equal(sweep_state_eta_s(&state), all_s - 3 * 2, 1e-9);
	assert_int_equal(sweep_state_slot(&state, 1, 1), SWEEP_SLOT_FAILED);
	assert_int_equal(sweep_state_slot(&state, 1, 2), SWEEP_SLOT_AGAIN);
}

static void remarks_differ_by_words(void **unused)
{
	static const char *const texts[] = { "only 0.20 s were measured", "only 13.5 s were measured", "client 0 had to wait",
		"only 1 s was" };
	struct err err = ERR_NONE;

	(void)unused;
	for (unsigned i = 0; i < 4; i++) {
		json_t *row = make_row(1), *result = make_result(true, texts[i]);

		assert_int_equal(sweep_state_take_run(&state, i, 0, row, result, &err), 0);
		json_decref(row);
		json_decref(result);
	}
	assert_int_equal(state.remarks, 3);
	assert_int_equal(state.remark[0].runs, 2);
	assert_string_equal(state.remark[0].text, texts[0]);
}

static void time_that_is_left(void **unused)
{
	struct err err = ERR_NONE;

	(void)unused;
	/* The plan has 4 cells x 3, of 1 s and 1 s of warm-up. */
	assert_float_equal(sweep_state_eta_s(&state), 24, 1e-9);
	take(&state, 0, 0, 30, true);
	assert_float_equal(sweep_state_eta_s(&state), 22, 1e-9);
	/* One slot took half a second longer than expected. */
	state.timed = 1;
	state.spent_s = 2.5;
	state.expected_s = 2;
	assert_float_equal(sweep_state_eta_s(&state), 22 + 11 * 0.5, 1e-9);
	assert_int_equal(sweep_state_take_failure(&state, 1, 0, 1, "no", &err), 0);
	assert_float_equal(sweep_state_eta_s(&state), 20 + 10 * 0.5, 1e-9);
	take(&state, 1, 0, 30, true);
	assert_float_equal(sweep_state_eta_s(&state), 20 + 10 * 0.5, 1e-9);
}

static void units(void **unused)
{
	const char *unit;

	(void)unused;
	take(&state, 0, 0, 9999, true);
	assert_float_equal(sweep_state_unit(&state, 0, &unit), 1, 0);
	assert_string_equal(unit, "Mbit/s");
	take(&state, 0, 1, 20000, true);
	assert_float_equal(sweep_state_unit(&state, 0, &unit), 1e-3, 0);
	assert_string_equal(unit, "Gbit/s");
	assert_string_equal(state.metric[1].unit, "messages/s");
}

static void strange_results(void **unused)
{
	struct err err = ERR_NONE;

	(void)unused;
	/* Somebody has edited the file. */
	assert_int_equal(sweep_state_take_run(&state, 0, 0, NULL, NULL, &err), 0);
	json_t *odd = json_pack("{s:s, s:{s:[i]}}", "rx_mbps", "much", "end", "verdict", 1);
	assert_int_equal(sweep_state_take_run(&state, 0, 1, odd, odd, &err), 0);
	json_decref(odd);
	assert_int_equal(state.invalid, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(medians_of_valid_runs),
		TEST(unknown_says_why),
		TEST(failures_and_second_chances),
		TEST(failures_wait_when_gone_on_with),
		TEST(remarks_differ_by_words),
		TEST(time_that_is_left),
		TEST(units),
		TEST(strange_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
