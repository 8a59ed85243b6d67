/* A figure of two sides: how far it is apart, the mark that it earns among all that are tested
 * with it, and words for that.  Pure; may be called from any thread; allocates, and says that
 * nothing is known where memory is out. */
#pragma once

#include "base/stats/evidence.h"

enum { COMPARED_TEXT_BYTES = 64, COMPARED_WORDS_BYTES = 240, COMPARED_MAX = 48 };

enum compared_mark {
	/* a figure that is shown beside those that are tested, or an unknown one */
	COMPARED_UNTESTED,
	COMPARED_TOO_FEW, /* runs: not even all of them alike could show a difference */
	COMPARED_SAME,    /* no difference is shown */
	COMPARED_LESS,    /* B is less than A */
	COMPARED_MORE,
};

struct compared {
	double a, b; /* medians of the valid runs that know it; NAN: none does */
	struct evidence evidence;
	double p;             /* as if it were the only figure that is tested (Holm) */
	size_t rounds_wanted; /* about so many would show a difference of 5 %; 0: unknown */
	enum compared_mark mark;
};

/* NaN where a run does not know it.  Pairs: values [i] of both ran in one round.  level: as
 * evidence_of_pairs() has it.  Not marked yet. */
void compared_of_pairs(const double *a, const double *b, size_t n, double level, struct compared *ret_compared);
void compared_of_groups(
	const double *a, size_t a_count, const double *b, size_t b_count, double level, struct compared *ret_compared);

/* Marks the figures of these that are wanted and known on both sides; the more are tested, the more
 * runs each mark takes (Holm).  All marks together are wrong of equals in at most 1 of 32 cases
 * where level is 0.95, in 5/8 of 1 - level elsewhere.  count: at most COMPARED_MAX.  Returns how
 * many are tested; *ret_least: rounds (runs a side) with which a mark is possible. */
unsigned compared_mark_all(struct compared *of, const bool *wanted, unsigned count, bool pairs, double level, size_t *ret_least);

/* The level of the intervals at one look of so many, each after one more round of pairs, that
 * keeps all of them together at 95 %; 0: too early to look. */
double compared_level_of_look(unsigned look, unsigned looks);

/* "-16.3 %", "+1.2" (of what can be 0, in its unit), "--".  Returns out. */
char *compared_difference(const struct compared *c, char out[COMPARED_TEXT_BYTES]);
/* "-17.8..-14.9 %", "--" where too few runs bound it.  Returns out. */
char *compared_interval(const struct compared *c, char out[COMPARED_TEXT_BYTES]);
/* "rate 16.3 % lower, 95 % interval 14.9 to 17.8 %", "RTT p99 not shown to differ: between -8.0
 * and +31.0 %"; tests: so many figures were tested.  Of one that has a mark and enough runs.
 * Returns out. */
char *compared_words(const struct compared *c, const char *title, unsigned tests, char out[COMPARED_WORDS_BYTES]);
/* Do two figures say one thing, as throughput and rate do where every packet has the same size? */
bool compared_alike(const struct compared *a, const struct compared *b);
