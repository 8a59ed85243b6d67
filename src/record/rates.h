/* A reading per second, and the figures of a mode's table.  Pure; any thread. */
#pragma once

#include "record/reading.h"

/* Rates of one worker or of one side.  Levels stand as they do at the end. */
struct rates {
	double seconds;
	uint64_t value[COUNTERS_MAX];
	/* bit per counter: one of the workers cannot read it, or none of them counts it */
	uint64_t unknown;
	double tx_pps, rx_pps, tx_mbps, rx_mbps; /* 10^6 bits/s of application bytes */
	/* CPU time / wall time, 0..1, and what helper threads used on top; NaN if unknown */
	double busy;
	/* counters with LEDGER_LOST; NaN if one is unknown or there is none */
	double drops_per_s;
};

/* worker < 0: all workers of the roles.  Of a reading without a span of time only levels are
 * known: seconds is 0, and every rate NaN. */
void rates_of(const struct reading *r, int worker, unsigned roles, struct rates *ret_rates);
/* The same without what is not asked for, which takes most of the time: value and unknown of these
 * counters alone (a bit each), and no drops. */
void rates_of_some(const struct reading *r, int worker, unsigned roles, uint64_t counters, struct rates *ret_rates);
/* What these workers lost at places of their own, per second; NaN if one of the counters is unknown
 * or there is none. */
double rates_drops_per_second(const struct reading *r, int worker, unsigned roles);
/* Is this counter shown of these rates?  Those that are only shown where there is something of
 * them may not be. */
bool rates_has(const struct counter_def *def, unsigned counter, const struct rates *r);
/* Drops of the worker(s) that the rates are of; false if one of the counters is unknown or there
 * is none. */
bool rates_drops(const struct run_info *info, const struct rates *r, unsigned roles, uint64_t *ret_drops);

/* A figure of the engine's table over counters summed by role; NaN if unknown. */
double figure_value(const struct figure_def *f, const struct reading *r, int worker);
/* Is there something to tell of it (SHOW_IF_ANY)? */
bool figure_has(const struct figure_def *f, const struct reading *r, int worker);
/* Why a figure of this worker (< 0: of all) is unknown: one of its counters cannot be read;
 * NULL: no such reason. */
const char *figure_why_unknown(const struct run_info *info, const struct figure_def *f, int worker);
/* Why the figure of the whole run has no value, if it has none: that, or what there is none of
 * to divide by. */
enum { FIGURE_WHY_BYTES = 128 };
const char *figure_explain(const struct run_info *info, const struct figure_def *f, char out[FIGURE_WHY_BYTES]);
