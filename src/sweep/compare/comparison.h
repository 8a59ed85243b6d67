/* Two sides, figure by figure: is the difference between their runs real?  Pure; main thread
 * only. */
#pragma once

#include "base/stats/compared.h"
#include "sweep/sweep.h"

struct comparison {
	/* [i] of both sides ran in one round; else the runs have nothing to do with each other */
	bool pairs;
	double level;
	unsigned metrics, tests; /* tests: of figures that have a mark */
	size_t least;            /* rounds (runs a side) with which a mark is possible */
	const struct sweep_metric *metric;
	struct compared of[SWEEP_METRICS_MAX];
};

/* Two cells of a sweep, over the first `rounds` rounds.  level: as evidence_of_pairs() has it.
 * Only the main figures (`tested`) get a mark, Holm's over all of them: the more are tested, the
 * more runs each mark takes. */
void comparison_of_cells(const struct sweep_state *state, uint32_t a, uint32_t b, unsigned rounds, double level,
	struct comparison *ret_comparison);

/* Two groups of runs that have nothing to do with each other: value[metric][run], NaN where a run
 * does not know it; `metric` outlives the comparison. */
struct comparison_group {
	size_t runs;
	double *value[SWEEP_METRICS_MAX];
};
void comparison_of_groups(const struct sweep_metric *metric, unsigned metrics, const struct comparison_group *a,
	const struct comparison_group *b, double level, struct comparison *ret_comparison);

/* The level of the interval after so many rounds of a plan: 95 %, or where each round is looked at
 * (plan->until), what keeps all looks together at that.  0: too early to look. */
double comparison_level(const struct sweep_plan *plan, unsigned rounds);
/* The rounds, of those that count and those that do not, after which every slot has ended. */
unsigned comparison_rounds(const struct sweep_state *state);
