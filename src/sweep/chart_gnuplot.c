/* Charts of sweeps, as gnuplot draws them.  See sweep/report.h.
 *
 * Text goes into scripts in single quotes alone, where gnuplot expands nothing, and terminals
 * are told "noenhanced", so that labels are only labels. */
#include "sweep/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "sweep/chart_axes.h"

enum {
	COLOURS = 8,         /* that gnuplot has; more lines are told apart by dashes and fills */
	BARE_TICKS_MAX = 60, /* more ticks without a label are a grey band */
	LEGEND_ROWS = 3,
};

/* Pixels. */
struct paper {
	unsigned columns, rows, width, height;
	double left, right, top, bottom, across, down; /* margins, and between panels */
	double panel;                                  /* the width of one */
};

struct script {
	FILE *out;
	const struct chart_layout *layout;
	const struct chart_axes *axes;
	struct paper paper;
};

/* ---- text ---- */

/* A string as gnuplot takes it literally: in single quotes nothing is expanded, and a quote is
 * written twice. */
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

/* Cut to what fits into so many pixels. */
static void quote_cut(FILE *out, const char *text, double px)
{
	char cut[CHART_TEXT_BYTES];

	quote(out, text_cut(text, px < 8 * CHART_GLYPH_PX ? 8 : (unsigned)(px / CHART_GLYPH_PX), cut, sizeof(cut)));
}

/* ---- axes ---- */

static void write_ticks(const struct script *s)
{
	const struct chart_layout *l = s->layout;
	const struct sweep_axis *axis = &l->state->plan->axis[l->chart->axis];
	char cut[CHART_TEXT_BYTES];
	const char *between = "";

	fprintf(s->out, "\tset xtics %s(", s->axes->slanted ? "rotate by 40 right " : "");
	for (unsigned i = 0; i < axis->count; i++) {
		double place = l->chart->bars ? (double)i : axis->number[l->order[i]];

		if (!s->axes->labelled[i] && axis->count > BARE_TICKS_MAX)
			continue;
		fputs(between, s->out);
		between = ", ";
		quote(s->out, s->axes->labelled[i] ? text_cut(axis->text[l->order[i]], CHART_LABEL_MAX, cut, sizeof(cut)) : "");
		fprintf(s->out, s->axes->labelled[i] ? " %.9g" : " %.9g 1", place);
	}
	fputs(")\n", s->out);
}

static void write_x(const struct script *s)
{
	char label[CHART_TEXT_BYTES];

	fputs("\tset xlabel ", s->out);
	quote(s->out, chart_x_label(s->layout, label, sizeof(label)));
	putc('\n', s->out);
	write_ticks(s);
	fprintf(s->out, "%s\tset xrange [%.9g:%.9g]\n", s->axes->log_x ? "\tset logscale x 2\n" : "", s->axes->x_low,
		s->axes->x_high);
}

static void write_y(const struct script *s)
{
	const struct chart_layout *l = s->layout;
	const struct chart_axes *a = s->axes;
	char label[CHART_TEXT_BYTES];

	snprintf(label, sizeof(label), "%s%s%s%s", l->state->metric[l->chart->metric].title, *l->unit ? " [" : "", l->unit,
		*l->unit ? "]" : "");
	fputs("\tset ylabel ", s->out);
	quote(s->out, label);
	putc('\n', s->out);
	/* The same range in all panels, with room for the legend. */
	fprintf(s->out, "%s\tset yrange [%.9g:%.9g]\n", a->log_y ? "\tset logscale y\n" : "", a->y_low, a->y_high);
	if (a->y_step > 0 && isnan(a->y_last))
		fprintf(s->out, "\tset ytics %.9g\n", a->y_step);
	else if (a->y_step > 0)
		fprintf(s->out, "\tset ytics 0,%.9g,%.9g\n", a->y_step, a->y_last);
	if (a->y_format)
		fprintf(s->out, "\tset format y '%s'\n", a->y_format);
}

/* ---- lines and bars ---- */

/* Lines stand a little beside one another, so that their error bars can be told apart: by this
 * part of the axis. */
static double part_beside(const struct script *s, unsigned line)
{
	const struct chart_layout *l = s->layout;
	/* All of them within 2 % of the axis, and nearer to their own place than to the next. */
	double step = fmin(0.02, s->axes->x_gap / 3) / l->line_count, part = step * (line - (l->line_count - 1) / 2.0);

	return l->state->plan->repeat < 2 || fabs(part) < 5e-4 ? 0 : part;
}

/* On a logarithmic axis a factor, else what is added. */
static double shift_of(const struct script *s, unsigned line)
{
	const struct chart_axes *a = s->axes;
	double part = part_beside(s, line);

	return a->log_x ? pow(a->x_high / a->x_low, part) : (a->x_high - a->x_low) * part;
}

static void write_using(const struct script *s, unsigned line)
{
	if (!(fabs(part_beside(s, line)) > 0))
		fputs("1:2:3:4", s->out);
	else if (s->axes->log_x)
		fprintf(s->out, "($1*%.6f):2:3:4", shift_of(s, line));
	else
		fprintf(s->out, "($1%+.9g):2:3:4", shift_of(s, line));
}

static void write_line(const struct script *s, unsigned line)
{
	bool again = line >= COLOURS;

	if (s->layout->chart->bars) {
		fprintf(s->out, "1:2:3:4:(%.9g) with boxerrorbars lt %u%s", chart_bar_width(s->layout), line % COLOURS + 1,
			again ? " fs solid 0.2 border" : "");
		return;
	}
	write_using(s, line);
	fprintf(s->out, " with yerrorlines lw 2 lt %u%s ps 0.6", line % COLOURS + 1, again ? " dt 2 pt 5" : " pt 7");
}

/* In this part of the height a label has no room below its point. */
static const double low_part = 0.1;

static bool is_low(const struct script *s, double y)
{
	const struct chart_axes *a = s->axes;
	double part = a->log_y ? log(y / a->y_low) / log(a->y_high / a->y_low) : (y - a->y_low) / (a->y_high - a->y_low);

	return part < low_part;
}

/* A ring in the line's colour, with its value to the right, where the line is not: below, unless
 * that falls or there is no room. */
static void write_knee(const struct script *s, unsigned panel, unsigned line)
{
	const struct chart_layout *l = s->layout;
	const struct sweep_axis *axis = &l->state->plan->axis[l->chart->axis];
	struct chart_point p;
	struct knee knee;
	char text[CHART_TEXT_BYTES];

	if (!chart_knee_at(l, panel, line, &knee) || !chart_point_at(l, panel, line, (unsigned)knee.at, &p))
		return;
	snprintf(text, sizeof(text), "knee %s%s", knee.about ? "about " : "", axis->text[l->order[knee.at]]);
	fputs("\tset label ", s->out);
	quote_cut(s->out, text, s->paper.panel);
	fprintf(s->out, " at %.9g,%.9g left offset 0.8,%s font ',9' textcolor lt %u point lt %u pt 6 ps 2 lw 2\n",
		s->axes->log_x ? p.x * shift_of(s, line) : p.x + shift_of(s, line), p.median,
		knee.falls || is_low(s, p.median) ? "0.9" : "-0.9", line % COLOURS + 1, line % COLOURS + 1);
}

static void write_plot(const struct script *s, unsigned panel, unsigned *block)
{
	const struct chart_layout *l = s->layout;
	unsigned legend_columns = (l->line_count + LEGEND_ROWS - 1) / LEGEND_ROWS;
	char name[CHART_TEXT_BYTES];
	bool first = true;

	fputs("\tset title ", s->out);
	quote_cut(s->out, chart_panel_name(l, panel, name, sizeof(name)), s->paper.panel);
	putc('\n', s->out);
	for (unsigned line = 0; line < l->line_count; line++)
		write_knee(s, panel, line);
	for (unsigned line = 0; line < l->line_count; line++) {
		if (!chart_has_line(l, panel, line))
			continue;
		fprintf(s->out, "%s'%s.dat' index %u using ", first ? "\tplot " : ", \\\n\t     ", l->chart->name, (*block)++);
		write_line(s, line);
		fputs(" title ", s->out);
		chart_line_name(l, line, name, sizeof(name));
		if (chart_line_label(l, panel, line))
			text_add(name, sizeof(name), " (%s)", chart_line_label(l, panel, line));
		quote_cut(s->out, name, s->paper.panel / legend_columns - 50);
		first = false;
	}
	if (chart_has_gaps(l, panel))
		fprintf(s->out, ", \\\n\t     '%s.dat' index %u using 1:(%.9g) with points lt -1 pt 2 title 'no valid run'",
			l->chart->name, (*block)++, s->axes->y_low);
	putc('\n', s->out);
}

/* ---- the paper ---- */

static void write_caption(const struct script *s, const struct host_info *host)
{
	char text[CHART_TEXT_BYTES], time[40], labels[200], points[80] = "one run per point";
	unsigned repeat = s->layout->state->plan->repeat;

	if (repeat > 1)
		snprintf(points, sizeof(points), "median of up to %u valid runs, bars: minimum to maximum", repeat);
	fputs("\tset label 1 ", s->out);
	quote(s->out, sweep_host_line(host, text, sizeof(text)));
	fprintf(s->out, " at screen 0.5,%.4f center font ',9'\n\tset label 2 ", 24.0 / s->paper.height);
	clock_format_iso(clock_wall_of(clock_run_ns()), time, sizeof(time));
	chart_labels(s->layout, labels, sizeof(labels));
	snprintf(text, sizeof(text), "%.10s; netdyno %s; %s%s%s", time, NETDYNO_VERSION, points, *labels ? "; " : "", labels);
	quote(s->out, text);
	fprintf(s->out, " at screen 0.5,%.4f center font ',9'\n", 10.0 / s->paper.height);
}

static void write_title(const struct script *s)
{
	const struct chart_layout *l = s->layout;
	const struct sweep_plan *plan = l->state->plan;
	char text[CHART_TEXT_BYTES];

	snprintf(text, sizeof(text), "%s: %s vs %s", plan->options.engine->title, l->state->metric[l->chart->metric].title,
		plan->axis[l->chart->axis].def->name);
	if (l->lines >= 0 && plan->axis[l->lines].count > l->line_count)
		text_add(text, sizeof(text), " (the first %u values of %s)", l->line_count, plan->axis[l->lines].def->name);
	if (l->panels_all > l->panels)
		text_add(text, sizeof(text), " (the first %u panels of %.0f)", l->panels, l->panels_all);
	quote_cut(s->out, text, s->paper.width);
}

static struct paper paper_for(unsigned panels)
{
	struct paper p = {
		.columns = (unsigned)ceil(sqrt(panels)), .left = 85, .top = 60, .bottom = 100, .across = 95, .down = 105
	};

	p.rows = (panels + p.columns - 1) / p.columns;
	p.width = panels == 1 ? 900 : 520 * p.columns;
	p.height = panels == 1 ? 575 : 380 * p.rows + 15;
	p.right = 0.02 * p.width;
	p.panel = (p.width - p.left - p.right - p.across * (p.columns - 1)) / p.columns;
	return p;
}

/* Slanted labels hang down. */
static void make_room(struct paper *p, const struct chart_axes *a)
{
	double more = a->slanted ? a->label_length * CHART_GLYPH_PX * 0.64 : 0;

	p->bottom += more;
	p->down += more;
	p->height += (unsigned)(more * p->rows);
}

static void write_terminal(const struct script *s)
{
	const struct paper *p = &s->paper;

	fprintf(s->out,
		"\tif (format eq 'svg') {\n\t\tset terminal svg noenhanced size %u,%u font ',13' background 'white'\n"
		"\t} else { if (strstrt(GPVAL_TERMINALS, ' pngcairo ')) {\n"
		"\t\tset terminal pngcairo noenhanced size %u,%u font ',11' background 'white'\n"
		"\t} else {\n\t\tset terminal png noenhanced size %u,%u background '#ffffff'\n\t} }\n"
		"\tset output '%s.'.format.part\n",
		p->width, p->height, p->width, p->height, p->width, p->height, s->layout->chart->name);
	fprintf(s->out, "\tset multiplot layout %u,%u margins screen %.4f,%.4f,%.4f,%.4f spacing screen %.4f,%.4f title ",
		p->rows, p->columns, p->left / p->width, 1 - p->right / p->width, p->bottom / p->height, 1 - p->top / p->height,
		p->across / p->width, p->down / p->height);
	write_title(s);
	fprintf(s->out,
		"\n\tset grid lt 1 lc rgb '#dddddd'\n\tset key top left maxrows %u samplen 2\n\tset style fill solid 0.6 "
		"border\n",
		LEGEND_ROWS);
	/* In the colour of a bar they could not be seen on it. */
	if (s->layout->chart->bars)
		fputs("\tset errorbars lc rgb '#303030' lw 1.5\n", s->out);
}

static void write_script(struct script *s, const struct host_info *host)
{
	const struct chart_layout *l = s->layout;
	const char *name = l->chart->name;
	unsigned block = 0;

	fprintf(s->out, "# gnuplot %s.gp draws %s.png and %s.svg from %s.dat.\nreset\n", name, name, name, name);
	/* SVG first: every gnuplot has it, and what cannot be drawn ends the script. */
	fputs("if (!exists('part')) part = ''\nif (!exists('formats')) formats = 'svg png'\nset encoding utf8\n"
	      "do for [format in formats] {\n",
		s->out);
	write_terminal(s);
	write_x(s);
	write_y(s);
	write_caption(s, host);
	for (unsigned panel = 0; panel < l->panels; panel++) {
		if (!chart_has_panel(l, panel))
			continue;
		write_plot(s, panel, &block);
		/* Once is enough. */
		fputs("\tunset label\n", s->out);
	}
	fputs("\tunset multiplot\n\tunset output\n\treset\n\tset encoding utf8\n}\n", s->out);
}

void sweep_chart_script(FILE *out, const struct sweep_state *state, const struct sweep_chart *chart, const struct host_info *host)
{
	struct chart_layout *l = chart_lay_out(state, chart);
	unsigned shown = 0;

	for (unsigned panel = 0; l && panel < l->panels; panel++)
		shown += chart_has_panel(l, panel);
	struct script s = { .out = out, .layout = l, .paper = paper_for(shown ? shown : 1) };
	struct chart_axes *axes = l ? chart_axes_of(l, s.paper.panel) : NULL;
	if (axes) {
		s.axes = axes;
		make_room(&s.paper, axes);
		write_script(&s, host);
	}
	free(axes);
	free(l);
}
