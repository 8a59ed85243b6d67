/* Mode chat with its server elsewhere: what the server tells of its counts, and what a load
 * believes. */
#include "chat_people.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "engines/chat/apart/report.h"
#include "engines/chat/apart/tell.h"
#include "engines/chat/chat.h"
#include "engines/chat/shared.h"

/* On a machine without a CPU to spare a server may not answer within the drain, or
 * be at rest between two phases. */
enum { DEADLINE_S = 30, TRIES = 5, TOKEN = 0x2345 };

/* ---- two of ours ---- */

/* The drain included. */
static uint64_t received_in_all(const struct outcome *client)
{
	struct reading final = reading_of_final(client->info, client->final), whole = reading_drained(&final);

	return reading_sum(&whole, -1, ROLE_CLIENT, COUNTER_RX_PACKETS).value;
}

/* Both ends have counted the same. */
static void ends_agree(struct session_rig *servers, struct session_rig *clients, const char *method, const char *loops)
{
	struct outcome server = { 0 }, client = { 0 };
	struct ledger deliveries = { 0 }, messages;
	char port[8];
	uint64_t received = 0;
	unsigned at;
	uint32_t id = chat_server_start(servers, "127.0.0.1", method, loops, &at, &server);

	snprintf(port, sizeof(port), "%u", at);
	for (unsigned tries = 0; tries < TRIES && (!deliveries.known || deliveries.received != received); tries++) {
		outcome_free(&client);
		client = (struct outcome){ 0 };
		session_rig_await(clients,
			session_rig_start(clients, OPTIONS("role", "client", "host", "127.0.0.1", "port", port, "conns", "10",
							   "warmup", "50ms", "duration", "200ms")),
			outcome_has_final, &client);
		outcome_ledger(&client, &deliveries);
		received = received_in_all(&client);
	}
	outcome_second_ledger(&client, &messages);
	assert_true(deliveries.known && deliveries.told && messages.known);
	assert_more(deliveries.received, 0);
	assert_int_equal(deliveries.unexplained, 0);
	assert_int_equal(messages.unexplained, 0);
	/* The server handed over what the load has received, and has read what it sent. */
	assert_int_equal(deliveries.received, received);
	assert_int_equal(messages.received + messages.in_flight, messages.sent);
	assert_int_equal(messages.in_flight, 0);
	outcome_free(&client);
	chat_server_end(servers, id, &server);
	outcome_free(&server);
}

static void both_ends_agree(void **state)
{
	struct session_rig servers, clients;

	(void)state;
	session_rig_open(&servers, &engine_chat, DEADLINE_S);
	session_rig_open(&clients, &engine_chat, DEADLINE_S);
	ends_agree(&servers, &clients, "lt", "1");
	ends_agree(&servers, &clients, "et", "3");
	session_rig_close(&clients);
	session_rig_close(&servers);
}

/* Its counts are of others, too. */
static void somebody_is_in_the_room(void **state)
{
	struct outcome server = { 0 }, client = { 0 };
	struct session_rig servers, clients;
	struct ledger l;
	char port[8];
	unsigned at;
	uint32_t id;
	int person, other;

	(void)state;
	session_rig_open(&servers, &engine_chat, DEADLINE_S);
	session_rig_open(&clients, &engine_chat, DEADLINE_S);
	id = chat_server_start(&servers, "127.0.0.1", "lt", "1", &at, &server);
	person = person_call("127.0.0.1", at);
	other = person_call("127.0.0.1", at);
	people_meet(&servers, id, &server, person, other);
	snprintf(port, sizeof(port), "%u", at);
	session_rig_await(&clients,
		session_rig_start(&clients, OPTIONS("role", "client", "host", "127.0.0.1", "port", port, "conns", "4", "rate",
						    "50", "warmup", "0", "duration", "100ms")),
		outcome_has_final, &client);
	outcome_ledger(&client, &l);
	assert_false(l.known);
	assert_non_null(l.why);
	outcome_second_ledger(&client, &l);
	assert_false(l.known);
	outcome_free(&client);
	close(person);
	close(other);
	chat_server_end(&servers, id, &server);
	outcome_free(&server);
	session_rig_close(&clients);
	session_rig_close(&servers);
}

/* ---- callers by hand ---- */

static int ask_call(unsigned port)
{
	uint8_t hello[CHAT_HELLO_BYTES], back[CHAT_HELLO_BYTES];
	int fd = person_call("127.0.0.1", port);

	chat_hello_ask(hello, TOKEN);
	assert_int_equal(send(fd, hello, sizeof(hello), MSG_NOSIGNAL), sizeof(hello));
	assert_int_equal(recv(fd, back, sizeof(back), MSG_WAITALL), sizeof(back));
	assert_memory_equal(back, hello, sizeof(hello));
	return fd;
}

static void ask_answered(int fd, uint32_t number, struct chat_report *ret_report)
{
	uint8_t frame[CHAT_REPORT_BYTES];
	uint32_t back;

	net_report_ask(frame, TOKEN, number, CHAT_REPORT_COUNTS);
	assert_int_equal(send(fd, frame, sizeof(frame), MSG_NOSIGNAL), sizeof(frame));
	assert_int_equal(recv(fd, frame, sizeof(frame), MSG_WAITALL), sizeof(frame));
	assert_true(chat_report_get(frame, TOKEN, &back, ret_report));
	assert_int_equal(back, number);
}

static void expect_closed(int fd)
{
	uint8_t byte;

	assert_true(recv(fd, &byte, sizeof(byte), 0) <= 0);
	close(fd);
}

/* Questions have answers of their own length, and who asks is not in the room.  What is no question
 * ends the connection, and so does one caller too many, for the first one. */
static void a_server_tells(void **state)
{
	uint8_t frame[CHAT_REPORT_BYTES];
	struct outcome server = { 0 };
	struct session_rig servers;
	struct chat_report r;
	int fd[CHAT_ASKERS + 1];
	unsigned port;
	uint32_t id;

	(void)state;
	session_rig_open(&servers, &engine_chat, DEADLINE_S);
	id = chat_server_start(&servers, "127.0.0.1", "et", "1", &port, &server);
	for (unsigned i = 0; i < CHAT_ASKERS; i++)
		fd[i] = ask_call(port);
	ask_answered(fd[1], 7, &r);
	assert_int_equal(r.connections, 0);
	assert_int_equal(r.joined, 0);
	assert_int_equal(r.reports, 1);
	ask_answered(fd[2], 8, &r);
	assert_int_equal(r.reports, 2);
	fd[CHAT_ASKERS] = ask_call(port);
	expect_closed(fd[0]);
	net_report_ask(frame, TOKEN, 1, CHAT_REPORT_COUNTS);
	frame[0] ^= 1;
	assert_int_equal(send(fd[1], frame, sizeof(frame), MSG_NOSIGNAL), sizeof(frame));
	expect_closed(fd[1]);
	ask_answered(fd[CHAT_ASKERS], 9, &r);
	assert_int_equal(r.reports, 3);
	for (unsigned i = 2; i <= CHAT_ASKERS; i++)
		close(fd[i]);
	chat_server_end(&servers, id, &server);
	outcome_free(&server);
	session_rig_close(&servers);
}

/* ---- a server by hand ---- */

enum lie {
	/* to the hello */
	OLD,
	CLOSES,
	ANOTHER_HELLO,
	/* to the first question */
	SHORT,
	WRONG_TOKEN,
	QUESTION,
	/* later */
	SILENT,
	LATER_TOKEN,
	LATER_NUMBER,
	ANOTHER_SERVER,
	ASKED_BY_OTHERS,
	JOINED_BY_OTHERS,
	GOES_BACK,
	LIES,
};

struct liar {
	enum lie lie;
	int listener;
};

static bool lie_to_hello(const struct liar *l, int fd)
{
	uint8_t hello[CHAT_HELLO_BYTES];

	if (recv(fd, hello, sizeof(hello), MSG_WAITALL) != sizeof(hello) || l->lie == CLOSES)
		return false;
	hello[2] ^= l->lie == ANOTHER_HELLO;
	return l->lie == OLD || send(fd, hello, sizeof(hello), MSG_NOSIGNAL) == sizeof(hello);
}

static void lie_in(const struct liar *l, unsigned question, uint8_t *frame)
{
	bool later = question > 1;
	struct chat_report r = { .instance = 1 + (later && l->lie == ANOTHER_SERVER),
		.reports = question + (later && l->lie == ASKED_BY_OTHERS) * 5,
		.joined = later && l->lie == JOINED_BY_OTHERS ? 1000 : 0,
		.read = later && l->lie == GOES_BACK ? 1 : 2,
		.owed = 2,
		.delivered = 2 };

	chat_report_fill(frame, &r);
	frame[10] = l->lie == QUESTION ? 1 : frame[10];
	frame[23] ^= l->lie == WRONG_TOKEN || (later && l->lie == LATER_TOKEN);
	frame[15] ^= later && l->lie == LATER_NUMBER ? 0x80 : 0;
}

static void *liar_main(void *arg)
{
	const struct liar *l = arg;
	uint8_t frame[CHAT_REPORT_BYTES];
	int fd = accept(l->listener, NULL, NULL);
	bool goes_on = fd >= 0 && lie_to_hello(l, fd);

	for (unsigned question = 1; goes_on; question++) {
		size_t bytes = l->lie == SHORT ? 60 : sizeof(frame);

		goes_on = recv(fd, frame, sizeof(frame), MSG_WAITALL) == sizeof(frame);
		if (!goes_on || (l->lie == SILENT && question > 1))
			continue;
		lie_in(l, question, frame);
		goes_on = send(fd, frame, bytes, MSG_NOSIGNAL) == (ssize_t)bytes;
	}
	close(fd);
	return NULL;
}

/* Whatever it says, the run ends, and there is no ledger. */
static void servers_that_lie(void **state)
{
	struct session_rig clients;

	(void)state;
	session_rig_open(&clients, &engine_chat, DEADLINE_S);
	for (enum lie lie = 0; lie < LIES; lie++) {
		union net_address a = { .v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
		struct liar liar = { .lie = lie, .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
		struct outcome client = { 0 };
		socklen_t bytes = sizeof(a);
		struct ledger l;
		pthread_t thread;
		char port[8];

		assert_int_equal(bind(liar.listener, &a.sa, sizeof(a.v4)), 0);
		assert_int_equal(listen(liar.listener, 10), 0);
		assert_int_equal(getsockname(liar.listener, &a.sa, &bytes), 0);
		snprintf(port, sizeof(port), "%u", net_port(&a));
		assert_int_equal(pthread_create(&thread, NULL, liar_main, &liar), 0);
		session_rig_await(&clients,
			session_rig_start(&clients, OPTIONS("role", "client", "host", "127.0.0.1", "port", port, "conns", "2",
							    "rate", "50", "warmup", "0", "duration", "50ms")),
			outcome_has_final, &client);
		outcome_ledger(&client, &l);
		if (l.known)
			fail_msg("lie %d was believed: sent %llu, received %llu", lie, (unsigned long long)l.sent,
				(unsigned long long)l.received);
		outcome_free(&client);
		close(liar.listener);
		pthread_join(thread, NULL);
	}
	session_rig_close(&clients);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_agree),
		cmocka_unit_test(somebody_is_in_the_room),
		cmocka_unit_test(a_server_tells),
		cmocka_unit_test(servers_that_lie),
	};

	return cmocka_run_group_tests_name("chat, the server elsewhere", tests, NULL, NULL);
}
