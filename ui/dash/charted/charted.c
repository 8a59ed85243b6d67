/* The choice of the chart.  See charted.h. */
#include "ui/dash/charted/charted.h"

#include <math.h>

#include "base/clock.h"
#include "ui/dash/actions.h"
#include "ui/dash/headline.h"

static const char *const charted_names[CHARTS] = {
	[CHART_RATE] = "throughput",
	[CHART_BOTH_WAYS] = "received, and sent ┄",
	[CHART_OTHER_UNIT] = "throughput",
	[CHART_P99] = "p99",
	[CHART_DROPS] = "drops that the workers see",
	[CHART_CPU] = "CPU time of the workers",
	[CHART_CYCLES] = "CPU cycles a packet",
	[CHART_CWND] = "congestion windows, all senders'",
	[CHART_CORES] = "cores × time",
};

const char *charted_name(enum chart_kind kind)
{
	return charted_names[kind];
}

const char *charted_unit(const struct dash *d, enum chart_kind kind)
{
	bool other = kind == CHART_OTHER_UNIT;

	switch (kind) {
	case CHART_RATE:
	case CHART_OTHER_UNIT:
		return headline_is_bits(dash_engine(d)) == other ? headline_packet_rate(dash_engine(d)) : "bit/s";
	case CHART_P99:
		return dash_latency_unit(d, "");
	case CHART_DROPS:
		return "/s";
	case CHART_CPU:
		return "CPUs";
	case CHART_CWND:
		return "segments";
	default:
		return "";
	}
}

/* ---- what of it there is ---- */

static uint64_t charted_drops(const struct run_info *info)
{
	uint64_t counters = 0;

	for (unsigned i = COUNTER_OWN; info && i < engine_counters(info->engine); i++)
		if (reading_is_drop(info, engine_counter(info->engine, i)))
			counters |= (uint64_t)1 << i;
	return counters;
}

static bool charted_has_cycles(const struct run_info *info)
{
	for (unsigned i = 0; info && i < info->workers; i++)
		if (info->worker[i].unknown >> COUNTER_CYCLES & 1)
			return false;
	return info != NULL;
}

bool charted_is_there(const struct dash *d, enum chart_kind kind, const char **ret_why)
{
	const struct run_info *info = d->moment.info;
	const struct engine *e = dash_engine(d);
	const char *why = NULL;

	if (kind == CHART_P99 && !(e && e->latencies && e->latencies->name && dash_records(d, e->latencies)))
		why = "no worker here records a latency";
	else if (kind == CHART_DROPS && !charted_drops(info))
		why = "the workers see no drops of their own";
	else if (kind == CHART_CYCLES && !charted_has_cycles(info))
		why = info && info->workers ? info->worker[0].hardware_why : "no run yet";
	else if (kind == CHART_CWND && !(e && engine_find_counter(e, "tcp_cwnd_segments") >= 0))
		why = "this mode has no TCP";
	*ret_why = why && !*why ? "it cannot be read" : why;
	return !why;
}

/* ---- the series ---- */

/* Denominators are the packets of the side that the mode counts: of servers, of clients, of
 * both. */
#define CYCLES_A_PACKET(roles)                                                                                \
	{                                                                                                     \
		.name = "cycles_per_packet", .title = "cyc/pkt", .unit = "cycles",                            \
		.numerator = { COUNTER_CYCLES, COUNTER_NONE }, .denominator = COUNTER_RX_PACKETS, .scale = 1, \
		.numerator_roles = ROLE_BOTH, .denominator_roles = (roles),                                   \
	}

static const struct figure_def *charted_cycles(const struct run_info *info)
{
	static const struct figure_def by_roles[] = { CYCLES_A_PACKET(ROLE_SERVER), CYCLES_A_PACKET(ROLE_CLIENT),
		CYCLES_A_PACKET(ROLE_BOTH) };

	return &by_roles[info && info->rx_roles ? info->rx_roles - 1 : 2];
}

static struct series_sum charted_sum(const struct dash *d)
{
	const struct run_info *info = d->moment.info;
	bool bits = headline_is_bits(dash_engine(d));
	int cwnd = d->view.chart == CHART_CWND ? engine_find_counter(dash_engine(d), "tcp_cwnd_segments") : -1;
	unsigned rx = info ? info->rx_roles : ROLE_BOTH, tx = info ? info->tx_roles : ROLE_BOTH;

	switch (d->view.chart) {
	case CHART_OTHER_UNIT:
		return bits ? (struct series_sum){ (uint64_t)1 << COUNTER_RX_PACKETS, rx, 1, false }
			    : (struct series_sum){ (uint64_t)1 << COUNTER_RX_BYTES, rx, 8, false };
	case CHART_DROPS:
		return (struct series_sum){ charted_drops(info), ROLE_BOTH, 1, false };
	case CHART_CPU:
		return (struct series_sum){ (uint64_t)1 << COUNTER_CPU_USER_NS | (uint64_t)1 << COUNTER_CPU_SYSTEM_NS |
						    (uint64_t)1 << COUNTER_HELPER_CPU_NS,
			ROLE_BOTH, 1.0 / NS_PER_S, false };
	case CHART_CWND:
		return (struct series_sum){ cwnd >= 0 ? (uint64_t)1 << cwnd : 0, tx, 1, true };
	default:
		return (struct series_sum){ 0 };
	}
}

void charted_look(struct dash *d, const struct series_ask *like)
{
	const struct run_info *info = d->moment.info;
	struct series_ask ask = *like;
	bool bits = headline_is_bits(dash_engine(d));
	const char *why;

	d->chosen_ok = d->sent_ok = false;
	if (d->view.chart == CHART_RATE || !d->series_ok || !charted_is_there(d, d->view.chart, &why))
		return;
	ask.figure = d->view.chart == CHART_CYCLES ? charted_cycles(info) : NULL;
	ask.sum = charted_sum(d);
	if (ask.figure || ask.sum.counters)
		d->chosen_ok = series_update(&d->chosen, d->board->history, &ask) == 0;
	if (d->view.chart != CHART_BOTH_WAYS)
		return;
	ask.sum = (struct series_sum){ (uint64_t)1 << (bits ? COUNTER_TX_BYTES : COUNTER_TX_PACKETS),
		info ? info->tx_roles : ROLE_BOTH, bits ? 8 : 1, false };
	d->sent_ok = series_update(&d->sent, d->board->history, &ask) == 0;
}

/* Bins of the heat are twice as long, or more. */
static const double *charted_p99(struct dash *d)
{
	const struct series *s = &d->series;
	double unit_ns = d->in_ms ? NS_PER_MS : NS_PER_US;

	for (unsigned i = 0; i < s->ask.bins && i < CHARTED_BINS; i++)
		d->chosen_value[i] = s->p99[(size_t)i * s->ask.heat_bins / s->ask.bins] / unit_ns;
	return s->ask.bins <= CHARTED_BINS ? d->chosen_value : NULL;
}

const double *charted_values(struct dash *d)
{
	if (!d->series_ok)
		return NULL;
	if (d->view.chart == CHART_P99)
		return charted_p99(d);
	if (d->view.chart == CHART_RATE || d->view.chart == CHART_BOTH_WAYS)
		return d->series.value;
	return d->chosen_ok ? d->chosen.value : NULL;
}

struct charted_sums charted_sums(const double *value, unsigned count)
{
	struct charted_sums s = { NAN, NAN, NAN, NAN };
	double sum = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++) {
		if (isnan(value[i]))
			continue;
		s.now = value[i];
		s.least = isnan(s.least) || value[i] < s.least ? value[i] : s.least;
		s.most = isnan(s.most) || value[i] > s.most ? value[i] : s.most;
		sum += value[i];
		n++;
	}
	s.mean = n ? sum / n : NAN;
	return s;
}

/* ---- the key ---- */

void act_chart_scale(struct dash *d, int key)
{
	(void)key;
	d->view.log = !d->view.log;
	dash_say(d, STYLE_TOAST, d->view.log ? "scale of the charts: logarithmic" : "scale of the charts: linear, from 0");
}

/* To the next one that has something to show. */
void act_chart(struct dash *d, int key)
{
	unsigned step = key == 'y' ? 1 : CHARTS - 1, kind = d->view.chart;
	const char *why;

	do
		kind = (kind + step) % CHARTS;
	while (!charted_is_there(d, (enum chart_kind)kind, &why));
	d->view.chart = (enum chart_kind)kind;
	view_toast(&d->view, STYLE_TOAST, clock_run_ns(), "chart: %s %s", charted_name(d->view.chart),
		charted_unit(d, d->view.chart));
}
