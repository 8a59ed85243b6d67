/* Glyphs: code points as UTF-8, and which of them a cell may hold.  Pure; any thread. */
#pragma once

#include <stdint.h>

#include "ui/canvas/charset.h"

/* Writes at most 4 bytes and a NUL; returns the bytes written. */
int glyph_encode(uint32_t code_point, char out[5]);

/* The code point that a cell shows for another one: itself where it is printable and one column
 * wide everywhere; control characters as their pictures; anything else TEXT_UNKNOWN; in ASCII
 * its stand-in.  A blank is 0. */
uint32_t glyph_shown(uint32_t code_point, enum charset charset);
