/* The result files of a run: --json, --jsonl, --csv.  Checked before the run starts.  JSON lines
 * grow as the run goes and hold all runs of the session; the documents are written when a run
 * ends.  What was measured is never thrown away because a file could not be written.  Main thread
 * only. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/file.h"
#include "results/results.h"

struct outputs {
	const char *json, *jsonl, *csv; /* "" = none, "-" = stdout; point into the options */
	/* takes a result that its own file would not take; "" = the data directory */
	const char *directory;
	bool force;
	bool begun;   /* the first run has been asked for */
	bool written; /* a document of this session's stands under its name */
	bool line_open;
	struct file_out line; /* --jsonl */
	bool failed;          /* something could not be written */
	bool broken_pipe;     /* stdout's reader has gone */
	bool told;            /* a fallback has been written for this run */
};

/* From --json, --jsonl, --csv, --force, --out of `o`, which must outlive the outputs.  Checks
 * names and directories: two "-" are -EINVAL. */
int outputs_init(struct outputs *out, const struct options *o, struct err *err);
bool outputs_on_stdout(const struct outputs *out);

/* A run has been asked for.  At the first one older results go, if --force lets them: what is
 * found afterwards is of this session. */
void outputs_begin(struct outputs *out);
void outputs_start(struct outputs *out, const struct results_source *source);
void outputs_interval(struct outputs *out, const struct results_source *source, const struct sample *interval);
/* The run is over: writes everything.  If one cannot be written, `notes` gets the reason, and
 * the result goes to a file in the data directory or, at worst, to `notes`.  measured: there is a
 * result; else what stands there says that there is none, and replaces none of this session's. */
void outputs_finish(struct outputs *out, const struct results_source *source, bool measured, FILE *notes);
/* Closes the lines. */
void outputs_close(struct outputs *out);
