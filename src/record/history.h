/* The history: past samples, runs, finals and events, as the consumer keeps them.  Main thread
 * only; owns what it is given.
 *
 * Two rings: fine (every sample, about 60 to 120 s) and coarse (interval samples, an hour and
 * more), both bounded in number and bytes.  Charts, results and snapshots are made from it; so
 * is a saved snapshot that is opened again. */
#pragma once

#include "record/ledger.h"
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
 * has them; details are taken off the samples, and only the newest are kept; a sample of a run
 * that was not announced is dropped; a run that was announced is freed when it is forgotten
 * unless somebody counted a reference of his own on it. */
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
/* coarse samples of this run that no longer fit */
uint64_t history_intervals_lost(const struct history *h, uint32_t run_id);

/* ---- differences ---- */

/* The difference of two samples of one run for one worker or one side.  Gauges are taken from
 * `to`. */
struct rates {
	double seconds;
	uint64_t value[COUNTERS_MAX];
	/* bit per counter: one of the workers cannot read it, or none of them counts it */
	uint64_t unknown;
	double tx_pps, rx_pps, tx_mbps, rx_mbps; /* 10^6 bits/s of application bytes */
	double busy;                             /* CPU time / wall time, 0..1; NaN if unknown */
	/* counters with LEDGER_LOST; NaN if one is unknown or there is none */
	double drops_per_s;
};

/* worker < 0: all workers of the roles; `from` NULL: everything since `to`'s run began measuring
 * is unknown -> seconds 0, all rates NaN. */
void rates_between(const struct run_info *info, const struct sample *from, const struct sample *to, int worker, unsigned roles,
	struct rates *ret_rates);
/* The same from a final's exact edges. */
void rates_of_final(
	const struct run_info *info, const struct run_final *final, int worker, unsigned roles, struct rates *ret_rates);
/* A figure of the engine's table over counters summed by role; NaN if unknown. */
double figure_value(const struct figure_def *f, const struct run_info *info, const struct sample *from, const struct sample *to,
	const struct run_final *final, int worker);
/* Why a figure of this worker (< 0: of all) is unknown: one of its counters cannot be read;
 * NULL: no such reason. */
const char *figure_why_unknown(const struct run_info *info, const struct figure_def *f, int worker);
/* Why the figure of the whole run has no value, if it has none: that, or what there is none of
 * to divide by. */
enum { FIGURE_WHY_BYTES = 128 };
const char *figure_explain(const struct run_info *info, const struct figure_def *f, char out[FIGURE_WHY_BYTES]);
/* In words, which end of a run with one role is not here; "" with both. */
const char *run_missing_end(const struct run_info *info);
