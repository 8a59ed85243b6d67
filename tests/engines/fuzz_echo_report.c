/* An echo server reads a question for its counts from the network, and a client the answer.
 * What is taken has its length, and is put into the same bytes again; an answer is never longer
 * than its question.  A stream client finds an answer at the end of its messages, in pieces of any
 * length. */
#include <stdlib.h>
#include <string.h>

#include "engines/echo/apart/report.h"
#include "engines/stream/worker.h"

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

/* Whatever comes: what is held is what came, and a whole one has the token. */
static void behind_messages(const uint8_t *data, size_t size)
{
	struct stream_worker x = { .far = { .asked = true, .token = TOKEN } };
	size_t piece = size ? data[0] % 50 + 1u : 1;
	uint64_t count[STREAM_FAR_COUNTS], again[STREAM_FAR_COUNTS];
	uint32_t number;

	for (size_t at = 0; at < size && !stream_far_is_whole(&x.far);) {
		size_t bytes = size - at < piece ? size - at : piece, n = stream_far_hold(&x, data + at, bytes);

		must(n <= bytes && x.far.held <= STREAM_FAR_BYTES);
		must(x.far.held <= at + n && !memcmp(x.far.answer, data + at + n - x.far.held, x.far.held));
		at += n;
		if (n < bytes && !stream_far_is_whole(&x.far)) {
			x.far.held = 0;
			at += !n; /* the first of a message */
		}
	}
	if (!stream_far_is_whole(&x.far))
		return;
	must(net_report_get(x.far.answer, TOKEN, &number, count, STREAM_FAR_COUNTS));
	must(number == 1);
	must(!net_report_get(x.far.answer, TOKEN + 1, &number, again, STREAM_FAR_COUNTS));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	question(data, size);
	answer(data, size);
	behind_messages(data, size);
	return 0;
}
