/* Horizontal bars. */
#include "ui/widgets/widgets.h"

#include "ui/canvas/paint.h"

/* Eighths of a cell, filled from the left: U+258F is 1/8, U+2588 is 8/8.  In ASCII a cell is
 * half ('-') or whole ('#'). */
static uint32_t bar_glyph(const struct canvas *c, int eighths)
{
	if (c->charset == CHARSET_ASCII)
		return eighths >= 8 ? '#' : '-';
	return 0x2590u - (uint32_t)eighths;
}

static int bar_eighths(const struct canvas *c, int columns, double fraction)
{
	int steps = c->charset == CHARSET_ASCII ? 2 : 8;
	int filled = (int)(fraction * columns * steps + 0.5);

	return (filled > 0 ? filled : 1) * 8 / steps;
}

void bar_paint(struct canvas *c, int row, int column, int columns, double fraction, enum style style)
{
	struct rect a = paint_area((struct rect){ row, column, 1, columns });

	if (!(fraction > 0) || a.columns == 0) /* NaN, too */
		return;
	int eighths = bar_eighths(c, a.columns, fraction > 1 ? 1 : fraction);
	for (int i = 0; i < a.columns && eighths > 0; i++, eighths -= 8)
		paint_glyph(c, a.row, a.column + i, style, bar_glyph(c, eighths > 8 ? 8 : eighths));
}
