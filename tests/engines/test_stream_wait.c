/* How a worker of mode stream waits: one that sleeps in send or recv, because its peer neither
 * reads nor writes, still hears what it is told.  Workers are real threads; the peer is a socket
 * of the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../support/asserts.h"
#include "../support/leaks.h"
#include "engines/stream/stream.h"
#include "engines/stream/worker.h"
#include "mode/path.h"

enum { SIZE = 100000, TELLS = 21, DEADLINE_S = 30 };

struct rig {
	struct options options;
	struct plan plan;
	struct worker worker; /* a server, the only one */
	int peer;
	struct err err;
};

static void free_port(char port[8])
{
	union net_address a = { .v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t bytes = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, &a.sa, sizeof(a.v4)), 0);
	assert_int_equal(getsockname(fd, &a.sa, &bytes), 0);
	snprintf(port, 8, "%u", net_port(&a));
	close(fd);
}

/* A client that greets and then does nothing. */
static int silent_peer(const char *port, bool server_sends)
{
	union net_address a = { .v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	struct stream_greeting g = { .flags = server_sends ? STREAM_SERVER_SENDS : 0, .size = SIZE, .seed = 1 };
	uint8_t out[STREAM_GREETING_BYTES];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	net_set_port(&a, (unsigned)atoi(port));
	assert_int_equal(connect(fd, &a.sa, sizeof(a.v4)), 0);
	stream_greeting_put(out, &g);
	assert_int_equal(send(fd, out, sizeof(out), MSG_NOSIGNAL), sizeof(out));
	return fd;
}

static void start(struct rig *rig, const char *method, const char *wait, bool reverse)
{
	char port[8];
	const char *const option[][2] = { { "role", "server" }, { "listen", "127.0.0.1" }, { "port", port }, { "threads", "1" },
		{ "size", "100000" }, { "method", method }, { "wait", wait }, { "reverse", reverse ? "yes" : "no" } };
	int rc;

	memset(rig, 0, sizeof(*rig));
	free_port(port);
	assert_int_equal(options_init(&rig->options, &engine_stream, &rig->err), 0);
	for (size_t i = 0; i < sizeof(option) / sizeof(option[0]); i++)
		assert_at_least(options_set(&rig->options, option[i][0], option[i][1], &rig->err), 0);
	rig->plan.path = &path_loopback;
	rig->plan.paths = paths_here;
	rig->plan.wait = plan_wait(&rig->options);
	rc = engine_stream.plan(&rig->options, &rig->plan, &rig->err);
	if (rc < 0)
		fail_msg("%s", rig->err.text);
	assert_int_equal(worker_init(&rig->worker, &engine_stream, &rig->options, &rig->plan, 0, &rig->err), 0);
	assert_int_equal(worker_start(&rig->worker, &rig->err), 0);
	rig->peer = silent_peer(port, !reverse);
}

static void finish(struct rig *rig)
{
	worker_free(&rig->worker);
	close(rig->peer);
	engine_stream.release(&rig->plan);
	plan_free(&rig->plan);
	options_free(&rig->options);
}

/* Tells the phase; how long it took until it was acknowledged, ns. */
static int64_t tell(struct rig *rig, enum phase phase)
{
	int64_t told_ns = clock_now_ns(), end_ns = told_ns + (int64_t)DEADLINE_S * NS_PER_S;

	worker_tell(&rig->worker, phase);
	while (atomic_load(&rig->worker.status->phase) != (uint32_t)phase) {
		if (clock_now_ns() > end_ns)
			fail_msg("phase %s was not acknowledged in %d s", phase_name(phase), DEADLINE_S);
		sched_yield();
	}
	return clock_now_ns() - told_ns;
}

static uint64_t value(const struct rig *rig, unsigned counter)
{
	return counter_get(rig->worker.counters, counter);
}

/* Connected, and a sender has filled what the kernel takes: more than `least` bytes are out, and
 * nothing moved between two looks that are `quiet_ns` apart. */
static void until_stuck(struct rig *rig, int64_t least)
{
	const int64_t quiet_ns = 30 * NS_PER_MS;
	int64_t since_ns = clock_now_ns(), end_ns = since_ns + (int64_t)DEADLINE_S * NS_PER_S;
	uint64_t bytes = 0, now;
	uint32_t tick = 0;

	while (!value(rig, STREAM_C_CONNECTIONS) || (int64_t)bytes <= least || clock_now_ns() - since_ns < quiet_ns) {
		if (clock_now_ns() > end_ns)
			fail_msg("never stuck: %llu bytes", (unsigned long long)bytes);
		worker_tick(&rig->worker, ++tick, true);
		now = value(rig, COUNTER_TX_BYTES);
		since_ns = now != bytes ? clock_now_ns() : since_ns;
		bytes = now;
		sched_yield();
	}
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Most are answered at once, though a busy machine makes some late: without the signal each would
 * take the whole time limit of the call.  One that spins is told nothing but by its CPU. */
static void expect_prompt(struct rig *rig)
{
	int64_t took_ns[TELLS];

	for (unsigned i = 0; i < TELLS; i++)
		took_ns[i] = tell(rig, i % 2 ? PHASE_MEASURE : PHASE_WARMUP);
	qsort(took_ns, TELLS, sizeof(took_ns[0]), by_time);
	if (rig->plan.wait != WAIT_SPIN)
		assert_in_range(took_ns[TELLS / 2], 0, WORKER_WAIT_MS * 9 / 10 * NS_PER_MS);
	assert_in_range(took_ns[TELLS - 1], 0, 2000 * NS_PER_MS);
}

static void expect_prompt_stop(struct rig *rig)
{
	int64_t began_ns = clock_now_ns();

	worker_stop(&rig->worker);
	assert_in_range(clock_now_ns() - began_ns, 0, 2000 * NS_PER_MS);
}

static const char *const waits[] = { "block", "poll", "spin" };

static void peer_never_reads(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		for (unsigned m = 0; engine_stream.methods[m]; m++) {
			struct rig rig;

			start(&rig, engine_stream.methods[m]->name, waits[i], false);
			tell(&rig, PHASE_MEASURE);
			until_stuck(&rig, SIZE);
			expect_prompt(&rig);
			expect_prompt_stop(&rig);
			finish(&rig);
		}
	}
}

static void peer_never_writes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		struct rig rig;

		start(&rig, "one-copy", waits[i], true);
		tell(&rig, PHASE_MEASURE);
		until_stuck(&rig, -1);
		assert_int_equal(value(&rig, COUNTER_RX_BYTES), 0);
		expect_prompt(&rig);
		expect_prompt_stop(&rig);
		finish(&rig);
	}
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
		uint64_t before;

		start(&rig, "one-copy", cases[i].wait, true);
		tell(&rig, PHASE_MEASURE);
		until_stuck(&rig, -1);
		/* Sleeps inside calls cannot be counted: no number is better than one that is too
		 * low. */
		assert_int_equal(rig.worker.unknown >> COUNTER_WAITS & 1, !cases[i].polls);
		before = value(&rig, COUNTER_WAITS);
		for (unsigned n = 1; n <= MESSAGES; n++) {
			assert_int_equal(send(rig.peer, message, SIZE, MSG_NOSIGNAL), SIZE);
			while (value(&rig, COUNTER_RX_BYTES) < (uint64_t)n * SIZE)
				sched_yield();
		}
		if (cases[i].polls)
			assert_more(value(&rig, COUNTER_WAITS), before);
		else
			assert_int_equal(value(&rig, COUNTER_WAITS), before);
		finish(&rig);
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

	return cmocka_run_group_tests_name("stream wait", tests, NULL, NULL);
}
