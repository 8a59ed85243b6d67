/* The common part of all send methods.  See sender.h. */
#include "engines/tcp/sender.h"

#include <errno.h>
#include <poll.h>

const struct tcp_calls tcp_calls_real = { .send = send, .sendmsg = sendmsg, .recvmsg = recvmsg };

ssize_t tcp_sent(struct tcp_sender *s, ssize_t n)
{
	int errnum = errno;

	s->totals.syscalls++;
	s->wait_events = POLLOUT;
	if (n < 0) {
		if (errnum != EAGAIN && errnum != EINTR)
			return -errnum;
		s->totals.again += errnum == EAGAIN;
		return 0;
	}
	s->left -= (size_t)n;
	s->totals.partial += s->left != 0;
	return n;
}

int tcp_attach_plain(struct tcp_sender *s, int fd, struct err *err)
{
	(void)err;
	s->fd = fd;
	s->left = 0;
	return 0;
}
