/* Lines and stamps of mode chat.  See engines/chat/wire.h. */
#include "engines/chat/wire.h"

#include <string.h>

static const char digits[64 + 1] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const int64_t LATE_MOST_US = (1 << 30) - 1;

/* ---- stamps ---- */

static uint8_t *put_number(uint8_t *out, uint64_t n, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		out[i] = (uint8_t)digits[n >> 6 * (count - 1 - i) & 63];
	return out + count;
}

void chat_stamp_put(uint8_t *out, const struct chat_stamp *s)
{
	int64_t late_us = (s->sent_ns - s->due_ns) / 1000;

	late_us = late_us < 0 ? 0 : late_us < LATE_MOST_US ? late_us : LATE_MOST_US;
	out[0] = '~';
	out[1] = (uint8_t)s->kind;
	out = put_number(out + 2, s->token, 3);
	out = put_number(out, s->connection, 4);
	out = put_number(out, s->sequence, 6);
	out = put_number(out, (uint64_t)s->due_ns, 10);
	put_number(out, (uint64_t)late_us, 5);
}

/* The value of a digit + 1; 0: none. */
static const uint8_t digit_value[256] = {
	['A'] = 1,
	['B'] = 2,
	['C'] = 3,
	['D'] = 4,
	['E'] = 5,
	['F'] = 6,
	['G'] = 7,
	['H'] = 8,
	['I'] = 9,
	['J'] = 10,
	['K'] = 11,
	['L'] = 12,
	['M'] = 13,
	['N'] = 14,
	['O'] = 15,
	['P'] = 16,
	['Q'] = 17,
	['R'] = 18,
	['S'] = 19,
	['T'] = 20,
	['U'] = 21,
	['V'] = 22,
	['W'] = 23,
	['X'] = 24,
	['Y'] = 25,
	['Z'] = 26,
	['a'] = 27,
	['b'] = 28,
	['c'] = 29,
	['d'] = 30,
	['e'] = 31,
	['f'] = 32,
	['g'] = 33,
	['h'] = 34,
	['i'] = 35,
	['j'] = 36,
	['k'] = 37,
	['l'] = 38,
	['m'] = 39,
	['n'] = 40,
	['o'] = 41,
	['p'] = 42,
	['q'] = 43,
	['r'] = 44,
	['s'] = 45,
	['t'] = 46,
	['u'] = 47,
	['v'] = 48,
	['w'] = 49,
	['x'] = 50,
	['y'] = 51,
	['z'] = 52,
	['0'] = 53,
	['1'] = 54,
	['2'] = 55,
	['3'] = 56,
	['4'] = 57,
	['5'] = 58,
	['6'] = 59,
	['7'] = 60,
	['8'] = 61,
	['9'] = 62,
	['-'] = 63,
	['_'] = 64,
};

/* Adds to *bad where a character is no digit. */
static uint64_t get_number(const uint8_t **in, unsigned count, unsigned *bad)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < count; i++) {
		unsigned value = digit_value[(*in)[i]];

		*bad += !value;
		n = n << 6 | ((value - 1) & 63);
	}
	*in += count;
	return n;
}

static bool is_kind(uint8_t c)
{
	return c == CHAT_MESSAGE || c == CHAT_HELLO_READS || c == CHAT_HELLO_MUTE;
}

bool chat_stamp_get(const uint8_t *in, struct chat_stamp *ret_stamp)
{
	struct chat_stamp s = { .kind = (enum chat_kind)in[1] };
	unsigned bad = 0;

	if (in[0] != '~' || !is_kind(in[1]))
		return false;
	in += 2;
	s.token = (uint32_t)get_number(&in, 3, &bad);
	s.connection = (uint32_t)get_number(&in, 4, &bad);
	s.sequence = get_number(&in, 6, &bad);
	s.due_ns = (int64_t)get_number(&in, 10, &bad);
	s.sent_ns = s.due_ns + (int64_t)get_number(&in, 5, &bad) * 1000;
	if (bad)
		return false;
	*ret_stamp = s;
	return true;
}

/* ---- what may reach a terminal ---- */

/* Are these eight bytes all in 0x20..0x7e?  Each byte is looked at by carries into its top bit. */
static bool is_plain(uint64_t word)
{
	const uint64_t each = 0x0101010101010101, top = each * 0x80;

	return !(((word - each * 0x20) | (word + each) | word) & top);
}

/* Length of the UTF-8 sequence that begins here, 0: none.  RFC 3629, table 3-7 of Unicode. */
static size_t sequence_length(const uint8_t *in, size_t left)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t length = in[0] >= 0xc2 && in[0] <= 0xdf   ? 2
			: in[0] >= 0xe0 && in[0] <= 0xef ? 3
			: in[0] >= 0xf0 && in[0] <= 0xf4 ? 4
							 : 0;

	if (!length || length > left)
		return 0;
	if (in[0] == 0xe0)
		low = 0xa0;
	else if (in[0] == 0xed)
		high = 0x9f;
	else if (in[0] == 0xf0)
		low = 0x90;
	else if (in[0] == 0xf4)
		high = 0x8f;
	if (in[1] < low || in[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((in[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

static size_t clean_one(uint8_t *out, const uint8_t *in, size_t left)
{
	size_t length = in[0] < 0x80 ? 1 : sequence_length(in, left);
	bool control = in[0] < 0x80 ? (in[0] < 0x20 && in[0] != '\t') || in[0] == 0x7f
				    : length == 2 && in[0] == 0xc2 && in[1] < 0xa0;

	if (!length || control) {
		length = length ? length : 1;
		memset(out, '?', length);
	} else {
		memcpy(out, in, length);
	}
	return length;
}

void chat_clean(uint8_t *out, const uint8_t *in, size_t bytes)
{
	size_t at = 0;

	while (at < bytes) {
		uint64_t word;

		if (bytes - at >= sizeof(word)) {
			memcpy(&word, in + at, sizeof(word));
			if (is_plain(word)) {
				memcpy(out + at, &word, sizeof(word));
				at += sizeof(word);
				continue;
			}
		}
		at += clean_one(out + at, in + at, bytes - at);
	}
}
