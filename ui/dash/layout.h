/* Where everything stands.  Pure: (size, what there is to show) -> rectangles that lie inside
 * the size and never overlap.
 *
 * Panels give way in a fixed order as the window gets smaller: capture, compare, events,
 * percentiles, heatmap, chart, drops.  Below 40x10 three lines are left.  A panel's rectangle
 * starts with its rule (the row that has its title); a shed panel's has no rows. */
#pragma once

#include "ui/canvas/canvas.h"

enum panel {
	PANEL_CORES,
	PANEL_CHART,
	PANEL_HEAT,
	PANEL_PERCENTILES,
	PANEL_DROPS,
	PANEL_EVENTS,
	PANEL_COMPARE,
	PANEL_CAPTURE,
	PANELS,
};

enum layout_kind {
	LAYOUT_LINES, /* below 40x10: up to three lines of text, nothing else */
	LAYOUT_ONE,   /* panels in one column */
	LAYOUT_TWO,   /* two columns with a divider between */
	LAYOUT_FULL,  /* one panel (or another screen) on all the room */
};

enum { LAYOUT_MIN_COLUMNS = 40, LAYOUT_MIN_ROWS = 10, LAYOUT_TWO_COLUMNS = 100 };

struct layout_ask {
	int rows, columns;
	int table_rows; /* of the core table: workers and sums */
	int places;     /* lines that the drops panel can fill */
	bool compare;   /* a baseline is kept */
	int full;       /* enum panel to show alone, or -1 */
};

struct layout {
	enum layout_kind kind;
	struct rect title, method, ledger, verdict, status, footer; /* one row each, or none */
	struct rect main;                                           /* all between them */
	struct rect panel[PANELS];
	int divider; /* LAYOUT_TWO: its column, from main.row over main.rows */
};

void layout_make(const struct layout_ask *ask, struct layout *ret_layout);
static inline bool layout_shows(const struct layout *l, enum panel panel)
{
	return l->panel[panel].rows > 0;
}
