/* Mode stream: what the workers of a run share, and a worker's state.
 *
 * A worker has one connection at a time (link.c).  The workers of one role send, those of
 * the other receive: servers send unless --reverse turns it round.
 *
 * With both roles in this process the ledger is exact: sequences count the messages of a flow
 * that the kernel has taken whole, so a gap between one connection and the next is what was lost
 * with the first.  With one role the other end tells its counts when all is over (far.h); before
 * that there is no ledger, and there are no pauses to settle. */
#pragma once

#include <stdalign.h>

#include "base/clock.h"
#include "engines/net/endpoints.h"
#include "engines/net/pace.h"
#include "engines/stream/far.h"
#include "engines/stream/wire.h"
#include "engines/tcp/sender.h"
#include "run/worker.h"

enum { STREAM_THREADS_MAX = 256, STREAM_CONGESTION_BYTES = 16 };

/* The mode's own counters, in the order of stream_counters[]. */
enum {
	STREAM_C_LOST = COUNTER_OWN,
	STREAM_C_CARRIED,
	STREAM_C_UNTIMED,
	STREAM_C_DAMAGED,
	STREAM_C_DAMAGED_BYTES,
	STREAM_C_CONNECTIONS,
	STREAM_C_RECONNECTS,
	STREAM_C_CONNECT_FAILURES,
	STREAM_C_REJECTED,
	STREAM_C_CLIENTS_WAITING,
	STREAM_C_STALLED_MS,
	STREAM_C_PARTIAL_SENDS,
	STREAM_C_EAGAIN,
	STREAM_C_ZC_COMPLETIONS,
	STREAM_C_ZC_COPIED,
	STREAM_C_ZC_NO_BUFFERS,
	STREAM_C_RETRANSMITS,
	STREAM_C_CWND,
	STREAM_C_RTT,
	STREAM_C_DELIVERY_RATE,
	STREAM_C_PACING_RATE,
	STREAM_C_BUFFER,
	STREAM_C_FAR_SENT,
	STREAM_C_FAR_RECEIVED,
	STREAM_C_FAR_TOLD,
	STREAM_C_END,
};

/* Each ends with a name that is NULL. */
extern const struct counter_def stream_counters[];
extern const struct figure_def stream_figures[];
extern const struct latency_def stream_latencies[];

/* --receive */
enum { STREAM_COPY, STREAM_DISCARD, STREAM_URING };

enum { STREAM_L_DELIVERY, STREAM_L_MESSAGE, STREAM_L_LATENESS };

/* A client worker's stream of messages, whatever connections carry it.  Both roles only. */
struct stream_flow {
	/* messages taken whole by the kernel; writer: the worker that sends on it */
	alignas(64) _Atomic uint64_t sent;
	/* `sent` when the sender entered MEASURE; UINT64_MAX before; same writer.  Read for
	 * every message: not where `sent` is written for every message. */
	alignas(64) _Atomic uint64_t measure_from;
	/* settled: received or lost; writer: the worker that receives on it */
	alignas(64) _Atomic uint64_t received;
};

/* plan->shared.  Written by plan() and by the first server's open(); after that only read, but
 * for flow[] and waiting. */
struct stream_shared {
	struct endpoints at;
	/* of all servers together: a client waits in the queue until a worker is free */
	int listener[ENDPOINTS_LISTEN_MAX];
	unsigned listeners;
	unsigned threads;
	bool both, server_sends, verify, discard, open_loop;
	bool ring; /* --receive uring */
	uint64_t size, seed, token, boot;
	char congestion[STREAM_CONGESTION_BYTES]; /* "": the system's */
	int rcvbuf_bytes, sndbuf_bytes;           /* 0: the system's */
	const struct tcp_sender_method *method;
	struct stream_flow *flow; /* [threads] */
	_Atomic uint64_t waiting; /* clients in the listeners' queues; writer: the first server */
	/* clients whose server, elsewhere, has told all; each adds itself */
	_Atomic unsigned told;
	/* of these, those that a server has served: where there is none, nobody has told */
	_Atomic unsigned served;
};

enum link_state { LINK_NONE, LINK_CONNECTING, LINK_GREETING, LINK_FLOWING };

struct stream_link {
	int fd; /* -1: none */
	enum link_state state;
	bool same_clock; /* both ends have one clock */
	bool can_block;  /* calls without MSG_DONTWAIT wait, with a time limit */
	bool lingers;    /* what is on its way shall arrive: it is closed without a reset */
	unsigned flow;   /* the client's index */
	uint64_t first;  /* sequence of the first message that comes in */
	uint8_t greeting[STREAM_GREETING_BYTES];
	unsigned got, put; /* bytes of the other end's greeting, and of ours */
	/* not before then is it tried again; or by then the greeting must be there */
	int64_t until_ns;
	int64_t backoff_ns;
	int64_t moved_ns; /* last byte either way, to 100 ms */
	uint64_t moved_bytes;
	int64_t stalled_ns, stalled_until_ns; /* in all; counted up to then */
	/* cumulative */
	uint64_t syscalls, opened, failures, rejected, retransmits;
	uint32_t retransmits_here; /* of this connection */
	/* bytes of messages, by the other end's kernel; of connections before this one */
	uint64_t acknowledged;
	uint64_t acknowledged_here, bytes_before; /* x->bytes when this connection was made */
};

/* A side returns it if the connection is lost: the engine gives it up. */
enum { STREAM_LOST = -1 };

struct stream_worker {
	struct stream_link link;
	struct stream_far far;
	bool sends, blocked;      /* blocked: the sender waits for room */
	bool waits;               /* in engine->wait(): calls may block */
	uint64_t syscalls;        /* those counted */
	uint64_t bytes, messages; /* sent or received */
	int64_t measure_ns;       /* when MEASURE was entered, 0 before */
	/* the sender */
	struct tcp_sender *sender;
	bool begun;
	uint64_t sequence; /* of the begun or next message */
	struct pace pace;
	/* of the run; of this schedule; by schedules that are over */
	uint64_t rate, due, scheduled;
	/* the receiver */
	struct stream_frame frame;
	uint8_t *buffer;
	size_t buffer_bytes;
	struct stream_ring *ring; /* --receive uring, in place of buffer; else NULL */
	/* when the receive call began; of the one that brought the first byte of the message */
	int64_t began_ns, first_ns;
	uint64_t eagain, lost, carried, untimed, damaged, damaged_bytes;
};

static inline struct stream_shared *stream_shared_of(const struct worker *w)
{
	return w->plan->shared;
}

static inline bool stream_is_quiet(const struct worker *w)
{
	return stream_shared_of(w)->both && (w->phase == PHASE_SETTLE || w->phase == PHASE_DRAIN);
}

/* The flow that the connection carries; NULL with one role. */
static inline struct stream_flow *stream_flow_of(const struct worker *w, const struct stream_worker *x)
{
	struct stream_shared *s = stream_shared_of(w);

	return s->both && x->link.state == LINK_FLOWING ? &s->flow[x->link.flow] : NULL;
}
