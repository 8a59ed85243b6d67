/* Finding one's way: help and its search, the menu of panels, the forms, many cores, the choice of
 * the chart, clicks on charts and heads. */
#include "stage.h"

#include <stdlib.h>
#include <string.h>

#include "../../support/asserts.h"
#include "base/clock.h"
#include "ui/canvas/keys.h"
#include "ui/dash/keytable.h"

/* ---- help, menu, ranges ---- */

static void help_says_how_much_there_is_and_is_searched(void **state)
{
	(void)state;
	press('?');
	assert_true(on_screen("help ─"));
	assert_true(on_screen("1-17 of "));
	press(KEYCODE_DOWN);
	assert_true(on_screen("2-18 of "));
	type("/lost per second");
	press(KEYCODE_ENTER);
	assert_true(on_screen("drop/s"));
	assert_true(not_on_screen("Tab S-Tab"));
	type("/\025no such words");
	assert_true(on_screen("nothing here has"));
	press(KEYCODE_ESCAPE);
	assert_true(on_screen("1-17 of "));
	press(KEYCODE_ESCAPE);
	assert_int_equal(dash.view.screen, SCREEN_DASH);
	assert_string_equal(dash.view.filter, "");
}

/* Every column of the table, and every place of the ledger, has a line. */
static void help_explains_columns_and_places(void **state)
{
	static const char *const words[] = { "busy", "share", "vs A", "server socket buffer", "softnet", "unexplained", "side:" };

	(void)state;
	assert_int_equal(dash_resize(&dash, 24, 80), 0);
	press('?');
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		press('/');
		press(KEYCODE_CTRL_U);
		type(words[i]);
		press(KEYCODE_ENTER);
		assert_true(not_on_screen("nothing here has"));
	}
}

static void a_letter_opens_a_panel(void **state)
{
	(void)state;
	for (int i = 0; dash.panels[i].def; i++)
		for (int k = 0; k < i; k++)
			assert_int_not_equal(dash.panels[i].key, dash.panels[k].key);
	type("g");
	assert_true(on_screen("a letter opens one"));
	type("d");
	assert_int_equal(dash.view.screen, SCREEN_PANEL);
	assert_string_equal(dash_expanded(&dash)->name, "drops");
	type("gp");
	assert_string_equal(dash_expanded(&dash)->name, "percentiles");
	press(KEYCODE_ESCAPE);
	assert_int_equal(dash.view.screen, SCREEN_DASH);
	type("gn");
	assert_true(on_screen("TCP: this mode has nothing to show there"));
	assert_int_equal(dash.view.screen, SCREEN_DASH);
}

static void what_scrolls_says_where_it_stands(void **state)
{
	(void)state;
	for (int i = 0; i < 60; i++)
		made_event(&made, SEVERITY_INFO, "something happened");
	type("gv");
	assert_true(on_screen("1-17 of 6"));
	for (int i = 0; i < 100; i++)
		press(KEYCODE_PAGE_DOWN);
	assert_true(on_screen("something happened"));
	assert_true(not_on_screen("1-17 of "));
	press(KEYCODE_ESCAPE);
	frame(16, 60);
	press(KEYCODE_ENTER);
	assert_true(on_screen(" of 27"));
	for (int i = 0; i < 20; i++)
		press(KEYCODE_PAGE_DOWN);
	assert_true(on_screen("CPU busy"));
}

/* In one column no explanation is cut, and the latencies come first; where there is no room for
 * them, units stand alone. */
static void a_core_is_explained_in_full(void **state)
{
	(void)state;
	press(KEYCODE_PAGE_DOWN); /* a client */
	press(KEYCODE_ENTER);
	assert_true(on_screen("p99 "));
	for (int i = 0; i < 12; i++) {
		frame(24, 80);
		assert_true(not_on_screen("…"));
		press(KEYCODE_PAGE_DOWN);
	}
	frame(24, 60);
	assert_true(not_on_screen("packets: "));
}

/* In few columns a note loses its last parts, not where the panel stands; words of a title that has
 * been cut leave no hole. */
static void heads_keep_what_says_most(void **state)
{
	(void)state;
	for (int i = 0; i < 60; i++)
		made_event(&made, SEVERITY_INFO, "something happened");
	frame(10, 40);
	type("gv");
	assert_true(on_screen("1-5 of 6"));
	press(KEYCODE_ESCAPE);
	press(KEYCODE_ENTER);
	frame(8, 30);
	assert_true(on_screen("pinned ─") || on_screen("… ─"));
	assert_true(on_screen("Esc Back"));
	assert_true(not_on_screen(" thi"));
}

/* ---- forms ---- */

static void forms_have_help_and_no_way_out_by_f10(void **state)
{
	(void)state;
	press(KEYCODE_F2);
	press(KEYCODE_F1);
	assert_true(on_screen("this field"));
	assert_true(on_screen("keys of the form"));
	press('1'); /* another mode beneath the form would get its options */
	assert_int_equal(calls.count[CALL_MODE], 0);
	press(KEYCODE_F10);
	assert_false(dash.quit);
	assert_int_equal(dash.view.screen, SCREEN_SETUP);
	press(KEYCODE_F10);
	assert_int_equal(calls.count[CALL_APPLY], 1);
	assert_int_equal(dash.view.screen, SCREEN_DASH);
	press(KEYCODE_F10);
	assert_false(dash.quit);
	assert_true(on_screen("F10 has applied the form"));
	press(KEYCODE_F10);
	assert_true(dash.quit);
}

static void options_say_what_they_come_to(void **state)
{
	(void)state;
	press(KEYCODE_F2);
	for (int i = 0; i < 60 && not_on_screen(" cores "); i++)
		press(KEYCODE_DOWN);
	assert_true(on_screen("2 · default")); /* workers a role */
	for (int i = 0; i < 60 && not_on_screen("duration"); i++)
		press(KEYCODE_DOWN);
	assert_true(on_screen("until stopped · default"));
}

static void a_refused_value_has_the_cursor(void **state)
{
	(void)state;
	press('W');
	press(KEYCODE_DOWN);
	press(KEYCODE_CTRL_U);
	type("3"); /* sample: no power of two */
	press(KEYCODE_UP);
	press(KEYCODE_F10);
	assert_int_equal(dash.view.screen, SCREEN_CAPTURE);
	assert_true(on_screen(">sample"));
	assert_true(on_screen("not a power of two"));
}

/* ---- many cores ---- */

static void many_cores_are_counted_and_sides_chosen(void **state)
{
	(void)state;
	stage_close();
	made_open(&made, 32, 32);
	stage_dash(CHARSET_BRAILLE, "dark");
	stage_run(20);
	frame(24, 80);
	assert_true(on_screen("cores 1-"));
	assert_true(on_screen(" of 64"));
	press('x');
	assert_true(on_screen(" of 32"));
	assert_true(on_screen("server rows only"));
	press('x');
	assert_true(on_screen("client rows only"));
	assert_true(not_on_screen(">srv"));
	press('x');
	assert_true(on_screen(" of 64"));
}

static void favour_the_first(const struct made *m, struct worker_sample *w, unsigned worker)
{
	if (worker == m->servers) {
		w->value[COUNTER_RX_PACKETS] += 300;
		w->value[COUNTER_TX_PACKETS] += 300;
	}
}

static void bars_of_shares_are_there_where_they_differ(void **state)
{
	(void)state;
	frame(40, 160);
	assert_true(not_on_screen("share  "));
	made.fill = favour_the_first;
	made_ticks(&made, 20, PHASE_MEASURE, 1);
	frame(40, 160);
	assert_true(on_screen("share  "));
}

/* ---- the chart ---- */

static void the_chart_shows_what_is_chosen(void **state)
{
	(void)state;
	frame(40, 120);
	press('y');
	assert_true(on_screen("received, and sent ┄"));
	assert_true(on_screen("now "));
	press('y');
	assert_true(on_screen("throughput Mbit/s · 60 s"));
	press('y');
	assert_true(on_screen("p99 µs"));
	press('y');
	assert_true(on_screen("drops that the workers see /s"));
	press('y');
	assert_true(on_screen("CPU time of the workers CPUs"));
	press('y'); /* there are no hardware counters, and no TCP */
	assert_true(on_screen("× time · 60 s · shade = rate"));
	press('y');
	assert_true(on_screen("chart: throughput pps"));
	press('Y');
	assert_true(on_screen("× time · 60 s · shade = rate"));
	for (int kind = 0; kind < CHARTS; kind++) {
		dash.view.chart = (enum chart_kind)kind;
		every_frame();
	}
}

/* A mean over two runs is of neither. */
static void the_note_of_a_chart_is_of_the_run_that_goes_on(void **state)
{
	(void)state;
	made_run(&made, true);
	made_ticks(&made, 100, PHASE_MEASURE, 100);
	dash.view.chart = CHART_BOTH_WAYS;
	frame(60, 200);
	assert_true(on_screen(" min 200"));
	assert_true(on_screen(" mean 200"));
}

/* Its neighbours are of the last second. */
static void a_loss_says_its_window(void **state)
{
	(void)state;
	made.loss = 50;
	made_ticks(&made, 20, PHASE_MEASURE, 1);
	frame(40, 120);
	assert_true(on_screen(" % lost, run"));
	made_final(&made);
	frame(40, 120);
	assert_true(on_screen("whole run"));
	assert_true(not_on_screen("lost, run"));
}

static void what_was_cleared_is_not_of_the_run(void **state)
{
	(void)state;
	made.loss = 50;
	frame(40, 120);
	press('c');
	assert_true(on_screen("0 lost, since cleared"));
	made_ticks(&made, 20, PHASE_MEASURE, 1);
	frame(40, 120);
	assert_true(on_screen(" % lost, since cleared"));
}

static void nothing_comes(const struct made *m, struct worker_sample *w, unsigned worker)
{
	const struct sample *before = history_fine(m->history, 0);

	if (before && worker >= m->servers)
		w->value[COUNTER_RX_PACKETS] = before->worker[worker].value[COUNTER_RX_PACKETS];
}

/* Six decades, a gap and zeros. */
static void the_scale_may_be_logarithmic(void **state)
{
	static const double factors[] = { 0.01, 1, 100, 1, 10000 };

	(void)state;
	for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++)
		made_ticks(&made, 50, PHASE_MEASURE, factors[i]);
	made_silence(&made, 5ll * NS_PER_S);
	made.fill = nothing_comes;
	made_ticks(&made, 50, PHASE_MEASURE, 1);
	made.fill = NULL;
	made_ticks(&made, 100, PHASE_MEASURE, 1);
	frame(40, 120);
	assert_true(not_on_screen("· log"));
	press('l');
	assert_true(on_screen("scale of the charts: logarithmic"));
	assert_true(on_screen("· log · 60 s"));
	stage_golden("chart-log-120x40");
	for (int kind = 0; kind < CHARTS; kind++) {
		dash.view.chart = (enum chart_kind)kind;
		every_frame();
	}
	dash.view.chart = CHART_RATE;
	frame(40, 120);
	press('l');
	assert_true(on_screen("linear, from 0"));
	assert_true(not_on_screen("· log"));
}

static bool find_hit(int key, struct hit *ret_hit)
{
	for (unsigned i = 0; i < dash.hits.count; i++)
		if (dash.hits.hit[i].key == key) {
			*ret_hit = dash.hits.hit[i];
			return true;
		}
	return false;
}

static void a_click_on_a_chart_sets_the_cursor(void **state)
{
	struct hit plot = { .key = 0 };

	(void)state;
	frame(40, 120);
	assert_true(find_hit(KEY_TIME, &plot));
	key_mouse(&dash, plot.area.row, plot.area.column + plot.area.columns - 1, 0);
	frame_paint(&dash);
	assert_true(dash.view.frozen);
	assert_int_equal(dash.view.cursor_ns, dash.view.hold.at_ns);
	key_mouse(&dash, plot.area.row, plot.area.column + plot.area.columns - 3, 0);
	assert_less(dash.view.cursor_ns, dash.view.hold.at_ns);
}

static void a_click_on_a_head_sorts(void **state)
{
	struct hit head = { .key = 0 };

	(void)state;
	assert_true(find_hit(KEY_SORT + SORT_BUSY, &head));
	key_mouse(&dash, head.area.row, head.area.column, 0);
	assert_int_equal(dash.view.sort, SORT_BUSY);
	frame_paint(&dash);
	assert_true(find_hit(KEY_SORT + SORT_PLAN, &head));
	key_mouse(&dash, head.area.row, head.area.column, 0);
	assert_int_equal(dash.view.sort, SORT_PLAN);
}

/* ---- the host ---- */

static void the_cpus_have_meters_or_strips(void **state)
{
	static struct cpu_use use;

	(void)state;
	for (int i = 0; i < 6; i++)
		use.one[i] = (struct cpu_use_one){ .cpu = (short)i, .user = 0.25f, .system = 0.5f };
	use.count = 6;
	made.board.cpus = &use;
	frame(60, 200);
	assert_true(on_screen("6 CPUs of this host"));
	assert_true(on_screen("] 75"));
	for (int i = 0; i < 500; i++)
		use.one[i] = (struct cpu_use_one){ .cpu = (short)i, .softirq = 1 };
	use.count = 500;
	frame(60, 200);
	assert_true(on_screen("a cell each"));
	assert_true(on_screen("softirq"));
	every_frame();
}

/* ---- said, not shown ---- */

static void a_switch_behind_a_frozen_view_is_said(void **state)
{
	(void)state;
	press('m');
	assert_true(not_on_screen("unseen"));
	press(' ');
	press('m');
	assert_int_equal(calls.count[CALL_METHOD], 2);
	assert_true(on_screen("switched, unseen: the view is frozen, Space shows the new run"));
	press('p');
	assert_true(on_screen("switched, unseen"));
	calls.fail = true;
	press('m');
	assert_true(not_on_screen("unseen"));
	calls.fail = false;
	press(' ');
	press('m');
	assert_true(not_on_screen("unseen"));
}

/* Its words stand where the rows were, and the sums below them. */
static void a_filter_without_a_match_leaves_the_sums(void **state)
{
	(void)state;
	type("/nowhere");
	press(KEYCODE_ENTER);
	for (int rows = 14; rows <= 40; rows++) {
		frame(rows, 80);
		assert_true(on_screen("no core matches /nowhere"));
		assert_true(on_screen(" Σ 2 srv  "));
		assert_true(on_screen(" Σ 2 cli  "));
	}
	press(KEYCODE_ESCAPE);
	assert_true(on_screen("srv cpu0"));
}

/* It is told once, by the end of its name, and then leaves the verdict its room. */
static void a_capture_that_has_ended_is_quiet(void **state)
{
	(void)state;
	made.board.capture = (struct capture_state){ .active = true,
		.path = "/home/somebody/with/a/long/path/netdyno/capture-1.pcap",
		.packets = 1234,
		.kernel_drops_known = true,
		.options = { .sample_1_in = 1, .snaplen_bytes = 96 } };
	frame(24, 80);
	assert_true(on_screen("PCAP"));
	frame(24, 60);
	press('w');
	assert_true(on_screen("capture written: …/with/a/long/path/netdyno/capture-1.pcap"));
	frame(10, 40);
	press('w');
	assert_true(on_screen("…/capture-1.pcap"));
	made.board.capture.active = false;
	frame(24, 80);
	assert_true(not_on_screen("PCAP"));
	frame(40, 120);
	assert_true(on_screen("PCAP"));
	frame(10, 40);
	type("gw");
	assert_true(on_screen("writer lost 0\n"));
}

/* What is compared with it gives way. */
static void the_method_keeps_its_place(void **state)
{
	(void)state;
	press('b');
	frame(10, 40);
	assert_true(on_screen(" method ‹slow›"));
	assert_true(on_screen("base A"));
	press(' ');
	assert_true(on_screen(" method ‹slow›"));
	assert_true(on_screen("VIEW FROZEN"));
}

/* A form that nobody sees would take what is typed. */
static void nothing_opens_in_a_few_lines(void **state)
{
	static const int keys[] = { KEYCODE_F1, KEYCODE_F2, KEYCODE_ENTER, 'e', 'g', 'v', 'R', 'W', '/' };

	(void)state;
	frame(5, 20);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		press(keys[i]);
		assert_true(on_screen("too small: 30x8"));
		assert_int_equal(dash.view.screen, SCREEN_DASH);
		assert_false(dash.view.filter_typing);
	}
	press('r');
	assert_int_equal(calls.count[CALL_RUN], 1);
}

#define steering_test(f) cmocka_unit_test_setup_teardown(f, stage_begin, stage_end)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		steering_test(help_says_how_much_there_is_and_is_searched),
		steering_test(help_explains_columns_and_places),
		steering_test(a_letter_opens_a_panel),
		steering_test(what_scrolls_says_where_it_stands),
		steering_test(a_core_is_explained_in_full),
		steering_test(heads_keep_what_says_most),
		steering_test(forms_have_help_and_no_way_out_by_f10),
		steering_test(options_say_what_they_come_to),
		steering_test(a_refused_value_has_the_cursor),
		steering_test(many_cores_are_counted_and_sides_chosen),
		steering_test(bars_of_shares_are_there_where_they_differ),
		steering_test(the_chart_shows_what_is_chosen),
		steering_test(the_note_of_a_chart_is_of_the_run_that_goes_on),
		steering_test(a_loss_says_its_window),
		steering_test(what_was_cleared_is_not_of_the_run),
		steering_test(the_scale_may_be_logarithmic),
		steering_test(a_click_on_a_chart_sets_the_cursor),
		steering_test(a_click_on_a_head_sorts),
		steering_test(the_cpus_have_meters_or_strips),
		steering_test(a_switch_behind_a_frozen_view_is_said),
		steering_test(a_filter_without_a_match_leaves_the_sums),
		steering_test(a_capture_that_has_ended_is_quiet),
		steering_test(the_method_keeps_its_place),
		steering_test(nothing_opens_in_a_few_lines),
	};

	stage_update = argc > 1 && !strcmp(argv[1], "--update");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
