/* The duel in the A/B panel, painted from one made by hand: its screens, and what its keys ask for.
 * test_duel_screens [--update]: --update writes the golden files. */
#include <stdio.h>
#include <string.h>

#include "../../support/asserts.h"
#include "base/rng.h"
#include "stage.h"

static struct duel duel;

/* Runs of A are like one another within 2 %, and B's are so much better. */
static void play(unsigned runs, double b)
{
	struct rng rng = { .state = 4 };

	for (unsigned i = 0; i < runs && duel.phase == DUEL_GOING; i++) {
		double factor = duel_side(&duel) == DUEL_B ? b : 1;
		double rate = 812400 * factor * (0.99 + 0.02 * rng_unit(&rng));

		duel_take(&duel, (const double[]){ rate * 64 * 8 / 1e6, rate, 18.2 / factor * (0.99 + 0.02 * rng_unit(&rng)),
					 41 * (0.9 + 0.2 * rng_unit(&rng)) });
	}
}

static void begin(void)
{
	struct duel from = { .metrics = 4,
		.metric = { { "throughput", "Mbit/s", 1 }, { "rate", "packets/s", 1 }, { "RTT p50", "µs", -1 },
			{ "RTT p99", "µs", -1 } } };

	snprintf(from.side[DUEL_A], sizeof(from.side[DUEL_A]), "--method single");
	snprintf(from.side[DUEL_B], sizeof(from.side[DUEL_B]), "--method mmsg");
	duel_begin(&duel, &from, 5);
	made.board.duel = &duel;
}

/* A run with a baseline, and a duel over it. */
static void open_duel(int rows, int columns)
{
	duel = (struct duel){ 0 };
	made_open(&made, 2, 2);
	stage_dash(CHARSET_BRAILLE, NULL);
	stage_run(30);
	frame(rows, columns);
	press('b');
	begin();
	frame_paint(&dash);
}

static void going_at(int rows, int columns, const char *name)
{
	open_duel(rows, columns);
	play(2 * 15 + 1, 1.163);
	duel_refuse(&duel, "the process was suspended");
	frame_paint(&dash);
	assert_true(on_screen("A       B Δ of pairs  95 % interval"));
	assert_true(on_screen("RTT p50 "));
	stage_golden(name);
	stage_close();
}

static void going(void **state)
{
	(void)state;
	going_at(24, 80, "duel-80x24");
	going_at(40, 120, "duel-120x40");
	going_at(60, 200, "duel-200x60");
}

static void early(void **state)
{
	(void)state;
	open_duel(24, 80);
	assert_true(on_screen("duel · a first round that does not count"));
	play(2 * 5 + 1, 1.163);
	frame_paint(&dash);
	stage_golden("duel-early-80x24");
	stage_close();
}

static void over(void **state)
{
	(void)state;
	open_duel(40, 120);
	play(1000, 1);
	frame_paint(&dash);
	stage_golden("duel-over-120x40");
	stage_close();
}

/* Without a duel one run a side has numbers alone, and the way to one. */
static void one_run_a_side(void **state)
{
	(void)state;
	open_duel(40, 120);
	duel.phase = DUEL_NONE;
	frame_paint(&dash);
	assert_true(on_screen("one run a side: d starts a duel"));
	made.board.read_only = true;
	frame_paint(&dash);
	assert_true(not_on_screen("d starts a duel"));
	stage_close();
}

static void keys(void **state)
{
	(void)state;
	made_open(&made, 2, 2);
	stage_dash(CHARSET_BRAILLE, NULL);
	stage_run(30);
	frame(40, 120);
	press('d');
	assert_true(on_screen("there is no baseline"));
	assert_int_equal(calls.count[CALL_DUEL], 0);
	press('b');
	assert_int_equal(calls.count[CALL_BASE], 1);
	assert_int_equal(calls.last, made.run_id);
	press('d');
	assert_int_equal(calls.count[CALL_DUEL], 1);
	assert_int_equal(calls.last, true);
	begin();
	press('d');
	assert_int_equal(calls.count[CALL_DUEL], 2);
	assert_int_equal(calls.last, false);
	duel_stop(&duel, "d was pressed");
	frame_paint(&dash);
	assert_true(on_screen("the duel is over after 0 rounds: d was pressed"));
	press('B');
	assert_int_equal(calls.count[CALL_BASE], 2);
	assert_int_equal(calls.last, 0);
	stage_close();
}

/* At any size it paints within its bounds and says who runs. */
static void any_size(void **state)
{
	(void)state;
	open_duel(24, 80);
	play(2 * 12, 1.163);
	for (int rows = 1; rows <= 60; rows += 3)
		for (int columns = 1; columns <= 200; columns += 7) {
			frame(rows, columns);
			if (rows >= 24 && columns >= 80)
				assert_true(on_screen("duel · round 12 of 20"));
		}
	stage_close();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(going),
		cmocka_unit_test(early),
		cmocka_unit_test(over),
		cmocka_unit_test(one_run_a_side),
		cmocka_unit_test(keys),
		cmocka_unit_test(any_size),
	};

	stage_update = argc > 1 && !strcmp(argv[1], "--update");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
