/* An echo client's own knowledge of what it sent (--verify): the payload, which is the same in
 * every datagram, and the time in each header, which must come back as it went.  Only init
 * allocates; one owner. */
#pragma once

#include "engines/echo/flow.h"

struct echo_verify {
	bool on;
	uint8_t *payload;
	size_t payload_bytes;
	int64_t *stamp_ns; /* [flows][mask + 1], by counter */
	uint64_t mask;
};

/* For so many flows; the payload is copied.  0 or -ENOMEM. */
int echo_verify_init(struct echo_verify *v, unsigned flows, const uint8_t *payload, size_t payload_bytes);
void echo_verify_free(struct echo_verify *v); /* accepts zeroed */

/* A datagram goes out: its header is written. */
void echo_verify_sent(struct echo_verify *v, const struct echo_flows *f, const uint8_t *data);
/* As echo_flows_parse(), but that the time in it may be any: *ret_answer has the time that was
 * sent.  *ret_damaged: time or payload are not what was sent. */
bool echo_verify_parse(const struct echo_verify *v, const struct echo_flows *f, const uint8_t *data, size_t len,
	int64_t opened_ns, int64_t now_ns, struct echo_answer *ret_answer, bool *ret_damaged);
