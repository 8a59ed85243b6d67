/* Reading a record back into a history.  Internal to src/snapshot; main thread only.
 *
 * Nobody vouches for what is read: every number is held to its range, every text escaped, and
 * what is wrong is refused with the file, the place in it and the member's name. */
#pragma once

#include "results/record.h"
#include "snapshot/snapshot.h"

enum {
	SNAPSHOT_WORKERS_MAX = 4096,
	SNAPSHOT_RUNS_MAX = 64,
	SNAPSHOT_EVENTS_MAX = 5000,
	SNAPSHOT_RESULT_BYTES = 128 << 20, /* hours of many workers */
	SNAPSHOT_LINES_BYTES = 256 << 20,
	SNAPSHOT_COUNTERS_MAX = 512,   /* names of a run's counters */
	SNAPSHOT_SAMPLES_MAX = 100000, /* in each ring; beyond, the oldest are not shown */
	SNAPSHOT_ROWS_MAX = 1 << 20,
	SNAPSHOT_SAMPLE_BYTES = 64 << 20,
};

struct reader {
	const char *file;                    /* for errors */
	const struct engine *const *engines; /* NULL-terminated */
	struct history *history;             /* filled by the reader */
	struct err *err;
};

/* The following give 0, or -EINVAL or -ENOMEM with *err; `where` is the place, for errors. */

int reader_fails(const struct reader *r, const char *where, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* An array of least..most elements; what it is called, for errors. */
int read_array(const struct reader *r, const json_t *array, const char *where, const char *name, size_t least, size_t most);
/* Members of an object. */
int read_members(const struct reader *r, const json_t *object, const char *where, const struct member *members, void *into);
/* One value into a member. */
int read_member(const struct reader *r, const json_t *value, const char *where, const struct member *m, void *into);
/* Index of text in names, or -1. */
int name_index(const json_t *value, const char *const *names, unsigned count);
int read_phase(const struct reader *r, const json_t *name, const char *where, enum phase *ret_phase);
int read_engine(const struct reader *r, const json_t *mode, const char *where, const struct engine **ret_engine);
int read_host(const struct reader *r, const json_t *host, struct host_info *ret_host);
/* The run of this number, which has been read before. */
int read_run_id(const struct reader *r, const json_t *id, const char *where, const struct run_info **ret_info);

/* An update to be filled, with what it will own; NULL when out of memory.  reader_take() gives it
 * to the history, or frees it where reading went wrong; returns rc. */
struct update *reader_update(const struct reader *r, enum update_kind kind);
int reader_take(const struct reader *r, struct update *u, int rc);

/* The mode's counter that each of a run's "counters" is; -1: this version has none of that name. */
struct counter_columns {
	const struct run_info *info;
	unsigned count;
	int counter[SNAPSHOT_COUNTERS_MAX];
};
int read_counter_columns(
	const struct reader *r, const json_t *record, const struct run_info *info, struct counter_columns *ret_columns);
/* "counters" and "latency" of each worker into readings[workers], which is zeroed. */
int read_readings(const struct reader *r, const json_t *array, const char *where, const struct counter_columns *columns,
	struct worker_sample *readings);
/* malloc'ed [LATENCIES_MAX]; a latency that the file does not have is empty. */
int read_hists(const struct reader *r, const json_t *from, const char *where, const struct engine *e, struct hist **ret_hists);
/* null is none. */
int read_latency(const struct reader *r, const json_t *from, const char *where, struct latency_summary *l);
int read_net(const struct reader *r, const json_t *from, const char *where, struct procnet *net);
/* nothing: nobody asked. */
int read_reasons(const struct reader *r, const json_t *from, const char *where, struct drop_reasons *reasons);
/* null, or nothing, leaves *ret_details. */
int read_details(
	const struct reader *r, const json_t *from, const char *where, const struct run_info *info, struct details **ret_details);

/* The same of a run's stamped packets. */
int read_stages(
	const struct reader *r, const json_t *run, const char *where, const struct engine *e, struct stage_summary **ret_stages);

/* The parts of a record, in this order: runs without their ends; samples, from the record or from
 * the lines of history.jsonl; ends of runs, rows, events and the phase.  ret_captured: a capture
 * was on in the newest run. */
int snapshot_read_runs(const struct reader *r, const json_t *record, bool *ret_captured);
int snapshot_read_samples(const struct reader *r, const json_t *record);
int snapshot_read_lines(const struct reader *r, const json_t *record, const char *text, size_t len);
int snapshot_read_ends(const struct reader *r, const json_t *record);
