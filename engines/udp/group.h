/* Many UDP sockets of one worker behind one port.  They share the port's buffers and totals, and
 * one epoll is their one wait: a socket costs its descriptor and 8 bytes.
 *
 * An engine gives its sockets to udp_group_add() and opens the group with a method that has
 * `many`.  From then on a call to the port is about one of the sockets: the one whose burst
 * udp_group_recv() has lent, or the one that udp_group_use() names before send_slots().  Between
 * recv and release() that must not change.
 *
 * A group of one socket is its port and nothing else: no epoll, no call more.
 *
 * Waiting.  udp_group_wait() is for engine->wait(): one epoll_pwait2(2) (Linux 5.11) sleeps and
 * tells who is ready.  udp_group_recv() then reads those, a burst each, and asks again by itself
 * only where a worker goes on without waiting.  Where the worker waits in ppoll(2) (--wait poll,
 * older kernels) or not at all, asking is a call of its own.
 *
 * Owner thread only; init and open allocate.  Sources: epoll(7), epoll_wait(2), udp(7). */
#pragma once

#include <sys/epoll.h>

#include "engines/udp/port.h"
#include "run/worker.h"

enum { UDP_GROUP_EVENTS = 64 }; /* sockets that one call can tell of; the others come next */

struct udp_socket {
	int fd;
	uint32_t drops; /* the kernel's count, as last read */
};

struct udp_group {
	struct udp_port *port; /* NULL until opened */
	struct udp_socket *socket;
	unsigned count;
	struct worker *worker;

	/* with several sockets only */
	int epoll_fd;
	/* those that are ready and not yet read: event[at] to event[events - 1] */
	unsigned at, events;
	unsigned bursts, bursts_most; /* that event[at] has had, may have */
	unsigned most;                /* datagrams of a burst */
	unsigned blind, blind_most;   /* calls of recv since somebody asked who is ready */
	unsigned awaited;             /* the socket that room is awaited on; count: none */
	struct epoll_event event[UDP_GROUP_EVENTS];
};

/* Room for so many sockets, > 0.  0 or -ENOMEM; udp_group_close() in any case. */
int udp_group_init(struct udp_group *g, unsigned sockets);
/* The socket is the group's from now on.  At most as many as init said. */
void udp_group_add(struct udp_group *g, int fd);
/* After all have been added: opens the port and makes w wait for it.  config->fd is filled in
 * here.  0, or -errno with *err. */
int udp_group_open(
	struct udp_group *g, const struct udp_method *method, struct udp_config *config, struct worker *w, struct err *err);
/* The sockets too; accepts zeroed and half-opened. */
void udp_group_close(struct udp_group *g);

/* After open: each socket has so many datagrams at a time, > 0, and seldom more.  No more are asked
 * of it in one call, which saves the kernel to look for one that is not there (0.1 us); what is
 * left is told of again. */
void udp_group_expect(struct udp_group *g, unsigned most);

/* For engine->wait(), whose contract it keeps. */
int udp_group_wait(struct udp_group *g, int64_t until_ns, struct err *err);
/* Datagrams lost at the sockets since the last call (or since open).  0, or -errno of the
 * method's drops(). */
int udp_group_drops(struct udp_group *g, uint32_t *ret_more);
/* A wait ends, too, when socket `index` has room to send again; index == count: no longer. */
int udp_group_await_room(struct udp_group *g, unsigned index, struct err *err);

/* Used by udp_group_recv(). */
int udp_group_recv_many(struct udp_group *g, struct udp_datagram **ret_burst, unsigned *ret_socket, struct err *err);

/* A burst of one of the sockets that are ready, as recv_burst() lends it; *ret_socket is the
 * socket's index.  0: nobody is. */
static inline int udp_group_recv(struct udp_group *g, struct udp_datagram **ret_burst, unsigned *ret_socket, struct err *err)
{
	if (g->count > 1)
		return udp_group_recv_many(g, ret_burst, ret_socket, err);
	*ret_socket = 0;
	return g->port->method->recv_burst(g->port, g->most, ret_burst, err);
}

/* Is a socket known to be ready that has not been read? */
static inline bool udp_group_is_ready(const struct udp_group *g)
{
	return g->at < g->events;
}

/* All that is sent from now on goes out of this socket. */
static inline void udp_group_use(struct udp_group *g, unsigned index)
{
	g->port->config.fd = g->socket[index].fd;
}
