/* The epoll of a worker.  See engines/chat/waiting.h. */
#include "engines/chat/waiting.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "engines/net/epoll.h"

int chat_epoll_watch(const struct chat_epoll *e, int fd, uint64_t tag, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = tag };

	return epoll_ctl(e->fd, EPOLL_CTL_ADD, fd, &event) < 0 ? err_sys(err, errno, "epoll_ctl") : 0;
}

int chat_epoll_open(struct chat_epoll *e, struct worker *w, struct err *err)
{
	e->fd = epoll_create1(EPOLL_CLOEXEC);
	if (e->fd < 0)
		return err_sys(err, errno, "epoll_create1");
	e->event = malloc(CHAT_EVENTS * sizeof(*e->event));
	if (!e->event)
		return err_sys(err, ENOMEM, "open an epoll");
	e->looks = w->plan->wait != WAIT_BLOCK;
	w->wait.fd[0] = (struct pollfd){ .fd = e->fd, .events = POLLIN };
	w->wait.count = 1;
	return e->looks ? 0 : chat_epoll_watch(e, w->wake_fd, CHAT_TAG_WAKE, err);
}

void chat_epoll_close(struct chat_epoll *e)
{
	if (e->fd >= 0)
		close(e->fd);
	free(e->event);
}

int chat_epoll_gather(struct chat_epoll *e, int64_t until_ns, struct err *err)
{
	int n = net_epoll_wait(e->fd, e->event, CHAT_EVENTS, until_ns);

	e->calls++;
	if (n < 0)
		return err_sys(err, -n, "epoll_wait");
	e->happened += (unsigned)n;
	e->events = (unsigned)n;
	return n;
}
