/* Mode chat: what may go wrong with clients and the server.  Whatever it is, it is counted, and
 * nobody else is disturbed. */
#include "chat_people.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../packet/netns.h"
#include "../support/asserts.h"
#include "../support/leaks.h"
#include "engines/chat/chat.h"
#include "engines/chat/shared.h"

enum { DEADLINE_S = 30 };

/* ---- clients that misbehave ---- */

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
		uint32_t id = chat_server_start(&s, "127.0.0.1", how & 1 ? "et" : "lt", "1", &port, &o);
		int a = person_call("127.0.0.1", port), b = person_call("127.0.0.1", port), c = person_call("127.0.0.1", port),
		    d = person_call("127.0.0.1", port);

		people_meet(&s, id, &o, a, b);
		/* Megabytes without a line's end: told so, and closed. */
		while (send(c, flood, sizeof(flood), MSG_NOSIGNAL) > 0)
			;
		session_rig_await_counter(&s, id, CHAT_C_LONG_LINES, 1, &o);
		/* A reset in the middle of a line. */
		person_says(d, "half");
		setsockopt(d, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(d);
		session_rig_await_counter(&s, id, CHAT_C_RESET, 1, &o);
		/* A byte at a time. */
		for (const char *p = "slowly\n"; *p; p++)
			assert_int_equal(send(a, p, 1, MSG_NOSIGNAL), 1);
		person_hears(b, "slowly\n");
		close(a);
		close(b);
		close(c);
		chat_server_end(&s, id, &o);
		assert_int_equal(outcome_sum(&o, CHAT_C_LONG_LINES), 1);
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
	id = chat_server_start(&s, "127.0.0.1", "lt", "1", &port, &o);
	a = person_call("127.0.0.1", port);
	b = person_call("127.0.0.1", port);
	people_meet(&s, id, &o, a, b);
	deaf = person_call("127.0.0.1", port);
	person_says(deaf, "here\n");
	person_hears(a, "here\n");
	person_hears(b, "here\n");
	/* More than all buffers on the way hold. */
	for (unsigned i = 0; i < 40000; i++) {
		person_says(a, line);
		person_hears(b, line);
	}
	chat_server_end(&s, id, &o);
	assert_more(outcome_sum(&o, CHAT_C_DROPPED_OLDEST), 0);
	assert_more(outcome_sum(&o, CHAT_C_QUEUED), 0);
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
	id = chat_server_start(&s, "127.0.0.1", "lt", "1", &port, &o);
	a = person_call("127.0.0.1", port);
	b = person_call("127.0.0.1", port);
	people_meet(&s, id, &o, a, b);
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
	person_says(a, "still here\n");
	person_hears(b, "still here\n");
	setrlimit(RLIMIT_NOFILE, &before);
	session_rig_await_counter(&s, id, CHAT_C_CONNECTIONS, CALLERS + 2, &o);
	for (unsigned i = 0; i < CALLERS; i++)
		close(fd[i]);
	close(a);
	close(b);
	chat_server_end(&s, id, &o);
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
	id = chat_server_start(&server, "127.0.0.1", "lt", "1", &port, &o);
	snprintf(text, sizeof(text), "%u", port);
	load = session_rig_start(&client, OPTIONS("role", "client", "host", "127.0.0.1", "port", text, "conns", "10", "rate",
						  "50", "duration", "0", "warmup", "0", "msg-bytes", "64"));
	session_rig_await_counter(&server, id, COUNTER_RX_PACKETS, 10, &o);
	chat_server_end(&server, id, &o);
	outcome_free(&o);
	o = (struct outcome){ 0 };
	session_rig_await_counter(&client, load, CHAT_C_CONNECT_FAILURES, 1, &l);
	id = session_rig_start(
		&server, OPTIONS("role", "server", "listen", "127.0.0.1", "port", text, "duration", "0", "warmup", "0"));
	session_rig_await_counter(&client, load, CHAT_C_RECONNECTS, 10, &l);
	session_rig_await_counter(&server, id, COUNTER_RX_PACKETS, 10, &o);
	session_stop(client.session, false);
	session_rig_await(&client, load, outcome_has_final, &l);
	assert_more(outcome_sum(&l, CHAT_C_RECONNECTS), 9);
	outcome_free(&l);
	outcome_free(&o);
	session_rig_close(&client);
	session_rig_close(&server);
}

/* ---- clients that vanish ---- */

/* The server's end of a connection, by the address of the other one. */
static int server_end(int client)
{
	struct sockaddr_in own, peer;
	socklen_t size = sizeof(own);

	assert_int_equal(getsockname(client, (struct sockaddr *)&own, &size), 0);
	for (int fd = 0; fd < 4096; fd++) {
		size = sizeof(peer);
		if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && size == sizeof(peer) && peer.sin_family == AF_INET &&
			peer.sin_port == own.sin_port && peer.sin_addr.s_addr == own.sin_addr.s_addr)
			return fd;
	}
	fail_msg("the server does not have it");
	return -1;
}

static int tcp_option(int fd, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	assert_int_equal(getsockopt(fd, IPPROTO_TCP, name, &value, &size), 0);
	return value;
}

static void set_tcp_option(int fd, int name, int value)
{
	assert_int_equal(setsockopt(fd, IPPROTO_TCP, name, &value, sizeof(value)), 0);
}

/* A client on the other host. */
static int call_from_there(unsigned port)
{
	int fd;

	netns_peer();
	fd = person_call("10.77.0.1", port);
	netns_home();
	return fd;
}

static void cut_the_wire(bool cut)
{
	netns_peer();
	netns_run("ip link set vb %s", cut ? "down" : "up");
	netns_home();
}

/* A host vanishes without a word while nothing is said: its client is asked whether it is still
 * there, and is closed when it does not answer. */
static void a_silent_client_vanishes(void **state)
{
	struct session_rig s;
	struct outcome o;
	unsigned port;
	uint32_t id;
	int a, b, gone, end;

	(void)state;
	netns_need();
	session_rig_open(&s, &engine_chat, DEADLINE_S);
	id = chat_server_start(&s, "10.77.0.1", "et", "1", &port, &o);
	a = person_call("10.77.0.1", port);
	b = person_call("10.77.0.1", port);
	people_meet(&s, id, &o, a, b);
	gone = call_from_there(port);
	person_says(gone, "far away\n");
	person_hears(a, "far away\n");
	person_hears(b, "far away\n");
	end = server_end(gone);
	assert_int_equal(tcp_option(end, TCP_KEEPIDLE), 20);
	assert_int_equal(tcp_option(end, TCP_KEEPINTVL), 5);
	assert_int_equal(tcp_option(end, TCP_KEEPCNT), 3);
	/* Not half a minute long. */
	set_tcp_option(end, TCP_KEEPINTVL, 1);
	set_tcp_option(end, TCP_KEEPCNT, 1);
	cut_the_wire(true);
	set_tcp_option(end, TCP_KEEPIDLE, 1);
	session_rig_await_counter(&s, id, CHAT_C_RESET, 1, &o);
	person_says(a, "still here\n");
	person_hears(b, "still here\n");
	cut_the_wire(false);
	close(gone);
	close(a);
	close(b);
	chat_server_end(&s, id, &o);
	assert_int_equal(outcome_sum(&o, CHAT_C_RESET), 1);
	outcome_free(&o);
	session_rig_close(&s);
}

/* One that is spoken to meanwhile is a slow client: its queue is bounded, what does not fit is
 * dropped and counted, and the others hear everything. */
static void a_client_vanishes_that_is_spoken_to(void **state)
{
	struct session_rig s;
	struct outcome o;
	unsigned port;
	uint32_t id;
	int a, b, gone;
	char line[512];

	(void)state;
	netns_need();
	memset(line, 'y', sizeof(line));
	line[500] = '\n';
	line[501] = '\0';
	session_rig_open(&s, &engine_chat, DEADLINE_S);
	id = chat_server_start(&s, "10.77.0.1", "lt", "1", &port, &o);
	a = person_call("10.77.0.1", port);
	b = person_call("10.77.0.1", port);
	people_meet(&s, id, &o, a, b);
	gone = call_from_there(port);
	person_says(gone, "far away\n");
	person_hears(a, "far away\n");
	person_hears(b, "far away\n");
	cut_the_wire(true);
	for (unsigned i = 0; i < 1000; i++) {
		person_says(a, line);
		person_hears(b, line);
	}
	chat_server_end(&s, id, &o);
	assert_more(outcome_sum(&o, CHAT_C_DROPPED_OLDEST), 0);
	/* The queue, and the line that is half sent. */
	assert_at_most(outcome_sum(&o, CHAT_C_QUEUED_BYTES), (8 << 10) + 512);
	outcome_free(&o);
	cut_the_wire(false);
	close(gone);
	close(a);
	close(b);
	session_rig_close(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients_misbehave),
		cmocka_unit_test(one_never_reads),
		cmocka_unit_test(descriptors_run_out),
		cmocka_unit_test(the_server_dies),
		cmocka_unit_test(a_silent_client_vanishes),
		cmocka_unit_test(a_client_vanishes_that_is_spoken_to),
	};

	if (netns_make())
		netns_pair();
	start_first_thread();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
