/* Mode stream in real runs: threads, phases, the ledger of the final, methods swapped on the fly, verdicts; nothing left behind. */
#include "stream_rig.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "run/ledger.h"
#include "run/session.h"

/* What came out of one run. */
struct outcome {
	struct run_info *info;
	struct run_final *final;
	bool silent; /* an event said that nobody answers */
};

static void outcome_free(struct outcome *o)
{
	run_info_free(o->info);
	run_final_free(o->final);
}

static void keep(struct update *u, uint32_t id, struct outcome *o)
{
	if (u->run_id == id && u->kind == UPDATE_RUN) {
		o->info = u->run;
		u->run = NULL;
	} else if (u->run_id == id && u->kind == UPDATE_FINAL) {
		o->final = u->final;
		u->final = NULL;
	} else if (u->kind == UPDATE_EVENT && strstr(u->event.text, "no answer from")) {
		o->silent = true;
	}
	update_free(u);
}

static bool has_info(const struct outcome *o)
{
	return o->info;
}

static bool has_final(const struct outcome *o)
{
	return o->final;
}

static bool is_silent(const struct outcome *o)
{
	return o->silent;
}

static void await(struct session *s, uint32_t id, bool (*done)(const struct outcome *), struct outcome *o)
{
	int64_t end = clock_now_ns() + (int64_t)STREAM_RIG_DEADLINE_S * NS_PER_S;

	while (!done(o)) {
		struct pollfd p = { .fd = session_fd(s), .events = POLLIN };
		struct update *u;

		if (clock_now_ns() > end)
			fail_msg("run %u: not in %d s", id, STREAM_RIG_DEADLINE_S);
		poll(&p, 1, 100);
		while ((u = session_next(s)))
			keep(u, id, o);
	}
}

static uint32_t start(struct session *s, const char *const *option)
{
	struct options o;
	struct err err = ERR_NONE;

	if (options_init(&o, &engine_stream, &err) < 0)
		fail_msg("%s", err.text);
	for (; *option; option += 2)
		if (options_set(&o, option[0], option[1], &err) < 0)
			fail_msg("%s", err.text);
	int id = session_start(s, &o, &err);
	if (id <= 0)
		fail_msg("%s", err.text);
	options_free(&o);
	return (uint32_t)id;
}

static struct session *session_or_fail(void)
{
	struct session_config config = { 0 };
	struct err err = ERR_NONE;
	struct session *s = NULL;

	if (session_new(&config, &s, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static void judge(const struct outcome *o, struct verdict *v)
{
	struct ledger l;

	if (o->final->err.text[0])
		fail_msg("%s", o->final->err.text);
	ledger_of_final(o->info, o->final, &l);
	verdict_of_final(o->info, o->final, &l, false, v);
}

static void expect_balance(const struct outcome *o)
{
	struct ledger l;

	if (o->final->err.text[0])
		fail_msg("%s", o->final->err.text);
	ledger_of_final(o->info, o->final, &l);
	assert_true(l.known);
	if (!l.sent || !l.received || l.unexplained || l.lost)
		fail_msg("sent %llu, received %llu, lost %llu, unexplained %lld", (unsigned long long)l.sent,
			(unsigned long long)l.received, (unsigned long long)l.lost, (long long)l.unexplained);
}

static void runs_balance(void **state)
{
	static const char *const runs[][14] = {
		{ "method", "one-copy", "warmup", "50ms", "duration", "300ms", NULL },
		{ "method", "two-copy", "warmup", "50ms", "duration", "300ms", "verify", "yes", NULL },
		{ "method", "zero-copy", "warmup", "50ms", "duration", "300ms", "verify", "yes", NULL },
		{ "method", "zero-copy", "warmup", "0", "duration", "200ms", "reverse", "yes", "threads", "3", NULL },
		{ "wait", "spin", "warmup", "50ms", "duration", "200ms", "size", "100", NULL },
		{ "size", "30M", "warmup", "50ms", "duration", "300ms", "receive", "discard", NULL },
		{ "rate", "2000", "warmup", "50ms", "duration", "300ms", "threads", "2", NULL },
		{ "size", "1", "warmup", "50ms", "duration", "200ms", NULL },
	};
	struct session *s = session_or_fail();

	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct outcome o = { 0 };

		await(s, start(s, runs[i]), has_final, &o);
		expect_balance(&o);
		outcome_free(&o);
	}
	session_free(s);
}

static bool says(const char line[VERDICT_LINES][200], unsigned count, const char *words)
{
	for (unsigned i = 0; i < count; i++)
		if (strstr(line[i], words))
			return true;
	return false;
}

static void copied_zero_copy_is_a_caution(void **state)
{
	struct session *s = session_or_fail();

	(void)state;
	for (int zero = 0; zero < 2; zero++) {
		struct outcome o = { 0 };
		struct verdict v;

		await(s, start(s, RIG_OPTIONS("method", zero ? "zero-copy" : "one-copy", "warmup", "0", "duration", "200ms")),
			has_final, &o);
		judge(&o, &v);
		assert_true(v.valid);
		assert_int_equal(says(v.caution, v.cautions, "the kernel copied 100 % of the zero-copy sends"), zero);
		outcome_free(&o);
	}
	session_free(s);
}

/* A start while another run is going: that one ends, drained, and its sockets and threads are gone. */
static void restarts_leave_nothing(void **state)
{
	enum { RESTARTS = 12 };
	static const char *const methods[] = { "one-copy", "two-copy", "zero-copy" };
	unsigned fds = open_fds(), threads = running_threads();
	struct session *s = session_or_fail();
	struct outcome before = { 0 }, o;
	uint32_t last = 0;

	(void)state;
	for (unsigned i = 0; i < RESTARTS; i++) {
		uint32_t id = start(s, RIG_OPTIONS("method", methods[i % 3], "warmup", "0", "duration", "0", "threads", "3"));

		if (last) {
			await(s, last, has_final, &before);
			outcome_free(&before);
		}
		o = (struct outcome){ 0 };
		await(s, id, has_info, &o);
		before = o;
		last = id;
	}
	session_free(s);
	outcome_free(&before);
	assert_int_equal(open_fds(), fds);
	for (unsigned i = 0; i < 1000 && running_threads() != threads; i++)
		poll(NULL, 0, 1); /* a joined thread may stay in /proc for a moment */
	assert_int_equal(running_threads(), threads);
}

/* Nobody listens: it is said, the run goes on, and its verdict is not valid. */
static void nobody_listens(void **state)
{
	struct session *s = session_or_fail();
	struct outcome o = { 0 };
	struct verdict v;
	uint32_t id = start(s, RIG_OPTIONS("role", "client", "host", "127.0.0.1", "port", "1", "warmup", "0", "duration", "3s"));

	(void)state;
	await(s, id, is_silent, &o);
	await(s, id, has_final, &o);
	judge(&o, &v);
	assert_false(v.valid);
	assert_true(says(v.reason, v.reasons, "127.0.0.1:1 never answered"));
	outcome_free(&o);
	session_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_balance),
		cmocka_unit_test(copied_zero_copy_is_a_caution),
		cmocka_unit_test(restarts_leave_nothing),
		cmocka_unit_test(nobody_listens),
	};

	return cmocka_run_group_tests_name("stream session", tests, NULL, NULL);
}
