/* What is printed reaches a slow reader whole and in order, and a reader that stalls holds up
 * nobody.  Each test's program is a child whose stdout and stderr are a pipe or a terminal that
 * nobody reads until the child has said, over another pipe, that it has printed everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/asserts.h"
#include "main/live/relay.h"

enum { DEADLINE_MS = 60000, LINES = 20000, FLOOD_LINES = 2000000, ANSWER = 40 };

struct child {
	pid_t pid;
	int reader; /* of its stdout and stderr */
	int said;   /* it has printed everything */
};

/* ---- the child ---- */

static int said_fd;

static void say_printed(void)
{
	if (write(said_fd, "!", 1) != 1)
		_exit(99);
}

static void print_both(unsigned lines)
{
	for (unsigned i = 0; i < lines; i++) {
		fprintf(stdout, "line %u on standard output\n", 2 * i);
		fflush(stdout);
		fprintf(stderr, "line %u on standard error\n", 2 * i + 1);
	}
}

/* The result of draining, as an exit status. */
static int drained(void)
{
	int rc = relay_drain(stdout);

	return rc ? ANSWER - rc : 0;
}

static int child_prints(void)
{
	print_both(LINES);
	say_printed();
	return drained();
}

/* More than the queue holds, and the reader does not move. */
static int child_floods(void)
{
	for (unsigned i = 0; i < FLOOD_LINES; i++)
		printf("line %u of the many that nobody reads\n", i);
	fflush(stdout);
	say_printed();
	return drained();
}

static int child_hurries(void)
{
	relay_hurry(RELAY_TWICE_MS);
	return child_prints();
}

static int child_meets_no_reader(void)
{
	bool failed = false;

	say_printed();
	for (unsigned i = 0; i < FLOOD_LINES && !failed; i++) {
		printf("line %u\n", i);
		failed = fflush(stdout) != 0;
	}
	return failed && errno == EPIPE && relay_error(stdout) == EPIPE ? drained() : 98;
}

static void child_main(int out, int said, int (*go)(void))
{
	struct err err = ERR_NONE;
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	close(out);
	said_fd = said;
	_exit(relay_begin(&err) < 0 ? 97 : go());
}

/* ---- the parent ---- */

static struct child spawn(int reader, int out, int (*go)(void))
{
	struct child c = { .reader = reader };
	int said[2];

	assert_int_equal(pipe2(said, O_CLOEXEC), 0);
	c.pid = fork();
	assert_at_least(c.pid, 0);
	if (!c.pid) {
		close(reader);
		child_main(out, said[1], go);
	}
	close(out);
	close(said[1]);
	c.said = said[0];
	return c;
}

static struct child spawn_on_pipe(int (*go)(void))
{
	int fd[2];

	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	return spawn(fd[0], fd[1], go);
}

static struct child spawn_on_terminal(int (*go)(void))
{
	struct termios plain;
	int master, slave;

	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	assert_int_equal(tcgetattr(slave, &plain), 0);
	cfmakeraw(&plain);
	assert_int_equal(tcsetattr(slave, TCSANOW, &plain), 0);
	return spawn(master, slave, go);
}

static void await_printed(const struct child *c)
{
	struct pollfd fd = { .fd = c->said, .events = POLLIN };
	char byte;

	assert_int_equal(poll(&fd, 1, DEADLINE_MS), 1);
	assert_int_equal(read(c->said, &byte, 1), 1);
}

/* All that comes until the end, NUL-terminated. */
static char *read_all(const struct child *c, size_t *ret_length)
{
	size_t room = 1 << 20, length = 0;
	char *text = malloc(room);
	ssize_t n;

	for (;;) {
		struct pollfd fd = { .fd = c->reader, .events = POLLIN };

		assert_int_equal(poll(&fd, 1, DEADLINE_MS), 1);
		if (room - length < 65536)
			text = realloc(text, room *= 2);
		assert_non_null(text);
		n = read(c->reader, text + length, 65535);
		if (n <= 0)
			break;
		length += (size_t)n;
	}
	text[length] = '\0';
	*ret_length = length;
	return text;
}

static int end_of(struct child *c)
{
	int status;

	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	assert_true(WIFEXITED(status));
	close(c->reader);
	close(c->said);
	return WEXITSTATUS(status);
}

/* Whole lines, numbered from 0 on. */
static unsigned count_lines(const char *text)
{
	unsigned lines = 0;

	for (const char *at = text; *at; lines++) {
		const char *end = strchr(at, '\n');

		assert_non_null(end);
		assert_memory_equal(at, "line ", 5);
		assert_int_equal(strtoul(at + 5, NULL, 10), lines);
		at = end + 1;
	}
	return lines;
}

static void assert_whole(struct child c)
{
	size_t length;

	await_printed(&c);
	char *text = read_all(&c, &length);

	assert_int_equal(end_of(&c), 0);
	assert_int_equal(count_lines(text), 2 * LINES);
	free(text);
}

static void test_late_reader_of_a_pipe(void **state)
{
	(void)state;
	assert_whole(spawn_on_pipe(child_prints));
}

static void test_late_reader_of_a_terminal(void **state)
{
	(void)state;
	assert_whole(spawn_on_terminal(child_prints));
}

static void test_signal_ends_the_wait(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

	(void)state;
	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		for (unsigned terminal = 0; terminal < 2; terminal++) {
			struct child c = (terminal ? spawn_on_terminal : spawn_on_pipe)(child_prints);

			await_printed(&c);
			kill(c.pid, signals[i]);
			assert_int_equal(end_of(&c), ANSWER + EINTR);
		}
}

static void test_hurry(void **state)
{
	struct child c = spawn_on_pipe(child_hurries);

	(void)state;
	await_printed(&c);
	assert_int_equal(end_of(&c), ANSWER + EINTR);
}

static void test_no_reader(void **state)
{
	struct child c = spawn_on_pipe(child_meets_no_reader);

	(void)state;
	await_printed(&c);
	close(c.reader);
	assert_int_equal(end_of(&c), ANSWER + EPIPE);
}

/* What does not fit is given up in whole lines, and said at the end. */
static void test_given_up(void **state)
{
	struct child c = spawn_on_pipe(child_floods);
	size_t length;

	(void)state;
	await_printed(&c);
	char *text = read_all(&c, &length);

	assert_int_equal(end_of(&c), ANSWER + ETIMEDOUT);
	assert_at_least(length, 64 << 20);
	assert_less(count_lines(text), FLOOD_LINES);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_late_reader_of_a_pipe),
		cmocka_unit_test(test_late_reader_of_a_terminal),
		cmocka_unit_test(test_signal_ends_the_wait),
		cmocka_unit_test(test_hurry),
		cmocka_unit_test(test_no_reader),
		cmocka_unit_test(test_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
