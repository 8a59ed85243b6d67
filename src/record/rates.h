/* Of rates.c, for the results alone: which counters are drops. */
#pragma once

#include "record/history.h"

/* Does this counter count packets that were lost, in a run like this one? */
bool rates_is_drop(const struct run_info *info, const struct counter_def *def);
/* Drops of the worker(s) that the rates are of; false if one of the counters is unknown or there
 * is none. */
bool rates_drops(const struct run_info *info, const struct rates *r, unsigned roles, uint64_t *ret_drops);
