/* Waiting for an epoll.  See engines/net/epoll.h. */
#include "engines/net/epoll.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

/* ---- waiting ---- */

/* The kernel has no epoll_pwait2; whoever finds out writes it, and all would write the same. */
static _Atomic bool is_old;

static int events_of(int n)
{
	if (n >= 0)
		return n;
	return errno == EINTR ? 0 : -errno;
}

static int wait_old(int epoll_fd, struct epoll_event *event, int room, int64_t left_ns)
{
	return events_of(epoll_wait(epoll_fd, event, room, (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS)));
}

int net_epoll_wait(int epoll_fd, struct epoll_event *event, int room, int64_t until_ns)
{
	int64_t left_ns = until_ns ? until_ns - clock_now_ns() : 0;
	struct timespec timeout;
	int n;

	left_ns = left_ns > 0 ? left_ns : 0;
	if (atomic_load_explicit(&is_old, memory_order_relaxed))
		return wait_old(epoll_fd, event, room, left_ns);
	timeout = (struct timespec){ .tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S };
	n = epoll_pwait2(epoll_fd, event, room, &timeout, NULL);
	if (n >= 0 || (errno != ENOSYS && errno != EPERM))
		return events_of(n);
	atomic_store_explicit(&is_old, true, memory_order_relaxed);
	return wait_old(epoll_fd, event, room, left_ns);
}

/* ---- busy polling ---- */

/* <linux/eventpoll.h> has this struct from Linux 6.9 on; older headers lack it. */
struct busy_poll_params {
	uint32_t busy_poll_usecs;
	uint16_t busy_poll_budget;
	uint8_t prefer_busy_poll;
	uint8_t padding;
};

#define BUSY_POLL_SET _IOW(0x8A, 0x01, struct busy_poll_params)

int net_epoll_busy_poll(int epoll_fd, unsigned usecs, struct err *err)
{
	/* 64 packets at a time: more needs CAP_NET_ADMIN. */
	struct busy_poll_params params = { .busy_poll_usecs = usecs, .busy_poll_budget = usecs ? 64 : 0 };

	if (ioctl(epoll_fd, BUSY_POLL_SET, &params) == 0)
		return 0;
	if (errno == ENOTTY || errno == EINVAL || errno == EOPNOTSUPP)
		return err_say(
			err, ENOTSUP, "--busy-poll: this kernel has no busy polling of an epoll (EPIOCSPARAMS, Linux 6.9)");
	return err_sys(err, errno, "ioctl EPIOCSPARAMS");
}

bool net_epoll_can_busy_poll(char *why, size_t size)
{
	struct err err = ERR_NONE;
	int fd = epoll_create1(EPOLL_CLOEXEC), rc;

	if (fd < 0) {
		snprintf(why, size, "epoll_create1: %s", strerror(errno));
		return false;
	}
	rc = net_epoll_busy_poll(fd, 0, &err);
	close(fd);
	snprintf(why, size, "%s", rc < 0 ? err.text : "");
	return rc >= 0;
}
