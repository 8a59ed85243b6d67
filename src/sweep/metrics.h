/* The figures of merit of a mode's sweeps, made from its tables. */
#pragma once

#include "sweep/sweep.h"

/* Fills metric[] and returns how many: the first is the throughput. */
unsigned sweep_metrics_of(const struct engine *engine, struct sweep_metric metric[SWEEP_METRICS_MAX]);
