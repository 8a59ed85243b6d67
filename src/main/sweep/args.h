/* The words of a sweep's command line that are lists: taken out before the rest is read as any
 * verb's.  Main thread only. */
#pragma once

#include "sweep/sweep.h"

struct sweep_list {
	const char *name; /* of the option */
	char *text;       /* the list */
};

struct sweep_args {
	int argc;
	char **argv; /* the words that are left; the array is owned, the words are not */
	unsigned count;
	struct sweep_list *list; /* in the order of the command line, the last one of a name */
};

/* Words argv[from...] for the options of `engine`; argv[0..from) are kept as they are.  `own`:
 * the verb's, whose values are skipped. */
int sweep_args_split(struct sweep_args *args, const struct engine *engine, const struct option_def *own, int argc, char **argv,
	int from, struct err *err);
void sweep_args_free(struct sweep_args *args); /* accepts a zeroed one */
