/* Two sides, figure by figure.  See comparison.h. */
#include "sweep/compare/comparison.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "sweep/report.h"

/* A difference that is worth showing, and by how many figures alpha is shared as a rule. */
static const double EFFECT = 0.05, MARKED = 4;

static double median_of_known(const double *values, size_t n)
{
	double *known = calloc(n ? n : 1, sizeof(*known)), median = NAN;
	struct stats stats = { 0 };
	size_t count = 0;

	for (size_t i = 0; known && i < n; i++)
		if (!isnan(values[i]))
			known[count++] = values[i];
	if (count) {
		stats_of(known, count, &stats);
		median = stats.median;
	}
	free(known);
	return median;
}

/* ---- marks ---- */

static enum comparison_mark mark_of(const struct comparison *c, const struct compared *of)
{
	if (of->evidence.a < c->least || of->evidence.b < c->least)
		return COMPARISON_TOO_FEW;
	if (of->p > 1 - c->level + 1e-12)
		return COMPARISON_SAME;
	return of->evidence.middle < 0 ? COMPARISON_LESS : COMPARISON_MORE;
}

/* A figure that one side does not know cannot be tested, and takes no share of alpha. */
static void mark_all(struct comparison *c)
{
	double p[SWEEP_METRICS_MAX];
	unsigned tested[SWEEP_METRICS_MAX];

	for (unsigned i = 0; i < c->metrics; i++)
		if (c->metric[i].tested && c->of[i].evidence.known) {
			p[c->tests] = c->of[i].evidence.p;
			tested[c->tests++] = i;
		}
	evidence_holm(p, c->tests);
	double level = 1 - (1 - c->level) / (c->tests ? c->tests : 1);

	c->least = c->pairs ? evidence_least_pairs(level) : evidence_least_groups(level);
	for (unsigned i = 0; i < c->tests; i++) {
		struct compared *of = &c->of[tested[i]];

		of->p = p[i];
		of->mark = mark_of(c, of);
	}
}

static void compare_pairs(const double *a, const double *b, size_t n, double level, struct compared *ret)
{
	*ret = (struct compared){ .a = median_of_known(a, n), .b = median_of_known(b, n) };
	evidence_of_pairs(a, b, n, level, &ret->evidence);
	ret->p = ret->evidence.p;
	ret->rounds_wanted = evidence_rounds_for(a, b, n, -EFFECT, (1 - level) / MARKED);
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
		compare_pairs(values_a, values_b, n, level, of);
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

		of->a = median_of_known(a->value[i], a->runs);
		of->b = median_of_known(b->value[i], b->runs);
		evidence_of_groups(a->value[i], a->runs, b->value[i], b->runs, level, &of->evidence);
		of->p = of->evidence.p;
	}
	mark_all(ret_comparison);
}

/* ---- looks ---- */

static const double ALPHA = 0.05;

double comparison_level(const struct sweep_plan *plan, unsigned rounds)
{
	unsigned looks = plan->repeat - plan->thrown, first = (unsigned)evidence_least_pairs(1 - ALPHA);

	if (!(plan->until > 0))
		return 1 - ALPHA;
	if (rounds < plan->thrown + first)
		return 0;
	return 1 - evidence_spend(ALPHA, rounds - plan->thrown, first, looks);
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

/* ---- words ---- */

static void add_value(const struct evidence *e, double value, char out[COMPARISON_TEXT_BYTES])
{
	char number[32];

	if (!e->relative)
		text_add(out, COMPARISON_TEXT_BYTES, "%s%s", value < 0 ? "" : "+", sweep_number(value, number, sizeof(number)));
	else if (fabs(value) < 9.9995)
		text_add(out, COMPARISON_TEXT_BYTES, "%+.*f", fabs(value) < 0.1 ? 2 : 1, 100 * value);
	else
		text_add(out, COMPARISON_TEXT_BYTES, "%+.4g", 100 * value);
}

char *comparison_difference(const struct compared *c, char out[COMPARISON_TEXT_BYTES])
{
	const struct evidence *e = &c->evidence;

	snprintf(out, COMPARISON_TEXT_BYTES, "%s", e->known ? "" : "--");
	if (!e->known)
		return out;
	add_value(e, e->middle, out);
	return text_add(out, COMPARISON_TEXT_BYTES, "%s", e->relative ? " %" : "");
}

char *comparison_interval(const struct compared *c, char out[COMPARISON_TEXT_BYTES])
{
	const struct evidence *e = &c->evidence;
	bool bounded = e->known && e->bounded;

	snprintf(out, COMPARISON_TEXT_BYTES, "%s", bounded ? "" : "--");
	if (!bounded)
		return out;
	add_value(e, e->low, out);
	text_add(out, COMPARISON_TEXT_BYTES, "..");
	add_value(e, e->high, out);
	return text_add(out, COMPARISON_TEXT_BYTES, "%s", e->relative ? " %" : "");
}
