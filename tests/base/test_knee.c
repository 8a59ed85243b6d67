/* Where the knee of a curve is, and where there is none. */
#include "../support/asserts.h"

#include "base/rng.h"
#include "base/stats/knee.h"

enum { POINTS_MAX = 40 };
static const double WITHIN = 0.05;

static struct knee_point points[POINTS_MAX];

/* Points of three runs that agree; NAN: nothing is known. */
static struct knee knee_in(const double *median, size_t count)
{
	struct knee k;

	for (size_t i = 0; i < count; i++)
		points[i] = (struct knee_point){
			.runs = isnan(median[i]) ? 0 : 3, .median = median[i], .low = median[i], .high = median[i]
		};
	knee_of(points, count, WITHIN, &k);
	return k;
}

#define KNEE_IN(...) knee_in((const double[]){ __VA_ARGS__ }, sizeof((double[]){ __VA_ARGS__ }) / sizeof(double))

static void spread(size_t at, double low, double high)
{
	points[at].low = low;
	points[at].high = high;
}

static void check(const struct knee *k, enum knee_kind kind, size_t at, size_t best)
{
	assert_int_equal(k->kind, kind);
	assert_int_equal(k->at, at);
	assert_int_equal(k->best, best);
}

static void it_is_where_the_best_is_nearly_reached(void **state)
{
	struct knee k = KNEE_IN(10, 40, 80, 96, 98, 100);

	(void)state;
	check(&k, KNEE_FOUND, 3, 5);
	assert_int_equal(k.before, 2);
	assert_int_equal(k.from, 3);
	assert_int_equal(k.to, 3);
	assert_false(k.about);
	assert_false(k.falls);
	assert_equals(knee_share(points, k.at, k.best), 0.96);
	/* exactly at the line is within it */
	k = KNEE_IN(10, 95, 100);
	check(&k, KNEE_FOUND, 1, 2);
	k = KNEE_IN(10, 94.999, 100);
	check(&k, KNEE_RISING, 2, 2);
}

static void a_gap_behind_it_is_none(void **state)
{
	/* It holds from there up to the best without a gap: the second point is no knee. */
	struct knee k = KNEE_IN(10, 97, 60, 96, 100, 99);

	(void)state;
	check(&k, KNEE_FOUND, 3, 4);
	assert_false(k.falls);
	assert_int_equal(k.worst, 5);
}

static void flat_curves_have_none(void **state)
{
	struct knee k = KNEE_IN(100, 101, 99, 100);

	(void)state;
	check(&k, KNEE_FLAT, 0, 1);
	assert_int_equal(k.before, 0);
	k = KNEE_IN(0, 0, 0);
	check(&k, KNEE_FLAT, 0, 0);
	assert_true(isnan(knee_share(points, 1, 0)));
	k = KNEE_IN(-3, -3, -3);
	check(&k, KNEE_FLAT, 0, 0);
}

static void falling_curves_have_none(void **state)
{
	struct knee k = KNEE_IN(100, 80, 40, 60);

	(void)state;
	check(&k, KNEE_FALLING, 0, 0);
	assert_int_equal(k.worst, 2);
	k = KNEE_IN(97, 100, 40);
	check(&k, KNEE_FALLING, 0, 1);
	/* one that rises first has a knee, and falls behind it */
	k = KNEE_IN(10, 100, 96, 70);
	check(&k, KNEE_FOUND, 1, 1);
	assert_true(k.falls);
	assert_true(k.surely);
	assert_int_equal(k.worst, 3);
	spread(3, 60, 95);
	knee_of(points, 4, WITHIN, &k);
	assert_true(k.falls);
	assert_false(k.surely);
}

static void rising_curves_have_none_yet(void **state)
{
	struct knee k = KNEE_IN(10, 20, 40, 80);

	(void)state;
	check(&k, KNEE_RISING, 3, 3);
	assert_int_equal(k.before, 2);
	assert_equals(knee_share(points, k.last, k.before), 2);
}

static void unknown_points_are_passed_over(void **state)
{
	struct knee k = KNEE_IN(NAN, 10, 96, NAN, 100, NAN);

	(void)state;
	check(&k, KNEE_FOUND, 2, 4);
	assert_int_equal(k.known, 3);
	assert_int_equal(k.first, 1);
	assert_int_equal(k.last, 4);
	assert_false(k.about);
	/* the point next to it may be as good */
	k = KNEE_IN(10, NAN, 96, 100);
	check(&k, KNEE_FOUND, 2, 3);
	assert_int_equal(k.before, 0);
	assert_true(k.about);
	k = KNEE_IN(NAN, 100, 100, 100);
	check(&k, KNEE_FLAT, 1, 1);
	assert_true(k.about);
	k = KNEE_IN(INFINITY, 100, -INFINITY, 100, 100);
	check(&k, KNEE_FLAT, 1, 1);
	assert_int_equal(k.known, 3);
}

static void too_few_are_said(void **state)
{
	struct knee k = KNEE_IN(1, 2);

	(void)state;
	check(&k, KNEE_TOO_FEW, 0, 1);
	assert_int_equal(k.known, 2);
	k = KNEE_IN(NAN, NAN, NAN, NAN);
	check(&k, KNEE_TOO_FEW, 0, 0);
	assert_int_equal(k.known, 0);
	k = KNEE_IN(NAN, 5, NAN, 6);
	assert_int_equal(k.kind, KNEE_TOO_FEW);
	assert_int_equal(k.known, 2);
	k = knee_in(NULL, 0);
	assert_int_equal(k.kind, KNEE_TOO_FEW);
}

/* Runs on both sides of the line: the knee stands by the medians, and may be another. */
static void spreads_make_it_about(void **state)
{
	struct knee k = KNEE_IN(10, 90, 96, 99, 100);

	(void)state;
	spread(1, 85, 96);
	knee_of(points, 5, WITHIN, &k);
	check(&k, KNEE_FOUND, 2, 4);
	assert_true(k.about);
	assert_int_equal(k.from, 1);
	assert_int_equal(k.to, 2);
	spread(1, 85, 94);
	spread(3, 93, 100);
	knee_of(points, 5, WITHIN, &k);
	check(&k, KNEE_FOUND, 2, 4);
	assert_true(k.about);
	assert_int_equal(k.from, 2);
	assert_int_equal(k.to, 4);
	/* the best itself has runs on both sides */
	spread(3, 99, 99);
	spread(4, 50, 120);
	knee_of(points, 5, WITHIN, &k);
	assert_int_equal(k.to, 4);
	assert_true(k.about);
}

/* Behind the best a run is better by more than the part that may be missing: that one may be it. */
static void another_may_be_the_best(void **state)
{
	struct knee k = KNEE_IN(10, 100, 99, 98, 70);

	(void)state;
	assert_false(k.about);
	spread(3, 90, 104);
	knee_of(points, 5, WITHIN, &k);
	check(&k, KNEE_FOUND, 1, 1);
	assert_false(k.about);
	spread(3, 90, 106);
	knee_of(points, 5, WITHIN, &k);
	check(&k, KNEE_FOUND, 1, 1);
	assert_true(k.about);
	assert_int_equal(k.from, 1);
	assert_int_equal(k.to, 3);
	/* of a best that has worse runs, too, as much is enough */
	spread(3, 90, 104);
	spread(1, 40, 110);
	spread(4, 50, 101);
	knee_of(points, 5, WITHIN, &k);
	assert_int_equal(k.to, 4);
	assert_true(k.about);
}

static void one_run_has_no_spread(void **state)
{
	struct knee k = KNEE_IN(10, 90, 99, 100);

	(void)state;
	points[1].runs = 1;
	knee_of(points, 4, WITHIN, &k);
	check(&k, KNEE_FOUND, 2, 3);
	assert_true(k.about);
	points[1].runs = 2;
	knee_of(points, 4, WITHIN, &k);
	assert_false(k.about);
}

/* Whatever the curve is: what is said of it is true by itself. */
static void what_is_said_holds(void **state)
{
	struct rng rng = { .state = 7 };

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		size_t count = rng_next(&rng) % 9;
		double median[9] = { 0 };

		for (size_t i = 0; i < count; i++)
			median[i] = rng_next(&rng) % 6 ? (double)(rng_next(&rng) % 30) : NAN;
		struct knee k = knee_in(median, count);
		for (size_t i = 0; i < count; i++)
			spread(i, median[i] - (double)(rng_next(&rng) % 3), median[i] + (double)(rng_next(&rng) % 3));
		knee_of(points, count, WITHIN, &k);
		if (k.kind == KNEE_TOO_FEW) {
			assert_less(k.known, KNEE_POINTS_LEAST);
			continue;
		}
		double line = (1 - WITHIN) * median[k.best];
		for (size_t i = 0; i < count; i++) {
			assert_false(median[i] > median[k.best]);
			if (i >= k.at && i <= k.best)
				assert_false(median[i] < line);
		}
		assert_between(k.at, k.first, k.best);
		assert_between(k.from, k.first, k.at);
		assert_between(k.to, k.at, k.last);
		if (k.at != k.first)
			assert_less(median[k.before], line);
		assert_int_equal(k.kind == KNEE_RISING, k.at == k.last);
		assert_int_equal(k.kind == KNEE_FLAT || k.kind == KNEE_FALLING, k.at == k.first);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_where_the_best_is_nearly_reached),
		cmocka_unit_test(a_gap_behind_it_is_none),
		cmocka_unit_test(flat_curves_have_none),
		cmocka_unit_test(falling_curves_have_none),
		cmocka_unit_test(rising_curves_have_none_yet),
		cmocka_unit_test(unknown_points_are_passed_over),
		cmocka_unit_test(too_few_are_said),
		cmocka_unit_test(spreads_make_it_about),
		cmocka_unit_test(another_may_be_the_best),
		cmocka_unit_test(one_run_has_no_spread),
		cmocka_unit_test(what_is_said_holds),
	};

	return cmocka_run_group_tests_name("knee", tests, NULL, NULL);
}
