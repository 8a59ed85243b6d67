/* Addresses and sockets of the IP engines: parsing, printing, classes of addresses, buffers.  No
 * global state; any thread, except that net_resolve() may ask a name server and therefore
 * belongs on the main thread. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

union net_address {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

enum { NET_ADDRESS_TEXT = 80 };

static inline socklen_t net_address_bytes(const union net_address *a)
{
	return a->sa.sa_family == AF_INET6 ? sizeof(a->v6) : sizeof(a->v4);
}

static inline unsigned net_port(const union net_address *a)
{
	/* The port stands at the same place in both families. */
	return ntohs(a->v4.sin_port);
}

static inline void net_set_port(union net_address *a, unsigned port)
{
	a->v4.sin_port = htons((uint16_t)port);
}

/* A literal ("127.0.0.1", "::1", "[::1]", "fe80::1%eth0") or a name.  option is what an error
 * names: "--host nowhere: Name or service not known".  -EINVAL, also for a link-local address
 * without its interface.  net_resolve_all(): up to max addresses of this family (AF_UNSPEC: any)
 * in getaddrinfo(3)'s order, the two families taking turns (RFC 8305, section 4); returns how
 * many, at least 1.  net_resolve(): the first. */
int net_resolve_all(const char *text, const char *option, unsigned port, int family, union net_address *ret_addresses,
	unsigned max, struct err *err);
int net_resolve(const char *text, const char *option, unsigned port, union net_address *ret_address, struct err *err);

/* "127.0.0.1:5000", "[::1]:5000"; without the port "127.0.0.1", "::1".  Return out. */
char *net_format(const union net_address *a, char *out, size_t size);
char *net_format_host(const union net_address *a, char *out, size_t size);

bool net_same_host(const union net_address *a, const union net_address *b);
bool net_is_any(const union net_address *a);      /* 0.0.0.0, :: */
bool net_is_loopback(const union net_address *a); /* 127/8, ::1 */
/* Multicast, limited broadcast, the broadcast address of 127/8, or this-network 0/8: nothing
 * that a datagram may honestly come from.  IPv4-mapped addresses are judged by what they map. */
bool net_is_group(const union net_address *a);
/* Is it an address of this host? */
bool net_is_here(const union net_address *a);
/* The index of the interface that has this address, or that its scope names ("fe80::1%eth0"); 0:
 * none has it (if_nametoindex(3)). */
unsigned net_interface_index(const union net_address *a);
/* The interface that traffic with this address crosses: "lo" for addresses of this host, "" if
 * unknown. */
void net_interface(const union net_address *a, char *out, size_t size);

/* Makes sure that this process may open so many descriptors beside those that it has, and raises
 * its soft limit where the hard one lets it (getrlimit(2), RLIMIT_NOFILE).  -EINVAL names the
 * option that asks for them: "--sockets 5000: needs about 5256 descriptors, and this process may
 * have 1024 (ulimit -n)".  Main thread. */
int net_allow_descriptors(unsigned more, const char *option, unsigned value, struct err *err);
/* The soft limit of descriptors becomes `wanted` if it is lower, as far as the hard one allows;
 * that is raised too, where it may be (CAP_SYS_RESOURCE).  Returns the limit that there is then. */
uint64_t net_raise_descriptors(uint64_t wanted);

/* Binds a TCP socket and listens.  share: others may listen there, too (SO_REUSEPORT, Linux >=
 * 3.9).  A port 0 becomes the one that was chosen.  0, or -errno with *err. */
int net_listen(int fd, union net_address *a, int backlog, bool share, struct err *err);

/* The fragments that a datagram of so many bytes goes as on the route of a connected UDP socket
 * (ip(7), ipv6(7): IP_MTU, IPV6_MTU); 1: it goes whole, 0: not known. */
unsigned net_fragments(int fd, uint32_t datagram_bytes);

/* The hardware address of an interface, in the namespace that the socket fd lives in; zeros where
 * it has none or is not there (netdevice(7), SIOCGIFHWADDR). */
void net_mac(int fd, const char *interface, uint8_t ret_mac[6]);

/* A number for this CLOCK_MONOTONIC: equal in all processes that share the clock, almost surely
 * different elsewhere; 0: unknown.  A container may have its own (time_namespaces(7), Linux >=
 * 5.6).  About 50 us. */
uint64_t net_clock_identity(void);

/* A socket is bound or connected: its packets are the process's own, see
 * base/privilege/own_ports.h.  One that was told of is closed by net_close(). */
void net_bound(int fd);
/* A TCP client whose server is not in this process gets a port of its own, before connect(2).
 * Where none is free the kernel finds one as it connects, and no capture shows the connection. */
void net_bind_any(int fd, int family);
/* close(2); -1 does no harm. */
void net_close(int fd);

/* SO_RCVBUF or SO_SNDBUF.  force: beyond net.core.[rw]mem_max where the privilege is there.
 * *ret_bytes is what was granted, in the unit of the request (the kernel keeps twice that, see
 * socket(7)).  0 or -errno. */
int net_set_buffer(int fd, int option, int bytes, bool force, int *ret_bytes, struct err *err);
