/* Is a packet the run's own?  The kernel's filter goes by the run's ports, which others may use,
 * too, at another address or towards the same server: base/privilege/own_ports.h knows the
 * sockets.  Any thread. */
#pragma once

#include "record/packet.h"

enum { OWN_HOSTS_MAX = 64 };

/* The addresses of this host, for sockets that are bound to any. */
struct own_hosts {
	unsigned count;
	struct {
		unsigned family; /* 4, 6 */
		uint8_t address[16];
	} host[OWN_HOSTS_MAX];
};

/* As they are now; those beyond OWN_HOSTS_MAX are left out (getifaddrs(3)). */
void own_hosts_read(struct own_hosts *ret_hosts);
/* One end of it is a socket of this process; p->wall_ns is set.  What cannot be decoded is not. */
bool own_packet(const struct own_hosts *hosts, const struct packet *p);
