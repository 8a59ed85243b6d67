/* The hand-written chat that netdyno's chat mode is measured against: one thread with an epoll
 * that reads messages of a fixed size and sends each to every other connection with a call of
 * its own, and one thread that keeps a message of every connection on its way.  No framing, no
 * queues, no counters, no time stamps: what is left is the system calls.
 *
 *   bare_chat [connections] [seconds] [bytes] [server-cpu] [client-cpu]
 *
 * A connection sends its next message when the one after it has received the last.  Prints one
 * JSON line: {"connections":500,"bytes":64,"deliveries_per_s":104000.0}, counted by the reader. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bare.h"

enum { EVENTS = 256, ROOM = 64 << 10, BYTES_MAX = 4096 };

struct chat {
	unsigned connections;
	double seconds;
	size_t bytes;
	int server_cpu, client_cpu;
	int *server, *client; /* the two ends of each connection */
	_Atomic bool stop;
};

static int epoll_of(const int *fd, unsigned count)
{
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);

	if (epoll_fd < 0)
		die("epoll_create1");
	for (unsigned i = 0; i < count; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

		if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd[i], &event) < 0)
			die("epoll_ctl");
	}
	return epoll_fd;
}

/* ---- the server ---- */

/* The benchmark's queues fit into the sockets' buffers; where they do not, it waits. */
static void send_whole(int fd, const char *data, size_t bytes)
{
	while (bytes) {
		ssize_t n = send(fd, data, bytes, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return;
		data += n > 0 ? n : 0;
		bytes -= n > 0 ? (size_t)n : 0;
	}
}

static void broadcast(const struct chat *c, unsigned from, const char *message)
{
	for (unsigned i = 0; i < c->connections; i++)
		if (i != from)
			send_whole(c->server[i], message, c->bytes);
}

static void *serve(void *arg)
{
	struct chat *c = arg;
	int epoll_fd = epoll_of(c->server, c->connections);
	struct epoll_event event[EVENTS];
	char message[BYTES_MAX];

	pin(c->server_cpu);
	while (!atomic_load_explicit(&c->stop, memory_order_relaxed)) {
		int n = epoll_wait(epoll_fd, event, EVENTS, 100);

		for (int i = 0; i < n; i++)
			if (recv(c->server[event[i].data.u32], message, c->bytes, MSG_WAITALL) == (ssize_t)c->bytes)
				broadcast(c, event[i].data.u32, message);
	}
	close(epoll_fd);
	return NULL;
}

/* ---- the reader ---- */

static void send_from(const struct chat *c, uint32_t connection)
{
	char message[BYTES_MAX];

	memset(message, 'x', c->bytes);
	memcpy(message, &connection, sizeof(connection));
	send_whole(c->client[connection], message, c->bytes);
}

static uint64_t take(const struct chat *c, unsigned at, const char *data, size_t bytes)
{
	uint64_t messages = 0;
	uint32_t from;

	for (; bytes >= c->bytes; bytes -= c->bytes, data += c->bytes, messages++) {
		memcpy(&from, data, sizeof(from));
		if ((from + 1) % c->connections == at)
			send_from(c, from);
	}
	return messages;
}

static uint64_t read_one(const struct chat *c, unsigned at, char *data)
{
	/* Whole messages: what is left of the last one stays in the socket. */
	ssize_t n = recv(c->client[at], data, ROOM, MSG_PEEK | MSG_DONTWAIT);
	size_t whole = n > 0 ? (size_t)n / c->bytes * c->bytes : 0;

	if (whole)
		whole = (size_t)recv(c->client[at], data, whole, 0);
	return take(c, at, data, whole);
}

static uint64_t read_for(const struct chat *c, int epoll_fd, double seconds)
{
	struct epoll_event event[EVENTS];
	char *data = malloc(ROOM);
	double until = now_s() + seconds;
	uint64_t messages = 0;

	while (now_s() < until) {
		int n = epoll_wait(epoll_fd, event, EVENTS, 100);

		for (int i = 0; i < n; i++)
			messages += read_one(c, event[i].data.u32, data);
	}
	free(data);
	return messages;
}

/* ---- both ---- */

static void connect_all(struct chat *c)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 4096) < 0 ||
		getsockname(listener, (struct sockaddr *)&address, &size) < 0)
		die("listen");
	for (unsigned i = 0; i < c->connections; i++) {
		c->client[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (c->client[i] < 0 || connect(c->client[i], (struct sockaddr *)&address, size) < 0)
			die("connect");
		c->server[i] = accept(listener, NULL, NULL);
		if (c->server[i] < 0)
			die("accept");
		setsockopt(c->client[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		setsockopt(c->server[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	}
	close(listener);
}

static double run(struct chat *c)
{
	pthread_t server;
	int epoll_fd = epoll_of(c->client, c->connections);
	uint64_t messages;
	double began;

	if (pthread_create(&server, NULL, serve, c))
		die("pthread_create");
	pin(c->client_cpu);
	for (uint32_t i = 0; i < c->connections; i++)
		send_from(c, i);
	read_for(c, epoll_fd, 0.5);
	began = now_s();
	messages = read_for(c, epoll_fd, c->seconds);
	began = now_s() - began;
	atomic_store(&c->stop, true);
	/* The server may wait for room at a reader that is gone. */
	for (unsigned i = 0; i < c->connections; i++)
		shutdown(c->client[i], SHUT_RDWR);
	pthread_join(server, NULL);
	return (double)messages / began;
}

int main(int argc, char **argv)
{
	struct chat c = { .connections = argc > 1 ? (unsigned)atoi(argv[1]) : 500,
		.seconds = argc > 2 ? atof(argv[2]) : 3,
		.bytes = argc > 3 ? (size_t)atoi(argv[3]) : 64,
		.server_cpu = argc > 4 ? atoi(argv[4]) : 0,
		.client_cpu = argc > 5 ? atoi(argv[5]) : 1 };

	if (c.connections < 2 || c.bytes < 4 || c.bytes > BYTES_MAX)
		die("usage: bare_chat [connections] [seconds] [bytes] [server-cpu] [client-cpu]");
	c.server = calloc(c.connections, sizeof(*c.server));
	c.client = calloc(c.connections, sizeof(*c.client));
	if (!c.server || !c.client)
		die("calloc");
	connect_all(&c);
	printf("{\"connections\":%u,\"bytes\":%zu,\"deliveries_per_s\":%.1f}\n", c.connections, c.bytes, run(&c));
	return 0;
}
