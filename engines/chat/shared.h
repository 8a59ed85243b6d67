/* Mode chat, between its files: what it counts, and what the workers of a run share.  Servers
 * are event loops (server.c), clients make the load (load/). */
#pragma once

#include "engines/chat/crossing.h"
#include "engines/chat/room.h"
#include "engines/chat/wire.h"
#include "engines/net/endpoints.h"
#include "run/worker.h"

enum {
	CHAT_CONNECTIONS_MAX = 1000000,
	CHAT_LOOPS_MAX = 64,
	CHAT_READ_BYTES = 64 << 10, /* a receive call of a loop brings so much at most */
	CHAT_LINE_MAX = 64 << 10,
};

/* The mode's own counters, in the order of chat_counters[]. */
enum {
	CHAT_C_OWED = COUNTER_OWN,
	CHAT_C_DELIVERED,
	CHAT_C_DROPPED_NEWEST,
	CHAT_C_DROPPED_OLDEST,
	CHAT_C_DROPPED_LOG,
	CHAT_C_DROPPED_CLOSED,
	CHAT_C_QUEUED,
	CHAT_C_QUEUED_BYTES,
	CHAT_C_QUEUE_P99,
	CHAT_C_QUEUE_MAX,
	CHAT_C_BEHIND,
	CHAT_C_CONNECTIONS,
	CHAT_C_JOINED,
	CHAT_C_LEFT,
	CHAT_C_RESET,
	CHAT_C_SLOW_CLOSED,
	CHAT_C_LONG_LINES,
	CHAT_C_ACCEPT_PAUSES,
	CHAT_C_WAKEUPS,
	CHAT_C_EVENTS,
	CHAT_C_READS,
	CHAT_C_WRITES,
	CHAT_C_WRITE_BYTES,
	CHAT_C_EAGAIN,
	CHAT_C_CONTROLS,
	/* clients */
	CHAT_C_MESSAGES_BEFORE,
	CHAT_C_MESSAGES_READ,
	CHAT_C_MESSAGES_FLYING,
	CHAT_C_MESSAGES_LOST,
	CHAT_C_CARRIED,
	CHAT_C_MISSING,
	CHAT_C_REPEATED,
	CHAT_C_FOREIGN,
	CHAT_C_GIVEN_UP,
	CHAT_C_CONNECT_FAILURES,
	CHAT_C_RECONNECTS,
	CHAT_C_FAR_OWED,
	CHAT_C_FAR_DELIVERED,
	CHAT_C_FAR_DROPPED,
	CHAT_C_FAR_GONE,
	CHAT_C_FAR_QUEUED,
	CHAT_C_FAR_TOLD,
	CHAT_C_END,
};

/* Columns of the rows: of a loop's clients; in a client alone, of its connections. */
enum { CHAT_D_MESSAGES, CHAT_D_DELIVERIES, CHAT_D_DROPPED, CHAT_D_QUEUED, CHAT_D_QUEUE_MAX, CHAT_D_DIGEST };

enum { CHAT_ROWS_MAX = 16384 }; /* more connections have none */

enum { CHAT_L_DELIVERY, CHAT_L_SEND, CHAT_L_LATENESS };

/* Both ends of a connection of the load tell each other this, where both are in this process. */
struct chat_flow {
	/* messages read from it, however often it was made anew; writer: the loop that has it */
	_Atomic uint64_t read;
	/* lines received on the connection that is up; writer: the client's worker */
	_Atomic uint64_t received;
};

/* A connection that outlives its run: the next one may take it over. */
struct chat_kept {
	int fd;
	uint32_t connection; /* CHAT_STRANGER: none of ours */
	bool reads;
};

struct chat_kept_list {
	struct chat_kept *at;
	unsigned count, room;
};

/* plan->shared.  Written by plan() and open(); after that only read, but for what says who
 * writes it. */
struct chat_shared {
	struct endpoints at;
	unsigned loops, clients; /* workers of each role */
	bool both;
	/* the load */
	unsigned connections, readers; /* connections 0..readers-1 read */
	uint32_t message_bytes;
	uint64_t rate_milli; /* messages per 1000 s of all connections; 0: closed loop */
	bool open_loop, burst;
	uint64_t messages; /* of a connection; 0: no end */
	unsigned ramp;     /* connects in flight of a worker */
	uint32_t token;
	/* the server */
	size_t queue_bytes, log_bytes;
	uint32_t line_bytes;
	int64_t tick_ns;
	enum chat_slow slow;
	bool direct;
	int64_t busy_poll_us;
	unsigned members;                      /* of a loop, at most */
	bool edge;                             /* method et */
	int rcvbuf_bytes, sndbuf_bytes;        /* 0: the system's */
	int (*listener)[ENDPOINTS_LISTEN_MAX]; /* [loops]; release() closes them */
	struct chat_crossing crossing;         /* loops > 1 */
	struct chat_flow *flow;                /* [connections], both roles only */
	/* One role: what each worker counts, for the one that tells or asks (apart/); its open()
	 * writes it. */
	const struct counters **teller, **asker; /* [loops], [clients] */
	bool told;                               /* a server elsewhere tells */
	uint64_t instance;                       /* of the server, for those who ask */
	_Atomic uint64_t reports;                /* told; all loops write it */
	/* a list a worker: filled by close(), emptied by the next run's open() */
	struct chat_kept_list *kept; /* [loops + clients] */
};

static inline struct chat_shared *chat_shared_of(const struct worker *w)
{
	return w->plan->shared;
}

static inline bool chat_is_quiet(const struct worker *w)
{
	return w->phase == PHASE_SETTLE || w->phase == PHASE_DRAIN;
}

/* For so many connections. */
static inline unsigned chat_rows(unsigned connections)
{
	return connections < CHAT_ROWS_MAX ? connections : CHAT_ROWS_MAX;
}

/* Each ends with a name that is NULL. */
extern const struct counter_def chat_counters[];
extern const struct figure_def chat_figures[];
extern const struct latency_def chat_latencies[];
extern const struct detail_def chat_details;
extern const struct ledger_def chat_messages;

extern const struct method chat_lt, chat_et;

int chat_plan(const struct options *o, struct plan *plan, struct err *err);
void chat_release(struct plan *plan);
/* The list of a worker: servers first. */
struct chat_kept_list *chat_kept_of(const struct worker *w);
/* The connections that workers of the run before have left behind, if this run can use them. */
void chat_inherit(struct plan *from, struct plan *to);

/* SO_RCVBUF, SO_SNDBUF and TCP_NODELAY; those that a listening socket accepts inherit them. */
int chat_set_options(struct worker *w, int fd, struct err *err);

int chat_server_open(struct worker *w, struct err *err);
int chat_server_poll(struct worker *w, struct err *err);
int chat_server_wait(struct worker *w, int64_t until_ns, struct err *err);
int chat_server_enter(struct worker *w, enum phase phase, struct err *err);
int chat_server_observe(struct worker *w, struct err *err);
void chat_server_close(struct worker *w);

int chat_load_open(struct worker *w, struct err *err);
int chat_load_poll(struct worker *w, struct err *err);
int chat_load_wait(struct worker *w, int64_t until_ns, struct err *err);
int chat_load_enter(struct worker *w, enum phase phase, struct err *err);
int chat_load_observe(struct worker *w, struct err *err);
void chat_load_close(struct worker *w);
