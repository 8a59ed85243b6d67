/* The end of a connection whose other end is in another process: the client says that it is over by
 * closing its half, and the server answers with what it has counted on it, so that the client's
 * ledger has both ends.  Both have said in their greetings that they know this; an older one does
 * not, and is not asked.
 *
 * Where the server sends, it finishes the message that it is at: the answer stands where the next
 * one would begin, and is told from one by the token, which only these two know.  Where it
 * receives, the answer is all that ever comes from it.  It is a frame of net/report.h, shorter
 * than the greeting that asked for it, with these counts: messages sent or received whole, their
 * bytes, segments that TCP sent again.
 *
 * Owner: the worker. */
#pragma once

#include "engines/net/report.h"
#include "mode/engine.h"

enum { STREAM_FAR_COUNTS = 3, STREAM_FAR_BYTES = NET_REPORT_BYTES(STREAM_FAR_COUNTS) };

struct stream_worker;

struct stream_far {
	/* of the connection */
	bool tells;               /* both ends know this */
	uint64_t token;           /* the client's */
	uint64_t messages, bytes; /* of the worker, when it was made */
	/* of the answer, what has come of it or is sent */
	uint8_t answer[STREAM_FAR_BYTES];
	unsigned held;
	/* at the server */
	bool ending; /* the client has closed its half */
	bool ended;  /* and has the answer */
	/* then its kernel is asked whether it has all; the pause after that, longer each time */
	int64_t look_ns, pause_ns;
	/* at the client */
	bool asked; /* its half is closed */
	bool over;  /* answered, or given up: no connection is looked for */
	bool told;  /* all that the measure phase needs */
	/* a connection was lost in it, or before it and made anew in it: what went with that one is
	 * not known */
	bool broken;
	uint64_t before;  /* messages of the connection before it */
	uint64_t counted; /* by the server, in it */
};

/* Is this the client of a server elsewhere? */
bool stream_far_asks(const struct worker *w);
/* The connection has just been made. */
void stream_far_attach(struct stream_worker *x, bool tells, uint64_t token);
/* It is lost, or over: a server that receives answers. */
void stream_far_lost(struct worker *w, struct stream_worker *x);

/* ---- at the client ---- */

/* The worker has just entered this phase: before that is acknowledged. */
void stream_far_enter(struct worker *w, struct stream_worker *x, enum phase phase);
/* Must the drain wait for an answer? */
bool stream_far_is_pending(const struct worker *w, const struct stream_worker *x);
/* A side that sends: is it to begin no more messages, but to ask? */
bool stream_far_is_due(const struct worker *w, const struct stream_worker *x);
void stream_far_ask(struct stream_worker *x);
/* ... and what has come of the answer.  0: not all of it; STREAM_LOST: that, or it will not. */
int stream_far_hear(struct worker *w, struct stream_worker *x);
/* A side that receives, where a message would begin: takes bytes as long as they are an answer.
 * Returns how many.  Where some are left they are none: far.held of far.answer are the beginning
 * of messages. */
size_t stream_far_hold(struct stream_worker *x, const uint8_t *data, size_t bytes);
static inline bool stream_far_is_whole(const struct stream_far *f)
{
	return f->held == STREAM_FAR_BYTES;
}
/* Believes a whole answer, or not. */
void stream_far_take(struct worker *w, struct stream_worker *x);

/* ---- at the server ---- */

/* At each tick, of a side that sends: has the client closed its half? */
void stream_far_look(struct worker *w, struct stream_worker *x);
/* Sends the answer, or the rest of it.  0: not now, or it is out (far.ended); STREAM_LOST. */
int stream_far_tell(struct stream_worker *x);
/* The answer is out: does the client have it, so that this thread is free for the next one?  It
 * is not: to be asked again at far.look_ns. */
bool stream_far_is_over(struct stream_worker *x);
