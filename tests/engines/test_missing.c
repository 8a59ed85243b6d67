/* Methods of a program that was built without their libraries: they stand in the tables all the
 * same, and say what is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "engines/udp/uring.h"
#include "engines/udp/xdp.h"

static void expect_missing(const struct udp_method *m, const char *name, const char *summary, const char *wanted)
{
	char why[160];

	assert_string_equal(m->method.name, name);
	assert_string_equal(m->method.summary, summary);
	assert_false(method_runs(&m->method, why, sizeof(why)));
	assert_string_equal(why, wanted);
}

static void say_what_is_missing(void **state)
{
	(void)state;
	expect_missing(&udp_uring, "uring", UDP_URING_SUMMARY,
		"this netdyno was built without liburing: install liburing-dev and build it again");
	expect_missing(
		&udp_xdp, "xdp", UDP_XDP_SUMMARY, "this netdyno was built without libxdp: install libxdp-dev and build it again");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(say_what_is_missing) };

	return cmocka_run_group_tests_name("missing", tests, NULL, NULL);
}
