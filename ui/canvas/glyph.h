/* Glyphs: UTF-8 in and out, and which code points a cell may hold.  Pure; any thread. */
#pragma once

#include <stdint.h>

#include "ui/canvas/canvas.h"

enum { GLYPH_UNKNOWN = 0xfffd };

/* Decodes one code point at `text` (not at its NUL): bytes taken, >= 1.  A byte that starts no
 * valid sequence is taken alone as GLYPH_UNKNOWN. */
int glyph_decode(const char *text, uint32_t *ret_code_point);
/* Writes at most 4 bytes and a NUL; returns the bytes written. */
int glyph_encode(uint32_t code_point, char out[5]);

/* What a cell shows for a code point: itself where it is printable and one column wide
 * everywhere; control characters as their pictures; anything else GLYPH_UNKNOWN; in ASCII its
 * stand-in.  A blank is 0. */
uint32_t glyph_shown(uint32_t code_point, enum ui_charset charset);
