/* Per-worker counters: cumulative, one writer (the worker), any reader, never reset.
 *
 * The writer uses a relaxed load and a relaxed store, which compile to a plain add (no locked
 * instruction); a reader may see one field newer than another, never a torn one.  "Clear" is a
 * subtraction on the reader's side. */
#pragma once

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

enum { COUNTERS_MAX = 64 };

/* The lowest or the highest of nothing. */
#define COUNTER_NOTHING UINT64_MAX

struct counters {
	alignas(64) _Atomic uint64_t value[COUNTERS_MAX];
};

static inline void counter_add(struct counters *c, unsigned index, uint64_t n)
{
	uint64_t old = atomic_load_explicit(&c->value[index], memory_order_relaxed);

	atomic_store_explicit(&c->value[index], old + n, memory_order_relaxed);
}

static inline void counter_set(struct counters *c, unsigned index, uint64_t n)
{
	atomic_store_explicit(&c->value[index], n, memory_order_relaxed);
}

static inline uint64_t counter_get(const struct counters *c, unsigned index)
{
	return atomic_load_explicit(&c->value[index], memory_order_relaxed);
}

/* The lowest, or highest, of what has come; both begin with COUNTER_NOTHING. */
static inline void counter_least(struct counters *c, unsigned index, uint64_t n)
{
	if (n < counter_get(c, index))
		counter_set(c, index, n);
}

static inline void counter_most(struct counters *c, unsigned index, uint64_t n)
{
	uint64_t most = counter_get(c, index);

	if (n > most || most == COUNTER_NOTHING)
		counter_set(c, index, n);
}
