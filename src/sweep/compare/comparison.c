/* Two sides, figure by figure.  See comparison.h. */
#include "sweep/compare/comparison.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "sweep/report.h"

static void mark_all(struct comparison *c)
{
	bool wanted[SWEEP_METRICS_MAX];

	for (unsigned i = 0; i < c->metrics; i++)
		wanted[i] = c->metric[i].tested;
	c->tests = compared_mark_all(c->of, wanted, c->metrics, c->pairs, c->level, &c->least);
}

void comparison_of_cells(
	const struct sweep_state *state, uint32_t a, uint32_t b, unsigned rounds, double level, struct comparison *ret_comparison)
{
	unsigned n = rounds < state->plan->repeat ? rounds : state->plan->repeat;
	double *values_a = calloc(state->plan->repeat, sizeof(*values_a)),
	       *values_b = calloc(state->plan->repeat, sizeof(*values_b));

	*ret_comparison =
		(struct comparison){ .pairs = true, .level = level, .metrics = state->metrics, .metric = state->metric };
	for (unsigned i = 0; i < state->metrics; i++) {
		struct compared *of = &ret_comparison->of[i];

		*of = (struct compared){ .a = NAN, .b = NAN, .p = 1 };
		if (!values_a || !values_b)
			continue;
		sweep_state_values(state, a, i, values_a);
		sweep_state_values(state, b, i, values_b);
		compared_of_pairs(values_a, values_b, n, level, of);
	}
	mark_all(ret_comparison);
	free(values_a);
	free(values_b);
}

void comparison_of_groups(const struct sweep_metric *metric, unsigned metrics, const struct comparison_group *a,
	const struct comparison_group *b, double level, struct comparison *ret_comparison)
{
	*ret_comparison = (struct comparison){ .level = level, .metrics = metrics, .metric = metric };
	for (unsigned i = 0; i < metrics; i++) {
		struct compared *of = &ret_comparison->of[i];

		compared_of_groups(a->value[i], a->runs, b->value[i], b->runs, level, of);
	}
	mark_all(ret_comparison);
}

/* ---- looks ---- */

double comparison_level(const struct sweep_plan *plan, unsigned rounds)
{
	if (!(plan->until > 0))
		return 0.95;
	return rounds > plan->thrown ? compared_level_of_look(rounds - plan->thrown, plan->repeat - plan->thrown) : 0;
}

unsigned comparison_rounds(const struct sweep_state *state)
{
	unsigned rounds = 0;

	for (unsigned round = 0; round < state->plan->repeat; round++)
		for (uint32_t cell = 0; cell < state->plan->cells; cell++)
			if (sweep_state_slot(state, cell, round) == SWEEP_SLOT_WAITING)
				return rounds;
			else
				rounds = cell + 1 == state->plan->cells ? round + 1 : rounds;
	return rounds;
}
