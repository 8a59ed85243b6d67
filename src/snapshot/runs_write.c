/* What result.json says for `netdyno open` alone: runs, finals, events, histograms.  Read back
 * by runs_read.c. */
#include "snapshot/fields.h"

#include <string.h>

#include "base/clock.h"

static json_t *value_of(const struct member *m, const void *from)
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
		return json_of_real(*(const double *)at, 6);
	case MEMBER_TEXT:
		return json_of_text(at);
	}
	return NULL;
}

static void put_members(struct json_maker *m, const struct member *members, const void *from)
{
	for (; members->name; members++)
		json_put(m, members->name, value_of(members, from));
}

static json_t *array_or_null(json_t *array, bool failed)
{
	if (!failed)
		return array;
	json_decref(array);
	return NULL;
}

/* ---- runs ---- */

/* Only what bears on the result: file names of the one who saved it are nobody's business. */
static json_t *options_where(const struct options *o, bool given)
{
	struct json_maker m = json_make();

	for (unsigned i = 0; i < o->count; i++)
		if (o->def[i]->flags & OPTION_RESULT && o->value[i].is_given == given)
			json_put(&m, o->def[i]->name, json_of_text(o->value[i].text));
	return json_made(&m);
}

static json_t *worker_of(const struct run_info *info, const struct run_worker *w)
{
	struct json_maker m = json_make();
	json_t *unknown = json_array();
	bool failed = false;

	for (unsigned i = 0; i < engine_counters(info->engine); i++)
		if (w->unknown >> i & 1)
			json_append(unknown, json_string(engine_counter(info->engine, i)->name), &failed);
	json_put(&m, "role", json_string(role_names[w->role]));
	put_members(&m, worker_members, w);
	json_put(&m, "unknown", array_or_null(unknown, failed));
	return json_made(&m);
}

static json_t *workers_of(const struct run_info *info)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; i < info->workers; i++)
		json_append(array, worker_of(info, &info->worker[i]), &failed);
	return array_or_null(array, failed);
}

static json_t *ports_of(const struct run_info *info)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; i < info->ports.count; i++)
		json_append(array, json_pack("[i, i]", info->ports.range[i].first, info->ports.range[i].last), &failed);
	return array_or_null(array, failed);
}

static json_t *notes_of(const struct run_info *info)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; i < sizeof(info->notes) / sizeof(info->notes[0]); i++)
		if (info->notes[i][0])
			json_append(array, json_of_text(info->notes[i]), &failed);
	return array_or_null(array, failed);
}

static json_t *counter_names(const struct engine *e)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; i < engine_counters(e); i++)
		json_append(array, json_string(engine_counter(e, i)->name), &failed);
	return array_or_null(array, failed);
}

/* ---- finals ---- */

static json_t *net_of(const struct procnet *net)
{
	struct json_maker m = json_make();

	for (unsigned i = 0; i < PROCNET_FIELDS; i++)
		if (procnet_has(net, (enum procnet_field)i))
			json_put(&m, procnet_name((enum procnet_field)i), json_of_count(net->value[i]));
	if (net->why[0])
		json_put(&m, "why", json_of_text(net->why));
	return json_made(&m);
}

static json_t *reading_of(const struct engine *e, const struct worker_sample *s)
{
	struct json_maker m = json_make();
	json_t *counters = json_array(), *latencies = json_array();
	bool failed = false;

	for (unsigned i = 0; i < engine_counters(e); i++)
		json_append(counters,
			counter_is_nothing(engine_counter(e, i)->kind, s->value[i]) ? json_null() : json_of_count(s->value[i]),
			&failed);
	for (unsigned l = 0; l < engine_latencies(e); l++) {
		json_t *one = json_array();

		for (const struct member *f = latency_members; f->name; f++)
			json_append(one, value_of(f, &s->latency[l]), &failed);
		json_append(latencies, one, &failed);
	}
	m.failed |= failed;
	json_put(&m, "counters", counters);
	json_put(&m, "latency", latencies);
	return json_made(&m);
}

static json_t *readings_of(const struct engine *e, const struct worker_sample *readings, unsigned workers)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; readings && i < workers; i++)
		json_append(array, reading_of(e, &readings[i]), &failed);
	return array_or_null(array, failed);
}

static json_t *edge_times(const struct run_final *f)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; f->edge_ns && i < f->workers; i++)
		json_append(array, json_integer(f->edge_ns[i]), &failed);
	return array_or_null(array, failed);
}

/* Buckets that hold something: index, count, index, count, ... */
static json_t *hist_of(const struct hist *h)
{
	struct json_maker m = json_make();
	json_t *buckets = json_array();
	bool failed = false;

	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		if (!h->bucket[i])
			continue;
		json_append(buckets, json_integer(i), &failed);
		json_append(buckets, json_of_count(h->bucket[i]), &failed);
	}
	m.failed |= failed;
	json_put(&m, "sum_ns", json_of_count(h->sum_ns));
	json_put(&m, "buckets", buckets);
	return json_made(&m);
}

static json_t *hists_of(const struct engine *e, const struct hist *total)
{
	struct json_maker m = json_make();

	for (unsigned l = 0; total && l < engine_latencies(e); l++)
		json_put(&m, e->latencies[l].name, hist_of(&total[l]));
	return json_made(&m);
}

static json_t *final_of(const struct engine *e, const struct run_final *f)
{
	struct json_maker m = json_make();

	json_put(&m, "how", json_string(phase_name(f->how)));
	json_put(&m, "error", json_of_text(f->err.text));
	json_put(&m, "error_code", json_integer(f->err.code));
	put_members(&m, final_members, f);
	json_put(&m, "net_from", net_of(&f->net_from));
	json_put(&m, "net_to", net_of(&f->net_to));
	json_put(&m, "edge_ns", edge_times(f));
	json_put(&m, "edge", readings_of(e, f->edge, f->workers));
	json_put(&m, "settled", readings_of(e, f->settled, f->workers));
	json_put(&m, "total", f->total ? hists_of(e, f->total) : json_null());
	return json_made(&m);
}

static json_t *run_of(const struct history *h, const struct run_info *info)
{
	const struct run_final *final = history_final(h, info->id);
	struct json_maker m = json_make();

	json_put(&m, "mode", json_string(info->engine->name));
	json_put(&m, "method", info->method ? json_string(info->method->name) : json_null());
	json_put(&m, "role", json_integer(info->role));
	json_put(&m, "load_name", info->load_name ? json_string(info->load_name) : json_null());
	json_put(&m, "tx_ledger", json_string(ledger_side_names[info->tx_ledger]));
	json_put(&m, "rx_ledger", json_string(ledger_side_names[info->rx_ledger]));
	put_members(&m, run_members, info);
	json_put(&m, "ports", ports_of(info));
	json_put(&m, "notes", notes_of(info));
	json_put(&m, "given", options_where(&info->options, true));
	json_put(&m, "defaults", options_where(&info->options, false));
	json_put(&m, "intervals_lost", json_of_count(history_intervals_lost(h, info->id)));
	json_put(&m, "workers", workers_of(info));
	json_put(&m, "counters", counter_names(info->engine));
	json_put(&m, "details", snapshot_details_of(info->engine, history_details(h, info->id)));
	json_put(&m, "final", final ? final_of(info->engine, final) : json_null());
	return json_made(&m);
}

static json_t *runs_of(const struct history *h)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned age = history_run_count(h); age-- > 0;)
		json_append(array, run_of(h, history_run_by_age(h, age)), &failed);
	return array_or_null(array, failed);
}

/* ---- the rest ---- */

static json_t *event_of(const struct history_event *e)
{
	struct json_maker m = json_make();

	json_put(&m, "at_ns", json_integer(e->at_ns));
	json_put(&m, "run", json_integer(e->run_id));
	json_put(&m, "severity", json_string(severity_names[e->severity]));
	json_put(&m, "text", json_of_text(e->text));
	return json_made(&m);
}

static json_t *events_of(const struct history *h)
{
	json_t *array = json_array();
	bool failed = false;

	for (unsigned age = history_event_count(h); age-- > 0;)
		json_append(array, event_of(history_event(h, age)), &failed);
	return array_or_null(array, failed);
}

struct total_search {
	const struct sample *with;
};

static void find_total(void *ctx, const struct sample *s, unsigned where)
{
	struct total_search *search = ctx;

	(void)where;
	if (s->total)
		search->with = s;
}

/* The one sample that has its totals still. */
static json_t *total_of(const struct history *h)
{
	struct total_search search = { 0 };
	struct json_maker m;
	const struct run_info *info;

	history_each(h, find_total, &search);
	info = search.with ? history_run(h, search.with->run_id) : NULL;
	if (!info)
		return json_null();
	m = json_make();
	json_put(&m, "run", json_integer(info->id));
	json_put(&m, "sequence", json_of_count(search.with->sequence));
	json_put(&m, "latency", hists_of(info->engine, search.with->total));
	return json_made(&m);
}

json_t *snapshot_describe(const struct results_source *source, int64_t saved_wall_ns)
{
	const struct history *h = source->history;
	struct json_maker m = json_make();

	json_put(&m, "format", json_integer(SNAPSHOT_FORMAT));
	json_put(&m, "saved_wall_ns", json_integer(saved_wall_ns));
	json_put(&m, "run", json_integer(source->run_id));
	json_put(&m, "phase", json_string(phase_name(history_phase(h))));
	json_put(&m, "runs", runs_of(h));
	json_put(&m, "events", events_of(h));
	json_put(&m, "total", total_of(h));
	return json_made(&m);
}
