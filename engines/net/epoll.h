/* epoll_wait(2) up to a moment, and busy polling.  No state of its own but what the kernel can
 * do; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/err.h"

/* Waits until until_ns (CLOCK_MONOTONIC; in the past: not at all), or until a signal comes; one
 * call.  Returns the number of events, or -errno.  epoll_pwait2(2), Linux >= 5.11; before that the
 * wait is rounded up to a millisecond. */
int net_epoll_wait(int epoll_fd, struct epoll_event *event, int room, int64_t until_ns);

/* The epoll asks its devices for packets for so long before it sleeps: EPIOCSPARAMS,
 * ioctl_eventpoll(2), Linux >= 6.9.  0, or -errno with *err. */
int net_epoll_busy_poll(int epoll_fd, unsigned usecs, struct err *err);
/* false with the reason where the kernel has no such thing; leaves nothing open. */
bool net_epoll_can_busy_poll(char *why, size_t size);
