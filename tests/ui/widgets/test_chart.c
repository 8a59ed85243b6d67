/* Charts, cell by cell. */
#include "painted.h"

#include <math.h>

#include "base/text.h"
#include "ui/widgets/axis.h"
#include "ui/widgets/log_scale.h"
#include "ui/widgets/widgets.h"
#include "../../support/asserts.h"

static void test_tops(void **state)
{
	static const struct {
		double max;
		int rows;
		double top;
		int parts;
	} cases[] = { { 0, 4, 1, 4 }, { -3, 4, 1, 4 }, { NAN, 4, 1, 4 }, { INFINITY, 4, 1, 4 }, { 1, 4, 1, 4 },
		/* a flat line is not drawn on twice its height */
		{ 1.0001, 4, 1, 4 }, { 1.0001, 20, 1, 5 }, { 1.1, 4, 1.5, 3 }, { 1.1, 12, 1.2, 6 }, { 2.1, 4, 3, 3 },
		{ 2.1, 5, 2.5, 5 }, { 3.9e6, 4, 4e6, 4 }, { 812400, 4, 8e5, 4 }, { 850e3, 4, 1e6, 2 }, { 999, 2, 1000, 2 },
		{ 7, 2, 8, 2 }, { 8.6, 2, 10, 2 }, { 7, 1, 8, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chart_scale s = chart_scale_of(cases[i].max, cases[i].rows, cases[i].rows * 4);

		if (fabs(s.top - cases[i].top) > 1e-9 * cases[i].top || s.parts != cases[i].parts)
			fail_msg("the top of %g in %d rows is %g in %d parts, not %g in %d", cases[i].max, cases[i].rows, s.top,
				s.parts, cases[i].top, cases[i].parts);
	}
	assert_at_least(chart_scale_of(1e-310, 4, 16).top, 1e-310);
	assert_true(isfinite(chart_scale_of(1.7e308, 4, 16).top));
}

static bool is_round(double step)
{
	double mantissa = step / pow(10, floor(log10(step) + 1e-9));

	return fabs(mantissa - 1) < 1e-6 || fabs(mantissa - 2) < 1e-6 || fabs(mantissa - 2.5) < 1e-6 ||
	       fabs(mantissa - 4) < 1e-6 || fabs(mantissa - 5) < 1e-6;
}

/* Round steps from 0, two at least, and little room above what is drawn. */
static void test_ticks_are_round(void **state)
{
	(void)state;
	for (int rows = 2; rows <= 60; rows++)
		for (double max = 0.05; max < 1e15; max *= 1.037) {
			struct chart_scale s = chart_scale_of(max, rows, rows * 4);

			assert_at_least(s.parts, 2);
			assert_in_range(s.parts, 2, rows);
			if (!is_round(s.top / s.parts))
				fail_msg("%g in %d rows: steps of %g", max, rows, s.top / s.parts);
			assert_between(s.top, max * (1 - 0.5 / (rows * 4)) * (1 - 1e-6), max * (rows > 2 ? 1.51 : 2.51));
			/* a top is its own top: no hunting */
			assert_between(chart_scale_of(s.top, rows, rows * 4).top, s.top * (1 - 1e-9), s.top * (1 + 1e-9));
		}
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

/* The scale is for the newest run; an older one is dim, and marked where it goes beyond the top. */
static void test_older_runs_are_clipped(void **state)
{
	static const double value[] = { 80, 80, 4, 4, 8, 8, 8, 8 };
	(void)state;
	struct canvas c = canvas_of(2, 4, CHARSET_BRAILLE);
	struct chart chart = { .value = value, .bins = 8, .bin_s = 1, .cursor_bin = -1, .scale = 1, .current = 4 };

	chart_paint(&c, (struct rect){ 0, 0, 2, 4 }, &chart);
	assert_string_equal(canvas_cell(&c, 0, 0)->glyph, "▲");
	assert_int_equal(style_at(&c, 1, 0), STYLE_DIM);
	assert_int_equal(style_at(&c, 1, 1), STYLE_DIM);
	assert_int_equal(style_at(&c, 0, 2), STYLE_CHART);
	assert_string_not_equal(canvas_cell(&c, 0, 2)->glyph, "");
	canvas_free(&c);
}

static void test_losses_have_a_row(void **state)
{
	static const double value[] = { 8, 8, 8, 8, 8, 8, 8, 8 };
	static const uint8_t lost[] = { 0, 0, 0, 1, 0, 0, 1, 1 }, none[8] = { 0 };
	(void)state;
	struct canvas c = canvas_of(4, 4, CHARSET_BRAILLE);
	struct chart chart = { .value = value, .bins = 8, .bin_s = 1, .cursor_bin = -1, .scale = 1, .lost = lost };

	chart_paint(&c, (struct rect){ 0, 0, 4, 4 }, &chart);
	assert_string_equal(canvas_cell(&c, 3, 0)->glyph, "");
	assert_string_equal(canvas_cell(&c, 3, 1)->glyph, "×");
	assert_string_equal(canvas_cell(&c, 3, 2)->glyph, "");
	assert_string_equal(canvas_cell(&c, 3, 3)->glyph, "×");
	assert_int_equal(style_at(&c, 3, 3), STYLE_BAD);
	canvas_clear(&c);
	chart.lost = none;
	chart_paint(&c, (struct rect){ 0, 0, 4, 4 }, &chart);
	assert_string_equal(canvas_cell(&c, 3, 1)->glyph, "⣿");
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
	assert_numbers(1000, 4, "1000<|500<0<");
	assert_numbers(800, 4, "800<|400<0<");
	assert_numbers(5, 10, "5.0<||||2.5<|||0<");
	assert_numbers(25000, 3, "40k<20k<0<");
	assert_numbers(1, 2, "1<0<");
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

/* ---- logarithmic ---- */

static bool is_one_two_five(double tick)
{
	double mantissa = tick / pow(10, floor(log10(tick) + 1e-9));

	return fabs(mantissa - 1) < 1e-6 || fabs(mantissa - 2) < 1e-6 || fabs(mantissa - 5) < 1e-6;
}

/* 1, 2, 5 or decades, two at least, from what is seen to what is seen; with room between them. */
static void test_log_ticks_are_round(void **state)
{
	(void)state;
	for (int rows = 1; rows <= 60; rows++)
		for (double most = 2e-8; most < 1e15; most *= 7.3)
			for (double least = most; least > most / 1e9; least /= 31) {
				struct log_scale s = { .ticks = 0 };

				assert_true(log_scale_of(least, most, rows, &s));
				assert_in_range(s.ticks, 2, LOG_TICKS);
				assert_between(s.top, most * (1 - 1e-6), most * 2.51);
				assert_between(s.top / s.low, 10 * (1 - 1e-6), pow(10, LOG_DECADES) * (1 + 1e-6));
				if (s.top / s.low < pow(10, LOG_DECADES - 1) && s.low > 2e-9)
					assert_between(s.low, least / 100, least * (1 + 1e-6));
				for (unsigned i = 0; i < s.ticks; i++) {
					double apart = i ? log_scale_share(&s, s.tick[i]) - log_scale_share(&s, s.tick[i - 1])
							 : 1;

					if (!is_one_two_five(s.tick[i]) || (rows > 1 && apart * rows < 1 - 1e-6))
						fail_msg("%g to %g in %d rows: tick %u is %g, %g rows from the one before", least,
							most, rows, i, s.tick[i], apart * rows);
				}
			}
}

static void test_log_needs_something(void **state)
{
	struct log_scale s;

	(void)state;
	assert_false(log_scale_of(INFINITY, 0, 4, &s)); /* nothing is above 0 */
	assert_false(log_scale_of(1e-12, 1e-9, 4, &s));
	assert_false(log_scale_of(1, 1e18, 4, &s));
	assert_false(log_scale_of(NAN, NAN, 4, &s));
}

static void paint_log(struct canvas *c, const double *value, unsigned bins, bool time_axis)
{
	struct chart chart = {
		.value = value, .bins = bins, .bin_s = 1, .cursor_bin = -1, .scale = 1, .time_axis = time_axis, .log = true
	};

	chart_paint(c, (struct rect){ 0, 0, c->rows, c->columns }, &chart);
}

/* Each decade is as high as the next; a zero is on the lowest line, below all that is something,
 * and a gap is a gap. */
static void test_log_fill(void **state)
{
	static const double value[] = { 1, 1, 10, 10, 100, 100, 1000, 1000, 0, 0, NAN, NAN, 0.5, 2000 }, zeros[] = { 0, 0 };
	(void)state;
	struct canvas c = canvas_of(5, 24, CHARSET_BRAILLE);

	paint_log(&c, value, 14, true);
	assert_painted(&c, "1000┤               ⣶  ⢸\n"
			   "    │              ⣶⣿  ⢸\n"
			   "  10┤             ⣶⣿⣿  ⢸\n"
			   "    │            ⣿⣿⣿⣿⣀ ⣾\n"
			   " 0.1└    -30s        now\n");
	canvas_clear(&c);
	paint_log(&c, zeros, 2, true); /* there is no logarithm of that */
	assert_painted(&c, "1.00┤\n"
			   "0.75┤\n"
			   "0.50┤\n"
			   "0.25┤                  ⣀\n"
			   "   0└    -30s        now\n");
	canvas_free(&c);
}

static void test_log_numbers_keep_their_place(void **state)
{
	double value[2];
	(void)state;

	for (double v = 1e-7; v < 1e16; v *= 3.3)
		for (int rows = 1; rows < 30; rows++) {
			struct canvas c = canvas_of(rows, 40, CHARSET_BRAILLE);
			char last[16] = "";

			value[0] = v;
			value[1] = v / 1e5;
			paint_log(&c, value, 2, rows % 2);
			for (int row = 0; row < rows; row++) {
				char text[32] = "";

				for (int x = 0; x < 4; x++)
					text_add(text, sizeof(text), "%s", canvas_cell(&c, row, x)->glyph);
				if (strstr(text, "…") || !strcmp(text, "0") || (*text && !strcmp(text, last)))
					fail_msg("%g in %d rows: \"%s\" below \"%s\"", v, rows, text, last);
				if (*text)
					snprintf(last, sizeof(last), "%s", text);
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
		cmocka_unit_test(test_tops),
		cmocka_unit_test(test_ticks_are_round),
		cmocka_unit_test(test_older_runs_are_clipped),
		cmocka_unit_test(test_losses_have_a_row),
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
		cmocka_unit_test(test_log_ticks_are_round),
		cmocka_unit_test(test_log_needs_something),
		cmocka_unit_test(test_log_fill),
		cmocka_unit_test(test_log_numbers_keep_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
