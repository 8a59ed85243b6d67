/* A port of method xdp, between its files: xdp.c lives, receives and answers, xdp_send.c sends.
 * See xdp.h. */
#pragma once

#include "engines/packet/hosts.h"
#include "engines/udp/xdp.h"
#include "engines/xdp/xdp_program.h"
#include "engines/xdp/xdp_socket.h"

struct udp_xdp {
	struct udp_port port;    /* first */
	struct udp_port *socket; /* method mmsg: has the socket */
	struct xdp_socket xsk;
	unsigned interface;
	uint32_t mtu;
	uint32_t header_bytes;   /* of the frames that leave */
	bool awaits_room;        /* port->wait tells of room to send, too */
	bool socket_awaits_room; /* the same of the plain socket */
	unsigned undone;         /* frames that the device dropped, and that count as sent yet */

	/* answering */
	struct xdp_program *program;
	struct udp_datagram *lent; /* [port.batch] */
	union net_address *from;
	uint64_t *frame; /* of each that is lent; those that were answered are the kernel's */
	bool *answered;
	unsigned lends;
	bool lends_socket; /* the burst is the socket's */
	unsigned waiting;  /* replies that stand in the ring and were not taken yet */
	unsigned blind;    /* times that nothing was there */
	int gone;          /* the errno, once the interface has */

	/* sending */
	struct frame_hosts hosts;
	struct udp_send *slot;
	uint32_t in_flight; /* frames that have not come back */
};

static inline struct udp_xdp *xdp_of(struct udp_port *port)
{
	return (struct udp_xdp *)port;
}

static inline const char *xdp_interface(const struct udp_xdp *x)
{
	return x->port.config.place.interface;
}

/* The headers in front of a payload over IPv4 or IPv6. */
static inline uint32_t xdp_header_bytes(int family)
{
	return FRAME_ETHERNET_BYTES + FRAME_UDP_BYTES + (family == AF_INET6 ? FRAME_IPV6_BYTES : FRAME_IPV4_BYTES);
}

/* ---- xdp.c ---- */

/* Opens the AF_XDP socket with so many frames, a power of two.  0, or -errno with *err. */
int xdp_open_socket(struct udp_xdp *x, uint32_t frames, struct err *err);
/* Makes the kernel send what stands in the ring, and counts it; *ret_left are the frames that it
 * has not taken yet.  0, or -errno with *err where the interface has gone. */
int xdp_push(struct udp_xdp *x, uint32_t *ret_left, struct err *err);
/* -errnum, with *err. */
int xdp_say_gone(const struct udp_xdp *x, int errnum, struct err *err);

/* ---- xdp_send.c ---- */

int xdp_open_sends(struct udp_xdp *x, struct err *err);
void xdp_close_sends(struct udp_xdp *x); /* accepts half-opened */

/* Operations. */
int xdp_expect(struct udp_port *port, const union net_address *to, struct err *err);
unsigned xdp_slots(struct udp_port *port, struct udp_send **ret_slots);
int xdp_send(struct udp_port *port, unsigned count, struct err *err);
