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

#include "ui/panels/panels.h"

enum { COLUMNS_MAX = 300, ROWS_MAX = 100 };

/* The table that the program has. */
static int panels(void)
{
	int n = 0;

	while (panel_rows[n].def)
		n++;
	return n;
}

static int panel(const char *name)
{
	for (int i = 0; i < panels(); i++)
		if (!strcmp(panel_rows[i].def->name, name))
			return i;
	fail_msg("there is no panel \"%s\"", name);
	return -1;
}

/* The layout of a run with so many rows in the table of cores, and eight places in its ledger. */
static struct layout_ask ask_of(int rows, int columns, int table_rows, bool compare, int full)
{
	struct layout_ask ask = { .rows = rows, .columns = columns, .panels = panel_rows, .full = full };

	ask.lines[panel("cores")] = table_rows;
	ask.lines[panel("drops")] = 8;
	ask.lines[panel("A/B")] = compare ? 0 : PANEL_ASIDE;
	/* of modes that have them */
	ask.lines[panel("strip")] = ask.lines[panel("methods")] = ask.lines[panel("trend")] = compare ? 0 : PANEL_NONE;
	return ask;
}

static bool shows(const struct layout *l, int which)
{
	return l->panel[which].rows > 0;
}

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
	claim(ask, l.headline, "headline");
	claim(ask, l.ledger, "ledger");
	claim(ask, l.verdict, "verdict");
	claim(ask, l.status, "status");
	claim(ask, l.footer, "footer");
	for (int i = 0; i < PANELS_MAX; i++) {
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
				for (int full = LAYOUT_DASH; full <= LAYOUT_OTHER; full += LAYOUT_OTHER - LAYOUT_DASH) {
					struct layout_ask ask = ask_of(rows, columns, table_rows[i], (rows + i) & 1, full);

					check(&ask);
				}
}

static void small_windows_get_lines(void **state)
{
	struct layout l;

	(void)state;
	for (int rows = 1; rows <= 12; rows++)
		for (int columns = 26; columns <= 44; columns++) {
			bool small = rows < 8 || columns < 30;

			struct layout_ask ask = ask_of(rows, columns, 4, false, LAYOUT_DASH);

			layout_make(&ask, &l);
			if ((l.kind == LAYOUT_LINES) != small)
				fail_msg("%dx%d: kind %d", columns, rows, l.kind);
		}
}

/* Finds the fewest rows at which a panel is there, and checks that it stays from there on. */
static int first_rows(int which, int columns, bool compare)
{
	struct layout l;
	int first = 0;

	for (int rows = LAYOUT_MIN_ROWS; rows <= ROWS_MAX; rows++) {
		struct layout_ask ask = ask_of(rows, columns, 4, compare, LAYOUT_DASH);

		layout_make(&ask, &l);
		if (shows(&l, which) && !first)
			first = rows;
		if (!shows(&l, which) && first)
			fail_msg("%s comes at %d rows and goes at %d (%d columns)", panel_rows[which].def->name, first, rows,
				columns);
	}
	return first;
}

/* For panels in one column, not beside one another: the one that is given up last appears first. */
static void panels_go_in_order(void **state)
{
	(void)state;
	for (int columns = LAYOUT_MIN_COLUMNS; columns <= COLUMNS_MAX; columns += 1 + columns / 40) {
		int first[PANELS_MAX];

		for (int i = 0; i < panels(); i++)
			first[i] = first_rows(i, columns, true);
		for (int i = 0; i < panels(); i++)
			for (int j = 0; j < panels(); j++) {
				const struct panel_row *a = &panel_rows[i], *b = &panel_rows[j];
				bool two = columns >= LAYOUT_TWO_COLUMNS;

				if ((two && a->side != b->side) || (!two && (a->def->beside || b->def->beside)))
					continue;
				if (a->stays > b->stays && first[i] > first[j])
					fail_msg("%d columns: %s outlives %s", columns, b->def->name, a->def->name);
			}
	}
}

static void drawn_sizes_show_what_is_drawn(void **state)
{
	static const char *const at_80[] = { "cores", "throughput", "heatmap" }, *const lossy[] = { "cores", "throughput",
		"drops" };
	struct layout_ask ask = ask_of(24, 80, 4, false, LAYOUT_DASH);
	struct layout l;

	(void)state;
	/* of a mode that has none of these */
	ask.lines[panel("figures")] = ask.lines[panel("details")] = PANEL_NONE;
	layout_make(&ask, &l);
	for (int i = 0; i < 3; i++)
		if (!shows(&l, panel(lossy[i])))
			fail_msg("80x24 with losses lacks %s", lossy[i]);
	ask.lines[panel("drops")] = PANEL_ASIDE;
	layout_make(&ask, &l);
	for (int i = 0; i < 3; i++)
		if (!shows(&l, panel(at_80[i])))
			fail_msg("80x24 lacks %s", at_80[i]);
	assert_in_range(l.panel[panel("throughput")].rows, 5, 24);
	assert_in_range(l.panel[panel("heatmap")].rows, 5, 24);
	ask = ask_of(40, 120, 10, true, LAYOUT_DASH);
	layout_make(&ask, &l);
	for (int i = 0; i < panels(); i++)
		if (!shows(&l, i) && i != panel("capture"))
			fail_msg("120x40 lacks %s", panel_rows[i].def->name);
	ask = ask_of(60, 200, 10, true, LAYOUT_DASH);
	layout_make(&ask, &l);
	for (int i = 0; i < panels(); i++)
		if (!shows(&l, i))
			fail_msg("200x60 lacks %s", panel_rows[i].def->name);
	assert_int_equal(l.panel[panel("cores")].rows, 12);
}

static void one_panel_gets_all_the_room(void **state)
{
	struct layout l;

	(void)state;
	for (int i = 0; i < panels(); i++) {
		struct layout_ask ask = ask_of(24, 80, 4, false, i);

		layout_make(&ask, &l);
		for (int j = 0; j < panels(); j++)
			assert_int_equal(shows(&l, j), i == j);
		assert_int_equal(l.panel[i].rows, l.main.rows);
		assert_int_equal(l.panel[i].columns, 80);
	}
}

/* The dashboard relies on this order of any table. */
static void the_table_is_in_order(void **state)
{
	(void)state;
	assert_in_range(panels(), 1, PANELS_MAX - 1);
	for (int i = 0; i < panels(); i++) {
		const struct panel_row *a = &panel_rows[i];

		if (!a->def->paint || a->def->narrow.min < 1 || a->def->wide.min < 1)
			fail_msg("%s: no paint() or no least size", a->def->name);
		for (int j = i + 1; j < panels(); j++) {
			assert_string_not_equal(a->def->name, panel_rows[j].def->name);
			assert_int_not_equal(a->stays, panel_rows[j].stays);
			assert_int_not_equal(a->turn, panel_rows[j].turn);
		}
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
		cmocka_unit_test(the_table_is_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
