/* The ledger: sent = received + lost at each named place + (in flight, while it runs) +
 * unexplained.  A mode may keep a second one, of something else that it moves.  Pure; any
 * thread. */
#pragma once

#include "record/reading.h"

enum { LEDGER_PLACES_MAX = 16 };

/* Seconds: so far counters of one moment may be apart while a run goes on, two of its ticks. */
#define LEDGER_LAG_S 0.2

struct ledger_place {
	const char *key, *title; /* "server_socket_buffer", "server socket buffer" */
	bool known;
	/* counted for the whole host or namespace: attributed only up to what is otherwise
	 * unexplained */
	bool host_wide;
	uint64_t lost;   /* packets attributed to the place */
	uint64_t seen;   /* what the counter says (host-wide ones: may be somebody else's) */
	uint64_t joined; /* the packets among them that may have held several datagrams */
	const char *why; /* where not known: the reason; else "" */
	/* what helps, for remedy_text() of record/judge/remedy.h; NULL: nothing that is known */
	const char *remedy;
};

struct ledger {
	bool known; /* false: this role and mode keep none, or not yet */
	/* where not known: what it waits for, or waited for in vain; NULL: none is kept */
	const char *why;
	uint64_t sent, received, in_flight;
	unsigned places;
	struct ledger_place place[LEDGER_PLACES_MAX];
	int64_t unexplained; /* > 0: missing; < 0: more accounted for than sent */
	/* of the places' losses, those that only counters of the whole host speak for: at most */
	uint64_t host_lost;
	uint64_t rest_lost; /* ... and those of which only the other end could say more */
	/* the other end, elsewhere, has said what it lost: rest_lost is of the path */
	bool told;
	/* |unexplained| and host_lost are 0.1 % of sent or less, or 0: what others may have lost
	 * explains nothing on its own */
	bool balanced;
	/* (sent - received - in flight); while it runs those at places alone, where the rest is no
	 * more than the counters may lag behind each other */
	uint64_t lost;
	double lost_percent; /* of sent, clamped to 0..100 */
};

/* Has a run like this one a sent and a received side? */
bool ledger_is_kept(const struct run_info *info);
/* Which of the two it has not, in words; "--": it has both. */
const char *ledger_missing(const struct run_info *info);
/* Makes the ledger of a reading.  A final is read after the drain.  Two samples, the first of the
 * measure phase and a later one, give the ledger as it stands, with the packets in flight. */
void ledger_of(const struct reading *r, struct ledger *ret_ledger);
/* ... that its places have lost, all together. */
uint64_t ledger_lost_at_places(const struct ledger *l);
/* The place of this key, made where there is none yet; NULL: there is no room.  remedy: of the
 * first that has one. */
struct ledger_place *ledger_place_named(struct ledger *l, const char *key, const char *title, const char *remedy);
/* The loss of a span of time: the loss since `base`, the start of the measure phase, as it stands
 * at its two ends; below 0 where some of what seemed lost at its beginning was not, so that spans
 * add up to the run.  false: not known. */
bool ledger_span(const struct sample *base, const struct reading *r, int64_t *ret_lost, uint64_t *ret_sent);
/* ... per second, never below 0; NaN where it is not known. */
double ledger_span_per_second(const struct sample *base, const struct reading *r);
/* The share of what was sent, in percent, that a latency of one value a packet has; NaN where that
 * is not known, or it is no such latency. */
double ledger_coverage(const struct ledger *l, const struct latency_def *def, uint64_t values);
/* The same of the mode's second ledger; not known where it has none, or one of its ends is
 * another process. */
void ledger_second_of(const struct reading *r, struct ledger *ret_ledger);
