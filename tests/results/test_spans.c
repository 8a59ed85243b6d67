/* Percentiles and their intervals, and cautions about a run that did not stand still: by simulation
 * of runs whose truth is known. */
#include "fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/stats/series.h"
#include "record/judge/steadiness.h"

enum { TRIALS = 60 };

static double normal_of(struct rng *r)
{
	return sqrt(-2 * log(1 - rng_unit(r))) * cos(2 * M_PI * rng_unit(r));
}

/* ---- made-up runs ---- */

struct made {
	struct history *h;
	struct hist total;
};

/* The toy's own samples hold more than is needed here, and take their time for it. */
static struct sample *made_sample(unsigned n)
{
	int64_t at_ns = 101ll * NS_PER_S + (int64_t)n * NS_PER_S;
	struct sample *s = toy_sample(1, PHASE_MEASURE, at_ns);

	s->sequence = n + 1;
	s->measured_ns = (int64_t)n * NS_PER_S;
	s->window_ns = NS_PER_S;
	s->is_interval = n > 0;
	s->interval_s = n ? 1 : 0;
	s->worker[0].value[COUNTER_OBSERVED_NS] = s->worker[1].value[COUNTER_OBSERVED_NS] = (uint64_t)at_ns;
	return s;
}

static void made_open(struct made *m)
{
	struct err err = ERR_NONE;

	*m = (struct made){ 0 };
	assert_int_equal(history_new(NULL, &m->h, &err), 0);
	toy_take_run(m->h, toy_run(1));
	toy_take_phase(m->h, 1, PHASE_MEASURE);
	toy_take_sample(m->h, made_sample(0));
}

/* The n-th interval (from 1): sent so far, and its latencies. */
static void made_interval(struct made *m, unsigned n, uint64_t received, const struct hist *latencies)
{
	struct sample *s = made_sample(n);

	s->worker[1].value[COUNTER_RX_PACKETS] = received;
	hist_summarise(latencies, &s->merged[0]);
	hist_merge(&m->total, latencies);
	toy_take_sample(m->h, s);
}

static void put_value(struct hist *h, double ns)
{
	int64_t value = ns < 1 ? 1 : (int64_t)ns;

	h->bucket[hist_index(value)]++;
	h->count++;
	h->sum_ns += (uint64_t)value;
}

/* Each interval's values are exp(of_run) times as long as usual. */
static void fill(struct hist *h, struct rng *r, unsigned values, double of_interval)
{
	memset(h, 0, sizeof(*h));
	for (unsigned i = 0; i < values; i++)
		put_value(h, 1e5 * exp(0.5 * normal_of(r) + of_interval));
}

/* ---- percentiles ---- */

struct tries {
	unsigned of_p50, of_p99, silent, naive; /* silent: it has no p99 */
};

/* spread: of the intervals, beside each other */
static struct tries hold_truth(double spread)
{
	static struct hist one;
	struct rng r = { 17 };
	struct tries held = { 0 };
	double all = sqrt(0.25 + spread * spread), p50 = 1e5, p99 = 1e5 * exp(2.326348 * all);

	for (unsigned trial = 0; trial < TRIALS; trial++) {
		struct percentile_span span[STEADINESS_PERCENTILES];
		int64_t low = 0, high = 0;
		struct made m;

		made_open(&m);
		for (unsigned i = 1; i <= 20; i++) {
			fill(&one, &r, 1000, spread * normal_of(&r));
			made_interval(&m, i, i * 1000, &one);
		}
		steadiness_percentiles(m.h, 1, 0, &m.total, span);
		assert_null(span[0].why);
		/* A bucket is 1.6 % wide. */
		held.of_p50 += (double)span[0].low_ns * 0.992 <= p50 && p50 <= (double)span[0].high_ns * 1.008;
		held.of_p99 += span[2].why || ((double)span[2].low_ns * 0.992 <= p99 && p99 <= (double)span[2].high_ns * 1.008);
		held.silent += span[2].why != NULL;
		assert_true(series_percentile_interval(&m.total, 50, 0, &low, &high));
		held.naive += (double)low * 0.992 <= p50 && p50 <= (double)high * 1.008;
		history_free(m.h);
	}
	return held;
}

static void independent_values(void **state)
{
	struct tries held = hold_truth(0);

	(void)state;
	print_message("p50 %u, p99 %u of %u\n", held.of_p50, held.of_p99, TRIALS);
	assert_in_range(held.of_p50, TRIALS * 93 / 100, TRIALS);
	assert_in_range(held.of_p99, TRIALS * 93 / 100, TRIALS);
	assert_in_range(held.silent, 0, 0);
}

/* Intervals that differ by 20 % among themselves: values counted one by one would be too sure. */
static void values_of_one_stall_come_together(void **state)
{
	struct tries held = hold_truth(0.2);

	(void)state;
	print_message(
		"p50 %u, p99 %u (%u silent), one by one %u of %u\n", held.of_p50, held.of_p99, held.silent, held.naive, TRIALS);
	assert_in_range(held.of_p50, TRIALS * 88 / 100, TRIALS);
	assert_in_range(held.of_p99, TRIALS * 85 / 100, TRIALS);
	assert_in_range(held.naive, 0, TRIALS * 60 / 100);
}

static void too_little_says_so(void **state)
{
	static struct hist one;
	struct percentile_span span[STEADINESS_PERCENTILES];
	struct rng r = { 5 };
	struct made m;

	(void)state;
	made_open(&m);
	for (unsigned i = 1; i <= 5; i++) {
		steadiness_percentiles(m.h, 1, 0, &m.total, span);
		if (i <= STEADINESS_INTERVALS_LEAST)
			assert_string_equal(span[0].why, "the run has fewer than 4 intervals");
		fill(&one, &r, 500, 0);
		made_interval(&m, i, i * 500, &one);
	}
	steadiness_percentiles(m.h, 1, 0, &m.total, span);
	assert_null(span[0].why);
	assert_null(span[1].why);
	assert_string_equal(span[4].why, "fewer than 10 independent values beyond it");
	assert_true(span[0].low_ns <= span[0].high_ns);
	history_free(m.h);
}

/* ---- cautions ---- */

/* Returns how many there are; the last one is in ret_text. */
static unsigned judge_rates(const double *rate, const double *p99_us, unsigned n, char ret_text[200])
{
	static struct hist one;
	struct verdict v = { .valid = true };
	double received = 0;
	struct made m;

	made_open(&m);
	for (unsigned i = 0; i < n; i++) {
		memset(&one, 0, sizeof(one));
		put_value(&one, p99_us[i] * 1e3);
		received += rate[i];
		made_interval(&m, i + 1, (uint64_t)received, &one);
	}
	steadiness_judge(m.h, 1, &v);
	history_free(m.h);
	assert_true(v.valid);
	snprintf(ret_text, 200, "%s", v.cautions ? v.caution[v.cautions - 1] : "");
	return v.cautions;
}

static void a_steady_run_has_no_caution(void **state)
{
	enum { N = 30 };
	double rate[N], p99[N];
	struct rng r = { 11 };
	unsigned alarms = 0;
	char text[200];

	(void)state;
	for (unsigned trial = 0; trial < TRIALS; trial++) {
		for (unsigned i = 0; i < N; i++) {
			rate[i] = 1e5 * (1 + 0.1 * normal_of(&r));
			p99[i] = 300 * exp(0.2 * normal_of(&r));
		}
		alarms += judge_rates(rate, p99, N, text) != 0;
	}
	print_message("%u of %u\n", alarms, TRIALS);
	assert_in_range(alarms, 0, 5);
}

static void a_step_is_told_with_its_time(void **state)
{
	double rate[30], p99[30];
	struct rng r = { 2 };
	char text[200];

	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		rate[i] = (i < 18 ? 1e5 : 8e4) * (1 + 0.01 * normal_of(&r));
		p99[i] = 300 * exp(0.1 * normal_of(&r));
	}
	assert_int_equal(judge_rates(rate, p99, 30, text), 1);
	assert_non_null(strstr(text, "the rate was of two kinds, split at 18.0 s: -20."));
}

static void a_trend_is_told_by_the_minute(void **state)
{
	double rate[20], p99[20];
	struct rng r = { 2 };
	char text[200];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		rate[i] = 1e5 * (1 + 0.01 * normal_of(&r));
		p99[i] = 300 * (1 + 0.02 * i) * exp(0.02 * normal_of(&r));
	}
	assert_int_equal(judge_rates(rate, p99, 20, text), 1);
	assert_non_null(strstr(text, "the p99 rose by "));
	assert_in_range(strtod(text + strlen("the p99 rose by "), NULL), 80, 125);
}

/* Sure, but too small to be of interest. */
static void a_small_change_is_let_be(void **state)
{
	double rate[20], p99[20];
	char text[200];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		rate[i] = 1e5 * (1 + 0.001 * i);
		p99[i] = 300;
	}
	assert_int_equal(judge_rates(rate, p99, 20, text), 0);
}

/* An hour's intervals are looked at in groups. */
static void a_long_run_is_judged_too(void **state)
{
	enum { N = 3000 };
	static double rate[N], p99[N];
	struct rng r = { 4 };
	char text[200];

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		rate[i] = (i < 1500 ? 1e5 : 9e4) * (1 + 0.05 * normal_of(&r));
		p99[i] = 300;
	}
	assert_int_equal(judge_rates(rate, p99, N, text), 1);
	assert_non_null(strstr(text, "the rate was of two kinds, split at 1500.0 s: -"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(independent_values),
		cmocka_unit_test(values_of_one_stall_come_together),
		cmocka_unit_test(too_little_says_so),
		cmocka_unit_test(a_steady_run_has_no_caution),
		cmocka_unit_test(a_step_is_told_with_its_time),
		cmocka_unit_test(a_trend_is_told_by_the_minute),
		cmocka_unit_test(a_small_change_is_let_be),
		cmocka_unit_test(a_long_run_is_judged_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
