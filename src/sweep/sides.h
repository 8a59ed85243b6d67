/* The axis of a comparison.  Internal to src/sweep. */
#pragma once

#include "sweep/sweep.h"

extern const struct option_def sweep_side;

/* Sets the options that stand in the text of a side. */
int sweep_side_apply(struct options *options, const char *text, struct err *err);
