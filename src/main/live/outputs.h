/* The result files of a run: --json, --jsonl, --csv.  Checked before the run starts, written
 * when it ends; what was measured is never thrown away because a file could not be written.
 * Main thread only. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/file.h"
#include "results/results.h"

struct outputs {
	const char *json, *jsonl, *csv; /* "" = none, "-" = stdout; point into the options */
	/* where a result goes that its own file would not take; "" = the data directory */
	const char *directory;
	bool force;
	bool line_open;
	struct file_out line; /* --jsonl of the run that is going */
	bool failed;          /* something could not be written */
	bool broken_pipe;     /* stdout's reader has gone */
	bool told;            /* a fallback has been written for this run */
};

/* From --json, --jsonl, --csv, --force, --out of `o`, which must outlive the outputs.  Checks
 * names and directories: two "-" are -EINVAL. */
int outputs_init(struct outputs *out, const struct options *o, struct err *err);
bool outputs_on_stdout(const struct outputs *out);

void outputs_start(struct outputs *out, const struct results_source *source);
void outputs_interval(struct outputs *out, const struct results_source *source, const struct sample *interval);
/* The run is over: writes everything.  If one cannot be written, `notes` gets the reason, and
 * the result goes to a file in the data directory or, at worst, to `notes`. */
void outputs_finish(struct outputs *out, const struct results_source *source, FILE *notes);
/* Removes half-written files. */
void outputs_abort(struct outputs *out);
