/* The loop without a screen: lines, signals, result files.  For `run`, and for the dashboard
 * where there is no terminal. */
#pragma once

#include "main/live/console.h"

/* Runs the console's current mode to its end.  Returns an exit status; complaints have been
 * printed. */
int headless_run(struct console *c);
