/* Tables of text.  See base/text/table.h. */
#include "base/text/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { CELL_BYTES = 200 };

void text_markdown(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\`*_[]<>|#", *text))
			putc('\\', out);
		putc(*text, out);
	}
}

static void write_row(FILE *out, const struct text_table *t, const unsigned *width, long row)
{
	char text[CELL_BYTES];

	fputs(t->markdown ? "|" : "", out);
	for (unsigned i = 0; i < t->columns; i++) {
		t->cell(t->ctx, row, i, text, sizeof(text));

		fprintf(out, "%s%s", t->markdown ? " " : i ? "  " : "", text);
		if (t->markdown || i + 1 < t->columns)
			fprintf(out, "%*s", (int)(width[i] - text_width(text)), "");
		fputs(t->markdown ? " |" : "", out);
	}
	putc('\n', out);
}

static void write_rule(FILE *out, const struct text_table *t, const unsigned *width)
{
	for (unsigned i = 0; i < t->columns; i++) {
		fputs(i ? " " : "| ", out);
		for (unsigned n = 0; n < width[i]; n++)
			putc('-', out);
		fputs(" |", out);
	}
	putc('\n', out);
}

static void measure(const struct text_table *t, unsigned *width)
{
	char text[CELL_BYTES];

	for (long row = -1; row < (long)t->rows; row++)
		for (unsigned i = 0; i < t->columns; i++) {
			t->cell(t->ctx, row, i, text, sizeof(text));
			unsigned wide = text_width(text);

			width[i] = wide > width[i] ? wide : width[i];
		}
}

/* Counts the columns that fit, with two blanks between them. */
static unsigned fitting(const struct text_table *t, const unsigned *width)
{
	unsigned used = 0;

	for (unsigned i = 0; t->room && i < t->columns; i++) {
		used += width[i] + (i ? 2 : 0);
		if (used > t->room && i >= t->keep)
			return i;
	}
	return t->columns;
}

unsigned text_table_write(FILE *out, const struct text_table *table)
{
	struct text_table t = *table;
	unsigned *width = calloc(t.columns ? t.columns : 1, sizeof(*width));

	if (!width)
		return 0;
	measure(&t, width);
	t.columns = fitting(&t, width);
	write_row(out, &t, width, -1);
	if (t.markdown)
		write_rule(out, &t, width);
	for (long row = 0; row < (long)t.rows; row++)
		write_row(out, &t, width, row);
	free(width);
	return table->columns - t.columns;
}
