/* The record: the part of a result that states a run exactly, so that `netdyno open` makes the
 * same history of it again.  Tables here name its members, for the writer (record_write.c) and
 * for the reader (src/snapshot).  Main thread only.
 *
 * {"saved_wall_ns", "baseline": snapshots only, "phase", "runs": [...], "events": [...],
 * "samples": [...]}.
 * A snapshot has all runs and events of its history, and every sample in history.jsonl, one a
 * line; any other result has its own run.  Either has the samples that the result is made of:
 * the start of the measure phase, the intervals and, of a run that is still going, the newest. */
#pragma once

#include "record/history_keep.h"
#include "results/json_parts.h"

/* A member of a struct by name. */
enum member_type { MEMBER_U64, MEMBER_I64, MEMBER_U32, MEMBER_INT, MEMBER_BOOL, MEMBER_REAL, MEMBER_TEXT };
struct member {
	const char *name;
	size_t offset, size; /* size: of a text */
	enum member_type type;
	int64_t min, max; /* what a file may say; both 0: any of the type */
	bool optional;    /* a file may lack it: 0 */
};

/* All ended by name == NULL. */
extern const struct member sample_members[];  /* struct sample */
extern const struct member latency_members[]; /* struct latency_summary: an array, in this order */
extern const struct member run_members[];     /* struct run_info */
extern const struct member worker_members[];  /* struct run_worker */
extern const struct member final_members[];   /* struct run_final */
extern const struct member details_members[]; /* struct details */
extern const struct member stages_members[];  /* struct stage_summary */
extern const struct member event_members[];   /* struct history_event */

extern const char *const severity_names[3];
extern const char *const ledger_side_names[LEDGER_IN_FLIGHT + 1];

/* "tick+interval+base" and back; out of 32 bytes. */
char *kept_format(unsigned where, char *out, size_t size);
unsigned kept_parse(const char *text); /* 0 if wrong */

/* In one line, and with all digits that reals have. */
enum { RECORD_DUMP = JSON_REAL_PRECISION(17) | JSON_COMPACT };

/* Parts: of one latency, in the order of latency_members; of stamped packets, null where s is. */
json_t *record_latency(const struct latency_summary *l);
json_t *record_stages(const struct engine *e, const struct stage_summary *s);
/* The members of an object. */
void record_put(struct json_maker *m, const struct member *members, const void *from);

/* New references; NULL when out of memory, or where the run is not known. */
json_t *results_record(const struct results_source *source);
/* where: bit set of enum history_where; 0 leaves "kept" out.  Of a sample whose run is `info`. */
json_t *results_record_sample(const struct run_info *info, const struct sample *s, unsigned where);

struct kept_sample {
	const struct sample *sample;
	unsigned where;
};

/* All samples of a history, by time; malloc'ed, NULL when out of memory. */
struct kept_sample *results_samples(const struct history *h, size_t *ret_count);
