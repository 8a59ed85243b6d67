/* The ring against the kernel: frames that a UDP socket really receives, over lo and over a veth
 * pair; a ring that wraps, is full, and is refused. */
#include "frame_reader.h"
#include "netns.h"

#include <errno.h>
#include <linux/capability.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../support/asserts.h"
#include "../support/leaks.h"
#include "base/rng.h"
#include "engines/packet/ring.h"

enum { FROM_PORT = 5000, DEADLINE_MS = 5000, BYTES_MOST = 65507, CYCLES = 20 };

/* ---- two ends: a ring on an interface here, a UDP socket that it sends to ---- */

struct link {
	const char *interface, *from, *to;
	bool away; /* the socket stands in the other namespace */
};

static const struct link links[] = {
	{ "lo", "::1", "::1", false },
	{ "lo", "127.0.0.1", "127.0.0.1", false }, /* allowed by the switches that main() sets */
	{ "va", "10.77.0.1", "10.77.0.2", true },
	{ "va", "fd77::1", "fd77::2", true },
};

struct ends {
	struct ring ring;
	struct frame_template template;
	int reader;
	union net_address to;
};

static int reader_open(const struct link *link, union net_address *at)
{
	int granted;
	struct err err = ERR_NONE;
	socklen_t size = sizeof(*at);

	*at = netns_address(link->to);
	int fd = socket(at->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(net_set_buffer(fd, SO_RCVBUF, 8 << 20, true, &granted, &err), 0);
	assert_int_equal(bind(fd, &at->sa, net_address_bytes(at)), 0);
	assert_int_equal(getsockname(fd, &at->sa, &size), 0);
	return fd;
}

static void ends_open(struct ends *e, const struct link *link, unsigned slots, uint32_t payload)
{
	struct ring_config config = { .path = &path_loopback, .slots = slots, .frame_bytes = payload + FRAME_HEADERS_MAX };
	struct frame_ends f = { .from = netns_address(link->from), .to = netns_address(link->to) };
	struct err err = ERR_NONE;

	if (link->away)
		netns_peer();
	e->reader = reader_open(link, &e->to);
	netns_mac(link->away ? "vb" : "lo", f.to_mac);
	if (link->away)
		netns_home();
	netns_mac(link->interface, f.from_mac);
	net_set_port(&f.from, FROM_PORT);
	assert_int_equal(frame_template_init(&e->template, &f, &err), 0);
	if (ring_open(&e->ring, &config, &err) < 0 || ring_bind(&e->ring, if_nametoindex(link->interface), &err) < 0)
		fail_msg("%s", err.text);
	assert_at_least(e->ring.slots, slots);
}

static void ends_close(struct ends *e)
{
	close(e->reader);
	ring_close(&e->ring);
	ring_close(&e->ring);
}

/* Builds a datagram of so many bytes, that begins with n. */
static bool queue(struct ends *e, uint32_t len, uint32_t n)
{
	uint8_t *frame = ring_slot(&e->ring);

	if (!frame)
		return false;
	uint8_t *payload = frame + e->template.header_bytes;
	memset(payload, (int)(n * 31 + len), len);
	memcpy(payload, &n, len < sizeof(n) ? len : sizeof(n));
	frame_write(&e->template, (uint16_t)net_port(&e->to), len, frame_sum(payload, len), frame);
	ring_queue(&e->ring, e->template.header_bytes + len);
	return true;
}

static void flush_all(struct ends *e, unsigned count)
{
	int why;
	unsigned taken = ring_flush(&e->ring, &why);

	if (taken != count)
		fail_msg("%u of %u taken: %s", taken, count, strerror(why));
	assert_int_equal(why, 0);
}

static void expect_datagram(struct ends *e, const struct link *link, uint32_t len, uint32_t n)
{
	static uint8_t data[BYTES_MOST + 1], wanted[BYTES_MOST];
	struct pollfd wait = { .fd = e->reader, .events = POLLIN };
	union net_address from, own = netns_address(link->from);
	socklen_t size = sizeof(from);

	if (poll(&wait, 1, DEADLINE_MS) != 1)
		fail_msg("%s from %s: datagram %u of %u bytes did not arrive", link->interface, link->from, n, len);
	assert_int_equal(recvfrom(e->reader, data, sizeof(data), 0, &from.sa, &size), len);
	memset(wanted, (int)(n * 31 + len), len);
	memcpy(wanted, &n, len < sizeof(n) ? len : sizeof(n));
	assert_memory_equal(data, wanted, len);
	assert_true(net_same_host(&from, &own));
	assert_int_equal(net_port(&from), FROM_PORT);
}

static void expect_nothing_more(struct ends *e)
{
	uint8_t byte;

	assert_int_equal(recv(e->reader, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

#define FOR_LINKS(link) for (const struct link *link = links; link < links + sizeof(links) / sizeof(links[0]); link++)

/* ---- what arrives ---- */

static void received_as_sent(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 2, 3, 17, 64, 1451, 1452, 1472, 9000, 65488 };

	(void)state;
	netns_need();
	FOR_LINKS(link)
	{
		struct ends e;

		ends_open(&e, link, 4, 65488);
		uint32_t most = frame_payload_max(e.to.sa.sa_family, link->away ? 1500 : 65536);
		for (uint32_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			if (lengths[i] > most)
				continue;
			assert_true(queue(&e, lengths[i], i));
			flush_all(&e, 1);
			expect_datagram(&e, link, lengths[i], i);
		}
		expect_nothing_more(&e);
		ends_close(&e);
	}
}

/* The kernel checks: a frame with a wrong sum does not arrive. */
static void wrong_sums_do_not_arrive(void **state)
{
	(void)state;
	netns_need();
	FOR_LINKS(link)
	{
		struct ends e;

		ends_open(&e, link, 4, 100);
		uint8_t *frame = ring_slot(&e.ring);
		assert_true(queue(&e, 100, 1));
		frame[e.template.header_bytes + 50] ^= 1;
		assert_true(queue(&e, 100, 2));
		flush_all(&e, 2);
		expect_datagram(&e, link, 100, 2);
		expect_nothing_more(&e);
		ends_close(&e);
	}
}

static void bypassing_the_queue(void **state)
{
	struct ends e;
	struct err err = ERR_NONE;

	(void)state;
	netns_need();
	ends_open(&e, &links[2], 4, 100);
	ring_close(&e.ring);
	struct ring_config config = { .path = &path_loopback, .slots = 4, .frame_bytes = 200, .bypass = true };
	assert_int_equal(ring_open(&e.ring, &config, &err), 0);
	assert_int_equal(ring_bind(&e.ring, if_nametoindex("va"), &err), 0);
	assert_true(queue(&e, 100, 1));
	flush_all(&e, 1);
	expect_datagram(&e, &links[2], 100, 1);
	ends_close(&e);
}

/* ---- the ring goes round ---- */

static void wraps(void **state)
{
	struct rng rng = { .state = 1 };

	(void)state;
	netns_need();
	FOR_LINKS(link)
	{
		struct ends e;
		uint32_t sent = 0, got = 0;

		ends_open(&e, link, 7, 1400);
		while (sent < 20 * e.ring.slots) {
			unsigned burst = 1 + (unsigned)(rng_next(&rng) % e.ring.slots);

			for (unsigned i = 0; i < burst; i++)
				assert_true(queue(&e, sent % 1400, sent + i));
			flush_all(&e, burst);
			for (unsigned i = 0; i < burst; i++)
				expect_datagram(&e, link, sent % 1400, got++);
			sent += burst;
		}
		assert_int_equal(e.ring.totals.taken, sent);
		assert_int_equal(e.ring.totals.full, 0);
		expect_nothing_more(&e);
		ends_close(&e);
	}
}

static void full(void **state)
{
	struct ends e;
	int why;

	(void)state;
	netns_need();
	ends_open(&e, &links[0], 16, 2000);
	for (unsigned i = 0; i < e.ring.slots; i++)
		assert_true(queue(&e, 10, i));
	assert_false(queue(&e, 10, 0));
	assert_int_equal(e.ring.totals.full, 1);
	flush_all(&e, e.ring.slots);
	assert_int_equal(e.ring.totals.calls, 1);
	assert_int_equal(e.ring.totals.bytes, e.ring.slots * (62 + 10));
	for (unsigned i = 0; i < e.ring.slots; i++)
		expect_datagram(&e, &links[0], 10, i);
	/* Nothing queued, nothing called. */
	assert_int_equal(ring_flush(&e.ring, &why), 0);
	assert_int_equal(why, 0);
	assert_int_equal(e.ring.totals.calls, 1);
	ends_close(&e);
}

/* A device that keeps frames keeps their slots: the ring is full until they are out. */
static void slots_in_a_queue(void **state)
{
	struct ends e;
	unsigned queued = 0;

	(void)state;
	netns_need();
	if (system("tc qdisc replace dev va root tbf rate 1gbit burst 1600 limit 1mb 2>/dev/null")) {
		print_message("no token bucket filter here\n");
		skip();
	}
	ends_open(&e, &links[2], 16, 1400);
	netns_run("tc qdisc replace dev va root tbf rate 8bit burst 1600 limit 1mb");
	/* One frame may go at once; the others wait for a day. */
	while (queued < 2 * e.ring.slots && queue(&e, 1400, queued)) {
		flush_all(&e, 1);
		queued++;
	}
	assert_between(queued, e.ring.slots, e.ring.slots + 1);
	struct pollfd wait = { .fd = e.ring.fd, .events = POLLOUT };
	netns_run("tc qdisc del dev va root");
	assert_int_equal(poll(&wait, 1, DEADLINE_MS), 1);
	assert_true(queue(&e, 1400, 77));
	flush_all(&e, 1);
	ends_close(&e);
}

/* ---- refusals ---- */

static void interface_down(void **state)
{
	struct ends e;
	int why;

	(void)state;
	netns_need();
	ends_open(&e, &links[2], 4, 100);
	netns_run("ip link set va down");
	assert_true(queue(&e, 10, 1) && queue(&e, 10, 2));
	assert_int_equal(ring_flush(&e.ring, &why), 0);
	assert_int_equal(why, ENETDOWN);
	assert_int_equal(e.ring.queued, 0);
	netns_run("ip link set va up");
	/* The socket tells once that it was down. */
	assert_true(queue(&e, 10, 3));
	if (ring_flush(&e.ring, &why) == 0)
		assert_true(queue(&e, 10, 3) && ring_flush(&e.ring, &why) == 1);
	expect_datagram(&e, &links[2], 10, 3);
	expect_nothing_more(&e);
	ends_close(&e);
}

static void wrong_format(void **state)
{
	struct ends e;
	int why;

	(void)state;
	netns_need();
	ends_open(&e, &links[0], 8, 100);
	assert_true(queue(&e, 10, 1));
	assert_non_null(ring_slot(&e.ring));
	ring_queue(&e.ring, 5); /* not even Ethernet's header */
	assert_true(queue(&e, 10, 2));
	assert_int_equal(ring_flush(&e.ring, &why), 1);
	assert_true(why == EMSGSIZE || why == EINVAL);
	assert_int_equal(e.ring.totals.wrong, 1);
	assert_int_equal(e.ring.queued, 0);
	expect_datagram(&e, &links[0], 10, 1);
	expect_nothing_more(&e);
	assert_true(queue(&e, 10, 3));
	flush_all(&e, 1);
	expect_datagram(&e, &links[0], 10, 3);
	ends_close(&e);
}

static void unbound(void **state)
{
	struct ring_config config = { .path = &path_loopback, .slots = 4, .frame_bytes = 100 };
	struct ring ring;
	struct err err = ERR_NONE;
	int why;

	(void)state;
	netns_need();
	assert_int_equal(ring_open(&ring, &config, &err), 0);
	memset(ring_slot(&ring), 0, 60);
	ring_queue(&ring, 60);
	assert_int_equal(ring_flush(&ring, &why), 0);
	assert_int_equal(why, ENXIO);
	assert_int_equal(ring_bind(&ring, 9999, &err), -ENODEV);
	assert_contains(err.text, "interface 9999");
	ring_close(&ring);
}

static void shapes(void **state)
{
	static const uint32_t bytes[] = { 14, 60, 1514, 2000, 9014, 40000, 65549 };
	struct err err = ERR_NONE;
	unsigned fds = open_fds();

	(void)state;
	netns_need();
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		for (unsigned slots = 1; slots <= 64; slots *= 4) {
			struct ring_config config = { .path = &path_loopback, .slots = slots, .frame_bytes = bytes[i] };
			struct ring ring;

			if (ring_open(&ring, &config, &err) < 0)
				fail_msg("%u slots of %u: %s", slots, bytes[i], err.text);
			for (unsigned s = 0; s < ring.slots; s++) {
				memset(ring_slot(&ring), 0xff, bytes[i]);
				ring_queue(&ring, bytes[i]);
			}
			assert_null(ring_slot(&ring));
			ring_close(&ring);
		}
	}
	struct ring_config none = { .path = &path_loopback, .frame_bytes = 100 };
	struct ring ring;
	assert_int_equal(ring_open(&ring, &none, &err), -EINVAL);
	assert_string_equal(err.text, "a ring of 0 frames of 100 bytes cannot be");
	ring_close(&ring);
	assert_int_equal(open_fds(), fds);
}

/* ---- privilege ---- */

static void set_raw(bool on)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	assert_int_equal(syscall(SYS_capget, &header, data), 0);
	if (on)
		data[0].effective |= 1u << CAP_NET_RAW;
	else
		data[0].effective &= ~(1u << CAP_NET_RAW);
	assert_int_equal(syscall(SYS_capset, &header, data), 0);
}

static void without_privilege(void **state)
{
	struct ring_config config = { .path = &path_loopback, .slots = 4, .frame_bytes = 100 };
	struct ring ring;
	struct err err = ERR_NONE;
	char why[160];

	(void)state;
	netns_need();
	assert_true(ring_probe(why, sizeof(why)));
	set_raw(false);
	bool runs = ring_probe(why, sizeof(why));
	int rc = ring_open(&ring, &config, &err);
	set_raw(true);
	assert_false(runs);
	assert_contains(why, "CAP_NET_RAW");
	assert_int_equal(rc, -EPERM);
	assert_contains(err.text, "CAP_NET_RAW");
	ring_close(&ring);
}

/* ---- nothing stays ---- */

static void leaves_nothing(void **state)
{
	struct ring_config config = { .path = &path_loopback, .slots = 256, .frame_bytes = 1514 };
	struct ring ring = { 0 };
	struct err err = ERR_NONE;

	(void)state;
	netns_need();
	ring_close(&ring);
	unsigned fds = open_fds(), maps = memory_maps();
	for (int i = 0; i < CYCLES; i++) {
		assert_int_equal(ring_open(&ring, &config, &err), 0);
		ring_close(&ring);
	}
	assert_int_equal(open_fds(), fds);
	assert_int_equal(memory_maps(), maps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(received_as_sent),
		cmocka_unit_test(wrong_sums_do_not_arrive),
		cmocka_unit_test(bypassing_the_queue),
		cmocka_unit_test(wraps),
		cmocka_unit_test(full),
		cmocka_unit_test(slots_in_a_queue),
		cmocka_unit_test(interface_down),
		cmocka_unit_test(wrong_format),
		cmocka_unit_test(unbound),
		cmocka_unit_test(shapes),
		cmocka_unit_test(without_privilege),
		cmocka_unit_test(leaves_nothing),
	};

	if (netns_make()) {
		netns_pair();
		netns_lo_switch("route_localnet", true);
		netns_lo_switch("accept_local", true);
	}
	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
