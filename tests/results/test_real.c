/* Results and snapshots of real runs, on the real clock: of mode null, and of echo and stream. */
#include "fixture.h"

#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "engines/engines.h"
#include "engines/null/null.h"
#include "mode/path.h"
#include "run/session.h"
#include "snapshot/snapshot.h"
#include "schema.h"
#include "../support/asserts.h"

static struct history *history; /* of mode null */
static struct host_info host;

/* Takes updates until the run's final is there; no machine needs 20 s for that. */
static void follow(struct session *s, struct history *h, uint32_t run_id)
{
	int64_t deadline = clock_now_ns() + 20ll * NS_PER_S;

	while (!history_final(h, run_id)) {
		struct pollfd p = { .fd = session_fd(s), .events = POLLIN };
		struct update *u;

		assert_less(clock_now_ns(), deadline);
		poll(&p, 1, 100);
		while ((u = session_next(s)))
			history_take(h, u);
	}
}

static void set(struct options *o, const char *name, const char *text)
{
	struct err err = ERR_NONE;

	if (options_set(o, name, text, &err))
		fail_msg("%s", err.text);
}

/* ticks: of the virtual clock; 0: the real one. */
static struct history *run(const struct engine *e, const char *const (*option)[2], unsigned ticks)
{
	struct session_config config = { .paths = paths_here, .want_totals = true, .virtual_ticks = ticks };
	struct history *h = NULL;
	struct session *s = NULL;
	struct options o;
	struct err err = ERR_NONE;
	int id;

	assert_int_equal(history_new(NULL, &h, &err), 0);
	assert_int_equal(session_new(&config, &s, &err), 0);
	assert_int_equal(options_init(&o, e, &err), 0);
	set(&o, "duration", "450ms");
	set(&o, "warmup", "50ms");
	set(&o, "interval", "200ms");
	for (; (*option)[0]; option++)
		set(&o, (*option)[0], (*option)[1]);
	id = session_start(s, &o, &err);
	if (id <= 0)
		fail_msg("%s", err.text);
	follow(s, h, (uint32_t)id);
	session_free(s);
	options_free(&o);
	return h;
}

static int run_once(void **state)
{
	static const char *const option[][2] = { { "cores", "1" }, { "rate", "100k" }, { NULL, NULL } };

	(void)state;
	history = run(&engine_null, option, 0);
	host_read(&host);
	return 0;
}

static int forget(void **state)
{
	(void)state;
	history_free(history);
	return 0;
}

static struct results_source source_of(const struct history *h)
{
	return (struct results_source){ .history = h, .run_id = history_newest_run(h)->id, .host = &host };
}

static double number(const json_t *object, const char *key)
{
	if (!json_is_number(json_object_get(object, key)))
		fail_msg("no number %s", key);
	return json_number_value(json_object_get(object, key));
}

static void assert_keeps_the_schema(const struct history *h)
{
	struct results_source source = source_of(h);
	json_t *j = results_document(&source);
	char why[600] = "";

	if (!schema_check(j, why, sizeof(why)))
		fail_msg("%s", why);
	json_decref(j);
}

static void keeps_the_schema(void **state)
{
	(void)state;
	assert_keeps_the_schema(history);
}

/* Sum, cores and latencies have every key that the tables of the mode announce. */
static void has_all_keys(void **state)
{
	struct results_source source = source_of(history);
	json_t *end = results_end(&source), *sum = json_object_get(end, "sum"), *cores = json_object_get(end, "cores");

	(void)state;
	for (unsigned i = 0; i < engine_counters(&engine_null); i++) {
		const struct counter_def *def = engine_counter(&engine_null, i);

		if (def->show & SHOW_IF_ANY) {
			assert_null(json_object_get(sum, def->name));
			continue;
		}
		if (def->show & SHOW_SUM && !json_object_get(sum, def->name))
			fail_msg("end.sum lacks %s", def->name);
		for (size_t k = 0; k < json_array_size(cores); k++) {
			const json_t *core = json_array_get(cores, k);
			bool server = !strcmp(json_string_value(json_object_get(core, "role")), "server");

			if (def->show & SHOW_CORE && def->roles & (server ? ROLE_SERVER : ROLE_CLIENT) &&
				!json_object_get(core, def->name))
				fail_msg("end.cores lacks %s", def->name);
		}
	}
	json_decref(end);
}

/* Intervals cover the measurement without gaps, the last one with its real length; their packets
 * add up. */
static void intervals_add_up(void **state)
{
	struct results_source source = source_of(history);
	json_t *j = results_document(&source), *intervals = json_object_get(j, "intervals"), *end = json_object_get(j, "end");
	double seconds = 0, packets = 0;
	size_t i;
	json_t *interval;

	(void)state;
	assert_at_least(json_array_size(intervals), 2);
	json_array_foreach(intervals, i, interval)
	{
		json_t *sum = json_object_get(interval, "sum");

		seconds += number(interval, "seconds");
		packets += number(sum, "tx_packets");
		assert_close(number(interval, "t_s"), seconds, 1e-3);
		assert_close(number(sum, "tx_pps") * number(interval, "seconds"), number(sum, "tx_packets"), 1);
	}
	assert_at_least(seconds, 0.4);
	assert_more(packets, 0);
	assert_more(number(json_object_get(end, "sum"), "tx_packets"), 0);
	assert_true(json_is_true(json_object_get(json_object_get(end, "ledger"), "balanced")));
	json_decref(j);
}

static void snapshot_shows_the_same(void **state)
{
	struct results_source source = source_of(history), again;
	char directory[] = "/tmp/netdyno-test-XXXXXX", path[300], command[64];
	struct snapshot loaded;
	struct err err = ERR_NONE;
	json_t *before, *after;

	(void)state;
	assert_non_null(mkdtemp(directory));
	if (snapshot_save(&source, NULL, directory, path, sizeof(path), &err))
		fail_msg("%s", err.text);
	if (snapshot_load(path, engines_all, &loaded, &err))
		fail_msg("%s", err.text);
	again = source_of(loaded.history);
	again.host = &loaded.host;
	before = results_document(&source);
	after = results_document(&again);
	char *x = json_dumps(before, JSON_INDENT(1)), *y = json_dumps(after, JSON_INDENT(1));
	assert_string_equal(x, y);
	free(x);
	free(y);
	json_decref(before);
	json_decref(after);
	history_free(loaded.history);
	snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	assert_int_equal(system(command), 0);
}

/* ---- a result alone ---- */

static char *written(const struct results_source *source)
{
	char *text = NULL;
	size_t len = 0;
	struct err err = ERR_NONE;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	if (results_write(source, out, "memory", &err))
		fail_msg("%s", err.text);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void spill(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static void assert_opens_the_same(const struct history *h)
{
	struct results_source source = source_of(h), again;
	char path[] = "/tmp/netdyno-test-XXXXXX", *x = written(&source), *y;
	struct snapshot opened;
	struct err err = ERR_NONE;
	int fd = mkstemp(path);

	assert_at_least(fd, 0);
	close(fd);
	spill(path, x);
	if (snapshot_load(path, engines_all, &opened, &err))
		fail_msg("%s", err.text);
	again = source_of(opened.history);
	again.host = &opened.host;
	y = written(&again);
	assert_string_equal(x, y);
	free(x);
	free(y);
	history_free(opened.history);
	unlink(path);
}

/* A result that is opened and written again is the same to the byte. */
static void results_open_the_same(void **state)
{
	static const char *const usual[][2] = { { NULL, NULL } };
	static const char *const rows[][2] = { { "seed", "7" }, { "rows", "20" }, { "loss-ppm", "1234" }, { NULL, NULL } };
	static const char *const open_loop[][2] = { { "rate", "20k" }, { "method", "mmsg" }, { "stages", "10" }, { NULL, NULL } };
	static const struct {
		const char *mode;
		const char *const (*option)[2];
		unsigned ticks;
	} runs[] = { { "echo", usual, 0 }, { "echo", open_loop, 0 }, { "stream", usual, 0 }, { "null", rows, 100 } };

	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct history *h = run(engine_find(engines_all, runs[i].mode), runs[i].option, runs[i].ticks);

		/* On a busy machine the second one may be missed. */
		assert_at_least(history_coarse_count(h), runs[i].ticks ? 2 : 1);
		assert_keeps_the_schema(h);
		assert_opens_the_same(h);
		history_free(h);
	}
	assert_opens_the_same(history);
}

static void host_is_known(void **state)
{
	(void)state;
	assert_true(host.kernel[0] && host.machine[0]);
	assert_at_least(host.cpus_online, 1);
	assert_between(host.cpus_allowed, 1, host.cpus_online);
	if (host.rmem_max != -1)
		assert_more(host.rmem_max, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_schema), cmocka_unit_test(has_all_keys), cmocka_unit_test(intervals_add_up),
		cmocka_unit_test(snapshot_shows_the_same), cmocka_unit_test(host_is_known),
		cmocka_unit_test(results_open_the_same), /* the last: the clock stays virtual */
	};

	return cmocka_run_group_tests(tests, run_once, forget);
}
