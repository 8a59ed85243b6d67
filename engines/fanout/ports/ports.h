/* UDP ports of mode fanout's own, that only send: a writer receives nothing. */
#pragma once

#include "engines/udp/port.h"

extern const struct udp_method fanout_pool_port;

/* The operations that such a port has no use for. */
int fanout_recv_nothing(struct udp_port *port, unsigned max, struct udp_datagram **ret_burst, struct err *err);
int fanout_reply_nothing(struct udp_port *port, const struct udp_reply *replies, unsigned count, struct err *err);
void fanout_release_nothing(struct udp_port *port);

/* For methods whose datagrams cross in one piece. */
void fanout_mtu_limits(const struct options *o, const struct plan *plan, enum role role, struct method_limits *limits);

/* UDP_SEGMENT (udp(7), Linux 4.18): the kernel cuts what one call sends into datagrams. */
enum { FANOUT_SEGMENTS_MAX = 128 };
bool fanout_can_segment(char *why, size_t size);
int fanout_segment(int fd, uint32_t bytes, struct err *err);
