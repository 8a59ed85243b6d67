/* Method packet of the UDP port: datagrams to many sockets, in namespaces of the test's own. */
#include "netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../support/asserts.h"
#include "../support/leaks.h"
#include "engines/packet/hosts.h"
#include "engines/udp/packet.h"

enum { READERS_MOST = 1000, BYTES = 200, DEADLINE_MS = 5000 };

struct rig {
	struct udp_port *port;
	unsigned fds;
	unsigned readers;
	int fd[READERS_MOST];
	union net_address at[READERS_MOST];
};

/* Opens the port on a socket of this family; 0 or -errno. */
static int open_port(struct rig *r, int family, const union net_address *peer, unsigned batch, uint32_t bytes, struct err *err)
{
	struct udp_config config = {
		.path = &path_loopback,
		.fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0),
		.connected = peer,
		.batch = batch,
		.datagram_bytes = BYTES,
		.send_bytes = bytes,
	};

	if (peer)
		assert_int_equal(connect(config.fd, &peer->sa, net_address_bytes(peer)), 0);
	int rc = udp_packet.open(&udp_packet, &config, &r->port, err);
	if (rc < 0)
		close(config.fd);
	return rc;
}

/* Opens readers at host, in the other namespace where `away`, and a port that expects them. */
static void rig_open(struct rig *r, const char *host, bool away, unsigned readers, unsigned batch)
{
	struct err err = ERR_NONE;

	*r = (struct rig){ .fds = open_fds(), .readers = readers };
	assert_int_equal(net_allow_descriptors(readers, "readers", readers, &err), 0);
	if (away)
		netns_peer();
	for (unsigned i = 0; i < readers; i++)
		r->fd[i] = netns_bound_socket(host, &r->at[i]);
	if (away)
		netns_home();
	if (open_port(r, r->at[0].sa.sa_family, NULL, batch, BYTES, &err) < 0)
		fail_msg("%s", err.text);
	for (unsigned i = 0; i < readers; i++)
		if (r->port->method->expect(r->port, &r->at[i], &err) < 0)
			fail_msg("%s", err.text);
}

static void rig_close(struct rig *r)
{
	udp_packet.close(r->port);
	for (unsigned i = 0; i < r->readers; i++)
		close(r->fd[i]);
	assert_int_equal(open_fds(), r->fds);
}

/* Sends one burst to readers first, first + 1, ..., each with its number and that of the round at
 * the beginning; returns how many were taken. */
static unsigned send_to(struct rig *r, unsigned first, unsigned count, unsigned round)
{
	struct udp_send *slot;
	struct err err = ERR_NONE;
	unsigned room = r->port->method->send_slots(r->port, &slot);

	if (count > room)
		count = room;
	for (unsigned i = 0; i < count; i++) {
		unsigned mark[2] = { first + i, round };

		memcpy(slot[i].data, mark, sizeof(mark));
		slot[i].len = 20 + (first + i) % (BYTES - 20);
		slot[i].to = &r->at[first + i];
	}
	int taken = r->port->method->send_burst(r->port, count, &err);
	if (taken < 0)
		fail_msg("%s", err.text);
	return (unsigned)taken;
}

static void await(int fd, short events)
{
	struct pollfd wait = { .fd = fd, .events = events };

	assert_int_equal(poll(&wait, 1, DEADLINE_MS), 1);
}

/* Datagrams come from the port's own address. */
static void expect_at(struct rig *r, unsigned reader, unsigned round)
{
	unsigned mark[2];
	uint8_t data[BYTES + 1];
	union net_address from, own;
	socklen_t size = sizeof(from), own_size = sizeof(own);

	await(r->fd[reader], POLLIN);
	assert_int_equal(recvfrom(r->fd[reader], data, sizeof(data), 0, &from.sa, &size), 20 + reader % (BYTES - 20));
	memcpy(mark, data, sizeof(mark));
	assert_int_equal(mark[0], reader);
	assert_int_equal(mark[1], round);
	assert_int_equal(getsockname(r->port->config.fd, &own.sa, &own_size), 0);
	assert_int_equal(net_port(&from), net_port(&own));
}

static void expect_no_more(struct rig *r)
{
	uint8_t byte;

	for (unsigned i = 0; i < r->readers; i++)
		assert_int_equal(recv(r->fd[i], &byte, 1, MSG_DONTWAIT), -1);
}

/* ---- what arrives ---- */

static void to_all(const char *host, bool away, unsigned readers, unsigned batch, unsigned rounds)
{
	static struct rig r;

	rig_open(&r, host, away, readers, batch);
	assert_string_equal(r.port->ran, "packet");
	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned sent = 0; sent < readers;) {
			unsigned taken = send_to(&r, sent, readers - sent, round);

			assert_more(taken, 0);
			sent += taken;
		}
		for (unsigned i = 0; i < readers; i++)
			expect_at(&r, i, round);
	}
	expect_no_more(&r);
	assert_int_equal(r.port->totals.sent_packets, readers * rounds);
	assert_int_equal(r.port->totals.send_errors, 0);
	/* One call a burst. */
	assert_int_equal(r.port->totals.syscalls, rounds * ((readers + batch - 1) / batch));
	rig_close(&r);
}

static void over_loopback(void **state)
{
	(void)state;
	netns_need();
	to_all("::1", false, 1, 1, 20);
	to_all("::1", false, 37, 8, 20);
	to_all("127.0.0.1", false, 37, 8, 20);
}

static void over_a_pair(void **state)
{
	(void)state;
	netns_need();
	to_all("10.77.0.2", true, 37, 8, 20);
	to_all("fd77::2", true, 37, 64, 20);
}

static void thousand_readers(void **state)
{
	(void)state;
	netns_need();
	to_all("::1", false, READERS_MOST, 64, 10);
}

/* Slots keep what was written to them; payload may be elsewhere, and shared. */
static void payload_where_it_likes(void **state)
{
	struct rig r;
	struct udp_send *slot;
	struct err err = ERR_NONE;
	uint8_t shared[50], data[BYTES + 1];

	(void)state;
	netns_need();
	rig_open(&r, "::1", false, 4, 4);
	assert_int_equal(r.port->method->send_slots(r.port, &slot), 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(slot[i].len, BYTES);
		memset(slot[i].data, (int)(1 + i), BYTES);
	}
	uint8_t *own = slot[3].data;
	for (int round = 0; round < 3; round++) {
		memset(shared, 100 + round, sizeof(shared));
		assert_int_equal(r.port->method->send_slots(r.port, &slot), 4);
		for (unsigned i = 0; i < 4; i++)
			slot[i] = (struct udp_send){
				.data = i < 3 ? shared : own, .len = i < 3 ? 49 + i % 2 : BYTES, .to = &r.at[i]
			};
		assert_int_equal(r.port->method->send_burst(r.port, 4, &err), 4);
		for (unsigned i = 0; i < 4; i++) {
			await(r.fd[i], POLLIN);
			assert_int_equal(recv(r.fd[i], data, sizeof(data), 0), slot[i].len);
			assert_memory_equal(data, slot[i].data, slot[i].len);
		}
	}
	rig_close(&r);
}

static void connected(void **state)
{
	struct rig r = { .fds = open_fds(), .readers = 1 };
	struct udp_send *slot;
	struct err err = ERR_NONE;

	(void)state;
	netns_need();
	r.fd[0] = netns_bound_socket("::1", &r.at[0]);
	if (open_port(&r, AF_INET6, &r.at[0], 4, BYTES, &err) < 0)
		fail_msg("%s", err.text);
	r.port->method->send_slots(r.port, &slot);
	memset(slot[0].data, 0, 8);
	slot[0].len = 20;
	assert_null(slot[0].to);
	assert_int_equal(r.port->method->send_burst(r.port, 1, &err), 1);
	expect_at(&r, 0, 0);
	/* The reader has gone: the ICMP error that comes back says so. */
	close(r.fd[0]);
	r.readers = 0;
	assert_int_equal(r.port->method->send_burst(r.port, 1, &err), 1);
	await(r.port->wait, r.port->wait_in);
	struct udp_datagram *burst;
	assert_int_equal(r.port->method->recv_burst(r.port, 4, &burst, &err), 0);
	assert_int_equal(r.port->totals.refused, 1);
	assert_more(r.port->totals.unreachable, 0);
	rig_close(&r);
}

/* The port receives the datagrams that come to its socket, and answers through it. */
static void receives_and_answers(void **state)
{
	struct rig r;
	struct err err = ERR_NONE;
	struct udp_datagram *burst;
	union net_address own;
	socklen_t size = sizeof(own);
	char answer[8] = "";

	(void)state;
	netns_need();
	rig_open(&r, "::1", false, 1, 4);
	assert_int_equal(getsockname(r.port->config.fd, &own.sa, &size), 0);
	own.v6.sin6_addr = in6addr_loopback;
	assert_int_equal(sendto(r.fd[0], "hello", 5, 0, &own.sa, size), 5);
	await(r.port->wait, r.port->wait_in);
	assert_int_equal(r.port->method->recv_burst(r.port, 4, &burst, &err), 1);
	assert_int_equal(burst->len, 5);
	assert_memory_equal(burst->data, "hello", 5);
	struct udp_reply reply = { .to = burst, .len = 5, .packets = 1 };
	assert_int_equal(r.port->method->reply_burst(r.port, &reply, 1, &err), 1);
	r.port->method->release(r.port);
	await(r.fd[0], POLLIN);
	assert_int_equal(recv(r.fd[0], answer, sizeof(answer), 0), 5);
	assert_string_equal(answer, "hello");
	assert_int_equal(r.port->totals.sent_packets, 1);
	assert_int_equal(r.port->totals.syscalls, 2);
	uint32_t drops = 77;
	assert_int_equal(r.port->method->drops(r.port, &drops), 0);
	assert_int_equal(drops, 0);
	rig_close(&r);
}

/* ---- limits ---- */

static void longer_than_the_mtu(void **state)
{
	struct rig r = { .fds = open_fds() };
	union net_address to = netns_address("10.77.0.2");
	struct err err = ERR_NONE;
	struct udp_send *slot;

	(void)state;
	netns_need();
	net_set_port(&to, 9);
	assert_int_equal(open_port(&r, AF_INET, NULL, 4, 1473, &err), 0);
	assert_int_equal(r.port->method->expect(r.port, &to, &err), -EMSGSIZE);
	assert_string_equal(err.text, "1473 bytes to 10.77.0.2 are too long for one frame: at most 1472 over va (MTU 1500)");
	rig_close(&r);
	/* The second one is longer than the port was made for. */
	rig_open(&r, "::1", false, 3, 4);
	r.port->method->send_slots(r.port, &slot);
	for (unsigned i = 0; i < 3; i++)
		slot[i] = (struct udp_send){ .data = slot[i].data, .len = i == 1 ? BYTES + 1 : 20, .to = &r.at[i] };
	memset(slot[0].data, 0, 8);
	memcpy(slot[2].data, (unsigned[]){ 2, 0 }, 8);
	slot[2].len = 22;
	assert_int_equal(r.port->method->send_burst(r.port, 3, &err), 3);
	expect_at(&r, 0, 0);
	expect_at(&r, 2, 0);
	expect_no_more(&r);
	assert_int_equal(r.port->totals.sent_packets, 2);
	assert_int_equal(r.port->totals.send_errors, 1);
	assert_int_equal(r.port->totals.send_errno, EMSGSIZE);
	rig_close(&r);
}

static void limits_by_plan(void **state)
{
	struct plan plan = { .path = &path_loopback, .interface = "va", .address_family = AF_INET };
	struct method_limits limits = { .workers = 4, .datagram_bytes = 65507 };

	(void)state;
	netns_need();
	udp_packet.method.limits(NULL, &plan, ROLE_CLIENT, &limits);
	assert_int_equal(limits.workers, 4);
	assert_int_equal(limits.datagram_bytes, 1472);
	assert_string_equal(limits.bytes_why, "one frame each, and va has an MTU of 1500");
	plan.address_family = AF_INET6;
	limits.datagram_bytes = 65507;
	udp_packet.method.limits(NULL, &plan, ROLE_CLIENT, &limits);
	assert_int_equal(limits.datagram_bytes, 1452);
	/* An unknown MTU sets no limit. */
	limits = (struct method_limits){ .datagram_bytes = 65507 };
	memcpy(plan.interface, "none", 5);
	udp_packet.method.limits(NULL, &plan, ROLE_CLIENT, &limits);
	assert_int_equal(limits.datagram_bytes, 65507);
	assert_string_equal(limits.bytes_why, "");
}

static void one_interface(void **state)
{
	struct rig r;
	union net_address away = netns_address("fd77::2"), family = netns_address("10.77.0.2");
	struct err err = ERR_NONE;

	(void)state;
	netns_need();
	rig_open(&r, "::1", false, 1, 4);
	assert_int_equal(r.port->method->expect(r.port, &away, &err), -ENOTSUP);
	assert_string_equal(
		err.text, "fd77::2 is reached through va, and the others through lo: method packet sends through one");
	err_clear(&err);
	assert_true(r.port->method->expect(r.port, &family, &err) < 0);
	assert_true(send_to(&r, 0, 1, 5) == 1);
	expect_at(&r, 0, 5);
	rig_close(&r);
}

static void hosts_are_limited(void **state)
{
	struct rig r = { .fds = open_fds() };
	union net_address to = netns_address("127.0.0.1");
	struct err err = ERR_NONE;

	(void)state;
	netns_need();
	assert_int_equal(open_port(&r, AF_INET, NULL, 4, BYTES, &err), 0);
	for (unsigned i = 0; i < FRAME_HOSTS; i++) {
		to.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i);
		assert_int_equal(r.port->method->expect(r.port, &to, &err), 0);
	}
	assert_int_equal(r.port->method->expect(r.port, &to, &err), 0);
	to.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + FRAME_HOSTS);
	assert_int_equal(r.port->method->expect(r.port, &to, &err), -ENOTSUP);
	assert_string_equal(err.text, "method packet sends to at most 64 hosts");
	rig_close(&r);
}

/* ---- faults ---- */

static void no_way(void **state)
{
	struct rig r = { .fds = open_fds() };
	union net_address to = netns_address("192.0.2.5");
	struct err err = ERR_NONE;
	struct udp_send *slot;

	(void)state;
	netns_need();
	net_set_port(&to, 9);
	assert_int_equal(open_port(&r, AF_INET, NULL, 4, BYTES, &err), 0);
	assert_int_equal(r.port->method->expect(r.port, &to, &err), -ENETUNREACH);
	assert_string_equal(err.text, "no route to 192.0.2.5");
	err_clear(&err);
	r.port->method->send_slots(r.port, &slot);
	slot[0].to = &to;
	assert_int_equal(r.port->method->send_burst(r.port, 1, &err), -ENETUNREACH);
	assert_string_equal(err.text, "no route to 192.0.2.5");
	rig_close(&r);
}

/* A device that keeps frames fills the ring: the port offers the others again, and they arrive. */
static void full_ring(void **state)
{
	struct rig r;
	unsigned sent = 0, got = 0;

	(void)state;
	netns_need();
	if (system("tc qdisc replace dev va root tbf rate 8bit burst 1600 limit 1mb 2>/dev/null")) {
		print_message("no token bucket filter here\n");
		skip();
	}
	rig_open(&r, "10.77.0.2", true, 1, 512);
	while (!r.port->totals.send_busy)
		sent += send_to(&r, 0, 1, sent);
	assert_at_least(sent, 512);
	struct pollfd wait = { .fd = r.port->wait, .events = r.port->wait_out };
	assert_int_equal(poll(&wait, 1, 0), 0);
	netns_run("tc qdisc del dev va root");
	await(r.port->wait, r.port->wait_out);
	assert_int_equal(send_to(&r, 0, 1, sent), 1);
	/* The queue is thrown away with the frames that it held. */
	for (unsigned mark[2] = { 0, 0 }; mark[1] != sent; got++) {
		uint8_t data[BYTES];

		await(r.fd[0], POLLIN);
		assert_int_equal(recv(r.fd[0], data, sizeof(data), 0), 20);
		memcpy(mark, data, sizeof(mark));
	}
	assert_at_least(got, 1);
	assert_int_equal(r.port->totals.sent_packets, sent + 1);
	rig_close(&r);
}

static void interface_goes(void **state)
{
	struct rig r = { .fds = open_fds() };
	union net_address to = netns_address("fd99::2");
	struct err err = ERR_NONE;

	(void)state;
	netns_need();
	netns_run("ip link add gone type veth peer name wire && ip link set wire up && ip link set gone up && "
		  "ip -6 addr add fd99::1/64 dev gone nodad && ip -6 neigh add fd99::2 lladdr 2:0:0:0:0:9 dev gone");
	assert_int_equal(open_port(&r, AF_INET6, NULL, 4, BYTES, &err), 0);
	if (r.port->method->expect(r.port, &to, &err) < 0)
		fail_msg("%s", err.text);
	r.at[0] = to;
	assert_int_equal(send_to(&r, 0, 1, 1), 1);
	assert_int_equal(r.port->totals.sent_packets, 1);
	netns_run("ip link del gone");
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(send_to(&r, 0, 1, 1), 1);
	assert_int_equal(r.port->totals.sent_packets, 1);
	assert_int_equal(r.port->totals.send_errors, 3);
	rig_close(&r);
}

/* The socket stays the caller's. */
static void fails_to_open(void **state)
{
	struct rig r = { .fds = open_fds() };
	struct err err = ERR_NONE;
	union net_address nobody = netns_address("10.77.0.99");

	(void)state;
	netns_need();
	net_set_port(&nobody, 9);
	assert_int_equal(open_port(&r, AF_INET, &nobody, 4, BYTES, &err), -EHOSTUNREACH);
	assert_contains(err.text, "10.77.0.99 does not answer on va");
	assert_int_equal(open_fds(), r.fds);
	udp_packet.close(NULL);
}

static void leaves_nothing(void **state)
{
	struct rig r;

	(void)state;
	netns_need();
	for (int i = 0; i < 10; i++) {
		rig_open(&r, "::1", false, 3, 16);
		assert_int_equal(send_to(&r, 0, 3, 0), 3);
		rig_close(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(over_loopback),
		cmocka_unit_test(over_a_pair),
		cmocka_unit_test(thousand_readers),
		cmocka_unit_test(payload_where_it_likes),
		cmocka_unit_test(connected),
		cmocka_unit_test(receives_and_answers),
		cmocka_unit_test(longer_than_the_mtu),
		cmocka_unit_test(limits_by_plan),
		cmocka_unit_test(one_interface),
		cmocka_unit_test(hosts_are_limited),
		cmocka_unit_test(no_way),
		cmocka_unit_test(full_ring),
		cmocka_unit_test(interface_goes),
		cmocka_unit_test(fails_to_open),
		cmocka_unit_test(leaves_nothing),
	};

	if (netns_make()) {
		netns_pair();
		netns_lo_switch("route_localnet", true);
		netns_lo_switch("accept_local", true);
	}
	return cmocka_run_group_tests_name("method packet", tests, NULL, NULL);
}
