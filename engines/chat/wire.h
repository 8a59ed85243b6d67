/* The bytes of mode chat on a connection: lines of text, so that nc(1) can join.  Pure functions;
 * any thread.
 *
 * A line ends with '\n' (a '\r' before it is dropped).  What one client writes, all others get,
 * with control characters replaced, so that no line can steer a terminal.
 *
 * The load client's lines begin with a stamp of 30 characters: '~', a kind, the run's token (3),
 * the connection (4), the sequence (6), the time at which the line was due (10, ns of
 * CLOCK_MONOTONIC) and how much later it was sent (5, us); numbers are base 64, most significant
 * digit first, digits A-Z a-z 0-9 - _.  Letters follow up to --msg-bytes.  The first line of a
 * connection is a hello: it tells the server whose it is, and is not passed on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CHAT_STAMP_BYTES = 30,
	CHAT_MESSAGE_MIN = 32, /* a stamp, a letter and the line's end */
	CHAT_HELLO_BYTES = CHAT_STAMP_BYTES + 1,
	CHAT_TOKEN_BITS = 18,
	CHAT_CONNECTION_BITS = 24,
	CHAT_SEQUENCE_BITS = 36,
};

enum chat_kind { CHAT_MESSAGE = 'm', CHAT_HELLO_READS = 'r', CHAT_HELLO_MUTE = 'n' };

struct chat_stamp {
	enum chat_kind kind;
	uint32_t token, connection;
	uint64_t sequence;
	int64_t due_ns, sent_ns; /* sent_ns to 1 us, at most 17 minutes after due_ns */
};

/* Writes CHAT_STAMP_BYTES characters. */
void chat_stamp_put(uint8_t *out, const struct chat_stamp *s);
/* false: these CHAT_STAMP_BYTES characters are no stamp; *ret_stamp untouched. */
bool chat_stamp_get(const uint8_t *in, struct chat_stamp *ret_stamp);

/* Copies a line without its end and replaces every byte that could steer a terminal by '?':
 * C0 controls but the tab, DEL, C1 controls as UTF-8 (ECMA-48), and what is no UTF-8 (RFC 3629).
 * The length stays. */
void chat_clean(uint8_t *out, const uint8_t *in, size_t bytes);
