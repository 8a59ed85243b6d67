/* Is B better than A?  What runs say of it.  Pure; may be called from any thread; allocates, and
 * says that nothing is known where memory is out.
 *
 * The unit of evidence is the run, never the second: restarts differ from each other more than the
 * seconds within one do.  Both tests are exact for any distribution, so that equals are called
 * different in no more than the given share of cases, whatever n:
 *  - pairs: A and B ran side by side, in random order within each round.  Wilcoxon's signed ranks
 *    (Wilcoxon 1945), the interval from Walsh's averages (Hodges & Lehmann 1963);
 *  - groups: runs that have nothing to do with each other.  Mann & Whitney (1947), the interval
 *    from all differences (Hodges & Lehmann 1963).
 * Where all values are above 0 they are compared as logarithms: the difference is a ratio, which
 * cannot fall below -100 %.  Else (drops, where one side has none) it is a plain difference. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Beyond these the normal distribution with its corrections stands for the exact one. */
enum { EVIDENCE_PAIRS_EXACT = 100, EVIDENCE_GROUPS_EXACT = 60 };

struct evidence {
	size_t a, b;   /* values on each side that were compared; NaN is none */
	bool known;    /* there is at least one value (a pair) and `middle` holds */
	bool relative; /* middle, low, high are (b - a) / a; else b - a, in the values' unit */
	double middle; /* of the differences: Hodges and Lehmann's estimate */
	/* Confidence interval of `middle` at the level asked for.  -INFINITY (relative: -1) and
	 * INFINITY where so few values cannot bound it. */
	double low, high;
	bool bounded; /* both are finite */
	double p;     /* of a difference as large where there is none; two-sided; 1 where unknown */
	/* Pairs (runs on each side) with which p could first reach 1 - level. */
	size_t least;
};

/* Values [i] of both sides ran in the same round; a NaN on either side leaves the pair out.
 * level: 0.5..0.9999, of the interval, and for `least`. */
void evidence_of_pairs(const double *a, const double *b, size_t n, double level, struct evidence *ret_evidence);
void evidence_of_groups(
	const double *a, size_t a_count, const double *b, size_t b_count, double level, struct evidence *ret_evidence);

/* Pairs, or runs on each side, with which p could first reach 1 - level: when all differ alike. */
size_t evidence_least_pairs(double level);
size_t evidence_least_groups(double level);

/* Holm (1979): of m tests made at once, p as if each were the only one.  In place; a mark is set
 * where it stays at or below 1 - level.  Never below what it was, at most 1. */
void evidence_holm(double *p, size_t m);

/* One look of many may spend so much of alpha that all together spend no more (Lan & DeMets
 * 1983, with a spending function proportional to the look): look 1..looks; before `first` looks,
 * when no test could say anything, none is spent. */
double evidence_spend(double alpha, unsigned look, unsigned first, unsigned looks);

/* Rounds that it would take to show a difference as large as `relative`, where the rounds'
 * differences scatter as those of the pairs do (power 0.9, normal approximation); 0: unknown. */
size_t evidence_rounds_for(const double *a, const double *b, size_t n, double relative, double alpha);
