/* Keeps ui/dash/board.h filled.  Main thread only. */
#pragma once

#include "ui/dash/board.h"

/* All modes with their methods probed and their options at defaults and settings; `engine` is
 * the current one.  0 or -ENOMEM. */
int modes_init(struct board *b, const struct engine *engine, struct err *err);
void modes_free(struct board *b); /* accepts a zeroed one */
/* Sets current_method to the one that the current mode's options choose. */
void modes_find_method(struct board *b);
