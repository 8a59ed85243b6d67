/* The figures: those of the mode's table that say what its workers do, each over all workers that
 * count it; on the full screen with what they mean. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/panels/panels.h"

enum {
	FIGURE_TITLE = 9, /* cells, with the blank behind it */
	FIGURE_VALUE = 6,
	FIGURE_WIDTH = FIGURE_TITLE + FIGURE_VALUE + 1, /* and the blank before the next one */
	FIGURES_MAX = 48,
};

struct figure_item {
	const struct figure_def *figure; /* or a counter */
	unsigned counter;
};

/* The roles of the workers here. */
static unsigned figures_roles(const struct run_info *info)
{
	unsigned roles = info ? 0 : ROLE_BOTH;

	for (unsigned i = 0; info && i < info->workers; i++)
		roles |= info->worker[i].role;
	return roles;
}

/* Those of an end elsewhere would only be unknown. */
static unsigned figures_of(const struct dash *d, struct figure_item item[FIGURES_MAX])
{
	const struct engine *e = dash_engine(d);
	unsigned n = 0, roles = figures_roles(d->moment.info);

	if (!e || !e->built)
		return 0;
	for (const struct figure_def *f = e->figures; f && f->name && n < FIGURES_MAX; f++)
		if (f->show & SHOW_PANEL && f->numerator_roles & roles)
			item[n++] = (struct figure_item){ .figure = f };
	for (unsigned i = 0; i < engine_counters(e) && n < FIGURES_MAX; i++)
		if (engine_counter(e, i)->show & SHOW_PANEL && engine_counter(e, i)->roles & roles)
			item[n++] = (struct figure_item){ .counter = i };
	return n;
}

/* One worker's level where only one has it, else merged; per second of what is counted up. */
static double figures_counter(const struct dash *d, unsigned counter)
{
	const struct counter_def *def = engine_counter(d->moment.info->engine, counter);
	struct rates r;

	/* A counter of both ends is shown for the servers, if there are any. */
	moment_rates_of(&d->moment, -1, def->roles & ROLE_SERVER ? ROLE_SERVER : def->roles, (uint64_t)1 << counter, &r);
	if (r.unknown >> counter & 1 && def->roles & ROLE_SERVER)
		moment_rates_of(&d->moment, -1, def->roles, (uint64_t)1 << counter, &r);
	if (r.unknown >> counter & 1)
		return NAN;
	if (counter_is_level(def->kind))
		return (double)r.value[counter];
	return r.seconds > 0 ? (double)r.value[counter] / r.seconds : NAN;
}

struct figure_text {
	char title[24], value[32], unit[40];
	const char *help;
};

static void figures_text(const struct dash *d, const struct figure_item *item, struct figure_text *ret_text)
{
	const struct engine *e = dash_engine(d);
	double value = NAN;

	if (item->figure) {
		if (d->moment.info)
			value = moment_figure(&d->moment, item->figure, -1);
		snprintf(ret_text->title, sizeof(ret_text->title), "%s", item->figure->title);
		snprintf(ret_text->unit, sizeof(ret_text->unit), "%s", item->figure->unit);
		text_human(value, ret_text->value, sizeof(ret_text->value));
		ret_text->help = item->figure->help;
		return;
	}
	const struct counter_def *def = engine_counter(e, item->counter);
	const char *per = counter_is_level(def->kind) ? "" : "/s";

	if (d->moment.info)
		value = figures_counter(d, item->counter);
	snprintf(ret_text->title, sizeof(ret_text->title), "%s%s", def->title, per);
	snprintf(ret_text->unit, sizeof(ret_text->unit), "%s%s", words_unit(def->unit), per);
	words_figure(def->unit, value, ret_text->value, sizeof(ret_text->value));
	ret_text->help = def->help;
}

/* So many stand in a row: the first begins at column 1, the last needs no blank. */
static unsigned figures_across(int columns)
{
	return columns >= FIGURE_WIDTH ? (unsigned)columns / FIGURE_WIDTH : 1;
}

/* Returns how many have no room. */
static unsigned figures_paint_grid(struct dash *d, struct rect area, const struct figure_item *item, unsigned count)
{
	unsigned across = figures_across(area.columns);
	unsigned room = across * (unsigned)area.rows, shown = count < room ? count : room;
	int width = area.columns / (int)across;
	struct figure_text text;

	for (unsigned i = 0; i < shown; i++) {
		int row = area.row + (int)(i / across), column = area.column + 1 + (int)(i % across) * width;

		figures_text(d, &item[i], &text);
		canvas_put_cut(&d->canvas, row, column, FIGURE_TITLE - 1, STYLE_DIM, text.title);
		canvas_put_right(&d->canvas, row, column + FIGURE_TITLE, FIGURE_VALUE,
			strcmp(text.value, "--") ? STYLE_STRONG : STYLE_DIM, text.value);
	}
	return count - shown;
}

/* ---- the list, on the full screen: each with unit and meaning ---- */

enum { FIGURE_MEANS = 22 }; /* the column of that */

static char *figure_means(const struct figure_text *text, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", text->unit, text->unit[0] ? ": " : "", text->help);
	return out;
}

static int figure_rows(const struct dash *d, const struct figure_item *item, int columns)
{
	struct figure_text text;
	char means[256];
	int rows;

	figures_text(d, item, &text);
	rows = area_wrap_rows(columns - FIGURE_MEANS - 1, figure_means(&text, means, sizeof(means)));
	return rows ? rows : 1;
}

/* The first of those that fill the last screen. */
static int figures_last_first(const struct dash *d, struct rect area, const struct figure_item *item, unsigned count)
{
	int first = (int)count, rows = 0;

	while (first > 0 && (rows += figure_rows(d, &item[first - 1], area.columns)) <= area.rows)
		first--;
	return first < (int)count ? first : (int)count - 1;
}

/* Returns how many have room, in whole or in part. */
static int figures_paint_list(struct dash *d, struct rect area, const struct figure_item *item, unsigned count)
{
	int most = figures_last_first(d, area, item, count), row = 0, i;
	struct figure_text text;
	char means[256];

	if (d->view.scroll > most)
		d->view.scroll = most;
	for (i = d->view.scroll; i < (int)count && row < area.rows; i++) {
		figures_text(d, &item[i], &text);
		area_put(&d->canvas, area, row, 1, STYLE_TEXT, text.title);
		canvas_put_right(&d->canvas, area.row + row, area.column + 12, FIGURE_VALUE + 2,
			strcmp(text.value, "--") ? STYLE_STRONG : STYLE_DIM, text.value);
		area_wrap(&d->canvas, area, row, FIGURE_MEANS, STYLE_DIM, figure_means(&text, means, sizeof(means)));
		row += figure_rows(d, &item[i], area.columns);
	}
	return i - d->view.scroll;
}

static void figures_paint(struct dash *d, struct rect area)
{
	struct figure_item item[FIGURES_MAX];
	struct rect inside = { area.row + 1, area.column, area.rows - 1, area.columns };
	unsigned count = figures_of(d, item), hidden = 0;
	bool full = d->layout.kind == LAYOUT_FULL;
	int shown = 0;
	char note[48] = "", range[32], title[40];

	if (!count)
		area_put(&d->canvas, inside, 0, 1, STYLE_DIM, "this mode has no figures here");
	else if (full)
		shown = figures_paint_list(d, inside, item, count);
	else
		hidden = figures_paint_grid(d, inside, item, count);
	if (hidden)
		snprintf(note, sizeof(note), "%u more", hidden);
	if (full && *panel_range(d->view.scroll, shown, (int)count, range, sizeof(range)))
		snprintf(note, sizeof(note), "%s · j/k scroll", range);
	snprintf(title, sizeof(title), "figures · %s", dash_window(d));
	area_rule(&d->canvas, area, title, note);
}

/* The rows that all figures take at this width. */
static int figures_lines(const struct dash *d)
{
	struct figure_item item[FIGURES_MAX];
	int count = (int)figures_of(d, item);
	int columns = d->canvas.columns < LAYOUT_TWO_COLUMNS ? d->canvas.columns : d->canvas.columns * 46 / 100 - 1;
	int across = (int)figures_across(columns);

	return count ? (count + across - 1) / across : PANEL_NONE;
}

const struct panel_def panel_figures = {
	.name = "figures",
	.narrow = { .min = 3, .want = 1 },
	.wide = { .min = 3, .want = 1 },
	.paint = figures_paint,
	.lines = figures_lines,
};
