/* The frame in which one end of a run asks the other one, elsewhere, for its counts, and the same
 * frame with them, as it comes back.  Each mode says how it travels, and what is counted.  Pure;
 * any thread.
 *
 * All integers are big-endian, and its length is fixed by how many counts there are, so that an
 * answer is as long as its question: "NDECOUNT" (8), version (2), 0 asked or 1 answered (2),
 * number of the question (4), token of the run that asks (8), then the counts (8 each), 0 when
 * asked. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { NET_REPORT_HEAD_BYTES = 24, NET_REPORT_VERSION = 1 };

#define NET_REPORT_BYTES(counts) (NET_REPORT_HEAD_BYTES + 8 * (counts))

/* The question with this number: NET_REPORT_BYTES(counts) of it. */
void net_report_ask(uint8_t *out, uint64_t token, uint32_t number, unsigned counts);
/* Is this the head of such a question? */
bool net_report_is_asked(const uint8_t head[NET_REPORT_HEAD_BYTES]);
/* Makes the answer of a question, in its place. */
void net_report_fill(uint8_t *data, const uint64_t *count, unsigned counts);
/* Is this an answer to a question with that token?  false: *ret_ is untouched. */
bool net_report_get(const uint8_t *data, uint64_t token, uint32_t *ret_number, uint64_t *ret_count, unsigned counts);
