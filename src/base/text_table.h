/* Tables of text: aligned for a terminal, or Markdown.  Internal to sweep_*.c. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

struct text_table {
	unsigned columns, rows; /* the head is not counted */
	bool markdown;
	unsigned room,
		/* columns that do not fit into so many cells (0: any fit) are left out from the
		 * right, but the first `keep` */
		keep;
	void *ctx;
	/* What stands there; row -1 is the head.  Into out. */
	void (*cell)(void *ctx, long row, unsigned column, char *out, size_t size);
};

/* Returns how many columns were left out. */
unsigned text_table_write(FILE *out, const struct text_table *table);
/* Text from outside as Markdown takes it for text. */
void markdown_text(FILE *out, const char *text);
