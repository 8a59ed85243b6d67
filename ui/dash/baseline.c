/* Baselines and how far a run is from one.  See baseline.h. */
#include "ui/dash/baseline.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "record/ledger.h"
#include "ui/dash/headline.h"

const struct metric_def metric_defs[METRICS] = {
	[METRIC_PPS] = { "packets/s", "", "packets received per second, at the side whose packets the mode counts", false },
	[METRIC_MBPS] = { "Mbit/s", "", "application bits received", false },
	[METRIC_P50] = { "p50", "µs", "median latency of each interval", true },
	[METRIC_P99] = { "p99", "µs", "99th percentile of each interval", true },
	[METRIC_P99_9] = { "p99.9", "µs", "99.9th percentile of each interval", true },
	[METRIC_DROP_PPM] = { "drops", "ppm", "lost per million that the ledger has as sent", true },
	[METRIC_CPU] = { "CPU", "ns/pkt", "CPU time of all workers per packet received", true },
};

/* It is large: one that is empty already is left alone, in every frame. */
void tally_free(struct tally *t)
{
	if (!t->run_id && !t->worker)
		return;
	free(t->worker);
	*t = (struct tally){ 0 };
}

int tally_copy(struct tally *to, const struct tally *from)
{
	struct tally_worker *worker = calloc(from->workers ? from->workers : 1, sizeof(*worker));

	if (!worker)
		return -ENOMEM;
	if (from->workers)
		memcpy(worker, from->worker, from->workers * sizeof(*worker));
	free(to->worker);
	*to = *from;
	to->worker = worker;
	return 0;
}

static double latency_us(const struct latency_summary *l, int64_t ns)
{
	return l->count ? (double)ns / NS_PER_US : NAN;
}

static double sum_cpu_ns(const struct rates *r)
{
	uint64_t parts = (uint64_t)1 << COUNTER_CPU_USER_NS | (uint64_t)1 << COUNTER_CPU_SYSTEM_NS;

	if (r->unknown & parts)
		return NAN;
	return (double)(r->value[COUNTER_CPU_USER_NS] + r->value[COUNTER_CPU_SYSTEM_NS] + r->value[COUNTER_HELPER_CPU_NS]);
}

const struct figure_def *tally_figure(const struct tally *t, unsigned i)
{
	for (const struct figure_def *f = t->engine ? t->engine->figures : NULL; f && f->name; f++)
		if ((f->show & SHOW_PANEL || f->why) && !i--)
			return f;
	return NULL;
}

/* The ledger's loss against what it has as sent. */
static void add_drops(struct tally *t, const struct sample *base, const struct reading *r)
{
	int64_t lost;
	uint64_t sent;
	bool known = ledger_span(base, r, &lost, &sent);

	t->lost[t->n] = known ? (double)lost : NAN;
	t->sent[t->n] = known ? (double)sent : NAN;
	t->value[METRIC_DROP_PPM][t->n] = known && sent ? fmax((double)lost, 0) / (double)sent * 1e6 : NAN;
}

/* Makes room for one more at the end. */
static void drop_oldest(struct tally *t)
{
	const size_t bytes = (TALLY_MAX - 1) * sizeof(double);

	for (unsigned i = 0; i < METRICS; i++)
		memmove(t->value[i], t->value[i] + 1, bytes);
	for (unsigned i = 0; i < t->figures; i++)
		memmove(t->figure[i], t->figure[i] + 1, bytes);
	for (unsigned i = 0; i < t->workers; i++)
		memmove(t->worker[i].rate, t->worker[i].rate + 1, bytes);
	memmove(t->lost, t->lost + 1, bytes);
	memmove(t->sent, t->sent + 1, bytes);
	t->n--;
}

/* base: the start of the measure phase. */
static void add_interval(struct tally *t, const struct sample *base, const struct reading *r)
{
	const struct run_info *info = r->info;
	const struct latency_summary *l = &r->to->merged[0];
	struct rates all, rx, one;
	unsigned n = t->n;

	rates_of(r, -1, ROLE_BOTH, &all);
	rates_of(r, -1, info->rx_roles, &rx);
	double packets = (double)rx.value[COUNTER_RX_PACKETS];

	t->value[METRIC_PPS][n] = rx.rx_pps;
	t->value[METRIC_MBPS][n] = rx.rx_mbps;
	t->value[METRIC_P50][n] = latency_us(l, l->p50_ns);
	t->value[METRIC_P99][n] = latency_us(l, l->p99_ns);
	t->value[METRIC_P99_9][n] = latency_us(l, l->p99_9_ns);
	add_drops(t, base, r);
	t->value[METRIC_CPU][n] = packets > 0 ? sum_cpu_ns(&all) / packets : NAN;
	for (unsigned i = 0; i < t->figures; i++)
		t->figure[i][n] = figure_value(tally_figure(t, i), r, -1);
	for (unsigned i = 0; i < t->workers; i++) {
		rates_of(r, (int)i, ROLE_BOTH, &one);
		t->worker[i].rate[n] = headline_rate(info, &one, info->worker[i].role);
	}
	t->interval_s = r->to->interval_s;
	t->last_ns = r->to->at_ns;
	t->n++;
}

static bool belongs(const struct tally *t, const struct sample *s)
{
	return s->run_id == t->run_id && s->is_interval && s->at_ns > t->since_ns && s->at_ns <= t->until_ns;
}

/* Counts the intervals that are not in it yet, at most TALLY_MAX; finds the age of the first. */
static unsigned find_intervals(const struct tally *t, const struct history *h, unsigned *ret_first)
{
	unsigned n = 0;

	for (unsigned age = 0; age < history_coarse_count(h) && n < TALLY_MAX; age++) {
		const struct sample *s = history_coarse(h, age);

		if (s->run_id < t->run_id || (t->newest && s->sequence <= t->newest))
			break;
		if (!belongs(t, s))
			continue;
		*ret_first = age;
		n++;
	}
	return n;
}

static int tally_begin(struct tally *t, const struct run_info *info)
{
	struct tally_worker *worker = calloc(info->workers ? info->workers : 1, sizeof(*worker));

	if (!worker)
		return -ENOMEM;
	for (unsigned i = 0; i < info->workers; i++)
		worker[i] = (struct tally_worker){ .role = info->worker[i].role, .index = info->worker[i].index };
	free(t->worker);
	t->worker = worker;
	t->workers = info->workers;
	t->n = 0;
	t->newest = 0;
	t->run_id = info->id;
	t->started_wall_ns = info->started_wall_ns;
	t->bits = headline_is_bits(info->engine);
	t->engine = info->engine;
	for (t->figures = 0; t->figures < TALLY_FIGURES && tally_figure(t, t->figures);)
		t->figures++;
	snprintf(t->method, sizeof(t->method), "%s", info->ran);
	return 0;
}

static bool is_of(const struct tally *t, uint32_t run_id, int64_t since_ns, int64_t until_ns)
{
	return t->run_id == run_id && t->since_ns == since_ns && t->until_ns == until_ns;
}

/* Only what has come since is worked out: an hour's worth of it anew each second would be most of
 * what the dashboard does. */
static void add_newest(struct tally *t, const struct history *h, const struct run_info *info)
{
	const struct sample *base = history_measure_start(h, info->id);
	unsigned first = 0, n = find_intervals(t, h, &first);

	for (unsigned age = first + 1; n && age-- > 0;) {
		const struct sample *to = history_coarse(h, age);
		struct reading r = reading_between(info, history_interval_start(h, to), to);

		if (!belongs(t, to) || reading_measured_ns(&r) <= 0)
			continue;
		if (t->n == TALLY_MAX)
			drop_oldest(t);
		add_interval(t, base, &r);
	}
}

int tally_update(struct tally *t, const struct history *h, uint32_t run_id, int64_t since_ns, int64_t until_ns)
{
	const struct run_info *info = history_run(h, run_id);
	const struct sample *newest = history_coarse(h, 0);
	uint64_t sequence = newest ? newest->sequence : 0;

	if (is_of(t, run_id, since_ns, until_ns) && t->newest == sequence)
		return 0;
	if (!info || (!is_of(t, run_id, since_ns, until_ns) && tally_begin(t, info))) {
		tally_free(t);
		return info ? -ENOMEM : 0;
	}
	t->since_ns = since_ns;
	t->until_ns = until_ns;
	add_newest(t, h, info);
	t->newest = sequence;
	return 0;
}

static size_t without_nan(const double *values, unsigned count, double *out)
{
	size_t n = 0;

	for (unsigned i = 0; i < count; i++)
		if (!isnan(values[i]))
			out[n++] = values[i];
	return n;
}

double tally_mean(const double *values, unsigned count)
{
	double known[TALLY_MAX], sum = 0;
	size_t n = without_nan(values, count, known);

	for (size_t i = 0; i < n; i++)
		sum += known[i];
	return n ? sum / (double)n : NAN;
}

double tally_value(const struct tally *t, enum metric metric)
{
	double lost = tally_mean(t->lost, t->n), sent = tally_mean(t->sent, t->n);

	if (metric != METRIC_DROP_PPM)
		return tally_mean(t->value[metric], t->n);
	return sent > 0 ? fmax(lost, 0) / sent * 1e6 : NAN;
}

static struct tally_change change_between(double before, double after)
{
	double more = after - before;

	return (struct tally_change){ isfinite(more / before) ? more / before : NAN, more };
}

struct tally_change tally_difference(const double *a, unsigned a_count, const double *b, unsigned b_count)
{
	return change_between(tally_mean(a, a_count), tally_mean(b, b_count));
}

struct tally_change tally_metric_change(const struct tally *a, const struct tally *b, enum metric metric)
{
	return change_between(tally_value(a, metric), tally_value(b, metric));
}

/* From twice on a ratio says more than percents. */
static char *tally_ratio(double relative, const char *what, char *out, size_t size)
{
	double percent = fabs(100 * relative);

	if (percent < 0.05)
		snprintf(out, size, "as many %s/s as", what);
	else if (relative >= 1)
		snprintf(out, size, "%.3g times the %s/s of", 1 + relative, what);
	else
		snprintf(out, size, "%.1f %% %s %s/s than", percent, relative < 0 ? "fewer" : "more", what);
	return out;
}

char *tally_sentence(const struct tally *a, const struct tally *b, const char *than, const char *differs, char *out, size_t size)
{
	enum metric metric = b->bits ? METRIC_MBPS : METRIC_PPS;
	double relative = tally_difference(a->value[metric], a->n, b->value[metric], b->n).relative;
	const char *what = b->bits ? "bits" : b->engine && b->engine->packets ? b->engine->packets : "packets";
	char ratio[80];

	out[0] = '\0';
	if (!isnan(relative))
		snprintf(out, size, "%s: %s %s%s%s%s; one run a side", b->method,
			tally_ratio(relative, what, ratio, sizeof(ratio)), than, *differs ? " (" : "", differs,
			*differs ? ")" : "");
	return out;
}

const struct tally_worker *tally_find(const struct tally *t, enum role role, unsigned index)
{
	for (unsigned i = 0; i < t->workers; i++)
		if (t->worker[i].role == role && t->worker[i].index == index)
			return &t->worker[i];
	return NULL;
}

char *tally_difference_text(const struct tally_change *change, char *out, size_t size)
{
	double percent = 100 * change->relative, times = 1 + change->relative;
	char number[32];

	if (isnan(change->absolute))
		snprintf(out, size, "--");
	else if (isnan(percent))
		snprintf(
			out, size, "%s%s", change->absolute > 0 ? "+" : "", text_human(change->absolute, number, sizeof(number)));
	else if (fabs(percent) < 0.05)
		snprintf(out, size, "0.0%%");
	else if (fabs(times) >= 10)
		snprintf(out, size, "×%s", text_human(times, number, sizeof(number)));
	else
		snprintf(out, size, "%+.*f%%", fabs(percent) < 99.95 ? 1 : 0, percent);
	return out;
}
