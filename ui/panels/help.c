/* Help: the keys that are valid where it was asked for, and what every glyph means. */
#include <stdio.h>

#include "ui/dash/keytable.h"
#include "ui/panels/panels.h"

struct glyph_help {
	const char *glyph, *means;
};

static const struct glyph_help legend[] = {
	{ "--", "unknown: cannot be read, or not yet (never a 0)" },
	{ "Σ", "sum over all workers of a side" },
	{ "cpu3*", "a CPU that several workers share" },
	{ ">", "the picked core: Enter drills into it" },
	{ "vs A", "against baseline A: one run a side does not prove it" },
	{ "┄", "baseline A in the chart" },
	{ "◇ ◆", "p50 and p99, beside the heatmap" },
	{ "×", "below the chart: something was lost then" },
	{ "░▒▓█", "heatmap: number of values, log scale; blank: none" },
	{ "│", "chart: method switch or restart; or the time cursor" },
	{ "gap", "no samples from that time" },
	{ "● ○", "on, off: traffic, capture" },
	{ "✓ ✗", "in order or not: ledger, verdict; duel: better, worse" },
	{ "* !", "event: for information, warning" },
	{ "closed loop", "coordinated omission: tails look better than at a fixed rate" },
	{ "late", "sampler ticks that came more than 50 ms late" },
};
enum { LEGEND = sizeof(legend) / sizeof(legend[0]), TEXT_AT = 15 };

static int wider(const char *text, int than)
{
	int width = canvas_width(text);

	return width > than ? width : than;
}

static int keys_width(void)
{
	int width = 0;

	for (unsigned i = 0; i < key_def_count; i++)
		width = wider(key_defs[i].does, width);
	return TEXT_AT + width + 2;
}

static int legend_width(void)
{
	int width = 0;

	for (int i = 0; i < LEGEND; i++)
		width = wider(legend[i].means, width);
	return TEXT_AT + width + 1;
}

/* Help explains the keys of the screen that it lies over. */
static struct dash as_below(const struct dash *d)
{
	struct dash below = *d;

	below.view.screen = d->view.depth ? d->view.back[d->view.depth - 1] : SCREEN_DASH;
	return below;
}

static void put_entry(struct dash *d, struct rect area, int line, const char *key, const char *text)
{
	if (line < 1 || line >= area.rows)
		return;
	area_put(&d->canvas, area, line, 1, STYLE_KEY, key);
	canvas_put_cut(&d->canvas, area.row + line, area.column + TEXT_AT, area.columns - TEXT_AT - 1, STYLE_TEXT, text);
}

static int put_keys(struct dash *d, struct rect area, int line)
{
	struct dash below = as_below(d);

	for (unsigned i = 0; i < key_def_count; i++)
		if (key_is_valid(&below, &key_defs[i]))
			put_entry(d, area, line++, key_defs[i].keys, key_defs[i].does);
	put_entry(d, area, line++, "mouse", "tabs, rows (twice: drill), panel titles, keys below, wheel");
	return line;
}

static int put_legend(struct dash *d, struct rect area, int line)
{
	for (int i = 0; i < LEGEND; i++)
		put_entry(d, area, line++, legend[i].glyph, legend[i].means);
	return line;
}

static int put_wrapped(struct dash *d, struct rect area, int line, const char *name, const char *text)
{
	struct rect below = { area.row + 1, area.column, area.rows - 1, area.columns };

	if (line >= 1 && line < area.rows)
		area_put(&d->canvas, area, line, 1, STYLE_KEY, name);
	int rows = area_wrap(&d->canvas, below, line - 1, TEXT_AT, STYLE_TEXT, text);

	return line + (rows ? rows : 1);
}

static int put_role(struct dash *d, struct rect area, int line, const struct role_words *role)
{
	char text[64];

	snprintf(text, sizeof(text), "side: %s", role->title);
	return put_wrapped(d, area, line, role->brief, text);
}

/* Explains the columns and figures of this mode in the words of its own tables; the drill-down
 * explains the other counters. */
static int put_measures(struct dash *d, struct rect area, int line)
{
	const struct engine *e = dash_engine(d);
	char text[256], name[64];

	if (!e || !e->built)
		return line;
	snprintf(text, sizeof(text), "of this mode: %s", words_mode(e, name, sizeof(name)));
	if (line >= 1 && line < area.rows)
		area_put(&d->canvas, area, line, 1, STYLE_STRONG, text);
	line++;
	line = put_role(d, area, line, engine_role(e, ROLE_SERVER));
	line = put_role(d, area, line, engine_role(e, ROLE_CLIENT));
	for (const struct latency_def *l = e->latencies; l && l->name; l++) {
		snprintf(text, sizeof(text), "%s%s", l == e->latencies ? "the table's p50, p99; " : "", l->help);
		line = put_wrapped(d, area, line, l->title, text);
	}
	for (const struct figure_def *f = e->figures; f && f->name; f++)
		line = put_wrapped(d, area, line, f->title, f->help);
	for (unsigned i = COUNTER_OWN; i < engine_counters(e); i++)
		if (engine_counter(e, i)->show & SHOW_TABLE)
			line = put_wrapped(d, area, line, engine_counter(e, i)->title, engine_counter(e, i)->help);
	return line;
}

/* Returns the line after the last one, counted from the area's first row. */
static int help_paint_lines(struct dash *d, struct rect area)
{
	struct rect left = area, right = area;
	int first = 1 - d->view.scroll, keys, rest;

	area_rule(&d->canvas, area, "help: keys that are valid now, and glyphs", "j/k scroll · Esc back");
	if (area.columns < keys_width() + legend_width())
		return put_measures(d, area, put_legend(d, area, put_keys(d, left, first) + 1) + 1);
	left.columns = keys_width();
	right.column += left.columns;
	right.columns -= left.columns;
	keys = put_keys(d, left, first);
	rest = put_measures(d, right, put_legend(d, right, first) + 1);
	return rest > keys ? rest : keys;
}

void screen_help_paint(struct dash *d, struct rect area)
{
	int below = area.rows - help_paint_lines(d, area);

	if (below <= 0 || d->view.scroll <= 0)
		return;
	/* Scrolled beyond its end: the last line stays at the bottom. */
	d->view.scroll -= below < d->view.scroll ? below : d->view.scroll;
	canvas_fill(&d->canvas, area, STYLE_TEXT, NULL);
	help_paint_lines(d, area);
}
