/* See own.h. */
#include "captures/own.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "base/privilege/own_ports.h"

static size_t own_bytes(unsigned family)
{
	return family == 4 ? 4 : 16;
}

static void own_host_add(struct own_hosts *hosts, unsigned family, const void *address)
{
	hosts->host[hosts->count].family = family;
	memcpy(hosts->host[hosts->count++].address, address, own_bytes(family));
}

void own_hosts_read(struct own_hosts *ret_hosts)
{
	struct ifaddrs *all = NULL;

	*ret_hosts = (struct own_hosts){ 0 };
	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *i = all; i && ret_hosts->count < OWN_HOSTS_MAX; i = i->ifa_next) {
		const struct sockaddr *a = i->ifa_addr;

		if (a && a->sa_family == AF_INET)
			own_host_add(ret_hosts, 4, &((const struct sockaddr_in *)a)->sin_addr);
		else if (a && a->sa_family == AF_INET6)
			own_host_add(ret_hosts, 6, &((const struct sockaddr_in6 *)a)->sin6_addr);
	}
	freeifaddrs(all);
}

static bool own_is_here(const struct own_hosts *hosts, unsigned family, const uint8_t *address)
{
	/* All of 127/8 is this host (RFC 1122, 3.2.1.3). */
	if (family == 4 && address[0] == 127)
		return true;
	for (unsigned i = 0; i < hosts->count; i++)
		if (hosts->host[i].family == family && !memcmp(hosts->host[i].address, address, own_bytes(family)))
			return true;
	return false;
}

static bool own_end(const struct own_hosts *hosts, const struct packet *p, const uint8_t *address, uint16_t port)
{
	enum own own = port ? own_ports_ask(p->family, address, p->protocol, port, p->wall_ns) : OWN_NO;

	return own == OWN_YES || (own == OWN_IF_HERE && own_is_here(hosts, p->family, address));
}

bool own_packet(const struct own_hosts *hosts, const struct packet *p)
{
	return p->family &&
	       (own_end(hosts, p, p->source, p->source_port) || own_end(hosts, p, p->destination, p->destination_port));
}
