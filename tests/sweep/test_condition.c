/* Conditions: what is read, what is refused, and when one holds. */
#include "fixture.h"

#include <math.h>

#include "../support/asserts.h"
#include "sweep/compare/condition.h"

static struct sweep_plan plan;
static struct sweep_state state;

static int begin(void **unused)
{
	struct err err = ERR_NONE;

	(void)unused;
	make_plan(&plan, 1, "size=1K");
	return sweep_state_init(&state, &plan, &err);
}

static int end(void **unused)
{
	(void)unused;
	sweep_state_free(&state);
	sweep_plan_free(&plan);
	return 0;
}

static void what_is_read(void **unused)
{
	static const struct {
		const char *text, *column, *shown;
		bool above;
		double limit;
	} cases[] = {
		{ "rx_pps<-5%", "rx_pps", "rx_pps<-5%", false, -0.05 },
		{ " p99 > +10 % ", "rtt_p99_us", "p99>+10%", true, 0.1 },
		{ "rtt_p50_us>.5", "rtt_p50_us", "rtt_p50_us>.5%", true, 0.005 },
		{ "lost_percent>300%", "lost_percent", "lost_percent>300%", true, 3 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct condition c;
		struct err err = ERR_NONE;

		if (condition_parse(cases[i].text, state.metric, state.metrics, &c, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_string_equal(state.metric[c.metric].column, cases[i].column);
		assert_string_equal(c.text, cases[i].shown);
		assert_int_equal(c.above, cases[i].above);
		assert_float_equal(c.limit, cases[i].limit, 1e-12);
	}
}

static void what_is_refused(void **unused)
{
	static const char *const cases[][2] = {
		{ "rx_pps", "no < or >" },
		{ "rx_pps<", "no number of per cent" },
		{ "rx_pps<%", "no number of per cent" },
		{ "p99>nan", "no number of per cent" },
		{ "p99>0x1", "only % may follow" },
		{ "p99>1e3%", "only % may follow" },
		{ "p99>1%%", "only % may follow" },
		{ "rx_pps<-100%", "above -100 %" },
		{ "p99>1000001%", "above -100 %" },
		{ "rx_pp<-5%", "no such figure: rx_mbps, rx_pps" },
		{ "p9>1%", "no such figure" },
		{ "99>1%", "no such figure" },
		{ "<1%", "no such figure" },
		{ "rx_pps x<1%", "no such figure" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct condition c = { .metric = 77 };
		struct err err = ERR_NONE;

		assert_less(condition_parse(cases[i][0], state.metric, state.metrics, &c, &err), 0);
		assert_says(&err, cases[i][1]);
		assert_int_equal(c.metric, 77);
	}
}

/* The whole interval must lie beyond the limit. */
static void when_one_holds(void **unused)
{
	static const struct {
		bool above;
		double limit, low, high;
		bool bounded, relative;
		enum condition_answer answer;
	} cases[] = {
		{ false, -0.05, -0.10, -0.06, true, true, CONDITION_HOLDS },
		{ false, -0.05, -0.10, -0.04, true, true, CONDITION_NOT_SHOWN },
		{ false, -0.05, -0.10, -0.05, true, true, CONDITION_NOT_SHOWN },
		{ true, 0.10, 0.11, 0.20, true, true, CONDITION_HOLDS },
		{ true, 0.10, 0.09, 0.20, true, true, CONDITION_NOT_SHOWN },
		{ true, 0.10, -1, INFINITY, false, true, CONDITION_UNKNOWN },
		{ true, 0.10, 3, 4, true, false, CONDITION_UNKNOWN },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct condition condition = { .above = cases[i].above, .limit = cases[i].limit };
		struct comparison c = { .metrics = 1 };

		c.of[0].evidence = (struct evidence){ .known = true,
			.relative = cases[i].relative,
			.low = cases[i].low,
			.high = cases[i].high,
			.bounded = cases[i].bounded };
		assert_int_equal(condition_ask(&condition, &c), cases[i].answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_read, begin, end),
		cmocka_unit_test_setup_teardown(what_is_refused, begin, end),
		cmocka_unit_test(when_one_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
