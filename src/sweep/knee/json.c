/* A sweep as JSON: what its runs come to.  See knees.h and sweep/report.h. */
#include "results/json_parts.h"
#include "sweep/knee/knees.h"
#include "sweep/report.h"

enum { DIGITS = 3, AXIS_DIGITS = 9 /* nanoseconds, in seconds */, SCHEMA = 1 };

static const struct sweep_axis *axis_of(const struct sweep_curve *c)
{
	return &c->state->plan->axis[c->axis];
}

/* The value of the axis at a point of the curve, as it was typed. */
static json_t *json_of_value(const struct sweep_curve *c, size_t point)
{
	return json_of_text(axis_of(c)->text[c->order[point]]);
}

static json_t *json_of_percent(double part)
{
	return json_of_real(100 * part, DIGITS);
}

static json_t *json_of_setting(const struct sweep_curve *c)
{
	const struct sweep_plan *plan = c->state->plan;
	struct json_maker m = json_make();

	for (unsigned i = 0; i < plan->axes; i++)
		if (i != c->axis)
			json_put(&m, plan->axis[i].def->name,
				json_of_text(plan->axis[i].text[sweep_cell_value(plan, c->cell, i)]));
	return json_made(&m);
}

static json_t *json_of_points(const struct sweep_curve *c)
{
	json_t *points = json_array();
	bool failed = false;

	for (unsigned i = 0; i < c->count; i++) {
		const struct knee_point *p = &c->point[i];
		struct json_maker m = json_make();

		json_put(&m, "value", json_of_value(c, i));
		json_put(&m, "number", json_of_real(axis_of(c)->number[c->order[i]], AXIS_DIGITS));
		json_put(&m, "runs", json_of_count(p->runs));
		json_put(&m, "median", json_of_real(p->median, DIGITS));
		json_put(&m, "min", json_of_real(p->low, DIGITS));
		json_put(&m, "max", json_of_real(p->high, DIGITS));
		json_append(points, json_made(&m), &failed);
	}
	return json_array_made(points, failed);
}

/* The places of the curve: null where too few points are known. */
static void put_places(struct json_maker *m, const struct sweep_curve *c)
{
	const struct knee *k = &c->knee;
	bool known = k->kind != KNEE_TOO_FEW, found = k->kind == KNEE_FOUND;

	json_put(m, "knee", found ? json_of_value(c, k->at) : json_null());
	json_put(m, "about", json_boolean(k->about));
	json_put(m, "from", known ? json_of_value(c, k->from) : json_null());
	json_put(m, "to", known ? json_of_value(c, k->to) : json_null());
	json_put(m, "best", known ? json_of_value(c, k->best) : json_null());
	json_put(m, "knee_percent", found ? json_of_percent(knee_share(c->point, k->at, k->best)) : json_null());
	json_put(m, "worst_behind_percent",
		known && k->worst != k->best ? json_of_percent(knee_share(c->point, k->worst, k->best)) : json_null());
	json_put(m, "last_step_percent",
		k->kind == KNEE_RISING ? json_of_percent(knee_share(c->point, k->last, k->before) - 1) : json_null());
}

static json_t *json_of_curve(const struct sweep_curve *c)
{
	static const char *const kinds[] = { [KNEE_TOO_FEW] = "too few values",
		[KNEE_FLAT] = "flat",
		[KNEE_FALLING] = "falling",
		[KNEE_RISING] = "rising",
		[KNEE_FOUND] = "knee" };
	const struct sweep_metric *metric = &c->state->metric[c->metric];
	char words[SWEEP_KNEE_BYTES];
	struct json_maker m = json_make();

	json_put(&m, "axis", json_string(axis_of(c)->def->name));
	json_put(&m, "setting", json_of_setting(c));
	json_put(&m, "figure", json_string(metric->column));
	json_put(&m, "unit", json_string(metric->unit));
	json_put(&m, "kind", json_string(kinds[c->knee.kind]));
	put_places(&m, c);
	json_put(&m, "words", json_string(sweep_knee_words(c, words, sizeof(words))));
	json_put(&m, "points", json_of_points(c));
	return json_made(&m);
}

static json_t *json_of_knees(const struct sweep_state *state)
{
	json_t *knees = json_array();
	struct sweep_curve curve;
	bool failed = false;

	for (unsigned axis = 0; axis < state->plan->axes; axis++) {
		if (!sweep_has_knees(state->plan, axis))
			continue;
		if (!sweep_curve_open(&curve, state, axis, sweep_knee_metric(state))) {
			failed = true;
			break;
		}
		while (sweep_curve_next(&curve))
			json_append(knees, json_of_curve(&curve), &failed);
		sweep_curve_close(&curve);
	}
	return json_array_made(knees, failed);
}

static json_t *json_of_runs(const struct sweep_state *state)
{
	struct json_maker m = json_make();

	json_put(&m, "wanted", json_of_count(state->slots));
	json_put(&m, "done", json_of_count(state->done));
	json_put(&m, "invalid", json_of_count(state->invalid));
	json_put(&m, "failed", json_of_count(state->failed));
	return json_made(&m);
}

json_t *sweep_to_json(const struct sweep_report *report)
{
	struct json_maker m = json_make();

	json_put(&m, "netdyno", json_of_head(SCHEMA));
	json_put(&m, "mode", json_string(report->state->plan->options.engine->name));
	json_put(&m, "complete", json_boolean(!report->stopped));
	json_put(&m, "stopped", report->stopped ? json_of_text(report->stopped) : json_null());
	json_put(&m, "runs", json_of_runs(report->state));
	json_put(&m, "within_percent", json_integer(SWEEP_KNEE_PERCENT));
	json_put(&m, "knees", json_of_knees(report->state));
	return json_made(&m);
}
