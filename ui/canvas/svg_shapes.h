/* Glyphs that are drawn, not written: blocks, shades, braille and box lines as rectangles in an
 * SVG path, so that charts look alike whatever font there is. */
#pragma once

#include <stdint.h>
#include <stdio.h>

enum { SVG_CELL_WIDTH = 9, SVG_CELL_HEIGHT = 18 };

/* The opacity of the shape in quarters: 4 for all but shades; 0: not a shape, write it as text. */
int svg_shape_opacity(uint32_t code_point);
/* Appends path data for the shape in the cell whose upper left corner is (x, y). */
void svg_shape_write(FILE *out, uint32_t code_point, int x, int y);
