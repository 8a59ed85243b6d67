/* history.csv, for people and spreadsheets: written by a snapshot, and read by nobody here. */
#pragma once

#include "record/history.h"

/* -ENOMEM; what could not be written shows when the stream is closed. */
int snapshot_write_sheet(const struct history *h, FILE *out, struct err *err);
