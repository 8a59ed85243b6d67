/* The chat tab: mode chat's own tables, painted from a board made by hand, so that every number
 * is known.  The screens are compared with golden/ as text.  test_chat_screens [--update]:
 * --update writes the golden files. */
#include <stdlib.h>
#include <string.h>

#include "modes.h"
#include "stage.h"
#include "ui/canvas/keys.h"
#include "../../support/asserts.h"

static void open_chat(unsigned loops, unsigned loads, int rows, int columns)
{
	modes_open(&made, "chat", loops, loads);
	made.loss = 1;
	stage_dash(CHARSET_BRAILLE, NULL);
	assert_int_equal(dash_resize(&dash, rows, columns), 0);
}

static void run(const char *method, double factor)
{
	made.ran = method;
	made_run(&made, true);
	made_ticks(&made, 10, PHASE_WARMUP, factor);
	made_ticks(&made, 61, PHASE_MEASURE, factor);
	frame_paint(&dash);
}

static void one_loop_at_80x24(void **state)
{
	(void)state;
	open_chat(1, 1, 24, 80);
	run("lt", 1);
	stage_golden("chat-80x24");
	while (dash.view.screen != SCREEN_PANEL || strcmp(dash_expanded(&dash)->name, "details") != 0)
		press('e');
	stage_golden("chat-slow-80x24");
	press(KEYCODE_ESCAPE);
	while (dash.view.screen != SCREEN_PANEL || strcmp(dash_expanded(&dash)->name, "figures") != 0)
		press('e');
	stage_golden("chat-figures-80x24");
	stage_close();
}

/* lt is kept as A, and et stands beside it. */
static void both_triggers_at_120x40(void **state)
{
	(void)state;
	open_chat(2, 1, 40, 120);
	run("lt", 1);
	press('b');
	run("et", 1.1);
	stage_golden("chat-lt-et-120x40");
	stage_close();
}

static void four_loops_at_200x60(void **state)
{
	(void)state;
	open_chat(4, 2, 60, 200);
	run("lt", 1);
	press('b');
	run("et", 1.1);
	stage_golden("chat-200x60");
	stage_close();
}

/* The line of messages gives up words, then exact numbers; it never ends in a cut. */
static void the_second_ledger_is_never_cut(void **state)
{
	unsigned seen = 0;

	(void)state;
	open_chat(2, 1, 40, 120);
	run("lt", 3000);
	for (int columns = 80; columns <= 240; columns++) {
		frame(50, columns);
		char *screen = canvas_to_text(&dash.canvas), *line = strstr(screen, "messages: ");

		if (line) {
			seen++;
			line[strcspn(line, "\n")] = '\0';
			if (strstr(line, "…"))
				fail_msg("cut in %d columns: %s", columns, line);
			if (!strstr(line, "balanced") && (!strstr(line, "sent") || !strstr(line, " read")))
				fail_msg("in %d columns half of it is missing: %s", columns, line);
		}
		free(screen);
	}
	assert_at_least(seen, 100);
	frame(40, 120);
	assert_true(on_screen("messages: sent"));
	stage_close();
}

/* What helps is wrapped into the rows that nobody else needs. */
static void remedies_are_whole_where_there_are_rows(void **state)
{
	(void)state;
	open_chat(2, 1, 40, 120);
	run("lt", 1);
	assert_true(not_on_screen(" more ─┤ place")); /* the places have their rows, too */
	assert_true(on_screen("its queue is full at 256K · F2 raises queue"));
	assert_true(on_screen("slow client, newest dropped"));
	frame(24, 80); /* no row to wrap into: whole words */
	assert_true(on_screen("→ its queue is full at 256K"));
	assert_true(not_on_screen("F2 rais…"));
	stage_close();
}

static void messages_have_their_unit(void **state)
{
	(void)state;
	open_chat(1, 1, 40, 120);
	run("lt", 1);
	assert_true(on_screen("throughput kmsg/s"));
	assert_true(on_screen("rx msg/s"));
	assert_true(not_on_screen("pps"));
	assert_true(on_screen("loop cpu0"));
	assert_true(on_screen("load cpu1"));
	stage_close();
}

static void every_size_is_painted(void **state)
{
	(void)state;
	open_chat(2, 2, 24, 80);
	run("et", 1);
	every_frame();
	stage_close();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_loop_at_80x24),
		cmocka_unit_test(both_triggers_at_120x40),
		cmocka_unit_test(four_loops_at_200x60),
		cmocka_unit_test(the_second_ledger_is_never_cut),
		cmocka_unit_test(remedies_are_whole_where_there_are_rows),
		cmocka_unit_test(messages_have_their_unit),
		cmocka_unit_test(every_size_is_painted),
	};

	stage_update = argc > 1 && !strcmp(argv[1], "--update");
	setenv("TZ", "UTC0", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
