/* A chat loop and bytes from the network.  Input: 1 byte how long the pieces are, then
 * the bytes.  The model is a line at a time: its '\r' goes, it is cleaned, a hello is not passed
 * on, one that is too long ends it all. */
#include <stdlib.h>
#include <string.h>

#include "chat_lines.h"
#include "engines/chat/apart/report.h"
#include "engines/chat/wire.h"

enum { LINE_BYTES = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static size_t expect(const uint8_t *data, size_t size, uint8_t *out, bool *ret_too_long)
{
	size_t bytes = 0, at = 0;
	bool first = true;
	struct chat_stamp stamp;

	*ret_too_long = false;
	while (at < size) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t line = end ? (size_t)(end - data) - at : size - at, kept = line;

		if (line >= LINE_BYTES) {
			*ret_too_long = true;
			return bytes;
		}
		if (!end)
			return bytes;
		if (kept && data[at + kept - 1] == '\r')
			kept--;
		if (first && kept == CHAT_STAMP_BYTES && chat_stamp_get(data + at, &stamp) && chat_hello_asks(&stamp))
			return bytes; /* whatever follows: it is not in the room */
		bool hello = first && kept == CHAT_STAMP_BYTES && chat_stamp_get(data + at, &stamp) && stamp.kind != CHAT_MESSAGE;
		if (!hello) {
			chat_clean(out + bytes, data + at, kept);
			bytes += kept;
			out[bytes++] = '\n';
		}
		first = false;
		at += line + 1;
	}
	return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chat_lines lines;
	uint8_t *out;
	size_t piece, wanted;
	bool too_long;

	if (size < 1 || size > 65536)
		return 0;
	piece = data[0] + 1u;
	data++;
	size--;
	out = malloc(size + 1);
	must(out != NULL);
	wanted = expect(data, size, out, &too_long);
	chat_lines_open(&lines, LINE_BYTES);
	for (size_t at = 0; at < size && lines.speaker->end == END_NONE; at += piece)
		chat_lines_feed(&lines, (const char *)data + at, size - at < piece ? size - at : piece);
	chat_lines_read(&lines);
	must(lines.bytes == wanted && !memcmp(lines.got, out, wanted));
	must((lines.speaker->end == END_LONG_LINE) == too_long);
	chat_lines_close(&lines);
	free(out);
	return 0;
}
