/* The stream tab: mode stream's own tables, painted from a board made by hand, so that every
 * number is known.  The screens are compared with golden/ as text.  test_stream_screens
 * [--update]: --update writes the golden files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modes.h"
#include "stage.h"
#include "ui/canvas/keys.h"
#include "../../support/asserts.h"

enum { PER_TICK = 8 /* times MADE_PPS / 10 messages */ };

static void open_stream(unsigned threads, const char *ran, bool shares_cpus, int rows, int columns)
{
	modes_open(&made, "stream", threads, threads);
	made.ran = ran;
	made.shares_cpus = shares_cpus;
	snprintf(made.board.host.tcp_congestion, sizeof(made.board.host.tcp_congestion), "bbr");
	stage_dash(CHARSET_BRAILLE, NULL);
	assert_int_equal(dash_resize(&dash, rows, columns), 0);
}

static void run(void)
{
	made_run(&made, true);
	made_ticks(&made, 10, PHASE_WARMUP, PER_TICK);
	made_ticks(&made, 61, PHASE_MEASURE, PER_TICK);
	frame_paint(&dash);
}

/* ---- golden screens ---- */

static void one_connection_at_80x24(void **state)
{
	(void)state;
	open_stream(1, "one-copy", false, 24, 80);
	run();
	stage_golden("stream-80x24");
	stage_close();
}

static void zero_copy_at_120x40(void **state)
{
	(void)state;
	open_stream(2, "zero-copy", true, 40, 120);
	modes_set(&made, "threads", "2");
	run();
	stage_golden("stream-zero-copy-120x40");
	press(KEYCODE_ENTER);
	stage_golden("stream-sender-120x40");
	stage_close();
}

static void everything_at_200x60(void **state)
{
	(void)state;
	open_stream(4, "zero-copy", true, 60, 200);
	modes_set(&made, "threads", "4");
	modes_set(&made, "congestion", "cubic");
	run();
	stage_golden("stream-200x60");
	stage_close();
}

/* ---- what must be there at any size that has room ---- */

/* Windows and round trips of several connections have no sum; what was sent again has. */
static void gauges_are_not_added_up(void **state)
{
	(void)state;
	open_stream(4, "one-copy", false, 60, 200);
	run();
	assert_true(on_screen("rtt µs"));
	assert_true(on_screen(" 43 "));     /* a row's */
	assert_true(not_on_screen(" 166")); /* 40 + 41 + 42 + 43 */
	assert_true(not_on_screen("16.8M"));
	stage_close();
}

/* The share that was copied after all goes before bars; it is there only where there are
 * zero-copy sends. */
static void copied_share_has_room(void **state)
{
	(void)state;
	open_stream(2, "zero-copy", true, 40, 120);
	run();
	assert_true(on_screen("busy copied %"));
	assert_true(on_screen("srv1 cpu0* tx"));
	stage_close();
	open_stream(2, "one-copy", true, 40, 120);
	run();
	assert_true(not_on_screen("busy copied %"));
	stage_close();
}

static void workers_on_one_cpu_have_names_of_their_own(void **state)
{
	(void)state;
	open_stream(3, "one-copy", true, 40, 120);
	run();
	assert_true(on_screen("srv0 cpu0*"));
	assert_true(on_screen("srv2 cpu0*"));
	assert_true(on_screen("cli2 cpu1*"));
	stage_close();
}

static void congestion_control_is_named(void **state)
{
	(void)state;
	open_stream(1, "one-copy", false, 24, 80);
	run();
	/* the system's, but no default of ours */
	assert_true(on_screen("1+1 cores · congestion bbr"));
	assert_true(not_on_screen("size 64K"));
	press(KEYCODE_F2);
	assert_true(on_screen(">size")); /* the mode's own options stand first */
	for (int i = 0; i < 60 && not_on_screen("bbr · default"); i++)
		press(KEYCODE_DOWN);
	assert_true(on_screen("bbr · default"));
	stage_close();
	open_stream(1, "one-copy", false, 24, 80);
	modes_set(&made, "congestion", "cubic");
	run();
	assert_true(on_screen("congestion cubic"));
	assert_true(not_on_screen("bbr"));
	stage_close();
}

static void both_latencies_are_there(void **state)
{
	(void)state;
	open_stream(1, "one-copy", false, 48, 120);
	run();
	assert_true(on_screen("delivery percentiles µs"));
	assert_true(on_screen("message       5.30  p50 · p99 457 · 1 s\n"));
	press(KEYCODE_ENTER); /* the sender */
	assert_true(on_screen("delivery: no values"));
	press(KEYCODE_ESCAPE);
	press(KEYCODE_DOWN);
	press(KEYCODE_ENTER);
	assert_true(on_screen("delivery of the last 1 s, from send or schedule"));
	stage_close();
}

static void the_verdict_is_there_in_full(void **state)
{
	(void)state;
	open_stream(2, "zero-copy", true, 24, 80);
	run();
	assert_true(on_screen("(v: +"));
	press('v');
	assert_true(on_screen("the kernel copied 100 % of the zero-copy sends: the path is local,"));
	assert_true(on_screen("or its device cannot do it"));
	assert_true(on_screen("4 of 4 workers share a CPU"));
	/* In a small window they are scrolled, to the last event and no further. */
	made_event(&made, SEVERITY_INFO, "the oldest event");
	frame(10, 40);
	assert_true(on_screen("the kernel copied 100 % of"));
	assert_true(not_on_screen("the oldest event"));
	for (int i = 0; i < 40; i++)
		press('j');
	frame_paint(&dash);
	assert_true(not_on_screen("the kernel copied 100 % of"));
	assert_true(on_screen("the oldest event"));
	press(KEYCODE_ESCAPE);
	assert_int_equal(dash.view.screen, SCREEN_DASH);
	stage_close();
}

/* A worker of one end lacks some figures, and says why: the number to divide by is counted at the
 * other end. */
static void figures_of_one_end_say_why_not(void **state)
{
	(void)state;
	open_stream(1, "one-copy", false, 60, 120);
	run();
	press(KEYCODE_ENTER);
	assert_true(on_screen("no rx B here"));
	assert_true(on_screen("no zc done here"));
	stage_close();
}

static void more_threads_than_cpus_are_called_that(void **state)
{
	(void)state;
	open_stream(8, "one-copy", true, 24, 80);
	run();
	assert_true(on_screen("8+8 threads on 2 CPUs"));
	stage_close();
	open_stream(1, "one-copy", false, 24, 80);
	run();
	assert_true(on_screen("1+1 cores"));
	stage_close();
}

/* At 80x24 the drill-down begins with what the mode is about; threads are counted before the
 * options, and leave their room to them. */
static void what_matters_is_seen_first(void **state)
{
	(void)state;
	open_stream(2, "zero-copy", true, 24, 80);
	modes_set(&made, "threads", "2");
	run();
	assert_true(on_screen("2+2 threads on 2 CPUs · congestion bbr"));
	press(KEYCODE_ENTER);
	assert_true(on_screen("copied %"));
	assert_true(on_screen("100"));
	stage_close();
	open_stream(1, "one-copy", false, 24, 80);
	modes_set(&made, "threads", "1");
	modes_set(&made, "congestion", "cubic");
	run();
	assert_true(on_screen("1+1 cores · congestion cubic"));
	stage_close();
}

static void every_size_is_painted(void **state)
{
	static const int keys[] = { 0, 'v', KEYCODE_ENTER, '?', KEYCODE_F2 };

	(void)state;
	open_stream(5, "zero-copy", true, 24, 80);
	run();
	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
		frame(24, 80);
		if (keys[k])
			press(keys[k]);
		every_frame();
		frame(24, 80);
		press(KEYCODE_ESCAPE);
	}
	stage_close();
}

/* The panel's last line, which says so too, is the first to go. */
static void a_comparison_says_that_it_is_of_one_run_a_side(void **state)
{
	(void)state;
	open_stream(2, "one-copy", true, 40, 120);
	made_run(&made, true);
	made_ticks(&made, 10, PHASE_WARMUP, PER_TICK);
	made_ticks(&made, 21, PHASE_MEASURE, PER_TICK);
	press('b');
	assert_true(on_screen("A ‹one-copy› n=2"));
	assert_true(on_screen("one run a side"));
	assert_true(not_on_screen("Mbit/s")); /* bits/s everywhere */
	stage_close();
}

static void help_explains_the_columns(void **state)
{
	(void)state;
	open_stream(1, "zero-copy", false, 60, 200);
	run();
	press('?');
	assert_true(on_screen("of this mode: stream (TCP copy)"));
	assert_true(on_screen("copied %      share of the zero-copy sends"));
	assert_true(on_screen("message       time to receive one message"));
	assert_true(on_screen("cwnd "));
	/* At the smallest width it is broken into lines, and can be scrolled to its end. */
	frame(24, 80);
	for (int i = 0; i < 30 && not_on_screen("sockbuf "); i++)
		press(KEYCODE_PAGE_DOWN);
	assert_true(on_screen("sockbuf "));
	stage_close();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_connection_at_80x24),
		cmocka_unit_test(zero_copy_at_120x40),
		cmocka_unit_test(everything_at_200x60),
		cmocka_unit_test(gauges_are_not_added_up),
		cmocka_unit_test(copied_share_has_room),
		cmocka_unit_test(workers_on_one_cpu_have_names_of_their_own),
		cmocka_unit_test(congestion_control_is_named),
		cmocka_unit_test(both_latencies_are_there),
		cmocka_unit_test(the_verdict_is_there_in_full),
		cmocka_unit_test(figures_of_one_end_say_why_not),
		cmocka_unit_test(more_threads_than_cpus_are_called_that),
		cmocka_unit_test(what_matters_is_seen_first),
		cmocka_unit_test(every_size_is_painted),
		cmocka_unit_test(a_comparison_says_that_it_is_of_one_run_a_side),
		cmocka_unit_test(help_explains_the_columns),
	};

	stage_update = argc > 1 && !strcmp(argv[1], "--update");
	setenv("TZ", "UTC0", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
