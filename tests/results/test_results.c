/* Results as JSON, JSON lines and CSV, and the schema they keep. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "schema.h"
#include "../support/asserts.h"

struct desk {
	struct history *history;
	struct host_info host;
	struct results_source source;
	char directory[64];
};

static struct desk *desk_of(struct history *h)
{
	struct desk *d = calloc(1, sizeof(*d));

	d->history = h;
	d->host = toy_host();
	d->source = (struct results_source){ .history = h, .run_id = 1, .host = &d->host };
	snprintf(d->directory, sizeof(d->directory), "/tmp/netdyno-test-XXXXXX");
	assert_non_null(mkdtemp(d->directory));
	return d;
}

static void desk_free(struct desk *d)
{
	char command[128];

	history_free(d->history);
	snprintf(command, sizeof(command), "rm -rf '%s'", d->directory);
	assert_int_equal(system(command), 0);
	free(d);
}

static char *path_in(const struct desk *d, const char *name)
{
	char *path;

	assert_more(asprintf(&path, "%s/%s", d->directory, name), 0);
	return path;
}

static void assert_schema(const json_t *document)
{
	char why[600] = "";

	if (!schema_check(document, why, sizeof(why)))
		fail_msg("%s", why);
}

/* "end.sum.rx_pps", "end.cores.1.role" */
static const json_t *at(const json_t *j, const char *path)
{
	char key[64];

	while (j && *path) {
		size_t len = strcspn(path, ".");

		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		j = json_is_array(j) ? json_array_get(j, (size_t)atoi(key)) : json_object_get(j, key);
		path += len + (path[len] == '.');
	}
	return j;
}

#define assert_number(j, path, is)                                                                                 \
	do {                                                                                                       \
		const json_t *number_at = at(j, path);                                                             \
		if (!json_is_number(number_at) || fabs(json_number_value(number_at) - (is)) > 1e-6) {              \
			char *number_text = number_at ? json_dumps(number_at, JSON_ENCODE_ANY) : NULL;             \
			fail_msg("%s is %s, not %.9g", path, number_text ? number_text : "missing", (double)(is)); \
		}                                                                                                  \
	} while (0)
#define assert_text(j, path, is) assert_string_equal(json_string_value(at(j, path)), is)
#define assert_null_at(j, path)  assert_true(json_is_null(at(j, path)))

static void finished_run(void **state)
{
	struct desk *d = desk_of(toy_history(3, true));
	json_t *j = results_document(&d->source);

	(void)state;
	assert_schema(j);
	assert_text(j, "netdyno.version", NETDYNO_VERSION);
	assert_text(j, "start.time", "2026-01-01T00:01:40Z");
	assert_text(j, "start.mode", "toy");
	assert_text(j, "start.ran", "slow");
	assert_text(j, "start.role", "both");
	assert_number(j, "start.options.payload_bytes", 64);
	assert_number(j, "start.options.warmup_s", 1);
	assert_text(j, "start.options.kind", "round");
	assert_true(json_is_false(at(j, "start.options.verify")));
	assert_null_at(j, "start.options.label_text");
	assert_null_at(j, "start.options.rcvbuf_bytes");
	assert_null(at(j, "start.options.json"));
	assert_null_at(j, "start.host.optmem_max");
	assert_null_at(j, "start.host.governor");
	assert_int_equal(json_array_size(at(j, "intervals")), 3);
	assert_number(j, "end.seconds", 3);
	assert_number(j, "end.sum.tx_packets", 3000);
	assert_number(j, "end.sum.rx_packets", 2700);
	assert_number(j, "end.sum.tx_pps", 1000);
	assert_number(j, "end.sum.rx_pps", 900);
	assert_number(j, "end.sum.rx_mbps", 0.4608);
	assert_number(j, "end.sum.lost", 300);
	assert_number(j, "end.sum.lost_percent", 10);
	assert_number(j, "end.sum.late", 180);
	assert_number(j, "end.sum.server_socket_drops", 120);
	assert_number(j, "end.sum.duplicates", 30);
	assert_number(j, "end.sum.syscalls_per_packet", 0.5);
	assert_number(j, "end.sum.answers_per_s", 960);
	assert_null_at(j, "end.sum.cycles"); /* the server knows its own, the client does not */
	assert_number(j, "end.sum.instructions", 0);
	assert_null_at(j, "end.sum.cycles_per_packet");
	assert_number(j, "end.ledger.sent", 3000);
	assert_number(j, "end.ledger.places.late", 180);
	assert_number(j, "end.ledger.unexplained", 0);
	assert_true(json_is_true(at(j, "end.ledger.balanced")));
	assert_text(j, "end.unknown.cycles", "no hardware counters on this machine");
	assert_null(at(j, "end.unfinished"));
	json_decref(j);
	desk_free(d);
}

static void a_second_ledger(void **state)
{
	struct engine two = engine_toy;
	struct desk *d = desk_of(toy_history(3, true));
	struct run_info *info = (struct run_info *)history_run(d->history, 1);
	json_t *j;

	(void)state;
	two.second_ledger = &toy_questions;
	info->engine = &two;
	j = results_document(&d->source);
	assert_schema(j);
	assert_number(j, "end.ledgers.questions.sent", 3000);
	assert_number(j, "end.ledgers.questions.received", 2880);
	assert_number(j, "end.ledgers.questions.places.socket", 120);
	assert_number(j, "end.ledgers.questions.unexplained", 0);
	json_decref(j);
	info->engine = &engine_toy;
	desk_free(d);
}

static void cores_and_latencies(void **state)
{
	struct desk *d = desk_of(toy_history(2, true));
	json_t *j = results_document(&d->source);
	struct hist h;
	struct latency_summary l;

	(void)state;
	assert_int_equal(json_array_size(at(j, "end.cores")), 2);
	assert_text(j, "end.cores.0.role", "server");
	assert_number(j, "end.cores.0.cpu", 0);
	assert_number(j, "end.cores.0.rx_pps", 960);
	assert_number(j, "end.cores.0.drops", 80);
	assert_number(j, "end.cores.0.ctx_switches", 60);
	assert_number(j, "end.cores.0.cycles", 20000);
	assert_number(j, "end.cores.0.busy_percent", 30);
	assert_null(at(j, "end.cores.0.rtt_us"));
	assert_text(j, "end.cores.1.role", "client");
	assert_null_at(j, "end.cores.1.cycles");
	assert_number(j, "end.cores.1.perf_unseen_ns", 0);
	assert_number(j, "end.cores.1.drops", 120);
	assert_number(j, "end.cores.1.busy_percent", 100);
	toy_hist(&h, 1800);
	hist_summarise(&h, &l);
	assert_number(j, "end.rtt_us.count", 1800);
	assert_number(j, "end.rtt_us.p50", (double)l.p50_ns / 1000);
	assert_number(j, "end.rtt_us.max", (double)l.max_ns / 1000);
	assert_number(j, "end.cores.1.rtt_us.p99", (double)l.p99_ns / 1000);
	assert_number(j, "end.service_us.count", 0);
	assert_null_at(j, "end.service_us.p50");
	json_decref(j);
	desk_free(d);
}

static void intervals(void **state)
{
	struct desk *d = desk_of(toy_history(2, false));
	struct sample *partial = toy_steady(1, 25, true);
	json_t *j;

	(void)state;
	partial->interval_s = 0.5;
	toy_take_sample(d->history, partial);
	j = results_document(&d->source);
	assert_schema(j);
	assert_int_equal(json_array_size(at(j, "intervals")), 3);
	assert_number(j, "intervals.0.t_s", 1);
	assert_number(j, "intervals.0.seconds", 1);
	assert_number(j, "intervals.1.t_s", 2);
	assert_number(j, "intervals.1.sum.rx_packets", 900);
	assert_number(j, "intervals.1.sum.rx_pps", 900);
	assert_number(j, "intervals.1.sum.lost", 100);
	assert_number(j, "intervals.1.sum.lost_percent", 10);
	assert_number(j, "intervals.1.cores.1.rx_pps", 900);
	assert_number(j, "intervals.1.rtt_us.count", 1800);
	assert_number(j, "intervals.2.seconds", 0.5);
	assert_number(j, "intervals.2.sum.rx_pps", 900);
	assert_number(j, "intervals.2.sum.rx_packets", 450);
	json_decref(j);
	desk_free(d);
}

static void unfinished_run(void **state)
{
	struct desk *d = desk_of(toy_history(2, false));
	json_t *j;

	(void)state;
	j = results_document(&d->source);
	assert_schema(j);
	assert_true(json_is_true(at(j, "end.unfinished")));
	assert_number(j, "end.seconds", 2);
	assert_number(j, "end.sum.rx_pps", 900);
	assert_number(j, "end.rtt_us.count", 1800);
	json_decref(j);
	desk_free(d);
}

/* Nothing has been measured: every number is unknown, and none is 0. */
static void before_measuring(void **state)
{
	struct history *h = NULL;
	struct err err = ERR_NONE;
	struct desk *d;
	json_t *j;

	(void)state;
	assert_int_equal(history_new(NULL, &h, &err), 0);
	d = desk_of(h);
	assert_null(results_document(&d->source));
	assert_null(results_start(&d->source));
	toy_take_run(h, toy_run(1));
	toy_take_sample(h, toy_sample(1, PHASE_WARMUP, 1));
	j = results_document(&d->source);
	assert_schema(j);
	assert_null_at(j, "end.sum.rx_pps");
	assert_null_at(j, "end.sum.tx_packets");
	assert_null_at(j, "end.rtt_us");
	assert_null_at(j, "end.ledger");
	assert_true(json_is_false(at(j, "end.verdict.valid")));
	json_decref(j);
	desk_free(d);
}

static void failed_run(void **state)
{
	struct desk *d = desk_of(toy_history(1, false));
	struct run_final *f = toy_final(1, 0, 0);
	json_t *j;

	(void)state;
	f->how = PHASE_FAILED;
	err_say(&f->err, EIO, "send: it broke");
	toy_take_final(d->history, f);
	j = results_document(&d->source);
	assert_schema(j);
	assert_text(j, "end.error", "send: it broke");
	assert_null_at(j, "end.sum.rx_pps");
	assert_text(j, "end.verdict.reasons.0", "failed: send: it broke");
	json_decref(j);
	desk_free(d);
}

static void forgotten_intervals(void **state)
{
	struct history *h = NULL;
	struct err err = ERR_NONE;
	struct desk *d;
	json_t *j;

	(void)state;
	assert_int_equal(history_new(&(struct history_limits){ .coarse = 3 }, &h, &err), 0);
	d = desk_of(h);
	toy_take_run(h, toy_run(1));
	for (unsigned step = 0; step <= 60; step++)
		toy_take_sample(h, toy_steady(1, step, step && step % 10 == 0));
	j = results_document(&d->source);
	assert_schema(j);
	assert_int_equal(json_array_size(at(j, "intervals")), 2);
	assert_number(j, "intervals.0.t_s", 5);
	assert_number(j, "intervals.0.sum.rx_pps", 900);
	assert_text(j, "start.warnings.0", "the first 4 intervals are not listed: only the last ones are kept in memory");
	json_decref(j);
	desk_free(d);
}

/* The schema must notice every key that is missing or has another name. */
static unsigned mutations;

static void rename_each(json_t *schema, json_t *document, json_t *object)
{
	const char *keys[64];
	unsigned count = 0;
	const char *key;
	json_t *value;
	char why[600];

	json_object_foreach(object, key, value)
	{
		if (count < 64)
			keys[count++] = strdup(key);
	}
	for (unsigned i = 0; i < count; i++) {
		value = json_incref(json_object_get(object, keys[i]));
		json_object_del(object, keys[i]);
		json_object_set(object, "renamed", value);
		if (schema_check_with(schema, document, why, sizeof(why)))
			fail_msg("the schema does not miss \"%s\"", keys[i]);
		json_object_del(object, "renamed");
		json_object_set_new(object, keys[i], value);
		mutations++;
		free((char *)keys[i]);
	}
}

static void schema_is_strict(void **state)
{
	static const char *const objects[] = { "", "netdyno", "start", "start.host", "end.rtt_us", "end.ledger", "end.verdict" };
	struct desk *d = desk_of(toy_history(1, true));
	json_t *j = results_document(&d->source), *schema = schema_load();
	char why[600];

	(void)state;
	for (unsigned i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		rename_each(schema, j, (json_t *)at(j, objects[i]));
	assert_more(mutations, 40);
	assert_true(schema_check_with(schema, j, why, sizeof(why)));
	json_object_set_new((json_t *)at(j, "end.sum"), "lost", json_integer(-1));
	assert_false(schema_check_with(schema, j, why, sizeof(why)));
	assert_non_null(strstr(why, "/end/sum/lost"));
	json_object_del((json_t *)at(j, "end.sum"), "lost");
	assert_false(schema_check_with(schema, j, why, sizeof(why)));
	json_decref(schema);
	json_decref(j);
	desk_free(d);
}

static void json_file(void **state)
{
	struct desk *d = desk_of(toy_history(1, true));
	char *path = path_in(d, "result.json"), *text = NULL;
	struct err err = ERR_NONE;
	struct stat st;
	size_t len;
	json_t *j;

	(void)state;
	assert_int_equal(results_write_json(&d->source, path, false, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(file_read_all(path, 1 << 20, &text, &len, &err), 0);
	assert_null(strstr(text, "00000000001")); /* reals as people write them */
	j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_schema(j);
	assert_int_equal(results_write_json(&d->source, path, false, &err), -EEXIST);
	err_clear(&err);
	assert_int_equal(results_write_json(&d->source, path, true, &err), 0);
	json_decref(j);
	free(text);
	free(path);
	desk_free(d);
}

static void lines(void **state)
{
	struct desk *d = desk_of(toy_history(1, true));
	char *text = calloc(1, 1 << 20), *newline;
	struct file_out out = { .stream = tmpfile() };
	struct err err = ERR_NONE;
	json_t *j;

	(void)state;
	assert_int_equal(results_line(&out, "start", results_start(&d->source), &err), 0);
	assert_int_equal(results_line(&out, "end", results_end(&d->source), &err), 0);
	assert_int_equal(results_line(&out, "end", NULL, &err), -ENOMEM);
	rewind(out.stream);
	assert_non_null(text);
	assert_less(0, fread(text, 1, (1 << 20) - 1, out.stream));
	newline = strchr(text, '\n');
	assert_non_null(newline);
	*newline = '\0';
	j = json_loads(text, 0, NULL);
	assert_text(j, "event", "start");
	assert_text(j, "data.mode", "toy");
	json_decref(j);
	j = json_loads(newline + 1, 0, NULL);
	assert_text(j, "event", "end");
	assert_number(j, "data.sum.rx_pps", 900);
	json_decref(j);
	fclose(out.stream);
	free(text);
	desk_free(d);
}

static void line_to_nobody(void **state)
{
	struct desk *d = desk_of(toy_history(1, true));
	struct err err = ERR_NONE;
	struct file_out out = { 0 };
	int ends[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	out.stream = fdopen(ends[1], "w");
	assert_int_equal(results_line(&out, "start", results_start(&d->source), &err), -EPIPE);
	assert_non_null(strstr(err.text, "start line"));
	fclose(out.stream);
	err_clear(&err);
	out.stream = fopen("/dev/full", "w");
	assert_int_equal(results_line(&out, "start", results_start(&d->source), &err), -ENOSPC);
	fclose(out.stream);
	desk_free(d);
}

/* ---- CSV ---- */

/* Splits one record after RFC 4180; cells are unquoted in place.  Returns their number, and where
 * the next record begins. */
static unsigned csv_split(char *text, char **cells, unsigned max, char **ret_next)
{
	unsigned count = 0;
	char *to = text;

	for (bool more = true; more && count < max;) {
		bool quoted = *text == '"';

		cells[count++] = to;
		text += quoted;
		while (*text && (quoted || (*text != ',' && *text != '\n'))) {
			if (quoted && text[0] == '"' && text[1] != '"')
				break;
			text += quoted && text[0] == '"';
			*to++ = *text++;
		}
		text += quoted;
		more = *text == ',';
		text += *text ? 1 : 0;
		*to++ = '\0';
	}
	*ret_next = text;
	return count;
}

static const char *cell_of(char **names, char **cells, unsigned count, const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return cells[i];
	fail_msg("no column %s", name);
	return NULL;
}

enum { COLUMNS = 256 };

static void csv_read(const struct desk *d, char **ret_text, char **names, char **cells, unsigned *ret_count)
{
	char *path = path_in(d, "result.csv"), *next;
	struct err err = ERR_NONE;
	size_t len;

	if (results_write_csv(&d->source, path, true, &err))
		fail_msg("%s", err.text);
	assert_int_equal(file_read_all(path, 1 << 20, ret_text, &len, &err), 0);
	*ret_count = csv_split(*ret_text, names, COLUMNS, &next);
	assert_int_equal(csv_split(next, cells, COLUMNS, &next), *ret_count);
	assert_int_equal(*next, '\0');
	free(path);
}

static void csv_file(void **state)
{
	struct desk *d = desk_of(toy_history(3, true));
	struct run_info *info = (struct run_info *)history_run(d->history, 1);
	char *names[COLUMNS], *cells[COLUMNS], *text;
	struct err err = ERR_NONE;
	unsigned count;

	(void)state;
	assert_int_equal(options_set(&info->options, "label-text", "-2+3 \"x\", y", &err), 0);
	csv_read(d, &text, names, cells, &count);
	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(names[i], names[k]);
	assert_string_equal(cell_of(names, cells, count, "mode"), "toy");
	assert_string_equal(cell_of(names, cells, count, "method"), "slow");
	assert_string_equal(cell_of(names, cells, count, "payload_bytes"), "64");
	assert_string_equal(cell_of(names, cells, count, "label_text"), "'-2+3 \"x\", y");
	assert_string_equal(cell_of(names, cells, count, "host_cpu_model"), "'=Toy CPU, \"fast\"");
	assert_string_equal(cell_of(names, cells, count, "rx_pps"), "900");
	assert_string_equal(cell_of(names, cells, count, "rtt_count"), "2700");
	assert_string_equal(cell_of(names, cells, count, "service_p50_us"), "");
	assert_string_equal(cell_of(names, cells, count, "cycles"), "");
	assert_string_equal(cell_of(names, cells, count, "ctx_switches"), "90");
	assert_string_equal(cell_of(names, cells, count, "lost_late"), "180");
	/* it could not be read */
	assert_string_equal(cell_of(names, cells, count, "lost_softnet_backlog"), "");
	assert_string_equal(cell_of(names, cells, count, "valid"), "true");
	assert_non_null(strstr(cell_of(names, cells, count, "cautions"), "closed loop"));
	free(text);
	desk_free(d);
}

/* A run that measured nothing has the same columns as one that did. */
static void csv_columns_are_stable(void **state)
{
	struct desk *d = desk_of(toy_history(3, true)), *e;
	struct history *h = NULL;
	struct err err = ERR_NONE;
	char *names[2][COLUMNS], *cells[COLUMNS], *text[2];
	unsigned count[2];

	(void)state;
	assert_int_equal(history_new(NULL, &h, &err), 0);
	toy_take_run(h, toy_run_of(1, 1, 0));
	e = desk_of(h);
	csv_read(d, &text[0], names[0], cells, &count[0]);
	csv_read(e, &text[1], names[1], cells, &count[1]);
	assert_int_equal(count[0], count[1]);
	for (unsigned i = 0; i < count[0]; i++)
		assert_string_equal(names[0][i], names[1][i]);
	free(text[0]);
	free(text[1]);
	desk_free(d);
	desk_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finished_run),
		cmocka_unit_test(a_second_ledger),
		cmocka_unit_test(cores_and_latencies),
		cmocka_unit_test(intervals),
		cmocka_unit_test(unfinished_run),
		cmocka_unit_test(before_measuring),
		cmocka_unit_test(failed_run),
		cmocka_unit_test(forgotten_intervals),
		cmocka_unit_test(schema_is_strict),
		cmocka_unit_test(json_file),
		cmocka_unit_test(lines),
		cmocka_unit_test(line_to_nobody),
		cmocka_unit_test(csv_file),
		cmocka_unit_test(csv_columns_are_stable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
