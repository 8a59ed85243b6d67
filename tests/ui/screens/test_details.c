/* The details panel: the worst of the rows that a mode keeps, in the order that keys choose; and
 * counters in the table of cores that have no sum. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "stage.h"
#include "ui/canvas/keys.h"
#include "../../support/asserts.h"

enum { SENT, BEHIND, SLOWEST };

static const struct detail_column columns[] = {
	[SENT] = { .name = "sent", .title = "sent", .unit = "packets", .help = "sent" },
	[BEHIND] = { .name = "behind", .title = "behind", .unit = "packets", .kind = COUNTER_GAUGE, .help = "behind" },
	[SLOWEST] = { .name = "slowest_ns", .title = "slowest", .unit = "ns", .kind = COUNTER_MAX, .help = "slowest" },
	{ 0 },
};
static const struct detail_def toys = {
	.name = "toys", .title = "Toys", .roles = ROLE_CLIENT, .columns = columns, .sort = BEHIND
};

/* A number to compare, in place of the first column. */
static const struct detail_column digests[] = {
	[SENT] = { .name = "digest", .title = "digest", .unit = "hex", .kind = COUNTER_MAX, .help = "digest" },
	{ 0 },
};
static const struct detail_def digested = {
	.name = "toys", .title = "Toys", .roles = ROLE_CLIENT, .columns = digests, .sort = SENT
};

static const struct detail_def *details = &toys;
static uint64_t digest;
static unsigned rows = 40;
static uint64_t missed;

/* Row i sends i in a second, is i behind, and takes i µs at most; the first takes nothing yet. */
static struct details *toy_rows(const struct made *m)
{
	struct details *d = details_new(rows);

	assert_non_null(d);
	d->at_ns = m->now_ns;
	d->seconds = 1;
	d->missed = missed;
	for (unsigned i = 0; i < rows; i++) {
		uint64_t seconds = m->sequence / 10;

		d->row[i] = (struct detail_row){ .id = 1000 + i, .worker = m->servers + i % m->clients };
		d->row[i].value[SENT] = digest ? digest : seconds * i;
		d->row[i].recent[SENT] = i;
		d->row[i].value[BEHIND] = i + 100 * seconds;
		d->row[i].value[SLOWEST] = i ? 1000 * i : COUNTER_NOTHING;
	}
	return d;
}

static struct engine toy_engine;

static void open_toys(unsigned count, int height, int width)
{
	struct made plain;

	rows = count;
	missed = 0;
	made_open(&plain, 1, 2);
	toy_engine = *plain.engine;
	toy_engine.details = details;
	made_close(&plain);
	made_open_with(&made, &toy_engine, 1, 2);
	made.details = toy_rows;
	stage_dash(CHARSET_BRAILLE, NULL);
	stage_run(60);
	frame(height, width);
}

static void the_worst_stand_in_front(void **state)
{
	(void)state;
	open_toys(40, 40, 120);
	assert_true(on_screen("toys · 12 of 40 · 1 s to 00:00:1"));
	assert_true(on_screen("     id CORE       sent/s    sent  ▼behind  slowest µs\n"));
	assert_true(on_screen("   1039 cli cpu2 "));
	assert_int_equal(dash.ranked.count, 40);
	assert_int_equal(dash.ranked.details->row[dash.ranked.row[0]].id, 1039);
	assert_true(not_on_screen("1027 cli"));
	stage_close();
}

static void keys_choose_the_order(void **state)
{
	(void)state;
	open_toys(40, 40, 120);
	press('I');
	assert_true(on_screen("▲behind"));
	assert_int_equal(dash.ranked.details->row[dash.ranked.row[0]].id, 1000);
	press('>');
	assert_true(on_screen("▲slowest µs"));
	/* a row that has none is last, whichever way they stand */
	assert_int_equal(dash.ranked.details->row[dash.ranked.row[39]].id, 1000);
	press('>');
	assert_true(on_screen("▲sent/s"));
	press('>');
	assert_true(on_screen("by sent ▲"));
	press('<');
	assert_true(on_screen("▲sent/s"));
	press('<');
	press('<');
	press('<');
	assert_true(on_screen("by sent ▲"));
	stage_close();
}

static void digests_are_digits(void **state)
{
	(void)state;
	details = &digested;
	digest = 0xfedcba9876043210;
	open_toys(40, 40, 120);
	assert_true(on_screen("▼digest"));
	assert_true(on_screen(" 043210\n"));
	stage_close();
	details = &toys;
	digest = 0;
}

/* S sorts the rows of the full screen. */
static void expanded_it_can_be_scrolled(void **state)
{
	(void)state;
	open_toys(40, 24, 80);
	while (dash.view.screen != SCREEN_PANEL || strcmp(dash_expanded(&dash)->name, "details") != 0)
		press('e');
	assert_true(on_screen("toys · 16 of 40"));
	press('j');
	press(KEYCODE_PAGE_DOWN);
	assert_true(on_screen("toys · 12-27 of 40"));
	assert_true(on_screen("    1028 cli"));
	for (int i = 0; i < 5; i++)
		press(KEYCODE_PAGE_DOWN);
	assert_true(on_screen("toys · 25-40 of 40"));
	assert_true(on_screen("    1000 cli"));
	press('S');
	assert_true(on_screen("▼slowest µs"));
	stage_close();
}

static void what_is_not_there_is_said(void **state)
{
	(void)state;
	open_toys(2500, 24, 80);
	missed = 7;
	made_ticks(&made, 10, PHASE_MEASURE, 1);
	frame(24, 80);
	assert_true(on_screen("of 2500 + 7 not kept · by"));
	while (dash.view.screen != SCREEN_PANEL || strcmp(dash_expanded(&dash)->name, "details") != 0)
		press('e');
	for (int i = 0; i < 120; i++)
		press(KEYCODE_PAGE_DOWN);
	assert_true(on_screen("toys · 985-1000 of 2500"));
	assert_true(on_screen("1000 at most"));
	stage_close();
}

/* The strip shows all rows at once, where the mode has a column for it; the first sends nothing. */
static void a_strip_shows_every_row(void **state)
{
	static struct detail_def stripped;

	(void)state;
	open_toys(40, 40, 120);
	assert_true(not_on_screen("40 toys · sent"));
	stage_close();
	stripped = toys;
	stripped.has_strip = true;
	stripped.strip = SENT;
	toy_engine.details = &stripped;
	made_open_with(&made, &toy_engine, 1, 2);
	made.details = toy_rows;
	stage_dash(CHARSET_ASCII, NULL);
	stage_run(60);
	frame(40, 120);
	assert_true(on_screen("40 toys . sent/s"));
	assert_true(on_screen("worst 0, median 19.5"));
	assert_true(on_screen("....::::::-------======+++++++******####"));
	stage_close();
}

/* The table shows the newest result of each method, of runs that are like this one, beside the
 * mode's yardstick. */
static void methods_stand_beside_each_other(void **state)
{
	static const struct figure_def figures[] = { { .name = "rate",
							     .title = "rate",
							     .unit = "packets/s",
							     .numerator = { COUNTER_RX_PACKETS, COUNTER_NONE },
							     .denominator = COUNTER_PER_SECOND,
							     .scale = 1,
							     .numerator_roles = ROLE_CLIENT,
							     .show = SHOW_SUM },
		{ 0 } };

	(void)state;
	open_toys(4, 40, 120);
	assert_true(not_on_screen("methods ·"));
	stage_close();
	toy_engine.yardstick = "slow";
	toy_engine.figures = figures;
	made_open_with(&made, &toy_engine, 1, 2);
	stage_dash(CHARSET_BRAILLE, NULL);
	stage_run(60);
	frame(40, 120);
	assert_true(on_screen("methods · packets/s · × slow"));
	assert_true(on_screen(" slow          2.00k    1.00  last 1 s"));
	assert_true(on_screen(" fast        needs what is not here"));
	made_final(&made);
	made.ran = "fast";
	made_run(&made, true);
	made_ticks(&made, 30, PHASE_MEASURE, 2);
	frame(40, 120);
	assert_true(on_screen(" slow          2.00k    1.00  run #1"));
	assert_true(on_screen(" fast          4.00k    2.00  last 1 s"));
	stage_close();
	toy_engine.yardstick = NULL;
}

/* Without rows there is neither a panel nor a key for them. */
static void modes_without_rows_have_no_panel(void **state)
{
	(void)state;
	open_toys(0, 40, 120);
	assert_true(not_on_screen("toys"));
	press('>');
	assert_true(on_screen("no details to sort"));
	stage_close();
	made_open(&made, 1, 1);
	stage_dash(CHARSET_BRAILLE, NULL);
	stage_run(20);
	frame(40, 120);
	assert_int_equal(dash.lines[dash_panel(&dash, PANEL_DETAILS)], PANEL_NONE);
	stage_close();
}

static void a_frozen_view_keeps_its_rows(void **state)
{
	char *before, *after;

	(void)state;
	open_toys(40, 40, 120);
	press(' ');
	before = canvas_to_text(&dash.canvas);
	made_ticks(&made, 300, PHASE_MEASURE, 1);
	frame_paint(&dash);
	after = canvas_to_text(&dash.canvas);
	assert_non_null(strstr(after, "toys · 12 of 40"));
	assert_string_equal(strstr(after, "toys · 12 of 40"), strstr(before, "toys · 12 of 40"));
	free(before);
	free(after);
	press('I'); /* they can be sorted still */
	assert_true(on_screen("   1000 cli cpu1 "));
	press(' ');
	assert_true(on_screen("   1000 cli cpu1 "));
	stage_close();
}

/* The newest reading of the rows is the only one that is kept. */
static void the_cursor_has_rows_where_they_are_known(void **state)
{
	(void)state;
	open_toys(40, 40, 120);
	made_ticks(&made, 4, PHASE_MEASURE, 1);
	frame_paint(&dash);
	press(' ');
	press(KEYCODE_RIGHT); /* at the newest moment */
	made_ticks(&made, 20, PHASE_MEASURE, 1);
	frame_paint(&dash);
	assert_true(on_screen("toys · 12 of 40"));
	for (int i = 0; i < 4; i++)
		press(KEYCODE_LEFT);
	assert_true(on_screen("only the newest rows are kept"));
	assert_true(on_screen("toys · by behind"));
	stage_close();
}

/* The panel keeps its place while a run begins anew. */
static void its_place_outlives_the_run(void **state)
{
	(void)state;
	open_toys(40, 40, 120);
	press('I');
	made_run(&made, true);
	frame_paint(&dash);
	assert_true(on_screen("toys · by behind ▲"));
	assert_true(on_screen("no row yet"));
	made_ticks(&made, 20, PHASE_MEASURE, 1);
	frame_paint(&dash);
	assert_true(on_screen("toys · 12 of 40"));
	stage_close();
}

enum { QUICKEST = COUNTER_OWN, HIGHEST, DEPTH };

static const struct counter_def levels[] = {
	[QUICKEST - COUNTER_OWN] = { .name = "quickest_ns",
		.title = "quickest",
		.unit = "ns",
		.kind = COUNTER_MIN,
		.roles = ROLE_CLIENT,
		.show = SHOW_TABLE,
		.help = "" },
	[HIGHEST - COUNTER_OWN] = { .name = "highest",
		.title = "highest",
		.unit = "bytes",
		.kind = COUNTER_MAX,
		.roles = ROLE_BOTH,
		.show = SHOW_TABLE,
		.help = "" },
	[DEPTH - COUNTER_OWN] = { .name = "depth",
		.title = "depth",
		.unit = "",
		.kind = COUNTER_GAUGE,
		.roles = ROLE_CLIENT,
		.show = SHOW_TABLE | SHOW_SUM,
		.help = "" },
	{ 0 },
};

static void fill_levels(const struct made *m, struct worker_sample *w, unsigned worker)
{
	(void)m;
	w->value[QUICKEST] = 3000 * worker;
	w->value[HIGHEST] = worker ? 70 + worker : COUNTER_NOTHING;
	w->value[DEPTH] = 400;
}

/* The sum of a side has the lowest of the lowest, the highest of the highest; of a gauge the sum,
 * where that says something. */
static void lowest_and_highest_are_not_added_up(void **state)
{
	char *screen;

	(void)state;
	open_toys(0, 60, 200);
	toy_engine.counters = levels;
	toy_engine.figures = NULL;
	made.fill = fill_levels;
	made_ticks(&made, 20, PHASE_MEASURE, 1);
	frame(60, 200);
	assert_true(on_screen("quickest µs  highest    depth"));
	screen = canvas_to_text(&dash.canvas);
	assert_non_null(strstr(screen, "       3.00       71      400"));
	assert_non_null(strstr(screen, "       6.00       72      400"));
	assert_non_null(strstr(strstr(screen, "Σ 2 cli"), "       3.00       72      800"));
	free(screen);
	stage_close();
}

static void every_size_is_painted(void **state)
{
	(void)state;
	open_toys(40, 24, 80);
	for (int full = 0; full < 2; full++) {
		for (int height = 1; height <= 60; height += 1 + height / 6)
			for (int width = 1; width <= 250; width += 1 + width / 6)
				frame(height, width);
		frame(24, 80);
		while (dash.view.screen != SCREEN_PANEL || strcmp(dash_expanded(&dash)->name, "details") != 0)
			press('e');
	}
	stage_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worst_stand_in_front),
		cmocka_unit_test(keys_choose_the_order),
		cmocka_unit_test(digests_are_digits),
		cmocka_unit_test(expanded_it_can_be_scrolled),
		cmocka_unit_test(what_is_not_there_is_said),
		cmocka_unit_test(modes_without_rows_have_no_panel),
		cmocka_unit_test(a_frozen_view_keeps_its_rows),
		cmocka_unit_test(the_cursor_has_rows_where_they_are_known),
		cmocka_unit_test(its_place_outlives_the_run),
		cmocka_unit_test(lowest_and_highest_are_not_added_up),
		cmocka_unit_test(every_size_is_painted),
		cmocka_unit_test(a_strip_shows_every_row),
		cmocka_unit_test(methods_stand_beside_each_other),
	};

	setenv("TZ", "UTC0", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
