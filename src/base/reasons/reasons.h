/* Why the kernel threw packets away: the tracepoint skb:kfree_skb, which names a reason (Linux >=
 * 5.17), counted by a few instructions of BPF.  Reasons are numbered anew by each kernel, so their
 * names are read where this one tells them, in the tracepoint's format.
 *
 * They are the whole host's, in all network namespaces, and everybody's.  It takes root (CAP_BPF,
 * CAP_PERFMON, and CAP_SYS_ADMIN where tracefs is not mounted).  Nothing is mounted or left behind:
 * all of it is held by descriptors, and ends with them.  While it is open a packet that is thrown
 * away costs about 0.1 us more; others cost nothing.
 *
 * Opened, read and closed by one thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	REASON_NAME_BYTES = 40,
	REASONS_MAX = 256, /* those of subsystems, which are numbered higher, are one */
	REASONS_SHOWN = 24,
};

struct drop_reason {
	char name[REASON_NAME_BYTES]; /* "SOCKET_RCVBUFF" */
	uint64_t packets;
};

struct drop_reasons {
	bool known;
	char why[160]; /* where not known */
	/* those that have packets, the most in front; beyond REASONS_SHOWN they are left out */
	unsigned count;
	struct drop_reason reason[REASONS_SHOWN];
};

struct reasons;

/* 0, or -errno with what stands in the way, in words a user can act on. */
int reasons_open(struct reasons **ret_reasons, struct err *err);
/* From now on it is counted.  0 or -errno. */
int reasons_mark(struct reasons *r, struct err *err);
/* Since the mark.  Never fails: else not known. */
void reasons_since(const struct reasons *r, struct drop_reasons *ret_counts);
void reasons_close(struct reasons *r); /* accepts NULL */

/* ---- the tracepoint's format; pure ---- */

struct reason_format {
	int id;          /* of the tracepoint */
	unsigned offset; /* of the reason in its record, 4 bytes */
	char name[REASONS_MAX][REASON_NAME_BYTES];
};

/* The text of events/skb/kfree_skb/format.  false: it has no reason, or none that can be
 * counted. */
bool reason_format_read(const char *text, struct reason_format *ret_format);
