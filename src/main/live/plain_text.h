/* A run in plain text: what starts, a line an interval, the summary.  For `run`, for the
 * dashboard without a screen, and after it has closed.  Main thread only; made from history
 * alone. */
#pragma once

#include <stdio.h>

#include "results/results.h"

void plain_text_header(FILE *out, const struct run_info *info, const struct host_info *host);
void plain_text_interval(FILE *out, const struct results_source *source, const struct sample *interval);
/* Totals, workers, latencies, ledger, verdict; of a run that has not ended: as of its newest
 * sample. */
void plain_text_summary(FILE *out, const struct results_source *source);
/* All runs of the session, a paragraph each, the oldest first: what each was and came to, and in
 * what it differs from the one before. captured: the newest one was. */
void plain_text_runs(FILE *out, const struct history *h, bool captured);
/* "14:31:07 ! text" */
void plain_text_event(FILE *out, int64_t at_ns, enum severity severity, const char *text);
