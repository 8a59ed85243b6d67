/* The chat tab of the real program, with real connections: its rows, units and panels are there,
 * and the trigger is switched on connections that stay up.  Numbers are this machine's own: they
 * are compared in tests/ui/screens, with made-up ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"
#include "../support/asserts.h"
#include "../support/parts.h"

enum { CONNECTIONS = 20, ENDS = 2 * CONNECTIONS, SOCKETS_MAX = 256, LOOKS = 100, ROW_BYTES = 2048 };

static const char *const words[] = { "dash", "chat", "--conns", "20", "--method", "lt", "--warmup", "300ms", NULL };
static struct program program;

/* Ticks of the virtual clock are for synthetic modes; here they only make the program report its
 * frames. */
static int start(void **state)
{
	(void)state;
	program_start(&program, &(struct program_config){ .rows = 40, .columns = 120, .ticks = 1, .words = words });
	return 0;
}

static int stop(void **state)
{
	(void)state;
	program_end(&program);
	return 0;
}

static void assert_row(const char *text)
{
	char row[ROW_BYTES];

	for (int r = 0; r < term_rows(program.term); r++)
		if (strstr(term_row(program.term, r, row, sizeof(row)), text))
			return;
	term_print(program.term);
	fail_msg("\"%s\" is not on the screen", text);
}

static void quit(void)
{
	term_send(program.term, "q", 1);
	assert_true(term_wait_state(program.term, TERM_ENDED));
	assert_true(term_wait_restored(program.term));
	assert_true(WIFEXITED(term_status(program.term)));
}

static void start_measuring(const char *method)
{
	assert_true(term_wait_text(program.term, method));
	assert_true(term_wait_text(program.term, "● RUN"));
	assert_true(term_wait_text(program.term, "✓ valid so far"));
	assert_true(term_wait_text(program.term, " of 20 · by dropped ▼"));
}

/* ---- the program's sockets ---- */

struct sockets {
	unsigned long inode[SOCKETS_MAX];
	unsigned count;
};

static void find_sockets(struct sockets *ret_sockets)
{
	char path[64], link[64], target[64];
	const struct dirent *entry;

	ret_sockets->count = 0;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)term_pid(program.term));
	DIR *dir = opendir(path);

	assert_non_null(dir);
	while ((entry = readdir(dir)) && ret_sockets->count < SOCKETS_MAX) {
		snprintf(link, sizeof(link), "%.40s/%.16s", path, entry->d_name);
		ssize_t length = readlink(link, target, sizeof(target) - 1);

		target[length > 0 ? length : 0] = '\0';
		ret_sockets->count += sscanf(target, "socket:[%lu]", &ret_sockets->inode[ret_sockets->count]) == 1;
	}
	closedir(dir);
}

static bool has_socket(const struct sockets *s, unsigned long inode)
{
	for (unsigned i = 0; i < s->count; i++)
		if (s->inode[i] == inode)
			return true;
	return false;
}

/* Adds those of its sockets that are established TCP connections.  While others open and close
 * sockets, the kernel lists some twice, and some not at all. */
static void add_connections(struct sockets *connections)
{
	char path[64], line[512];
	struct sockets all;
	unsigned long inode;
	unsigned how;

	find_sockets(&all);
	snprintf(path, sizeof(path), "/proc/%d/net/tcp", (int)term_pid(program.term));
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	while (fgets(line, sizeof(line), in) && connections->count < SOCKETS_MAX)
		if (sscanf(line, " %*d: %*s %*s %x %*s %*s %*s %*d %*d %lu", &how, &inode) == 2 && how == 1 &&
			has_socket(&all, inode) && !has_socket(connections, inode))
			connections->inode[connections->count++] = inode;
	fclose(in);
}

static void find_connections(struct sockets *ret_connections)
{
	ret_connections->count = 0;
	for (unsigned i = 0; i < LOOKS && ret_connections->count < ENDS; i++)
		add_connections(ret_connections);
}

/* ---- tests ---- */

static void test_rows_units_and_panels(void **state)
{
	(void)state;
	start_measuring("‹lt›");
	assert_row("[3 epoll chat ●]");
	assert_row("loop cpu");
	assert_row("load cpu");
	assert_row("Σ 1 loop");
	assert_row("rx msg/s");
	assert_row("msg/s · 60 s");
	assert_row("figures · last 1 s");
	assert_row("wake/s");
	assert_row("ev/wake");
	assert_row("ctx sw/s");
	assert_row("sys/msg");
	assert_row("connections · ");
	assert_row("slow client, oldest");
	quit();
}

static void test_trigger_is_switched_live(void **state)
{
	struct sockets before, after;
	unsigned same = 0;

	(void)state;
	start_measuring("‹lt›");
	find_connections(&before);
	assert_int_equal(before.count, ENDS);
	program_press(&program, "m");
	start_measuring("‹et›");
	find_connections(&after);
	assert_int_equal(after.count, ENDS);
	for (unsigned i = 0; i < before.count; i++)
		same += has_socket(&after, before.inode[i]);
	assert_int_equal(same, ENDS);
	program_press(&program, "M");
	start_measuring("‹lt›");
	quit();
}

/* lt is kept as A, and its figures stand beside those of et. */
static void test_both_triggers_are_compared(void **state)
{
	(void)state;
	term_resize(program.term, 60, 200);
	start_measuring("‹lt›");
	assert_true(term_wait_text(program.term, "● RUN 00:05"));
	program_press(&program, "b");
	assert_true(term_wait_text(program.term, "base A ‹lt›"));
	program_press(&program, "m");
	start_measuring("‹et›");
	assert_true(term_wait_text(program.term, "one run a side"));
	assert_row("A ‹lt› n=");
	assert_row("B ‹et› n=");
	quit();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rows_units_and_panels, start, stop),
		cmocka_unit_test_setup_teardown(test_trigger_is_switched_live, start, stop),
		cmocka_unit_test_setup_teardown(test_both_triggers_are_compared, start, stop),
	};

	return run_part_of("chat screens", tests);
}
