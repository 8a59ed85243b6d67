/* Latency histograms: log-linear buckets, one writer, cumulative, subtractable and addable.
 *
 * Values are nanoseconds.  0..127 are exact; above, every octave has 64 buckets, so a value read
 * back (the bucket's middle) is at most 1/128 = 0.78 % off; values of 2^36 ns (68.7 s) and more
 * land in the last bucket.  Struct histogram is the live one that a worker writes with relaxed
 * atomics; struct hist is a plain copy to calculate with.  Percentiles come from merged
 * histograms: never average percentiles.  The lowest and the highest value are kept beside the
 * buckets, and are exact; those of a difference only where they are new since the older copy,
 * else they are the edges of the outermost buckets. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

enum {
	HIST_SUB_BITS = 6,                /* 64 buckets an octave */
	HIST_LINEAR = 2 << HIST_SUB_BITS, /* 128 buckets of 1 ns */
	HIST_TOP_BITS = 36,
	HIST_BUCKETS = HIST_LINEAR + (HIST_TOP_BITS - HIST_SUB_BITS - 1) * (1 << HIST_SUB_BITS),
};

struct histogram {
	_Atomic uint64_t bucket[HIST_BUCKETS];
	_Atomic uint64_t sum_ns;
	/* Of the values since histogram_forget_extremes(): the highest, and how far the lowest is
	 * below INT64_MAX; 0 where there is none, so that both only grow. */
	_Atomic uint64_t max_ns, below_ns;
};

struct hist {
	uint64_t count; /* = sum over bucket[] */
	uint64_t sum_ns;
	/* 0: not known, or really 0; see hist_min() */
	int64_t min_ns, max_ns;
	uint64_t bucket[HIST_BUCKETS];
};

/* A distribution as screens and results show it.  All in ns, 0 where count is 0 (show that as
 * unknown). */
struct latency_summary {
	uint64_t count;
	double mean_ns;
	int64_t min_ns, p50_ns, p75_ns, p90_ns, p95_ns, p99_ns, p99_9_ns, p99_99_ns, max_ns;
};

static inline unsigned hist_index(int64_t value_ns)
{
	uint64_t v = value_ns < 0 ? 0 : (uint64_t)value_ns;

	if (v < HIST_LINEAR)
		return (unsigned)v;
	if (v >> HIST_TOP_BITS)
		return HIST_BUCKETS - 1;
	unsigned shift = 63u - (unsigned)__builtin_clzll(v) - HIST_SUB_BITS; /* >= 1 */
	return HIST_LINEAR + (shift - 1) * (1u << HIST_SUB_BITS) + (unsigned)(v >> shift) - (1u << HIST_SUB_BITS);
}

/* The same value so many times.  Owner thread only. */
static inline void histogram_record_many(struct histogram *h, int64_t value_ns, uint64_t times)
{
	unsigned i = hist_index(value_ns);
	uint64_t n = atomic_load_explicit(&h->bucket[i], memory_order_relaxed);
	uint64_t sum = atomic_load_explicit(&h->sum_ns, memory_order_relaxed);
	uint64_t value = value_ns < 0 ? 0 : (uint64_t)value_ns, below = (uint64_t)INT64_MAX - value;

	atomic_store_explicit(&h->bucket[i], n + times, memory_order_relaxed);
	atomic_store_explicit(&h->sum_ns, sum + value * times, memory_order_relaxed);
	if (value > atomic_load_explicit(&h->max_ns, memory_order_relaxed))
		atomic_store_explicit(&h->max_ns, value, memory_order_relaxed);
	if (below > atomic_load_explicit(&h->below_ns, memory_order_relaxed))
		atomic_store_explicit(&h->below_ns, below, memory_order_relaxed);
}

/* Owner thread only; <= 10 ns (bench/). */
static inline void histogram_record(struct histogram *h, int64_t value_ns)
{
	histogram_record_many(h, value_ns, 1);
}

/* Owner thread only: the lowest and the highest are those of what comes from now on. */
static inline void histogram_forget_extremes(struct histogram *h)
{
	atomic_store_explicit(&h->max_ns, 0, memory_order_relaxed);
	atomic_store_explicit(&h->below_ns, 0, memory_order_relaxed);
}

/* Lowest value of a bucket, and the lowest of the next one. */
int64_t hist_bucket_low(unsigned index);
int64_t hist_bucket_end(unsigned index);

/* Any thread may copy while the owner records. */
void histogram_copy(const struct histogram *live, struct hist *ret_copy);
void hist_merge(struct hist *into, const struct hist *add);
/* into -= older, where older is an earlier copy of the same histogram(s); without extremes of
 * its own (0) those of `into` are of the time since. */
void hist_subtract(struct hist *into, const struct hist *older);

/* A copy to keep: the buckets that are not empty, most often a few hundred of them. */
enum { HIST_PACKED_BITS = 11 };
struct hist_packed {
	uint64_t sum_ns;
	int64_t min_ns, max_ns;
	unsigned entries, room;
	uint64_t *entry; /* malloc'ed: count << HIST_PACKED_BITS | bucket, buckets rising */
};
/* Over what stood there; false when out of memory (and what stands there is undefined). */
bool hist_pack(const struct hist *h, struct hist_packed *into);
void hist_packed_free(struct hist_packed *p); /* accepts a zeroed one, and zeroes it */
/* Works like hist_subtract(). */
void hist_subtract_packed(struct hist *into, const struct hist_packed *older);

/* Of values that are there. */
int64_t hist_min(const struct hist *h);
int64_t hist_max(const struct hist *h);
/* The value at or below which `percent` (0..100) of the values lie; 0 if empty.  Nearest rank:
 * the ceil(percent/100*count)-th value. */
int64_t hist_percentile(const struct hist *h, double percent);
void hist_summarise(const struct hist *h, struct latency_summary *ret_summary);

/* HdrHistogram's percentile distribution text (what its plotter reads): columns Value Percentile
 * TotalCount 1/(1-Percentile), values in microseconds, closing #[Mean..] lines.  Returns 0 or
 * -EIO. */
int hist_write_hgrm(const struct hist *h, FILE *out);

/* Heat rows: buckets folded to quarter octaves for the heatmap.  Row r covers [2^(r/4),
 * 2^((r+1)/4)) ns.  Counts are spread proportionally where a bucket straddles two rows. */
enum { HEAT_ROWS = HIST_TOP_BITS * 4 };
void hist_heat(const struct hist *h, uint32_t ret_rows[HEAT_ROWS]);
