/* Random keys, mouse clicks and window sizes, seeded: the dashboard survives them, keeps
 * drawing, and q ends it.  NETDYNO_TEST_SEED picks another sequence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/rng.h"
#include "program.h"

enum { ACTIONS = 1000, ROUND = 20 };

static struct program program;

/* Keys that end or stop the program are not among them.  A lone Escape is, with all that it may
 * merge with. */
static const char *const keys[] = { "1", "2", "3", "4", "\t", "\033[Z", "m", "M", "r", " ", "f", "\033OD", "\033OC", "[", "]",
	"+", "-", "=", "j", "k", "\033OA", "\033OB", "\r", "S", "<", ">", "I", "e", "\033", "s", "w", "W", "b", "c", "\033OQ",
	"o", "/", "n", "N", "t", "?", "\033OP", "h", "u", "\014", "x", "9", "0", ".", "\177", "\033[3~", "\033[5~", "\033[6~",
	"\033OH", "\033OF", "\025", "\303\251", "\377", "\033[99~", "y", "Y", "l", "g", "gd", "x", "R", "B", "d", "v", "ga",
	"/c\r", "\033]11;rgb:ff/ff/ff\033\\", "\033[<0;30;9M", "\033[<65;30;9M", "\033[M !!", "\033[<0;10;1M\033[<0;10;1m" };

static int start(void **state)
{
	(void)state;
	program_start(&program, &(struct program_config){ .rows = 24, .columns = 80, .ticks = 40 });
	return 0;
}

static int stop(void **state)
{
	(void)state;
	program_end(&program);
	return 0;
}

static uint64_t seed(void)
{
	const char *text = getenv("NETDYNO_TEST_SEED");

	return text ? strtoull(text, NULL, 10) : 1;
}

static unsigned below(struct rng *rng, unsigned bound)
{
	return (unsigned)(rng_next(rng) % bound);
}

static void resize(struct rng *rng)
{
	static const struct {
		int rows, columns;
	} sizes[] = { { 24, 80 }, { 40, 120 }, { 1, 1 }, { 60, 200 }, { 10, 40 }, { 2, 300 }, { 100, 3 }, { 25, 81 } };
	unsigned i = below(rng, sizeof(sizes) / sizeof(sizes[0]));

	term_resize(program.term, sizes[i].rows, sizes[i].columns);
}

static void random_actions(struct rng *rng, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const char *key = keys[below(rng, sizeof(keys) / sizeof(keys[0]))];

		if (below(rng, 10) == 0)
			resize(rng);
		term_send(program.term, key, strlen(key));
	}
}

/* q ends it, from whatever the keys have opened. */
static void quit(void)
{
	struct term *t = program.term;

	term_resize(t, 24, 80);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t before = term_report(t).keys;

		term_send(t, "\033", 1);
		assert_true(term_wait_keys(t, before + 1));
	}
	term_send(t, "q", 1);
	assert_true(term_wait_state(t, TERM_ENDED));
	assert_true(term_wait_restored(t));
	assert_true(WIFEXITED(term_status(t)));
}

static void test_random_keys(void **state)
{
	static const char redraws[] = "\014\014\014\014\014";
	struct rng rng = { seed() };

	(void)state;
	assert_true(term_wait_frames(program.term, 1));
	for (unsigned done = 0; done < ACTIONS; done += ROUND) {
		uint64_t before = term_report(program.term).keys;

		/* Random keys merge into an unknown number of sequences, and the first of these may
		 * merge with an Escape before it. */
		random_actions(&rng, ROUND);
		term_send(program.term, redraws, sizeof(redraws) - 1);
		if (!term_wait_keys(program.term, before + sizeof(redraws) - 2))
			fail_msg("no frame after %u actions of seed %llu", done + ROUND, (unsigned long long)seed());
	}
	quit();
}

/* Nothing but sizes, faster than frames. */
static void test_resize_storm(void **state)
{
	struct rng rng = { seed() };

	(void)state;
	assert_true(term_wait_frames(program.term, 1));
	for (unsigned i = 0; i < 300; i++) {
		resize(&rng);
		if (i % 10 == 9) {
			term_send(program.term, "\014", 1);
			assert_true(term_wait_keys(program.term, i / 10 + 1));
		}
	}
	quit();
}

/* Sequences that the terminal's description does not know are no keys: neither "[", nor the
 * digits and letters in them. */
static void test_unknown_sequences(void **state)
{
	static const char unknown[] = "\033[1;9Q\033[99;5~\033[200~\033Oz\033[?12;2c";
	struct term *t = program.term;
	uint64_t before = term_report(t).keys;

	(void)state;
	term_send(t, unknown, sizeof(unknown) - 1);
	term_send(t, "t", 1);
	assert_true(term_wait_keys(t, before + 1));
	assert_int_equal(term_report(t).keys, before + 1);
	quit();
}

/* Bytes that are no characters take nothing with them, and a character that comes in parts is one
 * key. */
static void test_broken_characters(void **state)
{
	static const char broken[] = "\377t\303t\200\377\377t\303\251t";
	struct term *t = program.term;
	uint64_t before = term_report(t).keys;

	(void)state;
	term_send(t, broken, sizeof(broken) - 1);
	assert_true(term_wait_keys(t, before + 5));
	assert_int_equal(term_report(t).keys, before + 5);
	quit();
}

/* A click beyond column 223, which the older way to tell of it does not reach: on the rule of a
 * panel at the right, which opens it. */
static void test_far_clicks(void **state)
{
	struct term *t = program.term;
	char click[64], row[4096];
	uint64_t before;
	int at = 0;

	(void)state;
	term_resize(t, 40, 300);
	assert_true(term_wait_text(t, "drops by place"));
	assert_true(term_wait_text(t, "throughput"));
	while (at < 40 && !strstr(term_row(t, at, row, sizeof(row)), "drops by place"))
		at++;
	snprintf(click, sizeof(click), "\033[<0;250;%dM\033[<0;250;%dm", at + 1, at + 1);
	before = term_report(t).keys;
	term_send(t, click, strlen(click));
	assert_true(term_wait_keys(t, before + 1));
	assert_true(term_wait_text(t, "Esc Back"));
	assert_true(term_wrote(t, "\033[?1006h"));
	quit();
}

/* The terminal is asked for its background; a light one has the light theme, and the answer is no
 * key.  Who has chosen meanwhile is left alone. */
static void test_a_light_background(void **state)
{
	static const char answer[] = "\033]11;rgb:ffff/ffff/dddd\033\\";
	struct term *t = program.term;
	uint64_t before = term_report(t).keys;

	(void)state;
	assert_true(term_wait_frames(t, 1));
	assert_true(term_wrote(t, "\033]11;?\033\\"));
	term_send(t, answer, sizeof(answer) - 1);
	term_send(t, "t", 1);
	assert_true(term_wait_keys(t, before + 1));
	assert_int_equal(term_report(t).keys, before + 1);
	/* the one after the light one */
	assert_true(term_wait_text(t, "theme mono"));
	quit();
}

static int start_unknown(void **state)
{
	static const char *const environment[] = { "TERM=nobody-knows", NULL };

	(void)state;
	program_start(&program, &(struct program_config){ .rows = 24, .columns = 80, .ticks = 40, .environment = environment });
	return 0;
}

static void test_unknown_terminal(void **state)
{
	(void)state;
	assert_true(term_wait_text(program.term, "is not known here: drawn as xterm"));
	quit();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random_keys, start, stop),
		cmocka_unit_test_setup_teardown(test_resize_storm, start, stop),
		cmocka_unit_test_setup_teardown(test_unknown_sequences, start, stop),
		cmocka_unit_test_setup_teardown(test_broken_characters, start, stop),
		cmocka_unit_test_setup_teardown(test_far_clicks, start, stop),
		cmocka_unit_test_setup_teardown(test_a_light_background, start, stop),
		cmocka_unit_test_setup_teardown(test_unknown_terminal, start_unknown, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
