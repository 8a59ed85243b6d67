/* The format of a snapshot, shared by its writer and its reader.  Internal to src/snapshot.
 *
 * result.json is the result document with one more key, "snapshot": runs, finals, events, the
 * newest total histograms.  history.csv has the samples: for each a row `sum`, then a row per
 * worker.  Tables here say which columns and keys there are, so that both sides agree. */
#pragma once

#include "record/history_keep.h"
#include "results/json_parts.h"
#include "snapshot/snapshot.h"

enum {
	SNAPSHOT_FORMAT = 1,
	SNAPSHOT_WORKERS_MAX = 4096,
	SNAPSHOT_RUNS_MAX = 64,
	SNAPSHOT_EVENTS_MAX = 5000,
	SNAPSHOT_JSON_BYTES = 64 << 20,
	SNAPSHOT_CSV_BYTES = 256 << 20,
	SNAPSHOT_COLUMNS_MAX = 512,
	SNAPSHOT_SAMPLES_MAX = 100000, /* in each ring; beyond, the oldest are not shown */
	SNAPSHOT_ROWS_MAX = 1 << 20,
	SNAPSHOT_SAMPLE_BYTES = 64 << 20,
};

/* A member of a struct by name. */
enum member_type { MEMBER_U64, MEMBER_I64, MEMBER_U32, MEMBER_INT, MEMBER_BOOL, MEMBER_REAL, MEMBER_TEXT };
struct member {
	const char *name;
	size_t offset, size; /* size: of a text */
	enum member_type type;
	int64_t min, max; /* what a file may say; both 0: any of the type */
};

/* All ended by name == NULL. */
extern const struct member sample_members[]; /* struct sample: columns of the row `sum` */
/* struct latency_summary: columns <latency>_<name>; order of the array in finals */
extern const struct member latency_members[];
extern const struct member run_members[];    /* struct run_info */
extern const struct member worker_members[]; /* struct run_worker */
extern const struct member final_members[];  /* struct run_final */

extern const char *const severity_names[3];
extern const char *const ledger_side_names[LEDGER_IN_FLIGHT + 1];

/* "tick+interval+base" and back; out of 32 bytes. */
char *kept_format(unsigned where, char *out, size_t size);
unsigned kept_parse(const char *text); /* 0 if wrong */

/* ---- writing ---- */

/* The value of key "snapshot". */
json_t *snapshot_describe(const struct results_source *source, int64_t saved_wall_ns);
int snapshot_write_samples(const struct history *h, FILE *out, struct err *err);
/* All rows of a reading; null of NULL. */
json_t *snapshot_details_of(const struct engine *e, const struct details *d);

/* ---- reading ---- */

/* Where a reader is, for its errors. */
struct reader {
	const char *file;
	const struct engine *const *engines;
	struct history *history;
	struct err *err;
};

/* The newest total histograms, and the sample that had them. */
struct saved_total {
	struct hist *hist; /* malloc'ed [LATENCIES_MAX], or NULL */
	uint32_t run_id;
	uint64_t sequence;
};

int reader_fails(const struct reader *r, const char *where, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Members of a JSON object; where names the object in errors.  0 or -EINVAL. */
int read_members(const struct reader *r, const json_t *object, const char *where, const struct member *members, void *into);
/* One value into a member; null is 0. */
int read_member(const struct reader *r, const json_t *value, const char *where, const struct member *m, void *into);
/* Index of text in names, or -1. */
int name_index(const json_t *value, const char *const *names, unsigned count);
int read_engine(const struct reader *r, const json_t *mode, const char *where, const struct engine **ret_engine);
int read_host(const struct reader *r, const json_t *host, struct host_info *ret_host);
/* "2026-01-01T00:00:00Z" -> ns since 1970; 0 if it is none. */
int64_t read_iso_time(const json_t *text);

/* Hands over to the history. */
int reader_take_run(const struct reader *r, struct run_info *info);
int reader_take_final(const struct reader *r, struct run_final *final);
int reader_take_event(const struct reader *r, int64_t at_ns, uint32_t run_id, enum severity severity, const char *text);
int reader_take_phase(const struct reader *r, uint32_t run_id, enum phase phase);

/* The runs of a snapshot, without their samples; then the samples of history.csv (text is
 * changed); then what comes after samples. */
int snapshot_read_runs(const struct reader *r, const json_t *snapshot);
int snapshot_read_total(const struct reader *r, const json_t *snapshot, struct saved_total *ret_total);
/* What snapshot_details_of() wrote; null, or nothing, leaves *ret_details. */
int snapshot_read_details(
	const struct reader *r, const json_t *from, const char *where, const struct run_info *info, struct details **ret_details);
/* The histograms of total are stolen. */
int snapshot_read_samples(const struct reader *r, char *text, struct saved_total *total);
int snapshot_read_finals(const struct reader *r, const json_t *snapshot);
/* A result without samples: from its intervals. */
int snapshot_read_plain(const struct reader *r, const json_t *document);
