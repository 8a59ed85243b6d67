/* Running a sweep: a mode whose first attempts fail is tried again, and its errors are kept. */
#include "fixture.h"

#include <unistd.h>

#include "main/sweep/run.h"
#include "run/worker.h"
#include "../support/toy.h"

static struct engine flaky; /* the scripted mode; every second run cannot bind */
static _Atomic unsigned opens;
static unsigned fails; /* of each 2 opens of the first worker: 0, 1 (the first) or 2 */

static int flaky_open(struct worker *w, struct err *err)
{
	bool first = w->self == w->plan->worker;
	unsigned nth = first ? opens++ % 2 : 0;

	if (first && nth < fails)
		return err_sys(err, EADDRINUSE, "bind 127.0.0.1:5000");
	return engine_toy.open(w, err);
}

struct bench {
	char directory[64];
	struct sweep_plan plan;
	struct sweep_state state;
	struct sweep_store store;
	struct sweep_progress progress;
	struct host_info host;
};

static void begin(struct bench *b)
{
	struct err err = ERR_NONE;
	struct options o;
	double slots;

	*b = (struct bench){ 0 };
	script_reset();
	flaky = engine_toy;
	flaky.open = flaky_open;
	opens = 0;
	snprintf(b->directory, sizeof(b->directory), "/tmp/netdyno-sweep-XXXXXX");
	assert_non_null(mkdtemp(b->directory));
	assert_int_equal(options_init(&o, &flaky, &err), 0);
	options_set(&o, "duration", "50ms", &err);
	options_set(&o, "warmup", "0", &err);
	options_set(&o, "cores", "1", &err);
	assert_int_equal(sweep_plan_init(&b->plan, &o, 2, &err), 0);
	options_free(&o);
	assert_int_equal(sweep_plan_set_axis(&b->plan, "seed", "1,2,3", &err), 0);
	assert_int_equal(sweep_plan_close(&b->plan, &slots, &err), 0);
	assert_int_equal(sweep_state_init(&b->state, &b->plan, &err), 0);
	if (sweep_store_create(&b->store, b->directory, &b->plan, &b->host, false, &err) < 0)
		fail_msg("%s", err.text);
	sweep_progress_init(&b->progress, &b->state);
}

static void end(struct bench *b)
{
	static const char *const names[] = { "plan.json", "results.jsonl", "results.csv" };
	char path[128];

	sweep_store_close(&b->store);
	sweep_state_free(&b->state);
	sweep_plan_free(&b->plan);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", b->directory, names[i]);
		unlink(path);
	}
	rmdir(b->directory);
}

static void run(struct bench *b, unsigned retries)
{
	struct sweep_job job = { .plan = &b->plan,
		.state = &b->state,
		.store = &b->store,
		.progress = &b->progress,
		.host = &b->host,
		.signal_fd = -1,
		.seed = 1,
		.retries = retries };
	struct err err = ERR_NONE;

	if (sweep_run(&job, &err) != SWEEP_COMPLETE)
		fail_msg("not complete: %s", err.text);
}

/* Counts the lines of this event, with so many attempts (-1: any) and with this reason (NULL:
 * any). */
static unsigned count(const struct bench *b, const char *event, int attempts, const char *why)
{
	char path[128], *line = NULL;
	size_t room = 0;
	unsigned n = 0;

	snprintf(path, sizeof(path), "%s/results.jsonl", b->directory);
	FILE *in = fopen(path, "r");
	assert_non_null(in);
	while (getline(&line, &room, in) > 0) {
		json_t *object = json_loads(line, 0, NULL);

		assert_non_null(object);
		const char *said = json_string_value(json_object_get(object, "why"));
		n += !strcmp(json_string_value(json_object_get(object, "event")), event) &&
		     (attempts < 0 || json_integer_value(json_object_get(object, "attempts")) == attempts) &&
		     (!why || (said && !strcmp(said, why)));
		json_decref(object);
	}
	free(line);
	fclose(in);
	return n;
}

static unsigned count_lines(const struct bench *b, const char *event, int attempts)
{
	return count(b, event, attempts, NULL);
}

static unsigned count_whys(const struct bench *b)
{
	return count(b, "run", -1, "bind 127.0.0.1:5000: Address already in use");
}

static void second_attempts(void **unused)
{
	struct err err = ERR_NONE;
	struct bench b;

	(void)unused;
	begin(&b);
	fails = 1;
	run(&b, 1);
	assert_int_equal(b.state.done, 6);
	assert_int_equal(b.state.failed, 0);
	assert_int_equal(count_lines(&b, "run", 2), 6);
	assert_int_equal(count_whys(&b), 6);
	assert_int_equal(opens, 12);
	/* The reasons of the failures are kept, and come back. */
	assert_int_equal(b.state.failures, 6);
	sweep_state_free(&b.state);
	sweep_store_close(&b.store);
	assert_int_equal(sweep_state_init(&b.state, &b.plan, &err), 0);
	assert_int_equal(sweep_store_open(&b.store, b.directory, &b.state, &err), 0);
	assert_int_equal(b.state.done, 6);
	assert_int_equal(b.state.failed, 0);
	assert_int_equal(b.state.failures, 6);
	for (unsigned i = 0; i < 6; i++) {
		assert_true(b.state.failure[i].made_good);
		assert_int_equal(b.state.failure[i].attempts, 1);
		assert_string_equal(b.state.failure[i].why, "bind 127.0.0.1:5000: Address already in use");
	}
	end(&b);
}

static void failed_for_good(void **unused)
{
	struct bench b;

	(void)unused;
	begin(&b);
	fails = 2;
	run(&b, 2);
	assert_int_equal(b.state.done, 0);
	assert_int_equal(b.state.failed, 6);
	assert_int_equal(count_lines(&b, "failed", 3), 6);
	assert_int_equal(opens, 18);
	assert_string_equal(b.state.failure[0].why, "bind 127.0.0.1:5000: Address already in use");
	/* It works again: failed slots are run again, and nothing else is touched. */
	fails = 0;
	run(&b, 0);
	assert_int_equal(b.state.done, 6);
	assert_int_equal(b.state.failed, 0);
	assert_int_equal(b.state.failures, 6);
	for (unsigned i = 0; i < 6; i++)
		assert_true(b.state.failure[i].made_good);
	run(&b, 0);
	assert_int_equal(opens, 24);
	end(&b);
}

static void no_retries(void **unused)
{
	struct bench b;

	(void)unused;
	begin(&b);
	fails = 1;
	run(&b, 0);
	assert_int_equal(b.state.done, 3);
	assert_int_equal(b.state.failed, 3);
	assert_int_equal(count_lines(&b, "run", 1), 3);
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(second_attempts),
		cmocka_unit_test(failed_for_good),
		cmocka_unit_test(no_retries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
