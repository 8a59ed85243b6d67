/* Shared by the widget tests: a canvas of a size, and its text compared whole (cmocka prints
 * both). */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ui/canvas/canvas.h"

static inline struct canvas canvas_of(int rows, int columns, enum charset charset)
{
	struct canvas c = { .charset = charset };

	assert_int_equal(canvas_resize(&c, rows, columns), 0);
	return c;
}

static inline void assert_painted(const struct canvas *c, const char *expected)
{
	char *text = canvas_to_text(c);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static inline enum style style_at(struct canvas *c, int row, int column)
{
	struct cell *cell = canvas_cell(c, row, column);

	assert_non_null(cell);
	return (enum style)cell->style;
}
