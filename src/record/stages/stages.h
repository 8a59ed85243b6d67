/* Latency by stage: a few packets of a run carry the time of each step of their way, and this is
 * what those times come to.
 *
 * A packet is added whole or not at all, so the stages of each add up to its whole time, exactly.
 * Percentiles of stages do not add up to those of the whole: another packet is the median of each.
 * So there are shares too: the stages of just those packets whose whole time is at a percentile. */
#pragma once

#include "base/histogram.h"
#include "mode/engine.h"

/* What a worker has recorded since it opened; one writer, cumulative, any reader. */
struct stage_record {
	_Atomic uint64_t stamped; /* packets that were to carry times, complete in the end or not */
	struct histogram whole;
	struct histogram stage[STAGES_MAX];
	/* time in each stage of the packets whose whole time is in a bucket of the histogram */
	_Atomic uint64_t part_ns[HIST_BUCKETS][STAGES_MAX];
};

/* The percentiles that shares are told of. */
enum { STAGE_POINTS = 3 };
extern const struct stage_point {
	const char *key;
	double percent;
} stage_points[STAGE_POINTS];

/* Some of it, over a time. */
struct stage_summary {
	int64_t at_ns; /* run clock: the end of that time */
	uint64_t stamped;
	/* of the packets that were complete: sums of all stages */
	struct latency_summary whole;
	struct latency_summary stage[STAGES_MAX]; /* count 0: this run cannot tell it */
	/* mean time in each stage of the packets around that percentile of the whole */
	int64_t share_ns[STAGE_POINTS][STAGES_MAX];
};

/* A plain copy, to calculate with. */
struct stage_tally {
	uint64_t stamped;
	struct hist whole, stage[STAGES_MAX];
	uint64_t part_ns[HIST_BUCKETS][STAGES_MAX];
};

/* The difference of neighbours among count + 1 times of a packet, in the order of its way: into
 * ret_ns[count].  false: one is 0 (not known), or before the one in front of it. */
bool stages_between(const int64_t *at_ns, unsigned count, int64_t *ret_ns);

/* Writer only.  A packet with the times of these stages (bit set). */
void stage_record_add(struct stage_record *r, unsigned stages, const int64_t ns[STAGES_MAX]);
static inline void stage_record_stamped(struct stage_record *r)
{
	atomic_store_explicit(&r->stamped, atomic_load_explicit(&r->stamped, memory_order_relaxed) + 1, memory_order_relaxed);
}

/* Any thread, while the owner records. */
void stage_tally_add(struct stage_tally *t, const struct stage_record *live);
/* What came between an earlier copy and this one; from NULL: all of it.  Overwrites *to. */
void stage_tally_summarise(struct stage_tally *to, const struct stage_tally *from, struct stage_summary *ret_summary);
