/* See report.h. */
#include "engines/net/report.h"

#include <endian.h>
#include <string.h>

static const uint8_t magic[8] = { 'N', 'D', 'E', 'C', 'O', 'U', 'N', 'T' };

enum { AT_VERSION = 8, AT_ANSWERED = 10, AT_NUMBER = 12, AT_TOKEN = 16, AT_COUNTS = NET_REPORT_HEAD_BYTES };

static void report_put(uint8_t *at, unsigned bytes, uint64_t value)
{
	value = htobe64(value);
	memcpy(at, (const uint8_t *)&value + sizeof(value) - bytes, bytes);
}

static uint64_t report_get(const uint8_t *at, unsigned bytes)
{
	uint64_t value = 0;

	memcpy((uint8_t *)&value + sizeof(value) - bytes, at, bytes);
	return be64toh(value);
}

static bool is_of_this_kind(const uint8_t *head, uint64_t answered)
{
	return !memcmp(head, magic, sizeof(magic)) && report_get(head + AT_VERSION, 2) == NET_REPORT_VERSION &&
	       report_get(head + AT_ANSWERED, 2) == answered;
}

void net_report_ask(uint8_t *out, uint64_t token, uint32_t number, unsigned counts)
{
	memset(out, 0, NET_REPORT_BYTES(counts));
	memcpy(out, magic, sizeof(magic));
	report_put(out + AT_VERSION, 2, NET_REPORT_VERSION);
	report_put(out + AT_NUMBER, 4, number);
	report_put(out + AT_TOKEN, 8, token);
}

bool net_report_is_asked(const uint8_t head[NET_REPORT_HEAD_BYTES])
{
	return is_of_this_kind(head, 0);
}

void net_report_fill(uint8_t *data, const uint64_t *count, unsigned counts)
{
	report_put(data + AT_ANSWERED, 2, 1);
	for (unsigned i = 0; i < counts; i++)
		report_put(data + AT_COUNTS + 8 * i, 8, count[i]);
}

bool net_report_get(const uint8_t *data, uint64_t token, uint32_t *ret_number, uint64_t *ret_count, unsigned counts)
{
	if (!is_of_this_kind(data, 1) || report_get(data + AT_TOKEN, 8) != token)
		return false;
	*ret_number = (uint32_t)report_get(data + AT_NUMBER, 4);
	for (unsigned i = 0; i < counts; i++)
		ret_count[i] = report_get(data + AT_COUNTS + 8 * i, 8);
	return true;
}
