/* The evidence of runs: against tables, against counting all cases, and by simulation of runs that
 * differ from each other as real ones do. */
#include "check.h"

#include <math.h>

#include "base/rng.h"
#include "base/stats/evidence.h"

static const double NEAR = 1e-9;

#define assert_near(a, b) assert_between(a, (b)-NEAR, (b) + NEAR)

/* Box and Muller */
static double normal(struct rng *r)
{
	return sqrt(-2 * log(1 - rng_unit(r))) * cos(2 * M_PI * rng_unit(r));
}

/* ---- against tables ---- */

static void signed_ranks_of_the_tables(void **state)
{
	/* Wilcoxon and Wilcox (1964): n = 10, smaller sum 8: 0.0488 two-sided; n = 6, 0: 0.03125 */
	static const double zeros[10], ten[] = { -1, -2, -5, 3, 4, 6, 7, 8, 9, 10 }, six[] = { 1, 2, 3, 4, 5, 6 };
	struct evidence e;

	(void)state;
	evidence_of_pairs(zeros, ten, 10, 0.95, &e);
	assert_true(e.known);
	assert_false(e.relative);
	assert_between(e.p, 0.0487, 0.0489);
	evidence_of_pairs(zeros, six, 6, 0.95, &e);
	assert_near(e.p, 0.03125);
	/* R: wilcox.test(1:6, conf.int = TRUE): 1 to 6, middle 3.5 */
	assert_true(e.bounded);
	assert_near(e.low, 1);
	assert_near(e.high, 6);
	assert_near(e.middle, 3.5);
	/* five cannot reach 5 % */
	evidence_of_pairs(zeros, six, 5, 0.95, &e);
	assert_near(e.p, 0.0625);
	assert_false(e.bounded);
	assert_int_equal(e.least, 6);
	evidence_of_pairs(zeros, six, 5, 0.99, &e);
	assert_int_equal(e.least, 8);
}

static void rank_sums_of_the_tables(void **state)
{
	/* Mann and Whitney: 5 and 5, U = 2: 0.0317 two-sided; 4 and 4, U = 0: 2/70 */
	static const double a[] = { 1, 2, 3, 4, 7 }, b[] = { 5, 6, 8, 9, 10 }, c[] = { -4, -3, -2, -1 };
	struct evidence e;

	(void)state;
	evidence_of_groups(a, 5, b, 5, 0.95, &e);
	assert_true(e.relative);
	assert_between(e.p, 0.0316, 0.0318);
	evidence_of_groups(c, 4, a, 4, 0.95, &e);
	assert_false(e.relative);
	assert_near(e.p, 2.0 / 70);
	assert_near(e.middle, 5);
	/* the smallest and the largest of the 16 differences */
	assert_near(e.low, 2);
	assert_near(e.high, 8);
	assert_int_equal(e.least, 4);
	evidence_of_groups(c, 3, a, 3, 0.95, &e);
	assert_false(e.bounded);
}

/* ---- against counting ---- */

static double sum_of_positive(const double *d, const double *size, unsigned n, unsigned signs)
{
	double sum = 0;

	for (unsigned i = 0; i < n; i++) {
		double rank = 0.5;

		for (unsigned k = 0; k < n; k++)
			rank += size[k] < size[i] ? 1 : size[k] > size[i] ? 0 : 0.5;
		sum += (signs >> i & 1 ? fabs(d[i]) : 0) > 0 ? rank : 0;
	}
	return sum;
}

/* All 2^n signs of values that are often equal. */
static void pairs_with_equals(void **state)
{
	struct rng r = { 4 };

	(void)state;
	for (int trial = 0; trial < 60; trial++) {
		double zeros[9] = { 0 }, d[9], size[9];
		unsigned n = 4 + (unsigned)(rng_next(&r) % 6), below = 0, above = 0, own = 0;
		struct evidence e;

		for (unsigned i = 0; i < n; i++) {
			d[i] = (double)(1 + rng_next(&r) % 4) * (rng_next(&r) & 1 ? 1 : -1);
			size[i] = fabs(d[i]);
			own |= (unsigned)(d[i] > 0) << i;
		}
		for (unsigned signs = 0; signs < 1u << n; signs++) {
			below += sum_of_positive(d, size, n, signs) <= sum_of_positive(d, size, n, own);
			above += sum_of_positive(d, size, n, signs) >= sum_of_positive(d, size, n, own);
		}
		evidence_of_pairs(zeros, d, n, 0.95, &e);
		assert_near(e.p, fmin(1, 2 * fmin(below, above) / ldexp(1, (int)n)));
	}
}

/* The exact way and the normal one meet where one gives way to the other. */
static void many_pairs(void **state)
{
	enum { N = EVIDENCE_PAIRS_EXACT + 1, M = EVIDENCE_GROUPS_EXACT / 2 + 1 };
	double zeros[N] = { 0 }, d[N];
	struct rng r = { 11 };
	struct evidence exact, beyond;

	(void)state;
	for (unsigned i = 0; i < N; i++)
		d[i] = 0.2 + normal(&r);
	evidence_of_pairs(zeros, d, N - 1, 0.95, &exact);
	evidence_of_pairs(zeros, d, N, 0.95, &beyond);
	assert_between(beyond.p / exact.p, 0.5, 2);
	assert_between(beyond.low - exact.low, -0.05, 0.05);
	assert_between(beyond.high - exact.high, -0.05, 0.05);
	evidence_of_groups(zeros, M - 1, d, M - 1, 0.95, &exact);
	evidence_of_groups(zeros, M, d, M, 0.95, &beyond);
	assert_between(beyond.p / exact.p, 0.4, 2.5);
	assert_between(beyond.low - exact.low, -0.1, 0.1);
}

/* ---- what is left out ---- */

static void what_cannot_be_compared(void **state)
{
	const double a[] = { 10, NAN, 12, 14 }, b[] = { 5, 6, NAN, 7 }, none[] = { NAN, NAN };
	struct evidence e;

	(void)state;
	evidence_of_pairs(a, b, 4, 0.95, &e);
	assert_int_equal(e.a, 2);
	assert_true(e.known);
	assert_true(e.relative);
	assert_near(e.middle, -0.5);
	/* a ratio is never below -100 % */
	assert_near(e.low, -1);
	assert_true(isinf(e.high));
	evidence_of_pairs(none, none, 2, 0.95, &e);
	assert_false(e.known);
	assert_near(e.p, 1);
	evidence_of_groups(none, 2, b, 4, 0.95, &e);
	assert_false(e.known);
	evidence_of_pairs(NULL, NULL, 0, 0.95, &e);
	assert_false(e.known);
	/* equals */
	evidence_of_pairs(b, b, 4, 0.95, &e);
	assert_near(e.p, 1);
	assert_near(e.middle, 0);
}

static void many_tests(void **state)
{
	/* Holm (1979): 0.01 * 4, 0.013 * 3 -> not below the one before, 0.03 * 2, 0.04 */
	double p[] = { 0.03, 0.01, 0.04, 0.013 };

	(void)state;
	evidence_holm(p, 4);
	assert_near(p[1], 0.04);
	assert_near(p[3], 0.04);
	assert_near(p[0], 0.06);
	assert_near(p[2], 0.06);
	evidence_holm(p, 0);
}

static void looks_spend_no_more_than_alpha(void **state)
{
	(void)state;
	for (unsigned looks = 1; looks < 30; looks++)
		for (unsigned first = 1; first <= looks; first++) {
			double spent = 0;

			for (unsigned look = 0; look <= looks + 1; look++)
				spent += evidence_spend(0.05, look, first, looks);
			assert_near(spent, 0.05);
		}
	assert_near(evidence_spend(0.05, 3, 9, 8), 0);
}

/* ---- by simulation ---- */

/* A run's offset, seconds that resemble each other (rho), now and then a slow second; as its
 * mean.  What a restart makes of the same method. */
static double run_of(struct rng *r, double offset, double rho, bool tails)
{
	double level = 1 + offset * normal(r), x = 0, sum = 0;

	for (int s = 0; s < 10; s++) {
		x = rho * x + 0.01 * normal(r);
		sum += level * (1 + x) * (tails && rng_unit(r) < 0.05 ? 0.5 : 1);
	}
	return sum / 10;
}

/* What holds for some numbers of rounds and some scatters shows a sanitizer all that there is. */
#ifdef NETDYNO_SANITIZED
enum { ROUNDS_STEP = 8, SCATTER_STEP = 5 };
#else
enum { ROUNDS_STEP = 2, SCATTER_STEP = 1 };
#endif

/* Equals, at every number of rounds, of a machine that slows down in the meantime: the whole table
 * of five metrics (four of them go with the first) is marked in no more than 5 of 100. */
static void equals_are_equal(void **state)
{
	static const double offsets[] = { 0, 0.01, 0.03 }, rhos[] = { 0, 0.8 };
	enum { TRIALS = 200 };
	struct rng r = { 2027 };

	(void)state;
	for (unsigned n = 4; n <= 12; n += ROUNDS_STEP)
		for (unsigned how = 0; how < 12; how += SCATTER_STEP) {
			unsigned alarms = 0, alarms_groups = 0;

			for (unsigned trial = 0; trial < TRIALS; trial++) {
				double a[5][12], b[5][12], p[5], p_groups[5];
				struct evidence e;

				for (unsigned i = 0; i < n; i++)
					for (unsigned m = 0; m < 5; m++) {
						double drift = 1 - 0.01 * i;

						a[m][i] = drift * run_of(&r, offsets[how % 3], rhos[how / 3 % 2], how >= 6);
						b[m][i] = drift * run_of(&r, offsets[how % 3], rhos[how / 3 % 2], how >= 6);
						if (m % 2) {
							a[m][i] = 0.7 * a[m - 1][i] + 0.3 * a[m][i];
							b[m][i] = 0.7 * b[m - 1][i] + 0.3 * b[m][i];
						}
					}
				for (unsigned m = 0; m < 5; m++) {
					evidence_of_pairs(a[m], b[m], n, 0.95, &e);
					p[m] = e.p;
					evidence_of_groups(a[m], n, b[m], n, 0.95, &e);
					p_groups[m] = e.p;
				}
				evidence_holm(p, 5);
				evidence_holm(p_groups, 5);
				bool alarm = false, alarm_groups = false;
				for (unsigned m = 0; m < 5; m++) {
					alarm |= p[m] <= 0.05;
					alarm_groups |= p_groups[m] <= 0.05;
				}
				alarms += alarm;
				alarms_groups += alarm_groups;
			}
			/* 5 of 100 and three standard deviations of 200 trials */
			assert_at_most(alarms, TRIALS * 0.05 + 10);
			assert_at_most(alarms_groups, TRIALS * 0.05 + 10);
		}
}

/* 5 % slower, restarts that scatter by 2 %, twelve rounds, five metrics: found; and said in number
 * where twelve are too few. */
static void a_slowdown_is_found(void **state)
{
	enum { TRIALS = 400 };
	struct rng r = { 5 };
	unsigned found = 0, covered = 0, asked_more = 0;

	(void)state;
	for (unsigned trial = 0; trial < TRIALS; trial++) {
		double a[12], b[12], wide_a[12], wide_b[12], p[5] = { 1, 0.5, 0.7, 0.3, 0.9 };
		struct evidence e;

		for (unsigned i = 0; i < 12; i++) {
			a[i] = run_of(&r, 0.02, 0.3, false);
			b[i] = 0.95 * run_of(&r, 0.02, 0.3, false);
			wide_a[i] = run_of(&r, 0.08, 0.3, false);
			wide_b[i] = 0.95 * run_of(&r, 0.08, 0.3, false);
		}
		evidence_of_pairs(a, b, 12, 0.95, &e);
		covered += e.low <= -0.05 && e.high >= -0.05;
		p[0] = e.p;
		evidence_holm(p, 5);
		found += p[0] <= 0.05;
		assert_between(evidence_rounds_for(a, b, 12, -0.05, 0.01), 8, 16);
		asked_more += evidence_rounds_for(wide_a, wide_b, 12, -0.05, 0.01) > 24;
	}
	assert_at_least(found, TRIALS * 0.95);
	assert_at_least(covered, TRIALS * 0.95 - 13);
	assert_at_least(asked_more, TRIALS * 0.95);
}

/* One look a round from the first that could see anything on: all looks together cry no more often
 * than one. */
static void looking_often_does_not_cry(void **state)
{
	enum { TRIALS = 1000, LOOKS = 16, FIRST = 7 };
	struct rng r = { 77 };
	unsigned alarms = 0, found = 0;

	(void)state;
	for (unsigned trial = 0; trial < TRIALS; trial++)
		for (int slower = 0; slower < 2; slower++) {
			double a[LOOKS], b[LOOKS];
			bool alarm = false;

			for (unsigned i = 0; i < LOOKS; i++) {
				struct evidence e;

				a[i] = run_of(&r, 0.02, 0.3, false);
				b[i] = (slower ? 0.95 : 1) * run_of(&r, 0.02, 0.3, false);
				evidence_of_pairs(a, b, i + 1, 0.95, &e);
				alarm |= e.p <= evidence_spend(0.05, i + 1, FIRST, LOOKS);
			}
			*(slower ? &found : &alarms) += alarm;
		}
	assert_at_most(alarms, TRIALS * 0.05);
	assert_at_least(found, TRIALS * 0.95);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signed_ranks_of_the_tables),
		cmocka_unit_test(rank_sums_of_the_tables),
		cmocka_unit_test(pairs_with_equals),
		cmocka_unit_test(many_pairs),
		cmocka_unit_test(what_cannot_be_compared),
		cmocka_unit_test(many_tests),
		cmocka_unit_test(looks_spend_no_more_than_alpha),
		cmocka_unit_test(equals_are_equal),
		cmocka_unit_test(a_slowdown_is_found),
		cmocka_unit_test(looking_often_does_not_cry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
