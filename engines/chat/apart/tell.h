/* The server's side of report.h: a loop takes callers that ask out of its room, and tells them what
 * all loops of this process have counted.  Owner: the loop's worker. */
#pragma once

#include "engines/chat/apart/report.h"
#include "run/worker.h"

enum { CHAT_ASKERS = 8 }; /* of a loop; one more takes the place of the one that came first */

#define CHAT_TAG_ASKER ((uint64_t)4 << 32) /* + which; the event's tag */

struct chat_asker {
	int fd; /* -1: none */
	unsigned got;
	uint8_t frame[CHAT_REPORT_BYTES]; /* as far as it has come */
};

struct chat_tell {
	struct chat_asker asker[CHAT_ASKERS];
	unsigned next; /* place of the next one */
	uint64_t calls;
};

struct chat_shared;

void chat_tell_open(struct worker *w, struct chat_tell *t);
void chat_tell_close(struct chat_tell *t);
/* Takes over a socket that the epoll knows, and sends the hello back. */
void chat_tell_take(struct chat_tell *t, int epoll_fd, int fd, uint32_t token);
/* An event of the asker in this place.  true: a question is there, which chat_tell_answer() answers
 * when the loop has brought its own counters up to date. */
bool chat_tell_read(struct chat_tell *t, unsigned which);
void chat_tell_answer(struct chat_shared *s, struct chat_tell *t, unsigned which);
