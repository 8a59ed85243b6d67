/* Throughput and latency over time. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ui/dash/headline.h"
#include "ui/panels/panels.h"
#include "ui/widgets/axis.h"
#include "ui/widgets/widgets.h"

static double largest(const double *values, unsigned n, double at_least)
{
	double max = at_least;

	for (unsigned i = 0; i < n; i++)
		if (values[i] > max)
			max = values[i];
	return max;
}

void charts_title(const struct dash *d, const char *name, const char *unit, char *out, size_t size)
{
	char span[32];

	snprintf(out, size, "%s%s%s%s · %s", name, *unit ? " " : "", unit, d->view.log ? " · log" : "",
		view_span_text(&d->view, span, sizeof(span)));
}

void charts_take_clicks(struct dash *d, struct rect body, bool time_axis)
{
	struct rect plot = axis_layout(body, time_axis).plot;

	if (plot.rows > 0 && plot.columns > 0)
		hits_add(&d->hits, plot, KEY_TIME, 0);
}

/* The value under the cursor, or the hints. */
static void chart_note(const struct dash *d, const struct series *s, double base, double scale, char *out, size_t size)
{
	char at[32], value[32];
	int bin = d->view.cursor_ns ? series_bin_of(s, d->view.cursor_ns) : -1;

	if (bin >= 0)
		snprintf(out, size, "%s: %s", dash_hms(d, d->view.cursor_ns, at, sizeof(at)),
			headline_text(dash_engine(d), s->value[bin], value, sizeof(value)));
	else if (!isnan(base))
		snprintf(out, size, "┄ base A %s · +/- zoom", text_human(base / scale, value, sizeof(value)));
	else
		snprintf(out, size, "+/- zoom");
}

static void paint_series(struct dash *d, struct rect area, const struct series *s, const char *title, double base, bool time_axis)
{
	double level[2 * 400];
	char note[96], head[96];
	bool with_base = !isnan(base) && s->ask.bins <= sizeof(level) / sizeof(level[0]);
	double most = largest(s->value, s->ask.bins, with_base ? base : 0);
	/* numbers that are decades apart have a magnitude each */
	struct headline_scale unit = headline_scale(dash_engine(d), d->view.log ? 0 : most);
	struct rect body = { area.row + 1, area.column, area.rows - 1, area.columns };

	for (unsigned i = 0; with_base && i < s->ask.bins; i++)
		level[i] = base;
	chart_note(d, s, base, unit.scale, note, sizeof(note));
	charts_title(d, title, unit.unit, head, sizeof(head));
	area_rule(&d->canvas, area, head, note);
	struct chart chart = { .value = s->value,
		.base = with_base ? level : NULL,
		.mark = s->marks,
		.lost = s->lost,
		.current = s->current,
		.bins = s->ask.bins,
		.bin_s = (double)s->bin_ns / NS_PER_S,
		.cursor_bin = d->view.cursor_ns ? series_bin_of(s, d->view.cursor_ns) : -1,
		.unit = unit.unit,
		.time_axis = time_axis,
		.scale = unit.scale,
		.log = d->view.log };
	chart_paint(&d->canvas, body, &chart);
	charts_take_clicks(d, body, time_axis);
}

/* The lowest one of a column has the time axis. */
static bool has_chart_below(const struct dash *d, struct rect area)
{
	for (int i = 0; d->panels[i].def; i++) {
		struct rect other = d->layout.panel[i];

		if (d->panels[i].def->shows & PANEL_TIME && other.rows && other.column == area.column && other.row > area.row)
			return true;
	}
	return false;
}

bool charts_have_time(const struct dash *d, struct rect area)
{
	return !has_chart_below(d, area) && area.rows > 3;
}

void chart_throughput_paint(struct dash *d, struct rect area)
{
	const struct tally *a = &d->view.base;
	double base = !dash_has_base(d)                  ? NAN
		      : headline_is_bits(dash_engine(d)) ? 1e6 * tally_mean(a->value[METRIC_MBPS], a->n)
							 : tally_mean(a->value[METRIC_PPS], a->n);

	if (!d->series_ok)
		area_rule(&d->canvas, area, "throughput: no room", NULL);
	else
		paint_series(d, area, &d->series, "throughput", base, !has_chart_below(d, area) && area.rows > 3);
}

/* ---- a figure of the mode over time ---- */

/* The percentiles of the latency that has the same title. */
static bool trend_percentiles(const struct dash *d, char *out, size_t size)
{
	const struct latency_def *l = dash_engine(d)->latencies;
	char p50[32], p99[32], max[32];

	for (unsigned i = 0; l && i < LATENCIES_MAX && l[i].name; i++) {
		struct latency_summary s;

		if (strcmp(l[i].title, d->trend_figure->title) != 0)
			continue;
		moment_latency(&d->moment, -1, i, &s);
		if (!s.count)
			return false;
		snprintf(out, size, "p50 %s p99 %s max %s · %s", words_us(&s, s.p50_ns, p50, sizeof(p50)),
			words_us(&s, s.p99_ns, p99, sizeof(p99)), words_us(&s, s.max_ns, max, sizeof(max)), dash_window(d));
		return true;
	}
	return false;
}

static void trend_paint(struct dash *d, struct rect area)
{
	const struct figure_def *f = d->trend_figure;
	const struct series *s = &d->trend;
	char title[96], note[96], name[48], value[32];
	struct rect body = { area.row + 1, area.column, area.rows - 1, area.columns };

	if (!f || !d->trend_ok) {
		area_rule(&d->canvas, area, f ? f->title : "trend", NULL);
		area_put(&d->canvas, area, 1, 1, STYLE_DIM, f ? "no room" : "this mode charts no figure");
		return;
	}
	const char *unit = strcmp(f->unit, "us") ? f->unit : "µs";
	int bin = d->view.cursor_ns ? series_bin_of(s, d->view.cursor_ns) : -1;
	snprintf(name, sizeof(name), "mean %s", f->title);
	charts_title(d, name, unit, title, sizeof(title));
	if (bin >= 0)
		snprintf(note, sizeof(note), "%s %s", text_human(s->value[bin], value, sizeof(value)), unit);
	else if (!d->moment.info || !trend_percentiles(d, note, sizeof(note)))
		note[0] = '\0';
	area_rule(&d->canvas, area, title, note);
	struct chart chart = { .value = s->value,
		.mark = s->marks,
		.current = s->current,
		.bins = s->ask.bins,
		.bin_s = (double)s->bin_ns / NS_PER_S,
		.cursor_bin = bin,
		.unit = unit,
		.time_axis = !has_chart_below(d, area) && area.rows > 3,
		.scale = 1,
		.log = d->view.log };
	chart_paint(&d->canvas, body, &chart);
	charts_take_clicks(d, body, chart.time_axis);
}

static int trend_lines(const struct dash *d)
{
	const struct engine *e = dash_engine(d);

	for (const struct figure_def *f = e ? e->figures : NULL; f && f->name; f++)
		if (f->show & SHOW_TREND)
			return d->trend_known || (d->moment.info && !isnan(moment_figure(&d->moment, f, -1))) ? 0 : PANEL_ASIDE;
	return PANEL_NONE;
}

void chart_of_worker_paint(struct dash *d, struct rect area)
{
	const struct run_info *info = d->moment.info;
	bool sent = (unsigned)d->view.pick < info->workers && headline_is_sent(info, info->worker[d->view.pick].role);

	if (d->one_ok)
		paint_series(d, area, &d->one, sent ? "sent by this worker" : "received by this worker", NAN, area.rows > 3);
}

/* ---- heatmap ---- */

static const struct latency_def *headline(const struct dash *d)
{
	const struct engine *e = dash_engine(d);

	return e && e->latencies && e->latencies->name ? e->latencies : NULL;
}

static void heat_put(const struct dash *d, char *out, size_t size, const char *name, const struct latency_summary *l, int64_t ns)
{
	char value[32];

	snprintf(out, size, "%s %s", name, dash_latency(d, l, ns, value, sizeof(value)));
}

/* What the headline row does not say, and what the marks beside the cells are. */
static void heat_note(const struct dash *d, int room, char *out, size_t size)
{
	struct latency_summary l;
	char p50[32] = "p50", p99[32] = "p99", p99_9[32], max[32];

	moment_latency(&d->moment, -1, 0, &l);
	if (!d->layout.headline.rows || d->view.cursor_ns) {
		heat_put(d, p50, sizeof(p50), "p50", &l, l.p50_ns);
		heat_put(d, p99, sizeof(p99), "p99", &l, l.p99_ns);
	}
	heat_put(d, p99_9, sizeof(p99_9), "p99.9", &l, l.p99_9_ns);
	heat_put(d, max, sizeof(max), "max", &l, l.max_ns);
	snprintf(out, size, "◇ %s ◆ %s · %s %s · %s", p50, p99, p99_9, max, dash_window(d));
	if (canvas_width(out) > room)
		snprintf(out, size, "◇ %s ◆ %s · %s %s", p50, p99, p99_9, max);
	if (canvas_width(out) > room)
		snprintf(out, size, "◇ %s ◆ %s · %s", p50, p99, max);
	if (canvas_width(out) > room)
		snprintf(out, size, "◇ %s ◆ %s", p50, p99);
}

/* One for a run: each begins anew. */
static struct heat_scale *heat_scale_of_run(struct dash *d)
{
	uint32_t run = d->moment.info ? d->moment.info->id : 0;

	if (run != d->heat_run)
		d->heat_scale = (struct heat_scale){ 0 };
	d->heat_run = run;
	return &d->heat_scale;
}

static void paint_heat(struct dash *d, struct rect area)
{
	const struct latency_def *l = headline(d);
	const struct series *s = &d->series;
	char note[128] = "", title[96], span[32];
	struct rect body = { area.row + 1, area.column, area.rows - 1, area.columns };

	bool records = l && dash_records(d, l);
	snprintf(title, sizeof(title), "%s %s × time · %s", l ? l->title : "latency", dash_latency_unit(d, ""),
		view_span_text(&d->view, span, sizeof(span)));
	if (records)
		heat_note(d, area.columns - canvas_width(title) - 8, note, sizeof(note));
	area_rule(&d->canvas, area, title, note);
	if (!records) {
		area_put(&d->canvas, area, 1, 1, STYLE_DIM,
			l ? "clients record it, and none runs here" : "this mode records no latency");
		return;
	}
	if (!d->series_ok)
		return;
	struct heatmap map = { .count = s->rows,
		.bins = s->ask.heat_bins,
		.bin_s = (double)s->heat_bin_ns / NS_PER_S,
		.cursor_bin = d->view.cursor_ns ? series_heat_bin_of(s, d->view.cursor_ns) : -1,
		.p50_ns = s->p50,
		.p99_ns = s->p99,
		.time_axis = area.rows > 3,
		.gap = s->gap,
		.unit_ns = d->in_ms ? NS_PER_MS : NS_PER_US,
		.scale = heat_scale_of_run(d) };
	heatmap_paint(&d->canvas, body, &map);
	charts_take_clicks(d, body, map.time_axis);
}

const struct panel_def panel_trend = {
	.name = "trend",
	.shows = PANEL_TIME,
	.narrow = { .min = 5, .want = 6, .weight = 1 },
	.wide = { .min = 5, .want = 7, .weight = 2 },
	.paint = trend_paint,
	.lines = trend_lines,
};

/* Without a worker that records it, its room goes to the panels that have something to show. */
static int heat_lines(const struct dash *d)
{
	const struct latency_def *l = headline(d);

	return l && d->moment.info && !dash_records(d, l) ? PANEL_ASIDE : 0;
}

const struct panel_def panel_heat = {
	.lines = heat_lines,
	.name = "heatmap",
	.shows = PANEL_TIME,
	.narrow = { .min = 5, .want = 6, .weight = 3 },
	.wide = { .min = 6, .want = 10, .weight = 3 },
	.paint = paint_heat,
};
