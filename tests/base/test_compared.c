/* Figures of two sides: marks and words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/stats/compared.h"

static void numbers(void **unused)
{
	static const struct {
		struct evidence e;
		const char *difference, *interval;
	} cases[] = {
		{ { .known = true, .relative = true, .middle = -0.163, .low = -0.178, .high = -0.149, .bounded = true },
			"-16.3 %", "-17.8..-14.9 %" },
		{ { .known = true, .relative = true, .middle = 0.0123, .low = -1, .high = INFINITY }, "+1.23 %", "--" },
		{ { .known = true, .relative = true, .middle = 123.4, .low = 99, .high = 150, .bounded = true }, "+1.234e+04 %",
			"+9900..+1.5e+04 %" },
		{ { .known = true, .middle = 12, .low = -3, .high = 20, .bounded = true }, "+12", "-3..+20" },
		{ { .known = false }, "--", "--" },
	};
	char text[COMPARED_TEXT_BYTES];

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct compared of = { .evidence = cases[i].e };

		assert_string_equal(compared_difference(&of, text), cases[i].difference);
		assert_string_equal(compared_interval(&of, text), cases[i].interval);
	}
}

static void sentences(void **unused)
{
	static const struct {
		struct compared of;
		const char *words;
	} cases[] = {
		{ { .mark = COMPARED_LESS,
			  .evidence = { .known = true,
				  .relative = true,
				  .middle = -0.163,
				  .low = -0.178,
				  .high = -0.149,
				  .bounded = true } },
			"rate 16.3 % lower, 95 % interval 14.9 to 17.8 %" },
		{ { .mark = COMPARED_MORE,
			  .evidence = { .known = true,
				  .relative = true,
				  .middle = 0.05,
				  .low = 0.04,
				  .high = 0.06,
				  .bounded = true } },
			"rate 5.0 % higher, 95 % interval 4.0 to 6.0 %" },
		{ { .mark = COMPARED_SAME,
			  .evidence = { .known = true,
				  .relative = true,
				  .middle = 0.05,
				  .low = -0.08,
				  .high = 0.31,
				  .bounded = true } },
			"rate not shown to differ: between -8.0 and +31.0 %" },
		{ { .mark = COMPARED_SAME,
			  .evidence = { .known = true,
				  .relative = true,
				  .middle = 0.05,
				  .low = 0.01,
				  .high = 0.1,
				  .bounded = true } },
			"rate not shown to differ: between +1.0 and +10.0 % by itself, which may be chance among 4 tested "
			"figures" },
		{ { .mark = COMPARED_MORE, .evidence = { .known = true, .middle = 12, .low = 3, .high = 20, .bounded = true } },
			"rate differs by +12, 95 % interval +3..+20" },
	};
	char text[COMPARED_WORDS_BYTES];

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(compared_words(&cases[i].of, "rate", 4, text), cases[i].words);
}

/* Marks of a family: one that is wanted and known takes its share of alpha, no other does. */
static void only_what_is_tested_takes_a_share(void **unused)
{
	double a[8], b[8], unknown[8];
	struct compared of[3];
	size_t least = 0;

	(void)unused;
	for (unsigned i = 0; i < 8; i++) {
		a[i] = 100 + i;
		b[i] = 1.1 * a[i] + 0.01 * i;
		unknown[i] = NAN;
	}
	compared_of_pairs(a, b, 8, 0.95, &of[0]);
	compared_of_pairs(a, a, 8, 0.95, &of[1]);
	compared_of_pairs(a, unknown, 8, 0.95, &of[2]);
	assert_int_equal(compared_mark_all(of, (const bool[]){ true, false, true }, 3, true, 0.95, &least), 1);
	assert_int_equal(least, evidence_least_pairs(0.95));
	assert_int_equal(of[0].mark, COMPARED_MORE);
	assert_int_equal(of[1].mark, COMPARED_UNTESTED);
	assert_int_equal(of[2].mark, COMPARED_UNTESTED);
	assert_false(compared_alike(&of[0], &of[1]));
	assert_true(compared_alike(&of[0], &of[0]));
}

/* ---- recorded runs ---- */

enum { RECORDED_ROUNDS = 32, RECORDED_FIGURES = 3 };

struct recorded {
	size_t rounds;
	double value[2][RECORDED_FIGURES][RECORDED_ROUNDS]; /* rate, p50, p99 by side */
};

/* Reads one comparison of this kind as bench/truth writes it: kind, number, round (from 1), side,
 * figures. */
static void read_recorded(const char *name, const char *kind, unsigned wanted, struct recorded *ret)
{
	char path[512], line[256], of[32];
	unsigned number, round, side;
	double v[RECORDED_FIGURES];

	snprintf(path, sizeof(path), "%s/%s", BASE_DATA, name);
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	*ret = (struct recorded){ 0 };
	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%31s %u %u %u %lf %lf %lf", of, &number, &round, &side, &v[0], &v[1], &v[2]) != 7 ||
			strcmp(of, kind) != 0 || number != wanted)
			continue;
		assert_in_range(round, 1, RECORDED_ROUNDS);
		assert_in_range(side, 0, 1);
		for (unsigned i = 0; i < RECORDED_FIGURES; i++)
			ret->value[side][i][round - 1] = v[i];
		ret->rounds = round > ret->rounds ? round : ret->rounds;
	}
	fclose(in);
}

/* Returns how many of the figures have a mark; of[]: what was found. */
static unsigned judge_recorded(const struct recorded *r, double factor, struct compared of[RECORDED_FIGURES])
{
	static const bool wanted[RECORDED_FIGURES] = { true, true, true };
	double b[RECORDED_ROUNDS];
	unsigned marks = 0;
	size_t least;

	for (unsigned i = 0; i < RECORDED_FIGURES; i++) {
		for (size_t round = 0; round < r->rounds; round++)
			b[round] = factor * r->value[1][i][round];
		compared_of_pairs(r->value[0][i], b, r->rounds, 0.95, &of[i]);
	}
	compared_mark_all(of, wanted, RECORDED_FIGURES, true, 0.95, &least);
	assert_in_range(r->rounds, least, RECORDED_ROUNDS);
	for (unsigned i = 0; i < RECORDED_FIGURES; i++)
		marks += of[i].mark > COMPARED_SAME;
	return marks;
}

/* Runs of 1 s on two CPUs that others were busy on: rates scatter by half.  Equals have no mark; a
 * handicap of 20 % is not shown in the rate, and more rounds are asked for; one of 90 % is. */
static void runs_of_a_busy_machine(void **unused)
{
	struct compared of[RECORDED_FIGURES];
	struct recorded same, handicap;

	(void)unused;
	read_recorded("compare-busy.tsv", "same", 1, &same);
	assert_int_equal(same.rounds, 9);
	assert_int_equal(judge_recorded(&same, 1, of), 0);
	read_recorded("compare-busy.tsv", "handicap", 1, &handicap);
	judge_recorded(&handicap, 1, of);
	assert_int_equal(of[0].mark, COMPARED_SAME);
	assert_true(of[0].evidence.middle < 0);
	assert_in_range(of[0].rounds_wanted, handicap.rounds + 1, 100000);
	assert_int_equal(judge_recorded(&same, 0.1, of), RECORDED_FIGURES);
}

/* A whole evening of bench/truth: sixteen rounds of 1 s a comparison, on two CPUs that scatter by a
 * tenth from run to run.  Of twenty comparisons of the same at most one has a mark; single, which
 * answers a fifth fewer than mmsg, is found every time. */
static void twenty_comparisons(void **unused)
{
	struct compared of[RECORDED_FIGURES];
	struct recorded r;
	unsigned alarms = 0;

	(void)unused;
	for (unsigned number = 1; number <= 20; number++) {
		read_recorded("compare-20.tsv", "same", number, &r);
		assert_int_equal(r.rounds, 16);
		alarms += judge_recorded(&r, 1, of) > 0;
	}
	assert_in_range(alarms, 0, 1);
	for (unsigned number = 1; number <= 10; number++) {
		read_recorded("compare-20.tsv", "methods", number, &r);
		assert_int_equal(r.rounds, 16);
		judge_recorded(&r, 1, of);
		assert_int_equal(of[0].mark, COMPARED_LESS);
		assert_true(of[0].evidence.middle > -0.3 && of[0].evidence.middle < -0.15);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(sentences),
		cmocka_unit_test(only_what_is_tested_takes_a_share),
		cmocka_unit_test(runs_of_a_busy_machine),
		cmocka_unit_test(twenty_comparisons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
