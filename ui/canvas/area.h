/* Text into an area of a canvas: rows and columns are the area's own, and nothing is painted
 * outside of it. */
#pragma once

#include "ui/canvas/canvas.h"

/* A rule with title and note over the area's first row. */
void area_rule(struct canvas *c, struct rect area, const char *title, const char *note);
/* Returns the columns used. */
int area_put(struct canvas *c, struct rect area, int row, int column, enum style style, const char *text);
int area_printf(struct canvas *c, struct rect area, int row, int column, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
/* Broken at blanks, from `row` on.  Returns the rows that this takes, those above and below the
 * area too, which are not painted (scrolled away). */
int area_wrap(struct canvas *c, struct rect area, int row, int column, enum style style, const char *text);
/* The rows that such a text takes in so many columns; 0 where there is none. */
int area_wrap_rows(int columns, const char *text);
/* Takes parts (" · ") from the end of the text until it fits into so many rows, or one is left. */
void area_shed(int columns, int rows, char *text);
/* Right-aligned; returns the column it starts at. */
int area_put_right(struct canvas *c, struct rect area, int row, enum style style, const char *text);
