/* See pair.h.  rtnetlink(7) by libmnl. */
#include "path/veth/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "path/veth/impair.h"
#include "path/veth/netlink.h"
#include "path/veth/offload.h"

enum {
	READY_WAIT_MS = 2000, /* each time; whoever started the helper waits longer */
	MAC_BYTES = 6,
	LOOPBACK_INDEX = 1, /* in every namespace */
};

/* The end of one side. */
static const struct end {
	uint8_t mac[MAC_BYTES]; /* one's own choice: bit 1 of the first byte */
	uint8_t four[4], six[16];
} ends[VETH_SIDES] = {
	[VETH_SERVER] = { .mac = { 2, 0, 0, 0, 0, 1 }, .four = { 198, 18, 0, 1 }, .six = { 0x20, 0x01, 0, 2, [15] = 1 } },
	[VETH_CLIENT] = { .mac = { 2, 0, 0, 0, 0, 2 }, .four = { 198, 18, 0, 2 }, .six = { 0x20, 0x01, 0, 2, [15] = 2 } },
};

void veth_address(enum veth_side side, int family, struct sockaddr_storage *ret_address)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

	memset(ret_address, 0, sizeof(*ret_address));
	if (family == AF_INET6) {
		memcpy(&six.sin6_addr, ends[side].six, sizeof(ends[side].six));
		memcpy(ret_address, &six, sizeof(six));
		return;
	}
	memcpy(&four.sin_addr, ends[side].four, sizeof(ends[side].four));
	memcpy(ret_address, &four, sizeof(four));
}

/* ---- namespaces ---- */

/* Says what stands in the way, in words that a user can act on. */
static int say_forbidden(int errnum, struct err *err)
{
	char users[32], nets[32];

	if (errnum == ENOSPC) {
		file_read_line("/proc/sys/user/max_user_namespaces", users, sizeof(users));
		file_read_line("/proc/sys/user/max_net_namespaces", nets, sizeof(nets));
		return err_say(err, errnum,
			"no more user or network namespaces are allowed (sysctl user.max_user_namespaces = %s, "
			"user.max_net_namespaces = %s)",
			*users ? users : "?", *nets ? nets : "?");
	}
	if (errnum == EPERM || errnum == EACCES)
		return err_say(err, errnum,
			"this system forbids user namespaces to ordinary users (a container, or sysctl "
			"kernel.unprivileged_userns_clone or kernel.apparmor_restrict_unprivileged_userns): run as root");
	if (errnum == EINVAL || errnum == ENOSYS)
		return err_say(err, errnum, "this kernel has no user or network namespaces (CONFIG_USER_NS, CONFIG_NET_NS)");
	return err_sys(err, errnum, "unshare user and network namespaces");
}

/* Root does not need a user namespace, and may have to do without. */
static int unshare_first(struct err *err)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)
		return 0;
	int first = errno;

	return unshare(CLONE_NEWNET) == 0 ? 0 : say_forbidden(first, err);
}

static int keep_space(int *ret_space, struct err *err)
{
	static const char here[] = "/proc/thread-self/ns/net";

	*ret_space = open(here, O_RDONLY | O_CLOEXEC);
	return *ret_space < 0 ? err_sys(err, errno, "open %s", here) : 0;
}

static int make_spaces(struct veth_pair *pair, struct err *err)
{
	int rc = unshare_first(err);

	if (rc < 0 || (rc = keep_space(&pair->space[VETH_CLIENT], err)) < 0)
		return rc;
	if (unshare(CLONE_NEWNET) < 0)
		return say_forbidden(errno, err);
	return keep_space(&pair->space[VETH_SERVER], err);
}

int veth_pair_enter(const struct veth_pair *pair, enum veth_side side, struct err *err)
{
	return setns(pair->space[side], CLONE_NEWNET) < 0 ? err_sys(err, errno, "enter a network namespace") : 0;
}

/* ---- the devices ---- */

static void put_end(struct nlmsghdr *m, enum veth_side side, const struct veth_shape *shape)
{
	mnl_attr_put_strz(m, IFLA_IFNAME, VETH_INTERFACE);
	mnl_attr_put(m, IFLA_ADDRESS, MAC_BYTES, ends[side].mac);
	mnl_attr_put_u32(m, IFLA_MTU, shape->mtu_bytes);
	mnl_attr_put_u32(m, IFLA_NUM_TX_QUEUES, shape->queues);
	mnl_attr_put_u32(m, IFLA_NUM_RX_QUEUES, shape->queues);
}

/* In the server's namespace, with the other end in the client's. */
static int make_devices(struct talk *t, const struct veth_pair *pair, const struct veth_shape *shape, struct err *err)
{
	struct ifinfomsg *link = talk_request(t, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(*link));
	struct nlmsghdr *m = t->message;

	link->ifi_index = VETH_INTERFACE_INDEX;
	put_end(m, VETH_SERVER, shape);
	struct nlattr *info = mnl_attr_nest_start(m, IFLA_LINKINFO);
	mnl_attr_put_strz(m, IFLA_INFO_KIND, "veth");
	struct nlattr *data = mnl_attr_nest_start(m, IFLA_INFO_DATA), *peer = mnl_attr_nest_start(m, VETH_INFO_PEER);
	link = mnl_nlmsg_put_extra_header(m, sizeof(*link));
	link->ifi_index = VETH_INTERFACE_INDEX;
	put_end(m, VETH_CLIENT, shape);
	mnl_attr_put_u32(m, IFLA_NET_NS_FD, (uint32_t)pair->space[VETH_CLIENT]);
	mnl_attr_nest_end(m, peer);
	mnl_attr_nest_end(m, data);
	mnl_attr_nest_end(m, info);
	int rc = talk_ask(t);

	if (rc == -EOPNOTSUPP)
		return err_say(err, EOPNOTSUPP, "this kernel has no veth devices (CONFIG_VETH)");
	if (rc == -EPERM)
		return say_forbidden(EPERM, err);
	return rc < 0 ? err_sys(err, -rc, "make a pair of veth devices") : 0;
}

static int set_up(struct talk *t, const char *name, unsigned index, struct err *err)
{
	struct ifinfomsg *link = talk_request(t, RTM_NEWLINK, 0, sizeof(*link));

	link->ifi_index = (int)index;
	link->ifi_flags = link->ifi_change = IFF_UP;
	int rc = talk_ask(t);

	return rc < 0 ? err_sys(err, -rc, "set %s up", name) : 0;
}

/* No address of the link's own: making one would send packets that no run has sent. */
static int without_link_local(struct talk *t)
{
	struct ifinfomsg *link = talk_request(t, RTM_NEWLINK, 0, sizeof(*link));
	struct nlattr *families, *six;

	link->ifi_index = VETH_INTERFACE_INDEX;
	families = mnl_attr_nest_start(t->message, IFLA_AF_SPEC);
	six = mnl_attr_nest_start(t->message, AF_INET6);
	mnl_attr_put_u8(t->message, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(t->message, six);
	mnl_attr_nest_end(t->message, families);
	return talk_ask(t);
}

/* ---- addresses ---- */

static const void *end_address(enum veth_side side, int family)
{
	return family == AF_INET6 ? ends[side].six : ends[side].four;
}

static size_t address_bytes(int family)
{
	return family == AF_INET6 ? sizeof(ends[0].six) : sizeof(ends[0].four);
}

static int add_address(struct talk *t, enum veth_side side, int family)
{
	struct ifaddrmsg *a = talk_request(t, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*a));

	a->ifa_family = (uint8_t)family;
	a->ifa_prefixlen = family == AF_INET6 ? 64 : 24;
	/* It is not asked whether somebody else has it: nobody else is there. */
	a->ifa_flags = IFA_F_NODAD;
	a->ifa_index = VETH_INTERFACE_INDEX;
	mnl_attr_put(t->message, IFA_LOCAL, address_bytes(family), end_address(side, family));
	mnl_attr_put(t->message, IFA_ADDRESS, address_bytes(family), end_address(side, family));
	return talk_ask(t);
}

static int add_neighbour(struct talk *t, enum veth_side neighbour, int family)
{
	struct ndmsg *n = talk_request(t, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*n));

	n->ndm_family = (uint8_t)family;
	n->ndm_ifindex = VETH_INTERFACE_INDEX;
	n->ndm_state = NUD_PERMANENT;
	mnl_attr_put(t->message, NDA_DST, address_bytes(family), end_address(neighbour, family));
	mnl_attr_put(t->message, NDA_LLADDR, MAC_BYTES, ends[neighbour].mac);
	return talk_ask(t);
}

static int give_addresses(struct talk *t, enum veth_side side, struct err *err)
{
	enum veth_side other = side == VETH_SERVER ? VETH_CLIENT : VETH_SERVER;
	int rc;

	if ((rc = add_address(t, side, AF_INET)) < 0 || (rc = add_neighbour(t, other, AF_INET)) < 0)
		return err_sys(err, -rc, "give %s its address", VETH_INTERFACE);
	/* Where there is no IPv6, whoever asks for it is told so by bind(2). */
	if (add_address(t, side, AF_INET6) == 0)
		add_neighbour(t, other, AF_INET6);
	return 0;
}

/* ---- one side after the other ---- */

static int impair_side(enum veth_side side, const struct veth_shape *shape, struct err *err)
{
	int rc = 0;

	if (shape->rate_bits_per_s)
		rc = veth_limit_rate(shape->rate_bits_per_s, shape->mtu_bytes, err);
	if (rc >= 0 && veth_is_emulated(shape))
		rc = veth_emulate(shape, err);
	if (rc >= 0 && shape->loss_of_100000)
		rc = veth_lose(shape->loss_of_100000, shape->seed, side, err);
	return rc;
}

static int dress_side(const struct veth_pair *pair, enum veth_side side, const struct veth_shape *shape, struct err *err)
{
	struct talk t = { 0 };
	int rc = veth_pair_enter(pair, side, err);

	if (rc < 0)
		return rc;
	rc = talk_open(&t, NETLINK_ROUTE, err);
	if (rc >= 0)
		rc = set_up(&t, "lo", LOOPBACK_INDEX, err);
	if (rc >= 0) {
		without_link_local(&t);
		rc = veth_set_offload(VETH_INTERFACE, shape->offload, err);
	}
	if (rc >= 0)
		rc = impair_side(side, shape, err);
	if (rc >= 0)
		rc = set_up(&t, VETH_INTERFACE, VETH_INTERFACE_INDEX, err);
	if (rc >= 0)
		rc = give_addresses(&t, side, err);
	talk_close(&t);
	return rc;
}

/* "Running" is said a moment before the device's queue is there, and of a device whose state is not
 * known yet; what is sent then is thrown away.  Asking for the link takes the lock that the kernel
 * holds meanwhile, and has it do what it has put off (linkwatch_sync_dev(), Linux 6.8). */
static bool has_carrier(int fd)
{
	struct ethtool_value link = { .cmd = ETHTOOL_GLINK };
	struct ifreq request = { .ifr_name = VETH_INTERFACE };

	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0 || !(request.ifr_flags & IFF_RUNNING))
		return false;
	request.ifr_data = (void *)&link;
	return ioctl(fd, SIOCETHTOOL, &request) == 0 && link.data;
}

/* A device begins to send a little after the other end has come up; until then it throws away. */
static int await_carrier(struct err *err)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(err, errno, "socket");
	for (int ms = 0; ms < READY_WAIT_MS && !has_carrier(fd); ms++)
		poll(NULL, 0, 1);
	bool there = has_carrier(fd);
	close(fd);
	return there ? 0 : err_say(err, ENETDOWN, "%s does not come up", VETH_INTERFACE);
}

static int keep_route_type(const struct nlmsghdr *m, void *ret_type)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(m);

	*(unsigned char *)ret_type = route->rtm_type;
	return MNL_CB_OK;
}

/* Does the kernel take packets for this side's IPv6 address for its own?  Where there is none, as
 * there is no IPv6, no route leads there. */
static bool takes_six(struct talk *t, enum veth_side side)
{
	struct rtmsg *route = talk_request(t, RTM_GETROUTE, 0, sizeof(*route));
	unsigned char type = RTN_UNSPEC;

	route->rtm_family = AF_INET6;
	route->rtm_dst_len = 8 * sizeof(ends[side].six);
	mnl_attr_put(t->message, RTA_DST, sizeof(ends[side].six), ends[side].six);
	return talk_dump(mnl_socket_get_fd(t->netlink), t->message, keep_route_type, &type) < 0 || type == RTN_LOCAL;
}

/* A new IPv6 address can be bound to at once, but the kernel adds the route by which packets for it
 * are taken in later, and in a work queue, even without duplicate address detection
 * (addrconf_dad_work()).  Until then they are thrown away. */
static int await_six(enum veth_side side, struct err *err)
{
	struct talk t = { 0 };
	int rc = talk_open(&t, NETLINK_ROUTE, err);

	for (int ms = 0; rc >= 0 && ms < READY_WAIT_MS && !takes_six(&t, side); ms++)
		poll(NULL, 0, 1);
	if (rc >= 0 && !takes_six(&t, side))
		rc = err_say(err, ENETUNREACH, "%s takes no packets for its IPv6 address", VETH_INTERFACE);
	talk_close(&t);
	return rc;
}

static int await_side(const struct veth_pair *pair, enum veth_side side, struct err *err)
{
	int rc = veth_pair_enter(pair, side, err);

	if (rc >= 0)
		rc = await_carrier(err);
	return rc >= 0 ? await_six(side, err) : rc;
}

static int connect_spaces(const struct veth_pair *pair, const struct veth_shape *shape, struct err *err)
{
	struct talk t = { 0 };
	int rc = talk_open(&t, NETLINK_ROUTE, err);

	if (rc >= 0)
		rc = make_devices(&t, pair, shape, err);
	talk_close(&t);
	for (enum veth_side side = 0; rc >= 0 && side < VETH_SIDES; side++)
		rc = dress_side(pair, side, shape, err);
	for (enum veth_side side = 0; rc >= 0 && side < VETH_SIDES; side++)
		rc = await_side(pair, side, err);
	return rc;
}

int veth_pair_make(const struct veth_shape *shape, struct veth_pair *ret_pair, struct err *err)
{
	struct veth_pair pair = { .space = { -1, -1 } };
	int rc = make_spaces(&pair, err);

	if (rc >= 0)
		rc = connect_spaces(&pair, shape, err);
	if (rc >= 0) {
		*ret_pair = pair;
		return 0;
	}
	for (unsigned i = 0; i < VETH_SIDES; i++)
		if (pair.space[i] >= 0)
			close(pair.space[i]);
	return rc;
}
