/* Mode stream in real runs: threads, phases, the ledger of the final, methods swapped on the
 * fly, verdicts; nothing left behind. */
#include "session_rig.h"

#include <stdio.h>
#include <string.h>

#include "stream_rig.h"

static void judge(const struct outcome *o, struct verdict *v)
{
	struct reading whole = reading_of_final(o->info, o->final);
	struct ledger l;

	outcome_ledger(o, &l);
	verdict_of(&whole, &l, false, v);
}

static void expect_balance(const struct outcome *o)
{
	struct ledger l;

	outcome_ledger(o, &l);
	assert_true(l.known);
	if (!l.sent || !l.received || l.unexplained || l.lost)
		fail_msg("sent %llu, received %llu, lost %llu, unexplained %lld", (unsigned long long)l.sent,
			(unsigned long long)l.received, (unsigned long long)l.lost, (long long)l.unexplained);
}

static void run_and_balance(struct session_rig *s, const char *const *options)
{
	struct outcome o = { 0 };

	session_rig_await(s, session_rig_start(s, options), outcome_has_final, &o);
	expect_balance(&o);
	outcome_free(&o);
}

/* io_uring at both ends, at either, and with every wait. */
static void runs_over_io_uring_balance(void **state)
{
	static const char *const runs[][16] = {
		{ "method", "send-zc", "receive", "uring", "warmup", "50ms", "duration", "300ms", "verify", "yes", NULL },
		{ "method", "one-copy", "receive", "uring", "warmup", "50ms", "duration", "200ms", "verify", "yes", "size", "100",
			NULL },
		{ "method", "send-zc", "wait", "poll", "warmup", "50ms", "duration", "200ms", "size", "1M", NULL },
		{ "method", "send-zc", "receive", "uring", "wait", "spin", "warmup", "50ms", "duration", "200ms", NULL },
		{ "method", "send-zc", "receive", "uring", "wait", "poll", "warmup", "50ms", "duration", "200ms", "reverse",
			"yes", NULL },
		{ "method", "send-zc", "receive", "uring", "rate", "2000", "warmup", "50ms", "duration", "200ms", NULL },
	};
	struct session_rig s;
	char why[160];

	(void)state;
	if (!method_runs(engine_find_method(&engine_stream, "send-zc"), why, sizeof(why))) {
		print_message("send-zc does not run here: %s\n", why);
		skip();
	}
	session_rig_open(&s, &engine_stream, RIG_DEADLINE_S);
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		run_and_balance(&s, runs[i]);
	session_rig_close(&s);
}

static void runs_balance(void **state)
{
	static const char *const runs[][14] = {
		{ "method", "one-copy", "warmup", "50ms", "duration", "300ms", NULL },
		{ "method", "two-copy", "warmup", "50ms", "duration", "300ms", "verify", "yes", NULL },
		{ "method", "zero-copy", "warmup", "50ms", "duration", "300ms", "verify", "yes", NULL },
		{ "method", "zero-copy", "warmup", "0", "duration", "200ms", "reverse", "yes", "threads", "3", NULL },
		{ "wait", "spin", "warmup", "50ms", "duration", "200ms", "size", "100", NULL },
		{ "wait", "poll", "warmup", "50ms", "duration", "200ms", "method", "zero-copy", NULL },
		{ "wait", "poll", "warmup", "50ms", "duration", "200ms", "rate", "500", "reverse", "yes", NULL },
		{ "size", "30M", "warmup", "50ms", "duration", "300ms", "receive", "discard", NULL },
		{ "rate", "2000", "warmup", "50ms", "duration", "300ms", "threads", "2", NULL },
		{ "size", "1", "warmup", "50ms", "duration", "200ms", NULL },
	};
	struct session_rig s;

	(void)state;
	session_rig_open(&s, &engine_stream, RIG_DEADLINE_S);
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		run_and_balance(&s, runs[i]);
	session_rig_close(&s);
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
	struct session_rig s;

	(void)state;
	session_rig_open(&s, &engine_stream, RIG_DEADLINE_S);
	for (int zero = 0; zero < 2; zero++) {
		struct outcome o = { 0 };
		struct verdict v;

		session_rig_await(&s,
			session_rig_start(
				&s, RIG_OPTIONS("method", zero ? "zero-copy" : "one-copy", "warmup", "0", "duration", "200ms")),
			outcome_has_final, &o);
		judge(&o, &v);
		assert_int_equal(says(v.caution, v.cautions, "the kernel copied 100 % of the zero-copy sends"), zero);
		assert_int_equal(says(v.reason, v.reasons, "copied"), 0);
		outcome_free(&o);
	}
	session_rig_close(&s);
}

/* A start while another run is going ends that one: it drains, and its sockets and threads are
 * gone. */
static void restarts_leave_nothing(void **state)
{
	enum { RESTARTS = 12 };
	static const char *const methods[] = { "one-copy", "two-copy", "zero-copy" };
	unsigned fds = open_fds(), threads = running_threads();
	struct session_rig s;
	struct outcome before = { 0 }, o;
	uint32_t last = 0;

	(void)state;
	session_rig_open(&s, &engine_stream, RIG_DEADLINE_S);
	for (unsigned i = 0; i < RESTARTS; i++) {
		uint32_t id = session_rig_start(
			&s, RIG_OPTIONS("method", methods[i % 3], "warmup", "0", "duration", "0", "threads", "3"));

		if (last) {
			session_rig_await(&s, last, outcome_has_final, &before);
			outcome_free(&before);
		}
		o = (struct outcome){ 0 };
		session_rig_await(&s, id, outcome_has_info, &o);
		before = o;
		last = id;
	}
	session_rig_close(&s);
	outcome_free(&before);
	assert_int_equal(open_fds(), fds);
	assert_threads(threads);
}

/* The drain waits a second for a server's word: where other work has all CPUs that may be too short
 * once, and not five times. */
static void client_is_told(struct session_rig *clients, const char *const *options)
{
	struct ledger l = { 0 };

	for (unsigned tries = 0; tries < 5 && !l.known; tries++) {
		struct outcome o = { 0 };

		session_rig_await(clients, session_rig_start(clients, options), outcome_has_final, &o);
		outcome_ledger(&o, &l);
		if (l.known || tries == 4)
			expect_balance(&o);
		outcome_free(&o);
	}
}

/* One end each: what the server tells makes the client's ledger whole. */
static void a_server_elsewhere_tells(void **state)
{
	struct session_rig servers, clients;

	(void)state;
	session_rig_open(&servers, &engine_stream, RIG_DEADLINE_S);
	session_rig_open(&clients, &engine_stream, RIG_DEADLINE_S);
	for (int reverse = 0; reverse < 2; reverse++) {
		const char *way = reverse ? "yes" : "no";
		struct outcome server = { 0 };
		char port[8];
		uint32_t id;

		stream_rig_free_port(port);
		id = session_rig_start(&servers, RIG_OPTIONS("role", "server", "listen", "127.0.0.1", "port", port, "threads",
							 "2", "reverse", way, "warmup", "0", "duration", "0"));
		session_rig_await(&servers, id, outcome_has_info, &server);
		client_is_told(&clients, RIG_OPTIONS("role", "client", "host", "127.0.0.1", "port", port, "threads", "2",
						 "reverse", way, "warmup", "50ms", "duration", "200ms"));
		outcome_free(&server);
		session_stop(servers.session, true);
	}
	session_rig_close(&clients);
	session_rig_close(&servers);
}

/* Nobody listens: an event says so, the run goes on, and its verdict is not valid. */
static void nobody_listens(void **state)
{
	struct session_rig s;
	struct outcome o = { 0 };
	struct verdict v;
	uint32_t id;

	(void)state;
	session_rig_open(&s, &engine_stream, RIG_DEADLINE_S);
	id = session_rig_start(
		&s, RIG_OPTIONS("role", "client", "host", "127.0.0.1", "port", "1", "warmup", "0", "duration", "0"));
	session_rig_await(&s, id, outcome_is_silent, &o);
	session_stop(s.session, false);
	session_rig_await(&s, id, outcome_has_final, &o);
	judge(&o, &v);
	assert_false(v.valid);
	assert_true(says(v.reason, v.reasons, "127.0.0.1:1 never answered"));
	outcome_free(&o);
	session_rig_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_balance),
		cmocka_unit_test(runs_over_io_uring_balance),
		cmocka_unit_test(copied_zero_copy_is_a_caution),
		cmocka_unit_test(restarts_leave_nothing),
		cmocka_unit_test(a_server_elsewhere_tells),
		cmocka_unit_test(nobody_listens),
	};

	return cmocka_run_group_tests_name("stream session", tests, NULL, NULL);
}
