/* A load worker of mode chat owns its share of the connections.  Its parts: load.c
 * (events, phases, counts), connecting.c, sending.c, receiving.c. */
#pragma once

#include "engines/chat/apart/ask.h"
#include "engines/chat/shared.h"
#include "engines/chat/waiting.h"

enum { LOAD_READ_BYTES = 256 << 10 };

enum load_state { LOAD_DOWN, LOAD_CONNECTING, LOAD_UP };

struct load_connection {
	int fd;      /* -1 where LOAD_DOWN */
	uint32_t id; /* of the run: worker + workers * index */
	enum load_state state;
	bool reads, blocked, waits_turn, was_up;
	int64_t until_ns, backoff_ns; /* LOAD_DOWN: when it is tried again */
	/* sending */
	uint64_t sequence;       /* of the message under way, or the next one */
	uint64_t lost;           /* of those sent: unread when their connection was lost */
	uint32_t sent_bytes;     /* of the message under way, 0: there is none */
	int64_t due_ns, sent_ns; /* of that */
	uint64_t begun, due;     /* by this schedule: messages begun; due */
	uint64_t seen;           /* closed loop: messages below it have been seen at the witness */
	int64_t seen_ns;
	/* receiving */
	uint8_t *part; /* a line whose end is not there yet */
	uint32_t part_bytes;
	uint64_t received, received_before; /* lines on this connection; on those before */
	struct row *row;                    /* in a client alone; may be NULL */
	uint64_t missing;
	uint64_t digest; /* of all lines of ours received, whatever their order */
	/* [connections of the run]: the sender's next sequence + 1; 0: none seen */
	uint32_t *next;
	/* it is the witness of this worker's connections from `first` on, `count` of them */
	uint32_t witness_first, witness_count;
};

/* Message m of a worker's schedule is due at start + floor(m * 10^12 / rate_milli); with --burst
 * all of a round at its start. */
struct load_schedule {
	int64_t start_ns;
	uint64_t rate_milli; /* messages per 1000 s of this worker; 0: none is due */
	uint32_t round;      /* messages in a round: connections */
	bool burst;
	uint64_t taken;       /* messages given out to their connections */
	uint64_t sent_before; /* messages sent when it began */
};

struct load {
	struct chat_epoll epoll;
	struct load_connection *connection;
	unsigned connections;
	uint32_t *down; /* ring: to be connected */
	unsigned down_head, downs, connecting, ups;
	bool ramped;    /* all have been up, or the run has begun without some: messages may go */
	uint32_t *turn; /* ring: may send */
	unsigned turn_head, turns;
	uint8_t *message; /* all but its stamp stays */
	uint8_t *buffer;
	struct chat_pool pool;
	struct load_schedule schedule;
	uint64_t load;      /* as schedule was made from */
	uint64_t scheduled; /* by schedules that are over */
	uint64_t window;    /* closed loop; 0: open */
	int64_t measure_ns; /* when MEASURE was entered */
	int64_t look_ns, rows_ns;
	uint64_t unread;     /* by the server, when the messages were last counted */
	struct chat_ask ask; /* the first worker's, where the server is elsewhere */
	/* cumulative */
	uint64_t sent, received, received_bytes, before, carried, missing, repeated, foreign, given_up;
	uint64_t failures, reconnects, reads, writes, again, controls, write_bytes;
	uint64_t syscalls, counted;
};

/* ---- connecting.c ---- */

/* It is to be connected. */
void load_put_down(struct load *x, struct load_connection *c);
/* As many as may be on their way at once.  -errno with *err where no socket can be had. */
int load_connect(struct worker *w, struct load *x, struct err *err);
/* An event of one that is on its way. */
void load_connected(struct worker *w, struct load *x, struct load_connection *c);
/* Tells the epoll what to tell of it: as its state, reads and blocked say. */
void load_watch(struct load *x, struct load_connection *c);
/* Messages of it that the server has read; of one that is elsewhere: all. */
static inline uint64_t load_read(const struct chat_shared *s, const struct load_connection *c)
{
	return s->both ? atomic_load_explicit(&s->flow[c->id].read, memory_order_acquire) : c->sequence - c->lost;
}
/* Messages that the kernel took, that the server has not read and that are not lost. */
static inline uint64_t load_unread(const struct load_connection *c, uint64_t read)
{
	return c->sequence - c->lost > read ? c->sequence - c->lost - read : 0;
}
/* The connection is gone: what it carried is lost, and it is made anew. */
void load_lost(struct worker *w, struct load *x, struct load_connection *c);

/* ---- sending.c ---- */

void load_apply_rate(struct worker *w, struct load *x, int64_t now_ns);
/* It may have something to send. */
void load_queue(struct load *x, struct load_connection *c);
/* Gives out what is due, sends for a while.  Returns the messages begun or moved on. */
unsigned load_send(struct worker *w, struct load *x, bool quiet);
/* When the next message is due, 0: none is by time. */
int64_t load_next_due(const struct load *x);
uint64_t load_schedule_due(const struct load_schedule *s, int64_t now_ns);
int64_t load_schedule_at(const struct load_schedule *s, uint64_t message);
/* Messages that a generator that keeps up has sent, when it has sent so many.  The rest of the
 * newest burst is late only when the next one is due: a run may end within a burst. */
uint64_t load_schedule_owed(const struct load_schedule *s, uint64_t sent);

/* ---- receiving.c ---- */

void load_receive(struct worker *w, struct load *x, struct load_connection *c);
