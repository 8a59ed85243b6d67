/* Trend and split of a series of intervals: against hand calculation, and by simulation of series
 * whose values resemble their neighbours. */
#include "check.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "base/stats/series.h"

static double normal(struct rng *r)
{
	return sqrt(-2 * log(1 - rng_unit(r))) * cos(2 * M_PI * rng_unit(r));
}

static void make_series(struct rng *r, double rho, double *values, unsigned n)
{
	double x = normal(r) / sqrt(1 - rho * rho);

	for (unsigned i = 0; i < n; i++) {
		x = rho * x + normal(r);
		values[i] = x;
	}
}

static void neighbours_count_for_less(void **state)
{
	enum { N = 4000 };
	static double values[N];
	static const double rhos[] = { 0, 0.3, 0.6, 0.8 };
	struct rng r = { 3 };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		make_series(&r, rhos[i], values, N);
		double truth = N * (1 - rhos[i]) / (1 + rhos[i]);

		assert_between(series_effective_n(values, N) / truth, 0.65, 1.5);
	}
	/* Constant, short, alternating: as many as there are, never more. */
	assert_equals(series_effective_n((const double[]){ 5, 5, 5, 5, 5 }, 5), 5);
	assert_equals(series_effective_n((const double[]){ 1, 2 }, 2), 2);
	assert_equals(series_effective_n((const double[]){ 1, 2, 1, 2, 1, 2, 1, 2 }, 8), 8);
	assert_equals(series_effective_n(NULL, 0), 0);
}

/* ---- percentiles ---- */

/* The interval holds the true percentile in 95 of 100 histograms, and is as narrow as it can be. */
static void percentiles_have_an_interval(void **state)
{
	static struct hist h;
	enum { TRIALS = 400, N = 2000 };
	struct rng r = { 8 };
	unsigned held = 0;
	double width = 0;

	(void)state;
	for (unsigned trial = 0; trial < TRIALS; trial++) {
		int64_t low, high;

		memset(&h, 0, sizeof(h));
		for (unsigned i = 0; i < N; i++)
			h.bucket[hist_index((int64_t)(-20000 * log(1 - rng_unit(&r))))]++;
		h.count = N;
		assert_true(series_percentile_interval(&h, 99, 0, &low, &high));
		double truth = -20000 * log(0.01);

		held += (double)low <= truth * 1.008 && (double)high >= truth / 1.008;
		width += (double)(high - low) / truth / TRIALS;
	}
	assert_between(held, TRIALS * 0.92, TRIALS);
	/* 2 * 1.96 / (f sqrt(n / (q (1 - q)))) of the exponential distribution, in parts of p99 */
	assert_between(width, 0.15, 0.28);
}

static void percentiles_of_few_have_none(void **state)
{
	static struct hist h;
	int64_t low = 7, high = 7, wide_low, wide_high;

	(void)state;
	memset(&h, 0, sizeof(h));
	assert_false(series_percentile_interval(&h, 50, 0, &low, &high));
	for (unsigned i = 0; i < 999; i++)
		h.bucket[100]++;
	h.count = 999;
	/* 9.99 beyond p99 */
	assert_false(series_percentile_interval(&h, 99, 0, &low, &high));
	assert_int_equal(low, 7);
	h.bucket[100]++;
	h.count = 1000;
	assert_true(series_percentile_interval(&h, 99, 0, &low, &high));
	assert_int_equal(low, 100);
	assert_int_equal(high, 100);
	/* a tenth as many that are independent */
	assert_false(series_percentile_interval(&h, 99, 100, &low, &high));
	for (unsigned i = 0; i < 1000; i++)
		h.bucket[i % 100]++;
	h.count = 2000;
	assert_true(series_percentile_interval(&h, 25, 0, &low, &high));
	assert_true(series_percentile_interval(&h, 25, 200, &wide_low, &wide_high));
	assert_less(wide_low, low);
	assert_more(wide_high, high);
}

/* ---- does it stand still? ---- */

static void trends_by_hand(void **state)
{
	const double up[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, flat[] = { 3, 3, 3, 3, 3, 3, 3, 3 };
	struct series_trend t;
	struct series_split s;

	(void)state;
	series_trend(up, 10, &t);
	assert_true(t.known);
	assert_equals(t.slope, 1);
	/* S = 45, var 125: z = 3.935 */
	assert_between(t.p, 8e-5, 9e-5);
	series_trend(flat, 8, &t);
	assert_true(t.known);
	assert_equals(t.p, 1);
	series_trend(up, 7, &t);
	assert_false(t.known);
	series_split(flat, 8, &s);
	assert_false(s.known);
	series_split((const double[]){ 5, 6, 5, 6, 5, 6, 1, 2, 1, 2, 1, 2 }, 12, &s);
	assert_true(s.known);
	assert_int_equal(s.at, 6);
	assert_equals(s.before, 5.5);
	assert_equals(s.after, 1.5);
	/* U = 36: 2 exp(-6 * 1296 / (144 * 13)) */
	assert_between(s.p, 0.031, 0.032);
}

/* Steady series, however alike their neighbours are, are rarely called anything else; a fall of
 * 4 % over a minute of seconds that scatter by 1 % is seen, and so is a step of 4 %. */
static void steady_is_steady(void **state)
{
	static const double rhos[] = { 0, 0.4, 0.8 };
	enum { TRIALS = 300, N = 60 };
	struct rng r = { 21 };

	(void)state;
	for (unsigned how = 0; how < 3; how++) {
		unsigned trends = 0, splits = 0, falls = 0, steps = 0, placed = 0;

		for (unsigned trial = 0; trial < TRIALS; trial++) {
			double steady[N], falling[N], stepping[N];
			struct series_trend t;
			struct series_split s;

			make_series(&r, rhos[how], steady, N);
			for (unsigned i = 0; i < N; i++) {
				steady[i] = 100 + steady[i] * sqrt(1 - rhos[how] * rhos[how]);
				falling[i] = steady[i] - 4.0 * i / N;
				stepping[i] = steady[i] - (i >= 25 ? 4 : 0);
			}
			series_trend(steady, N, &t);
			trends += t.p < 0.01;
			series_split(steady, N, &s);
			splits += s.p < 0.01;
			series_trend(falling, N, &t);
			falls += t.p < 0.01;
			series_split(stepping, N, &s);
			steps += s.p < 0.01;
			placed += s.at >= 22 && s.at <= 28;
		}
		print_message("rho %.1f: trends %u, splits %u, falls %u, steps %u, placed %u of %d\n", rhos[how], trends, splits,
			falls, steps, placed, TRIALS);
		/* 1 of 100, were the correlation known and not estimated */
		assert_at_most(trends, TRIALS * (rhos[how] < 0.5 ? 0.05 : 0.08));
		assert_at_most(splits, TRIALS * (rhos[how] < 0.5 ? 0.05 : 0.08));
		if (rhos[how] < 0.5) {
			assert_at_least(falls, TRIALS * 0.9);
			assert_at_least(steps, TRIALS * 0.9);
			assert_at_least(placed, TRIALS * 0.9);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_count_for_less),
		cmocka_unit_test(percentiles_have_an_interval),
		cmocka_unit_test(percentiles_of_few_have_none),
		cmocka_unit_test(trends_by_hand),
		cmocka_unit_test(steady_is_steady),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
