/* The duel: A and B run by turns, round by round, until it shows whether they differ.
 *
 * The state alone: which side is next, the values that each run came to, and what they say.
 * Whoever runs the sides asks duel_side(), and tells how each run has ended.  In a round both run
 * once, in random order; the first round warms the machine up and does not count.  An invalid run
 * is repeated; a side that stays invalid leaves its round without a pair.  Each round is one look,
 * with the share of alpha that keeps all of them together at 95 % (base/stats/compared.h).
 * Pure; main thread only. */
#pragma once

#include <stdint.h>

#include "base/stats/compared.h"

enum duel_side_index { DUEL_A, DUEL_B, DUEL_SIDES };

enum {
	DUEL_ROUNDS = 20, /* that count, at most */
	DUEL_METRICS = 8,
	DUEL_RETRIES = 2, /* of a run whose verdict is invalid */
	DUEL_BARREN = 3,  /* rounds in a row without a valid run of one side end it */
	DUEL_TEXT_BYTES = 240,
	DUEL_WORDS_BYTES = 1024,
};

struct duel_metric {
	char title[64], unit[24];
	int better; /* +1: more is, -1: less is, 0: neither */
};

enum duel_phase { DUEL_NONE, DUEL_GOING, DUEL_OVER };

/* The headline after one look; NaN where it is not known. */
struct duel_look {
	double middle, low, high;
};

struct duel {
	enum duel_phase phase;
	char side[DUEL_SIDES][96]; /* in words: "--method mmsg" */
	bool same;                 /* both are the same run */
	unsigned metrics;
	struct duel_metric metric[DUEL_METRICS]; /* the first is the headline */
	uint64_t seed;
	unsigned round;                /* that is going; 0 does not count */
	unsigned ended;                /* runs of it that have ended for good: 0, 1 */
	unsigned attempts;             /* at the run that is going that were invalid */
	unsigned repeated;             /* runs, so far */
	unsigned barren[DUEL_SIDES];   /* rounds in a row without a valid run */
	unsigned valid[DUEL_SIDES];    /* runs that count */
	char invalid[DUEL_TEXT_BYTES]; /* why the last invalid run was; "": none was */
	double value[DUEL_SIDES][DUEL_METRICS][DUEL_ROUNDS];
	/* after `looks` rounds that count */
	unsigned looks, tests;
	double level; /* of the intervals; 0: it is too early for any */
	size_t least; /* rounds with which a mark is possible */
	struct compared of[DUEL_METRICS];
	struct duel_look look[DUEL_ROUNDS];
	unsigned news;              /* counts what there is to say */
	char said[DUEL_TEXT_BYTES]; /* the newest of that: why it began anew, or is over */
};

/* Begins, with side[] and metric[] (at most DUEL_METRICS) as they stand in *from. */
void duel_begin(struct duel *d, const struct duel *from, uint64_t seed);
/* The side that is to run now. */
enum duel_side_index duel_side(const struct duel *d);
/* The run has ended, and is valid: value[metrics], NaN where one is not known. */
void duel_take(struct duel *d, const double *value);
/* The run has ended, and does not count. */
void duel_refuse(struct duel *d, const char *why);
/* Ends it with what there is so far; does nothing to one that is not going. */
void duel_stop(struct duel *d, const char *why);
/* Something to say that no other function says. */
void duel_say(struct duel *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Rounds that count in which both sides have a valid run. */
size_t duel_pairs(const struct duel *d);
/* "B against A: ...": the answer of the newest look, or that there are not enough rounds. */
char *duel_words(const struct duel *d, char out[DUEL_WORDS_BYTES]);
