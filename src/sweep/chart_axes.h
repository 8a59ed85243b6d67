/* The axes of a sweep's chart: ranges, scales, and which ticks have a label, so that labels
 * never lie over one another and the legend never over the data.  Pure.  Internal to sweep_*.c. */
#pragma once

#include "sweep/chart_layout.h"

/* A character of a label is about so many pixels wide. */
enum { CHART_GLYPH_PX = 8, CHART_LABEL_MAX = 20 };

struct chart_axes {
	bool log_x, log_y;
	double x_low, x_high, y_low, y_high;
	/* between the two values that are nearest to one another, in parts of the axis */
	double x_gap;
	double y_step;        /* between ticks; 0: as gnuplot likes */
	double y_last;        /* the last tick; NAN: as far as the axis goes */
	const char *y_format; /* NULL: gnuplot's */
	/* labels of the x axis, because they would not fit side by side */
	bool slanted;
	/* the longest label, in characters; longer ones are cut at CHART_LABEL_MAX */
	unsigned label_length;
	bool labelled[SWEEP_VALUES_MAX]; /* the nth tick from the left */
};

/* Makes the axes of a panel that is so many pixels wide.  NULL when out of memory; free() it. */
struct chart_axes *chart_axes_of(const struct chart_layout *l, double width_px);
/* "size [bytes]", "rate [packets/s]".  Returns out. */
char *chart_x_label(const struct chart_layout *l, char *out, size_t size);
