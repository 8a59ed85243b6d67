/* Events made of samples: bursts of drops, silence. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engines/null/null.h"
#include "run/watch.h"

enum { TICK_NS = 100 * NS_PER_MS, WORKERS = 3 };

struct bench {
	struct run_worker worker[WORKERS];
	struct run_info info;
	struct mailbox mailbox;
	struct watch watch;
	struct sample *sample;
	unsigned lost; /* a counter that stands for a place */
	char said[2048];
};

static int begin(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct err err = ERR_NONE;

	assert_non_null(b);
	for (unsigned i = 0; i < WORKERS; i++)
		b->worker[i] = (struct run_worker){ .role = i ? ROLE_CLIENT : ROLE_SERVER, .cpu = (int)i };
	b->info = (struct run_info){ .id = 7,
		.engine = &engine_null,
		.role = ROLE_BOTH,
		.tx_roles = ROLE_CLIENT,
		.rx_roles = ROLE_CLIENT,
		.expects_answers = true,
		.peer = "10.0.0.1:5000",
		.workers = WORKERS,
		.worker = b->worker };
	b->lost = (unsigned)engine_find_counter(&engine_null, "lost_socket");
	b->sample = sample_new(WORKERS);
	b->sample->at_ns = NS_PER_S;
	b->sample->phase = PHASE_MEASURE;
	assert_int_equal(mailbox_init(&b->mailbox, 10, &err), 0);
	assert_int_equal(watch_init(&b->watch, &b->info, NS_PER_S, &err), 0);
	*state = b;
	return 0;
}

static int end(void **state)
{
	struct bench *b = *state;

	watch_close(&b->watch);
	mailbox_close(&b->mailbox);
	sample_free(b->sample);
	free(b);
	return 0;
}

static void collect(struct bench *b)
{
	for (struct update *u; (u = mailbox_take(&b->mailbox)); update_free(u)) {
		size_t at = strlen(b->said);

		snprintf(b->said + at, sizeof(b->said) - at, "%s\n", u->event.text);
	}
}

static void tick(struct bench *b, uint64_t tx, uint64_t rx)
{
	b->sample->at_ns += TICK_NS;
	b->sample->worker[1].value[COUNTER_TX_PACKETS] += tx;
	b->sample->worker[1].value[COUNTER_RX_PACKETS] += rx;
	watch_sample(&b->watch, &b->info, b->sample, &b->mailbox);
	collect(b);
}

static void expect(const struct bench *b, const char *text)
{
	if (strcmp(b->said, text))
		fail_msg("said\n%snot\n%s", b->said, text);
}

static void a_burst_is_one_event(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 20; i++) {
		if (i == 5 || i == 6)
			b->sample->worker[1].value[b->lost] += 120;
		tick(b, 10, 10);
	}
	expect(b, "cpu1 client socket buffer burst: 240 packets in 200ms\n");
}

static void two_bursts_are_two_events(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 30; i++) {
		if (i == 3 || i == 15)
			b->sample->worker[2].value[b->lost] += 1 + (uint64_t)i;
		tick(b, 10, 10);
	}
	expect(b, "cpu2 client socket buffer burst: 4 packets in 100ms\n"
		  "cpu2 client socket buffer burst: 16 packets in 100ms\n");
}

static void a_burst_on_two_cores_names_neither(void **state)
{
	struct bench *b = *state;

	b->sample->worker[1].value[b->lost] += 1;
	b->sample->worker[2].value[b->lost] += 1;
	for (int i = 0; i < 10; i++)
		tick(b, 10, 10);
	expect(b, "client socket buffer burst: 2 packets in 100ms\n");
}

static void one_is_no_plural(void **state)
{
	struct bench *b = *state;

	b->sample->worker[1].value[b->lost] += 1;
	for (int i = 0; i < 10; i++)
		tick(b, 10, 10);
	expect(b, "cpu1 client socket buffer burst: 1 packet in 100ms\n");
}

static void what_goes_on_is_told_once_more(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 100; i++) {
		b->sample->worker[1].value[b->lost] += 5;
		tick(b, 10, 10);
	}
	expect(b, "cpu1 client socket buffer still dropping: 100 packets in 2s\n");
	b->said[0] = '\0';
	watch_end(&b->watch, &b->info, &b->mailbox);
	collect(b);
	expect(b, "cpu1 client socket buffer burst: 500 packets in 10s\n");
}

static void silence_is_told_ever_more_rarely(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 150; i++)
		tick(b, 10, 0);
	expect(b, "no answer from 10.0.0.1:5000 for 2s\nno answer from 10.0.0.1:5000 for 6s\nno answer from 10.0.0.1:5000 for "
		  "14s\n");
	b->said[0] = '\0';
	tick(b, 10, 1);
	expect(b, "10.0.0.1:5000 answers again after 15s\n");
}

static void a_full_window_is_silence_too(void **state)
{
	struct bench *b = *state;

	tick(b, 64, 0);
	for (int i = 0; i < 25; i++)
		tick(b, 0, 0);
	expect(b, "no answer from 10.0.0.1:5000 for 2s\n");
}

/* The verdict is told the longest silence, of the measure phase alone. */
static void the_longest_silence_is_kept(void **state)
{
	struct bench *b = *state;

	b->sample->phase = PHASE_WARMUP;
	for (int i = 0; i < 30; i++)
		tick(b, 10, 0);
	assert_int_equal(b->watch.silent_ns, 0);
	b->sample->phase = PHASE_MEASURE;
	for (int i = 0; i < 5; i++) {
		b->sample->measured_ns += TICK_NS;
		tick(b, 10, 0);
	}
	assert_int_equal(b->watch.silent_ns, 5 * TICK_NS);
	for (int i = 0; i < 12; i++) {
		b->sample->measured_ns += TICK_NS;
		tick(b, 10, i == 0);
	}
	assert_int_equal(b->watch.silent_ns, 11 * TICK_NS);
	b->sample->phase = PHASE_DRAIN;
	for (int i = 0; i < 20; i++)
		tick(b, 0, 0);
	assert_int_equal(b->watch.silent_ns, 11 * TICK_NS);
}

/* Where the run asked for losses, all that is out may be lost, and is given up a second later. */
static void silence_that_was_asked_for_is_nobody_away(void **state)
{
	struct bench *b = *state;
	struct err err = ERR_NONE;

	assert_int_equal(options_init(&b->info.options, &engine_null, &err), 0);
	assert_int_equal(options_set(&b->info.options, "loss", "1", &err), 0);
	tick(b, 10, 1);
	tick(b, 10, 1);
	for (int i = 0; i < 14; i++) {
		b->sample->measured_ns += TICK_NS;
		tick(b, 0, 0);
	}
	tick(b, 10, 1);
	assert_int_equal(b->watch.away_ns, 0);
	expect(b, "");
	options_free(&b->info.options);
}

/* From half a second of silence on the other end was away, from when the answers stopped. */
static void silence_is_time_away(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 60; i++) {
		bool silent = i >= 20 && i < 27, short_one = i >= 40 && i < 43;

		b->sample->measured_ns += TICK_NS;
		tick(b, 10, silent || short_one ? 0 : 10);
	}
	assert_int_equal(b->watch.away_ns, 8 * TICK_NS);
	expect(b, "no answer from 10.0.0.1:5000 for 500ms\n10.0.0.1:5000 answers again after 800ms\n");
}

/* Over a long path, or at a low rate, half a second without an answer is nothing. */
static void rare_answers_are_no_silence(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 200; i++) {
		b->sample->measured_ns += TICK_NS;
		b->sample->merged[0].count = 1;
		b->sample->merged[0].p99_ns = i < 100 ? 0 : NS_PER_S;
		tick(b, 1, i % 10 == 0 ? 1 + (i > 100 ? 1000 : 0) : 0);
	}
	assert_int_equal(b->watch.away_ns, 0);
	expect(b, "");
}

/* Connections that are gone are time away by their share, silence or not. */
static void lost_connections_are_time_away(void **state)
{
	struct bench *b = *state;
	struct engine e = engine_null;

	e.connections = (unsigned)engine_find_counter(&engine_null, "in_flight");
	b->info.engine = &e;
	b->info.role = ROLE_CLIENT;
	b->sample->worker[1].value[e.connections] = 4;
	for (int i = 0; i < 20; i++) {
		b->sample->measured_ns += TICK_NS;
		b->sample->worker[1].value[e.connections] = i >= 10 && i < 14 ? 3 : 4;
		tick(b, 10, 10);
	}
	assert_int_equal(b->watch.away_ns, TICK_NS);
	expect(b, "1 of 4 connections with 10.0.0.1:5000 are gone\n"
		  "all 4 connections with 10.0.0.1:5000 are there again after 400ms\n");
	b->said[0] = '\0';
	for (int i = 0; i < 10; i++) {
		b->sample->measured_ns += TICK_NS;
		b->sample->worker[1].value[e.connections] = 0;
		tick(b, 10, 0);
	}
	assert_int_equal(b->watch.away_ns, 11 * TICK_NS);
}

static void who_sends_nothing_hears_nothing(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 100; i++)
		tick(b, 0, 0);
	b->sample->phase = PHASE_SETTLE;
	for (int i = 0; i < 100; i++)
		tick(b, 1, 0);
	expect(b, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
		CASE(a_burst_is_one_event),
		CASE(two_bursts_are_two_events),
		CASE(a_burst_on_two_cores_names_neither),
		CASE(one_is_no_plural),
		CASE(what_goes_on_is_told_once_more),
		CASE(silence_is_told_ever_more_rarely),
		CASE(a_full_window_is_silence_too),
		CASE(the_longest_silence_is_kept),
		CASE(silence_that_was_asked_for_is_nobody_away),
		CASE(silence_is_time_away),
		CASE(rare_answers_are_no_silence),
		CASE(lost_connections_are_time_away),
		CASE(who_sends_nothing_hears_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
