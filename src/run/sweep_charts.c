/* Charts of sweeps, as gnuplot's scripts and data.  See sweep_report.h.
 *
 * Text goes into scripts in single quotes alone, where gnuplot expands nothing, and terminals are told "noenhanced", so that labels are only labels. */
#include "run/sweep_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

enum { PANELS_MAX = 16, LINES_MAX = 12, TICKS_MAX = 24, TEXT_BYTES = 512 };

/* How a chart lays the cells out. */
struct layout {
	const struct sweep_state *state;
	const struct sweep_chart *chart;
	int lines; /* axis with a line per value; -1: one line */
	unsigned line_count;
	unsigned panels;                  /* combinations of the other axes that are drawn */
	unsigned order[SWEEP_VALUES_MAX]; /* of the x axis' values */
	double scale, low, high;          /* of all points with their bars */
	const char *unit;
};

struct point {
	double x, median, min, max;
};

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

/* ---- layout ---- */

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

static bool is_panel_axis(const struct layout *l, unsigned axis)
{
	return axis != l->chart->axis && (int)axis != l->lines;
}

/* The cell at this place. */
static uint32_t cell_at(const struct layout *l, unsigned panel, unsigned line, unsigned x)
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

static bool point_at(const struct layout *l, unsigned panel, unsigned line, unsigned nth, struct point *ret_point)
{
	const struct sweep_axis *axis = &l->state->plan->axis[l->chart->axis];
	unsigned x = l->order[nth];
	struct sweep_spread s;

	sweep_state_spread(l->state, cell_at(l, panel, line, x), l->chart->metric, &s);
	if (!s.n)
		return false;
	*ret_point = (struct point){
		.x = l->chart->bars ? (double)nth : axis->number[x],
		.median = s.median * l->scale,
		.min = s.min * l->scale,
		.max = s.max * l->scale,
	};
	return true;
}

static unsigned x_count(const struct layout *l)
{
	return l->state->plan->axis[l->chart->axis].count;
}

static bool has_line(const struct layout *l, unsigned panel, unsigned line)
{
	struct point p;

	for (unsigned i = 0; i < x_count(l); i++)
		if (point_at(l, panel, line, i, &p))
			return true;
	return false;
}

static bool has_panel(const struct layout *l, unsigned panel)
{
	for (unsigned line = 0; line < l->line_count; line++)
		if (has_line(l, panel, line))
			return true;
	return false;
}

static void sort_x(struct layout *l)
{
	const struct sweep_axis *axis = &l->state->plan->axis[l->chart->axis];

	for (unsigned i = 0; i < axis->count; i++) {
		unsigned at = i;

		for (; !l->chart->bars && at > 0 && axis->number[l->order[at - 1]] > axis->number[i]; at--)
			l->order[at] = l->order[at - 1];
		l->order[at] = i;
	}
}

static void find_range(struct layout *l)
{
	struct point p;

	l->low = l->high = NAN;
	for (unsigned panel = 0; panel < l->panels; panel++)
		for (unsigned line = 0; line < l->line_count; line++)
			for (unsigned i = 0; i < x_count(l); i++)
				if (point_at(l, panel, line, i, &p)) {
					l->low = fmin(l->low, p.min);
					l->high = fmax(l->high, p.max);
				}
}

/* malloc'ed: it is too large for a stack. */
static struct layout *lay_out(const struct sweep_state *state, const struct sweep_chart *chart)
{
	const struct sweep_plan *plan = state->plan;
	struct layout *l = calloc(1, sizeof(*l));
	uint64_t panels = 1;

	if (!l)
		return NULL;
	l->state = state;
	l->chart = chart;
	l->lines = choose_lines(plan, chart->axis);
	l->line_count = l->lines < 0 ? 1 : plan->axis[l->lines].count;
	if (l->line_count > LINES_MAX)
		l->line_count = LINES_MAX;
	for (unsigned i = 0; i < plan->axes; i++)
		if (is_panel_axis(l, i) && panels <= PANELS_MAX)
			panels *= plan->axis[i].count;
	l->panels = panels > PANELS_MAX ? PANELS_MAX : (unsigned)panels;
	l->scale = sweep_state_unit(state, chart->metric, &l->unit);
	sort_x(l);
	find_range(l);
	return l;
}

/* ---- data ---- */

static double bar_width(const struct layout *l)
{
	return 0.8 / l->line_count;
}

static char *line_name(const struct layout *l, unsigned line, char *out, size_t size)
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

static char *panel_name(const struct layout *l, unsigned panel, char *out, size_t size)
{
	const struct sweep_plan *plan = l->state->plan;
	uint32_t cell = cell_at(l, panel, 0, 0);
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < plan->axes && used < size; i++)
		if (is_panel_axis(l, i))
			used += (size_t)snprintf(out + used, size - used, "%s%s %s", used ? ", " : "", plan->axis[i].def->name,
				plan->axis[i].text[sweep_cell_value(plan, cell, i)]);
	return out;
}

static void comment(FILE *out, const char *text)
{
	char clean[TEXT_BYTES];

	fprintf(out, "# %s\n", text_escape(text, strlen(text), clean, sizeof(clean)));
}

static void write_line(FILE *out, const struct layout *l, unsigned panel, unsigned line)
{
	char name[TEXT_BYTES];
	struct point p;

	comment(out, panel_name(l, panel, name, sizeof(name)));
	comment(out, line_name(l, line, name, sizeof(name)));
	for (unsigned i = 0; i < x_count(l); i++) {
		if (!point_at(l, panel, line, i, &p))
			continue;
		if (l->chart->bars)
			p.x += (line - (l->line_count - 1) / 2.0) * bar_width(l);
		fprintf(out, "%.9g %.9g %.9g %.9g\n", p.x, p.median, p.min, p.max);
	}
	fputs("\n\n", out);
}

void sweep_chart_data(FILE *out, const struct sweep_state *state, const struct sweep_chart *chart)
{
	struct layout *l = lay_out(state, chart);

	if (!l)
		return;
	fprintf(out, "# %s: x median minimum maximum; a block per line of each panel\n", chart->name);
	for (unsigned panel = 0; panel < l->panels; panel++)
		for (unsigned line = 0; line < l->line_count; line++)
			if (has_line(l, panel, line))
				write_line(out, l, panel, line);
	free(l);
}

/* ---- script ---- */

/* A string as gnuplot takes it literally: in single quotes nothing is expanded, and a quote is written twice. */
static void quote(FILE *out, const char *text)
{
	char clean[TEXT_BYTES];

	putc('\'', out);
	for (const char *c = text_escape(text, strlen(text), clean, sizeof(clean)); *c; c++) {
		if (*c == '\'')
			putc('\'', out);
		putc(*c, out);
	}
	putc('\'', out);
}

static void write_ticks(FILE *out, const struct layout *l)
{
	const struct sweep_axis *axis = &l->state->plan->axis[l->chart->axis];

	if (axis->count > TICKS_MAX)
		return;
	fputs("\tset xtics (", out);
	for (unsigned i = 0; i < axis->count; i++) {
		unsigned x = l->order[i];

		fputs(i ? ", " : "", out);
		quote(out, axis->text[x]);
		fprintf(out, " %.9g", l->chart->bars ? (double)i : axis->number[x]);
	}
	fputs(")\n", out);
}

/* Sizes double from step to step, and so may counts. */
static bool is_log_x(const struct layout *l, double low, double high)
{
	const struct sweep_axis *axis = &l->state->plan->axis[l->chart->axis];

	return low > 0 && (axis->def->type == OPTION_SIZE || high >= 4 * low);
}

static void write_x(FILE *out, const struct layout *l)
{
	const struct sweep_axis *axis = &l->state->plan->axis[l->chart->axis];
	static const char *const units[] = { [OPTION_SIZE] = " [bytes]", [OPTION_DURATION] = " [s]", [OPTION_TEXT] = NULL };
	double low = axis->number[l->order[0]], high = axis->number[l->order[axis->count - 1]];
	char label[TEXT_BYTES];

	snprintf(label, sizeof(label), "%s%s", axis->def->name,
		axis->numeric && units[axis->def->type] ? units[axis->def->type] : "");
	fputs("\tset xlabel ", out);
	quote(out, label);
	putc('\n', out);
	write_ticks(out, l);
	if (l->chart->bars)
		fprintf(out, "\tset xrange [-0.6:%.9g]\n", axis->count - 0.4);
	else if (is_log_x(l, low, high))
		fprintf(out, "\tset logscale x 2\n\tset xrange [%.9g:%.9g]\n", low / 1.25, high * 1.25);
	else
		fprintf(out, "\tset xrange [%.9g:%.9g]\n", low - 0.05 * (high - low), high + 0.05 * (high - low));
}

static void write_y(FILE *out, const struct layout *l)
{
	const struct sweep_metric *m = &l->state->metric[l->chart->metric];
	bool log_y = m->better < 0 && l->low > 0 && l->high > 20 * l->low && !l->chart->bars;
	char label[TEXT_BYTES];

	snprintf(label, sizeof(label), "%s%s%s%s", m->title, *l->unit ? " [" : "", l->unit, *l->unit ? "]" : "");
	fputs("\tset ylabel ", out);
	quote(out, label);
	putc('\n', out);
	/* The same range in all panels, with room for the legend. */
	if (log_y)
		fprintf(out, "\tset logscale y\n\tset yrange [%.9g:%.9g]\n", l->low / 1.5, l->high * 8);
	else
		fprintf(out, "\tset yrange [%.9g:%.9g]\n", fmin(0, 1.1 * l->low), l->high > 0 ? 1.4 * l->high : 1);
	if (l->high >= 10000)
		fputs("\tset format y '%.1s%c'\n", out);
}

static void write_plot(FILE *out, const struct layout *l, unsigned panel, unsigned *block)
{
	char name[TEXT_BYTES];
	bool first = true;

	fputs("\tset title ", out);
	quote(out, panel_name(l, panel, name, sizeof(name)));
	putc('\n', out);
	for (unsigned line = 0; line < l->line_count; line++) {
		if (!has_line(l, panel, line))
			continue;
		fprintf(out, "%s'%s.dat' index %u using ", first ? "\tplot " : ", \\\n\t     ", l->chart->name, (*block)++);
		if (l->chart->bars)
			fprintf(out, "1:2:3:4:(%.9g) with boxerrorbars lt %u title ", bar_width(l), line + 1);
		else
			fprintf(out, "1:2:3:4 with yerrorlines lw 2 lt %u pt 7 ps 0.6 title ", line + 1);
		quote(out, line_name(l, line, name, sizeof(name)));
		first = false;
	}
	putc('\n', out);
}

static void write_caption(FILE *out, const struct layout *l, const struct host_info *host)
{
	char text[TEXT_BYTES], line[320], time[40], points[80] = "a run a point";
	unsigned repeat = l->state->plan->repeat;

	if (repeat > 1)
		snprintf(points, sizeof(points), "median of up to %u valid runs, bars: minimum to maximum", repeat);
	clock_format_iso(clock_wall_of(clock_run_ns()), time, sizeof(time));
	snprintf(text, sizeof(text), "%s; %.10s; netdyno %s; %s", sweep_host_line(host, line, sizeof(line)), time,
		NETDYNO_VERSION, points);
	fputs("\tset label 1 ", out);
	quote(out, text);
	fputs(" at screen 0.5,0.02 center font ',9'\n", out);
}

static void write_title(FILE *out, const struct layout *l)
{
	const struct sweep_plan *plan = l->state->plan;
	char text[TEXT_BYTES], more[80] = "";

	if (l->lines >= 0 && plan->axis[l->lines].count > l->line_count)
		snprintf(more, sizeof(more), " (the first %u values of %s)", l->line_count, plan->axis[l->lines].def->name);
	snprintf(text, sizeof(text), "%s: %s vs %s%s", plan->options.engine->title, l->state->metric[l->chart->metric].title,
		plan->axis[l->chart->axis].def->name, more);
	quote(out, text);
}

static void write_terminal(FILE *out, const struct layout *l, unsigned shown)
{
	unsigned columns = (unsigned)ceil(sqrt(shown)), rows = (shown + columns - 1) / columns;
	unsigned width = shown == 1 ? 900 : 520 * columns, height = shown == 1 ? 560 : 380 * rows;

	fprintf(out,
		"\tif (format eq 'png') {\n\t\tset terminal pngcairo noenhanced size %u,%u font ',11' background 'white'\n"
		"\t} else {\n\t\tset terminal svg noenhanced size %u,%u font ',13' background 'white'\n\t}\n"
		"\tset output '%s.'.format.part\n",
		width, height, width, height, l->chart->name);
	fprintf(out, "\tset multiplot layout %u,%u margins screen %.4f,0.98,%.4f,%.4f spacing screen %.4f,%.4f title ", rows,
		columns, 85.0 / width, 85.0 / height, 1 - 60.0 / height, 95.0 / width, 95.0 / height);
	write_title(out, l);
	putc('\n', out);
}

void sweep_chart_script(FILE *out, const struct sweep_state *state, const struct sweep_chart *chart, const struct host_info *host)
{
	struct layout *l = lay_out(state, chart);
	unsigned block = 0, shown = 0;

	if (!l)
		return;
	for (unsigned panel = 0; panel < l->panels; panel++)
		shown += has_panel(l, panel);
	fprintf(out, "# gnuplot %s.gp draws %s.png and %s.svg from %s.dat.\nreset\n", chart->name, chart->name, chart->name,
		chart->name);
	fputs("if (!exists('part')) part = ''\nset encoding utf8\ndo for [format in 'png svg'] {\n", out);
	write_terminal(out, l, shown ? shown : 1);
	fputs("\tset grid lt 1 lc rgb '#dddddd'\n\tset key top left maxrows 3 samplen 2\n\tset style fill solid 0.6 border\n",
		out);
	write_x(out, l);
	write_y(out, l);
	write_caption(out, l, host);
	for (unsigned panel = 0; panel < l->panels; panel++) {
		if (!has_panel(l, panel))
			continue;
		write_plot(out, l, panel, &block);
		/* Once is enough. */
		fputs("\tunset label 1\n", out);
	}
	fputs("\tunset multiplot\n\tunset output\n\treset\n\tset encoding utf8\n}\n", out);
	free(l);
}
