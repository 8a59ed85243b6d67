/* Help: the keys that are valid where it was asked for, what every glyph, column and place means,
 * and in a form what its fields mean.  The search leaves the lines that have its text. */
#include <stdio.h>
#include <string.h>

#include "ui/dash/keytable.h"
#include "ui/panels/panels.h"

struct help_line {
	const char *name, *means;
};

static const struct help_line legend[] = {
	{ "--", "unknown: cannot be read, or not yet (never a 0)" },
	{ "Σ", "sum over all workers of a side" },
	{ "cpu3*", "a CPU that several workers share" },
	{ ">", "the picked core: Enter drills into it" },
	{ "┄", "baseline A in the chart" },
	{ "◇ ◆", "p50 and p99, beside the heatmap" },
	{ "· log", "logarithmic scale: the lowest line is its number or less, 0 too" },
	{ "×", "below the chart: something was lost then" },
	{ "░▒▓█", "heatmap: number of values, log scale; blank: none" },
	{ "│", "chart: method switch or restart; a column in reverse: the time cursor" },
	{ "gap", "no samples from that time, or another mode ran then" },
	{ "● ○", "on, off: traffic, capture" },
	{ "✓ ✗", "in order or not: ledger, verdict; duel: better, worse" },
	{ "Δ of pairs", "duel: what B differs by within a round; the medians need not be so far apart" },
	{ "* !", "event: for information, warning" },
	{ "closed loop", "coordinated omission: tails look better than at a fixed rate" },
	{ "late", "sampler ticks that came more than 50 ms late" },
	{ NULL, NULL },
};

static const struct help_line core_columns[] = {
	{ "CORE", "a worker: its side, and the CPU that it is pinned to" },
	{ "share", "its part of all that its side moves; not there where all have the same" },
	{ "rx, tx", "received and sent per second: packets, or messages" },
	{ "Mbit/s, bit/s", "bits of the payload, or with u those on the wire" },
	{ "drop/s", "lost per second at places that this worker sees itself, from the measurement on; of packets that held "
		    "several datagrams as many as the ledger has" },
	{ "p50 p99", "half, and 99 of 100, took no longer than this; p99.9: 999 of 1000" },
	{ "busy", "CPU time that it used, of one CPU; helpers' on top" },
	{ "vs A", "the rate that stands here against the mean of baseline A: one run a side proves nothing" },
	{ NULL, NULL },
};

/* Places that the kernel counts, and rests that nobody counts: no mode's table has them. */
static const struct help_line kernel_places[] = {
	{ "UDP receive", "buffers: sockets of this host were full (RcvbufErrors); rcvbuf and rmem_max raise them" },
	{ "no socket", "at the port: nobody was bound there (NoPorts)" },
	{ "device", "or its queue: the kernel dropped what was sent (SndbufErrors)" },
	{ "softnet", "backlog: the queue of a CPU before the protocols was full (netdev_max_backlog)" },
	{ "IP", "reassembly or fragmentation failed: a fragment was missing or could not be sent" },
	{ "somewhere", "between here and the answer: only the other end could say where" },
	{ "unexplained", "missing, and no place has it: above 0.1 % the number must not be used" },
	{ NULL, NULL },
};

enum { TEXT_AT = 15, RIGHT_LEAST = 62 };

/* Lines flow down a column; those before `first` are scrolled away. */
struct help_flow {
	struct dash *d;
	struct rect area; /* below the rule */
	int first, line;
};

static bool help_has(const struct dash *d, const char *text)
{
	return !d->view.search[0] || strcasestr(text, d->view.search);
}

static void help_say(struct help_flow *f, const char *name, const char *means)
{
	int at = f->line - f->first, rows;

	if (!help_has(f->d, name) && !help_has(f->d, means))
		return;
	area_put(&f->d->canvas, f->area, at, 1, STYLE_KEY, name);
	rows = area_wrap(&f->d->canvas, f->area, at, TEXT_AT, STYLE_TEXT, means);
	f->line += rows ? rows : 1;
}

/* A search shows lines alone. */
static void help_head(struct help_flow *f, const char *text)
{
	if (f->d->view.search[0])
		return;
	if (f->line)
		f->line++;
	area_put(&f->d->canvas, f->area, f->line - f->first, 1, STYLE_STRONG, text);
	f->line++;
}

static void help_say_all(struct help_flow *f, const char *head, const struct help_line *line)
{
	help_head(f, head);
	for (; line->name; line++)
		help_say(f, line->name, line->means);
}

/* ---- keys ---- */

/* Help explains the keys of the screen that it lies over. */
static struct dash as_below(const struct dash *d)
{
	struct dash below = *d;

	below.view.screen = d->view.depth ? d->view.back[d->view.depth - 1] : SCREEN_DASH;
	return below;
}

static void help_put_keys(struct help_flow *f)
{
	struct dash below = as_below(f->d);

	for (unsigned i = 0; i < key_def_count; i++)
		if (key_is_valid(&below, &key_defs[i]))
			help_say(f, key_defs[i].keys, key_defs[i].does);
	help_say(f, "mouse", "tabs, rows (twice: drill), column heads, panel titles, charts, keys below, wheel");
}

/* ---- a form ---- */

static const struct help_line form_keys[] = {
	{ "F10 Ctrl-S", "apply, if every field is in order" },
	{ "Esc", "leave the form; nothing is changed" },
	{ "↑ ↓ Tab", "the field before or after; the buttons" },
	{ "← →", "the choice before or after; move in the text" },
	{ "Del", "back to the default" },
	{ "Ctrl-U", "empty the field: left like that, it has its default again" },
	{ NULL, NULL },
};

static void help_say_field(struct help_flow *f, const struct option_def *def)
{
	char text[512], range[128];

	snprintf(text, sizeof(text), "%s (%s)", def->help ? def->help : "", options_range_text(def, range, sizeof(range)));
	help_say(f, def->name, text);
}

/* The field that was being filled in comes first. */
static void help_put_form(struct help_flow *f)
{
	const struct options *o = form_options(f->d->form);
	int focused = form_focused(f->d->form);

	if (focused >= 0 && !f->d->view.search[0]) {
		help_head(f, "this field");
		help_say_field(f, o->def[focused]);
	}
	help_say_all(f, "keys of the form", form_keys);
	help_head(f, "fields");
	for (unsigned i = 0; i < o->count; i++)
		if (o->def[i]->flags & OPTION_FORM)
			help_say_field(f, o->def[i]);
}

/* ---- the mode's own words ---- */

static void help_put_role(struct help_flow *f, const struct role_words *role)
{
	char text[64];

	snprintf(text, sizeof(text), "side: %s", role->title);
	help_say(f, role->brief, text);
}

/* In the words of the mode's own tables; the drill-down explains the other counters. */
static void help_put_measures(struct help_flow *f)
{
	const struct engine *e = dash_engine(f->d);
	char text[256], name[64];

	if (!e || !e->built)
		return;
	snprintf(text, sizeof(text), "of this mode: %s", words_mode(e, name, sizeof(name)));
	help_head(f, text);
	help_put_role(f, engine_role(e, ROLE_SERVER));
	help_put_role(f, engine_role(e, ROLE_CLIENT));
	for (const struct latency_def *l = e->latencies; l && l->name; l++) {
		snprintf(text, sizeof(text), "%s%s", l == e->latencies ? "the table's p50, p99; " : "", l->help);
		help_say(f, l->title, text);
	}
	for (const struct figure_def *figure = e->figures; figure && figure->name; figure++)
		help_say(f, figure->title, figure->help);
	for (unsigned i = COUNTER_OWN; i < engine_counters(e); i++)
		if (engine_counter(e, i)->show & SHOW_TABLE)
			help_say(f, engine_counter(e, i)->title, engine_counter(e, i)->help);
}

static void help_put_places(struct help_flow *f)
{
	const struct engine *e = dash_engine(f->d);
	char text[256];

	help_head(f, "places where packets are lost");
	for (unsigned i = COUNTER_OWN; e && e->built && i < engine_counters(e); i++) {
		const struct counter_def *def = engine_counter(e, i);

		if (!def->place)
			continue;
		snprintf(text, sizeof(text), "%s: %s", def->place_title ? def->place_title : def->place, def->help);
		help_say(f, def->title, text);
	}
	help_say_all(f, "places that the kernel counts", kernel_places);
}

/* ---- the screen ---- */

static void help_put_meanings(struct help_flow *f)
{
	help_say_all(f, "glyphs", legend);
	help_say_all(f, "columns of the cores", core_columns);
	help_put_measures(f);
	help_put_places(f);
}

/* Returns how many lines there are. */
static int help_paint_lines(struct dash *d, struct rect area)
{
	struct help_flow left = { .d = d, .area = area, .first = d->view.scroll }, right = left;

	if (d->form) {
		help_put_form(&left);
		return left.line;
	}
	if (area.columns < 2 * RIGHT_LEAST) {
		help_put_keys(&left);
		help_put_meanings(&left);
		return left.line;
	}
	left.area.columns = area.columns / 2;
	right.area.column += left.area.columns;
	right.area.columns -= left.area.columns;
	help_put_keys(&left);
	help_put_meanings(&right);
	return left.line > right.line ? left.line : right.line;
}

void screen_help_paint(struct dash *d, struct rect area)
{
	struct rect inside = { area.row + 1, area.column, area.rows - 1, area.columns };
	int lines = help_paint_lines(d, inside), most = lines > inside.rows ? lines - inside.rows : 0;
	char title[64], note[80], range[32];

	if (d->view.scroll > most) { /* the last line stays at the bottom */
		d->view.scroll = most;
		canvas_fill(&d->canvas, area, STYLE_TEXT, NULL);
		help_paint_lines(d, inside);
	}
	if (!lines)
		area_printf(&d->canvas, inside, 0, 1, STYLE_DIM, "nothing here has \"%s\"", d->view.search);
	snprintf(title, sizeof(title), "help%s%s", d->view.search[0] ? " · /" : "", d->view.search);
	panel_range(d->view.scroll, inside.rows, lines, range, sizeof(range));
	snprintf(note, sizeof(note), "%s%sj/k scroll · / search · Esc back", range, range[0] ? " · " : "");
	area_rule(&d->canvas, area, title, note);
}
