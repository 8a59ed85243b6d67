/* Details: one reading of all rows that a mode's workers keep (engine->details: per connection,
 * per reader), and what there is to say of them.  Screen and results say it by these functions,
 * so they agree.
 *
 * The control thread makes a reading about once a second where somebody shows it, and one for
 * the final; whoever has it changes nothing in it.  Pure functions; any thread. */
#pragma once

#include "mode/engine.h"

struct detail_row {
	uint64_t id;     /* never 0, never of another row of this worker in this run */
	unsigned worker; /* index in run_info->worker */
	/* since the measure phase began; before it, or in a row that began later: since the row
	 * began.  What is no SUM: as it stands. */
	uint64_t value[DETAIL_COLUMNS_MAX];
	/* the same since the reading before; in a final: the whole measure phase and the drain */
	uint64_t recent[DETAIL_COLUMNS_MAX];
};

struct details {
	int64_t at_ns;   /* run clock */
	double seconds;  /* what `recent` covers; 0: there was no reading before */
	uint64_t missed; /* rows for which there was no room, since the workers opened */
	unsigned rows;
	struct detail_row row[];
};

struct details *details_new(unsigned rows); /* zeroed; NULL when out of memory; free() */

/* A SUM column is shown as its total or per second; the other columns are always levels. */
enum details_as { DETAILS_TOTAL, DETAILS_RATE };

/* One cell; NaN where there is none: a MIN or MAX of nothing, a rate over no time. */
double details_figure(const struct detail_def *def, const struct details *d, unsigned row, unsigned column, enum details_as as);

struct details_order {
	unsigned column;
	bool ascending; /* the least first */
	enum details_as as;
};

/* Returns the mode's own order: the worst first. */
struct details_order details_usual_order(const struct detail_def *def, enum details_as as);

/* The first `most` rows in that order: their indices into ret_row[most]; returns how many.  Rows
 * without a figure come last; equal ones stand by worker and id, so that they keep their places
 * from reading to reading. */
unsigned details_rank(const struct detail_def *def, const struct details *d, const struct details_order *order, unsigned *ret_row,
	unsigned most);

struct detail_summary {
	unsigned count;          /* rows that have a figure */
	double min, median, max; /* NaN where none has */
};

/* Summarises one column over all rows.  -ENOMEM leaves it without a count. */
int details_summarise(const struct detail_def *def, const struct details *d, unsigned column, enum details_as as,
	struct detail_summary *ret_summary);
