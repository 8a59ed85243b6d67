/* The impairments of a device of path veth: it sends at a limited rate or late, twice or out of
 * order, and loses some of the packets that come, all on purpose.  In the calling process's network
 * namespace, on VETH_INTERFACE. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "path/veth/message.h"

struct nlmsghdr;

/* ---- queues in front of the device ---- */

/* The class of the token bucket, in which another queue may stand: 1:1. */
enum { VETH_BUCKET_CLASS = 0x10001 };

/* A queue that is asked for: tc(8). */
struct veth_queue {
	uint32_t parent, handle; /* handle 0: the kernel's choice */
	/* writes its attributes, TCA_KIND and TCA_OPTIONS */
	void (*put)(struct nlmsghdr *m, const struct veth_shape *shape);
	const char *option;  /* "--delay" */
	const char *missing; /* where this kernel has none: "no network emulator" */
};

/* Puts it there.  0 or -errno; -ENOTSUP where this kernel has none. */
int veth_set_queue(const struct veth_queue *queue, const struct veth_shape *shape, struct err *err);

/* Since the devices were made, both namespaces together. */
struct veth_queued {
	/* thrown away by the queue in front of a device and those in it: a segment each where it
	 * cut joined datagrams, else as a whole */
	uint64_t dropped;
	uint64_t held; /* there now, whole as they came */
	/* taken by the emulator and its copies: sent on, thrown away, still there */
	uint64_t packets;
	uint64_t reordered; /* sent at once, in front of those that are delayed */
};
/* Adds what one answer of the kernel's says.  Pure. */
void veth_add_queued(const struct nlmsghdr *m, struct veth_queued *sum);
/* Through sockets of both namespaces (NETLINK_ROUTE).  -errno where that cannot be read. */
int veth_read_queued(const int netlink[VETH_SIDES], struct veth_queued *ret_queued);

/* A token bucket (tbf) in front of the device: bits/s, Ethernet's headers included.  It holds up to
 * 50 ms of them; more is thrown away, and counted as an error of the sender's buffers.  0 or
 * -errno; -ENOTSUP where this kernel has none. */
int veth_limit_rate(uint64_t bits_per_s, uint32_t mtu_bytes, struct err *err);

/* ---- loss ---- */

/* The packets to lose of each VETH_OF_ALL, by their numbers from 0 on, in their order: one of each
 * stretch of VETH_OF_ALL / count, chosen by the seed and the side.  So any number of packets from
 * the first on loses its share to less than a packet, any span within it to less than two, and no
 * rhythm of the traffic meets a rhythm of the losses.  count: 1..VETH_OF_ALL.  Pure. */
void veth_choose(uint32_t count, uint64_t seed, enum veth_side side, uint32_t *ret_number);
/* Of the packets that come, so many of 100000 are lost as veth_choose() says, above half of them
 * all but those that it says; by a rule of nf_tables with a counter (Linux >= 4.17).  0 or
 * -errno. */
int veth_lose(uint32_t of_100000, uint64_t seed, enum veth_side side, struct err *err);
/* The packets that the rules of both namespaces have lost, through sockets of theirs
 * (NETLINK_NETFILTER, as socket(2) makes them).  -errno where that cannot be read. */
int veth_read_lost(const int netlink[VETH_SIDES], uint64_t *ret_packets);

/* ---- delay, reordering, copies: netem (tc-netem(8)) ---- */

/* Does this shape need it? */
bool veth_is_emulated(const struct veth_shape *shape);
/* Writes the attributes of its queue into a request: they stand as linux/pkt_sched.h says. */
void veth_put_emulation(struct nlmsghdr *m, const struct veth_shape *shape);
/* In front of the device, or of its token bucket where the shape has one.  0 or -errno; -ENOTSUP
 * where this kernel has none. */
int veth_emulate(const struct veth_shape *shape, struct err *err);
