/* Characters: how much room they take, and which of them are harmless.  See text.h. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* ---- UTF-8 ---- */

/* Length of the valid UTF-8 sequence at s (RFC 3629: no overlong forms, no surrogates), and its
 * code point; 0 where there is none. */
static size_t utf8_length(const unsigned char *s, size_t len, uint32_t *ret_code)
{
	static const uint32_t lowest[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
	uint32_t code = n > 1 ? s[0] & (0x7fu >> n) : s[0];

	if (!n || n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < lowest[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret_code = code;
	return n;
}

size_t text_decode(const char *text, uint32_t *ret_code)
{
	if ((unsigned char)*text < 0x80) {
		*ret_code = (unsigned char)*text;
		return 1;
	}
	/* A sequence that is cut off ends at the NUL. */
	size_t n = utf8_length((const unsigned char *)text, 4, ret_code);

	if (n)
		return n;
	*ret_code = TEXT_UNKNOWN;
	return 1;
}

/* ---- room ---- */

unsigned text_width(const char *text)
{
	unsigned cells = 0;
	uint32_t code;

	for (; *text; cells++)
		text += text_decode(text, &code);
	return cells;
}

unsigned text_width_of(const char *text, size_t bytes)
{
	unsigned cells = 0;
	uint32_t code;

	for (size_t at = 0; at < bytes && text[at]; cells++)
		at += text_decode(text + at, &code);
	return cells;
}

size_t text_bytes(const char *text, unsigned cells)
{
	size_t at = 0;
	uint32_t code;

	for (; text[at] && cells; cells--)
		at += text_decode(text + at, &code);
	return at;
}

size_t text_line(const char *text, unsigned cells)
{
	size_t fits = text_bytes(text, cells ? cells : 1), blank = fits;

	if (!text[fits])
		return fits;
	while (blank && text[blank] != ' ')
		blank--;
	return blank ? blank : fits;
}

char *text_cut(const char *text, unsigned cells, char *out, size_t size)
{
	if (text_width(text) <= cells)
		snprintf(out, size, "%s", text);
	else
		snprintf(out, size, "%.*s…", (int)text_bytes(text, cells ? cells - 1 : 0), text);
	return out;
}

/* ---- foreign bytes ---- */

/* Control characters, line separators, byte order mark, and what changes the direction of the
 * text round it. */
static bool harmful(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

char *text_escape(const void *bytes, size_t len, char *out, size_t size)
{
	const unsigned char *s = bytes;
	size_t used = 0;

	if (!size)
		return out;
	while (len) {
		uint32_t code = 0;
		size_t n = utf8_length(s, len, &code);
		bool clean = n && !harmful(code);
		size_t take = n ? n : 1, need = clean ? take : 4 * take;

		if (used + need >= size)
			break;
		if (clean)
			memcpy(out + used, s, take);
		for (size_t i = 0; !clean && i < take; i++)
			snprintf(out + used + 4 * i, 5, "\\x%02x", s[i]);
		used += need;
		s += take;
		len -= take;
	}
	out[used] = '\0';
	return out;
}

char *text_shown(const char *text, char out[TEXT_SHOWN_BYTES])
{
	return text_escape(text, strlen(text), out, TEXT_SHOWN_BYTES);
}
