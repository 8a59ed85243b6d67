/* The end of a comparison, complete or not: writes its reports, prints the table and the words.
 * Main thread only. */
#pragma once

#include "main/sweep/run.h"
#include "main/sweep/task.h"
#include "sweep/compare/report.h"

/* The user's wishes besides the runs. */
struct compare_asked {
	bool same; /* both sides come to the same run */
	unsigned conditions;
	struct condition condition[16];
	const char *json; /* file of the result, "-": stdout, in place of the table; "": none */
	bool force;       /* the file may be there already */
};

/* The figures and the words so far, on stdout. */
void compare_print(const struct sweep_state *state);
/* why: of SWEEP_BROKEN.  Returns the exit status. */
int compare_finish(struct sweep_task *task, const struct compare_asked *asked, enum sweep_end end, const struct err *why);
/* EXIT_BEYOND where a condition holds, EXIT_INVALID where one cannot be told or nothing can be
 * compared. */
int compare_status(const struct compare_report *report);
/* Writes what --json asks for. */
int compare_write_json(const struct compare_report *report, const struct compare_asked *asked, struct err *err);
