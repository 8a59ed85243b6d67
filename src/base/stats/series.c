/* See base/stats/series.h. */
#include "base/stats/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats/stats.h"

static const size_t SERIES_LEAST = 8;
static const double Z95 = 1.959964;
/* mean, slope or step, and where that is */
enum { WORTH_FITTED = 3 };

/* Sorts its values. */
static double series_median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), stats_order);
	return stats_middle(values, n);
}

/* ---- how much it tells ---- */

/* fitted: the mean, and what else was taken off the values beforehand */
static double correlation(const double *values, size_t n, size_t lag, double mean, double squares, unsigned fitted)
{
	double sum = 0, r;

	for (size_t i = lag; i < n; i++)
		sum += (values[i - lag] - mean) * (values[i] - mean);
	r = sum / squares;
	return r + (fitted + 4 * r) / (double)n;
}

static double effective_n_of(const double *values, size_t n, unsigned fitted)
{
	double mean = 0, squares = 0, sum, pair;

	for (size_t i = 0; i < n; i++)
		mean += values[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += (values[i] - mean) * (values[i] - mean);
	/* A constant's rounding errors are not correlation. */
	if (n < 4 || !(squares > 1e-20 * mean * mean * (double)n))
		return (double)n;
	sum = correlation(values, n, 1, mean, squares, fitted);
	pair = 1 + sum;
	for (size_t lag = 2; lag + 1 < n / 2; lag += 2) {
		double next = correlation(values, n, lag, mean, squares, fitted) +
			      correlation(values, n, lag + 1, mean, squares, fitted);

		if (!(next > 0))
			break;
		pair = fmin(pair, next);
		sum += pair;
	}
	return fmax(1, (double)n / (1 + 2 * fmax(0, sum)));
}

double series_effective_n(const double *values, size_t n)
{
	return effective_n_of(values, n, 1);
}

/* ---- percentiles ---- */

/* The value of which so many are not above it: 1..count. */
static int64_t value_at_rank(const struct hist *h, double rank)
{
	return hist_percentile(h, fmin(100, fmax(0, 100 * rank / (double)h->count)));
}

bool series_percentile_interval(const struct hist *h, double percent, double effective, int64_t *ret_low_ns, int64_t *ret_high_ns)
{
	double n = effective > 0 && effective < (double)h->count ? effective : (double)h->count, q = percent / 100;
	double middle, half;

	if (!h->count || n * fmin(q, 1 - q) < SERIES_BEYOND_LEAST)
		return false;
	middle = (q + Z95 * Z95 / (2 * n)) / (1 + Z95 * Z95 / n);
	half = Z95 * sqrt(q * (1 - q) / n + Z95 * Z95 / (4 * n * n)) / (1 + Z95 * Z95 / n);
	*ret_low_ns = value_at_rank(h, (middle - half) * (double)h->count);
	*ret_high_ns = value_at_rank(h, (middle + half) * (double)h->count);
	return true;
}

/* ---- does it stand still? ---- */

/* Median of the slopes between all pairs; NaN without memory. */
static double theil_sen(const double *values, size_t n)
{
	double *slope = malloc(n * (n - 1) / 2 * sizeof(*slope)), median = NAN;
	size_t count = 0;

	if (!slope)
		return median;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			slope[count++] = (values[j] - values[i]) / (double)(j - i);
	median = series_median(slope, count);
	free(slope);
	return median;
}

/* The share of n that the series without `slope`, or without the step at `step`, is worth. */
static double worth(const double *values, size_t n, double slope, size_t step, double height)
{
	double *rest = malloc(n * sizeof(*rest)), effective = NAN;

	if (!rest)
		return effective;
	for (size_t i = 0; i < n; i++)
		rest[i] = values[i] - slope * (double)i - (i >= step ? height : 0);
	effective = effective_n_of(rest, n, WORTH_FITTED) / (double)n;
	free(rest);
	return effective;
}

static double ties_of(const double *values, size_t n)
{
	double *sorted = malloc(n * sizeof(*sorted)), sum = 0;

	if (!sorted)
		return 0;
	memcpy(sorted, values, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), stats_order);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && !(sorted[to] > sorted[from]);)
			to++;
		double t = (double)(to - from);

		sum += t * (t - 1) * (2 * t + 5);
	}
	free(sorted);
	return sum;
}

void series_trend(const double *values, size_t n, struct series_trend *ret_trend)
{
	struct series_trend t = { .p = 1 };
	double s = 0, variance, share;

	if (n < SERIES_LEAST || isnan(t.slope = theil_sen(values, n)) || isnan(share = worth(values, n, t.slope, n, 0))) {
		*ret_trend = (struct series_trend){ .p = 1 };
		return;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			s += (values[j] > values[i]) - (values[j] < values[i]);
	variance = ((double)n * (double)(n - 1) * (double)(2 * n + 5) - ties_of(values, n)) / 18 / share;
	t.known = share * (double)n >= (double)SERIES_LEAST;
	if (t.known && variance > 0)
		t.p = erfc(fmax(0, fabs(s) - 1) / sqrt(2 * variance));
	*ret_trend = t;
}

/* Pettitt's statistic at each possible split; returns the largest and where it is. */
static double largest_split(const double *values, size_t n, size_t *ret_at)
{
	double u = 0, most = 0;

	*ret_at = 0;
	for (size_t at = 1; at < n; at++) {
		for (size_t i = 0; i < n; i++)
			u += (values[at - 1] > values[i]) - (values[at - 1] < values[i]);
		if (fabs(u) > most) {
			most = fabs(u);
			*ret_at = at;
		}
	}
	return most;
}

void series_split(const double *values, size_t n, struct series_split *ret_split)
{
	struct series_split s = { .p = 1 };
	double *copy = n >= SERIES_LEAST ? malloc(n * sizeof(*copy)) : NULL, most, share, length = (double)n;

	*ret_split = s;
	if (!copy)
		return;
	most = largest_split(values, n, &s.at);
	s.known = most > 0;
	if (s.known) {
		memcpy(copy, values, n * sizeof(*copy));
		s.before = series_median(copy, s.at);
		s.after = series_median(copy + s.at, n - s.at);
		share = worth(values, n, 0, s.at, s.after - s.before);
		s.known = share * length >= (double)SERIES_LEAST;
		s.p = !s.known ? 1 : fmin(1, 2 * exp(-6 * most * most * share / (length * length * (length + 1))));
	}
	free(copy);
	*ret_split = s;
}
