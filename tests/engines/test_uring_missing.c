/* Method uring of a program that was built without liburing: it stands in the table all the same,
 * and says what is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "engines/udp/uring.h"

static void says_what_is_missing(void **state)
{
	char why[160];

	(void)state;
	assert_string_equal(udp_uring.method.name, "uring");
	assert_string_equal(udp_uring.method.summary, UDP_URING_SUMMARY);
	assert_false(method_runs(&udp_uring.method, why, sizeof(why)));
	assert_string_equal(why, "this netdyno was built without liburing: install liburing-dev and build it again");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(says_what_is_missing) };

	return cmocka_run_group_tests_name("uring_missing", tests, NULL, NULL);
}
