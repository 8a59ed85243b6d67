/* Shapes of the graphic glyphs.  All of a cell's measures are in its own pixels; 9 and 18 keep
 * braille's 2x4 dots and the eighths on a grid. */
#include "ui/canvas/svg_shapes.h"

#include <stdbool.h>
#include <stddef.h>

enum { W = SVG_CELL_WIDTH, H = SVG_CELL_HEIGHT };

static void rectangle(FILE *out, double x, double y, double width, double height)
{
	fprintf(out, "M%g %gh%gv%gh-%gz", x, y, width, height, width);
}

/* ---- box lines: arms from the middle ---- */

enum { ARM_LEFT = 1, ARM_RIGHT = 2, ARM_UP = 4, ARM_DOWN = 8, DASHED = 16 };

static const struct {
	uint32_t code_point;
	unsigned arms;
} boxes[] = {
	{ 0x2500, ARM_LEFT | ARM_RIGHT },
	{ 0x2502, ARM_UP | ARM_DOWN },
	{ 0x2504, ARM_LEFT | ARM_RIGHT | DASHED },
	{ 0x2506, ARM_UP | ARM_DOWN | DASHED },
	{ 0x250c, ARM_RIGHT | ARM_DOWN },
	{ 0x2510, ARM_LEFT | ARM_DOWN },
	{ 0x2514, ARM_RIGHT | ARM_UP },
	{ 0x2518, ARM_LEFT | ARM_UP },
	{ 0x251c, ARM_UP | ARM_DOWN | ARM_RIGHT },
	{ 0x2524, ARM_UP | ARM_DOWN | ARM_LEFT },
	{ 0x252c, ARM_LEFT | ARM_RIGHT | ARM_DOWN },
	{ 0x2534, ARM_LEFT | ARM_RIGHT | ARM_UP },
	{ 0x253c, ARM_LEFT | ARM_RIGHT | ARM_UP | ARM_DOWN },
};

static unsigned box_arms(uint32_t cp)
{
	for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++)
		if (boxes[i].code_point == cp)
			return boxes[i].arms;
	return 0;
}

static void write_dashes(FILE *out, unsigned arms, int x, int y)
{
	for (int i = 0; i < 3; i++) {
		if (arms & ARM_LEFT)
			rectangle(out, x + i * 3 + 0.5, y + H / 2, 2, 1);
		else
			rectangle(out, x + W / 2, y + i * 6 + 1, 1, 4);
	}
}

static void write_box(FILE *out, unsigned arms, int x, int y)
{
	int left = arms & ARM_LEFT ? 0 : W / 2, right = arms & ARM_RIGHT ? W : W / 2 + 1;
	int top = arms & ARM_UP ? 0 : H / 2, bottom = arms & ARM_DOWN ? H : H / 2 + 1;

	if (arms & DASHED) {
		write_dashes(out, arms, x, y);
		return;
	}
	if (arms & (ARM_LEFT | ARM_RIGHT))
		rectangle(out, x + left, y + H / 2, right - left, 1);
	if (arms & (ARM_UP | ARM_DOWN))
		rectangle(out, x + W / 2, y + top, 1, bottom - top);
}

/* ---- braille ---- */

static void write_braille(FILE *out, unsigned dots, int x, int y)
{
	/* bit of (column, row from the top) */
	static const unsigned char bit[2][4] = { { 0x01, 0x02, 0x04, 0x40 }, { 0x08, 0x10, 0x20, 0x80 } };

	for (int column = 0; column < 2; column++)
		for (int row = 0; row < 4; row++)
			if (dots & bit[column][row])
				rectangle(out, x + column * W / 2.0 + 0.75, y + row * H / 4.0 + 0.75, 3, 3);
}

/* ---- blocks ---- */

static bool is_block(uint32_t cp)
{
	return (cp >= 0x2580 && cp <= 0x2595) || cp == 0x25a0;
}

static void write_block(FILE *out, uint32_t cp, int x, int y)
{
	if (cp == 0x2580)
		rectangle(out, x, y, W, H / 2.0);
	else if (cp <= 0x2588) /* lower eighths */
		rectangle(out, x, y + H - H * (cp - 0x2580) / 8.0, W, H * (cp - 0x2580) / 8.0);
	else if (cp <= 0x258f) /* left eighths, 7 to 1 */
		rectangle(out, x, y, W * (0x2590 - cp) / 8.0, H);
	else if (cp == 0x2590)
		rectangle(out, x + W / 2.0, y, W / 2.0, H);
	else if (cp <= 0x2593) /* shades: whole, by opacity */
		rectangle(out, x, y, W, H);
	else if (cp == 0x2594)
		rectangle(out, x, y, W, H / 8.0);
	else if (cp == 0x2595)
		rectangle(out, x + W * 7 / 8.0, y, W / 8.0, H);
	else
		rectangle(out, x + 1, y + 5, W - 2, W - 2);
}

int svg_shape_opacity(uint32_t cp)
{
	if (cp >= 0x2591 && cp <= 0x2593)
		return (int)(cp - 0x2590);
	return is_block(cp) || box_arms(cp) || (cp > 0x2800 && cp <= 0x28ff) ? 4 : 0;
}

void svg_shape_write(FILE *out, uint32_t cp, int x, int y)
{
	if (cp >= 0x2800)
		write_braille(out, cp - 0x2800, x, y);
	else if (is_block(cp))
		write_block(out, cp, x, y);
	else
		write_box(out, box_arms(cp), x, y);
}
