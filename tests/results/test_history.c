/* The history: it keeps samples and intervals, forgets the oldest, and finds them again. */
#include "fixture.h"

#include <math.h>
#include <stdlib.h>

static struct history *history_of(const struct history_limits *limits)
{
	struct history *h = NULL;
	struct err err = ERR_NONE;

	assert_int_equal(history_new(limits, &h, &err), 0);
	toy_take_run(h, toy_run(1));
	return h;
}

static void empty(void **state)
{
	struct history *h = NULL;
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(history_new(NULL, &h, &err), 0);
	assert_null(history_fine(h, 0));
	assert_null(history_coarse(h, 0));
	assert_null(history_at(h, INT64_MAX));
	assert_null(history_newest_run(h));
	assert_null(history_event(h, 0));
	assert_null(history_final(h, 1));
	assert_int_equal(history_phase(h), PHASE_IDLE);
	history_free(h);
	history_free(NULL);
}

static void oldest_goes_first(void **state)
{
	struct history *h = history_of(&(struct history_limits){ .fine = 10, .coarse = 3 });

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		toy_take_sample(h, toy_steady(1, i, i && i % 10 == 0));
	assert_int_equal(history_fine_count(h), 10);
	assert_int_equal(history_fine(h, 0)->sequence, 100);
	assert_int_equal(history_fine(h, 9)->sequence, 91);
	assert_null(history_fine(h, 10));
	assert_int_equal(history_coarse_count(h), 3);
	assert_int_equal(history_coarse(h, 0)->sequence, 91);
	assert_int_equal(history_coarse(h, 2)->sequence, 71);
	assert_int_equal(history_intervals_lost(h, 1), 6);
	assert_int_equal(history_measure_start(h, 1)->sequence, 1);
	history_free(h);
}

static void bytes_are_bounded(void **state)
{
	size_t one = sizeof(struct sample) + 2 * sizeof(struct worker_sample) + 64;
	struct history *h = history_of(&(struct history_limits){ .bytes = 20 * one });

	(void)state;
	for (unsigned i = 0; i < 300; i++)
		toy_take_sample(h, toy_steady(1, i, i % 10 == 0));
	unsigned held = history_fine_count(h) + history_coarse_count(h);
	assert_in_range(held, 12, 25);
	assert_in_range(history_coarse_count(h), 5, 11);
	assert_int_equal(history_fine(h, 0)->sequence, 300);
	assert_int_equal(history_coarse(h, 0)->sequence, 291);
	assert_int_equal(history_measure_start(h, 1)->sequence, 1);
	history_free(h);
}

/* A single sample larger than the limit is still kept: there is always a newest one. */
static void newest_stays(void **state)
{
	struct history *h = history_of(&(struct history_limits){ .bytes = 1 });

	(void)state;
	toy_take_sample(h, toy_steady(1, 1, true));
	toy_take_sample(h, toy_steady(1, 2, true));
	assert_int_equal(history_fine_count(h), 1);
	assert_int_equal(history_coarse_count(h), 1);
	assert_int_equal(history_fine(h, 0)->sequence, 3);
	history_free(h);
}

static int64_t at_of(unsigned step)
{
	return 101ll * NS_PER_S + (int64_t)step * 100 * NS_PER_MS;
}

static void by_time(void **state)
{
	struct history *h = history_of(&(struct history_limits){ .fine = 15, .coarse = 100 });

	(void)state;
	for (unsigned i = 0; i < 60; i++)
		toy_take_sample(h, toy_steady(1, i, i && i % 10 == 0));
	/* ticks 45..59, intervals 10, 20, 30, 40, 50 */
	assert_null(history_at(h, at_of(9)));
	assert_int_equal(history_at(h, at_of(10))->sequence, 11);
	assert_int_equal(history_at(h, at_of(29))->sequence, 21);
	assert_int_equal(history_at(h, at_of(44))->sequence, 41);
	for (unsigned i = 45; i < 60; i++) {
		assert_int_equal(history_at(h, at_of(i))->sequence, i + 1);
		assert_int_equal(history_at(h, at_of(i) + 1)->sequence, i + 1);
		assert_int_equal(history_at(h, at_of(i) + 99 * NS_PER_MS)->sequence, i + 1);
	}
	assert_int_equal(history_at(h, INT64_MAX)->sequence, 60);
	assert_null(history_at(h, INT64_MIN));
	history_free(h);
}

/* An interval began where the one before ended, or the measure phase began; when the one before is
 * forgotten, nobody knows. */
static void where_an_interval_began(void **state)
{
	struct history *h = history_of(&(struct history_limits){ .coarse = 3 });

	(void)state;
	for (unsigned i = 0; i <= 30; i++)
		toy_take_sample(h, toy_steady(1, i, i && i % 10 == 0));
	assert_int_equal(history_interval_start(h, history_coarse(h, 0))->sequence, 21);
	assert_int_equal(history_interval_start(h, history_coarse(h, 2))->sequence, 1);
	for (unsigned i = 31; i <= 40; i++)
		toy_take_sample(h, toy_steady(1, i, i == 40));
	assert_int_equal(history_interval_start(h, history_coarse(h, 1))->sequence, 21);
	assert_null(history_interval_start(h, history_coarse(h, 2)));
	toy_take_run(h, toy_run(2));
	toy_take_sample(h, toy_steady(2, 0, false));
	toy_take_sample(h, toy_steady(2, 10, true));
	assert_int_equal(history_interval_start(h, history_coarse(h, 0))->run_id, 2);
	assert_int_equal(history_interval_start(h, history_coarse(h, 0))->sequence, 1);
	history_free(h);
}

static void totals_only_in_newest(void **state)
{
	struct history *h = history_of(NULL);

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		struct sample *s = toy_steady(1, i, i == 10);
		const struct hist *total = s->total;

		toy_take_sample(h, s);
		assert_ptr_equal(history_fine(h, 0)->total, total);
	}
	for (unsigned age = 1; age < 20; age++)
		assert_null(history_fine(h, age)->total);
	assert_null(history_coarse(h, 0)->total);
	history_free(h);
}

static void runs_are_forgotten_whole(void **state)
{
	struct history *h = NULL;
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(history_new(&(struct history_limits){ .runs = 3 }, &h, &err), 0);
	for (uint32_t id = 1; id <= 5; id++) {
		toy_take_run(h, toy_run(id));
		for (unsigned i = 0; i < 4; i++)
			toy_take_sample(h, toy_steady(id, i, i == 3));
		toy_take_final(h, toy_final(id, 2, 4));
	}
	assert_int_equal(history_run_count(h), 3);
	assert_int_equal(history_newest_run(h)->id, 5);
	assert_int_equal(history_run_by_age(h, 2)->id, 3);
	assert_null(history_run_by_age(h, 3));
	assert_null(history_run(h, 2));
	assert_null(history_final(h, 2));
	assert_null(history_measure_start(h, 2));
	assert_non_null(history_final(h, 3));
	assert_int_equal(history_fine_count(h), 12);
	for (unsigned age = 0; age < 12; age++)
		assert_non_null(history_run(h, history_fine(h, age)->run_id));
	assert_int_equal(history_coarse_count(h), 3);
	history_free(h);
}

static void phase_follows_newest_run(void **state)
{
	struct history *h = history_of(NULL);

	(void)state;
	assert_int_equal(history_phase(h), PHASE_PREPARE);
	toy_take_phase(h, 1, PHASE_MEASURE);
	assert_int_equal(history_phase(h), PHASE_MEASURE);
	/* the phase of a run may be told before the run itself */
	toy_take_phase(h, 2, PHASE_WARMUP);
	toy_take_run(h, toy_run(2));
	assert_int_equal(history_phase(h), PHASE_WARMUP);
	toy_take_final(h, toy_final(1, 2, 1));
	assert_int_equal(history_phase(h), PHASE_WARMUP);
	toy_take_final(h, toy_final(2, 2, 1));
	assert_int_equal(history_phase(h), PHASE_DONE);
	history_free(h);
}

/* bind failed: the final comes for a run that was never announced. */
static void final_without_run(void **state)
{
	struct history *h = history_of(NULL);
	struct run_final *f = toy_final(7, 0, 0);

	(void)state;
	f->how = PHASE_FAILED;
	err_say(&f->err, 98, "bind 127.0.0.1:5000: in use");
	toy_take_final(h, f);
	assert_null(history_run(h, 7));
	assert_string_equal(history_final(h, 7)->err.text, "bind 127.0.0.1:5000: in use");
	assert_int_equal(history_phase(h), PHASE_FAILED);
	history_free(h);
}

static void foreign_samples_are_dropped(void **state)
{
	struct history *h = history_of(NULL);
	struct sample *three = sample_new(3);

	(void)state;
	toy_take_sample(h, toy_steady(9, 1, true));
	three->run_id = 1;
	toy_take_sample(h, three);
	assert_int_equal(history_fine_count(h), 0);
	assert_int_equal(history_coarse_count(h), 0);
	history_free(h);
}

static void events_are_a_ring(void **state)
{
	struct history *h = history_of(&(struct history_limits){ .events = 4 });
	char text[20];

	(void)state;
	for (int i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "event %d", i);
		toy_take_event(h, i, 1, SEVERITY_INFO, text);
	}
	assert_int_equal(history_event_count(h), 4);
	assert_string_equal(history_event(h, 0)->text, "event 9");
	assert_string_equal(history_event(h, 3)->text, "event 6");
	assert_null(history_event(h, 4));
	history_free(h);
}

/* A run that somebody else still refers to is not freed with the history. */
static void references_count(void **state)
{
	struct history *h = history_of(NULL);
	struct run_info *info = (struct run_info *)history_run(h, 1);

	(void)state;
	info->references++;
	history_free(h);
	assert_int_equal(info->references, 1);
	assert_int_equal(info->id, 1);
	run_info_free(info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(oldest_goes_first),
		cmocka_unit_test(bytes_are_bounded),
		cmocka_unit_test(newest_stays),
		cmocka_unit_test(by_time),
		cmocka_unit_test(where_an_interval_began),
		cmocka_unit_test(totals_only_in_newest),
		cmocka_unit_test(runs_are_forgotten_whole),
		cmocka_unit_test(phase_follows_newest_run),
		cmocka_unit_test(final_without_run),
		cmocka_unit_test(foreign_samples_are_dropped),
		cmocka_unit_test(events_are_a_ring),
		cmocka_unit_test(references_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
