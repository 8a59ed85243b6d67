/* Witnesses: what the kernel counted, read beside the run and not as the run reads it.  snmp(5) as
 * nstat has it, a device's statistics as `ip -s link` has them, a queue's as `tc -s qdisc` has
 * them, the last two by rtnetlink(7).
 *
 * A run over path veth has two network namespaces.  They are found in the process of its helper,
 * and held open, so that they outlive the run and are read when nothing moves any more.  One
 * thread; the calling process moves between the namespaces, and does not come back. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum witness_side { WITNESS_SERVER, WITNESS_CLIENT, WITNESS_SIDES };

struct witness {
	bool is_veth;
	int space[WITNESS_SIDES]; /* is_veth: network namespaces; -1: not yet found */
};

/* Of the namespace that the process is in: everything is on both sides. */
void witness_here(struct witness *ret_witness);
/* The namespaces of a run over veth, and packets are sent there: 0, -EAGAIN while there are none,
 * -errno where they cannot be had. */
int witness_look(struct witness *w, pid_t run, struct err *err);
void witness_close(struct witness *w);
/* The calling process moves to that side.  0 or -errno. */
int witness_enter(const struct witness *w, enum witness_side side, struct err *err);

/* A counter of one side, since the namespace was made; SELFTEST_UNKNOWN where it cannot be read.
 * witness_snmp: group "Udp", name "RcvbufErrors". */
int64_t witness_snmp(const struct witness *w, enum witness_side side, const char *group, const char *name);
int64_t witness_link_dropped(const struct witness *w, enum witness_side side);
int64_t witness_link_untaken(const struct witness *w, enum witness_side side);
int64_t witness_queue_dropped(const struct witness *w, enum witness_side side);

/* ---- links.c: of the namespace that the process is in ---- */

/* Packets that a device threw away when it should send them, those that came to it and were thrown
 * away in front of the stack (IFLA_STATS64), and those that the queue in front of it threw away
 * (TCA_STATS2).  -errno. */
int64_t link_sent_dropped(const char *interface);
int64_t link_come_dropped(const char *interface);
int64_t link_queue_dropped(const char *interface);
