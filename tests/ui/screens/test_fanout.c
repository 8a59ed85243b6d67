/* The fanout tab: mode fanout's own tables, painted from a board made by hand, so that every
 * number is known.  The screens are compared with golden/ as text.  test_fanout_screens
 * [--update]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modes.h"
#include "stage.h"
#include "../../support/asserts.h"

static void run(const char *method, double factor)
{
	made.ran = method;
	made_run(&made, true);
	made_ticks(&made, 10, PHASE_WARMUP, factor);
	made_ticks(&made, 31, PHASE_MEASURE, factor);
}

/* Two methods, one after the other. */
static void open_fanout(int rows, int columns)
{
	modes_open(&made, "fanout", 1, 1);
	made.loss = 1;
	stage_dash(CHARSET_BRAILLE, NULL);
	run("single", 2);
	made_final(&made);
	run("mmsg", 3);
	frame(rows, columns);
}

static void at_80x24(void **state)
{
	(void)state;
	open_fanout(24, 80);
	stage_golden("fanout-80x24");
	stage_close();
}

static void at_120x40(void **state)
{
	(void)state;
	open_fanout(40, 120);
	assert_true(on_screen("200 readers"));
	assert_true(on_screen("1.50  last 1 s"));
	assert_true(on_screen("─ worst 5 ─"));
	stage_golden("fanout-120x40");
	stage_close();
}

static void at_200x60(void **state)
{
	(void)state;
	open_fanout(60, 200);
	stage_golden("fanout-200x60");
	stage_close();
}

/* The running method's row is there, however many stand before it. */
static void the_running_method_is_in_sight(void **state)
{
	(void)state;
	open_fanout(30, 80); /* beside what is lost, too */
	assert_true(on_screen("6 more · m next"));
	made_final(&made);
	run("threads", 4);
	frame(30, 80);
	assert_true(on_screen(" threads          20    2.00  last 1 s"));
	assert_true(not_on_screen(" mmsg     "));
	stage_close();
}

static void every_size_is_painted(void **state)
{
	(void)state;
	open_fanout(24, 80);
	every_frame();
	stage_close();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_80x24),
		cmocka_unit_test(at_120x40),
		cmocka_unit_test(at_200x60),
		cmocka_unit_test(the_running_method_is_in_sight),
		cmocka_unit_test(every_size_is_painted),
	};

	stage_update = argc > 1 && !strcmp(argv[1], "--update");
	setenv("TZ", "UTC0", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
