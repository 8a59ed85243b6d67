/* The runs of this session, a row each: what it was, what it came to, whether that may be used. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ui/dash/headline.h"
#include "ui/dash/runs/runs.h"
#include "ui/panels/panels.h"
#include "ui/widgets/widgets.h"

enum runs_column {
	RUNS_MARK,
	RUNS_ID,
	RUNS_START,
	RUNS_MODE,
	RUNS_METHOD,
	RUNS_RATE,
	RUNS_P50,
	RUNS_P99,
	RUNS_LOST,
	RUNS_TIME,
	RUNS_VERDICT,
	RUNS_COLUMNS,
	RUNS_FOOT = 4, /* rows below the list, of the picked run */
	RUNS_DIFFER_LEAST = 12,
};

static const struct column runs_columns[RUNS_COLUMNS] = {
	[RUNS_MARK] = { "", 1, 1, ALIGN_LEFT, 0, false },
	[RUNS_ID] = { "run", 4, 4, ALIGN_RIGHT, 0, false },
	[RUNS_START] = { "start", 8, 8, ALIGN_LEFT, 7, false },
	[RUNS_MODE] = { "mode", 6, 6, ALIGN_LEFT, 6, false },
	[RUNS_METHOD] = { "method", 12, 9, ALIGN_LEFT, 1, false },
	[RUNS_RATE] = { "rate", 13, 13, ALIGN_RIGHT, 0, false },
	[RUNS_P50] = { "p50 µs", 7, 7, ALIGN_RIGHT, 5, false },
	[RUNS_P99] = { "p99 µs", 7, 7, ALIGN_RIGHT, 3, false },
	[RUNS_LOST] = { "lost %", 6, 6, ALIGN_RIGHT, 4, false },
	[RUNS_TIME] = { "time", 5, 5, ALIGN_RIGHT, 8, false },
	[RUNS_VERDICT] = { "verdict", 9, 9, ALIGN_LEFT, 2, false },
};

static void runs_put_verdict(const struct run_line *line, struct table_cell *cell)
{
	const struct verdict *v = &line->verdict;

	if (line->failed || (line->measured && !v->valid)) {
		snprintf(cell->text, sizeof(cell->text), "%s", line->failed ? "✗ failed" : "✗ invalid");
		cell->style = STYLE_BAD;
	} else if (line->measured) {
		snprintf(cell->text, sizeof(cell->text), "%s", v->cautions ? "! caution" : "✓ valid");
		cell->style = v->cautions ? STYLE_WARNING : STYLE_GOOD;
	}
}

static const char *runs_mark(const struct dash *d, const struct run_info *info)
{
	bool is_a = d->view.base_kept && !d->view.base_apart && d->view.base.run_id == info->id;

	if (info->id == d->view.run_marked || is_a)
		return "A";
	return info == d->moment.info ? "●" : "";
}

static void runs_put_figures(const struct run_line *line, struct table_cell cell[RUNS_COLUMNS])
{
	const struct latency_summary *l = &line->latency;

	headline_text(line->info->engine, line->rate, cell[RUNS_RATE].text, sizeof(cell->text));
	words_us(l, l->p50_ns, cell[RUNS_P50].text, sizeof(cell->text));
	words_us(l, l->p99_ns, cell[RUNS_P99].text, sizeof(cell->text));
	if (isnan(line->lost_percent))
		snprintf(cell[RUNS_LOST].text, sizeof(cell->text), "--");
	else
		snprintf(cell[RUNS_LOST].text, sizeof(cell->text), "%.3g", line->lost_percent);
	text_clock((int64_t)(line->seconds * NS_PER_S), cell[RUNS_TIME].text, sizeof(cell->text));
}

static void runs_fill(const struct dash *d, const struct run_line *line, struct table_cell cell[RUNS_COLUMNS])
{
	char at[32];

	snprintf(cell[RUNS_MARK].text, sizeof(cell->text), "%s", runs_mark(d, line->info));
	cell[RUNS_MARK].style = STYLE_STRONG;
	snprintf(cell[RUNS_ID].text, sizeof(cell->text), "#%u", line->info->id);
	clock_format_hms(line->info->started_wall_ns, at, sizeof(at));
	snprintf(cell[RUNS_START].text, sizeof(cell->text), "%.23s", at);
	snprintf(cell[RUNS_MODE].text, sizeof(cell->text), "%s", line->info->engine->name);
	snprintf(cell[RUNS_METHOD].text, sizeof(cell->text), "%s", line->info->ran);
	if (line->measured)
		runs_put_figures(line, cell);
	runs_put_verdict(line, &cell[RUNS_VERDICT]);
}

/* The newest run before this one in the list. */
static char *runs_since(const struct dash *d, unsigned i, char *out, size_t size)
{
	out[0] = '\0';
	return i + 1 < d->runs.count ? runs_differ(d, d->runs.line[i + 1].info->id, d->runs.line[i].info->id, out, size) : out;
}

static void runs_paint_row(
	struct dash *d, struct rect area, int row, unsigned i, uint64_t fit, const int width[RUNS_COLUMNS], int used)
{
	const struct run_line *line = &d->runs.line[i];
	struct table_cell cell[RUNS_COLUMNS] = { 0 };
	char differs[160];
	bool picked = line->info->id == d->view.run_pick;

	runs_fill(d, line, cell);
	table_paint_row(&d->canvas, area.row + row, area.column + 1, fit, width, runs_columns, RUNS_COLUMNS, cell, picked);
	if (area.columns - used - 2 >= RUNS_DIFFER_LEAST)
		canvas_put_cut(&d->canvas, area.row + row, area.column + used + 1, area.columns - used - 2, STYLE_DIM,
			runs_since(d, i, differs, sizeof(differs)));
	if (picked)
		area_put(&d->canvas, area, row, 0, STYLE_SELECTED, ">");
}

static void runs_paint_foot(struct dash *d, struct rect area)
{
	const struct run_line *line = runs_find(d, d->view.run_pick);
	char text[300], differs[200];
	unsigned i = 0;

	if (!line)
		return;
	while (&d->runs.line[i] != line)
		i++;
	runs_since(d, i, differs, sizeof(differs));
	snprintf(text, sizeof(text), "#%u%s%s", line->info->id, *differs ? " against the run before: " : "", differs);
	int row = area_wrap(&d->canvas, area, 0, 1, STYLE_STRONG, text);

	if (line->verdict.reasons)
		area_wrap(&d->canvas, area, row, 1, STYLE_BAD, line->verdict.reason[0]);
	else if (line->verdict.cautions)
		area_wrap(&d->canvas, area, row, 1, STYLE_WARNING, line->verdict.caution[0]);
}

/* The first row of the list, so that the picked one is in sight. */
static int runs_first(struct dash *d, int room)
{
	int at = 0, most = (int)d->runs.count > room ? (int)d->runs.count - room : 0;

	for (unsigned i = 0; i < d->runs.count; i++)
		if (d->runs.line[i].info->id == d->view.run_pick)
			at = (int)i;
	if (d->view.scroll > at)
		d->view.scroll = at;
	if (at >= d->view.scroll + room)
		d->view.scroll = at - room + 1;
	if (d->view.scroll > most)
		d->view.scroll = most;
	return d->view.scroll;
}

void screen_runs_paint(struct dash *d, struct rect area)
{
	int width[RUNS_COLUMNS], used = 0, foot = area.rows > 2 * RUNS_FOOT ? RUNS_FOOT : 0, room = area.rows - 2 - foot, first;
	uint64_t fit = table_fit(runs_columns, RUNS_COLUMNS, area.columns - 2, width);
	char title[80], range[32];

	for (int i = 0; i < RUNS_COLUMNS; i++)
		used += fit >> i & 1 ? width[i] + 1 : 0;
	runs_look(d);
	if (d->runs.count == 0)
		area_put(&d->canvas, area, 1, 1, STYLE_DIM, "nothing has run yet: r starts a run");
	first = runs_first(d, room > 0 ? room : 1);
	panel_range(first, room, (int)d->runs.count, range, sizeof(range));
	snprintf(title, sizeof(title), "runs%s%s%s", *range ? " " : "", range, d->view.run_marked ? " · Space marks B" : "");
	area_rule(&d->canvas, area, title, "Enter show · Space compare · b keep as A · Esc");
	if (d->runs.count && area.rows > 1)
		table_paint_head(&d->canvas, area.row + 1, area.column + 1, fit, width, runs_columns, RUNS_COLUMNS, -1, false);
	for (int i = 0; i < room && first + i < (int)d->runs.count; i++)
		runs_paint_row(d, area, 2 + i, (unsigned)(first + i), fit, width, used);
	if (foot)
		runs_paint_foot(d, (struct rect){ area.row + area.rows - foot + 1, area.column, foot - 1, area.columns });
}
