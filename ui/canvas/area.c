/* Text into an area of a canvas.  See area.h. */
#include "ui/canvas/area.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

void area_rule(struct canvas *c, struct rect area, const char *title, const char *note)
{
	canvas_rule(c, area.row, area.column, area.columns, title, note);
}

int area_put(struct canvas *c, struct rect area, int row, int column, enum style style, const char *text)
{
	if (row < 0 || row >= area.rows || column < 0 || column >= area.columns)
		return 0;
	return canvas_put(c, area.row + row, area.column + column, area.columns - column, style, text);
}

int area_printf(struct canvas *c, struct rect area, int row, int column, enum style style, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return area_put(c, area, row, column, style, text);
}

int area_wrap(struct canvas *c, struct rect area, int row, int column, enum style style, const char *text)
{
	int columns = area.columns - column - 1, rows = 0;
	char line[512];

	if (columns < 1)
		return 0;
	for (; *text; row++, rows++) {
		size_t bytes = text_line(text, (unsigned)columns);

		snprintf(line, sizeof(line), "%.*s", (int)bytes, text);
		area_put(c, area, row, column, style, line);
		text += bytes;
		text += strspn(text, " ");
	}
	return rows;
}

int area_wrap_rows(int columns, const char *text)
{
	int rows = 0;

	for (; columns > 0 && *text; rows++) {
		text += text_line(text, (unsigned)columns);
		text += strspn(text, " ");
	}
	return rows;
}

void area_shed(int columns, int rows, char *text)
{
	static const char dot[] = " · ";

	while (area_wrap_rows(columns, text) > rows) {
		char *last = NULL;

		for (char *at = strstr(text, dot); at; at = strstr(at + 1, dot))
			last = at;
		if (!last)
			return;
		*last = '\0';
	}
}

int area_put_right(struct canvas *c, struct rect area, int row, enum style style, const char *text)
{
	int width = canvas_width(text), column = area.columns - width;

	if (column < 0)
		column = 0;
	area_put(c, area, row, column, style, text);
	return column;
}
