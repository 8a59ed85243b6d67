/* Faults of mode stream's connections: how they are counted, and what the program says. */
#include "stream_rig.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* A connection of the test's own to a server of loopback. */
static int raw_client(unsigned port)
{
	union net_address a = { .v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	struct timeval limit = { .tv_sec = RIG_DEADLINE_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	net_set_port(&a, port);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	if (connect(fd, &a.sa, sizeof(a.v4)) < 0)
		fail_msg("connect port %u: %s", port, strerror(errno));
	return fd;
}

/* The greeting of a client that matches a server with these options. */
static void greet(int fd, uint64_t size)
{
	struct stream_greeting g = { .flags = STREAM_SERVER_SENDS, .size = size, .seed = 1 };
	uint8_t out[STREAM_GREETING_BYTES];

	stream_greeting_put(out, &g);
	assert_int_equal(send(fd, out, sizeof(out), MSG_NOSIGNAL), sizeof(out));
}

static bool has_none(struct rig *rig, uint64_t value)
{
	(void)value;
	return !stream_rig_has_connections(rig, 1);
}

static bool has_rejected(struct rig *rig, uint64_t value)
{
	return stream_rig_sum(rig, STREAM_C_REJECTED) >= value;
}

static bool has_reconnects(struct rig *rig, uint64_t value)
{
	return stream_rig_sum(rig, STREAM_C_RECONNECTS) >= value;
}

static bool has_failed_to_connect(struct rig *rig, uint64_t value)
{
	return stream_rig_sum(rig, STREAM_C_CONNECT_FAILURES) >= value;
}

/* Makes a reset, as a peer's crash or a middlebox does: connect(2) to AF_UNSPEC disconnects. */
static void reset(struct stream_worker *x)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	if (connect(x->link.fd, &nowhere, sizeof(nowhere)) < 0)
		fail_msg("disconnect %d in state %d: %s", x->link.fd, x->link.state, strerror(errno));
}

/* Either end may be reset at any time, in the middle of messages: both come together again, and the
 * lost messages are counted exactly. */
static void resets_in_mid_message(void **state)
{
	(void)state;
	for (unsigned m = 0; engine_stream.methods[m]; m++)
		for (int reverse = 0; reverse < 2; reverse++) {
			unsigned fds = open_fds();
			struct rig rig;
			uint64_t lost;

			stream_rig_open(&rig, RIG_OPTIONS("method", engine_stream.methods[m]->name, "size", "70001", "threads",
						      "3", "verify", "yes", "reverse", reverse ? "yes" : "no"));
			rig_enter(&rig, PHASE_MEASURE);
			for (unsigned i = 0; i < 12; i++) {
				uint64_t got;

				/* at both ends */
				rig_until(&rig, ROLE_BOTH, has_reconnects, 2 * i);
				rig_until(&rig, ROLE_BOTH, stream_rig_has_connections, 6);
				got = stream_rig_sum(&rig, COUNTER_RX_PACKETS);
				rig_until(&rig, ROLE_BOTH, rig_has_received, got + 20 + i);
				/* whole messages that nobody reads any more */
				for (unsigned w = 0; w < rig.opened; w++)
					if (rig.worker[w].self->role & rig.plan.tx_roles)
						assert_at_least(engine_stream.poll(&rig.worker[w], &rig.err), 0);
				reset(stream_rig_state(&rig, i % 6));
			}
			rig_until(&rig, ROLE_BOTH, has_reconnects, 24);
			rig_until(&rig, ROLE_BOTH, stream_rig_has_connections, 6);
			rig_drain(&rig);
			stream_rig_expect_balance(&rig);
			lost = stream_rig_sum(&rig, STREAM_C_LOST);
			assert_in_range(lost, 1, stream_rig_sum(&rig, COUNTER_TX_PACKETS));
			rig_close(&rig);
			assert_int_equal(open_fds(), fds);
		}
}

/* A client outlives its server, and the next one. */
static void server_restarts_under_a_client(void **state)
{
	struct rig server, client;
	char port[8];

	(void)state;
	stream_rig_free_port(port);
	const char *const *option = RIG_OPTIONS(
		"role", "server", "port", port, "listen", "127.0.0.1", "size", "100000", "threads", "1");
	stream_rig_open(&client, RIG_OPTIONS("role", "client", "port", port, "size", "100000", "threads", "1"));
	rig_enter(&client, PHASE_MEASURE);
	/* nobody listens yet: tried again and again */
	rig_until(&client, ROLE_BOTH, has_failed_to_connect, 3);
	assert_true(client.plan.expects_answers && engine_stream.reliable);
	for (unsigned i = 0; i < 3; i++) {
		uint64_t got = stream_rig_sum(&client, COUNTER_RX_PACKETS);

		stream_rig_open(&server, option);
		rig_enter(&server, PHASE_MEASURE);
		rig_until_with(&client, &server, rig_has_received, got + 50);
		assert_int_equal(stream_rig_sum(&client, STREAM_C_RECONNECTS), i);
		rig_close(&server);
		rig_until(&client, ROLE_BOTH, has_none, 0);
	}
	assert_int_equal(stream_rig_sum(&client, STREAM_C_DAMAGED), 0);
	rig_close(&client);
}

static bool is_blocked(struct rig *rig, uint64_t value)
{
	struct worker *w = &rig->worker[0];

	return stream_rig_sum(rig, COUNTER_TX_BYTES) > value && w->wait.count == 1 && engine_stream.poll(w, &rig->err) == 0 &&
	       engine_stream.poll(w, &rig->err) == 0;
}

/* The server waits for room, does nothing else, and ends at once when it is told to. */
static void receiver_that_stops_reading(void **state)
{
	(void)state;
	for (unsigned m = 0; engine_stream.methods[m]; m++) {
		struct rig server;
		char port[8];
		uint64_t sent;
		int fd;

		stream_rig_free_port(port);
		stream_rig_open(&server, RIG_OPTIONS("role", "server", "port", port, "listen", "127.0.0.1", "method",
						 engine_stream.methods[m]->name, "size", "1000000", "threads", "1"));
		rig_enter(&server, PHASE_MEASURE);
		fd = raw_client(rig_port(&server));
		greet(fd, 1000000);
		rig_until(&server, ROLE_BOTH, is_blocked, 100000);
		sent = stream_rig_sum(&server, COUNTER_TX_BYTES);
		for (unsigned i = 0; i < 100; i++)
			rig_step(&server, ROLE_BOTH);
		assert_in_range(stream_rig_sum(&server, COUNTER_TX_BYTES), sent, sent + 10000000);
		/* No other client waits for its place: it may keep it. */
		assert_int_equal(engine_stream.observe(&server.worker[0], &server.err), 0);
		assert_int_equal(stream_rig_sum(&server, STREAM_C_STALLED_MS), 0);
		/* The standstill is dated back by half the time since the machine booted: the clock
		 * has nothing before that. */
		int64_t back_ms = stream_rig_state(&server, 0)->link.moved_ns / 2 / NS_PER_MS;

		stream_rig_state(&server, 0)->link.moved_ns -= back_ms * NS_PER_MS;
		rig_enter(&server, PHASE_MEASURE);
		assert_true(stream_rig_has_connections(&server, 1));
		/* The counter says how long the connection has been standing still, each moment
		 * once. */
		assert_in_range(stream_rig_sum(&server, STREAM_C_STALLED_MS), back_ms, back_ms + 1000 * RIG_DEADLINE_S);
		assert_int_equal(engine_stream.observe(&server.worker[0], &server.err), 0);
		assert_in_range(stream_rig_sum(&server, STREAM_C_STALLED_MS), back_ms, back_ms + 1000 * RIG_DEADLINE_S);
		rig_close(&server);
		close(fd);
	}
}

/* An end with another clock: no delivery latency is better than a wrong one, and a counter says how
 * many messages have none. */
static void another_clock(void **state)
{
	struct rig server, client;
	char port[8];

	(void)state;
	for (int other = 0; other < 2; other++) {
		stream_rig_free_port(port);
		stream_rig_open(&server,
			RIG_OPTIONS("role", "server", "port", port, "listen", "127.0.0.1", "size", "5000", "threads", "1"));
		stream_shared_of(&server.worker[0])->boot ^= (uint64_t)other;
		stream_rig_open(&client, RIG_OPTIONS("role", "client", "port", port, "size", "5000", "threads", "1"));
		rig_enter(&client, PHASE_MEASURE);
		rig_until_with(&client, &server, rig_has_received, 100);
		uint64_t got = stream_rig_sum(&client, COUNTER_RX_PACKETS), timed = rig_latencies(&client, STREAM_L_DELIVERY);

		assert_int_equal(stream_rig_sum(&client, STREAM_C_UNTIMED), other ? got : 0);
		assert_int_equal(timed, other ? 0 : got);
		assert_int_equal(rig_latencies(&client, STREAM_L_MESSAGE), got);
		rig_close(&client);
		rig_close(&server);
	}
}

static bool has_waiting(struct rig *rig, uint64_t value)
{
	assert_int_equal(engine_stream.observe(&rig->worker[0], &rig->err), 0);
	return stream_rig_sum(rig, STREAM_C_CLIENTS_WAITING) == value;
}

/* One thread, two clients: the second waits, is counted, and is served when the first has gone, or
 * has left the server waiting for too long. */
static void more_clients_than_threads(void **state)
{
	struct rig server, client;
	char port[8];

	(void)state;
	stream_rig_free_port(port);
	stream_rig_open(
		&server, RIG_OPTIONS("role", "server", "port", port, "listen", "127.0.0.1", "size", "5000", "threads", "1"));
	rig_enter(&server, PHASE_MEASURE);
	for (int stuck = 0; stuck < 2; stuck++) {
		int fd = raw_client(rig_port(&server));

		greet(fd, 5000);
		rig_until(&server, ROLE_BOTH, is_blocked, stream_rig_sum(&server, COUNTER_TX_BYTES));
		stream_rig_open(&client, RIG_OPTIONS("role", "client", "port", port, "size", "5000", "threads", "1"));
		rig_enter(&client, PHASE_MEASURE);
		rig_until_with(&server, &client, has_waiting, 1);
		assert_false(rig_has_received(&client, 1));
		/* the waiting client counts itself, too */
		rig_until_with(&client, &server, has_waiting, 1);
		if (stuck)
			/* one waits: half of the four seconds */
			stream_rig_state(&server, 0)->link.moved_ns -= (int64_t)2100 * NS_PER_MS;
		else
			close(fd);
		rig_enter(&server, PHASE_MEASURE);
		rig_until_with(&client, &server, rig_has_received, 100);
		rig_until_with(&server, &client, has_waiting, 0);
		rig_close(&client);
		rig_until(&server, ROLE_BOTH, has_none, 0);
		if (stuck)
			close(fd);
	}
	rig_close(&server);
}

/* The server turns away garbage, half a greeting, silence and clients of other runs, and serves the
 * next caller. */
static void strangers(void **state)
{
	struct rig rig;
	uint8_t garbage[200];
	int fd;

	(void)state;
	memset(garbage, 'x', sizeof(garbage));
	stream_rig_open(&rig, RIG_OPTIONS("size", "5000", "threads", "1", "verify", "yes"));
	/* The stranger stands in the queue before our own client, whose first attempt ends before
	 * it has greeted: the kernel tells nobody of it. */
	reset(stream_rig_state(&rig, 1));
	close(stream_rig_state(&rig, 1)->link.fd);
	stream_rig_state(&rig, 1)->link.fd = -1;
	stream_rig_state(&rig, 1)->link.state = LINK_NONE;
	rig_enter(&rig, PHASE_MEASURE);
	int64_t end = clock_now_ns() + (int64_t)RIG_DEADLINE_S * NS_PER_S;

	fd = raw_client(rig_port(&rig));
	assert_more(send(fd, garbage, sizeof(garbage), MSG_NOSIGNAL), 0);
	while (!has_rejected(&rig, 1) && clock_now_ns() < end)
		assert_at_least(engine_stream.poll(&rig.worker[0], &rig.err), 0);
	assert_at_most(recv(fd, garbage, sizeof(garbage), 0), 0);
	close(fd);
	/* goes with us in everything, but is not of this run */
	fd = raw_client(rig_port(&rig));
	greet(fd, 5000);
	while (!has_rejected(&rig, 2) && clock_now_ns() < end)
		assert_at_least(engine_stream.poll(&rig.worker[0], &rig.err), 0);
	close(fd);
	fd = raw_client(rig_port(&rig));
	assert_int_equal(send(fd, garbage, 10, MSG_NOSIGNAL), 10);
	close(fd);
	while (!has_rejected(&rig, 3) && clock_now_ns() < end)
		assert_at_least(engine_stream.poll(&rig.worker[0], &rig.err), 0);
	fd = raw_client(rig_port(&rig)); /* says nothing */
	while (stream_rig_state(&rig, 0)->link.state != LINK_GREETING && clock_now_ns() < end)
		assert_at_least(engine_stream.poll(&rig.worker[0], &rig.err), 0);
	stream_rig_state(&rig, 0)->link.until_ns = 1;
	assert_int_equal(engine_stream.poll(&rig.worker[0], &rig.err), 0);
	assert_true(has_rejected(&rig, 4));
	close(fd);
	rig_until(&rig, ROLE_BOTH, rig_has_received, 100);
	rig_drain(&rig);
	stream_rig_expect_balance(&rig);
	rig_close(&rig);
}

/* Callers that say nothing do not hold up the only thread of a server. */
static void silent_callers(void **state)
{
	struct rig server, client;
	char port[8];
	int fd[3];

	(void)state;
	stream_rig_free_port(port);
	stream_rig_open(
		&server, RIG_OPTIONS("role", "server", "port", port, "listen", "127.0.0.1", "size", "5000", "threads", "1"));
	for (unsigned i = 0; i < 3; i++)
		fd[i] = raw_client(rig_port(&server));
	stream_rig_open(
		&client, RIG_OPTIONS("role", "client", "host", "127.0.0.1", "port", port, "size", "5000", "threads", "1"));
	rig_until_with(&client, &server, rig_has_received, 100);
	assert_int_equal(stream_rig_sum(&server, STREAM_C_REJECTED), 0);
	rig_close(&client);
	/* The server turns them away when their time is over. */
	rig_until(&server, ROLE_BOTH, has_rejected, 3);
	for (unsigned i = 0; i < 3; i++)
		close(fd[i]);
	rig_close(&server);
}

/* Hundreds of callers that begin to greet and never end do not hold it up either; the kernel hands
 * those over at once. */
static void many_half_greetings(void **state)
{
	enum { CALLERS = 300 };
	struct rig server, client;
	char port[8];
	int fd[CALLERS];

	(void)state;
	stream_rig_free_port(port);
	stream_rig_open(
		&server, RIG_OPTIONS("role", "server", "port", port, "listen", "127.0.0.1", "size", "5000", "threads", "1"));
	for (unsigned i = 0; i < CALLERS; i++) {
		fd[i] = raw_client(rig_port(&server));
		assert_int_equal(send(fd[i], "netdyn", 6, MSG_NOSIGNAL), 6);
	}
	stream_rig_open(
		&client, RIG_OPTIONS("role", "client", "host", "127.0.0.1", "port", port, "size", "5000", "threads", "1"));
	int64_t began = clock_now_ns();
	rig_until_with(&client, &server, rig_has_received, 100);
	/* a fifth of a second for each would be a minute */
	assert_in_range((clock_now_ns() - began) / NS_PER_MS, 0, 15000);
	assert_int_equal(stream_rig_sum(&server, STREAM_C_REJECTED), CALLERS);
	rig_close(&client);
	for (unsigned i = 0; i < CALLERS; i++)
		close(fd[i]);
	rig_close(&server);
}

/* A sender that keeps the greeting and then breaks the framing: counted as damage, and nothing
 * worse. */
static void garbage_instead_of_messages(void **state)
{
	struct rig server;
	uint8_t garbage[3000], out[STREAM_GREETING_BYTES];
	struct stream_greeting g = { .flags = STREAM_VERIFY, .size = 1000, .seed = 1 };
	char port[8];
	int fd;

	(void)state;
	stream_rig_free_port(port);
	stream_rig_open(&server, RIG_OPTIONS("role", "server", "port", port, "listen", "127.0.0.1", "size", "1000", "threads",
					 "1", "reverse", "yes", "verify", "yes"));
	rig_enter(&server, PHASE_MEASURE);
	fd = raw_client(rig_port(&server));
	stream_greeting_put(out, &g);
	assert_int_equal(send(fd, out, sizeof(out), MSG_NOSIGNAL), sizeof(out));
	memset(garbage, 0xee, sizeof(garbage));
	assert_int_equal(send(fd, garbage, sizeof(garbage), MSG_NOSIGNAL), sizeof(garbage));
	rig_until(&server, ROLE_BOTH, rig_has_received, 3);
	assert_int_equal(stream_rig_sum(&server, STREAM_C_DAMAGED), 3);
	assert_more(stream_rig_sum(&server, STREAM_C_DAMAGED_BYTES), 2900);
	assert_int_equal(rig_latencies(&server, STREAM_L_DELIVERY), 0);
	close(fd);
	rig_until(&server, ROLE_BOTH, has_none, 0);
	rig_close(&server);
}

static void expect_error(struct rig *rig, struct rig *server, int code, const char *words)
{
	int64_t end = clock_now_ns() + (int64_t)RIG_DEADLINE_S * NS_PER_S;
	int rc = 0;

	while (!rc && clock_now_ns() < end) {
		if (server)
			rig_step(server, ROLE_BOTH);
		rc = rig_try_step(rig, ROLE_BOTH);
	}
	assert_int_equal(rc, code);
	if (!strstr(rig->err.text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, rig->err.text);
}

/* Two ends that are set to different things say which. */
static void ends_that_differ(void **state)
{
	static const struct {
		const char *option, *value, *words;
	} cases[] = {
		{ "size", "7000", "--size 7000: the server 127.0.0.1:" },
		{ "reverse", "yes", "--reverse must be given to both or to neither" },
		{ "verify", "no", "--verify must be given to both or to neither" },
		{ "seed", "9", "--seed 9: the server 127.0.0.1:" },
	};
	struct rig server, client;
	char port[8];

	(void)state;
	stream_rig_free_port(port);
	stream_rig_open(&server, RIG_OPTIONS("role", "server", "port", port, "listen", "127.0.0.1", "size", "5000", "threads",
					 "1", "verify", "yes"));
	rig_enter(&server, PHASE_MEASURE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stream_rig_open(&client, RIG_OPTIONS("role", "client", "port", port, "size", "5000", "threads", "1", "verify",
						 "yes", cases[i].option, cases[i].value));
		rig_enter(&client, PHASE_MEASURE);
		expect_error(&client, &server, -EPROTO, cases[i].words);
		rig_close(&client);
	}
	assert_int_equal(stream_rig_sum(&server, STREAM_C_REJECTED), sizeof(cases) / sizeof(cases[0]));
	rig_close(&server);
}

static void something_else_answers(void **state)
{
	struct rig client;
	union net_address a = { .v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t bytes = sizeof(a);
	char port[8], page[100];
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;

	(void)state;
	assert_int_equal(bind(listener, &a.sa, sizeof(a.v4)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, &a.sa, &bytes), 0);
	snprintf(port, sizeof(port), "%u", net_port(&a));
	stream_rig_open(&client, RIG_OPTIONS("role", "client", "port", port, "threads", "1"));
	fd = accept(listener, NULL, NULL);
	memset(page, '<', sizeof(page));
	assert_int_equal(send(fd, page, sizeof(page), MSG_NOSIGNAL), sizeof(page));
	rig_enter(&client, PHASE_MEASURE);
	expect_error(&client, NULL, -EPROTO, "is not a netdyno stream server");
	rig_close(&client);
	close(fd);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITHOUT_LEAK(resets_in_mid_message),
		TEST_WITHOUT_LEAK(server_restarts_under_a_client),
		TEST_WITHOUT_LEAK(receiver_that_stops_reading),
		TEST_WITHOUT_LEAK(another_clock),
		TEST_WITHOUT_LEAK(more_clients_than_threads),
		TEST_WITHOUT_LEAK(strangers),
		TEST_WITHOUT_LEAK(silent_callers),
		TEST_WITHOUT_LEAK(many_half_greetings),
		TEST_WITHOUT_LEAK(garbage_instead_of_messages),
		TEST_WITHOUT_LEAK(ends_that_differ),
		TEST_WITHOUT_LEAK(something_else_answers),
	};

	return cmocka_run_group_tests_name("stream faults", tests, NULL, NULL);
}
