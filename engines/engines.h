/* The modes that this program knows, in the order of the dashboard's tabs.  Constant; any
 * thread. */
#pragma once

#include "mode/engine.h"

/* NULL-terminated.  Rows with built == false name modes that are still to come. */
extern const struct engine *const engines_all[];
