/* What a device of path veth does to packets on purpose: sends them at a limited rate, loses some
 * of those that come.  In the calling process's network namespace, on VETH_INTERFACE. */
#pragma once

#include "base/err.h"
#include "path/veth/message.h"

/* A token bucket (tbf) in front of the device: bits/s, Ethernet's headers included.  It holds up to
 * 50 ms of them; more is thrown away, and counted as an error of the sender's buffers. 0 or
 * -errno. */
int veth_limit_rate(uint64_t bits_per_s, uint32_t mtu_bytes, struct err *err);

/* Packets that come are lost by chance, so many of 100000, by a rule of nf_tables with a counter
 * (Linux >= 4.17).  0 or -errno. */
int veth_lose(uint32_t of_100000, struct err *err);
/* The packets that the rules of both namespaces have lost, through sockets of theirs
 * (NETLINK_NETFILTER, as socket(2) makes them).  -errno where that cannot be read. */
int veth_read_lost(const int netlink[VETH_SIDES], uint64_t *ret_packets);
