/* Two network namespaces and a pair of virtual Ethernet devices between them: veth(4).  Made in a
 * user namespace of the calling process's own, so that it may (user_namespaces(7)); what it has
 * made lives as long as the process or a socket does.
 *
 * Both ends have one name and one number, so that these mean the same to both sides.  Addresses are
 * those set aside for measurements between devices (RFC 2544, RFC 5180), and each end knows the
 * other's from the start, so that no packet waits for that.
 *
 * Linux >= 3.8.  Single-threaded process; it is in one of the two namespaces afterwards. */
#pragma once

#include <sys/socket.h>

#include "path/veth/message.h"

#define VETH_INTERFACE "veth0"
enum { VETH_INTERFACE_INDEX = 4000 /* beyond those that a namespace may begin with */ };

struct veth_pair {
	int space[VETH_SIDES]; /* namespaces, for setns(2) */
};

/* The address of a side, without a port, in this family. */
void veth_address(enum veth_side side, int family, struct sockaddr_storage *ret_address);

/* 0 or -errno; *err says what this host forbids.  Without IPv6 on this host, or with an MTU below
 * 1280 bytes, the pair has IPv4 alone. */
int veth_pair_make(const struct veth_shape *shape, struct veth_pair *ret_pair, struct err *err);
/* The calling process moves to the namespace of that side. */
int veth_pair_enter(const struct veth_pair *pair, enum veth_side side, struct err *err);
