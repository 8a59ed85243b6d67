/* Saved results, compared.  See saved.h. */
#include "main/sweep/saved.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "engines/engines.h"
#include "main/cli/program.h"
#include "main/sweep/end.h"
#include "results/json_parts.h"
#include "snapshot/snapshot.h"
#include "sweep/metrics.h"

static const double LEVEL = 0.95;

void saved_runs_free(struct saved_runs *runs)
{
	for (unsigned i = 0; i < SWEEP_METRICS_MAX; i++)
		free(runs->group.value[i]);
	json_decref(runs->host);
	json_decref(runs->options);
	*runs = (struct saved_runs){ 0 };
}

/* ---- one run ---- */

static int add_run(struct saved_runs *runs, const json_t *row, struct err *err)
{
	struct sweep_metric metric[SWEEP_METRICS_MAX];
	unsigned metrics = sweep_metrics_of(runs->engine, metric);

	for (unsigned i = 0; i < metrics; i++) {
		double *more = realloc(runs->group.value[i], (runs->group.runs + 1) * sizeof(*more));
		const json_t *value = json_object_get(row, metric[i].column);

		if (!more)
			return err_sys(err, ENOMEM, "keep a result");
		runs->group.value[i] = more;
		more[runs->group.runs] = json_is_number(value) ? json_number_value(value) : NAN;
	}
	runs->group.runs++;
	runs->runs++;
	return 0;
}

static int add_document(struct saved_runs *runs, const char *path, const struct results_source *source, struct err *err)
{
	const struct engine *engine = history_newest_run(source->history)->engine;
	json_t *document = results_document(source), *row = results_row(source);
	const json_t *end = json_object_get(document, "end");
	int rc = document && row ? 0 : err_sys(err, ENOMEM, "read %s", path);

	if (rc >= 0 && runs->engine && runs->engine != engine)
		rc = err_say(err, EINVAL, "%s: mode %s among runs of %s", path, engine->name, runs->engine->name);
	if (rc >= 0 && !runs->engine) {
		runs->engine = engine;
		runs->host = json_of_host(source->host);
		runs->options = json_incref(json_object_get(json_object_get(document, "start"), "options"));
	}
	if (rc >= 0 && json_is_true(json_object_get(json_object_get(end, "verdict"), "valid"))) {
		rc = add_run(runs, row, err);
		runs->limited[results_limit_of(document)] += rc >= 0;
	} else if (rc >= 0)
		runs->invalid++;
	json_decref(document);
	json_decref(row);
	return rc;
}

/* The version that wrote a document. */
static void read_version(const char *path, struct saved_runs *runs)
{
	json_t *document = runs->version[0] ? NULL : json_load_file(path, 0, NULL);
	const char *version = json_string_value(json_object_get(json_object_get(document, "netdyno"), "version"));

	if (version)
		text_escape(version, strlen(version), runs->version, sizeof(runs->version));
	json_decref(document);
}

static int add_result(struct saved_runs *runs, const char *path, struct err *err)
{
	struct snapshot snapshot = { 0 };
	int rc = snapshot_load(path, engines_all, &snapshot, err);

	if (rc < 0)
		return rc;
	struct results_source source = { .history = snapshot.history,
		.run_id = history_newest_run(snapshot.history)->id,
		.host = &snapshot.host,
		.captured = snapshot.captured };
	rc = add_document(runs, path, &source, err);
	history_free(snapshot.history);
	return rc;
}

/* ---- a sweep ---- */

static int add_cell(struct saved_runs *runs, const struct sweep_state *state, struct err *err)
{
	const struct sweep_cell *cell = &state->cell[0];

	for (unsigned i = 0; i < state->metrics; i++) {
		runs->group.value[i] = calloc(cell->valid ? cell->valid : 1, sizeof(double));
		if (!runs->group.value[i])
			return err_sys(err, ENOMEM, "keep a result");
		for (unsigned n = 0; n < cell->valid; n++)
			runs->group.value[i][n] = (double)cell->value[n * state->metrics + i];
	}
	memcpy(runs->limited, cell->limited, sizeof(runs->limited));
	runs->group.runs = runs->runs = cell->valid;
	runs->invalid = cell->done - cell->valid;
	return 0;
}

static int add_sweep(struct saved_runs *runs, const char *path, struct err *err)
{
	struct sweep_plan plan = { 0 };
	struct sweep_state state = { 0 };
	int rc = sweep_store_read_plan(path, engines_all, &plan, &runs->host, err);

	if (rc >= 0 && plan.sides)
		rc = err_say(err, EINVAL, "%s is a comparison itself: netdyno open %s shows it", path, path);
	else if (rc >= 0 && plan.cells != 1)
		rc = err_say(err, EINVAL, "%s is a sweep of %u cells: only a sweep of one setting (--repeat alone) is one side",
			path, plan.cells);
	if (rc >= 0)
		rc = sweep_state_init(&state, &plan, err);
	if (rc >= 0)
		rc = sweep_store_load(path, &state, err);
	runs->engine = plan.options.engine;
	if (rc >= 0)
		rc = add_cell(runs, &state, err);
	sweep_state_free(&state);
	sweep_plan_free(&plan);
	return rc;
}

/* ---- whatever it is ---- */

static bool has_file(const char *directory, const char *name, char *path, size_t size)
{
	struct stat st;

	return snprintf(path, size, "%s/%s", directory, name) < (int)size && stat(path, &st) == 0;
}

static int is_result_name(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && entry->d_name[0] != '.' && !strcmp(entry->d_name + length - 5, ".json");
}

static int add_directory(struct saved_runs *runs, const char *path, struct err *err)
{
	struct dirent **names = NULL;
	char file[PATH_MAX];
	int count = scandir(path, &names, is_result_name, alphasort);
	int rc = count < 0 ? err_sys(err, errno, "read %s", path) : 0;

	if (count == 0)
		rc = err_say(err, EINVAL, "%s holds no results: neither a snapshot nor a sweep nor files *.json", path);
	for (int i = 0; i < count; i++) {
		if (rc >= 0 && has_file(path, names[i]->d_name, file, sizeof(file))) {
			rc = add_result(runs, file, err);
			read_version(file, runs);
		}
		free(names[i]);
	}
	free(names);
	return rc;
}

int saved_runs_load(const char *path, struct saved_runs *runs, struct err *err)
{
	char file[PATH_MAX];
	struct stat st;
	int rc;

	if (stat(path, &st) < 0)
		return err_sys(err, errno, "read %s", path);
	if (S_ISDIR(st.st_mode) && has_file(path, "result.json", file, sizeof(file)))
		rc = add_result(runs, path, err);
	else if (S_ISDIR(st.st_mode) && has_file(path, "plan.json", file, sizeof(file)))
		rc = add_sweep(runs, path, err);
	else if (S_ISDIR(st.st_mode))
		return add_directory(runs, path, err);
	else {
		snprintf(file, sizeof(file), "%s", path);
		rc = add_result(runs, path, err);
	}
	if (rc >= 0)
		read_version(file, runs);
	return rc;
}

/* ---- comparing ---- */

int saved_runs_check(const struct saved_runs saved[COMPARE_SIDES], const char *const path[COMPARE_SIDES], struct err *err)
{
	if (saved[0].engine == saved[1].engine)
		return 0;
	return err_say(err, EINVAL, "%s is of mode %s, %s of mode %s: their figures do not mean the same", path[0],
		saved[0].engine->name, path[1], saved[1].engine->name);
}

/* Names each thing in which two objects differ: "kernel (6.1 / 6.5), ..."; "" if they agree. */
static void name_differences(const json_t *a, json_t *b, char *out, size_t size)
{
	const char *key;
	json_t *value;

	out[0] = '\0';
	json_object_foreach(b, key, value)
	{
		json_t *then = json_object_get(a, key);

		if (json_equal(then, value))
			continue;
		char *was = then ? json_dumps(then, JSON_ENCODE_ANY) : NULL, *is = json_dumps(value, JSON_ENCODE_ANY);
		text_add(out, size, "%s%s (%.60s / %.60s)", *out ? ", " : "", key, was ? was : "--", is ? is : "--");
		free(was);
		free(is);
	}
}

static void add_notes(const struct saved_runs saved[COMPARE_SIDES], struct compare_report *report)
{
	char differences[240];

	compare_note(report, "runs of two times: what the machine did meanwhile (clock, temperature, neighbours) and their order "
			     "count as differences of B; netdyno compare MODE --a ... --b ... alternates the two");
	name_differences(saved[0].host, saved[1].host, differences, sizeof(differences));
	if (differences[0])
		compare_note(report, "CAUTION, different hosts: %s", differences);
	if (strcmp(saved[0].version, saved[1].version) != 0)
		compare_note(
			report, "CAUTION, written by different versions of netdyno: %s / %s", saved[0].version, saved[1].version);
	if (saved[0].options && saved[1].options)
		name_differences(saved[0].options, saved[1].options, differences, sizeof(differences));
	if (saved[0].options && saved[1].options)
		compare_note(report, "options that differ (A / B): %s", differences[0] ? differences : "none");
	for (unsigned i = 0; i < COMPARE_SIDES; i++)
		if (saved[i].invalid)
			compare_note(report, "%u run%s of %c left out: invalid verdict", saved[i].invalid,
				saved[i].invalid == 1 ? "" : "s", i ? 'B' : 'A');
}

int saved_runs_compare(const struct saved_runs saved[COMPARE_SIDES], const char *const path[COMPARE_SIDES],
	const struct compare_asked *asked, int *ret_status, struct err *err)
{
	struct sweep_metric metric[SWEEP_METRICS_MAX];
	unsigned metrics = sweep_metrics_of(saved[0].engine, metric);
	struct comparison comparison;
	struct compare_report report = { .comparison = &comparison,
		.engine = saved[0].engine,
		.side = { path[0], path[1] },
		.valid = { saved[0].runs, saved[1].runs },
		.conditions = asked->conditions,
		.condition = asked->condition };

	comparison_of_groups(metric, metrics, &saved[0].group, &saved[1].group, LEVEL, &comparison);
	add_notes(saved, &report);
	compare_limits(&report, saved[0].limited, saved[1].limited);
	if (strcmp(asked->json, "-") != 0)
		compare_write_text(stdout, &report, sweep_room());
	*ret_status = compare_status(&report);
	return compare_write_json(&report, asked, err);
}
