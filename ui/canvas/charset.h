/* Character sets: what charts and frames may be made of. */
#pragma once

enum charset { CHARSET_AUTO, CHARSET_BRAILLE, CHARSET_BLOCK, CHARSET_ASCII };

/* AUTO becomes braille where the locale is UTF-8 (setlocale(3) is main's) and the terminal is
 * not the Linux console, else ASCII. */
enum charset charset_resolve(enum charset wanted);
