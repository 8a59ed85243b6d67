/* Help, made from the tables: verbs, options, modes, keys.  Main thread only; each prints to
 * stdout and returns an exit status. */
#pragma once

#include "main/cli/program.h"

int help_program(void);
/* engine NULL: the verb without a mode. */
int help_verb(const struct verb *verb, const struct engine *engine);
/* Columns of the terminal that `out` is, within sensible bounds; 0 if it is none. */
int help_width(FILE *out);
/* Writes `text` from column `at` on in lines of at most `width` columns, the others indented,
 * and ends the last. */
void help_fill(FILE *out, const char *text, int at, int indent, int width);
