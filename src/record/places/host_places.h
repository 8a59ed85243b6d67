/* What the kernel counted as lost, as places of a ledger: nobody's in particular, or of devices of
 * the run's own.  A part of ledger.c, by the name of its source (procnet.h).  Pure; any thread. */
#pragma once

#include "record/ledger.h"

/* Adds a place for each counter that the run is judged by (run_info.host_places), and lets them
 * explain what is unexplained so far, never more. */
void host_places_add(const struct reading *r, struct ledger *l);
