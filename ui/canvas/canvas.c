/* The grid of cells, and text into it. */
#include "ui/canvas/canvas.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/canvas/glyph.h"
#include "ui/canvas/paint.h"

enum { CANVAS_CELLS_MAX = 1 << 24 };

int canvas_resize(struct canvas *c, int rows, int columns)
{
	struct cell *cell = NULL;

	rows = rows < 0 ? 0 : rows;
	columns = columns < 0 ? 0 : columns;
	if (rows > 0 && columns > 0) {
		if (columns > CANVAS_CELLS_MAX / rows)
			return -ENOMEM;
		cell = calloc((size_t)rows * (size_t)columns, sizeof(*cell));
		if (!cell)
			return -ENOMEM;
	}
	free(c->cell);
	c->cell = cell;
	c->rows = rows;
	c->columns = columns;
	return 0;
}

void canvas_free(struct canvas *c)
{
	free(c->cell);
	c->cell = NULL;
	c->rows = c->columns = 0;
}

void canvas_clear(struct canvas *c)
{
	if (c->cell)
		memset(c->cell, 0, (size_t)c->rows * (size_t)c->columns * sizeof(*c->cell));
}

struct cell *canvas_cell(struct canvas *c, int row, int column)
{
	if (row < 0 || column < 0 || row >= c->rows || column >= c->columns)
		return NULL;
	return &c->cell[(size_t)row * (size_t)c->columns + (size_t)column];
}

static void set_cell(struct cell *cell, enum style style, uint32_t shown)
{
	*cell = (struct cell){ .glyph = { (char)shown }, .style = (uint8_t)style };
	if (shown >= 0x80)
		glyph_encode(shown, cell->glyph);
}

void paint_glyph(struct canvas *c, int row, int column, enum style style, uint32_t code_point)
{
	struct cell *cell = canvas_cell(c, row, column);

	if (cell)
		set_cell(cell, style, glyph_shown(code_point, c->charset));
}

struct rect paint_visible(const struct canvas *c, struct rect area)
{
	struct rect a = paint_area(area);
	int bottom = a.row + a.rows, right = a.column + a.columns;

	a.row = a.row < 0 ? 0 : a.row;
	a.column = a.column < 0 ? 0 : a.column;
	a.rows = (bottom > c->rows ? c->rows : bottom) - a.row;
	a.columns = (right > c->columns ? c->columns : right) - a.column;
	if (a.rows <= 0 || a.columns <= 0)
		a.rows = a.columns = 0;
	return a;
}

int canvas_put(struct canvas *c, int row, int column, int limit, enum style style, const char *text)
{
	int used = 0;
	int64_t room = (int64_t)c->columns - column;
	const char *at = text;

	if (column >= c->columns || limit == 0)
		return 0;
	room = limit < 0 || room < limit ? room : limit;
	for (; *at && used < room; used++) {
		uint32_t cp;

		at += text_decode(at, &cp);
		paint_glyph(c, row, column + used, style, cp);
	}
	if (!*at)
		return used;
	/* Half a number would be another one. */
	int whole = (int)text_width_of(text, text_whole(text, (unsigned)used));
	for (int i = whole; i < used; i++)
		paint_glyph(c, row, column + i, style, 0);
	return used;
}

int canvas_printf(struct canvas *c, int row, int column, int limit, enum style style, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0)
		return 0;
	return canvas_put(c, row, column, limit, style, text);
}

/* Does the word in these bytes say nothing without what followed it: a number, a dot, an arrow? */
static bool is_loose_end(const char *text, size_t bytes)
{
	static const char *const joints[] = { "·", "→", "+", "=", "-" };

	for (size_t i = 0; i < sizeof(joints) / sizeof(joints[0]); i++)
		if (bytes == strlen(joints[i]) && !strncmp(text, joints[i], bytes))
			return true;
	return strspn(text, "0123456789.,") >= bytes;
}

/* Bytes of the text in front of the ellipsis: to the end of a word, where that leaves half of the
 * room or more.  "0 lost, 0" of "0 lost, 0 unexplained" is "0 lost". */
static size_t canvas_cut_at(const char *text, int columns)
{
	size_t whole = text_whole(text, (unsigned)columns), end = whole;

	while (end && text[whole] != ' ' && text[end - 1] != ' ')
		end--;
	for (size_t word = end; word; word = end) {
		while (word && text[word - 1] != ' ')
			word--;
		if (!is_loose_end(text + word, end - word))
			break;
		end = word ? word - 1 : 0;
	}
	while (end && strchr(" ,;:", text[end - 1]))
		end--;
	return 2 * (int)text_width_of(text, end) >= columns ? end : whole;
}

int canvas_put_cut(struct canvas *c, int row, int column, int columns, enum style style, const char *text)
{
	if (columns <= 0)
		return 0;
	if (canvas_width(text) <= columns)
		return canvas_put(c, row, column, columns, style, text);
	char figure[64];
	if (*text_shorter(text, (unsigned)columns, figure, sizeof(figure)))
		return canvas_put(c, row, column, columns, style, figure);
	size_t whole = canvas_cut_at(text, columns - 1);
	int used = (int)text_width_of(text, whole);
	canvas_put(c, row, column, used, style, text);
	paint_glyph(c, row, paint_limited(column) + used, style, 0x2026);
	return used + 1;
}

int canvas_put_right(struct canvas *c, int row, int column, int columns, enum style style, const char *text)
{
	int width = canvas_width(text);

	char figure[64];

	if (columns <= 0)
		return 0;
	if (width > columns) {
		text = text_shorter(text, (unsigned)columns, figure, sizeof(figure))[0] ? figure : text;
		width = canvas_width(text);
	}
	if (width > columns)
		return canvas_put_cut(c, row, column, columns, style, text);
	canvas_put(c, row, paint_limited(column) + paint_limited(columns) - width, width, style, text);
	return width;
}

void canvas_fill(struct canvas *c, struct rect area, enum style style, const char *glyph)
{
	struct rect v = paint_visible(c, area);
	uint32_t cp = 0;

	if (glyph && *glyph)
		text_decode(glyph, &cp);
	struct cell filled;
	set_cell(&filled, style, glyph_shown(cp, c->charset));
	for (int row = v.row; row < v.row + v.rows; row++)
		for (int column = 0; column < v.columns; column++)
			canvas_cell(c, row, v.column)[column] = filled;
}

void canvas_restyle(struct canvas *c, struct rect area, enum style style)
{
	struct rect v = paint_visible(c, area);

	for (int row = v.row; row < v.row + v.rows; row++)
		for (int column = v.column; column < v.column + v.columns; column++)
			canvas_cell(c, row, column)->style = (uint8_t)style;
}

/* Parts (" · ") go from the end of the note until it fits; without the last one it is empty. */
static void rule_shed(char *note, int room)
{
	static const char dot[] = " · ";

	while (*note && canvas_width(note) > room) {
		char *last = NULL;

		for (char *at = strstr(note, dot); at; at = strstr(at + 1, dot))
			last = at;
		*(last ? last : note) = '\0';
	}
}

/* "─ title ───── note ─": one ─ at either end, a blank around each text, and at least two ─
 * between them or parts of the note go. */
void canvas_rule(struct canvas *c, int row, int column, int columns, const char *title, const char *note)
{
	struct rect a = paint_area((struct rect){ row, column, 1, columns });
	int title_width = title && *title ? canvas_width(title) : 0, title_room = title_width ? title_width + 2 : 0;
	char fits[256];

	snprintf(fits, sizeof(fits), "%s", note ? note : "");
	rule_shed(fits, a.columns - title_room - 6);
	int note_width = canvas_width(fits);

	canvas_fill(c, a, STYLE_FRAME, "─");
	if (title_width && a.columns >= 5) {
		title_width = title_width > a.columns - 4 ? a.columns - 4 : title_width;
		/* It may be cut shorter: behind a word. */
		title_width = canvas_put_cut(c, a.row, a.column + 2, title_width, STYLE_TITLE, title);
		canvas_put(c, a.row, a.column + 1, 1, STYLE_FRAME, " ");
		canvas_put(c, a.row, a.column + 2 + title_width, 1, STYLE_FRAME, " ");
	}
	if (note_width) {
		int at = a.column + a.columns - note_width - 3;

		canvas_fill(c, (struct rect){ a.row, at, 1, note_width + 2 }, STYLE_FRAME, NULL);
		canvas_put(c, a.row, at + 1, note_width, STYLE_DIM, fits);
	}
}

int canvas_width(const char *text)
{
	unsigned width = text_width(text);

	return width < PAINT_FAR ? (int)width : PAINT_FAR;
}
