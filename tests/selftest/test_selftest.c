/* When a row of the self-test agrees, and the rows as JSON. */
#include <stdlib.h>
#include <string.h>

#include "../results/schema.h"
#include "../support/asserts.h"
#include "selftest/rows.h"

static const struct selftest_here here = {
	.methods = 2,
	.method = { { .mode = "echo", .name = "mmsg" }, { .mode = "fanout", .name = "xdp", .why = "it is not built" } },
	.lie = "",
};

static struct selftest_row row[SELFTEST_ROWS_MAX];

/* ---- figures ---- */

#define NO SELFTEST_UNKNOWN

static const struct {
	const char *what;
	int64_t injected, said, second;
	uint32_t least, most;
	int64_t less, more;
	bool agrees;
} figures[] = {
	{ "counted twice alike", NO, 17, 17, 1, 1, 0, 0, true },
	{ "one too many", NO, 18, 17, 1, 1, 0, 0, false },
	{ "one too few", NO, 16, 17, 1, 1, 0, 0, false },
	{ "nothing happened", NO, 0, 0, 1, 1, 0, 0, false },
	{ "nothing is said", NO, NO, 17, 1, 1, 0, 0, false },
	{ "nobody counted", NO, 17, NO, 1, 1, 0, 0, false },
	{ "copies: exactly so many each", NO, 136, 17, 8, 8, 0, 0, true },
	{ "copies: one short", NO, 135, 17, 8, 8, 0, 0, false },
	{ "joined: between one each", NO, 17, 17, 1, 128, 0, 0, true },
	{ "... and the most", NO, 17 * 128, 17, 1, 128, 0, 0, true },
	{ "... and not beyond", NO, 17 * 128 + 1, 17, 1, 128, 0, 0, false },
	{ "near what was put in, exactly what was counted", 20, 18, 18, 1, 1, 2, 2, true },
	{ "near both", 20, 18, 19, 1, 1, 2, 2, false },
	{ "not near what was put in", 21, 18, 18, 1, 1, 2, 2, false },
	{ "near what was counted, which is all there is", NO, 70, 50, 1, 1, 25, 25, true },
	{ "a lie of less than nothing", 0, -1, 17, 1, 1, 0, 0, false },
};

static void figures_agree_or_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		struct selftest_row r = { .checks = 1 };

		r.check[0] = (struct selftest_check){ .injected = figures[i].injected,
			.said = figures[i].said,
			.second = figures[i].second,
			.source = "nstat",
			.each_least = figures[i].least,
			.each_most = figures[i].most,
			.less = figures[i].less,
			.more = figures[i].more };
		selftest_judge(&r);
		if (selftest_agrees(&r) != figures[i].agrees)
			fail_msg("%s: agrees is %d", figures[i].what, !figures[i].agrees);
	}
}

static void what_was_put_in_is_enough(void **state)
{
	struct selftest_row r = { .checks = 2 };

	(void)state;
	r.check[0] = (struct selftest_check){ .injected = 0, .said = 0, .second = NO };
	r.check[1] = (struct selftest_check){ .injected = 40, .said = 40, .second = NO };
	selftest_judge(&r);
	assert_true(selftest_agrees(&r));
	r.check[1].said = 41;
	selftest_judge(&r);
	assert_true(r.check[0].agrees);
	assert_false(r.check[1].agrees);
	assert_false(selftest_agrees(&r));
}

static void a_row_without_figures_shows_nothing(void **state)
{
	struct selftest_row r = { .checks = 0 };

	(void)state;
	selftest_judge(&r);
	assert_false(selftest_agrees(&r));
}

/* ---- rows ---- */

static void every_row_has_its_fault(void **state)
{
	(void)state;
	unsigned rows = selftest_rows(&here, row);

	assert_less(rows, SELFTEST_ROWS_MAX);
	assert_string_equal(row[0].name, "echo-mmsg-buffer");
	for (unsigned i = 0; i < rows; i++) {
		struct row_of of = selftest_row_of(&here, &row[i]);

		assert_non_null(of.fault);
		assert_string_equal(of.fault->injected, row[i].injected);
		assert_true(of.fault->play);
		assert_less(strlen(row[i].name), SELFTEST_NAME - 1);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(row[k].name, row[i].name);
	}
	row[0].name[0] = 'x';
	assert_null(selftest_row_of(&here, &row[0]).fault);
}

/* Some faults are of one method alone, or not of it. */
static void methods_have_their_own_rows(void **state)
{
	static const struct selftest_here two = {
		.methods = 2, .method = { { .mode = "echo", .name = "mmsg" }, { .mode = "echo", .name = "xdp" } }, .lie = ""
	};
	static const struct {
		const char *name;
		unsigned times;
	} wanted[] = { { "echo-mmsg-buffer", 1 }, { "echo-mmsg-frames", 0 }, { "echo-xdp-buffer", 0 }, { "echo-xdp-frames", 1 },
		{ "echo-mmsg-ring", 1 }, { "echo-xdp-ring", 1 }, { "echo-xdp-queue", 0 }, { "echo-xdp-loss-50", 1 } };
	unsigned rows = selftest_rows(&two, row);

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		unsigned times = 0;

		for (unsigned k = 0; k < rows; k++)
			times += !strcmp(row[k].name, wanted[i].name);
		if (times != wanted[i].times)
			fail_msg("%s: there are %u", wanted[i].name, times);
	}
}

static void patterns_choose_rows(void **state)
{
	const struct selftest_row r = { .name = "fanout-gso-loss-0.1" };

	(void)state;
	assert_true(selftest_wanted("", &r));
	assert_true(selftest_wanted("fanout-*", &r));
	assert_true(selftest_wanted("*-loss-0.1", &r));
	assert_false(selftest_wanted("fanout", &r));
	assert_false(selftest_wanted("echo-*", &r));
}

/* ---- JSON ---- */

static void json_is_what_the_schema_says(void **state)
{
	struct host_info host;
	json_t *schema = json_load_file(NETDYNO_TREE "/docs/selftest.schema.json", JSON_REJECT_DUPLICATES, NULL);
	char why[600] = "";

	(void)state;
	host_read(&host);
	selftest_rows(&here, row);
	row[0].outcome = SELFTEST_DIFFERS;
	row[0].checks = 1;
	row[0].check[0] = (struct selftest_check){ .place = "late",
		.unit = "packets",
		.said = -1,
		.injected = NO,
		.second = 3,
		.source = "a\033b",
		.each_least = 1,
		.each_most = 1 };
	row[1].outcome = SELFTEST_AGREES;
	snprintf(row[2].why, sizeof(row[2].why), "it cannot be put in");
	json_t *document = json_of_selftest(&host, row, 3, 1.5);
	const json_t *check = json_array_get(json_object_get(json_array_get(json_object_get(document, "rows"), 0), "checks"), 0);

	assert_non_null(schema);
	assert_non_null(document);
	if (!schema_check_with(schema, document, why, sizeof(why)))
		fail_msg("%s", why);
	assert_int_equal(json_integer_value(json_object_get(document, "differs")), 1);
	assert_int_equal(json_integer_value(json_object_get(document, "skipped")), 1);
	assert_int_equal(json_integer_value(json_object_get(check, "said")), -1);
	assert_true(json_is_null(json_object_get(check, "injected")));
	assert_string_equal(json_string_value(json_object_get(check, "source")), "a\\x1bb");
	json_decref(schema);
	json_decref(document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_agree_or_not),
		cmocka_unit_test(what_was_put_in_is_enough),
		cmocka_unit_test(a_row_without_figures_shows_nothing),
		cmocka_unit_test(every_row_has_its_fault),
		cmocka_unit_test(methods_have_their_own_rows),
		cmocka_unit_test(patterns_choose_rows),
		cmocka_unit_test(json_is_what_the_schema_says),
	};

	return cmocka_run_group_tests_name("the self-test", tests, NULL, NULL);
}
