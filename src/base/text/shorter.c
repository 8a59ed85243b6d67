/* Text in less room than it wants.  See text.h. */
#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- figures ---- */

/* A figure taken apart: "+", 1874, 0 decimals, "k". */
struct figure {
	char before[8], after[8];
	double value; /* without its sign, and without what `after` multiplies it by */
	int decimals;
	bool grouped;
};

static const char magnitudes[] = "kMGTPE";

/* Are three digits behind this blank, and no fourth? */
static bool is_group(const char *blank)
{
	return blank[0] == ' ' && isdigit((unsigned char)blank[1]) && isdigit((unsigned char)blank[2]) &&
	       isdigit((unsigned char)blank[3]) && !isdigit((unsigned char)blank[4]);
}

/* The digits, without the blanks between their groups; returns what is behind them. */
static const char *read_digits(const char *text, struct figure *f)
{
	char digits[48] = "";
	size_t n = 0;
	bool point = false;

	for (; n + 1 < sizeof(digits); text++) {
		if (is_group(text) && !point) {
			f->grouped = true;
			continue;
		}
		if (*text == '.' && !point && isdigit((unsigned char)text[1]))
			point = true;
		else if (!isdigit((unsigned char)*text))
			break;
		else
			f->decimals += point;
		digits[n++] = *text;
	}
	f->value = strtod(digits, NULL);
	return text;
}

static bool read_figure(const char *text, struct figure *ret_figure)
{
	struct figure f = { .grouped = false };
	size_t before = strcspn(text, "0123456789");

	if (!text[before] || before >= sizeof(f.before) || strspn(text, " ") || strpbrk(text, "eE"))
		return false;
	snprintf(f.before, sizeof(f.before), "%.*s", (int)before, text);
	for (const char *p = f.before; *p; p++)
		if (isalpha((unsigned char)*p))
			return false;
	text = read_digits(text + before, &f);
	if (strlen(text) >= sizeof(f.after) || strpbrk(text, " 0123456789"))
		return false;
	snprintf(f.after, sizeof(f.after), "%s", text);
	*ret_figure = f;
	return true;
}

/* -1: it has another unit behind it, so it is rounded as it is; 0: none; 1: k; 2: M ... */
static int magnitude_of(const struct figure *f)
{
	const char *at = f->after[0] ? strchr(magnitudes, f->after[0]) : NULL;

	if (!f->after[0])
		return 0;
	return at && !f->after[1] ? (int)(at - magnitudes) + 1 : -1;
}

/* What is above 0 never becomes 0. */
static void write_rounded(const struct figure *f, double value, int decimals, const char *after, char *out, size_t size)
{
	double least = pow(10, -decimals);

	if (value > 0 && value < least / 2)
		snprintf(out, size, "%s<%.*f%s", f->before, decimals, least, after);
	else
		snprintf(out, size, "%s%.*f%s", f->before, decimals, value, after);
}

/* The figure with so many decimals, in the magnitude that keeps it below 1000. */
static void write_with(const struct figure *f, int decimals, char *out, size_t size)
{
	int magnitude = magnitude_of(f);
	double value = f->value, most = 1000 - 0.5 * pow(10, -decimals);
	char after[2] = "";

	if (magnitude < 0) {
		write_rounded(f, value, decimals, f->after, out, size);
		return;
	}
	for (; value >= most && magnitude + 1 < (int)sizeof(magnitudes); magnitude++)
		value /= 1000;
	if (magnitude)
		after[0] = magnitudes[magnitude - 1];
	write_rounded(f, value, decimals, after, out, size);
}

static void without_groups(const struct figure *f, char *out, size_t size)
{
	snprintf(out, size, "%s%.*f%s", f->before, f->decimals, f->value, f->after);
}

char *text_shorter(const char *figure, unsigned cells, char *out, size_t size)
{
	struct figure f;

	out[0] = '\0';
	if (text_width(figure) <= cells) {
		snprintf(out, size, "%s", figure);
		return out;
	}
	if (!read_figure(figure, &f))
		return out;
	without_groups(&f, out, size);
	for (int decimals = 2; decimals >= 0 && text_width(out) > cells; decimals--)
		write_with(&f, decimals, out, size);
	if (text_width(out) > cells)
		out[0] = '\0';
	return out;
}

/* ---- numbers in texts ---- */

/* Does the character belong to the number that it touches: "cpu12", "9.40ms", "14:31:07"? */
static bool belongs_to_number(uint32_t code)
{
	return code == 0xb5 || code == 0x3bc || code == 0xd7 ||
	       (code < 0x80 && (isalnum((int)code) || strchr("+-.,:%_#<>", (int)code)));
}

/* The end of the word that begins here; *ret_number: there is a digit in it. */
static const char *word_end(const char *text, bool *ret_number)
{
	*ret_number = false;
	while (*text) {
		uint32_t code;
		size_t bytes = text_decode(text, &code);

		if (!belongs_to_number(code) && !(*ret_number && is_group(text)))
			break;
		*ret_number |= code < 0x80 && isdigit((int)code);
		text += bytes;
	}
	return text;
}

size_t text_whole(const char *text, unsigned cells)
{
	size_t fit = text_bytes(text, cells);
	const char *at = text, *end = text + fit;

	if (!text[fit])
		return fit;
	while (at < end) {
		bool number;
		const char *behind = word_end(at, &number);
		uint32_t code;

		if (number && behind > end) {
			fit = (size_t)(at - text);
			break;
		}
		at = behind > at ? behind : at + text_decode(at, &code);
	}
	while (fit && text[fit - 1] == ' ')
		fit--;
	return fit;
}
