/* What the dashboard's keys ask for, done to the console. */
#pragma once

#include "main/live/console.h"
#include "ui/ui.h"

void requests_fill(struct console *c, struct ui_requests *ret_requests);
/* The load that lies one step up (+1) or down (-1): windows double and halve, rates go by a
 * tenth.  Within [min, max].  Pure. */
uint64_t requests_next_load(const char *load_name, uint64_t load, uint64_t min, uint64_t max, int direction);
