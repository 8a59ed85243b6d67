/* The plan of mode stream.  See engine.plan() and engine.release(). */
#pragma once

#include "mode/engine.h"

int stream_plan(const struct options *o, struct plan *plan, struct err *err);
void stream_release(struct plan *plan);
/* Which of the options do nothing when; ends with a name that is NULL. */
extern const struct option_rule stream_rules[];
