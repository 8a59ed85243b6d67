/* A result tells the same thing twice and agrees with itself: its intervals add up to its end, and
 * its cores to its sum, for every counter of every mode, role, direction and length of interval. */
#include "fixture.h"

#include <math.h>
#include <string.h>

#include "engines/engines.h"
#include "two_ends.h"
#include "../support/asserts.h"

enum { PAIRS_MAX = 8 };

/* name, value, ..., ended by NULL */
typedef const char *pairs[PAIRS_MAX];

static struct host_info host;

/* ---- what must be the same ---- */

static double number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : 0;
}

/* Of `key` in the object `inside` ("" : the element itself) of each element. */
static double total(const json_t *array, const char *inside, const char *key)
{
	double sum = 0;
	const json_t *one;
	size_t i;

	json_array_foreach(array, i, one) sum += number(*inside ? json_object_get(one, inside) : one, key);
	return sum;
}

static void same(const char *what, const char *name, double parts, double whole)
{
	if (fabs(parts - whole) > 0.5)
		fail_msg("%s: %s: parts come to %.0f, the whole is %.0f", what, name, parts, whole);
}

/* Packets sent and received are summed over one side; the cores of both count them. */
static bool is_of_a_side(unsigned counter)
{
	return counter <= COUNTER_RX_BYTES;
}

static void check_counters(const char *what, const struct engine *engine, const json_t *intervals, const json_t *end)
{
	const json_t *sum = json_object_get(end, "sum"), *cores = json_object_get(end, "cores");

	for (unsigned i = 0; i < engine_counters(engine); i++) {
		const struct counter_def *def = engine_counter(engine, i);

		if (def->kind != COUNTER_SUM || !json_is_number(json_object_get(sum, def->name)))
			continue;
		same(what, def->name, total(intervals, "sum", def->name), number(sum, def->name));
		if (def->show & SHOW_CORE && !is_of_a_side(i))
			same(what, def->name, total(cores, "", def->name), number(sum, def->name));
	}
	same(what, "lost", total(intervals, "sum", "lost"), number(sum, "lost"));
}

/* Values of the whole, and those of the cores and intervals. */
static void check_latencies(const char *what, const struct engine *engine, const json_t *intervals, const json_t *end)
{
	char key[64];

	for (unsigned i = 0; i < engine_latencies(engine); i++) {
		snprintf(key, sizeof(key), "%s_us", engine->latencies[i].name);
		double count = number(json_object_get(end, key), "count");

		same(what, key, total(intervals, key, "count"), count);
		same(what, key, total(json_object_get(end, "cores"), key, "count"), count);
	}
}

static void check(const struct end *e, const char *what)
{
	struct results_source source = { .history = e->history, .run_id = e->run_id, .host = &host };
	const struct run_final *final = history_final(e->history, e->run_id);
	const struct engine *engine = history_run(e->history, e->run_id)->engine;
	json_t *all = results_document(&source);
	const json_t *intervals = json_object_get(all, "intervals"), *end = json_object_get(all, "end");

	if (final->how != PHASE_DONE)
		fail_msg("%s: %s", what, final->err.text);
	assert_more(number(json_object_get(end, "sum"), "rx_packets"), 0);
	check_counters(what, engine, intervals, end);
	check_latencies(what, engine, intervals, end);
	assert_close(total(intervals, "", "seconds"), number(end, "seconds"), 1e-3);
	json_decref(all);
}

/* ---- runs ---- */

static const char *const lengths[] = { "100ms", "170ms", "1s" };

static void both_roles_add_up(void **state)
{
	static const struct {
		const char *mode;
		pairs option;
	} runs[] = {
		{ "echo", { NULL } },
		{ "echo", { "rate", "2k", NULL } },
		{ "echo", { "rcvbuf", "4k", "window", "500", NULL } },
		{ "stream", { "size", "16K", NULL } },
		{ "stream", { "rate", "2k", "reverse", "yes", NULL } },
		{ "chat", { "conns", "8", NULL } },
		{ "fanout", { "readers", "8", NULL } },
		{ "fanout", { "readers", "8", "sync", "free", NULL } },
		{ "null", { "loss-ppm", "5000", NULL } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
			const char *const common[] = { "cores", "1", "duration", "350ms", "warmup", "50ms", "interval",
				lengths[k], NULL };
			struct end e;

			end_start(&e, engine_find(engines_all, runs[i].mode), common, runs[i].option);
			end_await(&e, end_is_over);
			check(&e, runs[i].mode);
			end_close(&e);
		}
}

static void two_runs(const struct engine *engine, const char *const *server, const char *const *client, const char *length)
{
	struct end s, c;

	two_ends_start(engine, server, client, "350ms", length, &s, &c);
	end_await(&c, end_is_over);
	session_stop(s.session, false);
	end_await(&s, end_is_over);
	check(&c, engine->name);
	check(&s, engine->name);
	end_close(&c);
	end_close(&s);
}

static void each_role_alone_adds_up(void **state)
{
	static const struct {
		const char *mode;
		pairs server, client;
	} runs[] = {
		{ "echo", { NULL }, { NULL } },
		{ "echo", { NULL }, { "rate", "2k", NULL } },
		{ "stream", { "rate", "2k", NULL }, { NULL } },
		{ "stream", { "reverse", "yes", NULL }, { "reverse", "yes", "rate", "2k", NULL } },
		{ "chat", { NULL }, { "conns", "8", NULL } },
		{ "fanout", { "readers", "8", NULL }, { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++)
			two_runs(engine_find(engines_all, runs[i].mode), runs[i].server, runs[i].client, lengths[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_roles_add_up),
		cmocka_unit_test(each_role_alone_adds_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
