/* A/B: this run against the kept baseline, metric by metric, with a 95 % confidence interval of
 * each difference. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ui/panels/panels.h"

static void number(enum metric metric, double value, char *out, size_t size)
{
	bool latency = metric == METRIC_P50 || metric == METRIC_P99 || metric == METRIC_P99_9;

	if (latency)
		words_ns(value * NS_PER_US, out, size);
	else if (fabs(value) < 1000 && !isnan(value))
		snprintf(out, size, "%.4g", value);
	else
		text_human(value, out, size);
}

/* Never wider than 15 columns together: a bound that is cut reads as another one. */
static const char *bound_text(double percent, char *out, size_t size)
{
	double magnitude = fabs(percent);

	snprintf(out, size, magnitude < 999.95 ? "%+.1f" : magnitude < 99999.5 ? "%+.0f" : "%+.0e", percent);
	return out;
}

static void interval_text(const struct difference *diff, char *out, size_t size)
{
	char low[24], high[24];

	if (!diff->known || !isfinite(diff->low) || !isfinite(diff->high))
		snprintf(out, size, "--");
	else
		snprintf(out, size, "[%s,%s]", bound_text(100 * diff->low, low, sizeof(low)),
			bound_text(100 * diff->high, high, sizeof(high)));
}

static void paint_metric(struct dash *d, struct rect area, int row, enum metric metric)
{
	const struct metric_def *def = &metric_defs[metric];
	const struct tally *a = &d->view.base, *b = &d->tally;
	const struct difference *diff = &d->difference[metric];
	char text[48];
	int at = area.row + row, left = area.column;
	bool differs, better = (diff->relative < 0) == def->less_is_better;

	const struct engine *e = dash_engine(d);

	if (metric == METRIC_PPS && e && e->packet_rate)
		area_put(&d->canvas, area, row, 1, STYLE_TEXT, e->packet_rate);
	else if (metric == METRIC_CPU && e && e->packet_rate)
		area_printf(&d->canvas, area, row, 1, STYLE_TEXT, "%s ns/%.*s", def->title, (int)strcspn(e->packet_rate, "/"),
			e->packet_rate);
	else
		area_printf(&d->canvas, area, row, 1, STYLE_TEXT, "%s %s", def->title, def->unit);
	number(metric, tally_mean(a->value[metric], a->n), text, sizeof(text));
	canvas_put_right(&d->canvas, at, left + 14, 7, STYLE_TEXT, text);
	number(metric, tally_mean(b->value[metric], b->n), text, sizeof(text));
	canvas_put_right(&d->canvas, at, left + 22, 7, STYLE_TEXT, text);
	differs = difference_text(diff, text, sizeof(text));
	canvas_put_right(&d->canvas, at, left + 30, 9,
		!diff->known ? STYLE_DIM
		: !differs   ? STYLE_SAME
		: better     ? STYLE_BETTER
			     : STYLE_WORSE,
		text);
	interval_text(diff, text, sizeof(text));
	if (area.columns >= 55)
		canvas_put(&d->canvas, at, left + 40, area.columns - 40, diff->known ? STYLE_TEXT : STYLE_DIM, text);
}

enum { COMPARE_LEAST = 3 /* intervals of each, for an interval of confidence */ };

static void compare_paint(struct dash *d, struct rect area)
{
	char title[128];
	int row = 1;

	if (!d->view.base_kept) {
		area_rule(&d->canvas, area, "A/B", NULL);
		area_put(&d->canvas, area, 1, 1, STYLE_DIM, "no baseline: press b to keep this run as A, then change something");
		return;
	}
	snprintf(title, sizeof(title), "A ‹%s› n=%u / B ‹%s› n=%u", d->view.base.method, d->view.base.n, d->tally.method,
		d->tally.n);
	/* A does not grow: where it is too short, waiting does not help. */
	bool a_short = d->view.base.n < COMPARE_LEAST, b_short = d->tally.n < COMPARE_LEAST;

	area_rule(&d->canvas, area, title, a_short ? "A needs 3" : b_short ? "B needs 3" : "95 % CI");
	if (area.rows >= 7) {
		area_put(&d->canvas, area, row, 1, STYLE_DIM, "means");
		canvas_put_right(&d->canvas, area.row + row, area.column + 14, 7, STYLE_DIM, "A");
		canvas_put_right(&d->canvas, area.row + row, area.column + 22, 7, STYLE_DIM, "B");
		canvas_put_right(&d->canvas, area.row + row, area.column + 30, 9, STYLE_DIM, "Δ");
		if (area.columns >= 55)
			area_put(&d->canvas, area, row, 40, STYLE_DIM, "CI of Δ, %");
		row++;
	}
	for (int i = 0; i < METRICS && row < area.rows; i++)
		paint_metric(d, area, row++, (enum metric)i);
	if (row < area.rows)
		area_put(&d->canvas, area, row, 1, STYLE_DIM,
			a_short   ? "--: A has fewer than 3 intervals; b keeps another"
			: b_short ? "-- until B has 3 intervals"
				  : "▲▼ CI excludes 0   = no difference shown");
}

static int compare_lines(const struct dash *d)
{
	return d->view.base_kept ? 0 : PANEL_ASIDE;
}

const struct panel_def panel_compare = {
	.name = "A/B",
	.narrow = { .min = 6, .want = 8 },
	.wide = { .min = 6, .want = 9 },
	.paint = compare_paint,
	.lines = compare_lines,
};
