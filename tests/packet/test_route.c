/* Routes, interfaces and neighbours as rtnetlink tells them, in namespaces of the test's own. */
#include "netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/capability.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../support/asserts.h"
#include "../support/leaks.h"
#include "base/clock.h"
#include "engines/packet/route.h"

/* The time suffices on a busy machine; it is short where nobody is expected to answer. */
#define PATIENCE_NS   (10 * (int64_t)NS_PER_S)
#define IMPATIENCE_NS (50 * (int64_t)NS_PER_MS)

static struct router router;

static int open_router(void **state)
{
	struct err err = ERR_NONE;

	(void)state;
	if (router_open(&router, &path_loopback, NULL, ROLE_SERVER, &err) < 0)
		fail_msg("%s", err.text);
	return 0;
}

static int close_router(void **state)
{
	(void)state;
	router_close(&router);
	router_close(&router);
	return 0;
}

/* Finds the way to a host, from an address or NULL; fails the test where there is none. */
static struct route way_to(const char *to, const char *from)
{
	union net_address target = netns_address(to), own = from ? netns_address(from) : (union net_address){ 0 };
	struct route route = { 0 };
	struct err err = ERR_NONE;

	if (router_find(&router, &target, from ? &own : NULL, PATIENCE_NS, &route, &err) < 0)
		fail_msg("%s", err.text);
	return route;
}

/* Checks that there is no way, and the words that say so. */
static void no_way_to(const char *to, const char *from, int error, const char *words)
{
	union net_address target = netns_address(to), own = from ? netns_address(from) : (union net_address){ 0 };
	struct route route = { .interface = 77 };
	struct err err = ERR_NONE;
	int rc = router_find(&router, &target, from ? &own : NULL, IMPATIENCE_NS, &route, &err);

	if (rc != -error)
		fail_msg("to %s: %d, not %d: %s", to, rc, -error, err.text);
	assert_string_equal(err.text, words);
	assert_int_equal(route.interface, 77);
}

static void expect_from(const struct route *route, const char *from)
{
	char text[NET_ADDRESS_TEXT];

	assert_string_equal(net_format_host(&route->from, text, sizeof(text)), from);
	assert_int_equal(net_port(&route->from), 0);
}

/* ---- loopback ---- */

static void over_loopback(void **state)
{
	static const uint8_t none[6];
	struct route route;

	(void)state;
	netns_need();
	route = way_to("::1", NULL);
	assert_string_equal(route.name, "lo");
	assert_int_equal(route.interface, if_nametoindex("lo"));
	assert_true(route.loopback);
	assert_int_equal(route.mtu, 65536);
	expect_from(&route, "::1");
	assert_memory_equal(route.from_mac, none, 6);
	assert_memory_equal(route.to_mac, none, 6);
	/* An address of this host on another interface is reached over lo, too. */
	route = way_to("fd77::1", NULL);
	assert_string_equal(route.name, "lo");
	expect_from(&route, "fd77::1");
}

static void ipv4_over_loopback(void **state)
{
	(void)state;
	netns_need();
	no_way_to("127.0.0.1", NULL, ENOTSUP,
		"lo throws away frames for 127.0.0.1: use IPv6 (::1), or set net.ipv4.conf.lo.route_localnet and "
		"net.ipv4.conf.lo.accept_local to 1");
	no_way_to("10.77.0.1", NULL, ENOTSUP,
		"lo throws away frames for 10.77.0.1: use IPv6 (::1), or set net.ipv4.conf.lo.accept_local to 1");
	netns_lo_switch("accept_local", true);
	struct route route = way_to("10.77.0.1", NULL);
	assert_string_equal(route.name, "lo");
	expect_from(&route, "10.77.0.1");
	no_way_to("127.0.0.1", NULL, ENOTSUP,
		"lo throws away frames for 127.0.0.1: use IPv6 (::1), or set net.ipv4.conf.lo.route_localnet and "
		"net.ipv4.conf.lo.accept_local to 1");
	netns_lo_switch("route_localnet", true);
	route = way_to("127.0.0.1", NULL);
	expect_from(&route, "127.0.0.1");
	route = way_to("127.0.0.1", "127.0.0.2");
	expect_from(&route, "127.0.0.2");
	netns_lo_switch("route_localnet", false);
	netns_lo_switch("accept_local", false);
}

/* ---- a pair of interfaces ---- */

static void expect_peer(const struct route *route, const char *from)
{
	uint8_t own[6], there[6];

	netns_mac("va", own);
	netns_peer();
	netns_mac("vb", there);
	netns_home();
	assert_string_equal(route->name, "va");
	assert_int_equal(route->interface, if_nametoindex("va"));
	assert_false(route->loopback);
	assert_int_equal(route->mtu, 1500);
	expect_from(route, from);
	assert_memory_equal(route->from_mac, own, 6);
	assert_memory_equal(route->to_mac, there, 6);
}

/* The neighbour is not known at first: the kernel is made to look. */
static void over_a_pair(void **state)
{
	struct route route;

	(void)state;
	netns_need();
	netns_run("ip neigh flush dev va");
	route = way_to("10.77.0.2", NULL);
	expect_peer(&route, "10.77.0.1");
	route = way_to("fd77::2", NULL);
	expect_peer(&route, "fd77::1");
	netns_run("ip addr add 10.77.0.9/24 dev va");
	route = way_to("10.77.0.2", "10.77.0.9");
	expect_peer(&route, "10.77.0.9");
	route = way_to("10.77.0.2", "0.0.0.0");
	expect_peer(&route, "10.77.0.1");
	netns_run("ip addr del 10.77.0.9/24 dev va");
}

static void through_a_gateway(void **state)
{
	struct route route;

	(void)state;
	netns_need();
	netns_run("ip route add 192.0.2.0/24 via 10.77.0.2 && ip -6 route add 2001:db8::/32 via fd77::2");
	route = way_to("192.0.2.5", NULL);
	expect_peer(&route, "10.77.0.1");
	route = way_to("2001:db8::5", NULL);
	expect_peer(&route, "fd77::1");
	netns_run("ip route del 192.0.2.0/24 && ip -6 route del 2001:db8::/32");
	/* IPv4 through an IPv6 neighbour */
	netns_run("ip route add 192.0.2.0/24 via inet6 fd77::2 dev va");
	route = way_to("192.0.2.5", NULL);
	expect_peer(&route, "10.77.0.1");
	netns_run("ip route del 192.0.2.0/24");
}

/* The smaller MTU of interface and route counts. */
static void least_mtu(void **state)
{
	(void)state;
	netns_need();
	netns_run("ip route add 192.0.2.0/24 via 10.77.0.2 mtu 1300");
	assert_int_equal(way_to("192.0.2.5", NULL).mtu, 1300);
	netns_run("ip link set va mtu 1280");
	assert_int_equal(way_to("192.0.2.5", NULL).mtu, 1280);
	assert_int_equal(way_to("10.77.0.2", NULL).mtu, 1280);
	netns_run("ip link set va mtu 1500 && ip route del 192.0.2.0/24");
}

/* ---- no way ---- */

static void no_route(void **state)
{
	(void)state;
	netns_need();
	no_way_to("192.0.2.5", NULL, ENETUNREACH, "no route to 192.0.2.5");
	no_way_to("2001:db8::5", NULL, ENETUNREACH, "no route to 2001:db8::5");
	netns_run("ip route add unreachable 192.0.2.0/24 && ip -6 route add unreachable 2001:db8::/32");
	no_way_to("192.0.2.5", NULL, ENETUNREACH, "no route to 192.0.2.5");
	no_way_to("2001:db8::5", NULL, ENETUNREACH, "no route to 2001:db8::5");
	netns_run("ip route del unreachable 192.0.2.0/24 && ip -6 route del unreachable 2001:db8::/32");
}

static void no_answer(void **state)
{
	int64_t start = clock_now_ns();

	(void)state;
	netns_need();
	no_way_to("10.77.0.99", NULL, EHOSTUNREACH, "10.77.0.99 does not answer on va: no hardware address in 0.1 s");
	no_way_to("fd77::99", NULL, EHOSTUNREACH, "fd77::99 does not answer on va: no hardware address in 0.1 s");
	assert_at_least(clock_now_ns() - start, 2 * IMPATIENCE_NS);
}

static void groups(void **state)
{
	(void)state;
	netns_need();
	no_way_to("224.0.0.1", NULL, EINVAL, "no frame to 224.0.0.1: a group's address");
	no_way_to("ff02::1", NULL, EINVAL, "no frame to ff02::1: a group's address");
	no_way_to("255.255.255.255", NULL, EINVAL, "no frame to 255.255.255.255: a group's address");
	no_way_to("10.77.0.255", NULL, EINVAL, "no frame to 10.77.0.255: a group's address");
}

static void not_our_address(void **state)
{
	(void)state;
	netns_need();
	no_way_to("10.77.0.2", "192.0.2.77", ENETUNREACH, "no route to 10.77.0.2 from 192.0.2.77");
}

static void no_address(void **state)
{
	(void)state;
	netns_need();
	netns_run("ip link add bare type veth peer name wire && ip link set bare up && ip link set wire up && "
		  "ip addr flush dev va && ip route add 192.0.2.0/24 dev bare");
	no_way_to("192.0.2.5", NULL, EADDRNOTAVAIL, "bare has no IPv4 address to send from");
	netns_run("ip link del bare && ip addr add 10.77.0.1/24 dev va && ip addr add fd77::1/64 dev va nodad");
}

static void no_ethernet(void **state)
{
	(void)state;
	netns_need();
	if (access("/dev/net/tun", F_OK)) {
		print_message("no /dev/net/tun here\n");
		skip();
	}
	netns_run("ip tuntap add dev tun0 mode tun && ip addr add 192.0.2.1/24 dev tun0 && ip link set tun0 up");
	no_way_to("192.0.2.5", NULL, EAFNOSUPPORT, "tun0 has no Ethernet frames (link type 65534)");
	netns_run("ip link del tun0");
}

/* Without CAP_NET_ADMIN a datagram makes the kernel look. */
static void unprivileged(void **state)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct held[2], fewer[2];

	(void)state;
	netns_need();
	netns_run("ip neigh flush dev va");
	assert_int_equal(syscall(SYS_capget, &header, held), 0);
	memcpy(fewer, held, sizeof(held));
	fewer[0].effective &= ~(1u << CAP_NET_ADMIN);
	assert_int_equal(syscall(SYS_capset, &header, fewer), 0);
	struct route four = way_to("10.77.0.2", NULL), six = way_to("fd77::2", NULL);
	assert_int_equal(syscall(SYS_capset, &header, held), 0);
	expect_peer(&four, "10.77.0.1");
	expect_peer(&six, "fd77::1");
}

/* ---- life ---- */

static int no_socket(void *state, enum role role, int domain, int type, int protocol, struct err *err)
{
	(void)state, (void)role, (void)domain, (void)type, (void)protocol;
	return err_sys(err, EMFILE, "socket");
}

static void leaves_nothing(void **state)
{
	static const struct path broken = { .name = "broken", .socket = no_socket };
	struct router other = { 0 };
	struct err err = ERR_NONE;
	unsigned fds = open_fds();

	(void)state;
	netns_need();
	router_close(&other);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(router_open(&other, &path_loopback, NULL, ROLE_SERVER, &err), 0);
		router_close(&other);
	}
	assert_int_equal(router_open(&other, &broken, NULL, ROLE_SERVER, &err), -EMFILE);
	router_close(&other);
	assert_int_equal(open_fds(), fds);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_router, close_router)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(over_loopback),
		TEST(ipv4_over_loopback),
		TEST(over_a_pair),
		TEST(through_a_gateway),
		TEST(least_mtu),
		TEST(no_route),
		TEST(no_answer),
		TEST(groups),
		TEST(not_our_address),
		TEST(no_address),
		TEST(no_ethernet),
		TEST(unprivileged),
		TEST(leaves_nothing),
	};

	if (netns_make())
		netns_pair();
	return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
