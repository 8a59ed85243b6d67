/* The plan of an echo run; the operations of mode/engine.h. */
#pragma once

#include "mode/engine.h"

int echo_plan(const struct options *o, struct plan *plan, struct err *err);
void echo_release(struct plan *plan);
