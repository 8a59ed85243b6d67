/* Charts, cell by cell. */
#include "painted.h"

#include <math.h>

#include "base/text.h"
#include "ui/widgets/axis.h"
#include "ui/widgets/widgets.h"
#include "../../support/asserts.h"

static void test_nice_tops(void **state)
{
	static const double cases[][2] = { { 0, 1 }, { -3, 1 }, { NAN, 1 }, { INFINITY, 1 }, { 1, 1 }, { 1.01, 2 }, { 2, 2 },
		{ 2.1, 2.5 }, { 2.5, 2.5 }, { 2.6, 4 }, { 4.1, 5 }, { 5.5, 8 }, { 8, 8 }, { 8.1, 10 }, { 9.99, 10 },
		{ 999, 1000 }, { 0.0003, 0.0004 }, { 812400, 1e6 } };
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double top = chart_nice_top(cases[i][0]);

		if (fabs(top - cases[i][1]) > 1e-9 * cases[i][1])
			fail_msg("top of %g is %g, not %g", cases[i][0], top, cases[i][1]);
	}
	for (double max = 1e-12; max < 1e15; max *= 1.037) {
		double top = chart_nice_top(max);

		assert_between(top, max * (1 - 1e-9), max * 2.0001);
		assert_equals(chart_nice_top(top), top); /* a top is its own top: no hunting */
	}
	assert_at_least(chart_nice_top(1e-310), 1e-310);
	assert_true(isfinite(chart_nice_top(1.7e308)));
}

static void paint(struct canvas *c, const double *value, unsigned bins, const double *base, const uint8_t *mark, int cursor)
{
	struct chart chart = {
		.value = value, .base = base, .mark = mark, .bins = bins, .bin_s = 1, .cursor_bin = cursor, .scale = 1
	};

	chart_paint(c, (struct rect){ 0, 0, c->rows, c->columns }, &chart);
}

static void test_braille_fill_and_gap(void **state)
{
	static const double value[] = { 8, 4, 2, 1, 0, NAN, NAN, 8, INFINITY, -INFINITY, -5, 6 };
	(void)state;
	struct canvas c = canvas_of(2, 7, CHARSET_BRAILLE);

	/* 8 levels: 8, 4 | 2, 1 | the least for 0, gap | gap, 8 | off the top, the least | the
	 * least, 6; six columns, at the right */
	paint(&c, value, 12, NULL, NULL, -1);
	assert_painted(&c, " ⡇  ⢸⡇⢠\n ⣿⣄⡀⢸⣇⣸\n");
	assert_int_equal(style_at(&c, 0, 1), STYLE_CHART);
	assert_int_equal(style_at(&c, 0, 0), STYLE_TEXT);
	canvas_free(&c);
}

static void test_newest_bin_is_at_the_right(void **state)
{
	static const double value[] = { 1, 1, 1, 1, 8 };
	(void)state;
	struct canvas c = canvas_of(1, 4, CHARSET_BRAILLE);

	paint(&c, value, 5, NULL, NULL, -1);
	assert_painted(&c, " ⢀⣀⣸\n");
	canvas_clear(&c);
	paint(&c, value, 1, NULL, NULL, -1);
	assert_painted(&c, "   ⢸\n");
	canvas_clear(&c);
	paint(&c, value, 0, NULL, NULL, -1);
	assert_painted(&c, "\n");
	assert_int_equal(chart_bins((struct rect){ 0, 0, 5, 4 }), 8);
	assert_int_equal(chart_bins((struct rect){ 0, 0, 5, 80 }), 150);
	assert_int_equal(chart_bins((struct rect){ 0, 0, 5, -1 }), 0);
	canvas_free(&c);
}

/* Values that scrolled out at the left no longer count for the scale. */
static void test_old_bins_do_not_count(void **state)
{
	static const double value[] = { 1000, 1, 1 };
	(void)state;
	struct canvas c = canvas_of(1, 1, CHARSET_BRAILLE);

	paint(&c, value, 3, NULL, NULL, -1);
	assert_painted(&c, "⣿\n");
	canvas_free(&c);
}

static void test_baseline_over_and_in_the_fill(void **state)
{
	static const double value[] = { 8, 8, 2, 2, NAN, NAN, 5, 5 };
	static const double base[] = { 5, 5, 5, 5, 5, 5, 5, 5 };
	(void)state;
	struct canvas c = canvas_of(2, 4, CHARSET_BRAILLE);

	paint(&c, value, 8, base, NULL, -1);
	/* carved out of the fill, alone above it and in a gap, and at the top where both agree */
	assert_painted(&c, "⠿⣀⣀⣀\n⣿⣤ ⣿\n");
	for (int x = 0; x < 4; x++)
		assert_int_equal(style_at(&c, 0, x), STYLE_CHART_BASE);
	assert_int_equal(style_at(&c, 1, 0), STYLE_CHART);
	canvas_free(&c);
	c = canvas_of(2, 4, CHARSET_BLOCK);
	paint(&c, value, 8, base, NULL, -1);
	assert_painted(&c, "█┄ ┄\n█▄ █\n");
	assert_int_equal(style_at(&c, 0, 0), STYLE_CHART);
	assert_int_equal(style_at(&c, 0, 1), STYLE_CHART_BASE);
	canvas_free(&c);
}

static void test_block_and_ascii_draw_the_mean(void **state)
{
	static const double value[] = { 8, 6, 4, 2, 1, 0, NAN, 2, NAN, NAN };
	(void)state;
	struct canvas c = canvas_of(2, 5, CHARSET_BLOCK);

	paint(&c, value, 10, NULL, NULL, -1);
	assert_painted(&c, "▆\n█▆▁▄\n");
	canvas_free(&c);
	c = canvas_of(2, 5, CHARSET_ASCII);
	paint(&c, value, 10, NULL, NULL, -1);
	assert_painted(&c, ":\n#:.:\n");
	canvas_free(&c);
}

static void test_marks_and_cursor(void **state)
{
	static const double value[] = { 8, 8, 8, 8, 8, 8, 8, 8 };
	static const uint8_t mark[] = { 0, 0, 0, 1, 0, 0, 0, 0 };
	(void)state;
	struct canvas c = canvas_of(2, 4, CHARSET_BRAILLE);

	paint(&c, value, 8, NULL, mark, 7);
	assert_painted(&c, "⣿│⣿⣿\n⣿│⣿⣿\n");
	assert_int_equal(style_at(&c, 0, 1), STYLE_CHART_MARK);
	assert_int_equal(style_at(&c, 0, 3), STYLE_CURSOR);
	assert_int_equal(style_at(&c, 1, 3), STYLE_CURSOR);
	assert_int_equal(style_at(&c, 1, 2), STYLE_CHART);
	for (int cursor = -2; cursor < 12; cursor += 11) { /* outside: nothing */
		paint(&c, value, 8, NULL, NULL, cursor == -2 ? -2 : 8);
		assert_int_equal(style_at(&c, 0, 3), STYLE_CHART);
	}
	canvas_free(&c);
}

static void fill(double *value, unsigned n, double v)
{
	for (unsigned i = 0; i < n; i++)
		value[i] = v;
}

static void test_axes(void **state)
{
	double value[150];
	(void)state;
	struct canvas c = canvas_of(5, 80, CHARSET_BRAILLE);
	struct chart chart = { .value = value, .bins = 150, .bin_s = 0.4, .cursor_bin = -1, .scale = 1e6, .time_axis = true };

	fill(value, 150, NAN);
	value[149] = 3.9e6;
	chart_paint(&c, (struct rect){ 0, 0, 5, 80 }, &chart);
	assert_painted(&c, "   4┤                                                                          ⢸\n"
			   "   3┤                                                                          ⢸\n"
			   "   2┤                                                                          ⢸\n"
			   "   1┤                                                                          ⢸\n"
			   "   0└-60s               -45s              -30s               -15s            now\n");
	canvas_free(&c);
}

/* The numbers beside a chart of so many rows with this top, from the top. */
static void assert_numbers(double top, int rows, const char *expected)
{
	struct canvas c = canvas_of(rows, 40, CHARSET_BRAILLE);
	struct chart chart = { .value = &top, .bins = 1, .bin_s = 1, .cursor_bin = -1, .scale = 1 };
	char got[200] = "";

	chart_paint(&c, (struct rect){ 0, 0, rows, 40 }, &chart);
	for (int row = 0; row < rows; row++) {
		for (int x = 0; x < 4; x++)
			text_add(got, sizeof(got), "%s", canvas_cell(&c, row, x)->glyph);
		text_add(got, sizeof(got), strcmp(canvas_cell(&c, row, 4)->glyph, "┤") ? "|" : "<");
	}
	assert_string_equal(got, expected);
	canvas_free(&c);
}

/* Round, from 0, whatever the number of rows: 7 of them once had 1000, 714, 429, 143. */
static void test_numbers_are_round(void **state)
{
	(void)state;
	assert_numbers(1000, 7, "1000<||500<||0<");
	assert_numbers(200, 9, "200<|150<|100<|50<|0<");
	assert_numbers(1000, 4, "1000<750<500<250<");
	assert_numbers(800, 4, "800<600<400<200<");
	assert_numbers(5, 10, "5<|4<|3<|2<|1<0<");
	assert_numbers(25000, 3, "25k<|0<");
	assert_numbers(1, 2, "1.0<0.5<");
	assert_numbers(1, 1, "1<");
}

/* The numbers never take another column than theirs, whatever the values and however many rows. */
static void test_numbers_keep_their_place(void **state)
{
	double value[200];
	(void)state;

	for (double v = 1e-9; v < 1e17; v *= 3.3)
		for (int rows = 1; rows < 30; rows++) {
			struct canvas c = canvas_of(rows, 40, CHARSET_BRAILLE);
			struct chart chart = {
				.value = value, .bins = 70, .bin_s = 1, .cursor_bin = -1, .scale = 1, .time_axis = true
			};

			fill(value, 70, v);
			chart_paint(&c, (struct rect){ 0, 0, rows, 40 }, &chart);
			for (int row = 0; row < rows; row++) {
				const char *tick = canvas_cell(&c, row, 4)->glyph;

				assert_true(!strcmp(tick, "┤") || !strcmp(tick, "│") || !strcmp(tick, "└"));
				for (int x = 0; x < 4; x++)
					if (!strcmp(canvas_cell(&c, row, x)->glyph, "…"))
						fail_msg("the number for %g in %d rows is too wide", v, rows);
			}
			canvas_free(&c);
		}
}

static void assert_time(double span_s, int columns, const char *expected)
{
	struct canvas c = canvas_of(3, columns, CHARSET_BRAILLE);
	struct axis a = axis_layout((struct rect){ 0, 0, 3, columns }, true);

	axis_paint_time(&c, &a, span_s);
	assert_painted(&c, expected);
	canvas_free(&c);
}

static void test_time_labels(void **state)
{
	(void)state;
	assert_time(60, 25, "\n\n     -1m              now\n");
	assert_time(3600, 65, "\n\n     -60m           -45m           -30m           -15m        now\n");
	assert_time(2.5, 45, "\n\n             -2s             -1s          now\n");
	assert_time(36000, 45, "\n\n                     -6h                  now\n");
	assert_time(0, 20, "\n\n                 now\n");
	assert_time(NAN, 20, "\n\n                 now\n");
	assert_time(1e30, 20, "\n\n                 now\n");
	assert_time(60, 2, "\n\n\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nice_tops),
		cmocka_unit_test(test_braille_fill_and_gap),
		cmocka_unit_test(test_newest_bin_is_at_the_right),
		cmocka_unit_test(test_old_bins_do_not_count),
		cmocka_unit_test(test_baseline_over_and_in_the_fill),
		cmocka_unit_test(test_block_and_ascii_draw_the_mean),
		cmocka_unit_test(test_marks_and_cursor),
		cmocka_unit_test(test_axes),
		cmocka_unit_test(test_numbers_are_round),
		cmocka_unit_test(test_numbers_keep_their_place),
		cmocka_unit_test(test_time_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
