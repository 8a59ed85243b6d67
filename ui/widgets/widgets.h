/* Widgets: pure painters of data into a rectangle of a canvas. */
#pragma once

#include "ui/canvas/canvas.h"
#include "ui/canvas/theme.h"

/* ---- bars ---- */
/* A horizontal bar of `columns` cells filled to fraction (0..1, more is cut), in eighths where
 * the charset allows.  Anything above 0 shows; NaN shows nothing.  Cells that are not filled
 * stay as they are, so a track of dots may be painted before. */
void bar_paint(struct canvas *c, int row, int column, int columns, double fraction, enum style style);

/* ---- charts ---- */
struct chart {
	const double *value; /* oldest first, one per bin; NaN = gap, drawn as a gap */
	const double *base;  /* overlay, or NULL; NaN = none */
	/* per bin: 1 = something changed here (method switch, restart), or NULL */
	const uint8_t *mark;
	/* per bin: 1 = something was lost; then the last row has a mark for each; or NULL */
	const uint8_t *lost;
	/* the first bin of the run that the scale is for: what is older is dim, and clipped with a
	 * mark; 0: all are of one */
	unsigned current;
	unsigned bins;  /* newest bin is at the right edge */
	double bin_s;   /* length of a bin, for the time axis */
	int cursor_bin; /* -1 none */
	/* "Mpps": written by the caller into the title; axis labels are plain */
	const char *unit;
	bool time_axis; /* a last row "-60s  -45s … now" */
	double scale;   /* values are divided by it for the axis labels; > 0 */
	/* logarithmic (log_scale.h), as soon as there is something above 0; the rest is drawn on
	 * the lowest line */
	bool log;
};
/* Filled area from 0, y axis labels at the left (5 cells; none below 16 columns), top and labels as
 * chart_scale_of() has them.  Two bins a column in every charset, so that all show the same
 * time: braille draws both with 4 levels a row, BLOCK (8) and ASCII (3) their mean.  The newest
 * bin is at the right edge; fewer bins than chart_bins() leave the left blank, of more the
 * oldest are not seen: averaging down to chart_bins() is the caller's job.  A known value is at
 * least one dot high, NaN is nothing. */
void chart_paint(struct canvas *c, struct rect area, const struct chart *chart);

/* The scale of a chart: `parts` round steps from 0 to the top, all of which can be written. */
struct chart_scale {
	double top;
	int parts; /* 2 or more wherever `most` allows it */
};

/* The least top of at most so many parts for values up to max; what is above it by less than
 * half a level of so many counts as the top.  1 where max is 0, negative or no number. */
struct chart_scale chart_scale_of(double max, int most, int levels);
unsigned chart_bins(struct rect area); /* bins that a chart in this area shows */

/* ---- heatmap ---- */
/* What rows and shades stand for.  Who keeps it from painting to painting has a scale that only
 * grows, so that nothing is drawn in another shade because something else has scrolled away; zeroed
 * it begins anew, and so it does where the bins or the room are others. */
struct heat_scale {
	unsigned bins;
	double bin_s;
	int rows, columns;
	double unit_ns;
	int low, high;  /* octaves of the unit */
	double step;    /* octaves a row */
	double largest; /* count of a cell */
};

struct heatmap {
	const float *count; /* bins x HEAT_ROWS, oldest bin first */
	unsigned bins;
	double bin_s;
	int cursor_bin;
	/* per bin, or NULL; NaN none */
	const double *p50_ns, *p99_ns;
	bool time_axis;
	const uint8_t *gap;       /* per bin: 1 = no data, or NULL */
	double unit_ns;           /* of the numbers beside it; 0: 1000, a microsecond */
	struct heat_scale *scale; /* kept by the caller; NULL: what is seen decides */
};
/* Rows are parts or powers of two of the unit, chosen to fill the plot from the 0.1th percentile to
 * the highest that is seen; counts are spread proportionally over rows and averaged over columns;
 * shade by log of the count relative to the largest cell, two shades to a decade.  All
 * bins share the whole width, which is that of a chart in the same area: with chart_bins() bins
 * both show the same time; where nothing is known yet, say gap.  Beside the cells, ◇ marks the
 * newest p50 and ◆ the newest p99. */
void heatmap_paint(struct canvas *c, struct rect area, const struct heatmap *map);

/* A cell for each of `count` shares (0..1, more is cut; NaN: blank), row by row from the top left,
 * in the shades of the heatmap: 1 is the strongest, and 0 is seen, too. */
void heat_cells_paint(struct canvas *c, struct rect area, const double *share, unsigned count);

unsigned heatmap_columns(struct rect area); /* columns that the bins are spread over */

/* ---- tables ---- */
enum align { ALIGN_LEFT, ALIGN_RIGHT };
struct column {
	const char *title;
	int width, min_width; /* cells; a column may shrink to min_width; width 0: it is left out */
	enum align align;
	int priority; /* the highest number is shed first */
	bool bar;     /* cell.text is ignored: a bar of cell.fraction */
};
struct table_cell {
	char text[24];
	enum style style;
	double fraction;
};
/* Fits columns (at most 64) into `columns` cells, one blank between them: returns the bit set of
 * those that fit, and their widths (0: shed).  Columns are shed until the rest fits at its
 * min_width; what is left over then goes to the lowest priority numbers first, up to their
 * width. */
uint64_t table_fit(const struct column *column, unsigned count, int columns, int ret_width[]);
/* The titles, and ▼ (ascending: ▲) beside that of column sorted_by (-1: none). */
void table_paint_head(struct canvas *c, int row, int column, uint64_t fit, const int width[], const struct column *def,
	unsigned count, int sorted_by, bool ascending);
/* A text that does not fit ends in "…".  Selected: STYLE_SELECTED from the first to the last
 * column, bars excepted. */
void table_paint_row(struct canvas *c, int row, int column, uint64_t fit, const int width[], const struct column *def,
	unsigned count, const struct table_cell cell[], bool selected);
