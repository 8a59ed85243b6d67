/* Charts of sweeps, as gnuplot draws them.  See sweep_report.h.
 *
 * Text goes into scripts in single quotes alone, where gnuplot expands nothing, and terminals are told "noenhanced", so that labels are only labels. */
#include "run/sweep_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "run/sweep_layout.h"

enum { TICKS_MAX = 24 };

/* A string as gnuplot takes it literally: in single quotes nothing is expanded, and a quote is written twice. */
static void quote(FILE *out, const char *text)
{
	char clean[CHART_TEXT_BYTES];

	putc('\'', out);
	for (const char *c = text_escape(text, strlen(text), clean, sizeof(clean)); *c; c++) {
		if (*c == '\'')
			putc('\'', out);
		putc(*c, out);
	}
	putc('\'', out);
}

static void write_ticks(FILE *out, const struct chart_layout *l)
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
static bool is_log_x(const struct chart_layout *l, double low, double high)
{
	const struct sweep_axis *axis = &l->state->plan->axis[l->chart->axis];

	return low > 0 && (axis->def->type == OPTION_SIZE || high >= 4 * low);
}

static void write_x(FILE *out, const struct chart_layout *l)
{
	const struct sweep_axis *axis = &l->state->plan->axis[l->chart->axis];
	static const char *const units[] = { [OPTION_SIZE] = " [bytes]", [OPTION_DURATION] = " [s]", [OPTION_TEXT] = NULL };
	double low = axis->number[l->order[0]], high = axis->number[l->order[axis->count - 1]];
	char label[CHART_TEXT_BYTES];

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

static void write_y(FILE *out, const struct chart_layout *l)
{
	const struct sweep_metric *m = &l->state->metric[l->chart->metric];
	bool log_y = m->better < 0 && l->low > 0 && l->high > 20 * l->low && !l->chart->bars;
	char label[CHART_TEXT_BYTES];

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

static void write_plot(FILE *out, const struct chart_layout *l, unsigned panel, unsigned *block)
{
	char name[CHART_TEXT_BYTES];
	bool first = true;

	fputs("\tset title ", out);
	quote(out, chart_panel_name(l, panel, name, sizeof(name)));
	putc('\n', out);
	for (unsigned line = 0; line < l->line_count; line++) {
		if (!chart_has_line(l, panel, line))
			continue;
		fprintf(out, "%s'%s.dat' index %u using ", first ? "\tplot " : ", \\\n\t     ", l->chart->name, (*block)++);
		if (l->chart->bars)
			fprintf(out, "1:2:3:4:(%.9g) with boxerrorbars lt %u title ", chart_bar_width(l), line + 1);
		else
			fprintf(out, "1:2:3:4 with yerrorlines lw 2 lt %u pt 7 ps 0.6 title ", line + 1);
		quote(out, chart_line_name(l, line, name, sizeof(name)));
		first = false;
	}
	putc('\n', out);
}

static void write_caption(FILE *out, const struct chart_layout *l, const struct host_info *host)
{
	char text[CHART_TEXT_BYTES], line[320], time[40], points[80] = "a run a point";
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

static void write_title(FILE *out, const struct chart_layout *l)
{
	const struct sweep_plan *plan = l->state->plan;
	char text[CHART_TEXT_BYTES], more[80] = "";

	if (l->lines >= 0 && plan->axis[l->lines].count > l->line_count)
		snprintf(more, sizeof(more), " (the first %u values of %s)", l->line_count, plan->axis[l->lines].def->name);
	snprintf(text, sizeof(text), "%s: %s vs %s%s", plan->options.engine->title, l->state->metric[l->chart->metric].title,
		plan->axis[l->chart->axis].def->name, more);
	quote(out, text);
}

static void write_terminal(FILE *out, const struct chart_layout *l, unsigned shown)
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
	struct chart_layout *l = chart_lay_out(state, chart);
	unsigned block = 0, shown = 0;

	if (!l)
		return;
	for (unsigned panel = 0; panel < l->panels; panel++)
		shown += chart_has_panel(l, panel);
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
		if (!chart_has_panel(l, panel))
			continue;
		write_plot(out, l, panel, &block);
		/* Once is enough. */
		fputs("\tunset label 1\n", out);
	}
	fputs("\tunset multiplot\n\tunset output\n\treset\n\tset encoding utf8\n}\n", out);
	free(l);
}
