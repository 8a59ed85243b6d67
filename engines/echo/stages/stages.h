/* Mode echo, latency by stage (--stages N): one packet in N carries the times of its way.
 *
 * Which packets these are is a property of their sequence, so that a server that is another process
 * stamps the same ones.  Where both ends are here, client and server meet in a slot of memory, one
 * for each packet on its way: the client opens it before it sends, the server writes what it knows
 * into it, and the client adds the packet up when the answer and all times are there.  Times of one
 * packet that never come (it was lost, a driver does not stamp) leave it out as a whole.
 *
 * All times are CLOCK_REALTIME, as the kernel's are.  Ours are taken on CLOCK_MONOTONIC, the
 * same ones that the RTT is made of, and are moved by the distance of the two clocks, one and
 * the same for a packet: its stages add up to its RTT.  Both clocks go at the same pace, so the
 * distance changes only where somebody sets the time; the times of a packet that is on its way
 * then are not in order, and it is left out. */
#pragma once

#include "base/clock.h"
#include "engines/echo/shared.h"
#include "record/stages/stages.h"

enum {
	ECHO_STAGE_CLIENT_SEND,
	ECHO_STAGE_CLIENT_QUEUE,
	ECHO_STAGE_AWAY,
	ECHO_STAGE_TO_SERVER,
	ECHO_STAGE_SERVER_RECEIVE,
	ECHO_STAGE_SERVER,
	ECHO_STAGE_SERVER_SEND,
	ECHO_STAGE_SERVER_QUEUE,
	ECHO_STAGE_TO_CLIENT,
	ECHO_STAGE_CLIENT_RECEIVE,
	ECHO_STAGES,
};
extern const struct stage_def echo_stages[]; /* ended by name == NULL */

enum {
	ECHO_SLOTS = 1024, /* of a client */
	/* a packet all of whose places are taken is not stamped */
	ECHO_SLOT_TRIES = 4,
	ECHO_PENDING = 256, /* times of sends that are awaited at once */
};

/* What a server knows of a packet.  Writer: the server that answers it. */
struct echo_slot {
	_Atomic uint64_t sequence; /* writer: the client; 0: free */
	_Atomic uint64_t answered; /* the sequence that the times are of (release) */
	_Atomic int64_t arrived_ns, received_ns, answered_ns, scheduler_ns, device_ns;
};
struct echo_slots {
	struct echo_slot slot[ECHO_SLOTS];
};

/* ---- which packets ---- */

/* 0: none; else those whose spread sequence is at most this. */
static inline uint32_t echo_stages_limit(unsigned one_in)
{
	return one_in ? UINT32_MAX / one_in : 0;
}

/* The numbers of a flow are spread evenly, without a beat with bursts and windows. */
static inline bool echo_stages_has(uint32_t limit, uint64_t sequence)
{
	return (uint32_t)(sequence * 0x9e3779b97f4a7c15 >> 32) <= limit;
}

/* The places that a packet may have, from this one on: ECHO_SLOT_TRIES of them. */
static inline unsigned echo_stages_place(uint64_t sequence, unsigned attempt)
{
	return (unsigned)(((sequence ^ sequence >> 31) * 0xd6e8feb86659fd93 >> 40) + attempt) % ECHO_SLOTS;
}

/* The first word of a datagram without the reply bit; at: ECHO_HEADER_BYTES are there. */
static inline uint64_t echo_stages_sequence(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return be64toh(word) & ~((uint64_t)ECHO_REPLY_BYTE << 56);
}

/* ---- clocks ---- */

/* From CLOCK_MONOTONIC to CLOCK_REALTIME: what to add. */
int64_t echo_stages_clock(void);

/* ---- sends whose times are still to come ---- */

struct echo_pending_send {
	unsigned socket;
	uint32_t key;
	uint64_t sequence;
	int64_t since_ns; /* CLOCK_MONOTONIC, at or before its send */
	int64_t scheduler_ns;
	/* a server's */
	int64_t arrived_ns, received_ns, answered_ns;
	bool counts; /* it came in the measure phase */
};

struct echo_pending {
	struct echo_pending_send send[ECHO_PENDING];
	unsigned count;
	uint32_t *key; /* of each socket: the next one */
	unsigned sockets;
};

/* 0 or -ENOMEM. */
int echo_pending_init(struct echo_pending *p, unsigned sockets);
void echo_pending_free(struct echo_pending *p); /* accepts zeroed */
/* A stamped packet went out of this socket.  false: too many are awaited, and it is not. */
bool echo_pending_add(struct echo_pending *p, const struct echo_pending_send *send);
/* A time has come: true with the packet, which is awaited no more, where that was the last of
 * them. */
bool echo_pending_take(
	struct echo_pending *p, unsigned socket, const struct udp_stamp *stamp, struct echo_pending_send *ret_send);
/* Forgets what has been awaited for a second. */
void echo_pending_expire(struct echo_pending *p, int64_t now_ns);
/* Keys of this socket begin with 0 again; nothing is awaited of it. */
void echo_pending_restart(struct echo_pending *p, unsigned socket);

/* ---- the client's part ---- */

struct echo_client_stages;
struct echo_client;

/* In open(), before the port is opened: c->stages, where the run has stages.  0, or -errno with
 * *err. */
int echo_client_stages_open(struct worker *w, struct echo_client *c, struct err *err);
void echo_client_stages_close(struct echo_client *c); /* accepts none */
/* config->stamped of the client's port. */
void echo_client_stamped(void *ctx, const struct udp_stamp *stamp);
/* Before a burst is sent, at now_ns by the clock of the loop: chooses among the slots. */
void echo_client_stages_choose(struct worker *w, struct echo_client *c, struct udp_send *slot, unsigned count, int64_t now_ns);
/* ... and after it: the first `taken` are out. */
void echo_client_stages_sent(struct echo_client *c, const struct udp_send *slot, unsigned offered, unsigned taken);
/* A burst has come in. */
void echo_client_stages_received(struct echo_client *c, const struct udp_datagram *burst, unsigned count);
/* Adds up what is complete.  In every receive, and now and then. */
void echo_client_stages_settle(struct worker *w, struct echo_client *c);
/* Ten times a second, and when the run has drained: looks at the clocks, and adds up what is
 * late. */
void echo_client_stages_look(struct worker *w, struct echo_client *c);

/* ---- the server's part, one for each port ---- */

struct echo_server_stages;

/* NULL where the run has no stages; 0, or -errno with *err. */
int echo_server_stages_new(struct worker *w, struct echo_server_stages **ret_stages, struct err *err);
void echo_server_stages_free(struct echo_server_stages *s); /* accepts NULL */
/* config->stamped of the server's port; ctx: the struct echo_server_stages. */
void echo_server_stamped(void *ctx, const struct udp_stamp *stamp);
/* Chooses among the replies of a burst: how many it chose. */
unsigned echo_server_stages_choose(struct echo_server_stages *s, struct udp_reply *reply, unsigned count);
/* These went out, by a call that began at now_ns: of those chosen the times are read. */
void echo_server_stages_sent(
	struct echo_server_stages *s, struct udp_port *port, const struct udp_reply *reply, unsigned count, int64_t now_ns);
/* Reads times that are late, where there are such. */
void echo_server_stages_read(struct echo_server_stages *s, struct udp_port *port);
void echo_server_stages_look(struct echo_server_stages *s);
