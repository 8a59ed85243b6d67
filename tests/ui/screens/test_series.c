/* The series behind the charts: bins are exact, do not change as time goes on, and gaps are
 * gaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "boards.h"
#include "ui/dash/series.h"
#include "../../support/asserts.h"

static struct made made;
static struct series series;

static int open_history(void **state)
{
	(void)state;
	made_open(&made, 1, 1);
	made_run(&made, true);
	return 0;
}

static int close_history(void **state)
{
	(void)state;
	series_free(&series);
	made_close(&made);
	return 0;
}

static void update(int64_t span_s, unsigned bins)
{
	struct series_ask ask = { span_s * NS_PER_S, made.now_ns, bins, bins / 2, -1, false, NULL, { 0 }, NULL };

	assert_int_equal(series_update(&series, made.history, &ask), 0);
}

static unsigned known_bins(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < series.ask.bins; i++)
		n += !isnan(series.value[i]);
	return n;
}

/* Its packets and latencies are other things under the same head. */
static void another_mode_leaves_a_gap(void **state)
{
	(void)state;
	made_ticks(&made, 200, PHASE_MEASURE, 1);
	made_final(&made);
	made.bulk = true;
	made_run(&made, true);
	made_ticks(&made, 100, PHASE_MEASURE, 1);
	update(60, 60);
	assert_in_range(known_bins(), 29, 31);
	struct series_ask ask = series.ask;
	ask.engine = history_newest_run(made.history)->engine;
	assert_int_equal(series_update(&series, made.history, &ask), 0);
	assert_in_range(known_bins(), 9, 11);
	for (unsigned i = 0; i < 18; i++)
		assert_true(series.gap[i]);
	assert_true(series.marks[series.current]);
}

static void bins_hold_the_rate(void **state)
{
	/* wider and narrower than a tick */
	static const unsigned widths[] = { 7, 60, 150, 301, 600 };

	(void)state;
	made_ticks(&made, 200, PHASE_MEASURE, 1);
	for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
		update(30, widths[w]);
		for (unsigned i = 0; i < widths[w]; i++)
			if (!isnan(series.value[i]))
				assert_float_equal(series.value[i], MADE_PPS, 1e-6 * MADE_PPS);
		assert_false(isnan(series.value[widths[w] - 1]));
		assert_true(isnan(series.value[0]));
	}
}

/* Sample by sample gives the same as all at once. */
static void scrolling_changes_nothing(void **state)
{
	struct series whole = { 0 };

	(void)state;
	for (int i = 0; i < 300; i++) {
		made_ticks(&made, 1, PHASE_MEASURE, 1 + i % 7);
		update(20, 133);
	}
	struct series_ask ask = series.ask;

	assert_int_equal(series_update(&whole, made.history, &ask), 0);
	for (unsigned i = 2; i < ask.bins; i++)
		if (series.value[i] != whole.value[i] && !(isnan(series.value[i]) && isnan(whole.value[i])))
			assert_float_equal(series.value[i], whole.value[i], 1e-9);
	for (unsigned i = 2 * HEAT_ROWS; i < ask.heat_bins * HEAT_ROWS; i++)
		assert_float_equal(series.rows[i], whole.rows[i], 1e-3);
	series_free(&whole);
}

static void a_gap_is_a_gap(void **state)
{
	(void)state;
	made_ticks(&made, 50, PHASE_MEASURE, 1);
	made_silence(&made, 5ll * NS_PER_S);
	made_ticks(&made, 50, PHASE_MEASURE, 1);
	update(15, 150);
	for (unsigned i = 55; i < 95; i++)
		assert_true(isnan(series.value[i]));
	assert_float_equal(series.value[30], MADE_PPS, 1e-3);
	assert_float_equal(series.value[140], MADE_PPS, 1e-3);
	assert_int_equal(series.gap[35], 1);
	assert_int_equal(series.gap[70], 0);
}

static void another_run_is_marked(void **state)
{
	unsigned marks = 0;

	(void)state;
	made_ticks(&made, 50, PHASE_MEASURE, 1);
	made_run(&made, true);
	made_ticks(&made, 50, PHASE_MEASURE, 2);
	update(10, 100);
	for (unsigned i = 0; i < 100; i++)
		marks += series.marks[i];
	assert_int_equal(marks, 1);
	assert_float_equal(series.value[99], 2 * MADE_PPS, 1e-3);
}

/* Beyond the ring of ticks the intervals speak. */
static void an_hour_is_kept(void **state)
{
	(void)state;
	made_ticks(&made, 3000, PHASE_MEASURE, 1);
	update(300, 100);
	assert_at_least(known_bins(), 98);
	for (unsigned i = 3; i < 100; i++)
		assert_float_equal(series.value[i], MADE_PPS, 1e-3);
}

static void going_back_to_a_frozen_time_rebuilds(void **state)
{
	int64_t then;

	(void)state;
	made_ticks(&made, 100, PHASE_MEASURE, 1);
	then = made.now_ns;
	made_ticks(&made, 300, PHASE_MEASURE, 5);
	update(10, 100);
	assert_float_equal(series.value[0], 5 * MADE_PPS, 1e-3);
	struct series_ask ask = { 10ll * NS_PER_S, then, 100, 50, -1, false, NULL, { 0 }, NULL };

	assert_int_equal(series_update(&series, made.history, &ask), 0);
	assert_float_equal(series.value[99], MADE_PPS, 1e-3);
	assert_float_equal(series.value[50], MADE_PPS, 1e-3);
}

static void times_find_their_bins(void **state)
{
	(void)state;
	made_ticks(&made, 100, PHASE_MEASURE, 1);
	update(10, 100);
	assert_int_equal(series_bin_of(&series, made.now_ns), 99);
	assert_int_equal(series_bin_of(&series, made.now_ns - 100 * NS_PER_MS), 98);
	assert_int_equal(series_heat_bin_of(&series, made.now_ns), 49);
	assert_int_equal(series_bin_of(&series, made.now_ns - 11ll * NS_PER_S), -1);
	assert_int_equal(series_bin_of(&series, made.now_ns + 1ll * NS_PER_S), -1);
}

static void percentiles_come_from_the_counts(void **state)
{
	(void)state;
	made_ticks(&made, 100, PHASE_MEASURE, 1);
	update(10, 100);
	/* rows 56..63 alike: the median lies between row 59 and 60, 2^(60/4) ns */
	assert_float_equal(series.p50[40], 32768, 32768 * 0.02);
	assert_more(series.p99[40], series.p50[40]);
	assert_at_most(series.p99[40], 65536);
}

#define history_test(f) cmocka_unit_test_setup_teardown(f, open_history, close_history)

/* Over all workers, in each bin by itself: what it is divided by may stand still. */
static void a_figure_is_charted(void **state)
{
	static const struct figure_def per_call = { .name = "per_call",
		.numerator = { COUNTER_RX_PACKETS, COUNTER_NONE },
		.denominator = COUNTER_SYSCALLS,
		.scale = 3,
		.numerator_roles = ROLE_CLIENT,
		.denominator_roles = ROLE_CLIENT };
	struct figure_def per_second = per_call;
	struct series_ask ask = { .span_ns = 10ll * NS_PER_S, .bins = 20, .heat_bins = 10, .worker = -1, .figure = &per_call };

	(void)state;
	made_ticks(&made, 40, PHASE_MEASURE, 1);
	made_ticks(&made, 20, PHASE_MEASURE, 0);
	ask.end_ns = made.now_ns;
	assert_int_equal(series_update(&series, made.history, &ask), 0);
	/* 8 bins of 10 packets a call, then 4 without a call */
	for (unsigned i = 0; i < 20; i++)
		if (i >= 9 && i < 16)
			assert_float_equal(series.value[i], 30, 0.01);
		else if (i != 8)
			assert_true(isnan(series.value[i]));
	per_second.denominator = COUNTER_PER_SECOND;
	ask.figure = &per_second;
	assert_int_equal(series_update(&series, made.history, &ask), 0);
	assert_float_equal(series.value[12], 3 * MADE_PPS, 0.01);
	assert_float_equal(series.value[19], 0, 0.01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		history_test(bins_hold_the_rate),
		history_test(another_mode_leaves_a_gap),
		history_test(scrolling_changes_nothing),
		history_test(a_gap_is_a_gap),
		history_test(another_run_is_marked),
		history_test(an_hour_is_kept),
		history_test(going_back_to_a_frozen_time_rebuilds),
		history_test(times_find_their_bins),
		history_test(percentiles_come_from_the_counts),
		history_test(a_figure_is_charted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
