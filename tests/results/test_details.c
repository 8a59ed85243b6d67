/* Details in results: a run of mode null with rows, on the virtual clock, and its JSON. */
#include "fixture.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/null/null.h"
#include "mode/path.h"
#include "run/session.h"
#include "schema.h"
#include "snapshot/snapshot.h"
#include "../support/asserts.h"

static struct host_info host;

static void set(struct options *o, const char *name, const char *text)
{
	struct err err = ERR_NONE;

	if (options_set(o, name, text, &err))
		fail_msg("%s", err.text);
}

/* Makes a run of three seconds; without its final it is as it stood just before it ended. */
static struct history *run(const char *rows, const char *helpers, bool with_final)
{
	struct session_config config = { .paths = paths_here, .want_totals = true, .virtual_ticks = 100 };
	struct history *history = NULL;
	struct session *s = NULL;
	struct options o;
	struct err err = ERR_NONE;
	bool over = false;

	assert_int_equal(history_new(NULL, &history, &err), 0);
	assert_int_equal(session_new(&config, &s, &err), 0);
	assert_int_equal(options_init(&o, &engine_null, &err), 0);
	set(&o, "duration", "3s");
	set(&o, "warmup", "300ms");
	set(&o, "cores", "2");
	set(&o, "rows", rows);
	set(&o, "helpers", helpers);
	if (session_start(s, &o, &err) <= 0)
		fail_msg("%s", err.text);
	while (!over) {
		poll(&(struct pollfd){ .fd = session_fd(s), .events = POLLIN }, 1, 1000);
		for (struct update *u; !over && (u = session_next(s));) {
			over = u->kind == UPDATE_FINAL;
			if (over && !with_final)
				update_free(u);
			else
				history_take(history, u);
		}
	}
	session_free(s);
	options_free(&o);
	clock_virtual_set(0);
	return history;
}

static json_t *document_of(const struct history *h)
{
	struct results_source source = { .history = h, .run_id = history_newest_run(h)->id, .host = &host };
	json_t *j = results_document(&source);
	char why[600] = "";

	assert_non_null(j);
	if (!schema_check(j, why, sizeof(why)))
		fail_msg("%s", why);
	return j;
}

static json_int_t integer(const json_t *object, const char *key)
{
	if (!json_is_integer(json_object_get(object, key)))
		fail_msg("no integer %s", key);
	return json_integer_value(json_object_get(object, key));
}

static void the_worst_come_first(void **state)
{
	struct history *h = run("1000", "0", true);
	json_t *j = document_of(h);
	const json_t *details = json_object_get(json_object_get(j, "end"), "details");
	const json_t *worst = json_object_get(details, "worst");

	(void)state;
	assert_int_equal(integer(details, "rows"), 1000);
	assert_int_equal(integer(details, "missed"), 0);
	assert_string_equal(json_string_value(json_object_get(details, "sort")), "behind");
	assert_int_equal(json_array_size(worst), 32);
	for (size_t i = 1; i < json_array_size(worst); i++)
		assert_at_least(integer(json_array_get(worst, i - 1), "behind"), integer(json_array_get(worst, i), "behind"));
	json_decref(j);
	history_free(h);
}

static void columns_are_over_all_rows(void **state)
{
	struct history *h = run("500", "0", true);
	json_t *j = document_of(h);
	const json_t *details = json_object_get(json_object_get(j, "end"), "details");
	const json_t *behind = json_object_get(json_object_get(details, "columns"), "behind");
	const struct details *d = history_final(h, 1)->details;
	uint64_t most = 0;
	unsigned below = 0;

	(void)state;
	assert_int_equal(integer(behind, "count"), 500);
	for (unsigned i = 0; i < d->rows; i++) {
		most = d->row[i].value[1] > most ? d->row[i].value[1] : most;
		below += (double)d->row[i].value[1] < json_number_value(json_object_get(behind, "median"));
	}
	assert_int_equal(integer(behind, "max"), most);
	assert_int_equal(integer(behind, "max"), integer(json_array_get(json_object_get(details, "worst"), 0), "behind"));
	assert_at_most(below, 250);
	json_decref(j);
	history_free(h);
}

/* A MIN and a MAX counter of the whole run are those of its workers. */
static void extremes_are_merged_by_what_they_are(void **state)
{
	struct history *h = run("100", "0", true);
	json_t *j = document_of(h);
	const json_t *end = json_object_get(j, "end"), *sum = json_object_get(end, "sum"), *core;
	json_int_t quickest = INT64_MAX, slowest = 0;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(end, "cores"), i, core)
	{
		if (strcmp(json_string_value(json_object_get(core, "role")), "client")) {
			assert_null(json_object_get(core, "row_quickest_ns"));
			continue;
		}
		quickest = integer(core, "row_quickest_ns") < quickest ? integer(core, "row_quickest_ns") : quickest;
		slowest = integer(core, "row_slowest_ns") > slowest ? integer(core, "row_slowest_ns") : slowest;
	}
	assert_int_equal(integer(sum, "row_quickest_ns"), quickest);
	assert_int_equal(integer(sum, "row_slowest_ns"), slowest);
	json_decref(j);
	history_free(h);
}

/* A snapshot, for example, catches a run before its end. */
static void an_unfinished_run_tells_its_newest_rows(void **state)
{
	struct history *h = run("50", "0", false);
	json_t *j = document_of(h);
	const json_t *details = json_object_get(json_object_get(j, "end"), "details");

	(void)state;
	assert_int_equal(integer(details, "rows"), 50);
	json_decref(j);
	history_free(h);
}

static void without_rows_nothing_is_said(void **state)
{
	struct history *h = run("0", "0", true);
	json_t *j = document_of(h);
	const json_t *end = json_object_get(j, "end");

	(void)state;
	assert_null(json_object_get(end, "details"));
	assert_null(json_object_get(json_object_get(end, "sum"), "row_quickest_ns"));
	assert_null(json_object_get(json_object_get(end, "unknown"), "row_quickest_ns"));
	json_decref(j);
	history_free(h);
}

/* ---- saved and opened again ---- */

static void assert_same_details(const struct details *a, const struct details *b)
{
	assert_non_null(b);
	assert_int_equal(a->rows, b->rows);
	assert_int_equal(a->at_ns, b->at_ns);
	assert_int_equal(a->missed, b->missed);
	assert_equals(a->seconds, b->seconds);
	for (unsigned i = 0; i < a->rows; i++)
		assert_memory_equal(&a->row[i], &b->row[i], sizeof(a->row[i]));
}

struct shelf {
	char directory[32], saved[256];
	struct history *history, *opened;
	struct err err;
};

static void save(struct shelf *s, bool with_final)
{
	*s = (struct shelf){ .directory = "/tmp/netdyno-test-XXXXXX", .history = run("70", "0", with_final) };
	struct results_source source = { .history = s->history, .run_id = 1, .host = &host };

	assert_non_null(mkdtemp(s->directory));
	if (snapshot_save(&source, NULL, s->directory, s->saved, sizeof(s->saved), &s->err) < 0)
		fail_msg("%s", s->err.text);
}

static int load(struct shelf *s)
{
	static const struct engine *const engines[] = { &engine_null, NULL };
	struct snapshot snapshot = { .history = NULL };
	int rc = snapshot_load(s->saved, engines, &snapshot, &s->err);

	s->opened = snapshot.history;
	return rc;
}

static void clear(struct shelf *s)
{
	char command[64];

	history_free(s->history);
	history_free(s->opened);
	snprintf(command, sizeof(command), "rm -rf '%s'", s->directory);
	assert_int_equal(system(command), 0);
}

static void a_snapshot_keeps_all_rows(void **state)
{
	(void)state;
	for (int with_final = 0; with_final < 2; with_final++) {
		struct shelf s;

		save(&s, with_final);
		if (load(&s) < 0)
			fail_msg("%s", s.err.text);
		assert_int_equal(history_details(s.history, 1)->rows, 70);
		assert_same_details(history_details(s.history, 1), history_details(s.opened, 1));
		assert_int_equal(!history_final(s.opened, 1), !with_final);
		clear(&s);
	}
}

/* Changes one value of the first row. */
static void spoil(const struct shelf *s, size_t at, json_t *value)
{
	char path[300];
	json_t *j, *run, *row;

	snprintf(path, sizeof(path), "%s/result.json", s->saved);
	j = json_load_file(path, 0, NULL);
	run = json_array_get(json_object_get(json_object_get(j, "record"), "runs"), 0);
	row = json_array_get(json_object_get(json_object_get(run, "details"), "rows"), 0);
	assert_int_equal(at < json_array_size(row) ? json_array_set_new(row, at, value) : json_array_append_new(row, value), 0);
	assert_int_equal(json_dump_file(j, path, 0), 0);
	json_decref(j);
}

static void rows_that_cannot_be_are_refused(void **state)
{
	struct {
		size_t at;
		json_t *value;
		const char *why;
	} faults[] = {
		{ 0, json_integer(0), "a row has no id" },
		{ 99, json_integer(1), "too many values" },
		{ 1, json_integer(4), "a row is of no worker" },
		{ 1, json_string("0"), "a row is of no worker" },
		{ 2, json_integer(-1), "a value" },
		{ 3, json_string("x"), "a value" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct shelf s;

		save(&s, i % 2);
		spoil(&s, faults[i].at, faults[i].value);
		assert_int_equal(load(&s), -EINVAL);
		assert_contains(s.err.text, faults[i].why);
		assert_null(s.opened);
		clear(&s);
	}
}

/* Helpers work for a tenth of the time each; the clients of mode null are busy for 97 and 96 %. */
static void helpers_are_part_of_what_the_cpu_does(void **state)
{
	struct history *without = run("0", "0", true), *with = run("0", "3", true);
	json_t *j = document_of(without), *k = document_of(with);
	const json_t *sum = json_object_get(json_object_get(j, "end"), "sum"), *end = json_object_get(k, "end");
	const json_t *core = json_array_get(json_object_get(end, "cores"), 2);

	(void)state;
	assert_null(json_object_get(sum, "helper_cpu_ns"));
	assert_int_equal(integer(json_object_get(end, "sum"), "helper_cpu_ns"), 4 * 3 * 300ll * NS_PER_MS);
	assert_int_equal(integer(core, "helper_cpu_ns"), 3 * 300 * NS_PER_MS);
	assert_between(json_number_value(json_object_get(core, "busy_percent")), 126.9, 127.1);
	json_decref(j);
	json_decref(k);
	history_free(without);
	history_free(with);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worst_come_first),
		cmocka_unit_test(columns_are_over_all_rows),
		cmocka_unit_test(extremes_are_merged_by_what_they_are),
		cmocka_unit_test(an_unfinished_run_tells_its_newest_rows),
		cmocka_unit_test(without_rows_nothing_is_said),
		cmocka_unit_test(a_snapshot_keeps_all_rows),
		cmocka_unit_test(rows_that_cannot_be_are_refused),
		cmocka_unit_test(helpers_are_part_of_what_the_cpu_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
