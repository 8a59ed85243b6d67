/* The charts of a sweep, and their data.  See sweep/report.h. */
#include "sweep/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sweep/chart_layout.h"

/* ---- which charts ---- */

static void add_chart(struct sweep_charts *charts, const struct sweep_state *state, unsigned metric, unsigned axis)
{
	if (charts->count == SWEEP_CHARTS_MAX)
		return;
	struct sweep_chart *c = &charts->chart[charts->count++];

	*c = (struct sweep_chart){ .metric = metric, .axis = axis, .bars = !state->plan->axis[axis].numeric };
	snprintf(c->name, sizeof(c->name), "%s-vs-%s", state->metric[metric].slug, state->plan->axis[axis].def->name);
}

void sweep_charts_of(const struct sweep_state *state, struct sweep_charts *ret_charts)
{
	*ret_charts = (struct sweep_charts){ 0 };
	for (unsigned metric = 0; metric < state->metrics; metric++) {
		const struct sweep_metric *m = &state->metric[metric];

		if (!m->chart || !sweep_state_known(state, metric))
			continue;
		for (unsigned axis = 0; axis < state->plan->axes; axis++)
			if (state->plan->axis[axis].count > 1 && (state->plan->axis[axis].numeric || m->bars))
				add_chart(ret_charts, state, metric, axis);
	}
}

/* ---- data ---- */

static void comment(FILE *out, const char *text)
{
	char clean[CHART_TEXT_BYTES];

	fprintf(out, "# %s\n", text_escape(text, strlen(text), clean, sizeof(clean)));
}

/* Bars of one place stand side by side. */
static double beside(const struct chart_layout *l, unsigned line)
{
	return l->chart->bars ? (line - (l->line_count - 1) / 2.0) * chart_bar_width(l) : 0;
}

static void write_line(FILE *out, const struct chart_layout *l, unsigned panel, unsigned line)
{
	char name[CHART_TEXT_BYTES];
	struct chart_point p;

	comment(out, chart_panel_name(l, panel, name, sizeof(name)));
	comment(out, chart_line_name(l, line, name, sizeof(name)));
	for (unsigned i = 0; i < chart_x_count(l); i++) {
		if (!chart_point_at(l, panel, line, i, &p))
			continue;
		fprintf(out, "%.9g %.9g %.9g %.9g\n", p.x + beside(l, line), p.median, p.min, p.max);
	}
	fputs("\n\n", out);
}

static void write_gaps(FILE *out, const struct chart_layout *l, unsigned panel)
{
	char name[CHART_TEXT_BYTES];
	double x;

	comment(out, chart_panel_name(l, panel, name, sizeof(name)));
	comment(out, "no valid run");
	for (unsigned line = 0; line < l->line_count; line++)
		for (unsigned i = 0; i < chart_x_count(l); i++)
			if (chart_gap_at(l, panel, line, i, &x))
				fprintf(out, "%.9g\n", x + beside(l, line));
	fputs("\n\n", out);
}

void sweep_chart_data(FILE *out, const struct sweep_state *state, const struct sweep_chart *chart)
{
	struct chart_layout *l = chart_lay_out(state, chart);

	if (!l)
		return;
	fprintf(out, "# %s: x median minimum maximum; a block per line of each panel, and of the x without a valid run\n",
		chart->name);
	for (unsigned panel = 0; panel < l->panels; panel++) {
		for (unsigned line = 0; line < l->line_count; line++)
			if (chart_has_line(l, panel, line))
				write_line(out, l, panel, line);
		if (chart_has_panel(l, panel) && chart_has_gaps(l, panel))
			write_gaps(out, l, panel);
	}
	free(l);
}
