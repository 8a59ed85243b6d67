/* Runs, finals, events and histograms of a snapshot's result.json, read back.  Written by
 * runs_write.c. */
#include "snapshot/fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const struct member count_member = { .name = "a count", .size = 8, .type = MEMBER_U64 };

/* ---- workers ---- */

static int read_unknown(
	const struct reader *r, const json_t *names, const char *where, const struct engine *e, uint64_t *ret_bits)
{
	size_t i;
	json_t *name;

	if (!json_is_array(names))
		return reader_fails(r, where, "unknown: missing or not an array");
	json_array_foreach(names, i, name)
	{
		int counter = json_is_string(name) ? engine_find_counter(e, json_string_value(name)) : -1;

		if (counter >= 0)
			*ret_bits |= (uint64_t)1 << counter;
	}
	return 0;
}

static int read_worker(
	const struct reader *r, const json_t *from, const char *where, const struct engine *e, struct run_worker *ret_worker)
{
	int role = name_index(json_object_get(from, "role"), role_names, ROLE_BOTH);
	int rc = read_members(r, from, where, worker_members, ret_worker);

	if (!rc && role < 0)
		rc = reader_fails(r, where, "role: neither server nor client");
	if (rc)
		return rc;
	ret_worker->role = (enum role)role;
	return read_unknown(r, json_object_get(from, "unknown"), where, e, &ret_worker->unknown);
}

static int read_workers(const struct reader *r, const json_t *from, const char *where, struct run_info *info)
{
	size_t count = json_array_size(from);
	char place[96];
	int rc = 0;

	if (!json_is_array(from) || !count || count > SNAPSHOT_WORKERS_MAX)
		return reader_fails(r, where, "workers: not an array of 1..%d", SNAPSHOT_WORKERS_MAX);
	info->worker = calloc(count, sizeof(info->worker[0]));
	if (!info->worker)
		return err_sys(r->err, ENOMEM, "%s", r->file);
	info->workers = (unsigned)count;
	for (size_t i = 0; !rc && i < count; i++) {
		snprintf(place, sizeof(place), "%s.workers[%zu]", where, i);
		rc = read_worker(r, json_array_get(from, i), place, info->engine, &info->worker[i]);
	}
	return rc;
}

/* ---- options ---- */

/* An option that this version does not have is left out: the run is not started again from here. */
static int read_options(const struct reader *r, const json_t *from, const char *where, bool given, struct options *o)
{
	const char *name;
	json_t *value;
	struct err why = ERR_NONE;
	char text[1024];
	int rc = 0;

	json_object_foreach((json_t *)from, name, value)
	{
		if (!json_is_string(value))
			return reader_fails(r, where, "options: a value is not a text");
		if (options_find(o, name) < 0)
			continue;
		text_escape(json_string_value(value), json_string_length(value), text, sizeof(text));
		rc = given ? options_set(o, name, text, &why) : options_set_default(o, name, text, &why);
		if (rc)
			return reader_fails(r, where, "%s", why.text);
	}
	return 0;
}

/* ---- a run ---- */

static int read_load_name(const json_t *from, struct run_info *info)
{
	/* The name must outlive the file: it is taken from the option of that name. */
	const json_t *name = json_object_get(from, "load_name");
	int i = json_is_string(name) ? options_find(&info->options, json_string_value(name)) : -1;

	info->load_name = i < 0 ? NULL : info->options.def[i]->name;
	return 0;
}

static int read_ports(const struct reader *r, const json_t *from, const char *where, struct run_info *info)
{
	size_t i;
	json_t *port;

	json_array_foreach(from, i, port)
	{
		int first, last;

		if (json_unpack(port, "[i, i!]", &first, &last) < 0 || first < 0 || last < 0)
			return reader_fails(r, where, "ports: not a pair of numbers");
		if (!ports_add(&info->ports, (unsigned)first, (unsigned)last))
			return reader_fails(r, where, "ports: out of range 1..65535, or more than %d ranges", PORT_RANGES_MAX);
	}
	return 0;
}

static void read_notes(const json_t *from, struct run_info *info)
{
	size_t i;
	json_t *note;

	json_array_foreach(from, i, note)
	{
		if (i < sizeof(info->notes) / sizeof(info->notes[0]) && json_is_string(note))
			text_escape(json_string_value(note), json_string_length(note), info->notes[i], sizeof(info->notes[i]));
	}
}

static int read_sides(const struct reader *r, const json_t *from, const char *where, struct run_info *info)
{
	int role = (int)json_integer_value(json_object_get(from, "role"));
	int tx = name_index(json_object_get(from, "tx_ledger"), ledger_side_names, LEDGER_IN_FLIGHT + 1);
	int rx = name_index(json_object_get(from, "rx_ledger"), ledger_side_names, LEDGER_IN_FLIGHT + 1);

	if (role < ROLE_SERVER || role > ROLE_BOTH)
		return reader_fails(r, where, "role: out of range 1..3");
	if (tx < 0 || rx < 0)
		return reader_fails(r, where, "tx_ledger, rx_ledger: not the name of a side");
	info->role = (enum role)role;
	info->tx_ledger = (enum ledger_side)tx;
	info->rx_ledger = (enum ledger_side)rx;
	return 0;
}

static int fill_run(const struct reader *r, const json_t *from, const char *where, struct run_info *info)
{
	const json_t *method = json_object_get(from, "method");
	int rc = read_engine(r, json_object_get(from, "mode"), where, &info->engine);

	if (!rc)
		rc = options_init(&info->options, info->engine, r->err);
	if (!rc)
		rc = read_members(r, from, where, run_members, info);
	if (!rc)
		rc = read_sides(r, from, where, info);
	if (!rc)
		rc = read_options(r, json_object_get(from, "defaults"), where, false, &info->options);
	if (!rc)
		rc = read_options(r, json_object_get(from, "given"), where, true, &info->options);
	if (!rc)
		rc = read_load_name(from, info);
	if (!rc)
		rc = read_ports(r, json_object_get(from, "ports"), where, info);
	if (!rc)
		rc = read_workers(r, json_object_get(from, "workers"), where, info);
	if (rc)
		return rc;
	info->method = json_is_string(method) ? engine_find_method(info->engine, json_string_value(method)) : NULL;
	read_notes(json_object_get(from, "notes"), info);
	return 0;
}

static int read_run(const struct reader *r, const json_t *from, const char *where, uint32_t after)
{
	struct run_info *info = calloc(1, sizeof(*info));
	int rc = info ? fill_run(r, from, where, info) : err_sys(r->err, ENOMEM, "%s", r->file);

	if (!rc && info->id <= after)
		rc = reader_fails(r, where, "id: runs are not in order");
	if (rc) {
		run_info_free(info);
		return rc;
	}
	return reader_take_run(r, info);
}

int snapshot_read_runs(const struct reader *r, const json_t *snapshot)
{
	const json_t *runs = json_object_get(snapshot, "runs");
	char where[64];
	size_t i;
	json_t *run;
	int rc;

	if (!json_is_array(runs) || !json_array_size(runs) || json_array_size(runs) > SNAPSHOT_RUNS_MAX)
		return reader_fails(r, "snapshot.runs", "not an array of 1..%d", SNAPSHOT_RUNS_MAX);
	json_array_foreach(runs, i, run)
	{
		const struct run_info *before = history_newest_run(r->history);

		snprintf(where, sizeof(where), "snapshot.runs[%zu]", i);
		rc = read_run(r, run, where, before ? before->id : 0);
		if (rc)
			return rc;
	}
	return 0;
}

/* ---- histograms ---- */

static int read_buckets(const struct reader *r, const json_t *buckets, const char *where, struct hist *h)
{
	size_t size = json_array_size(buckets);

	if (!json_is_array(buckets) || size % 2)
		return reader_fails(r, where, "buckets: not an array of pairs");
	for (size_t i = 0; i < size; i += 2) {
		json_int_t index = json_integer_value(json_array_get(buckets, i));
		json_int_t count = json_integer_value(json_array_get(buckets, i + 1));

		/* 2^48 each keeps every sum within 64 bits. */
		if (index < 0 || index >= HIST_BUCKETS || count < 0 || count >> 48)
			return reader_fails(r, where, "buckets: out of range");
		h->bucket[index] = (uint64_t)count;
	}
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		h->count += h->bucket[i];
	return 0;
}

static int read_hist(const struct reader *r, const json_t *from, const char *where, struct hist *ret_hist)
{
	int rc = read_member(r, json_object_get(from, "sum_ns"), where, &count_member, &ret_hist->sum_ns);

	return rc ? rc : read_buckets(r, json_object_get(from, "buckets"), where, ret_hist);
}

/* One per latency of the mode; a latency that the file does not have is empty. */
static int read_hists(
	const struct reader *r, const json_t *from, const char *where, const struct engine *e, struct hist **ret_hists)
{
	struct hist *hists = calloc(LATENCIES_MAX, sizeof(*hists));
	int rc = hists ? 0 : err_sys(r->err, ENOMEM, "%s", r->file);

	for (unsigned i = 0; !rc && i < engine_latencies(e); i++) {
		const json_t *one = json_object_get(from, e->latencies[i].name);

		if (one)
			rc = read_hist(r, one, where, &hists[i]);
	}
	if (rc) {
		free(hists);
		return rc;
	}
	*ret_hists = hists;
	return 0;
}

int snapshot_read_total(const struct reader *r, const json_t *snapshot, struct saved_total *ret_total)
{
	const json_t *total = json_object_get(snapshot, "total");
	json_int_t id = json_integer_value(json_object_get(total, "run"));
	const struct run_info *info = id > 0 && id <= INT32_MAX ? history_run(r->history, (uint32_t)id) : NULL;
	int rc;

	if (!json_is_object(total))
		return 0;
	if (!info)
		return reader_fails(r, "snapshot.total", "run: there is no such run");
	rc = read_member(r, json_object_get(total, "sequence"), "snapshot.total", &count_member, &ret_total->sequence);
	ret_total->run_id = info->id;
	return rc ? rc : read_hists(r, json_object_get(total, "latency"), "snapshot.total", info->engine, &ret_total->hist);
}

/* ---- finals ---- */

static int read_net(const struct reader *r, const json_t *from, const char *where, struct procnet *net)
{
	const json_t *why = json_object_get(from, "why");

	for (unsigned i = 0; i < PROCNET_FIELDS; i++) {
		const json_t *value = json_object_get(from, procnet_name((enum procnet_field)i));

		if (!value)
			continue;
		if (read_member(r, value, where, &count_member, &net->value[i]))
			return -EINVAL;
		net->known |= 1u << i;
	}
	if (json_is_string(why))
		text_escape(json_string_value(why), json_string_length(why), net->why, sizeof(net->why));
	return 0;
}

static int read_latency(const struct reader *r, const json_t *from, const char *where, struct latency_summary *l)
{
	unsigned i = 0;
	int rc = 0;

	for (const struct member *m = latency_members; !rc && m->name; m++)
		rc = read_member(r, json_array_get(from, i++), where, m, l);
	return rc;
}

/* Counters stand in the order that the run's "counters" names; names that this version does not
 * have are left out. */
static int read_counters(const struct reader *r, const json_t *from, const char *where, const json_t *names,
	const struct engine *e, uint64_t *values)
{
	size_t i;
	json_t *name;

	json_array_foreach(names, i, name)
	{
		int counter = json_is_string(name) ? engine_find_counter(e, json_string_value(name)) : -1;
		const json_t *value = json_array_get(from, i);
		enum counter_kind kind = counter < 0 ? COUNTER_SUM : engine_counter(e, (unsigned)counter)->kind;

		if (counter >= 0 && counter_first(kind) && json_is_null(value))
			values[counter] = counter_first(kind);
		else if (counter >= 0 && read_member(r, value, where, &count_member, &values[counter]))
			return -EINVAL;
	}
	return 0;
}

struct final_source {
	const struct reader *r;
	const json_t *names, *final;
	const struct run_info *info;
	const char *where;
};

static int read_readings(const struct final_source *s, const char *key, struct worker_sample **ret_readings)
{
	const json_t *array = json_object_get(s->final, key);
	struct worker_sample *readings;
	size_t latencies = engine_latencies(s->info->engine);
	int rc = 0;

	if (json_array_size(array) != s->info->workers)
		return reader_fails(s->r, s->where, "%s: not as many as there are workers", key);
	readings = calloc(s->info->workers, sizeof(*readings));
	if (!readings)
		return err_sys(s->r->err, ENOMEM, "%s", s->r->file);
	*ret_readings = readings;
	for (unsigned i = 0; !rc && i < s->info->workers; i++) {
		const json_t *one = json_array_get(array, i), *latency = json_object_get(one, "latency");

		rc = read_counters(
			s->r, json_object_get(one, "counters"), s->where, s->names, s->info->engine, readings[i].value);
		for (size_t l = 0; !rc && l < latencies && l < json_array_size(latency); l++)
			rc = read_latency(s->r, json_array_get(latency, l), s->where, &readings[i].latency[l]);
	}
	return rc;
}

static int read_edge_times(const struct final_source *s, struct run_final *f)
{
	static const struct member time = { .name = "edge_ns", .size = 8, .type = MEMBER_I64, .max = INT64_MAX / 4 };
	const json_t *array = json_object_get(s->final, "edge_ns");
	int rc = 0;

	if (json_array_size(array) != s->info->workers)
		return reader_fails(s->r, s->where, "edge_ns: not as many as there are workers");
	f->edge_ns = calloc(s->info->workers, sizeof(f->edge_ns[0]));
	if (!f->edge_ns)
		return err_sys(s->r->err, ENOMEM, "%s", s->r->file);
	for (unsigned i = 0; !rc && i < s->info->workers; i++)
		rc = read_member(s->r, json_array_get(array, i), s->where, &time, &f->edge_ns[i]);
	return rc;
}

/* A run that failed early has no edges. */
static int read_edges(const struct final_source *s, struct run_final *f)
{
	int rc;

	if (!json_array_size(json_object_get(s->final, "edge")) && !json_array_size(json_object_get(s->final, "settled")))
		return 0;
	f->workers = s->info->workers;
	rc = read_edge_times(s, f);
	if (!rc)
		rc = read_readings(s, "edge", &f->edge);
	if (!rc)
		rc = read_readings(s, "settled", &f->settled);
	return rc;
}

static int read_how(const struct final_source *s, struct run_final *f)
{
	const json_t *how = json_object_get(s->final, "how"), *error = json_object_get(s->final, "error");

	if (!json_is_string(how))
		return reader_fails(s->r, s->where, "how: missing");
	f->how = strcmp(json_string_value(how), phase_name(PHASE_DONE)) ? PHASE_FAILED : PHASE_DONE;
	if (json_is_string(error))
		text_escape(json_string_value(error), json_string_length(error), f->err.text, sizeof(f->err.text));
	f->err.code = (int)(json_integer_value(json_object_get(s->final, "error_code")) & 0xffff);
	return 0;
}

static int fill_final(const struct final_source *s, struct run_final *f)
{
	const json_t *total = json_object_get(s->final, "total");
	int rc = read_members(s->r, s->final, s->where, final_members, f);

	f->run_id = s->info->id;
	if (!rc)
		rc = read_how(s, f);
	if (!rc)
		rc = read_edges(s, f);
	if (!rc)
		rc = read_net(s->r, json_object_get(s->final, "net_from"), s->where, &f->net_from);
	if (!rc)
		rc = read_net(s->r, json_object_get(s->final, "net_to"), s->where, &f->net_to);
	if (!rc && json_is_object(total))
		rc = read_hists(s->r, total, s->where, s->info->engine, &f->total);
	return rc;
}

/* Of a run that had no final: what its newest sample with rows had. */
static int read_newest_details(const struct reader *r, const json_t *from, const char *where, const struct run_info *info)
{
	struct details *details = NULL;
	int rc = snapshot_read_details(r, from, where, info, &details);

	if (!rc && details)
		history_set_details(r->history, info->id, details);
	return rc;
}

static int read_final(const struct reader *r, const json_t *run, const char *where)
{
	const json_t *final = json_object_get(run, "final"), *details = json_object_get(run, "details");
	json_int_t id = json_integer_value(json_object_get(run, "id"));
	struct final_source s = { .r = r, .names = json_object_get(run, "counters"), .final = final, .where = where };
	struct run_final *f;
	int rc;

	s.info = history_run(r->history, (uint32_t)id);
	if (!s.info)
		return 0;
	if (!json_is_object(final))
		return read_newest_details(r, details, where, s.info);
	f = calloc(1, sizeof(*f));
	rc = f ? fill_final(&s, f) : err_sys(r->err, ENOMEM, "%s", r->file);
	if (!rc)
		rc = snapshot_read_details(r, details, where, s.info, &f->details);
	if (rc) {
		run_final_free(f);
		return rc;
	}
	return reader_take_final(r, f);
}

/* ---- events ---- */

static int read_event(const struct reader *r, const json_t *from, const char *where)
{
	static const struct member time = {
		.name = "at_ns", .size = 8, .type = MEMBER_I64, .min = -(INT64_MAX / 4), .max = INT64_MAX / 4
	};
	const json_t *text = json_object_get(from, "text");
	json_int_t run = json_integer_value(json_object_get(from, "run"));
	int severity = name_index(json_object_get(from, "severity"), severity_names, 3);
	int64_t at_ns = 0;
	int rc = read_member(r, json_object_get(from, "at_ns"), where, &time, &at_ns);

	if (!rc && (severity < 0 || !json_is_string(text) || run < 0 || run > INT32_MAX))
		rc = reader_fails(r, where, "severity, text or run: missing or wrong");
	return rc ? rc : reader_take_event(r, at_ns, (uint32_t)run, (enum severity)severity, json_string_value(text));
}

static int read_events(const struct reader *r, const json_t *events)
{
	char where[64];
	size_t i;
	json_t *event;
	int rc = 0;

	if (!json_is_array(events) || json_array_size(events) > SNAPSHOT_EVENTS_MAX)
		return reader_fails(r, "snapshot.events", "not an array of at most %d", SNAPSHOT_EVENTS_MAX);
	json_array_foreach(events, i, event)
	{
		snprintf(where, sizeof(where), "snapshot.events[%zu]", i);
		rc = read_event(r, event, where);
		if (rc)
			break;
	}
	return rc;
}

static int read_phase(const struct reader *r, const json_t *snapshot)
{
	const json_t *name = json_object_get(snapshot, "phase");
	const struct run_info *newest = history_newest_run(r->history);

	for (int p = PHASE_IDLE; json_is_string(name) && newest && p <= PHASE_FAILED; p++)
		if (!strcmp(json_string_value(name), phase_name((enum phase)p)))
			return reader_take_phase(r, newest->id, (enum phase)p);
	return reader_fails(r, "snapshot", "phase: missing or unknown");
}

int snapshot_read_finals(const struct reader *r, const json_t *snapshot)
{
	char where[64];
	size_t i;
	json_t *run;
	int rc;

	json_array_foreach(json_object_get(snapshot, "runs"), i, run)
	{
		json_t *lost = json_object_get(run, "intervals_lost"), *id = json_object_get(run, "id");

		snprintf(where, sizeof(where), "snapshot.runs[%zu].final", i);
		rc = read_final(r, run, where);
		if (rc)
			return rc;
		if (json_integer_value(lost) > 0)
			history_set_intervals_lost(
				r->history, (uint32_t)json_integer_value(id), (uint64_t)json_integer_value(lost));
	}
	rc = read_events(r, json_object_get(snapshot, "events"));
	return rc ? rc : read_phase(r, snapshot);
}
