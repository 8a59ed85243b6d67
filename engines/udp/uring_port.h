/* A port of method uring, between its two files: uring.c lives, receives and waits, uring_send.c
 * sends and answers.  See uring.h. */
#pragma once

#include "engines/udp/joined.h"
#include "engines/udp/uring.h"
#include "engines/uring/uring_buffers.h"

/* What is sent: a slot, neighbouring slots that are joined, or a reply.  It leaves in as many
 * pieces as the kernel wants, one after the other, and lives until the last has completed. */
struct uring_message {
	const uint8_t *data;
	const union net_address *to; /* NULL: the connected peer */
	uint32_t bytes, done;
	uint32_t piece;   /* bytes of the piece that is on its way */
	uint32_t segment; /* of each datagram but the last */
	uint16_t to_bytes;
	uint16_t slots;  /* that it holds; 0: a reply */
	uint16_t buffer; /* of a reply */
	bool busy;       /* from its taking to its end */
	bool prompt;     /* asked not to wait for room */
	/* of pieces that need a control message */
	struct msghdr asked; /* what came with the question, where config.want_local */
	struct msghdr header;
	struct iovec part;
	alignas(struct cmsghdr) uint8_t control[2 * UDP_CONTROL_BYTES];
};

enum { URING_REMEMBERED = 1024, URING_MARK_BYTES = 16 };

/* A packet that held several datagrams, by the first bytes of its first one. */
struct uring_joined {
	unsigned packets;
	uint8_t mark[URING_MARK_BYTES];
};

/* Received, and not yet lent. */
struct uring_got {
	uint16_t buffer;
	uint32_t bytes; /* with the headers in front */
};

struct udp_uring {
	struct udp_port port; /* first */
	struct uring_user user;
	struct uring *ring;
	unsigned index; /* the ring's user */

	/* receiving */
	struct msghdr shape;
	struct uring_buffers buffers;
	uint16_t *holders; /* [buffers.count]: who needs it: lent, replies */
	struct uring_got *got;
	unsigned got_first, got_count;
	struct udp_datagram *lent;
	unsigned lends;
	bool receives;  /* the owner has asked for datagrams */
	bool armed;     /* the multishot receive is on */
	unsigned blind; /* looks without a call */

	/* sending */
	struct udp_send *slot;
	uint8_t *out_bytes;
	struct uring_message *message; /* [slots], then those of replies */
	uint32_t *spare;               /* messages of replies that are free, a stack */
	unsigned spares;
	unsigned first_slot; /* of those lent */
	unsigned out;        /* messages that are not done */
	uint32_t *again;     /* messages to send once more */
	unsigned agains;
	bool nobody;                 /* they wait for the next send_burst() */
	struct uring_joined *joined; /* [URING_REMEMBERED], the latest; or NULL */
	unsigned joined_next;
};

static inline struct udp_uring *uring_of(struct udp_port *port)
{
	return (struct udp_uring *)port;
}

/* With GSO without gaps, so that neighbours are one piece of memory. */
static inline size_t uring_slot_stride(const struct udp_config *config)
{
	return config->gso ? config->send_bytes : udp_stride(config->send_bytes);
}

/* ---- uring.c ---- */

/* All that is queued goes out, and what has completed is picked up.  0, or -errno with *err. */
int uring_port_turn(struct udp_uring *u, struct err *err);
/* Where a thread of the kernel's waits for what is queued: it may take it. */
void uring_port_show(struct udp_uring *u);
/* One holder of a buffer less; the last one gives it back to the kernel. */
void uring_let_go(struct udp_uring *u, unsigned buffer);

/* ---- uring_send.c ---- */

/* In open(), after the buffers: 0 or -ENOMEM. */
int uring_sends_open(struct udp_uring *u);
void uring_sends_close(struct udp_uring *u); /* accepts half-opened */
/* The completion of a message. */
void uring_sent(struct udp_uring *u, uint32_t which, int res);
/* Queues those that are to be sent once more; the kernel may wait for room with them. */
void uring_send_again(struct udp_uring *u);

/* Operations. */
int uring_reply(struct udp_port *port, const struct udp_reply *replies, unsigned count, struct err *err);
unsigned uring_slots(struct udp_port *port, struct udp_send **ret_slots);
int uring_send(struct udp_port *port, unsigned count, struct err *err);
