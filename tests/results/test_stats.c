/* Statistics against values from tables and from hand calculation. */
#include "fixture.h"

#include "base/stats/stats.h"
#include "../support/asserts.h"

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
	stats_of(odd, 3, &s);
	assert_close(s.median, 2, 0);
	stats_of(steady, 4, &s);
	assert_close(s.variance, 0, 0);
	stats_of(NULL, 0, &s);
	assert_int_equal(s.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
