/* The screen of a sweep: the real program on a pseudo-terminal, mode null on the virtual clock.
 *
 * Of the cells that the plan names, those of 9 s get more time than the clock gives a run, and
 * hold: the sweep comes to the first of them, and no further.  The screen then depends on the seed
 * alone.  test_sweep [--update] [NAME]: --update writes the golden files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "golden.h"
#include "program.h"
#include "../support/parts.h"
#include "../support/asserts.h"

enum { CELLS = 30, ROUNDS = 2, DONE = 18, HOLDING = 30, FLOWING = 200 };

#define RUNNING "▶ round 1 of 2: rate 50k, duration 9s"

/* No gnuplot: the pictures are another test's. */
static const char *const environment[] = { "ASAN_OPTIONS=handle_segv=0:handle_abort=0",
	"TSAN_OPTIONS=handle_segv=0:handle_abort=0", "PATH=/nowhere", NULL };
static const char *const fresh[] = { "sweep", "null", "--seed", "6", "--cores", "2", "--rate", "10k,50k,200k,500k,1M,2M",
	"--duration", "500ms,1s,1500ms,2s,9s", "--warmup", "0", "--repeat", "2", "--out", "d", NULL };
static const char *const resumed[] = { "sweep", "--resume", "d", NULL };

static bool update;
static struct program program;
static struct termios before;

static void start_at(int rows, int columns)
{
	program_start(&program,
		&(struct program_config){
			.rows = rows, .columns = columns, .ticks = HOLDING, .words = fresh, .environment = environment });
	before = term_settings_before(program.term);
}

static int start(void **state)
{
	(void)state;
	start_at(24, 80);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	program_end(&program);
	return 0;
}

/* Waits until the sweep has come to the cell that holds, and the terminal shows its screen. */
static void assert_holding(void)
{
	assert_true(term_wait_sample(program.term, DONE));
	assert_true(term_wait_text(program.term, RUNNING));
	assert_int_equal(term_report(program.term).sample, DONE);
	assert_true(term_modes(program.term).alternate_screen);
	assert_false(term_modes(program.term).cursor_visible);
	assert_int_equal(term_settings(program.term).c_lflag & (ECHO | ICANON), 0);
}

static void assert_restored(void)
{
	assert_true(term_wait_restored(program.term));
	struct termios now = term_settings(program.term);
	assert_int_equal(now.c_lflag, before.c_lflag);
	assert_int_equal(now.c_iflag, before.c_iflag);
	assert_int_equal(now.c_oflag, before.c_oflag);
	assert_int_equal(now.c_cflag, before.c_cflag);
}

/* The terminal is as it was before, and the line on it says how to go on. */
static void assert_interrupted(void)
{
	assert_true(term_wait_state(program.term, TERM_ENDED));
	assert_true(WIFEXITED(term_status(program.term)));
	assert_int_equal(WEXITSTATUS(term_status(program.term)), 130);
	assert_restored();
	assert_true(term_wait_text(program.term, "to continue: netdyno sweep --resume d"));
	assert_true(term_wait_text(program.term, "runs: 18 of 60 done"));
}

static void send_key(const char *key)
{
	term_send(program.term, key, strlen(key));
}

/* ---- the results ---- */

static char *read_results(void)
{
	char path[128], *text = NULL;
	size_t room = 0;

	snprintf(path, sizeof(path), "%s/d/results.jsonl", program.directory);
	FILE *in = fopen(path, "r");
	assert_non_null(in);
	assert_more(getdelim(&text, &room, '\0', in), 0);
	fclose(in);
	return text;
}

/* Every line is a run, and none is there twice; returns how many there are. */
static unsigned count_runs(const char *text)
{
	bool seen[ROUNDS][CELLS] = { { false } };
	unsigned runs = 0;

	for (const char *line = text; *line; line = strchr(line, '\n') + 1, runs++) {
		json_t *object = json_loadb(line, strcspn(line, "\n"), 0, NULL);

		assert_non_null(object);
		json_int_t cell = json_integer_value(json_object_get(object, "cell"));
		json_int_t round = json_integer_value(json_object_get(object, "round"));
		assert_string_equal(json_string_value(json_object_get(object, "event")), "run");
		assert_in_range(cell, 0, CELLS - 1);
		assert_in_range(round, 0, ROUNDS - 1);
		if (seen[round][cell])
			fail_msg("cell %d of round %d is there twice", (int)cell, (int)round);
		seen[round][cell] = true;
		json_decref(object);
		assert_non_null(strchr(line, '\n'));
	}
	return runs;
}

/* ---- the screen ---- */

static void test_the_grid_fills_in(void **state)
{
	struct term *t = program.term;

	(void)state;
	/* Each cell that has ended is seen on the way, with its count. */
	for (unsigned done = 1; done <= DONE; done++) {
		char text[32];

		assert_true(term_wait_sample(t, done));
		assert_int_equal(term_report(t).sample, done);
		snprintf(text, sizeof(text), " %u/60 runs", done);
		assert_true(term_wait_text(t, text));
	}
	assert_holding();
	assert_true(golden_check(t, 0, NETDYNO_GOLDEN, "sweep-80x24", update));
}

static void test_the_grid_at_120x40(void **state)
{
	(void)state;
	start_at(40, 120);
	assert_holding();
	assert_true(golden_check(program.term, 0, NETDYNO_GOLDEN, "sweep-120x40", update));
}

static void test_keys(void **state)
{
	static const char *const keys[] = { "\033OA", "\033OB", "\033OC", "\033OD", "\033[5~", "\033[6~", "h", "j", "k", "l", "n",
		"p", "f", "x", "\033", "\014", "\033OP", "\t", "\r" };
	struct term *t = program.term;
	unsigned count = sizeof(keys) / sizeof(keys[0]);

	(void)state;
	assert_holding();
	for (unsigned i = 0; i < count; i++) {
		send_key(keys[i]);
		assert_true(term_wait_keys(t, i + 1));
	}
	send_key("x");
	assert_true(term_wait_text(t, "x: no such key here"));
	send_key("f");
	assert_true(term_wait_keys(t, count + 2));
	assert_true(golden_check(t, 0, NETDYNO_GOLDEN, "sweep-80x24", false));
}

static void test_sizes(void **state)
{
	static const int sizes[][2] = { { 1, 1 }, { 24, 80 }, { 2, 300 }, { 100, 3 }, { 8, 40 }, { 9, 29 }, { 60, 200 },
		{ 1, 1 } };
	struct term *t = program.term;

	(void)state;
	assert_holding();
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		term_resize(t, sizes[i][0], sizes[i][1]);
		send_key("f");
		assert_true(term_wait_keys(t, i + 1));
	}
	/* Faster than frames. */
	for (unsigned i = 0; i < 100; i++)
		term_resize(t, 1 + (int)(i * 7 % 50), 1 + (int)(i * 13 % 150));
	term_resize(t, 24, 80);
	send_key("f");
	assert_true(term_wait_text(t, "Ctrl-Z Suspend"));
	assert_true(term_wait_keys(t, sizeof(sizes) / sizeof(sizes[0]) + 1));
	assert_true(term_wait_frames(t, 1));
	assert_true(golden_check(t, 0, NETDYNO_GOLDEN, "sweep-80x24", false));
	send_key("q");
	assert_interrupted();
}

/* ---- its end ---- */

static void test_quit_keys(void **state)
{
	static const char *const keys[] = { "q", "\033[21~", "\003" };

	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (i > 0)
			start(state);
		assert_holding();
		send_key(keys[i]);
		assert_interrupted();
		if (i + 1 < sizeof(keys) / sizeof(keys[0]))
			stop(state);
	}
}

static void test_signals(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };

	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (i > 0)
			start(state);
		assert_holding();
		term_signal(program.term, signals[i]);
		assert_interrupted();
		if (i + 1 < sizeof(signals) / sizeof(signals[0]))
			stop(state);
	}
}

/* The first frame is there before anything has run: already then the way back is known. */
static void test_signal_at_once(void **state)
{
	(void)state;
	assert_true(term_wait_frames(program.term, 1));
	term_signal(program.term, SIGTERM);
	assert_true(term_wait_state(program.term, TERM_ENDED));
	assert_true(WIFEXITED(term_status(program.term)));
	assert_int_equal(WEXITSTATUS(term_status(program.term)), 130);
	assert_restored();
	assert_true(term_wait_text(program.term, "to continue: netdyno sweep --resume d"));
}

static void test_crash(void **state)
{
	(void)state;
	assert_holding();
	term_signal(program.term, SIGSEGV);
	assert_true(term_wait_state(program.term, TERM_ENDED));
	assert_true(WIFSIGNALED(term_status(program.term)));
	assert_int_equal(WTERMSIG(term_status(program.term)), SIGSEGV);
	assert_restored();
}

static void stop_and_go(void)
{
	assert_true(term_wait_state(program.term, TERM_STOPPED));
	assert_restored();
	term_continue(program.term);
	assert_true(term_wait_frames(program.term, 1));
	assert_holding();
	assert_true(golden_check(program.term, 0, NETDYNO_GOLDEN, "sweep-80x24", false));
}

/* Again and again: a signal that comes while a frame is drawn must not be lost. */
static void test_suspend(void **state)
{
	(void)state;
	assert_holding();
	send_key("\032");
	stop_and_go();
	for (unsigned i = 0; i < 10; i++) {
		term_signal(program.term, SIGTSTP);
		stop_and_go();
	}
	send_key("q");
	assert_interrupted();
}

static void test_resume(void **state)
{
	struct program_config config = {
		.rows = 24, .columns = 80, .ticks = FLOWING, .words = resumed, .environment = environment
	};

	(void)state;
	assert_holding();
	send_key("q");
	assert_interrupted();
	char *first = read_results();
	assert_int_equal(count_runs(first), DONE);
	for (unsigned again = 0; again < 2; again++) {
		program_again(&program, &config);
		assert_true(term_wait_state(program.term, TERM_ENDED));
		assert_true(WIFEXITED(term_status(program.term)));
		assert_int_equal(WEXITSTATUS(term_status(program.term)), 0);
		assert_restored();
		assert_true(term_wait_text(program.term, "runs: 60 of 60 done"));
		char *all = read_results();
		assert_int_equal(count_runs(all), CELLS * ROUNDS);
		if (strncmp(all, first, strlen(first)) != 0)
			fail_msg("what was finished before is no longer as it was");
		free(first);
		first = all;
	}
	free(first);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_grid_fills_in, start, stop),
		cmocka_unit_test_teardown(test_the_grid_at_120x40, stop),
		cmocka_unit_test_setup_teardown(test_keys, start, stop),
		cmocka_unit_test_setup_teardown(test_sizes, start, stop),
		cmocka_unit_test_setup_teardown(test_quit_keys, start, stop),
		cmocka_unit_test_setup_teardown(test_signals, start, stop),
		cmocka_unit_test_setup_teardown(test_signal_at_once, start, stop),
		cmocka_unit_test_setup_teardown(test_crash, start, stop),
		cmocka_unit_test_setup_teardown(test_suspend, start, stop),
		cmocka_unit_test_setup_teardown(test_resume, start, stop),
	};

	update = argc > 1 && !strcmp(argv[1], "--update");
	if (argc > 1 + update)
		cmocka_set_test_filter(argv[1 + update]);
	return run_part_of("sweep screens", tests);
}
