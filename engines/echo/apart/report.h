/* The datagram in which a client elsewhere asks an echo server for its counts, and the same
 * datagram with them, as it comes back: over the run's own port, and never longer than what was
 * asked.  Pure; any thread.
 *
 * It is an echo datagram (wire.h) of a flow that no client has.  A server that knows it fills the
 * counts in; one that does not, or answers unchanged (--verbatim), sends it back as it came, which
 * says just that.  Behind the echo header stands the frame of net/report.h with these counts: who
 * answers, and what it has counted since it began: these questions, datagrams that it took, these
 * among them, answers, answers that could not be sent, packets dropped at its sockets, datagrams
 * that such a packet may hold. */
#pragma once

#include "engines/echo/wire.h"

enum {
	ECHO_REPORT_BYTES = 96,
	ECHO_REPORT_FLOW = ECHO_FLOWS_MAX, /* beyond the last one */
};

struct echo_report {
	uint64_t instance; /* of the server: another one has counted something else */
	uint64_t reports, questions, answers, reply_errors;
	uint64_t drops; /* wraps at 32 bits */
	uint64_t joined_max;
};

/* The question with this number. */
void echo_report_ask(uint8_t out[ECHO_REPORT_BYTES], uint64_t token, uint32_t number);
/* Is this such a question? */
bool echo_report_is_asked(const uint8_t *data, size_t len);
/* Makes the answer of a question, in its place; the reply bit is the server's to set. */
void echo_report_fill(uint8_t data[ECHO_REPORT_BYTES], const struct echo_report *r);
/* Is this an answer to a question with that token?  false: *ret_ is untouched. */
bool echo_report_get(const uint8_t *data, size_t len, uint64_t token, uint32_t *ret_number, struct echo_report *ret_report);
