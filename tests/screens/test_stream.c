/* The stream tab of the real program, with real connections: which rows and units there are,
 * that they agree with each other, and what switching the method brings along.  Numbers are this
 * machine's own, so that structure is compared and not text; that is done with made-up numbers
 * in tests/ui/screens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "program.h"
#include "../support/asserts.h"
#include "../support/parts.h"

enum { THREADS = 2, ROW_BYTES = 2048 };

static const char *const words[] = { "dash", "stream", "--threads", "2", "--method", "two-copy", "--warmup", "300ms", NULL };
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

/* The index of the first row at or after `from` that has the text; -1: none. */
static int row_with(const char *text, int from)
{
	char row[ROW_BYTES];

	for (int r = from; r < term_rows(program.term); r++)
		if (strstr(term_row(program.term, r, row, sizeof(row)), text))
			return r;
	return -1;
}

static void assert_row(const char *text)
{
	if (row_with(text, 0) >= 0)
		return;
	term_print(program.term);
	fail_msg("\"%s\" is not on the screen", text);
}

/* "8.41G", "503.1M" -> bit/s.  Behind the direction stand msg/s and bit/s. */
static double bits_of(int r)
{
	char row[ROW_BYTES], *at, *end;
	double value;

	term_row(program.term, r, row, sizeof(row));
	at = strstr(row, " tx ") ? strstr(row, " tx ") : strstr(row, " rx ");
	if (!at)
		fail_msg("neither tx nor rx in \"%s\"", row);
	strtod(at + 4, &end);
	value = strtod(end + strspn(end, "kMG"), &end);
	return value * (*end == 'G' ? 1e9 : *end == 'M' ? 1e6 : *end == 'k' ? 1e3 : 1);
}

/* A row for each thread of a side, and their sum. */
static void assert_side(const char *name, const char *way)
{
	char sum_name[32], row[ROW_BYTES];
	double sum = 0;
	int r = row_with("CORE", 0) + 1;

	snprintf(sum_name, sizeof(sum_name), "Σ %d %s", THREADS, name);
	while (!strstr(term_row(program.term, r, row, sizeof(row)), name))
		r++;
	for (int i = 0; i < THREADS; i++, r++) {
		assert_non_null(strstr(term_row(program.term, r, row, sizeof(row)), name));
		assert_non_null(strstr(row, way));
		assert_more(bits_of(r), 0);
		sum += bits_of(r);
	}
	int total = row_with(sum_name, 0);

	assert_more(total, 0);
	/* three digits are shown */
	if (bits_of(total) < 0.98 * sum || bits_of(total) > 1.02 * sum) {
		term_print(program.term);
		fail_msg("%s: rows come to %g bit/s, the sum says %g", name, sum, bits_of(total));
	}
}

/* The table stands still while the view is frozen. */
static void assert_table(void)
{
	program_press(&program, " ");
	assert_true(term_wait_text(program.term, "VIEW FROZEN"));
	int head = row_with("msg/s", 0);
	assert_more(head, 0);
	assert_int_equal(row_with("bit/s ", head), head);
	assert_side("srv", " tx ");
	assert_side("cli", " rx ");
	program_press(&program, " ");
}

static void start_measuring(const char *method)
{
	assert_true(term_wait_text(program.term, method));
	assert_true(term_wait_text(program.term, "● RUN"));
	/* What stands there now: a machine that takes the CPUs later makes a run invalid. */
	assert_true(term_wait_text(program.term, "✓ valid so far · caution: "));
	/* a second's window is full */
	assert_true(term_wait_sample(program.term, term_report(program.term).sample + 12));
}

static void quit(void)
{
	term_send(program.term, "q", 1);
	assert_true(term_wait_state(program.term, TERM_ENDED));
	assert_true(term_wait_restored(program.term));
	assert_true(WIFEXITED(term_status(program.term)));
}

static void test_rows_units_and_sums(void **state)
{
	(void)state;
	start_measuring("‹two-copy›");
	assert_table();
	/* the chart's unit: Gbit/s, or Mbit/s where this machine is slow */
	assert_row("bit/s · 60 s");
	assert_row("delivery percentiles");
	assert_row(" message ");
	assert_row("connection lost");
	assert_row("messages");
	assert_row("congestion ");
	assert_int_equal(row_with("copied %", 0), -1); /* nothing is sent without copies */
	quit();
}

static void test_method_is_switched_live(void **state)
{
	(void)state;
	start_measuring("‹two-copy›");
	program_press(&program, "m");
	start_measuring("‹zero-copy›");
	assert_true(term_wait_text(program.term, "copied %"));
	assert_true(term_wait_text(program.term, "caution: the kernel copied"));
	assert_int_equal(row_with("copied %", 0), row_with(" CORE ", 0));
	assert_table();
	program_press(&program, "v");
	assert_row("! caution: the kernel copied");
	assert_row("! caution: closed loop");
	program_press(&program, "\033");
	program_press(&program, "M");
	start_measuring("‹two-copy›");
	assert_int_equal(row_with("copied %", 0), -1);
	assert_row("run #3 start: stream two-copy");
	quit();
}

static void test_drill_has_what_tcp_knows(void **state)
{
	(void)state;
	term_resize(program.term, 60, 200);
	start_measuring("‹two-copy›");
	program_press(&program, "\r");
	assert_row("sent by this worker");
	assert_row("cwnd");
	assert_row("rtt µs");
	assert_row("sockbuf");
	assert_row("resent");
	assert_row("cycles");
	/* a sender's own: delivery is timed where messages arrive */
	assert_row("delivery: no values");
	quit();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rows_units_and_sums, start, stop),
		cmocka_unit_test_setup_teardown(test_method_is_switched_live, start, stop),
		cmocka_unit_test_setup_teardown(test_drill_has_what_tcp_knows, start, stop),
	};

	return run_part_of("stream screens", tests);
}
