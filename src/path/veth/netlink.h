/* Requests over netlink(7) by libmnl, one at a time: written, sent, and the kernel's word waited
 * for.  Begun by talk_open() in the network namespace that they are about. */
#pragma once

#include <libmnl/libmnl.h>
#include <stdalign.h>

#include "base/err.h"

enum { TALK_BYTES = 8192 /* of the kernel's answers at most, says libmnl */ };

struct talk {
	struct mnl_socket *netlink;
	alignas(struct nlmsghdr) char buffer[TALK_BYTES];
	struct nlmsghdr *message; /* the one that is being written */
};

/* Of NETLINK_ROUTE and the like.  0 or -errno; talk_close() in either case. */
int talk_open(struct talk *t, int protocol, struct err *err);
void talk_close(struct talk *t);
/* Begins a request; the header of its kind, zeroed, which stands behind the common one. */
void *talk_request(struct talk *t, uint16_t type, uint16_t flags, size_t header_bytes);
/* Sends it, and waits for the kernel's word: 0 or -errno. */
int talk_ask(struct talk *t);
/* Sends a request that has many answers (NLM_F_DUMP), through a socket that was not begun here, and
 * hands each to keep().  0 or -errno. */
int talk_dump(int fd, const struct nlmsghdr *request, mnl_cb_t keep, void *data);
