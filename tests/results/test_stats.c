/* Statistics against values from tables and from hand calculation. */
#include "fixture.h"

#include <math.h>

#include "base/rng.h"
#include "base/stats/stats.h"
#include "../support/asserts.h"

static void t_quantiles(void **state)
{
	/* two-sided 95 %: NIST/SEMATECH table of critical values */
	static const double table[][2] = { { 1, 12.706 }, { 2, 4.303 }, { 3, 3.182 }, { 4, 2.776 }, { 5, 2.571 }, { 7, 2.365 },
		{ 10, 2.228 }, { 15, 2.131 }, { 20, 2.086 }, { 30, 2.042 }, { 60, 2.000 }, { 100, 1.984 }, { 1e7, 1.960 } };

	(void)state;
	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_close(stats_t95(table[i][0]), table[i][1], 1e-3);
	assert_close(stats_t95(0.2), stats_t95(1), 1e-9);
	assert_close(stats_t95(NAN), stats_t95(1), 1e-9);
	assert_less(stats_t95(2.5), stats_t95(2));
	assert_more(stats_t95(2.5), stats_t95(3));
}

static void moments(void **state)
{
	static const double values[] = { 2, 4, 4, 4, 5, 5, 7, 9 }, odd[] = { 3, 1, 2 }, steady[] = { 5, 5, 5, 5 };
	struct stats s;

	(void)state;
	stats_of(values, 8, &s);
	assert_close(s.mean, 5, 1e-12);
	assert_close(s.variance, 32.0 / 7, 1e-12);
	assert_close(s.median, 4.5, 1e-12);
	assert_close(s.min, 2, 0);
	assert_close(s.max, 9, 0);
	/* lag 1: 3*1 + 1*1 + 1*1 + 1*0 + 0*0 + 0*2 + 2*4 = 13, over 32 */
	assert_close(s.n_effective, 8 * (1 - 13.0 / 32) / (1 + 13.0 / 32), 1e-9);
	stats_of(odd, 3, &s);
	assert_close(s.median, 2, 0);
	assert_close(s.n_effective, 3, 1e-12); /* negative correlation does not count for more */
	stats_of(steady, 4, &s);
	assert_close(s.variance, 0, 0);
	assert_close(s.n_effective, 4, 0);
	stats_of(NULL, 0, &s);
	assert_int_equal(s.n, 0);
}

static void compare_by_hand(void **state)
{
	/* independent samples: mean 10, variance 1, n 10; mean 12, variance 4, n 20 */
	struct stats a = { .n = 10, .mean = 10, .variance = 1, .n_effective = 10 };
	struct stats b = { .n = 20, .mean = 12, .variance = 4, .n_effective = 20 };
	struct difference d;
	double part_a = 1.44 * 1 / 10 / 100, part_b = 4.0 / 20 / 100;
	double df = pow(part_a + part_b, 2) / (part_a * part_a / 9 + part_b * part_b / 19);
	double half = stats_t95(df) * sqrt(part_a + part_b);

	(void)state;
	stats_compare(&a, &b, &d);
	assert_true(d.known && d.differs);
	assert_close(d.relative, 0.2, 1e-12);
	assert_close(d.high, 0.2 + half, 1e-9);
	assert_close(d.low, 0.2 - half, 1e-9);
	b.mean = 10.1;
	stats_compare(&a, &b, &d);
	assert_true(d.known);
	assert_false(d.differs);
	b.n = 2;
	stats_compare(&a, &b, &d);
	assert_false(d.known);
	b.n = 20;
	a.mean = 0;
	stats_compare(&a, &b, &d);
	assert_false(d.known);
}

static void no_spread(void **state)
{
	struct stats a = { .n = 5, .mean = 10, .n_effective = 5 }, b = { .n = 5, .mean = 10, .n_effective = 5 };
	struct difference d;

	(void)state;
	stats_compare(&a, &b, &d);
	assert_true(d.known);
	assert_false(d.differs);
	b.mean = 11;
	stats_compare(&a, &b, &d);
	assert_true(d.differs);
	assert_close(d.low, 0.1, 1e-12);
}

/* About 5 % of the pairs of samples from one distribution may be called different; neighbours that
 * resemble each other do not raise that much. */
static void false_alarms(void **state)
{
	struct rng rng = { .state = 42 };
	unsigned alarms = 0, trials = 2000;

	(void)state;
	for (unsigned t = 0; t < trials; t++) {
		double values[2][40], before = 0;
		struct stats s[2];
		struct difference d;

		for (unsigned side = 0; side < 2; side++) {
			for (unsigned i = 0; i < 40; i++) {
				double noise = rng_unit(&rng) + rng_unit(&rng) + rng_unit(&rng) - 1.5;

				before = 0.5 * before + noise;
				values[side][i] = 100 + before;
			}
			stats_of(values[side], 40, &s[side]);
		}
		stats_compare(&s[0], &s[1], &d);
		alarms += d.differs;
	}
	assert_in_range(alarms, trials * 2 / 100, trials * 12 / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_quantiles),
		cmocka_unit_test(moments),
		cmocka_unit_test(compare_by_hand),
		cmocka_unit_test(no_spread),
		cmocka_unit_test(false_alarms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
