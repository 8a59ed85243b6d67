/* The directory of a sweep: plan.json, written whole at the start, and results.jsonl, to which a
 * line is appended and synced for every slot that has ended: a sweep ended by kill -9 can be
 * continued.  Main thread only.
 *
 *   {"event":"run", "cell":3, "round":0, "attempts":1, "axes":{"size":"16K"},
 *    "row":{the CSV row}, "result":{the result document}}
 *   {"event":"run", "cell":3, "round":0, "attempts":2, "why":"how the first attempt failed", ...}
 *   {"event":"run", "cell":1, "round":0, "attempts":1, "thrown_away":true, ...}: it does not count
 *   {"event":"failed", "cell":3, "round":0, "attempts":2, "axes":{"size":"16K"},
 *    "why":"bind 127.0.0.1:5000: Address already in use"} */
#pragma once

#include <stdio.h>

#include "record/host.h"
#include "sweep/sweep.h"

struct sweep_store {
	char *directory, *path; /* path: of results.jsonl */
	int fd;                 /* locked; -1: not open */
	off_t size;             /* of the whole lines */
	bool torn;              /* the last line was not whole and has been dropped */
	json_t *columns;        /* that results.csv has; NULL: it must be written anew */
};

/* Makes the directory, plan.json and an empty results.jsonl.  -EEXIST where a sweep is there
 * already, unless force: then it is thrown away. */
int sweep_store_create(struct sweep_store *store, const char *directory, const struct sweep_plan *plan,
	const struct host_info *host, bool force, struct err *err);
/* Opens the results of an existing sweep and reads them into the state.  A torn last line is cut
 * off. */
int sweep_store_open(struct sweep_store *store, const char *directory, struct sweep_state *state, struct err *err);
/* Reads them alone: nothing is locked or cut off. */
int sweep_store_load(const char *directory, struct sweep_state *state, struct err *err);
void sweep_store_close(struct sweep_store *store); /* accepts a zeroed one */

/* The plan of an existing sweep.  ret_host: the host object it was begun on, a new reference. */
int sweep_store_read_plan(const char *directory, const struct engine *const *engines, struct sweep_plan *ret_plan,
	json_t **ret_host, struct err *err);
/* Writes another plan of the same directory: one that has grown. */
int sweep_store_write_plan(
	const struct sweep_store *store, const struct sweep_plan *plan, const struct host_info *host, struct err *err);
/* Writes how this host differs from that one into `out`: "kernel was 6.1, here it is 6.5"; "" if
 * they agree.  Returns out. */
char *sweep_store_compare_host(const json_t *then, const struct host_info *now, char *out, size_t size);

/* Lines; NULL when out of memory.  row and result are stolen.  A run's `why`: what the attempt
 * before failed of; NULL: there was none. */
json_t *sweep_run_line(const struct sweep_plan *plan, uint32_t cell, unsigned round, unsigned attempts, const char *why,
	json_t *row, json_t *result);
json_t *sweep_failure_line(const struct sweep_plan *plan, uint32_t cell, unsigned round, unsigned attempts, const char *why);
/* Appends and syncs; on failure (a full disk) the file is as it was before. */
int sweep_store_append(struct sweep_store *store, const json_t *line, struct err *err);

/* results.csv: a row per run in the order in which they were made, written whole. */
int sweep_store_write_csv(struct sweep_store *store, struct err *err);
/* The same with the row of this line, which is in results.jsonl already: appended in one write
 * where the columns are those of the rows before. */
int sweep_store_append_csv(struct sweep_store *store, const json_t *line, struct err *err);
/* Writes DIR/name whole.  document: stolen; NULL: there was no memory for it. */
int sweep_store_write_document(const struct sweep_store *store, const char *name, json_t *document, struct err *err);
/* Begins DIR/name, to be committed whole. */
struct file_out;
int sweep_store_begin(const struct sweep_store *store, const char *name, struct file_out *ret_out, struct err *err);
