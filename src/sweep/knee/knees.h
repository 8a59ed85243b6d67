/* The knees of a sweep: over each numeric axis of enough values, for each setting of the other
 * axes, the least value from which on the rate is within 5 % of its best (base/stats/knee.h).
 * Medians and spreads are those of the cells' valid runs, so that a sweep that is not complete
 * says what it has.  Pure; main thread only. */
#pragma once

#include "base/stats/knee.h"
#include "sweep/sweep.h"

enum { SWEEP_KNEE_PERCENT = 5, SWEEP_KNEE_BYTES = 400 };

/* A metric over an axis in one setting of the others, and then in the next. */
struct sweep_curve {
	const struct sweep_state *state;
	unsigned axis, metric, count; /* count: values of the axis */
	unsigned *order;              /* [count] indices of the values, from the least on */
	/* that of the setting which has the axis' first value as typed */
	uint32_t cell;
	struct knee_point *point; /* [count] in that order */
	struct knee knee;
	uint32_t next; /* where sweep_curve_next() goes on */
};

/* May a knee be looked for over this axis? */
bool sweep_has_knees(const struct sweep_plan *plan, unsigned axis);
/* The rate that the mode is known for: packets/s, or of bulk transfer bits/s. */
unsigned sweep_knee_metric(const struct sweep_state *state);

/* false: out of memory, and nothing is to be closed. */
bool sweep_curve_open(struct sweep_curve *curve, const struct sweep_state *state, unsigned axis, unsigned metric);
/* Reads the curve that this cell is on. */
void sweep_curve_read(struct sweep_curve *curve, uint32_t cell);
/* Reads the next curve on which some run has ended; false: that was the last. */
bool sweep_curve_next(struct sweep_curve *curve);
void sweep_curve_close(struct sweep_curve *curve);

/* "knee at batch 16: 7.1M answers/s, 96 % of the best (7.4M at 64)", or why there is none.  Returns
 * out. */
char *sweep_knee_words(const struct sweep_curve *curve, char *out, size_t size);
