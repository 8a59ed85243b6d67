/* A program of many tests as several of ctest's, that run side by side: nd_test(... PARTS 4)
 * starts it four times, with NETDYNO_TEST_PART=1/4 to 4/4.  Each runs every fourth of its tests;
 * without the variable it runs all of them. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

enum { PARTED_TESTS_MAX = 128 };

static inline int run_part(const char *group, const struct CMUnitTest *tests, size_t count)
{
	static struct CMUnitTest chosen[PARTED_TESTS_MAX];
	const char *text = getenv("NETDYNO_TEST_PART");
	unsigned part = 1, parts = 1;
	size_t n = 0;

	if (text && (sscanf(text, "%u/%u", &part, &parts) != 2 || part < 1 || part > parts || count > PARTED_TESTS_MAX)) {
		fprintf(stderr, "%s: NETDYNO_TEST_PART=%s does not fit %zu tests\n", group, text, count);
		return 1;
	}
	for (size_t i = part - 1; i < count; i += parts)
		chosen[n++] = tests[i];
	return _cmocka_run_group_tests(group, chosen, n, NULL, NULL);
}

/* In place of cmocka_run_group_tests_name(), without group fixtures. */
#define run_part_of(group, tests) run_part(group, tests, sizeof(tests) / sizeof((tests)[0]))
