/* Mode stream with its other end elsewhere: what a server tells at the end of a connection, and
 * what a client believes of it. */
#include "stream_rig.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "engines/stream/far.h"

enum { SIZE = 1000 };

/* The server of a client that is waited for; or the socket of one by hand, -1: none. */
static struct rig *other;
static int by_hand = -1;

static bool is_over(struct rig *client, uint64_t value)
{
	static uint8_t data[1 << 16];

	(void)value;
	if (other)
		rig_observe(other);
	while (by_hand >= 0 && recv(by_hand, data, sizeof(data), MSG_DONTWAIT) > 0)
		;
	rig_observe(client);
	return !rig_sum(client, ROLE_CLIENT, COUNTER_IN_FLIGHT);
}

/* ---- two of ours ---- */

struct way {
	const char *method, *receive, *size, *reverse;
};

/* What both ends have counted is the same, message for message; the time before the measure phase
 * is not in it. */
static void ends_agree(const struct way *way)
{
	bool reverse = way->reverse[0] == 'y';
	struct rig server, client;
	uint64_t before, received, sent;
	char port[8];

	stream_rig_free_port(port);
	stream_rig_open(
		&server, RIG_OPTIONS("role", "server", "listen", "127.0.0.1", "port", port, "threads", "2", "size", way->size,
				 "reverse", way->reverse, reverse ? "receive" : "method", reverse ? way->receive : way->method));
	stream_rig_open(&client, RIG_OPTIONS("role", "client", "port", port, "threads", "2", "size", way->size, "reverse",
					 way->reverse, reverse ? "method" : "receive", reverse ? way->method : way->receive));
	rig_enter(&server, PHASE_MEASURE);
	rig_enter(&client, PHASE_WARMUP);
	rig_until_with(&client, &server, stream_rig_has_connections, 2);
	rig_until_with(reverse ? &server : &client, reverse ? &client : &server, rig_has_received, 20);
	rig_enter(&client, PHASE_MEASURE);
	before = rig_sum(&client, ROLE_CLIENT, reverse ? COUNTER_TX_PACKETS : COUNTER_RX_PACKETS);
	received = rig_sum(reverse ? &server : &client, ROLE_BOTH, COUNTER_RX_PACKETS);
	rig_until_with(reverse ? &server : &client, reverse ? &client : &server, rig_has_received, received + 50);
	rig_enter(&client, PHASE_DRAIN);
	assert_int_equal(rig_sum(&client, ROLE_CLIENT, COUNTER_IN_FLIGHT), 2);
	other = &server;
	rig_until_with(&client, &server, is_over, 0);
	assert_int_equal(rig_sum(&client, ROLE_CLIENT, STREAM_C_FAR_TOLD), 2);
	sent = rig_sum(reverse ? &client : &server, ROLE_BOTH, COUNTER_TX_PACKETS);
	received = rig_sum(reverse ? &server : &client, ROLE_BOTH, COUNTER_RX_PACKETS);
	assert_int_equal(received, sent);
	assert_int_equal(rig_sum(&client, ROLE_CLIENT, reverse ? STREAM_C_FAR_RECEIVED : STREAM_C_FAR_SENT), sent - before);
	assert_int_equal(rig_sum(reverse ? &server : &client, ROLE_BOTH, STREAM_C_DAMAGED), 0);
	assert_int_equal(stream_rig_sum(&client, STREAM_C_LOST), 0);
	rig_close(&client);
	rig_close(&server);
}

static void both_ends_agree(void **state)
{
	static const struct way ways[] = {
		{ "one-copy", "copy", "70001", "no" },
		{ "two-copy", "discard", "1000", "no" },
		{ "zero-copy", "copy", "200000", "no" },
		{ "one-copy", "copy", "1", "no" },
		{ "one-copy", "copy", "47", "no" },
		{ "one-copy", "copy", "70001", "yes" },
		{ "zero-copy", "discard", "1000", "yes" },
		{ "two-copy", "copy", "1", "yes" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		ends_agree(&ways[i]);
}

static bool has_one(struct rig *rig, uint64_t value)
{
	rig_observe(rig);
	return rig_sum(rig, ROLE_SERVER, STREAM_C_CONNECTIONS) >= value;
}

static bool has_none(struct rig *rig, uint64_t value)
{
	return !has_one(rig, value + 1);
}

/* ---- a client by hand ---- */

static int call(const struct rig *server, uint32_t flags, struct stream_greeting *ret_answer)
{
	struct stream_greeting g = { .flags = flags, .token = 0x1234, .size = SIZE, .seed = 1 };
	union net_address a = { .v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	struct timeval limit = { .tv_sec = RIG_DEADLINE_S };
	uint8_t bytes[STREAM_GREETING_BYTES];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	net_set_port(&a, rig_port(server));
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(connect(fd, &a.sa, sizeof(a.v4)), 0);
	stream_greeting_put(bytes, &g);
	assert_int_equal(send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
	rig_until((struct rig *)(uintptr_t)server, ROLE_SERVER, has_one, 1);
	assert_int_equal(recv(fd, bytes, sizeof(bytes), MSG_WAITALL), sizeof(bytes));
	assert_true(stream_greeting_get(bytes, ret_answer));
	return fd;
}

/* The thread of a client that has gone is free for the next one, and waits for no tick. */
static bool is_free(struct rig *server, uint64_t value)
{
	(void)value;
	return stream_rig_state(server, 0)->link.state == LINK_NONE;
}

/* All that a server still has to say, step by step; returns how much that is.  Only a tick shows
 * one that sends that its client wants the end. */
static size_t read_to_end(struct rig *server, int fd, uint8_t *last, size_t size)
{
	static uint8_t data[1 << 16];
	size_t all = 0;
	ssize_t n;

	do {
		rig_step(server, ROLE_SERVER);
		if (!stream_rig_state(server, 0)->far.ending)
			rig_observe(server);
		n = recv(fd, data, sizeof(data), MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN)
			fail_msg("recv: %s", strerror(errno));
		for (ssize_t i = 0; i < n; i++)
			last[all++ % size] = data[i];
	} while (n);
	return all;
}

/* A server that receives answers with a frame that is shorter than the greeting, and nothing
 * else; one that was not asked says nothing. */
static void a_receiving_server_tells(void **state)
{
	static const uint8_t message[SIZE];
	struct rig server;

	(void)state;
	stream_rig_open(
		&server, RIG_OPTIONS("role", "server", "listen", "127.0.0.1", "threads", "1", "size", "1000", "reverse", "yes"));
	rig_enter(&server, PHASE_MEASURE);
	assert_less(STREAM_FAR_BYTES, STREAM_GREETING_BYTES);
	for (int asks = 0; asks < 2; asks++) {
		uint8_t answer[STREAM_FAR_BYTES];
		uint64_t count[STREAM_FAR_COUNTS];
		struct stream_greeting g;
		uint32_t number;
		int fd = call(&server, asks ? STREAM_TELLS : 0, &g);

		assert_int_equal(g.flags & STREAM_TELLS, asks ? STREAM_TELLS : 0);
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(send(fd, message, SIZE, MSG_NOSIGNAL), SIZE);
		assert_int_equal(shutdown(fd, SHUT_WR), 0);
		if (asks) {
			assert_int_equal(read_to_end(&server, fd, answer, sizeof(answer)), sizeof(answer));
			assert_true(net_report_get(answer, 0x1234, &number, count, STREAM_FAR_COUNTS));
			assert_int_equal(count[0], 3);
			assert_int_equal(count[1], 3 * SIZE);
		}
		rig_until(&server, ROLE_SERVER, has_none, 0);
		close(fd);
	}
	rig_close(&server);
}

/* One that sends finishes its message, answers, and lets the connection go. */
static void a_sending_server_tells(void **state)
{
	uint8_t answer[STREAM_FAR_BYTES], again[STREAM_FAR_BYTES];
	uint64_t count[STREAM_FAR_COUNTS];
	struct stream_greeting g;
	struct rig server;
	uint32_t number;

	(void)state;
	stream_rig_open(&server, RIG_OPTIONS("role", "server", "listen", "127.0.0.1", "threads", "1", "size", "1000"));
	rig_enter(&server, PHASE_MEASURE);
	for (unsigned i = 0; i < 2; i++) {
		int fd = call(&server, STREAM_SERVER_SENDS | STREAM_TELLS, &g);

		assert_int_equal(shutdown(fd, SHUT_WR), 0);
		size_t all = read_to_end(&server, fd, answer, sizeof(answer));
		assert_int_equal((all - sizeof(answer)) % SIZE, 0);
		for (unsigned k = 0; k < sizeof(answer); k++)
			again[k] = answer[(all + k) % sizeof(answer)];
		assert_true(net_report_get(again, 0x1234, &number, count, STREAM_FAR_COUNTS));
		assert_int_equal(count[0], (all - sizeof(answer)) / SIZE);
		assert_int_equal(count[1], all - sizeof(answer));
		rig_until(&server, ROLE_SERVER, is_free, 0);
		rig_until(&server, ROLE_SERVER, has_none, 0);
		close(fd);
	}
	rig_close(&server);
}

/* ---- a server by hand ---- */

enum lie { OLD, SILENT, CLOSES, SHORT, WRONG_TOKEN, WRONG_NUMBER, WRONG_BYTES, TOO_FEW, QUESTION, NOISE, HONEST, LIES };

static bool has_greeted(struct rig *rig, uint64_t value)
{
	(void)value;
	return stream_rig_state(rig, 0)->link.state == LINK_GREETING;
}

static int answer_greeting(int listener, bool sends, enum lie lie, uint64_t *ret_token)
{
	struct stream_greeting g;
	uint8_t bytes[STREAM_GREETING_BYTES];
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	assert_int_equal(recv(fd, bytes, sizeof(bytes), MSG_WAITALL), sizeof(bytes));
	assert_true(stream_greeting_get(bytes, &g));
	assert_true(g.flags & STREAM_TELLS);
	assert_int_not_equal(g.token, 0);
	*ret_token = g.token;
	g = (struct stream_greeting){
		.flags = (sends ? STREAM_SERVER_SENDS : 0) | (lie == OLD ? 0 : STREAM_TELLS), .size = SIZE, .seed = 1
	};
	stream_greeting_put(bytes, &g);
	assert_int_equal(send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
	return fd;
}

static void say_messages(int fd, uint64_t first, unsigned count)
{
	uint8_t data[SIZE] = { 0 };

	for (unsigned i = 0; i < count; i++) {
		const uint64_t header[] = { htobe64(first + i), htobe64(1), htobe64(SIZE) };

		memcpy(data, header, sizeof(header));
		assert_int_equal(send(fd, data, SIZE, MSG_NOSIGNAL), SIZE);
	}
}

static void say_counts(int fd, enum lie lie, uint64_t token, uint64_t messages)
{
	uint64_t count[STREAM_FAR_COUNTS] = { messages - 2 * (lie == TOO_FEW), (messages - 2 * (lie == TOO_FEW)) * SIZE };
	uint8_t data[STREAM_FAR_BYTES];

	count[1] += lie == WRONG_BYTES;
	net_report_ask(data, token + (lie == WRONG_TOKEN), 1 + (lie == WRONG_NUMBER), STREAM_FAR_COUNTS);
	if (lie != QUESTION)
		net_report_fill(data, count, STREAM_FAR_COUNTS);
	if (lie == NOISE)
		memset(data, 0xa5, sizeof(data));
	if (lie != SILENT && lie != CLOSES && lie != OLD)
		assert_int_equal(
			send(fd, data, lie == SHORT ? 40 : sizeof(data), MSG_NOSIGNAL), lie == SHORT ? 40 : sizeof(data));
}

/* Whatever a server says, the client's run ends, and only what can be true is believed. */
static void a_server_says(int listener, const char *port, bool sends, enum lie lie)
{
	struct rig client;
	uint64_t token;

	stream_rig_open(&client, RIG_OPTIONS("role", "client", "port", port, "threads", "1", "size", "1000",
					 sends ? "seed" : "reverse", sends ? "1" : "yes"));
	rig_enter(&client, PHASE_WARMUP);
	rig_until(&client, ROLE_CLIENT, has_greeted, 0);
	int fd = answer_greeting(listener, sends, lie, &token);
	rig_until(&client, ROLE_CLIENT, stream_rig_has_connections, 1);
	if (sends) {
		say_messages(fd, 0, 2);
		rig_until(&client, ROLE_CLIENT, rig_has_received, 2);
	}
	rig_enter(&client, PHASE_MEASURE);
	if (sends) {
		say_messages(fd, 2, 3);
		rig_until(&client, ROLE_CLIENT, rig_has_received, 5);
	}
	rig_enter(&client, PHASE_DRAIN);
	rig_observe(&client);
	assert_int_equal(rig_sum(&client, ROLE_CLIENT, COUNTER_IN_FLIGHT), lie != OLD);
	say_counts(fd, lie, token, sends ? 5 - 2 * (lie == TOO_FEW) : 0);
	if (lie != SILENT && lie != OLD)
		shutdown(fd, SHUT_WR);
	other = NULL;
	by_hand = sends ? -1 : fd;
	if (lie != SILENT)
		rig_until(&client, ROLE_CLIENT, is_over, 0);
	by_hand = -1;
	assert_int_equal(rig_sum(&client, ROLE_CLIENT, STREAM_C_FAR_TOLD), lie == HONEST);
	assert_int_equal(rig_sum(&client, ROLE_CLIENT, STREAM_C_FAR_SENT), lie == HONEST && sends ? 3 : 0);
	rig_close(&client);
	close(fd);
}

static int listen_by_hand(char port[8])
{
	union net_address a = { .v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t bytes = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, &a.sa, sizeof(a.v4)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, &a.sa, &bytes), 0);
	snprintf(port, 8, "%u", net_port(&a));
	return listener;
}

static void servers_that_lie(void **state)
{
	char port[8];
	int listener = listen_by_hand(port);

	(void)state;
	for (enum lie lie = 0; lie < LIES; lie++)
		a_server_says(listener, port, true, lie);
	for (enum lie lie = 0; lie < HONEST; lie++)
		a_server_says(listener, port, false, lie);
	close(listener);
}

static bool holds(struct rig *rig, uint64_t bytes)
{
	return stream_rig_state(rig, 0)->far.held == bytes;
}

/* A client in its warm-up, that this honest server by hand sends to. */
static int serve_by_hand(struct rig *client, int listener, const char *port, uint64_t *ret_token)
{
	int fd;

	stream_rig_open(client, RIG_OPTIONS("role", "client", "port", port, "threads", "1", "size", "1000"));
	rig_enter(client, PHASE_WARMUP);
	rig_until(client, ROLE_CLIENT, has_greeted, 0);
	fd = answer_greeting(listener, true, HONEST, ret_token);
	rig_until(client, ROLE_CLIENT, stream_rig_has_connections, 1);
	return fd;
}

/* Only the next call shows that it is none: it ends where it must, and the answer behind it in the
 * same call is found. */
static void a_message_may_begin_like_an_answer(void **state)
{
	static const uint64_t count[STREAM_FAR_COUNTS] = { 1, SIZE };
	uint8_t data[SIZE + STREAM_FAR_BYTES] = { 'N' };
	struct rig client;
	uint64_t token;
	char port[8];
	int listener = listen_by_hand(port), fd;

	(void)state;
	fd = serve_by_hand(&client, listener, port, &token);
	rig_enter(&client, PHASE_MEASURE);
	rig_enter(&client, PHASE_DRAIN);
	net_report_ask(data + SIZE, token, 1, STREAM_FAR_COUNTS);
	net_report_fill(data + SIZE, count, STREAM_FAR_COUNTS);
	assert_int_equal(send(fd, data, 1, MSG_NOSIGNAL), 1);
	rig_until(&client, ROLE_CLIENT, holds, 1);
	assert_int_equal(send(fd, data + 1, sizeof(data) - 1, MSG_NOSIGNAL), sizeof(data) - 1);
	shutdown(fd, SHUT_WR);
	other = NULL;
	rig_until(&client, ROLE_CLIENT, is_over, 0);
	assert_int_equal(rig_sum(&client, ROLE_CLIENT, COUNTER_RX_BYTES), SIZE);
	assert_int_equal(rig_sum(&client, ROLE_CLIENT, STREAM_C_FAR_TOLD), 1);
	assert_int_equal(rig_sum(&client, ROLE_CLIENT, STREAM_C_FAR_SENT), 1);
	rig_close(&client);
	close(fd);
	close(listener);
}

/* A connection that is lost while it counts takes with it what was on its way: nothing is told. */
static void a_lost_connection_tells_nothing(void **state)
{
	struct rig server, client;
	char port[8];

	(void)state;
	stream_rig_free_port(port);
	stream_rig_open(&server, RIG_OPTIONS("role", "server", "listen", "127.0.0.1", "port", port, "threads", "1"));
	stream_rig_open(&client, RIG_OPTIONS("role", "client", "port", port, "threads", "1"));
	rig_enter(&server, PHASE_MEASURE);
	rig_enter(&client, PHASE_MEASURE);
	rig_until_with(&client, &server, rig_has_received, 20);
	shutdown(stream_rig_state(&client, 0)->link.fd, SHUT_RDWR);
	rig_until_with(&client, &server, rig_has_received, 20 + stream_rig_sum(&client, COUNTER_RX_PACKETS));
	rig_enter(&client, PHASE_DRAIN);
	other = &server;
	rig_until_with(&client, &server, is_over, 0);
	assert_int_equal(rig_sum(&client, ROLE_CLIENT, STREAM_C_RECONNECTS), 1);
	assert_int_equal(rig_sum(&client, ROLE_CLIENT, STREAM_C_FAR_TOLD), 0);
	rig_close(&client);
	rig_close(&server);
}

static bool has_half(struct rig *rig, uint64_t bytes)
{
	return stream_rig_state(rig, 0)->frame.offset == bytes;
}

/* A message is cut in two before the measure phase, and only a connection that is made in it shows
 * that: who counts it as lost then cannot have a ledger that balances. */
static void a_message_cut_before_it_tells_nothing(void **state)
{
	static const uint8_t half[SIZE / 2];
	struct rig client;
	uint64_t token;
	char port[8];
	int listener = listen_by_hand(port), fd;

	(void)state;
	fd = serve_by_hand(&client, listener, port, &token);
	assert_int_equal(send(fd, half, sizeof(half), MSG_NOSIGNAL), sizeof(half));
	rig_until(&client, ROLE_CLIENT, has_half, sizeof(half));
	close(fd);
	rig_until(&client, ROLE_CLIENT, has_greeted, 0);
	rig_enter(&client, PHASE_MEASURE);
	fd = answer_greeting(listener, true, HONEST, &token);
	rig_until(&client, ROLE_CLIENT, stream_rig_has_connections, 1);
	rig_enter(&client, PHASE_DRAIN);
	assert_int_equal(rig_sum(&client, ROLE_CLIENT, STREAM_C_LOST), 1);
	say_counts(fd, HONEST, token, 0);
	shutdown(fd, SHUT_WR);
	other = NULL;
	rig_until(&client, ROLE_CLIENT, is_over, 0);
	assert_int_equal(rig_sum(&client, ROLE_CLIENT, STREAM_C_FAR_TOLD), 0);
	rig_close(&client);
	close(fd);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITHOUT_LEAK(both_ends_agree),
		TEST_WITHOUT_LEAK(a_receiving_server_tells),
		TEST_WITHOUT_LEAK(a_sending_server_tells),
		TEST_WITHOUT_LEAK(servers_that_lie),
		TEST_WITHOUT_LEAK(a_message_may_begin_like_an_answer),
		TEST_WITHOUT_LEAK(a_lost_connection_tells_nothing),
		TEST_WITHOUT_LEAK(a_message_cut_before_it_tells_nothing),
	};

	return cmocka_run_group_tests_name("stream, the other end elsewhere", tests, NULL, NULL);
}
