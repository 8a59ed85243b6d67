/* The duel's state machine: rounds, order, invalid runs, ends, and what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../support/asserts.h"
#include "base/rng.h"
#include "record/duel.h"

static struct duel duel;

static void begin(uint64_t seed)
{
	struct duel from = { .metrics = 2, .metric = { { "rate", "packets/s", 1 }, { "RTT p99", "µs", -1 } } };

	snprintf(from.side[DUEL_A], sizeof(from.side[DUEL_A]), "--method fast");
	snprintf(from.side[DUEL_B], sizeof(from.side[DUEL_B]), "--method slow");
	duel_begin(&duel, &from, seed);
}

/* Runs the side whose turn it is: b times as fast as A, runs scatter by so much up and down. */
static void run(struct rng *rng, double b, double scatter)
{
	double factor = duel_side(&duel) == DUEL_B ? b : 1;

	duel_take(&duel, (const double[]){ 1000 * factor * (1 + scatter * (2 * rng_unit(rng) - 1)),
				 50 / factor * (1 + scatter * (2 * rng_unit(rng) - 1)) });
}

/* Runs until it is over; bounded. */
static unsigned run_all(struct rng *rng, double b, double scatter)
{
	unsigned runs = 0;

	while (duel.phase == DUEL_GOING && runs < 1000) {
		run(rng, b, scatter);
		runs++;
	}
	return runs;
}

static void both_run_once_a_round(void **unused)
{
	struct rng rng = { .state = 1 };
	unsigned firsts[DUEL_SIDES] = { 0 };

	(void)unused;
	begin(7);
	assert_int_equal(duel.phase, DUEL_GOING);
	for (unsigned round = 0; round <= DUEL_ROUNDS; round++) {
		enum duel_side_index first = duel_side(&duel);

		assert_int_equal(duel.round, round);
		firsts[first]++;
		run(&rng, 1, 0.1);
		assert_int_equal(duel_side(&duel), first == DUEL_A ? DUEL_B : DUEL_A);
		assert_int_equal(duel.looks, round ? round - 1 : 0);
		run(&rng, 1, 0.1);
		assert_int_equal(duel.looks, round);
	}
	assert_int_equal(duel.phase, DUEL_OVER);
	assert_in_range(firsts[DUEL_A], 3, DUEL_ROUNDS - 2);
	/* the first round warmed the machine up */
	assert_int_equal(duel.valid[DUEL_A], DUEL_ROUNDS);
	assert_int_equal(duel_pairs(&duel), DUEL_ROUNDS);
	assert_string_equal(duel.said, "the duel is over after 20 rounds: that was the last one");
	/* What is over stays so. */
	duel_take(&duel, (const double[]){ 1, 1 });
	duel_stop(&duel, "again");
	assert_int_equal(duel.valid[DUEL_A], DUEL_ROUNDS);
	assert_contains(duel.said, "the last one");
}

static void a_clear_difference_is_said(void **unused)
{
	struct rng rng = { .state = 2 };
	char words[DUEL_WORDS_BYTES];

	(void)unused;
	begin(3);
	for (unsigned i = 0; i < 2 * 6; i++)
		run(&rng, 0.8, 0.02);
	assert_int_equal(duel.looks, 5);
	assert_contains(duel_words(&duel, words), "not enough rounds to tell: 5, and ");
	assert_true(isnan(duel.look[4].low));
	run_all(&rng, 0.8, 0.02);
	assert_int_equal(duel.of[0].mark, COMPARED_LESS);
	assert_int_equal(duel.of[1].mark, COMPARED_MORE);
	assert_contains(duel_words(&duel, words), "B against A: rate ");
	assert_contains(words, " % lower, 95 % interval ");
	assert_contains(words, "RTT p99 ");
	/* The interval closes. */
	const struct duel_look *last = &duel.look[duel.looks - 1], *first = &duel.look[9];

	assert_at_most(last->high - last->low, first->high - first->low);
}

static void it_ends_when_the_interval_is_narrow(void **unused)
{
	struct rng rng = { .state = 5 };
	char words[DUEL_WORDS_BYTES];

	(void)unused;
	begin(3);
	assert_at_most(run_all(&rng, 1, 0.001), 2 * DUEL_ROUNDS);
	assert_less(duel.looks, DUEL_ROUNDS);
	assert_contains(duel.said, "the interval is within 1 %");
	assert_contains(duel_words(&duel, words), "rate not shown to differ: between ");
}

/* Equals: one duel of twenty at most says at any of its looks that they differ. */
static void looking_makes_no_alarms(void **unused)
{
	struct rng rng = { .state = 11 };
	unsigned alarms = 0, duels = 300;

	(void)unused;
	for (unsigned i = 0; i < duels; i++) {
		bool any = false;

		begin(i);
		for (unsigned runs = 0; duel.phase == DUEL_GOING && runs < 1000; runs++) {
			run(&rng, 1, 0.05);
			any |= duel.of[0].mark > COMPARED_SAME || duel.of[1].mark > COMPARED_SAME;
		}
		alarms += any;
	}
	assert_in_range(alarms, 0, duels / 20);
}

static void an_invalid_run_is_repeated_so_often(void **unused)
{
	struct rng rng = { .state = 1 };

	(void)unused;
	begin(1);
	run(&rng, 1, 0.1);
	run(&rng, 1, 0.1);
	enum duel_side_index first = duel_side(&duel);

	for (unsigned i = 0; i < DUEL_RETRIES; i++) {
		duel_refuse(&duel, "it was suspended");
		assert_int_equal(duel_side(&duel), first);
	}
	run(&rng, 1, 0.1);
	assert_int_equal(duel.valid[first], 1);
	assert_int_equal(duel.repeated, DUEL_RETRIES);
	assert_int_not_equal(duel_side(&duel), first);
	/* The other one is given up: a round without a pair. */
	for (unsigned i = 0; i <= DUEL_RETRIES; i++)
		duel_refuse(&duel, "it was suspended");
	assert_int_equal(duel.round, 2);
	assert_int_equal(duel.looks, 1);
	assert_int_equal(duel_pairs(&duel), 0);
	assert_int_equal(duel.phase, DUEL_GOING);
	run(&rng, 1, 0.1);
	run(&rng, 1, 0.1);
	assert_int_equal(duel_pairs(&duel), 1);
}

static void a_side_that_is_never_valid_ends_it(void **unused)
{
	struct rng rng = { .state = 1 };
	unsigned runs = 0;
	char words[DUEL_WORDS_BYTES];

	(void)unused;
	begin(1);
	for (; duel.phase == DUEL_GOING && runs < 1000; runs++)
		if (duel_side(&duel) == DUEL_B)
			duel_refuse(&duel, "the ledger leaves 5 % unexplained");
		else
			run(&rng, 1, 0.1);
	assert_int_equal(runs, DUEL_BARREN * (1 + DUEL_RETRIES + 1));
	assert_int_equal(duel.phase, DUEL_OVER);
	assert_contains(duel.said, "B has had no valid run in 3 rounds: the ledger leaves 5 % unexplained");
	assert_contains(duel_words(&duel, words), "no round has a valid run of each");
}

static void another_b_begins_anew(void **unused)
{
	struct rng rng = { .state = 1 };
	unsigned news;

	(void)unused;
	begin(1);
	for (unsigned i = 0; i < 9; i++)
		run(&rng, 1, 0.1);
	duel_refuse(&duel, "it was suspended");
	duel_say(&duel, "B is another one");
	news = duel.news;
	begin(2);
	assert_int_equal(duel.phase, DUEL_GOING);
	assert_int_equal(duel.round, 0);
	assert_int_equal(duel.looks, 0);
	assert_int_equal(duel.valid[DUEL_A] + duel.valid[DUEL_B], 0);
	assert_int_equal(duel.repeated, 0);
	assert_false(duel.of[0].evidence.known);
	/* What was said is not said again. */
	assert_int_equal(duel.news, news);
}

static void stopped_in_the_middle(void **unused)
{
	struct rng rng = { .state = 1 };

	(void)unused;
	begin(1);
	for (unsigned i = 0; i < 5; i++)
		run(&rng, 1, 0.1);
	duel_stop(&duel, "d was pressed");
	assert_int_equal(duel.phase, DUEL_OVER);
	assert_string_equal(duel.said, "the duel is over after 1 round: d was pressed");
}

/* A figure that no run knows is not tested. */
static void an_unknown_figure(void **unused)
{
	(void)unused;
	begin(1);
	for (unsigned i = 0; duel.phase == DUEL_GOING && i < 1000; i++)
		duel_take(&duel, (const double[]){ 1000 + i % 7, NAN });
	assert_int_equal(duel.tests, 1);
	assert_int_equal(duel.of[1].mark, COMPARED_UNTESTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_run_once_a_round),
		cmocka_unit_test(a_clear_difference_is_said),
		cmocka_unit_test(it_ends_when_the_interval_is_narrow),
		cmocka_unit_test(looking_makes_no_alarms),
		cmocka_unit_test(an_invalid_run_is_repeated_so_often),
		cmocka_unit_test(a_side_that_is_never_valid_ends_it),
		cmocka_unit_test(another_b_begins_anew),
		cmocka_unit_test(stopped_in_the_middle),
		cmocka_unit_test(an_unknown_figure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
