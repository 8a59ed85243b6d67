/* The reports of a sweep: tables, summary.md, charts.  Pure: made from the state, written to
 * streams; nothing is evaluated by who reads them: text from outside is escaped for Markdown and
 * for gnuplot.  Main thread only. */
#pragma once

#include <stdio.h>

#include "record/host.h"
#include "sweep/sweep.h"

enum { SWEEP_CHARTS_MAX = 256 };

/* A chart: a metric over an axis, a line (or bar) per value of a second axis, a panel per value
 * of the others. */
struct sweep_chart {
	unsigned metric, axis;
	bool bars;
	char name[160]; /* "throughput-vs-size": of its files */
	bool png, svg;  /* there is such a picture of it */
};

struct sweep_charts {
	unsigned count;
	struct sweep_chart chart[SWEEP_CHARTS_MAX];
	char why[240];    /* why there are no pictures; "" = there are */
	bool interrupted; /* while they were drawn */
};

struct sweep_report {
	const struct sweep_state *state;
	const struct host_info *host;
	const struct sweep_charts *charts; /* NULL: none */
	const char *stopped;               /* why the sweep is not complete; NULL: it is */
};

/* "AMD EPYC, 2 CPUs, Linux 6.1.0".  Returns out. */
char *sweep_host_line(const struct host_info *host, char *out, size_t size);

/* The table of results, for a terminal of so many columns (0: any): figures that do not fit are
 * left out, and a line says how many. */
void sweep_write_table(FILE *out, const struct sweep_state *state, unsigned room);
/* The best cell, knees, failures and verdicts: a line each. */
void sweep_write_findings(FILE *out, const struct sweep_state *state);
/* Says which charts are missing because this machine cannot count what they show, and why: a line a
 * reason, which begins with `head`. */
void sweep_write_missing(FILE *out, const struct sweep_state *state, const char *head);
/* For an axis of two methods: says for each setting of the others whether the two differ, and by
 * how much at most if not; in Markdown.  Writes nothing where no axis has two. */
void sweep_write_pairs(FILE *out, const struct sweep_state *state);
/* Says of each numeric axis of enough values, for each setting of the others, where the knee of the
 * rate is, or why there is none: for a terminal, where the first ones are enough, or all of them in
 * Markdown. */
void sweep_write_knees(FILE *out, const struct sweep_state *state, bool markdown);
/* summary.md */
void sweep_write_summary(FILE *out, const struct sweep_report *report);
/* sweep.json: docs/sweep.schema.json.  NULL when out of memory. */
json_t *sweep_to_json(const struct sweep_report *report);

/* Lists the charts: those of metrics that are known anywhere, over axes of more than one value. */
void sweep_charts_of(const struct sweep_state *state, struct sweep_charts *ret_charts);
/* NAME.dat and NAME.gp. */
void sweep_chart_data(FILE *out, const struct sweep_state *state, const struct sweep_chart *chart);
void sweep_chart_script(
	FILE *out, const struct sweep_state *state, const struct sweep_chart *chart, const struct host_info *host);
