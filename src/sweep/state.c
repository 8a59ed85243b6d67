/* The state of a sweep: its results so far.  See sweep.h. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/stats/stats.h"
#include "results/results.h"
#include "sweep/metrics.h"

enum { REMARKS = sizeof(((struct sweep_state *)0)->remark) / sizeof(struct sweep_remark), REMARK_BYTES = 400 };

/* ---- life ---- */

static double cell_seconds(const struct sweep_state *state, uint32_t cell)
{
	return (double)sweep_cell_ns(state->plan, cell) / NS_PER_S;
}

int sweep_state_init(struct sweep_state *state, const struct sweep_plan *plan, struct err *err)
{
	struct sweep_state made = { .plan = plan, .slots = (uint64_t)plan->cells * plan->repeat };

	made.cell = calloc(plan->cells, sizeof(*made.cell));
	made.slot = calloc(plan->repeat, plan->cells);
	if (!made.cell || !made.slot) {
		sweep_state_free(&made);
		return err_sys(err, ENOMEM, "make a sweep of %u cells", plan->cells);
	}
	made.metrics = sweep_metrics_of(plan->options.engine, made.metric);
	for (uint32_t i = 0; i < plan->cells; i++)
		made.left_s += plan->repeat * cell_seconds(&made, i);
	*state = made;
	return 0;
}

void sweep_state_free(struct sweep_state *state)
{
	for (uint32_t i = 0; state->cell && i < state->plan->cells; i++) {
		free(state->cell[i].value);
		free(state->cell[i].round);
	}
	for (unsigned i = 0; i < state->remarks; i++)
		free(state->remark[i].text);
	for (unsigned i = 0; i < state->failures; i++)
		free(state->failure[i].why);
	free(state->failure);
	free(state->cell);
	free(state->slot);
	*state = (struct sweep_state){ 0 };
}

/* ---- remarks ---- */

/* Two remarks are one if they differ in their numbers alone. */
static bool is_alike(const char *a, const char *b)
{
	while (*a && *b) {
		bool number = isdigit((unsigned char)*a) && isdigit((unsigned char)*b);

		if (!number && *a != *b)
			return false;
		if (!number) {
			a++;
			b++;
			continue;
		}
		a += strspn(a, "0123456789.");
		b += strspn(b, "0123456789.");
	}
	return *a == *b;
}

static void add_remark(struct sweep_state *state, uint32_t cell, bool invalid, const char *text)
{
	char clean[REMARK_BYTES];

	text_escape(text, strlen(text), clean, sizeof(clean));
	for (unsigned i = 0; i < state->remarks; i++) {
		struct sweep_remark *r = &state->remark[i];

		if (r->invalid == invalid && is_alike(r->text, clean)) {
			r->runs++;
			return;
		}
	}
	char *copy = state->remarks < REMARKS ? strdup(clean) : NULL;
	if (copy)
		state->remark[state->remarks++] =
			(struct sweep_remark){ .invalid = invalid, .runs = 1, .cell = cell, .text = copy };
	else
		state->remarks_more++;
}

static void take_remarks(struct sweep_state *state, uint32_t cell, const json_t *verdict, const char *key, bool invalid)
{
	json_t *line;
	size_t i;

	json_array_foreach(json_object_get(verdict, key), i, line)
	{
		if (json_is_string(line))
			add_remark(state, cell, invalid, json_string_value(line));
	}
}

/* ---- runs ---- */

/* The slot's failure that is not made good: NULL if there is none. */
static struct sweep_failure *find_failure(const struct sweep_state *state, uint32_t cell, unsigned round)
{
	for (unsigned i = 0; i < state->failures; i++) {
		struct sweep_failure *f = &state->failure[i];

		if (f->cell == cell && f->round == round && !f->made_good)
			return f;
	}
	return NULL;
}

static int add_failure(struct sweep_state *state, struct sweep_failure failure, const char *why, struct err *err)
{
	char clean[REMARK_BYTES];
	struct sweep_failure *more = realloc(state->failure, (state->failures + 1) * sizeof(*more));

	if (more)
		state->failure = more;
	failure.why = strdup(text_escape(why, strlen(why), clean, sizeof(clean)));
	if (!more || !failure.why) {
		free(failure.why);
		return err_sys(err, ENOMEM, "keep a failure");
	}
	state->failure[state->failures++] = failure;
	return 0;
}

static void learn_why(struct sweep_metric *m, const json_t *row, const json_t *result)
{
	const json_t *unknown = json_object_get(json_object_get(result, "end"), "unknown"),
		     *count = json_object_get(row, m->counted);
	const char *why = m->source[0] ? json_string_value(json_object_get(unknown, m->source)) : NULL;

	if (json_is_integer(count) && json_integer_value(count) == 0)
		why = "none was recorded in any run";
	if (why && !m->why[0])
		text_escape(why, strlen(why), m->why, sizeof(m->why));
}

static int keep_values(struct sweep_state *state, struct sweep_cell *cell, unsigned round, const json_t *row,
	const json_t *result, struct err *err)
{
	float *more = realloc(cell->value, (cell->valid + 1u) * state->metrics * sizeof(*more));
	uint16_t *rounds = realloc(cell->round, (cell->valid + 1u) * sizeof(*rounds));

	cell->value = more ? more : cell->value;
	cell->round = rounds ? rounds : cell->round;
	if (!more || !rounds)
		return err_sys(err, ENOMEM, "keep a result");
	rounds[cell->valid] = (uint16_t)round;
	for (unsigned i = 0; i < state->metrics; i++) {
		const json_t *value = json_object_get(row, state->metric[i].column);

		more[cell->valid * state->metrics + i] = json_is_number(value) ? (float)json_number_value(value) : NAN;
		if (!json_is_number(value))
			learn_why(&state->metric[i], row, result);
	}
	cell->valid++;
	return 0;
}

static unsigned char *slot_of(const struct sweep_state *state, uint32_t cell, unsigned round)
{
	return &state->slot[(size_t)round * state->plan->cells + cell];
}

/* A resumed sweep may fill a slot that had failed. */
static void fill_slot(struct sweep_state *state, uint32_t cell, unsigned round, unsigned char how)
{
	unsigned char *slot = slot_of(state, cell, round);

	if (*slot != SWEEP_SLOT_FAILED)
		state->left_s -= cell_seconds(state, cell);
	if (*slot != SWEEP_SLOT_WAITING) {
		state->failed--;
		state->again -= *slot == SWEEP_SLOT_AGAIN;
		state->cell[cell].failed--;
	}
	*slot = how;
}

void sweep_state_retry(struct sweep_state *state)
{
	for (unsigned round = 0; round < state->plan->repeat; round++)
		for (uint32_t cell = 0; cell < state->plan->cells; cell++) {
			unsigned char *slot = slot_of(state, cell, round);

			if (*slot != SWEEP_SLOT_FAILED)
				continue;
			*slot = SWEEP_SLOT_AGAIN;
			state->again++;
			state->left_s += cell_seconds(state, cell);
		}
}

uint64_t sweep_state_ended(const struct sweep_state *state)
{
	return state->done + state->failed - state->again;
}

int sweep_state_take_run(
	struct sweep_state *state, uint32_t cell, unsigned round, const json_t *row, const json_t *result, struct err *err)
{
	const json_t *verdict = json_object_get(json_object_get(result, "end"), "verdict");
	struct sweep_cell *c = &state->cell[cell];
	bool valid = json_is_true(json_object_get(verdict, "valid")), counts = round >= state->plan->thrown;

	if (*slot_of(state, cell, round) == SWEEP_SLOT_DONE)
		return 0;
	int rc = valid && counts ? keep_values(state, c, round, row, result, err) : 0;
	if (rc < 0)
		return rc;
	c->limited[results_limit_of(result)] += valid && counts;
	struct sweep_failure *failure = find_failure(state, cell, round);
	if (failure)
		failure->made_good = true;
	fill_slot(state, cell, round, SWEEP_SLOT_DONE);
	c->done++;
	state->done++;
	if (!counts)
		return 0;
	state->invalid += !valid;
	take_remarks(state, cell, verdict, "reasons", true);
	take_remarks(state, cell, verdict, "cautions", false);
	return 0;
}

int sweep_state_take_failure(
	struct sweep_state *state, uint32_t cell, unsigned round, unsigned attempts, const char *why, struct err *err)
{
	if (*slot_of(state, cell, round) == SWEEP_SLOT_DONE)
		return 0;
	int rc = add_failure(state, (struct sweep_failure){ .cell = cell, .round = round, .attempts = attempts }, why, err);
	if (rc < 0)
		return rc;
	/* One failure a slot: the newest. */
	struct sweep_failure *before = find_failure(state, cell, round);
	if (before != &state->failure[state->failures - 1]) {
		free(before->why);
		*before = state->failure[--state->failures];
	}
	fill_slot(state, cell, round, SWEEP_SLOT_FAILED);
	state->cell[cell].failed++;
	state->failed++;
	return 0;
}

int sweep_state_take_retry(
	struct sweep_state *state, uint32_t cell, unsigned round, unsigned failed, const char *why, struct err *err)
{
	return add_failure(
		state, (struct sweep_failure){ .cell = cell, .round = round, .attempts = failed, .made_good = true }, why, err);
}

unsigned char sweep_state_slot(const struct sweep_state *state, uint32_t cell, unsigned round)
{
	return *slot_of(state, cell, round);
}

/* ---- what it comes to ---- */

enum sweep_status sweep_state_status(const struct sweep_state *state, uint32_t cell)
{
	const struct sweep_cell *c = &state->cell[cell];

	if (state->running && state->current == cell)
		return SWEEP_RUNNING;
	if (c->done + c->failed < state->plan->repeat)
		return c->done + c->failed ? SWEEP_PARTLY : SWEEP_WAITING;
	return c->done ? SWEEP_DONE : SWEEP_FAILED;
}

void sweep_state_values(const struct sweep_state *state, uint32_t cell, unsigned metric, double *ret_values)
{
	const struct sweep_cell *c = &state->cell[cell];

	for (unsigned i = 0; i < state->plan->repeat; i++)
		ret_values[i] = NAN;
	for (unsigned i = 0; i < c->valid; i++)
		ret_values[c->round[i]] = (double)c->value[i * state->metrics + metric];
}

void sweep_state_spread(const struct sweep_state *state, uint32_t cell, unsigned metric, struct sweep_spread *ret_spread)
{
	const struct sweep_cell *c = &state->cell[cell];
	double *values = calloc(c->valid ? c->valid : 1, sizeof(*values));
	struct stats stats = { 0 };
	unsigned n = 0;

	for (unsigned i = 0; values && i < c->valid; i++) {
		double value = (double)c->value[i * state->metrics + metric];

		if (!isnan(value))
			values[n++] = value;
	}
	*ret_spread = (struct sweep_spread){ .n = n, .median = NAN, .min = NAN, .max = NAN };
	stats_of(values, n, &stats);
	if (n)
		*ret_spread = (struct sweep_spread){ .n = n, .median = stats.median, .min = stats.min, .max = stats.max };
	free(values);
}

int64_t sweep_state_best(const struct sweep_state *state, unsigned metric)
{
	int better = state->metric[metric].better;
	double best_value = NAN;
	int64_t best = -1;

	for (uint32_t i = 0; better && i < state->plan->cells; i++) {
		struct sweep_spread spread;

		if (!state->cell[i].valid)
			continue;
		sweep_state_spread(state, i, metric, &spread);
		if (isnan(spread.median) || !(best < 0 || better * spread.median > better * best_value))
			continue;
		best = i;
		best_value = spread.median;
	}
	return best;
}

bool sweep_state_known(const struct sweep_state *state, unsigned metric)
{
	for (uint32_t i = 0; i < state->plan->cells; i++)
		for (unsigned n = 0; n < state->cell[i].valid; n++)
			if (!isnan(state->cell[i].value[n * state->metrics + metric]))
				return true;
	return false;
}

double sweep_state_eta_s(const struct sweep_state *state)
{
	double overhead = state->timed ? (state->spent_s - state->expected_s) / (double)state->timed : 0;
	uint64_t left = state->slots - sweep_state_ended(state);

	return fmax(0, state->left_s) + (double)left * fmax(0, overhead);
}

double sweep_state_unit(const struct sweep_state *state, unsigned metric, const char **ret_unit)
{
	const struct sweep_metric *m = &state->metric[metric];
	double most = 0;

	*ret_unit = m->unit;
	if (strcmp(m->unit, "Mbit/s") != 0)
		return 1;
	for (uint32_t i = 0; i < state->plan->cells; i++)
		for (unsigned n = 0; n < state->cell[i].valid; n++)
			most = fmax(most, (double)state->cell[i].value[n * state->metrics + metric]);
	if (most < 10000)
		return 1;
	*ret_unit = "Gbit/s";
	return 1e-3;
}
