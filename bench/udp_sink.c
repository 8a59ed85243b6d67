/* Reads whatever comes to so many UDP sockets, and tells how much that was: the readers for
 * senders that have none of their own.
 *
 *   udp_sink HOST PORT SOCKETS SECONDS CPU      ports PORT to PORT + SOCKETS - 1; JSON
 *
 * It prints "ready" to stderr when they are bound. */
#include "bench/bare.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, BYTES = 2048, SOCKETS_MAX = 1000, EVENTS = 64, TURN_MS = 100 };

static int bound(const char *host, unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), bytes = 4 << 20;

	if (fd < 0 || inet_pton(AF_INET, host, &a.sin_addr) != 1)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		die("bind");
	return fd;
}

static unsigned long drain(int fd)
{
	static char data[BATCH][BYTES];
	struct iovec part[BATCH];
	struct mmsghdr message[BATCH];
	unsigned long all = 0;
	int n;

	do {
		for (int i = 0; i < BATCH; i++) {
			part[i] = (struct iovec){ data[i], BYTES };
			message[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &part[i], .msg_iovlen = 1 } };
		}
		n = recvmmsg(fd, message, BATCH, MSG_DONTWAIT, NULL);
		all += n > 0 ? (unsigned long)n : 0;
	} while (n == BATCH);
	return all;
}

int main(int argc, char **argv)
{
	unsigned long received = 0;

	if (argc != 6 || atoi(argv[3]) < 1 || atoi(argv[3]) > SOCKETS_MAX) {
		fprintf(stderr, "usage: udp_sink HOST PORT SOCKETS(1..%d) SECONDS CPU\n", SOCKETS_MAX);
		return 2;
	}
	int epoll = epoll_create1(EPOLL_CLOEXEC), sockets = atoi(argv[3]);
	pin(atoi(argv[5]));
	for (int i = 0; i < sockets; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.fd = bound(argv[1], (unsigned)(atoi(argv[2]) + i)) };

		if (epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event) < 0)
			die("epoll_ctl");
	}
	fprintf(stderr, "ready\n");
	for (double end = now_s() + atof(argv[4]); now_s() < end;) {
		struct epoll_event event[EVENTS];
		int n = epoll_wait(epoll, event, EVENTS, TURN_MS);

		for (int i = 0; i < n; i++)
			received += drain(event[i].data.fd);
	}
	printf("{\"received\": %lu}\n", received);
	return 0;
}
