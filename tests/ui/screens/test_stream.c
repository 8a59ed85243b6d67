/* The stream tab: mode stream's own tables, painted from a board made by hand, so that every number is known.  The screens are compared with golden/ as text.
 * test_stream_screens [--update]: --update writes the golden files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "boards.h"
#include "engines/engines.h"
#include "engines/stream.h"
#include "ui/dash.h"
#include "ui/keys.h"
#include "ui/keytable.h"

enum { SIZE = 65536, PER_TICK = 8 /* times MADE_PPS / 10 messages */ };

static bool update;
static struct made made;
static struct made_calls calls;
static struct ui_requests requests;
static struct dash dash;

/* Of every message 64 KiB; one segment in a thousand messages is sent again; zero-copy: all copied after all. */
static void fill_stream(const struct made *m, struct worker_sample *w, unsigned i)
{
	bool sends = i < m->servers, zero_copy = !strcmp(m->ran, "zero-copy");
	uint64_t sent = w->value[COUNTER_TX_PACKETS];

	w->value[COUNTER_TX_BYTES] = SIZE * sent;
	w->value[COUNTER_RX_BYTES] = SIZE * w->value[COUNTER_RX_PACKETS];
	w->value[STREAM_C_CONNECTIONS] = 1;
	w->value[STREAM_C_RETRANSMITS] = sent / 1000;
	w->value[STREAM_C_CWND] = sends ? 12 + i : 10;
	w->value[STREAM_C_RTT] = sends ? 40 + i : 20;
	w->value[STREAM_C_DELIVERY_RATE] = sends ? 9000 : 0;
	w->value[STREAM_C_BUFFER] = sends ? 4194304 : 6291456;
	w->value[STREAM_C_ZC_COMPLETIONS] = w->value[STREAM_C_ZC_COPIED] = zero_copy ? sent : 0;
	if (!sends)
		w->latency[STREAM_L_MESSAGE] = (struct latency_summary){ .count = w->latency[0].count,
			.mean_ns = 6000,
			.min_ns = 2300,
			.p50_ns = 5300,
			.p75_ns = 7000,
			.p90_ns = 14300,
			.p95_ns = 20000,
			.p99_ns = 456700,
			.p99_9_ns = 3915800,
			.p99_99_ns = 8454100,
			.max_ns = 17563600 };
}

static void set(const char *option, const char *value)
{
	struct err err = ERR_NONE;

	assert_int_equal(options_set(&made.mode[0].options, option, value, &err), 0);
}

static void open_stream(unsigned threads, const char *ran, bool shares_cpus, int rows, int columns)
{
	struct err err = ERR_NONE;

	made_open_with(&made, &engine_stream, threads, threads);
	made.bulk = true;
	made.ran = ran;
	made.shares_cpus = shares_cpus;
	made.fill = fill_stream;
	snprintf(made.board.host.tcp_congestion, sizeof(made.board.host.tcp_congestion), "bbr");
	made_requests(&calls, &requests);
	assert_int_equal(dash_init(&dash, &made.board, &requests, CHARSET_BRAILLE, NULL, &err), 0);
	assert_int_equal(dash_resize(&dash, rows, columns), 0);
}

static void run(void)
{
	made_run(&made, true);
	made_ticks(&made, 10, PHASE_WARMUP, PER_TICK);
	made_ticks(&made, 61, PHASE_MEASURE, PER_TICK);
	dash_frame(&dash);
}

static void close_stream(void)
{
	dash_free(&dash);
	made_close(&made);
}

static void press(int key)
{
	key_dispatch(&dash, key);
	dash_frame(&dash);
}

static void assert_shown(const char *text, bool wanted)
{
	char *screen = canvas_to_text(&dash.canvas);

	assert_non_null(screen);
	if (!strstr(screen, text) == wanted)
		fail_msg("\"%s\" is %s\n%s", text, wanted ? "not in" : "in", screen);
	free(screen);
}

/* ---- golden screens ---- */

static char *read_text(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;

	if (in && getdelim(&text, &room, '\0', in) < 0) {
		free(text);
		text = NULL;
	}
	if (in)
		fclose(in);
	return text;
}

static void write_text(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static void golden(const char *name)
{
	char path[512], *screen = canvas_to_text(&dash.canvas), *wanted;

	snprintf(path, sizeof(path), "%s/%s.txt", PAINTED_GOLDEN, name);
	assert_non_null(screen);
	if (update)
		write_text(path, screen);
	wanted = read_text(path);
	if (!wanted || strcmp(wanted, screen) != 0)
		fail_msg("%s (--update accepts it) wants\n%s\ngot\n%s", path, wanted ? wanted : "", screen);
	free(wanted);
	free(screen);
}

static void one_connection_at_80x24(void **state)
{
	(void)state;
	open_stream(1, "one-copy", false, 24, 80);
	run();
	golden("stream-80x24");
	close_stream();
}

static void zero_copy_at_120x40(void **state)
{
	(void)state;
	open_stream(2, "zero-copy", true, 40, 120);
	set("threads", "2");
	run();
	golden("stream-zero-copy-120x40");
	press(KEYCODE_ENTER);
	golden("stream-sender-120x40");
	close_stream();
}

static void everything_at_200x60(void **state)
{
	(void)state;
	open_stream(4, "zero-copy", true, 60, 200);
	set("threads", "4");
	set("congestion", "cubic");
	run();
	golden("stream-200x60");
	close_stream();
}

/* ---- what must be there at any size that has room ---- */

/* Windows and round trips of several connections have no sum; what was sent again has. */
static void gauges_are_not_added_up(void **state)
{
	(void)state;
	open_stream(4, "one-copy", false, 60, 200);
	run();
	assert_shown("rtt µs", true);
	assert_shown(" 43 ", true);  /* a row's */
	assert_shown(" 166", false); /* 40 + 41 + 42 + 43 */
	assert_shown("16.8M", false);
	close_stream();
}

/* The share that was copied after all goes before bars; it is there only where there are zero-copy sends. */
static void copied_share_has_room(void **state)
{
	(void)state;
	open_stream(2, "zero-copy", true, 40, 120);
	run();
	assert_shown("busy copied %", true);
	assert_shown("srv1 cpu0* tx", true);
	close_stream();
	open_stream(2, "one-copy", true, 40, 120);
	run();
	assert_shown("busy copied %", false);
	assert_shown("share", true);
	close_stream();
}

static void workers_on_one_cpu_have_names_of_their_own(void **state)
{
	(void)state;
	open_stream(3, "one-copy", true, 40, 120);
	run();
	assert_shown("srv0 cpu0*", true);
	assert_shown("srv2 cpu0*", true);
	assert_shown("cli2 cpu1*", true);
	close_stream();
}

static void congestion_control_is_named(void **state)
{
	(void)state;
	open_stream(1, "one-copy", false, 24, 80);
	run();
	assert_shown("size 64K · congestion bbr", true); /* the system's, before switches that are off */
	press(KEYCODE_F2);
	for (int i = 0; i < 24; i++)
		press(KEYCODE_DOWN);
	assert_shown("(default: bbr)", true);
	close_stream();
	open_stream(1, "one-copy", false, 24, 80);
	set("congestion", "cubic");
	run();
	assert_shown("congestion cubic", true);
	assert_shown("bbr", false);
	close_stream();
}

static void both_latencies_are_there(void **state)
{
	(void)state;
	open_stream(1, "one-copy", false, 40, 120);
	run();
	assert_shown("delivery percentiles µs", true);
	assert_shown("message       5.30  p50 · p99 457 · 1 s\n", true);
	press(KEYCODE_ENTER);
	assert_shown("delivery of the last 1 s, from send or schedule", true);
	close_stream();
}

static void the_verdict_is_there_in_full(void **state)
{
	(void)state;
	open_stream(2, "zero-copy", true, 24, 80);
	run();
	assert_shown("(v: +", true);
	press('v');
	assert_shown("the kernel copied 100 % of the zero-copy sends: the path is local,", true);
	assert_shown("or its device cannot do it", true);
	assert_shown("4 of 4 workers share a CPU", true);
	/* In a small window they are scrolled, to the last event and no further. */
	made_event(&made, SEVERITY_INFO, "the oldest event");
	assert_int_equal(dash_resize(&dash, 10, 40), 0);
	dash_frame(&dash);
	assert_shown("the kernel copied 100 % of", true);
	assert_shown("the oldest event", false);
	for (int i = 0; i < 40; i++)
		press('j');
	dash_frame(&dash);
	assert_shown("the kernel copied 100 % of", false);
	assert_shown("the oldest event", true);
	press(KEYCODE_ESCAPE);
	assert_int_equal(dash.view.screen, SCREEN_DASH);
	close_stream();
}

/* What a worker does not have is no mystery: what it would be divided by is counted at the other end. */
static void figures_of_one_end_say_why_not(void **state)
{
	(void)state;
	open_stream(1, "one-copy", false, 60, 120);
	run();
	press(KEYCODE_ENTER);
	assert_shown("no rx B here", true);
	assert_shown("no zc done here", true);
	close_stream();
}

static void more_threads_than_cpus_are_called_that(void **state)
{
	(void)state;
	open_stream(8, "one-copy", true, 24, 80);
	run();
	assert_shown("8+8 threads on 2 CPUs", true);
	assert_shown("size 64K", true);
	close_stream();
	open_stream(1, "one-copy", false, 24, 80);
	run();
	assert_shown("1+1 cores", true);
	close_stream();
}

/* At 80x24 the drill-down begins with what the mode is about; threads are counted before the options, and leave their room to them. */
static void what_matters_is_seen_first(void **state)
{
	(void)state;
	open_stream(2, "zero-copy", true, 24, 80);
	set("threads", "2");
	run();
	assert_shown("2+2 threads on 2 CPUs · size 64K", true);
	press(KEYCODE_ENTER);
	assert_shown("copied %", true);
	assert_shown("100", true);
	close_stream();
	open_stream(1, "one-copy", false, 24, 80);
	set("threads", "1");
	set("congestion", "cubic");
	run();
	assert_shown("1+1 cores · size 64K · congestion cubic", true);
	close_stream();
}

static void every_size_is_painted(void **state)
{
	static const int keys[] = { 0, 'v', KEYCODE_ENTER, '?', KEYCODE_F2 };

	(void)state;
	open_stream(5, "zero-copy", true, 24, 80);
	run();
	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
		assert_int_equal(dash_resize(&dash, 24, 80), 0);
		dash_frame(&dash);
		if (keys[k])
			press(keys[k]);
		for (int rows = 1; rows <= 60; rows += 1 + rows / 6)
			for (int columns = 1; columns <= 250; columns += 1 + columns / 6) {
				assert_int_equal(dash_resize(&dash, rows, columns), 0);
				dash_frame(&dash);
			}
		assert_int_equal(dash_resize(&dash, 24, 80), 0);
		press(KEYCODE_ESCAPE);
	}
	close_stream();
}

static void help_explains_the_columns(void **state)
{
	(void)state;
	open_stream(1, "zero-copy", false, 60, 200);
	run();
	press('?');
	assert_shown("of this mode (TCP copy)", true);
	assert_shown("copied %      share of the zero-copy sends", true);
	assert_shown("message       time to receive one message", true);
	assert_shown("cwnd ", true);
	/* At the smallest width it is broken into lines, and can be scrolled to its end. */
	assert_int_equal(dash_resize(&dash, 24, 80), 0);
	for (int i = 0; i < 12; i++)
		press(KEYCODE_PAGE_DOWN);
	assert_shown("sockbuf ", true);
	close_stream();
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
		cmocka_unit_test(help_explains_the_columns),
	};

	update = argc > 1 && !strcmp(argv[1], "--update");
	setenv("TZ", "UTC0", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
