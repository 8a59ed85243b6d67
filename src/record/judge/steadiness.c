/* See record/judge/steadiness.h. */
#include "record/judge/steadiness.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/stats/series.h"
#include "base/stats/stats.h"
#include "record/rates.h"

const struct percentile_def steadiness_percentile[STEADINESS_PERCENTILES] = {
	{ "p50", "p50", 50 },
	{ "p90", "p90", 90 },
	{ "p99", "p99", 99 },
	{ "p99_9", "p99.9", 99.9 },
	{ "p99_99", "p99.99", 99.99 },
};

/* Of two figures, each asked for a trend and a step: 5 % in all is little over 1 % each. */
static const double SURE = 0.01;
/* Less than this over the whole run is of no interest, however sure it is. */
static const double CHANGE_LEAST = 0.05;

enum { THIN_MOST = 120 };

/* ---- the intervals of a run ---- */

struct intervals {
	const struct sample **at; /* by time */
	unsigned count;
};

/* false when out of memory */
static bool intervals_of_run(const struct history *h, uint32_t run_id, struct intervals *ret)
{
	unsigned kept = history_coarse_count(h);

	*ret = (struct intervals){ .at = malloc((kept + 1) * sizeof(*ret->at)) };
	for (unsigned age = kept; ret->at && age-- > 0;) {
		const struct sample *s = history_coarse(h, age);

		if (s->run_id == run_id && s->is_interval)
			ret->at[ret->count++] = s;
	}
	return ret->at != NULL;
}

/* ---- percentiles ---- */

static double interpolate(double x, double x0, double x1, double y0, double y1)
{
	return x1 > x0 ? y0 + (y1 - y0) * (x - x0) / (x1 - x0) : y1;
}

/* The share of an interval's values that are at or below ns. */
static double share_below(const struct latency_summary *l, int64_t ns)
{
	const struct {
		int64_t ns;
		double share;
	} known[] = { { l->min_ns, 0 }, { l->p50_ns, 0.5 }, { l->p75_ns, 0.75 }, { l->p90_ns, 0.9 }, { l->p95_ns, 0.95 },
		{ l->p99_ns, 0.99 }, { l->p99_9_ns, 0.999 }, { l->p99_99_ns, 0.9999 }, { l->max_ns, 1 } };
	unsigned last = sizeof(known) / sizeof(known[0]) - 1;

	if (ns < known[0].ns)
		return 0;
	for (unsigned i = last; i-- > 0;)
		if (ns >= known[i].ns)
			return ns >= known[last].ns ? 1
						    : interpolate((double)ns, (double)known[i].ns, (double)known[i + 1].ns,
							      known[i].share, known[i + 1].share);
	return 0;
}

/* (Student's t / the normal's z)^2, both of 97.5 %: Cornish and Fisher's expansion. */
static double few_intervals_cost(double freedom)
{
	const double z = 1.959964, z2 = z * z;
	double t = z * (1 + (z2 + 1) / (4 * freedom) + (5 * z2 * z2 + 16 * z2 + 3) / (96 * freedom * freedom));

	return t * t / z2;
}

/* So many independent values scatter as these shares do; 0: not known. */
static double effective_values(double *share, unsigned n, double q)
{
	struct stats s;

	stats_of(share, n, &s);
	if (!(s.variance > 0))
		return INFINITY;
	return q * (1 - q) * series_effective_n(share, n) / s.variance / few_intervals_cost(n - 1);
}

static void span_of(const struct intervals *all, unsigned which, const struct hist *total, double percent, double *share,
	struct percentile_span *ret)
{
	int64_t ns = hist_percentile(total, percent);
	unsigned n = 0;

	*ret = (struct percentile_span){ .why = "the run has fewer than 4 intervals" };
	for (unsigned i = 0; i < all->count; i++)
		if (all->at[i]->merged[which].count)
			share[n++] = share_below(&all->at[i]->merged[which], ns);
	if (n < STEADINESS_INTERVALS_LEAST)
		return;
	ret->why = NULL;
	if (!series_percentile_interval(total, percent, effective_values(share, n, percent / 100), &ret->low_ns, &ret->high_ns))
		ret->why = "fewer than 10 independent values beyond it";
}

void steadiness_percentiles(const struct history *h, uint32_t run_id, unsigned which, const struct hist *total,
	struct percentile_span ret_span[STEADINESS_PERCENTILES])
{
	struct intervals all;
	bool is_good = intervals_of_run(h, run_id, &all);
	double *share = is_good ? malloc((all.count + 1) * sizeof(*share)) : NULL;

	for (unsigned i = 0; i < STEADINESS_PERCENTILES; i++)
		if (share)
			span_of(&all, which, total, steadiness_percentile[i].percent, share, &ret_span[i]);
		else
			ret_span[i] = (struct percentile_span){ .why = "out of memory" };
	free(share);
	free(all.at);
}

/* ---- does it stand still? ---- */

/* Medians of neighbours, so that there are at most THIN_MOST of them: the tests look at all pairs.
 * Returns how many. */
static unsigned thin(double *value, unsigned n)
{
	unsigned group = (n + THIN_MOST - 1) / THIN_MOST, kept = 0;

	for (unsigned at = 0; group > 1 && at + group <= n; at += group) {
		qsort(&value[at], group, sizeof(*value), stats_order);
		value[kept++] = stats_middle(&value[at], group);
	}
	return group > 1 ? kept : n;
}

static double relative(double before, double after)
{
	return before > 0 && after > 0 ? after / before - 1 : 0;
}

/* One sentence a series, of what fits it better. */
static void judge_series(const char *name, double *value, unsigned n, double seconds, struct verdict *v)
{
	struct series_trend trend;
	struct series_split split;
	struct stats s;

	n = thin(value, n);
	stats_of(value, n, &s);
	series_trend(value, n, &trend);
	series_split(value, n, &split);
	double step = relative(split.before, split.after), drift = s.median > 0 ? trend.slope * n / s.median : 0;
	bool has_step = split.known && split.p < SURE && fabs(step) >= CHANGE_LEAST;
	bool has_trend = trend.known && trend.p < SURE && fabs(drift) >= CHANGE_LEAST;

	if (has_step && (!has_trend || split.p <= trend.p))
		verdict_caution(v, "%s was of two kinds, split at %.1f s: %+.1f %% after it (Pettitt's test, p %.2g)", name,
			(double)split.at * seconds / n, 100 * step, split.p);
	else if (has_trend)
		verdict_caution(v, "%s %s by %.1f %% a minute (Mann-Kendall, p %.2g)", name, drift < 0 ? "fell" : "rose",
			100 * fabs(drift) * 60 / seconds, trend.p);
}

static double interval_rate(const struct history *h, const struct run_info *info, const struct sample *s)
{
	struct reading r = reading_between(info, history_interval_start(h, s), s);
	struct rates rates;

	if (!reading_is_pair(&r))
		return NAN;
	rates_of(&r, -1, info->rx_roles ? info->rx_roles : info->tx_roles, &rates);
	return info->rx_roles ? rates.rx_pps : rates.tx_pps;
}

static void judge_intervals(
	const struct history *h, const struct run_info *info, const struct intervals *all, double *value, struct verdict *v)
{
	double seconds = 0;
	unsigned n = 0, late = 0;

	for (unsigned i = 0; i < all->count; i++) {
		double rate = interval_rate(h, info, all->at[i]);

		seconds += all->at[i]->interval_s;
		if (isfinite(rate))
			value[n++] = rate;
	}
	judge_series("the rate", value, n, seconds, v);
	for (unsigned i = 0; i < all->count; i++)
		if (all->at[i]->merged[0].count)
			value[late++] = (double)all->at[i]->merged[0].p99_ns;
	if (engine_latencies(info->engine))
		judge_series("the p99", value, late, seconds, v);
}

void steadiness_judge(const struct history *h, uint32_t run_id, struct verdict *v)
{
	const struct run_info *info = history_run(h, run_id);
	struct intervals all;
	double *value = info && intervals_of_run(h, run_id, &all) ? malloc((all.count + 1) * sizeof(*value)) : NULL;

	if (value)
		judge_intervals(h, info, &all, value, v);
	free(value);
	if (info)
		free(all.at);
}
