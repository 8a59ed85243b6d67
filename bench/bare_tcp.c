/* The hand-written pair that netdyno's stream mode is measured against: a sender and a receiver
 * thread, each pinned, blocking sockets, one method, one size, nothing else.  No counters, no
 * time stamps, no phases: what is left is the system calls and the copies.
 *
 *   bare_tcp one-copy|two-copy|zero-copy [seconds] [size] [congestion] [rcvbuf] [sender-cpu]
 *   [receiver-cpu]
 *
 * congestion "" and rcvbuf 0 are the system's: TCP then lets the receive buffer grow to where
 * chance leads it.
 *
 * Prints one JSON line: {"method":"one-copy","size":65536,"mbps":30000.0}, counted by the
 * receiver. */
#include <time.h> /* linux/errqueue.h needs it */

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bare.h"

enum { SHORT_BYTES = 32 << 10, SHORT_ROOM = 64 << 10, FIELDS = 8, RING_BYTES = 4 << 20, RING_MAX = 64 };

struct pair {
	const char *method;
	double seconds;
	size_t size;
	const char *congestion; /* "": the system's */
	int rcvbuf_bytes;       /* 0: grows */
	int sender_cpu, receiver_cpu;
	int sender_fd, receiver_fd;
	_Atomic bool stop;
};

static void *allocate(size_t bytes)
{
	void *memory = malloc(bytes);

	if (!memory)
		die("malloc");
	return memset(memory, 'x', bytes);
}

static void make_fields(struct iovec field[FIELDS], size_t size)
{
	for (unsigned i = 0; i < FIELDS; i++) {
		field[i].iov_len = size / FIELDS + (i < size % FIELDS);
		field[i].iov_base = allocate(field[i].iov_len + 1);
	}
}

static void send_all(int fd, const char *data, size_t left)
{
	while (left) {
		ssize_t n = send(fd, data, left, MSG_NOSIGNAL);

		if (n < 0)
			return;
		data += n;
		left -= (size_t)n;
	}
}

/* Calls made; what a call did not take is sent with the next. */
static unsigned sendmsg_all(int fd, const struct iovec field[FIELDS], int flags)
{
	struct iovec part[FIELDS];
	struct msghdr message = { .msg_iov = part, .msg_iovlen = FIELDS };
	unsigned calls = 0;

	memcpy(part, field, sizeof(part));
	while (message.msg_iovlen) {
		ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL | flags);

		if (n < 0)
			return calls;
		calls++;
		while (message.msg_iovlen && (size_t)n >= message.msg_iov->iov_len) {
			n -= (ssize_t)message.msg_iov->iov_len;
			message.msg_iov++;
			message.msg_iovlen--;
		}
		if (message.msg_iovlen) {
			message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + n;
			message.msg_iov->iov_len -= (size_t)n;
		}
	}
	return calls;
}

static void two_copy(struct pair *p)
{
	struct iovec field[FIELDS];
	char *buffer = allocate(p->size);

	make_fields(field, p->size);
	while (!atomic_load_explicit(&p->stop, memory_order_relaxed)) {
		char *to = buffer;

		for (unsigned i = 0; i < FIELDS; i++) {
			memcpy(to, field[i].iov_base, field[i].iov_len);
			to += field[i].iov_len;
		}
		send_all(p->sender_fd, buffer, p->size);
	}
}

static void one_copy(struct pair *p)
{
	struct iovec field[FIELDS];

	make_fields(field, p->size);
	while (!atomic_load_explicit(&p->stop, memory_order_relaxed))
		sendmsg_all(p->sender_fd, field, 0);
}

/* Calls that have completed, by one notification; 0: none is there. */
static unsigned completed(int fd)
{
	char control[128];
	struct msghdr message = { .msg_control = control, .msg_controllen = sizeof(control) };

	if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return 0;
	const struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	const struct sock_extended_err *e = c ? (const struct sock_extended_err *)CMSG_DATA(c) : NULL;
	return e && e->ee_origin == SO_EE_ORIGIN_ZEROCOPY ? e->ee_data - e->ee_info + 1 : 0;
}

static void zero_copy(struct pair *p)
{
	size_t slots = RING_BYTES / p->size > RING_MAX ? RING_MAX : RING_BYTES / p->size < 2 ? 2 : RING_BYTES / p->size;
	struct iovec(*ring)[FIELDS] = calloc(slots, sizeof(*ring));
	unsigned long issued = 0, done = 0, *last = calloc(slots, sizeof(*last));
	int on = 1;

	if (!ring || !last || setsockopt(p->sender_fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)))
		die("SO_ZEROCOPY");
	for (size_t i = 0; i < slots; i++)
		make_fields(ring[i], p->size);
	for (size_t i = 0; !atomic_load_explicit(&p->stop, memory_order_relaxed); i = (i + 1) % slots) {
		while (done < last[i]) {
			struct pollfd wait = { .fd = p->sender_fd };
			unsigned n = completed(p->sender_fd);

			done += n;
			if (!n && poll(&wait, 1, 100) <= 0 && atomic_load(&p->stop))
				return;
		}
		issued += sendmsg_all(p->sender_fd, ring[i], MSG_ZEROCOPY);
		last[i] = issued;
	}
}

static void *sender(void *arg)
{
	struct pair *p = arg;

	pin(p->sender_cpu);
	(!strcmp(p->method, "two-copy") ? two_copy : !strcmp(p->method, "zero-copy") ? zero_copy : one_copy)(p);
	return NULL;
}

/* A message of its own size a call at most, short ones several at a time, as netdyno's receiver. */
static double receive(struct pair *p)
{
	size_t room = p->size < SHORT_BYTES ? SHORT_ROOM : p->size;
	char *buffer = allocate(room);
	double warm = now_s() + 0.5, from = warm, end = warm + p->seconds, now = 0;
	unsigned long bytes = 0;
	size_t at = 0;
	bool counting = false;

	while (now < end) {
		ssize_t n = recv(p->receiver_fd, room > p->size ? buffer : buffer + at, room > p->size ? room : room - at, 0);

		if (n <= 0)
			die("recv");
		at = (at + (size_t)n) % p->size;
		bytes += (unsigned long)n;
		now = at ? now : now_s();
		if (!counting && now >= warm) {
			counting = true;
			from = now;
			bytes = 0;
		}
	}
	free(buffer);
	return (double)bytes * 8e-6 / (now - from);
}

/* Before there is a connection: its window is agreed on then. */
static void set_options(const struct pair *p, int fd)
{
	if (*p->congestion && setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, p->congestion, (socklen_t)strlen(p->congestion)))
		die("TCP_CONGESTION");
	if (p->rcvbuf_bytes && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &p->rcvbuf_bytes, sizeof(p->rcvbuf_bytes)))
		die("SO_RCVBUF");
}

static void make_connection(struct pair *p)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (listener >= 0)
		set_options(p, listener);
	if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 1) ||
		getsockname(listener, (struct sockaddr *)&at, &len))
		die("listen 127.0.0.1");
	p->receiver_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->receiver_fd >= 0)
		set_options(p, p->receiver_fd);
	if (p->receiver_fd < 0 || connect(p->receiver_fd, (struct sockaddr *)&at, sizeof(at)))
		die("connect");
	p->sender_fd = accept(listener, NULL, NULL);
	if (p->sender_fd < 0 || setsockopt(p->sender_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		die("accept");
	close(listener);
}

int main(int argc, char **argv)
{
	struct pair p = { .method = argc > 1 ? argv[1] : "one-copy",
		.seconds = argc > 2 ? atof(argv[2]) : 3,
		.size = argc > 3 ? strtoul(argv[3], NULL, 10) : 65536,
		.congestion = argc > 4 ? argv[4] : "",
		.rcvbuf_bytes = argc > 5 ? atoi(argv[5]) : 0,
		.sender_cpu = argc > 6 ? atoi(argv[6]) : 0,
		.receiver_cpu = argc > 7 ? atoi(argv[7]) : (sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 1 : 0) };
	pthread_t thread;

	if (!p.size || p.seconds <= 0 || !strstr("one-copy two-copy zero-copy", p.method))
		return fprintf(stderr,
			       "usage: bare_tcp one-copy|two-copy|zero-copy [seconds] [size] [congestion] [rcvbuf] [sender-cpu] "
			       "[receiver-cpu]\n"),
		       2;
	make_connection(&p);
	if (pthread_create(&thread, NULL, sender, &p))
		die("pthread_create");
	pin(p.receiver_cpu);
	double mbps = receive(&p);
	atomic_store(&p.stop, true);
	shutdown(p.receiver_fd, SHUT_RDWR);
	shutdown(p.sender_fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	printf("{\"method\":\"%s\",\"size\":%zu,\"mbps\":%.1f}\n", p.method, p.size, mbps);
	return 0;
}
