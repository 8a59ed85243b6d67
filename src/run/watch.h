/* The watch: turns samples into events worth a line: a burst of drops at a place, a peer that
 * does not answer, connections that are gone; and adds up how long the other end was away.
 * Control thread only. */
#pragma once

#include "record/ledger.h"
#include "run/mailbox.h"

/* One counter that stands for a place where packets are lost, over all workers. */
struct watch_place {
	unsigned counter;
	uint64_t lost;            /* as of the last sample */
	uint64_t burst;           /* packets in the burst that goes on; 0: none */
	int64_t from_ns, last_ns; /* the burst's first and newest drop (to a tick) */
	int worker;               /* the only worker it happened at, or -1: several */
	bool said_going_on;
};

struct watch {
	unsigned places;
	struct watch_place place[LEDGER_PLACES_MAX];
	uint64_t *lost;    /* [workers * places] as of the last sample */
	int64_t seen_ns;   /* time of the last sample */
	uint64_t rx, tx;   /* as of the last answer */
	int64_t answer_ns; /* when the last one came, or traffic began */
	/* the first answer: when, and how many packets there were by then; 0: none yet */
	int64_t first_ns;
	uint64_t first_packets, packets; /* packets: by the last answer */
	int64_t slow_ns;                 /* what 99 % of the answers took, when the last one came */
	int64_t warn_ns;                 /* the next "no answer" is said after so long a silence */
	bool silent;                     /* it has been said */
	/* the longest time of the measure phase without an answer to what was sent */
	int64_t silent_ns;
	/* connections with the other end: the most there were; since when some are gone, or 0 */
	uint64_t most;
	int64_t gone_ns;
	/* time of the measure phase that the other end was away: it was silent for longer than
	 * usual, or so much as of the connections was gone */
	int64_t away_ns;
	/* of the silence that goes on: counted in away_ns as silence, and as missing connections */
	int64_t stretch_ns, partly_ns;
};

int watch_init(struct watch *w, const struct run_info *info, int64_t now_ns, struct err *err);
void watch_close(struct watch *w);
void watch_sample(struct watch *w, const struct run_info *info, const struct sample *s, struct mailbox *m);
/* Traffic has ended: bursts that still go on are told. */
void watch_end(struct watch *w, const struct run_info *info, struct mailbox *m);
