/* See report.h. */
#include "engines/echo/apart/report.h"

#include "engines/net/report.h"

enum { COUNTS = 7 };

_Static_assert(ECHO_REPORT_BYTES == ECHO_HEADER_BYTES + NET_REPORT_BYTES(COUNTS), "a header and a frame");

/* In the order of the datagram. */
static void list_counts(struct echo_report *r, uint64_t *count[COUNTS])
{
	uint64_t *const all[] = { &r->instance, &r->reports, &r->questions, &r->answers, &r->reply_errors, &r->drops,
		&r->joined_max };

	memcpy(count, all, sizeof(all));
}

static bool is_of_this_flow(const uint8_t *data, size_t len, bool reply)
{
	struct echo_header header;

	if (len != ECHO_REPORT_BYTES)
		return false;
	echo_get(data, &header);
	return header.reply == reply && header.flow == ECHO_REPORT_FLOW;
}

void echo_report_ask(uint8_t out[ECHO_REPORT_BYTES], uint64_t token, uint32_t number)
{
	echo_put(out, ECHO_REPORT_FLOW, number, 0);
	net_report_ask(out + ECHO_HEADER_BYTES, token, number, COUNTS);
}

bool echo_report_is_asked(const uint8_t *data, size_t len)
{
	return is_of_this_flow(data, len, false) && net_report_is_asked(data + ECHO_HEADER_BYTES);
}

void echo_report_fill(uint8_t data[ECHO_REPORT_BYTES], const struct echo_report *r)
{
	struct echo_report copy = *r;
	uint64_t *from[COUNTS], count[COUNTS];

	list_counts(&copy, from);
	for (unsigned i = 0; i < COUNTS; i++)
		count[i] = *from[i];
	net_report_fill(data + ECHO_HEADER_BYTES, count, COUNTS);
}

bool echo_report_get(const uint8_t *data, size_t len, uint64_t token, uint32_t *ret_number, struct echo_report *ret_report)
{
	uint64_t *to[COUNTS], count[COUNTS];
	struct echo_report r;
	uint32_t number;

	if (!is_of_this_flow(data, len, true) || !net_report_get(data + ECHO_HEADER_BYTES, token, &number, count, COUNTS))
		return false;
	list_counts(&r, to);
	for (unsigned i = 0; i < COUNTS; i++)
		*to[i] = count[i];
	/* Not what a port can have joined. */
	if (!r.joined_max || r.joined_max > UINT16_MAX)
		return false;
	*ret_number = number;
	*ret_report = r;
	return true;
}
