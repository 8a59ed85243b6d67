/* See stream_rig.h. */
#include "stream_rig.h"

#include <stdlib.h>

#include "mode/path.h"
#include "../support/asserts.h"

int stream_rig_try(struct stream_rig *rig, const char *const *option)
{
	int rc;

	*rig = (struct stream_rig){ 0 };
	rc = options_init(&rig->options, &engine_stream, &rig->err);
	for (; rc >= 0 && *option; option += 2)
		rc = options_set(&rig->options, option[0], option[1], &rig->err);
	if (rc < 0)
		return rc;
	rig->plan.path = &path_loopback;
	rig->plan.paths = paths_here;
	rc = engine_stream.plan(&rig->options, &rig->plan, &rig->err);
	for (unsigned i = 0; rc >= 0 && i < rig->plan.workers; i++) {
		assert_less(i, STREAM_RIG_WORKERS);
		assert_int_equal(worker_init(&rig->worker[i], &engine_stream, &rig->options, &rig->plan, i, &rig->err), 0);
		rig->opened++;
		rc = engine_stream.open(&rig->worker[i], &rig->err);
	}
	return rc;
}

void stream_rig_open(struct stream_rig *rig, const char *const *option)
{
	if (stream_rig_try(rig, option) < 0)
		fail_msg("%s", rig->err.text);
}

void stream_rig_close(struct stream_rig *rig)
{
	for (unsigned i = 0; i < rig->opened; i++) {
		engine_stream.close(&rig->worker[i]);
		worker_free(&rig->worker[i]);
	}
	engine_stream.release(&rig->plan);
	plan_free(&rig->plan);
	options_free(&rig->options);
}

static void enter(struct stream_rig *rig, unsigned roles, enum phase phase)
{
	for (unsigned i = 0; i < rig->opened; i++) {
		struct worker *w = &rig->worker[i];

		if (!(w->self->role & roles))
			continue;
		assert_int_equal(engine_stream.observe(w, &rig->err), 0);
		w->phase = phase;
		w->phase_ns = clock_now_ns();
		assert_int_equal(engine_stream.enter(w, phase, &rig->err), 0);
	}
}

void stream_rig_enter(struct stream_rig *rig, enum phase phase)
{
	unsigned senders = rig->plan.quiet_first, first = phase == PHASE_MEASURE ? ROLE_BOTH & ~senders : senders;

	enter(rig, first, phase);
	enter(rig, ROLE_BOTH & ~first, phase);
}

int stream_rig_step(struct stream_rig *rig)
{
	for (unsigned i = 0; i < rig->opened; i++) {
		struct worker *w = &rig->worker[i];
		int rc;

		/* What poll(2) would say: the worker's loop asks only when there is nothing to
		 * do. */
		for (unsigned f = 0; f < w->wait.count; f++)
			w->wait.fd[f].revents = 0;
		poll(w->wait.fd, w->wait.count, 0);
		rc = engine_stream.poll(w, &rig->err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

void stream_rig_until(
	struct stream_rig *rig, struct stream_rig *other, bool (*done)(struct stream_rig *rig, uint64_t value), uint64_t value)
{
	int64_t end = clock_now_ns() + (int64_t)STREAM_RIG_DEADLINE_S * NS_PER_S;

	while (!done(rig, value)) {
		if (stream_rig_step(rig) < 0)
			fail_msg("%s", rig->err.text);
		if (other && stream_rig_step(other) < 0)
			fail_msg("%s", other->err.text);
		if (clock_now_ns() > end)
			fail_msg("not reached in %d s: %llu (rx %llu, tx %llu)", STREAM_RIG_DEADLINE_S, (unsigned long long)value,
				(unsigned long long)stream_rig_sum(rig, COUNTER_RX_PACKETS),
				(unsigned long long)stream_rig_sum(rig, COUNTER_TX_PACKETS));
	}
}

static bool nothing_flies(struct stream_rig *rig, uint64_t value)
{
	return stream_rig_sum(rig, COUNTER_IN_FLIGHT) <= value;
}

void stream_rig_drain(struct stream_rig *rig)
{
	stream_rig_enter(rig, PHASE_DRAIN);
	stream_rig_until(rig, NULL, nothing_flies, 0);
	for (unsigned i = 0; i < rig->opened; i++)
		assert_int_equal(engine_stream.observe(&rig->worker[i], &rig->err), 0);
}

void stream_rig_measure(struct stream_rig *rig, uint64_t messages)
{
	stream_rig_enter(rig, PHASE_MEASURE);
	stream_rig_until(rig, NULL, stream_rig_received, messages);
	stream_rig_drain(rig);
}

uint64_t stream_rig_sum(struct stream_rig *rig, unsigned counter)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < rig->opened; i++)
		sum += counter_get(rig->worker[i].counters, counter);
	return sum;
}

bool stream_rig_received(struct stream_rig *rig, uint64_t messages)
{
	return stream_rig_sum(rig, COUNTER_RX_PACKETS) >= messages;
}

bool stream_rig_sent_bytes(struct stream_rig *rig, uint64_t bytes)
{
	return stream_rig_sum(rig, COUNTER_TX_BYTES) >= bytes;
}

void stream_rig_expect_balance(struct stream_rig *rig)
{
	uint64_t sent = stream_rig_sum(rig, COUNTER_TX_PACKETS), got = stream_rig_sum(rig, COUNTER_RX_PACKETS);
	uint64_t lost = stream_rig_sum(rig, STREAM_C_LOST), damaged = stream_rig_sum(rig, STREAM_C_DAMAGED);

	if (sent != got + lost || damaged)
		fail_msg("sent %llu, received %llu, lost %llu, damaged %llu", (unsigned long long)sent, (unsigned long long)got,
			(unsigned long long)lost, (unsigned long long)damaged);
}

unsigned stream_rig_port(const struct stream_rig *rig)
{
	return rig->plan.ports.range[0].first;
}

uint64_t stream_rig_latencies(struct stream_rig *rig, unsigned index)
{
	struct hist h;
	uint64_t n = 0;

	for (unsigned i = 0; i < rig->opened; i++) {
		if (!rig->worker[i].latency[index])
			continue;
		histogram_copy(rig->worker[i].latency[index], &h);
		n += h.count;
	}
	return n;
}
