/* What stands behind a row.  Internal to src/selftest. */
#pragma once

#include "selftest/fault.h"

struct row_of {
	const struct fault *fault;
	const struct selftest_method *method; /* NULL: of no mode's methods */
};

/* fault NULL: there is no such row. */
struct row_of selftest_row_of(const struct selftest_here *here, const struct selftest_row *row);
/* Says of each check of the row whether it agrees.  Pure. */
void selftest_judge(struct selftest_row *row);
