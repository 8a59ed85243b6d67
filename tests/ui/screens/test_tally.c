/* The tally of a run's intervals grows by what has come, and holds what one made anew does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "base/clock.h"
#include "../../support/toy.h"
#include "boards.h"
#include "ui/dash/baseline.h"

static void same_values(const double *a, const double *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (isnan(a[i]) != isnan(b[i]) || (!isnan(a[i]) && a[i] != b[i]))
			fail_msg("interval %u of %u: %g, anew %g", i, n, a[i], b[i]);
}

static void same_as_anew(const struct tally *t, const struct history *h, uint32_t run_id, int64_t since_ns)
{
	struct tally anew = { 0 };

	assert_int_equal(tally_update(&anew, h, run_id, since_ns, INT64_MAX), 0);
	assert_int_equal(t->n, anew.n);
	for (unsigned i = 0; i < METRICS; i++)
		same_values(t->value[i], anew.value[i], t->n);
	for (unsigned i = 0; i < anew.figures; i++)
		same_values(t->figure[i], anew.figure[i], t->n);
	for (unsigned i = 0; i < anew.workers; i++)
		same_values(t->worker[i].rate, anew.worker[i].rate, t->n);
	tally_free(&anew);
}

static void it_grows(void **state)
{
	static struct tally t;
	struct made made;
	int64_t since_ns = 0;

	(void)state;
	made_open(&made, 1, 2);
	for (unsigned run = 1; run <= 2; run++) {
		made_run(&made, true);
		for (unsigned i = 0; i < 40; i++) {
			/* of 1 to 3 intervals, and some ticks that close none */
			made_ticks(&made, 10 * (i % 3 + 1) + i % 7, PHASE_MEASURE, 1 + i % 5);
			if (i == 20)
				since_ns = made.now_ns; /* cleared */
			assert_int_equal(tally_update(&t, made.history, made.run_id, since_ns, INT64_MAX), 0);
			same_as_anew(&t, made.history, made.run_id, since_ns);
		}
		assert_true(t.n > 10);
		made_final(&made);
	}
	tally_free(&t);
	made_close(&made);
}

/* The oldest make room, as many at once as have come. */
static void it_is_full(void **state)
{
	static struct tally t;
	struct made made;

	(void)state;
	made_open(&made, 1, 1);
	made_run(&made, true);
	for (unsigned i = 0; i < 14; i++) {
		made_ticks(&made, 500, PHASE_MEASURE, 1 + i);
		assert_int_equal(tally_update(&t, made.history, made.run_id, 0, INT64_MAX), 0);
	}
	assert_int_equal(t.n, TALLY_MAX);
	same_as_anew(&t, made.history, made.run_id, 0);
	tally_free(&t);
	made_close(&made);
}

/* Seconds in which little was sent say as little of the loss: it is what the headline has. */
static void drops_are_all_that_was_lost_of_all_that_was_sent(void **state)
{
	static struct tally t;
	struct made made;

	(void)state;
	made_open(&made, 1, 1);
	made_run(&made, true);
	made.loses_at = TOY_SERVER_DROPS;
	made_ticks(&made, 1, PHASE_MEASURE, 1);
	made.loss = 5;
	made_ticks(&made, 20, PHASE_MEASURE, 1);
	made.loss = 0;
	made_ticks(&made, 20, PHASE_MEASURE, 9);
	assert_int_equal(tally_update(&t, made.history, made.run_id, 0, INT64_MAX), 0);
	assert_int_equal(t.n, 4);
	assert_float_equal(tally_value(&t, METRIC_DROP_PPM), 1e6 * 100 / (20 * 105 + 20 * 900), 0.5);
	assert_float_equal(tally_metric_change(&t, &t, METRIC_DROP_PPM).absolute, 0, 1e-9);
	tally_free(&t);
	made_close(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(it_grows), cmocka_unit_test(it_is_full),
		cmocka_unit_test(drops_are_all_that_was_lost_of_all_that_was_sent) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
