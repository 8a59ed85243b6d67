/* The UDP port contract: bursts of datagrams through one socket, however a method talks to the
 * kernel.
 *
 * A port has one owner thread, which calls all its operations; only open() may allocate.  An
 * engine makes and binds (or connects) the UDP socket and hands it to open().  From then on it
 * is the port's.  Methods that keep their datagrams elsewhere (AF_PACKET rings, AF_XDP) hold the
 * socket to own the port number.
 *
 * Receiving.  recv_burst() lends datagrams; they and their bytes, which the engine may change in
 * place, are valid until release().  At most one burst is lent at a time.  With GRO one element
 * holds several datagrams of `segment` bytes each (the last may be shorter); such ones may be
 * longer than config.datagram_bytes and still be there whole.
 *
 * Replying (unconnected ports).  A reply is a run of bytes inside a lent element: whole
 * datagrams, a whole number of segments.  reply_burst() sends them to where they came from
 * without copying payload in user space.  What it could not take yet stays the engine's: it
 * keeps the burst and calls again with the rest.  Of a reply that was taken in part the port
 * knows what is left.  A method that sends asynchronously keeps what it has taken valid by
 * itself, beyond release().
 *
 * Sending.  send_slots() lends up to `slots` slots, each with send_bytes bytes of memory at data
 * (what the engine wrote there once stays there), connected peer, full length.  The engine may
 * point data at memory of its own (which then must not change until totals say that all taken
 * ones are done), set len and to.  send_burst() sends the first n; what it did not take is
 * offered again after the next send_slots().  With GSO the port joins neighbours: those of one
 * length to one peer, the last of which may be shorter.
 *
 * "Taken" means that the port has sent it, or will, or has counted it in totals.send_errors.  A
 * count of 0 means not now: wait for port->wait with port->wait_out events, or, where
 * totals.unreachable has grown, back off.  Negative is the end of the port: -errno with *err.
 *
 * Sources: udp(7), ip(7), socket(7), recvmmsg(2), sendmmsg(2). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "engines/net/net.h"
#include "engines/udp/stamps.h"
#include "mode/engine.h"
#include "mode/path.h"
#include "mode/plan.h"

enum {
	UDP_BATCH_MAX = 1024,
	UDP_DATAGRAM_MAX = 65507, /* the longest UDP payload over IPv4 */
	/* buffers of one port and direction; a longer datagram makes a shorter batch */
	UDP_ARENA_BYTES = 4 << 20,
	UDP_THREADS_MAX = 64, /* that work for one port */
};

struct udp_datagram {
	uint8_t *data;
	uint32_t len; /* bytes there; of a truncated one, those that fit */
	/* length of each of the datagrams in data, the last may be shorter; == len for a single
	 * one */
	uint32_t segment;
	bool truncated;                /* it was longer than config.datagram_bytes */
	const union net_address *from; /* NULL on a connected port */
	int64_t received_ns;           /* CLOCK_MONOTONIC; 0 unless config.want_time */
	/* When the kernel had it, CLOCK_REALTIME; 0: unknown.  With config.stamped only. */
	int64_t arrived_ns;
	uint32_t slot; /* the method's own */
};

struct udp_reply {
	const struct udp_datagram *to;
	uint32_t offset, len; /* inside to->data */
	uint32_t packets;     /* datagrams in it: segments */
	bool stamp;           /* as of a send */
};

struct udp_send {
	uint8_t *data;
	uint32_t len;
	const union net_address *to; /* NULL: the connected peer */
	bool apart;                  /* not to be joined with the one before */
	bool stamp;                  /* with config.stamped: tell when it left */
};

/* Cumulative; written by the port, read by its owner. */
struct udp_totals {
	/* what the kernel took: application datagrams and their bytes */
	uint64_t sent_packets, sent_bytes;
	uint64_t send_errors; /* taken, and refused by the kernel for good */
	/* times that the kernel had no room (EAGAIN, ENOBUFS): kept and tried again */
	uint64_t send_busy;
	/* times that a call said that nobody is there (ECONNREFUSED, EHOSTUNREACH, ...) */
	uint64_t unreachable;
	/* sent ones that came back as an ICMP error: lost (connected ports) */
	uint64_t refused;
	/* of sent_packets, those that went in the skb of another one: 0 without GSO */
	uint64_t sent_joined;
	/* times that the kernel did not cut a send (no checksum offload, a smaller MTU): from then
	 * on each datagram goes by itself */
	uint64_t uncut;
	/* times that the kernel had no buffer left for what came, which the socket kept
	 * (methods that give it buffers beforehand) */
	uint64_t starved;
	/* Lost in front of recv_burst(), of methods that receive below the socket (AF_XDP); the
	 * first two as drops() last read them (XDP_STATISTICS). */
	uint64_t no_frame;  /* there was no free frame for it, or it is longer than one */
	uint64_t ring_full; /* the ring of received frames was full */
	uint64_t bad_frame; /* its lengths or checksums are wrong */
	uint64_t syscalls;
	/* times that a send with `stamp` failed: keys of this socket are not to be trusted until
	 * udp_stamps_on() */
	uint64_t stamps_lost;
	int send_errno; /* of the latest of send_errors and unreachable; 0 if none */
};

/* Tells a method that works below the socket (AF_PACKET, AF_XDP) where to find the port's
 * packets. */
struct udp_place {
	const char *interface; /* that they cross: "lo"; "" unknown */
	uint8_t mac[6];        /* of the interface; zeros where it has none */
	unsigned worker;       /* index among the workers of its role */
	unsigned queue;        /* of the interface: this worker's own */
};

struct udp_config {
	const struct path *path;
	void *path_state; /* for path->socket() */
	enum role role;
	struct udp_place place;
	int fd;         /* bound or connected; the port's from a successful open() on */
	bool connected; /* has one peer */
	/* bound to a wildcard: answers must leave from the address that was asked (IP_PKTINFO) */
	bool want_local;
	bool want_time; /* fill received_ns */
	/* Nobody is answered: `from` may be NULL, and reply_burst() is not called.  An address
	 * costs the kernel and us 0.1 us a datagram. */
	bool only_receives;
	/* datagrams a burst, 1..UDP_BATCH_MAX; the port may make it less */
	unsigned batch;
	uint32_t datagram_bytes; /* the longest datagram to receive, > 0 */
	uint32_t send_bytes;     /* size of a send slot; 0: it only replies */
	unsigned threads;        /* for methods with a pool, 1..UDP_THREADS_MAX */
	/* The owner's wait is wait(), if the method has one: what it takes may leave with that
	 * call, or with the second recv_burst() that finds nothing, instead of at once. */
	bool waits;
	bool polled; /* for methods with a ring: a thread of the kernel's looks for requests */
	/* A port of the same method and worker, closed after this one or before: what is the
	 * worker's (a ring) is shared.  NULL: there is none yet. */
	struct udp_port *beside;
	/* for methods that can: join what is sent (UDP_SEGMENT), receive it joined (UDP_GRO) */
	bool gso, gro;
	/* for methods that share memory with a device: --xdp-mode, whose choices these are */
	unsigned xdp_mode;
	/* the length of most datagrams, both ways, where it is known: where no two of them fit
	 * into one packet, nothing is joined; else 0 */
	uint32_t usual_bytes;
	/* Connected ports: a datagram that we sent came back as an ICMP error, with at least its
	 * first bytes; may be NULL. */
	void (*refused)(void *ctx, const uint8_t *data, size_t len);
	void *refused_ctx;
	/* The kernel's time of a send with `stamp`, from udp_read_stamps() or any other call.
	 * NULL: nothing is stamped, nor asked to be; else for methods that say `stamps`. */
	void (*stamped)(void *ctx, const struct udp_stamp *stamp);
	void *stamped_ctx;
};

/* What a method makes of config.gso and config.gro. */
enum udp_joining {
	UDP_JOINS_NEVER,
	UDP_JOINS_IF_ASKED,
	UDP_JOINS, /* unless it is told not to */
};

struct udp_method;

/* The common part of all ports; a method's own struct begins with it. */
struct udp_port {
	const struct udp_method *method;
	const char *ran; /* the method that really runs: another one's name after a fall-back */
	char why[96];    /* there was one: in words that follow "method gso: "; else "" */
	char how[96];    /* the way that it runs in, in such words, where it has several */
	struct udp_config config;
	unsigned batch;          /* elements of recv_burst, as made */
	unsigned slots;          /* of send_slots, as made; also of a port that only replies */
	unsigned segments_max;   /* datagrams in one element, 1 without GRO */
	unsigned joined_max;     /* datagrams that one send may join, 1 without GSO */
	int wait;                /* descriptor to poll(2) */
	short wait_in, wait_out; /* events that mean "receive" and "send again" */
	/* Of a datagram that came back as an ICMP error, with its first bytes: how many were in its
	 * packet?  NULL: one. */
	unsigned (*packets_of)(struct udp_port *port, const uint8_t *data, size_t len);
	const pid_t *helper; /* threads that work for it, their CPU time is its owner's */
	unsigned helpers;
	struct udp_totals totals;
};

/* Every operation is mandatory that does not say otherwise. */
struct udp_method {
	struct method method; /* first: a plan's method pointer is this */
	/* The socket is used in each call and not kept between them: config.fd may be another one
	 * as long as nothing is lent (group.h). */
	bool many;
	bool stamps; /* it can ask for the kernel's times */
	enum udp_joining joining;
	/* 0 and *ret_port, or -errno with *err; the socket stays the caller's on failure. */
	int (*open)(
		const struct udp_method *method, const struct udp_config *config, struct udp_port **ret_port, struct err *err);
	/* NULL if there is nothing to prepare.  In the worker's open(), after this open():
	 * datagrams will go to this address.  What is in their way is found here (no route, no
	 * neighbour, an MTU below send_bytes); it may wait three seconds for a neighbour.  Without
	 * this call the first send does the same.  0, or -errno with *err. */
	int (*expect)(struct udp_port *port, const union net_address *to, struct err *err);
	int (*recv_burst)(struct udp_port *port, unsigned max, struct udp_datagram **ret_burst, struct err *err);
	int (*reply_burst)(struct udp_port *port, const struct udp_reply *replies, unsigned count, struct err *err);
	void (*release)(struct udp_port *port);
	/* how many; 0: all are still being sent */
	unsigned (*send_slots)(struct udp_port *port, struct udp_send **ret_slots);
	int (*send_burst)(struct udp_port *port, unsigned count, struct err *err);
	/* NULL: the owner sleeps in worker_ppoll().  Else for its engine->wait(), whose contract it
	 * keeps, for all ports that are beside this one. */
	int (*wait)(struct udp_port *port, struct worker *w, int64_t until_ns, struct err *err);
	/* Datagrams lost between the device and recv_burst() so far; 32 bits, wraps.  0 or
	 * -errno. */
	int (*drops)(struct udp_port *port, uint32_t *ret_drops);
	void (*close)(struct udp_port *port); /* the socket too; accepts NULL and half-opened */
};

/* A config for the socket fd of this worker, with path, role and place. */
struct udp_config udp_config_of(const struct plan *plan, const struct plan_worker *self, int fd);
/* Sets gso and gro as --gso and --gro say, whose choices these are; auto: as the method does by
 * itself. */
extern const char *const udp_joining_choices[];
void udp_config_join(struct udp_config *config, const struct udp_method *method, const struct options *o);

/* All that there are (methods.c), ended by NULL: the first that runs here is the default. */
extern const struct method *const udp_methods[];
/* Those of the socket itself, for engines that choose one by name. */
extern const struct udp_method udp_mmsg, udp_single, udp_gso;

extern const char *const udp_xdp_choices[]; /* of --xdp-mode */

static inline const struct udp_method *udp_method_of(const struct method *method)
{
	return (const struct udp_method *)method;
}

/* ---- for methods that use the socket itself ---- */

/* Buffers for `count` datagrams of `bytes`: a distance between them that does not pile them into
 * a few cache sets. */
size_t udp_stride(uint32_t bytes);
/* The largest batch up to `batch` of these that takes no more than UDP_ARENA_BYTES. */
unsigned udp_batch_fitting(unsigned batch, uint32_t bytes);
/* Fills the common part: batch, slots, wait, ran; switches IP_RECVERR on for connected ports, so
 * that a full device queue is an error and not a silent loss, and refused datagrams can be
 * counted, IP_PKTINFO where want_local, and UDP_GRO where gro. */
int udp_port_init(struct udp_port *port, const struct udp_method *method, const struct udp_config *config, struct err *err);
/* The part of it that concerns the socket. */
int udp_socket_options(const struct udp_config *config, int fd, struct err *err);
/* The meaning of an errno of a send. */
enum udp_fate {
	UDP_AGAIN, /* call once more */
	UDP_KEEP,  /* not now */
	UDP_DROP,  /* this datagram cannot be sent */
};
enum udp_fate udp_send_failed(struct udp_port *port, int errnum);
/* The same for a receive: 0 = nothing there, 1 = call once more, -errno with *err. */
int udp_recv_failed(struct udp_port *port, int errnum, struct err *err);
/* One recvmmsg(2): messages received, 0 where there are none, or -errno with *err. */
int udp_recvmmsg(struct udp_port *port, struct mmsghdr *messages, unsigned max, struct err *err);
int udp_socket_drops(struct udp_port *port, uint32_t *ret_drops);
/* Of several ports together: what they have sent, and how. */
void udp_totals_add(struct udp_totals *into, const struct udp_totals *t);
/* A port that has another one for its socket: what that one has counted of sends and calls becomes
 * this one's. */
void udp_take_totals(struct udp_port *port, struct udp_port *socket);
/* The MTU of the interface that a plan's packets cross; 0: not known. */
uint32_t udp_plan_mtu(const struct plan *plan, enum role role);
/* Reads up to `most` messages of the socket's error queue, times of sends for config.stamped. */
void udp_read_stamps(struct udp_port *port, unsigned most);
/* The control message by which a reply leaves from the address that was asked: changes the
 * received one in place. */
enum { UDP_CONTROL_BYTES = 64, UDP_CONTROL_STAMPED_BYTES = 128 /* ... with config.stamped */ };
void udp_control_for_reply(struct msghdr *message);
