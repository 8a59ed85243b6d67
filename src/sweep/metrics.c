/* Figures of merit of sweeps.  See sweep/metrics.h. */
#include "sweep/metrics.h"

#include <stdio.h>
#include <string.h>

struct list {
	struct sweep_metric *metric;
	unsigned count;
};

static void slug_of(const char *name, char *out, size_t size)
{
	snprintf(out, size, "%s", name);
	for (char *c = out; *c; c++)
		if (*c == '_')
			*c = '-';
}

static struct sweep_metric *add(struct list *l, const char *column, const char *slug)
{
	static struct sweep_metric beyond; /* a metric beyond the room is not shown */
	struct sweep_metric *m = l->count < SWEEP_METRICS_MAX ? &l->metric[l->count++] : &beyond;

	*m = (struct sweep_metric){ .chart = true };
	snprintf(m->column, sizeof(m->column), "%s", column);
	slug_of(slug, m->slug, sizeof(m->slug));
	return m;
}

static void describe(struct sweep_metric *m, const char *title, const char *unit, int better)
{
	snprintf(m->title, sizeof(m->title), "%s", title);
	snprintf(m->unit, sizeof(m->unit), "%s", unit);
	m->better = better;
}

static void add_rates(struct list *l, const struct engine *e)
{
	struct sweep_metric *m = add(l, "rx_mbps", "throughput");
	char unit[sizeof(m->unit)];

	describe(m, "throughput", "Mbit/s", 1);
	m->bars = m->tested = true;
	m = add(l, "rx_pps", "rate");
	snprintf(unit, sizeof(unit), "%s/s", e->packets ? e->packets : "packets");
	describe(m, "rate", unit, 1);
	m->bars = m->tested = true;
}

static void add_lost(struct list *l)
{
	struct sweep_metric *m = add(l, "lost_percent", "lost");

	describe(m, "lost", "%", 0);
	m->chart = false;
}

static void add_latency(struct list *l, const struct latency_def *def, const char *percentile, bool bars)
{
	char column[64], slug[64], title[64];

	snprintf(column, sizeof(column), "%s_%s_us", def->name, percentile);
	snprintf(slug, sizeof(slug), "%s-%s", def->name, percentile);
	snprintf(title, sizeof(title), "%s %s", def->title, percentile);
	struct sweep_metric *m = add(l, column, slug);
	describe(m, title, "µs", -1);
	m->bars = m->tested = bars;
	snprintf(m->counted, sizeof(m->counted), "%s_count", def->name);
}

static void add_latencies(struct list *l, const struct engine *e)
{
	for (unsigned i = 0; i < engine_latencies(e); i++) {
		add_latency(l, &e->latencies[i], "p50", i == 0);
		add_latency(l, &e->latencies[i], "p99", i == 0);
	}
}

/* Ends of a name that its unit says, too, and how that is written. */
static const struct {
	const char *end, *unit;
} spoken_units[] = { { " percent", "%" }, { " us", "µs" } };

/* "zerocopy_copied_percent" -> "zerocopy copied", "spread_us" -> "spread": the unit says the rest.
 * A ratio says its units in its name: "cpu ns per answer". */
static void title_figure(struct sweep_metric *m, const struct figure_def *f)
{
	const char *unit = f->unit && !strstr(f->name, "_per_") ? f->unit : "";

	snprintf(m->title, sizeof(m->title), "%s", f->name);
	for (char *c = m->title; *c; c++)
		if (*c == '_')
			*c = ' ';
	for (size_t i = 0; i < sizeof(spoken_units) / sizeof(spoken_units[0]); i++) {
		char *end = strstr(m->title, spoken_units[i].end);

		if (!end || end[strlen(spoken_units[i].end)])
			continue;
		*end = '\0';
		unit = spoken_units[i].unit;
	}
	snprintf(m->unit, sizeof(m->unit), "%s", unit);
}

/* A figure is unknown because its counters are: the first of them is asked for the reason. */
static void add_figures(struct list *l, const struct engine *e)
{
	for (const struct figure_def *f = e->figures; f && f->name; f++) {
		if (!(f->show & SHOW_SUM))
			continue;
		struct sweep_metric *m = add(l, f->name, f->name);

		title_figure(m, f);
		m->label = f->judgement.label;
		m->over = f->judgement.over;
		m->tested = f->show & SHOW_TESTED;
		if (f->numerator[0] >= 0)
			snprintf(m->source, sizeof(m->source), "%s", engine_counter(e, (unsigned)f->numerator[0])->name);
	}
}

static void add_counters(struct list *l)
{
	static const struct {
		const char *column, *title;
		bool chart;
	} rows[] = {
		{ "llc_misses", "LLC misses", true },
		{ "l1d_misses", "L1d misses", false },
		{ "cycles", "cycles", false },
		{ "ctx_switches", "context switches", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sweep_metric *m = add(l, rows[i].column, rows[i].column);

		describe(m, rows[i].title, "per run", 0);
		m->chart = rows[i].chart;
		snprintf(m->source, sizeof(m->source), "%s", rows[i].column);
	}
}

unsigned sweep_metrics_of(const struct engine *engine, struct sweep_metric metric[SWEEP_METRICS_MAX])
{
	struct list l = { .metric = metric };

	add_rates(&l, engine);
	add_latencies(&l, engine);
	add_lost(&l);
	add_figures(&l, engine);
	add_counters(&l);
	return l.count;
}
