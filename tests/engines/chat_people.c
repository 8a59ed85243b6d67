/* See chat_people.h. */
#include "chat_people.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../support/asserts.h"
#include "../support/free_port.h"
#include "engines/chat/chat.h"
#include "engines/chat/shared.h"

uint64_t outcome_sum(const struct outcome *o, unsigned counter)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < o->final->workers; i++)
		all += o->final->settled[i].value[counter];
	return all;
}

void chat_assert_balanced(const struct outcome *o, struct ledger *ret_deliveries)
{
	struct ledger messages;

	outcome_ledger(o, ret_deliveries);
	assert_int_equal(ret_deliveries->unexplained, 0);
	outcome_second_ledger(o, &messages);
	assert_int_equal(messages.known, o->info->role == ROLE_BOTH);
	assert_int_equal(messages.unexplained, 0);
}

int person_call(const char *address, unsigned port)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = inet_addr(address)
	};
	struct timeval patience = { .tv_sec = 20 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		fail_msg("connect: %s", strerror(errno));
	return fd;
}

void person_hears(int fd, const char *text)
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

void person_says(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

void people_meet(struct session_rig *s, uint32_t id, struct outcome *o, int a, int b)
{
	session_rig_await_counter(s, id, CHAT_C_CONNECTIONS, 2, o);
	person_says(a, "marco\n");
	person_hears(b, "marco\n");
	person_says(b, "polo\n");
	person_hears(a, "polo\n");
}

uint32_t chat_server_start(
	struct session_rig *s, const char *address, const char *method, const char *loops, unsigned *ret_port, struct outcome *o)
{
	char port[8];
	uint32_t id;

	*ret_port = free_port();
	snprintf(port, sizeof(port), "%u", *ret_port);
	id = session_rig_start(s, OPTIONS("role", "server", "listen", address, "port", port, "method", method, "loops", loops,
					  "duration", "0", "warmup", "0", "queue", "8K", "line-max", "512", "sndbuf", "4K"));
	*o = (struct outcome){ 0 };
	session_rig_await_measure(s, id, o);
	return id;
}

void chat_server_end(struct session_rig *s, uint32_t id, struct outcome *o)
{
	struct ledger l;

	session_stop(s->session, false);
	session_rig_await(s, id, outcome_has_final, o);
	chat_assert_balanced(o, &l);
}
