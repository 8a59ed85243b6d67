/* The grid of a sweep as it fills in.  Pure: from the state (sweep/sweep.h) and how it is looked
 * at, into a canvas.  Main thread only. */
#pragma once

#include "sweep/sweep.h"
#include "ui/canvas/canvas.h"

struct sweep_look {
	const struct sweep_state *state;
	const char *directory; /* of the results */
	char event[300];       /* the last thing that happened; "" none yet */
	char note[32];         /* in its place until the next key; "" none */
	bool stopping;
	/* The part that is seen.  A page is one combination of the values of the axes that are
	 * neither rows nor columns. */
	bool follows; /* the cell that is run is kept in sight */
	uint32_t page;
	int first_row, first_column;
	/* Worked out anew when a run has ended (sweep_look_update). */
	uint64_t seen;
	int64_t best;
	double scale;
	const char *unit;
	/* The last painting had room for so many; paging goes by them.  stacked: all pages stand
	 * one below the other. */
	int rows_shown, columns_shown;
	bool stacked;
};

void sweep_look_init(struct sweep_look *look, const struct sweep_state *state, const char *directory);
/* KEYCODE_*, or a letter; false: means nothing here. */
bool sweep_look_key(struct sweep_look *look, int key);
void sweep_paint(struct canvas *c, struct sweep_look *look);
