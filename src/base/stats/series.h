/* A series of equally long intervals: how much it tells, whether it stands still, and
 * how sure a percentile is.  Pure; may be called from any thread; allocates, and says "unknown"
 * where memory is out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"

/* Values that must lie beyond a percentile before its interval means anything. */
enum { SERIES_BEYOND_LEAST = 10 };

/* n independent values tell as much as this series: 1..n.  Autocorrelations of a short series are
 * biased low and are mended by (1 + 4r)/n (Kendall 1954); they are added up as long as pairs of
 * neighbouring lags stay positive and do not grow (Geyer 1992, the initial monotone sequence). */
double series_effective_n(const double *values, size_t n);

/* 95 % interval of a percentile (0 < percent < 100), by order statistics: the ranks between which
 * it lies by Wilson's score (1927), for `effective` independent values (0: all are).  false where
 * fewer than SERIES_BEYOND_LEAST of them lie beyond it on its scarcer side. */
bool series_percentile_interval(
	const struct hist *h, double percent, double effective, int64_t *ret_low_ns, int64_t *ret_high_ns);

struct series_trend {
	bool known;   /* at least 8 values, and they are worth 8 that are independent */
	double slope; /* per interval, in the values' unit: Theil and Sen's median of slopes */
	/* Mann (1945) and Kendall (1975), two-sided, for the effective n of what the trend leaves.
	 * Of sixty steady values with a lag-1 correlation of 0.8, 6 of 100 have p < 0.01;
	 * with one of 0.4, 2 of 100. */
	double p;
};
void series_trend(const double *values, size_t n, struct series_trend *ret_trend);

struct series_split {
	bool known;           /* as a trend's; and not all are equal */
	size_t at;            /* the first value of the second regime */
	double before, after; /* medians */
	/* Pettitt (1979), two-sided, for the effective n of what the step leaves */
	double p;
};
void series_split(const double *values, size_t n, struct series_split *ret_split);
