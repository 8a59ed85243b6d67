/* The core table: a row per worker, then a sum per side. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/dash/headline.h"
#include "ui/dash/losses/losses.h"
#include "ui/panels/panels.h"
#include "ui/widgets/widgets.h"

enum core_column {
	CORE_NAME,
	CORE_SHARE,
	CORE_RX_PPS,
	CORE_TX_PPS,
	/* if the headline is bits, or each side only sends or only receives */
	CORE_WAY = CORE_RX_PPS,
	CORE_PACKETS = CORE_TX_PPS,
	CORE_MBPS,
	CORE_DROPS,
	CORE_P50,
	CORE_P99,
	CORE_P99_9,
	CORE_BUSY,
	CORE_VERSUS,
	CORE_FIXED, /* then the mode's own counters and figures */
	CORE_COLUMNS_MAX = 40,
};

static const struct column fixed_columns[CORE_FIXED] = {
	[CORE_NAME] = { "CORE", 9, 8, ALIGN_LEFT, 0, false },
	[CORE_SHARE] = { "share", 12, 6, ALIGN_LEFT, 150, true },
	[CORE_RX_PPS] = { "", 8, 7, ALIGN_RIGHT, 0, false },
	[CORE_TX_PPS] = { "", 8, 7, ALIGN_RIGHT, 8, false },
	[CORE_MBPS] = { "Mbit/s", 8, 7, ALIGN_RIGHT, 4, false },
	[CORE_DROPS] = { "drop/s", 7, 6, ALIGN_RIGHT, 1, false },
	[CORE_P50] = { "p50 µs", 7, 6, ALIGN_RIGHT, 3, false },
	[CORE_P99] = { "p99 µs", 7, 6, ALIGN_RIGHT, 2, false },
	[CORE_P99_9] = { "p99.9µs", 7, 7, ALIGN_RIGHT, 9, false },
	[CORE_BUSY] = { "busy", 5, 5, ALIGN_RIGHT, 3, false },
	[CORE_VERSUS] = { "vs A", 9, 8, ALIGN_RIGHT, 5, false },
};

/* A mode whose headline is bits has columns for their direction, for messages/s, and for bits/s
 * in the magnitude that fits.  The mode's figures (a share that was copied after all) go before
 * the bars and before the third percentile, its counters after them. */
static const struct column bits_columns[CORE_FIXED] = {
	[CORE_NAME] = { "CORE", 9, 8, ALIGN_LEFT, 0, false },
	[CORE_SHARE] = { "share", 12, 6, ALIGN_LEFT, 150, true },
	[CORE_WAY] = { "", 2, 2, ALIGN_LEFT, 1, false },
	[CORE_PACKETS] = { "", 8, 7, ALIGN_RIGHT, 5, false },
	[CORE_MBPS] = { "bit/s", 8, 7, ALIGN_RIGHT, 0, false },
	[CORE_DROPS] = { "lost/s", 7, 6, ALIGN_RIGHT, 200, false },
	[CORE_P50] = { "p50 µs", 7, 6, ALIGN_RIGHT, 3, false },
	[CORE_P99] = { "p99 µs", 7, 6, ALIGN_RIGHT, 2, false },
	[CORE_P99_9] = { "p99.9µs", 7, 7, ALIGN_RIGHT, 41, false },
	[CORE_BUSY] = { "busy", 5, 5, ALIGN_RIGHT, 3, false },
	[CORE_VERSUS] = { "vs A", 9, 8, ALIGN_RIGHT, 6, false },
};

/* If a side only sends or only receives, there is one rate, and an arrow for its direction. */
static const struct column way_columns[CORE_FIXED] = {
	[CORE_NAME] = { "CORE", 9, 8, ALIGN_LEFT, 0, false },
	[CORE_SHARE] = { "share", 12, 6, ALIGN_LEFT, 150, true },
	[CORE_WAY] = { "", 2, 2, ALIGN_LEFT, 6, false },
	[CORE_PACKETS] = { "", 8, 7, ALIGN_RIGHT, 0, false },
	[CORE_MBPS] = { "Mbit/s", 8, 7, ALIGN_RIGHT, 4, false },
	[CORE_DROPS] = { "drop/s", 7, 6, ALIGN_RIGHT, 1, false },
	[CORE_P50] = { "p50 µs", 7, 6, ALIGN_RIGHT, 3, false },
	[CORE_P99] = { "p99 µs", 7, 6, ALIGN_RIGHT, 2, false },
	[CORE_P99_9] = { "p99.9µs", 7, 7, ALIGN_RIGHT, 9, false },
	[CORE_BUSY] = { "busy", 5, 5, ALIGN_RIGHT, 3, false },
	[CORE_VERSUS] = { "vs A", 9, 8, ALIGN_RIGHT, 5, false },
};

static const char *const long_latencies[] = { "p50 ms", "p99 ms", "p99.9ms" };

struct core_table {
	struct column column[CORE_COLUMNS_MAX];
	unsigned count;
	int counter[CORE_COLUMNS_MAX];                     /* own columns: counter index, or -1 */
	const struct figure_def *figure[CORE_COLUMNS_MAX]; /* or a figure */
	char title[CORE_COLUMNS_MAX][24];                  /* of own columns, and of rates */
	uint64_t fit;
	int width[CORE_COLUMNS_MAX];
	double side_rate[ROLE_BOTH]; /* of each role: what shares are parts of */
	uint64_t counters;           /* those of own columns, a bit each */
};

static void add_column(struct core_table *t, const char *title, const char *per, int counter, const struct figure_def *figure)
{
	unsigned n = t->count;

	if (n >= CORE_COLUMNS_MAX)
		return;
	snprintf(t->title[n], sizeof(t->title[n]), "%s%s", title, per);
	int least = canvas_width(t->title[n]) > 7 ? canvas_width(t->title[n]) : 7;

	t->counter[n] = counter;
	t->counters |= counter >= 0 ? (uint64_t)1 << counter : 0;
	t->figure[n] = figure;
	/* Figures say more than what they are made of, and than bars. */
	t->column[n] = (struct column){ t->title[n], least > 8 ? least : 8, least, ALIGN_RIGHT,
		figure ? 5 : 10 + CORE_COLUMNS_MAX + (int)n, false };
	t->count++;
}

/* Drops have a column of their own already. */
static bool own_column(const struct dash *d, unsigned index, const struct rates *all)
{
	const struct counter_def *def = engine_counter(dash_engine(d), index);
	bool lost = def->ledger == LEDGER_LOST || def->ledger == LEDGER_LOST_ARRIVING;

	return def->show & SHOW_TABLE && !lost && rates_has(def, index, all);
}

/* The unit that follows the title of a counter's column. */
static const char *own_unit(const struct counter_def *def)
{
	if (!counter_is_level(def->kind))
		return "/s";
	return strcmp(def->unit, "ns") ? "" : " µs";
}

/* One that this run does not have (no method of it counts that) needs no column. */
static bool has_figure(const struct dash *d, const struct figure_def *f)
{
	return !(d->moment.from || d->moment.final) || !isnan(moment_figure(&d->moment, f, -1));
}

/* Has it a column that says which way a side's packets go? */
static bool has_way(const struct dash *d)
{
	return headline_is_bits(dash_engine(d)) || headline_is_one_way(d->moment.info);
}

static const struct column *columns_of(const struct dash *d)
{
	return headline_is_bits(dash_engine(d)) ? bits_columns : has_way(d) ? way_columns : fixed_columns;
}

static void name_rates(const struct dash *d, struct core_table *t)
{
	static const char *const ways[] = { [CORE_RX_PPS] = "rx ", [CORE_TX_PPS] = "tx " };
	double scale;

	if (!headline_is_bits(dash_engine(d)))
		t->column[CORE_MBPS].title = dash_bits_unit(d, &scale);
	for (int i = CORE_RX_PPS; i <= CORE_TX_PPS; i++) {
		bool is_way = has_way(d) && i == CORE_WAY;

		snprintf(t->title[i], sizeof(t->title[i]), "%s%s", has_way(d) ? "" : ways[i],
			is_way ? "" : headline_packet_rate(dash_engine(d)));
		t->column[i].title = t->title[i];
		if (!is_way && canvas_width(t->title[i]) > t->column[i].min_width)
			t->column[i].min_width = canvas_width(t->title[i]);
	}
}

/* Servers alone: the other end has the latencies. */
static bool cores_nobody_records(const struct dash *d)
{
	const struct engine *e = dash_engine(d);

	return d->moment.info && e && (!e->latencies || !e->latencies->name || !dash_records(d, e->latencies));
}

/* Those with a column only where they have come to something. */
static uint64_t counters_if_any(const struct engine *e)
{
	uint64_t counters = 0;

	for (unsigned i = COUNTER_IN_FLIGHT; e && e->built && i < engine_counters(e); i++)
		if (engine_counter(e, i)->show & SHOW_TABLE && engine_counter(e, i)->show & SHOW_IF_ANY)
			counters |= (uint64_t)1 << i;
	return counters;
}

static void make_columns(const struct dash *d, int columns, struct core_table *t)
{
	const struct engine *e = dash_engine(d);
	struct rates all;

	moment_rates_of(&d->moment, -1, ROLE_BOTH, counters_if_any(e), &all);
	*t = (struct core_table){ .count = CORE_FIXED };
	memcpy(t->column, columns_of(d), sizeof(fixed_columns));
	name_rates(d, t);
	t->column[CORE_NAME].width = t->column[CORE_NAME].min_width = view_names_width(d->moment.info, 9);
	/* nothing to compare or to show: their room goes to the others */
	t->column[CORE_VERSUS].width *= dash_has_base(d);
	t->column[CORE_SHARE].width *= d->shares_differ;
	for (int i = CORE_P50; i <= CORE_P99_9 && cores_nobody_records(d); i++)
		t->column[i].width = 0;
	for (int i = CORE_P50; i <= CORE_P99_9 && d->in_ms; i++)
		t->column[i].title = long_latencies[i - CORE_P50];
	for (unsigned i = COUNTER_IN_FLIGHT; e && e->built && i < engine_counters(e); i++)
		if (own_column(d, i, &all))
			add_column(t, engine_counter(e, i)->title, own_unit(engine_counter(e, i)), (int)i, NULL);
	for (const struct figure_def *f = e ? e->figures : NULL; f && f->name; f++)
		if (f->show & SHOW_TABLE && has_figure(d, f))
			add_column(t, f->title, "", -1, f);
	t->fit = table_fit(t->column, t->count, columns, t->width);
}

/* ---- cells ---- */

static void cores_put_number(struct table_cell *cell, double value, enum style style)
{
	text_human(value, cell->text, sizeof(cell->text));
	cell->style = isnan(value) ? STYLE_DIM : style;
}

static void cores_put_percentile(const struct dash *d, struct table_cell *cell, const struct latency_summary *l, int64_t ns,
	bool records, enum style style)
{
	cell->style = style;
	if (!records)
		return;
	if (!l->count)
		cell->style = STYLE_DIM;
	dash_latency(d, l, ns, cell->text, sizeof(cell->text));
}

static void put_throughput(const struct dash *d, const struct rates *r, unsigned role, enum style style, struct table_cell *cell)
{
	bool sent = headline_is_sent(d->moment.info, role);
	double scale;

	dash_bits_unit(d, &scale);
	scale = headline_is_bits(d->moment.info->engine) ? 1e6 : scale;
	if (has_way(d)) {
		snprintf(cell[CORE_WAY].text, sizeof(cell->text), sent || d->moment.info->told ? "tx" : "rx");
		cell[CORE_WAY].style = STYLE_DIM;
		cores_put_number(&cell[CORE_PACKETS], sent ? r->tx_pps : r->rx_pps, style);
		cores_put_number(&cell[CORE_MBPS], scale * dash_mbps(d, r, !sent), style);
	} else {
		cores_put_number(&cell[CORE_RX_PPS], r->rx_pps, style);
		cores_put_number(&cell[CORE_TX_PPS], r->tx_pps, style);
		cores_put_number(&cell[CORE_MBPS], scale * dash_mbps(d, r, true), style);
	}
}

static void put_drops(double per_s, enum style style, struct table_cell *cell)
{
	cores_put_number(&cell[CORE_DROPS], per_s, per_s > 0 ? STYLE_BAD : style);
}

static void put_rates(const struct dash *d, const struct rates *r, unsigned role, enum style style, struct table_cell *cell)
{
	put_throughput(d, r, role, style, cell);
	cell[CORE_BUSY].style = isnan(r->busy) ? STYLE_DIM : style;
	if (isnan(r->busy))
		snprintf(cell[CORE_BUSY].text, sizeof(cell->text), "--");
	else
		snprintf(cell[CORE_BUSY].text, sizeof(cell->text), "%.0f%%", 100 * r->busy);
}

/* A side that only sends leaves the headline to the other one, even in a mode where either side
 * may record it. */
static bool records_latency(const struct dash *d, unsigned role)
{
	const struct latency_def *l = d->moment.info->engine->latencies;

	return l && l->name && l->roles & role && !(l->roles == ROLE_BOTH && headline_is_sent(d->moment.info, role));
}

static void cores_put_latencies(const struct dash *d, int worker, unsigned roles, enum style style, struct table_cell *cell)
{
	struct latency_summary l;
	bool records = records_latency(d, roles);

	moment_latency(&d->moment, worker, 0, &l);
	cores_put_percentile(d, &cell[CORE_P50], &l, l.p50_ns, records, style);
	cores_put_percentile(d, &cell[CORE_P99], &l, l.p99_ns, records, style);
	cores_put_percentile(d, &cell[CORE_P99_9], &l, l.p99_9_ns, records, style);
}

/* A figure is of all workers together: the sum of a side has it only if one of that side's
 * workers has. */
static double figure_of(const struct dash *d, const struct figure_def *f, int worker, unsigned roles)
{
	const struct run_info *info = d->moment.info;
	bool known = worker >= 0;

	for (unsigned i = 0; !known && i < info->workers; i++)
		known = info->worker[i].role & roles && !isnan(moment_figure(&d->moment, f, (int)i));
	return known ? moment_figure(&d->moment, f, worker) : NAN;
}

/* Round trips and windows of several connections do not add up to anything; the lowest or highest
 * of them is always one. */
static bool has_sum(const struct dash *d, int counter)
{
	const struct counter_def *def = engine_counter(d->moment.info->engine, (unsigned)counter);

	return def->show & SHOW_SUM || counter_first(def->kind) == COUNTER_NOTHING;
}

/* Per second, or as it stands. */
static double own_value(const struct counter_def *def, const struct rates *r, unsigned counter)
{
	if (r->unknown >> counter & 1)
		return NAN;
	if (counter_is_level(def->kind))
		return (double)r->value[counter];
	return r->seconds > 0 ? (double)r->value[counter] / r->seconds : NAN;
}

static void cores_put_counter(struct table_cell *cell, const struct counter_def *def, double value, enum style style)
{
	cores_put_number(cell, value, style);
	if (counter_is_level(def->kind))
		words_figure(def->unit, value, cell->text, sizeof(cell->text));
}

static void put_own(const struct dash *d, const struct core_table *t, const struct rates *r, int worker, unsigned roles,
	enum style style, struct table_cell *cell)
{
	for (unsigned i = CORE_FIXED; i < t->count; i++) {
		const struct figure_def *f = t->figure[i];

		cell[i].style = style;
		if (f) {
			if (f->numerator_roles & roles)
				cores_put_number(&cell[i], figure_of(d, f, worker, roles), style);
			continue;
		}
		const struct counter_def *def = engine_counter(d->moment.info->engine, (unsigned)t->counter[i]);

		if (def->roles & roles && (worker >= 0 || has_sum(d, t->counter[i])))
			cores_put_counter(&cell[i], def, own_value(def, r, (unsigned)t->counter[i]), style);
	}
}

/* The rate of the window that the row is of, against A's mean (NULL: A has none). */
static void put_difference(const struct dash *d, double rate, const double *base, struct table_cell *cell)
{
	struct tally_change change = TALLY_CHANGE_UNKNOWN;

	if (base)
		change = tally_difference(base, d->view.base.n, &rate, 1);
	tally_difference_text(&change, cell->text, sizeof(cell->text));
	cell->style = isnan(change.absolute) ? STYLE_DIM : STYLE_TEXT;
}

static void put_versus(const struct dash *d, const struct run_worker *w, const struct rates *r, struct table_cell *cell)
{
	const struct tally_worker *then = dash_is_b(d) ? tally_find(&d->view.base, w->role, w->index) : NULL;

	if (dash_is_b(d))
		put_difference(d, headline_rate(d->moment.info, r, w->role), then ? then->rate : NULL, cell);
}

static void put_versus_sum(const struct dash *d, unsigned role, const struct rates *r, struct table_cell *cell)
{
	bool bits = headline_is_bits(dash_engine(d));
	double rate = headline_rate(d->moment.info, r, role) / (bits ? 1e6 : 1);

	/* A keeps the sum of the side that the mode counts on */
	if (dash_is_b(d) && role & d->moment.info->rx_roles)
		put_difference(d, rate, d->view.base.value[bits ? METRIC_MBPS : METRIC_PPS], cell);
}

/* ---- rows ---- */

static double side_rate(const struct dash *d, unsigned role)
{
	struct rates r;

	moment_rates_of(&d->moment, -1, role, 0, &r);
	return headline_rate(d->moment.info, &r, role);
}

static void know_sides(const struct dash *d, struct core_table *t)
{
	t->side_rate[ROLE_SERVER] = side_rate(d, ROLE_SERVER);
	t->side_rate[ROLE_CLIENT] = side_rate(d, ROLE_CLIENT);
}

static void worker_row(const struct dash *d, const struct core_table *t, int worker, struct table_cell *cell)
{
	const struct run_worker *w = &d->moment.info->worker[worker];
	enum style style = w->role == ROLE_SERVER ? STYLE_SERVER : STYLE_CLIENT;
	struct rates r;

	moment_rates_of(&d->moment, worker, ROLE_BOTH, t->counters, &r);
	view_worker_name(d->moment.info, (unsigned)worker, cell[CORE_NAME].text, sizeof(cell->text));
	cell[CORE_NAME].style = style;
	cell[CORE_SHARE].fraction = headline_rate(d->moment.info, &r, w->role) / t->side_rate[w->role];
	cell[CORE_SHARE].style = style;
	put_rates(d, &r, w->role, STYLE_TEXT, cell);
	put_drops(losses_per_second(d, worker, ROLE_BOTH), STYLE_TEXT, cell);
	cores_put_latencies(d, worker, w->role, STYLE_TEXT, cell);
	put_own(d, t, &r, worker, w->role, STYLE_TEXT, cell);
	put_versus(d, w, &r, &cell[CORE_VERSUS]);
}

static void sum_row(const struct dash *d, const struct core_table *t, unsigned role, unsigned workers, struct table_cell *cell)
{
	struct rates r;

	moment_rates_of(&d->moment, -1, role, t->counters, &r);
	snprintf(cell[CORE_NAME].text, sizeof(cell->text), "Σ %u %s", workers, engine_role(d->moment.info->engine, role)->brief);
	cell[CORE_NAME].style = STYLE_SUM;
	cell[CORE_SHARE].fraction = NAN;
	put_rates(d, &r, role, STYLE_SUM, cell);
	put_drops(losses_per_second(d, -1, role), STYLE_SUM, cell);
	cores_put_latencies(d, -1, role, STYLE_SUM, cell);
	put_own(d, t, &r, -1, role, STYLE_SUM, cell);
	put_versus_sum(d, role, &r, &cell[CORE_VERSUS]);
}

/* All that is lost, where the workers have not seen all of it themselves. */
static void lost_row(const struct dash *d, struct table_cell *cell)
{
	snprintf(cell[CORE_NAME].text, sizeof(cell->text), "Σ lost");
	cell[CORE_NAME].style = STYLE_SUM;
	cell[CORE_SHARE].fraction = NAN;
	put_drops(d->lost_per_s, STYLE_SUM, cell);
}

static void paint_row(
	struct dash *d, const struct core_table *t, struct rect area, int row, const struct table_cell *cell, bool picked)
{
	table_paint_row(&d->canvas, area.row + row, area.column + 1, t->fit, t->width, t->column, t->count, cell, picked);
	if (picked)
		area_put(&d->canvas, area, row, 0, STYLE_SELECTED, ">");
}

static int paint_sums(struct dash *d, const struct core_table *t, struct rect area)
{
	static const unsigned sides[] = { ROLE_SERVER, ROLE_CLIENT };
	unsigned workers[2] = { 0, 0 };
	int sums, row;

	for (unsigned i = 0; i < d->moment.info->workers; i++)
		workers[d->moment.info->worker[i].role == ROLE_CLIENT]++;
	sums = (workers[0] > 0) + (workers[1] > 0) + d->lost_elsewhere;
	row = 2 + (int)(d->order_count ? d->order_count : 1); /* none: that is said there */
	if (row + sums > area.rows)
		row = area.rows - sums;
	for (int i = 0; i < 2; i++) {
		struct table_cell cell[CORE_COLUMNS_MAX] = { 0 };

		if (!workers[i])
			continue;
		sum_row(d, t, sides[i], workers[i], cell);
		if (row >= 2)
			paint_row(d, t, area, row, cell, false);
		row++;
	}
	if (d->lost_elsewhere) {
		struct table_cell cell[CORE_COLUMNS_MAX] = { 0 };

		lost_row(d, cell);
		if (row >= 2)
			paint_row(d, t, area, row, cell, false);
	}
	return sums;
}

static void keep_pick_in_sight(struct dash *d, int room)
{
	int at = 0;

	for (unsigned i = 0; i < d->order_count; i++)
		if (d->order[i] == d->view.pick)
			at = (int)i;
	if (d->table_first > at)
		d->table_first = at;
	if (at >= d->table_first + room)
		d->table_first = at - room + 1;
	if (d->table_first > (int)d->order_count - room)
		d->table_first = (int)d->order_count - room;
	if (d->table_first < 0)
		d->table_first = 0;
}

static int sort_column(const struct dash *d, enum sort sort)
{
	static const int columns[SORTS] = { -1, CORE_RX_PPS, CORE_DROPS, CORE_P99, CORE_BUSY };

	if (sort == SORT_PPS && has_way(d))
		return headline_is_bits(dash_engine(d)) ? CORE_MBPS : CORE_PACKETS;
	return columns[sort];
}

/* A click on the head of a column sorts by it; on that of the names, as the plan has them. */
static void cores_take_clicks(struct dash *d, const struct core_table *t, struct rect area)
{
	int at = area.column + 1;

	for (unsigned i = 0; i < t->count; i++) {
		if (!(t->fit >> i & 1))
			continue;
		for (int sort = 0; sort < SORTS; sort++)
			if (sort_column(d, (enum sort)sort) == (int)i || (sort == SORT_PLAN && i == CORE_NAME))
				hits_add(&d->hits, (struct rect){ area.row + 1, at, 1, t->width[i] }, KEY_SORT + sort, 0);
		at += t->width[i] + 1;
	}
}

/* What of the rows is shown: "client rows only", "filtered". */
static void paint_rule(struct dash *d, struct rect area, int room)
{
	char title[96], note[96] = "", at[32], range[32];
	const struct moment *m = &d->moment;
	const char *side = d->view.side && m->info ? engine_role(m->info->engine, d->view.side)->title : "";

	panel_range(d->table_first, room, (int)d->order_count, range, sizeof(range));
	snprintf(title, sizeof(title), "cores%s%s · %s%s%s%s%s%s", *range ? " " : "", range, dash_window(d),
		dash_wire(d) ? " · wire bits" : "", *side ? " · " : "", side, *side ? " rows only" : "",
		d->view.filter[0] ? " · filtered" : "");
	if (d->view.cursor_ns && !m->to)
		snprintf(note, sizeof(note), "no data at %s", dash_hms(d, d->view.cursor_ns, at, sizeof(at)));
	else if (!d->layout.verdict.rows && m->info && m->info->closed_loop)
		snprintf(note, sizeof(note), "closed loop!");
	else if (d->view.sort)
		snprintf(note, sizeof(note), "by %s · S sort", view_sort_name(d->view.sort));
	else
		snprintf(note, sizeof(note), "j/k pick · Enter drill · S sort");
	area_rule(&d->canvas, area, title, note);
}

static void cores_paint(struct dash *d, struct rect area)
{
	struct core_table t;
	int sums, room;

	make_columns(d, area.columns - 2, &t);
	if (area.rows > 1)
		table_paint_head(&d->canvas, area.row + 1, area.column + 1, t.fit, t.width, t.column, t.count,
			sort_column(d, d->view.sort), false);
	if (!d->moment.info) {
		paint_rule(d, area, 0);
		area_put(&d->canvas, area, 2, 1, STYLE_DIM, "no run yet: r starts one");
		return;
	}
	cores_take_clicks(d, &t, area);
	know_sides(d, &t);
	sums = paint_sums(d, &t, area);
	room = area.rows - 2 - sums;
	keep_pick_in_sight(d, room > 0 ? room : 1);
	paint_rule(d, area, room);
	for (int i = 0; i < room && d->table_first + i < (int)d->order_count; i++) {
		struct table_cell cell[CORE_COLUMNS_MAX] = { 0 };
		int worker = d->order[d->table_first + i];

		worker_row(d, &t, worker, cell);
		paint_row(d, &t, area, 2 + i, cell, worker == d->view.pick);
		hits_add(&d->hits, (struct rect){ area.row + 2 + i, area.column, 1, area.columns }, 0, worker);
	}
	if (!d->order_count && room > 0)
		area_printf(&d->canvas, area, 2, 1, STYLE_DIM, "no core matches /%s", d->view.filter);
}

/* Its sums stand below it: one for each side, and one of what is lost elsewhere. */
static int cores_lines(const struct dash *d)
{
	const struct run_info *info = d->moment.info;
	unsigned seen = 0;

	for (unsigned i = 0; info && i < info->workers; i++)
		seen |= info->worker[i].role;
	return info ? (int)info->workers + !!(seen & ROLE_SERVER) + !!(seen & ROLE_CLIENT) + d->lost_elsewhere : 4;
}

const struct panel_def panel_cores = {
	.name = "cores",
	.shows = PANEL_WORKERS,
	.narrow = { .min = 8, .want = 2 },
	.wide = { .min = 8, .want = 2 },
	.paint = cores_paint,
	.lines = cores_lines,
};
