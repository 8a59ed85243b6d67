/* See route.h. */
#include "engines/packet/route.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

enum {
	MESSAGE_BYTES = 8192, /* of the kernel's answers at most, says libmnl */
	ATTRIBUTES = 64,
	DISCARD_PORT = 9,
	LOOK_AGAIN_NS = 2 * NS_PER_MS,
	ANSWER_MS = 1000, /* the kernel answers at once */
	NUD_USABLE = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP,
};

/* The outcome of a request: its first answer's attributes, by number. */
struct route_answer {
	alignas(struct nlmsghdr) char buffer[MESSAGE_BYTES];
	const struct nlmsghdr *message; /* NULL: an acknowledgement only */
	const struct nlattr *attribute[ATTRIBUTES];
};

/* ---- talking to the kernel ---- */

int router_open(struct router *r, const struct path *path, void *path_state, enum role role, struct err *err)
{
	*r = (struct router){ .path = path, .path_state = path_state, .role = role };
	int fd = path->socket(path_state, role, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE, err);

	if (fd < 0)
		return fd;
	r->netlink = mnl_socket_fdopen(fd);
	if (!r->netlink) {
		int rc = err_sys(err, errno, "open an rtnetlink socket");

		close(fd);
		return rc;
	}
	struct timeval patience = { .tv_sec = ANSWER_MS / 1000 };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (mnl_socket_bind(r->netlink, 0, MNL_SOCKET_AUTOPID) < 0)
		return err_sys(err, errno, "bind an rtnetlink socket");
	r->port = mnl_socket_get_portid(r->netlink);
	return 0;
}

void router_close(struct router *r)
{
	if (r->netlink)
		mnl_socket_close(r->netlink);
	r->netlink = NULL;
}

/* A request is written where its answer will stand. */
static struct nlmsghdr *route_request(struct route_answer *a, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(a->buffer);

	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_REQUEST | flags;
	return m;
}

static int route_keep_attribute(const struct nlattr *attribute, void *answer)
{
	struct route_answer *a = answer;
	unsigned type = mnl_attr_get_type(attribute);

	if (type < ATTRIBUTES)
		a->attribute[type] = attribute;
	return MNL_CB_OK;
}

static size_t route_header_bytes(uint16_t type)
{
	return type == RTM_NEWROUTE  ? sizeof(struct rtmsg)
	       : type == RTM_NEWLINK ? sizeof(struct ifinfomsg)
				     : sizeof(struct ndmsg);
}

static int route_keep(const struct nlmsghdr *message, void *answer)
{
	struct route_answer *a = answer;

	a->message = message;
	return mnl_attr_parse(message, route_header_bytes(message->nlmsg_type), route_keep_attribute, a) < 0 ? MNL_CB_ERROR
													     : MNL_CB_STOP;
}

/* Sends the request that stands in a, and waits for its answer.  0 or -errno. */
static int route_ask(struct router *r, struct route_answer *a)
{
	struct nlmsghdr *m = (struct nlmsghdr *)a->buffer;
	ssize_t n;

	m->nlmsg_seq = ++r->sequence;
	a->message = NULL;
	memset(a->attribute, 0, sizeof(a->attribute));
	if (mnl_socket_sendto(r->netlink, m, m->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(r->netlink, a->buffer, sizeof(a->buffer));
	} while (n < 0 && errno == EINTR);
	if (n < 0 || mnl_cb_run(a->buffer, (size_t)n, r->sequence, r->port, route_keep, a) < 0)
		return -errno;
	return 0;
}

static uint32_t route_u32(const struct route_answer *a, unsigned type)
{
	return a->attribute[type] ? mnl_attr_get_u32(a->attribute[type]) : 0;
}

/* ---- addresses ---- */

static const void *route_address_at(const union net_address *a)
{
	return a->sa.sa_family == AF_INET6 ? (const void *)&a->v6.sin6_addr : (const void *)&a->v4.sin_addr;
}

static uint8_t route_address_bytes(int family)
{
	return family == AF_INET6 ? 16 : 4;
}

/* false where these are not the bytes of an address. */
static bool route_set_address(union net_address *a, int family, const void *bytes, size_t len)
{
	memset(a, 0, sizeof(*a));
	if ((family != AF_INET && family != AF_INET6) || len != route_address_bytes(family))
		return false;
	a->sa.sa_family = (sa_family_t)family;
	memcpy((void *)route_address_at(a), bytes, len);
	return true;
}

static const char *route_family_name(int family)
{
	return family == AF_INET6 ? "IPv6" : "IPv4";
}

/* ---- the route ---- */

/* From the kernel's answer: where a packet goes next. */
static int route_read_way(const struct route_answer *a, const union net_address *to, struct route *route, union net_address *hop)
{
	const struct rtmsg *way = mnl_nlmsg_get_payload(a->message);
	const struct nlattr *gateway = a->attribute[RTA_GATEWAY], *via = a->attribute[RTA_VIA];

	if (way->rtm_type != RTN_UNICAST && way->rtm_type != RTN_LOCAL)
		return way->rtm_type == RTN_BROADCAST || way->rtm_type == RTN_MULTICAST ? -EDESTADDRREQ : -ENETUNREACH;
	route->interface = route_u32(a, RTA_OIF);
	*hop = *to;
	if (gateway && !route_set_address(hop, way->rtm_family, mnl_attr_get_payload(gateway), mnl_attr_get_payload_len(gateway)))
		return -EPROTO;
	/* An IPv4 route through an IPv6 neighbour (Linux 5.2). */
	if (via && mnl_attr_get_payload_len(via) > sizeof(struct rtvia)) {
		const struct rtvia *v = mnl_attr_get_payload(via);

		if (!route_set_address(hop, v->rtvia_family, v->rtvia_addr, mnl_attr_get_payload_len(via) - sizeof(*v)))
			return -EPROTO;
	}
	return route->interface ? 0 : -ENETUNREACH;
}

static int route_keep_mtu(const struct nlattr *metric, void *mtu)
{
	if (mnl_attr_get_type(metric) == RTAX_MTU && mnl_attr_validate(metric, MNL_TYPE_U32) >= 0)
		*(uint32_t *)mtu = mnl_attr_get_u32(metric);
	return MNL_CB_OK;
}

static void route_put_query(struct nlmsghdr *m, const union net_address *to, const union net_address *from)
{
	struct rtmsg *query = mnl_nlmsg_put_extra_header(m, sizeof(*query));
	uint8_t bytes = route_address_bytes(to->sa.sa_family);

	query->rtm_family = (uint8_t)to->sa.sa_family;
	query->rtm_dst_len = (uint8_t)(bytes * 8);
	mnl_attr_put(m, RTA_DST, bytes, route_address_at(to));
	if (from) {
		query->rtm_src_len = (uint8_t)(bytes * 8);
		mnl_attr_put(m, RTA_SRC, bytes, route_address_at(from));
	}
	if (to->sa.sa_family == AF_INET6 && to->v6.sin6_scope_id)
		mnl_attr_put_u32(m, RTA_OIF, to->v6.sin6_scope_id);
}

static int route_read_answer(const struct route_answer *a, const union net_address *to, const union net_address *from,
	struct route *route, union net_address *hop)
{
	const struct nlattr *own = a->attribute[RTA_PREFSRC];
	int rc = route_read_way(a, to, route, hop);

	if (rc < 0)
		return rc;
	if (a->attribute[RTA_METRICS])
		mnl_attr_parse_nested(a->attribute[RTA_METRICS], route_keep_mtu, &route->mtu);
	if (from)
		route->from = *from;
	else if (own)
		route_set_address(&route->from, to->sa.sa_family, mnl_attr_get_payload(own), mnl_attr_get_payload_len(own));
	net_set_port(&route->from, 0);
	return 0;
}

static bool route_is_unreachable(int errnum)
{
	return errnum == ENETUNREACH || errnum == EHOSTUNREACH || errnum == EACCES || errnum == ENETDOWN;
}

static int route_look_up(struct router *r, const union net_address *to, const union net_address *from, struct route *route,
	union net_address *hop, struct err *err)
{
	struct route_answer answer;
	char host[NET_ADDRESS_TEXT], own[NET_ADDRESS_TEXT];

	route_put_query(route_request(&answer, RTM_GETROUTE, 0), to, from);
	int rc = route_ask(r, &answer);
	if (rc >= 0)
		rc = answer.message ? route_read_answer(&answer, to, from, route, hop) : -EPROTO;
	net_format_host(to, host, sizeof(host));
	if (rc == -EDESTADDRREQ)
		return err_say(err, EINVAL, "no frame to %s: a group's address", host);
	/* An address of somebody else is -EINVAL or -ENETUNREACH, by kernel. */
	if (from && (rc == -EINVAL || route_is_unreachable(-rc)))
		return err_say(err, ENETUNREACH, "no route to %s from %s", host, net_format_host(from, own, sizeof(own)));
	if (route_is_unreachable(-rc))
		return err_say(err, ENETUNREACH, "no route to %s", host);
	return rc < 0 ? err_sys(err, -rc, "look up the route to %s", host) : 0;
}

/* ---- the interface ---- */

static int route_check_interface(const struct route *route, const struct ifinfomsg *link, int family, struct err *err)
{
	if (link->ifi_type != ARPHRD_ETHER && link->ifi_type != ARPHRD_LOOPBACK)
		return err_say(err, EAFNOSUPPORT, "%s has no Ethernet frames (link type %u)", route->name, link->ifi_type);
	if (!(link->ifi_flags & IFF_UP))
		return err_say(err, ENETDOWN, "%s is down", route->name);
	if (!route->from.sa.sa_family)
		return err_say(err, EADDRNOTAVAIL, "%s has no %s address to send from", route->name, route_family_name(family));
	return 0;
}

static int route_read_interface(struct router *r, int family, struct route *route, struct err *err)
{
	struct route_answer answer;
	struct nlmsghdr *m = route_request(&answer, RTM_GETLINK, 0);
	struct ifinfomsg *query = mnl_nlmsg_put_extra_header(m, sizeof(*query));

	query->ifi_index = (int)route->interface;
	int rc = route_ask(r, &answer);
	if (rc < 0 || !answer.message)
		return err_sys(err, rc < 0 ? -rc : EPROTO, "look up interface %u", route->interface);
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(answer.message);
	const struct nlattr *name = answer.attribute[IFLA_IFNAME], *mac = answer.attribute[IFLA_ADDRESS];
	uint32_t mtu = route_u32(&answer, IFLA_MTU);

	if (name)
		snprintf(route->name, sizeof(route->name), "%s", mnl_attr_get_str(name));
	if (mac && mnl_attr_get_payload_len(mac) == sizeof(route->from_mac))
		memcpy(route->from_mac, mnl_attr_get_payload(mac), sizeof(route->from_mac));
	if (!route->mtu || mtu < route->mtu)
		route->mtu = mtu;
	route->loopback = link->ifi_flags & IFF_LOOPBACK;
	return route_check_interface(route, link, family, err);
}

/* A switch of one interface is on where that of all is, too. */
static bool route_switch_is_on(const char *interface, const char *name)
{
	const char *const whose[] = { "all", interface };
	char path[128], line[8];

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", whose[i], name);
		if (file_read_line(path, line, sizeof(line)) && line[0] != '0')
			return true;
	}
	return false;
}

static int route_check_loopback(const struct route *route, const union net_address *to, struct err *err)
{
	char host[NET_ADDRESS_TEXT];
	bool localnet = net_is_loopback(to) || net_is_loopback(&route->from);

	if (to->sa.sa_family != AF_INET || ((!localnet || route_switch_is_on(route->name, "route_localnet")) &&
						   route_switch_is_on(route->name, "accept_local")))
		return 0;
	return err_say(err, ENOTSUP, "%s throws away frames for %s: use IPv6 (::1), or set %snet.ipv4.conf.%s.accept_local to 1",
		route->name, net_format_host(to, host, sizeof(host)), localnet ? "net.ipv4.conf.lo.route_localnet and " : "",
		route->name);
}

/* ---- the next hop ---- */

static void route_put_neighbour(struct nlmsghdr *m, const struct route *route, const union net_address *hop, uint8_t flags)
{
	struct ndmsg *query = mnl_nlmsg_put_extra_header(m, sizeof(*query));

	query->ndm_family = (uint8_t)hop->sa.sa_family;
	query->ndm_ifindex = (int)route->interface;
	query->ndm_flags = flags;
	mnl_attr_put(m, NDA_DST, route_address_bytes(hop->sa.sa_family), route_address_at(hop));
}

/* 1: known, 0: not yet, or -errno. */
static int route_read_neighbour(struct router *r, struct route *route, const union net_address *hop)
{
	struct route_answer answer;

	route_put_neighbour(route_request(&answer, RTM_GETNEIGH, 0), route, hop, 0);
	int rc = route_ask(r, &answer);
	if (rc == -ENOENT || (rc >= 0 && !answer.message))
		return 0;
	if (rc < 0)
		return rc;
	const struct ndmsg *n = mnl_nlmsg_get_payload(answer.message);
	const struct nlattr *mac = answer.attribute[NDA_LLADDR];

	if (!(n->ndm_state & NUD_USABLE) || !mac || mnl_attr_get_payload_len(mac) != sizeof(route->to_mac))
		return 0;
	memcpy(route->to_mac, mnl_attr_get_payload(mac), sizeof(route->to_mac));
	return 1;
}

/* Makes the kernel look for the next hop: see route.h. */
static int route_start_looking(
	struct router *r, const struct route *route, const union net_address *to, const union net_address *hop, struct err *err)
{
	struct route_answer answer;

	route_put_neighbour(route_request(&answer, RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE), route, hop, NTF_USE);
	int rc = route_ask(r, &answer);
	if (rc != -EPERM)
		return rc < 0 ? err_sys(err, -rc, "ask the kernel to look for a neighbour on %s", route->name) : 0;
	union net_address discard = *to;
	int fd = r->path->socket(r->path_state, r->role, to->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0, err);

	if (fd < 0)
		return fd;
	net_set_port(&discard, DISCARD_PORT);
	rc = sendto(fd, "", 0, MSG_DONTWAIT, &discard.sa, net_address_bytes(&discard)) < 0 ? -errno : 0;
	close(fd);
	return rc < 0 ? err_sys(err, -rc, "look for a neighbour on %s", route->name) : 0;
}

static int route_resolve(struct router *r, const union net_address *to, const union net_address *hop, int64_t wait_ns,
	struct route *route, struct err *err)
{
	int64_t until = clock_now_ns() + wait_ns;
	char host[NET_ADDRESS_TEXT];
	bool asked = false;

	for (;;) {
		int known = route_read_neighbour(r, route, hop), rc;

		if (known)
			return known > 0 ? 0 : err_sys(err, -known, "look up a neighbour on %s", route->name);
		if (!asked && (rc = route_start_looking(r, route, to, hop, err)) < 0)
			return rc;
		asked = true;
		int64_t now = clock_now_ns();
		if (now >= until)
			break;
		clock_sleep_until(now + LOOK_AGAIN_NS < until ? now + LOOK_AGAIN_NS : until);
	}
	return err_say(err, EHOSTUNREACH, "%s does not answer on %s: no hardware address in %.1f s",
		net_format_host(hop, host, sizeof(host)), route->name, (double)wait_ns / NS_PER_S);
}

int router_find(struct router *r, const union net_address *to, const union net_address *from, int64_t wait_ns,
	struct route *ret_route, struct err *err)
{
	union net_address hop;
	struct route route = { 0 };
	char host[NET_ADDRESS_TEXT];
	int rc;

	if (from && net_is_any(from))
		from = NULL;
	if (net_is_group(to))
		return err_say(err, EINVAL, "no frame to %s: a group's address", net_format_host(to, host, sizeof(host)));
	if ((rc = route_look_up(r, to, from, &route, &hop, err)) < 0)
		return rc;
	if ((rc = route_read_interface(r, to->sa.sa_family, &route, err)) < 0)
		return rc;
	rc = route.loopback ? route_check_loopback(&route, to, err) : route_resolve(r, to, &hop, wait_ns, &route, err);
	if (rc >= 0)
		*ret_route = route;
	return rc;
}
