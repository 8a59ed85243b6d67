/* The sampler: copies all workers' counters and histograms at one instant and makes a sample of
 * them.  Control thread only; the workers never notice.
 *
 * Histograms are cumulative, so every window is a subtraction of an earlier copy: it keeps
 * copies of about the last second (a sliding window), of the start of the current interval, and
 * of the start of the measure phase: packed, since there are a dozen for each histogram and most
 * of their buckets are empty. */
#pragma once

#include "record/sample.h"
#include "run/block.h"

enum { SAMPLER_SLOTS = 10 };

struct sampler {
	struct block **block;                /* [workers] */
	unsigned workers, latencies, series; /* series: histograms that somebody records */
	/* [workers * latencies]: index into the copies, or UINT_MAX */
	unsigned *series_of;
	int64_t now_ns;
	uint64_t (*value)[COUNTERS_MAX]; /* [workers]: at now_ns */
	/* Copies, [series] each. */
	struct hist *now;
	struct hist_packed *interval, *measure, *slot[SAMPLER_SLOTS];
	bool out_of_memory; /* a copy could not be kept: no window is right any more */
	/* when they were made; measure_ns 0: does not measure yet */
	int64_t interval_ns, measure_ns, slot_ns[SAMPLER_SLOTS];
	unsigned slots, newest;
	struct hist *merged; /* [latencies], scratch */
	struct hist heat;    /* headline, all workers, at the sample before */
};

/* blocks: one of each worker; the array is copied, the blocks must outlive the sampler. */
int sampler_init(struct sampler *s, struct block *const *blocks, unsigned workers, unsigned latencies, struct err *err);
void sampler_close(struct sampler *s);

/* Copies everything, now. */
void sampler_read(struct sampler *s);
/* The values read last are those at the start of the measure phase, at_ns: no window reaches
 * further back.  0 or -ENOMEM. */
int sampler_begin_measure(struct sampler *s, int64_t at_ns, struct err *err);
/* A sample of what was just read: counters, window latencies, heat, and totals if wanted.  NULL
 * when out of memory. */
struct sample *sampler_make(struct sampler *s, bool is_interval, bool want_totals);

/* Since the measure phase began, of what was just read: one worker's latency (false: it records
 * none), or merged over all workers. */
bool sampler_since_start(const struct sampler *s, unsigned worker, unsigned latency, struct hist *ret_hist);
void sampler_total(const struct sampler *s, unsigned latency, struct hist *ret_hist);
