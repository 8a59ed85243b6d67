/* The curves of a sweep, one setting after the other.  See knees.h. */
#include "sweep/knee/knees.h"

#include <stdlib.h>
#include <string.h>

bool sweep_has_knees(const struct sweep_plan *plan, unsigned axis)
{
	return plan->axis[axis].numeric && plan->axis[axis].count >= KNEE_POINTS_LEAST;
}

unsigned sweep_knee_metric(const struct sweep_state *state)
{
	const char *column = state->plan->options.engine->headline_bytes ? "rx_mbps" : "rx_pps";

	for (unsigned i = 0; i < state->metrics; i++)
		if (!strcmp(state->metric[i].column, column))
			return i;
	return 0;
}

bool sweep_curve_open(struct sweep_curve *curve, const struct sweep_state *state, unsigned axis, unsigned metric)
{
	unsigned count = state->plan->axis[axis].count;

	*curve = (struct sweep_curve){ .state = state, .axis = axis, .metric = metric, .count = count };
	curve->order = calloc(count, sizeof(*curve->order));
	curve->point = calloc(count, sizeof(*curve->point));
	if (!curve->order || !curve->point) {
		sweep_curve_close(curve);
		return false;
	}
	sweep_axis_order(&state->plan->axis[axis], curve->order);
	return true;
}

void sweep_curve_close(struct sweep_curve *curve)
{
	free(curve->order);
	free(curve->point);
	*curve = (struct sweep_curve){ 0 };
}

void sweep_curve_read(struct sweep_curve *curve, uint32_t cell)
{
	const struct sweep_plan *plan = curve->state->plan;
	struct sweep_spread s;

	curve->cell = sweep_cell_beside(plan, cell, curve->axis, 0);
	for (unsigned i = 0; i < curve->count; i++) {
		uint32_t here = sweep_cell_beside(plan, cell, curve->axis, curve->order[i]);

		sweep_state_spread(curve->state, here, curve->metric, &s);
		curve->point[i] = (struct knee_point){ .runs = s.n, .median = s.median, .low = s.min, .high = s.max };
	}
	knee_of(curve->point, curve->count, SWEEP_KNEE_PERCENT / 100.0, &curve->knee);
}

static bool has_runs(const struct sweep_curve *curve, uint32_t cell)
{
	for (unsigned i = 0; i < curve->count; i++) {
		const struct sweep_cell *c = &curve->state->cell[sweep_cell_beside(curve->state->plan, cell, curve->axis, i)];

		if (c->done || c->failed)
			return true;
	}
	return false;
}

bool sweep_curve_next(struct sweep_curve *curve)
{
	const struct sweep_plan *plan = curve->state->plan;

	while (curve->next < plan->cells) {
		uint32_t cell = curve->next++;

		if (sweep_cell_value(plan, cell, curve->axis) == 0 && has_runs(curve, cell)) {
			sweep_curve_read(curve, cell);
			return true;
		}
	}
	return false;
}
