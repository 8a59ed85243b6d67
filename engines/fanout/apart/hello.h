/* The hello between a writer and readers of another process, over TCP.  Pure; any thread.  All
 * integers are big-endian, all lengths fixed but for the answer's ranges, whose number its head
 * has; nothing is taken from the bytes before it has been checked.
 *
 *   request, writer first:  "NDFO", version (2), flags (2), bytes of a datagram (4), datagrams of
 *                           a reader and round (4), token (4), 0 (4), clock (8)
 *   answer, once:           "NDFO", version (2), status (2), readers (4), their workers (2), ranges
 *                           (2), session (2), 0 (14); then, if welcome, the group that multicast
 *                           readers have joined (16: IPv6, IPv4 mapped into it, or 0), and the
 *                           ranges of ports, in the order of the readers: first (2), last (2)
 *   reports, readers:       "NDFR", worker (2), session (2), round (4), datagrams of it (4), when
 *                           the first and the latest of these came (8, 8), datagrams received,
 *                           dropped at sockets and late since this session began (8, 8, 8)
 *
 * A worker of readers reports when all its readers have a round, and now and then.  Magic, version
 * and status stand at the same place in every version. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HELLO_VERSION = 2, /* 2: a group of IPv6, too */
	HELLO_REQUEST_BYTES = 32,
	HELLO_HEAD_BYTES = 32,
	HELLO_GROUP_BYTES = 16,
	HELLO_RANGE_BYTES = 4,
	HELLO_REPORT_BYTES = 56,
	HELLO_RANGES_MAX = 4096,
	HELLO_READERS_MAX = 1000000,
	HELLO_WORKERS_MAX = 1024,
	HELLO_EACH_MAX = 1000,
};

enum hello_flag { HELLO_ROUNDS = 1, HELLO_MULTICAST = 2 };

enum hello_status {
	HELLO_WELCOME,
	HELLO_OTHER_VERSION,
	HELLO_BUSY,         /* another writer is there */
	HELLO_WRONG_METHOD, /* multicast on one side only */
	HELLO_STATUSES,
};

struct hello_request {
	uint16_t version, flags;
	uint32_t bytes, each, token;
	uint64_t clock; /* net_clock_identity() of the writer */
};

struct hello_range {
	uint16_t first, last;
};

struct hello_answer {
	uint16_t version, status;
	uint32_t readers;
	uint16_t workers, ranges, session;
};

/* The readers' group, as it stands in the answer; all zero: they have joined none. */
struct hello_group {
	uint8_t bytes[HELLO_GROUP_BYTES];
};

struct hello_report {
	uint16_t worker, session;
	uint32_t round, have;
	int64_t first_ns, last_ns;
	uint64_t received, dropped, late;
};

void hello_put_request(uint8_t out[HELLO_REQUEST_BYTES], const struct hello_request *r);
void hello_put_head(uint8_t out[HELLO_HEAD_BYTES], const struct hello_answer *a);
void hello_put_group(uint8_t out[HELLO_GROUP_BYTES], const struct hello_group *g);
void hello_put_range(uint8_t out[HELLO_RANGE_BYTES], const struct hello_range *r);
void hello_put_report(uint8_t out[HELLO_REPORT_BYTES], const struct hello_report *r);

/* All but GOOD mean that the bytes are wrong; *ret_ is then untouched, but for
 * HELLO_VERSION_DIFFERS, where version and status are read. */
enum hello_fault {
	HELLO_GOOD,
	HELLO_GARBAGE, /* no hello at all */
	HELLO_VERSION_DIFFERS,
	HELLO_RANGE, /* a number that cannot be: too many readers, ranges, ports; a length of 0 */
};
enum hello_fault hello_get_request(const uint8_t in[HELLO_REQUEST_BYTES], struct hello_request *ret_request);
enum hello_fault hello_get_head(const uint8_t in[HELLO_HEAD_BYTES], struct hello_answer *ret_answer);
/* Bytes behind the head of a welcome. */
static inline size_t hello_body_bytes(const struct hello_answer *a)
{
	return HELLO_GROUP_BYTES + (size_t)a->ranges * HELLO_RANGE_BYTES;
}
/* That body: the group, and all ranges, which hold as many ports as the answer has readers
 * (multicast: one). */
enum hello_fault hello_get_body(
	const uint8_t *in, const struct hello_answer *a, struct hello_group *ret_group, struct hello_range *ret_ranges);
bool hello_has_group(const struct hello_group *g);
/* workers: as the answer said. */
enum hello_fault hello_get_report(const uint8_t in[HELLO_REPORT_BYTES], unsigned workers, struct hello_report *ret_report);
