/* Snapshots: a saved history loads the same, and nothing else loads. */
#include "fixture.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/leaks.h"
#include "base/file.h"
#include "snapshot/snapshot.h"
#include "schema.h"
#include "../support/asserts.h"

struct desk {
	struct history *history;
	struct host_info host;
	struct results_source source;
	char directory[64];
	char saved[256];
	struct err err;
};

static struct desk *desk_of(struct history *h)
{
	struct desk *d = calloc(1, sizeof(*d));

	d->history = h;
	d->host = toy_host();
	d->source = (struct results_source){ .history = h, .run_id = h ? history_newest_run(h)->id : 0, .host = &d->host };
	snprintf(d->directory, sizeof(d->directory), "/tmp/netdyno-test-XXXXXX");
	assert_non_null(mkdtemp(d->directory));
	return d;
}

static void desk_free(struct desk *d)
{
	char command[128];

	history_free(d->history);
	snprintf(command, sizeof(command), "chmod -R u+w '%s' && rm -rf '%s'", d->directory, d->directory);
	assert_int_equal(system(command), 0);
	free(d);
}

static void save(struct desk *d)
{
	struct snapshot_screen screen = { .text = "netdyno  [toy ●]\n", .svg = "<svg/>\n" };

	if (snapshot_save(&d->source, &screen, d->directory, d->saved, sizeof(d->saved), &d->err))
		fail_msg("%s", d->err.text);
}

static struct desk *load(const char *path)
{
	struct snapshot snapshot;
	struct err err = ERR_NONE;
	struct desk *d;

	if (snapshot_load(path, toy_engines, &snapshot, &err))
		fail_msg("%s", err.text);
	d = desk_of(snapshot.history);
	d->host = snapshot.host;
	d->source.captured = snapshot.captured;
	return d;
}

static char *slurp(const char *directory, const char *name)
{
	struct err err = ERR_NONE;
	char path[400], *text = NULL;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (file_read_all(path, 1 << 26, &text, &len, &err))
		fail_msg("%s", err.text);
	return text;
}

static void spill(const char *directory, const char *name, const char *text)
{
	char path[400];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static json_t *result_of(const char *directory)
{
	char *text = slurp(directory, "result.json");
	json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	free(text);
	assert_non_null(j);
	return j;
}

static void whole_directory(void **state)
{
	static const char *const files[] = { "result.json", "history.jsonl", "history.csv", "percentiles-rtt.hgrm", "screen.txt",
		"screen.svg" };
	struct desk *d = desk_of(toy_history(2, true));
	struct stat st;
	char path[400], why[600] = "", *text;
	json_t *j;

	(void)state;
	save(d);
	assert_int_equal(entries_in(d->saved), 6); /* the empty latency has no file */
	for (unsigned i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "%s/%s", d->saved, files[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	assert_int_equal(stat(d->saved, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	j = result_of(d->saved);
	if (!schema_check(j, why, sizeof(why)))
		fail_msg("%s", why);
	json_decref(j);
	text = slurp(d->saved, "screen.txt");
	assert_string_equal(text, "netdyno  [toy ●]\n");
	free(text);
	desk_free(d);
}

static void names_count_up(void **state)
{
	struct desk *d = desk_of(toy_history(1, true));
	char first[256];

	(void)state;
	clock_virtual_set(100ll * NS_PER_S); /* the same second each time */
	save(d);
	assert_non_null(strstr(d->saved, "/2026-01-01T00-01-40"));
	strcpy(first, d->saved);
	save(d);
	assert_string_equal(d->saved + strlen(first), "-2");
	save(d);
	assert_string_equal(d->saved + strlen(first), "-3");
	assert_int_equal(entries_in(d->directory), 3);
	desk_free(d);
}

/* ---- round trips ---- */

static void assert_same_summary(const struct latency_summary *a, const struct latency_summary *b)
{
	assert_int_equal(a->count, b->count);
	assert_equals(a->mean_ns, b->mean_ns);
	assert_int_equal(a->min_ns, b->min_ns);
	assert_int_equal(a->p50_ns, b->p50_ns);
	assert_int_equal(a->p75_ns, b->p75_ns);
	assert_int_equal(a->p99_99_ns, b->p99_99_ns);
	assert_int_equal(a->max_ns, b->max_ns);
}

static void assert_same_sample(const struct run_info *info, const struct sample *a, const struct sample *b)
{
	assert_int_equal(a->sequence, b->sequence);
	assert_int_equal(a->run_id, b->run_id);
	assert_int_equal(a->phase, b->phase);
	assert_int_equal(a->at_ns, b->at_ns);
	assert_int_equal(a->window_ns, b->window_ns);
	assert_int_equal(a->late_ns, b->late_ns);
	assert_int_equal(a->is_interval, b->is_interval);
	assert_equals(a->interval_s, b->interval_s);
	assert_int_equal(a->measured_ns, b->measured_ns);
	assert_int_equal(a->net_fresh, b->net_fresh);
	assert_memory_equal(&a->net, &b->net, sizeof(a->net));
	assert_memory_equal(a->heat, b->heat, sizeof(a->heat));
	assert_int_equal(a->workers, b->workers);
	assert_int_equal(!a->total, !b->total);
	if (a->total)
		assert_memory_equal(a->total, b->total, engine_latencies(info->engine) * sizeof(*a->total));
	for (unsigned l = 0; l < engine_latencies(info->engine); l++)
		assert_same_summary(&a->merged[l], &b->merged[l]);
	for (unsigned i = 0; i < a->workers; i++) {
		for (unsigned c = 0; c < engine_counters(info->engine); c++)
			if (!(info->worker[i].unknown >> c & 1))
				assert_int_equal(a->worker[i].value[c], b->worker[i].value[c]);
		for (unsigned l = 0; l < engine_latencies(info->engine); l++)
			assert_same_summary(&a->worker[i].latency[l], &b->worker[i].latency[l]);
	}
}

static void assert_same_history(const struct history *a, const struct history *b)
{
	assert_int_equal(history_fine_count(a), history_fine_count(b));
	assert_int_equal(history_coarse_count(a), history_coarse_count(b));
	for (unsigned i = 0; i < history_fine_count(a); i++)
		assert_same_sample(history_run(a, history_fine(a, i)->run_id), history_fine(a, i), history_fine(b, i));
	for (unsigned i = 0; i < history_coarse_count(a); i++)
		assert_same_sample(history_run(a, history_coarse(a, i)->run_id), history_coarse(a, i), history_coarse(b, i));
	assert_int_equal(history_run_count(a), history_run_count(b));
	assert_int_equal(history_phase(a), history_phase(b));
	assert_int_equal(history_event_count(a), history_event_count(b));
	for (unsigned i = 0; i < history_event_count(a); i++) {
		assert_int_equal(history_event(a, i)->at_ns, history_event(b, i)->at_ns);
		assert_int_equal(history_event(a, i)->severity, history_event(b, i)->severity);
		assert_string_equal(history_event(a, i)->text, history_event(b, i)->text);
	}
	for (unsigned i = 0; i < history_run_count(a); i++) {
		const struct run_info *x = history_run_by_age(a, i), *y = history_run(b, x->id);

		assert_non_null(y);
		assert_string_equal(x->ran, y->ran);
		assert_string_equal(x->peer, y->peer);
		assert_ptr_equal(x->method, y->method);
		assert_int_equal(x->ports.count, y->ports.count);
		assert_memory_equal(x->ports.range, y->ports.range, x->ports.count * sizeof(x->ports.range[0]));
		assert_int_equal(x->started_wall_ns, y->started_wall_ns);
		assert_int_equal(history_intervals_lost(a, x->id), history_intervals_lost(b, x->id));
		assert_int_equal(!history_measure_start(a, x->id), !history_measure_start(b, x->id));
		assert_int_equal(!history_final(a, x->id), !history_final(b, x->id));
	}
}

static void assert_same_file(const struct desk *a, const struct desk *b, const char *name)
{
	char *x = slurp(a->saved, name), *y = slurp(b->saved, name);

	assert_string_equal(x, y);
	free(x);
	free(y);
}

/* Saves, loads, saves again in the same second: the files are the same. */
static void assert_round_trip(struct desk *d)
{
	struct desk *e;

	clock_virtual_set(100ll * NS_PER_S);
	save(d);
	e = load(d->saved);
	assert_same_history(d->history, e->history);
	save(e);
	assert_same_file(d, e, "result.json");
	assert_same_file(d, e, "history.jsonl");
	assert_same_file(d, e, "history.csv");
	assert_int_equal(entries_in(d->saved), entries_in(e->saved));
	if (entries_in(d->saved) == 6)
		assert_same_file(d, e, "percentiles-rtt.hgrm");
	desk_free(e);
	desk_free(d);
}

static void finished(void **state)
{
	(void)state;
	assert_round_trip(desk_of(toy_history(3, true)));
}

static void in_mid_run(void **state)
{
	(void)state;
	assert_round_trip(desk_of(toy_history(3, false)));
}

static void several_runs(void **state)
{
	struct history *h = NULL;
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(history_new(&(struct history_limits){ .fine = 50, .coarse = 4 }, &h, &err), 0);
	for (uint32_t id = 3; id <= 6; id++) {
		struct run_info *info = toy_run(id);

		snprintf(info->notes[0], sizeof(info->notes[0]), "listens on 0.0.0.0");
		assert_int_equal(options_set(&info->options, "payload", "1472", &err), 0);
		assert_int_equal(options_set(&info->options, "warmup", "1500ms", &err), 0);
		toy_take_run(h, info);
		toy_take_phase(h, id, PHASE_MEASURE);
		for (unsigned i = 0; i <= 30; i++)
			toy_take_sample(h, toy_steady(id, i, i && i % 10 == 0));
		if (id != 6)
			toy_take_final(h, toy_final(id, 2, 30));
	}
	toy_take_phase(h, 6, PHASE_DRAIN);
	assert_round_trip(desk_of(h));
}

static void failed_run(void **state)
{
	struct history *h = toy_history(1, false);
	struct run_final *f = toy_final(1, 0, 0);

	(void)state;
	f->how = PHASE_FAILED;
	err_say(&f->err, EIO, "send: it broke");
	free(f->total);
	f->total = NULL;
	toy_take_final(h, f);
	assert_round_trip(desk_of(h));
}

/* ---- without its directory ---- */

static json_t *document_of(const struct desk *d)
{
	json_t *j = results_document(&d->source);

	assert_non_null(j);
	return j;
}

/* result.json taken out of its snapshot gives the same result, with the samples that it is made
 * of. */
static void assert_lonely(struct desk *d)
{
	char from[400], to[128];
	json_t *before, *after;
	struct desk *e;

	save(d);
	snprintf(from, sizeof(from), "%s/result.json", d->saved);
	snprintf(to, sizeof(to), "%s/lonely.json", d->directory);
	e = load(from); /* still beside its history */
	assert_int_equal(history_fine_count(e->history), history_fine_count(d->history));
	desk_free(e);
	assert_int_equal(rename(from, to), 0);
	e = load(to);
	assert_int_equal(history_coarse_count(e->history), history_coarse_count(d->history));
	assert_int_equal(history_run_count(e->history), history_run_count(d->history));
	before = document_of(d);
	after = document_of(e);
	assert_true(json_equal(before, after));
	json_decref(before);
	json_decref(after);
	desk_free(e);
	desk_free(d);
}

static void lonely_results(void **state)
{
	(void)state;
	assert_lonely(desk_of(toy_history(2, true)));
	assert_lonely(desk_of(toy_history(2, false)));
}

/* ---- what is wrong with a file ---- */

static void assert_refused(const char *path, const char *part)
{
	struct snapshot snapshot = { .history = NULL };
	struct err err = ERR_NONE;

	if (!snapshot_load(path, toy_engines, &snapshot, &err))
		fail_msg("accepted, though it should say \"%s\"", part);
	assert_null(snapshot.history);
	if (!strstr(err.text, part))
		fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

/* Replaces the first `from` in a file of the snapshot, expects the refusal, and puts the file
 * back. */
static void spoil(const struct desk *d, const char *file, const char *from, const char *to, const char *part)
{
	char *text = slurp(d->saved, file), *at = strstr(text, from), *changed;

	if (!at)
		fail_msg("%s has no \"%s\"", file, from);
	assert_more(asprintf(&changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)), 0);
	spill(d->saved, file, changed);
	assert_refused(d->saved, part);
	spill(d->saved, file, text);
	free(changed);
	free(text);
}

/* Which run was A, and how much of it, is a part of what is saved. */
static void the_baseline_is_kept(void **state)
{
	struct desk *d = desk_of(toy_history(2, true));
	struct snapshot snapshot;
	struct err err = ERR_NONE;

	(void)state;
	save(d);
	assert_int_equal(snapshot_load(d->saved, toy_engines, &snapshot, &err), 0);
	assert_int_equal(snapshot.base_run, 0);
	history_free(snapshot.history);
	d->source.base_run = 1;
	d->source.base_until_ns = 123456789;
	save(d);
	assert_int_equal(snapshot_load(d->saved, toy_engines, &snapshot, &err), 0);
	assert_int_equal(snapshot.base_run, 1);
	assert_int_equal(snapshot.base_until_ns, 123456789);
	history_free(snapshot.history);
	spoil(d, "result.json", "\"baseline\":{", "\"baseline\":{\"run\":77},\"other\":{",
		"record.baseline: run: there is no such run");
	spoil(d, "result.json", "\"until_ns\":", "\"until_ns\":-", "record.baseline: until_ns: out of range");
	desk_free(d);
}

static void damaged_files(void **state)
{
	struct desk *d = desk_of(toy_history(2, true));

	(void)state;
	save(d);
	spoil(d, "result.json", "{", "[", "result.json: line ");
	spoil(d, "result.json", "\"schema\": 2", "\"schema\": 1",
		"result.json: netdyno.schema: 1, as netdyno " NETDYNO_VERSION " wrote it; netdyno " NETDYNO_VERSION
		" reads schema 2 only");
	spoil(d, "result.json", "\"schema\": 2", "\"schema\": \"2\"", "netdyno.schema: missing");
	spoil(d, "result.json", "\"netdyno\":", "\"other\":", "no result of netdyno");
	spoil(d, "result.json", "\"record\": {", "\"record\": 5, \"snapshot\": {", "record: missing");
	spoil(d, "result.json", "\"mode\":\"toy\"", "\"mode\":\"nosuch\\u001b[2J\"", "(known: toy)");
	spoil(d, "result.json", "\"saved_wall_ns\":", "\"saved_wall_ns\":-", "record: saved_wall_ns: out of range");
	spoil(d, "history.jsonl", "{", "[", "history.jsonl: line 1: ");
	spoil(d, "history.jsonl", "\n{\"run\":1", "\n{\"run\":2", "history.jsonl: line 2: run: there is no such run");
	spoil(d, "history.jsonl", "\"warm-up\"", "\"\\u001b[31mred\"", "line 1: phase: missing or unknown");
	spoil(d, "history.jsonl", "\"tick\"", "\"tock\"", "line 1: kept: unknown");
	spoil(d, "history.jsonl", "\"workers\":[", "\"workers\":[{},", "line 1.workers: workers: 3, not 2");
	spoil(d, "history.jsonl", "\"counters\":[", "\"counters\":[-1", "line 1.workers[0]: tx_packets: out of range");
	spoil(d, "history.jsonl", "\"at_ns\":101", "\"at_ns\":99", "line 2: at_ns: time goes backwards");
	spoil(d, "history.jsonl", "\"heat\":[", "\"heat\":[144,1],\"cold\":[", "line 1: heat: out of range");
	spoil(d, "history.jsonl", "}\n", "}\n\n", "line 2: ");
	desk_free(d);
}

static void missing_files(void **state)
{
	struct desk *d = desk_of(toy_history(1, true));
	char path[400];

	(void)state;
	assert_refused("/nonexistent/netdyno", "/nonexistent/netdyno");
	assert_refused(d->directory, "result.json");
	save(d);
	snprintf(path, sizeof(path), "%s/history.jsonl", d->saved);
	assert_int_equal(unlink(path), 0);
	assert_refused(d->saved, "history.jsonl");
	assert_int_equal(mkfifo(path, 0600), 0); /* must not wait for a writer */
	assert_refused(d->saved, "history.jsonl");
	desk_free(d);
}

/* Every prefix of the files, and a small one with any byte changed, is refused or loaded; nothing
 * else happens. */
static void cut_files(void **state)
{
	struct desk *d = desk_of(toy_history(1, true));
	static const char *const files[] = { "result.json", "history.jsonl" };

	(void)state;
	save(d);
	for (unsigned f = 0; f < 2; f++) {
		char *text = slurp(d->saved, files[f]), *copy = strdup(text);
		size_t len = strlen(text), step = len / 61 + 1;

		for (size_t at = 0; at < len; at += step) {
			for (unsigned how = 0; how < 2; how++) {
				struct snapshot snapshot = { .history = NULL };
				struct err err = ERR_NONE;

				memcpy(copy, text, len + 1);
				if (how)
					copy[at] = (char)(copy[at] ^ 0x15);
				else
					copy[at] = '\0';
				spill(d->saved, files[f], copy);
				if (snapshot_load(d->saved, toy_engines, &snapshot, &err))
					assert_true(err.text[0]);
				history_free(snapshot.history);
			}
		}
		spill(d->saved, files[f], text);
		free(copy);
		free(text);
	}
	desk_free(d);
}

/* ---- where it cannot be saved ---- */

static void unwritable(void **state)
{
	struct desk *d = desk_of(toy_history(1, true));
	char path[128];

	(void)state;
	assert_int_equal(snapshot_save(&d->source, NULL, "/proc/nowhere", d->saved, sizeof(d->saved), &d->err) < 0, 1);
	assert_non_null(strstr(d->err.text, "/proc/nowhere"));
	err_clear(&d->err);
	snprintf(path, sizeof(path), "%s/file", d->directory);
	spill(d->directory, "file", "in the way");
	assert_int_equal(snapshot_save(&d->source, NULL, path, d->saved, sizeof(d->saved), &d->err), -ENOTDIR);
	assert_non_null(strstr(d->err.text, path));
	assert_int_equal(entries_in(d->directory), 1);
	desk_free(d);
}

/* A file that may not grow stands for a full disk: the error names the file, and nothing is
 * left. */
static void full_disk(void **state)
{
	struct desk *d = desk_of(toy_history(5, true));

	(void)state;
	for (rlim_t bytes = 100; bytes < 40000; bytes *= 3) {
		pid_t child = fork();
		int status;

		if (!child) {
			struct rlimit limit = { .rlim_cur = bytes, .rlim_max = bytes };

			signal(SIGXFSZ, SIG_IGN);
			setrlimit(RLIMIT_FSIZE, &limit);
			int rc = snapshot_save(&d->source, NULL, d->directory, d->saved, sizeof(d->saved), &d->err);
			_exit(rc == -EFBIG && strstr(d->err.text, d->directory) ? 0 : 1);
		}
		assert_more(child, 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		assert_int_equal(entries_in(d->directory), 0);
	}
	desk_free(d);
}

static void nothing_to_save(void **state)
{
	struct desk *d = desk_of(NULL);
	struct history *h = NULL;

	(void)state;
	assert_int_equal(history_new(NULL, &h, &d->err), 0);
	d->history = h;
	d->source.history = h;
	assert_int_equal(snapshot_save(&d->source, NULL, d->directory, d->saved, sizeof(d->saved), &d->err), -ENOENT);
	assert_int_equal(entries_in(d->directory), 0);
	desk_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_directory),
		cmocka_unit_test(names_count_up),
		cmocka_unit_test(finished),
		cmocka_unit_test(in_mid_run),
		cmocka_unit_test(several_runs),
		cmocka_unit_test(failed_run),
		cmocka_unit_test(lonely_results),
		cmocka_unit_test(the_baseline_is_kept),
		cmocka_unit_test(damaged_files),
		cmocka_unit_test(missing_files),
		cmocka_unit_test(cut_files),
		cmocka_unit_test(unwritable),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(nothing_to_save),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
