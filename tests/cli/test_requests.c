/* Load steps: up and down within bounds, and back to where they began. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>

#include "main/live/requests.h"

static void expect(const char *name, uint64_t load, int direction, uint64_t expected)
{
	uint64_t next = requests_next_load(name, load, 1, 1000000, direction);

	if (next != expected)
		fail_msg("%s %" PRIu64 " by %+d: %" PRIu64 ", expected %" PRIu64, name, load, direction, next, expected);
}

static void test_steps(void **state)
{
	(void)state;
	expect("window", 64, 1, 128);
	expect("window", 64, -1, 32);
	expect("window", 1, -1, 1);
	expect("window", 3, -1, 1);
	expect("window", 600000, 1, 1000000);
	expect("rate", 50000, 1, 55000);
	expect("rate", 55000, -1, 50000);
	expect("rate", 5, 1, 6);
	expect("rate", 5, -1, 4);
	expect("rate", 1, -1, 1);
	expect("rate", 1000000, 1, 1000000);
	expect("rate", 999999, 1, 1000000);
}

static void test_every_step_moves_and_stays_inside(void **state)
{
	static const char *const names[] = { "window", "rate" };

	(void)state;
	for (size_t n = 0; n < 2; n++) {
		for (uint64_t load = 2; load < 5000; load++) {
			uint64_t up = requests_next_load(names[n], load, 1, 5000, 1);
			uint64_t down = requests_next_load(names[n], load, 1, 5000, -1);

			if (up <= load || up > 5000 || down >= load || down < 1)
				fail_msg("%s %" PRIu64 ": up %" PRIu64 ", down %" PRIu64, names[n], load, up, down);
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
