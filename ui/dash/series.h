/* The series behind the charts: the history by bins of time, kept up to date sample by
 * sample so that a frame costs only what is new.
 *
 * Bins stand on a fixed grid of the run clock (bin k covers [k * bin_ns, (k + 1) * bin_ns)), so
 * a bin's value does not change as the chart scrolls.  The difference of two samples is spread
 * over the bins between them in proportion; a time without samples is a gap.  Main thread only. */
#pragma once

#include "record/history.h"

/* Counters of all workers of these roles, added up: per second, times scale; or a level as it
 * stands.  counters 0: no such sum. */
struct series_sum {
	uint64_t counters; /* bit per counter */
	unsigned roles;
	double scale;
	bool level;
};

struct series_ask {
	int64_t span_ns; /* time that the chart shows */
	int64_t end_ns;  /* right edge, run clock */
	unsigned bins;   /* cells of the chart across (times 2 for braille) */
	unsigned heat_bins;
	/* -1: all of the run's receiving roles; else one worker: received, or sent where its
	 * side only sends */
	int worker;
	bool bits; /* payload bits; else packets */
	/* of all workers, in place of a rate, and without the heatmap; NULL: the rate */
	const struct figure_def *figure;
	struct series_sum sum; /* likewise */
	/* runs of another mode leave a gap: what they moved, and their latencies, are other
	 * things; NULL: all are of one mode */
	const struct engine *engine;
};

struct series_bin {
	int64_t number; /* the bin that stands in this slot; others are stale */
	double count, covered_ns;
	double below; /* the divisor of a figure */
	bool mark, lost;
};

struct series_heat {
	int64_t number;
	double covered_ns;
	bool changed; /* since it was laid out */
	float row[HEAT_ROWS];
};

struct series {
	struct series_ask ask;
	int64_t bin_ns, heat_bin_ns;
	struct series_bin *bin; /* ring of ask.bins */
	struct series_heat *heat;
	uint64_t last_sequence; /* newest sample taken in; 0 none */
	int64_t last_at_ns;
	uint32_t last_run;
	uint64_t last_value, last_below, last_lost;
	/* Arrays in the widgets' order: oldest first. */
	double *value, *p50, *p99;
	uint8_t *marks, *gap, *lost;
	unsigned current; /* the first bin of the newest run */
	float *rows;
	int64_t *laid; /* the heat bin that stands in each place of these arrays */
	/* ticks more than 50 ms late, of those taken in since the series was made */
	uint64_t late_ticks;
	uint64_t late_sequence;
};

/* Brings the series up to `ask` (rebuilds it where span, widths or worker changed) and lays out
 * the arrays; those of the heatmap only where there is one.  0 or -ENOMEM (then it is empty).  A
 * zeroed series is a new one. */
int series_update(struct series *s, const struct history *h, const struct series_ask *ask);
void series_free(struct series *s);
/* Bin of the arrays that at_ns falls into; -1 outside. */
int series_bin_of(const struct series *s, int64_t at_ns);
int series_heat_bin_of(const struct series *s, int64_t at_ns);
