/* See hosts.h. */
#include "engines/packet/hosts.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"

/* The kernel itself asks three times, a second apart (RFC 4861, 10; arp(7)). */
static const int64_t NEIGHBOUR_WAIT_NS = 3 * (int64_t)NS_PER_S;

/* ---- life ---- */

/* Finds the socket's address, and binds it if need be: frames carry a source port. */
static int hosts_read_ends(struct frame_hosts *h, const struct frame_hosts_config *config, struct err *err)
{
	int fd = config->fd;
	socklen_t size = sizeof(h->from);

	if (getsockname(fd, &h->from.sa, &size) < 0)
		return err_sys(err, errno, "getsockname");
	if (!net_port(&h->from) && bind(fd, &h->from.sa, net_address_bytes(&h->from)) < 0)
		return err_sys(err, errno, "bind to any port");
	size = sizeof(h->from);
	if (getsockname(fd, &h->from.sa, &size) < 0)
		return err_sys(err, errno, "getsockname");
	size = sizeof(h->peer);
	if (config->connected && getpeername(fd, &h->peer.sa, &size) < 0)
		return err_sys(err, errno, "getpeername");
	return 0;
}

int frame_hosts_open(struct frame_hosts *h, const struct frame_hosts_config *config, struct err *err)
{
	int rc;

	*h = (struct frame_hosts){ .method = config->method, .send_bytes = config->send_bytes };
	if ((rc = hosts_read_ends(h, config, err)) < 0)
		return rc;
	return router_open(&h->router, config->path, config->path_state, config->role, err);
}

void frame_hosts_close(struct frame_hosts *h)
{
	router_close(&h->router);
}

/* ---- hosts ---- */

static int hosts_use_interface(struct frame_hosts *h, const struct route *route, const union net_address *to, struct err *err)
{
	char host[NET_ADDRESS_TEXT];

	if (h->interface && h->interface != route->interface)
		return err_say(err, ENOTSUP, "%s is reached through %s, and the others through %s: method %s sends through one",
			net_format_host(to, host, sizeof(host)), route->name, h->interface_name, h->method);
	h->interface = route->interface;
	memcpy(h->interface_name, route->name, sizeof(h->interface_name));
	return 0;
}

static int hosts_add(struct frame_hosts *h, const union net_address *to, struct err *err)
{
	struct frame_host *host = &h->host[h->count];
	struct route route;
	int rc;

	if (h->count == FRAME_HOSTS)
		return err_say(err, ENOTSUP, "method %s sends to at most %d hosts", h->method, FRAME_HOSTS);
	if ((rc = router_find(&h->router, to, &h->from, NEIGHBOUR_WAIT_NS, &route, err)) < 0)
		return rc;
	if ((rc = frame_check_payload(to, route.name, route.mtu, h->send_bytes, err)) < 0)
		return rc;
	if ((rc = hosts_use_interface(h, &route, to, err)) < 0)
		return rc;
	struct frame_ends ends = { .from = route.from, .to = *to };
	memcpy(ends.from_mac, route.from_mac, sizeof(ends.from_mac));
	memcpy(ends.to_mac, route.to_mac, sizeof(ends.to_mac));
	net_set_port(&ends.from, net_port(&h->from));
	if ((rc = frame_template_init(&host->template, &ends, err)) < 0)
		return rc;
	host->payload_max = frame_payload_max(to->sa.sa_family, route.mtu);
	host->to = *to;
	h->latest = h->count++;
	return 0;
}

/* Readers of one host follow each other. */
int frame_hosts_find(struct frame_hosts *h, const union net_address *to, struct err *err)
{
	if (h->count && net_same_host(&h->host[h->latest].to, to))
		return 0;
	for (unsigned i = 0; i < h->count; i++) {
		if (!net_same_host(&h->host[i].to, to))
			continue;
		h->latest = i;
		return 0;
	}
	return hosts_add(h, to, err);
}
