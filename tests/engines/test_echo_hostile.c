/* Mode echo against input that it must not believe: datagrams that are short, long, answers
 * themselves, from ports and addresses that must not be answered, and a server that answers twice,
 * late, out of order and nonsense. */
#include "echo_rig.h"

#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static uint64_t judged(struct rig *rig)
{
	uint64_t n = rig_sum(rig, ROLE_SERVER, COUNTER_RX_PACKETS);

	for (unsigned i = ECHO_C_DROPPED_SHORT; i <= ECHO_C_DROPPED_GROUP; i++)
		n += rig_sum(rig, ROLE_SERVER, i);
	return n;
}

/* A method may send an answer with its next call only. */
static bool has_answered(struct rig *rig, uint64_t value)
{
	return rig_sum(rig, ROLE_SERVER, COUNTER_TX_PACKETS) >= value;
}

static bool has_judged(struct rig *rig, uint64_t value)
{
	return judged(rig) >= value;
}

static void expect_counter(struct rig *rig, unsigned counter, uint64_t want)
{
	uint64_t got = rig_sum(rig, ROLE_BOTH, counter);

	if (got != want)
		fail_msg("%s is %llu, want %llu", engine_counter(&engine_echo, counter)->name, (unsigned long long)got,
			(unsigned long long)want);
}

/* ---- servers ---- */

/* Sends a good datagram after all the bad ones: its answer must be the only one. */
static void bad_datagrams(const struct udp_method *m)
{
	static uint8_t data[UDP_DATAGRAM_MAX], back[UDP_DATAGRAM_MAX];
	struct rig rig;
	struct rig_config config = {
		.engine = &engine_echo, .servers = 1, .clients = 1, .method = &m->method, .option = { "payload", "64" }
	};
	uint64_t sent = 0;

	rig_open_or_fail(&rig, &config);
	int fd = echo_socket(AF_INET, 0, rig_port(&rig));
	memset(data, 0, sizeof(data));
	for (size_t len = 0; len < ECHO_HEADER_BYTES; len++, sent++)
		assert_int_equal(send(fd, data, len, 0), len);
	assert_int_equal(send(fd, data, 81, 0), 81);
	assert_int_equal(send(fd, data, 1400, 0), 1400);
	assert_int_equal(send(fd, data, UDP_DATAGRAM_MAX, 0), UDP_DATAGRAM_MAX);
	data[0] = 0x80;
	assert_int_equal(send(fd, data, 80, 0), 80);
	data[0] = 0xff;
	assert_int_equal(send(fd, data, 16, 0), 16);
	echo_put(data, 5, 77, 88);
	assert_int_equal(send(fd, data, 80, 0), 80);
	sent += 6;
	rig_enter(&rig, PHASE_DRAIN);
	rig_until(&rig, ROLE_SERVER, has_judged, sent);
	rig_until(&rig, ROLE_SERVER, has_answered, 1);
	assert_int_equal(recv(fd, back, sizeof(back), 0), 80);
	data[0] |= 0x80;
	assert_memory_equal(back, data, 80);
	assert_int_equal(recv(fd, back, sizeof(back), MSG_DONTWAIT), -1);
	expect_counter(&rig, ECHO_C_DROPPED_SHORT, ECHO_HEADER_BYTES);
	expect_counter(&rig, ECHO_C_DROPPED_LONG, 3);
	expect_counter(&rig, ECHO_C_DROPPED_REPLY, 2);
	expect_counter(&rig, COUNTER_RX_PACKETS, 1);
	expect_counter(&rig, COUNTER_TX_PACKETS, 1);
	close(fd);
	rig_close(&rig);
}

static uint64_t report_counts(const struct echo_report *r)
{
	return r->questions + r->reports;
}

/* A question for the counts has an answer of its own length; what only looks like one comes back as
 * it was. */
static void questions_for_counts(const struct udp_method *m)
{
	static const struct {
		size_t at, len;
		uint8_t value;
		uint64_t counts; /* told */
	} cases[] = {
		/* the first question: nothing before it */
		{ 0, ECHO_REPORT_BYTES, 0x7f, 0 },
		/* another magic, another version, another flow, another length */
		{ 16, ECHO_REPORT_BYTES, 'X', UINT64_MAX },
		{ 25, ECHO_REPORT_BYTES, 2, UINT64_MAX },
		{ 0, ECHO_REPORT_BYTES, 0x00, UINT64_MAX },
		{ 0, ECHO_REPORT_BYTES - 1, 0x7f, UINT64_MAX },
		{ 0, ECHO_REPORT_BYTES + 1, 0x7f, UINT64_MAX },
		/* all those before, one of them such a question */
		{ 0, ECHO_REPORT_BYTES, 0x7f, 6 + 1 },
	};
	uint8_t ask[ECHO_REPORT_BYTES + 1], back[ECHO_REPORT_BYTES + 2];
	struct rig_config config = {
		.engine = &engine_echo, .servers = 1, .method = &m->method, .option = { "listen", "127.0.0.1" }
	};
	struct echo_report r;
	struct rig rig;
	uint32_t number;

	rig_open_or_fail(&rig, &config);
	int fd = echo_socket(AF_INET, 0, rig_port(&rig));
	rig_enter(&rig, PHASE_MEASURE);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(ask, 0, sizeof(ask));
		echo_report_ask(ask, 0x1234, 7);
		ask[cases[i].at] = cases[i].value;
		assert_int_equal(send(fd, ask, cases[i].len, 0), cases[i].len);
		rig_until(&rig, ROLE_SERVER, has_answered, i + 1);
		assert_int_equal(recv(fd, back, sizeof(back), 0), cases[i].len);
		bool told = echo_report_get(back, cases[i].len, 0x1234, &number, &r);
		assert_int_equal(told, cases[i].counts != UINT64_MAX);
		back[0] &= 0x7f;
		if (told) {
			assert_int_equal(number, 7);
			assert_int_equal(report_counts(&r), cases[i].counts);
		} else
			assert_memory_equal(back, ask, cases[i].len);
	}
	expect_counter(&rig, ECHO_C_REPORTS, 2);
	close(fd);
	rig_close(&rig);
}

static void longest_alone(const struct udp_method *m)
{
	static uint8_t data[UDP_DATAGRAM_MAX];
	struct rig rig;
	struct rig_config config = {
		.engine = &engine_echo, .servers = 1, .method = &m->method, .option = { "listen", "127.0.0.1" }
	};

	rig_open_or_fail(&rig, &config);
	int fd = echo_socket(AF_INET, 0, rig_port(&rig));
	assert_int_equal(send(fd, data, ECHO_DATAGRAM_MAX + 1, 0), ECHO_DATAGRAM_MAX + 1);
	assert_int_equal(send(fd, data, ECHO_DATAGRAM_MAX, 0), ECHO_DATAGRAM_MAX);
	rig_enter(&rig, PHASE_MEASURE);
	rig_until(&rig, ROLE_SERVER, has_judged, 2);
	rig_until(&rig, ROLE_SERVER, has_answered, 1);
	expect_counter(&rig, ECHO_C_DROPPED_LONG, 1);
	expect_counter(&rig, COUNTER_TX_PACKETS, 1);
	close(fd);
	rig_close(&rig);
}

/* Sends one UDP datagram with any source address and port; false where raw sockets are not
 * allowed. */
static bool spoof(const char *source, unsigned source_port, unsigned port, const uint8_t *payload, size_t len)
{
	uint8_t packet[256] = { 0 };
	struct iphdr *ip = (struct iphdr *)packet;
	struct udphdr *udp = (struct udphdr *)(packet + sizeof(*ip));
	union net_address from, to;
	struct err err = ERR_NONE;
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	if (fd < 0) {
		print_message("no raw sockets here: %s\n", strerror(errno));
		return false;
	}
	assert_int_equal(net_resolve(source, "source", source_port, &from, &err), 0);
	assert_int_equal(net_resolve("127.0.0.1", "host", port, &to, &err), 0);
	*ip = (struct iphdr){ .version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.saddr = from.v4.sin_addr.s_addr,
		.daddr = to.v4.sin_addr.s_addr };
	*udp = (struct udphdr){
		.source = from.v4.sin_port, .dest = to.v4.sin_port, .len = htons((uint16_t)(sizeof(*udp) + len))
	};
	memcpy(udp + 1, payload, len);
	to.v4.sin_port = 0;
	size_t whole = sizeof(*ip) + sizeof(*udp) + len;
	ssize_t n = sendto(fd, packet, whole, 0, &to.sa, sizeof(to.v4));
	if (n != (ssize_t)whole)
		fail_msg("sendto from %s: %s", source, strerror(errno));
	close(fd);
	return true;
}

static void bad_sources(const struct udp_method *m)
{
	static const struct {
		const char *source;
		unsigned port, counter;
	} cases[] = {
		{ "127.0.0.1", 7, ECHO_C_DROPPED_PORT },
		{ "127.0.0.1", 1023, ECHO_C_DROPPED_PORT },
		{ "224.0.0.1", 4000, ECHO_C_DROPPED_GROUP },
		{ "255.255.255.255", 4000, ECHO_C_DROPPED_GROUP },
		{ "127.255.255.255", 4000, ECHO_C_DROPPED_GROUP },
	};

	for (int plain = 0; plain < 2; plain++) {
		struct rig rig;
		struct rig_config config = { .engine = &engine_echo,
			.servers = 1,
			.clients = 1,
			.method = &m->method,
			.option = { "verbatim", plain ? "no" : "yes" } };
		uint8_t data[80] = { 0 };
		uint64_t sent = 0;

		rig_open_or_fail(&rig, &config);
		rig_enter(&rig, PHASE_DRAIN);
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			uint64_t before = rig_sum(&rig, ROLE_SERVER, cases[i].counter);

			if (!spoof(cases[i].source, cases[i].port, rig_port(&rig), data, sizeof(data)))
				break;
			rig_until(&rig, ROLE_SERVER, has_judged, ++sent);
			assert_int_equal(rig_sum(&rig, ROLE_SERVER, cases[i].counter), before + 1);
		}
		expect_counter(&rig, COUNTER_TX_PACKETS, 0);
		rig_close(&rig);
	}
}

/* A packet that seems to come from one server and is sent to another is answered once at most. */
static void servers_do_not_loop(const struct udp_method *m)
{
	struct rig a, b;
	struct rig_config config = {
		.engine = &engine_echo, .servers = 1, .method = &m->method, .option = { "listen", "127.0.0.1" }
	};
	uint8_t data[80] = { 0 };

	rig_open_or_fail(&a, &config);
	rig_open_or_fail(&b, &config);
	rig_enter(&a, PHASE_MEASURE);
	rig_enter(&b, PHASE_MEASURE);
	if (spoof("127.0.0.1", rig_port(&a), rig_port(&b), data, sizeof(data))) {
		rig_until(&b, ROLE_SERVER, has_answered, 1);
		rig_until(&a, ROLE_SERVER, has_judged, 1);
		for (int i = 0; i < 1000; i++) {
			rig_step(&a, ROLE_SERVER);
			rig_step(&b, ROLE_SERVER);
		}
		assert_int_equal(rig_sum(&b, ROLE_SERVER, COUNTER_TX_PACKETS), 1);
		assert_int_equal(rig_sum(&a, ROLE_SERVER, COUNTER_TX_PACKETS), 0);
		assert_int_equal(rig_sum(&a, ROLE_SERVER, ECHO_C_DROPPED_REPLY), 1);
		assert_int_equal(judged(&a) + judged(&b), 2);
	}
	/* Closes in reverse: the second one's rig was opened last. */
	rig_close(&b);
	rig_close(&a);
}

/* Answering one's own datagram unchanged would never end. */
static void verbatim_does_not_answer_itself(const struct udp_method *m)
{
	struct rig rig;
	struct rig_config config = {
		.engine = &engine_echo, .servers = 1, .clients = 1, .method = &m->method, .option = { "verbatim", "yes" }
	};
	uint8_t data[80] = { 0 };

	rig_open_or_fail(&rig, &config);
	rig_enter(&rig, PHASE_DRAIN);
	if (spoof("127.0.0.1", rig_port(&rig), rig_port(&rig), data, sizeof(data))) {
		rig_until(&rig, ROLE_SERVER, has_judged, 1);
		expect_counter(&rig, COUNTER_TX_PACKETS, 0);
		expect_counter(&rig, ECHO_C_DROPPED_PORT, 1);
	}
	rig_close(&rig);
}

/* ---- clients, with the test as the server ---- */

struct fake {
	struct rig rig;
	int fd;
	char port[8];
	union net_address client;
};

/* load: "window" or "rate", and its value. */
static void fake_open_with(struct fake *f, const struct udp_method *m, const char *load, const char *value, const char *verify)
{
	union net_address own;
	socklen_t size = sizeof(own);

	f->fd = echo_socket(AF_INET, 0, 0);
	assert_int_equal(getsockname(f->fd, &own.sa, &size), 0);
	snprintf(f->port, sizeof(f->port), "%u", net_port(&own));
	struct rig_config config = { .engine = &engine_echo,
		.clients = 1,
		.method = &m->method,
		.option = { "port", f->port, load, value, "payload", "8", "flows", "2", "verify", verify } };
	rig_open_or_fail(&f->rig, &config);
	rig_enter(&f->rig, PHASE_MEASURE);
}

static void fake_open(struct fake *f, const struct udp_method *m, const char *load, const char *value)
{
	fake_open_with(f, m, load, value, "no");
}

static void fake_close(struct fake *f)
{
	rig_close(&f->rig);
	close(f->fd);
}

static bool has_sent(struct rig *rig, uint64_t value)
{
	return rig_sum(rig, ROLE_CLIENT, COUNTER_TX_PACKETS) >= value;
}

/* Receives the next question. */
static void fake_receive(struct fake *f, uint8_t *data)
{
	assert_int_equal(echo_receive(f->fd, data, 64, &f->client), ECHO_HEADER_BYTES + 8);
}

static void fake_send(struct fake *f, const uint8_t *data, size_t len)
{
	assert_int_equal(sendto(f->fd, data, len, 0, &f->client.sa, sizeof(f->client.v4)), len);
}

static uint64_t taken(struct rig *rig)
{
	return rig_sum(rig, ROLE_CLIENT, COUNTER_RX_PACKETS) + rig_sum(rig, ROLE_CLIENT, ECHO_C_DUPLICATES) +
	       rig_sum(rig, ROLE_CLIENT, ECHO_C_STRAY) + rig_sum(rig, ROLE_CLIENT, ECHO_C_LATE);
}

static bool has_taken(struct rig *rig, uint64_t value)
{
	return taken(rig) >= value;
}

static void bad_answers(const struct udp_method *m)
{
	struct fake f;
	uint8_t q[4][64], odd[64];

	fake_open(&f, m, "window", "2");
	rig_until(&f.rig, ROLE_CLIENT, has_sent, 4);
	for (int i = 0; i < 4; i++) {
		struct echo_header h;

		fake_receive(&f, odd);
		echo_get(odd, &h);
		/* Flows 0 1 0 1, in whatever order the method lets them take turns. */
		memcpy(q[h.flow + 2 * (h.counter - 1)], odd, sizeof(odd));
	}
	rig_enter(&f.rig, PHASE_DRAIN);
	/* Answers come out of order on flow 0, and twice on flow 1, with the reply bit and
	 * without. */
	q[2][0] |= 0x80;
	fake_send(&f, q[2], 24);
	fake_send(&f, q[0], 24);
	fake_send(&f, q[1], 24);
	fake_send(&f, q[1], 24);
	fake_send(&f, q[3], 24);
	rig_until(&f.rig, ROLE_CLIENT, has_taken, 5);
	/* Wrong lengths, a flow of nobody, a counter never sent, a time in the future. */
	fake_send(&f, q[0], 0);
	fake_send(&f, q[0], 15);
	fake_send(&f, q[0], 23);
	memcpy(odd, q[0], 24);
	fake_send(&f, odd, 25);
	echo_put(odd, 2, 1, clock_now_ns());
	fake_send(&f, odd, 24);
	echo_put(odd, 0, 3, clock_now_ns());
	fake_send(&f, odd, 24);
	echo_put(odd, 0, 1, INT64_MAX);
	fake_send(&f, odd, 24);
	rig_until(&f.rig, ROLE_CLIENT, has_taken, 12);
	expect_counter(&f.rig, COUNTER_RX_PACKETS, 4);
	expect_counter(&f.rig, ECHO_C_REORDERED, 1);
	expect_counter(&f.rig, ECHO_C_DUPLICATES, 1);
	expect_counter(&f.rig, ECHO_C_STRAY, 7);
	expect_counter(&f.rig, ECHO_C_LATE, 0);
	expect_counter(&f.rig, COUNTER_IN_FLIGHT, 0);
	assert_int_equal(rig_latencies(&f.rig, ECHO_L_RTT), 4);
	rig_expect_balance(&f.rig);
	fake_close(&f);
}

/* With --verify a flipped byte is found, and a flipped time is no round trip: the client knows when
 * it sent. */
static void verify(const struct udp_method *m, const char *load, const char *value)
{
	int64_t began_ns = clock_now_ns();
	struct fake f;
	struct hist rtt;
	uint8_t q[4][64];

	fake_open_with(&f, m, load, value, "yes");
	rig_until(&f.rig, ROLE_CLIENT, has_sent, 4);
	for (int i = 0; i < 4; i++)
		fake_receive(&f, q[i]);
	rig_enter(&f.rig, PHASE_DRAIN);
	q[1][ECHO_HEADER_BYTES + 7] ^= 1;
	q[2][12] ^= 0x40; /* 1.07 s */
	for (int i = 0; i < 4; i++)
		fake_send(&f, q[i], 24);
	rig_until(&f.rig, ROLE_CLIENT, has_taken, 4);
	expect_counter(&f.rig, COUNTER_RX_PACKETS, 4);
	expect_counter(&f.rig, ECHO_C_DAMAGED, 2);
	expect_counter(&f.rig, ECHO_C_STRAY, 0);
	histogram_copy(rig_client(&f.rig, 0)->latency[ECHO_L_RTT], &rtt);
	assert_int_equal(rtt.count, 4);
	assert_at_most(hist_max(&rtt), clock_now_ns() - began_ns);
	fake_close(&f);
}

static void damaged_answers(const struct udp_method *m)
{
	verify(m, "window", "2");
	verify(m, "rate", "1000");
}

static bool has_given_up(struct rig *rig, uint64_t value)
{
	return rig_sum(rig, ROLE_CLIENT, ECHO_C_GIVEN_UP) >= value;
}

/* The server is silent: after a second the client gives its window up and sends on.  An answer that
 * then arrives within a second of its send is received, a later one is late, and each counts
 * once, in the latencies too. */
static void silence(const struct udp_method *m)
{
	struct fake f;
	uint8_t q[8][64];

	fake_open(&f, m, "window", "2");
	rig_until(&f.rig, ROLE_CLIENT, has_given_up, 4);
	rig_until(&f.rig, ROLE_CLIENT, has_sent, 8);
	rig_enter(&f.rig, PHASE_DRAIN);
	for (int i = 0; i < 8; i++)
		fake_receive(&f, q[i]);
	/* Newer ones have gone out meanwhile and none has been answered, so nothing is out of
	 * order. The test rewrites the time in them to a recent one, however slow this machine
	 * is. */
	for (int i = 0; i < 2; i++) {
		struct echo_header h;

		echo_get(q[i], &h);
		echo_put(q[i], h.flow, h.counter, clock_now_ns());
	}
	fake_send(&f, q[0], 24);
	fake_send(&f, q[1], 24);
	rig_until(&f.rig, ROLE_CLIENT, has_taken, 2);
	expect_counter(&f.rig, COUNTER_RX_PACKETS, 2);
	expect_counter(&f.rig, ECHO_C_REORDERED, 0);
	struct echo_header h;
	echo_get(q[7], &h);
	while (clock_now_ns() <= (int64_t)h.stamp_ns + NS_PER_S)
		rig_step(&f.rig, ROLE_CLIENT);
	for (int i = 2; i < 8; i++)
		fake_send(&f, q[i], 24);
	fake_send(&f, q[7], 24);
	rig_until(&f.rig, ROLE_CLIENT, has_taken, 9);
	expect_counter(&f.rig, COUNTER_RX_PACKETS, 2);
	expect_counter(&f.rig, ECHO_C_LATE, 6);
	expect_counter(&f.rig, ECHO_C_DUPLICATES, 1);
	expect_counter(&f.rig, COUNTER_IN_FLIGHT, 0);
	assert_int_equal(rig_latencies(&f.rig, ECHO_L_RTT), 8);
	rig_expect_balance(&f.rig);
	fake_close(&f);
}

/* Over a long path nothing is lost that is not yet late, and no more is out than the window. */
static void a_long_path(const struct udp_method *m)
{
	struct fake f;
	uint8_t q[16][64];

	fake_open(&f, m, "window", "8"); /* of each of its two flows */
	rig_until(&f.rig, ROLE_CLIENT, has_sent, 16);
	for (int i = 0; i < 16; i++)
		fake_receive(&f, q[i]);
	for (int64_t end_ns = clock_now_ns() + 500 * NS_PER_MS; clock_now_ns() < end_ns;)
		rig_step(&f.rig, ROLE_CLIENT);
	expect_counter(&f.rig, COUNTER_TX_PACKETS, 16);
	expect_counter(&f.rig, COUNTER_IN_FLIGHT, 16);
	expect_counter(&f.rig, ECHO_C_GIVEN_UP, 0);
	/* An answer out of order frees its own place, and no other. */
	fake_send(&f, q[15], 24);
	rig_until(&f.rig, ROLE_CLIENT, has_sent, 17);
	expect_counter(&f.rig, COUNTER_IN_FLIGHT, 16);
	rig_enter(&f.rig, PHASE_DRAIN);
	fake_close(&f);
}

/* In the open loop the schedule goes on, but a datagram without an answer for a second is no longer
 * in flight. */
static void silence_at_a_rate(const struct udp_method *m)
{
	struct fake f;

	fake_open(&f, m, "rate", "1k");
	rig_until(&f.rig, ROLE_CLIENT, has_given_up, 500);
	uint64_t in_flight = rig_sum(&f.rig, ROLE_CLIENT, COUNTER_IN_FLIGHT),
		 given_up = rig_sum(&f.rig, ROLE_CLIENT, ECHO_C_GIVEN_UP);
	uint64_t sent = rig_sum(&f.rig, ROLE_CLIENT, COUNTER_TX_PACKETS);
	if (in_flight + given_up != sent)
		fail_msg("%lu in flight + %lu given up, but %lu sent", (unsigned long)in_flight, (unsigned long)given_up,
			(unsigned long)sent);
	rig_enter(&f.rig, PHASE_DRAIN);
	fake_close(&f);
}

/* The client's socket is connected: the kernel keeps strangers off. */
static void strangers(const struct udp_method *m)
{
	struct fake f;
	uint8_t q[64];

	fake_open(&f, m, "window", "1");
	rig_until(&f.rig, ROLE_CLIENT, has_sent, 2);
	fake_receive(&f, q);
	int fd = echo_socket(AF_INET, 0, 0);
	assert_int_equal(sendto(fd, q, 24, 0, &f.client.sa, sizeof(f.client.v4)), 24);
	rig_enter(&f.rig, PHASE_DRAIN);
	fake_send(&f, q, 24);
	rig_until(&f.rig, ROLE_CLIENT, has_taken, 1);
	for (int i = 0; i < 100; i++)
		rig_step(&f.rig, ROLE_CLIENT);
	assert_int_equal(taken(&f.rig), 1);
	expect_counter(&f.rig, COUNTER_RX_PACKETS, 1);
	close(fd);
	fake_close(&f);
}

#define FOR_ALL(name)                        \
	static void all_##name(void **state) \
	{                                    \
		(void)state;                 \
		echo_for_all(name);          \
	}
FOR_ALL(bad_datagrams)
FOR_ALL(longest_alone)
FOR_ALL(questions_for_counts)
FOR_ALL(bad_sources)
FOR_ALL(servers_do_not_loop)
FOR_ALL(verbatim_does_not_answer_itself)
FOR_ALL(bad_answers)
FOR_ALL(damaged_answers)
FOR_ALL(silence)
FOR_ALL(silence_at_a_rate)
FOR_ALL(a_long_path)
FOR_ALL(strangers)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_bad_datagrams),
		cmocka_unit_test(all_longest_alone),
		cmocka_unit_test(all_questions_for_counts),
		cmocka_unit_test(all_bad_sources),
		cmocka_unit_test(all_servers_do_not_loop),
		cmocka_unit_test(all_verbatim_does_not_answer_itself),
		cmocka_unit_test(all_bad_answers),
		cmocka_unit_test(all_damaged_answers),
		cmocka_unit_test(all_silence),
		cmocka_unit_test(all_silence_at_a_rate),
		cmocka_unit_test(all_a_long_path),
		cmocka_unit_test(all_strangers),
	};

	return cmocka_run_group_tests_name("echo hostile", tests, NULL, NULL);
}
