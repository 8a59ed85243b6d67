/* Why a method is as fast as it is: what one answer costs at each end in system calls, packets,
 * wake-ups, CPU time and cycles, and how full the receive calls come back.  The lines are those
 * figures of the mode's table that say `why`. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/panels/panels.h"

enum {
	WHY_LABEL = 24,    /* cells of a line's words */
	WHY_VALUE = 10,    /* of a value, with the blank before it */
	WHY_CALLS = 4,     /* of a share of the calls, in percent */
	WHY_ROLE = 6,      /* of the role in front of the shares */
	WHY_FILL_ROWS = 4, /* words; how many; a row for each role */
};

static const enum role why_roles[] = { ROLE_SERVER, ROLE_CLIENT };

/* The first figure that says these words. */
static bool why_is_first(const struct engine *e, const struct figure_def *figure)
{
	const struct figure_def *f = e->figures;

	while (f != figure && (!f->why || strcmp(f->why, figure->why) != 0))
		f++;
	return f == figure;
}

/* The figure of a role in the line that begins with this one; NULL. */
static const struct figure_def *why_of_role(const struct figure_def *first, enum role role)
{
	for (const struct figure_def *f = first; f->name; f++)
		if (f->why && !strcmp(f->why, first->why) && f->numerator_roles == role)
			return f;
	return NULL;
}

/* Has the run workers of this role?  Those of the other end say nothing here. */
static bool why_is_here(const struct dash *d, enum role role)
{
	const struct run_info *info = d->moment.info;
	bool here = !info;

	for (unsigned i = 0; !here && i < info->workers; i++)
		here = info->worker[i].role == role;
	return here;
}

static double why_value(const struct dash *d, const struct figure_def *f)
{
	return f && d->moment.info ? moment_figure(&d->moment, f, -1) : NAN;
}

/* Does a line begin with this figure?  Some are there only while they have come to something. */
static bool why_has_line(const struct dash *d, const struct figure_def *f)
{
	if (!f->why || !why_is_first(dash_engine(d), f))
		return false;
	for (int i = 0; i < 2 && f->show & SHOW_IF_ANY; i++)
		if (why_value(d, why_of_role(f, why_roles[i])) > 0)
			return true;
	return !(f->show & SHOW_IF_ANY);
}

static int why_figure_lines(const struct dash *d)
{
	const struct engine *e = dash_engine(d);
	int n = 0;

	for (const struct figure_def *f = e && e->built ? e->figures : NULL; f && f->name; f++)
		n += why_has_line(d, f);
	return n;
}

/* The first column of values: in few columns words are cut rather than values. */
static int why_values(struct rect area)
{
	int room = area.columns - 2 * WHY_VALUE - 1;

	return room < WHY_LABEL ? room : WHY_LABEL;
}

static void why_paint_line(struct dash *d, struct rect area, int row, const struct figure_def *first)
{
	int at = why_values(area);
	char value[32];

	canvas_put_cut(&d->canvas, area.row + row, area.column + 1, at - 1, STYLE_TEXT, first->why);
	for (int i = 0; i < 2; i++) {
		const struct figure_def *f = why_of_role(first, why_roles[i]);

		if (!why_is_here(d, why_roles[i]))
			continue;
		text_human(why_value(d, f), value, sizeof(value));
		canvas_put_right(&d->canvas, area.row + row, area.column + at + i * WHY_VALUE, WHY_VALUE,
			strcmp(value, "--") ? STYLE_STRONG : STYLE_DIM, value);
	}
	/* whole, or left to the help: those words differ in their end alone */
	int room = area.columns - at - 2 * WHY_VALUE - 3;
	if (d->layout.kind == LAYOUT_FULL && canvas_width(first->help) <= room)
		area_put(&d->canvas, area, row, at + 2 * WHY_VALUE + 2, STYLE_DIM, first->help);
}

static void why_paint_head(struct dash *d, struct rect area)
{
	for (int i = 0; i < 2; i++)
		if (why_is_here(d, why_roles[i]))
			canvas_put_right(&d->canvas, area.row + 1, area.column + why_values(area) + i * WHY_VALUE, WHY_VALUE,
				STYLE_DIM, engine_role(dash_engine(d), why_roles[i])->title);
}

/* The share of its receive calls that brought so many packets, of each class. */
static void why_paint_shares(struct dash *d, struct rect area, int row, enum role role)
{
	const struct engine *e = dash_engine(d);
	uint64_t all = 0, fills = ((uint64_t)1 << e->fills) - 1;
	struct rates r;

	area_put(&d->canvas, area, row, 1, STYLE_TEXT, engine_role(e, role)->brief);
	moment_rates_of(&d->moment, -1, role, fills << e->fill, &r);
	for (unsigned i = 0; i < e->fills; i++)
		all += r.unknown >> (e->fill + i) & 1 ? 0 : r.value[e->fill + i];
	for (unsigned i = 0; i < e->fills && all; i++) {
		double percent = 100.0 * (double)r.value[e->fill + i] / (double)all;
		char text[16];

		snprintf(text, sizeof(text), percent > 0 && percent < 1 ? "<1" : "%.0f", percent);
		canvas_put_right(&d->canvas, area.row + row, area.column + WHY_ROLE + (int)i * WHY_CALLS, WHY_CALLS,
			percent >= 1 ? STYLE_STRONG : STYLE_DIM, text);
	}
}

static void why_paint_fill(struct dash *d, struct rect area, int row)
{
	const struct engine *e = dash_engine(d);

	area_put(&d->canvas, area, row++, 1, STYLE_DIM, "% of receive calls that brought so many datagrams");
	for (unsigned i = 0; i < e->fills; i++) {
		char least[16];

		snprintf(least, sizeof(least), "%u", i ? 1u << (i - 1) : 0);
		canvas_put_right(
			&d->canvas, area.row + row, area.column + WHY_ROLE + (int)i * WHY_CALLS, WHY_CALLS, STYLE_DIM, least);
	}
	for (int i = 0; i < 2 && d->moment.info; i++)
		if (why_is_here(d, why_roles[i]))
			why_paint_shares(d, area, ++row, why_roles[i]);
}

/* The row that lines end at: how full receive calls are says more than the last three of them. */
static int why_lines_end(const struct engine *e, struct rect area, int lines)
{
	int fill = e && e->fills ? WHY_FILL_ROWS : 0, left = area.rows - 2 - fill;

	return left < lines && left >= lines - 3 ? area.rows - fill : area.rows;
}

static void why_paint(struct dash *d, struct rect area)
{
	const struct engine *e = dash_engine(d);
	int row = 2, lines = why_figure_lines(d), end = why_lines_end(e, area, lines), hidden = 0;
	char title[64], note[24] = "";

	for (const struct figure_def *f = lines ? e->figures : NULL; f && f->name; f++) {
		if (!why_has_line(d, f))
			continue;
		if (row < end)
			why_paint_line(d, area, row++, f);
		else
			hidden++;
	}
	if (lines)
		why_paint_head(d, area);
	else
		area_put(&d->canvas, area, 1, 1, STYLE_DIM, "this mode does not say");
	if (e && e->fills && area.rows - row >= WHY_FILL_ROWS && area.columns >= WHY_ROLE + (int)e->fills * WHY_CALLS)
		why_paint_fill(d, area, row);
	if (hidden)
		snprintf(note, sizeof(note), "%d more", hidden);
	snprintf(title, sizeof(title), "why · for each of the %s · %s", e && e->packets ? e->packets : "packets", dash_window(d));
	area_rule(&d->canvas, area, title, note);
}

static int why_lines(const struct dash *d)
{
	const struct engine *e = dash_engine(d);
	int lines = why_figure_lines(d);

	return lines ? lines + 1 + (e->fills ? WHY_FILL_ROWS : 0) : PANEL_NONE;
}

const struct panel_def panel_why = {
	.name = "why",
	.narrow = { .min = 5, .want = 1 },
	.wide = { .min = 5, .want = 1 },
	.paint = why_paint,
	.lines = why_lines,
};
