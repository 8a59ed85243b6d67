/* What a run is compared with: the run before, the baseline, any two of the list of runs. */
#include "stage.h"

#include "../../support/asserts.h"
#include "ui/canvas/keys.h"
#include "ui/dash/runs/runs.h"

static void next_run(const char *ran, unsigned ticks, double factor)
{
	made_final(&made);
	made.ran = ran;
	made_run(&made, true);
	made_ticks(&made, 10, PHASE_WARMUP, factor);
	made_ticks(&made, ticks, PHASE_MEASURE, factor);
	frame(24, 80);
}

static void second_run(double factor)
{
	next_run("fast", 50, factor);
}

static void the_run_before_is_compared_in_a_sentence(void **state)
{
	(void)state;
	second_run(0.5);
	assert_true(on_screen("fast: 50.0 % fewer messages/s than run #1 (method slow→fast); one run a side"));
	frame(40, 120);
	type("ga");
	assert_true(on_screen("against the run before"));
	press(KEYCODE_ESCAPE);
	press('b'); /* a baseline speaks for itself */
	assert_true(not_on_screen("fewer messages/s"));
}

/* A second or two of a run say nothing: other panels may show the contrary. */
static void two_intervals_are_too_few_to_compare(void **state)
{
	(void)state;
	next_run("fast", 30, 0.5);
	assert_int_equal(dash.tally.n, 2);
	assert_true(not_on_screen("messages/s"));
	frame(40, 120);
	type("ga");
	assert_true(not_on_screen("messages/s"));
	press(KEYCODE_ESCAPE);
	made_ticks(&made, 10, PHASE_MEASURE, 0.5);
	frame(24, 80);
	assert_int_equal(dash.tally.n, 3);
	assert_true(on_screen("‹fast›"));
	assert_true(on_screen("fast: 50.0 % fewer messages/s than run #1"));
}

/* The one that m has left where it is not A, once; A stays in the title. */
static void the_baseline_is_compared_in_a_sentence(void **state)
{
	(void)state;
	press('b');
	assert_true(on_screen("base A ‹slow›"));
	second_run(0.5);
	assert_true(on_screen("fast: 50.0 % fewer messages/s than A, run #1 (method slow→fast)"));
	press('u'); /* takes that away */
	press('u');
	assert_true(on_screen("fast: 50.0 % fewer messages/s than A, run #1"));
	next_run("slow", 50, 1);
	assert_true(on_screen("slow: 2 times the messages/s of run #2 (method fast→slow); one run a side"));
	assert_true(on_screen("slow: as many messages/s as A, run #1"));
	frame(40, 120);
	type("ga");
	assert_true(on_screen("slow: as many messages/s as A, run #1 (the same settings); one run a side"));
}

/* Like all in its row: of the last second, not of the run. */
static void vs_a_is_of_the_window_in_the_head(void **state)
{
	(void)state;
	press('b');
	next_run("fast", 31, 1);
	assert_true(on_screen("cores · last 1 s"));
	assert_true(on_screen("0.0%"));
	made_ticks(&made, 11, PHASE_MEASURE, 2);
	frame(24, 80);
	assert_true(on_screen("+100%"));
	assert_true(not_on_screen("0.0%"));
	made_final(&made);
	frame(24, 80);
	assert_true(on_screen("cores · whole run"));
	assert_true(on_screen("+26.8%")); /* 4.1 s, of which 1.1 s have twice as many */
}

/* A second of A itself is not compared with A. */
static void vs_a_begins_behind_a(void **state)
{
	(void)state;
	press('b'); /* A's last interval has ended 0.9 s ago */
	assert_true(not_on_screen("0.0%"));
	made_ticks(&made, 1, PHASE_MEASURE, 2);
	frame(24, 80);
	assert_true(on_screen("+10.0%"));
	made_ticks(&made, 10, PHASE_MEASURE, 2);
	frame(24, 80);
	assert_true(on_screen("+100%"));
	press(KEYCODE_HOME);
	assert_true(not_on_screen("0.0%"));
	press(' ');
	assert_true(on_screen("+100%"));
	made_final(&made);
	frame(24, 80);
	assert_true(not_on_screen("0.0%"));
	assert_true(not_on_screen("+100%"));
}

static void runs_are_listed_shown_and_compared(void **state)
{
	(void)state;
	second_run(3);
	frame(24, 120);
	press('R');
	assert_true(on_screen("#1"));
	assert_true(on_screen("#2"));
	assert_true(on_screen("method slow→fast"));
	press(KEYCODE_DOWN);
	press(KEYCODE_ENTER);
	assert_int_equal(dash.view.screen, SCREEN_DASH);
	assert_int_equal(dash.moment.info->id, 1);
	assert_true(on_screen("RUN #1 SHOWN"));
	press(KEYCODE_ESCAPE);
	assert_int_equal(dash.moment.info->id, 2);
	press('R');
	press(KEYCODE_DOWN);
	press(' ');
	assert_true(on_screen("Space marks B"));
	press(KEYCODE_UP);
	press(' ');
	assert_int_equal(dash.view.screen, SCREEN_PANEL);
	assert_int_equal(dash.view.base.run_id, 1);
	assert_int_equal(calls.count[CALL_BASE], 1);
	assert_true(on_screen("A ‹slow› n=4 / B ‹fast› n=4"));
}

static void a_and_b_have_no_interval_in_common(void **state)
{
	(void)state;
	press('b');
	frame(40, 120);
	type("ga");
	assert_true(on_screen("A ‹slow› n=4 / B ‹slow› n=0"));
	made_ticks(&made, 30, PHASE_MEASURE, 1);
	frame(40, 120);
	assert_true(on_screen("A ‹slow› n=4 / B ‹slow› n=3"));
}

static void the_label_says_what_differs(void **state)
{
	struct err err = ERR_NONE;

	(void)state;
	press('b');
	made_final(&made);
	assert_int_equal(options_set(&made.mode[0].options, "window", "128", &err), 0);
	stage_run(30);
	frame(40, 120);
	type("ga");
	assert_true(on_screen("A n=4 / B n=2 · window 64→128"));
}

static void another_mode_is_not_compared(void **state)
{
	(void)state;
	press('b');
	made_final(&made);
	made.bulk = true; /* another engine */
	stage_run(30);
	frame(40, 120);
	assert_true(not_on_screen("vs A"));
	type("ga");
	assert_true(on_screen("which measures other things"));
	press(KEYCODE_ESCAPE);
	press('R');
	press(' ');
	press(KEYCODE_DOWN);
	press(' ');
	assert_true(on_screen("they measure other things"));
	assert_int_equal(dash.view.screen, SCREEN_RUNS);
}

static void a_forgotten_run_is_refused(void **state)
{
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(view_show_run(&dash.view, made.history, 77, &err), -2 /* ENOENT */);
	assert_contains(err.text, "run #77");
	assert_false(dash.view.frozen);
}

#define comparing_test(f) cmocka_unit_test_setup_teardown(f, stage_begin, stage_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		comparing_test(the_run_before_is_compared_in_a_sentence),
		comparing_test(two_intervals_are_too_few_to_compare),
		comparing_test(the_baseline_is_compared_in_a_sentence),
		comparing_test(vs_a_is_of_the_window_in_the_head),
		comparing_test(vs_a_begins_behind_a),
		comparing_test(runs_are_listed_shown_and_compared),
		comparing_test(a_and_b_have_no_interval_in_common),
		comparing_test(the_label_says_what_differs),
		comparing_test(another_mode_is_not_compared),
		comparing_test(a_forgotten_run_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
