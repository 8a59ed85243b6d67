/* Curses writes at each step of its cursor: fifty times for a frame, and each time the kernel wakes
 * whoever reads the terminal.  It is given a stream of its own, which leads into a file in memory
 * while a frame is drawn; from there a frame goes to the terminal at once, whole.
 *
 * One terminal at a time; the thread that has it. */
#pragma once

#include <stdio.h>

/* The stream for newterm(3X), which leads to the terminal; NULL: errno. */
FILE *gather_open(void);
/* After delscreen(3X); accepts a never-opened one. */
void gather_close(void);
/* What curses writes from now on is kept; where there is no file to be had, nothing changes. */
void gather_begin(void);
/* Writes what was kept to the terminal. */
void gather_end(void);
