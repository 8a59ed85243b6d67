/* How a load client elsewhere asks a chat server for its counts: over a connection of its own to
 * the run's port, that is none of the room's.
 *
 * It begins with a hello (wire.h) of a connection that no load has, CHAT_ASKS.  A server that knows
 * it sends it back as it came, and takes the caller out of the room.  An older one is silent: to it
 * this is somebody who does not read, until he goes.  Then questions and answers follow, frames of
 * net/report.h of the same length, with the counts of struct chat_report.  Pure; any thread. */
#pragma once

#include "engines/chat/wire.h"
#include "engines/net/report.h"

#define CHAT_ASKS ((1u << CHAT_CONNECTION_BITS) - 1)

enum { CHAT_REPORT_COUNTS = 10, CHAT_REPORT_BYTES = NET_REPORT_BYTES(CHAT_REPORT_COUNTS) };

/* Of all loops of the server since it began, but for what stands now. */
struct chat_report {
	uint64_t instance;            /* of the server: another one has counted something else */
	uint64_t reports;             /* questions answered, this one included */
	uint64_t connections, joined; /* clients: now; that came */
	uint64_t read;                /* messages */
	uint64_t owed, delivered;     /* deliveries */
	uint64_t dropped, gone;       /* for slow clients; with clients that went */
	uint64_t queued;              /* now */
};

void chat_hello_ask(uint8_t out[CHAT_HELLO_BYTES], uint32_t token);
bool chat_hello_asks(const struct chat_stamp *s);
void chat_report_fill(uint8_t data[CHAT_REPORT_BYTES], const struct chat_report *r);
/* Is this an answer to a question with that token?  false: *ret_ is untouched. */
bool chat_report_get(const uint8_t data[CHAT_REPORT_BYTES], uint64_t token, uint32_t *ret_number, struct chat_report *ret_report);
