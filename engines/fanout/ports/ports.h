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
