/* Several datagrams in one buffer, through the kernel as one packet: UDP_SEGMENT cuts what one call
 * sends into datagrams of one length (GSO), UDP_GRO hands over several that arrived together.
 * For the methods of the UDP port, and any that set the option on a socket of their own.
 *
 * Sources: udp(7) UDP_SEGMENT (Linux 4.18) and UDP_GRO (Linux 5.0); udp_send_skb() in the kernel's
 * net/ipv4/udp.c: at most 64 datagrams a call, 128 from Linux 6.9 on, all of the length told but
 * the last, which may be shorter; EMSGSIZE or EINVAL where one does not fit the MTU, EIO where the
 * device has no checksum offload. */
#pragma once

#include <netinet/udp.h>
#include <sys/socket.h>

#include "engines/udp/port.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum {
	UDP_JOINED_MAX = 128,     /* datagrams of one send */
	UDP_JOINED_OLD_MAX = 64,  /* before Linux 6.9 */
	UDP_JOINED_BYTES = 65487, /* bytes of one send, over IPv6; over IPv4 20 more */
	UDP_JOINED_BUFFER = 65536 /* holds whatever UDP_GRO hands over */
};

/* Do the socket options exist here?  false with the Linux that has them.  Main thread. */
bool udp_can_join(char *why, size_t size);           /* UDP_SEGMENT */
bool udp_can_receive_joined(char *why, size_t size); /* UDP_GRO */

/* All that the socket sends is cut into datagrams of so many bytes.  0, or -errno with *err. */
int udp_join_always(int fd, uint32_t bytes, struct err *err);
int udp_receive_joined(int fd, struct err *err);

/* Is there no use in joining datagrams of this length (0: unknown, and false): no two fit into one
 * send, or not even one fits the MTU of the path (known of a connected socket)?  Then *why has the
 * reason. */
bool udp_joining_is_vain(int fd, bool connected, uint32_t bytes, char *why, size_t size);
/* So many of this length go in one send, `most` at most; one always does. */
unsigned udp_joined_most(uint32_t bytes, unsigned most);

/* How many of slot[0..count), from the first on, go in one send of at most joined_max. */
unsigned udp_joined_neighbours(const struct udp_send *slot, unsigned count, unsigned joined_max);
/* The parts of a message of n slots: what stands side by side in memory is one, so they may be
 * fewer than n.  Returns their number; *ret_bytes is the length of all. */
unsigned udp_joined_gather(const struct udp_send *slot, unsigned n, struct iovec *part, uint32_t *ret_bytes);

/* A send of several datagrams failed with this errno since the kernel would not cut it, not
 * because of what is in it. */
bool udp_is_uncut(int errnum);

/* The length of each datagram of a received message; len for a single one. */
uint32_t udp_joined_segment(struct msghdr *received, uint32_t len);
/* Fills the control part of a send: what a reply must say of the address that was asked (asked;
 * NULL: not a reply, or it need not), and the length of its datagrams (segment; 0: it is one).
 * control has room for 2 * UDP_CONTROL_BYTES. */
void udp_joined_control(struct msghdr *message, void *control, struct msghdr *asked, uint32_t segment);
