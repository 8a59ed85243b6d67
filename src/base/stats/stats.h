/* A few values in summary.  Pure; any thread.  Whether two sides differ: evidence.h. */
#pragma once

#include <stddef.h>

struct stats {
	size_t n;
	double mean, variance, median, min, max; /* 0 of no values; variance: over n - 1 */
};

void stats_of(const double *values, size_t n, struct stats *ret_stats);

/* For qsort(3) over doubles, none of them NaN. */
int stats_order(const void *a, const void *b);
/* The median of n >= 1 values in ascending order. */
double stats_middle(const double *sorted, size_t n);
