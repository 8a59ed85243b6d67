/* The rounds of the dashboard's duel: starts the runs of both sides by turns, takes what they come
 * to, and tells the board.  What the runs say is record/duel.h's.  Main thread only. */
#pragma once

#include <stdint.h>

#include "mode/options.h"
#include "record/duel.h"

struct console;

struct rounds {
	struct duel duel; /* the board shows it */
	bool kept;        /* there is a baseline: */
	struct options base;
	const char *load_name; /* of its run: what [ and ] change; NULL: nothing */
	bool made;             /* there are sides: */
	struct options side[DUEL_SIDES];
	uint32_t run_id; /* of the duel's newest run */
	/* Traffic was on when the duel began: what is changed when it has ended starts a run. */
	bool resumes;
};

/* Keeps the options of that run, and the load it has been brought to, as side A; 0: forgets them.
 * A duel ends, and is forgotten.  -ENOENT: the run is not known any more. */
int rounds_keep(struct console *c, uint32_t run_id, struct err *err);
/* Starts a duel of the baseline against the current options; one that goes on begins anew.  When it
 * fails, that one goes on as if nothing had happened. */
int rounds_start(struct console *c, struct err *err);
/* Ends a duel that is going; its run is left alone. */
void rounds_stop(struct console *c, const char *why);
bool rounds_going(const struct console *c);
/* B's options have changed without a duel: what an old one said is not of them. */
void rounds_forget(struct console *c);
/* Looks whether the duel's run has ended, and starts the next. */
void rounds_step(struct console *c);
void rounds_free(struct rounds *r); /* accepts a zeroed one */
