/* What was lost, where, and how that adds up, as the screen shows it: from the measurement on, and
 * not of the warm-up.  Main thread only. */
#pragma once

#include "ui/dash/dash.h"

/* Brings ledgers, verdict and the lines of the drops panel up to date. */
void losses_look(struct dash *d);
/* Lost per second at places of these workers' own, in the window of the drops panel and counted as
 * the ledger does; worker < 0: of all of the roles.  NaN: unknown. */
double losses_per_second(const struct dash *d, int worker, unsigned roles);
