/* Mode chat in real runs: both ends, one end with clients made by hand, connections that outlive
 * their run, and what may go wrong with clients; nothing left behind. */
#include "session_rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/asserts.h"
#include "../support/leaks.h"
#include "base/clock.h"
#include "engines/chat/chat.h"
#include "engines/chat/shared.h"

enum { DEADLINE_S = 30 };

#define OPTIONS(...)              \
	(const char *const[])     \
	{                         \
		__VA_ARGS__, NULL \
	}

static uint64_t sum(const struct outcome *o, unsigned counter)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < o->final->workers; i++)
		sum += o->final->settled[i].value[counter];
	return sum;
}

static void run_once(struct session_rig *s, const char *const *options, struct outcome *o)
{
	*o = (struct outcome){ 0 };
	session_rig_await(s, session_rig_start(s, options), outcome_has_final, o);
	if (o->final->how == PHASE_FAILED)
		fail_msg("%s", o->final->err.text);
}

/* Both ledgers leave nothing unexplained, to the last message. */
static void assert_balanced(const struct outcome *o, struct ledger *ret_deliveries)
{
	struct ledger messages;

	outcome_ledger(o, ret_deliveries);
	assert_int_equal(ret_deliveries->unexplained, 0);
	outcome_second_ledger(o, &messages);
	assert_int_equal(messages.known, o->info->role == ROLE_BOTH);
	assert_int_equal(messages.unexplained, 0);
}

/* ---- both ends ---- */

static void deliveries_balance(void **state)
{
	static const char *const runs[][20] = {
		{ "method", "lt", "conns", "50", NULL },
		{ "method", "et", "conns", "50", NULL },
		{ "method", "lt", "conns", "50", "delivery", "log", NULL },
		{ "method", "et", "conns", "50", "delivery", "log", "tick", "0", NULL },
		{ "method", "lt", "conns", "40", "loops", "3", NULL },
		{ "method", "et", "conns", "40", "loops", "3", "delivery", "log", NULL },
		{ "conns", "40", "wait", "poll", "loops", "2", NULL },
		{ "conns", "40", "wait", "spin", "loops", "2", NULL },
		{ "conns", "40", "rate", "50", "burst", "yes", "msg-bytes", "1000", NULL },
		{ "conns", "40", "rate", "0.5", "readers", "3", NULL },
		{ "conns", "40", "window", "50", "msg-bytes", "32", NULL },
		{ "conns", "3", "readers", "1", "rate", "100", NULL },
	};
	struct session_rig s;

	(void)state;
	session_rig_open(&s, &engine_chat, DEADLINE_S);
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		const char *options[26] = { "duration", "300ms", "warmup", "50ms" };
		struct outcome o;
		struct ledger l;

		memcpy(options + 4, runs[i], sizeof(runs[i]));
		run_once(&s, options, &o);
		assert_balanced(&o, &l);
		print_message("run %zu: owed %llu\n", i, (unsigned long long)l.sent);
		assert_int_equal(l.lost, 0);
		assert_more(l.received, 0);
		/* What the kernel took, readers have. */
		if (i != 9 && i != 11)
			assert_int_equal(sum(&o, CHAT_C_DELIVERED), l.received);
		assert_int_equal(sum(&o, CHAT_C_MISSING), 0);
		assert_int_equal(sum(&o, CHAT_C_REPEATED), 0);
		assert_int_equal(sum(&o, CHAT_C_FOREIGN), 0);
		assert_int_equal(sum(&o, CHAT_C_RECONNECTS), 0);
		outcome_free(&o);
	}
	session_rig_close(&s);
}

/* Nobody reads: queues fill, and what is dropped is counted at its place. */
static void nobody_reads(void **state)
{
	static const char *const policies[] = { "drop-newest", "drop-oldest", "disconnect" };
	static const unsigned counters[] = { CHAT_C_DROPPED_NEWEST, CHAT_C_DROPPED_OLDEST, CHAT_C_SLOW_CLOSED };
	struct session_rig s;

	(void)state;
	session_rig_open(&s, &engine_chat, DEADLINE_S);
	for (unsigned how = 0; how < 6; how++) {
		struct outcome o;
		struct ledger l;

		run_once(&s,
			OPTIONS("duration", "500ms", "warmup", "100ms", "conns", "10", "recv", "no", "queue", "8K", "line-max",
				"4K", "msg-bytes", "4K", "sndbuf", "4K", "rcvbuf", "4K", "slow", policies[how % 3], "delivery",
				how < 3 ? "direct" : "log"),
			&o);
		print_message("%s, %s\n", policies[how % 3], how < 3 ? "direct" : "log");
		assert_balanced(&o, &l);
		assert_more(sum(&o, counters[how % 3]), 0);
		outcome_free(&o);
	}
	session_rig_close(&s);
}

/* Clients send more than the server reads by the end of the drain, which it is still at work
 * then: what is unread is in flight. */
static void messages_are_left_unread(void **state)
{
	static const char *const methods[] = { "lt", "et" };
	struct session_rig s;

	(void)state;
	session_rig_open(&s, &engine_chat, DEADLINE_S);
	for (unsigned how = 0; how < 4; how++) {
		struct outcome o;
		struct ledger l;

		run_once(&s,
			OPTIONS("duration", "300ms", "warmup", how & 2 ? "0" : "100ms", "conns", "400", "recv", "no", "method",
				methods[how & 1], "loops", how & 2 ? "2" : "1"),
			&o);
		assert_balanced(&o, &l);
		assert_more(sum(&o, CHAT_C_MESSAGES_FLYING), 0);
		outcome_free(&o);
	}
	session_rig_close(&s);
}

/* ---- connections outlive their run ---- */

static unsigned socket_inodes(uint64_t *inode, unsigned room)
{
	unsigned n = 0;

	for (int fd = 0; fd < 4096 && n < room; fd++) {
		struct stat st;

		if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
			inode[n++] = st.st_ino;
	}
	return n;
}

static unsigned in_both(const uint64_t *a, unsigned as, const uint64_t *b, unsigned bs)
{
	unsigned n = 0;

	for (unsigned i = 0; i < as; i++)
		for (unsigned k = 0; k < bs; k++)
			n += a[i] == b[k];
	return n;
}

static void methods_flip_on_live_connections(void **state)
{
	enum { CONNECTIONS = 30, FLIPS = 4 };
	unsigned fds = open_fds(), threads = running_threads(), befores = 0;
	uint64_t before[256], after[256];
	struct session_rig s;
	struct outcome o;
	uint32_t last = 0;

	(void)state;
	session_rig_open(&s, &engine_chat, DEADLINE_S);
	for (unsigned i = 0; i <= FLIPS; i++) {
		uint32_t id = session_rig_start(&s,
			OPTIONS("method", i % 2 ? "et" : "lt", "conns", "30", "loops", "2", "warmup", "100ms", "duration", "0"));

		if (last) {
			o = (struct outcome){ 0 };
			session_rig_await(&s, last, outcome_has_final, &o);
			assert_int_equal(sum(&o, CHAT_C_RECONNECTS), 0);
			assert_int_equal(sum(&o, CHAT_C_MISSING), 0);
			outcome_free(&o);
		}
		o = (struct outcome){ 0 };
		session_rig_await_measure(&s, id, &o);
		unsigned afters = socket_inodes(after, 256);
		if (last)
			assert_at_least(in_both(before, befores, after, afters), 2 * CONNECTIONS);
		memcpy(before, after, sizeof(before));
		befores = afters;
		outcome_free(&o);
		last = id;
	}
	session_rig_close(&s);
	assert_int_equal(open_fds(), fds);
	for (unsigned i = 0; i < 1000 && running_threads() != threads; i++)
		poll(NULL, 0, 1); /* a joined thread may stay in /proc for a moment */
	assert_int_equal(running_threads(), threads);
}

/* ---- clients made by hand ---- */

static int caller(unsigned port)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	struct timeval patience = { .tv_sec = 20 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		fail_msg("connect: %s", strerror(errno));
	return fd;
}

/* Reads until the text has come, and says where it did not. */
static void expect_text(int fd, const char *text)
{
	size_t wanted = strlen(text), got = 0;
	char buffer[4096];

	assert_less(wanted, sizeof(buffer));
	while (got < wanted) {
		ssize_t n = recv(fd, buffer + got, wanted - got, 0);

		if (n <= 0)
			fail_msg("wanted \"%s\", got \"%.*s\"", text, (int)got, buffer);
		got += (size_t)n;
	}
	buffer[got] = '\0';
	assert_string_equal(buffer, text);
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Both are in the room, and hear each other. */
static void meet(struct session_rig *s, uint32_t id, struct outcome *o, int a, int b)
{
	session_rig_await_counter(s, id, CHAT_C_CONNECTIONS, 2, o);
	say(a, "marco\n");
	expect_text(b, "marco\n");
	say(b, "polo\n");
	expect_text(a, "polo\n");
}

static uint32_t start_server(struct session_rig *s, const char *method, const char *loops, unsigned *ret_port, struct outcome *o)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(a);
	char port[8];
	uint32_t id;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* A port that was free a moment ago. */
	assert_int_equal(bind(fd, (struct sockaddr *)&a, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	close(fd);
	*ret_port = ntohs(a.sin_port);
	snprintf(port, sizeof(port), "%u", *ret_port);
	id = session_rig_start(s, OPTIONS("role", "server", "listen", "127.0.0.1", "port", port, "method", method, "loops", loops,
					  "duration", "0", "warmup", "0", "queue", "8K", "line-max", "512", "sndbuf", "4K"));
	*o = (struct outcome){ 0 };
	session_rig_await_measure(s, id, o);
	return id;
}

static void end_server(struct session_rig *s, uint32_t id, struct outcome *o)
{
	struct ledger l;

	session_stop(s->session, false);
	session_rig_await(s, id, outcome_has_final, o);
	assert_balanced(o, &l);
}

static void people_talk(void **state)
{
	struct session_rig s;

	(void)state;
	session_rig_open(&s, &engine_chat, DEADLINE_S);
	for (unsigned how = 0; how < 4; how++) {
		struct outcome o;
		unsigned port;
		uint32_t id = start_server(&s, how & 1 ? "et" : "lt", how & 2 ? "3" : "1", &port, &o);
		int a = caller(port), b = caller(port);

		meet(&s, id, &o, a, b);
		say(a, "half a li");
		say(b, "\x1b[2Jred\r\n");
		expect_text(a, "?[2Jred\n");
		say(a, "ne\nand\none\nmore\n");
		expect_text(b, "half a line\nand\none\nmore\n");
		/* What was said before somebody leaves in order arrives. */
		say(a, "bye\n");
		shutdown(a, SHUT_WR);
		expect_text(b, "bye\n");
		close(a);
		close(b);
		end_server(&s, id, &o);
		assert_int_equal(sum(&o, COUNTER_RX_PACKETS), 8);
		assert_int_equal(sum(&o, CHAT_C_JOINED), 2);
		outcome_free(&o);
	}
	session_rig_close(&s);
}

static void clients_misbehave(void **state)
{
	struct session_rig s;
	struct linger reset = { .l_onoff = 1 };
	char flood[8192];

	(void)state;
	memset(flood, 'x', sizeof(flood));
	session_rig_open(&s, &engine_chat, DEADLINE_S);
	for (unsigned how = 0; how < 2; how++) {
		struct outcome o;
		unsigned port;
		uint32_t id = start_server(&s, how & 1 ? "et" : "lt", "1", &port, &o);
		int a = caller(port), b = caller(port), c = caller(port), d = caller(port);

		meet(&s, id, &o, a, b);
		/* Megabytes without a line's end: told so, and closed. */
		while (send(c, flood, sizeof(flood), MSG_NOSIGNAL) > 0)
			;
		session_rig_await_counter(&s, id, CHAT_C_LONG_LINES, 1, &o);
		/* A reset in the middle of a line. */
		say(d, "half");
		setsockopt(d, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(d);
		session_rig_await_counter(&s, id, CHAT_C_RESET, 1, &o);
		/* A byte at a time. */
		for (const char *p = "slowly\n"; *p; p++)
			assert_int_equal(send(a, p, 1, MSG_NOSIGNAL), 1);
		expect_text(b, "slowly\n");
		close(a);
		close(b);
		close(c);
		end_server(&s, id, &o);
		assert_int_equal(sum(&o, CHAT_C_LONG_LINES), 1);
		outcome_free(&o);
	}
	session_rig_close(&s);
}

/* One who never reads costs others nothing, and is counted. */
static void one_never_reads(void **state)
{
	struct session_rig s;
	unsigned port;
	uint32_t id;
	int a, b, deaf;
	char line[512];
	struct outcome o;

	(void)state;
	memset(line, 'y', sizeof(line));
	line[500] = '\n';
	line[501] = '\0';
	session_rig_open(&s, &engine_chat, DEADLINE_S);
	id = start_server(&s, "lt", "1", &port, &o);
	a = caller(port);
	b = caller(port);
	meet(&s, id, &o, a, b);
	deaf = caller(port);
	say(deaf, "here\n");
	expect_text(a, "here\n");
	expect_text(b, "here\n");
	/* More than all buffers on the way hold. */
	for (unsigned i = 0; i < 40000; i++) {
		say(a, line);
		expect_text(b, line);
	}
	end_server(&s, id, &o);
	assert_more(sum(&o, CHAT_C_DROPPED_OLDEST), 0);
	assert_more(sum(&o, CHAT_C_QUEUED), 0);
	outcome_free(&o);
	close(a);
	close(b);
	close(deaf);
	session_rig_close(&s);
}

/* No descriptor for the next caller: listening pauses, nobody is harmed, and it goes on when
 * somebody leaves. */
static void descriptors_run_out(void **state)
{
	enum { CALLERS = 64 };
	struct rlimit before, few;
	struct session_rig s;
	int fd[CALLERS], a, b;
	unsigned port, spare;
	uint32_t id;
	struct outcome o;

	(void)state;
	session_rig_open(&s, &engine_chat, DEADLINE_S);
	id = start_server(&s, "lt", "1", &port, &o);
	a = caller(port);
	b = caller(port);
	meet(&s, id, &o, a, b);
	for (unsigned i = 0; i < CALLERS; i++)
		assert_at_least(fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 0);
	getrlimit(RLIMIT_NOFILE, &before);
	few = before;
	few.rlim_cur = (rlim_t)fd[CALLERS - 1] + 1;
	spare = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (unsigned i = 0; i < CALLERS; i++) {
		struct sockaddr_in to = {
			.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
		};

		spare += connect(fd[i], (struct sockaddr *)&to, sizeof(to)) == 0;
	}
	assert_int_equal(spare, CALLERS);
	session_rig_await_counter(&s, id, CHAT_C_ACCEPT_PAUSES, 1, &o);
	say(a, "still here\n");
	expect_text(b, "still here\n");
	setrlimit(RLIMIT_NOFILE, &before);
	session_rig_await_counter(&s, id, CHAT_C_CONNECTIONS, CALLERS + 2, &o);
	for (unsigned i = 0; i < CALLERS; i++)
		close(fd[i]);
	close(a);
	close(b);
	end_server(&s, id, &o);
	outcome_free(&o);
	session_rig_close(&s);
}

/* The server goes away under its clients, and comes back: they do, too. */
static void the_server_dies(void **state)
{
	struct session_rig server, client;
	unsigned port;
	char text[8];
	uint32_t id, load;
	struct outcome o, l = { 0 };

	(void)state;
	session_rig_open(&server, &engine_chat, DEADLINE_S);
	session_rig_open(&client, &engine_chat, DEADLINE_S);
	id = start_server(&server, "lt", "1", &port, &o);
	snprintf(text, sizeof(text), "%u", port);
	load = session_rig_start(&client, OPTIONS("role", "client", "host", "127.0.0.1", "port", text, "conns", "10", "rate",
						  "50", "duration", "0", "warmup", "0", "msg-bytes", "64"));
	session_rig_await_counter(&server, id, COUNTER_RX_PACKETS, 10, &o);
	end_server(&server, id, &o);
	outcome_free(&o);
	o = (struct outcome){ 0 };
	session_rig_await_counter(&client, load, CHAT_C_CONNECT_FAILURES, 1, &l);
	id = session_rig_start(
		&server, OPTIONS("role", "server", "listen", "127.0.0.1", "port", text, "duration", "0", "warmup", "0"));
	session_rig_await_counter(&client, load, CHAT_C_RECONNECTS, 10, &l);
	session_rig_await_counter(&server, id, COUNTER_RX_PACKETS, 10, &o);
	session_stop(client.session, false);
	session_rig_await(&client, load, outcome_has_final, &l);
	assert_more(sum(&l, CHAT_C_RECONNECTS), 9);
	outcome_free(&l);
	outcome_free(&o);
	session_rig_close(&client);
	session_rig_close(&server);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(deliveries_balance),
		cmocka_unit_test(nobody_reads),
		cmocka_unit_test(messages_are_left_unread),
		cmocka_unit_test(methods_flip_on_live_connections),
		cmocka_unit_test(people_talk),
		cmocka_unit_test(clients_misbehave),
		cmocka_unit_test(one_never_reads),
		cmocka_unit_test(descriptors_run_out),
		cmocka_unit_test(the_server_dies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
