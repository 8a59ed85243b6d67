/* Comparisons of numbers that print both values when they fail, as cmocka's own do for equality of
 * integers; here for order, and for fractions.
 *
 * Any two numbers go, of whatever types: they are compared as long double, which holds every 64-bit
 * integer exactly, so that a sign does not get lost on the way.  NaN fails everything. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define assert_less(a, b)     ASSERT_NUMBERS(a, <, b)
#define assert_at_most(a, b)  ASSERT_NUMBERS(a, <=, b)
#define assert_more(a, b)     ASSERT_NUMBERS(a, >, b)
#define assert_at_least(a, b) ASSERT_NUMBERS(a, >=, b)
#define assert_equals(a, b)   ASSERT_NUMBERS(a, ==, b) /* fractions; integers: assert_int_equal */

#define assert_between(value, low, high)                                           \
	do {                                                                       \
		long double between = (long double)(value);                        \
		NUMBERS(between, >=, low, #value " between " #low " and " #high);  \
		NUMBERS(between, <=, high, #value " between " #low " and " #high); \
	} while (0)

#define ASSERT_NUMBERS(a, op, b) NUMBERS(a, op, b, #a " " #op " " #b)
#define NUMBERS(a, op, b, wanted)                                                                 \
	do {                                                                                      \
		long double left_number = (long double)(a), right_number = (long double)(b);      \
		if (!(left_number op right_number))                                               \
			fail_numbers(wanted, left_number, #op, right_number, __FILE__, __LINE__); \
	} while (0)

/* Whole numbers with all their digits, others as they would be typed. */
static inline void number_text(long double value, char *ret_text, size_t size)
{
	snprintf(ret_text, size, value == truncl(value) && fabsl(value) < 1e20L ? "%.0Lf" : "%.17Lg", value);
}

static inline void fail_numbers(
	const char *wanted, long double left, const char *op, long double right, const char *file, int line)
{
	char a[64], b[64];

	number_text(left, a, sizeof(a));
	number_text(right, b, sizeof(b));
	print_error("ERROR: %s: %s is not %s %s\n", wanted, a, op, b);
	_fail(file, line);
}

static inline void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" does not contain \"%s\"", text, part);
}
