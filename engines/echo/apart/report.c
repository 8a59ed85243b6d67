/* See report.h. */
#include "engines/echo/apart/report.h"

static const uint8_t magic[8] = { 'N', 'D', 'E', 'C', 'O', 'U', 'N', 'T' };

enum { AT_MAGIC = ECHO_HEADER_BYTES, AT_VERSION = 24, AT_ANSWERED = 26, AT_NUMBER = 28, AT_TOKEN = 32, AT_COUNTS = 40 };

/* ---- numbers ---- */

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

/* In the order of the datagram. */
static void list_counts(struct echo_report *r, uint64_t *count[7])
{
	uint64_t *const all[] = { &r->instance, &r->reports, &r->questions, &r->answers, &r->reply_errors, &r->drops,
		&r->joined_max };

	memcpy(count, all, sizeof(all));
}

/* ---- both ways ---- */

static bool is_of_this_kind(const uint8_t *data, size_t len, bool reply, uint64_t answered)
{
	struct echo_header header;

	if (len != ECHO_REPORT_BYTES)
		return false;
	echo_get(data, &header);
	return header.reply == reply && header.flow == ECHO_REPORT_FLOW && !memcmp(data + AT_MAGIC, magic, sizeof(magic)) &&
	       report_get(data + AT_VERSION, 2) == ECHO_REPORT_VERSION && report_get(data + AT_ANSWERED, 2) == answered;
}

void echo_report_ask(uint8_t out[ECHO_REPORT_BYTES], uint64_t token, uint32_t number)
{
	memset(out, 0, ECHO_REPORT_BYTES);
	echo_put(out, ECHO_REPORT_FLOW, number, 0);
	memcpy(out + AT_MAGIC, magic, sizeof(magic));
	report_put(out + AT_VERSION, 2, ECHO_REPORT_VERSION);
	report_put(out + AT_NUMBER, 4, number);
	report_put(out + AT_TOKEN, 8, token);
}

bool echo_report_is_asked(const uint8_t *data, size_t len)
{
	return is_of_this_kind(data, len, false, 0);
}

void echo_report_fill(uint8_t data[ECHO_REPORT_BYTES], const struct echo_report *r)
{
	struct echo_report copy = *r;
	uint64_t *count[7];

	list_counts(&copy, count);
	report_put(data + AT_ANSWERED, 2, 1);
	for (unsigned i = 0; i < 7; i++)
		report_put(data + AT_COUNTS + 8 * i, 8, *count[i]);
}

bool echo_report_get(const uint8_t *data, size_t len, uint64_t token, uint32_t *ret_number, struct echo_report *ret_report)
{
	struct echo_report r;
	uint64_t *count[7];

	if (!is_of_this_kind(data, len, true, 1) || report_get(data + AT_TOKEN, 8) != token)
		return false;
	list_counts(&r, count);
	for (unsigned i = 0; i < 7; i++)
		*count[i] = report_get(data + AT_COUNTS + 8 * i, 8);
	/* Not what a port can have joined. */
	if (!r.joined_max || r.joined_max > UINT16_MAX)
		return false;
	*ret_number = (uint32_t)report_get(data + AT_NUMBER, 4);
	*ret_report = r;
	return true;
}
