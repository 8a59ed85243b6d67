/* How a worker of mode chat waits, loop or load: an epoll, what it told, and how often it was
 * asked.  Owner: the worker; only open() allocates.  Source: epoll(7). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "run/worker.h"

enum { CHAT_EVENTS = 256 }; /* of one epoll_wait(2) */

/* The tag of an event that is the worker's own: the run has told it something. */
#define CHAT_TAG_WAKE ((uint64_t)1 << 63)

struct chat_epoll {
	int fd;
	struct epoll_event *event; /* [CHAT_EVENTS] */
	unsigned events;           /* gathered */
	bool looks;                /* the wait is another call: each burst asks first */
	uint64_t calls, happened;  /* of epoll_wait(2); events that they brought */
};

/* The worker's wait is set up, too.  -errno with *err. */
int chat_epoll_open(struct chat_epoll *e, struct worker *w, struct err *err);
void chat_epoll_close(struct chat_epoll *e); /* accepts a half-opened one whose fd is -1 */
/* It tells when there is something to read, with this tag. */
int chat_epoll_watch(const struct chat_epoll *e, int fd, uint64_t tag, struct err *err);
/* One call; until_ns as net_epoll_wait() has it.  The number of events, or -errno with *err. */
int chat_epoll_gather(struct chat_epoll *e, int64_t until_ns, struct err *err);
