/* The room of an event loop of mode chat: its clients, and what each is still to get.
 *
 * A line goes into the log (log.h) once.  Everybody who is up to date is handed what is new with
 * one call: a send per line (direct) or a writev over all lines since the last flush (log).  Who
 * cannot take it all is behind: it has a cursor into the log, is sent the rest when its socket
 * has room again (EPOLLOUT is armed only then), and may have no more than `queue` bytes waiting:
 *
 *   SLOW_NEWEST      what does not fit any more is dropped; the client gets new lines again
 *                    when it has taken all that was kept for it
 *   SLOW_OLDEST      the oldest that wait make room
 *   SLOW_DISCONNECT  the client is closed
 *
 * Nothing of this is done for each line where it need not be: who is behind takes nothing until
 * its socket has room, so that lines for it are only counted when somebody asks
 * (chat_room_settle), when it can take some, or when the log needs the room.  A thousand clients
 * that do not read cost a line nothing.
 *
 * A line is sent whole or not at all.  What a client has not taken by the time the log has gone
 * round is dropped whatever the policy, so that memory is bounded.
 *
 * Every line that a client is to get is owed to it, and ends as delivered (the kernel took it),
 * dropped, or pending: owed = delivered + dropped + pending, whenever the room is settled.
 *
 * Owner: the loop's worker; only open() allocates. */
#pragma once

#include "base/err.h"
#include "engines/chat/log.h"
#include "engines/chat/pool.h"

struct row; /* run/rows.h */

enum chat_slow { SLOW_NEWEST, SLOW_OLDEST, SLOW_DISCONNECT };

/* Why a client has gone; END_ASKS: it is none, its socket is another's now. */
enum chat_end { END_NONE, END_LEFT, END_RESET, END_SLOW, END_LONG_LINE, END_ASKS };

#define CHAT_STRANGER UINT32_MAX /* a client that is none of the load's */

/* Records of one author, linked. */
struct chat_own {
	uint64_t first, last; /* where count is not 0 */
	uint64_t count, bytes;
};

/* A client of this loop. */
struct chat_member {
	int fd; /* -1: nobody */
	uint32_t index;
	uint32_t place;      /* in room->present */
	uint32_t connection; /* of the load client in this process, or CHAT_STRANGER */
	bool greeted, reads; /* it has sent its first line; it is known to read */
	bool requeued;       /* it has more to read, and waits for its next turn */
	enum chat_end end;   /* not END_NONE: to be closed at the end of the turn */
	/* a line whose end is not there yet: a block of the room's pool */
	uint8_t *part;
	uint32_t part_bytes;
	uint64_t lines;  /* read from it */
	struct row *row; /* of the loop, which shows what it keeps here; may be NULL */
	/* what is sent to it, where it is behind; else all is up to room->done */
	bool behind, hole, armed;
	bool waits;             /* its place is behind room->actives: it is not handed each line */
	uint64_t handed;        /* where it waits: records up to this one are counted */
	uint64_t joined;        /* gets records from this one on */
	uint64_t cursor, limit; /* next record to send; first that it does not get (hole) */
	uint32_t offset;        /* bytes of the cursor's record that are sent */
	/* the end of a line that was half sent when it had to leave the log */
	uint8_t *rest;
	uint32_t rest_from, rest_bytes;
	/* its own records, linked (chat_record.next_own): those it is to skip between cursor and
	 * done; of those, the ones it has not been handed yet, where it waits; those after done */
	struct chat_own own, own_waiting, own_new;
	uint32_t late_place; /* in room->late, where it is behind */
	uint64_t owed, dropped;
};

/* Cumulative; written by the loop. */
struct chat_room_totals {
	uint64_t owed, delivered, delivered_bytes;
	uint64_t dropped_newest, dropped_oldest, dropped_log, dropped_closed;
	uint64_t sends, send_bytes, send_again; /* calls; bytes; calls without room (EAGAIN) */
	uint64_t controls;                      /* epoll_ctl calls */
	uint64_t joined, left, reset, slow_closed, long_lines;
};

struct chat_room_config {
	size_t log_bytes, queue_bytes;
	uint32_t line_bytes; /* longest line, its end included */
	unsigned members;    /* at most */
	enum chat_slow slow;
	bool direct;
	int epoll_fd;
	uint32_t trigger; /* 0 or EPOLLET */
};

struct chat_room {
	struct chat_room_config config;
	struct chat_log log;
	struct chat_member *member; /* [config.members] */
	uint32_t *free_member;      /* stack of free ones */
	/* members that are here: those that are handed each line, then those that wait; that are
	 * behind */
	uint32_t *present, *late;
	uint32_t *spoke; /* members that wait and have said something after done */
	unsigned frees, presents, actives, lates, spokes;
	uint32_t *ending; /* to be closed */
	unsigned endings;
	uint64_t done; /* records that everybody has been handed */
	uint64_t kept; /* records before it are nobody's any more */
	struct chat_pool pool;
	struct chat_room_totals totals;
};

/* Puts a member (its index) at this place of room->present. */
static inline void chat_room_place(struct chat_room *r, uint32_t place, uint32_t index)
{
	r->present[place] = index;
	r->member[index].place = place;
}

/* -errno with *err.  config.epoll_fd stays the caller's. */
int chat_room_open(struct chat_room *r, const struct chat_room_config *config, struct err *err);
/* Closes the sockets of those who are still here, too.  Accepts a zeroed or half-opened one. */
void chat_room_close(struct chat_room *r);

/* A client comes: its socket is the room's from now on and watched by the epoll.  NULL with
 * errno: no room (EMFILE), or epoll_ctl failed; the socket stays the caller's. */
struct chat_member *chat_room_join(struct chat_room *r, int fd);
/* It shall go at the end of the turn; the first reason counts. */
void chat_room_end(struct chat_room *r, struct chat_member *m, enum chat_end why);
/* Closes those who shall go.  Returns how many. */
unsigned chat_room_close_ended(struct chat_room *r);

/* A line without its end: everybody but the author (NULL: somebody of another loop) is to get
 * it.  Cleaned on its way into the log.  direct: it is sent now. */
void chat_room_say(struct chat_room *r, struct chat_member *author, const uint8_t *line, size_t bytes);
/* Hands on what was said since the last flush. */
void chat_room_flush(struct chat_room *r);
/* The socket of a client that is behind has room. */
void chat_room_writable(struct chat_room *r, struct chat_member *m);

/* Counts what is owed to those who wait and what is dropped of that: before totals, or what is
 * pending, are read. */
void chat_room_settle(struct chat_room *r);

/* Lines and bytes that wait for this client; the room is settled. */
uint64_t chat_member_pending(const struct chat_room *r, const struct chat_member *m);
size_t chat_member_pending_bytes(const struct chat_room *r, const struct chat_member *m);
