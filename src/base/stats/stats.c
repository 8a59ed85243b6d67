/* A few values in summary.  See stats.h. */
#include "base/stats/stats.h"

#include <math.h>
#include <stdlib.h>

int stats_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double stats_middle(const double *sorted, size_t n)
{
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static double median_of(const double *values, size_t n)
{
	double *sorted = malloc(n * sizeof(*sorted));
	double median = NAN;

	if (!sorted)
		return median;
	for (size_t i = 0; i < n; i++)
		sorted[i] = values[i];
	qsort(sorted, n, sizeof(*sorted), stats_order);
	median = stats_middle(sorted, n);
	free(sorted);
	return median;
}

void stats_of(const double *values, size_t n, struct stats *ret_stats)
{
	struct stats s = { .n = n };
	double squares = 0;

	if (!n) {
		*ret_stats = s;
		return;
	}
	s.min = s.max = values[0];
	for (size_t i = 0; i < n; i++) {
		s.mean += (values[i] - s.mean) / (double)(i + 1);
		s.min = fmin(s.min, values[i]);
		s.max = fmax(s.max, values[i]);
	}
	for (size_t i = 0; i < n; i++)
		squares += (values[i] - s.mean) * (values[i] - s.mean);
	s.variance = n > 1 ? squares / (double)(n - 1) : 0;
	s.median = median_of(values, n);
	*ret_stats = s;
}
