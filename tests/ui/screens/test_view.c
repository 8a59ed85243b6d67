/* The view's logic: freezing, the time cursor, zoom, sorting, filtering, clearing, baselines. */
#include "stage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ui/canvas/keys.h"
#include "ui/dash/keytable.h"
#include "../../support/asserts.h"
#include "../../support/toy.h"

static int open_dash(void **state)
{
	(void)state;
	made_open(&made, 2, 3);
	stage_run(100);
	stage_dash(CHARSET_BRAILLE, NULL);
	frame(40, 120);
	return 0;
}

static double client_pps(void)
{
	struct rates r;

	moment_rates(&dash.moment, -1, ROLE_CLIENT, &r);
	return r.rx_pps;
}

static void rates_are_those_of_the_last_second(void **state)
{
	(void)state;
	assert_float_equal(client_pps(), 3 * MADE_PPS, 0.01);
	made_ticks(&made, 10, PHASE_MEASURE, 2);
	frame_paint(&dash);
	assert_float_equal(client_pps(), 6 * MADE_PPS, 0.01);
}

static void a_frozen_view_stands_still_while_the_run_goes_on(void **state)
{
	int64_t at = dash.moment.at_ns;

	(void)state;
	press(' ');
	made_ticks(&made, 1500, PHASE_MEASURE, 3); /* more than the ring of ticks holds */
	frame_paint(&dash);
	assert_int_equal(dash.moment.at_ns, at);
	assert_float_equal(client_pps(), 3 * MADE_PPS, 0.01);
	assert_true(on_screen("VIEW FROZEN"));
	assert_true(on_screen("run continues"));
	assert_true(on_screen("● RUN 02:3")); /* 10 s and 150 s */
	press(' ');
	assert_float_equal(client_pps(), 9 * MADE_PPS, 0.01);
	assert_true(not_on_screen("VIEW FROZEN"));
}

static void the_cursor_looks_back(void **state)
{
	(void)state;
	made_ticks(&made, 50, PHASE_MEASURE, 2);
	frame_paint(&dash);
	int64_t newest = dash.moment.at_ns;

	press(KEYCODE_LEFT);
	assert_true(dash.view.frozen);
	assert_less(dash.view.cursor_ns, newest);
	for (int i = 0; i < 20 && newest - dash.view.cursor_ns < 7ll * NS_PER_S; i++)
		press(KEYCODE_LEFT);
	assert_float_equal(client_pps(), 3 * MADE_PPS, 0.01);
	press(KEYCODE_END);
	assert_int_equal(dash.view.cursor_ns, newest);
	assert_float_equal(client_pps(), 6 * MADE_PPS, 0.01);
	press(KEYCODE_HOME); /* no further back than the first sample */
	assert_non_null(dash.moment.to);
	assert_true(not_on_screen("no run yet"));
	assert_true(not_on_screen("no data"));
	press(KEYCODE_ESCAPE);
	assert_false(dash.view.frozen);
	assert_int_equal(dash.view.cursor_ns, 0);
}

static void zoom_has_ends(void **state)
{
	int steps = 0;

	(void)state;
	assert_int_equal(view_span_ns(&dash.view), 60ll * NS_PER_S);
	while (view_zoom(&dash.view, -1))
		steps++;
	assert_int_equal(view_span_ns(&dash.view), 10ll * NS_PER_S);
	while (view_zoom(&dash.view, 1))
		frame_paint(&dash);
	assert_at_least(view_span_ns(&dash.view), 3600ll * NS_PER_S);
	assert_true(view_zoom(&dash.view, 0));
	assert_int_equal(view_span_ns(&dash.view), 60ll * NS_PER_S);
	assert_more(steps, 0);
}

static void sorting_stays_within_a_side(void **state)
{
	int order[5];

	(void)state;
	dash.view.sort = SORT_P99; /* later clients have larger ones */
	assert_int_equal(view_rows(&dash.view, &dash.moment, order), 5);
	assert_int_equal(order[0], 0);
	assert_int_equal(order[1], 1);
	assert_int_equal(order[2], 4);
	assert_int_equal(order[3], 3);
	assert_int_equal(order[4], 2);
	view_move_pick(&dash.view, order, 5, 2);
	assert_int_equal(dash.view.pick, 4);
	view_move_pick(&dash.view, order, 5, -20);
	assert_int_equal(dash.view.pick, 0);
	view_move_pick(&dash.view, order, 5, 20);
	assert_int_equal(dash.view.pick, 2);
}

static void the_filter_knows_no_case(void **state)
{
	int order[5];

	(void)state;
	strcpy(dash.view.filter, "CPU3");
	assert_int_equal(view_rows(&dash.view, &dash.moment, order), 1);
	assert_int_equal(order[0], 3);
	strcpy(dash.view.filter, "nowhere");
	assert_int_equal(view_rows(&dash.view, &dash.moment, order), 0);
	frame_paint(&dash);
	assert_true(on_screen("no core matches"));
}

static void clearing_subtracts(void **state)
{
	uint64_t before = dash.summary.count;

	(void)state;
	press('c');
	made_ticks(&made, 10, PHASE_MEASURE, 1);
	frame_paint(&dash);
	assert_more(before, 0);
	assert_int_equal(dash.summary.count, 10 * 101);
	assert_true(on_screen("since cleared"));
	assert_int_equal(dash.ledger.sent, 3 * 100 * 109); /* the ledger's line stays whole */
}

static void a_new_run_is_not_cleared(void **state)
{
	(void)state;
	press('c');
	made_run(&made, true);
	made_ticks(&made, 20, PHASE_MEASURE, 1);
	frame_paint(&dash);
	assert_true(not_on_screen("since cleared"));
}

static void a_baseline_is_compared_with(void **state)
{
	(void)state;
	press('b');
	assert_true(dash.view.base_kept);
	/* the first interval ends a second after the first sample of the measurement */
	assert_int_equal(dash.view.base.n, 9);
	made_run(&made, true);
	made_ticks(&made, 25, PHASE_MEASURE, 1.1);
	frame_paint(&dash);
	made_ticks(&made, 60, PHASE_MEASURE, 1.1);
	frame_paint(&dash);
	assert_float_equal(dash.difference[METRIC_PPS].relative, 0.1, 0.001);
	assert_true(on_screen("+10.0%"));
	press('B');
	assert_false(dash.view.base_kept);
}

static void a_baseline_outlives_its_run(void **state)
{
	(void)state;
	press('b');
	for (int i = 0; i < 70; i++) { /* more runs than the history remembers */
		made_run(&made, true);
		made_ticks(&made, 3, PHASE_MEASURE, 1);
	}
	frame_paint(&dash);
	assert_true(on_screen("base A"));
	assert_int_equal(dash.view.base.n, 9);
}

static void differences_always_carry_their_sign(void **state)
{
	static const struct {
		struct tally_change change;
		const char *text;
	} cases[] = { { { 0.041, 1 }, "+4.1%" }, { { -0.13, -1 }, "-13.0%" }, { { 0, 0 }, "0.0%" }, { { -0.0004, -1 }, "0.0%" },
		{ { 8.5, 1 }, "+850%" }, { { 19.7, 1 }, "×20.7" }, { { 1e4, 1 }, "×10.0k" }, { { NAN, NAN }, "--" },
		/* from nothing there is no percentage, but there is a difference */
		{ { NAN, 5000 }, "+5.00k" }, { { NAN, 0 }, "0" } };
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(tally_difference_text(&cases[i].change, text, sizeof(text)), cases[i].text);
}

static void a_difference_from_nothing_is_known(void **state)
{
	static const double none[] = { NAN }, nought[] = { 0, 0 }, some[] = { 1, 3 };
	struct tally_change change;

	(void)state;
	change = tally_difference(none, 1, some, 2);
	assert_true(isnan(change.relative) && isnan(change.absolute));
	change = tally_difference(nought, 2, some, 2);
	assert_true(isnan(change.relative));
	assert_float_equal(change.absolute, 2, 1e-12);
	change = tally_difference(nought, 2, nought, 2);
	assert_float_equal(change.absolute, 0, 1e-12);
	assert_float_equal(tally_difference(some, 2, nought, 2).relative, -1, 1e-12);
}

static void what_was_frozen_may_be_forgotten(void **state)
{
	(void)state;
	press(' ');
	for (int i = 0; i < 70; i++) {
		made_run(&made, true);
		made_ticks(&made, 2, PHASE_MEASURE, 1);
		frame_paint(&dash);
	}
	assert_null(dash.moment.info);
	press(KEYCODE_LEFT);
	press(' ');
	assert_non_null(dash.moment.info);
}

/* A worker is called what its mode calls it; where CPUs are shared, or not known, numbered. */
static void workers_have_the_words_of_their_mode(void **state)
{
	static const struct role_words writer = { "writer", "wri" };
	struct engine fanout = engine_toy;
	struct run_worker worker[] = {
		{ .role = ROLE_SERVER, .cpu = 3 },
		{ .role = ROLE_CLIENT, .index = 7, .cpu = 4, .shares_cpu = true },
		{ .role = ROLE_SERVER, .index = 1, .cpu = -1 },
	};
	struct run_info info = { .engine = &fanout, .workers = 3, .worker = worker };
	static const char *const expected[] = { "wri cpu3", "cli7 cpu4*", "wri #1" };
	char name[32];

	(void)state;
	fanout.server = &writer;
	for (unsigned i = 0; i < 3; i++) {
		view_worker_name(&info, i, name, sizeof(name));
		assert_string_equal(name, expected[i]);
	}
}

#define dash_test(f) cmocka_unit_test_setup_teardown(f, open_dash, stage_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		dash_test(rates_are_those_of_the_last_second),
		dash_test(a_frozen_view_stands_still_while_the_run_goes_on),
		dash_test(the_cursor_looks_back),
		dash_test(zoom_has_ends),
		dash_test(sorting_stays_within_a_side),
		dash_test(the_filter_knows_no_case),
		dash_test(clearing_subtracts),
		dash_test(a_new_run_is_not_cleared),
		dash_test(a_baseline_is_compared_with),
		dash_test(a_baseline_outlives_its_run),
		dash_test(differences_always_carry_their_sign),
		dash_test(a_difference_from_nothing_is_known),
		dash_test(what_was_frozen_may_be_forgotten),
		cmocka_unit_test(workers_have_the_words_of_their_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
