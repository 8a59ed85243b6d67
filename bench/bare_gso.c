/* The hand-written pair that netdyno's echo --method gso is measured against: one server thread,
 * one client thread, each pinned; as many datagrams as fit go out as one packet (UDP_SEGMENT), and
 * are received and answered as one (UDP_GRO).  No ledger, no histogram, no sequence, no time
 * stamps.
 *
 *   bare_gso [seconds] [payload] [window] [server-cpu] [client-cpu]
 *
 * window: datagrams outstanding.  Prints one JSON line:
 * {"method":"gso","answers_per_s":9000000}. */
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bare.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum { HEADER_BYTES = 16, DATAGRAM_MAX = 65487, SEGMENTS_MAX = 128, BUFFER_BYTES = 65536, CONTROL_BYTES = 64 };

struct pair {
	double seconds;
	size_t datagram_bytes;
	unsigned window;
	int server_cpu, client_cpu;
	int server_fd, client_fd;
	_Atomic bool stop;
};

/* A packet of several datagrams, as one message. */
struct packet {
	struct msghdr message;
	struct iovec part;
	struct sockaddr_in peer;
	alignas(struct cmsghdr) char control[CONTROL_BYTES];
	char data[BUFFER_BYTES];
};

static void packet_init(struct packet *p, bool with_peer)
{
	memset(p, 0, sizeof(*p));
	p->part = (struct iovec){ p->data, sizeof(p->data) };
	p->message = (struct msghdr){ .msg_iov = &p->part, .msg_iovlen = 1 };
	p->message.msg_name = with_peer ? &p->peer : NULL;
}

static void wait_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	poll(&p, 1, 100);
}

/* Its bytes, or -1 where there is nothing. */
static ssize_t packet_receive(struct packet *p, int fd)
{
	p->part.iov_len = sizeof(p->data);
	p->message.msg_namelen = p->message.msg_name ? sizeof(p->peer) : 0;
	p->message.msg_control = p->control;
	p->message.msg_controllen = sizeof(p->control);
	return recvmsg(fd, &p->message, MSG_DONTWAIT);
}

static void packet_send(struct packet *p, int fd, size_t bytes, size_t datagram_bytes)
{
	struct cmsghdr *c = (struct cmsghdr *)p->control;
	uint16_t segment = (uint16_t)datagram_bytes;

	p->part.iov_len = bytes;
	p->message.msg_control = NULL;
	p->message.msg_controllen = 0;
	if (bytes > datagram_bytes) {
		p->message.msg_control = p->control;
		p->message.msg_controllen = CMSG_SPACE(sizeof(segment));
		c->cmsg_level = SOL_UDP;
		c->cmsg_type = UDP_SEGMENT;
		c->cmsg_len = CMSG_LEN(sizeof(segment));
		memcpy(CMSG_DATA(c), &segment, sizeof(segment));
	}
	if (sendmsg(fd, &p->message, 0) < 0)
		die("sendmsg");
}

static void *server(void *arg)
{
	struct pair *p = arg;
	struct packet *packet = malloc(sizeof(*packet));

	if (!packet)
		die("malloc");
	pin(p->server_cpu);
	packet_init(packet, true);
	while (!atomic_load_explicit(&p->stop, memory_order_relaxed)) {
		ssize_t n = packet_receive(packet, p->server_fd);

		if (n < 0)
			wait_readable(p->server_fd);
		else
			packet_send(packet, p->server_fd, (size_t)n, p->datagram_bytes);
	}
	free(packet);
	return NULL;
}

static unsigned long client(struct pair *p, struct packet *out, struct packet *in)
{
	unsigned long answers = 0, outstanding = 0, most = DATAGRAM_MAX / p->datagram_bytes;
	double end = now_s() + p->seconds;

	if (most > SEGMENTS_MAX)
		most = SEGMENTS_MAX;
	while (now_s() < end) {
		while (outstanding < p->window) {
			unsigned long n = p->window - outstanding < most ? p->window - outstanding : most;

			packet_send(out, p->client_fd, n * p->datagram_bytes, p->datagram_bytes);
			outstanding += n;
		}
		ssize_t got = packet_receive(in, p->client_fd);
		if (got < 0) {
			wait_readable(p->client_fd);
			continue;
		}
		answers += (unsigned long)got / p->datagram_bytes;
		outstanding -= (unsigned long)got / p->datagram_bytes;
	}
	return answers;
}

static int bound_socket(struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), bytes = 4 << 20, on = 1;
	socklen_t len = sizeof(*at);

	*at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || bind(fd, (struct sockaddr *)at, sizeof(*at)) || getsockname(fd, (struct sockaddr *)at, &len))
		die("socket, bind 127.0.0.1");
	if (setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on)))
		die("setsockopt UDP_GRO");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	return fd;
}

int main(int argc, char **argv)
{
	static struct packet out, in;
	struct pair p = { .seconds = argc > 1 ? atof(argv[1]) : 3,
		.datagram_bytes = HEADER_BYTES + (argc > 2 ? strtoul(argv[2], NULL, 10) : 64),
		.window = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 1024,
		.server_cpu = argc > 4 ? atoi(argv[4]) : 0,
		.client_cpu = argc > 5 ? atoi(argv[5]) : (sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 1 : 0) };
	struct sockaddr_in server_at, client_at;
	pthread_t thread;

	if (p.datagram_bytes > DATAGRAM_MAX || !p.window || p.seconds <= 0)
		return fprintf(stderr, "usage: bare_gso [seconds] [payload] [window] [server-cpu] [client-cpu]\n"), 2;
	p.server_fd = bound_socket(&server_at);
	p.client_fd = bound_socket(&client_at);
	if (connect(p.client_fd, (struct sockaddr *)&server_at, sizeof(server_at)))
		die("connect");
	if (pthread_create(&thread, NULL, server, &p))
		die("pthread_create");
	pin(p.client_cpu);
	packet_init(&out, false);
	packet_init(&in, false);
	double from = now_s();
	unsigned long answers = client(&p, &out, &in);
	double seconds = now_s() - from;
	atomic_store(&p.stop, true);
	pthread_join(thread, NULL);
	printf("{\"method\":\"gso\",\"answers_per_s\":%.0f}\n", (double)answers / seconds);
	close(p.server_fd);
	close(p.client_fd);
	return 0;
}
