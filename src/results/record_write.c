/* The record, written.  See results/record.h; read back by src/snapshot. */
#include "results/record.h"

#include <stdlib.h>

/* ---- values ---- */

static json_t *record_value(const struct member *m, const void *from)
{
	const char *at = (const char *)from + m->offset;

	switch (m->type) {
	case MEMBER_U64:
		return json_of_count(*(const uint64_t *)at);
	case MEMBER_I64:
		return json_integer(*(const int64_t *)at);
	case MEMBER_U32:
		return json_integer(*(const uint32_t *)at);
	case MEMBER_INT:
		return json_integer(*(const int *)at);
	case MEMBER_BOOL:
		return json_boolean(*(const bool *)at);
	case MEMBER_REAL:
		return json_real(*(const double *)at);
	case MEMBER_TEXT:
		return json_of_text(at);
	}
	return NULL;
}

void record_put(struct json_maker *m, const struct member *members, const void *from)
{
	for (; members->name; members++)
		json_put(m, members->name, record_value(members, from));
}

/* A number, or null where there was nothing to find the lowest or highest of. */
static json_t *record_count(enum counter_kind kind, uint64_t value)
{
	return counter_is_nothing(kind, value) ? json_null() : json_of_count(value);
}

/* ---- runs ---- */

/* Only what bears on the result: file names of the one who saved it are nobody's business. */
static json_t *record_options(const struct options *o, bool given)
{
	struct json_maker m = json_make();

	for (unsigned i = 0; i < o->count; i++)
		if (option_is_told(o->def[i], &o->value[i]) && o->value[i].is_given == given)
			json_put(&m, o->def[i]->name, json_of_text(o->value[i].text));
	return json_made(&m);
}

static json_t *record_worker(const struct run_info *info, const struct run_worker *w)
{
	struct json_maker m = json_make();
	json_t *unknown = json_array();
	bool failed = false;

	for (unsigned i = 0; i < engine_counters(info->engine); i++)
		if (w->unknown >> i & 1)
			json_append(unknown, json_string(engine_counter(info->engine, i)->name), &failed);
	json_put(&m, "role", json_string(role_names[w->role]));
	record_put(&m, worker_members, w);
	json_put(&m, "unknown", json_array_made(unknown, failed));
	return json_made(&m);
}

static json_t *record_workers(const struct run_info *info)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; i < info->workers; i++)
		json_append(array, record_worker(info, &info->worker[i]), &failed);
	return json_array_made(array, failed);
}

static json_t *record_ports(const struct run_info *info)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; i < info->ports.count; i++)
		json_append(array, json_pack("[i, i]", info->ports.range[i].first, info->ports.range[i].last), &failed);
	return json_array_made(array, failed);
}

static json_t *record_notes(const struct run_info *info)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; i < sizeof(info->notes) / sizeof(info->notes[0]); i++)
		if (info->notes[i][0])
			json_append(array, json_of_text(info->notes[i]), &failed);
	return json_array_made(array, failed);
}

static json_t *record_counter_names(const struct engine *e)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; i < engine_counters(e); i++)
		json_append(array, json_string(engine_counter(e, i)->name), &failed);
	return json_array_made(array, failed);
}

/* ---- finals ---- */

static json_t *record_net(const struct procnet *net)
{
	struct json_maker m = json_make();

	for (unsigned i = 0; i < PROCNET_FIELDS; i++)
		if (procnet_has(net, (enum procnet_field)i))
			json_put(&m, procnet_name((enum procnet_field)i), json_of_count(net->value[i]));
	if (net->why[0])
		json_put(&m, "why", json_of_text(net->why));
	return json_made(&m);
}

json_t *record_latency(const struct latency_summary *l)
{
	json_t *array = json_array();
	bool failed = false;

	for (const struct member *m = latency_members; m->name; m++)
		json_append(array, record_value(m, l), &failed);
	return json_array_made(array, failed);
}

/* One for each latency of the mode; null where there was none to summarise. */
static json_t *record_latencies(const struct engine *e, const struct latency_summary *summaries)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; i < engine_latencies(e); i++)
		json_append(array, summaries[i].count ? record_latency(&summaries[i]) : json_null(), &failed);
	return json_array_made(array, failed);
}

/* Counters stand in the order of the run's "counters". */
static json_t *record_counters(const struct engine *e, const uint64_t *value)
{
	json_t *counters = json_array();
	bool failed = false;

	for (unsigned i = 0; i < engine_counters(e); i++)
		json_append(counters, record_count(engine_counter(e, i)->kind, value[i]), &failed);
	return json_array_made(counters, failed);
}

static json_t *record_settled(const struct engine *e, const struct sample *s)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; i < s->workers; i++)
		json_append(array, record_counters(e, s->settled[i]), &failed);
	return json_array_made(array, failed);
}

static json_t *record_reading(const struct engine *e, const struct worker_sample *s)
{
	struct json_maker m = json_make();

	json_put(&m, "counters", record_counters(e, s->value));
	json_put(&m, "latency", record_latencies(e, s->latency));
	return json_made(&m);
}

static json_t *record_readings(const struct engine *e, const struct worker_sample *readings, unsigned workers)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; readings && i < workers; i++)
		json_append(array, record_reading(e, &readings[i]), &failed);
	return json_array_made(array, failed);
}

static json_t *record_edge_times(const struct run_final *f)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; f->edge_ns && i < f->workers; i++)
		json_append(array, json_integer(f->edge_ns[i]), &failed);
	return json_array_made(array, failed);
}

/* Buckets that hold something: index, count, index, count, ... */
static json_t *record_hist(const struct hist *h)
{
	struct json_maker m = json_make();
	json_t *buckets = json_array();

	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		if (!h->bucket[i])
			continue;
		json_append(buckets, json_integer(i), &m.failed);
		json_append(buckets, json_of_count(h->bucket[i]), &m.failed);
	}
	json_put(&m, "sum_ns", json_of_count(h->sum_ns));
	json_put(&m, "min_ns", json_integer(h->min_ns));
	json_put(&m, "max_ns", json_integer(h->max_ns));
	json_put(&m, "buckets", buckets);
	return json_made(&m);
}

static json_t *record_hists(const struct engine *e, const struct hist *total)
{
	struct json_maker m = json_make();

	for (unsigned l = 0; total && l < engine_latencies(e); l++)
		json_put(&m, e->latencies[l].name, record_hist(&total[l]));
	return json_made(&m);
}

static json_t *record_final(const struct engine *e, const struct run_final *f)
{
	struct json_maker m = json_make();

	json_put(&m, "how", json_string(phase_name(f->how)));
	json_put(&m, "error", json_of_text(f->err.text));
	json_put(&m, "error_code", json_integer(f->err.code));
	record_put(&m, final_members, f);
	json_put(&m, "net_from", record_net(&f->net_from));
	json_put(&m, "net_to", record_net(&f->net_to));
	results_put_reasons(&m, f);
	json_put(&m, "edge_ns", record_edge_times(f));
	json_put(&m, "edge", record_readings(e, f->edge, f->workers));
	json_put(&m, "settled", record_readings(e, f->settled, f->workers));
	json_put(&m, "total", f->total ? record_hists(e, f->total) : json_null());
	return json_made(&m);
}

/* ---- details ---- */

static json_t *record_detail_names(const struct detail_def *def)
{
	json_t *names = json_array();
	bool failed = false;

	for (unsigned i = 0; i < detail_columns(def); i++)
		json_append(names, json_string(def->columns[i].name), &failed);
	return json_array_made(names, failed);
}

static void record_detail_values(const struct detail_def *def, const uint64_t *values, json_t *row, bool *failed)
{
	for (unsigned i = 0; i < detail_columns(def); i++)
		json_append(row, record_count(def->columns[i].kind, values[i]), failed);
}

/* [id, worker, a value per column, a recent one per column] */
static json_t *record_detail_row(const struct detail_def *def, const struct detail_row *from)
{
	json_t *row = json_array();
	bool failed = false;

	json_append(row, json_of_count(from->id), &failed);
	json_append(row, json_integer(from->worker), &failed);
	record_detail_values(def, from->value, row, &failed);
	record_detail_values(def, from->recent, row, &failed);
	return json_array_made(row, failed);
}

static json_t *record_details(const struct engine *e, const struct details *d)
{
	struct json_maker m;
	json_t *rows;

	if (!e->details || !d)
		return json_null();
	m = json_make();
	rows = json_array();
	for (unsigned i = 0; i < d->rows; i++)
		json_append(rows, record_detail_row(e->details, &d->row[i]), &m.failed);
	record_put(&m, details_members, d);
	json_put(&m, "columns", record_detail_names(e->details));
	json_put(&m, "rows", rows);
	return json_made(&m);
}

/* ---- a run ---- */

static json_t *record_run(const struct results_source *source, const struct run_info *info)
{
	const struct history *h = source->history;
	const struct run_final *final = history_final(h, info->id);
	struct json_maker m = json_make();

	json_put(&m, "mode", json_string(info->engine->name));
	json_put(&m, "method", info->method ? json_string(info->method->name) : json_null());
	json_put(&m, "role", json_integer(info->role));
	json_put(&m, "load_name", info->load_name ? json_string(info->load_name) : json_null());
	json_put(&m, "tx_ledger", json_string(ledger_side_names[info->tx_ledger]));
	json_put(&m, "rx_ledger", json_string(ledger_side_names[info->rx_ledger]));
	record_put(&m, run_members, info);
	json_put(&m, "captured", json_boolean(source->captured && info->id == source->run_id));
	json_put(&m, "ports", record_ports(info));
	json_put(&m, "notes", record_notes(info));
	json_put(&m, "given", record_options(&info->options, true));
	json_put(&m, "defaults", record_options(&info->options, false));
	json_put(&m, "intervals_lost", json_of_count(history_intervals_lost(h, info->id)));
	json_put(&m, "workers", record_workers(info));
	json_put(&m, "counters", record_counter_names(info->engine));
	json_put(&m, "details", record_details(info->engine, history_details(h, info->id)));
	json_put(&m, "stages", record_stages(info->engine, history_stages(h, info->id)));
	json_put(&m, "final", final ? record_final(info->engine, final) : json_null());
	return json_made(&m);
}

/* A snapshot is of all runs, any other result of its own alone. */
static bool record_has_run(const struct results_source *source, uint32_t run_id)
{
	return source->saved_wall_ns || run_id == source->run_id;
}

static json_t *record_runs(const struct results_source *source)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned age = history_run_count(source->history); age-- > 0;) {
		const struct run_info *info = history_run_by_age(source->history, age);

		if (record_has_run(source, info->id))
			json_append(array, record_run(source, info), &failed);
	}
	return json_array_made(array, failed);
}

/* ---- events ---- */

static json_t *record_event(const struct history_event *e)
{
	struct json_maker m = json_make();

	record_put(&m, event_members, e);
	json_put(&m, "severity", json_string(severity_names[e->severity]));
	return json_made(&m);
}

static json_t *record_events(const struct results_source *source)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned age = history_event_count(source->history); age-- > 0;) {
		const struct history_event *e = history_event(source->history, age);

		if (record_has_run(source, e->run_id))
			json_append(array, record_event(e), &failed);
	}
	return json_array_made(array, failed);
}

/* ---- samples ---- */

/* Rows that hold something: row, count, row, count, ... */
static json_t *record_heat(const uint32_t *heat)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; i < HEAT_ROWS; i++) {
		if (!heat[i])
			continue;
		json_append(array, json_integer(i), &failed);
		json_append(array, json_integer(heat[i]), &failed);
	}
	return json_array_made(array, failed);
}

json_t *results_record_sample(const struct run_info *info, const struct sample *s, unsigned where)
{
	struct json_maker m = json_make();
	char kept[32];

	json_put(&m, "run", json_integer(s->run_id));
	json_put(&m, "at_ns", json_integer(s->at_ns));
	json_put(&m, "phase", json_string(phase_name(s->phase)));
	if (where)
		json_put(&m, "kept", json_string(kept_format(where, kept, sizeof(kept))));
	record_put(&m, sample_members, s);
	json_put(&m, "workers", record_readings(info->engine, s->worker, s->workers));
	json_put(&m, "merged", record_latencies(info->engine, s->merged));
	json_put(&m, "heat", record_heat(s->heat));
	json_put(&m, "net", record_net(&s->net));
	if (s->total)
		json_put(&m, "total", record_hists(info->engine, s->total));
	if (s->settled)
		json_put(&m, "settled", record_settled(info->engine, s));
	return json_made(&m);
}

struct sample_list {
	struct kept_sample *sample;
	size_t count, room;
};

static void sample_list_add(void *ctx, const struct sample *s, unsigned where)
{
	struct sample_list *l = ctx;

	if (l->count < l->room)
		l->sample[l->count++] = (struct kept_sample){ s, where };
}

static int by_time(const void *a, const void *b)
{
	const struct sample *x = ((const struct kept_sample *)a)->sample, *y = ((const struct kept_sample *)b)->sample;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

struct kept_sample *results_samples(const struct history *h, size_t *ret_count)
{
	struct sample_list l = { .room = history_fine_count(h) + history_coarse_count(h) + history_run_count(h) };

	l.sample = calloc(l.room + 1, sizeof(l.sample[0]));
	if (!l.sample)
		return NULL;
	history_each(h, sample_list_add, &l);
	qsort(l.sample, l.count, sizeof(l.sample[0]), by_time);
	*ret_count = l.count;
	return l.sample;
}

/* Does the result say something that comes from this sample? */
static bool record_has_sample(const struct results_view *v, const struct kept_sample *kept)
{
	const struct sample *s = kept->sample;

	if (s->run_id != v->reading.info->id)
		return false;
	return kept->where & (HISTORY_COARSE | HISTORY_BASE) || (!v->reading.final && (s == v->reading.to || s->total));
}

static json_t *record_samples(const struct results_view *v)
{
	json_t *array = json_array();
	size_t count = 0;
	struct kept_sample *all = results_samples(v->source->history, &count);
	bool failed = !all;

	for (size_t i = 0; i < count; i++)
		if (record_has_sample(v, &all[i]))
			json_append(array, results_record_sample(v->reading.info, all[i].sample, 0), &failed);
	free(all);
	return json_array_made(array, failed);
}

static json_t *record_baseline(const struct results_source *source)
{
	struct json_maker m = json_make();

	json_put(&m, "run", json_integer(source->base_run));
	json_put(&m, "until_ns", json_integer(source->base_until_ns));
	return json_made(&m);
}

/* ---- all of it ---- */

json_t *results_record(const struct results_source *source)
{
	struct json_maker m;
	struct results_view v;

	if (!results_view_of_end(source, &v))
		return NULL;
	m = json_make();
	if (source->saved_wall_ns)
		json_put(&m, "saved_wall_ns", json_integer(source->saved_wall_ns));
	if (source->saved_wall_ns && source->base_run)
		json_put(&m, "baseline", record_baseline(source));
	json_put(&m, "phase", json_string(phase_name(v.reading.final ? v.reading.final->how : history_phase(source->history))));
	json_put(&m, "runs", record_runs(source));
	json_put(&m, "events", record_events(source));
	json_put(&m, "samples", record_samples(&v));
	return json_made(&m);
}
