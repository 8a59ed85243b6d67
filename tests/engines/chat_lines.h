/* Bytes of one client of a chat loop go in, lines at another one come out: a loop without its
 * worker's thread.  For the tests and the fuzz target of the line parser. */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engines/chat/server.h"

struct chat_lines {
	struct chat_shared shared;
	struct plan plan;
	struct plan_worker self;
	struct worker worker;
	struct chat_loop loop;
	struct chat_member *speaker, *listener;
	int speaker_fd, listener_fd; /* their own ends */
	char *got;                   /* all that the listener has read */
	size_t bytes;
};

static inline struct chat_member *chat_lines_join(struct chat_lines *l, int *ret_fd)
{
	int pair[2] = { -1, -1 };

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0)
		abort();
	*ret_fd = pair[1];
	return chat_room_join(&l->loop.room, pair[0]);
}

static inline void chat_lines_open(struct chat_lines *l, uint32_t line_bytes)
{
	struct chat_room_config config = {
		.log_bytes = 1 << 20, .queue_bytes = 1 << 18, .line_bytes = line_bytes, .members = 2, .direct = true
	};

	memset(l, 0, sizeof(*l));
	l->shared = (struct chat_shared){ .loops = 1, .line_bytes = line_bytes };
	l->plan.shared = &l->shared;
	l->self.role = ROLE_SERVER;
	l->worker.plan = &l->plan;
	l->worker.self = &l->self;
	config.epoll_fd = l->loop.epoll.fd = epoll_create1(EPOLL_CLOEXEC);
	if (chat_room_open(&l->loop.room, &config, NULL) < 0)
		abort();
	l->speaker = chat_lines_join(l, &l->speaker_fd);
	l->listener = chat_lines_join(l, &l->listener_fd);
}

static inline void chat_lines_read(struct chat_lines *l)
{
	for (;;) {
		ssize_t n;

		l->got = realloc(l->got, l->bytes + 65536 + 1);
		n = read(l->listener_fd, l->got + l->bytes, 65536);
		if (n > 0) {
			l->bytes += (size_t)n;
			continue;
		}
		l->got[l->bytes] = '\0';
		if (!l->listener->behind)
			return;
		chat_room_writable(&l->loop.room, l->listener);
	}
}

static inline void chat_lines_feed(struct chat_lines *l, const char *data, size_t bytes)
{
	chat_take_bytes(&l->worker, &l->loop, l->speaker, (const uint8_t *)data, bytes);
	chat_lines_read(l);
}

static inline const char *chat_lines_got(struct chat_lines *l)
{
	chat_lines_read(l);
	return l->got;
}

static inline void chat_lines_close(struct chat_lines *l)
{
	chat_room_close(&l->loop.room);
	close(l->loop.epoll.fd);
	close(l->speaker_fd);
	close(l->listener_fd);
	free(l->got);
}
