/* The layout gives every panel and row its place.  Pure: (size, panels and what each can fill) ->
 * rectangles that lie inside the size and never overlap.
 *
 * As the window gets smaller, panels give way in the order of their rows' `stays`.  Below 30x8
 * lines of text are left.  A panel's rectangle starts with its rule (the row that has its title);
 * one that has given way has no rows. */
#pragma once

#include "ui/dash/panel.h"

enum layout_kind {
	LAYOUT_LINES, /* below 30x8: lines of text, nothing else */
	LAYOUT_ONE,   /* panels in one column */
	LAYOUT_TWO,   /* two columns with a divider between */
	LAYOUT_FULL,  /* one panel (or another screen) on all the room */
};

enum { LAYOUT_MIN_COLUMNS = 30, LAYOUT_MIN_ROWS = 8, LAYOUT_TWO_COLUMNS = 100 };
enum { LAYOUT_DASH = -1, LAYOUT_OTHER = PANELS_MAX };

struct layout_ask {
	int rows, columns;
	const struct panel_row *panels; /* from top to bottom of a column; ended by def == NULL */
	int lines[PANELS_MAX];          /* the answers of panel_def.lines(); 0 where it is NULL */
	unsigned held;                  /* bit set of panels that give way last */
	/* index of the panel to show alone, LAYOUT_OTHER (another screen) or LAYOUT_DASH */
	int full;
};

struct layout {
	enum layout_kind kind;
	/* one row each, or none; without a status row the verdict's shows the capture, too */
	struct rect title, method, headline, ledger, verdict, status, footer;
	struct rect main; /* all between them */
	struct rect panel[PANELS_MAX];
	int divider; /* LAYOUT_TWO: its column, from main.row over main.rows */
};

void layout_make(const struct layout_ask *ask, struct layout *ret_layout);
