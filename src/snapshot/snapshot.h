/* Snapshots: what `s` and SIGUSR1 save, and what `netdyno open` loads.  Main thread only.
 *
 * A snapshot is a directory DIR/2026-10-01T14-31-07/ with result.json, history.jsonl (all samples,
 * one a line, exact), history.csv, percentiles-NAME.hgrm (one per latency), screen.txt and
 * screen.svg.  It is made under a temporary name and renamed when complete: whole or not at all. */
#pragma once

#include "results/results.h"

struct snapshot_screen {
	const char *text; /* UTF-8, or NULL: no screen */
	const char *svg;
};

/* directory "" or NULL: file_data_directory().  ret_path gets the directory made. */
int snapshot_save(const struct results_source *source, const struct snapshot_screen *screen, const char *directory,
	char *ret_path, size_t size, struct err *err);

struct snapshot {
	struct history *history; /* the caller's to free */
	struct host_info host;
	int64_t wall_ns; /* when it was saved; of a result alone: when its run began */
	bool captured;   /* a capture was on in the newest run */
	/* The run that was the baseline, and up to when; base_run 0: there was none. */
	uint32_t base_run;
	int64_t base_until_ns;
};

/* Loads a snapshot directory, or a result JSON file alone; engines is the NULL-terminated table.
 * Everything in the files is distrusted: clear errors name file and place, and leave
 * *ret_snapshot as it was. */
int snapshot_load(const char *path, const struct engine *const *engines, struct snapshot *ret_snapshot, struct err *err);
