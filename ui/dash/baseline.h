/* Baselines: the per-second values of a run, kept to show another one beside it, and how far two of
 * them are apart.  Per-second values are those of the intervals of the measure phase
 * (--interval, 1 s by default).  Main thread only. */
#pragma once

#include <math.h>

#include "record/history.h"

enum metric {
	METRIC_PPS,
	METRIC_MBPS,
	METRIC_P50,
	METRIC_P99,
	METRIC_P99_9,
	METRIC_DROP_PPM,
	METRIC_CPU,
	METRICS,
};

struct metric_def {
	const char *title, *unit, *help; /* unit: "" where the title says it */
	bool less_is_better;
};
extern const struct metric_def metric_defs[METRICS];

enum { TALLY_MAX = 600, TALLY_FIGURES = 24 };

struct tally_worker {
	enum role role;
	unsigned index;
	double rate[TALLY_MAX]; /* of the mode's headline */
};

struct tally {
	uint32_t run_id; /* 0: empty */
	uint64_t newest; /* sequence of the newest interval in it */
	int64_t last_ns; /* where that one ends */
	int64_t since_ns, until_ns;
	char method[24];
	bool bits; /* the headline is bits/s */
	int64_t started_wall_ns;
	double interval_s;
	unsigned n; /* intervals, the newest TALLY_MAX of them; unknown values are NaN */
	double value[METRICS][TALLY_MAX];
	double lost[TALLY_MAX], sent[TALLY_MAX]; /* what METRIC_DROP_PPM is made of */
	/* those of the mode's figures that a panel shows, in the order of its table */
	const struct engine *engine;
	unsigned figures;
	double figure[TALLY_FIGURES][TALLY_MAX];
	unsigned workers;
	struct tally_worker *worker;
};

/* Intervals of this run that end in (since_ns, until_ns]; does nothing if *t holds just these.
 * 0 or -ENOMEM (then it is empty).  A zeroed tally is empty. */
int tally_update(struct tally *t, const struct history *h, uint32_t run_id, int64_t since_ns, int64_t until_ns);
/* `to` may hold an older one; 0 or -ENOMEM (unchanged) */
int tally_copy(struct tally *to, const struct tally *from);
void tally_free(struct tally *t);

/* The i-th figure of a tally. */
const struct figure_def *tally_figure(const struct tally *t, unsigned i);

double tally_mean(const double *values, unsigned count); /* NaN if there are none */
/* A metric of all intervals together: their mean; of drops all that was lost of all that was sent,
 * as the headline has it. */
double tally_value(const struct tally *t, enum metric metric);
/* "single: 34.7 % fewer answers/s than run #1 (method mmsg→single); one run a side"; "" where
 * one of them has no intervals.  than: what a is called.  differs: as run_line_differ() says it; ""
 * where that is not known.  Returns out. */
char *tally_sentence(const struct tally *a, const struct tally *b, const char *than, const char *differs, char *out, size_t size);
/* How far b's mean is from a's.  One run a side: restarts differ from each other more than seconds
 * do, so nothing tells whether it is real. */
struct tally_change {
	double relative; /* (b - a) / a; NaN where that is unknown, or a is 0 */
	double absolute; /* b - a; NaN: unknown */
};
#define TALLY_CHANGE_UNKNOWN ((struct tally_change){ NAN, NAN })

struct tally_change tally_difference(const double *a, unsigned a_count, const double *b, unsigned b_count);
/* The same of a metric. */
struct tally_change tally_metric_change(const struct tally *a, const struct tally *b, enum metric metric);
/* The worker of `t` with this role and index among its role; NULL. */
const struct tally_worker *tally_find(const struct tally *t, enum role role, unsigned index);

/* "+4.1%", "×20.7"; from 0 the difference itself: "+5.00k", "0"; "--" where it is unknown, and
 * only there.  Returns out. */
char *tally_difference_text(const struct tally_change *change, char *out, size_t size);
