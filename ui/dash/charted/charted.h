/* What the chart of the rate shows in its place, as the user has chosen: another figure of the same
 * run over the same time.  Main thread only. */
#pragma once

#include "ui/dash/dash.h"

/* Is there anything to see of it in the mode and run that are shown?  Why not: *ret_why, in a few
 * words. */
bool charted_is_there(const struct dash *d, enum chart_kind kind, const char **ret_why);
const char *charted_name(enum chart_kind kind);
/* "CPUs", "µs"; "" where the name says it */
const char *charted_unit(const struct dash *d, enum chart_kind kind);
/* Brings d->chosen, and d->sent where both ways are shown, up to date. */
void charted_look(struct dash *d, const struct series_ask *like);

/* The values that are shown, as many as d->series has bins; NULL: none. */
const double *charted_values(struct dash *d);
/* Of the values that are known, the newest and what all of them come to. */
struct charted_sums {
	double now, least, mean, most; /* NaN: none is known */
};
struct charted_sums charted_sums(const double *value, unsigned count);
