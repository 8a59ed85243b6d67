/* Help, made from the tables: verbs, options, modes, keys.  Main thread only; each prints to stdout and returns an exit status. */
#pragma once

#include "main/program.h"

int help_program(void);
/* engine NULL: the verb without a mode. */
int help_verb(const struct verb *verb, const struct engine *engine);
/* `text` in lines of at most `width` columns, the first at column `at`, the others indented. Pure but for the output. */
void help_wrap(FILE *out, const char *text, int at, int indent, int width);
