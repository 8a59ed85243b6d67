/* The pen puts together what makes the terminal show cells, and sends it.
 *
 * Curses would do that, too, but it compares whole lines anew, and for each step of the cursor and
 * each colour it looks for the cheapest of all the sequences that the terminal knows: half of a
 * frame's CPU time.  Here the sequences of a style are made once, out of the same description of
 * the terminal (terminfo(5)).  Curses keeps the modes and the keys.
 *
 * One terminal at a time, between newterm(3X) and delscreen(3X); the thread that has it. */
#pragma once

#include "ui/canvas/canvas.h"
#include "ui/canvas/theme.h"

enum { PEN_DIRECT_COLORS = 1 << 24 };

/* The colours that it has on this terminal: 0, 8, 256 or PEN_DIRECT_COLORS. */
int pen_colors(void);
/* colors: what pen_colors() said, or 0. */
void pen_open(int colors);
/* The looks of the styles from now on. */
void pen_take_theme(const struct theme *theme);
/* Does a blank in this style look like one that was wiped? */
bool pen_is_plain(unsigned style);
/* Can the last cell of the screen not be written without scrolling? */
bool pen_scrolls(void);

/* Somebody else has written: where the cursor is, and what is switched on, is not known. */
void pen_forget(void);
/* Makes all blank. */
void pen_wipe(void);
/* Sends those of a row's first cells that differ from what is shown there; shown NULL: all. */
void pen_row(int row, int cells, const struct cell *cell, const struct cell *shown);
/* Sends what is left.  No attribute is on after that. */
void pen_send(void);
