/* The layout at every size from 1x1 to 300x100: all inside, nothing over another, panels given
 * up in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/dash/layout.h"

enum { COLUMNS_MAX = 300, ROWS_MAX = 100 };

static unsigned char taken[ROWS_MAX][COLUMNS_MAX];

static void claim(const struct layout_ask *ask, struct rect r, const char *what)
{
	if (r.rows <= 0)
		return;
	if (r.row < 0 || r.column < 0 || r.columns <= 0 || r.row + r.rows > ask->rows || r.column + r.columns > ask->columns)
		fail_msg("%s at %d,%d %dx%d does not lie inside %dx%d", what, r.row, r.column, r.columns, r.rows, ask->columns,
			ask->rows);
	for (int i = r.row; i < r.row + r.rows; i++)
		for (int j = r.column; j < r.column + r.columns; j++) {
			if (taken[i][j])
				fail_msg("%s lies over another at %d,%d in %dx%d", what, i, j, ask->columns, ask->rows);
			taken[i][j] = 1;
		}
}

static void check(const struct layout_ask *ask)
{
	struct layout l;
	char name[16];

	layout_make(ask, &l);
	memset(taken, 0, sizeof(taken));
	claim(ask, l.title, "title");
	claim(ask, l.method, "method");
	claim(ask, l.ledger, "ledger");
	claim(ask, l.verdict, "verdict");
	claim(ask, l.status, "status");
	claim(ask, l.footer, "footer");
	for (int i = 0; i < PANELS; i++) {
		snprintf(name, sizeof(name), "panel %d", i);
		claim(ask, l.panel[i], name);
	}
	if (l.kind == LAYOUT_TWO)
		claim(ask, (struct rect){ l.main.row, l.divider, l.main.rows, 1 }, "divider");
	if (l.kind == LAYOUT_LINES)
		claim(ask, l.main, "lines");
}

static void everything_fits_everywhere(void **state)
{
	static const int table_rows[] = { 1, 4, 20, 500 };

	(void)state;
	for (int rows = 1; rows <= ROWS_MAX; rows++)
		for (int columns = 1; columns <= COLUMNS_MAX; columns += 1 + columns / 40)
			for (int i = 0; i < 4; i++)
				for (int full = -1; full <= PANELS; full += PANELS + 1)
					check(&(struct layout_ask){ rows, columns, table_rows[i], 8, (rows + i) & 1, full });
}

static void small_windows_get_lines(void **state)
{
	struct layout l;

	(void)state;
	for (int rows = 1; rows <= 12; rows++)
		for (int columns = 36; columns <= 44; columns++) {
			bool small = rows < 10 || columns < 40;

			layout_make(&(struct layout_ask){ rows, columns, 4, 5, false, -1 }, &l);
			if ((l.kind == LAYOUT_LINES) != small)
				fail_msg("%dx%d: kind %d", columns, rows, l.kind);
		}
}

/* The fewest rows at which a panel is there, and that it stays from there on. */
static int first_rows(enum panel panel, int columns, bool compare)
{
	struct layout l;
	int first = 0;

	for (int rows = 10; rows <= ROWS_MAX; rows++) {
		layout_make(&(struct layout_ask){ rows, columns, 4, 8, compare, -1 }, &l);
		if (layout_shows(&l, panel) && !first)
			first = rows;
		if (!layout_shows(&l, panel) && first)
			fail_msg("panel %d comes at %d rows and goes at %d (%d columns)", panel, first, rows, columns);
	}
	return first;
}

static void panels_go_in_order(void **state)
{
	static const enum panel left[] = { PANEL_CHART, PANEL_HEAT, PANEL_EVENTS };
	static const enum panel right[] = { PANEL_DROPS, PANEL_PERCENTILES, PANEL_CAPTURE };
	static const enum panel one[] = { PANEL_CHART, PANEL_HEAT, PANEL_PERCENTILES, PANEL_CAPTURE };

	(void)state;
	for (int columns = 40; columns <= COLUMNS_MAX; columns++) {
		for (int i = 0; i + 1 < 4 && columns < LAYOUT_TWO_COLUMNS; i++)
			if (first_rows(one[i], columns, true) > first_rows(one[i + 1], columns, true))
				fail_msg("%d columns: panel %d outlives %d", columns, one[i + 1], one[i]);
		for (int i = 0; i + 1 < 3 && columns >= LAYOUT_TWO_COLUMNS; i++) {
			if (first_rows(left[i], columns, false) > first_rows(left[i + 1], columns, false))
				fail_msg("%d columns: panel %d outlives %d", columns, left[i + 1], left[i]);
			if (first_rows(right[i], columns, false) > first_rows(right[i + 1], columns, false))
				fail_msg("%d columns: panel %d outlives %d", columns, right[i + 1], right[i]);
		}
	}
}

static void drawn_sizes_show_what_is_drawn(void **state)
{
	static const enum panel at_80[] = { PANEL_CORES, PANEL_CHART, PANEL_HEAT, PANEL_DROPS, PANEL_EVENTS };
	struct layout l;

	(void)state;
	layout_make(&(struct layout_ask){ 24, 80, 4, 8, false, -1 }, &l);
	for (int i = 0; i < 5; i++)
		if (!layout_shows(&l, at_80[i]))
			fail_msg("80x24 lacks panel %d", at_80[i]);
	layout_make(&(struct layout_ask){ 40, 120, 10, 8, true, -1 }, &l);
	for (int i = 0; i < PANELS - 1; i++)
		if (!layout_shows(&l, (enum panel)i))
			fail_msg("120x40 lacks panel %d", i);
	layout_make(&(struct layout_ask){ 60, 200, 10, 8, true, -1 }, &l);
	for (int i = 0; i < PANELS; i++)
		if (!layout_shows(&l, (enum panel)i))
			fail_msg("200x60 lacks panel %d", i);
	assert_int_equal(l.panel[PANEL_CORES].rows, 12);
}

static void one_panel_gets_all_the_room(void **state)
{
	struct layout l;

	(void)state;
	for (int i = 0; i < PANELS; i++) {
		layout_make(&(struct layout_ask){ 24, 80, 4, 8, false, i }, &l);
		for (int j = 0; j < PANELS; j++)
			assert_int_equal(layout_shows(&l, (enum panel)j), i == j);
		assert_int_equal(l.panel[i].rows, l.main.rows);
		assert_int_equal(l.panel[i].columns, 80);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_fits_everywhere),
		cmocka_unit_test(small_windows_get_lines),
		cmocka_unit_test(panels_go_in_order),
		cmocka_unit_test(drawn_sizes_show_what_is_drawn),
		cmocka_unit_test(one_panel_gets_all_the_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
