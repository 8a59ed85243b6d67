/* The waits of mode stream: a worker that sleeps in send or recv, because its peer neither reads
 * nor writes, still hears what it is told.  Workers are real threads; the peer is a socket of the
 * test's. */
#include "stream_rig.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 100000, TELLS = 21 };

/* A client that greets and then does nothing. */
static int silent_peer(unsigned port, bool server_sends)
{
	union net_address a = { .v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	struct stream_greeting g = { .flags = server_sends ? STREAM_SERVER_SENDS : 0, .size = SIZE, .seed = 1 };
	uint8_t out[STREAM_GREETING_BYTES];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	net_set_port(&a, port);
	assert_int_equal(connect(fd, &a.sa, sizeof(a.v4)), 0);
	stream_greeting_put(out, &g);
	assert_int_equal(send(fd, out, sizeof(out), MSG_NOSIGNAL), sizeof(out));
	return fd;
}

/* Starts one server, which measures; returns its peer's socket. */
static int start(struct rig *rig, const char *method, const char *wait, bool reverse)
{
	struct rig_config config = { .engine = &engine_stream,
		.threads = true,
		.option = { "role", "server", "listen", "127.0.0.1", "threads", "1", "size", "100000", "method", method, "wait",
			wait, "reverse", reverse ? "yes" : "no" } };

	rig_open_or_fail(rig, &config);
	int peer = silent_peer(rig_port(rig), !reverse);
	rig_enter(rig, PHASE_MEASURE);
	return peer;
}

static void finish(struct rig *rig, int peer)
{
	close(peer);
	rig_close(rig);
}

static uint64_t value(struct rig *rig, unsigned counter)
{
	return rig_sum(rig, ROLE_SERVER, counter);
}

/* Waits until it is connected, and a sender has filled what the kernel takes: more than `least`
 * bytes are out, and nothing moved between two looks that are `quiet_ns` apart. */
static void until_stuck(struct rig *rig, int64_t least)
{
	const int64_t quiet_ns = 30 * NS_PER_MS;
	int64_t since_ns = clock_now_ns(), end_ns = since_ns + (int64_t)RIG_DEADLINE_S * NS_PER_S;
	uint64_t bytes = 0, now;

	while (!value(rig, STREAM_C_CONNECTIONS) || (int64_t)bytes <= least || clock_now_ns() - since_ns < quiet_ns) {
		if (clock_now_ns() > end_ns)
			fail_msg("never stuck: %llu bytes", (unsigned long long)bytes);
		rig_observe(rig);
		now = value(rig, COUNTER_TX_BYTES);
		since_ns = now != bytes ? clock_now_ns() : since_ns;
		bytes = now;
	}
}

/* Limits the calls in which the worker sleeps; 0: no limit. */
static void limit_calls(struct rig *rig, int64_t ns)
{
	const struct stream_worker *x = rig->worker[0].state;
	struct timeval limit = { .tv_sec = ns / NS_PER_S, .tv_usec = ns % NS_PER_S / NS_PER_US };

	assert_int_equal(setsockopt(x->link.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(setsockopt(x->link.fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), 0);
}

static int64_t cpu_ns(const struct worker *w)
{
	clockid_t clock;
	struct timespec t;

	assert_int_equal(pthread_getcpuclockid(w->thread, &clock), 0);
	assert_int_equal(clock_gettime(clock, &t), 0);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Waits until its thread has done nothing for a while: a worker that is told something before it
 * sleeps would not have to be woken. */
static void until_asleep(struct rig *rig)
{
	const int64_t quiet_ns = 2 * NS_PER_MS;
	int64_t now_ns = clock_now_ns(), since_ns = now_ns, end_ns = now_ns + (int64_t)RIG_DEADLINE_S * NS_PER_S;
	int64_t used_ns = cpu_ns(&rig->worker[0]);

	for (; now_ns - since_ns < quiet_ns; now_ns = clock_now_ns()) {
		if (now_ns > end_ns)
			fail_msg("the worker does not sleep");
		if (cpu_ns(&rig->worker[0]) != used_ns) {
			used_ns = cpu_ns(&rig->worker[0]);
			since_ns = now_ns;
		}
		sched_yield();
	}
}

/* The soonest answer of many, ns: a busy machine makes most of them late, but not all. */
static int64_t soonest_answer(struct rig *rig)
{
	int64_t soonest_ns = INT64_MAX;

	for (unsigned i = 0; i < TELLS; i++) {
		if (rig->plan.wait != WAIT_SPIN)
			until_asleep(rig);
		int64_t told_ns = clock_now_ns();

		rig_enter(rig, i % 2 ? PHASE_WARMUP : PHASE_MEASURE);
		soonest_ns = clock_now_ns() - told_ns < soonest_ns ? clock_now_ns() - told_ns : soonest_ns;
	}
	return soonest_ns;
}

/* A blocking call has no time limit here, so a worker that nothing wakes never answers.  Each
 * ppoll(2) has one, and an answer that the worker was not woken for would take as long.  A worker
 * that spins needs nothing but its CPU. */
static void expect_prompt(struct rig *rig)
{
	bool blocks = rig->plan.wait == WAIT_BLOCK;

	rig_enter(rig, PHASE_WARMUP);
	if (blocks)
		limit_calls(rig, 0);
	int64_t soonest_ns = soonest_answer(rig);
	if (rig->plan.wait == WAIT_POLL)
		assert_in_range(soonest_ns, 0, WORKER_WAIT_MS * NS_PER_MS / 2);
	worker_stop(&rig->worker[0]);
}

static const char *const waits[] = { "block", "poll", "spin" };

static void peer_never_reads(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		for (unsigned m = 0; engine_stream.methods[m]; m++) {
			struct rig rig;
			int peer = start(&rig, engine_stream.methods[m]->name, waits[i], false);

			until_stuck(&rig, SIZE);
			expect_prompt(&rig);
			finish(&rig, peer);
		}
	}
}

static void peer_never_writes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		struct rig rig;
		int peer = start(&rig, "one-copy", waits[i], true);

		until_stuck(&rig, -1);
		assert_int_equal(value(&rig, COUNTER_RX_BYTES), 0);
		expect_prompt(&rig);
		finish(&rig, peer);
	}
}

static bool has_received_bytes(struct rig *rig, uint64_t bytes)
{
	return value(rig, COUNTER_RX_BYTES) >= bytes;
}

/* The worker sleeps in the call itself: no ppoll(2) goes before each message that comes late. */
static void a_call_is_the_wait(void **state)
{
	enum { MESSAGES = 20 };
	static const struct {
		const char *wait;
		bool polls;
	} cases[] = { { "block", false }, { "poll", true } };
	char *message = calloc(1, SIZE);

	(void)state;
	assert_non_null(message);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;
		int peer = start(&rig, "one-copy", cases[i].wait, true);
		uint64_t before;

		until_stuck(&rig, -1);
		/* Sleeps inside calls cannot be counted: no number is better than one that is too
		 * low. */
		assert_int_equal(rig.worker[0].unknown >> COUNTER_WAITS & 1, !cases[i].polls);
		before = value(&rig, COUNTER_WAITS);
		for (unsigned n = 1; n <= MESSAGES; n++) {
			assert_int_equal(send(peer, message, SIZE, MSG_NOSIGNAL), SIZE);
			rig_until(&rig, ROLE_BOTH, has_received_bytes, (uint64_t)n * SIZE);
		}
		if (cases[i].polls)
			assert_more(value(&rig, COUNTER_WAITS), before);
		else
			assert_int_equal(value(&rig, COUNTER_WAITS), before);
		finish(&rig, peer);
	}
	free(message);
}

static void nothing_is_left(void **state)
{
	unsigned fds = open_fds(), threads = running_threads();

	peer_never_writes(state);
	assert_int_equal(open_fds(), fds);
	assert_threads(threads);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peer_never_reads),
		cmocka_unit_test(peer_never_writes),
		cmocka_unit_test(a_call_is_the_wait),
		cmocka_unit_test(nothing_is_left),
	};

	start_first_thread();
	return cmocka_run_group_tests_name("stream wait", tests, NULL, NULL);
}
