/* Made-up plans of the made-up mode, and results of its runs. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/toy.h"
#include "sweep/sweep.h"

extern const struct option_def sweep_own_options[]; /* repeat (in plan files), resume (not) */

/* A plan of mode toy: "size=1K,4K threads=1,2"; words without a list are options of all cells.
 * Closed. */
void make_plan(struct sweep_plan *plan, unsigned repeat, const char *words);
/* The CSV row and the result of a run with this throughput. */
json_t *make_row(double mbps);
json_t *make_result(bool valid, const char *remark);
/* Takes a run of this throughput into the state. */
void take(struct sweep_state *state, uint32_t cell, unsigned round, double mbps, bool valid);

void assert_says(const struct err *err, const char *part);
