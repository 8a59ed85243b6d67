/* The echo datagram, and what a server makes of one that arrives.  Pure; any thread.
 *
 * 8 bytes sequence, 8 bytes time in ns, payload; both integers big-endian.  Sequence: bit 63
 * reply, 15 bits flow, 48 bits counter (from 1).  The time is the client's CLOCK_MONOTONIC: of
 * the send in a closed loop, of the schedule in an open one. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "engines/net/net.h"

enum {
	ECHO_HEADER_BYTES = 16,
	ECHO_PAYLOAD_MAX = 65479,
	ECHO_DATAGRAM_MAX = ECHO_HEADER_BYTES + ECHO_PAYLOAD_MAX,
	ECHO_VERBATIM_MAX = 65527, /* all that UDP can carry, over IPv6; over IPv4 it is 65507 */
	ECHO_FLOWS_MAX = 32767,
	ECHO_REPLY_BYTE = 0x80, /* the reply bit, in the first byte */
	/* source ports below belong to services that might answer an answer (RFC 862, 864, ...) */
	ECHO_SAFE_PORT = 1024,
};

struct echo_header {
	bool reply;
	uint16_t flow;
	uint64_t counter;
	uint64_t stamp_ns;
};

static inline void echo_put(uint8_t *at, uint16_t flow, uint64_t counter, int64_t stamp_ns)
{
	uint64_t words[2] = { htobe64((uint64_t)flow << 48 | counter), htobe64((uint64_t)stamp_ns) };

	memcpy(at, words, sizeof(words));
}

/* at: ECHO_HEADER_BYTES are there. */
static inline void echo_get(const uint8_t *at, struct echo_header *ret_header)
{
	uint64_t words[2];

	memcpy(words, at, sizeof(words));
	uint64_t sequence = be64toh(words[0]);
	*ret_header = (struct echo_header){
		.reply = sequence >> 63,
		.flow = sequence >> 48 & 0x7fff,
		.counter = sequence & 0xffffffffffff,
		.stamp_ns = be64toh(words[1]),
	};
}

/* A server's judgement of a datagram; all but the first are dropped and counted apart. */
enum echo_judgement {
	ECHO_ANSWER,
	ECHO_SHORT,     /* no whole header */
	ECHO_LONG,      /* longer than we take */
	ECHO_REPLY_BIT, /* an answer: answering it could loop */
	ECHO_LOW_PORT,  /* from a port below ECHO_SAFE_PORT, or our own */
	ECHO_GROUP,     /* from a multicast, broadcast or unspecified address */
	ECHO_JUDGEMENTS,
};

/* Who sent it, the same for all datagrams of an element.  from may be anything that a kernel or an
 * attacker can put there.  own_port: the server's.  verbatim: RFC 862; whatever the datagram holds
 * is answered, but still not its sender.  A sender with our own port number is another such server
 * or ourselves: answering it unchanged could go on for ever. */
static inline enum echo_judgement echo_judge_source(const union net_address *from, unsigned own_port, bool verbatim)
{
	if (from->sa.sa_family != AF_INET && from->sa.sa_family != AF_INET6)
		return ECHO_GROUP;
	if (net_port(from) < ECHO_SAFE_PORT || (verbatim && net_port(from) == own_port))
		return ECHO_LOW_PORT;
	return net_is_group(from) ? ECHO_GROUP : ECHO_ANSWER;
}

/* One datagram from such a source: what is wrong with itself is told first. */
static inline enum echo_judgement echo_judge_bytes(
	const uint8_t *data, size_t len, bool is_long, enum echo_judgement source, bool verbatim)
{
	if (is_long)
		return ECHO_LONG;
	if (!verbatim && len < ECHO_HEADER_BYTES)
		return ECHO_SHORT;
	if (!verbatim && (data[0] & ECHO_REPLY_BYTE))
		return ECHO_REPLY_BIT;
	return source;
}
