/* The runs of this session: a list in which one is shown and two are chosen to compare, and how the
 * shown run stands against the one before it.  Main thread only. */
#pragma once

#include "ui/dash/dash.h"

/* The newest first; kept from frame to frame, so that what is over is judged once. */
void runs_look(struct dash *d);
void runs_free(struct runs *r);
/* The line of a run; NULL. */
const struct run_line *runs_find(const struct dash *d, uint32_t run_id);

/* Keeps what can be said of the shown run against the one before it, of the same mode, and against
 * A: when it has gone on for long enough to tell, or has ended. */
void runs_look_before(struct dash *d);
/* The baseline that a saved run has brought along; once. */
void runs_take_base(struct dash *d);
/* "payload 64→1400": in what B is another run than A; "" where that is not known.  Returns out. */
char *runs_differ(const struct dash *d, uint32_t a, uint32_t b, char *out, size_t size);
/* The same of the baseline and the shown run. */
char *runs_differ_from_a(const struct dash *d, char *out, size_t size);
