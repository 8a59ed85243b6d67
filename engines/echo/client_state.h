/* The state of an echo client, which its parts share: client_open.c, client_send.c and client.c,
 * which receives and runs the two loops.  Owner: the worker. */
#pragma once

#include "base/clock.h"
#include "engines/echo/apart/ask.h"
#include "engines/echo/flow.h"
#include "engines/echo/ready.h"
#include "engines/echo/schedule.h"
#include "engines/echo/shared.h"
#include "engines/echo/verify.h"
#include "engines/udp/group.h"

/* The client's own cumulative counts. */
struct echo_tally {
	uint64_t answers, answer_bytes, late, carried, duplicates, reordered, stray, damaged;
	uint64_t syscalls; /* those counted */
};

struct echo_client {
	struct udp_group group;
	struct udp_port *port; /* the group's */
	struct echo_flows flows;
	struct echo_tally tally;
	struct udp_fill fill;
	/* Servers are chosen by flow, and a packet goes where its first datagram goes: it holds
	 * only one flow. */
	bool apart;
	bool open_loop, blocked; /* blocked: the kernel had no room for the last send */
	size_t datagram_bytes;
	int64_t opened_ns, received_ns; /* received_ns: of the latest burst */
	unsigned received;              /* elements of the latest burst */
	unsigned sender;                /* socket of the latest send */
	uint16_t *burst_flow;           /* index of the flow of each datagram offered */
	/* nobody there */
	uint64_t unreachable, errors, sent_packets; /* of the port's totals, as seen */
	int64_t backoff_ns, backoff_until_ns;
	/* closed loop */
	uint64_t window;
	struct echo_ready ready; /* flows with room */
	int64_t scan_ns;
	struct echo_schedule schedule;     /* open loop */
	struct echo_verify verify;         /* --verify */
	struct echo_client_stages *stages; /* --stages; NULL: off */
	struct echo_ask ask;               /* first client, servers elsewhere */
	int64_t answered_ns;               /* of the latest burst, or when the phase began */
};

/* Puts a flow into the queue of those that may send, unless its window is full. */
static inline void echo_client_has_room(struct echo_client *c, unsigned index)
{
	struct echo_flow *flow = &c->flows.flow[index];

	if (flow->queued || c->open_loop || echo_flow_outstanding(flow) >= c->window)
		return;
	echo_ready_add(&c->ready, index);
	flow->queued = true;
}

/* A poll reads and sends in turns, so many of them. */
unsigned echo_client_rounds(const struct echo_client *c);
/* Nobody there, or nothing that could be sent at all: from now on one datagram at a time, and
 * longer and longer apart, until an answer comes. */
void echo_client_back_off(struct echo_client *c, int64_t now_ns);
/* Sends what the loop has to send, an open one late or not.  Datagrams sent, or -errno. */
int echo_client_send(struct worker *w, struct echo_client *c, struct err *err);
