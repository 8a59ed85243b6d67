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

/* A metric of every mode, or a figure of this one. */
struct compare_row {
	char name[32];
	char mean_a[24], mean_b[24];
	const struct difference *diff;
	bool has_sense, less_is_better; /* sense: one of both is better */
};

static void compare_metric(const struct dash *d, enum metric metric, struct compare_row *row)
{
	const struct metric_def *def = &metric_defs[metric];
	const struct tally *a = &d->view.base, *b = &d->tally;
	const struct engine *e = dash_engine(d);
	const char *rate = e ? e->packet_rate : NULL;

	*row = (struct compare_row){ .diff = &d->difference[metric], .has_sense = true, .less_is_better = def->less_is_better };
	if (metric == METRIC_PPS && rate)
		snprintf(row->name, sizeof(row->name), "%s", rate);
	else if (metric == METRIC_CPU && rate)
		snprintf(row->name, sizeof(row->name), "%s ns/%.*s", def->title, (int)strcspn(rate, "/"), rate);
	else
		snprintf(row->name, sizeof(row->name), "%s %s", def->title, def->unit);
	number(metric, tally_mean(a->value[metric], a->n), row->mean_a, sizeof(row->mean_a));
	number(metric, tally_mean(b->value[metric], b->n), row->mean_b, sizeof(row->mean_b));
}

static void compare_figure(const struct dash *d, unsigned figure, struct compare_row *row)
{
	const struct tally *a = &d->view.base, *b = &d->tally;

	*row = (struct compare_row){ .diff = &d->figure_difference[figure] };
	snprintf(row->name, sizeof(row->name), "%s", tally_figure(b, figure)->title);
	text_human(tally_mean(a->figure[figure], a->n), row->mean_a, sizeof(row->mean_a));
	text_human(tally_mean(b->figure[figure], b->n), row->mean_b, sizeof(row->mean_b));
}

/* Both runs are of one mode: its figures can be compared, too. */
static unsigned compare_figures(const struct dash *d)
{
	return d->view.base_kept && d->view.base.engine == d->tally.engine ? d->tally.figures : 0;
}

static enum style compare_style(const struct compare_row *row, bool differs)
{
	bool better = (row->diff->relative < 0) == row->less_is_better;

	if (!row->diff->known)
		return STYLE_DIM;
	if (!differs)
		return STYLE_SAME;
	return !row->has_sense ? STYLE_STRONG : better ? STYLE_BETTER : STYLE_WORSE;
}

static void compare_paint_row(struct dash *d, struct rect area, int row, const struct compare_row *content)
{
	int at = area.row + row, left = area.column;
	char text[48];

	area_put(&d->canvas, area, row, 1, STYLE_TEXT, content->name);
	canvas_put_right(&d->canvas, at, left + 14, 7, STYLE_TEXT, content->mean_a);
	canvas_put_right(&d->canvas, at, left + 22, 7, STYLE_TEXT, content->mean_b);
	bool differs = difference_text(content->diff, text, sizeof(text));

	canvas_put_right(&d->canvas, at, left + 30, 9, compare_style(content, differs), text);
	interval_text(content->diff, text, sizeof(text));
	if (area.columns >= 55)
		canvas_put(&d->canvas, at, left + 40, area.columns - 40, content->diff->known ? STYLE_TEXT : STYLE_DIM, text);
}

enum { COMPARE_LEAST = 3 /* intervals of each, for an interval of confidence */ };

static void compare_paint_head(struct dash *d, struct rect area, int row)
{
	area_put(&d->canvas, area, row, 1, STYLE_DIM, "means");
	canvas_put_right(&d->canvas, area.row + row, area.column + 14, 7, STYLE_DIM, "A");
	canvas_put_right(&d->canvas, area.row + row, area.column + 22, 7, STYLE_DIM, "B");
	canvas_put_right(&d->canvas, area.row + row, area.column + 30, 9, STYLE_DIM, "Δ");
	if (area.columns >= 55)
		area_put(&d->canvas, area, row, 40, STYLE_DIM, "CI of Δ, %");
}

/* The first row that is shown: all of them are scrolled to on the full screen. */
static int compare_first(struct dash *d, int rows, int room)
{
	int most = rows > room ? rows - room : 0;

	if (d->layout.kind != LAYOUT_FULL)
		return 0;
	if (d->view.scroll > most)
		d->view.scroll = most;
	return d->view.scroll;
}

/* From screen row `row` on; returns the row behind the last one. */
static int compare_paint_rows(struct dash *d, struct rect area, int row, int rows)
{
	struct compare_row content;

	for (int i = compare_first(d, rows, area.rows - row); i < rows && row < area.rows; i++, row++) {
		if (i < METRICS)
			compare_metric(d, (enum metric)i, &content);
		else
			compare_figure(d, (unsigned)(i - METRICS), &content);
		compare_paint_row(d, area, row, &content);
	}
	return row;
}

static void compare_paint(struct dash *d, struct rect area)
{
	bool head = area.rows >= 7;
	int rows = METRICS + (int)compare_figures(d), hidden = rows - (area.rows - 1 - head), row;
	char title[128], note[48];

	if (!d->view.base_kept) {
		area_rule(&d->canvas, area, "A/B", NULL);
		area_put(&d->canvas, area, 1, 1, STYLE_DIM, "no baseline: press b to keep this run as A, then change something");
		return;
	}
	snprintf(title, sizeof(title), "A ‹%s› n=%u / B ‹%s› n=%u", d->view.base.method, d->view.base.n, d->tally.method,
		d->tally.n);
	/* A does not grow: where it is too short, waiting does not help. */
	bool a_short = d->view.base.n < COMPARE_LEAST, b_short = d->tally.n < COMPARE_LEAST;

	snprintf(note, sizeof(note), "%s", a_short ? "A needs 3" : b_short ? "B needs 3" : "95 % CI");
	if (hidden > 0)
		text_add(note, sizeof(note), " · %d more", hidden);
	area_rule(&d->canvas, area, title, note);
	if (head)
		compare_paint_head(d, area, 1);
	row = compare_paint_rows(d, area, 1 + head, rows);
	if (row < area.rows)
		area_put(&d->canvas, area, row, 1, STYLE_DIM,
			a_short   ? "--: A has fewer than 3 intervals; b keeps another"
			: b_short ? "-- until B has 3 intervals"
				  : "▲▼ CI excludes 0   = no difference shown");
}

static int compare_lines(const struct dash *d)
{
	return d->view.base_kept ? (int)compare_figures(d) : PANEL_ASIDE;
}

const struct panel_def panel_compare = {
	.name = "A/B",
	.narrow = { .min = 6, .want = 8 },
	.wide = { .min = 6, .want = 9 },
	.paint = compare_paint,
	.lines = compare_lines,
};
