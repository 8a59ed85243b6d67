/* Mode echo in real runs: threads, phases, the ledger of the final; restarts on the fly, methods
 * swapped, nothing left behind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/free_port.h"
#include "echo_rig.h"
#include "engines/echo/stages/stages.h"
#include "session_rig.h"

/* A machine that stands still for a second may make answers late; nothing may be missing. */
static void expect_balance(const struct outcome *o)
{
	struct ledger l;

	outcome_ledger(o, &l);
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
		{ "sockets", "16", "steer", "hash", "warmup", "50ms", "duration", "200ms", NULL },
		{ "sockets", "16", "wait", "poll", "warmup", "50ms", "duration", "200ms", NULL },
		{ "sockets", "3", "wait", "spin", "method", "single", "warmup", "50ms", "duration", "200ms", NULL },
		{ "sockets", "3", "rate", "2000", "warmup", "50ms", "duration", "300ms", NULL },
		{ "verbatim", "yes", "flows", "3", "window", "3", "warmup", "0", "duration", "200ms", NULL },
	};
	struct session_rig s;

	(void)state;
	session_rig_open(&s, &engine_echo, RIG_DEADLINE_S);
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct outcome o = { 0 };

		session_rig_await(&s, session_rig_start(&s, runs[i]), outcome_has_final, &o);
		expect_balance(&o);
		outcome_free(&o);
	}
	session_rig_close(&s);
}

/* A start while another run is going ends that one: it drains, and its sockets are gone. */
static void restarts_leave_nothing(void **state)
{
	enum { RESTARTS = 20 };
	static const char *const runs[2][10] = {
		{ "method", "mmsg", "warmup", "0", "duration", "0", NULL },
		{ "method", "single", "sockets", "20", "warmup", "0", "duration", "0", NULL },
	};
	unsigned fds = open_fds(), threads = running_threads();
	struct session_rig s;

	(void)state;
	session_rig_open(&s, &engine_echo, RIG_DEADLINE_S);
	for (int i = 0; i < RESTARTS; i++) {
		struct outcome o = { 0 };

		session_rig_await(&s, session_rig_start(&s, runs[i % 2]), outcome_has_info, &o);
		outcome_free(&o);
	}
	session_stop(s.session, true);
	session_rig_close(&s);
	assert_int_equal(open_fds(), fds);
	assert_threads(threads);
}

static int64_t missing_beside_another(const char *port)
{
	const char *const both[] = { "listen", "127.0.0.1", "port", port, "cores", "1", "rate", "1000", "warmup", "0", "duration",
		"0", NULL };
	const char *const client[] = { "role", "client", "host", "127.0.0.1", "port", port, "cores", "1", "flows", "50", "window",
		"20", "warmup", "0", "duration", "0", NULL };
	struct session_rig here, there;
	struct outcome o = { 0 }, other = { 0 };
	struct ledger l;

	session_rig_open(&here, &engine_echo, RIG_DEADLINE_S);
	session_rig_open(&there, &engine_echo, RIG_DEADLINE_S);
	uint32_t id = session_rig_start(&here, both);
	session_rig_await_counter(&here, id, COUNTER_RX_PACKETS, 10, &o);
	session_rig_await_counter(&there, session_rig_start(&there, client), COUNTER_RX_PACKETS, 1000, &other);
	session_stop(here.session, false);
	session_rig_await(&here, id, outcome_has_final, &o);
	outcome_ledger(&o, &l);
	outcome_free(&o);
	outcome_free(&other);
	session_rig_close(&there);
	session_rig_close(&here);
	return l.unexplained;
}

/* The end of a run does not wait for those who go on sending to its server, or it would give up
 * what they ask; but where the machine stands still for a second then. */
static void others_may_go_on(void **state)
{
	enum { TRIES = 5 };
	int64_t missing = 1;
	char port[8];

	(void)state;
	for (unsigned i = 0; i < TRIES && missing; i++) {
		snprintf(port, sizeof(port), "%u", free_port());
		missing = missing_beside_another(port);
	}
	assert_int_equal(missing, 0);
}

/* An error of open() on a worker's thread arrives as a failed final. */
static void bind_fails_clearly(void **state)
{
	int fd = echo_socket(AF_INET, 0, 0);
	union net_address a;
	socklen_t size = sizeof(a);
	char port[8], want[64];
	struct outcome o = { 0 };
	struct session_rig s;

	(void)state;
	session_rig_open(&s, &engine_echo, RIG_DEADLINE_S);
	assert_int_equal(getsockname(fd, &a.sa, &size), 0);
	snprintf(port, sizeof(port), "%u", net_port(&a));
	snprintf(want, sizeof(want), "bind 127.0.0.1:%s: Address already in use", port);
	const char *const run[] = { "port", port, NULL };
	session_rig_await(&s, session_rig_start(&s, run), outcome_has_final, &o);
	assert_int_equal(o.final->how, PHASE_FAILED);
	assert_non_null(strstr(o.final->err.text, want));
	outcome_free(&o);
	session_rig_close(&s);
	close(fd);
}

/* The final of a whole run, with its threads.  Both ends answer by a schedule, so the median packet
 * is an ordinary one. */
static void run_tells_stages(void **state)
{
	static const char *const methods[] = { "mmsg", "single" };
	struct session_rig rig;

	(void)state;
	session_rig_open(&rig, &engine_echo, RIG_DEADLINE_S);
	for (unsigned i = 0; i < 2; i++) {
		const char *const run[] = { "method", methods[i], "rate", "2000", "stages", "1", "warmup", "50ms", "duration",
			"300ms", NULL };
		struct outcome o = { 0 };
		struct latency_summary rtt;
		int64_t sum_ns = 0;

		session_rig_await(&rig, session_rig_start(&rig, run), outcome_has_final, &o);
		assert_non_null(o.final->stages);
		const struct stage_summary *s = o.final->stages;
		hist_summarise(&o.final->total[ECHO_L_RTT_SEND], &rtt);
		assert_more(s->whole.count, 0);
		assert_true(s->whole.count <= s->stamped);
		for (unsigned k = 0; k < ECHO_STAGES; k++)
			sum_ns += s->share_ns[0][k];
		/* All packets are stamped; those that are not complete are not in s->whole. */
		if (s->whole.count == rtt.count)
			assert_int_equal(s->whole.p50_ns, rtt.p50_ns);
		int64_t apart_ns = llabs(sum_ns - s->whole.p50_ns), most_ns = 1000 + s->whole.p50_ns / 50;
		assert_in_range(apart_ns, 0, most_ns);
		outcome_free(&o);
	}
	session_rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_balance),
		cmocka_unit_test(restarts_leave_nothing),
		cmocka_unit_test(others_may_go_on),
		cmocka_unit_test(bind_fails_clearly),
		cmocka_unit_test(run_tells_stages),
	};

	return cmocka_run_group_tests_name("echo session", tests, NULL, NULL);
}
