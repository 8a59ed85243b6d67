/* The datagram of mode fanout.  Pure; any thread.
 *
 * It begins with 16 bytes, of which a shorter datagram has the first ones: the round (4), the run's
 * token plus the number of the reader (4), the time of the send in ns of the writer's
 * CLOCK_MONOTONIC (8).  All are little-endian, so that a round that is cut off still has its
 * low bits.  Payload follows. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
	FANOUT_HEADER_BYTES = 16,
	FANOUT_TOKEN_BYTES = 8, /* from this length on a datagram says whose it is */
	FANOUT_BYTES_MAX = 65507,
};

/* bytes: of the datagram. */
static inline void fanout_put(uint8_t *at, uint32_t bytes, uint32_t round, uint32_t token, int64_t sent_ns)
{
	struct {
		uint32_t round, token;
		uint64_t sent_ns;
	} header = { htole32(round), htole32(token), htole64((uint64_t)sent_ns) };

	memcpy(at, &header, bytes < sizeof(header) ? bytes : sizeof(header));
}

/* The part of its round that the datagram has: compare with fanout_tag_of(). */
static inline uint32_t fanout_tag(const uint8_t *at, uint32_t bytes)
{
	uint32_t tag = 0;

	memcpy(&tag, at, bytes < sizeof(tag) ? bytes : sizeof(tag));
	return le32toh(tag);
}

/* ... and what those of this round have. */
static inline uint32_t fanout_tag_of(uint32_t round, uint32_t bytes)
{
	return bytes < sizeof(round) ? round & ((1u << 8 * bytes) - 1) : round;
}

/* The newer of a round and of one whose tag a datagram has; a tag may have gone round. */
static inline uint32_t fanout_newer(uint32_t round, uint32_t tag, uint32_t bytes)
{
	unsigned unused = bytes < sizeof(tag) ? 32 - 8 * bytes : 0;
	int32_t ahead = (int32_t)((tag - round) << unused) >> unused;

	return ahead > 0 ? round + (uint32_t)ahead : round;
}

/* Is it for this reader of this run?  token: the run's plus the reader's number.  Shorter ones
 * cannot say. */
static inline bool fanout_is_for(const uint8_t *at, uint32_t bytes, uint32_t token)
{
	uint32_t has;

	if (bytes < FANOUT_TOKEN_BYTES)
		return true;
	memcpy(&has, at + 4, sizeof(has));
	return le32toh(has) == token;
}

/* Needs FANOUT_HEADER_BYTES. */
static inline int64_t fanout_sent_ns(const uint8_t *at)
{
	uint64_t ns;

	memcpy(&ns, at + 8, sizeof(ns));
	return (int64_t)le64toh(ns);
}
