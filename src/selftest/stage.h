/* The process that plays a row, and where it stands.  Internal to src/selftest. */
#pragma once

#include "selftest/rows.h"

/* Why it cannot be played here, in `row->why`; false: it can. */
bool stage_skips(const struct selftest_here *here, const struct row_of *of, struct selftest_row *row);
/* In a process of its own, which has one thread: plays it and fills the row in. */
void stage_play(const struct selftest_here *here, const struct row_of *of, struct selftest_row *row);
