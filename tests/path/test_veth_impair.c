/* The impairments of path veth: the packets that are chosen to be lost, on paper and by the kernel;
 * the bytes that ask the kernel's emulator and those that it answers; a kernel that has none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../support/asserts.h"
#include "base/clock.h"
#include "engines/net/net.h"
#include "mode/engine.h"
#include "path/paths.h"
#include "path/veth/child.h"
#include "path/veth/helper.h"
#include "path/veth/impair.h"
#include "path/veth/netlink.h"
#include "path/veth/pair.h"

enum { DEADLINE_MS = 30000, PORT = 5000, PACKETS = 3000, BURST = 50, MOMENT_MS = 20, MESSAGE_BYTES = 1024 };

static const uint32_t shares[] = { 1, 100, 1000, 10000, 33333, 50000 };

/* ---- the choice ---- */

static uint32_t *choice(uint32_t count, uint64_t seed, enum veth_side side)
{
	uint32_t *number = calloc(count, sizeof(*number));

	assert_non_null(number);
	veth_choose(count, seed, side, number);
	return number;
}

/* However many packets there are: of the first n the share is lost, to less than a packet. */
static void first_ones_lose_their_share(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		uint32_t *number = choice(shares[i], 1, VETH_SERVER), lost = 0;

		for (uint32_t n = 0; n < VETH_OF_ALL; n++) {
			double wanted = (double)(n + 1) * shares[i] / VETH_OF_ALL;

			while (lost < shares[i] && number[lost] <= n)
				lost++;
			if (lost >= wanted + 1 || lost <= wanted - 1)
				fail_msg("of the first %u packets %u are lost, %.3f are wanted", n + 1, lost, wanted);
		}
		assert_int_equal(lost, shares[i]);
		free(number);
	}
}

static void seed_and_side_choose(void **state)
{
	const uint32_t count = 10000;
	uint32_t *one = choice(count, 1, VETH_SERVER), *again = choice(count, 1, VETH_SERVER);
	uint32_t *two = choice(count, 2, VETH_SERVER), *other = choice(count, 1, VETH_CLIENT);

	(void)state;
	assert_memory_equal(one, again, count * sizeof(*one));
	assert_memory_not_equal(one, two, count * sizeof(*one));
	assert_memory_not_equal(one, other, count * sizeof(*one));
	free(one);
	free(again);
	free(two);
	free(other);
}

/* All of them are lost, none is chosen twice. */
static void all_is_each_once(void **state)
{
	uint32_t *number = choice(VETH_OF_ALL, 1, VETH_SERVER);

	(void)state;
	for (uint32_t i = 0; i < VETH_OF_ALL; i++)
		assert_int_equal(number[i], i);
	free(number);
}

/* ---- by the kernel ---- */

/* "" or why namespaces, or losses in them, cannot be made here. */
static char reason[ERR_TEXT_BYTES];

static void need(void)
{
	if (!reason[0])
		return;
	print_message("losses on path veth do not run here: %s\n", reason);
	skip();
}

static int socket_on(const struct veth_child *child, enum veth_side side)
{
	const struct veth_socket wanted = { .side = side, .domain = AF_INET, .type = SOCK_DGRAM };
	struct err err = ERR_NONE;
	int tap = veth_child_tap(child, &wanted, &err), fd = tap < 0 ? tap : veth_child_take(tap, &err);

	if (fd < 0)
		fail_msg("%s", err.text);
	close(tap);
	return fd;
}

static union net_address server_address(void)
{
	struct sockaddr_storage at;
	union net_address a;

	veth_address(VETH_SERVER, AF_INET, &at);
	memcpy(&a, &at, sizeof(a));
	net_set_port(&a, PORT);
	return a;
}

/* Takes those that have come; marks them, and returns how many they were. */
static unsigned take_numbers(int fd, bool *came)
{
	uint32_t number;
	unsigned taken = 0;

	for (; recv(fd, &number, sizeof(number), MSG_DONTWAIT) == sizeof(number); taken++) {
		assert_less(number, PACKETS);
		came[number] = true;
	}
	return taken;
}

/* Sends numbered packets, one burst after the other, and sees which come: so many, and what else
 * may come right behind them. */
static void send_numbers(const struct veth_child *child, unsigned wanted, bool came[PACKETS])
{
	union net_address at = server_address();
	int in = socket_on(child, VETH_SERVER), out = socket_on(child, VETH_CLIENT);
	struct pollfd p = { .fd = in, .events = POLLIN };
	unsigned taken = 0;

	assert_int_equal(bind(in, &at.sa, net_address_bytes(&at)), 0);
	for (uint32_t i = 0; i < PACKETS; i++) {
		assert_int_equal(sendto(out, &i, sizeof(i), 0, &at.sa, net_address_bytes(&at)), sizeof(i));
		if (i % BURST == 0)
			taken += take_numbers(in, came);
	}
	close(out);
	while (poll(&p, 1, taken < wanted ? DEADLINE_MS : MOMENT_MS) > 0)
		taken += take_numbers(in, came);
	close(in);
	assert_int_equal(taken, wanted);
}

static bool is_chosen(const uint32_t *number, uint32_t count, uint32_t packet)
{
	for (uint32_t i = 0; i < count && number[i] <= packet; i++)
		if (number[i] == packet)
			return true;
	return false;
}

static unsigned count_wanted(const uint32_t *number, uint32_t count, bool others)
{
	unsigned wanted = 0;

	for (uint32_t n = 0; n < PACKETS; n++)
		wanted += is_chosen(number, count, n) == others;
	return wanted;
}

/* From 0.1 % to all: exactly those are lost that are chosen, or all but those. */
static void kernel_loses_those_that_are_chosen(void **state)
{
	static const uint32_t of_100000[] = { 100, 10000, 33333, 50000, 90000, VETH_OF_ALL };

	(void)state;
	need();
	for (unsigned i = 0; i < sizeof(of_100000) / sizeof(of_100000[0]); i++) {
		const struct veth_shape shape = { .mtu_bytes = 1500, .queues = 1, .loss_of_100000 = of_100000[i], .seed = 42 };
		bool others = of_100000[i] > VETH_OF_ALL / 2, came[PACKETS] = { false };
		uint32_t count = others ? VETH_OF_ALL - of_100000[i] : of_100000[i], *number = choice(count + 1, 0, 0);
		struct veth_child child;
		struct err err = ERR_NONE;

		veth_choose(count, 42, VETH_SERVER, number);
		if (veth_child_start(&shape, &child, &err) < 0)
			fail_msg("%s", err.text);
		send_numbers(&child, count_wanted(number, count, others), came);
		veth_child_end(&child);
		for (uint32_t n = 0; n < PACKETS; n++)
			if (came[n] == (is_chosen(number, count, n) != others))
				fail_msg("loss %u of 100000: packet %u %s", of_100000[i], n, came[n] ? "came" : "is lost");
		free(number);
	}
}

/* ---- netem's words ---- */

static struct nlmsghdr *queue_message(char buffer[MESSAGE_BYTES], uint16_t type)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(memset(buffer, 0, MESSAGE_BYTES));

	m->nlmsg_type = type;
	mnl_nlmsg_put_extra_header(m, sizeof(struct tcmsg));
	return m;
}

/* These bytes, as hexadecimal words, stand at `at`; returns how many there are. */
static size_t expect_bytes(const uint8_t *at, const char *what, const char *wanted)
{
	size_t bytes = 0;

	for (const char *c = wanted; *c; c += 2) {
		unsigned byte;

		c += *c == ' ';
		assert_int_equal(sscanf(c, "%2x", &byte), 1);
		if (at[bytes] != byte)
			fail_msg("%s: byte %zu is %02x, not %02x", what, bytes, at[bytes], byte);
		bytes++;
	}
	return bytes;
}

/* "delay 1ms reorder 25% duplicate 50%", and the seed. */
static void emulation_is_asked_for_in_these_bytes(void **state)
{
	static const struct {
		const char *what, *bytes;
	} wanted[] = {
		{ "TCA_KIND", "0a000100 6e657465 6d000000" },
		{ "TCA_OPTIONS: 15625 ticks, 2000 packets, no loss; gap, duplicate, no jitter",
			"40000280 093d0000 d0070000 00000000 01000000 00000080 00000000" },
		{ "TCA_NETEM_LATENCY64, TCA_NETEM_REORDER", "0c000a00 40420f00 00000000 0c000300 00000040 00000000" },
		{ "TCA_NETEM_PRNG_SEED: of 1", "0c000e00 c15c0289 ec2d0a91" },
	};
	const struct veth_shape shape = {
		.delay_ns = NS_PER_MS, .reorder_of_100000 = 25000, .duplicate_of_100000 = 50000, .seed = 1
	};
	alignas(struct nlmsghdr) char buffer[MESSAGE_BYTES];
	struct nlmsghdr *m = queue_message(buffer, RTM_NEWQDISC);
	const uint8_t *at = mnl_nlmsg_get_payload_tail(m);

	(void)state;
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		skip();
	veth_put_emulation(m, &shape);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		at += expect_bytes(at, wanted[i].what, wanted[i].bytes);
	assert_ptr_equal(at, mnl_nlmsg_get_payload_tail(m));
}

/* The options in the messages that tc of iproute2 6.1.0 sent (strace -e sendmsg) for
 * `tc qdisc add dev lo root netem WORDS limit ...`. */
static const struct {
	const char *words;
	struct veth_shape shape;
	uint8_t options[36]; /* struct tc_netem_qopt, and TCA_NETEM_REORDER where it is asked for */
	size_t bytes;
} by_tc[] = {
	{ "delay 1ms reorder 25% duplicate 50%",
		{ .delay_ns = NS_PER_MS, .reorder_of_100000 = 25000, .duplicate_of_100000 = 50000 },
		"\x09\x3d\x00\x00\xd0\x07\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x80\x00\x00\x00\x00"
		"\x0c\x00\x03\x00\x00\x00\x00\x40\x00\x00\x00",
		36 },
	{ "delay 10ms", { .delay_ns = 10 * NS_PER_MS },
		"\x5a\x62\x02\x00\xf8\x2a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 24 },
	{ "duplicate 10%", { .duplicate_of_100000 = 10000 },
		"\x00\x00\x00\x00\xe8\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x9a\x99\x99\x19\x00\x00\x00", 24 },
	{ "delay 5s", { .delay_ns = 5ll * NS_PER_S },
		"\xc8\x17\xa8\x04\xa0\x86\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 24 },
};

/* What we ask for beside that is the same time in ns, and the seed. */
static void expect_as_tc(const struct nlattr *options, unsigned i)
{
	enum { QOPT_BYTES = sizeof(struct tc_netem_qopt), SEED = 14 };
	const uint8_t *at = mnl_attr_get_payload(options);
	size_t left = mnl_attr_get_payload_len(options) - QOPT_BYTES;
	const struct nlattr *attribute = (const void *)(at + QOPT_BYTES);
	bool reorders = false;

	for (; mnl_attr_ok(attribute, (int)left); left -= MNL_ALIGN(attribute->nla_len), attribute = mnl_attr_next(attribute)) {
		unsigned type = mnl_attr_get_type(attribute);

		if (type == TCA_NETEM_LATENCY64)
			assert_int_equal(mnl_attr_get_u64(attribute), by_tc[i].shape.delay_ns);
		else if (type == TCA_NETEM_REORDER)
			reorders = by_tc[i].bytes > QOPT_BYTES &&
				   !memcmp(attribute, by_tc[i].options + QOPT_BYTES, attribute->nla_len);
		else
			assert_int_equal(type, SEED);
	}
	assert_int_equal(left, 0);
	if (memcmp(at, by_tc[i].options, QOPT_BYTES) != 0 || reorders != (by_tc[i].bytes > QOPT_BYTES))
		fail_msg("netem %s is not asked for as tc does", by_tc[i].words);
}

static void emulation_is_what_tc_asks_for(void **state)
{
	alignas(struct nlmsghdr) char buffer[MESSAGE_BYTES];
	const struct nlattr *attribute;

	(void)state;
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		skip();
	for (unsigned i = 0; i < sizeof(by_tc) / sizeof(by_tc[0]); i++) {
		struct nlmsghdr *m = queue_message(buffer, RTM_NEWQDISC);

		veth_put_emulation(m, &by_tc[i].shape);
		mnl_attr_for_each(attribute, m, sizeof(struct tcmsg)) if (mnl_attr_get_type(attribute) == TCA_OPTIONS)
			expect_as_tc(attribute, i);
	}
}

static void only_what_needs_it_is_emulated(void **state)
{
	(void)state;
	assert_false(veth_is_emulated(&(struct veth_shape){ .loss_of_100000 = 1, .rate_bits_per_s = 8000, .seed = 1 }));
	assert_true(veth_is_emulated(&(struct veth_shape){ .delay_ns = 1 }));
	assert_true(veth_is_emulated(&(struct veth_shape){ .reorder_of_100000 = 1 }));
	assert_true(veth_is_emulated(&(struct veth_shape){ .duplicate_of_100000 = 1 }));
}

static void put_statistics(struct nlmsghdr *m, const char *kind, uint64_t more_packets)
{
	const struct gnet_stats_basic basic = { .bytes = 77, .packets = 100 };
	const struct gnet_stats_queue queue = { .qlen = 3, .drops = 4, .requeues = 5 };
	struct nlattr *statistics;

	mnl_attr_put_strz(m, TCA_KIND, kind);
	statistics = mnl_attr_nest_start(m, TCA_STATS2);
	mnl_attr_put(m, TCA_STATS_BASIC, sizeof(basic), &basic);
	mnl_attr_put(m, TCA_STATS_QUEUE, sizeof(queue), &queue);
	if (more_packets)
		mnl_attr_put_u64(m, TCA_STATS_PKT64, more_packets);
	mnl_attr_nest_end(m, statistics);
}

static void emulated(const char *kind, uint64_t more_packets, struct veth_queued *sum)
{
	alignas(struct nlmsghdr) char buffer[MESSAGE_BYTES];
	struct nlmsghdr *m = queue_message(buffer, RTM_NEWQDISC);

	put_statistics(m, kind, more_packets);
	veth_add_queued(m, sum);
}

/* Of the queue in front of the others alone: it counts theirs, too. */
static void drops_are_read_where_all_are_counted(void **state)
{
	static const uint32_t parent[] = { TC_H_ROOT, 0x10001, TC_H_ROOT };
	alignas(struct nlmsghdr) char buffer[MESSAGE_BYTES];
	struct veth_queued sum = { 0 };

	(void)state;
	for (unsigned i = 0; i < sizeof(parent) / sizeof(parent[0]); i++) {
		struct nlmsghdr *m = queue_message(buffer, RTM_NEWQDISC);

		((struct tcmsg *)mnl_nlmsg_get_payload(m))->tcm_parent = parent[i];
		put_statistics(m, i == 1 ? "netem" : "tbf", 0);
		veth_add_queued(m, &sum);
	}
	assert_int_equal(sum.dropped, 8);
	assert_int_equal(sum.held, 6);
	assert_int_equal(sum.packets, 107);
}

static void emulated_packets_are_read_and_summed(void **state)
{
	alignas(struct nlmsghdr) char buffer[MESSAGE_BYTES];
	struct veth_queued sum = { 0 };

	(void)state;
	emulated("netem", 0, &sum);
	assert_int_equal(sum.packets, 107);
	assert_int_equal(sum.reordered, 5);
	/* The other side, whose packets are more than 32 bits hold; and queues of another kind. */
	emulated("netem", 1ull << 40, &sum);
	emulated("tbf", 0, &sum);
	veth_add_queued(queue_message(buffer, RTM_NEWQDISC), &sum);
	assert_int_equal(sum.packets, 107 + (1ull << 40) + 7);
	assert_int_equal(sum.reordered, 10);
}

/* ---- a kernel without it ---- */

static const char no_emulator[] = "this kernel has no network emulator netem (CONFIG_NET_SCH_NETEM)";

/* The helper that this program is for itself: it makes nothing, and says no where a kernel without
 * netem would. */
static int fake_helper(void)
{
	int descriptors[VETH_FILES];
	unsigned count;
	char bytes[sizeof(struct veth_request)];
	struct veth_request request;
	struct veth_answer answer = { .magic = VETH_MAGIC };
	ssize_t n = veth_receive(VETH_HELPER_FD, bytes, sizeof(bytes), descriptors, &count);

	if (n < 0 || veth_request_read(bytes, (size_t)n, count, &request) < 0)
		return 1;
	if (veth_is_emulated(&request.shape)) {
		answer.code = ENOTSUP;
		memcpy(answer.text, no_emulator, sizeof(no_emulator));
	}
	veth_send(VETH_HELPER_FD, &answer, veth_answer_bytes(&answer), NULL, 0, 0);
	return veth_receive(VETH_HELPER_FD, bytes, sizeof(bytes), descriptors, &count) ? 1 : 0;
}

static int check(const char *option, const char *value, struct err *err)
{
	struct options o;
	int rc = options_init(&o, NULL, err);

	*err = ERR_NONE;
	if (rc >= 0)
		rc = options_set(&o, option, value, err);
	if (rc >= 0)
		rc = path_veth.check(&o, err);
	options_free(&o);
	return rc;
}

static void what_the_kernel_lacks_is_said_as_a_wrong_use(void **state)
{
	const char *program = veth_program;
	char why[ERR_TEXT_BYTES];
	struct err err;

	(void)state;
	veth_program = "/proc/self/exe";
	assert_true(path_veth.impairs("loss", why, sizeof(why)));
	assert_true(path_veth.impairs("rate-limit", why, sizeof(why)));
	assert_false(path_veth.impairs("delay", why, sizeof(why)));
	assert_string_equal(why, no_emulator);
	assert_int_equal(check("loss", "10", &err), 0);
	assert_int_equal(check("delay", "1ms", &err), -EINVAL);
	assert_string_equal(
		err.text, "--delay does not run here: this kernel has no network emulator netem (CONFIG_NET_SCH_NETEM)");
	assert_int_equal(check("duplicate", "1", &err), -EINVAL);
	assert_string_equal(
		err.text, "--duplicate does not run here: this kernel has no network emulator netem (CONFIG_NET_SCH_NETEM)");
	assert_int_equal(check("reorder", "1", &err), -EINVAL);
	assert_string_equal(err.text, "--reorder 1: needs --delay, which the packets that overtake the others do without");
	veth_program = program;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_ones_lose_their_share),
		cmocka_unit_test(seed_and_side_choose),
		cmocka_unit_test(all_is_each_once),
		cmocka_unit_test(kernel_loses_those_that_are_chosen),
		cmocka_unit_test(emulation_is_asked_for_in_these_bytes),
		cmocka_unit_test(emulation_is_what_tc_asks_for),
		cmocka_unit_test(only_what_needs_it_is_emulated),
		cmocka_unit_test(drops_are_read_where_all_are_counted),
		cmocka_unit_test(emulated_packets_are_read_and_summed),
		cmocka_unit_test(what_the_kernel_lacks_is_said_as_a_wrong_use),
	};
	const struct veth_shape losing = { .mtu_bytes = 1500, .queues = 1, .loss_of_100000 = 1 };
	struct veth_child child;
	struct err err = ERR_NONE;

	if (argc > 1 && !strcmp(argv[1], VETH_HELPER_VERB))
		return fake_helper();
	veth_program = NETDYNO_PROGRAM;
	if (veth_child_start(&losing, &child, &err) < 0)
		memcpy(reason, err.text, sizeof(reason));
	else
		veth_child_end(&child);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
