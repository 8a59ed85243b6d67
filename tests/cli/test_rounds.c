/* The dashboard's duel as its keys start, change and stop it: the synthetic mode on the virtual
 * clock, without a screen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "../support/asserts.h"
#include "base/clock.h"
#include "engines/engines.h"
#include "main/live/console.h"
#include "main/live/requests.h"

enum { DEADLINE_S = 60 };

static struct cli cli;
static struct console console;
static struct ui_requests ask;
static const struct duel *duel;

/* Pumps until it is so. */
static void wait_for(bool (*is_so)(void))
{
	int64_t deadline_ns = clock_now_ns() + (int64_t)DEADLINE_S * NS_PER_S;

	for (console_pump(&console); !is_so(); console_pump(&console)) {
		struct pollfd fd = { .fd = session_fd(console.session), .events = POLLIN };

		if (clock_now_ns() > deadline_ns)
			fail_msg("nothing came: duel phase %d, round %u, said \"%s\"", (int)duel->phase, duel->round, duel->said);
		poll(&fd, 1, 100);
	}
}

static bool run_is_over(void)
{
	return console.over;
}

static bool a_round_counts(void)
{
	return duel->phase != DUEL_GOING || duel->looks > 0;
}

static bool duel_is_over(void)
{
	return duel->phase == DUEL_OVER;
}

static int open_console(void **state)
{
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(setenv("NETDYNO_TEST_TICKS", "40", 1), 0);
	cli = (struct cli){ .engine = engine_find(engines_all, "null") };
	assert_non_null(cli.engine);
	assert_int_equal(options_init(&cli.options, cli.engine, &err), 0);
	assert_int_equal(options_set(&cli.options, "duration", "1s", &err), 0);
	assert_int_equal(options_set(&cli.options, "warmup", "200ms", &err), 0);
	assert_int_equal(options_set(&cli.options, "cores", "1", &err), 0);
	if (console_open(&console, &cli, &err) < 0)
		fail_msg("%s", err.text);
	requests_fill(&console, &ask);
	duel = console.board.duel;
	assert_int_equal(ask.run(ask.ctx, true, &err), 0);
	wait_for(run_is_over);
	return 0;
}

static int close_console(void **state)
{
	(void)state;
	console_finish(&console, 1000 * DEADLINE_S);
	console_close(&console);
	options_free(&cli.options);
	return 0;
}

static void keep(void)
{
	struct err err = ERR_NONE;

	if (ask.keep_base(ask.ctx, console.run_id, &err) < 0)
		fail_msg("%s", err.text);
}

static void start(void)
{
	struct err err = ERR_NONE;

	if (ask.duel(ask.ctx, true, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(duel->phase, DUEL_GOING);
}

static void without_a_baseline(void **state)
{
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(ask.duel(ask.ctx, true, &err), -ENOENT);
	assert_contains(err.text, "there is no baseline");
	assert_int_equal(duel->phase, DUEL_NONE);
}

/* Equals to the last packet: it goes on until the interval says so. */
static void the_same_twice(void **state)
{
	char words[DUEL_WORDS_BYTES];
	struct err err = ERR_NONE;

	(void)state;
	keep();
	/* 1M, as it would be typed otherwise */
	assert_int_equal(options_set(&console_mode(&console)->options, "rate", "1000000", &err), 0);
	start();
	assert_true(duel->same);
	assert_contains(duel->said, "the duel begins");
	wait_for(duel_is_over);
	assert_contains(duel->said, "the interval is within 1 %");
	assert_contains(duel_words(duel, words), "not shown to differ");
	assert_int_equal(duel->repeated, 0);
	assert_false(console.board.run_wanted);
}

/* Another load is another B, and the rounds begin anew; A stays what it was. */
static void b_changes_in_the_middle(void **state)
{
	struct err err = ERR_NONE;
	char words[DUEL_WORDS_BYTES];

	(void)state;
	keep();
	start();
	wait_for(a_round_counts);
	assert_int_equal(duel->phase, DUEL_GOING);
	assert_int_equal(options_set(&console_mode(&console)->options, "rate", "500000", &err), 0);
	/* The step is taken from B's own load, whichever side runs now. */
	if (ask.change_load(ask.ctx, 1, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(duel->phase, DUEL_GOING);
	assert_int_equal(duel->round, 0);
	assert_int_equal(duel->looks, 0);
	assert_false(duel->same);
	assert_contains(duel->said, "B has changed, and the duel begins anew");
	assert_string_equal(duel->side[DUEL_B], "--rate 550000");
	wait_for(duel_is_over);
	assert_int_equal(duel->of[0].mark, COMPARED_LESS);
	assert_contains(duel_words(duel, words), "% lower, 95 % interval");
}

static void keys_that_stop_it(void **state)
{
	struct err err = ERR_NONE;

	(void)state;
	keep();
	start();
	assert_int_equal(ask.run(ask.ctx, false, &err), 0);
	assert_int_equal(duel->phase, DUEL_OVER);
	assert_contains(duel->said, "the traffic was stopped");
	wait_for(run_is_over);
	start();
	assert_int_equal(ask.duel(ask.ctx, false, &err), 0);
	assert_contains(duel->said, "d was pressed");
	wait_for(run_is_over);
	start();
	assert_int_equal(ask.keep_base(ask.ctx, 0, &err), 0);
	assert_contains(duel->said, "A was forgotten");
	assert_int_equal(duel->phase, DUEL_NONE);
	assert_int_equal(ask.duel(ask.ctx, true, &err), -ENOENT);
}

/* What an old duel said is not of a B that has changed since. */
static void a_change_after_the_end(void **state)
{
	struct err err = ERR_NONE;

	(void)state;
	keep();
	start();
	assert_int_equal(ask.run(ask.ctx, false, &err), 0);
	wait_for(run_is_over);
	assert_int_equal(duel->phase, DUEL_OVER);
	assert_int_equal(ask.choose_method(ask.ctx, 1, &err), 0);
	assert_int_equal(duel->phase, DUEL_NONE);
}

/* Traffic was on, and the duel was only a part of it: the next change goes on with it.  After r has
 * stopped it, nothing does. */
static void a_change_goes_on_where_traffic_was_on(void **state)
{
	struct err err = ERR_NONE;
	uint32_t before;

	(void)state;
	keep();
	assert_int_equal(ask.run(ask.ctx, true, &err), 0);
	start();
	assert_int_equal(ask.duel(ask.ctx, false, &err), 0);
	before = console.run_id;
	if (ask.choose_method(ask.ctx, 1, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(console.run_id, before + 1);
	assert_true(console.board.run_wanted);
	start();
	assert_int_equal(ask.run(ask.ctx, false, &err), 0);
	before = console.run_id;
	if (ask.choose_method(ask.ctx, 1, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(console.run_id, before);
	assert_false(console.board.run_wanted);
	wait_for(run_is_over);
}

/* A run of B that cannot even be planned changes nothing. */
static void a_b_that_cannot_run(void **state)
{
	struct err err = ERR_NONE;
	uint32_t before;

	(void)state;
	keep();
	start();
	before = console.run_id;
	assert_int_equal(options_set(&console_mode(&console)->options, "role", "client", &err), 0);
	assert_int_equal(options_set(&console_mode(&console)->options, "server-method", "count", &err), 0);
	assert_less(ask.duel(ask.ctx, true, &err), 0);
	assert_int_equal(duel->phase, DUEL_GOING);
	assert_int_equal(console.run_id, before);
}

/* m goes on to the next method where one cannot even be planned, and says so once. */
static void a_method_that_cannot_run_is_passed_over(void **state)
{
	static const struct method nobody = { .name = "nobody", .summary = "no method of this mode" };
	struct board_mode *mode = console_mode(&console);
	struct board_method *methods = realloc(mode->method, 3 * sizeof(*methods));
	struct err err = ERR_NONE;

	(void)state;
	assert_non_null(methods);
	assert_int_equal(mode->methods, 2);
	mode->method = methods;
	mode->methods = 3;
	methods[2] = methods[1];
	methods[1] = (struct board_method){ .method = &nobody, .runs = true };
	assert_int_equal(ask.run(ask.ctx, true, &err), 0);
	assert_int_equal(ask.choose_method(ask.ctx, 1, &err), 0);
	assert_contains(err.text, "nobody passed over: ");
	assert_string_equal(options_text(&mode->options, "method"), "full");
	err = ERR_NONE;
	assert_int_equal(ask.choose_method(ask.ctx, -1, &err), 0);
	assert_string_equal(err.text, "");
	assert_string_equal(options_text(&mode->options, "method"), "count");
	methods[2].runs = false;
	assert_less(ask.choose_method(ask.ctx, 1, &err), 0);
	assert_contains(err.text, "no other method runs here: ");
	assert_string_equal(options_text(&mode->options, "method"), "count");
}

int main(void)
{
#define ON_CONSOLE(test) cmocka_unit_test_setup_teardown(test, open_console, close_console)
	const struct CMUnitTest tests[] = {
		ON_CONSOLE(without_a_baseline),
		ON_CONSOLE(the_same_twice),
		ON_CONSOLE(b_changes_in_the_middle),
		ON_CONSOLE(keys_that_stop_it),
		ON_CONSOLE(a_change_after_the_end),
		ON_CONSOLE(a_change_goes_on_where_traffic_was_on),
		ON_CONSOLE(a_b_that_cannot_run),
		ON_CONSOLE(a_method_that_cannot_run_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
