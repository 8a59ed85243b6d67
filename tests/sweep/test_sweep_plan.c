/* Axes, cells and the order in which they are run. */
#include "fixture.h"
#include "../support/asserts.h"

#include <math.h>

static void expect_axis(const char *name, const char *list, int rc, const char *words)
{
	struct sweep_plan plan;
	struct err err = ERR_NONE;

	make_plan(&plan, 1, "size=1K,2K");
	int got = sweep_plan_set_axis(&plan, name, list, &err);
	if (got != rc)
		fail_msg("--%s %s: %d (%s), expected %d", name, list, got, err.text, rc);
	if (rc < 0)
		assert_says(&err, words);
	/* After a refusal the plan is as before: one axis of two values. */
	assert_int_equal(plan.axes, rc < 0 || !strcmp(name, "size") ? 1 : 2);
	if (rc < 0)
		assert_int_equal(plan.axis[0].count, 2);
	sweep_plan_free(&plan);
}

static void lists(void **state)
{
	(void)state;
	expect_axis("threads", "1,2,4", 0, "");
	expect_axis("size", "1K, 2K ,\t3K", 0, "");
	expect_axis("method", "slow,fast", 0, "");
	expect_axis("kind", "round,square", 0, "");
	expect_axis("verify", "yes,no", 0, "");
	expect_axis("pause", "auto,1ms", 0, "");
	expect_axis("congestion", "reno,cubic", 0, "");
	expect_axis("server-cpus", "0,1/2,3/0-3", 0, "");
	expect_axis("seed", "7", 0, "");
	expect_axis("threads", "1,,2", -EINVAL, "an empty value");
	expect_axis("threads", "1,2,", -EINVAL, "an empty value");
	expect_axis("threads", "", -EINVAL, "an empty list");
	expect_axis("threads", "  ", -EINVAL, "an empty list");
	expect_axis("threads", "1,0", -ERANGE, "--threads 0: out of range 1..100000");
	expect_axis("threads", "1,two", -EINVAL, "--threads two: expected a whole number");
	expect_axis("size", "1K,1024", -EINVAL, "1024 is in the list twice");
	expect_axis("pause", "auto,1ms,auto", -EINVAL, "auto is in the list twice");
	expect_axis("method", "slow,fats", -EINVAL, "did you mean fast?");
	expect_axis("kind", "round,oval", -EINVAL, "known: round, square");
	expect_axis("server-cpus", "0/x", -EINVAL, "expected a CPU list");
	expect_axis("peers", "a,b", -EINVAL, "--peers cannot be swept");
	expect_axis("json", "a,b", -EINVAL, "--json cannot be swept");
	expect_axis("thraeds", "1,2", -ENOENT, "did you mean --threads?");
}

static void what_is_a_list(void **state)
{
	static const struct {
		const char *name, *text;
		bool is_list;
	} rows[] = {
		{ "threads", "1,2", true },
		{ "threads", "1", false },
		{ "server-cpus", "0,1", false },
		{ "server-cpus", "0/1", true },
		{ "peers", "a,b", false },
		{ "congestion", "reno,cubic", true },
		{ "out", "a,b", false },
	};
	struct options o;

	(void)state;
	assert_int_equal(options_init(&o, &engine_toy, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (sweep_is_list(o.def[options_find(&o, rows[i].name)], rows[i].text) != rows[i].is_list)
			fail_msg("--%s %s: %s a list", rows[i].name, rows[i].text, rows[i].is_list ? "is not" : "is");
	options_free(&o);
}

static void cells_are_all_combinations(void **state)
{
	struct sweep_plan plan;
	bool seen[2][3][2] = { 0 };
	char label[SWEEP_LABEL_BYTES];

	(void)state;
	make_plan(&plan, 3, "method=slow,fast size=1K,2K,4K threads=1,8 congestion=reno");
	assert_int_equal(plan.cells, 12);
	for (uint32_t cell = 0; cell < plan.cells; cell++) {
		unsigned m = sweep_cell_value(&plan, cell, 0), s = sweep_cell_value(&plan, cell, 1),
			 t = sweep_cell_value(&plan, cell, 2);
		struct options o;

		assert_false(seen[m][s][t]);
		seen[m][s][t] = true;
		assert_int_equal(sweep_cell_options(&plan, cell, &o, NULL), 0);
		assert_string_equal(options_text(&o, "method"), m ? "fast" : "slow");
		assert_int_equal(options_number(&o, "size"), 1024 << s);
		assert_int_equal(options_number(&o, "threads"), t ? 8 : 1);
		assert_string_equal(options_text(&o, "congestion"), "reno");
		options_free(&o);
	}
	assert_string_equal(sweep_cell_label(&plan, 11, label, sizeof(label)), "method fast, size 4K, threads 8");
	assert_string_equal(sweep_cell_label(&plan, 0, label, 12), "method slow");
	sweep_plan_free(&plan);
}

static void no_axis_is_one_cell(void **state)
{
	struct sweep_plan plan;
	char label[SWEEP_LABEL_BYTES];

	(void)state;
	make_plan(&plan, 2, "");
	assert_int_equal(plan.cells, 1);
	assert_string_equal(sweep_cell_label(&plan, 0, label, sizeof(label)), "toy");
	sweep_plan_free(&plan);
}

static void time_of_cells(void **state)
{
	struct sweep_plan plan;

	(void)state;
	make_plan(&plan, 1, "duration=1s,2500ms warmup=500ms");
	assert_int_equal(sweep_cell_ns(&plan, 0), 1500000000);
	assert_int_equal(sweep_cell_ns(&plan, 1), 3000000000);
	sweep_plan_free(&plan);
}

static void rounds_have_every_cell_once(void **state)
{
	enum { CELLS = 97, ROUNDS = 5 };
	uint32_t order[ROUNDS][CELLS], again[CELLS];
	unsigned in_place = 0, same = 0;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		bool seen[CELLS] = { false };

		sweep_order(CELLS, 42, round, order[round]);
		sweep_order(CELLS, 42, round, again);
		assert_memory_equal(order[round], again, sizeof(again));
		for (unsigned i = 0; i < CELLS; i++) {
			assert_less(order[round][i], CELLS);
			assert_false(seen[order[round][i]]);
			seen[order[round][i]] = true;
			in_place += order[round][i] == i;
			same += round > 0 && order[round][i] == order[0][i];
		}
	}
	/* Shuffled, and differently each time: about one of 97 stays, by chance. */
	if (in_place > 30 || same > 30)
		fail_msg("%u in place, %u as in the first round, of %u", in_place, same, ROUNDS * CELLS);
	sweep_order(CELLS, 43, 0, again);
	assert_memory_not_equal(order[0], again, sizeof(again));
}

static void many_cells(void **state)
{
	struct sweep_plan plan;
	struct err err = ERR_NONE;
	char list[8000] = "1";
	size_t used = 1;
	double slots;

	(void)state;
	for (unsigned i = 2; i <= 1000; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, ",%u", i);
	make_plan(&plan, 1, "");
	assert_int_equal(sweep_plan_set_axis(&plan, "threads", list, &err), 0);
	assert_int_equal(sweep_plan_set_axis(&plan, "seed", list, &err), 0);
	assert_int_equal(sweep_plan_close(&plan, &slots, &err), 0);
	assert_int_equal(plan.cells, 1000000);
	assert_int_equal(sweep_plan_set_axis(&plan, "size", list, &err), 0);
	assert_int_equal(sweep_plan_close(&plan, &slots, &err), -ERANGE);
	assert_says(&err, "1000000000 cells");
	/* An axis given again stays in its place.  If one is dropped, the others move up. */
	assert_int_equal(sweep_plan_set_axis(&plan, "seed", "1,2", &err), 0);
	assert_string_equal(plan.axis[1].def->name, "seed");
	sweep_plan_drop_axis(&plan, "threads");
	sweep_plan_drop_axis(&plan, "threads");
	assert_int_equal(plan.axes, 2);
	assert_string_equal(plan.axis[0].def->name, "seed");
	assert_string_equal(plan.axis[1].def->name, "size");
	sweep_plan_free(&plan);
}

static void too_many_values(void **state)
{
	struct sweep_plan plan;
	struct err err = ERR_NONE;
	char *list = malloc(8 * (SWEEP_VALUES_MAX + 2));
	size_t used = 0;

	(void)state;
	assert_non_null(list);
	for (unsigned i = 1; i <= SWEEP_VALUES_MAX + 1; i++)
		used += (size_t)snprintf(list + used, 8, "%s%u", i > 1 ? "," : "", i);
	make_plan(&plan, 1, "");
	assert_int_equal(sweep_plan_set_axis(&plan, "threads", list, &err), -ERANGE);
	assert_says(&err, "more than 4096 values");
	sweep_plan_free(&plan);
	free(list);
}

static void differs(const char *then, const char *now, const char *words)
{
	struct sweep_plan a, b, c;
	struct err err = ERR_NONE;

	make_plan(&a, 2, then);
	make_plan(&b, 2, now);
	/* The plan goes through JSON, as that of a resumed sweep does. */
	a.retries = 7;
	json_t *object = sweep_plan_to_json(&a);
	if (sweep_plan_from_json(&c, object, toy_engines, &err) < 0)
		fail_msg("%s", err.text);
	json_decref(object);
	assert_int_equal(c.retries, 7);
	assert_int_equal(sweep_plan_compare(&a, &c, &err), 0);
	int rc = sweep_plan_compare(&c, &b, &err);
	if (!words && rc != 0)
		fail_msg("\"%s\" and \"%s\" differ: %s", then, now, err.text);
	if (words) {
		assert_int_equal(rc, -EINVAL);
		assert_says(&err, words);
	}
	sweep_plan_free(&a);
	sweep_plan_free(&b);
	sweep_plan_free(&c);
}

static void comparison(void **state)
{
	(void)state;
	differs("size=1K,2K pause=auto,1ms", "size=1024,2048 pause=auto,1ms", NULL);
	differs("server-cpus=0,1/2 verify=yes,no", "server-cpus=0,1/2 verify=yes,no", NULL);
	differs("size=1K,2K", "size=1K,4K", "it had --size 2K, now it is 4K");
	differs("size=1K,2K", "size=1K,2K,4K", "2 values of --size, now there are 3");
	differs("size=1K,2K", "threads=1,2", "its axis was size, now it is threads");
	differs("size=1K,2K", "size=1K,2K threads=1,2", "it had 1 axis, now there are 2");
	differs("size=1K,2K duration=1s", "size=1K,2K duration=2s", "it had --duration 1s, now it is 2s");
	differs("size=1K,2K", "size=1K,2K pause=1ms", "it had --pause unset, now it is 1ms");
	/* Options that change no result may differ. */
	differs("size=1K,2K out=a", "size=1K,2K out=b", NULL);
}

static void broken_json(void **state)
{
	static const char *const texts[] = { "null", "{}", "{\"mode\":\"toy\"}", "{\"mode\":\"later\",\"repeat\":1}",
		"{\"mode\":\"toy\",\"repeat\":0,\"options\":{}}", "{\"mode\":\"toy\",\"repeat\":70000,\"options\":{}}",
		"{\"mode\":\"toy\",\"repeat\":1,\"options\":{\"size\":\"huge\"}}",
		"{\"mode\":\"toy\",\"repeat\":1,\"options\":{},\"axes\":[{}]}",
		"{\"mode\":\"toy\",\"repeat\":1,\"options\":{},\"axes\":[{\"option\":\"size\"}]}",
		"{\"mode\":\"toy\",\"repeat\":1,\"options\":{},\"axes\":[{\"option\":\"size\",\"values\":[1]}]}",
		"{\"mode\":\"toy\",\"repeat\":1,\"options\":{},\"axes\":[{\"option\":\"json\",\"values\":[\"a\"]}]}" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *object = json_loads(texts[i], JSON_DECODE_ANY, NULL);
		struct sweep_plan plan = { 0 };
		struct err err = ERR_NONE;

		assert_non_null(object);
		if (sweep_plan_from_json(&plan, object, toy_engines, &err) >= 0 || !err.text[0])
			fail_msg("%s is taken for a plan", texts[i]);
		assert_int_equal(plan.axes, 0);
		json_decref(object);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(what_is_a_list),
		cmocka_unit_test(cells_are_all_combinations),
		cmocka_unit_test(no_axis_is_one_cell),
		cmocka_unit_test(time_of_cells),
		cmocka_unit_test(rounds_have_every_cell_once),
		cmocka_unit_test(many_cells),
		cmocka_unit_test(too_many_values),
		cmocka_unit_test(comparison),
		cmocka_unit_test(broken_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
