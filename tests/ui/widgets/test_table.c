/* Bars and tables, cell by cell. */
#include "painted.h"

#include <math.h>

#include "ui/widgets/widgets.h"
#include "../../support/asserts.h"

static void test_bar_in_eighths(void **state)
{
	static const struct {
		double fraction;
		const char *shown;
	} cases[] = {
		{ 0, "" },
		{ -1, "" },
		{ NAN, "" },
		{ 1e-9, "▏" },
		{ 1 / 32., "▏" },
		{ 10 / 32., "█▎" },
		{ 0.5, "██" },
		{ 31 / 32., "███▉" },
		{ 1, "████" },
		{ 7, "████" },
		{ INFINITY, "████" },
	};
	static const enum charset charsets[] = { CHARSET_BRAILLE, CHARSET_BLOCK };
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t k = 0; k < 2; k++) {
			struct canvas c = canvas_of(1, 6, charsets[k]);
			char expected[64];

			bar_paint(&c, 0, 0, 4, cases[i].fraction, STYLE_BAR);
			snprintf(expected, sizeof(expected), "%s\n", cases[i].shown);
			assert_painted(&c, expected);
			canvas_free(&c);
		}
}

static void test_bar_in_ascii_and_over_a_track(void **state)
{
	(void)state;
	struct canvas c = canvas_of(3, 8, CHARSET_ASCII);

	bar_paint(&c, 0, 0, 8, 0.5, STYLE_BAR);
	bar_paint(&c, 1, 0, 8, 0.56, STYLE_BAR);
	canvas_fill(&c, (struct rect){ 2, 0, 1, 8 }, STYLE_DIM, "·");
	bar_paint(&c, 2, 0, 8, 0.25, STYLE_BAR);
	assert_painted(&c, "####\n####-\n##......\n");
	assert_int_equal(style_at(&c, 2, 1), STYLE_BAR);
	assert_int_equal(style_at(&c, 2, 2), STYLE_DIM);
	canvas_free(&c);
}

static const struct column columns[] = {
	{ "CORE", 6, 4, ALIGN_LEFT, 0, false },
	{ "share", 10, 4, ALIGN_LEFT, 5, true },
	{ "pps", 8, 6, ALIGN_RIGHT, 1, false },
	{ "Mbps", 8, 6, ALIGN_RIGHT, 2, false },
	{ "p99us", 7, 5, ALIGN_RIGHT, 3, false },
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static const struct table_cell cells[COLUMNS] = {
	{ "cpu0", STYLE_CLIENT, 0 },
	{ "", STYLE_BAR, 0.5 },
	{ "812.4k", STYLE_TEXT, 0 },
	{ "415.9", STYLE_BAD, 0 },
	{ "123456789", STYLE_TEXT, 0 },
};

static int total(uint64_t fit, const int width[])
{
	int sum = fit ? -1 : 0;

	for (int i = 0; i < COLUMNS; i++)
		sum += fit >> i & 1 ? width[i] + 1 : 0;
	return sum;
}

static void test_fit_sheds_and_shrinks(void **state)
{
	static const struct {
		int columns;
		uint64_t fit;
		int width[COLUMNS];
	} cases[] = {
		{ 100, 0x1f, { 6, 10, 8, 8, 7 } },
		{ 43, 0x1f, { 6, 10, 8, 8, 7 } },
		{ 42, 0x1f, { 6, 9, 8, 8, 7 } },
		{ 33, 0x1f, { 6, 4, 8, 6, 5 } },
		{ 29, 0x1f, { 4, 4, 6, 6, 5 } },
		{ 28, 0x1d, { 6, 0, 8, 6, 5 } },
		{ 24, 0x1d, { 4, 0, 6, 6, 5 } },
		{ 23, 0x0d, { 6, 0, 8, 7, 0 } },
		{ 17, 0x05, { 6, 0, 8, 0, 0 } },
		{ 11, 0x05, { 4, 0, 6, 0, 0 } },
		{ 10, 0x01, { 6, 0, 0, 0, 0 } },
		{ 4, 0x01, { 4, 0, 0, 0, 0 } },
		{ 3, 0, { 0 } },
		{ 0, 0, { 0 } },
		{ -5, 0, { 0 } },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int width[COLUMNS] = { -1, -1, -1, -1, -1 };
		uint64_t fit = table_fit(columns, COLUMNS, cases[i].columns, width);

		if (fit != cases[i].fit || memcmp(width, cases[i].width, sizeof(width)) != 0)
			fail_msg("%d columns: fit %#llx, widths %d %d %d %d %d", cases[i].columns, (unsigned long long)fit,
				width[0], width[1], width[2], width[3], width[4]);
	}
	for (int n = -3; n < 60; n++) {
		int width[COLUMNS];
		uint64_t fit = table_fit(columns, COLUMNS, n, width);

		assert_at_most(total(fit, width), (n < 0 ? 0 : n));
	}
}

static void test_fit_of_64_columns(void **state)
{
	struct column many[70];
	int width[70];
	(void)state;

	for (int i = 0; i < 70; i++)
		many[i] = (struct column){ "x", 1, 1, ALIGN_LEFT, i, false };
	assert_int_equal(table_fit(many, 64, 1000, width), UINT64_MAX);
	assert_int_equal(table_fit(many, 70, 1000, width), UINT64_MAX);
	assert_int_equal(table_fit(many, 64, 5, width), 7);
	assert_int_equal(table_fit(many, 0, 5, width), 0);
}

static void test_head_and_rows(void **state)
{
	(void)state;
	struct canvas c = canvas_of(5, 44, CHARSET_BRAILLE);
	int width[COLUMNS];
	uint64_t fit = table_fit(columns, COLUMNS, 43, width);

	table_paint_head(&c, 0, 0, fit, width, columns, COLUMNS, 2, false);
	table_paint_head(&c, 1, 0, fit, width, columns, COLUMNS, 0, false);
	table_paint_head(&c, 2, 0, fit, width, columns, COLUMNS, -1, false);
	table_paint_row(&c, 3, 0, fit, width, columns, COLUMNS, cells, false);
	table_paint_row(&c, 4, 0, fit, width, columns, COLUMNS, cells, true);
	assert_painted(&c, "CORE   share          ▼pps     Mbps   p99us\n"
			   "CORE▼  share           pps     Mbps   p99us\n"
			   "CORE   share           pps     Mbps   p99us\n"
			   "cpu0   █████        812.4k    415.9 123.46M\n"
			   "cpu0   █████        812.4k    415.9 123.46M\n");
	assert_int_equal(style_at(&c, 0, 22), STYLE_STRONG);
	assert_int_equal(style_at(&c, 0, 33), STYLE_DIM);
	assert_int_equal(style_at(&c, 3, 0), STYLE_CLIENT);
	assert_int_equal(style_at(&c, 3, 31), STYLE_BAD);
	assert_int_equal(style_at(&c, 4, 0), STYLE_SELECTED);
	assert_int_equal(style_at(&c, 4, 6), STYLE_SELECTED); /* the blank between */
	assert_int_equal(style_at(&c, 4, 7), STYLE_BAR);
	assert_int_equal(style_at(&c, 4, 31), STYLE_SELECTED);
	assert_int_equal(style_at(&c, 4, 42), STYLE_SELECTED);
	assert_int_equal(style_at(&c, 4, 43), STYLE_TEXT); /* and no further */
	canvas_free(&c);
}

static void test_narrow_head(void **state)
{
	(void)state;
	struct canvas c = canvas_of(2, 30, CHARSET_ASCII);
	int width[COLUMNS];
	uint64_t fit = table_fit(columns, COLUMNS, 29, width);

	table_paint_head(&c, 0, 0, fit, width, columns, COLUMNS, 1, false);
	table_paint_row(&c, 1, 0, fit, width, columns, COLUMNS, cells, false);
	assert_painted(&c, "CORE shav    pps   Mbps p99us\n"
			   "cpu0 ##   812.4k  415.9  123M\n");
	canvas_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bar_in_eighths),
		cmocka_unit_test(test_bar_in_ascii_and_over_a_track),
		cmocka_unit_test(test_fit_sheds_and_shrinks),
		cmocka_unit_test(test_fit_of_64_columns),
		cmocka_unit_test(test_head_and_rows),
		cmocka_unit_test(test_narrow_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
