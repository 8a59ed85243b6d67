/* The group of method multicast, IPv4 or IPv6: which one it is, who joins it over which interface,
 * and by which interface the writer leaves.
 *
 * IPv4 names an interface by one of its addresses, IPv6 by its number: the one that has the
 * readers' address (--listen, --host), or that the group's own scope says (ff02::4e44%eth0).  The
 * datagrams go one hop at most.  Sources: ip(7), ipv6(7). */
#pragma once

#include "engines/fanout/shared.h"

/* Main thread: --group, or the usual one of the run's family, into s->group.  -EINVAL for what is
 * no group, has no interface, or does not come back over this loopback. */
int fanout_plan_group(const struct options *o, struct plan *plan, struct fanout_shared *s, struct err *err);

/* In open().  A reader's socket: binds to the group, whose port the first one chooses, and joins;
 * *a is the address then. */
int fanout_join(struct worker *w, int fd, union net_address *a, struct err *err);
/* A writer's. */
int fanout_leave_by(struct worker *w, int fd, struct err *err);

/* For the hello; all zero without a group. */
struct hello_group fanout_group_of(const struct fanout_shared *s);
/* The group that readers elsewhere have joined becomes s->group, without a port.  -EPROTO where
 * its family is not the run's. */
int fanout_take_group(struct worker *w, const struct hello_group *g, struct err *err);
