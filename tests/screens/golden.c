/* Golden screens; see golden.h. */
#include "golden.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOKS_MAX = 62, LOOK_TEXT = 80 };

/* The looks seen so far, as text, in order of appearance: the first is a, then b, ... */
struct looks {
	unsigned count;
	char text[LOOKS_MAX][LOOK_TEXT];
};

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

static void describe_colour(const VTermColor *colour, bool is_default, const char *what, char *out, size_t size)
{
	if (is_default)
		out[0] = '\0';
	else if (VTERM_COLOR_IS_INDEXED(colour))
		snprintf(out, size, " %s=%u", what, colour->indexed.idx);
	else
		snprintf(out, size, " %s=#%02x%02x%02x", what, colour->rgb.red, colour->rgb.green, colour->rgb.blue);
}

/* "" for the terminal's own look. */
static void describe(const VTermScreenCell *cell, char *out, size_t size)
{
	char foreground[24], background[24];

	describe_colour(&cell->fg, VTERM_COLOR_IS_DEFAULT_FG(&cell->fg), "fg", foreground, sizeof(foreground));
	describe_colour(&cell->bg, VTERM_COLOR_IS_DEFAULT_BG(&cell->bg), "bg", background, sizeof(background));
	snprintf(out, size, "%s%s%s%s%s", foreground, background, cell->attrs.bold ? " bold" : "",
		cell->attrs.underline ? " underline" : "", cell->attrs.reverse ? " reverse" : "");
}

static char letter_of(struct looks *looks, const char *text)
{
	unsigned i = 0;

	if (!text[0])
		return '.';
	while (i < looks->count && strcmp(looks->text[i], text) != 0)
		i++;
	if (i == LOOKS_MAX)
		return '?';
	if (i == looks->count)
		snprintf(looks->text[looks->count++], LOOK_TEXT, "%s", text);
	return letters[i];
}

static void dump_text(const struct term *t, int from, int end, FILE *out)
{
	char row[4096];

	for (int r = from; r < end; r++)
		fprintf(out, "%s\n", term_row(t, r, row, sizeof(row)));
}

static void dump_looks(const struct term *t, int from, int end, struct looks *looks, FILE *out)
{
	for (int r = from; r < end; r++) {
		char row[1024] = "";
		int kept = 0;

		for (int c = 0; c < term_columns(t) && c < (int)sizeof(row) - 1; c++) {
			VTermScreenCell cell;
			char text[LOOK_TEXT];

			term_cell(t, r, c, &cell);
			describe(&cell, text, sizeof(text));
			row[c] = letter_of(looks, text);
			if (row[c] != '.')
				kept = c + 1;
		}
		fprintf(out, "%.*s\n", kept, row);
	}
}

char *golden_dump(const struct term *t, int from, int end)
{
	struct looks looks = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "==== %dx%d, cursor %s\n", term_columns(t), term_rows(t),
		term_modes(t).cursor_visible ? "visible" : "hidden");
	dump_text(t, from, end, out);
	fprintf(out, "==== looks\n");
	dump_looks(t, from, end, &looks, out);
	fprintf(out, "==== letters\n");
	for (unsigned i = 0; i < looks.count; i++)
		fprintf(out, "%c%s\n", letters[i], looks.text[i]);
	fclose(out);
	return text;
}

static char *read_file(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!in)
		return NULL;
	if (getdelim(&text, &size, '\0', in) < 0) {
		free(text);
		text = NULL;
	}
	fclose(in);
	return text;
}

static bool write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");
	bool ok = out && fputs(text, out) >= 0;

	if (out && fclose(out) != 0)
		ok = false;
	if (!ok)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return ok;
}

/* Length of the line at `at`, without its end; moves *next behind it. */
static int line_length(const char *at, const char **next)
{
	const char *end = strchrnul(at, '\n');

	*next = *end ? end + 1 : end;
	return (int)(end - at);
}

static void print_difference(const char *wanted, const char *got)
{
	for (unsigned line = 1; *wanted || *got; line++) {
		const char *wanted_next, *got_next;
		int wanted_length = line_length(wanted, &wanted_next), got_length = line_length(got, &got_next);

		if (wanted_length != got_length || memcmp(wanted, got, (size_t)got_length) != 0)
			fprintf(stderr, "%3u wanted |%.*s\n    got    |%.*s\n", line, wanted_length, wanted, got_length, got);
		wanted = wanted_next;
		got = got_next;
	}
}

static bool matches(const char *name, const char *path, const char *got)
{
	char *wanted = read_file(path), actual[256];
	bool same = wanted && strcmp(wanted, got) == 0;

	if (!same) {
		snprintf(actual, sizeof(actual), "%s.actual.txt", name);
		fprintf(stderr, "screen %s is not as %s says (%s has it; --update accepts it):\n", name, path, actual);
		print_difference(wanted ? wanted : "", got);
		fprintf(stderr, "the whole of it:\n%s", got);
		write_file(actual, got);
	}
	free(wanted);
	return same;
}

bool golden_compare(const char *text, const char *directory, const char *name, bool update)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s.txt", directory, name);
	return update ? write_file(path, text) : matches(name, path, text);
}

bool golden_check(const struct term *t, int from, const char *directory, const char *name, bool update)
{
	char *got = golden_dump(t, from, term_rows(t));
	bool ok = got && golden_compare(got, directory, name, update);

	free(got);
	return ok;
}
