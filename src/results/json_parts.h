/* The pieces that results are put together from.  Internal to src/results and src/snapshot; main
 * thread only. */
#pragma once

#include "record/rates.h"
#include "record/judge/steadiness.h"
#include "results/results.h"

enum { RESULTS_SCHEMA = 2 };

/* An object in the making: the first failure (out of memory) spoils it, and json_made() then
 * gives NULL. */
struct json_maker {
	json_t *object;
	bool failed;
};

struct json_maker json_make(void);
void json_put(struct json_maker *m, const char *key, json_t *value /* stolen; NULL spoils */);
json_t *json_made(struct json_maker *m);
/* Appends to an array; a NULL value or array spoils: *failed is set. */
void json_append(json_t *array, json_t *value /* stolen */, bool *failed);
/* The array, or NULL in its place if it failed. */
json_t *json_array_made(json_t *array /* stolen */, bool failed);

/* The value as text with `end` behind it, malloc'ed; NULL when out of memory (json_dumps() of
 * jansson 2.14 then leaves out parts and says nothing).  ret_len may be NULL. */
char *json_to_text(const json_t *value, size_t flags, const char *end, size_t *ret_len);

/* The value over several lines, and a line's end.  name: of the file, for the error.
 * -ENOMEM where `document` is NULL; -EIO or what the stream says. */
int json_write_document(const json_t *document, FILE *out, const char *name, struct err *err);

/* NaN and infinity are null; rounded to `decimals` places. */
json_t *json_of_real(double value, int decimals);
json_t *json_of_count(uint64_t value);
/* Foreign text: escaped.  json_of_text_or_null: "" is null. */
json_t *json_of_text(const char *text);
json_t *json_of_text_or_null(const char *text);
/* Microseconds; a count of 0 leaves every value null. */
json_t *json_of_latency(const struct latency_summary *l);
json_t *json_of_host(const struct host_info *host);
/* "netdyno": by which version, and after which of its schema's versions, a document is written. */
json_t *json_of_head(int schema);
/* The option as results say it: its value in the unit of its key; null where unset. */
json_t *json_of_option(const struct option_def *def, const struct option_value *value);
/* def->key, or the name with _ for -.  Into out; returns out. */
char *option_key(const struct option_def *def, char *out, size_t size);
/* "rtt" -> "rtt_us".  Into out; returns out. */
char *latency_key(const struct latency_def *def, char *out, size_t size);

/* The keys of a latency object but "count", in their order, and where the value stands. */
struct latency_field {
	const char *key;
	size_t offset;
	bool is_mean; /* a double; the others are int64_t */
};
extern const struct latency_field latency_fields[]; /* ended by key == NULL */

/* An interval, a finished run, or one that is still going. */
struct results_view {
	const struct results_source *source;
	struct reading reading;
	const struct sample *base; /* the start of the measure phase; NULL: nothing measured yet */
};

/* false: the run is not known. */
bool results_view_of_end(const struct results_source *source, struct results_view *ret_view);
bool results_view_of_interval(const struct results_source *source, const struct sample *interval, struct results_view *ret_view);

json_t *results_sum(const struct results_view *v, const struct ledger *ledger);
json_t *results_cores(const struct reading *r);
json_t *results_ledger(const struct ledger *ledger);
/* Puts "ledgers" where the mode keeps a second one: null where an end of it is elsewhere. */
void results_put_second_ledger(struct json_maker *m, const struct reading *r);
/* Puts "impairments" where the path did something to packets on purpose: how many, by its own
 * counters. */
void results_put_impairments(struct json_maker *m, const struct reading *r);
/* Puts "drop_reasons" where somebody asked for them. */
void results_put_reasons(struct json_maker *m, const struct run_final *f);
/* The counts of reasons by their names. */
json_t *json_of_reasons(const struct drop_reasons *d);
json_t *results_verdict(const struct verdict *verdict);
json_t *results_unknown(const struct reading *r);
/* Merged histograms since the measure phase began, [latencies]; NULL if there are none. */
const struct hist *results_totals(const struct results_view *v);
/* Puts "<name>_us" of each latency. */
void results_put_latencies(struct json_maker *m, const struct engine *e, const struct latency_summary *summaries);
/* Adds to such a latency what share of the packets it is of, and how many of its values were longer
 * than a histogram knows. */
void results_put_coverage(
	struct json_maker *m, const struct latency_def *def, const struct ledger *ledger, const struct hist *total);
/* ... and "p50_low" and "p50_high" (as of p90 and so on): where that percentile is with 95 %
 * certainty; null where the run does not tell. */
void results_put_spans(struct json_maker *m, const struct latency_def *def, const struct percentile_span *span);

/* Puts "details" where the mode keeps rows and there are some: the worst RESULTS_ROWS of them, and
 * every column over all. */
enum { RESULTS_ROWS = 32 };
void results_put_details(struct json_maker *m, const struct results_view *v);

/* Puts "stages" where packets were stamped: percentiles of each stage that is known, and the
 * stages of the packets around some percentiles of the whole. */
void results_put_stages(struct json_maker *m, const struct results_view *v);

/* Documents are indented, and reals have 15 significant digits (0.1 stays 0.1). */
enum { RESULTS_DUMP = JSON_REAL_PRECISION(15) };

/* One CSV cell; the caller writes the commas. */
void csv_text(FILE *out, const char *text);
