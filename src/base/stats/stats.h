/* Statistics that decide whether a difference is real.  Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct stats {
	size_t n;
	double mean, variance, median, min, max;
	/* n(1-r)/(1+r) with the lag-1 autocorrelation r clamped to [0, 0.99] (Bayley &
	 * Hammersley 1946) */
	double n_effective;
};

void stats_of(const double *values, size_t n, struct stats *ret_stats);

struct difference {
	bool known;      /* both sides have n >= 3 */
	double relative; /* (b - a) / a */
	/* 95 % confidence interval of `relative`: Welch's t on the means, effective sample sizes */
	double low, high;
	bool differs; /* the interval excludes 0 */
};

void stats_compare(const struct stats *a, const struct stats *b, struct difference *ret_difference);
/* Two-sided 95 % quantile of Student's t for `df` degrees of freedom (>= 1, fractions allowed). */
double stats_t95(double df);
