/* The requests of the dashboard's keys, carried out on the console. */
#pragma once

#include "main/live/console.h"
#include "ui/dash/requests.h"

void requests_fill(struct console *c, struct ui_requests *ret_requests);
/* The load one step up (+1) or down (-1), within [min, max]: rates (OPTION_RATE) go by a tenth,
 * others double and halve.  Pure. */
uint64_t requests_next_load(bool is_rate, uint64_t load, uint64_t min, uint64_t max, int direction);
