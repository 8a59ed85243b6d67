/* The places of a sweep's cells on a chart, and the names under them.  Internal to sweep_*.c. */
#pragma once

#include "sweep/knee/knees.h"
#include "sweep/report.h"

enum { CHART_TEXT_BYTES = 512 };

struct chart_layout {
	const struct sweep_state *state;
	const struct sweep_chart *chart;
	int lines; /* axis with a line per value; -1: one line */
	unsigned line_count;
	unsigned panels;                  /* combinations of the other axes that are drawn */
	double panels_all;                /* that there are */
	unsigned order[SWEEP_VALUES_MAX]; /* of the x axis' values */
	double scale, low, high;          /* of all points with their bars */
	const char *unit;
};

struct chart_point {
	double x, median, min, max;
};

/* NULL when out of memory; free() it. */
struct chart_layout *chart_lay_out(const struct sweep_state *state, const struct sweep_chart *chart);
unsigned chart_x_count(const struct chart_layout *l);
/* The nth from the left; false: nothing is known there. */
bool chart_point_at(const struct chart_layout *l, unsigned panel, unsigned line, unsigned nth, struct chart_point *ret_point);
bool chart_has_line(const struct chart_layout *l, unsigned panel, unsigned line);
bool chart_has_panel(const struct chart_layout *l, unsigned panel);
/* The knee of a line of a rate, whose points are the nths; false: it has none. */
bool chart_knee_at(const struct chart_layout *l, unsigned panel, unsigned line, struct knee *ret_knee);
/* The place of a cell that has run and has no valid run; false: it has one, or has not run yet. */
bool chart_gap_at(const struct chart_layout *l, unsigned panel, unsigned line, unsigned nth, double *ret_x);
bool chart_has_gaps(const struct chart_layout *l, unsigned panel);
/* The metric's remark on a line whose cells meet its judgement: any of them on a line over numbers,
 * all of them on bars.  NULL: nothing. */
const char *chart_line_label(const struct chart_layout *l, unsigned panel, unsigned line);
/* The same of the whole chart: "zero-copy: copied by the kernel"; "" for nothing.  Returns out. */
char *chart_labels(const struct chart_layout *l, char *out, size_t size);
/* In units of the x axis. */
double chart_bar_width(const struct chart_layout *l);
/* Into out; return out. */
char *chart_line_name(const struct chart_layout *l, unsigned line, char *out, size_t size);
char *chart_panel_name(const struct chart_layout *l, unsigned panel, char *out, size_t size);
