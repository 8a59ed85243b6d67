/* One worker: its chart, its latencies and figures, all its counters as rates and totals.  A
 * value that cannot be read stands there with the reason. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "record/rates.h"
#include "record/judge/steadiness.h"
#include "ui/dash/headline.h"
#include "ui/panels/panels.h"

enum { COLUMN_WIDTH = 60, CHART_ROWS = 6 };
/* Within a column.  In fewer cells than these words do not explain, or say nothing any more. */
enum { NAME_WIDTH = 10, RATE = 12, TOTAL = 21, REST = 36, REST_EXPLAINS = 40, REST_LEAST = 20 };

/* Lines flow down, then into the next column; the first `skip` of them are scrolled away. */
struct flow {
	struct dash *d;
	struct rect area;
	int skip, line;
	unsigned worker;
};

static int flow_columns(const struct flow *f)
{
	return f->area.columns / COLUMN_WIDTH > 0 ? f->area.columns / COLUMN_WIDTH : 1;
}

static struct rect next_place(struct flow *f)
{
	int columns = flow_columns(f);
	int line = f->line++ - f->skip, width = f->area.columns / columns;

	if (line < 0 || f->area.rows <= 0 || line >= columns * f->area.rows)
		return (struct rect){ 0, 0, 0, 0 };
	return (struct rect){ f->area.row + line % f->area.rows, f->area.column + line / f->area.rows * width, 1, width };
}

/* The cells for the words behind the figures. */
static int flow_rest(const struct flow *f)
{
	return f->area.columns / flow_columns(f) - REST - 1;
}

/* In one column they go on below. */
static void put_rest(struct flow *f, int line, struct rect place, const char *text)
{
	int room = flow_rest(f);

	if (flow_columns(f) == 1 && room >= REST_EXPLAINS) {
		int rows = area_wrap(&f->d->canvas, f->area, line - f->skip, REST, STYLE_DIM, text);

		f->line += rows > 1 ? rows - 1 : 0;
	} else if (place.rows && (room >= REST_LEAST || canvas_width(text) <= room)) {
		canvas_put_cut(&f->d->canvas, place.row, place.column + REST, room, STYLE_DIM, text);
	}
}

/* Whole or not at all. */
static void put_total(struct flow *f, struct rect place, enum style style, const char *total)
{
	if (place.columns >= REST)
		canvas_put_right(&f->d->canvas, place.row, place.column + TOTAL, REST - TOTAL - 1, style, total);
}

static void put_line(struct flow *f, const char *name, const char *rate, const char *total, const char *unit, const char *why)
{
	int line = f->line;
	struct rect place = next_place(f);
	struct canvas *c = &f->d->canvas;
	enum style style = why ? STYLE_DIM : STYLE_TEXT;

	if (place.rows) {
		canvas_put_cut(c, place.row, place.column + 1, NAME_WIDTH, style, name);
		canvas_put_right(c, place.row, place.column + RATE, TOTAL - RATE - 1, style, rate);
		put_total(f, place, style, total);
	}
	put_rest(f, line, place, why ? why : unit);
}

static void put_head(struct flow *f, const char *title, const char *second, const char *third)
{
	struct rect place = next_place(f);

	if (!place.rows)
		return;
	canvas_put(&f->d->canvas, place.row, place.column + 1, TOTAL - 2, STYLE_STRONG, title);
	canvas_put_right(&f->d->canvas, place.row, place.column + RATE, TOTAL - RATE - 1, STYLE_DIM, second);
	put_total(f, place, STYLE_DIM, third);
}

/* A title of its own line, as long as it needs. */
static void put_title(struct flow *f, const char *title)
{
	struct rect place = next_place(f);

	if (place.rows)
		canvas_put_cut(&f->d->canvas, place.row, place.column + 1, place.columns - 2, STYLE_STRONG, title);
}

/* A mode has its own word for its packets. */
static const char *drill_unit_of(const struct engine *e, const char *unit)
{
	return !strcmp(unit, "packets") && e->packet_rate ? e->packets : unit;
}

/* One column: what is counted has room for what it means. */
static bool is_roomy(const struct flow *f)
{
	return flow_columns(f) == 1 && flow_rest(f) >= REST_EXPLAINS;
}

static void drill_put_counter(struct flow *f, unsigned index, const struct rates *r)
{
	const struct run_info *info = f->d->moment.info;
	const struct counter_def *def = engine_counter(info->engine, index);
	const struct run_worker *w = &info->worker[f->worker];
	bool unreadable = w->unknown >> index & 1;
	bool roomy = is_roomy(f);
	char rate[32] = "--", total[32] = "--", what[320];
	uint64_t sum;

	if (counter_is_level(def->kind))
		snprintf(rate, sizeof(rate), "now");
	else if (!(r->unknown >> index & 1) && r->seconds > 0)
		text_human((double)r->value[index] / r->seconds, rate, sizeof(rate));
	if (moment_total(&f->d->moment, f->worker, index, &sum))
		text_grouped(sum, total, sizeof(total));
	snprintf(what, sizeof(what), "%s%s%s", drill_unit_of(info->engine, def->unit), roomy && def->unit[0] ? ": " : "",
		roomy && def->help ? def->help : "");
	put_line(f, def->title, rate, total, what, unreadable ? (roomy ? run_worker_why(w, index) : "unreadable") : NULL);
}

static void put_counters(struct flow *f)
{
	const struct run_info *info = f->d->moment.info;
	enum role role = info->worker[f->worker].role;
	struct rates r;

	moment_rates(&f->d->moment, (int)f->worker, ROLE_BOTH, &r);
	put_head(f, "counters", "/s", f->d->moment.start || f->d->moment.final ? "this run" : "");
	for (unsigned i = 0; i < engine_counters(info->engine); i++) {
		const struct counter_def *def = engine_counter(info->engine, i);

		if (def->show & SHOW_DRILL && def->roles & role && rates_has(def, i, &r))
			drill_put_counter(f, i, &r);
	}
	char busy[32] = "--";

	if (!isnan(r.busy))
		snprintf(busy, sizeof(busy), "%.1f %%", 100 * r.busy);
	put_line(f, "CPU busy", busy, "", "of one CPU", NULL);
}

/* Unreadable, or (so far) nothing to divide by: the other end may have that. */
static void why_no_figure(const struct run_info *info, const struct figure_def *figure, int worker, char *out, size_t size)
{
	const char *unreadable = figure_why_unknown(info, figure, worker);

	if (unreadable)
		snprintf(out, size, "%s", unreadable);
	else if (figure->denominator >= 0)
		snprintf(out, size, "no %s here", engine_counter(info->engine, (unsigned)figure->denominator)->title);
}

static void drill_put_figures(struct flow *f)
{
	const struct run_info *info = f->d->moment.info;
	enum role role = info->worker[f->worker].role;
	const struct figure_def *figure = info->engine->figures;
	bool roomy = is_roomy(f);
	char value[32], what[320];

	if (!figure || !figure->name)
		return;
	put_head(f, "figures", "", "");
	for (; figure->name; figure++) {
		if (!(figure->show & SHOW_DRILL && figure->numerator_roles & role))
			continue;
		double now = moment_figure(&f->d->moment, figure, (int)f->worker);
		char why[128] = "";

		if (isnan(now))
			why_no_figure(info, figure, (int)f->worker, why, sizeof(why));
		snprintf(
			what, sizeof(what), "%s%s%s", figure->unit, roomy ? ": " : "", roomy && figure->help ? figure->help : "");
		put_line(f, figure->title, text_human(now, value, sizeof(value)), "", what, why[0] ? why : NULL);
	}
}

static void drill_put_percentile(struct flow *f, const char *name, const struct latency_summary *l, int64_t ns)
{
	char value[32];

	dash_latency(f->d, l, ns, value, sizeof(value));
	put_line(f, name, value, "", dash_latency_unit(f->d, value), NULL);
}

static void drill_put_latencies(struct flow *f)
{
	const struct run_info *info = f->d->moment.info;
	const struct latency_def *def = info->engine->latencies;
	struct latency_summary l;
	char head[64], count[32];

	for (unsigned i = 0; def && def->name && i < LATENCIES_MAX; def++, i++) {
		if (!(def->roles & info->worker[f->worker].role))
			continue;
		moment_latency(&f->d->moment, (int)f->worker, i, &l);
		if (l.count)
			snprintf(head, sizeof(head), "%s %s, from %s", def->title,
				f->d->moment.final ? "of the run" : "of the last 1 s", def->since ? def->since : "send");
		else /* such as the receiver's, in the sender */
			snprintf(head, sizeof(head), "%s: no values", def->title);
		put_title(f, head);
		if (!l.count)
			continue;
		drill_put_percentile(f, "min", &l, l.min_ns);
		drill_put_percentile(f, "p50", &l, l.p50_ns);
		drill_put_percentile(f, "p90", &l, l.p90_ns);
		drill_put_percentile(f, "p99", &l, l.p99_ns);
		drill_put_percentile(f, "p99.9", &l, l.p99_9_ns);
		drill_put_percentile(f, "max", &l, l.max_ns);
		put_line(f, "count", "", text_grouped(l.count, count, sizeof(count)), "values", NULL);
	}
}

static void drill_put_span(struct flow *f, unsigned i, const struct hist *total, const struct percentile_span *span)
{
	const struct percentile_def *def = &steadiness_percentile[i];
	char value[32], low[32], high[32], interval[80] = "--";

	words_time(total->count ? (double)hist_percentile(total, def->percent) : NAN, f->d->in_ms, value, sizeof(value));
	if (!span->why)
		snprintf(interval, sizeof(interval), "%s..%s", words_time((double)span->low_ns, f->d->in_ms, low, sizeof(low)),
			words_time((double)span->high_ns, f->d->in_ms, high, sizeof(high)));
	put_line(f, def->title, value, interval, dash_latency_unit(f->d, value), span->why);
}

/* How sure the run's percentiles are: those of all that record, since one worker's are too few. */
static void drill_put_spans(struct flow *f)
{
	const struct run_info *info = f->d->moment.info;
	const struct run_final *final = f->d->moment.final;
	const struct latency_def *def = info->engine->latencies;
	char head[64];

	if (!final || !final->total || f->d->span_run != info->id)
		return;
	for (unsigned which = 0; def && which < LATENCIES_MAX && def[which].name; which++) {
		if (!(def[which].roles & info->worker[f->worker].role) || !final->total[which].count)
			continue;
		snprintf(head, sizeof(head), "%s, all", def[which].title);
		put_head(f, head, "", "95 % interval");
		for (unsigned i = 0; i < STEADINESS_PERCENTILES; i++)
			drill_put_span(f, i, &final->total[which], &f->d->span[which][i]);
	}
}

/* The reason for the engine's own counters goes first: the ledger shows them. */
static void put_reasons(struct dash *d, struct rect area, const struct run_worker *w)
{
	const char *own = w->unknown_why, *hardware = w->hardware_why;

	char text[512];

	if (!own[0] && !hardware[0])
		own = "cannot be read";
	snprintf(text, sizeof(text), "--: %s%s%s", own, own[0] && hardware[0] ? "; " : "", hardware);
	canvas_put_cut(&d->canvas, area.row, area.column + 1, area.columns - 2, STYLE_DIM, text);
}

/* Scrolled beyond their end, they are painted anew: the last line stays at the bottom. */
static void drill_put_lines(struct flow *f)
{
	int most;

	drill_put_latencies(f);
	drill_put_spans(f);
	drill_put_figures(f);
	put_counters(f);
	most = f->line - flow_columns(f) * f->area.rows;
	most = most > 0 ? most : 0;
	if (f->skip <= most)
		return;
	canvas_fill(&f->d->canvas, f->area, STYLE_TEXT, NULL);
	f->d->view.scroll = f->skip = most;
	f->line = 0;
	drill_put_lines(f);
}

static void drill_put_note(struct dash *d, struct rect rule, const char *title, const struct flow *f)
{
	char note[80], range[32];

	panel_range(f->skip, flow_columns(f) * f->area.rows, f->line, range, sizeof(range));
	snprintf(note, sizeof(note), "%s%sEsc back", range, range[0] ? " · j/k scroll · " : "");
	area_rule(&d->canvas, rule, title, note);
}

void screen_drill_paint(struct dash *d, struct rect area)
{
	const struct run_info *info = d->moment.info;
	struct rect chart = { area.row, area.column, CHART_ROWS, area.columns };
	struct flow flow = { .d = d, .area = area, .skip = d->view.scroll };
	char name[32], title[96];

	if (!info || (unsigned)d->view.pick >= info->workers) {
		area_rule(&d->canvas, area, "one core", "Esc back");
		area_put(&d->canvas, area, 1, 1, STYLE_DIM, "no run");
		return;
	}
	flow.worker = (unsigned)d->view.pick;
	view_worker_name(info, flow.worker, name, sizeof(name));
	if (area.rows >= 18) {
		chart_of_worker_paint(d, chart);
		area.row += CHART_ROWS;
		area.rows -= CHART_ROWS;
	}
	snprintf(title, sizeof(title), "%s · worker %u%s%s", name, flow.worker,
		info->worker[flow.worker].pinned ? " · pinned" : " · not pinned",
		info->worker[flow.worker].shares_cpu ? " · shares its CPU" : "");
	struct rect rule = area;
	area.row++;
	area.rows--;
	if (info->worker[flow.worker].unknown && area.rows > 3) {
		put_reasons(d, area, &info->worker[flow.worker]);
		area.row++;
		area.rows--;
	}
	flow.area = area;
	drill_put_lines(&flow);
	drill_put_note(d, rule, title, &flow);
}
