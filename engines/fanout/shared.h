/* Mode fanout, between its files: what it counts, and what the workers of a run share.
 *
 * Servers are readers, clients are writers.  Readers and writers each divide all readers among
 * them, in parts that stand side by side (round.h): a reader has one writer.  Where rounds are
 * awaited the first writer leads: it begins them and sees their ends, and the others follow. */
#pragma once

#include "engines/fanout/apart/gate.h"
#include "engines/fanout/round.h"
#include "engines/fanout/wire.h"
#include "engines/net/endpoints.h"
#include "engines/udp/counters.h"
#include "engines/udp/port.h"
#include "run/worker.h"

/* The mode's own counters, in the order of fanout_counters[]. */
enum {
	FANOUT_C_COPIES = COUNTER_OWN,
	FANOUT_C_TX_ERRORS,
	FANOUT_C_READER_DROPS,
	FANOUT_C_LATE,
	FANOUT_C_REFUSED,
	FANOUT_C_STRAY,
	FANOUT_C_TX_RETRIES,
	FANOUT_C_ROUNDS,
	FANOUT_C_ROUND_NS,
	FANOUT_C_COMPLETE,
	FANOUT_C_SPREAD_NS,
	FANOUT_C_INCOMPLETE,
	FANOUT_C_MISSED,
	FANOUT_C_WORST,
	FANOUT_C_WHOLE,
	FANOUT_C_READERS,
	FANOUT_C_ARRIVED,
	FANOUT_C_WRITERS,
	FANOUT_C_STRANGERS,
	FANOUT_C_TX_SKBS,
	FANOUT_C_RECEIVES,
	FANOUT_C_FILL, /* UDP_FILLS of them */
	FANOUT_C_END = FANOUT_C_FILL + UDP_FILLS,
};

enum { FANOUT_L_ROUND, FANOUT_L_SPREAD, FANOUT_L_DELIVERY };

/* Columns of a reader's row. */
enum { FANOUT_D_RECEIVED, FANOUT_D_DROPPED, FANOUT_D_LATE, FANOUT_D_FASTEST, FANOUT_D_SLOWEST };

/* A writer's method: how it is named, which UDP port it sends through, and to whom. */
struct fanout_method {
	struct method method; /* first: a plan's method pointer is this */
	const struct udp_method *port;
	bool connected; /* a socket per reader */
	bool multicast; /* one datagram for all readers, which join a group */
	bool segments;  /* one send may hold several datagrams for a reader */
	bool threads;   /* its port has a pool */
	bool at_once;   /* all sends of a round are offered at once, whatever --batch says */
	bool frames;    /* its datagrams come in from the wire, on loopback, too */
};

static inline const struct fanout_method *fanout_method_of(const struct method *method)
{
	return (const struct fanout_method *)method;
}

/* Of one writer, for readers and the other writers; it alone writes it, but for `asleep`, which
 * whoever wakes it takes back. */
struct fanout_desk {
	alignas(64) _Atomic bool asleep;
	/* eventfd, readable when there is something to see; release() closes it */
	int bell;
	_Atomic uint64_t sent_each; /* datagrams sent to each of its readers since it opened */
	_Atomic uint64_t sent;      /* copies that readers can get, since it opened */
	/* the low 32 bits of a round << 32 | datagrams of it that could not be sent */
	_Atomic uint64_t failed;
};

/* plan->shared.  Written by plan() and open(); after that only read, but for what says who
 * writes it. */
struct fanout_shared {
	unsigned readers, reader_workers, writers; /* workers: of this process */
	bool both;
	struct fanout_gate gate; /* readers alone */
	const struct fanout_method *method;
	uint32_t bytes; /* of a datagram */
	unsigned each;  /* datagrams that a reader gets in a round */
	bool rounds;    /* they are awaited; else the writer does not look back */
	bool unique;    /* a fresh payload for each datagram */
	bool paced;     /* rounds begin on a schedule */
	int64_t deadline_ns;
	unsigned batch, threads;        /* threads: of a pool */
	int rcvbuf_bytes, sndbuf_bytes; /* 0: the system's */
	uint64_t seed;
	uint32_t token;
	struct endpoints at;
	unsigned next_port;           /* of the next reader's socket; 0: any */
	union net_address group;      /* of multicast readers */
	unsigned multicast_interface; /* its index; 0: as routing says */
	union net_address *to;        /* [readers]: where they are */
	struct fanout_share *share;   /* [reader_workers] */
	struct fanout_desk *desk;     /* [writers] */
	/* The round that is sent: how often sending has begun << 32 | its number.  Writer: the
	 * first writer. */
	alignas(64) _Atomic uint64_t round;
};

static inline struct fanout_shared *fanout_shared_of(const struct worker *w)
{
	return w->plan->shared;
}

/* Wakes a writer that sleeps, after what it sleeps for was stored; true: that took a system
 * call. */
bool fanout_ring(struct fanout_desk *desk);

/* SO_RCVBUF and SO_SNDBUF as the run has them; says in a note where the kernel gave less than was
 * asked for. */
int fanout_set_buffers(struct worker *w, int fd, struct err *err);

/* Each ends with a name that is NULL; the methods with NULL. */
extern const struct counter_def fanout_counters[];
extern const struct figure_def fanout_figures[];
extern const struct latency_def fanout_latencies[];
extern const struct detail_def fanout_details;
extern const struct method *const fanout_methods[];

int fanout_plan(const struct options *o, struct plan *plan, struct err *err);
void fanout_release(struct plan *plan);

int fanout_reader_open(struct worker *w, struct err *err);
int fanout_reader_poll(struct worker *w, struct err *err);
int fanout_reader_wait(struct worker *w, int64_t until_ns, struct err *err);
int fanout_reader_enter(struct worker *w, enum phase phase, struct err *err);
int fanout_reader_observe(struct worker *w, struct err *err);
void fanout_reader_close(struct worker *w);

int fanout_writer_open(struct worker *w, struct err *err);
int fanout_writer_poll(struct worker *w, struct err *err);
int fanout_writer_drain(struct worker *w, struct err *err);
int fanout_writer_enter(struct worker *w, enum phase phase, struct err *err);
int fanout_writer_observe(struct worker *w, struct err *err);
void fanout_writer_close(struct worker *w);
