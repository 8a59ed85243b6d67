/* Two cells of a sweep, figure by figure: what is marked, and when. */
#include "fixture.h"

#include <math.h>

#include "../support/asserts.h"
#include "base/rng.h"
#include "sweep/compare/comparison.h"

static struct sweep_plan plan;
static struct sweep_state state;
static struct comparison c;

static void begin(unsigned rounds)
{
	struct err err = ERR_NONE;

	make_plan(&plan, rounds, "method=fast,slow");
	assert_int_equal(sweep_state_init(&state, &plan, &err), 0);
}

static void end(void)
{
	sweep_state_free(&state);
	sweep_plan_free(&plan);
}

/* Only rounds in which both are valid are compared, whatever came between. */
static void rounds_are_pairs(void **unused)
{
	(void)unused;
	begin(12);
	for (unsigned round = 12; round-- > 0;) {
		/* The machine grows slower by a third; the sides stay 1 % apart. */
		double value = 100.0 - 3 * round;

		take(&state, 0, round, value, round != 3);
		take(&state, 1, round, value * 1.01, round != 7);
	}
	comparison_of_cells(&state, 0, 1, 12, 0.95, &c);
	assert_int_equal(c.of[0].evidence.a, 10);
	assert_int_equal(c.of[0].mark, COMPARED_MORE);
	assert_float_equal(c.of[0].evidence.middle, 0.01, 1e-6);
	/* p99 of the made-up mode is not known, and takes no part. */
	assert_int_equal(c.tests, 3);
	end();
}

static void too_few(void **unused)
{
	(void)unused;
	begin(8);
	for (unsigned round = 0; round < 8; round++) {
		take(&state, 0, round, 100, true);
		take(&state, 1, round, 200 + round, true);
	}
	comparison_of_cells(&state, 0, 1, 7, 0.95, &c);
	assert_int_equal(c.least, 8);
	assert_int_equal(c.of[0].mark, COMPARED_TOO_FEW);
	comparison_of_cells(&state, 0, 1, 8, 0.95, &c);
	assert_int_equal(c.of[0].mark, COMPARED_MORE);
	/* One side without a run has nothing to be compared with. */
	comparison_of_cells(&state, 0, 1, 0, 0.95, &c);
	assert_int_equal(c.of[0].mark, COMPARED_UNTESTED);
	end();
}

/* Equals: at most one table of twenty has a mark anywhere, although runs scatter, and drift. */
static void equals_are_not_marked(void **unused)
{
	struct rng rng = { .state = 7 };
	unsigned alarms = 0, tables = 400;

	(void)unused;
	for (unsigned t = 0; t < tables; t++) {
		bool any = false;

		begin(8);
		for (unsigned round = 0; round < 8; round++)
			for (uint32_t cell = 0; cell < 2; cell++)
				take(&state, cell, round, 100 + round + 4 * rng_unit(&rng), true);
		comparison_of_cells(&state, 0, 1, 8, 0.95, &c);
		for (unsigned i = 0; i < c.metrics; i++)
			any |= c.of[i].mark == COMPARED_LESS || c.of[i].mark == COMPARED_MORE;
		alarms += any;
		end();
	}
	assert_in_range(alarms, 0, tables / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rounds_are_pairs),
		cmocka_unit_test(too_few),
		cmocka_unit_test(equals_are_not_marked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
