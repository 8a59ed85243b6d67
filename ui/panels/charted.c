/* The chart of the rate, or what has been chosen in its place. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ui/dash/charted/charted.h"
#include "ui/dash/headline.h"
#include "ui/panels/panels.h"
#include "ui/widgets/axis.h"
#include "ui/widgets/widgets.h"

enum { CORE_NAME_CELLS = 10, CORE_BINS = 400 };

/* "now 1.21 min 0.98 mean 1.15 max 1.30" */
static void charted_note(const double *value, unsigned count, int room, char *out, size_t size)
{
	struct charted_sums s = charted_sums(value, count);
	char now[32], least[32], mean[32], most[32];

	text_human(s.now, now, sizeof(now));
	text_human(s.least, least, sizeof(least));
	text_human(s.mean, mean, sizeof(mean));
	text_human(s.most, most, sizeof(most));
	snprintf(out, size, "now %s min %s mean %s max %s", now, least, mean, most);
	if (canvas_width(out) > room)
		snprintf(out, size, "now %s mean %s", now, mean);
}

/* A rate is read in the magnitude that fits; the unit says which. */
static double charted_scale(const struct dash *d, const double *value, unsigned count, char *unit, size_t size)
{
	struct charted_sums s = charted_sums(value, count);
	struct headline_scale scale = headline_scale(dash_engine(d), isnan(s.most) || d->view.log ? 0 : s.most);

	if (d->view.chart == CHART_BOTH_WAYS) {
		snprintf(unit, size, "%s", scale.unit);
		return scale.scale;
	}
	snprintf(unit, size, "%s", charted_unit(d, d->view.chart));
	return 1;
}

static void charted_paint_values(struct dash *d, struct rect area)
{
	const double *value = charted_values(d);
	const struct series *s = &d->series;
	struct rect body = { area.row + 1, area.column, area.rows - 1, area.columns };
	char title[96], note[96], unit[32], at[32];
	double scale;

	if (!value) {
		area_rule(&d->canvas, area, charted_name(d->view.chart), NULL);
		return;
	}
	scale = charted_scale(d, value, s->ask.bins, unit, sizeof(unit));
	charts_title(d, charted_name(d->view.chart), unit, title, sizeof(title));
	int bin = d->view.cursor_ns ? series_bin_of(s, d->view.cursor_ns) : -1;
	if (bin >= 0)
		snprintf(note, sizeof(note), "at the cursor %s", text_human(value[bin], at, sizeof(at)));
	else
		charted_note(value, s->ask.bins, area.columns - canvas_width(title) - 8, note, sizeof(note));
	area_rule(&d->canvas, area, title, note);
	struct chart chart = { .value = value,
		.base = d->sent_ok ? d->sent.value : NULL,
		.mark = s->marks,
		.lost = s->lost,
		.current = s->current,
		.bins = s->ask.bins,
		.bin_s = (double)s->bin_ns / NS_PER_S,
		.cursor_bin = bin,
		.unit = unit,
		.time_axis = charts_have_time(d, area),
		.scale = scale,
		.log = d->view.log };
	chart_paint(&d->canvas, body, &chart);
	charts_take_clicks(d, body, chart.time_axis);
}

/* ---- a row per core ---- */

/* What the worker moved between two samples, per ns; NaN: not known. */
static double cores_rate(const struct dash *d, unsigned worker, const struct sample *from, const struct sample *to)
{
	const struct run_info *info = d->moment.info;
	struct reading r = reading_between(info, from, to);

	if (!from || !to || from->run_id != info->id || to->run_id != info->id || to->at_ns <= from->at_ns)
		return NAN;
	bool sent = headline_is_sent(info, info->worker[worker].role), bits = headline_is_bits(info->engine);
	unsigned counter = sent ? (bits ? COUNTER_TX_BYTES : COUNTER_TX_PACKETS) : bits ? COUNTER_RX_BYTES : COUNTER_RX_PACKETS;

	return (double)reading_value(&r, worker, counter) / (double)(to->at_ns - from->at_ns);
}

/* The samples at the edges of the columns. */
static int cores_edges(const struct dash *d, int columns, const struct sample *edge[CORE_BINS + 1])
{
	int64_t span = view_span_ns(&d->view), end = d->series.ask.end_ns;

	columns = columns < CORE_BINS ? columns : CORE_BINS;
	for (int i = 0; i <= columns; i++)
		edge[i] = history_at(d->board->history, end - span + span * i / columns);
	return columns;
}

/* Returns the most of all, by which the cells are shaded. */
static double cores_fill(const struct dash *d, unsigned worker, const struct sample *const edge[], int columns, double value[])
{
	double most = 0;

	for (int i = 0; i < columns; i++) {
		value[i] = cores_rate(d, worker, edge[i], edge[i + 1]);
		most = value[i] > most ? value[i] : most;
	}
	return most;
}

static void charted_paint_cores(struct dash *d, struct rect area)
{
	const struct sample *edge[CORE_BINS + 1];
	double value[CORE_BINS], most = 0;
	int room = area.rows - 1, columns = area.columns - CORE_NAME_CELLS - 2, first = d->table_first;
	char title[96], range[32], span[32], name[32];

	if (!d->moment.info || columns < 1) {
		area_rule(&d->canvas, area, charted_name(CHART_CORES), NULL);
		return;
	}
	columns = cores_edges(d, columns, edge);
	if (first + room > (int)d->order_count)
		first = (int)d->order_count > room ? (int)d->order_count - room : 0;
	for (int i = 0; i < room && first + i < (int)d->order_count; i++)
		most = fmax(most, cores_fill(d, (unsigned)d->order[first + i], edge, columns, value));
	for (int i = 0; i < room && first + i < (int)d->order_count; i++) {
		unsigned worker = (unsigned)d->order[first + i];

		cores_fill(d, worker, edge, columns, value);
		for (int k = 0; k < columns; k++)
			value[k] = most > 0 ? value[k] / most : NAN;
		view_worker_name(d->moment.info, worker, name, sizeof(name));
		canvas_put_cut(&d->canvas, area.row + 1 + i, area.column + 1, CORE_NAME_CELLS - 1, STYLE_DIM, name);
		heat_cells_paint(&d->canvas, (struct rect){ area.row + 1 + i, area.column + CORE_NAME_CELLS + 1, 1, columns },
			value, (unsigned)columns);
	}
	panel_range(first, room, (int)d->order_count, range, sizeof(range));
	snprintf(title, sizeof(title), "cores%s%s × time · %s · shade = rate", *range ? " " : "", range,
		view_span_text(&d->view, span, sizeof(span)));
	area_rule(&d->canvas, area, title, "y next");
}

static void charted_paint(struct dash *d, struct rect area)
{
	const char *why;

	if (d->view.chart == CHART_RATE)
		chart_throughput_paint(d, area);
	else if (!charted_is_there(d, d->view.chart, &why)) {
		area_rule(&d->canvas, area, charted_name(d->view.chart), "y next");
		area_put(&d->canvas, area, 1, 1, STYLE_DIM, why);
	} else if (d->view.chart == CHART_CORES)
		charted_paint_cores(d, area);
	else
		charted_paint_values(d, area);
}

const struct panel_def panel_chart = {
	.name = "throughput",
	.shows = PANEL_TIME,
	.narrow = { .min = 5, .want = 6, .weight = 3 },
	.wide = { .min = 6, .want = 8, .weight = 5 },
	.paint = charted_paint,
};
