/* The block that a worker shares with its run: words each way, counters, histograms.  One
 * block without a pointer in it, so that it may as well stand in memory that two processes share.
 * Each word has one writer; words of different writers stand in different cache lines. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "mode/engine.h"
#include "record/stages/stages.h"

struct worker_control { /* writer: the control thread */
	alignas(64) _Atomic uint32_t phase;
	_Atomic uint32_t tick;
	_Atomic uint64_t load;
	_Atomic bool answer; /* the tick is to be answered on ack_fd */
	/* From the next tick on it moves nothing any more, so that all that it counts, latencies
	 * included, is of one moment. */
	_Atomic bool still;
	/* run clock: the end of the measure phase, which the worker keeps by itself; 0: if told */
	_Atomic int64_t end_ns;
};

struct worker_status { /* writer: the worker */
	/* acknowledged (release): all that the worker did before is visible */
	alignas(64) _Atomic uint32_t phase;
	_Atomic uint32_t tick;
	/* 0, or positive errno: the worker has ended itself; its struct err is valid */
	_Atomic int error;
	/* number of things still to come before the run can begin, in words of engine->missing */
	_Atomic uint32_t missing;
	/* (release) the measure phase has ended for it: measure_to is valid */
	_Atomic bool ended;
	_Atomic int cpu;     /* where it ran at its newest housekeeping, and 1; 0: not known */
	_Atomic int refusal; /* errno of the newest send or connection that was refused; 0: none */
};

struct block {
	struct worker_control control;
	struct worker_status status;
	struct counters counters; /* writer: the worker, as of the histograms */
	/* its place among histogram[], from 1; 0: not recorded; constant */
	unsigned char latency[LATENCIES_MAX];
	uint32_t stages_at; /* bytes up to a struct stage_record; 0: there is none; constant */
	alignas(64) struct histogram histogram[];
};

/* With histograms for the latencies whose bits are set, and room for what becomes of stamped
 * packets if wanted; all zero, and touched, so that no worker meets a page fault in its loop.
 * NULL when out of memory.  free(3) ends it. */
struct block *block_new(unsigned recorded, bool stages);

/* NULL where the worker does not record it. */
static inline struct histogram *block_latency(struct block *b, unsigned latency)
{
	return b->latency[latency] ? &b->histogram[b->latency[latency] - 1] : NULL;
}

/* NULL where the worker records none. */
static inline struct stage_record *block_stages(struct block *b)
{
	return b->stages_at ? (struct stage_record *)((char *)b + b->stages_at) : NULL;
}
