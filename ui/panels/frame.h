/* A whole frame of the dashboard: looks at the board, and paints what there is to see into
 * d->canvas.  Knows no curses: the terminal, headless snapshots and tests use the same call.
 * Main thread only. */
#pragma once

#include "ui/dash/dash.h"

void frame_paint(struct dash *d);
