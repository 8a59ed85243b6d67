/* The dashboard as a whole.  See dash.h. */
#include "ui/dash/dash.h"
#include "ui/widgets/widgets.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "record/judge/steadiness.h"
#include "ui/dash/charted/charted.h"
#include "ui/dash/headline.h"
#include "ui/dash/losses/losses.h"
#include "ui/dash/runs/runs.h"
#include "ui/dash/words.h"

/* A chart's right edge follows the samples; only when they stay away this long does it follow
 * the clock, so that the gap shows. */
static const int64_t silence_ns = 300ll * NS_PER_MS;

int dash_init(struct dash *d, const struct board *board, const struct ui_requests *requests, const struct panel_row *panels,
	enum charset charset, const char *theme, struct err *err)
{
	const struct theme *t = theme_find(theme);

	*d = (struct dash){ .board = board, .requests = requests, .panels = panels };
	if (!t)
		return err_say(err, EINVAL, "theme \"%s\": unknown (dark, light, mono, safe)", theme);
	view_init(&d->view, t);
	d->canvas.charset = charset;
	d->total = calloc(1, sizeof(*d->total));
	if (!d->total)
		return err_sys(err, ENOMEM, "dashboard");
	return 0;
}

void dash_free(struct dash *d)
{
	view_free(&d->view);
	series_free(&d->series);
	series_free(&d->one);
	series_free(&d->trend);
	series_free(&d->chosen);
	series_free(&d->sent);
	tally_free(&d->tally);
	tally_free(&d->later);
	tally_free(&d->before);
	runs_free(&d->runs);
	canvas_free(&d->canvas);
	form_free(d->form);
	free(d->order);
	free(d->total);
	*d = (struct dash){ 0 };
}

int dash_resize(struct dash *d, int rows, int columns)
{
	return canvas_resize(&d->canvas, rows, columns);
}

/* ---- what there is to know ---- */

const struct engine *dash_engine(const struct dash *d)
{
	if (d->moment.info)
		return d->moment.info->engine;
	return d->board->modes ? d->board->mode[d->board->current_mode].engine : NULL;
}

const struct duel *dash_duel(const struct dash *d)
{
	const struct duel *duel = d->board->duel;

	return duel && duel->phase != DUEL_NONE ? duel : NULL;
}

bool dash_running(const struct dash *d)
{
	enum phase phase = history_phase(d->board->history);

	return !d->board->read_only && phase > PHASE_IDLE && phase < PHASE_DONE;
}

bool dash_records(const struct dash *d, const struct latency_def *l)
{
	const struct run_info *info = d->moment.info;
	unsigned roles = info ? 0 : ROLE_BOTH;

	for (unsigned i = 0; info && i < info->workers; i++)
		roles |= info->worker[i].role;
	/* whoever receives: of a sender alone that is the other end */
	if (info && info->told && l == info->engine->latencies && l->roles == ROLE_BOTH)
		return false;
	return l->roles & roles;
}

static int64_t right_edge(const struct dash *d)
{
	const struct sample *newest = history_fine(d->board->history, 0);
	int64_t at = newest ? newest->at_ns : d->moment.at_ns ? d->moment.at_ns : d->now_ns;

	if (d->view.frozen)
		return d->view.hold.at_ns;
	return dash_running(d) && d->now_ns - at > silence_ns ? d->now_ns : at;
}

/* Charts stand under one another and show the same stretch of time, whichever of them is there. */
static struct rect chart_area(const struct dash *d)
{
	for (int i = 0; d->panels[i].def; i++)
		if (d->panels[i].def->shows & PANEL_TIME && d->layout.panel[i].rows)
			return d->layout.panel[i];
	return (struct rect){ 0, 0, d->canvas.rows, d->canvas.columns };
}

static struct series_ask dash_ask(const struct dash *d, struct rect area, int worker, const struct figure_def *figure)
{
	return (struct series_ask){ .span_ns = view_span_ns(&d->view),
		.end_ns = right_edge(d),
		.bins = chart_bins(area),
		.heat_bins = heatmap_columns(area),
		.worker = worker,
		.bits = headline_is_bits(dash_engine(d)),
		.figure = figure,
		.engine = dash_engine(d) };
}

static bool update_series(struct dash *d, struct series *s, struct rect area, int worker, const struct figure_def *figure)
{
	struct series_ask ask = dash_ask(d, area, worker, figure);

	if (!ask.bins || !ask.heat_bins)
		return false;
	return series_update(s, d->board->history, &ask) == 0;
}

static const struct figure_def *trend_figure_of(const struct engine *e)
{
	for (const struct figure_def *f = e ? e->figures : NULL; f && f->name; f++)
		if (f->show & SHOW_TREND)
			return f;
	return NULL;
}

static void prepare_trend(struct dash *d)
{
	d->trend_figure = trend_figure_of(dash_engine(d));
	d->trend_ok = d->trend_figure && update_series(d, &d->trend, chart_area(d), -1, d->trend_figure);
	d->trend_known = d->trend_ok && d->moment.info && !isnan(moment_figure(&d->moment, d->trend_figure, -1));
	for (unsigned i = 0; d->trend_ok && !d->trend_known && i < d->trend.ask.bins; i++)
		d->trend_known = !isnan(d->trend.value[i]);
}

static void prepare_series(struct dash *d)
{
	struct rect whole = { 0, 0, d->canvas.rows, d->canvas.columns };
	struct series_ask like = dash_ask(d, chart_area(d), -1, NULL);

	d->series_ok = update_series(d, &d->series, chart_area(d), -1, NULL);
	if (d->view.screen == SCREEN_DRILL)
		d->one_ok = update_series(d, &d->one, whole, d->view.pick, NULL);
	prepare_trend(d);
	charted_look(d, &like);
}

static bool dash_is_shown(const struct dash *d, int worker)
{
	for (unsigned i = 0; i < d->order_count; i++)
		if (d->order[i] == worker)
			return true;
	return false;
}

static void dash_prepare_rows(struct dash *d)
{
	unsigned workers = d->moment.info ? d->moment.info->workers : 0;

	if (workers > d->order_room) {
		int *order = realloc(d->order, workers * sizeof(*order));

		if (!order) {
			d->order_count = 0;
			return;
		}
		d->order = order;
		d->order_room = workers;
	}
	d->order_count = workers ? view_rows(&d->view, &d->moment, d->order) : 0;
	if (!dash_is_shown(d, d->view.pick) && d->order_count)
		d->view.pick = d->order[0];
}

static uint64_t dash_moved(const struct reading *r, unsigned worker)
{
	bool sent = headline_is_sent(r->info, r->info->worker[worker].role), bits = headline_is_bits(r->info->engine);

	return reading_value(r, worker,
		sent && bits ? COUNTER_TX_BYTES
		: sent       ? COUNTER_TX_PACKETS
		: bits       ? COUNTER_RX_BYTES
			     : COUNTER_RX_PACKETS);
}

/* Do the workers of this side differ in what they move?  A bar for each says nothing if they do
 * not; so that it does not come and go, it goes later than it comes. */
static bool dash_side_differs(const struct dash *d, const struct reading *r, unsigned role)
{
	double least = INFINITY, most = 0;

	for (unsigned i = 0; i < r->info->workers; i++) {
		double moved = r->info->worker[i].role & role ? (double)dash_moved(r, i) : NAN;

		least = moved < least ? moved : least;
		most = moved > most ? moved : most;
	}
	return most > 0 && (most - least) / most > (d->shares_differ ? 0.08 : 0.15);
}

/* From 1 Gbit/s on bits are told with their magnitudes, and below 0.9 in Mbit/s again: a unit that
 * came and went could not be read. */
static void prepare_bits(struct dash *d, const struct reading *r)
{
	static const unsigned roles[] = { ROLE_SERVER, ROLE_CLIENT };
	double header = dash_wire(d) ? d->moment.info->wire_overhead_bytes : 0, most = 0;

	for (unsigned i = 0; i < 2; i++) {
		double rx = reading_sum(r, -1, roles[i], COUNTER_RX_BYTES).per_s +
			    header * reading_sum(r, -1, roles[i], COUNTER_RX_PACKETS).per_s;
		double tx = reading_sum(r, -1, roles[i], COUNTER_TX_BYTES).per_s +
			    header * reading_sum(r, -1, roles[i], COUNTER_TX_PACKETS).per_s;

		most = fmax(most, fmax(rx, tx));
	}
	d->in_gbits = 8e-9 * most >= (d->in_gbits ? 0.9 : 1);
}

static void prepare_sides(struct dash *d)
{
	const struct moment *m = &d->moment;
	struct reading r = moment_recent(m);
	unsigned roles = 0;

	for (unsigned i = 0; m->info && i < m->info->workers; i++)
		roles |= m->info->worker[i].role;
	d->both_sides = roles == ROLE_BOTH;
	if (m->info && reading_is_pair(&r))
		prepare_bits(d, &r);
	if (m->info && reading_is_pair(&r))
		d->shares_differ = dash_side_differs(d, &r, ROLE_SERVER) || dash_side_differs(d, &r, ROLE_CLIENT);
}

static void prepare_details(struct dash *d)
{
	const struct engine *e = dash_engine(d);

	ranked_look(&d->ranked, e ? e->details : NULL, &d->moment);
}

/* The headline's histogram since the measure phase began, or since it was cleared. */
static void prepare_total(struct dash *d)
{
	const struct moment *m = &d->moment;
	const struct hist *total = NULL;

	if (!m->info || d->view.cursor_ns)
		total = NULL;
	else if (m->final)
		total = m->final->total;
	else if (d->view.frozen)
		total = d->view.hold.total;
	else if (m->to)
		total = m->to->total;
	d->total_known = total != NULL && (m->start || m->final);
	if (d->total_known) {
		*d->total = *total;
		if (view_cleared(&d->view, m->info) && d->view.clear.total && d->view.clear.at_ns <= m->at_ns)
			hist_subtract(d->total, d->view.clear.total);
		hist_summarise(d->total, &d->summary);
	} else if (m->info) {
		moment_latency(m, -1, 0, &d->summary);
	} else {
		d->summary = (struct latency_summary){ 0 };
	}
	/* As with bits, the way back is longer. */
	d->in_ms = d->summary.count && d->summary.p99_ns >= (d->in_ms ? 10 : 20) * NS_PER_MS;
}

/* Worked out once: the intervals of a run may be thousands. */
static void prepare_spans(struct dash *d)
{
	const struct moment *m = &d->moment;

	if (!m->final || !m->final->total || d->span_run == m->info->id)
		return;
	for (unsigned i = 0; i < engine_latencies(m->info->engine); i++)
		steadiness_percentiles(d->board->history, m->info->id, i, &m->final->total[i], d->span[i]);
	d->span_run = m->info->id;
}

static bool is_base_of(const struct dash *d, uint32_t run_id)
{
	return d->view.base_kept && !d->view.base_apart && d->view.base.run_id == run_id;
}

const struct tally *dash_b(const struct dash *d)
{
	return is_base_of(d, d->tally.run_id) ? &d->later : &d->tally;
}

bool dash_has_base(const struct dash *d)
{
	return d->view.base_kept && d->view.base.engine == dash_engine(d);
}

bool dash_is_b(const struct dash *d)
{
	const struct moment *m = &d->moment;

	if (!dash_has_base(d) || !m->info)
		return false;
	if (m->final)
		return !is_base_of(d, m->info->id);
	return m->start && m->from && m->from->at_ns >= (is_base_of(d, m->info->id) ? d->view.base.last_ns : m->start->at_ns);
}

static void prepare_tally(struct dash *d)
{
	const struct moment *m = &d->moment;
	int64_t since = view_cleared(&d->view, m->info) ? d->view.clear.at_ns : 0;
	int64_t until = d->view.frozen ? d->view.hold.at_ns : INT64_MAX;

	if (m->info)
		tally_update(&d->tally, d->board->history, m->info->id, since, until);
	else
		tally_free(&d->tally);
	if (m->info && is_base_of(d, m->info->id))
		tally_update(&d->later, d->board->history, m->info->id,
			since > d->view.base.last_ns ? since : d->view.base.last_ns, until);
	else
		tally_free(&d->later);
}

/* Worked out anew only when an interval or a baseline has come. */
static void prepare_differences(struct dash *d)
{
	const struct tally *a = &d->view.base, *b = dash_b(d);
	uint64_t inputs = (a->newest ^ (uint64_t)a->run_id << 40) * 31 + (b->newest ^ (uint64_t)b->run_id << 40) + b->n;

	if (!dash_has_base(d) || inputs == d->compared)
		return;
	d->compared = inputs;
	for (int i = 0; i < METRICS; i++)
		d->difference[i] = tally_metric_change(a, b, (enum metric)i);
	for (unsigned i = 0; i < b->figures; i++)
		d->figure_difference[i] = tally_difference(a->figure[i], a->n, b->figure[i], b->n);
}

static void dash_say_news(struct dash *d)
{
	const struct duel *duel = d->board->duel;

	if (!duel || duel->news == d->duel_news)
		return;
	d->duel_news = duel->news;
	dash_say(d, STYLE_TOAST, duel->said);
}

static void prepare_layout(struct dash *d)
{
	struct layout_ask ask = { .rows = d->canvas.rows,
		.columns = d->canvas.columns,
		.panels = d->panels,
		.full = d->view.screen == SCREEN_DASH    ? LAYOUT_DASH
			: d->view.screen == SCREEN_PANEL ? d->view.panel
							 : LAYOUT_OTHER };

	for (int i = 0; dash_duel(d) && d->panels[i].def; i++)
		ask.held |= d->panels[i].def->shows & PANEL_DUEL ? 1u << i : 0;
	for (int i = 0; d->panels[i].def; i++)
		d->lines[i] = d->panels[i].def->lines ? d->panels[i].def->lines(d) : 0;
	memcpy(ask.lines, d->lines, sizeof(ask.lines));
	layout_make(&ask, &d->layout);
}

void dash_look(struct dash *d)
{
	d->now_ns = clock_run_ns();
	if (d->view.toast[0] && d->now_ns >= d->view.toast_until_ns)
		d->view.toast[0] = '\0';
	dash_say_news(d);
	view_moment(&d->view, d->board->history, &d->moment);
	dash_prepare_rows(d);
	prepare_sides(d);
	prepare_details(d);
	losses_look(d);
	prepare_total(d);
	prepare_spans(d);
	runs_take_base(d);
	prepare_tally(d);
	prepare_differences(d);
	runs_look_before(d);
	if (d->view.screen == SCREEN_RUNS)
		runs_look(d);
	prepare_layout(d);
	prepare_series(d);
}

void dash_say(struct dash *d, enum style style, const char *text)
{
	view_toast(&d->view, style, clock_run_ns(), "%s", text);
}

/* ---- for the panels ---- */

int dash_panel(const struct dash *d, unsigned shows)
{
	for (int i = 0; d->panels[i].def; i++)
		if (d->panels[i].def->shows & shows)
			return i;
	return -1;
}

const struct panel_def *dash_expanded(const struct dash *d)
{
	return d->panels[d->view.panel].def;
}

bool dash_is_judged(const struct dash *d)
{
	return d->moment.info && (d->moment.start || d->moment.final);
}

const char *dash_not_judged_why(const struct dash *d)
{
	if (!d->moment.info)
		return "no run yet";
	if (dash_is_judged(d) && !d->ledger.known)
		return d->ledger.why ? d->ledger.why : ledger_missing(d->moment.info);
	return dash_is_judged(d) || history_phase(d->board->history) == PHASE_FAILED ? "--" : "after the warm-up";
}

const char *dash_window(const struct dash *d)
{
	return d->moment.final ? "whole run" : "last 1 s";
}

bool dash_is_tab(const struct dash *d, unsigned mode)
{
	return !d->board->mode[mode].engine->hidden || mode == d->board->current_mode;
}

/* A run that was saved brings its own wall time along. */
const char *dash_hms(const struct dash *d, int64_t at_ns, char *out, size_t size)
{
	const struct run_info *info = history_newest_run(d->board->history);
	bool opened = d->board->read_only && info && info->started_wall_ns;
	char text[32];

	clock_format_hms(opened ? info->started_wall_ns + at_ns - info->started_ns : clock_wall_of(at_ns), text, sizeof(text));
	snprintf(out, size, "%s", text);
	return out;
}

bool dash_wire(const struct dash *d)
{
	return d->view.wire && d->moment.info && d->moment.info->wire_overhead_bytes;
}

double dash_mbps(const struct dash *d, const struct rates *r, bool rx)
{
	double payload = rx ? r->rx_mbps : r->tx_mbps, pps = rx ? r->rx_pps : r->tx_pps;

	if (!dash_wire(d))
		return payload;
	return payload + pps * d->moment.info->wire_overhead_bytes * 8e-6;
}

const char *dash_bits_unit(const struct dash *d, double *ret_scale)
{
	*ret_scale = d->in_gbits ? 1e6 : 1;
	return d->in_gbits ? "bit/s" : "Mbit/s";
}

const char *dash_latency(const struct dash *d, const struct latency_summary *l, int64_t ns, char *out, size_t size)
{
	return words_time(l->count ? (double)ns : NAN, d->in_ms, out, size);
}

const char *dash_latency_unit(const struct dash *d, const char *text)
{
	return !strcmp(text, "--") ? "" : d->in_ms ? "ms" : "µs";
}
