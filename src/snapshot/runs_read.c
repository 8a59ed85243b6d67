/* Runs, their finals, and events of a record.  See snapshot/reader.h. */
#include "snapshot/reader.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- workers ---- */

static int read_unknown(
	const struct reader *r, const json_t *names, const char *where, const struct engine *e, uint64_t *ret_bits)
{
	size_t i;
	json_t *name;
	int rc = read_array(r, names, where, "unknown", 0, SNAPSHOT_COUNTERS_MAX);

	if (rc)
		return rc;
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
	int rc = read_array(r, from, where, "workers", 1, SNAPSHOT_WORKERS_MAX);

	if (rc)
		return rc;
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
static int read_options(const struct reader *r, const json_t *run, const char *where, const char *key, struct options *o)
{
	const json_t *from = json_object_get(run, key);
	const char *name;
	json_t *value;
	struct err why = ERR_NONE;
	char text[1024];
	bool given = !strcmp(key, "given");
	int rc = json_is_object(from) ? 0 : reader_fails(r, where, "%s: missing or not an object", key);

	json_object_foreach((json_t *)from, name, value)
	{
		if (!json_is_string(value))
			return reader_fails(r, where, "%s: a value is not a text", key);
		if (options_find(o, name) < 0)
			continue;
		text_escape(json_string_value(value), json_string_length(value), text, sizeof(text));
		rc = given ? options_set(o, name, text, &why) : options_set_default(o, name, text, &why);
		if (rc)
			return reader_fails(r, where, "%s", why.text);
	}
	return rc;
}

/* ---- a run ---- */

/* Names must outlive the file: they are taken from the tables. */
static int read_names(const struct reader *r, const json_t *from, const char *where, struct run_info *info)
{
	const json_t *method = json_object_get(from, "method"), *load = json_object_get(from, "load_name");
	int option = json_is_string(load) ? options_find(&info->options, json_string_value(load)) : -1;

	info->method = json_is_string(method) ? engine_find_method(info->engine, json_string_value(method)) : NULL;
	info->load_name = option < 0 ? NULL : info->options.def[option]->name;
	if (!json_is_null(method) && !info->method)
		return reader_fails(r, where, "method: %s has none of that name", info->engine->name);
	if (!json_is_null(load) && !info->load_name)
		return reader_fails(r, where, "load_name: %s has no such option", info->engine->name);
	return 0;
}

static int read_ports(const struct reader *r, const json_t *from, const char *where, struct run_info *info)
{
	size_t i;
	json_t *port;
	int rc = read_array(r, from, where, "ports", 0, PORT_RANGES_MAX);

	if (rc)
		return rc;
	json_array_foreach(from, i, port)
	{
		int first, last;

		if (json_unpack(port, "[i, i!]", &first, &last) < 0 || first < 0 || last < 0)
			return reader_fails(r, where, "ports: not a pair of numbers");
		if (!ports_add(&info->ports, (unsigned)first, (unsigned)last))
			return reader_fails(r, where, "ports: out of range 1..65535");
	}
	return 0;
}

static int read_notes(const struct reader *r, const json_t *from, const char *where, struct run_info *info)
{
	static const struct member a_note = { .name = "a note", .size = sizeof(info->notes[0]), .type = MEMBER_TEXT };
	int rc = read_array(r, from, where, "notes", 0, sizeof(info->notes) / sizeof(info->notes[0]));

	for (size_t i = 0; !rc && i < json_array_size(from); i++)
		rc = read_member(r, json_array_get(from, i), where, &a_note, info->notes[i]);
	return rc;
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
	int rc = read_engine(r, json_object_get(from, "mode"), where, &info->engine);

	if (!rc)
		rc = options_init(&info->options, info->engine, r->err);
	if (!rc)
		rc = read_members(r, from, where, run_members, info);
	if (!rc)
		rc = read_sides(r, from, where, info);
	if (!rc)
		rc = read_options(r, from, where, "defaults", &info->options);
	if (!rc)
		rc = read_options(r, from, where, "given", &info->options);
	if (!rc)
		rc = read_names(r, from, where, info);
	if (!rc)
		rc = read_ports(r, json_object_get(from, "ports"), where, info);
	if (!rc)
		rc = read_notes(r, json_object_get(from, "notes"), where, info);
	return rc ? rc : read_workers(r, json_object_get(from, "workers"), where, info);
}

static int read_run(const struct reader *r, const json_t *from, const char *where)
{
	const struct run_info *before = history_newest_run(r->history);
	struct update *u = reader_update(r, UPDATE_RUN);
	int rc;

	if (!u)
		return -ENOMEM;
	u->run = calloc(1, sizeof(*u->run));
	rc = u->run ? fill_run(r, from, where, u->run) : err_sys(r->err, ENOMEM, "%s", r->file);
	if (!rc && before && u->run->id <= before->id)
		rc = reader_fails(r, where, "id: runs are not in order");
	return reader_take(r, u, rc);
}

int snapshot_read_runs(const struct reader *r, const json_t *record, bool *ret_captured)
{
	static const struct member captured = { .name = "captured", .type = MEMBER_BOOL };
	const json_t *runs = json_object_get(record, "runs");
	char where[48];
	int rc = read_array(r, runs, "record", "runs", 1, SNAPSHOT_RUNS_MAX);

	for (size_t i = 0; !rc && i < json_array_size(runs); i++) {
		const json_t *run = json_array_get(runs, i);

		snprintf(where, sizeof(where), "record.runs[%zu]", i);
		rc = read_run(r, run, where);
		if (!rc)
			rc = read_member(r, json_object_get(run, "captured"), where, &captured, ret_captured);
	}
	return rc;
}

/* ---- finals ---- */

struct final_source {
	const struct reader *r;
	const json_t *run, *final;
	const struct counter_columns *columns;
	char where[48], details[48], stages[48]; /* places of the three */
};

static int read_edge_readings(const struct final_source *s, const char *key, struct worker_sample **ret_readings)
{
	unsigned workers = s->columns->info->workers;
	char place[80];

	*ret_readings = calloc(workers, sizeof(**ret_readings));
	if (!*ret_readings)
		return err_sys(s->r->err, ENOMEM, "%s", s->r->file);
	snprintf(place, sizeof(place), "%s.%s", s->where, key);
	return read_readings(s->r, json_object_get(s->final, key), place, s->columns, *ret_readings);
}

static int read_edge_times(const struct final_source *s, struct run_final *f)
{
	static const struct member time = { .name = "edge_ns", .type = MEMBER_I64, .max = INT64_MAX / 4 };
	const json_t *array = json_object_get(s->final, "edge_ns");
	int rc = read_array(s->r, array, s->where, "edge_ns", f->workers, f->workers);

	if (rc)
		return rc;
	f->edge_ns = calloc(f->workers, sizeof(f->edge_ns[0]));
	if (!f->edge_ns)
		return err_sys(s->r->err, ENOMEM, "%s", s->r->file);
	for (unsigned i = 0; !rc && i < f->workers; i++)
		rc = read_member(s->r, json_array_get(array, i), s->where, &time, &f->edge_ns[i]);
	return rc;
}

/* A run that failed early has no edges. */
static int read_edges(const struct final_source *s, struct run_final *f)
{
	int rc;

	if (!json_array_size(json_object_get(s->final, "edge")) && !json_array_size(json_object_get(s->final, "settled")))
		return 0;
	f->workers = s->columns->info->workers;
	rc = read_edge_times(s, f);
	if (!rc)
		rc = read_edge_readings(s, "edge", &f->edge);
	return rc ? rc : read_edge_readings(s, "settled", &f->settled);
}

static int read_how(const struct final_source *s, struct run_final *f)
{
	static const struct member members[] = {
		{ .name = "error", .offset = offsetof(struct err, text), .size = sizeof(f->err.text), .type = MEMBER_TEXT },
		{ .name = "error_code", .offset = offsetof(struct err, code), .type = MEMBER_INT, .max = UINT16_MAX },
		{ 0 },
	};
	int rc = read_phase(s->r, json_object_get(s->final, "how"), s->where, &f->how);

	if (!rc && f->how != PHASE_DONE && f->how != PHASE_FAILED)
		rc = reader_fails(s->r, s->where, "how: neither done nor failed");
	return rc ? rc : read_members(s->r, s->final, s->where, members, &f->err);
}

static int fill_final(const struct final_source *s, struct run_final *f)
{
	const json_t *total = json_object_get(s->final, "total");
	int rc = read_members(s->r, s->final, s->where, final_members, f);

	f->run_id = s->columns->info->id;
	if (!rc)
		rc = read_how(s, f);
	if (!rc)
		rc = read_edges(s, f);
	if (!rc)
		rc = read_net(s->r, json_object_get(s->final, "net_from"), s->where, &f->net_from);
	if (!rc)
		rc = read_net(s->r, json_object_get(s->final, "net_to"), s->where, &f->net_to);
	if (!rc)
		rc = read_reasons(s->r, json_object_get(s->final, "drop_reasons"), s->where, &f->reasons);
	if (!rc && !json_is_null(total))
		rc = read_hists(s->r, total, s->where, s->columns->info->engine, &f->total);
	if (!rc)
		rc = read_details(s->r, json_object_get(s->run, "details"), s->details, s->columns->info, &f->details);
	return rc ? rc : read_stages(s->r, s->run, s->stages, s->columns->info->engine, &f->stages);
}

static int read_final(const struct final_source *s)
{
	struct update *u = reader_update(s->r, UPDATE_FINAL);
	int rc;

	if (!u)
		return -ENOMEM;
	u->run_id = s->columns->info->id;
	u->final = calloc(1, sizeof(*u->final));
	rc = u->final ? fill_final(s, u->final) : err_sys(s->r->err, ENOMEM, "%s", s->r->file);
	return reader_take(s->r, u, rc);
}

/* Reads the details of a run without a final from its newest sample that has rows, and its
 * stages. */
static int read_newest_details(const struct final_source *s)
{
	const struct run_info *info = s->columns->info;
	struct details *details = NULL;
	struct stage_summary *stages = NULL;
	int rc = read_details(s->r, json_object_get(s->run, "details"), s->details, info, &details);

	if (!rc && details)
		history_set_details(s->r->history, info->id, details);
	if (!rc)
		rc = read_stages(s->r, s->run, s->stages, info->engine, &stages);
	if (!rc && stages)
		history_set_stages(s->r->history, info->id, stages);
	return rc;
}

static int read_end(const struct reader *r, const json_t *record, size_t number)
{
	static const struct member lost = { .name = "intervals_lost", .type = MEMBER_U64 };
	const json_t *run = json_array_get(json_object_get(record, "runs"), number);
	const struct run_info *info;
	struct counter_columns columns;
	struct final_source s = { .r = r, .run = run, .final = json_object_get(run, "final"), .columns = &columns };
	uint64_t intervals = 0;
	int rc;

	snprintf(s.where, sizeof(s.where), "record.runs[%zu].final", number);
	snprintf(s.details, sizeof(s.details), "record.runs[%zu].details", number);
	snprintf(s.stages, sizeof(s.stages), "record.runs[%zu].stages", number);
	rc = read_run_id(r, json_object_get(run, "id"), s.where, &info);
	if (!rc)
		rc = read_member(r, json_object_get(run, "intervals_lost"), s.where, &lost, &intervals);
	if (!rc)
		rc = read_counter_columns(r, record, info, &columns);
	if (rc)
		return rc;
	history_set_intervals_lost(r->history, info->id, intervals);
	return json_is_null(s.final) ? read_newest_details(&s) : read_final(&s);
}

/* ---- events ---- */

static int read_event(const struct reader *r, const json_t *from, const char *where)
{
	struct update *u = reader_update(r, UPDATE_EVENT);
	struct history_event event = { 0 };
	int severity = name_index(json_object_get(from, "severity"), severity_names, 3);
	int rc = u ? read_members(r, from, where, event_members, &event) : -ENOMEM;

	if (!rc && severity < 0)
		rc = reader_fails(r, where, "severity: missing or unknown");
	if (!rc) {
		u->at_ns = event.at_ns;
		u->run_id = event.run_id;
		u->event.severity = (enum severity)severity;
		memcpy(u->event.text, event.text, sizeof(event.text));
	}
	return reader_take(r, u, rc);
}

static int read_events(const struct reader *r, const json_t *events)
{
	char where[48];
	int rc = read_array(r, events, "record", "events", 0, SNAPSHOT_EVENTS_MAX);

	for (size_t i = 0; !rc && i < json_array_size(events); i++) {
		snprintf(where, sizeof(where), "record.events[%zu]", i);
		rc = read_event(r, json_array_get(events, i), where);
	}
	return rc;
}

/* Reads the phase of the newest run. */
static int read_last_phase(const struct reader *r, const json_t *record)
{
	struct update *u = reader_update(r, UPDATE_PHASE);

	if (!u)
		return -ENOMEM;
	u->run_id = history_newest_run(r->history)->id;
	return reader_take(r, u, read_phase(r, json_object_get(record, "phase"), "record", &u->phase));
}

int snapshot_read_ends(const struct reader *r, const json_t *record)
{
	size_t runs = json_array_size(json_object_get(record, "runs"));
	int rc = 0;

	for (size_t i = 0; !rc && i < runs; i++)
		rc = read_end(r, record, i);
	if (!rc)
		rc = read_events(r, json_object_get(record, "events"));
	return rc ? rc : read_last_phase(r, record);
}
