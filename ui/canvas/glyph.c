/* Which code points may stand in a cell, and what stands for those that may not.
 *
 * The list is of what is let through, not of what is kept out: terminals disagree about
 * combining, wide and unassigned code points, and one that is wider than the canvas thinks would
 * shift the rest of its row. */
#include "ui/canvas/glyph.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct glyph_range {
	uint32_t first, last;
};

/* One column wide, left to right, no joining.  Sorted. */
static const struct glyph_range one_column[] = {
	{ 0x21, 0x7e },
	{ 0xa1, 0xac },
	{ 0xae, 0x2ff },
	{ 0x370, 0x377 },
	{ 0x37a, 0x37f },
	{ 0x384, 0x38a },
	{ 0x38e, 0x3a1 },
	{ 0x3a3, 0x482 },
	{ 0x48a, 0x52f },
	{ 0x1e00, 0x1eff },
	{ 0x2010, 0x2027 },
	{ 0x2030, 0x205e },
	{ 0x2070, 0x2071 },
	{ 0x2074, 0x208e },
	{ 0x20a0, 0x20b9 },
	{ 0x2100, 0x218b },
	{ 0x2190, 0x2319 },
	{ 0x231c, 0x2328 },
	{ 0x232b, 0x23e8 },
	{ 0x2400, 0x2426 },
	{ 0x2460, 0x25fc },
	{ 0x25ff, 0x2613 },
	{ 0x2616, 0x262f },
	{ 0x2639, 0x2647 },
	{ 0x2654, 0x267e },
	{ 0x2701, 0x2704 },
	{ 0x2706, 0x2709 },
	{ 0x270c, 0x2727 },
	{ 0x2729, 0x274b },
	{ 0x2800, 0x28ff },
	{ 0xfffd, 0xfffd },
};

struct stand_in {
	uint32_t first, last;
	char ascii;
};

/* Looked through in order: the single ones stand before the blocks that they lie in. */
static const struct stand_in stand_ins[] = {
	{ 0xa7, 0xa7, 'S' },
	{ 0xab, 0xab, '<' },
	{ 0xb0, 0xb0, 'o' },
	{ 0xb1, 0xb1, '~' },
	{ 0xb2, 0xb2, '2' },
	{ 0xb3, 0xb3, '3' },
	{ 0xb5, 0xb5, 'u' },
	{ 0xb7, 0xb7, '.' },
	{ 0xb9, 0xb9, '1' },
	{ 0xbb, 0xbb, '>' },
	{ 0xd7, 0xd7, 'x' },
	{ 0xf7, 0xf7, '/' },
	{ 0x394, 0x394, 'D' },
	{ 0x3a3, 0x3a3, 'S' },
	{ 0x3bb, 0x3bb, 'l' },
	{ 0x3bc, 0x3bc, 'u' },
	{ 0x3c3, 0x3c3, 's' },
	{ 0x2010, 0x2015, '-' },
	{ 0x2018, 0x201b, '\'' },
	{ 0x201c, 0x201f, '"' },
	{ 0x2020, 0x2021, '+' },
	{ 0x2022, 0x2022, '*' },
	{ 0x2024, 0x2025, '.' },
	{ 0x2026, 0x2026, '~' },
	{ 0x2030, 0x2030, '%' },
	{ 0x2032, 0x2032, '\'' },
	{ 0x2033, 0x2033, '"' },
	{ 0x2039, 0x2039, '<' },
	{ 0x203a, 0x203a, '>' },
	{ 0x2044, 0x2044, '/' },
	{ 0x2126, 0x2126, 'O' },
	{ 0x2190, 0x2190, '<' },
	{ 0x2191, 0x2191, '^' },
	{ 0x2192, 0x2192, '>' },
	{ 0x2193, 0x2193, 'v' },
	{ 0x2194, 0x2194, '-' },
	{ 0x2195, 0x2195, '|' },
	{ 0x21b5, 0x21b5, '<' },
	{ 0x21bb, 0x21bb, 'o' },
	{ 0x2206, 0x2206, 'D' },
	{ 0x2211, 0x2211, 'S' },
	{ 0x2212, 0x2212, '-' },
	{ 0x2215, 0x2215, '/' },
	{ 0x2219, 0x2219, '.' },
	{ 0x221e, 0x221e, '8' },
	{ 0x2248, 0x2248, '~' },
	{ 0x2260, 0x2260, '!' },
	{ 0x2264, 0x2264, '<' },
	{ 0x2265, 0x2265, '>' },
	{ 0x22c5, 0x22c5, '.' },
	{ 0x23ce, 0x23ce, '<' },
	{ 0x2400, 0x2426, '?' },
	/* box drawing: horizontals, verticals, all that joins */
	{ 0x2500, 0x2501, '-' },
	{ 0x2502, 0x2503, '|' },
	{ 0x2504, 0x2505, '-' },
	{ 0x2506, 0x2507, ':' },
	{ 0x2508, 0x2509, '-' },
	{ 0x250a, 0x250b, ':' },
	{ 0x254c, 0x254d, '-' },
	{ 0x254e, 0x254f, ':' },
	{ 0x2550, 0x2550, '=' },
	{ 0x2551, 0x2551, '|' },
	{ 0x2574, 0x2574, '-' },
	{ 0x2575, 0x2575, '|' },
	{ 0x2576, 0x2576, '-' },
	{ 0x2577, 0x2577, '|' },
	{ 0x2500, 0x257f, '+' },
	/* blocks, lower and left ones by how full they are, and shades */
	{ 0x2580, 0x2580, '"' },
	{ 0x2581, 0x2582, '.' },
	{ 0x2583, 0x2585, ':' },
	{ 0x2586, 0x2589, '#' },
	{ 0x258a, 0x258b, '=' },
	{ 0x258c, 0x258e, '-' },
	{ 0x258f, 0x258f, '|' },
	{ 0x2590, 0x2590, '#' },
	{ 0x2591, 0x2591, '.' },
	{ 0x2592, 0x2592, '+' },
	{ 0x2593, 0x2593, '#' },
	{ 0x2580, 0x259f, '#' },
	/* signs */
	{ 0x25a0, 0x25a0, '#' },
	{ 0x25a1, 0x25a1, 'o' },
	{ 0x25aa, 0x25aa, '*' },
	{ 0x25b2, 0x25b5, '^' },
	{ 0x25b6, 0x25bb, '>' },
	{ 0x25bc, 0x25bf, 'v' },
	{ 0x25c0, 0x25c5, '<' },
	{ 0x25c6, 0x25c6, '*' },
	{ 0x25c7, 0x25c7, 'o' },
	{ 0x25c9, 0x25c9, '*' },
	{ 0x25cb, 0x25cb, 'o' },
	{ 0x25cf, 0x25cf, '*' },
	{ 0x25e6, 0x25e6, 'o' },
	{ 0x2605, 0x2606, '*' },
	{ 0x2713, 0x2714, '+' },
	{ 0x2717, 0x2718, 'x' },
	{ 0x2801, 0x28ff, ':' },
};

static int sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 0;
}

int glyph_decode(const char *text, uint32_t *ret_code_point)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)text;
	int n = sequence_length(p[0]);
	uint32_t cp = n <= 1 ? p[0] : p[0] & (0x7fu >> n);

	for (int i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80) { /* stops at the NUL, too */
			n = 0;
			break;
		}
		cp = cp << 6 | (p[i] & 0x3f);
	}
	if (n == 0 || cp < lowest[n] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff)) {
		*ret_code_point = GLYPH_UNKNOWN;
		return 1;
	}
	*ret_code_point = cp;
	return n;
}

int glyph_encode(uint32_t cp, char out[5])
{
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	int n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

	memset(out, 0, 5);
	if (n == 1) {
		out[0] = (char)cp;
		return cp != 0;
	}
	for (int i = n - 1; i > 0; i--, cp >>= 6)
		out[i] = (char)(0x80 | (cp & 0x3f));
	out[0] = (char)(lead[n] | cp);
	return n;
}

static bool is_one_column(uint32_t cp)
{
	for (size_t i = 0; i < sizeof(one_column) / sizeof(one_column[0]); i++)
		if (cp <= one_column[i].last)
			return cp >= one_column[i].first;
	return false;
}

static uint32_t in_ascii(uint32_t cp)
{
	if (cp < 0x7f)
		return cp;
	if (cp == 0x2800)
		return 0;
	for (size_t i = 0; i < sizeof(stand_ins) / sizeof(stand_ins[0]); i++)
		if (cp >= stand_ins[i].first && cp <= stand_ins[i].last)
			return (uint32_t)stand_ins[i].ascii;
	return '?';
}

uint32_t glyph_shown(uint32_t cp, enum ui_charset charset)
{
	/* Nearly all: letters, and what charts and frames are made of. */
	if (cp > 0x20 && cp < 0x7f)
		return cp;
	if (charset != CHARSET_ASCII && ((cp >= 0x2500 && cp <= 0x25fc) || (cp >= 0x2800 && cp <= 0x28ff)))
		return cp;
	if (cp == 0 || cp == ' ' || cp == 0xa0)
		return 0;
	if (cp < 0x20)
		cp += 0x2400;
	else if (cp == 0x7f)
		cp = 0x2421;
	else if (!is_one_column(cp))
		cp = GLYPH_UNKNOWN;
	return charset == CHARSET_ASCII ? in_ascii(cp) : cp;
}
