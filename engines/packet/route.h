/* The way of a frame to a host: which interface, from which address, to which hardware address.
 * Asked of the kernel through rtnetlink(7), in the network namespace that the path's sockets
 * live in.
 *
 * It asks for, in this order: the route (RTM_GETROUTE), the interface (RTM_GETLINK), the
 * next hop's hardware address (RTM_GETNEIGH, Linux 5.0).  Over a loopback interface hardware
 * addresses are zeros.
 *
 * A next hop that the kernel does not know yet is looked for by the kernel itself, with ARP or
 * neighbour discovery.  With CAP_NET_ADMIN it is asked to (RTM_NEWNEIGH with NTF_USE): nothing
 * else leaves the host.  Without, one empty UDP datagram to the discard port (9, RFC 863) of the
 * host that the run is about to send to makes it look.  Either way it is asked once, and waited
 * for no longer than wait_ns.
 *
 * IPv4 over loopback.  What AF_PACKET puts on lo comes in as from a wire: the kernel throws away
 * a frame whose destination or source is in 127/8 unless net.ipv4.conf.lo.route_localnet is 1, and
 * one whose source is an address of this host unless net.ipv4.conf.lo.accept_local is 1.  That is
 * an error here, as nothing would arrive.  IPv6 has no such rule.  (ip_route_input_slow() and
 * fib_validate_source() of Linux 6.18, and measured.)
 *
 * One owner thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engines/net/net.h"
#include "mode/path.h"

struct mnl_socket;

struct router {
	struct mnl_socket *netlink;
	const struct path *path;
	void *path_state;
	enum role role;
	unsigned sequence, port; /* of the requests */
};

struct route {
	unsigned interface; /* index */
	char name[16];
	bool loopback;
	uint32_t mtu;           /* bytes of an IP packet: the route's where it has one */
	union net_address from; /* port 0 */
	uint8_t from_mac[6], to_mac[6];
};

/* Opens the netlink socket; the only one that allocates.  0 or -errno with *err. */
int router_open(struct router *r, const struct path *path, void *path_state, enum role role, struct err *err);
/* Accepts zeroed and half-opened. */
void router_close(struct router *r);

/* from: the address to send from, NULL or a wildcard: the kernel's choice; ports do not matter.
 * 0, or -errno with *err:
 *
 *   -ENETUNREACH     no route to it, or one that refuses; `from` is not of this host
 *   -EADDRNOTAVAIL   the interface has no address of that family
 *   -ENETDOWN        the interface is down
 *   -EAFNOSUPPORT    the interface has no Ethernet frames
 *   -EINVAL          a group's address
 *   -EHOSTUNREACH    the next hop did not answer in time
 *   -ENOTSUP         IPv4 over a loopback interface that throws it away */
int router_find(struct router *r, const union net_address *to, const union net_address *from, int64_t wait_ns,
	struct route *ret_route, struct err *err);
