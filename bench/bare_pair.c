/* The hand-written pair that netdyno's echo mode is measured against: one server thread, one
 * client thread, each pinned, a window of datagrams outstanding, nothing else.  No ledger, no
 * histogram, no pacing, no time stamps: what is left is the system calls.
 *
 *   bare_pair mmsg|single [seconds] [payload] [window] [server-cpu] [client-cpu]
 *
 * Prints one JSON line: {"method":"mmsg","answers_per_s":330000}. */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bare.h"

enum { BATCH = 32, HEADER_BYTES = 16, DATAGRAM_MAX = 65507 };

struct pair {
	bool mmsg;
	double seconds;
	size_t datagram_bytes;
	unsigned window;
	int server_cpu, client_cpu;
	int server_fd, client_fd;
	_Atomic bool stop;
};

static void wait_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	poll(&p, 1, 100);
}

struct burst {
	struct mmsghdr message[BATCH];
	struct iovec part[BATCH];
	struct sockaddr_in peer[BATCH];
	char *data;
};

static void burst_init(struct burst *b, size_t bytes, bool with_peer)
{
	memset(b, 0, sizeof(*b));
	b->data = calloc(BATCH, bytes);
	if (!b->data)
		die("calloc");
	for (unsigned i = 0; i < BATCH; i++) {
		b->part[i] = (struct iovec){ b->data + i * bytes, bytes };
		b->message[i].msg_hdr.msg_iov = &b->part[i];
		b->message[i].msg_hdr.msg_iovlen = 1;
		if (with_peer)
			b->message[i].msg_hdr.msg_name = &b->peer[i];
	}
}

static void server_mmsg(struct pair *p, struct burst *b)
{
	while (!atomic_load_explicit(&p->stop, memory_order_relaxed)) {
		for (unsigned i = 0; i < BATCH; i++) {
			b->message[i].msg_hdr.msg_namelen = sizeof(b->peer[i]);
			b->part[i].iov_len = p->datagram_bytes;
		}
		int n = recvmmsg(p->server_fd, b->message, BATCH, MSG_DONTWAIT, NULL);
		if (n <= 0) {
			wait_readable(p->server_fd);
			continue;
		}
		for (int i = 0; i < n; i++)
			b->part[i].iov_len = b->message[i].msg_len;
		for (int sent = 0; sent < n;) {
			int m = sendmmsg(p->server_fd, b->message + sent, (unsigned)(n - sent), 0);
			if (m < 0)
				die("sendmmsg");
			sent += m;
		}
	}
}

static void server_single(struct pair *p, struct burst *b)
{
	while (!atomic_load_explicit(&p->stop, memory_order_relaxed)) {
		socklen_t len = sizeof(b->peer[0]);
		ssize_t n = recvfrom(
			p->server_fd, b->data, p->datagram_bytes, MSG_DONTWAIT, (struct sockaddr *)&b->peer[0], &len);

		if (n < 0)
			wait_readable(p->server_fd);
		else if (sendto(p->server_fd, b->data, (size_t)n, 0, (struct sockaddr *)&b->peer[0], len) < 0)
			die("sendto");
	}
}

static void *server(void *arg)
{
	struct pair *p = arg;
	struct burst b;

	pin(p->server_cpu);
	burst_init(&b, p->datagram_bytes, true);
	(p->mmsg ? server_mmsg : server_single)(p, &b);
	free(b.data);
	return NULL;
}

static unsigned long client_mmsg(struct pair *p, struct burst *out, struct burst *in)
{
	unsigned long answers = 0, outstanding = 0;
	double end = now_s() + p->seconds;

	while (now_s() < end) {
		while (outstanding < p->window) {
			unsigned n = p->window - (unsigned)outstanding < BATCH ? p->window - (unsigned)outstanding : BATCH;
			int m = sendmmsg(p->client_fd, out->message, n, 0);
			if (m < 0)
				die("sendmmsg");
			outstanding += (unsigned)m;
		}
		int n = recvmmsg(p->client_fd, in->message, BATCH, MSG_DONTWAIT, NULL);
		if (n <= 0) {
			wait_readable(p->client_fd);
			continue;
		}
		answers += (unsigned)n;
		outstanding -= (unsigned)n;
	}
	return answers;
}

static unsigned long client_single(struct pair *p, struct burst *out, struct burst *in)
{
	unsigned long answers = 0, outstanding = 0;
	double end = now_s() + p->seconds;

	while (now_s() < end) {
		for (; outstanding < p->window; outstanding++)
			if (send(p->client_fd, out->data, p->datagram_bytes, 0) < 0)
				die("send");
		if (recv(p->client_fd, in->data, p->datagram_bytes, MSG_DONTWAIT) < 0) {
			wait_readable(p->client_fd);
			continue;
		}
		answers++;
		outstanding--;
	}
	return answers;
}

static int bound_socket(struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int bytes = 4 << 20;
	socklen_t len = sizeof(*at);

	*at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || bind(fd, (struct sockaddr *)at, sizeof(*at)) || getsockname(fd, (struct sockaddr *)at, &len))
		die("socket, bind 127.0.0.1");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	return fd;
}

int main(int argc, char **argv)
{
	struct pair p = { .mmsg = argc < 2 || strcmp(argv[1], "single") != 0,
		.seconds = argc > 2 ? atof(argv[2]) : 3,
		.datagram_bytes = HEADER_BYTES + (argc > 3 ? strtoul(argv[3], NULL, 10) : 64),
		.window = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 256,
		.server_cpu = argc > 5 ? atoi(argv[5]) : 0,
		.client_cpu = argc > 6 ? atoi(argv[6]) : (sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 1 : 0) };
	struct sockaddr_in server_at, client_at;
	struct burst out, in;
	pthread_t thread;

	if (p.datagram_bytes > DATAGRAM_MAX || !p.window || p.seconds <= 0)
		return fprintf(stderr, "usage: bare_pair mmsg|single [seconds] [payload] [window] [server-cpu] [client-cpu]\n"),
		       2;
	p.server_fd = bound_socket(&server_at);
	p.client_fd = bound_socket(&client_at);
	if (connect(p.client_fd, (struct sockaddr *)&server_at, sizeof(server_at)))
		die("connect");
	if (pthread_create(&thread, NULL, server, &p))
		die("pthread_create");
	pin(p.client_cpu);
	burst_init(&out, p.datagram_bytes, false);
	burst_init(&in, p.datagram_bytes, false);
	double from = now_s();
	unsigned long answers = (p.mmsg ? client_mmsg : client_single)(&p, &out, &in);
	double seconds = now_s() - from;
	atomic_store(&p.stop, true);
	pthread_join(thread, NULL);
	printf("{\"method\":\"%s\",\"answers_per_s\":%.0f}\n", p.mmsg ? "mmsg" : "single", (double)answers / seconds);
	free(out.data);
	free(in.data);
	close(p.server_fd);
	close(p.client_fd);
	return 0;
}
