/* Helpers of all painters: areas that cannot overflow, and one glyph into one cell. */
#pragma once

#include "ui/canvas/canvas.h"

enum { PAINT_FAR = 20000 }; /* no terminal is that large; sums of three stay far inside an int */

static inline int paint_limited(int v)
{
	return v < -PAINT_FAR ? -PAINT_FAR : v > PAINT_FAR ? PAINT_FAR : v;
}

/* The same area, with coordinates that can be added without overflow and sizes >= 0. */
static inline struct rect paint_area(struct rect r)
{
	struct rect a = { paint_limited(r.row), paint_limited(r.column), paint_limited(r.rows), paint_limited(r.columns) };

	a.rows = a.rows < 0 ? 0 : a.rows;
	a.columns = a.columns < 0 ? 0 : a.columns;
	return a;
}

/* The part of the area that lies on the canvas (rows or columns 0: none). */
struct rect paint_visible(const struct canvas *c, struct rect area);

/* One code point into one cell, where that lies on the canvas; 0 is a blank.  Stand-ins as
 * canvas_put(). */
void paint_glyph(struct canvas *c, int row, int column, enum style style, uint32_t code_point);
