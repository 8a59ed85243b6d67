/* Mode echo in real runs: threads, phases, the ledger of the final; restarts on the fly, methods swapped, nothing left behind. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rig.h"

#include "base/clock.h"
#include "run/ledger.h"
#include "run/session.h"

/* What came out of one run. */
struct outcome {
	struct run_info *info;
	struct run_final *final;
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
	}
	update_free(u);
}

static bool await(struct session *s, uint32_t id, bool final, struct outcome *o)
{
	int64_t end = clock_now_ns() + (int64_t)RIG_DEADLINE_S * NS_PER_S;

	while (clock_now_ns() < end) {
		struct pollfd p = { .fd = session_fd(s), .events = POLLIN };
		struct update *u;

		if (final ? o->final != NULL : o->info != NULL)
			return true;
		poll(&p, 1, 100);
		while ((u = session_next(s)))
			keep(u, id, o);
	}
	return false;
}

static uint32_t start(struct session *s, const char *const *option)
{
	struct options o;
	struct err err = ERR_NONE;

	if (options_init(&o, &engine_echo, &err) < 0)
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

/* A machine that stands still for a second may make answers late; nothing may be missing. */
static void expect_balance(const struct outcome *o)
{
	struct ledger l;

	if (o->final->err.text[0])
		fail_msg("%s", o->final->err.text);
	ledger_of_final(o->info, o->final, &l);
	assert_true(l.known);
	if (!l.sent || !l.received || l.unexplained)
		fail_msg("sent %llu, received %llu, unexplained %lld", (unsigned long long)l.sent, (unsigned long long)l.received,
			(long long)l.unexplained);
}

static void runs_balance(void **state)
{
	static const char *const runs[][14] = {
		{ "method", "mmsg", "warmup", "50ms", "duration", "300ms", "window", "64", NULL },
		{ "method", "single", "warmup", "50ms", "duration", "300ms", "window", "64", NULL },
		{ "server-method", "single", "client-method", "mmsg", "warmup", "0", "duration", "200ms", NULL },
		{ "wait", "spin", "warmup", "50ms", "duration", "200ms", "window", "1", NULL },
		{ "rate", "2000", "flows", "7", "warmup", "50ms", "duration", "300ms", NULL },
		{ "verbatim", "yes", "flows", "3", "window", "3", "warmup", "0", "duration", "200ms", NULL },
	};
	struct session *s = session_or_fail();

	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct outcome o = { 0 };

		if (!await(s, start(s, runs[i]), true, &o))
			fail_msg("run %zu has no end", i);
		expect_balance(&o);
		outcome_free(&o);
	}
	session_free(s);
}

/* A start while another run is going: that one ends, drained, and its sockets are gone. */
static void restarts_leave_nothing(void **state)
{
	enum { RESTARTS = 20 };
	static const char *const runs[2][10] = {
		{ "method", "mmsg", "warmup", "0", "duration", "0", NULL },
		{ "method", "single", "warmup", "0", "duration", "0", NULL },
	};
	unsigned fds = open_fds(), threads = running_threads();
	struct session *s = session_or_fail();

	(void)state;
	for (int i = 0; i < RESTARTS; i++) {
		struct outcome o = { 0 };

		if (!await(s, start(s, runs[i % 2]), false, &o))
			fail_msg("restart %d did not begin", i);
		outcome_free(&o);
	}
	session_stop(s, true);
	session_free(s);
	assert_int_equal(open_fds(), fds);
	assert_int_equal(running_threads(), threads);
}

/* What fails in open() on a worker's thread arrives as a failed final. */
static void bind_fails_clearly(void **state)
{
	int fd = rig_socket(AF_INET, 0, 0);
	union net_address a;
	socklen_t size = sizeof(a);
	char port[8], want[64];
	struct outcome o = { 0 };
	struct session *s = session_or_fail();

	(void)state;
	assert_int_equal(getsockname(fd, &a.sa, &size), 0);
	snprintf(port, sizeof(port), "%u", net_port(&a));
	snprintf(want, sizeof(want), "bind 127.0.0.1:%s: Address already in use", port);
	const char *const run[] = { "port", port, NULL };
	if (!await(s, start(s, run), true, &o))
		fail_msg("no final");
	assert_int_equal(o.final->how, PHASE_FAILED);
	assert_non_null(strstr(o.final->err.text, want));
	outcome_free(&o);
	session_free(s);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_balance),
		cmocka_unit_test(restarts_leave_nothing),
		cmocka_unit_test(bind_fails_clearly),
	};

	return cmocka_run_group_tests_name("echo session", tests, NULL, NULL);
}
