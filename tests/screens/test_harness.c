/* The harness itself, against a program that is known: frames, keys, golden files, stop and go,
 * end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "golden.h"

static struct term *open_fake(void)
{
	const char *const argv[] = { NETDYNO_FAKE, NULL };
	struct term_config config = { .rows = 4, .columns = 30, .argv = argv, .locale = "C.UTF-8", .directory = "/tmp" };
	struct term *t = term_open(&config);

	assert_non_null(t);
	return t;
}

static void test_frames_and_keys(void **state)
{
	struct term *t = open_fake();
	char row[256];

	(void)state;
	assert_true(term_wait_sample(t, 3));
	assert_string_equal(term_row(t, 0, row, sizeof(row)), "frame 3, ⣿ keys 0");
	assert_true(term_modes(t).alternate_screen);
	assert_true(term_modes(t).mouse);
	assert_false(term_modes(t).cursor_visible);
	term_send(t, "ab", 2);
	assert_true(term_wait_keys(t, 2));
	assert_string_equal(term_row(t, 0, row, sizeof(row)), "frame 5, ⣿ keys 2");
	assert_true(term_wait_text(t, "keys 2"));
	term_send(t, "q", 1);
	assert_true(term_wait_state(t, TERM_ENDED));
	assert_true(term_wait_restored(t));
	assert_true(WIFEXITED(term_status(t)));
	assert_int_equal(WEXITSTATUS(term_status(t)), 5);
	assert_true(term_wrote(t, "\033[?1049l"));
	term_close(t);
}

static void test_dump_shows_looks(void **state)
{
	struct term *t = open_fake();

	(void)state;
	assert_true(term_wait_sample(t, 3));
	char *dump = golden_dump(t, 0, term_rows(t));

	assert_string_equal(dump, "==== 30x4, cursor hidden\n"
				  "frame 3, ⣿ keys 0\n\n\n\n"
				  "==== looks\n"
				  "aaaaa....bbbbbbbb\n\n\n\n"
				  "==== letters\n"
				  "a fg=12 bold\n"
				  "b reverse\n");
	free(dump);
	term_close(t);
}

static void test_golden_difference_is_found(void **state)
{
	char directory[] = "/tmp/netdyno-golden-XXXXXX", path[64];
	struct term *t = open_fake();

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_true(term_wait_sample(t, 3));
	fprintf(stderr, "(two differences are meant to be reported here)\n");
	assert_false(golden_check(t, 0, directory, "harness", false));
	assert_true(golden_check(t, 0, directory, "harness", true));
	assert_true(golden_check(t, 0, directory, "harness", false));
	term_send(t, "x", 1);
	assert_true(term_wait_keys(t, 1));
	assert_false(golden_check(t, 0, directory, "harness", false));
	snprintf(path, sizeof(path), "%s/harness.txt", directory);
	unlink(path);
	unlink("harness.actual.txt");
	rmdir(directory);
	term_close(t);
}

static void test_stop_and_go(void **state)
{
	struct term *t = open_fake();
	struct termios before, after;

	(void)state;
	assert_true(term_wait_sample(t, 3));
	before = term_settings(t);
	assert_int_equal(before.c_lflag & ECHO, 0);
	term_send(t, "\032", 1);
	assert_true(term_wait_state(t, TERM_STOPPED));
	after = term_settings(t);
	assert_int_not_equal(after.c_lflag & ECHO, 0);
	assert_true(term_wait_restored(t));
	term_continue(t);
	assert_true(term_wait_keys(t, 1));
	assert_true(term_modes(t).alternate_screen);
	term_close(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_and_keys),
		cmocka_unit_test(test_dump_shows_looks),
		cmocka_unit_test(test_golden_difference_is_found),
		cmocka_unit_test(test_stop_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
