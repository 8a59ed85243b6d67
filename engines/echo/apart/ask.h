/* The client's side of report.h: the first client of a run whose server is elsewhere asks it for
 * its counts, when it opens and when its own datagrams have stopped, through a socket of its own.
 * What it is told becomes counters of this worker, so that the ledger has the server's losses, too.
 *
 * They are this run's only where nobody else asks, where the server stays the same one, and
 * where it was asked at both ends of the measure phase; else nothing is told, and the ledger
 * says what it would without.  Owner: the worker. */
#pragma once

#include "engines/echo/apart/report.h"
#include "run/worker.h"

struct echo_ask {
	bool on;
	int fd; /* valid where on */
	uint64_t token;
	uint32_t number;   /* of the newest question */
	uint32_t first;    /* of the first one of this quiet phase */
	bool due, pending; /* in a quiet phase; nothing was told in it yet */
	bool fresh, based; /* told since traffic stopped; before the measure phase, too */
	int64_t next_ns;   /* of the next question */
	uint32_t base_number, told_number, heard_number;
	/* the first word, and the newest that was said to the newest question of its time; heard:
	 * the newest of all */
	struct echo_report base, told;
	/* of datagrams of the run's, since the first word: by now, and by `told` */
	uint64_t drops, told_drops;
};

/* In open(), when the worker's sockets are there: asks for the first time, and waits a little.  A
 * server that does not tell is not asked again. */
void echo_ask_open(struct worker *w, struct echo_ask *a);
void echo_ask_close(struct echo_ask *a); /* accepts zeroed */
/* The worker has entered this phase. */
void echo_ask_enter(struct worker *w, struct echo_ask *a, enum phase phase);
/* In a quiet phase: asks where it is time for that, takes what has come.  quiet: none of the
 * worker's datagrams is out, or none has come for some time.  Returns when to be called again
 * (CLOCK_MONOTONIC), 0: never. */
int64_t echo_ask_step(struct worker *w, struct echo_ask *a, bool quiet, int64_t now_ns);
/* Must the phase still wait for an answer? */
static inline bool echo_ask_is_pending(const struct echo_ask *a)
{
	return a->pending;
}
