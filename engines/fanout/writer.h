/* A writer's own, between its two files: writer.c leads it from round to round, sending.c sends
 * one. */
#pragma once

#include "engines/fanout/apart/link.h"
#include "engines/fanout/payload.h"
#include "engines/fanout/shared.h"
#include "engines/net/pace.h"
#include "engines/udp/group.h"

struct writer {
	struct udp_group group;
	struct udp_port *port; /* the group's */
	struct fanout_desk *desk;
	struct fanout_link link; /* of the first, to readers elsewhere */
	struct fanout_payload payload;
	unsigned first, count; /* readers */
	unsigned sends, sent;  /* of a round: to be made, made */
	unsigned packets;      /* datagrams of a round */
	unsigned pieces;       /* datagrams of a send, the last of a reader may have fewer */
	unsigned copies;       /* of a datagram: readers that get it */
	bool leads, blocked;
	unsigned waits;   /* descriptors that it always waits for */
	int64_t spin_ns;  /* how long it asks again and again before it sleeps */
	int64_t heard_ns; /* readers elsewhere, last */
	uint32_t epoch;   /* how often sending has begun */
	struct fanout_cycle cycle;
	struct pace pace;
	uint64_t rate;           /* of the run, as the pace has it */
	uint64_t before;         /* datagrams scheduled before this schedule */
	uint64_t whole;          /* rounds that were sent to the end */
	uint64_t syscalls;       /* those counted */
	uint64_t rings;          /* system calls to wake others, and to be woken */
	uint64_t errors, failed; /* errors: of the port, as seen; failed: of this round */
	uint64_t unreachable;    /* of the port, as seen */
};

/* How a round is cut into sends; before the port is opened. */
void fanout_plan_sends(const struct fanout_shared *s, struct writer *x);
/* In open(), after the port: payload that stays is written once. */
int fanout_fill_payload(const struct worker *w, struct writer *x, struct err *err);
/* Sends on with the round that has begun.  Datagrams sent, or -errno with *err; where the kernel
 * has no room the worker's wait is set.  After the last one x->cycle.step is FANOUT_AWAIT. */
int fanout_send_some(struct worker *w, struct writer *x, struct err *err);
