/* The places at which the kernel counts lost packets: /proc/net/snmp, snmp6, softnet_stat,
 * SO_MEMINFO; and who took the CPU: steal and softirq from /proc/stat, a quota's throttling from
 * quota.h.
 *
 * snmp is per network namespace: it is read through /proc/thread-self/net, the calling thread's.
 * softnet_stat and stat are host-wide.  A counter that cannot be read is absent (its bit in
 * `known` is clear) and the reason stands in `why`. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum procnet_field {
	PROCNET_UDP_IN,            /* Udp InDatagrams, v4 + v6 */
	PROCNET_UDP_OUT,           /* OutDatagrams */
	PROCNET_UDP_IN_ERRORS,     /* InErrors */
	PROCNET_UDP_NO_PORTS,      /* NoPorts */
	PROCNET_UDP_RCVBUF_ERRORS, /* RcvbufErrors: a socket's receive buffer was full */
	/* SndbufErrors: device queue or send buffer full, possibly reported as success */
	PROCNET_UDP_SNDBUF_ERRORS,
	PROCNET_UDP_MEM_ERRORS, /* MemErrors: udp_mem exhausted */
	PROCNET_SOFTNET_PROCESSED,
	PROCNET_SOFTNET_DROPPED, /* per-CPU backlog longer than netdev_max_backlog */
	PROCNET_SOFTNET_SQUEEZED,
	PROCNET_STEAL_TICKS,   /* /proc/stat cpu steal, USER_HZ, all CPUs */
	PROCNET_SOFTIRQ_TICKS, /* ... cpu softirq: the kernel's packet work, where it has a tick */
	PROCNET_CPU_TICKS,     /* /proc/stat cpu, all states, USER_HZ */
	/* Ip ReasmFails, v4 + v6: a fragment was missing when ipfrag_time (30 s) was over, or had
	 * no room */
	PROCNET_IP_REASM_FAILS,
	PROCNET_IP_FRAG_FAILS, /* FragFails, v4 + v6: could not be sent in fragments */
	PROCNET_THROTTLED_US,  /* by the CPU quota of our control group; see quota.h */
	/* Packets that the devices of a run's own namespaces threw away when they should send
	 * them: the other end's queue or backlog was full.  procnet_read_files() alone. */
	PROCNET_LINK_DROPPED,
	/* Packets that a run's path lost because it was told to (--loss): set by the path. */
	PROCNET_LINK_IMPAIRED,
	/* OutTransmits, v4 + v6: packets, or fragments, given to devices (Linux >= 6.6) */
	PROCNET_IP_OUT,
	/* Set by a path that delays, reorders or copies packets on purpose: those that it took,
	 * with the copies that it made; those that overtook others; those copies. */
	PROCNET_LINK_EMULATED,
	PROCNET_LINK_REORDERED,
	PROCNET_LINK_COPIES,
	/* Packets that came to the devices of a run's own namespaces and were thrown away in front
	 * of the stack: the backlog of a CPU was full (the host's SOFTNET_DROPPED has them, too,
	 * and a sender on a veth device, among LINK_DROPPED), or an XDP program passed them on in
	 * vain.  procnet_read_files() alone. */
	PROCNET_LINK_UNTAKEN,
	/* What the queues in front of these devices (tc(8)) have thrown away, a segment each where
	 * they cut what is longer than they may send: set by the path. */
	PROCNET_QUEUE_DROPPED,
	/* Packets that are in these queues now: set by the path. */
	PROCNET_QUEUE_HELD,
	PROCNET_FIELDS,
};

struct procnet {
	uint64_t value[PROCNET_FIELDS];
	uint32_t known; /* bit per field */
	char why[96];   /* reason of the first unknown one, or "" */
};

static inline bool procnet_has(const struct procnet *p, enum procnet_field f)
{
	return p->known >> f & 1;
}

/* Reads everything; never fails as a whole.  About 100 us.  Any thread, opens and closes its
 * files. */
void procnet_read(struct procnet *ret_sample);

/* /proc/net/snmp, snmp6 and dev as they were opened in another namespace, whose counters they tell
 * as long as they are open; snmp6 is -1 where there is no IPv6. */
struct procnet_files {
	int snmp, snmp6, dev;
};
/* The same of the namespaces whose files these are, all together.  One thread at a time. */
void procnet_read_files(const struct procnet_files *files, unsigned count, struct procnet *ret_sample);
const char *procnet_name(enum procnet_field field);

/* Memory that the kernel holds for a socket: getsockopt(SO_MEMINFO), Linux >= 4.12; sock_diag(7)
 * explains the fields.  Buffers are as the kernel counts them, with its overhead, and those of
 * TCP grow by themselves where no option has set them (tcp(7): tcp_rmem, tcp_wmem). */
struct procnet_memory {
	uint32_t rcvbuf_bytes, sndbuf_bytes;
	uint32_t drops; /* datagrams dropped here; wraps */
};
/* 0 or -errno.  Any thread. */
int procnet_socket_memory(int fd, struct procnet_memory *ret_memory);
