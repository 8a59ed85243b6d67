/* The report of a comparison: table, words, JSON, for each of the ways that it may end. */
#include "fixture.h"

#include <math.h>

#include "../results/schema.h"
#include "../support/asserts.h"
#include "sweep/compare/report.h"

enum { ROUNDS = 9 };

static struct sweep_plan plan;
static struct sweep_state state;
static struct comparison comparison;
static struct compare_report report;
static char *kept;
static size_t kept_size;

static void begin(double b, unsigned rounds)
{
	struct err err = ERR_NONE;
	double slots;
	bool same;

	make_plan(&plan, ROUNDS, "");
	plan.thrown = 1;
	assert_int_equal(sweep_plan_set_sides(&plan, "--threads 1", "--threads 2", &same, &err), 0);
	assert_int_equal(sweep_plan_close(&plan, &slots, &err), 0);
	assert_int_equal(sweep_state_init(&state, &plan, &err), 0);
	for (unsigned round = 0; round < rounds; round++) {
		take(&state, 0, round, 100 + round, true);
		take(&state, 1, round, (100 + round) * b * (1 + (round % 2 ? 0.01 : -0.01)), true);
	}
	comparison_of_cells(&state, 0, 1, ROUNDS, 0.95, &comparison);
	report = (struct compare_report){ .comparison = &comparison,
		.engine = plan.options.engine,
		.side = { plan.axis[0].text[0], plan.axis[0].text[1] },
		.valid = { state.cell[0].valid, state.cell[1].valid } };
}

static void end(void)
{
	free(kept);
	kept = NULL;
	sweep_state_free(&state);
	sweep_plan_free(&plan);
}

static void write_text(void)
{
	FILE *out = open_memstream(&kept, &kept_size);

	assert_non_null(out);
	compare_write_text(out, &report, 0);
	fclose(out);
}

static void expect(const char *text)
{
	if (!strstr(kept, text))
		fail_msg("\"%s\" is not in\n%s", text, kept);
}

static json_t *check_json(void)
{
	json_t *schema = json_load_file(NETDYNO_TREE "/docs/compare.schema.json", JSON_REJECT_DUPLICATES, NULL);
	json_t *document = compare_to_json(&report);
	char why[512] = "";

	assert_non_null(schema);
	assert_non_null(document);
	if (!schema_check_with(schema, document, why, sizeof(why)))
		fail_msg("%s", why);
	json_decref(schema);
	return document;
}

static void a_difference_is_said(void **unused)
{
	(void)unused;
	begin(0.8, ROUNDS);
	compare_note(&report, "a note of %d", 1);
	write_text();
	expect("A: --threads 1 (8 valid runs)\nB: --threads 2 (8 valid runs)\n");
	expect("throughput Mbit/s");
	expect("▼ -20.0 %");
	expect("B against A: throughput 20.0 % lower, 95 % interval 19.2 to 20.8 %; RTT p50 25.0 % higher, 95 % interval ");
	expect("note: a note of 1\n");
	json_t *document = check_json();
	const json_t *figure = json_array_get(json_object_get(document, "figures"), 0);

	assert_string_equal(json_string_value(json_object_get(figure, "mark")), "less");
	assert_float_equal(json_number_value(json_object_get(figure, "difference_percent")), -20, 0.01);
	assert_int_equal(json_integer_value(json_object_get(figure, "compared")), 8);
	json_decref(document);
	end();
}

/* A client that is the limit hides what the server can do. */
static void limits_are_said(void **unused)
{
	struct err err = ERR_NONE;
	json_t *row = make_row(100), *result = make_result(true, NULL), *document;

	(void)unused;
	begin(0.8, ROUNDS - 1);
	json_object_set_new(
		json_object_get(json_object_get(result, "end"), "verdict"), "limit", json_pack("{s:s}", "who", "client"));
	assert_int_equal(sweep_state_take_run(&state, 1, ROUNDS - 1, row, result, &err), 0);
	assert_int_equal(state.cell[1].limited[LIMIT_CLIENT], 1);
	assert_int_equal(state.cell[1].limited[LIMIT_UNKNOWN], ROUNDS - 2);
	/* no run of A knows its limit: nothing is said */
	compare_limits(&report, state.cell[0].limited, state.cell[1].limited);
	assert_int_equal(report.notes, 0);
	state.cell[0].limited[LIMIT_SERVER] = 5;
	state.cell[0].limited[LIMIT_WAKE_UPS] = 2;
	compare_limits(&report, state.cell[0].limited, state.cell[1].limited);
	write_text();
	expect("note: the limit was the server in 5 of A's 7 runs, the client in 1 of B's 7; where it is the client, the server "
	       "could do "
	       "more than is seen here\n");
	document = check_json();
	assert_string_equal(json_string_value(json_object_get(json_object_get(document, "b"), "limit")), "client");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(document, "a"), "limit_runs")), 5);
	json_decref(document);
	json_decref(row);
	json_decref(result);
	end();
}

static void equals_are_said(void **unused)
{
	(void)unused;
	begin(1, ROUNDS);
	write_text();
	expect("B against A: throughput not shown to differ: between -1.0 and +1.0 %; RTT p50 not shown to differ: ");
	json_decref(check_json());
	end();
}

static void too_few_are_said(void **unused)
{
	(void)unused;
	begin(0.5, 4);
	report.stopped = "interrupted";
	write_text();
	expect("not complete (interrupted): what there is so far\n");
	expect("B against A: not enough rounds with a valid run of each to tell: 3, and 8 are the least.\n");
	expect("not enough, -49.8 %");
	json_decref(check_json());
	end();
}

static void nothing_is_said(void **unused)
{
	(void)unused;
	begin(0.5, 0);
	write_text();
	expect("B against A: nothing can be said: no round has a valid run of each.\n");
	json_decref(check_json());
	end();
}

static void conditions_are_answered(void **unused)
{
	struct condition condition[3];
	struct err err = ERR_NONE;

	(void)unused;
	begin(0.8, ROUNDS);
	assert_int_equal(condition_parse("rx_pps<-5%", state.metric, state.metrics, &condition[0], &err), 0);
	assert_int_equal(condition_parse("p50>+30%", state.metric, state.metrics, &condition[1], &err), 0);
	assert_int_equal(condition_parse("llc_misses>1", state.metric, state.metrics, &condition[2], &err), 0);
	report.condition = condition;
	report.conditions = 3;
	write_text();
	expect("fail if rx_pps<-5%: holds\n");
	expect("fail if p50>+30%: not shown\n");
	expect("fail if llc_misses>1%: cannot be told: there is no interval\n");
	json_decref(check_json());
	end();
}

/* One look a round: the level rises with the ceiling, and the thrown round is none. */
static void looks_share_alpha(void **unused)
{
	(void)unused;
	begin(1, ROUNDS);
	assert_float_equal(comparison_level(&plan, 3), 0.95, 1e-12);
	assert_int_equal(comparison_rounds(&state), ROUNDS);
	plan.until = 0.01;
	assert_float_equal(comparison_level(&plan, 6), 0, 1e-12);
	/* looks after 6, 7 and 8 rounds that count */
	assert_float_equal(comparison_level(&plan, 7), 1 - 0.05 / 3, 1e-12);
	assert_float_equal(comparison_level(&plan, 9), 1 - 0.05 / 3, 1e-12);
	end();
}

/* Of saved results: groups, with what they say alone. */
static void groups_are_compared(void **unused)
{
	double a[] = { 100, 101, 102, 103, 104 }, b[] = { 80, 81, 82, 83, 84 };
	struct sweep_metric metric[1] = { { .title = "rate", .column = "rx_pps", .bars = true, .tested = true } };
	struct comparison_group of_a = { .runs = 5, .value = { a } }, of_b = { .runs = 5, .value = { b } }, none = { 0 };

	(void)unused;
	comparison_of_groups(metric, 1, &of_a, &of_b, 0.95, &comparison);
	assert_int_equal(comparison.of[0].mark, COMPARED_LESS);
	assert_float_equal(comparison.of[0].a, 102, 1e-12);
	assert_int_equal(comparison.least, 4);
	of_b.runs = 3;
	comparison_of_groups(metric, 1, &of_a, &of_b, 0.95, &comparison);
	assert_int_equal(comparison.of[0].mark, COMPARED_TOO_FEW);
	comparison_of_groups(metric, 1, &of_a, &none, 0.95, &comparison);
	assert_int_equal(comparison.of[0].mark, COMPARED_UNTESTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_difference_is_said),
		cmocka_unit_test(limits_are_said),
		cmocka_unit_test(equals_are_said),
		cmocka_unit_test(too_few_are_said),
		cmocka_unit_test(nothing_is_said),
		cmocka_unit_test(conditions_are_answered),
		cmocka_unit_test(looks_share_alpha),
		cmocka_unit_test(groups_are_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
