/* Fresh payloads: bytes that differ from datagram to datagram, at the cost of a copy.  One owner;
 * only init allocates. */
#pragma once

#include <stdint.h>
#include <string.h>

struct fanout_payload {
	/* random; a payload begins at any of the first FANOUT_PAYLOADS cache lines */
	uint8_t *bytes;
	uint32_t next;
};

enum { FANOUT_PAYLOADS = 512, FANOUT_PAYLOAD_LINE = 64 };

/* For payloads of up to so many bytes, > 0.  0 or -ENOMEM. */
int fanout_payload_init(struct fanout_payload *p, uint32_t bytes, uint64_t seed);
void fanout_payload_free(struct fanout_payload *p); /* accepts zeroed */

/* Another one than the FANOUT_PAYLOADS - 1 before. */
static inline void fanout_payload_fill(struct fanout_payload *p, uint8_t *at, uint32_t bytes)
{
	memcpy(at, p->bytes + (size_t)(p->next++ % FANOUT_PAYLOADS) * FANOUT_PAYLOAD_LINE, bytes);
}
