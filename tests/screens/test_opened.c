/* A snapshot of the real program, opened again: the panels show the same words as before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "program.h"

enum { TICKS = 100, ROW_BYTES = 2048 };

static struct program program;

static int start(void **state)
{
	static const char *const arguments[] = { "--rows", "500", "--out", "saved", NULL };

	(void)state;
	program_start(&program, &(struct program_config){ .rows = 40, .columns = 120, .ticks = TICKS, .arguments = arguments });
	return 0;
}

static int stop(void **state)
{
	(void)state;
	program_end(&program);
	return 0;
}

static void quit(void)
{
	term_send(program.term, "q", 1);
	assert_true(term_wait_state(program.term, TERM_ENDED));
	assert_true(WIFEXITED(term_status(program.term)));
}

/* The right-hand column of a row, from the divider on. */
static const char *right_of(int r, char row[ROW_BYTES])
{
	const char *at;

	term_row(program.term, r, row, ROW_BYTES);
	at = strstr(row, "├");
	return at ? at : strstr(row, "│ ") ? strstr(row, "│ ") : "";
}

static int details_row(void)
{
	char row[ROW_BYTES];

	for (int r = 0; r < term_rows(program.term); r++)
		if (strstr(term_row(program.term, r, row, sizeof(row)), "rows · "))
			return r;
	term_print(program.term);
	fail_msg("the details are not on the screen");
	return -1;
}

static char *read_details(void)
{
	char *text = NULL, row[ROW_BYTES];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (int r = details_row(), i = 0; i < 6; i++)
		fprintf(out, "%s\n", right_of(r + i, row));
	fclose(out);
	return text;
}

static void open_snapshot(void)
{
	char pattern[128];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/saved/*", program.directory);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	const char *const words[] = { "open", found.gl_pathv[0], NULL };

	program_again(&program, &(struct program_config){ .rows = 40, .columns = 120, .ticks = 1, .words = words });
	globfree(&found);
	assert_true(term_wait_text(program.term, "○ SAVED"));
}

static void test_details_are_in_it(void **state)
{
	char *live, *opened;

	(void)state;
	assert_true(term_wait_sample(program.term, TICKS + 1));
	live = read_details();
	program_press(&program, "s");
	assert_true(term_wait_text(program.term, "saved "));
	quit();
	open_snapshot();
	opened = read_details();
	assert_string_equal(opened, live);
	assert_non_null(strstr(opened, " of 500 · 1 s to "));
	program_press(&program, "I");
	assert_true(term_wait_text(program.term, "▲behind"));
	quit();
	free(live);
	free(opened);
}

static void open_both(void)
{
	char pattern[128];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/saved/*", program.directory);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	const char *const words[] = { "open", found.gl_pathv[0], found.gl_pathv[0], NULL };

	program_again(&program, &(struct program_config){ .rows = 40, .columns = 120, .ticks = 1, .words = words });
	globfree(&found);
	assert_true(term_wait_text(program.term, "○ SAVED"));
}

/* The baseline of the screen is that of the opened snapshot; two of them stand side by side. */
static void test_a_and_b_are_opened(void **state)
{
	(void)state;
	assert_true(term_wait_sample(program.term, TICKS + 1));
	program_press(&program, "b");
	program_press(&program, "s");
	assert_true(term_wait_text(program.term, "saved "));
	quit();
	open_snapshot();
	program_press(&program, "g");
	program_press(&program, "a");
	assert_true(term_wait_text(program.term, "A ‹count› n=9 / B ‹count› n=0"));
	quit();
	open_both();
	program_press(&program, "g");
	program_press(&program, "a");
	assert_true(term_wait_text(program.term, "A ‹count› n=9 / B ‹count› n=9"));
	quit();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_details_are_in_it, start, stop),
		cmocka_unit_test_setup_teardown(test_a_and_b_are_opened, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
