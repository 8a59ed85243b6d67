/* Mode echo, between its files: what it counts, and what the workers of a run share. */
#pragma once

#include "engines/echo/apart/tell.h"
#include "engines/echo/wire.h"
#include "engines/net/endpoints.h"
#include "engines/udp/counters.h"
#include "engines/udp/port.h"
#include "engines/udp/steer.h"
#include "run/worker.h"

enum { ECHO_LISTEN_MAX = ENDPOINTS_LISTEN_MAX };

/* The mode's own counters, in the order of echo_counters[]. */
enum {
	ECHO_C_TX_ERRORS = COUNTER_OWN,
	ECHO_C_SERVER_SOCKET_DROPS,
	ECHO_C_REPLY_ERRORS,
	ECHO_C_CLIENT_SOCKET_DROPS,
	ECHO_C_LATE,
	ECHO_C_REFUSED,
	ECHO_C_CARRIED,
	ECHO_C_DUPLICATES,
	ECHO_C_REORDERED,
	ECHO_C_STRAY,
	ECHO_C_DAMAGED,
	ECHO_C_GIVEN_UP,
	ECHO_C_TX_RETRIES,
	ECHO_C_REPLY_RETRIES,
	ECHO_C_DROPPED_SHORT, /* these five in the order of enum echo_judgement */
	ECHO_C_DROPPED_LONG,
	ECHO_C_DROPPED_REPLY,
	ECHO_C_DROPPED_PORT,
	ECHO_C_DROPPED_GROUP,
	ECHO_C_TX_SKBS,
	ECHO_C_RX_SKBS,
	ECHO_C_UNCUT,
	ECHO_C_SERVER_MORE_DROPS,
	ECHO_C_CLIENT_MORE_DROPS,
	ECHO_C_STARVED,
	ECHO_C_RECEIVES,
	ECHO_C_REPORTS,
	ECHO_C_FAR_ARRIVED,
	ECHO_C_FAR_TOLD,
	ECHO_C_XDP_DROPS,
	ECHO_C_FILL, /* UDP_FILLS of them */
	ECHO_C_END = ECHO_C_FILL + UDP_FILLS,
};

enum { ECHO_L_RTT, ECHO_L_RTT_SEND, ECHO_L_LATENESS };

/* plan->shared.  Written by plan() and, where it says so, by the first server's open(); after
 * that only read. */
struct echo_shared {
	unsigned servers, clients;
	uint32_t payload_bytes;
	uint32_t receive_bytes; /* the longest datagram that a server takes */
	unsigned flows;         /* per client: the same number on each of its sockets */
	unsigned sockets;       /* per client */
	unsigned batch;         /* 0: the method's own */
	bool open_loop, verbatim, verify;
	unsigned one_in;          /* packets one of which is stamped; 0: none is */
	struct echo_slots *slots; /* [clients], where packets are stamped; see stages/stages.h */
	enum steer steer;
	int rcvbuf_bytes, sndbuf_bytes; /* 0: the system's */
	bool rcvbuf_given;
	uint64_t seed;
	unsigned listens;
	union net_address listen[ECHO_LISTEN_MAX]; /* servers; the first server fills in the port */
	union net_address host;                    /* clients; the same with both roles */
	bool host_is_ours;                         /* both roles */
	int *server_cpus;                          /* [servers] */
	struct echo_teller *teller;                /* [servers] */
	uint64_t instance;                         /* of these servers, by chance */
	bool told;                                 /* by servers elsewhere */
	const char *ran[ROLE_CLIENT + 1];          /* each role's method; NULL: none here */
};

static inline struct echo_shared *echo_shared_of(const struct worker *w)
{
	return w->plan->shared;
}

static inline size_t echo_datagram_bytes(const struct echo_shared *s)
{
	return ECHO_HEADER_BYTES + (size_t)s->payload_bytes;
}

/* Datagrams of a burst, where --batch does not say: two packets, where the port joins. */
enum { ECHO_BATCH = 32, ECHO_BATCH_JOINED = 256 };
static inline unsigned echo_batch(const struct echo_shared *s, const struct udp_config *config)
{
	return s->batch ? s->batch : config->gso || config->gro ? ECHO_BATCH_JOINED : ECHO_BATCH;
}

/* SO_RCVBUF and SO_SNDBUF as the run has them; says in a note where the kernel gave less than
 * was asked for. */
int echo_set_buffers(struct worker *w, int fd, struct err *err);
/* plan->ran from s->ran. */
void echo_name_ran(const struct echo_shared *s, struct plan *plan);
/* What came of the method of this worker, asked of the first of its role in open(). */
void echo_tell_ran(struct worker *w, const struct udp_port *port);
/* So many packets more were dropped at this worker's sockets: the counters of its side. */
void echo_count_drops(struct worker *w, uint32_t drops, const struct udp_port *port);
/* Packets as the kernel saw them: sent, received, and how full receive calls came back. */
void echo_count_joined(struct counters *k, const struct udp_totals *t, const struct udp_fill *fill);
/* The CPU time of the port's own threads is the worker's.  0, or -errno with *err. */
int echo_add_helpers(struct worker *w, const struct udp_port *port, struct err *err);
/* Whether drops can be read, as asked once in open(): rc is what drops() returned.  Where they
 * cannot, the counter is unknown. */
void echo_drops_known(struct worker *w, int rc, unsigned counter);
static inline bool echo_knows_drops(const struct worker *w, unsigned counter)
{
	return !(w->unknown >> counter & 1);
}
