/* See report.h. */
#include "engines/chat/apart/report.h"

#include <string.h>

_Static_assert(sizeof(struct chat_report) == CHAT_REPORT_COUNTS * sizeof(uint64_t), "its members are the counts, in their order");

void chat_hello_ask(uint8_t out[CHAT_HELLO_BYTES], uint32_t token)
{
	chat_stamp_put(out, &(struct chat_stamp){ .kind = CHAT_HELLO_MUTE, .token = token, .connection = CHAT_ASKS });
	out[CHAT_STAMP_BYTES] = '\n';
}

bool chat_hello_asks(const struct chat_stamp *s)
{
	return s->kind == CHAT_HELLO_MUTE && s->connection == CHAT_ASKS;
}

void chat_report_fill(uint8_t data[CHAT_REPORT_BYTES], const struct chat_report *r)
{
	uint64_t count[CHAT_REPORT_COUNTS];

	memcpy(count, r, sizeof(count));
	net_report_fill(data, count, CHAT_REPORT_COUNTS);
}

bool chat_report_get(const uint8_t data[CHAT_REPORT_BYTES], uint64_t token, uint32_t *ret_number, struct chat_report *ret_report)
{
	uint64_t count[CHAT_REPORT_COUNTS];

	if (!net_report_get(data, token, ret_number, count, CHAT_REPORT_COUNTS))
		return false;
	memcpy(ret_report, count, sizeof(count));
	return true;
}
