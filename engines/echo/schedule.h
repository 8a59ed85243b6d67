/* The open loop of an echo client: which datagrams its schedule wants out, when each was due,
 * and when it really went.  No sockets; one owner; only init allocates.
 *
 * Datagrams have numbers since init: number k goes out on flow k % count, so an answer tells its
 * number.  A change of the rate starts a new schedule at that moment; what was due and not yet
 * sent stays counted as scheduled, and is not sent any more. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/histogram.h"
#include "engines/echo/flow.h"
#include "engines/net/pace.h"
#include "engines/udp/port.h"

enum { ECHO_SENT_RING = 1 << 19 }; /* send times of this many latest datagrams, 4 MiB */

struct echo_schedule {
	struct pace pace;
	uint64_t rate;    /* of the run; the pace has this client's share */
	uint64_t due;     /* of this schedule, as counted */
	uint64_t before;  /* scheduled by schedules that are over */
	uint64_t sent;    /* datagrams: the next one has this number */
	int64_t *sent_ns; /* [ECHO_SENT_RING], by number */
	int64_t *burst_due_ns;
};

/* For bursts of up to `batch`.  0 or -ENOMEM; echo_schedule_free() in any case. */
int echo_schedule_init(struct echo_schedule *s, unsigned batch);
void echo_schedule_free(struct echo_schedule *s); /* accepts zeroed */

/* A new schedule from now_ns on: the share of client `index` of `clients` in the run's rate. */
void echo_schedule_start(struct echo_schedule *s, int64_t now_ns, uint64_t rate, unsigned index, unsigned clients);
/* The clock is at now_ns, and nobody has looked until now.  The newest packet may be on its way
 * to be on time, and is not counted. */
void echo_schedule_overslept(struct echo_schedule *s, int64_t now_ns);

/* A burst: offer writes up to n of the datagrams that are due, counts them into their flows
 * (burst_flow[]) and returns how many; *ret_now_ns is when they go.  settle hears how many of
 * those the kernel took, which the caller has taken back from their flows, and records how late
 * they were. */
unsigned echo_schedule_offer(struct echo_schedule *s, struct echo_flows *flows, struct udp_send *slot, unsigned n,
	uint16_t *burst_flow, int64_t *ret_now_ns);
void echo_schedule_settle(struct echo_schedule *s, unsigned offered, unsigned taken, int64_t sent_ns, struct histogram *lateness);

/* Looks at the clock. */
static inline void echo_schedule_look(struct echo_schedule *s, int64_t now_ns)
{
	if (now_ns >= s->pace.next_ns)
		s->due = pace_due(&s->pace, now_ns);
}

static inline bool echo_schedule_owes(const struct echo_schedule *s)
{
	return s->pace.taken < s->due;
}

static inline uint64_t echo_schedule_scheduled(const struct echo_schedule *s)
{
	return s->before + s->due;
}

/* The time at which the answered datagram was really sent; 0 where the ring no longer knows. */
static inline int64_t echo_schedule_sent_ns(
	const struct echo_schedule *s, const struct echo_flows *flows, const struct echo_answer *a)
{
	uint64_t number = (a->counter - 1) * flows->count + a->index;

	return s->sent - number <= ECHO_SENT_RING ? s->sent_ns[number % ECHO_SENT_RING] : 0;
}
