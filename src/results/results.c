/* Results as JSON and JSON lines.  See results.h. */
#include "results/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "mode/in_force.h"

/* ---- start ---- */

static json_t *options_of(const struct run_info *info)
{
	struct json_maker m = json_make();
	char key[64];

	for (unsigned i = 0; i < info->options.count; i++) {
		const struct option_def *def = info->options.def[i];

		if (option_is_told(def, &info->options.value[i]))
			json_put(&m, option_key(def, key, sizeof(key)),
				option_idle_why(&info->options, def->name) ? json_null()
									   : json_of_option(def, &info->options.value[i]));
	}
	return json_made(&m);
}

static json_t *warnings_of(const struct results_source *source, const struct run_info *info)
{
	uint64_t lost = history_intervals_lost(source->history, info->id);
	json_t *array = json_array();
	bool failed = false;
	char text[120];

	for (unsigned i = 0; i < sizeof(info->notes) / sizeof(info->notes[0]); i++)
		if (info->notes[i][0])
			json_append(array, json_of_text(info->notes[i]), &failed);
	if (lost) {
		snprintf(text, sizeof(text), "the first %llu intervals are not listed: only the last ones are kept in memory",
			(unsigned long long)lost + 1);
		json_append(array, json_of_text(text), &failed);
	}
	return json_array_made(array, failed);
}

/* Counts the workers of each role that run here. */
static json_t *workers_of(const struct run_info *info)
{
	unsigned of_role[ROLE_BOTH] = { 0 };
	struct json_maker m = json_make();

	for (unsigned i = 0; i < info->workers; i++)
		of_role[info->worker[i].role]++;
	for (unsigned role = ROLE_SERVER; role <= ROLE_CLIENT; role++)
		if (of_role[role])
			json_put(&m, role_names[role], json_integer(of_role[role]));
	return json_made(&m);
}

json_t *results_start(const struct results_source *source)
{
	const struct run_info *info = history_run(source->history, source->run_id);
	struct json_maker m = json_make();
	char time[40];

	if (!info) {
		json_decref(json_made(&m));
		return NULL;
	}
	clock_format_iso(info->started_wall_ns, time, sizeof(time));
	json_put(&m, "time", json_string(time));
	json_put(&m, "mode", json_of_text(info->engine->name));
	json_put(&m, "method", info->method ? json_of_text(info->method->name) : json_null());
	json_put(&m, "ran", json_of_text_or_null(info->ran));
	json_put(&m, "role", json_string(role_names[info->role & ROLE_BOTH ? info->role & ROLE_BOTH : ROLE_BOTH]));
	json_put(&m, "path", json_of_text_or_null(info->path));
	json_put(&m, "peer", json_of_text_or_null(info->peer));
	json_put(&m, "workers", workers_of(info));
	json_put(&m, "options", options_of(info));
	json_put(&m, "host", json_of_host(source->host));
	json_put(&m, "warnings", warnings_of(source, info));
	return json_made(&m);
}

/* ---- intervals ---- */

static double seconds_since_base(const struct results_view *v)
{
	const struct sample *to = v->reading.to;

	return v->base ? (double)(to->at_ns - v->base->at_ns) / NS_PER_S : (double)to->measured_ns / NS_PER_S;
}

json_t *results_interval(const struct results_source *source, const struct sample *interval)
{
	struct json_maker m;
	struct results_view v;
	int64_t known_ns;

	if (!results_view_of_interval(source, interval, &v))
		return NULL;
	known_ns = reading_measured_ns(&v.reading);
	m = json_make();
	json_put(&m, "t_s", json_of_real(seconds_since_base(&v), 6));
	json_put(&m, "seconds", json_of_real(known_ns ? (double)known_ns / NS_PER_S : interval->interval_s, 6));
	json_put(&m, "sum", results_sum(&v, NULL));
	json_put(&m, "cores", results_cores(&v.reading));
	results_put_latencies(&m, v.reading.info->engine, interval->merged);
	return json_made(&m);
}

/* The oldest interval that is kept only says where the next one starts once older ones have been
 * forgotten. */
static json_t *intervals_of(const struct results_source *source)
{
	const struct history *h = source->history;
	bool skip = history_intervals_lost(h, source->run_id) > 0, failed = false;
	json_t *array = json_array();

	for (unsigned age = history_coarse_count(h); age-- > 0;) {
		const struct sample *s = history_coarse(h, age);

		if (s->run_id != source->run_id)
			continue;
		if (!skip)
			json_append(array, results_interval(source, s), &failed);
		skip = false;
	}
	return json_array_made(array, failed);
}

/* ---- end ---- */

/* A run that never came to measure has nothing that could be used. */
static void nothing_measured(struct ledger *ret_ledger, struct verdict *ret_verdict)
{
	*ret_ledger = (struct ledger){ 0 };
	*ret_verdict = (struct verdict){ .reasons = 1, .reason = { "nothing has been measured" } };
}

static void failed_early(const struct run_final *final, struct ledger *ret_ledger, struct verdict *ret_verdict)
{
	nothing_measured(ret_ledger, ret_verdict);
	if (final->err.text[0])
		snprintf(ret_verdict->reason[0], sizeof(ret_verdict->reason[0]), "failed: %.180s", final->err.text);
}

static void judge(const struct results_view *v, struct ledger *ret_ledger, struct verdict *ret_verdict)
{
	const struct reading *r = &v->reading;

	if (r->final && !reading_known(r))
		failed_early(r->final, ret_ledger, ret_verdict);
	else if (!reading_is_pair(r))
		nothing_measured(ret_ledger, ret_verdict);
	else {
		ledger_of(r, ret_ledger);
		verdict_of(r, ret_ledger, v->source->captured, ret_verdict);
		steadiness_judge(v->source->history, v->source->run_id, ret_verdict);
	}
}

void results_judge(const struct results_source *source, struct ledger *ret_ledger, struct verdict *ret_verdict)
{
	struct results_view v;

	if (results_view_of_end(source, &v))
		judge(&v, ret_ledger, ret_verdict);
	else
		nothing_measured(ret_ledger, ret_verdict);
}

static void put_end_latencies(struct json_maker *m, const struct results_view *v, const struct ledger *ledger)
{
	const struct hist *total = results_totals(v);
	struct latency_summary summary[LATENCIES_MAX] = { 0 };

	for (unsigned i = 0; total && i < engine_latencies(v->reading.info->engine); i++)
		hist_summarise(&total[i], &summary[i]);
	results_put_latencies(m, v->reading.info->engine, total ? summary : NULL);
	for (unsigned i = 0; total && i < engine_latencies(v->reading.info->engine); i++) {
		const struct latency_def *def = &v->reading.info->engine->latencies[i];
		struct percentile_span span[STEADINESS_PERCENTILES];

		steadiness_percentiles(v->source->history, v->source->run_id, i, &total[i], span);
		results_put_spans(m, def, span);
		results_put_coverage(m, def, ledger, &total[i]);
	}
}

/* Says how the run ended, unless it ended as usual. */
static void put_ending(struct json_maker *m, const struct run_final *final)
{
	if (!final)
		json_put(m, "unfinished", json_true());
	else if (final->how == PHASE_FAILED)
		json_put(m, "error", json_of_text(final->err.text));
	else if (final->interrupted)
		json_put(m, "interrupted", json_true());
}

static json_t *capture_of(const struct capture_state *s)
{
	struct json_maker m = json_make();

	json_put(&m, "file", json_of_text(s->path));
	json_put(&m, "packets", json_of_count(s->packets));
	json_put(&m, "bytes", json_of_count(s->bytes));
	json_put(&m, "kernel_drops", s->kernel_drops_known ? json_of_count(s->kernel_drops) : json_null());
	json_put(&m, "writer_drops", json_of_count(s->writer_drops));
	json_put(&m, "error", s->failed ? json_of_text(s->message) : json_null());
	return json_made(&m);
}

json_t *results_end(const struct results_source *source)
{
	struct json_maker m;
	struct results_view v;
	struct ledger ledger;
	struct verdict verdict;

	if (!results_view_of_end(source, &v))
		return NULL;
	judge(&v, &ledger, &verdict);
	m = json_make();
	json_put(&m, "seconds", json_of_real((double)reading_measured_ns(&v.reading) / NS_PER_S, 6));
	put_ending(&m, v.reading.final);
	json_put(&m, "away_s", json_of_real((double)reading_away_ns(&v.reading) / NS_PER_S, 3));
	json_put(&m, "sum", results_sum(&v, &ledger));
	if (v.reading.final)
		json_put(&m, "rx_packets_in_drain", json_of_count(reading_in_drain(&v.reading)));
	json_put(&m, "cores", results_cores(&v.reading));
	put_end_latencies(&m, &v, &ledger);
	results_put_stages(&m, &v);
	results_put_details(&m, &v);
	json_put(&m, "ledger", results_ledger(&ledger));
	results_put_second_ledger(&m, &v.reading);
	results_put_impairments(&m, &v.reading);
	results_put_reasons(&m, v.reading.final);
	json_put(&m, "verdict", results_verdict(&verdict));
	json_put(&m, "unknown", results_unknown(&v.reading));
	if (source->capture)
		json_put(&m, "capture", capture_of(source->capture));
	return json_made(&m);
}

/* ---- whole documents ---- */

json_t *results_document(const struct results_source *source)
{
	struct json_maker m = json_make();

	json_put(&m, "netdyno", json_of_head(RESULTS_SCHEMA));
	json_put(&m, "start", results_start(source));
	json_put(&m, "intervals", intervals_of(source));
	json_put(&m, "end", results_end(source));
	return json_made(&m);
}

/* The document without the brace that closes it, which comes after the record. */
static int write_parts(const char *document, const json_t *record, FILE *out, const char *path, struct err *err)
{
	errno = 0;
	if (fwrite(document, strlen(document) - strlen("\n}"), 1, out) != 1 || fputs(",\n  \"record\": ", out) == EOF ||
		json_dumpf(record, out, RECORD_DUMP) || fputs("\n}\n", out) == EOF)
		return err_sys(err, errno ? errno : EIO, "write %s", path);
	return 0;
}

int results_write(const struct results_source *source, FILE *out, const char *path, struct err *err)
{
	json_t *document = results_document(source), *record = results_record(source);
	char *text = document && record ? json_to_text(document, RESULTS_DUMP | JSON_INDENT(2), "", NULL) : NULL;
	int r;

	if (text)
		r = write_parts(text, record, out, path, err);
	else
		r = err_say(err, ENOMEM, "write %s: out of memory, or run %u is forgotten", path, source->run_id);
	free(text);
	json_decref(record);
	json_decref(document);
	return r;
}

int results_write_json(const struct results_source *source, const char *path, bool force, struct err *err)
{
	struct file_out out = { 0 };
	int r = file_begin(&out, path, force, err);

	if (!r)
		r = results_write(source, out.stream, out.path ? out.path : "standard output", err);
	if (!r)
		r = file_commit(&out, err);
	else
		file_abort(&out);
	return r;
}

int results_line(struct file_out *out, const char *event, json_t *data, struct err *err)
{
	struct json_maker m = json_make();
	struct err why = ERR_NONE;
	size_t len = 0;
	json_t *line;
	char *text;
	int r;

	json_put(&m, "event", json_string(event));
	json_put(&m, "data", data);
	line = json_made(&m);
	text = json_to_text(line, RESULTS_DUMP | JSON_COMPACT, "\n", &len);
	json_decref(line);
	if (!text)
		return err_sys(err, ENOMEM, "write %s line", event);
	r = file_append(out, text, len, &why);
	free(text);
	return r < 0 ? err_sys(err, -r, "write %s line", event) : 0;
}
