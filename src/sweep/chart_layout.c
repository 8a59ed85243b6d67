/* The places of a sweep's cells on its charts.  See sweep/chart_layout.h. */
#include "sweep/chart_layout.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

enum { PANELS_MAX = 16, LINES_MAX = 12 };

/* Lines are best told apart by choices: methods before numbers. */
static int choose_lines(const struct sweep_plan *plan, unsigned x)
{
	int chosen = -1;

	for (unsigned i = 0; i < plan->axes; i++) {
		const struct sweep_axis *axis = &plan->axis[i];

		if (i == x || axis->count < 2)
			continue;
		if (chosen < 0 || (!axis->numeric && plan->axis[chosen].numeric))
			chosen = (int)i;
	}
	return chosen;
}

static bool is_panel_axis(const struct chart_layout *l, unsigned axis)
{
	return axis != l->chart->axis && (int)axis != l->lines;
}

/* The cell at this place. */
static uint32_t cell_at(const struct chart_layout *l, unsigned panel, unsigned line, unsigned x)
{
	const struct sweep_plan *plan = l->state->plan;
	uint32_t cell = 0, factor = 1;

	for (unsigned i = plan->axes; i-- > 0;) {
		unsigned count = plan->axis[i].count, value = x;

		if (is_panel_axis(l, i)) {
			value = panel % count;
			panel /= count;
		} else if ((int)i == l->lines)
			value = line;
		cell += value * factor;
		factor *= count;
	}
	return cell;
}

bool chart_point_at(const struct chart_layout *l, unsigned panel, unsigned line, unsigned nth, struct chart_point *ret_point)
{
	const struct sweep_axis *axis = &l->state->plan->axis[l->chart->axis];
	unsigned x = l->order[nth];
	struct sweep_spread s;

	sweep_state_spread(l->state, cell_at(l, panel, line, x), l->chart->metric, &s);
	if (!s.n)
		return false;
	*ret_point = (struct chart_point){
		.x = l->chart->bars ? (double)nth : axis->number[x],
		.median = s.median * l->scale,
		.min = s.min * l->scale,
		.max = s.max * l->scale,
	};
	return true;
}

bool chart_knee_at(const struct chart_layout *l, unsigned panel, unsigned line, struct knee *ret_knee)
{
	const struct sweep_metric *m = &l->state->metric[l->chart->metric];
	struct sweep_curve curve;

	/* Of the rates: those that bars are drawn of, too, and more of which is better. */
	if (!m->bars || m->better <= 0 || !sweep_has_knees(l->state->plan, l->chart->axis) ||
		!sweep_curve_open(&curve, l->state, l->chart->axis, l->chart->metric))
		return false;
	sweep_curve_read(&curve, cell_at(l, panel, line, 0));
	*ret_knee = curve.knee;
	sweep_curve_close(&curve);
	return ret_knee->kind == KNEE_FOUND;
}

bool chart_gap_at(const struct chart_layout *l, unsigned panel, unsigned line, unsigned nth, double *ret_x)
{
	const struct sweep_cell *cell = &l->state->cell[cell_at(l, panel, line, l->order[nth])];

	*ret_x = l->chart->bars ? (double)nth : l->state->plan->axis[l->chart->axis].number[l->order[nth]];
	return !cell->valid && cell->done + cell->failed > 0;
}

bool chart_has_gaps(const struct chart_layout *l, unsigned panel)
{
	double x;

	for (unsigned line = 0; line < l->line_count; line++)
		for (unsigned i = 0; i < chart_x_count(l); i++)
			if (chart_gap_at(l, panel, line, i, &x))
				return true;
	return false;
}

unsigned chart_x_count(const struct chart_layout *l)
{
	return l->state->plan->axis[l->chart->axis].count;
}

bool chart_has_line(const struct chart_layout *l, unsigned panel, unsigned line)
{
	struct chart_point p;

	for (unsigned i = 0; i < chart_x_count(l); i++)
		if (chart_point_at(l, panel, line, i, &p))
			return true;
	return false;
}

bool chart_has_panel(const struct chart_layout *l, unsigned panel)
{
	for (unsigned line = 0; line < l->line_count; line++)
		if (chart_has_line(l, panel, line))
			return true;
	return false;
}

static void find_range(struct chart_layout *l)
{
	struct chart_point p;

	l->low = l->high = NAN;
	for (unsigned panel = 0; panel < l->panels; panel++)
		for (unsigned line = 0; line < l->line_count; line++)
			for (unsigned i = 0; i < chart_x_count(l); i++)
				if (chart_point_at(l, panel, line, i, &p)) {
					l->low = fmin(l->low, p.min);
					l->high = fmax(l->high, p.max);
				}
}

/* malloc'ed: it is too large for a stack. */
struct chart_layout *chart_lay_out(const struct sweep_state *state, const struct sweep_chart *chart)
{
	const struct sweep_plan *plan = state->plan;
	struct chart_layout *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->state = state;
	l->chart = chart;
	l->lines = choose_lines(plan, chart->axis);
	l->line_count = l->lines < 0 ? 1 : plan->axis[l->lines].count;
	if (l->line_count > LINES_MAX)
		l->line_count = LINES_MAX;
	l->panels_all = 1;
	for (unsigned i = 0; i < plan->axes; i++)
		if (is_panel_axis(l, i))
			l->panels_all *= plan->axis[i].count;
	l->panels = l->panels_all > PANELS_MAX ? PANELS_MAX : (unsigned)l->panels_all;
	l->scale = sweep_state_unit(state, chart->metric, &l->unit);
	sweep_axis_order(&plan->axis[chart->axis], l->order);
	find_range(l);
	return l;
}

/* ---- labels ---- */

static const char *label_at(const struct chart_layout *l, unsigned panel, unsigned line, unsigned nth)
{
	uint32_t cell = cell_at(l, panel, line, l->order[nth]);
	struct sweep_spread s;

	for (unsigned i = 0; i < l->state->metrics; i++) {
		const struct sweep_metric *m = &l->state->metric[i];

		if (!m->label)
			continue;
		sweep_state_spread(l->state, cell, i, &s);
		if (s.n && s.median > m->over)
			return m->label;
	}
	return NULL;
}

const char *chart_line_label(const struct chart_layout *l, unsigned panel, unsigned line)
{
	const char *label = NULL;
	struct chart_point p;
	bool all = true;

	for (unsigned i = 0; i < chart_x_count(l); i++) {
		const char *here = chart_point_at(l, panel, line, i, &p) ? label_at(l, panel, line, i) : label;

		all &= here != NULL;
		label = here ? here : label;
	}
	return l->chart->bars && !all ? NULL : label;
}

/* Does one of the cells with this value of the axis have a label? */
static const char *label_of_value(const struct chart_layout *l, unsigned axis, unsigned value)
{
	bool is_x = axis == l->chart->axis;
	const char *label = NULL;

	for (unsigned panel = 0; panel < l->panels && !label; panel++)
		for (unsigned line = 0; line < l->line_count && !label; line++)
			for (unsigned i = 0; i < chart_x_count(l) && !label; i++)
				if ((is_x ? l->order[i] : line) == value)
					label = label_at(l, panel, line, i);
	return label;
}

char *chart_labels(const struct chart_layout *l, char *out, size_t size)
{
	bool by_x = l->chart->bars || l->lines < 0;
	unsigned axis = by_x ? l->chart->axis : (unsigned)l->lines, count = by_x ? chart_x_count(l) : l->line_count;
	const char *label = NULL;

	out[0] = '\0';
	for (unsigned i = 0; i < count; i++) {
		const char *here = label_of_value(l, axis, i);

		if (here)
			text_add(out, size, "%s%s", *out ? ", " : "", l->state->plan->axis[axis].text[i]);
		label = here ? here : label;
	}
	if (label)
		text_add(out, size, ": %s", label);
	return out;
}

/* ---- names ---- */

double chart_bar_width(const struct chart_layout *l)
{
	return 0.8 / l->line_count;
}

char *chart_line_name(const struct chart_layout *l, unsigned line, char *out, size_t size)
{
	const struct sweep_axis *axis = l->lines < 0 ? NULL : &l->state->plan->axis[l->lines];

	if (!axis)
		snprintf(out, size, "%s", l->state->metric[l->chart->metric].title);
	else if (axis->numeric)
		snprintf(out, size, "%s %s", axis->def->name, axis->text[line]);
	else
		snprintf(out, size, "%s", axis->text[line]);
	return out;
}

char *chart_panel_name(const struct chart_layout *l, unsigned panel, char *out, size_t size)
{
	const struct sweep_plan *plan = l->state->plan;
	uint32_t cell = cell_at(l, panel, 0, 0);

	out[0] = '\0';
	for (unsigned i = 0; i < plan->axes; i++)
		if (is_panel_axis(l, i))
			text_add(out, size, "%s%s %s", *out ? ", " : "", plan->axis[i].def->name,
				plan->axis[i].text[sweep_cell_value(plan, cell, i)]);
	return out;
}
