/* Results as JSON, JSON lines and CSV (DESIGN section 5; schema in docs/results.schema.json).
 * Main thread only; made from history alone. */
#pragma once

#include <jansson.h>

#include "base/file.h"
#include "record/history.h"
#include "record/host.h"
#include "record/packet.h"
#include "record/judge/verdict.h"

struct results_source {
	const struct history *history;
	uint32_t run_id;
	const struct host_info *host;
	bool captured; /* a capture was on during the run */
	/* how that is going or has ended, also one that was asked for and is missing; else NULL */
	const struct capture_state *capture;
	int64_t saved_wall_ns; /* of a snapshot, whose record has all runs; else 0 */
	/* of a snapshot: the run that was the baseline (0: none), and up to when (0: all of it) */
	uint32_t base_run;
	int64_t base_until_ns;
};

/* New references; NULL when out of memory.  A document without its record: what people and
 * scripts read. */
json_t *results_start(const struct results_source *source);
json_t *results_interval(const struct results_source *source, const struct sample *interval);
json_t *results_end(const struct results_source *source);
json_t *results_document(const struct results_source *source);
/* Who was the limit, as such a document says; of a foreign one, too. */
enum limit_who results_limit_of(const json_t *document);

/* Whole files.  results_write(): to a stream; path names it in errors. */
int results_write(const struct results_source *source, FILE *out, const char *path, struct err *err);
int results_write_json(const struct results_source *source, const char *path, bool force, struct err *err);
int results_write_csv(const struct results_source *source, const char *path, bool force, struct err *err);
/* One row, with the header before it if asked for: for a file of several runs of one mode.
 * -errno when out of memory or the stream fails. */
int results_csv_row(const struct results_source *source, FILE *out, bool header, struct err *err);
/* The same row as an object, column by column in their order; NULL when out of memory or the run
 * is forgotten.  results_csv_cell() writes one of its values as CSV has it; NULL is an empty
 * cell. */
json_t *results_row(const struct results_source *source);
void results_csv_cell(FILE *out, const json_t *value);
/* One {"event":...,"data":...} line, in one write; data is stolen. */
int results_line(struct file_out *out, const char *event, json_t *data, struct err *err);

/* ledger + verdict as the result would say them (live or final). */
void results_judge(const struct results_source *source, struct ledger *ret_ledger, struct verdict *ret_verdict);
