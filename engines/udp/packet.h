/* Method packet of the UDP port: whole frames through a ring (AF_PACKET; engines/packet/).  It is
 * for writers; a mode takes it into a table of its own.
 *
 *   - Datagrams leave as frames that are built here, past the kernel's UDP and IP: no send buffer
 *     of the socket, no route but the one found at expect(), nothing in OutDatagrams.
 *     The socket gives the source port, and receives.
 *   - Payload is copied into the ring, and summed up there: once for datagrams of a burst that
 *     have the same data.
 *   - One interface, at most FRAME_HOSTS hosts, one piece: a datagram that the MTU does not
 *     carry is refused.
 *   - Answers (reply_burst()) leave through the socket: whoever asks must not make a worker look
 *     for neighbours.
 *   - port->wait is an epoll descriptor: readable when there is something to receive, or, after
 *     the ring was full, when it has room.
 *
 * Contract, thread and errors: port.h. */
#pragma once

#include "engines/udp/port.h"

bool udp_packet_probe(char *why, size_t size);
void udp_packet_limits(const struct options *o, const struct plan *plan, enum role role, struct method_limits *limits);

#define UDP_PACKET_SUMMARY "frames built here, an AF_PACKET ring, a send a burst"
/* The row of a mode's table, or the `method` of what its rows are. */
#ifdef NETDYNO_MNL
#define UDP_PACKET_METHOD                                                                                          \
	{                                                                                                          \
		.name = "packet", .summary = UDP_PACKET_SUMMARY, .packet_socket = true, .probe = udp_packet_probe, \
		.limits = udp_packet_limits                                                                        \
	}
#else
#define UDP_PACKET_METHOD METHOD_MISSING("packet", UDP_PACKET_SUMMARY, "libmnl", "libmnl-dev")
#endif

struct frame_hosts;
/* The hosts that a port of a method with frames of its own sends to: engines/packet/hosts.h. */
int udp_open_hosts(const struct udp_port *port, struct frame_hosts *ret_hosts, struct err *err);

extern const struct udp_method udp_packet;
