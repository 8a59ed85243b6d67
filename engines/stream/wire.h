/* The bytes that mode stream puts on a connection.  Pure functions and data; any thread.
 *
 * A client greets, the server answers with its own greeting: both say what they are set to, so
 * that two ends that would not understand each other say so instead of measuring nonsense.
 * After that messages of `size` bytes follow each other without anything between, in one
 * direction.  Integers are big-endian.
 *
 * A message begins with its sequence (8 bytes), the time at which it was sent or due (8, ns of
 * the sender's CLOCK_MONOTONIC) and its size (8), as far as they fit.  What follows is whatever
 * the sender's memory holds or, with --verify, a pattern that depends on seed, sequence and
 * place. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engines/tcp/message.h"

enum {
	STREAM_GREETING_BYTES = 64,
	STREAM_HEADER_BYTES = 24,
	STREAM_TIMED_BYTES = 16, /* messages of this size or more tell when they were sent */
};

#define STREAM_SIZE_MAX (1ll << 30)

/* ---- greetings ---- */

enum {
	STREAM_SERVER_SENDS = 1,
	STREAM_VERIFY = 2,
	/* the server's: what it is set to does not go with what the client is set to; it closes */
	STREAM_REFUSED = 4,
	/* the client's: it asks at the end for the server's counts; the server's: it will tell them
	 * (far.h) */
	STREAM_TELLS = 8,
};

struct stream_greeting {
	uint32_t flags, flow; /* flow: the client's index among its worker's */
	uint64_t token;       /* of the run; 0 from a server alone */
	/* of the kernel: equal where both ends have the same clock; 0: unknown */
	uint64_t boot;
	uint64_t size, seed;
	uint64_t sequence; /* of the first message that will come from here */
};

void stream_greeting_put(uint8_t out[STREAM_GREETING_BYTES], const struct stream_greeting *g);
/* false: not a greeting; *ret_greeting untouched. */
bool stream_greeting_get(const uint8_t in[STREAM_GREETING_BYTES], struct stream_greeting *ret_greeting);
/* Names the first option in which two greetings differ though it must be the same: "size",
 * "reverse", "verify", "seed"; NULL: they go together. */
const char *stream_greeting_differs(const struct stream_greeting *a, const struct stream_greeting *b);

/* ---- messages ---- */

/* Bytes of header that a message of this size has: 0, 8, 16 or 24. */
size_t stream_header_bytes(uint64_t size);
void stream_put_header(struct tcp_message *m, uint64_t sequence, int64_t sent_ns);
/* Writes the pattern behind the header. */
void stream_put_pattern(struct tcp_message *m, uint64_t seed, uint64_t sequence);
/* Counts the bytes that differ from the pattern; they stand at `offset` behind the header of the
 * message. */
uint64_t stream_check_pattern(uint64_t seed, uint64_t sequence, uint64_t offset, const uint8_t *data, size_t bytes);

/* ---- framing ---- */

/* The message that is being received.  Owner: the receiver. */
struct stream_frame {
	uint64_t size, seed;
	bool verify;
	uint64_t sequence; /* of this message */
	uint64_t offset;   /* bytes of it that have come */
	uint64_t damaged_bytes;
	uint8_t header[STREAM_HEADER_BYTES];
};

struct stream_arrival {
	uint64_t sequence, damaged_bytes; /* damaged: of header and, where verified, pattern */
	/* 0: the message does not tell, or its header is damaged */
	int64_t sent_ns;
};

/* A new connection, whose first message has this sequence. */
void stream_frame_start(struct stream_frame *f, uint64_t sequence);
/* Takes bytes up to the end of the message; returns how many.  data NULL: they were thrown away
 * unseen, which only bytes behind the header may be. */
size_t stream_frame_take(struct stream_frame *f, const uint8_t *data, size_t bytes);
static inline bool stream_frame_is_whole(const struct stream_frame *f)
{
	return f->offset == f->size;
}
/* The message is whole: what is known of it; and on to the next. */
struct stream_arrival stream_frame_next(struct stream_frame *f);
