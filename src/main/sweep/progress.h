/* How far a sweep is: a screen, or one line that is drawn again and again on a terminal, or a
 * line per run elsewhere.  To stderr.  Main thread only. */
#pragma once

#include "sweep/sweep.h"
#include "ui/sweep/screen.h"

struct sweep_progress {
	const struct sweep_state *state;
	bool live;                   /* stderr is a terminal that can draw over a line */
	bool shown;                  /* the status line stands there */
	char last[160];              /* result of the newest run */
	struct sweep_screen *screen; /* shows all that instead; NULL: none */
};

void sweep_progress_init(struct sweep_progress *p, const struct sweep_state *state);
/* From here to sweep_progress_end() the terminal is the screen's. */
int sweep_progress_show(struct sweep_progress *p, const struct terminal_config *config, const char *directory, struct err *err);
/* Draws the status line again, where there is one. */
void sweep_progress_draw(struct sweep_progress *p);
/* A run has ended: SWEEP_SLOT_DONE, or _FAILED for `why`. */
void sweep_progress_run(struct sweep_progress *p, uint32_t cell, unsigned round, const json_t *row, bool valid);
/* A line of its own, above the status line. */
void sweep_progress_say(struct sweep_progress *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Takes the status line or the screen away. */
void sweep_progress_end(struct sweep_progress *p);
