/* The statistics against the GNU Scientific Library, which knows nothing of ours: summaries,
 * the normal approximations beyond the exact counts, all choices of groups counted one by one, and
 * how often the ranks of an interval enclose the percentile. */
#include "check.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_combination.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/stats/evidence.h"
#include "base/stats/series.h"
#include "base/stats/stats.h"

#define assert_near(a, b, far) assert_between(a, (b) - (far), (b) + (far))

static gsl_rng *random_numbers(unsigned long seed)
{
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);

	assert_non_null(r);
	gsl_rng_set(r, seed);
	return r;
}

/* Heavy tails: Student's t of three degrees of freedom. */
static void draw(gsl_rng *r, double middle, double *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = middle + gsl_ran_tdist(r, 3);
}

static void summaries(void **state)
{
	gsl_rng *r = random_numbers(1);
	double value[200];

	(void)state;
	for (size_t n = 2; n <= 200; n++) {
		struct stats s;

		draw(r, 10, value, n);
		stats_of(value, n, &s);
		assert_near(s.mean, gsl_stats_mean(value, 1, n), 1e-9);
		assert_near(s.variance, gsl_stats_variance(value, 1, n), 1e-9 * (1 + s.variance));
		gsl_sort(value, 1, n);
		assert_near(s.median, gsl_stats_median_from_sorted_data(value, 1, n), 1e-12);
		assert_near(s.min, value[0], 0);
		assert_near(s.max, value[n - 1], 0);
	}
	gsl_rng_free(r);
}

/* ---- groups ---- */

/* The ranks of b among all, counted anew for every way to choose as many. */
static double chance_of_choice(const double *all, size_t na, size_t nb)
{
	size_t n = na + nb, below = 0, above = 0, ways = 0;
	gsl_combination *choice = gsl_combination_calloc(n, nb);
	double rank[20], own = 0;

	assert_non_null(choice);
	for (size_t i = 0; i < n; i++) {
		rank[i] = 0.5;
		for (size_t k = 0; k < n; k++)
			rank[i] += all[k] < all[i] ? 1 : all[k] > all[i] ? 0 : 0.5;
		own += i >= na ? rank[i] : 0;
	}
	do {
		double sum = 0;

		for (size_t k = 0; k < nb; k++)
			sum += rank[gsl_combination_get(choice, k)];
		below += sum <= own;
		above += sum >= own;
		ways++;
	} while (gsl_combination_next(choice) == GSL_SUCCESS);
	gsl_combination_free(choice);
	return fmin(1, 2 * fmin((double)below, (double)above) / (double)ways);
}

static void groups_with_equals(void **state)
{
	gsl_rng *r = random_numbers(2);
	double all[14];

	(void)state;
	for (int trial = 0; trial < 60; trial++) {
		size_t na = 2 + gsl_rng_uniform_int(r, 6), nb = 2 + gsl_rng_uniform_int(r, 6);
		struct evidence e;

		for (size_t i = 0; i < na + nb; i++)
			all[i] = (double)gsl_rng_uniform_int(r, 8) - 3;
		evidence_of_groups(all, na, all + na, nb, 0.95, &e);
		assert_near(e.p, chance_of_choice(all, na, nb), 1e-9);
	}
	gsl_rng_free(r);
}

/* ---- beyond the exact counts ---- */

static void many_pairs_are_normal(void **state)
{
	enum { N = EVIDENCE_PAIRS_EXACT + 60 };
	gsl_rng *r = random_numbers(3);
	double zeros[N] = { 0 }, d[N], size[N], n = N, sum = 0;
	size_t order[N];
	struct evidence e;

	(void)state;
	draw(r, 0.2, d, N);
	for (size_t i = 0; i < N; i++)
		size[i] = fabs(d[i]);
	gsl_sort_index(order, size, 1, N);
	for (size_t i = 0; i < N; i++)
		sum += d[order[i]] > 0 ? (double)i + 1 : 0;
	double z = (fabs(sum - n * (n + 1) / 4) - 0.5) / sqrt(n * (n + 1) * (2 * n + 1) / 24);

	evidence_of_pairs(zeros, d, N, 0.95, &e);
	assert_near(e.p, 2 * gsl_cdf_ugaussian_Q(z), 1e-9);
	gsl_rng_free(r);
}

/* So many rounds as the normal distribution asks for, of differences with a spread of 2 %. */
static void rounds_asked_for(void **state)
{
	gsl_rng *r = random_numbers(4);
	double a[40], b[40], d[40];

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		a[i] = 100;
		b[i] = 100 * exp(gsl_ran_gaussian(r, 0.2));
		d[i] = log(b[i] / a[i]);
	}
	double z = gsl_cdf_ugaussian_Qinv(0.025) + gsl_cdf_ugaussian_Qinv(0.1);
	double wanted = pow(z / log1p(0.05), 2) * gsl_stats_variance(d, 1, 40) * M_PI / 3;

	assert_near((double)evidence_rounds_for(a, b, 40, 0.05, 0.05), ceil(wanted), 1);
	gsl_rng_free(r);
}

/* ---- percentiles ---- */

/* One value in each bucket of 1 ns, so that an interval's ends are ranks: the binomial distribution
 * says how often order statistics of these ranks enclose the percentile. */
static void ranks_enclose_the_percentile(void **state)
{
	enum { VALUES = 120 };
	static const double percent[] = { 10, 25, 50, 75, 90 };
	static struct hist h;

	(void)state;
	for (int64_t value = 1; value <= VALUES; value++)
		h.bucket[hist_index(value)]++;
	h.count = VALUES;
	h.min_ns = 1;
	h.max_ns = VALUES;
	for (size_t k = 0; k < sizeof(percent) / sizeof(*percent); k++) {
		int64_t low, high;

		assert_true(series_percentile_interval(&h, percent[k], 0, &low, &high));
		assert_less(low, high);
		double held = gsl_cdf_binomial_P((unsigned)high - 1, percent[k] / 100, VALUES) -
			      gsl_cdf_binomial_P((unsigned)low - 1, percent[k] / 100, VALUES);

		assert_between(held, 0.94, 0.98);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(summaries),
		cmocka_unit_test(groups_with_equals),
		cmocka_unit_test(many_pairs_are_normal),
		cmocka_unit_test(rounds_asked_for),
		cmocka_unit_test(ranks_enclose_the_percentile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
