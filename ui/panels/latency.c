/* The percentiles of the run's headline latency, and what must be said with them. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/dash/headline.h"
#include "ui/panels/panels.h"
#include "ui/widgets/widgets.h"

struct percentile {
	const char *name;
	size_t offset; /* into struct latency_summary */
	int rank;      /* shown from the lowest rank on as there is room */
};

#define PERCENTILE(title, field, rank)                                    \
	{                                                                 \
		(title), offsetof(struct latency_summary, field), (rank), \
	}

static const struct percentile percentiles[] = {
	PERCENTILE("min", min_ns, 8),
	PERCENTILE("p50", p50_ns, 0),
	PERCENTILE("p75", p75_ns, 6),
	PERCENTILE("p90", p90_ns, 4),
	PERCENTILE("p95", p95_ns, 7),
	PERCENTILE("p99", p99_ns, 1),
	PERCENTILE("p99.9", p99_9_ns, 2),
	PERCENTILE("p99.99", p99_99_ns, 5),
	PERCENTILE("max", max_ns, 3),
};
enum { PERCENTILES = sizeof(percentiles) / sizeof(percentiles[0]) };

static int64_t latency_value_of(const struct latency_summary *l, const struct percentile *p)
{
	return *(const int64_t *)((const char *)l + p->offset);
}

/* Bars on a log scale from half of p50 to the maximum: tails are ratios. */
static double bar_fraction(const struct latency_summary *l, int64_t ns)
{
	double low = log((double)(l->min_ns > 0 ? l->min_ns : 1)) - 0.3, high = log((double)(l->max_ns > 1 ? l->max_ns : 2));

	return high > low && ns > 0 ? fmax(0, (log((double)ns) - low) / (high - low)) : 0;
}

static void paint_one(struct dash *d, struct rect area, int row, const struct percentile *p)
{
	const struct latency_summary *l = &d->summary;
	int64_t ns = latency_value_of(l, p);
	char value[32];
	int bar = area.columns - 18;

	area_printf(&d->canvas, area, row, 1, STYLE_DIM, "%6s", p->name);
	dash_latency(d, l, ns, value, sizeof(value));
	canvas_put_right(&d->canvas, area.row + row, area.column + 8, 8, l->count ? STYLE_STRONG : STYLE_DIM, value);
	if (bar < 4 || !l->count)
		return;
	canvas_fill(&d->canvas, (struct rect){ area.row + row, area.column + 17, 1, bar }, STYLE_DIM, "·");
	bar_paint(&d->canvas, area.row + row, area.column + 17, bar, bar_fraction(l, ns), STYLE_BAR);
}

/* The warning needs its room more than what came in the drain. */
static void paint_count(struct dash *d, struct rect area, int row)
{
	static const char *const warnings[] = { "closed loop: coordinated omission!", "coordinated omission!", "closed loop!" };
	enum { WARNINGS = sizeof(warnings) / sizeof(warnings[0]) };
	struct reading whole = moment_whole(&d->moment);
	uint64_t drained = reading_in_drain(&whole);
	int least = d->moment.info->closed_loop ? canvas_width(warnings[WARNINGS - 1]) : 0, behind;
	char count[32], text[96];

	if (row >= area.rows)
		return;
	snprintf(text, sizeof(text), "n=%s", text_grouped(d->summary.count, count, sizeof(count)));
	if (drained)
		text_add(text, sizeof(text), ", %s in the drain", text_grouped(drained, count, sizeof(count)));
	if (4 + canvas_width(text) + least >= area.columns)
		text[strcspn(text, ",")] = '\0';
	area_put(&d->canvas, area, row, 1, STYLE_TEXT, text);
	behind = 4 + canvas_width(text);
	for (size_t i = 0; d->moment.info->closed_loop && i < WARNINGS; i++) {
		if (behind + canvas_width(warnings[i]) >= area.columns)
			continue;
		area_put(&d->canvas, area, row, behind, STYLE_WARNING, warnings[i]);
		break;
	}
}

enum { NAME = 10, VALUE = 8, REST = NAME + VALUE + 3 };

/* A value with its name before it and what it is behind it. */
static void paint_value(
	struct dash *d, struct rect area, int row, const char *name, enum style style, const char *value, const char *rest)
{
	canvas_put_cut(&d->canvas, area.row + row, area.column + 1, NAME, STYLE_DIM, name);
	canvas_put_right(&d->canvas, area.row + row, area.column + 1 + NAME, VALUE, style, value);
	canvas_put_cut(&d->canvas, area.row + row, area.column + REST, area.columns - REST, STYLE_DIM, rest);
}

/* The latencies beside the headline that this run records: a line each.  Returns the next row. */
static int paint_others(struct dash *d, struct rect area, int row)
{
	const struct latency_def *def = d->moment.info->engine->latencies;
	struct latency_summary l;
	char p50[32], p99[32], rest[96];

	for (unsigned i = 1; i < LATENCIES_MAX && def[i].name && row < area.rows; i++) {
		moment_latency(&d->moment, -1, i, &l);
		if (!l.count)
			continue;
		dash_latency(d, &l, l.p50_ns, p50, sizeof(p50));
		dash_latency(d, &l, l.p99_ns, p99, sizeof(p99));
		const char *window = d->moment.final ? "run" : "1 s";

		snprintf(rest, sizeof(rest), "p50 · p99 %s · %s, from %s", p99, window, def[i].since ? def[i].since : "send");
		if (canvas_width(rest) > area.columns - REST)
			snprintf(rest, sizeof(rest), "p50 · p99 %s · %s", p99, window);
		paint_value(d, area, row++, def[i].title, STYLE_TEXT, p50, rest);
	}
	return row;
}

/* The mode's figures of all workers together, where there is room below.  One that has no value
 * and no reason for that is another method's. */
static void paint_figures(struct dash *d, struct rect area, int row)
{
	const struct run_info *info = d->moment.info;
	char value[32];

	for (const struct figure_def *f = info->engine->figures; f && f->name && row < area.rows; f++) {
		double now = moment_figure(&d->moment, f, -1);
		const char *why = isnan(now) ? figure_why_unknown(info, f, -1) : NULL;
		enum style style = isnan(now) ? STYLE_DIM : STYLE_TEXT;

		if (!(f->show & SHOW_SUM) || f->show & SHOW_PANEL || (isnan(now) && !why))
			continue;
		paint_value(d, area, row++, f->title, style, text_human(now, value, sizeof(value)), why ? why : f->unit);
	}
}

/* The other latencies that have values: a line each. */
static int latency_others(const struct dash *d, const struct engine *e)
{
	int n = 0;

	for (unsigned i = 1; d->moment.info && e && i < engine_latencies(e); i++) {
		struct latency_summary l;

		moment_latency(&d->moment, -1, i, &l);
		n += l.count > 0;
	}
	return n;
}

static void latency_paint(struct dash *d, struct rect area)
{
	const struct engine *e = dash_engine(d);
	const struct latency_def *l = e ? e->latencies : NULL;
	char title[96], note[64] = "", at[32];
	int room = area.rows - 2 - latency_others(d, e), row = 1;

	snprintf(title, sizeof(title), "%s percentiles %s · %s", l && l->name ? l->title : "latency", dash_latency_unit(d, ""),
		!d->total_known                          ? "last 1 s"
		: view_cleared(&d->view, d->moment.info) ? "since cleared"
		: d->moment.final                        ? "whole run"
							 : "this run");
	if (d->view.cursor_ns)
		snprintf(note, sizeof(note), "at %s", dash_hms(d, d->moment.at_ns, at, sizeof(at)));
	else if (l && l->name && l->since && dash_records(d, l))
		snprintf(note, sizeof(note), "from %s", l->since);
	area_rule(&d->canvas, area, title, note);
	if (!l || !l->name || !d->moment.info) {
		area_put(&d->canvas, area, 1, 1, STYLE_DIM, "no latencies yet");
		return;
	}
	if (!dash_records(d, l)) {
		area_put(&d->canvas, area, 1, 1, STYLE_DIM, "clients record them, and none runs here");
		return;
	}
	for (int i = 0; i < PERCENTILES; i++)
		if (percentiles[i].rank < room)
			paint_one(d, area, row++, &percentiles[i]);
	paint_count(d, area, row);
	paint_figures(d, area, paint_others(d, area, row + 1));
}

static int latency_lines(const struct dash *d)
{
	const struct engine *e = dash_engine(d);
	const struct latency_def *l = e ? e->latencies : NULL;

	if (l && l->name && d->moment.info && !dash_records(d, l))
		return PANEL_ASIDE;
	return latency_others(d, e);
}

const struct panel_def panel_percentiles = {
	.lines = latency_lines,
	.name = "percentiles",
	.narrow = { .min = 6, .want = 7 },
	.wide = { .min = 6, .want = 10, .weight = 1 },
	.paint = latency_paint,
};
