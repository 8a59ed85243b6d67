/* Datagrams that go through the kernel as one: the borders between them, what is sent in part, what
 * the kernel would not cut, and what is said where nothing can be joined. */
#include "echo_rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "engines/udp/joined.h"

/* ---- a kernel as the test wants it ---- */

int __real_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
int __real_setsockopt(int fd, int level, int option, const void *value, socklen_t size);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size);
int __real_getsockopt(int fd, int level, int option, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size);

static struct {
	int uncut_errno; /* of sends of more than cut_most datagrams; 0: none */
	unsigned cut_most;
	unsigned take_most;      /* messages of a call; 0: all */
	unsigned busy_every;     /* each so many calls the kernel has no room */
	unsigned calls, joined;  /* joined: messages with more than one datagram that went out */
	int missing_option, mtu; /* 0: none, the real one */
} kernel;

static unsigned datagrams_of(struct msghdr *message)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(message);
	uint16_t segment = 0;
	size_t bytes = 0;

	for (; c; c = CMSG_NXTHDR(message, c))
		if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_SEGMENT)
			memcpy(&segment, CMSG_DATA(c), sizeof(segment));
	for (size_t i = 0; i < message->msg_iovlen; i++)
		bytes += message->msg_iov[i].iov_len;
	return segment ? (unsigned)((bytes + segment - 1) / segment) : 1;
}

static int send_some(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	int n = __real_sendmmsg(fd, messages, count, flags);

	for (int i = 0; i < n; i++)
		kernel.joined += datagrams_of(&messages[i].msg_hdr) > 1;
	return n;
}

int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	if (kernel.busy_every && ++kernel.calls % kernel.busy_every == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (kernel.take_most && count > kernel.take_most)
		count = kernel.take_most;
	for (unsigned i = 0; kernel.uncut_errno && i < count; i++) {
		if (datagrams_of(&messages[i].msg_hdr) <= kernel.cut_most)
			continue;
		errno = kernel.uncut_errno;
		return i ? send_some(fd, messages, i, flags) : -1;
	}
	return send_some(fd, messages, count, flags);
}

int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
	if (level == SOL_UDP && option == kernel.missing_option) {
		errno = ENOPROTOOPT;
		return -1;
	}
	return __real_setsockopt(fd, level, option, value, size);
}

int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
	if (level == SOL_IP && option == IP_MTU && kernel.mtu) {
		memcpy(value, &kernel.mtu, sizeof(kernel.mtu));
		return 0;
	}
	return __real_getsockopt(fd, level, option, value, size);
}

static int real_kernel(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	return 0;
}

/* ---- a port and a plain socket that is its peer ---- */

enum { BATCH = 64, MOST_BYTES = 3000, STREAM_BYTES = 1 << 20 };

static unsigned pair_batch = BATCH;

struct pair {
	struct udp_port *port;
	int peer;
};

static void must(int rc, const struct err *err)
{
	if (rc < 0)
		fail_msg("%s", err->text);
}

static struct pair pair_open(bool connected, bool gso, bool gro, uint32_t bytes)
{
	struct err err = ERR_NONE;
	struct pair p = { .peer = echo_socket(AF_INET, 0, 0) };
	struct udp_config config = { .path = &path_loopback,
		.fd = echo_socket(AF_INET, 0, 0),
		.connected = connected,
		.want_time = true,
		.batch = pair_batch,
		.datagram_bytes = bytes,
		.send_bytes = connected ? bytes : 0,
		.gso = gso,
		.gro = gro };
	union net_address at;
	socklen_t size = sizeof(at);

	assert_int_equal(getsockname(connected ? p.peer : config.fd, &at.sa, &size), 0);
	assert_int_equal(connect(connected ? config.fd : p.peer, &at.sa, size), 0);
	must(udp_gso.open(&udp_gso, &config, &p.port, &err), &err);
	return p;
}

static void pair_close(struct pair *p)
{
	p->port->method->close(p->port);
	close(p->peer);
}

/* Every byte follows from the datagram's number. */
static void write_datagram(uint8_t *at, uint32_t len, uint32_t number)
{
	for (uint32_t i = 0; i < len; i++)
		at[i] = (uint8_t)(number * 31 + i);
}

static void expect_datagram(const uint8_t *at, size_t len, uint32_t want_len, uint32_t number)
{
	assert_int_equal(len, want_len);
	for (uint32_t i = 0; i < want_len; i++)
		if (at[i] != (uint8_t)(number * 31 + i))
			fail_msg("datagram %u, byte %u: %u", number, i, at[i]);
}

/* ---- sending ---- */

/* Lengths that come in runs, with a shorter or longer one now and then, and empty ones. */
static uint32_t next_length(struct rng *rng, uint32_t before)
{
	switch (rng_next(rng) % 8) {
	case 0:
		return (uint32_t)(rng_next(rng) % MOST_BYTES);
	case 1:
		return before / 2;
	default:
		return before;
	}
}

/* Offers until all are taken, and reads meanwhile. */
static void send_burst(struct pair *p, const uint32_t *length, uint32_t count, uint32_t first)
{
	static uint8_t data[UDP_DATAGRAM_MAX];
	struct err err = ERR_NONE;
	uint32_t sent = 0, got = 0;

	for (unsigned tries = 0; sent < count; tries++) {
		struct udp_send *slot;
		unsigned n = p->port->method->send_slots(p->port, &slot);

		assert_less(tries, 10000);
		n = n < count - sent ? n : count - sent;
		for (unsigned i = 0; i < n; i++) {
			slot[i].len = length[sent + i];
			write_datagram(slot[i].data, slot[i].len, first + sent + i);
		}
		int taken = p->port->method->send_burst(p->port, n, &err);
		must(taken, &err);
		sent += (uint32_t)taken;
		for (; got < sent; got++) {
			ssize_t len = recv(p->peer, data, sizeof(data), 0);

			assert_at_least(len, 0);
			expect_datagram(data, (size_t)len, length[got], first + got);
		}
	}
}

/* A plain socket gets each datagram by itself, as long as it was and in order. */
static void borders_stay_in_sends(uint64_t seed)
{
	struct pair p = pair_open(true, true, false, MOST_BYTES);
	struct rng rng = { .state = seed };
	uint64_t packets = 0;

	for (unsigned burst = 0; burst < 60; burst++) {
		uint32_t length[BATCH], count = 1 + (uint32_t)(rng_next(&rng) % BATCH),
					before = 1 + (uint32_t)(rng_next(&rng) % 400);

		for (uint32_t i = 0; i < count; i++)
			before = length[i] = next_length(&rng, before);
		send_burst(&p, length, count, burst * BATCH);
		packets += count;
	}
	assert_int_equal(p.port->totals.sent_packets, packets);
	assert_more(p.port->totals.sent_joined, 0);
	assert_int_equal(p.port->totals.send_errors, 0);
	pair_close(&p);
}

static void sends_keep_their_borders(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++)
		borders_stay_in_sends(seed);
	assert_more(kernel.joined, 0);
}

static void sends_in_part_keep_their_borders(void **state)
{
	(void)state;
	kernel.take_most = 2;
	kernel.busy_every = 3;
	borders_stay_in_sends(7);
}

/* For whatever reason a packet is not cut: all datagrams go out, each once, and by themselves from
 * then on. */
static void uncut_sends_go_one_by_one(void **state)
{
	static const int reasons[] = { EMSGSIZE, EIO, EINVAL, EOPNOTSUPP };
	uint32_t length[BATCH];

	(void)state;
	for (uint32_t k = 0; k < BATCH; k++)
		length[k] = 20;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		struct pair p = pair_open(true, true, false, 20);

		kernel.uncut_errno = reasons[i];
		kernel.cut_most = 1;
		send_burst(&p, length, BATCH, 0);
		send_burst(&p, length, BATCH, BATCH);
		assert_int_equal(p.port->totals.sent_packets, 2 * BATCH);
		assert_int_equal(p.port->totals.send_errors, 0);
		assert_int_equal(p.port->totals.uncut, 1);
		assert_int_equal(p.port->joined_max, 1);
		pair_close(&p);
	}
}

/* A kernel before 6.9 cuts a packet into 64 at most. */
static void old_kernels_cut_64(void **state)
{
	struct pair p;
	uint32_t length[2 * BATCH];

	(void)state;
	for (uint32_t k = 0; k < 2 * BATCH; k++)
		length[k] = 20;
	kernel.uncut_errno = EINVAL;
	kernel.cut_most = UDP_JOINED_OLD_MAX;
	pair_batch = 2 * BATCH;
	p = pair_open(true, true, false, 20);
	pair_batch = BATCH;
	send_burst(&p, length, 2 * BATCH, 0);
	assert_int_equal(p.port->totals.sent_packets, 2 * BATCH);
	assert_int_equal(p.port->totals.uncut, 0);
	assert_int_equal(p.port->joined_max, UDP_JOINED_OLD_MAX);
	pair_close(&p);
}

/* ---- receiving and replying ---- */

/* The peer's datagrams arrive joined; their borders are where they were. */
static unsigned walk(const struct udp_datagram *d, uint32_t bytes, uint32_t first)
{
	unsigned n = 0;
	uint32_t at = 0;

	do {
		uint32_t len = d->len - at < d->segment ? d->len - at : d->segment;

		expect_datagram(d->data + at, len, bytes, first + n);
		at += len;
		n++;
	} while (at < d->len);
	return n;
}

/* count datagrams of `bytes` as one packet, the last `last` bytes long. */
static void ask_joined(int fd, uint32_t bytes, unsigned count, uint32_t last, uint32_t first)
{
	static uint8_t data[UDP_JOINED_BUFFER];
	struct err err = ERR_NONE;

	for (unsigned i = 0; i < count; i++)
		write_datagram(data + i * bytes, i + 1 < count ? bytes : last, first + i);
	must(udp_join_always(fd, bytes, &err), &err);
	assert_int_equal(send(fd, data, (count - 1) * bytes + last, 0), (count - 1) * bytes + last);
}

static int receive(struct pair *p, struct udp_datagram **ret_burst)
{
	struct err err = ERR_NONE;
	int n = p->port->method->recv_burst(p->port, BATCH, ret_burst, &err);

	must(n, &err);
	return n;
}

static void answers_keep_their_borders(bool gso, bool gro)
{
	enum { BYTES = 48, COUNT = 50, LAST = 7 };
	struct pair p = pair_open(false, gso, gro, BYTES);
	struct udp_datagram *burst;
	struct udp_reply reply[COUNT];
	struct err err = ERR_NONE;
	static uint8_t data[UDP_DATAGRAM_MAX];
	unsigned replies = 0;

	ask_joined(p.peer, BYTES, COUNT, LAST, 0);
	int n = receive(&p, &burst), done = 0;
	assert_int_equal(n, gro ? 1 : COUNT);
	for (int i = 0; i < n; i++) {
		assert_int_equal(burst[i].segment, gro || i + 1 < n ? BYTES : LAST);
		reply[replies++] = (struct udp_reply){ .to = &burst[i], .len = burst[i].len, .packets = gro ? COUNT : 1 };
	}
	for (unsigned tries = 0; done < (int)replies; tries++) {
		assert_less(tries, 1000);
		int more = p.port->method->reply_burst(p.port, reply + done, replies - (unsigned)done, &err);
		must(more, &err);
		done += more;
	}
	p.port->method->release(p.port);
	for (unsigned i = 0; i < COUNT; i++) {
		ssize_t len = recv(p.peer, data, sizeof(data), 0);

		assert_at_least(len, 0);
		expect_datagram(data, (size_t)len, i + 1 < COUNT ? BYTES : LAST, i);
	}
	assert_int_equal(p.port->totals.sent_packets, COUNT);
	assert_int_equal(p.port->totals.sent_bytes, (COUNT - 1) * BYTES + LAST);
	if (!kernel.uncut_errno)
		assert_int_equal(p.port->totals.sent_joined, gso && gro ? COUNT - 1 : 0);
	pair_close(&p);
}

static void replies_keep_their_borders(void **state)
{
	(void)state;
	answers_keep_their_borders(true, true);
	answers_keep_their_borders(false, true);
	answers_keep_their_borders(true, false);
}

static void replies_in_part_keep_their_borders(void **state)
{
	(void)state;
	kernel.take_most = 3;
	kernel.busy_every = 2;
	answers_keep_their_borders(false, true);
	answers_keep_their_borders(true, true);
	kernel.uncut_errno = EIO;
	kernel.cut_most = 1;
	answers_keep_their_borders(true, true);
}

static void received_joined(void **state)
{
	struct pair p = pair_open(false, true, true, 100);
	struct udp_datagram *burst;

	(void)state;
	for (unsigned count = 1; count <= 64; count++) {
		ask_joined(p.peer, 100, count, 100, count);
		assert_int_equal(receive(&p, &burst), 1);
		assert_false(burst[0].truncated);
		assert_more(burst[0].received_ns, 0);
		assert_int_equal(walk(&burst[0], 100, count), count);
		p.port->method->release(p.port);
	}
	pair_close(&p);
}

/* A datagram that fills a packet by itself goes back as it came, and so does an empty one. */
static void the_longest_and_the_shortest(void **state)
{
	static const uint32_t lengths[] = { UDP_DATAGRAM_MAX, UDP_JOINED_BYTES + 1, UDP_JOINED_BYTES, UDP_JOINED_BYTES / 2 + 1, 1,
		0 };
	static uint8_t data[UDP_DATAGRAM_MAX];
	struct pair p = pair_open(false, true, true, UDP_DATAGRAM_MAX);
	struct err err = ERR_NONE;

	(void)state;
	for (uint32_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct udp_datagram *burst;

		write_datagram(data, lengths[i], i);
		assert_int_equal(send(p.peer, data, lengths[i], 0), lengths[i]);
		assert_int_equal(receive(&p, &burst), 1);
		struct udp_reply reply = { .to = &burst[0], .len = burst[0].len, .packets = 1 };
		assert_int_equal(p.port->method->reply_burst(p.port, &reply, 1, &err), 1);
		p.port->method->release(p.port);
		memset(data, 0, sizeof(data));
		ssize_t len = recv(p.peer, data, sizeof(data), 0);
		assert_at_least(len, 0);
		expect_datagram(data, (size_t)len, lengths[i], i);
	}
	pair_close(&p);
}

/* ---- nobody there ---- */

/* One ICMP error is all that comes back of a packet; all of its datagrams are lost. */
static void all_of_a_packet_are_refused(void **state)
{
	enum { BYTES = 32, COUNT = 40 };
	struct pair p = pair_open(true, true, true, BYTES);
	struct udp_send *slot;
	struct err err = ERR_NONE;
	uint32_t sent = 0;

	(void)state;
	close(p.peer);
	p.port->method->send_slots(p.port, &slot);
	for (uint32_t i = 0; i < COUNT; i++)
		write_datagram(slot[i].data, BYTES, i);
	for (unsigned tries = 0; !p.port->totals.refused; tries++) {
		struct udp_datagram *burst;

		assert_less(tries, 1000000);
		if (!sent)
			sent = (uint32_t)p.port->method->send_burst(p.port, COUNT, &err);
		must(p.port->method->recv_burst(p.port, BATCH, &burst, &err), &err);
	}
	assert_int_equal(sent, COUNT);
	assert_int_equal(p.port->totals.refused, COUNT);
	p.peer = -1;
	p.port->method->close(p.port);
}

/* ---- nothing to join ---- */

static void says_why_nothing_is_joined(void **state)
{
	static const struct {
		uint32_t bytes;
		bool gso, gro;
		int mtu;
		const char *why;
	} cases[] = {
		{ 80, true, true, 0, "" },
		{ 80, false, true, 0, "" },
		{ 80, true, false, 0, "" },
		{ 80, false, false, 0, "--gso no and --gro no leave nothing of it" },
		{ 32743, true, true, 0, "" },
		{ 32744, true, true, 0, "no two datagrams of 32744 bytes fit into one send of 65487" },
		{ 1472, true, true, 1500, "" },
		{ 1473, true, true, 1500, "a datagram of 1473 bytes does not fit the MTU of 1500" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct udp_config config = { .path = &path_loopback,
			.fd = echo_socket(AF_INET, 0, 9),
			.connected = true,
			.batch = BATCH,
			.datagram_bytes = cases[i].bytes,
			.send_bytes = cases[i].bytes,
			.usual_bytes = cases[i].bytes,
			.gso = cases[i].gso,
			.gro = cases[i].gro };
		struct udp_port *port;
		struct err err = ERR_NONE;

		kernel.mtu = cases[i].mtu;
		must(udp_gso.open(&udp_gso, &config, &port, &err), &err);
		assert_string_equal(port->why, cases[i].why);
		assert_string_equal(port->ran, *cases[i].why ? "mmsg" : "gso");
		port->method->close(port);
	}
}

static void probe_names_the_kernel(void **state)
{
	char why[160] = "";

	(void)state;
	assert_true(method_runs(&udp_gso.method, why, sizeof(why)));
	kernel.missing_option = UDP_SEGMENT;
	assert_false(method_runs(&udp_gso.method, why, sizeof(why)));
	assert_string_equal(why, "needs Linux 4.18 (UDP_SEGMENT)");
	kernel.missing_option = UDP_GRO;
	assert_false(method_runs(&udp_gso.method, why, sizeof(why)));
	assert_string_equal(why, "needs Linux 5.0 (UDP_GRO)");
}

#define TEST(fn) cmocka_unit_test_setup(fn, real_kernel)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sends_keep_their_borders),
		TEST(sends_in_part_keep_their_borders),
		TEST(uncut_sends_go_one_by_one),
		TEST(old_kernels_cut_64),
		TEST(received_joined),
		TEST(replies_keep_their_borders),
		TEST(the_longest_and_the_shortest),
		TEST(replies_in_part_keep_their_borders),
		TEST(all_of_a_packet_are_refused),
		TEST(says_why_nothing_is_joined),
		TEST(probe_names_the_kernel),
	};

	return cmocka_run_group_tests_name("joined datagrams", tests, NULL, NULL);
}
