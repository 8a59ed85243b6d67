/* Tables of text: aligned for a terminal, or Markdown.  Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

struct text_table {
	unsigned columns, rows; /* the head is not counted */
	bool markdown;
	/* columns that do not fit into so many cells (0: any fit) are left out from the right, but
	 * the first `keep` */
	unsigned room, keep;
	void *ctx;
	/* Writes the text of a cell into `out`; row -1 is the head. */
	void (*cell)(void *ctx, long row, unsigned column, char *out, size_t size);
};

/* Returns how many columns were left out. */
unsigned text_table_write(FILE *out, const struct text_table *table);
/* Writes text from outside so that Markdown takes it for text. */
void text_markdown(FILE *out, const char *text);
