/* The record of a result: a written run opens the same, to the bit, and a manipulated one is
 * refused. */
#include "fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "snapshot/snapshot.h"
#include "../support/asserts.h"

struct desk {
	struct snapshot original, opened;
	char path[40], again[48];
	struct err err;
};

static void write_it(const struct snapshot *s, uint32_t run_id, const char *path)
{
	struct results_source source = { .history = s->history, .run_id = run_id, .host = &s->host, .captured = s->captured };
	struct err err = ERR_NONE;

	if (results_write_json(&source, path, true, &err))
		fail_msg("%s", err.text);
}

static struct desk *desk_of(struct history *h, uint32_t run_id, bool captured)
{
	struct desk *d = calloc(1, sizeof(*d));
	int fd;

	d->original = (struct snapshot){ .history = h, .host = toy_host(), .captured = captured };
	strcpy(d->path, "/tmp/netdyno-test-XXXXXX");
	fd = mkstemp(d->path);
	assert_more(fd, -1);
	close(fd);
	snprintf(d->again, sizeof(d->again), "%s-again", d->path);
	write_it(&d->original, run_id, d->path);
	return d;
}

static int open_it(struct desk *d)
{
	return snapshot_load(d->path, toy_engines, &d->opened, &d->err);
}

static void desk_free(struct desk *d)
{
	history_free(d->original.history);
	history_free(d->opened.history);
	unlink(d->path);
	unlink(d->again);
	free(d);
}

static char *slurp(const char *path)
{
	struct err err = ERR_NONE;
	char *text = NULL;
	size_t len;

	if (file_read_all(path, 1 << 26, &text, &len, &err))
		fail_msg("%s", err.text);
	return text;
}

/* ---- what comes back ---- */

static void assert_same_bytes(const struct desk *d)
{
	char *x = slurp(d->path), *y = slurp(d->again);

	assert_string_equal(x, y);
	free(x);
	free(y);
}

static void assert_same_info(const struct run_info *a, const struct run_info *b)
{
	struct run_info x = *a, y = *b;

	assert_int_equal(x.options.count, y.options.count);
	for (unsigned i = 0; i < x.options.count; i++) {
		assert_string_equal(x.options.value[i].text, y.options.value[i].text);
		assert_int_equal(x.options.value[i].number, y.options.value[i].number);
		assert_int_equal(x.options.value[i].is_set, y.options.value[i].is_set);
		assert_int_equal(x.options.value[i].is_given, y.options.value[i].is_given);
	}
	assert_int_equal(x.workers, y.workers);
	assert_memory_equal(x.worker, y.worker, x.workers * sizeof(x.worker[0]));
	assert_string_equal(x.load_name, y.load_name);
	x.load_name = y.load_name = NULL;
	memset(&x.options, 0, sizeof(x.options));
	memset(&y.options, 0, sizeof(y.options));
	x.worker = y.worker = NULL;
	x.references = y.references = 0;
	assert_memory_equal(&x, &y, sizeof(x));
}

static void assert_same_details(const struct details *a, const struct details *b)
{
	assert_int_equal(!a, !b);
	if (a)
		assert_memory_equal(a, b, sizeof(*a) + a->rows * sizeof(a->row[0]));
}

static void assert_same_final(const struct run_info *info, const struct run_final *a, const struct run_final *b)
{
	struct run_final x = *a, y = *b;
	unsigned latencies = engine_latencies(info->engine);

	if (x.workers) {
		assert_memory_equal(x.edge_ns, y.edge_ns, x.workers * sizeof(x.edge_ns[0]));
		assert_memory_equal(x.edge, y.edge, x.workers * sizeof(x.edge[0]));
		assert_memory_equal(x.settled, y.settled, x.workers * sizeof(x.settled[0]));
	}
	assert_int_equal(!x.total, !y.total);
	if (x.total)
		assert_memory_equal(x.total, y.total, latencies * sizeof(x.total[0]));
	assert_same_details(x.details, y.details);
	x.details = y.details = NULL;
	x.edge = x.settled = y.edge = y.settled = NULL;
	x.edge_ns = y.edge_ns = NULL;
	x.total = y.total = NULL;
	assert_memory_equal(&x, &y, sizeof(x));
}

/* Takes the history, opens the written result of this run, and writes it again. */
static void assert_comes_back(struct history *h, uint32_t run_id, bool captured)
{
	struct desk *d = desk_of(h, run_id, captured);
	const struct run_final *final = history_final(h, run_id);

	if (open_it(d))
		fail_msg("%s", d->err.text);
	write_it(&d->opened, run_id, d->again);
	assert_same_bytes(d);
	assert_int_equal(history_run_count(d->opened.history), 1);
	assert_same_info(history_run(h, run_id), history_newest_run(d->opened.history));
	assert_int_equal(!final, !history_final(d->opened.history, run_id));
	if (final)
		assert_same_final(history_run(h, run_id), final, history_final(d->opened.history, run_id));
	assert_same_details(history_details(h, run_id), history_details(d->opened.history, run_id));
	assert_int_equal(history_phase(d->opened.history), final ? final->how : history_phase(h));
	assert_int_equal(d->opened.captured, captured);
	assert_int_equal(d->opened.wall_ns, history_run(h, run_id)->started_wall_ns);
	desk_free(d);
}

static void a_finished_run(void **state)
{
	(void)state;
	assert_comes_back(toy_history(3, true), 1, false);
}

static void a_captured_one(void **state)
{
	(void)state;
	assert_comes_back(toy_history(3, true), 1, true);
}

static void one_in_mid_run(void **state)
{
	struct history *h = toy_history(3, false);
	struct sample *newest = toy_steady(1, 34, false);

	(void)state;
	newest->details = toy_details(3);
	toy_take_sample(h, newest);
	assert_comes_back(h, 1, false);
}

/* Changes every text and number that the fixture leaves at its usual value. */
static void unusual_values(void **state)
{
	struct history *h = toy_history(1, false);
	struct run_info *info = toy_run(7);
	struct run_final *f = toy_final(7, 2, 10);
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(options_set(&info->options, "payload", "1472", &err), 0);
	assert_int_equal(options_set(&info->options, "label-text", "a \"b\"\\ , \xe2\x97\x8f", &err), 0);
	assert_int_equal(options_set_default(&info->options, "duration", "10", &err), 0);
	snprintf(info->notes[0], sizeof(info->notes[0]), "listens on 0.0.0.0");
	snprintf(info->notes[1], sizeof(info->notes[1]), "an echo of \xe2\x97\x8f");
	info->worker[0].shares_cpu = true;
	info->worker[1].cpu = -1;
	info->worker[1].pinned = false;
	f->how = PHASE_FAILED;
	f->interrupted = f->never_answered = true;
	f->silent_ns = 123456789;
	f->suspended_ns = 3;
	f->held_ns = 4;
	f->load = 17;
	err_say(&f->err, EIO, "send: it broke");
	f->edge[1].latency[0].mean_ns = 20000.0 / 3;
	f->edge[1].latency[0].max_ns = INT64_MAX / 4;
	f->settled[0].value[TOY_SERVER_DROPS] = INT64_MAX;
	f->settled[1].value[TOY_LEAST] = COUNTER_NOTHING;
	f->details = toy_details(5);
	f->edge_ns[0]++;
	toy_take_run(h, info);
	toy_take_final(h, f);
	assert_comes_back(h, 7, false);
}

static void a_run_that_failed_early(void **state)
{
	struct history *h = NULL;
	struct err err = ERR_NONE;
	struct run_final *f = toy_final(1, 0, 0);

	(void)state;
	assert_int_equal(history_new(NULL, &h, &err), 0);
	toy_take_run(h, toy_run(1));
	f->how = PHASE_FAILED;
	err_say(&f->err, EADDRINUSE, "bind");
	free(f->total);
	f->total = NULL;
	toy_take_final(h, f);
	assert_comes_back(h, 1, false);
}

/* The history has forgotten the first half of an hour, and other runs came before and after. */
static void one_of_several(void **state)
{
	struct history *h = NULL;
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(history_new(&(struct history_limits){ .fine = 20, .coarse = 4 }, &h, &err), 0);
	for (uint32_t id = 3; id <= 5; id++) {
		toy_take_run(h, toy_run(id));
		for (unsigned i = 0; id != 5 && i <= 60; i++)
			toy_take_sample(h, toy_steady(id, i, i && i % 10 == 0));
		toy_take_event(h, (int64_t)id * 100 * NS_PER_S, id, SEVERITY_INFO, "an event");
		if (id != 5)
			toy_take_final(h, toy_final(id, 2, 60));
	}
	assert_int_equal(history_intervals_lost(h, 4), 2);
	assert_comes_back(h, 4, false);
}

/* ---- what cannot be ---- */

static json_t *at(json_t *j, const char *path, size_t len)
{
	while (j && len) {
		size_t end = strcspn(path, ".");
		char key[40];

		end = end < len ? end : len;
		snprintf(key, sizeof(key), "%.*s", (int)end, path);
		j = json_is_array(j) ? json_array_get(j, (size_t)atoi(key)) : json_object_get(j, key);
		path += end + (end < len);
		len -= end + (end < len);
	}
	return j;
}

static int put(json_t *parent, const char *key, json_t *value)
{
	if (!json_is_array(parent))
		return value ? json_object_set_new(parent, key, value) : json_object_del(parent, key);
	if (!strcmp(key, "+"))
		return json_array_append_new(parent, value);
	return value ? json_array_set_new(parent, (size_t)atoi(key), value) : json_array_remove(parent, (size_t)atoi(key));
}

/* value: JSON; NULL takes the member out; "+" at the end of the path appends. */
static void spoil(const json_t *whole, const char *path, const char *value, const char *file)
{
	json_t *j = json_deep_copy(whole), *parent;
	const char *last = strrchr(path, '.');

	parent = at(j, path, (size_t)(last - path));
	if (!parent || put(parent, last + 1, value ? json_loads(value, JSON_DECODE_ANY, NULL) : NULL))
		fail_msg("the record has no %s", path);
	assert_int_equal(json_dump_file(j, file, 0), 0);
	json_decref(j);
}

static const struct {
	const char *path, *value, *says;
} faults[] = {
	{ "netdyno.schema", "1", "netdyno.schema: 1, as netdyno " NETDYNO_VERSION " wrote it; netdyno " NETDYNO_VERSION },
	{ "netdyno.schema", "3", "reads schema 2 only" },
	{ "start.host", NULL, "start.host: missing or not an object" },
	{ "start.host.rmem_max", "\"x\"", "start.host: rmem_max: not a whole number" },
	{ "record.runs", "[]", "record: runs: 0, not 1..64" },
	{ "record.runs", "{}", "record: runs: missing or not an array" },
	{ "record.runs.+", "{}", "record.runs[1]: mode: missing" },
	{ "record.runs.0.id", "0", "record.runs[0]: id: out of range" },
	{ "record.runs.0.mode", "\"nosuch\"", "record.runs[0]: unknown mode \"nosuch\" (known: toy)" },
	{ "record.runs.0.mode", "\"other\"", "unknown mode \"other\"" },
	{ "record.runs.0.method", "\"magic\"", "record.runs[0]: method: toy has none of that name" },
	{ "record.runs.0.load_name", "\"speed\"", "load_name: toy has no such option" },
	{ "record.runs.0.role", "4", "role: out of range 1..3" },
	{ "record.runs.0.tx_ledger", "\"up\"", "tx_ledger, rx_ledger: not the name of a side" },
	{ "record.runs.0.tx_roles", "9", "record.runs[0]: tx_roles: out of range" },
	{ "record.runs.0.peer", "7", "peer: not a text" },
	{ "record.runs.0.duration_ns", "-1", "duration_ns: out of range" },
	{ "record.runs.0.load", "1e30", "load: not a whole number" },
	{ "record.runs.0.closed_loop", "1", "closed_loop: neither true nor false" },
	{ "record.runs.0.captured", NULL, "record.runs[0]: captured: missing" },
	{ "record.runs.0.ports.0", "[1]", "ports: not a pair" },
	{ "record.runs.0.ports.0", "[70000, 70001]", "ports: out of range" },
	{ "record.runs.0.notes.+", "{}", "a note: not a text" },
	{ "record.runs.0.given.window", "\"0\"", "out of range 1..4096" },
	{ "record.runs.0.defaults.window", "64", "defaults: a value is not a text" },
	{ "record.runs.0.defaults", NULL, "defaults: missing or not an object" },
	{ "record.runs.0.intervals_lost", "-1", "intervals_lost: out of range" },
	{ "record.runs.0.workers", "[]", "record.runs[0]: workers: 0, not 1..4096" },
	{ "record.runs.0.workers.1", NULL, "record.samples[0].workers: workers: 2, not 1" },
	{ "record.runs.0.workers.1", "7", "record.runs[0].workers[1]: missing or not an object" },
	{ "record.runs.0.workers.1.role", "\"both\"", "record.runs[0].workers[1]: role: neither server nor client" },
	{ "record.runs.0.workers.1.cpu", "-2", "workers[1]: cpu: out of range" },
	{ "record.runs.0.workers.1.unknown", "5", "unknown: missing or not an array" },
	{ "record.runs.0.counters", "7", "record.runs: counters: missing or not an array" },
	{ "record.runs.0.counters.+", "\"x\"", "record.samples[0].workers[0]: counters: " },
	{ "record.runs.0.final.how", "\"measure\"", "record.runs[0].final: how: neither done nor failed" },
	{ "record.runs.0.final.how", "\"well\"", "record.runs[0].final: phase: missing or unknown" },
	{ "record.runs.0.final.error_code", "-1", "error_code: out of range" },
	{ "record.runs.0.final.interrupted", "\"no\"", "interrupted: neither true nor false" },
	{ "record.runs.0.final.measured_ns", "-5", "record.runs[0].final: measured_ns: out of range" },
	{ "record.runs.0.final.measured_ns", "9223372036854775807", "measured_ns: out of range" },
	{ "record.runs.0.final.edge_ns.+", "1", "edge_ns: 3, not 2" },
	{ "record.runs.0.final.edge_ns.0", "-1", "edge_ns: out of range" },
	{ "record.runs.0.final.edge", "[]", "record.runs[0].final.edge: workers: 0, not 2" },
	{ "record.runs.0.final.edge.+", "{}", "record.runs[0].final.edge: workers: 3, not 2" },
	{ "record.runs.0.final.settled.1", NULL, "record.runs[0].final.settled: workers: 1, not 2" },
	{ "record.runs.0.final.settled.1", "\"x\"", "settled[1]: counters: missing" },
	{ "record.runs.0.final.settled.1.counters.0", "-1", "record.runs[0].final.settled[1]: tx_packets: out of range" },
	{ "record.runs.0.final.settled.1.counters.0", "null", "settled[1]: tx_packets: not a whole number" },
	{ "record.runs.0.final.settled.1.counters.0", "1.5", "settled[1]: tx_packets: not a whole number" },
	{ "record.runs.0.final.edge.1.latency", "[]", "edge[1]: latency: 0, not 2" },
	{ "record.runs.0.final.edge.1.latency.0.2", "-1", "edge[1]: min_ns: out of range" },
	{ "record.runs.0.final.edge.1.latency.0.1", "1e19", "edge[1]: mean_ns: not a number of a sensible size" },
	{ "record.runs.0.final.edge.1.latency.0.10", NULL, "edge[1]: max_ns: missing" },
	{ "record.runs.0.final.total", "[]", "record.runs[0].final: total: missing or not an object" },
	{ "record.runs.0.final.total.rtt", NULL, "record.runs[0].final.total.rtt: sum_ns: missing" },
	{ "record.runs.0.final.total.rtt.sum_ns", "-1", "total.rtt: sum_ns: out of range" },
	{ "record.runs.0.final.total.rtt.min_ns", NULL, "total.rtt: min_ns: missing" },
	{ "record.runs.0.final.total.rtt.max_ns", "-1", "total.rtt: max_ns: out of range" },
	{ "record.runs.0.final.total.rtt.buckets.0", "-1", "total.rtt: buckets: out of range" },
	{ "record.runs.0.final.total.rtt.buckets.0", "2112", "total.rtt: buckets: out of range" },
	{ "record.runs.0.final.total.rtt.buckets.1", "-1", "total.rtt: buckets: out of range" },
	{ "record.runs.0.final.total.rtt.buckets.1", "281474976710656", "total.rtt: buckets: out of range" },
	{ "record.runs.0.final.total.rtt.buckets.1", "\"9\"", "total.rtt: buckets: not whole numbers" },
	{ "record.runs.0.final.total.rtt.buckets.+", "1", "total.rtt: buckets: not an array of pairs" },
	{ "record.runs.0.final.settled.1.counters.30", "\"x\"", "settled[1]: least_ns: not a whole number" },
	{ "record.runs.0.details", "7", "record.runs[0].details: rows: missing or not an array" },
	{ "record.runs.0.details.rows.0.0", "0", "record.runs[0].details: a row has no id" },
	{ "record.runs.0.details.rows.0.1", "2", "record.runs[0].details: a row is of no worker" },
	{ "record.runs.0.details.rows.0.2", "-1", "record.runs[0].details: a value: out of range" },
	{ "record.runs.0.details.rows.0.+", "1", "too many values" },
	{ "record.runs.0.details.columns", "null", "columns: missing or not an array" },
	{ "record.runs.0.details.seconds", "-0.5", "seconds: not a number of a sensible size" },
	{ "record.runs.0.details.missed", "1e3", "missed: not a whole number" },
	{ "record.runs.0.final.net_to", "[]", "net: missing or not an object" },
	{ "record.runs.0.final.net_to.udp_in_datagrams", "-1", "record.runs[0].final: udp_in_datagrams: out of range" },
	{ "record.events.0.severity", "\"loud\"", "record.events[0]: severity: missing or unknown" },
	{ "record.events.0.run_id", "-1", "record.events[0]: run_id: out of range" },
	{ "record.events.0.text", NULL, "record.events[0]: text: missing" },
	{ "record.phase", "\"later\"", "record: phase: missing or unknown" },
	{ "record.samples", NULL, "record: samples: missing" },
	{ "record.samples.0.run", "2", "record.samples[0]: run: there is no such run" },
	{ "record.samples.0.at_ns", "99e9", "record.samples[0]: at_ns: not a whole number" },
	{ "record.samples.1.at_ns", "1", "record.samples[1]: at_ns: time goes backwards" },
	{ "record.samples.1.window_ns", "-1", "record.samples[1]: window_ns: out of range" },
	{ "record.samples.1.interval_s", "-1", "interval_s: not a number of a sensible size" },
	{ "record.samples.1.workers.+", "{}", "record.samples[1].workers: workers: 3, not 2" },
	{ "record.samples.1.workers.1.counters.3", "-7", "record.samples[1].workers[1]: rx_bytes: out of range" },
	{ "record.samples.1.merged.+", "null", "record.samples[1]: latency: 3, not 2" },
	{ "record.samples.1.heat.0", "144", "record.samples[1]: heat: out of range" },
	{ "record.samples.1.heat.1", "4294967296", "record.samples[1]: heat: out of range" },
	{ "record.samples.1.net.udp_in_datagrams", "true", "record.samples[1]: udp_in_datagrams: not a whole number" },
	{ "record.samples.1.total", "{}", "record.samples[1].total.rtt: sum_ns: missing" },
	{ "record.samples.1.kept", "\"\"", "record.samples[1]: kept: unknown" },
};

static void is_refused(void **state)
{
	struct history *h = toy_history(2, false);
	struct run_final *f = toy_final(1, 2, 20);
	struct desk *d;
	json_t *whole;

	(void)state;
	f->details = toy_details(2);
	toy_take_final(h, f);
	toy_take_event(h, 120ll * NS_PER_S, 1, SEVERITY_WARNING, "the end");
	d = desk_of(h, 1, false);
	whole = json_load_file(d->path, 0, NULL);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const char *path = faults[i].path, *value = faults[i].value;
		int rc;

		spoil(whole, path, value, d->path);
		rc = open_it(d);
		if (rc != -EINVAL || !strstr(d->err.text, faults[i].says))
			fail_msg("%s = %s: \"%s\" does not say \"%s\"", path, value ? value : "nothing", d->err.text,
				faults[i].says);
		assert_null(d->opened.history);
		assert_null(strchr(d->err.text, '\n'));
		err_clear(&d->err);
	}
	json_decref(whole);
	desk_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_finished_run),
		cmocka_unit_test(a_captured_one),
		cmocka_unit_test(one_in_mid_run),
		cmocka_unit_test(unusual_values),
		cmocka_unit_test(a_run_that_failed_early),
		cmocka_unit_test(one_of_several),
		cmocka_unit_test(is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
