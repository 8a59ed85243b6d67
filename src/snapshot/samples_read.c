/* Samples, and what finals have in common with them: readings of workers, latencies, histograms,
 * the kernel's counters.  See snapshot/reader.h. */
#include "snapshot/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- counters ---- */

static const json_t *run_numbered(const json_t *record, uint32_t id)
{
	size_t i;
	const json_t *run;

	json_array_foreach(json_object_get(record, "runs"), i, run)
	{
		if (json_integer_value(json_object_get(run, "id")) == id)
			return run;
	}
	return NULL;
}

int read_counter_columns(
	const struct reader *r, const json_t *record, const struct run_info *info, struct counter_columns *ret_columns)
{
	const json_t *names = json_object_get(run_numbered(record, info->id), "counters"), *name;
	size_t i;
	int rc = read_array(r, names, "record.runs", "counters", 0, SNAPSHOT_COUNTERS_MAX);

	if (rc)
		return rc;
	*ret_columns = (struct counter_columns){ .info = info, .count = (unsigned)json_array_size(names) };
	json_array_foreach(names, i, name)
	{
		ret_columns->counter[i] = json_is_string(name) ? engine_find_counter(info->engine, json_string_value(name)) : -1;
	}
	return 0;
}

/* null is the lowest or highest of nothing. */
static int read_counter(
	const struct reader *r, const json_t *value, const char *where, const struct counter_def *def, uint64_t *into)
{
	const struct member m = { .name = def->name, .type = MEMBER_U64 };

	if (counter_first(def->kind) && json_is_null(value))
		return 0;
	return read_member(r, value, where, &m, into);
}

static int read_counters(
	const struct reader *r, const json_t *from, const char *where, const struct counter_columns *columns, uint64_t *values)
{
	const struct engine *e = columns->info->engine;
	int rc = read_array(r, from, where, "counters", columns->count, columns->count);

	for (unsigned i = 0; i < engine_counters(e); i++)
		values[i] = counter_first(engine_counter(e, i)->kind);
	for (unsigned i = 0; !rc && i < columns->count; i++) {
		int counter = columns->counter[i];

		if (counter >= 0)
			rc = read_counter(
				r, json_array_get(from, i), where, engine_counter(e, (unsigned)counter), &values[counter]);
	}
	return rc;
}

/* ---- latencies ---- */

int read_latency(const struct reader *r, const json_t *from, const char *where, struct latency_summary *l)
{
	unsigned i = 0;
	int rc = 0;

	for (const struct member *m = latency_members; !rc && m->name && !json_is_null(from); m++)
		rc = read_member(r, json_array_get(from, i++), where, m, l);
	return rc;
}

/* One summary for each latency of the mode. */
static int read_latencies(const struct reader *r, const json_t *array, const char *where, const struct engine *e,
	struct latency_summary *ret_summaries)
{
	unsigned count = engine_latencies(e);
	int rc = read_array(r, array, where, "latency", count, count);

	for (unsigned i = 0; !rc && i < count; i++)
		rc = read_latency(r, json_array_get(array, i), where, &ret_summaries[i]);
	return rc;
}

int read_readings(const struct reader *r, const json_t *array, const char *where, const struct counter_columns *columns,
	struct worker_sample *readings)
{
	unsigned workers = columns->info->workers;
	int rc = read_array(r, array, where, "workers", workers, workers);
	char place[96];

	for (unsigned i = 0; !rc && i < workers; i++) {
		const json_t *one = json_array_get(array, i);

		snprintf(place, sizeof(place), "%s[%u]", where, i);
		rc = read_counters(r, json_object_get(one, "counters"), place, columns, readings[i].value);
		if (!rc)
			rc = read_latencies(
				r, json_object_get(one, "latency"), place, columns->info->engine, readings[i].latency);
	}
	return rc;
}

/* ---- histograms ---- */

/* Pairs: index, count, index, count, ...; each index below `indices`, each count at most `most`. */
static int read_pairs(const struct reader *r, const json_t *pairs, const char *where, const char *name, size_t indices,
	uint64_t most, void (*take)(void *into, size_t index, uint64_t count), void *into)
{
	size_t size = json_array_size(pairs);

	if (!json_is_array(pairs) || size % 2)
		return reader_fails(r, where, "%s: not an array of pairs", name);
	for (size_t i = 0; i < size; i += 2) {
		const json_t *index = json_array_get(pairs, i), *count = json_array_get(pairs, i + 1);

		if (!json_is_integer(index) || !json_is_integer(count))
			return reader_fails(r, where, "%s: not whole numbers", name);
		/* Negative ones are the largest. */
		if ((uint64_t)json_integer_value(index) >= indices || (uint64_t)json_integer_value(count) > most)
			return reader_fails(r, where, "%s: out of range", name);
		take(into, (size_t)json_integer_value(index), (uint64_t)json_integer_value(count));
	}
	return 0;
}

static void take_bucket(void *hist, size_t index, uint64_t count)
{
	((struct hist *)hist)->bucket[index] = count;
}

static void take_heat(void *heat, size_t row, uint64_t count)
{
	((uint32_t *)heat)[row] = (uint32_t)count;
}

static int read_hist(const struct reader *r, const json_t *from, const char *where, struct hist *h)
{
	static const struct member sum = { .name = "sum_ns", .type = MEMBER_U64 };
	static const struct member lowest = { .name = "min_ns", .type = MEMBER_I64, .max = INT64_MAX / 4 };
	static const struct member highest = { .name = "max_ns", .type = MEMBER_I64, .max = INT64_MAX / 4 };
	/* The limits that keep every sum within 64 bits. */
	const uint64_t most = ((uint64_t)1 << 48) - 1;
	int rc = read_member(r, json_object_get(from, "sum_ns"), where, &sum, &h->sum_ns);

	if (!rc)
		rc = read_member(r, json_object_get(from, "min_ns"), where, &lowest, &h->min_ns);
	if (!rc)
		rc = read_member(r, json_object_get(from, "max_ns"), where, &highest, &h->max_ns);
	if (!rc)
		rc = read_pairs(r, json_object_get(from, "buckets"), where, "buckets", HIST_BUCKETS, most, take_bucket, h);
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		h->count += h->bucket[i];
	return rc;
}

int read_hists(const struct reader *r, const json_t *from, const char *where, const struct engine *e, struct hist **ret_hists)
{
	struct hist *hists = calloc(LATENCIES_MAX, sizeof(*hists));
	char place[96];
	int rc = hists ? 0 : err_sys(r->err, ENOMEM, "%s", r->file);

	if (!rc && !json_is_object(from))
		rc = reader_fails(r, where, "total: missing or not an object");
	for (unsigned i = 0; !rc && i < engine_latencies(e); i++) {
		snprintf(place, sizeof(place), "%s.total.%s", where, e->latencies[i].name);
		rc = read_hist(r, json_object_get(from, e->latencies[i].name), place, &hists[i]);
	}
	if (rc)
		free(hists);
	else
		*ret_hists = hists;
	return rc;
}

/* ---- the kernel's counters ---- */

int read_net(const struct reader *r, const json_t *from, const char *where, struct procnet *net)
{
	const json_t *why = json_object_get(from, "why");
	int rc = json_is_object(from) ? 0 : reader_fails(r, where, "net: missing or not an object");

	for (unsigned i = 0; !rc && i < PROCNET_FIELDS; i++) {
		const char *name = procnet_name((enum procnet_field)i);
		const struct member m = { .name = name, .type = MEMBER_U64 };
		const json_t *value = json_object_get(from, name);

		if (!value)
			continue;
		rc = read_member(r, value, where, &m, &net->value[i]);
		net->known |= 1u << i;
	}
	if (json_is_string(why))
		text_escape(json_string_value(why), json_string_length(why), net->why, sizeof(net->why));
	return rc;
}

int read_reasons(const struct reader *r, const json_t *from, const char *where, struct drop_reasons *reasons)
{
	const json_t *counts = json_object_get(from, "at_most"), *why = json_object_get(from, "why"), *value;
	const char *name;
	int rc = 0;

	reasons->known = json_is_object(counts);
	json_object_foreach((json_t *)(uintptr_t)counts, name, value)
	{
		struct drop_reason *reason = &reasons->reason[reasons->count];
		const struct member m = { .name = "drop_reasons", .type = MEMBER_U64 };

		if (rc || reasons->count == REASONS_SHOWN)
			break;
		text_escape(name, strlen(name), reason->name, sizeof(reason->name));
		rc = read_member(r, value, where, &m, &reason->packets);
		reasons->count++;
	}
	if (json_is_string(why))
		text_escape(json_string_value(why), json_string_length(why), reasons->why, sizeof(reasons->why));
	return rc;
}

/* ---- samples ---- */

struct sample_source {
	const struct reader *r;
	const json_t *record, *from;
	const char *where;
	struct counter_columns columns; /* of the run of the sample before */
	int64_t last_ns;
};

static int read_place(const struct sample_source *s, struct sample *sample)
{
	static const struct member at = { .name = "at_ns", .type = MEMBER_I64, .min = -(INT64_MAX / 4), .max = INT64_MAX / 4 };
	int rc = read_member(s->r, json_object_get(s->from, "at_ns"), s->where, &at, &sample->at_ns);

	sample->run_id = s->columns.info->id;
	if (!rc && sample->at_ns < s->last_ns)
		rc = reader_fails(s->r, s->where, "at_ns: time goes backwards");
	return rc ? rc : read_phase(s->r, json_object_get(s->from, "phase"), s->where, &sample->phase);
}

/* Of the sample that closes the measure phase: its workers' counters after the drain. */
static int read_settled(const struct sample_source *s, const json_t *array, struct sample *sample)
{
	int rc = read_array(s->r, array, s->where, "settled", sample->workers, sample->workers);

	if (!rc && !sample_settle(sample))
		rc = err_sys(s->r->err, ENOMEM, "%s", s->r->file);
	for (unsigned i = 0; !rc && i < sample->workers; i++)
		rc = read_counters(s->r, json_array_get(array, i), s->where, &s->columns, sample->settled[i]);
	return rc;
}

static int fill_sample(const struct sample_source *s, struct sample *sample)
{
	const struct engine *e = s->columns.info->engine;
	const json_t *total = json_object_get(s->from, "total"), *settled = json_object_get(s->from, "settled");
	char place[80];
	int rc = read_place(s, sample);

	snprintf(place, sizeof(place), "%s.workers", s->where);
	if (!rc)
		rc = read_members(s->r, s->from, s->where, sample_members, sample);
	if (!rc)
		rc = read_readings(s->r, json_object_get(s->from, "workers"), place, &s->columns, sample->worker);
	if (!rc)
		rc = read_latencies(s->r, json_object_get(s->from, "merged"), s->where, e, sample->merged);
	if (!rc)
		rc = read_pairs(
			s->r, json_object_get(s->from, "heat"), s->where, "heat", HEAT_ROWS, UINT32_MAX, take_heat, sample->heat);
	if (!rc)
		rc = read_net(s->r, json_object_get(s->from, "net"), s->where, &sample->net);
	if (!rc && total)
		rc = read_hists(s->r, total, s->where, e, &sample->total);
	if (!rc && settled)
		rc = read_settled(s, settled, sample);
	return rc;
}

/* Each run's mode has its own counters, so a sample of another run needs other columns. */
static int enter_run(struct sample_source *s)
{
	const struct run_info *info;
	int rc = read_run_id(s->r, json_object_get(s->from, "run"), s->where, &info);

	return rc || info == s->columns.info ? rc : read_counter_columns(s->r, s->record, info, &s->columns);
}

/* A sample that does not say where it was kept goes where it would have gone when it was new. */
static int keep_sample(const struct sample_source *s, struct update *u)
{
	const json_t *kept = json_object_get(s->from, "kept");
	unsigned where = json_is_string(kept) ? kept_parse(json_string_value(kept)) : 0;

	if (!kept)
		return reader_take(s->r, u, 0);
	if (!where)
		return reader_take(s->r, u, reader_fails(s->r, s->where, "kept: unknown"));
	history_keep(s->r->history, u->sample, where);
	u->sample = NULL;
	update_free(u);
	return 0;
}

static int read_sample(struct sample_source *s)
{
	int rc = enter_run(s);
	struct update *u = rc ? NULL : reader_update(s->r, UPDATE_SAMPLE);

	if (!u)
		return rc ? rc : -ENOMEM;
	u->run_id = s->columns.info->id;
	u->sample = sample_new(s->columns.info->workers);
	rc = u->sample ? fill_sample(s, u->sample) : err_sys(s->r->err, ENOMEM, "%s", s->r->file);
	if (rc)
		return reader_take(s->r, u, rc);
	s->last_ns = u->sample->at_ns;
	return keep_sample(s, u);
}

int snapshot_read_samples(const struct reader *r, const json_t *record)
{
	struct sample_source s = { .r = r, .record = record, .last_ns = INT64_MIN };
	const json_t *samples = json_object_get(record, "samples");
	char where[48];
	int rc = read_array(r, samples, "record", "samples", 0, SNAPSHOT_SAMPLES_MAX);

	s.where = where;
	for (size_t i = 0; !rc && i < json_array_size(samples); i++) {
		snprintf(where, sizeof(where), "record.samples[%zu]", i);
		s.from = json_array_get(samples, i);
		rc = read_sample(&s);
	}
	return rc;
}

static int read_line(struct sample_source *s, const char *text, size_t len)
{
	json_error_t error;
	json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	char why[120];
	int rc;

	if (!line)
		return reader_fails(s->r, s->where, "%s", text_escape(error.text, strlen(error.text), why, sizeof(why)));
	s->from = line;
	rc = read_sample(s);
	json_decref(line);
	return rc;
}

int snapshot_read_lines(const struct reader *r, const json_t *record, const char *text, size_t len)
{
	struct sample_source s = { .r = r, .record = record, .last_ns = INT64_MIN };
	const char *end = text + len;
	char where[32];
	int rc = 0;

	s.where = where;
	for (unsigned line = 1; !rc && text < end; line++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t size = (size_t)((newline ? newline : end) - text);

		snprintf(where, sizeof(where), "line %u", line);
		rc = read_line(&s, text, size);
		text += size + (newline ? 1 : 0);
	}
	return rc;
}
