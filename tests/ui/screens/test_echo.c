/* The echo tab: mode echo's own tables, painted from a board made by hand, so that every number
 * is known: what the panels `why` and `stages` say, and what A/B makes of the first.  The
 * screens are compared with golden/ as text.  test_echo_screens [--update]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engines/engines.h"
#include "modes.h"
#include "stage.h"
#include "ui/canvas/keys.h"
#include "../../support/asserts.h"

static const struct engine *echo; /* the mode's tables */

static void run(const char *method, double factor)
{
	made.ran = method;
	made_run(&made, true);
	made_ticks(&made, 10, PHASE_WARMUP, factor);
	made_ticks(&made, 31, PHASE_MEASURE, factor);
}

static void open_echo(const char *method, double factor, int rows, int columns)
{
	modes_open(&made, "echo", 1, 1);
	stage_dash(CHARSET_BRAILLE, NULL);
	run(method, factor);
	frame(rows, columns);
}

/* Unfolds panels until the one that says this. */
static void unfold(const char *title)
{
	for (unsigned i = 0; i < PANELS_MAX && !on_screen(title); i++)
		press('e');
	assert_true(on_screen(title));
}

static void why_at_120x40(void **state)
{
	(void)state;
	open_echo("gso", 1000, 40, 120);
	assert_true(on_screen("why · for each of the answers"));
	assert_true(on_screen("datagrams/skb sent"));
	stage_golden("echo-gso-120x40");
	stage_close();
}

static void why_in_full_at_80x24(void **state)
{
	(void)state;
	open_echo("gso", 1000, 24, 80);
	unfold("% of receive calls");
	stage_golden("echo-why-80x24");
	stage_close();
}

/* Words are cut rather than the client's values. */
static void why_in_few_columns(void **state)
{
	(void)state;
	open_echo("gso", 1000, 10, 40);
	unfold("why · for each");
	assert_true(on_screen("server    client\n"));
	stage_close();
}

/* The baseline has one datagram a packet, this run a hundred. */
static void what_changed_between_two_methods(void **state)
{
	(void)state;
	open_echo("mmsg", 100, 60, 200);
	press('b');
	made_final(&made);
	run("gso", 1000);
	frame(60, 200);
	assert_true(on_screen("dg/tx"));
	assert_true(on_screen("×100"));
	stage_golden("echo-mmsg-gso-200x60");
	stage_close();
}

/* Stage i takes (i + 1) us at the median and twice that in a slow packet, but the server thirty. */
static struct stage_summary *made_stages(const struct made *m)
{
	struct stage_summary *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	*s = (struct stage_summary){ .at_ns = m->now_ns, .stamped = 1210, .whole = { .count = 1203 } };
	for (unsigned i = 0; i < engine_stages(echo); i++) {
		int64_t ns = (i + 1) * NS_PER_US;

		if (!strcmp(echo->stages[i].name, "away"))
			continue;
		s->stage[i] = (struct latency_summary){ .count = 1203, .p50_ns = ns, .p90_ns = ns * 3 / 2, .p99_ns = 2 * ns };
		s->share_ns[0][i] = ns;
		s->share_ns[1][i] = ns * 3 / 2;
		s->share_ns[2][i] = strcmp(echo->stages[i].name, "server") ? 2 * ns : 30 * ns;
	}
	return s;
}

static void open_stages(const char *one_in, int rows, int columns)
{
	modes_open(&made, "echo", 1, 1);
	modes_set(&made, "stages", one_in);
	made.stages = made_stages;
	stage_dash(CHARSET_BRAILLE, NULL);
	run("mmsg", 100);
	frame(rows, columns);
}

static void stages_at_120x40(void **state)
{
	(void)state;
	open_stages("1000", 40, 120);
	assert_true(on_screen("latency by stage µs · last 1 s"));
	stage_golden("echo-stages-120x40");
	stage_close();
}

static void stages_in_full_at_80x24(void **state)
{
	(void)state;
	open_stages("1000", 24, 80);
	unfold("each stage by itself");
	stage_golden("echo-stages-80x24");
	every_frame();
	stage_close();
}

static void stages_say_that_they_are_off(void **state)
{
	(void)state;
	open_stages("0", 24, 80);
	unfold("off: set stages to N, and one packet in N is stamped");
	stage_close();
}

static void every_size_is_painted(void **state)
{
	(void)state;
	open_echo("gso", 1000, 24, 80);
	every_frame();
	stage_close();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(why_at_120x40),
		cmocka_unit_test(why_in_full_at_80x24),
		cmocka_unit_test(why_in_few_columns),
		cmocka_unit_test(what_changed_between_two_methods),
		cmocka_unit_test(stages_at_120x40),
		cmocka_unit_test(stages_in_full_at_80x24),
		cmocka_unit_test(stages_say_that_they_are_off),
		cmocka_unit_test(every_size_is_painted),
	};

	stage_update = argc > 1 && !strcmp(argv[1], "--update");
	setenv("TZ", "UTC0", 1);
	echo = engine_find(engines_all, "echo");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
