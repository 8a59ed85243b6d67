/* A canvas: a grid of cells that widgets paint into.  Pure data: the same painting goes to
 * curses, to text, to SVG and to tests.  Everything clips; coordinates may lie outside.  One
 * column per cell; a glyph is one printable character of UTF-8 (no wide or combining ones). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ui/canvas/charset.h"

/* The meaning of a cell; the theme decides how it looks. */
enum style {
	STYLE_TEXT,
	STYLE_DIM,
	STYLE_STRONG,
	STYLE_TITLE,
	STYLE_FRAME,
	STYLE_KEY,
	STYLE_KEY_LABEL,
	STYLE_TAB,
	STYLE_TAB_CURRENT,
	STYLE_TAB_GREYED,
	STYLE_SELECTED,
	STYLE_SERVER,
	STYLE_CLIENT,
	STYLE_SUM,
	STYLE_GOOD,
	STYLE_WARNING,
	STYLE_BAD,
	STYLE_BETTER,
	STYLE_WORSE,
	STYLE_SAME,
	STYLE_CHART,
	STYLE_CHART_BASE,
	STYLE_CHART_MARK,
	STYLE_CURSOR,
	STYLE_BAR,
	STYLE_AXIS,
	STYLE_TOAST,
	STYLE_RECORD,
	STYLE_FROZEN,
	STYLE_FIELD,
	STYLE_FIELD_BAD,
	STYLE_FIELD_CHANGED,
	STYLE_HEAT_0,
	STYLE_HEAT_1,
	STYLE_HEAT_2,
	STYLE_HEAT_3,
	STYLE_HEAT_4,
	STYLE_HEAT_5,
	STYLE_HEAT_6,
	STYLE_HEAT_7,
	STYLES,
};

struct cell {
	char glyph[5]; /* UTF-8, NUL-terminated; "" = blank */
	uint8_t style; /* enum style */
};

struct rect {
	int row, column, rows, columns;
};

struct canvas {
	int rows, columns;
	enum charset charset; /* BRAILLE, BLOCK or ASCII: never AUTO */
	struct cell *cell;    /* rows * columns */
};

/* all blank; 0 or -ENOMEM (unchanged); a zeroed canvas is a 0x0 one */
int canvas_resize(struct canvas *c, int rows, int columns);
void canvas_free(struct canvas *c);
void canvas_clear(struct canvas *c);
struct cell *canvas_cell(struct canvas *c, int row, int column); /* NULL outside */

/* Text starts at (row, column), is cut at `limit` columns (< 0: the canvas' edge), but never within
 * a number, which is left out then; returns columns used.  In CHARSET_ASCII every non-ASCII glyph
 * is replaced by its ASCII stand-in (table in glyph.c).  Control characters become their pictures
 * (␛), invalid bytes and glyphs that are not one column wide become U+FFFD: no raw one reaches a
 * cell. */
int canvas_put(struct canvas *c, int row, int column, int limit, enum style style, const char *text);
int canvas_printf(struct canvas *c, int row, int column, int limit, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
/* Right-aligned in `columns`; a figure that does not fit is shortened (text_shorter()). */
int canvas_put_right(struct canvas *c, int row, int column, int columns, enum style style, const char *text);
/* In at most `columns`; a figure that does not fit is shortened.  Other text ends in "…" behind a
 * word or, where that would leave little, in one, but before the number that would have been cut
 * (so does canvas_put_right()). */
int canvas_put_cut(struct canvas *c, int row, int column, int columns, enum style style, const char *text);
void canvas_fill(struct canvas *c, struct rect area, enum style style, const char *glyph);
void canvas_restyle(struct canvas *c, struct rect area, enum style style);
/* A rule of `columns` cells, with a title at the left and a note at the right: "─ cores · rx
 * ──────── S sort ─".  A note that does not fit loses its parts (" · ") from the end; either may be
 * NULL. */
void canvas_rule(struct canvas *c, int row, int column, int columns, const char *title, const char *note);

/* Columns that UTF-8 text takes (each code point one; invalid bytes one each). */
int canvas_width(const char *text);

/* malloc'ed exports; NULL when out of memory.  Text: rows with trailing blanks cut, each ended
 * by \n. */
char *canvas_to_text(const struct canvas *c);
char *canvas_to_svg(const struct canvas *c, const char *theme, const char *title);
