/* See multicast.h. */
#include "engines/fanout/multicast.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "engines/fanout/sockets.h"
#include "mode/path.h"

enum { V6_MAPPED = 12 /* bytes before the IPv4 address in a mapped one */ };

/* ---- the interface ---- */

static bool needs_interface(const union net_address *group)
{
	const struct in6_addr *six = &group->v6.sin6_addr;

	return group->sa.sa_family == AF_INET6 && (IN6_IS_ADDR_MC_LINKLOCAL(six) || IN6_IS_ADDR_MC_NODELOCAL(six));
}

/* The side's interface; 0: routing chooses. */
static unsigned interface_of(const struct plan *plan, const struct fanout_shared *s)
{
	const union net_address *at = s->at.listens ? &s->at.listen[0] : &s->at.host;
	unsigned index = s->group.sa.sa_family == AF_INET6 ? s->group.v6.sin6_scope_id : 0;

	if (plan->path->interface_index)
		return plan->path->interface_index;
	if (!index)
		index = net_interface_index(at);
	return index || s->at.listens ? index : if_nametoindex(plan->interface);
}

static int choose_interface(struct plan *plan, struct fanout_shared *s, struct err *err)
{
	char text[NET_ADDRESS_TEXT];

	s->multicast_interface = interface_of(plan, s);
	if (!needs_interface(&s->group))
		return 0;
	net_format_host(&s->group, text, sizeof(text));
	if (!s->multicast_interface)
		return err_say(err, EINVAL,
			"--group %s: a group of one link, and which one is not known: --group %s%%eth0, or an address of one "
			"interface",
			text, text);
	s->group.v6.sin6_scope_id = s->multicast_interface;
	return 0;
}

/* ---- sockets ---- */

static int join_v4(const struct fanout_shared *s, int fd)
{
	struct ip_mreqn join = { .imr_multiaddr = s->group.v4.sin_addr, .imr_address = s->at.listen[0].v4.sin_addr };

	return setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join));
}

static int join_v6(const struct fanout_shared *s, int fd)
{
	struct ipv6_mreq join = { .ipv6mr_multiaddr = s->group.v6.sin6_addr, .ipv6mr_interface = s->multicast_interface };

	return setsockopt(fd, SOL_IPV6, IPV6_JOIN_GROUP, &join, sizeof(join));
}

/* All have the same address. */
static int join(struct fanout_shared *s, int fd, union net_address *a, struct err *err)
{
	char text[NET_ADDRESS_TEXT];
	int rc = fanout_socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR", err);

	*a = s->group;
	if (rc < 0 || (rc = fanout_socket_bind(fd, a, err)) < 0)
		return rc;
	net_set_port(&s->group, net_port(a));
	rc = a->sa.sa_family == AF_INET6 ? join_v6(s, fd) : join_v4(s, fd);
	return rc < 0 ? err_sys(err, errno, "join the group %s", net_format(a, text, sizeof(text))) : 0;
}

int fanout_join(struct worker *w, int fd, union net_address *a, struct err *err)
{
	return join(fanout_shared_of(w), fd, a, err);
}

static int leave_by_v6(const struct fanout_shared *s, int fd, struct err *err)
{
	int rc = fanout_socket_set(fd, SOL_IPV6, IPV6_MULTICAST_IF, (int)s->multicast_interface, "IPV6_MULTICAST_IF", err);

	if (rc >= 0)
		rc = fanout_socket_set(fd, SOL_IPV6, IPV6_MULTICAST_HOPS, 1, "IPV6_MULTICAST_HOPS", err);
	return rc < 0 ? rc : fanout_socket_set(fd, SOL_IPV6, IPV6_MULTICAST_LOOP, 1, "IPV6_MULTICAST_LOOP", err);
}

static int leave_by_v4(const struct fanout_shared *s, int fd, struct err *err)
{
	struct ip_mreqn by = { .imr_ifindex = (int)s->multicast_interface };

	/* 127.0.0.2 and its like are lo's, though no interface has them. */
	if (net_is_here(&s->at.host))
		by = (struct ip_mreqn){ .imr_address = s->at.host.v4.sin_addr };
	if (setsockopt(fd, SOL_IP, IP_MULTICAST_IF, &by, sizeof(by)) < 0)
		return err_sys(err, errno, "setsockopt IP_MULTICAST_IF");
	int rc = fanout_socket_set(fd, SOL_IP, IP_MULTICAST_TTL, 1, "IP_MULTICAST_TTL", err);
	return rc < 0 ? rc : fanout_socket_set(fd, SOL_IP, IP_MULTICAST_LOOP, 1, "IP_MULTICAST_LOOP", err);
}

static int leave_by(const struct fanout_shared *s, int fd, struct err *err)
{
	return s->group.sa.sa_family == AF_INET6 ? leave_by_v6(s, fd, err) : leave_by_v4(s, fd, err);
}

int fanout_leave_by(struct worker *w, int fd, struct err *err)
{
	return leave_by(fanout_shared_of(w), fd, err);
}

/* ---- the plan ---- */

/* One datagram to a socket of the group, as the run would send them. */
static bool comes_back(const struct fanout_shared *s, int in, int out)
{
	enum { PATIENCE_MS = 100 };
	struct fanout_shared copy = *s;
	struct pollfd p = { .fd = in, .events = POLLIN };
	struct err ignored = ERR_NONE;
	union net_address a;

	return join(&copy, in, &a, &ignored) >= 0 && leave_by(&copy, out, &ignored) >= 0 &&
	       sendto(out, "", 1, 0, &copy.group.sa, net_address_bytes(&copy.group)) == 1 && poll(&p, 1, PATIENCE_MS) > 0;
}

/* lo takes IPv6 multicast only where the kernel was told that all groups are its own. */
static int check_loopback(const struct plan *plan, const struct fanout_shared *s, struct err *err)
{
	char text[NET_ADDRESS_TEXT];
	int in, out;

	if (s->group.sa.sa_family != AF_INET6 || s->multicast_interface != if_nametoindex("lo"))
		return 0;
	in = path_socket(plan, ROLE_SERVER, AF_INET6, SOCK_DGRAM, 0, err);
	out = path_socket(plan, ROLE_CLIENT, AF_INET6, SOCK_DGRAM, 0, err);
	bool works = in >= 0 && out >= 0 && comes_back(s, in, out);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	if (works)
		return 0;
	return err_say(err, ENOTSUP,
		"--method multicast: lo delivers nothing to %s (ip -6 route add local ff00::/8 dev lo changes that; or --host "
		"with the address of another interface, or 127.0.0.1)",
		net_format_host(&s->group, text, sizeof(text)));
}

static bool is_multicast(const union net_address *a)
{
	return a->sa.sa_family == AF_INET6 ? IN6_IS_ADDR_MULTICAST(&a->v6.sin6_addr) : IN_MULTICAST(ntohl(a->v4.sin_addr.s_addr));
}

int fanout_plan_group(const struct options *o, struct plan *plan, struct fanout_shared *s, struct err *err)
{
	bool six = plan->address_family == AF_INET6;
	const char *text = options_is_set(o, "group") ? options_text(o, "group") : six ? "ff02::4e44" : "239.255.78.68";
	int rc = net_resolve(text, "group", 0, &s->group, err);

	if (rc < 0)
		return rc;
	if (!is_multicast(&s->group))
		return err_say(err, EINVAL, "--group %s: not a multicast address (224.0.0.0 to 239.255.255.255, ff00::/8)", text);
	if (s->group.sa.sa_family != plan->address_family)
		return err_say(err, EINVAL, "--group %s: of IPv%c, and this run is over IPv%c (--host, --listen)", text,
			six ? '4' : '6', six ? '6' : '4');
	rc = choose_interface(plan, s, err);
	return rc < 0 ? rc : check_loopback(plan, s, err);
}

/* ---- the hello ---- */

struct hello_group fanout_group_of(const struct fanout_shared *s)
{
	struct hello_group g = { 0 };

	if (!s->method->multicast)
		return g;
	if (s->group.sa.sa_family == AF_INET6) {
		memcpy(g.bytes, &s->group.v6.sin6_addr, sizeof(g.bytes));
		return g;
	}
	g.bytes[V6_MAPPED - 2] = g.bytes[V6_MAPPED - 1] = 0xff;
	memcpy(g.bytes + V6_MAPPED, &s->group.v4.sin_addr, sizeof(s->group.v4.sin_addr));
	return g;
}

int fanout_take_group(struct worker *w, const struct hello_group *g, struct err *err)
{
	struct fanout_shared *s = fanout_shared_of(w);
	bool six = g->bytes[0] == 0xff;
	char text[NET_ADDRESS_TEXT];

	if (!s->method->multicast)
		return 0;
	if (!hello_has_group(g) || six != (s->at.host.sa.sa_family == AF_INET6))
		return err_say(err, EPROTO, "%s: the readers have joined no group of the family of this address",
			net_format(&s->at.host, text, sizeof(text)));
	if (six)
		memcpy(&s->group.v6.sin6_addr, g->bytes, sizeof(g->bytes));
	else
		memcpy(&s->group.v4.sin_addr, g->bytes + V6_MAPPED, sizeof(s->group.v4.sin_addr));
	return 0;
}
