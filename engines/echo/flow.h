/* An echo client's flows: their counters that are out, and those that have been answered.
 * Pure data structure, one owner; only init allocates.
 *
 * Per flow: counters 1, 2, ... in the order of sends.  A ring of bits remembers those that have
 * been answered; each of the others is in flight until it is given up, a second after it was sent,
 * whatever newer ones do: a path may be long, and may change their order.  One that still arrives
 * then is received (once), late; a second answer is a duplicate. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "engines/echo/wire.h"

enum {
	/* over all flows of a worker: 2 MiB, over 1 s of what a CPU can answer */
	ECHO_RING_BITS_ALL = 1 << 24,
	ECHO_RING_BITS_MIN = 4096, /* of a flow */
};

#define ECHO_LATE_NS ((int64_t)NS_PER_S)

/* How often it is looked what is late, and how many such looks are remembered: more than fit into
 * ECHO_LATE_NS. */
#define ECHO_SCAN_NS (ECHO_LATE_NS / 10)
enum { ECHO_MARKS = 12 };

struct echo_flow {
	uint64_t next;   /* counter of the next datagram, from 1 */
	uint64_t low;    /* all up to here are answered or given up */
	uint64_t out;    /* in flight: neither yet */
	uint64_t newest; /* newest answered */
	uint64_t base;   /* first counter of this phase */
	bool queued;     /* the client's: it stands in the queue of flows that may send */
};

struct echo_flows {
	struct echo_flow *flow;
	uint64_t *answered; /* ring of bits, ring_words a flow */
	uint64_t in_flight; /* over all flows */
	uint64_t given_up;  /* cumulative */
	/* looks, the oldest at `mark`: when, and each flow's newest counter then ([count] each) */
	uint64_t *marked;
	int64_t mark_ns[ECHO_MARKS];
	unsigned mark, marks;
	uint64_t ring_mask;
	unsigned ring_words;
	unsigned count;
	uint16_t first; /* flow id of flow[0] */
};

/* Touches every page of fresh memory, so that a worker meets no page fault in its loop. */
void echo_touch(void *memory, size_t bytes);

/* count 1..ECHO_FLOWS_MAX.  0 or -ENOMEM. */
int echo_flows_init(struct echo_flows *f, uint16_t first, unsigned count);
void echo_flows_free(struct echo_flows *f); /* accepts zeroed */

static inline uint64_t echo_flow_outstanding(const struct echo_flow *flow)
{
	return flow->out;
}

/* count datagrams (1..ECHO_RING_BITS_MIN) go out on flow[index]; returns the counter of the first.
 * unsend takes the newest one back: it did not go out. */
uint64_t echo_flows_send(struct echo_flows *f, unsigned index, unsigned count);
void echo_flows_unsend(struct echo_flows *f, unsigned index);
/* Gives up everything in flight on flow[index]. */
void echo_flows_give_up(struct echo_flows *f, unsigned index);
/* Every ECHO_SCAN_NS, when all that had arrived has been taken: gives up what was sent ECHO_LATE_NS
 * ago or earlier. */
void echo_flows_scan(struct echo_flows *f, int64_t now_ns);
/* A new phase: what was sent until now belongs to the time before, and none of it is in flight
 * any more. */
void echo_flows_rebase(struct echo_flows *f);

struct echo_answer {
	unsigned index; /* of the flow */
	uint64_t counter;
	int64_t stamp_ns;
};

/* Is this an answer to something that was sent?  Length is the one expected, the flow ours, the
 * counter out, the time in it between opened_ns and now_ns.  false: a stray; *ret_answer
 * untouched. */
bool echo_flows_parse(const struct echo_flows *f, const uint8_t *data, size_t len, size_t expected_len, int64_t opened_ns,
	int64_t now_ns, struct echo_answer *ret_answer);

enum echo_arrival {
	ECHO_FIRST,     /* the first answer */
	ECHO_REORDERED, /* the first answer, after one to a newer datagram */
	ECHO_CARRIED,   /* the first answer, to a datagram of the time before this phase */
	ECHO_LATE,      /* the first answer, too late */
	ECHO_DUPLICATE,
};

/* Settles an answer of age age_ns since its send.  One that is too old for the ring is late. */
enum echo_arrival echo_flows_take(struct echo_flows *f, const struct echo_answer *answer, int64_t age_ns);
/* Settles count answers (> 0) to neighbours from first on, all of this age, where each of them is
 * an ECHO_FIRST in its turn; false: nothing is settled, and they are to be taken one by one. */
bool echo_flows_take_run(struct echo_flows *f, const struct echo_answer *first, unsigned count, int64_t age_ns);
/* The datagram has come back as an ICMP error: settles it.  data holds len bytes of it.  The
 * flow's index, or -1 where it is none of ours. */
int echo_flows_refused(struct echo_flows *f, const uint8_t *data, size_t len);
