/* Of rates.c, for those that show counters: which are drops, and which are not shown. */
#pragma once

#include "record/history.h"

/* Does this counter count packets that were lost, in a run like this one? */
bool rates_is_drop(const struct run_info *info, const struct counter_def *def);
/* Is this counter shown of these rates?  Those that are only shown where there is something of
 * them may not be. */
bool rates_has(const struct counter_def *def, unsigned counter, const struct rates *r);
/* Drops of the worker(s) that the rates are of; false if one of the counters is unknown or there
 * is none. */
bool rates_drops(const struct run_info *info, const struct rates *r, unsigned roles, uint64_t *ret_drops);
