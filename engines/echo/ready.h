/* The flows of an echo client that may send, in the order in which they came to have room.  Flow i
 * sends through socket i mod `sockets`, so each socket has a queue of its flows, and the sockets
 * that have such flows take turns.  Pure data structure, one owner; only init allocates. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct echo_ready_socket {
	uint16_t first, last; /* its flows */
	uint16_t next;        /* the socket whose turn comes after */
	bool queued;
};

struct echo_ready {
	unsigned sockets;
	uint16_t *next; /* [flows]: the flow that comes after, of the same socket */
	struct echo_ready_socket *socket;
	uint16_t first, last; /* sockets */
};

enum { ECHO_READY_NONE = UINT16_MAX };

/* flows and sockets 1..ECHO_FLOWS_MAX.  0 or -ENOMEM; echo_ready_free() in any case. */
int echo_ready_init(struct echo_ready *r, unsigned flows, unsigned sockets);
void echo_ready_free(struct echo_ready *r); /* accepts zeroed */

static inline unsigned echo_ready_socket_of(const struct echo_ready *r, unsigned flow)
{
	return r->sockets > 1 ? flow % r->sockets : 0;
}

/* Behind the others of its socket.  It must not be queued already. */
void echo_ready_add(struct echo_ready *r, unsigned flow);

/* The socket whose turn it is; ECHO_READY_NONE: no flow may send. */
static inline unsigned echo_ready_socket(const struct echo_ready *r)
{
	return r->first;
}

/* The next flow of that socket; false where it has no more. */
bool echo_ready_take(struct echo_ready *r, unsigned *ret_flow);
/* Its turn is over. */
void echo_ready_turn(struct echo_ready *r);
