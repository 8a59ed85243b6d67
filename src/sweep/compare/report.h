/* The reports of a comparison: table, words, summary.md, JSON, chart.  Pure: written to streams;
 * text from outside is escaped.  Main thread only. */
#pragma once

#include <stdio.h>

#include "record/host.h"
#include "sweep/compare/condition.h"

enum { COMPARE_SIDES = 2, COMPARE_NOTES_MAX = 12 };

struct compare_report {
	const struct comparison *comparison;
	const struct engine *engine;
	const char *side[COMPARE_SIDES]; /* options, or where the saved results are */
	unsigned valid[COMPARE_SIDES];   /* runs that count and have a valid verdict */
	struct compare_limit {
		enum limit_who who; /* what limited the most of them */
		unsigned runs;      /* how many; 0: no run knows */
	} limit[COMPARE_SIDES];
	const struct host_info *host;
	const char *stopped; /* why it is not complete; NULL: it is */
	unsigned notes;
	char note[COMPARE_NOTES_MAX][300]; /* what to keep in mind */
	unsigned conditions;
	const struct condition *condition;
};

/* Adds a line to the notes; what has no room is left out. */
void compare_note(struct compare_report *report, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Sets what limited the runs of each side ([LIMITS] runs each), and adds a line about it to the
 * notes. */
void compare_limits(struct compare_report *report, const uint16_t *a, const uint16_t *b);
/* "B against A: rate 16.3 % lower, 95 % interval 14.9 to 17.8 %; RTT p99 not shown to ..." */
void compare_write_words(FILE *out, const struct compare_report *report);
/* Prints the conditions of --fail-if, a line each. */
void compare_write_conditions(FILE *out, const struct compare_report *report);
/* The table for a terminal of so many columns (0: any), the words, notes and conditions. */
void compare_write_text(FILE *out, const struct compare_report *report, unsigned room);
/* summary.md; chart: its file beside it, NULL: there is none */
void compare_write_summary(FILE *out, const struct compare_report *report, const char *chart);
/* The document that --json writes: docs/compare.schema.json.  NULL when out of memory. */
json_t *compare_to_json(const struct compare_report *report);
/* A gnuplot script with its data: a dot per run, each round in per cent of its run of A, and the
 * interval. */
void compare_write_chart(FILE *out, const struct compare_report *report, const struct sweep_state *state);
