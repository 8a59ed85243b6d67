/* The frame that charts and heatmaps share: numbers at the left, time below.  Both lay it out
 * alike, so that panels under one another line up. */
#pragma once

#include "ui/canvas/canvas.h"

enum {
	AXIS_LABEL = 4, /* columns of a number; one more for the tick */
	AXIS_MIN_COLUMNS = 16,
	AXIS_MIN_ROWS = 3,
};

struct axis {
	struct rect plot; /* the room left for the data; rows or columns may be 0 */
	/* room for the numbers: they stand in the AXIS_LABEL + 1 columns left of the plot */
	bool numbers;
	bool time; /* room for the time: it stands in the row below the plot */
};

struct axis axis_layout(struct rect area, bool want_time);

/* The number beside plot row `row` (0 = top), and its tick. */
void axis_paint_number(struct canvas *c, const struct axis *a, int row, const char *text);
/* A bare line beside the plot, and in the time's row the corner with "0" or nothing beside it. */
void axis_paint_line(struct canvas *c, const struct axis *a, const char *corner_text);
/* "-60s     -45s   ...  now" for a plot that is span_s wide. */
void axis_paint_time(struct canvas *c, const struct axis *a, double span_s);
