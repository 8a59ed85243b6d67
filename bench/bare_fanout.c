/* The hand-written writer and readers that netdyno's fan-out mode is measured against: one pinned
 * writer thread, one pinned reader thread with all readers' sockets behind one epoll, a fresh
 * payload copied into each datagram, nothing else.  No ledger, no histogram, no deadline, no rows.
 *
 *   bare_fanout single|connected|mmsg|multicast round|free [seconds] [readers] [bytes] [reader-cpu]
 *               [writer-cpu]
 *
 * round: the next round begins when the reader thread has counted a datagram for each reader, which
 * the writer sees in a word that both share.  Prints one JSON line: {"method":"mmsg",
 * "sync":"round","rounds_per_s":700,"copies_per_s":70000}; copies are those received. */
#include <netinet/in.h>
#include <pthread.h>
#include <stdalign.h>
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

enum { BATCH = 64, PAYLOADS = 512, LINE = 64, EVENTS = 64, GROUP = 0xefff4e45 };

struct fanout {
	bool mmsg, connected, multicast, rounds;
	double seconds;
	unsigned readers;
	size_t bytes;
	int reader_cpu, writer_cpu, epoll_fd, writer_fd;
	int *reader_fd, *peer_fd; /* peer_fd: of connected */
	struct sockaddr_in *to;
	uint8_t *payload, *data;
	uint32_t next_payload;
	struct mmsghdr out[BATCH];
	struct iovec part[BATCH];
	alignas(64) _Atomic uint64_t received;
	alignas(64) _Atomic bool stop;
};

/* ---- readers ---- */

struct burst {
	struct mmsghdr in[BATCH];
	struct iovec part[BATCH];
	uint8_t *data;
};

static void burst_init(struct burst *b, size_t bytes)
{
	memset(b, 0, sizeof(*b));
	b->data = calloc(BATCH, bytes);
	if (!b->data)
		die("calloc");
	for (unsigned i = 0; i < BATCH; i++) {
		b->part[i] = (struct iovec){ b->data + i * bytes, bytes };
		b->in[i].msg_hdr = (struct msghdr){ .msg_iov = &b->part[i], .msg_iovlen = 1 };
	}
}

static void *reader(void *arg)
{
	struct fanout *f = arg;
	struct epoll_event event[EVENTS];
	struct burst b;
	uint64_t received = 0;

	pin(f->reader_cpu);
	burst_init(&b, f->bytes);
	while (!atomic_load_explicit(&f->stop, memory_order_relaxed)) {
		int n = epoll_wait(f->epoll_fd, event, EVENTS, 100);

		for (int i = 0; i < n; i++) {
			int got = recvmmsg(event[i].data.fd, b.in, BATCH, MSG_DONTWAIT, NULL);

			received += got > 0 ? (uint64_t)got : 0;
			atomic_store_explicit(&f->received, received, memory_order_release);
		}
	}
	free(b.data);
	return NULL;
}

/* ---- the writer ---- */

static void fill(struct fanout *f, uint8_t *at)
{
	memcpy(at, f->payload + (size_t)(f->next_payload++ % PAYLOADS) * LINE, f->bytes);
}

static void send_mmsg(struct fanout *f)
{
	for (unsigned at = 0; at < f->readers;) {
		unsigned n = f->readers - at < BATCH ? f->readers - at : BATCH;

		for (unsigned i = 0; i < n; i++) {
			fill(f, f->part[i].iov_base);
			f->out[i].msg_hdr.msg_name = &f->to[at + i];
			f->out[i].msg_hdr.msg_namelen = sizeof(f->to[0]);
		}
		int sent = sendmmsg(f->writer_fd, f->out, n, 0);
		if (sent < 0)
			die("sendmmsg");
		at += (unsigned)sent;
	}
}

static void send_each(struct fanout *f)
{
	unsigned sends = f->multicast ? 1 : f->readers;

	for (unsigned i = 0; i < sends; i++) {
		ssize_t n;

		fill(f, f->data);
		if (f->connected)
			n = send(f->peer_fd[i], f->data, f->bytes, 0);
		else
			n = sendto(f->writer_fd, f->data, f->bytes, 0, (struct sockaddr *)&f->to[i], sizeof(f->to[i]));
		if (n < 0)
			die("send");
	}
}

static uint64_t write_rounds(struct fanout *f)
{
	double end = now_s() + f->seconds;
	uint64_t rounds = 0;

	while (now_s() < end) {
		(f->mmsg ? send_mmsg : send_each)(f);
		rounds++;
		while (f->rounds && atomic_load_explicit(&f->received, memory_order_acquire) < rounds * f->readers)
			if (now_s() > end + 1)
				die("a datagram was lost");
	}
	return rounds;
}

/* ---- sockets ---- */

static int udp_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	return fd;
}

static void open_reader(struct fanout *f, unsigned i)
{
	struct sockaddr_in *at = &f->to[i];
	struct ip_mreqn join = { .imr_multiaddr.s_addr = htonl(GROUP), .imr_address.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event event = { .events = EPOLLIN };
	socklen_t length = sizeof(*at);
	int on = 1;

	event.data.fd = f->reader_fd[i] = udp_socket();
	*at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(f->multicast ? GROUP : INADDR_LOOPBACK) };
	if (f->multicast) {
		at->sin_port = i ? f->to[0].sin_port : 0;
		setsockopt(f->reader_fd[i], SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	}
	if (bind(f->reader_fd[i], (struct sockaddr *)at, length) || getsockname(f->reader_fd[i], (struct sockaddr *)at, &length))
		die("bind");
	if (f->multicast && setsockopt(f->reader_fd[i], SOL_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)))
		die("join");
	if (epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, f->reader_fd[i], &event))
		die("epoll_ctl");
	if (!f->connected)
		return;
	f->peer_fd[i] = udp_socket();
	if (connect(f->peer_fd[i], (struct sockaddr *)at, length))
		die("connect");
}

static void open_all(struct fanout *f)
{
	struct ip_mreqn by = { .imr_address.s_addr = htonl(INADDR_LOOPBACK) };
	size_t all = f->bytes + (size_t)PAYLOADS * LINE;

	f->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	f->reader_fd = calloc(f->readers, sizeof(*f->reader_fd));
	f->peer_fd = calloc(f->readers, sizeof(*f->peer_fd));
	f->to = calloc(f->readers, sizeof(*f->to));
	f->payload = malloc(all);
	f->data = calloc(BATCH, f->bytes);
	if (f->epoll_fd < 0 || !f->reader_fd || !f->peer_fd || !f->to || !f->payload || !f->data)
		die("calloc");
	for (size_t i = 0; i < all; i++)
		f->payload[i] = (uint8_t)random();
	for (unsigned i = 0; i < BATCH; i++) {
		f->part[i] = (struct iovec){ f->data + i * f->bytes, f->bytes };
		f->out[i].msg_hdr = (struct msghdr){ .msg_iov = &f->part[i], .msg_iovlen = 1 };
	}
	for (unsigned i = 0; i < f->readers; i++)
		open_reader(f, i);
	f->writer_fd = udp_socket();
	if (f->multicast && setsockopt(f->writer_fd, SOL_IP, IP_MULTICAST_IF, &by, sizeof(by)))
		die("IP_MULTICAST_IF");
}

int main(int argc, char **argv)
{
	const char *method = argc > 1 ? argv[1] : "mmsg", *sync = argc > 2 ? argv[2] : "round";
	static struct fanout f;
	pthread_t thread;

	f.mmsg = !strcmp(method, "mmsg");
	f.connected = !strcmp(method, "connected");
	f.multicast = !strcmp(method, "multicast");
	f.rounds = strcmp(sync, "free") != 0;
	f.seconds = argc > 3 ? atof(argv[3]) : 3;
	f.readers = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 100;
	f.bytes = argc > 5 ? strtoul(argv[5], NULL, 10) : 1500;
	f.reader_cpu = argc > 6 ? atoi(argv[6]) : 0;
	f.writer_cpu = argc > 7 ? atoi(argv[7]) : (sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 1 : 0);
	if (!f.readers || !f.bytes || f.seconds <= 0)
		return fprintf(stderr,
			       "usage: bare_fanout single|connected|mmsg|multicast round|free [seconds] [readers] [bytes] "
			       "[reader-cpu] [writer-cpu]\n"),
		       2;
	open_all(&f);
	if (pthread_create(&thread, NULL, reader, &f))
		die("pthread_create");
	pin(f.writer_cpu);
	double from = now_s();
	uint64_t rounds = write_rounds(&f);
	double seconds = now_s() - from;
	atomic_store(&f.stop, true);
	pthread_join(thread, NULL);
	printf("{\"method\":\"%s\",\"sync\":\"%s\",\"rounds_per_s\":%.1f,\"copies_per_s\":%.0f}\n", method,
		f.rounds ? "round" : "free", (double)rounds / seconds, (double)atomic_load(&f.received) / seconds);
	return 0;
}
