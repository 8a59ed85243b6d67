/* Starting the real program on a test terminal, in an empty directory of its own, with the
 * synthetic mode on a clock that stands still after some ticks. */
#pragma once

#include "term.h"

struct program {
	struct term *term;
	char directory[64];
};

struct program_config {
	int rows, columns;
	unsigned ticks;                 /* of the virtual clock, after which it stands still */
	const char *locale;             /* NULL: C.UTF-8 */
	const char *const *words;       /* NULL: "dash null --seed 7 --cores 4" */
	const char *const *arguments;   /* after those; NULL-terminated; may be NULL */
	const char *const *environment; /* may be NULL */
};

/* Fails the cmocka test where it cannot. */
void program_start(struct program *p, const struct program_config *config);
/* The same in the directory of a program that has ended. */
void program_again(struct program *p, const struct program_config *config);
/* Ends it if it still runs, removes the directory. */
void program_end(struct program *p);
/* Sends a key as its bytes, and waits until the program has read it. */
void program_press(struct program *p, const char *key);
