/* An event loop of mode chat: what a server worker owns.  Its parts: server.c (events, phases,
 * counts), listen.c (who comes), reading.c (what they say), room.c and deliver.c (what becomes of
 * it). */
#pragma once

#include "engines/chat/apart/tell.h"
#include "engines/chat/shared.h"
#include "engines/chat/waiting.h"

enum {
	/* In a big room a short line is thousands of sends.  About so many in one poll(), and from
	 * one read, so that the loop hears in time what it is told, and nobody waits for long
	 * because of one client. */
	CHAT_POLL_SENDS = 8192,
	CHAT_READ_SENDS = 4096,
	CHAT_READ_LEAST = 256,
};

/* An event is of a member (its index), of the run (CHAT_TAG_WAKE), or of one of these. */
#define CHAT_TAG_LISTENER ((uint64_t)1 << 32) /* + which */
#define CHAT_TAG_BELL     ((uint64_t)2 << 32)

struct chat_loop {
	struct chat_room room;
	struct chat_epoll epoll;
	struct chat_tell tell;
	unsigned event_at;     /* events handled so far */
	uint64_t sends_before; /* calls made when this poll() began */
	bool held;             /* a ring to another loop is full: nobody is read */
	uint8_t *buffer;       /* [CHAT_READ_BYTES] */
	struct hist *queues;   /* of those who are behind, while they are counted */
	uint8_t *scratch;      /* [line_bytes]: a line that goes round a ring's end */
	/* members that have more to read, in the order of their turns */
	uint32_t *turn;
	unsigned turn_head, turns;
	int64_t flush_ns;         /* when what is in the log is handed on, 0: nothing is */
	bool paused;              /* no descriptor was left for the next caller */
	int64_t resume_ns;        /* then it is tried again */
	int64_t look_ns;          /* while the run settles: of the next look at what is in flight */
	uint64_t queued_at_start; /* lines that waited when the measure phase began */
	uint64_t comers;          /* rows are numbered by them */
	int64_t rows_ns;          /* when the rows were brought up to date */
	/* cumulative */
	uint64_t lines, line_bytes, reads, read_again, pauses;
	uint64_t syscalls, counted; /* others than those counted elsewhere; counted so far */
};

/* Has this poll() done its share? */
static inline bool chat_is_enough(const struct chat_loop *l)
{
	return l->room.totals.sends - l->sends_before >= CHAT_POLL_SENDS;
}

/* ---- server.c ---- */

/* Somebody has come. */
void chat_welcome(struct worker *w, struct chat_loop *l, struct chat_member *m);

/* ---- listen.c ---- */

/* The loop's own listening sockets, in a SO_REUSEPORT group with those of the others. */
int chat_listen_open(struct worker *w, struct chat_loop *l, struct err *err);
/* Takes callers as long as there are some, and descriptors. */
int chat_accept(struct worker *w, struct chat_loop *l, unsigned which, struct err *err);
/* After a pause: listens again where it is time, or somebody has gone. */
void chat_accept_resume(struct worker *w, struct chat_loop *l, int64_t now_ns, bool somebody_went);

/* ---- reading.c ---- */

/* Takes what one call has brought: lines, and the beginning of one. */
void chat_take_bytes(struct worker *w, struct chat_loop *l, struct chat_member *m, const uint8_t *data, size_t bytes);
/* Reads what one member has to say: one call (level-triggered), or up to EAGAIN, but not more
 * than its turn allows (edge-triggered). */
void chat_read(struct worker *w, struct chat_loop *l, struct chat_member *m);
/* Those whose turn was over.  Returns how many were read. */
unsigned chat_read_turns(struct worker *w, struct chat_loop *l);
/* Lines that came from other loops. */
unsigned chat_read_crossing(struct worker *w, struct chat_loop *l);
/* This turn's lines can be handed on, and seen by other loops. */
void chat_loop_turn_over(struct worker *w, struct chat_loop *l);
