/* The end of a sweep, complete or not: writes the reports, prints the table and the command that
 * continues it.  Main thread only. */
#pragma once

#include "main/sweep/run.h"

/* "netdyno: WHAT: netdyno sweep --resume DIR", so that a shell reads it back. */
void sweep_say_how(const char *what, const struct sweep_plan *plan, const char *directory);
/* Columns of the terminal that stdout is; 0: it is none. */
unsigned sweep_room(void);
/* The table and the findings, on stdout. */
void sweep_print(const struct sweep_state *state);
/* A saved sweep, as `open` shows it: the plan of its directory and what has come of it, on stdout.
 * -errno with *err. */
int sweep_show(const char *directory, struct err *err);
/* why: of SWEEP_BROKEN.  Returns the exit status. */
int sweep_finish(struct sweep_store *store, const struct sweep_state *state, const struct host_info *host, enum sweep_end end,
	const struct err *why);
