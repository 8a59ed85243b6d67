/* The watch: turns samples into events worth a line: a burst of drops at a place, a peer that
 * does not answer.  Control thread only. */
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
	int64_t warn_ns, warn_again_ns;
	bool silent; /* the event "no answer" has been sent */
	/* the longest time of the measure phase without an answer to what was sent */
	int64_t silent_ns;
};

int watch_init(struct watch *w, const struct run_info *info, int64_t now_ns, struct err *err);
void watch_close(struct watch *w);
void watch_sample(struct watch *w, const struct run_info *info, const struct sample *s, struct mailbox *m);
/* Traffic has ended: bursts that still go on are told. */
void watch_end(struct watch *w, const struct run_info *info, struct mailbox *m);
