/* What the real modes would count: made-up numbers for a board made by hand, by the names in their
 * own tables.  All are known, and the ledgers balance. */
#pragma once

#include "boards.h"

/* Opens the board with that mode: what its workers count, its rows, and its methods, which all run.
 * made.loss: packets are lost where that mode loses them. */
void modes_open(struct made *m, const char *mode, unsigned servers, unsigned clients);
/* Sets an option of the board's mode. */
void modes_set(struct made *m, const char *option, const char *value);
