/* The axes of charts: labels do not lie over one another, the legend does not lie over the data,
 * ticks are said as they are. */
#include "fixture.h"

#include <math.h>

#include "base/rng.h"
#include "sweep/chart_axes.h"
#include "../support/asserts.h"

struct bench {
	struct sweep_plan plan;
	struct sweep_state state;
	struct sweep_chart chart;
	struct chart_layout *layout;
	struct chart_axes *axes;
};

/* The throughputs of the cells, in Mbit/s, over the first axis. */
static void draw(struct bench *b, const char *words, double from, double factor, double width_px)
{
	struct err err = ERR_NONE;

	*b = (struct bench){ 0 };
	make_plan(&b->plan, 1, words);
	assert_int_equal(sweep_state_init(&b->state, &b->plan, &err), 0);
	for (uint32_t cell = 0; cell < b->plan.cells; cell++, from *= factor)
		take(&b->state, cell, 0, from, true);
	b->chart.bars = !b->plan.axis[0].numeric;
	b->layout = chart_lay_out(&b->state, &b->chart);
	assert_non_null(b->layout);
	b->axes = chart_axes_of(b->layout, width_px);
	assert_non_null(b->axes);
}

static void done(struct bench *b)
{
	free(b->axes);
	free(b->layout);
	sweep_state_free(&b->state);
	sweep_plan_free(&b->plan);
}

/* Pixels from the left. */
static double place(const struct bench *b, unsigned nth, double width_px)
{
	const struct chart_axes *a = b->axes;
	double x = b->chart.bars ? nth : b->plan.axis[0].number[b->layout->order[nth]];

	return width_px * (a->log_x ? log(x / a->x_low) / log(a->x_high / a->x_low) : (x - a->x_low) / (a->x_high - a->x_low));
}

static void check_labels(const struct bench *b, double width_px)
{
	const struct sweep_axis *axis = &b->plan.axis[0];
	double free_from = -1e9;
	unsigned labelled = 0;

	for (unsigned i = 0; i < axis->count; i++) {
		size_t length = strlen(axis->text[b->layout->order[i]]);
		double half = b->axes->slanted ? 7 : (double)(length < CHART_LABEL_MAX ? length : CHART_LABEL_MAX) * 4;

		if (!b->axes->labelled[i])
			continue;
		if (place(b, i, width_px) - half < free_from)
			fail_msg("label %s lies over the one before", axis->text[b->layout->order[i]]);
		free_from = place(b, i, width_px) + half;
		labelled++;
	}
	assert_true(b->axes->labelled[0]);
	assert_at_least(labelled, 2);
}

static void labels_have_room(void **unused)
{
	struct rng rng = { 3 };

	(void)unused;
	for (unsigned round = 0; round < 200; round++) {
		char words[1000];
		unsigned count = 2 + (unsigned)(rng_next(&rng) % 40), value = (unsigned)(rng_next(&rng) % 3);
		bool names = round % 4 == 3;
		double width_px = round % 2 ? 420 : 800;
		struct bench b;

		snprintf(words, sizeof(words), "%s=", names ? "congestion" : "size");
		for (unsigned i = 0; i < count; i++) {
			value += 1 + (unsigned)(rng_next(&rng) % (round % 3 ? 2000 : 10));
			snprintf(words + strlen(words), sizeof(words) - strlen(words), names ? "%sname-%u" : "%s%u", i ? "," : "",
				value);
		}
		draw(&b, words, 100, 1, width_px);
		check_labels(&b, width_px);
		done(&b);
	}
}

static void names_are_slanted_not_dropped(void **unused)
{
	struct bench b;

	(void)unused;
	draw(&b, "congestion=cubic,reno,bbr,dctcp", 100, 1, 800);
	assert_false(b.axes->slanted);
	done(&b);
	draw(&b, "congestion=a-long-name,another-long-name,a-longer-name-that-is-cut,one,two,three", 100, 1, 420);
	assert_true(b.axes->slanted);
	assert_int_equal(b.axes->label_length, CHART_LABEL_MAX);
	for (unsigned i = 0; i < 6; i++)
		assert_true(b.axes->labelled[i]);
	done(&b);
}

/* Part of the height that is free above the data. */
static double free_part(const struct bench *b)
{
	const struct chart_axes *a = b->axes;

	return a->log_y ? log(a->y_high / b->layout->high) / log(a->y_high / a->y_low)
			: (a->y_high - b->layout->high) / (a->y_high - a->y_low);
}

static void legend_has_room(void **unused)
{
	(void)unused;
	for (double factor = 1; factor < 1000; factor *= 1.7) {
		struct bench b;

		draw(&b, "size=1K,2K,4K,8K", 0.01, factor, 420);
		assert_between(free_part(&b), 0.27, 0.3);
		assert_int_equal(b.axes->log_y, factor * factor * factor > 200);
		if (b.axes->log_y) {
			assert_more(b.axes->y_low, 0);
			assert_less(b.axes->y_low, b.layout->low);
		} else {
			assert_equals(b.axes->y_low, 0);
		}
		done(&b);
	}
}

/* Bars begin at 0. */
static void bars_are_linear(void **unused)
{
	struct bench b;

	(void)unused;
	draw(&b, "method=slow,fast", 1, 1e6, 420);
	assert_false(b.axes->log_y);
	assert_float_equal(b.axes->y_low, 0, 0);
	done(&b);
}

static void ticks_are_said_as_they_are(void **unused)
{
	(void)unused;
	for (double most = 10000; most < 1e12; most *= 1.13) {
		struct bench b;

		draw(&b, "size=1K,2K", most / 2, 2, 420);
		/* In Mbit/s: what is more than 9999 is in Gbit/s. */
		if (b.layout->high < 10000) {
			assert_null(b.axes->y_format);
			done(&b);
			continue;
		}
		double one = pow(1000, floor(log10(b.axes->y_high) / 3));
		unsigned ticks = (unsigned)(b.axes->y_high / b.axes->y_step);
		assert_in_range(ticks, 2, 8);
		/* With one decimal or none, nothing is rounded. */
		double last = b.axes->y_step * ticks / one * (strstr(b.axes->y_format, ".0s") ? 1 : 10);
		double first = b.axes->y_step / (b.axes->y_step < one ? one / 1000 : one) *
			       (strstr(b.axes->y_format, ".0s") ? 1 : 10);
		assert_float_equal(last, round(last), 1e-6);
		assert_float_equal(first, round(first), 1e-6);
		done(&b);
	}
}

static void percents_end_at_100(void **unused)
{
	struct bench b;

	(void)unused;
	draw(&b, "size=1K,2K", 99, 1, 420);
	free(b.axes);
	b.layout->unit = "%";
	b.axes = chart_axes_of(b.layout, 420);
	assert_float_equal(b.axes->y_last, 100, 0);
	assert_float_equal(b.axes->y_step, 20, 0);
	assert_more(b.axes->y_high, 100);
	done(&b);
}

static void x_says_its_unit(void **unused)
{
	static const char *const rows[][2] = { { "size=1K,2K", "size [bytes]" }, { "threads=1,2", "threads" },
		{ "pause=1ms,2ms", "pause [s]" }, { "pause=auto,2ms", "pause" }, { "method=slow,fast", "method" },
		{ "duration=1,2", "duration [s]" }, { "rate=1,2", "rate [messages/s]" } };

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char label[100];
		struct bench b;

		draw(&b, rows[i][0], 1, 1, 420);
		assert_string_equal(chart_x_label(b.layout, label, sizeof(label)), rows[i][1]);
		done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_have_room),
		cmocka_unit_test(names_are_slanted_not_dropped),
		cmocka_unit_test(legend_has_room),
		cmocka_unit_test(bars_are_linear),
		cmocka_unit_test(ticks_are_said_as_they_are),
		cmocka_unit_test(percents_end_at_100),
		cmocka_unit_test(x_says_its_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
