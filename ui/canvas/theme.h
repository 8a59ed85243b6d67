/* Themes: what each style looks like, as colours and attributes.  Tables only; curses and SVG
 * both read them. */
#pragma once

#include "ui/canvas/canvas.h"

enum { ATTR_BOLD = 1, ATTR_REVERSE = 2, ATTR_UNDERLINE = 4, ATTR_DIM = 8 };

struct look {
	int32_t foreground, background; /* 0xRRGGBB, or -1 the terminal's own */
	/* for 256-colour terminals; 0 with -1 above = own */
	uint8_t foreground_256, background_256;
	int8_t foreground_8, background_8; /* for 8-colour terminals; -1 own */
	uint8_t attributes;
};

struct theme {
	const char *name, *summary;
	bool light;
	struct look look[STYLES];
};

extern const struct theme *const themes[];        /* dark, light, mono, safe; NULL-terminated */
const struct theme *theme_find(const char *name); /* NULL: unknown; name NULL: dark */
const struct theme *theme_next(const struct theme *t);
