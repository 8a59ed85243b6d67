/* The end of a sweep, complete or not: writes the reports, prints the table and the command that
 * continues it.  Main thread only. */
#pragma once

#include "main/sweep/run.h"

/* why: of SWEEP_BROKEN.  Returns the exit status. */
int sweep_finish(struct sweep_store *store, const struct sweep_state *state, const struct host_info *host, enum sweep_end end,
	const struct err *why);
