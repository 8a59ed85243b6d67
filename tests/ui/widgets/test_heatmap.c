/* The heatmap: rows, shades, and no stripes whatever the width. */
#include "painted.h"

#include <math.h>

#include "base/histogram.h"
#include "ui/widgets/widgets.h"

enum { BINS_MAX = 300 };
static float count[BINS_MAX][HEAT_ROWS];

/* The quarter octave that holds so many microseconds. */
static int heat_row(double us)
{
	return (int)floor(log2(us * 1000) * 4);
}

static void fill(unsigned bins, double us, float n)
{
	for (unsigned i = 0; i < bins; i++)
		count[i][heat_row(us)] += n;
}

/* A cell each, row by row: none is blank but that of nothing, and more is stronger. */
static void cells_are_shaded_by_their_share(void **state)
{
	static const double share[] = { 0, 0.5, 1, NAN, 2, 1, 1 };
	struct canvas c = canvas_of(2, 3, CHARSET_ASCII);

	(void)state;
	heat_cells_paint(&c, (struct rect){ 0, 0, 2, 3 }, share, 7);
	assert_painted(&c, ".=#\n ##\n");
	canvas_free(&c);
}

static int setup(void **state)
{
	(void)state;
	memset(count, 0, sizeof(count));
	return 0;
}

static struct heatmap map_of(unsigned bins)
{
	return (struct heatmap){ .count = &count[0][0], .bins = bins, .bin_s = 1, .cursor_bin = -1 };
}

static void paint(struct canvas *c, const struct heatmap *map)
{
	heatmap_paint(c, (struct rect){ 0, 0, c->rows, c->columns }, map);
}

static void test_rows_and_shades(void **state)
{
	(void)state;
	struct canvas c = canvas_of(6, 20, CHARSET_BRAILLE);
	struct heatmap map = map_of(15);

	fill(15, 12, 100000); /* 8..16: the largest */
	fill(15, 24, 9000);   /* more than a decade less: two shades */
	fill(15, 48, 900);
	fill(15, 96, 90);
	fill(7, 192, 1); /* the left half only */
	paint(&c, &map);
	assert_painted(&c, " 256┤\n"
			   " 128┤░░░░░░░\n"
			   "  64┤░░░░░░░░░░░░░░░\n"
			   "  32┤▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒\n"
			   "  16┤▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓\n"
			   "   8┤███████████████\n");
	assert_int_equal(style_at(&c, 5, 5), STYLE_HEAT_7);
	assert_int_equal(style_at(&c, 4, 5), STYLE_HEAT_5);
	assert_int_equal(style_at(&c, 3, 5), STYLE_HEAT_3);
	assert_int_equal(style_at(&c, 2, 5), STYLE_HEAT_1);
	assert_int_equal(style_at(&c, 1, 5), STYLE_HEAT_1);
	assert_int_equal(style_at(&c, 1, 19), STYLE_HEAT_0);
	canvas_free(&c);
	c = canvas_of(6, 20, CHARSET_ASCII);
	paint(&c, &map);
	assert_painted(&c, " 256+\n"
			   " 128+.......\n"
			   "  64+...............\n"
			   "  32+---------------\n"
			   "  16++++++++++++++++\n"
			   "   8+###############\n");
	canvas_free(&c);
}

/* What has scrolled away leaves rows and shades as they were; another room begins anew. */
static void a_kept_scale_only_grows(void **state)
{
	struct canvas c = canvas_of(6, 20, CHARSET_BRAILLE), small = canvas_of(5, 20, CHARSET_BRAILLE);
	struct heat_scale scale = { 0 };
	struct heatmap map = map_of(15);

	(void)state;
	map.scale = &scale;
	fill(15, 12, 900);
	count[0][heat_row(12)] = 100000;
	count[0][heat_row(192)] = 10;
	paint(&c, &map);
	assert_int_equal(style_at(&c, 5, 5), STYLE_HEAT_7);
	assert_int_equal(style_at(&c, 5, 6), STYLE_HEAT_3);
	assert_int_equal(style_at(&c, 1, 5), STYLE_HEAT_1);
	count[0][heat_row(12)] = 900;
	count[0][heat_row(192)] = 0;
	canvas_clear(&c);
	paint(&c, &map);
	assert_int_equal(style_at(&c, 5, 5), STYLE_HEAT_3);
	assert_int_equal(style_at(&c, 5, 6), STYLE_HEAT_3);
	paint(&small, &map);
	assert_int_equal(style_at(&small, 4, 6), STYLE_HEAT_7);
	canvas_free(&small);
	canvas_free(&c);
}

/* Less than is ever seen makes no row. */
static void what_is_not_seen_has_no_row(void **state)
{
	struct canvas c = canvas_of(9, 20, CHARSET_BRAILLE), with = canvas_of(9, 20, CHARSET_BRAILLE);
	struct heatmap map = map_of(15);

	(void)state;
	fill(15, 12, 900);
	paint(&c, &map);
	count[3][heat_row(100000)] = 0.1f;
	paint(&with, &map);
	for (int row = 0; row < 9; row++)
		assert_string_equal(canvas_cell(&with, row, 3)->glyph, canvas_cell(&c, row, 3)->glyph);
	canvas_free(&with);
	canvas_free(&c);
}

/* The same everywhere in, the same everywhere out, for every pair of bins and columns. */
static void test_no_stripes(void **state)
{
	(void)state;
	for (unsigned bins = 1; bins < 130; bins += 7)
		for (int columns = 17; columns < 120; columns += 6) {
			struct canvas c = canvas_of(6, columns, CHARSET_BRAILLE);
			struct heatmap map = map_of(bins);

			setup(NULL);
			fill(bins, 12, 1000);
			fill(bins, 30, 37);
			paint(&c, &map);
			for (int row = 0; row < 6; row++)
				for (int x = 6; x < columns; x++)
					if (style_at(&c, row, x) != style_at(&c, row, 5))
						fail_msg("%u bins on %d columns: row %d column %d is %d, not %d", bins, columns,
							row, x, (int)style_at(&c, row, x), (int)style_at(&c, row, 5));
			canvas_free(&c);
		}
}

/* A single value stays visible however many bins share a column. */
static void test_one_outlier_is_seen(void **state)
{
	(void)state;
	for (unsigned bins = 10; bins <= BINS_MAX; bins += 29) {
		struct canvas c = canvas_of(9, 40, CHARSET_BRAILLE);
		struct heatmap map = map_of(bins);
		int seen = 0;

		setup(NULL);
		fill(bins, 12, 30000);
		count[bins / 2][heat_row(900)] = 1;
		paint(&c, &map);
		for (int x = 5; x < 40; x++) /* above 256 us */
			seen += style_at(&c, 0, x) > STYLE_HEAT_0 || style_at(&c, 1, x) > STYLE_HEAT_0;
		/* fewer bins than columns: one bin is several columns wide */
		if (seen < 1 || seen > 35 / (int)bins + 2)
			fail_msg("%u bins: the outlier takes %d columns", bins, seen);
		canvas_free(&c);
	}
}

/* A row of several octaves adds them up, and begins at a multiple of its octaves. */
static void test_few_rows_cover_all(void **state)
{
	(void)state;
	struct canvas c = canvas_of(3, 20, CHARSET_BRAILLE);
	struct heatmap map = map_of(15);

	fill(15, 3, 1000);
	fill(15, 900, 1000);
	fill(15, 50, 1000);
	paint(&c, &map);
	assert_painted(&c, " 256┤███████████████\n"
			   "  16┤███████████████\n"
			   "   1┤███████████████\n");
	canvas_free(&c);
	c = canvas_of(1, 20, CHARSET_BRAILLE);
	paint(&c, &map);
	assert_int_equal(style_at(&c, 0, 5), STYLE_HEAT_7);
	canvas_free(&c);
}

static void test_much_room_divides_octaves(void **state)
{
	(void)state;
	struct canvas c = canvas_of(24, 20, CHARSET_BRAILLE);
	struct heatmap map = map_of(15);
	int rows = 0;

	fill(15, 12, 1000);
	paint(&c, &map);
	/* four rows an octave, 8 at the bottom: 12 lies in the third (11.3..13.5) */
	assert_string_equal(canvas_cell(&c, 23, 3)->glyph, "8");
	assert_string_equal(canvas_cell(&c, 19, 3)->glyph, "6"); /* 16 */
	assert_int_equal(style_at(&c, 21, 5), STYLE_HEAT_7);
	for (int row = 0; row < 24; row++)
		rows += style_at(&c, row, 5) > STYLE_HEAT_0;
	assert_in_range(rows, 1, 2);
	canvas_free(&c);
}

static void test_gaps_are_blank(void **state)
{
	uint8_t gap[15] = { 0 };
	(void)state;
	struct canvas c = canvas_of(4, 20, CHARSET_BRAILLE);
	struct heatmap map = map_of(15);

	fill(15, 12, 1000);
	gap[4] = gap[5] = gap[14] = 1;
	map.gap = gap;
	paint(&c, &map);
	assert_painted(&c, "  64┤\n  32┤\n  16┤\n   8┤████  ████████\n");
	assert_int_equal(style_at(&c, 3, 9), STYLE_TEXT);
	assert_int_equal(style_at(&c, 2, 5), STYLE_HEAT_0);
	memset(gap, 1, sizeof(gap));
	canvas_clear(&c);
	paint(&c, &map);
	assert_painted(&c, " 256┤\n  64┤\n  16┤\n   4┤\n"); /* nothing known: the usual range */
	canvas_free(&c);
}

static void test_marks_and_cursor(void **state)
{
	double p50[15], p99[15];
	(void)state;
	struct canvas c = canvas_of(7, 20, CHARSET_BRAILLE);
	struct heatmap map = map_of(15);

	fill(15, 12, 1000);
	fill(15, 300, 1000);
	for (int i = 0; i < 15; i++) {
		p50[i] = 12e3;
		p99[i] = i == 5 ? NAN : 70e3;
	}
	map.p50_ns = p50;
	map.p99_ns = p99;
	map.cursor_bin = 14;
	map.time_axis = false;
	paint(&c, &map);
	assert_painted(&c, " 512┤\n"
			   " 256┤███████████████\n"
			   " 128┤\n"
			   "  64◆\n"
			   "  32┤\n"
			   "  16┤\n"
			   "   8◇███████████████\n"); /* beside what is there, not over it */
	assert_int_equal(style_at(&c, 6, 4), STYLE_STRONG);
	assert_int_equal(style_at(&c, 3, 4), STYLE_STRONG);
	assert_int_equal(style_at(&c, 6, 5), STYLE_HEAT_7);
	for (int row = 0; row < 7; row++)
		assert_int_equal(style_at(&c, row, 19), STYLE_CURSOR);
	assert_int_equal(style_at(&c, 1, 18), STYLE_HEAT_7);
	canvas_free(&c);
}

static void test_extremes(void **state)
{
	(void)state;
	struct canvas c = canvas_of(8, 30, CHARSET_BRAILLE);
	struct heatmap map = map_of(10);

	count[0][0] = 5; /* 1 ns */
	count[1][HEAT_ROWS - 1] = 5;
	count[2][40] = NAN;
	count[3][40] = -7;
	count[4][40] = INFINITY;
	paint(&c, &map);
	map.bins = 0;
	paint(&c, &map);
	setup(NULL);
	map = map_of(10);
	count[0][0] = 5;
	paint(&c, &map);
	canvas_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_rows_and_shades, setup),
		cmocka_unit_test_setup(a_kept_scale_only_grows, setup),
		cmocka_unit_test_setup(what_is_not_seen_has_no_row, setup),
		cmocka_unit_test_setup(test_no_stripes, setup),
		cmocka_unit_test_setup(test_one_outlier_is_seen, setup),
		cmocka_unit_test_setup(test_few_rows_cover_all, setup),
		cmocka_unit_test_setup(test_much_room_divides_octaves, setup),
		cmocka_unit_test_setup(test_gaps_are_blank, setup),
		cmocka_unit_test_setup(test_marks_and_cursor, setup),
		cmocka_unit_test_setup(test_extremes, setup),
		cmocka_unit_test(cells_are_shaded_by_their_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
