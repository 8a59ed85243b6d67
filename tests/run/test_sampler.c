/* Windows, intervals, totals and heat of the sampler, on the virtual clock with workers that no
 * thread runs. */
#include "support.h"

#include <string.h>

#include "base/clock.h"
#include "engines/null/null.h"
#include "run/sampler.h"
#include "run/worker.h"

enum { WORKERS = 3, TICK_NS = 100 * NS_PER_MS };

struct bench {
	struct plan plan;
	struct plan_worker planned[WORKERS];
	struct worker worker[WORKERS];
	struct sampler sampler;
	int64_t now_ns;
};

static struct bench bench;

static int begin(void **state)
{
	struct block *blocks[WORKERS];
	struct err err = ERR_NONE;

	memset(&bench, 0, sizeof(bench));
	bench.now_ns = NS_PER_S;
	clock_virtual_set(bench.now_ns);
	bench.plan.workers = WORKERS;
	bench.plan.worker = bench.planned;
	for (unsigned i = 0; i < WORKERS; i++) {
		bench.planned[i] = (struct plan_worker){ .role = i ? ROLE_CLIENT : ROLE_SERVER, .cpu = -1 };
		assert_int_equal(worker_init(&bench.worker[i], &engine_null, NULL, &bench.plan, i, &err), 0);
		blocks[i] = bench.worker[i].block;
	}
	assert_int_equal(sampler_init(&bench.sampler, blocks, WORKERS, engine_latencies(&engine_null), &err), 0);
	*state = &bench;
	return 0;
}

static int end(void **state)
{
	(void)state;
	sampler_close(&bench.sampler);
	for (unsigned i = 0; i < WORKERS; i++)
		worker_free(&bench.worker[i]);
	return 0;
}

/* Each client records n latencies of this length, a tick passes, a sample is taken. */
static struct sample *tick(unsigned n, int64_t latency_ns, bool is_interval)
{
	for (unsigned w = 1; w < WORKERS; w++)
		for (unsigned i = 0; i < n; i++)
			histogram_record(bench.worker[w].latency[0], latency_ns);
	bench.now_ns += TICK_NS;
	clock_virtual_set(bench.now_ns);
	sampler_read(&bench.sampler);
	struct sample *s = sampler_make(&bench.sampler, is_interval, true);
	assert_non_null(s);
	return s;
}

static void a_window_slides_over_a_second(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 30; i++) {
		struct sample *s = tick(10, 5000, false);
		unsigned ticks = i < 10 ? i : 10;

		assert_int_equal(s->window_ns, (int64_t)ticks * TICK_NS);
		assert_int_equal(s->merged[0].count, 20 * ticks);
		assert_int_equal(s->worker[1].latency[0].count, 10 * ticks);
		assert_int_equal(s->worker[0].latency[0].count, 0);
		assert_null(s->total);
		sample_free(s);
	}
	/* A second after the last, nothing is left of it. */
	for (unsigned i = 1; i <= 10; i++) {
		struct sample *s = tick(0, 0, false);

		assert_int_equal(s->merged[0].count, 200 - 20 * i);
		sample_free(s);
	}
}

static void an_interval_is_exactly_that(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 50; i++) {
		bool is_interval = i % 25 == 0;
		struct sample *s = tick(10, 5000, is_interval);

		if (is_interval) {
			assert_int_equal(s->window_ns, 25ll * TICK_NS);
			assert_int_equal(s->merged[0].count, 500);
			assert_equals(s->interval_s, 2.5);
		}
		sample_free(s);
	}
}

static void measuring_begins_at_zero(void **state)
{
	struct hist h;

	(void)state;
	sample_free(tick(1000, 999999, false));
	/* as workers do when they enter the phase */
	for (unsigned w = 0; w < WORKERS; w++)
		if (bench.worker[w].latency[0])
			histogram_forget_extremes(bench.worker[w].latency[0]);
	assert_int_equal(sampler_begin_measure(&bench.sampler, bench.now_ns, NULL), 0);
	struct sample *s = tick(10, 5000, false);
	assert_int_equal(s->measured_ns, TICK_NS);
	assert_int_equal(s->window_ns, TICK_NS);
	assert_int_equal(s->merged[0].count, 20);
	assert_less(s->merged[0].max_ns, 5100);
	assert_non_null(s->total);
	assert_int_equal(s->total[0].count, 20);
	sample_free(s);
	sample_free(tick(10, 5000, false));
	assert_true(sampler_since_start(&bench.sampler, 1, 0, &h));
	assert_int_equal(h.count, 20);
	assert_false(sampler_since_start(&bench.sampler, 0, 0, &h));
	sampler_total(&bench.sampler, 0, &h);
	assert_int_equal(h.count, 40);
}

static uint64_t heat_of(const struct sample *s)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < HEAT_ROWS; i++)
		sum += s->heat[i];
	return sum;
}

static void heat_is_since_the_sample_before(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 5; i++) {
		struct sample *s = tick(100 * i, 1 << 14, i == 3);

		/* Folding to rows may round. */
		if (heat_of(s) + 2 < 200 * i || heat_of(s) > 200 * i + 2)
			fail_msg("heat of %lu, not %u", heat_of(s), 200 * i);
		sample_free(s);
	}
}

/* A dozen copies of a histogram take less than two whole ones. */
static void copies_are_small(void **state)
{
	size_t bytes = 0;

	(void)state;
	for (unsigned i = 1; i <= 30; i++)
		sample_free(tick(100, 5000 + 1000 * i, i == 10));
	assert_int_equal(bench.sampler.series, 2);
	for (unsigned i = 0; i < SAMPLER_SLOTS; i++)
		bytes += bench.sampler.slot[i][0].room * sizeof(*bench.sampler.slot[i][0].entry);
	bytes += bench.sampler.interval[0].room * sizeof(*bench.sampler.interval[0].entry);
	assert_in_range(bytes, 11 * 30, 2 * sizeof(struct hist));
}

static void counters_are_copied(void **state)
{
	(void)state;
	worker_count(&bench.worker[2], COUNTER_OWN, 77);
	struct sample *s = tick(0, 0, false);
	assert_int_equal(s->worker[2].value[COUNTER_OWN], 77);
	assert_int_equal(s->worker[1].value[COUNTER_OWN], 0);
	assert_int_equal(s->at_ns, bench.now_ns);
	sample_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
		CASE(a_window_slides_over_a_second),
		CASE(an_interval_is_exactly_that),
		CASE(measuring_begins_at_zero),
		CASE(heat_is_since_the_sample_before),
		CASE(copies_are_small),
		CASE(counters_are_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
