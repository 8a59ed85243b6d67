/* The methods of a mode beside each other: the newest result of each, from the runs that the
 * history keeps and that differ from this one in nothing but the method, and its ratio to the
 * mode's yardstick. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/panels/panels.h"

static const struct board_mode *methods_mode(const struct dash *d)
{
	const struct engine *e = dash_engine(d);

	for (unsigned i = 0; e && e->yardstick && e->figures && i < d->board->modes; i++)
		if (d->board->mode[i].engine == e)
			return &d->board->mode[i];
	return NULL;
}

/* Is it the same run but for its method? */
static bool methods_same_else(const struct run_info *a, const struct run_info *b)
{
	if (a->engine != b->engine || a->options.count != b->options.count)
		return false;
	for (unsigned i = 0; i < a->options.count; i++) {
		const struct option_def *def = a->options.def[i];

		if (def->type != OPTION_METHOD && def->flags & OPTION_RESULT &&
			strcmp(a->options.value[i].text, b->options.value[i].text) != 0)
			return false;
	}
	return true;
}

/* The figure that is compared: of this run as it stands, or of the newest one that has ended. */
static double methods_value(const struct dash *d, const struct method *method, uint32_t *ret_run)
{
	const struct run_info *now = d->moment.info;
	const struct figure_def *figure = now->engine->figures;

	*ret_run = now->id;
	if (!strcmp(now->ran, method->name))
		return moment_figure(&d->moment, figure, -1);
	for (unsigned age = 0; age < history_run_count(d->board->history); age++) {
		const struct run_info *run = history_run_by_age(d->board->history, age);
		const struct run_final *final = run ? history_final(d->board->history, run->id) : NULL;

		if (!final || strcmp(run->ran, method->name) != 0 || !methods_same_else(run, now))
			continue;
		struct reading whole = reading_of_final(run, final);
		*ret_run = run->id;
		return reading_known(&whole) ? figure_value(figure, &whole, -1) : NAN;
	}
	return NAN;
}

static void methods_paint_row(struct dash *d, struct rect area, int row, const struct board_method *m, double yardstick)
{
	bool running = !strcmp(d->moment.info->ran, m->method->name);
	char value[32], ratio[32] = "";
	uint32_t run;
	double figure = methods_value(d, m->method, &run);

	area_put(&d->canvas, area, row, 1, running ? STYLE_STRONG : STYLE_TEXT, m->method->name);
	if (isnan(figure)) {
		canvas_put_cut(
			&d->canvas, area.row + row, area.column + 13, area.columns - 13, STYLE_DIM, m->runs ? "--" : m->why);
		return;
	}
	text_human(figure, value, sizeof(value));
	canvas_put_right(&d->canvas, area.row + row, area.column + 11, 9, running ? STYLE_STRONG : STYLE_TEXT, value);
	if (yardstick > 0)
		snprintf(ratio, sizeof(ratio), "%.2f", figure / yardstick);
	canvas_put_right(&d->canvas, area.row + row, area.column + 21, 7, STYLE_TEXT, ratio);
	area_printf(&d->canvas, area, row, 30, STYLE_DIM, running ? d->moment.final ? "run #%u" : "last 1 s" : "run #%u", run);
}

/* The first row that is shown: with less room than methods, so that the running one is there. */
static unsigned methods_first(const struct dash *d, const struct board_mode *mode, unsigned room)
{
	for (unsigned i = 0; room && i < mode->methods; i++)
		if (!strcmp(d->moment.info->ran, mode->method[i].method->name))
			return i < room ? 0 : i - room + 1;
	return 0;
}

static void methods_paint(struct dash *d, struct rect area)
{
	const struct board_mode *mode = methods_mode(d);
	double yardstick = NAN;
	char title[96], note[48];
	uint32_t run;

	if (!mode || !d->moment.info) {
		area_rule(&d->canvas, area, "methods", NULL);
		area_put(&d->canvas, area, 1, 1, STYLE_DIM, mode ? "no run yet" : "this mode's methods are not compared");
		return;
	}
	const struct method *by = engine_find_method(mode->engine, mode->engine->yardstick);
	if (by)
		yardstick = methods_value(d, by, &run);
	snprintf(title, sizeof(title), "methods · %s · × %s", mode->engine->figures[0].unit, mode->engine->yardstick);
	unsigned room = area.rows > 1 ? (unsigned)area.rows - 1 : 0, first = methods_first(d, mode, room);
	if (mode->methods > room)
		snprintf(note, sizeof(note), "%u more · m next", mode->methods - room);
	else
		snprintf(note, sizeof(note), "m next");
	area_rule(&d->canvas, area, title, note);
	for (unsigned i = 0; i < room && first + i < mode->methods; i++)
		methods_paint_row(d, area, (int)i + 1, &mode->method[first + i], yardstick);
}

static int methods_lines(const struct dash *d)
{
	const struct board_mode *mode = methods_mode(d);

	return mode && d->moment.info ? (int)mode->methods : PANEL_NONE;
}

const struct panel_def panel_methods = {
	.name = "methods",
	.narrow = { .min = 4, .want = 1 },
	.wide = { .min = 4, .want = 1 },
	.paint = methods_paint,
	.lines = methods_lines,
};
