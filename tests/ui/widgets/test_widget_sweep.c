/* Every widget at every size, everywhere on and off the canvas: nothing outside its area is
 * touched, nothing crashes. */
#include "painted.h"

#include <limits.h>
#include <math.h>

#include "base/histogram.h"
#include "ui/widgets/form.h"
#include "ui/widgets/widgets.h"

enum { BINS = 40, ROWS = 50, COLUMNS = 120, MARGIN = 1 };

static double value[300], base[300];
static uint8_t mark[300];
static float count[BINS][HEAT_ROWS];
static struct options options;
static struct form *form;

static void paint_chart(struct canvas *c, struct rect area)
{
	struct chart chart = { .value = value,
		.base = base,
		.mark = mark,
		.bins = 300,
		.bin_s = 0.1,
		.cursor_bin = 297,
		.time_axis = area.rows & 1,
		.scale = 1e3 };

	chart_paint(c, area, &chart);
}

static void paint_heatmap(struct canvas *c, struct rect area)
{
	struct heatmap map = { .count = &count[0][0],
		.bins = BINS,
		.bin_s = 0.1,
		.cursor_bin = 20,
		.p50_ns = value,
		.p99_ns = base,
		.gap = mark,
		.time_axis = area.rows & 1 };

	heatmap_paint(c, area, &map);
}

static void paint_form(struct canvas *c, struct rect area)
{
	form_key(form, KEYCODE_TAB);
	form_paint(form, c, area);
}

static void paint_bar(struct canvas *c, struct rect area)
{
	for (int row = 0; row < area.rows; row++)
		bar_paint(c, area.row + row, area.column, area.columns, row / 10.0, STYLE_BAR);
}

static void paint_table(struct canvas *c, struct rect area)
{
	static const struct column columns[] = { { "CORE", 6, 4, ALIGN_LEFT, 0, false }, { "share", 10, 4, ALIGN_LEFT, 5, true },
		{ "a long title", 8, 3, ALIGN_RIGHT, 1, false }, { "µs", 40, 6, ALIGN_LEFT, 2, false } };
	static const struct table_cell cells[] = { { "cpu0", STYLE_TEXT, 0 }, { "", STYLE_BAR, 0.7 },
		{ "1234567890", STYLE_BAD, 0 }, { "µµµµµµµµµ", STYLE_TEXT, 0 } };
	int width[4];
	uint64_t fit = table_fit(columns, 4, area.columns, width);

	for (int row = 0; row < area.rows; row++)
		if (row == 0)
			table_paint_head(
				c, area.row, area.column, fit, width, columns, 4, area.columns % 5 - 1, area.columns & 8);
		else
			table_paint_row(c, area.row + row, area.column, fit, width, columns, 4, cells, row & 1);
}

static void paint_rules(struct canvas *c, struct rect area)
{
	for (int row = 0; row < area.rows; row++) {
		if (row % 3 == 0)
			canvas_rule(c, area.row + row, area.column, area.columns, "throughput Mpps · 60 s", "┄ base A");
		else if (row % 3 == 1)
			canvas_put_right(c, area.row + row, area.column, area.columns, STYLE_TEXT, "812.4k µs");
		else
			canvas_put_cut(c, area.row + row, area.column, area.columns, STYLE_TEXT, "812.4k µs");
	}
}

typedef void (*painter)(struct canvas *c, struct rect area);
static const painter painters[] = { paint_chart, paint_heatmap, paint_form, paint_bar, paint_table, paint_rules };
enum { PAINTERS = sizeof(painters) / sizeof(painters[0]) };

static int setup(void **state)
{
	(void)state;
	for (int i = 0; i < 300; i++) {
		value[i] = i % 17 == 3 ? NAN : 20000 + 300 * (i % 31);
		base[i] = i % 19 == 3 ? NAN : 25000;
		mark[i] = i % 23 == 5;
	}
	for (int i = 0; i < BINS; i++)
		for (int r = 50 + i % 3; r < 100; r += 3)
			count[i][r] = (float)(1 << (r % 16));
	assert_int_equal(options_init(&options, NULL, NULL), 0);
	form = form_new("set-up · UDP echo", &options, (const char *const[]){ "single", "mmsg", NULL }, NULL);
	assert_non_null(form);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	form_free(form);
	options_free(&options);
	return 0;
}

static bool inside(struct rect r, int row, int column)
{
	return row >= r.row && row < r.row + r.rows && column >= r.column && column < r.column + r.columns;
}

/* Fills cells with a character that no painter writes. */
static void check_area(int which, enum charset charset, int rows, int columns)
{
	static const struct cell sentinel = { "!", 0xee };
	struct canvas c = canvas_of(rows + 2 * MARGIN, columns + 2 * MARGIN, charset);
	struct rect area = { MARGIN, MARGIN, rows, columns };

	for (int i = 0; i < c.rows * c.columns; i++)
		c.cell[i] = sentinel;
	painters[which](&c, area);
	for (int row = 0; row < c.rows; row++)
		for (int column = 0; column < c.columns; column++) {
			const struct cell *cell = canvas_cell(&c, row, column);

			if (!inside(area, row, column) && memcmp(cell, &sentinel, sizeof(sentinel)) != 0)
				fail_msg("painter %d at %dx%d touched row %d column %d", which, rows, columns, row - MARGIN,
					column - MARGIN);
			if (charset == CHARSET_ASCII && (cell->glyph[0] & 0x80))
				fail_msg("painter %d at %dx%d: %s is not ASCII", which, rows, columns, cell->glyph);
		}
	canvas_free(&c);
}

static void test_every_size(void **state)
{
	(void)state;
	for (int rows = 0; rows <= ROWS; rows++)
		for (int columns = 0; columns <= COLUMNS; columns++)
			for (int which = 0; which < PAINTERS; which++)
				check_area(which, (enum charset)(CHARSET_BRAILLE + (rows + columns + which) % 3), rows, columns);
}

static void test_negative_and_far_areas(void **state)
{
	static const int at[] = { INT_MIN, INT_MIN + 1, -20001, -30, -1, 0, 1, 9, 10, 11, 20001, INT_MAX - 1, INT_MAX };
	static const int size[] = { INT_MIN, -20, -1, 0, 1, 15, 40, INT_MAX };
	(void)state;

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		for (size_t k = 0; k < sizeof(size) / sizeof(size[0]); k++)
			for (int which = 0; which < PAINTERS; which++) {
				struct canvas c = canvas_of(10, 20, CHARSET_BRAILLE);
				/* the loops above are the test's own */
				int rows = size[k] > 40 ? 40 : size[k];

				painters[which](&c, (struct rect){ at[i] == INT_MAX ? 3 : at[i] / 2, at[i], rows, size[k] });
				painters[which](&c, (struct rect){ 2, at[i] / 3, which < 2 ? size[k] : rows, 37 });
				canvas_free(&c);
			}
}

static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Any keys, clicks and sizes in any order. */
static void test_random_keys_in_the_form(void **state)
{
	static const int words[] = { 'a', '0', '9', ' ', '-', 0xe9, 0x20ac, 0x1f600, 0x301, 27, 0, -1, 0x7f, INT_MAX };
	uint32_t random = 7;
	(void)state;

	for (int i = 0; i < 60000; i++) {
		int key = next(&random) % 3 ? KEYCODE_UP + (int)(next(&random) % 27) : words[next(&random) % 14];

		form_key(form, key);
		if (i % 16 == 0) {
			struct canvas c = canvas_of((int)(next(&random) % 30), (int)(next(&random) % 100), CHARSET_BRAILLE);

			form_paint(form, &c, (struct rect){ 0, 0, c.rows, c.columns });
			form_click(form, (int)(next(&random) % 30), (int)(next(&random) % 100));
			form_paint(form, &c, (struct rect){ 0, 0, c.rows, c.columns });
			canvas_free(&c);
		}
	}
}

static void test_no_canvas_at_all(void **state)
{
	struct canvas c = { .charset = CHARSET_BRAILLE };
	(void)state;

	for (int which = 0; which < PAINTERS; which++)
		painters[which](&c, (struct rect){ 0, 0, 24, 80 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_negative_and_far_areas),
		cmocka_unit_test(test_random_keys_in_the_form),
		cmocka_unit_test(test_no_canvas_at_all),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
