/* Which packets are this process's own: those of the sockets that it has, by local address and
 * port, from when they were bound until they were closed.
 *
 * Who may capture with somebody else's privilege (a file capability) must not see somebody else's
 * packets: captures/ asks here before it writes or shows one.  Sockets are added by the workers
 * that own them: listening ones after bind(2), UDP ones after bind(2) or connect(2), and TCP
 * clients before connect(2), bound to any address and a free port: nobody else can have that port
 * then, so no more need be known of a connection.  Sockets that accept(2) gives have the port of
 * the listening one, and need not be added.
 *
 * Any thread.  Adding and removing take a lock, asking does not. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum own {
	OWN_NO,
	OWN_YES,
	OWN_IF_HERE, /* if the address is one of this host's: the socket is bound to any */
};

/* A bound socket of family AF_INET or AF_INET6.  Without memory, or beyond 32 local addresses, its
 * packets are not known as own ones: they are missing in a capture. */
void own_ports_add(int fd);
/* close(2) of a socket that may have been added; -1 does no harm.  What its peer says later is
 * nobody's, since the port may be anybody's; but for the 200 ms after a TCP connection was closed
 * by this side first, which keeps the port. */
void own_ports_close(int fd);
/* Had this process a socket with this address (4 bytes with family 4, 16 with 6), protocol
 * (IPPROTO_) and port at this time (CLOCK_REALTIME)?  To the millisecond. */
enum own own_ports_ask(unsigned family, const uint8_t *address, int protocol, uint16_t port, int64_t wall_ns);
