/* Load steps: up and down within bounds, and back to where they began. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>

#include "main/live/requests.h"

static void expect(bool is_rate, uint64_t load, int direction, uint64_t expected)
{
	uint64_t next = requests_next_load(is_rate, load, 1, 1000000, direction);

	if (next != expected)
		fail_msg("%s %" PRIu64 " by %+d: %" PRIu64 ", expected %" PRIu64, is_rate ? "rate" : "window", load, direction,
			next, expected);
}

static void test_steps(void **state)
{
	(void)state;
	expect(false, 64, 1, 128);
	expect(false, 64, -1, 32);
	expect(false, 1, -1, 1);
	expect(false, 3, -1, 1);
	expect(false, 600000, 1, 1000000);
	expect(true, 50000, 1, 55000);
	expect(true, 55000, -1, 50000);
	expect(true, 5, 1, 6);
	expect(true, 5, -1, 4);
	expect(true, 1, -1, 1);
	expect(true, 1000000, 1, 1000000);
	expect(true, 999999, 1, 1000000);
}

static void test_every_step_moves_and_stays_inside(void **state)
{
	(void)state;
	for (int is_rate = 0; is_rate < 2; is_rate++) {
		for (uint64_t load = 2; load < 5000; load++) {
			uint64_t up = requests_next_load(is_rate, load, 1, 5000, 1);
			uint64_t down = requests_next_load(is_rate, load, 1, 5000, -1);

			if (up <= load || up > 5000 || down >= load || down < 1)
				fail_msg("rate %d, %" PRIu64 ": up %" PRIu64 ", down %" PRIu64, is_rate, load, up, down);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_every_step_moves_and_stays_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
