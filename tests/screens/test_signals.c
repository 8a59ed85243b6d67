/* The dashboard leaves the terminal as it was, however it ends or stops: modes, line settings, exit
 * status.  And the first frame comes, whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "program.h"

enum { TICKS = 40 };

static struct program program;
static struct termios before;

static int start(void **state)
{
	/* The sanitizers would take SIGSEGV for themselves. */
	static const char *const arguments[] = { "--out", "saved", NULL };
	static const char *const environment[] = { "ASAN_OPTIONS=handle_segv=0:handle_abort=0",
		"TSAN_OPTIONS=handle_segv=0:handle_abort=0", NULL };

	(void)state;
	program_start(&program,
		&(struct program_config){
			.rows = 24, .columns = 80, .ticks = TICKS, .environment = environment, .arguments = arguments });
	before = term_settings_before(program.term);
	return 0;
}

/* Files may be shorter than a frame (ulimit -f). */
static int start_limited(void **state)
{
	struct rlimit usual, less;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
	less = usual;
	less.rlim_cur = 1024;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
	start(state);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	program_end(&program);
	return 0;
}

static void assert_live(void)
{
	struct termios now;

	assert_true(term_wait_frames(program.term, 1));
	assert_true(term_wait_sample(program.term, TICKS));
	now = term_settings(program.term);
	assert_int_equal(now.c_lflag & (ECHO | ICANON), 0);
	assert_true(term_modes(program.term).alternate_screen);
	assert_false(term_modes(program.term).cursor_visible);
}

static void assert_restored(void)
{
	struct termios now = term_settings(program.term);

	assert_true(term_wait_restored(program.term));
	assert_true(term_wrote(program.term, "\033[?1049l"));
	/* Some terminals bring a hidden cursor back with the shell's screen, where curses has saved
	 * it in order to scroll. */
	assert_true(term_wrote_last(program.term, "\033[?25h", "\033[?1049l"));
	assert_int_equal(now.c_lflag, before.c_lflag);
	assert_int_equal(now.c_iflag, before.c_iflag);
	assert_int_equal(now.c_oflag, before.c_oflag);
	assert_int_equal(now.c_cflag, before.c_cflag);
}

/* Killed by the signal, or an end of its own with the status that says "interrupted". */
static void assert_ended_by(int signal)
{
	assert_true(term_wait_state(program.term, TERM_ENDED));
	int status = term_status(program.term);

	if (WIFSIGNALED(status))
		assert_int_equal(WTERMSIG(status), signal);
	else
		assert_int_equal(WEXITSTATUS(status), 130);
	assert_restored();
}

static void test_first_frame(void **state)
{
	(void)state;
	assert_live();
}

/* What is written last, too. */
static void test_whole_frame(void **state)
{
	(void)state;
	assert_live();
	assert_true(term_wait_text(program.term, "q Quit"));
}

static void test_quit_keys(void **state)
{
	static const char *const keys[] = { "q", "\033[21~", "\003" };

	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (i > 0)
			start(state);
		assert_live();
		term_send(program.term, keys[i], strlen(keys[i]));
		assert_true(term_wait_state(program.term, TERM_ENDED));
		assert_true(WIFEXITED(term_status(program.term)));
		assert_restored();
		if (i + 1 < sizeof(keys) / sizeof(keys[0]))
			stop(state);
	}
}

static void test_term(void **state)
{
	(void)state;
	assert_live();
	term_signal(program.term, SIGTERM);
	assert_ended_by(SIGTERM);
}

static void test_int(void **state)
{
	(void)state;
	assert_live();
	term_signal(program.term, SIGINT);
	assert_ended_by(SIGINT);
}

static void test_hup(void **state)
{
	(void)state;
	assert_live();
	term_signal(program.term, SIGHUP);
	assert_ended_by(SIGHUP);
}

/* A crash must look like one to whoever waits for the program. */
static void test_segv(void **state)
{
	(void)state;
	assert_live();
	term_signal(program.term, SIGSEGV);
	assert_true(term_wait_state(program.term, TERM_ENDED));
	assert_true(WIFSIGNALED(term_status(program.term)));
	assert_int_equal(WTERMSIG(term_status(program.term)), SIGSEGV);
	assert_restored();
}

/* Others that end a program: each finds a terminal of its own. */
static void test_other_ends(void **state)
{
	static const int signals[] = { SIGABRT, SIGQUIT, SIGXCPU, SIGUSR2, SIGALRM, SIGSYS };

	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		assert_live();
		term_signal(program.term, signals[i]);
		assert_true(term_wait_state(program.term, TERM_ENDED));
		assert_true(WIFSIGNALED(term_status(program.term)));
		assert_int_equal(WTERMSIG(term_status(program.term)), signals[i]);
		assert_restored();
		stop(state);
		start(state);
	}
}

static void stop_and_go(void)
{
	assert_true(term_wait_state(program.term, TERM_STOPPED));
	assert_restored();
	term_continue(program.term);
	assert_live();
	term_send(program.term, "q", 1);
	assert_true(term_wait_state(program.term, TERM_ENDED));
	assert_restored();
}

static void test_suspend_key(void **state)
{
	(void)state;
	assert_live();
	term_send(program.term, "\032", 1);
	stop_and_go();
}

static void test_suspend_signal(void **state)
{
	(void)state;
	assert_live();
	term_signal(program.term, SIGTSTP);
	stop_and_go();
}

/* A letter would go into the form's field. */
static void test_snapshot_signal(void **state)
{
	char pattern[128];
	glob_t found;

	(void)state;
	assert_live();
	program_press(&program, "\033OQ");
	assert_true(term_wait_text(program.term, "F10"));
	term_signal(program.term, SIGUSR1);
	snprintf(pattern, sizeof(pattern), "%s/saved/*/screen.txt", program.directory);
	for (int waits = 0; glob(pattern, 0, NULL, &found) != 0; waits++) {
		assert_true(waits < 3000);
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_first_frame, start, stop),
		cmocka_unit_test_setup_teardown(test_whole_frame, start_limited, stop),
		cmocka_unit_test_setup_teardown(test_quit_keys, start, stop),
		cmocka_unit_test_setup_teardown(test_term, start, stop),
		cmocka_unit_test_setup_teardown(test_int, start, stop),
		cmocka_unit_test_setup_teardown(test_hup, start, stop),
		cmocka_unit_test_setup_teardown(test_segv, start, stop),
		cmocka_unit_test_setup_teardown(test_other_ends, start, stop),
		cmocka_unit_test_setup_teardown(test_suspend_key, start, stop),
		cmocka_unit_test_setup_teardown(test_suspend_signal, start, stop),
		cmocka_unit_test_setup_teardown(test_snapshot_signal, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
