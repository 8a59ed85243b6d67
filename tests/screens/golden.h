/* Golden screens: a terminal's screen as text that people can read and diff, kept in
 * tests/screens/golden/. */
#pragma once

#include <stdbool.h>

#include "term.h"

/* Rows of the screen, `end` not included, as text: the rows, then a letter for each cell's look
 * (a dot is the terminal's own), then what the letters mean.  malloc'ed. */
char *golden_dump(const struct term *t, int from, int end);

/* Compares the text with golden/NAME.txt under `directory`.  On a difference prints the lines
 * that differ and writes NAME.actual.txt to the working directory.  update: writes the golden
 * file instead. */
bool golden_compare(const char *text, const char *directory, const char *name, bool update);
/* The same with the screen, from a row on. */
bool golden_check(const struct term *t, int from, const char *directory, const char *name, bool update);
