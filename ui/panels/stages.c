/* Latency by stage: of the packets around some percentiles of the whole, a bar each that says
 * where their time went, and below the percentiles of each stage.  A stage is a letter, in the
 * bars as in the list. */
#include <stdio.h>

#include "base/text.h"
#include "ui/dash/words.h"
#include "ui/panels/panels.h"

enum {
	STAGES_POINT = 6,  /* cells of a percentile's name */
	STAGES_TOTAL = 8,  /* of its value, with the blank before it */
	STAGES_LABEL = 24, /* of a stage's letter and title */
	STAGES_VALUE = 9,  /* of a value, with the blank before it */
};

/* N of --stages N in the run that is shown; 0: off. */
static int64_t stages_one_in(const struct dash *d)
{
	const struct run_info *info = d->moment.info;

	return info && info->engine->stages ? options_number(&info->options, "stages") : 0;
}

static enum style stages_style(const struct stage_def *def)
{
	return def->role == ROLE_SERVER ? STYLE_SERVER : def->role == ROLE_CLIENT ? STYLE_CLIENT : STYLE_DIM;
}

/* Letters are of the stages that this run tells. */
static char stages_letter(const struct stage_summary *s, unsigned stage)
{
	char letter = 'a';

	for (unsigned i = 0; i < stage; i++)
		letter = (char)(letter + (s->stage[i].count > 0));
	return letter;
}

static int64_t stages_sum(const struct stage_summary *s, unsigned point)
{
	int64_t sum_ns = 0;

	for (unsigned i = 0; i < STAGES_MAX; i++)
		sum_ns += s->share_ns[point][i];
	return sum_ns;
}

/* A cell is the stage's in which its middle lies. */
static void stages_paint_bar(struct dash *d, struct rect bar, const struct stage_summary *s, unsigned point, int64_t sum_ns)
{
	const struct engine *e = d->moment.info->engine;
	int64_t before_ns = 0;
	int cell = 0;

	for (unsigned i = 0; i < engine_stages(e); i++) {
		const char letter[] = { stages_letter(s, i), '\0' };

		before_ns += s->share_ns[point][i];
		for (; cell < bar.columns && (2 * cell + 1) * sum_ns < 2 * bar.columns * before_ns; cell++)
			canvas_put(&d->canvas, bar.row, bar.column + cell, 1, stages_style(&e->stages[i]), letter);
	}
}

static void stages_paint_point(struct dash *d, struct rect area, int row, const struct stage_summary *s, unsigned point)
{
	int64_t sum_ns = stages_sum(s, point);
	int column = 1 + STAGES_POINT + STAGES_TOTAL + 1;
	struct rect bar = { area.row + row, area.column + column, 1, area.columns - column - 1 };
	char value[32];

	area_printf(&d->canvas, area, row, 1, STYLE_DIM, "at %s", stage_points[point].key);
	canvas_put_right(&d->canvas, area.row + row, area.column + 1 + STAGES_POINT, STAGES_TOTAL, STYLE_STRONG,
		dash_latency(d, &s->whole, sum_ns, value, sizeof(value)));
	stages_paint_bar(d, bar, s, point, sum_ns);
}

static void stages_paint_head(struct dash *d, struct rect area, int row)
{
	static const char *const heads[] = { "p50", "p90", "p99" };

	area_put(&d->canvas, area, row, 1, STYLE_DIM, "each stage by itself");
	for (int i = 0; i < 3; i++)
		canvas_put_right(&d->canvas, area.row + row, area.column + STAGES_LABEL + i * STAGES_VALUE, STAGES_VALUE,
			STYLE_DIM, heads[i]);
}

static void stages_paint_stage(struct dash *d, struct rect area, int row, const struct stage_summary *s, unsigned stage)
{
	const struct latency_summary *l = &s->stage[stage];
	const struct stage_def *def = &d->moment.info->engine->stages[stage];
	const int64_t ns[] = { l->p50_ns, l->p90_ns, l->p99_ns };
	int rest = STAGES_LABEL + 3 * STAGES_VALUE + 2;
	char value[32];

	area_printf(&d->canvas, area, row, 1, stages_style(def), "%c %s", stages_letter(s, stage), def->title);
	for (int i = 0; i < 3; i++)
		canvas_put_right(&d->canvas, area.row + row, area.column + STAGES_LABEL + i * STAGES_VALUE, STAGES_VALUE,
			STYLE_TEXT, dash_latency(d, l, ns[i], value, sizeof(value)));
	if (d->layout.kind == LAYOUT_FULL)
		canvas_put_cut(&d->canvas, area.row + row, area.column + rest, area.columns - rest - 1, STYLE_DIM, def->help);
}

static void stages_paint_all(struct dash *d, struct rect area, const struct stage_summary *s)
{
	const struct engine *e = d->moment.info->engine;
	int row = 1;

	for (unsigned p = 0; p < STAGE_POINTS && row < area.rows; p++)
		stages_paint_point(d, area, row++, s, p);
	if (row + 1 < area.rows)
		stages_paint_head(d, area, row++);
	for (unsigned i = 0; i < engine_stages(e) && row < area.rows; i++)
		if (s->stage[i].count)
			stages_paint_stage(d, area, row++, s, i);
}

static void stages_paint(struct dash *d, struct rect area)
{
	const struct stage_summary *s = d->moment.stages;
	int64_t one_in = stages_one_in(d);
	char title[80], note[48] = "", n[32];

	snprintf(title, sizeof(title), "latency by stage %s · %s", dash_latency_unit(d, ""),
		d->moment.final ? "whole run" : "last 1 s");
	if (one_in)
		snprintf(note, sizeof(note), "1 packet in %lld", (long long)one_in);
	if (one_in && s)
		snprintf(note, sizeof(note), "1 packet in %lld, n=%s", (long long)one_in,
			text_grouped(s->whole.count, n, sizeof(n)));
	area_rule(&d->canvas, area, title, note);
	if (!dash_engine(d) || !dash_engine(d)->stages)
		area_put(&d->canvas, area, 1, 1, STYLE_DIM, "this mode stamps no packets");
	else if (!one_in)
		area_wrap(&d->canvas, area, 1, 1, STYLE_DIM, "off: set stages to N, and one packet in N is stamped");
	else if (!s || !s->whole.count)
		area_put(&d->canvas, area, 1, 1, STYLE_DIM, "no stamped packet yet");
	else
		stages_paint_all(d, area, s);
}

static int stages_lines(const struct dash *d)
{
	const struct engine *e = dash_engine(d);
	const struct stage_summary *s = d->moment.stages;
	int lines = STAGE_POINTS + 1;

	if (!e || !e->stages)
		return PANEL_NONE;
	if (!stages_one_in(d))
		return PANEL_ASIDE;
	for (unsigned i = 0; s && i < engine_stages(e); i++)
		lines += s->stage[i].count > 0;
	return lines;
}

const struct panel_def panel_stages = {
	.name = "stages",
	.narrow = { .min = 5, .want = 1 },
	.wide = { .min = 5, .want = 1 },
	.paint = stages_paint,
	.lines = stages_lines,
};
