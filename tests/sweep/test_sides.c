/* Plans of comparisons: two sets of options, a round that is thrown away. */
#include "fixture.h"

#include <math.h>

#include "../support/asserts.h"

static struct sweep_plan plan;

static void begin(void)
{
	make_plan(&plan, 4, "warmup=1s duration=2s");
	plan.thrown = 1;
	plan.until = 0.01;
}

static int set(const char *a, const char *b, bool *same, struct err *err)
{
	double slots;
	int rc = sweep_plan_set_sides(&plan, a, b, same, err);

	return rc < 0 ? rc : sweep_plan_close(&plan, &slots, err);
}

static void sides_are_sets_of_options(void **unused)
{
	struct err err = ERR_NONE;
	struct options o;
	char label[SWEEP_LABEL_BYTES];
	bool same;

	(void)unused;
	begin();
	assert_int_equal(set("--size 1K  --duration=3s", "", &same, &err), 0);
	assert_false(same);
	assert_int_equal(plan.cells, 2);
	assert_int_equal(sweep_cell_options(&plan, 0, &o, &err), 0);
	assert_int_equal(options_number(&o, "size"), 1024);
	options_free(&o);
	assert_int_equal(sweep_cell_ns(&plan, 0), 4000000000);
	assert_int_equal(sweep_cell_ns(&plan, 1), 3000000000);
	assert_string_equal(sweep_cell_label(&plan, 0, label, sizeof(label)), "A: --size 1K  --duration=3s");
	sweep_plan_free(&plan);
	begin();
	assert_int_equal(set("--size 1K", "--size 1024", &same, &err), 0);
	sweep_plan_free(&plan);
	begin();
	assert_int_equal(set("--threads 2", "--threads 2", &same, &err), 0);
	assert_true(same);
	sweep_plan_free(&plan);
}

static void what_is_refused(void **unused)
{
	static const char *const cases[][3] = {
		{ "--size 1K", "--raet 5", "--b: " },
		{ "--json x", "", "--a: --json is for the whole comparison" },
		{ "size", "", "--a: " },
		{ "", "--threads 999999", "--b: --threads 999999: out of range" },
		{ "", "--size", "--b: " },
	};
	bool same;

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_NONE;

		begin();
		assert_less(set(cases[i][0], cases[i][1], &same, &err), 0);
		assert_says(&err, cases[i][2]);
		assert_int_equal(plan.axes, 0);
		sweep_plan_free(&plan);
	}
}

static void plans_come_back(void **unused)
{
	struct err err = ERR_NONE;
	struct sweep_plan back;
	bool same;

	(void)unused;
	begin();
	assert_int_equal(set("--size 1K", "--size 2K --threads 2", &same, &err), 0);
	json_t *object = sweep_plan_to_json(&plan);
	assert_non_null(object);
	if (sweep_plan_from_json(&back, object, toy_engines, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(sweep_plan_compare(&plan, &back, &err), 0);
	assert_true(back.sides);
	assert_int_equal(back.thrown, 1);
	assert_float_equal(back.until, 0.01, 1e-12);
	back.until = 0;
	assert_int_equal(sweep_plan_compare(&plan, &back, &err), -EINVAL);
	assert_says(&err, "it had --until ci:1%");
	json_decref(object);
	sweep_plan_free(&back);
	sweep_plan_free(&plan);
}

/* Runs of the first round are there, and count for nothing. */
static void the_first_round_is_thrown_away(void **unused)
{
	struct sweep_state state;
	struct sweep_spread spread;
	struct err err = ERR_NONE;
	double values[4];
	bool same;

	(void)unused;
	begin();
	assert_int_equal(set("--size 1K", "--size 2K", &same, &err), 0);
	assert_int_equal(sweep_state_init(&state, &plan, &err), 0);
	take(&state, 0, 0, 1000, true);
	take(&state, 1, 0, 1000, false);
	take(&state, 0, 2, 10, true);
	assert_int_equal(state.done, 3);
	assert_int_equal(state.invalid, 0);
	sweep_state_spread(&state, 0, 0, &spread);
	assert_int_equal(spread.n, 1);
	assert_float_equal(spread.median, 10, 1e-9);
	sweep_state_values(&state, 0, 0, values);
	assert_true(isnan(values[0]) && isnan(values[1]) && isnan(values[3]));
	assert_float_equal(values[2], 10, 1e-9);
	sweep_state_free(&state);
	sweep_plan_free(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sides_are_sets_of_options),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(plans_come_back),
		cmocka_unit_test(the_first_round_is_thrown_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
