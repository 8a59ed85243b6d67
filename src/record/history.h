/* The history: past samples, runs, finals and events, as the consumer keeps them.  Main thread
 * only; owns what it is given.
 *
 * Two rings: fine (every sample, about 60 to 120 s) and coarse (interval samples, an hour and
 * more), both bounded in number and bytes.  Charts, results and snapshots are made from it; so
 * is a saved snapshot that is opened again. */
#pragma once

#include "record/sample.h"

struct history_event {
	int64_t at_ns;
	uint32_t run_id;
	enum severity severity;
	char text[200];
};

struct history_limits {
	unsigned fine, coarse, events, runs; /* 0 = 1200, 4000, 500, 64 */
	size_t bytes;                        /* 0 = 24 MiB for samples in all */
};

struct history;

int history_new(const struct history_limits *limits, struct history **ret_history, struct err *err);
void history_free(struct history *h);

/* Takes the update over, and frees it.  Total histograms stay only with the newest sample that
 * has them; details and stages are taken off the samples, and only the newest are kept; a sample
 * of a run that was not announced is dropped; a run that was announced is freed when it is
 * forgotten unless somebody counted a reference of his own on it. */
void history_take(struct history *h, struct update *u);

/* Samples by age: 0 is the newest; NULL beyond.  Pointers stay valid until the next
 * history_take(). */
const struct sample *history_fine(const struct history *h, unsigned age);
const struct sample *history_coarse(const struct history *h, unsigned age);
unsigned history_fine_count(const struct history *h);
unsigned history_coarse_count(const struct history *h);
/* The newest fine (or, older than those, coarse) sample at or before at_ns; NULL if none. */
const struct sample *history_at(const struct history *h, int64_t at_ns);
/* The first sample of a run's measure phase (kept for as long as the run is): the base of its
 * totals. */
const struct sample *history_measure_start(const struct history *h, uint32_t run_id);

/* The beginning of an interval: the interval before, or for the first of a run the start of its
 * measure phase; NULL where that one has been forgotten. */
const struct sample *history_interval_start(const struct history *h, const struct sample *interval);

/* NULL if forgotten */
const struct run_info *history_run(const struct history *h, uint32_t run_id);
const struct run_info *history_newest_run(const struct history *h);
/* NULL while it runs */
const struct run_final *history_final(const struct history *h, uint32_t run_id);
unsigned history_run_count(const struct history *h);
const struct run_info *history_run_by_age(const struct history *h, unsigned age);
/* of the newest run; PHASE_IDLE before the first */
enum phase history_phase(const struct history *h);
const struct history_event *history_event(const struct history *h, unsigned age);
unsigned history_event_count(const struct history *h);
/* The newest reading of the run's rows: the final's where it has ended, else the newest that came
 * with a sample; NULL: none.  Only of the newest run, as long as that has no final. */
const struct details *history_details(const struct history *h, uint32_t run_id);
/* The same of its stamped packets. */
const struct stage_summary *history_stages(const struct history *h, uint32_t run_id);
/* coarse samples of this run that no longer fit */
uint64_t history_intervals_lost(const struct history *h, uint32_t run_id);
