/* Rounds: what a reader's worker has of the newest one, and how writers see that all have it.
 *
 * Each worker of readers has a share: it alone writes it, writers read it.  `have` says round and
 * number of datagrams in one word, so that no reader of it sees one without the other; the times
 * beside it are written before.  No sockets; owner threads as said. */
#pragma once

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Of one worker of readers, for the writers. */
struct fanout_share {
	/* the low 32 bits of the round << 32 | datagrams of it */
	alignas(64) _Atomic uint64_t have;
	/* when the first and the latest of these were received */
	_Atomic int64_t first_ns, last_ns;
	/* datagrams since the worker opened, or the writer came: that counted, and that are known
	 * to be lost */
	_Atomic uint64_t received, dropped, late;
};

/* The same as its own worker keeps it. */
struct fanout_tally {
	uint32_t round, have;
	int64_t first_ns, last_ns;
};

/* A datagram of this round, which is the newest. */
static inline void fanout_tally_take(struct fanout_tally *t, uint32_t round, int64_t now_ns)
{
	if (t->round != round) {
		t->round = round;
		t->have = 0;
		t->first_ns = now_ns;
	}
	t->have++;
	t->last_ns = now_ns;
}

/* For the writers.  whole: the share is complete.  That store, and a writer that goes to sleep,
 * each see the other: sequentially consistent, which costs the wait for a cache line that the
 * writer reads all the time; the stores before it do not wait. */
static inline void fanout_tally_show(const struct fanout_tally *t, struct fanout_share *share, bool whole)
{
	atomic_store_explicit(&share->first_ns, t->first_ns, memory_order_relaxed);
	atomic_store_explicit(&share->last_ns, t->last_ns, memory_order_relaxed);
	if (whole)
		atomic_store_explicit(&share->have, (uint64_t)t->round << 32 | t->have, memory_order_seq_cst);
	else
		atomic_store_explicit(&share->have, (uint64_t)t->round << 32 | t->have, memory_order_release);
}

/* All shares of a round together. */
struct fanout_state {
	uint64_t have;
	int64_t spread_ns; /* from the first datagram to the last; 0 where there is none */
};

/* shares 1 or more.  The writers' threads. */
struct fanout_state fanout_round_state(struct fanout_share *share, unsigned shares, uint32_t round);

/* ---- the writer's way through a round ---- */

enum fanout_step {
	FANOUT_REST,  /* the next one has not begun */
	FANOUT_SEND,  /* some are still to be sent */
	FANOUT_AWAIT, /* all are sent: until all readers have theirs */
};

struct fanout_cycle {
	enum fanout_step step;
	uint32_t round;
	int64_t from_ns;  /* when it began, or should have begun */
	int64_t sent_ns;  /* when the last datagram was sent */
	int64_t moved_ns; /* when more had come, as last seen */
	uint64_t have;    /* as last seen */
};

enum fanout_end { FANOUT_GOES_ON, FANOUT_COMPLETE, FANOUT_GIVEN_UP };

/* A round that awaits `wanted` datagrams, of which the readers have state->have now: over? */
enum fanout_end fanout_cycle_look(
	struct fanout_cycle *c, const struct fanout_state *state, uint64_t wanted, int64_t now_ns, int64_t deadline_ns);

/* The part `index` of `parts` in `total`: parts differ by one at most, and stand side by side. */
static inline unsigned fanout_part_first(unsigned index, unsigned parts, unsigned total)
{
	return (unsigned)((uint64_t)total * index / parts);
}
/* Which part has this one. */
static inline unsigned fanout_part_of(unsigned one, unsigned parts, unsigned total)
{
	return (unsigned)((((uint64_t)one + 1) * parts - 1) / total);
}
