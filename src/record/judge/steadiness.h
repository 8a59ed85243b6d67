/* The intervals of a run as witnesses: how sure its percentiles are, and whether its rate and its
 * latency stood still.  Pure; main thread only (it reads the history). */
#pragma once

#include "record/history.h"
#include "record/judge/verdict.h"

/* Fewer intervals do not tell how alike neighbours are. */
enum { STEADINESS_INTERVALS_LEAST = 4, STEADINESS_PERCENTILES = 5 };

struct percentile_def {
	const char *key, *title;
	double percent;
};
extern const struct percentile_def steadiness_percentile[STEADINESS_PERCENTILES];

/* The 95 % interval of a percentile. */
struct percentile_span {
	int64_t low_ns, high_ns;
	const char *why; /* there is none; NULL: there is */
};

/* total: a latency of the run, merged since its measure phase began; which: its place among the
 * mode's latencies.
 *
 * Ranks by order statistics (series_percentile_interval()), for as many independent values as the
 * intervals are worth: values of one stall come together, so that the share of an interval's
 * values at or below the percentile scatters more than chance would have it.  That share is read
 * off the interval's own percentiles, straight between them.  With s2 the variance of the shares
 * of m intervals, and m' what m is worth by its autocorrelation, n' = q (1 - q) m' / s2, less for
 * how badly a few intervals know s2 (Student's t against the normal). */
void steadiness_percentiles(const struct history *h, uint32_t run_id, unsigned which, const struct hist *total,
	struct percentile_span ret_span[STEADINESS_PERCENTILES]);

/* Adds cautions where the rate or the p99 of the headline's latency has a trend, or is of two
 * regimes, over the intervals (eight or more). */
void steadiness_judge(const struct history *h, uint32_t run_id, struct verdict *v);
