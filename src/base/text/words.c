/* Lists of words, and the word that was meant.  See text.h. */
#include "base/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

char *text_add(char *out, size_t size, const char *fmt, ...)
{
	size_t used = strlen(out);
	va_list args;

	va_start(args, fmt);
	vsnprintf(out + used, size - used, fmt, args);
	va_end(args);
	return out;
}

/* ---- the nearest word ---- */

enum { WORD_MAX = 48 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost 1;
 * case costs nothing. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];

	for (size_t i = 0; i <= a_len; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= b_len; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++)
		for (size_t j = 1; j <= b_len; j++) {
			int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);

			d[i][j] = least(d[i - 1][j - 1] + (x != y), least(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) && y == tolower((unsigned char)a[i - 2]))
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[a_len][b_len];
}

void text_guess_offer(struct text_guess *guess, const char *name)
{
	size_t length = strlen(guess->word), name_length = strlen(name);
	unsigned limit = guess->nearest ? guess->edits : 2 + (unsigned)(length / 3);

	if (length > WORD_MAX || name_length > WORD_MAX)
		return;
	unsigned edits = distance(guess->word, length, name, name_length);
	if (edits >= limit)
		return;
	guess->edits = edits;
	guess->nearest = name;
}

const char *text_guess_ask(struct text_guess *guess, const char *before, const char *after)
{
	guess->question[0] = '\0';
	if (guess->nearest)
		snprintf(guess->question, sizeof(guess->question), " (did you mean %s%s%s?)", before, guess->nearest, after);
	return guess->question;
}
