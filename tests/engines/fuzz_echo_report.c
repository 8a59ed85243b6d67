/* An echo server reads a question for its counts from the network, and a client the answer.
 * What is taken has its length, and is put into the same bytes again; an answer is never longer
 * than its question. */
#include <stdlib.h>
#include <string.h>

#include "engines/echo/apart/report.h"

enum { TOKEN = 0x0102030405060708 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static void question(const uint8_t *data, size_t size)
{
	const struct echo_report counts = { .instance = 1, .reports = 2, .questions = 3, .drops = 4, .joined_max = 5 };
	struct echo_report back = { 0 };
	uint8_t answer[ECHO_REPORT_BYTES];
	uint64_t token;
	uint32_t number;

	if (!echo_report_is_asked(data, size))
		return;
	must(size == ECHO_REPORT_BYTES && !(data[0] & ECHO_REPLY_BYTE));
	memcpy(answer, data, sizeof(answer));
	memcpy(&token, data + 32, sizeof(token));
	echo_report_fill(answer, &counts);
	answer[0] |= ECHO_REPLY_BYTE;
	must(echo_report_get(answer, sizeof(answer), be64toh(token), &number, &back));
	must(!memcmp(&back, &counts, sizeof(back)));
	must(!echo_report_get(answer, sizeof(answer), be64toh(token) + 1, &number, &back));
	must(!echo_report_is_asked(answer, sizeof(answer)));
}

static void answer(const uint8_t *data, size_t size)
{
	struct echo_report r = { 0 };
	uint8_t again[ECHO_REPORT_BYTES];
	uint32_t number = 0;

	if (!echo_report_get(data, size, TOKEN, &number, &r))
		return;
	must(size == ECHO_REPORT_BYTES && r.joined_max);
	echo_report_ask(again, TOKEN, number);
	echo_report_fill(again, &r);
	must(!memcmp(again + ECHO_HEADER_BYTES, data + ECHO_HEADER_BYTES, size - ECHO_HEADER_BYTES));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	question(data, size);
	answer(data, size);
	return 0;
}
