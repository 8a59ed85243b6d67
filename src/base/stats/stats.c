/* Statistics that decide whether a difference is real.  See stats.h. */
#include "base/stats/stats.h"

#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_of(const double *values, size_t n)
{
	double *sorted = malloc(n * sizeof(*sorted));
	double median = NAN;

	if (!sorted)
		return median;
	for (size_t i = 0; i < n; i++)
		sorted[i] = values[i];
	qsort(sorted, n, sizeof(*sorted), by_value);
	median = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
	free(sorted);
	return median;
}

/* Neighbours of a time series resemble each other, so n of them tell less than n independent
 * ones (Bayley & Hammersley, 1946). */
static double effective_n(const double *values, size_t n, double mean, double squares)
{
	double neighbours = 0, r;

	for (size_t i = 1; i < n; i++)
		neighbours += (values[i - 1] - mean) * (values[i] - mean);
	r = squares > 0 ? neighbours / squares : 0;
	r = fmin(fmax(r, 0), 0.99);
	return (double)n * (1 - r) / (1 + r);
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
	s.n_effective = effective_n(values, n, s.mean, squares);
	*ret_stats = s;
}

/* ---- Student's t ---- */

/* Continued fraction of the incomplete beta function by Lentz's method (Abramowitz & Stegun
 * 26.5.8). */
static double beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1), h;

	d = 1 / (fabs(d) < tiny ? tiny : d);
	h = d;
	for (int m = 1; m <= 300; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double before = h;

		d = 1 + even * d;
		c = 1 + even / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		h *= d * c;
		d = 1 + odd * d;
		c = 1 + odd / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		h *= d * c;
		if (fabs(h - before) < 1e-14 * fabs(h))
			break;
	}
	return h;
}

static double incomplete_beta(double a, double b, double x)
{
	int sign;
	double front = exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) + a * log(x) + b * log1p(-x));

	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/* P(|T| > t) = I_{df/(df+t^2)}(df/2, 1/2) (Abramowitz & Stegun 26.7.1). */
static double two_tails(double t, double df)
{
	return incomplete_beta(df / 2, 0.5, df / (df + t * t));
}

double stats_t95(double df)
{
	double low = 1.9, high = 13;

	if (!(df > 1))
		df = 1;
	if (df > 1e6)
		return 1.959964; /* the normal distribution's */
	for (int i = 0; i < 50; i++) {
		double middle = (low + high) / 2;

		if (two_tails(middle, df) > 0.05)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

/* ---- comparison ---- */

/* Welch-Satterthwaite; a side whose samples hardly count for two has one degree of freedom. */
static double welch_df(double part_a, double part_b, const struct stats *a, const struct stats *b)
{
	double below = part_a * part_a / fmax(a->n_effective - 1, 1) + part_b * part_b / fmax(b->n_effective - 1, 1);

	return below > 0 ? (part_a + part_b) * (part_a + part_b) / below : 1;
}

/* The interval of the ratio b/a by the delta method: var(b/a) = var(b)/a^2 + b^2 var(a)/a^4,
 * with the variances of the means. */
void stats_compare(const struct stats *a, const struct stats *b, struct difference *ret_difference)
{
	struct difference d = { .known = a->n >= 3 && b->n >= 3 && fabs(a->mean) > 0 && isfinite(a->mean) && isfinite(b->mean) };

	if (d.known) {
		double ratio = b->mean / a->mean;
		double part_a = ratio * ratio * a->variance / a->n_effective / (a->mean * a->mean);
		double part_b = b->variance / b->n_effective / (a->mean * a->mean);
		double half = stats_t95(welch_df(part_a, part_b, a, b)) * sqrt(part_a + part_b);

		d.relative = ratio - 1;
		d.low = d.relative - half;
		d.high = d.relative + half;
		d.differs = d.low > 0 || d.high < 0;
	}
	*ret_difference = d;
}
