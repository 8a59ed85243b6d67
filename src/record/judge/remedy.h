/* Remedies: what helps against a loss or a caution, with the values that are in force now.
 *
 * The texts stand beside the places and cautions that they are for (struct counter_def, ledger.c,
 * verdict.c).  In them {name} stands for the value of an option of the run, or of a number of
 * struct host_info; the system's own where an option is not set.  Pure; any thread. */
#pragma once

#include "record/host.h"
#include "record/sample.h"

/* "full at rcvbuf {rcvbuf}" -> "full at rcvbuf 4K".  remedy NULL: "".  Returns
 * out. */
char *remedy_text(const char *remedy, const struct run_info *info, const struct host_info *host, char *out, size_t size);
