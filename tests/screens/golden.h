/* Golden screens: a terminal's screen as text that people can read and diff, kept in
 * tests/screens/golden/. */
#pragma once

#include <stdbool.h>

#include "term.h"

/* The screen as text: the rows, then a letter for each cell's look (a dot is the terminal's
 * own), then what the letters mean.  malloc'ed. */
char *golden_dump(const struct term *t);

/* Compares the screen with golden/NAME.txt under `directory`.  On a difference prints the lines
 * that differ and writes NAME.actual.txt to the working directory.  update: writes the golden
 * file instead. */
bool golden_check(const struct term *t, const char *directory, const char *name, bool update);
