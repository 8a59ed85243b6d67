/* A reading of a run: what its counters came to between two samples or, once it has ended, over
 * its measure phase.  Rates, figures, ledger and verdict are made from one; so is every screen
 * and every file.  Pure; any thread; it owns nothing of what it points to. */
#pragma once

#include "record/sample.h"

struct reading {
	const struct run_info *info; /* NULL: nothing has run yet */
	/* Two samples of the run.  from NULL: counters stand as they do since the workers opened,
	 * and how long that is, is not known. */
	const struct sample *from, *to;
	const struct run_final *final; /* instead of the samples: the run's last word */
	/* of a final, or up to the sample that closes the measure phase: differences go up to
	 * after the drain, as the ledger has them; else to the end of the phase, as rates have
	 * them */
	bool drained;
};

/* Any of them may be NULL.  A sample of another run, or of other workers, is left out. */
struct reading reading_between(const struct run_info *info, const struct sample *from, const struct sample *to);
struct reading reading_of_final(const struct run_info *info, const struct run_final *final);
/* The same, up to after the drain. */
struct reading reading_drained(const struct reading *r);

/* Does it end with the run, after which nothing is on its way any more? */
bool reading_is_settled(const struct reading *r);
/* Is there anything to read? */
bool reading_known(const struct reading *r);
/* ... and is it of a span of time, whose differences are known? */
bool reading_is_pair(const struct reading *r);

/* The following two need a reading that is known. */
/* The growth of a counter of one worker, never below 0; of a level, its value at the end. */
uint64_t reading_value(const struct reading *r, unsigned worker, unsigned counter);
/* The host's counters at both ends; of a pair. */
const struct procnet *reading_net_from(const struct reading *r);
const struct procnet *reading_net_to(const struct reading *r);

/* The length of the measure phase, or of the time between the samples; 0: not known. */
int64_t reading_measured_ns(const struct reading *r);

/* ... and of that, without the other end, since the phase began. */
int64_t reading_away_ns(const struct reading *r);

/* Packets of the headline that came after the measure phase, in the drain: the ledger and the
 * latencies have them, rates do not.  0 where the run has not ended. */
uint64_t reading_in_drain(const struct reading *r);

struct reading_sum {
	uint64_t value;   /* over the workers that can read it */
	double per_s;     /* each one's over its own time; NaN where one's is not known */
	unsigned workers; /* how many count it, whether they can read it or not */
	double seconds;   /* their mean */
	const char *why;  /* the reason of the first that cannot; NULL: all of them can */
	bool none;        /* nothing was read, or it is the lowest of nothing: value is 0 */
};

/* A counter, merged as its kind says, over the workers of these roles that count it; worker >= 0:
 * of this one alone. */
struct reading_sum reading_sum(const struct reading *r, int worker, unsigned roles, unsigned counter);

/* The side of the ledger that a counter stands on in a run like this one. */
enum ledger_side reading_side(const struct run_info *info, const struct counter_def *def);
/* Does it count packets that were lost? */
bool reading_is_drop(const struct run_info *info, const struct counter_def *def);
