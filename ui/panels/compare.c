/* A/B: the duel; else this run beside the kept baseline, metric by metric.  Numbers without a
 * mark: one run a side does not tell whether a difference is real. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ui/dash/headline.h"
#include "ui/dash/runs/runs.h"
#include "ui/panels/panels.h"

static bool compare_is_latency(enum metric metric)
{
	return metric == METRIC_P50 || metric == METRIC_P99 || metric == METRIC_P99_9;
}

static void number(const struct dash *d, enum metric metric, double value, char *out, size_t size)
{
	if (compare_is_latency(metric))
		words_time(value * NS_PER_US, d->in_ms, out, size);
	else
		text_human(value, out, size);
}

/* A metric of every mode, or a figure of this one. */
struct compare_row {
	char name[32];
	char mean_a[24], mean_b[24];
	struct tally_change difference;
};

/* The unit that the screen has for it elsewhere, and what the metric is multiplied by for that. */
static const char *compare_unit(const struct dash *d, enum metric metric, double *ret_scale)
{
	*ret_scale = 1;
	if (metric == METRIC_MBPS && headline_is_bits(dash_engine(d))) {
		*ret_scale = 1e6;
		return "bit/s";
	}
	if (metric == METRIC_MBPS)
		return dash_bits_unit(d, ret_scale);
	if (metric == METRIC_DROP_PPM && d->drops_lost && words_share_is_percent(d->drops_lost, d->drops_sent)) {
		*ret_scale = 1e-4;
		return "drops %";
	}
	return NULL;
}

/* By what the side that the mode counts on receives. */
static void compare_name_cpu(const struct dash *d, const char *title, char *out, size_t size)
{
	const struct engine *e = dash_engine(d);
	const char *one = e && e->packet_rate ? e->packet_rate : "pkt";

	if (e && e->delivery && d->moment.info && d->moment.info->rx_roles & ROLE_CLIENT)
		one = e->delivery;
	snprintf(out, size, "%s ns/%.*s", title, (int)strcspn(one, "/"), one);
}

static void compare_metric(const struct dash *d, enum metric metric, struct compare_row *row)
{
	const struct metric_def *def = &metric_defs[metric];
	const struct tally *a = &d->view.base, *b = dash_b(d);
	const struct engine *e = dash_engine(d);
	double scale;
	const char *unit = compare_unit(d, metric, &scale);

	*row = (struct compare_row){ .difference = d->difference[metric] };
	row->difference.absolute *= scale;
	if (unit)
		snprintf(row->name, sizeof(row->name), "%s", unit);
	else if (metric == METRIC_PPS && e && e->packet_rate)
		snprintf(row->name, sizeof(row->name), "%s", e->packet_rate);
	else if (metric == METRIC_CPU)
		compare_name_cpu(d, def->title, row->name, sizeof(row->name));
	else
		snprintf(row->name, sizeof(row->name), "%s %s", def->title,
			compare_is_latency(metric) ? dash_latency_unit(d, "") : def->unit);
	number(d, metric, scale * tally_value(a, metric), row->mean_a, sizeof(row->mean_a));
	number(d, metric, scale * tally_value(b, metric), row->mean_b, sizeof(row->mean_b));
}

static void compare_figure(const struct dash *d, unsigned figure, struct compare_row *row)
{
	const struct tally *a = &d->view.base, *b = dash_b(d);

	*row = (struct compare_row){ .difference = d->figure_difference[figure] };
	snprintf(row->name, sizeof(row->name), "%s", tally_figure(b, figure)->title);
	text_human(tally_mean(a->figure[figure], a->n), row->mean_a, sizeof(row->mean_a));
	text_human(tally_mean(b->figure[figure], b->n), row->mean_b, sizeof(row->mean_b));
}

/* Both runs are of one mode: its figures can be compared, too. */
static unsigned compare_figures(const struct dash *d)
{
	return dash_has_base(d) ? dash_b(d)->figures : 0;
}

static void compare_paint_row(struct dash *d, struct rect area, int row, const struct compare_row *content)
{
	int at = area.row + row, left = area.column;
	char text[48];

	area_put(&d->canvas, area, row, 1, STYLE_TEXT, content->name);
	canvas_put_right(&d->canvas, at, left + 14, 7, STYLE_TEXT, content->mean_a);
	canvas_put_right(&d->canvas, at, left + 22, 7, STYLE_TEXT, content->mean_b);
	canvas_put_right(&d->canvas, at, left + 30, 9, isnan(content->difference.absolute) ? STYLE_DIM : STYLE_TEXT,
		tally_difference_text(&content->difference, text, sizeof(text)));
}

static void compare_paint_head(struct dash *d, struct rect area, int row)
{
	area_put(&d->canvas, area, row, 1, STYLE_DIM, "means, run");
	canvas_put_right(&d->canvas, area.row + row, area.column + 14, 7, STYLE_DIM, "A");
	canvas_put_right(&d->canvas, area.row + row, area.column + 22, 7, STYLE_DIM, "B");
	canvas_put_right(&d->canvas, area.row + row, area.column + 30, 9, STYLE_DIM, "Δ");
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

/* From screen row `row` on, up to the row `end`; returns the row behind the last one. */
static int compare_paint_rows(struct dash *d, struct rect area, int row, int end, int rows)
{
	struct compare_row content;

	for (int i = compare_first(d, rows, end - row); i < rows && row < end; i++, row++) {
		if (i < METRICS)
			compare_metric(d, (enum metric)i, &content);
		else
			compare_figure(d, (unsigned)(i - METRICS), &content);
		compare_paint_row(d, area, row, &content);
	}
	return row;
}

/* No baseline, or one that measures other things: the run before speaks for itself. */
static void compare_paint_without(struct dash *d, struct rect area)
{
	const struct engine *a = d->view.base.engine;

	area_rule(&d->canvas, area, d->view.base_kept || !d->sentence[0] ? "A/B" : "A/B · against the run before", NULL);
	if (d->view.base_kept)
		area_printf(&d->canvas, area, 1, 1, STYLE_WARNING, "A is a run of mode %s, which measures other things", a->name);
	else if (d->sentence[0])
		area_wrap(&d->canvas, area, 1, 1, STYLE_TEXT, d->sentence);
	else
		area_wrap(&d->canvas, area, 1, 1, STYLE_DIM, "no baseline: press b to keep this run as A, then change something");
}

/* The methods, and in what else the two differ. */
static void compare_title(const struct dash *d, char *out, size_t size)
{
	const struct tally *a = &d->view.base, *b = dash_b(d);
	char differs[160];

	runs_differ_from_a(d, differs, sizeof(differs));
	if (*differs && strcmp(differs, RUN_LINE_ALIKE) && (strncmp(differs, "method ", 7) || strchr(differs, ',')))
		snprintf(out, size, "A n=%u / B n=%u%s%s", a->n, b->n, *differs ? " · " : "", differs);
	else
		snprintf(out, size, "A ‹%s› n=%u / B ‹%s› n=%u", a->method, a->n, b->method, b->n);
}

static void compare_paint(struct dash *d, struct rect area)
{
	bool head = area.rows >= 7;
	int rows = METRICS + (int)compare_figures(d), hidden = rows - (area.rows - 2 - head), row;
	char title[128], note[24] = "";

	if (dash_duel(d)) {
		panel_duel_paint(d, dash_duel(d), area);
		return;
	}
	if (!dash_has_base(d)) {
		compare_paint_without(d, area);
		return;
	}
	compare_title(d, title, sizeof(title));
	if (hidden > 0)
		snprintf(note, sizeof(note), "%d more", hidden);
	area_rule(&d->canvas, area, title, note);
	if (head)
		compare_paint_head(d, area, 1);
	/* The last row is not for figures: no number may stand there without what it is worth. */
	row = compare_paint_rows(d, area, 1 + head, area.rows - 1, rows);
	area_put(&d->canvas, area, row, 1, STYLE_DIM,
		d->board->read_only ? "one run a side: judge with netdyno compare" : "one run a side: d starts a duel");
	if (d->sentence_a[0])
		area_wrap(&d->canvas, area, row + 1, 1, STYLE_TEXT, d->sentence_a);
}

static int compare_lines(const struct dash *d)
{
	if (dash_duel(d))
		return panel_duel_lines(dash_duel(d));
	return dash_has_base(d) ? (int)compare_figures(d) : PANEL_ASIDE;
}

const struct panel_def panel_compare = {
	.name = "A/B",
	.shows = PANEL_DUEL,
	.narrow = { .min = 6, .want = 8 },
	.wide = { .min = 6, .want = 10 },
	.paint = compare_paint,
	.lines = compare_lines,
};
