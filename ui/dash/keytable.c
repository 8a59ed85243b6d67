/* The key table.  See keytable.h. */
#include "ui/dash/keytable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ui/dash/actions.h"
#include "ui/canvas/keys.h"

#define ON(screen) (1u << (screen))
enum {
	VIEWS = ON(SCREEN_DASH) | ON(SCREEN_PANEL) | ON(SCREEN_DRILL),
	NOT_FORMS = VIEWS | ON(SCREEN_HELP) | ON(SCREEN_MENU) | ON(SCREEN_RUNS),
	FORMS = ON(SCREEN_SETUP) | ON(SCREEN_CAPTURE),
	EVERYWHERE = NOT_FORMS | FORMS,
};

/* ---- when keys are valid ---- */

static bool live(const struct dash *d)
{
	return !d->board->read_only;
}

static bool has_modes(const struct dash *d)
{
	return live(d) && d->board->modes > 0;
}

/* Its options would be applied to the other mode. */
static bool may_switch(const struct dash *d)
{
	return has_modes(d) && !d->form;
}

static bool has_load(const struct dash *d)
{
	/* Between two of its runs nothing has a load. */
	bool duel = dash_duel(d) && dash_duel(d)->phase == DUEL_GOING;

	return live(d) && (duel || d->board->load_max > d->board->load_min);
}

static bool key_has_run(const struct dash *d)
{
	return d->moment.info || d->view.frozen; /* a frozen run may have been forgotten */
}

static bool has_both_sides(const struct dash *d)
{
	return d->view.side || d->both_sides;
}

static bool has_base(const struct dash *d)
{
	return d->view.base_kept;
}

/* Modes cannot be compared with each other. */
static bool has_rival(const struct dash *d)
{
	return has_modes(d) && has_base(d) && d->view.base.engine == d->board->mode[d->board->current_mode].engine;
}

static bool has_filter(const struct dash *d)
{
	return d->view.filter[0] != '\0';
}

static bool has_details(const struct dash *d)
{
	return d->ranked.def && d->ranked.most;
}

static bool has_way_back(const struct dash *d)
{
	return d->view.screen != SCREEN_DASH || d->view.frozen || d->view.filter[0];
}

static bool scrolls_or_picks(const struct dash *d)
{
	return d->view.screen != SCREEN_DASH || d->order_count > 0;
}

/* ---- dispatch ---- */

bool key_is_valid(const struct dash *d, const struct key_def *def)
{
	return def->screens & ON(d->view.screen) && (!def->valid || def->valid(d));
}

static bool has_key(const struct key_def *def, int key)
{
	for (int i = 0; i < KEYS_PER_DEF; i++)
		if (def->key[i] && def->key[i] == key)
			return true;
	return false;
}

static int key_of_table(int key)
{
	return key >= '1' && key <= '9' ? '1' : key;
}

const struct key_def *key_find(const struct dash *d, int key)
{
	key = key_of_table(key);
	for (unsigned i = 0; i < key_def_count; i++)
		if (has_key(&key_defs[i], key) && key_is_valid(d, &key_defs[i]))
			return &key_defs[i];
	return NULL;
}

/* Why a key that this screen knows does nothing now; NULL: that is plain to see, or the screen
 * does not know it. */
static const char *key_why_not(const struct dash *d, int key)
{
	static const struct {
		bool (*valid)(const struct dash *d);
		const char *why;
	} refusals[] = {
		{ has_load, "this run has no load to change" },
		{ key_has_run, "nothing has run yet" },
		{ has_base, "there is no baseline: b keeps one" },
		{ has_rival, "there is no baseline to duel with: b keeps one" },
		{ has_details, "this run has no details to sort" },
		{ has_filter, "there is no filter: / sets one" },
	};
	const struct key_def *def = NULL;

	key = key_of_table(key);
	for (unsigned i = 0; !def && i < key_def_count; i++)
		if (has_key(&key_defs[i], key) && key_defs[i].screens & ON(d->view.screen))
			def = &key_defs[i];
	if (def && !live(d) &&
		(def->valid == live || def->valid == has_modes || def->valid == may_switch || def->valid == has_load ||
			def->valid == has_rival))
		return "a saved run cannot be started or changed";
	if (def && def->valid == has_rival && has_base(d))
		return "baseline A is a run of another mode: b keeps one of this mode";
	for (unsigned i = 0; def && i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (def->valid == refusals[i].valid)
			return refusals[i].why;
	return NULL;
}

/* In a few lines nobody would see what the next keys do there. */
static bool opens_screen(const struct key_def *def)
{
	static void (*const acts[])(struct dash * d, int key) = { act_help, act_setup, act_capture_options, act_drill, act_expand,
		act_menu, act_verdict, act_runs, act_filter };
	bool opens = false;

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		opens |= def->act == acts[i];
	return opens;
}

static bool is_form(const struct dash *d)
{
	return ON(d->view.screen) & FORMS;
}

/* In a form and in the filter's prompt keys are text, apart from those that must work
 * everywhere. */
static bool is_for_everywhere(int key)
{
	return key == KEYCODE_CTRL_C || key == KEYCODE_CTRL_L || key == KEYCODE_CTRL_Z;
}

/* Updates may have come in since the last frame. */
static void begin_key(struct dash *d)
{
	d->keys++;
	d->view.toast[0] = '\0';
	dash_look(d);
}

void key_dispatch(struct dash *d, int key)
{
	const struct key_def *def;

	begin_key(d);
	/* too small to show what else would take it */
	if (d->layout.kind == LAYOUT_LINES && key == 'q') {
		act_quit(d, key);
		return;
	}
	if (is_form(d) && !is_for_everywhere(key)) {
		act_form_key(d, key);
		return;
	}
	if (d->view.filter_typing && !is_for_everywhere(key)) {
		act_filter_key(d, key);
		return;
	}
	if (key >= KEY_PANEL && key < KEY_PANEL + PANELS_MAX) {
		act_expand(d, key);
		return;
	}
	if (key >= KEY_SORT && key < KEY_RANK + 2 * DETAIL_COLUMNS_MAX) {
		act_click_head(d, key);
		return;
	}
	if (d->view.screen == SCREEN_MENU && key >= 'a' && key <= 'z' && key != 'q') {
		act_menu(d, key);
		return;
	}
	def = key_find(d, key);
	if (def && d->layout.kind == LAYOUT_LINES && opens_screen(def))
		view_toast(&d->view, STYLE_WARNING, clock_run_ns(), "too small: %dx%d", LAYOUT_MIN_COLUMNS, LAYOUT_MIN_ROWS);
	else if (def)
		def->act(d, key);
	else if (key_why_not(d, key))
		view_toast(&d->view, STYLE_WARNING, clock_run_ns(), "%s", key_why_not(d, key));
	else if (key > ' ' && key <= '~')
		view_toast(&d->view, STYLE_WARNING, clock_run_ns(), "%c: no such key here", key);
}

static void pick_row(struct dash *d, int worker)
{
	bool again = d->view.pick == worker;

	d->view.pick = worker;
	if (again)
		act_drill(d, KEYCODE_ENTER);
}

void key_mouse(struct dash *d, int row, int column, int wheel)
{
	struct hit hit;

	if (wheel) {
		key_dispatch(d, wheel < 0 ? KEYCODE_UP : KEYCODE_DOWN);
	} else if (!is_form(d) && hits_find(&d->hits, row, column, &hit) && hit.key == KEY_TIME) {
		begin_key(d);
		if (key_has_run(d))
			act_cursor_at(d, ((double)(column - hit.area.column) + 1) / hit.area.columns);
	} else if (!is_form(d) && hits_find(&d->hits, row, column, &hit) && hit.key) {
		key_dispatch(d, hit.key);
	} else {
		begin_key(d);
		if (is_form(d))
			act_form_click(d, row, column);
		else if (hits_find(&d->hits, row, column, &hit))
			pick_row(d, hit.worker);
	}
}

/* ---- as text ---- */

char *key_help(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (unsigned i = 0; i < key_def_count; i++)
		fprintf(out, "%s\t%s\n", key_defs[i].keys, key_defs[i].does);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* ---- the table ---- */

const struct key_def key_defs[] = {
	{ { '?', KEYCODE_F1, 'h' }, "F1 ? h", "help: the keys that are valid now, and the meaning of glyphs",
		VIEWS | ON(SCREEN_RUNS), NULL, "? Help", 1, act_help },
	{ { KEYCODE_F2, 'o' }, "F2 o", "set-up form of this mode; the run goes on until Apply", VIEWS, has_modes, "F2 Setup", 5,
		act_setup },
	{ { '1' }, "1-9", "choose a mode by its tab", NOT_FORMS, may_switch, NULL, 0, act_tab },
	{ { KEYCODE_TAB, KEYCODE_SHIFT_TAB }, "Tab S-Tab", "next or previous mode", NOT_FORMS, may_switch, "Tab Mode", 18,
		act_next_tab },
	{ { 'm', 'M' }, "m M", "next or previous method that runs here: the run restarts at once", VIEWS, has_modes, "m Method",
		3, act_method },
	{ { 'p', 'P' }, "p P", "next or previous path that runs here: the run restarts at once", VIEWS, has_modes, "p Path", 20,
		act_path },
	{ { 'r' }, "r", "run or stop the traffic", VIEWS, has_modes, "r Run", 2, act_run },
	{ { ' ', 'f' }, "Spc f", "freeze or thaw the view; the run goes on", VIEWS, key_has_run, "f Freeze", 4, act_freeze },
	{ { KEYCODE_LEFT, KEYCODE_RIGHT, KEYCODE_HOME, KEYCODE_END }, "←→ Home End",
		"freeze the view, and move the time cursor through all panels", VIEWS, key_has_run, "←→ Time", 16, act_cursor },
	{ { '[', ']' }, "[ ]", "less or more load (window or rate), live", VIEWS, has_load, "[] Load", 7, act_load },
	{ { '+', '-', '=' }, "+ - =", "zoom the time axis in, out, back to 60 s", VIEWS, NULL, "+- Zoom", 19, act_zoom },
	{ { 'y', 'Y' }, "y Y", "what the chart shows: rate, both ways, bits, p99, drops, CPU, cycles, cwnd, cores", VIEWS,
		key_has_run, "y Chart", 12, act_chart },
	{ { 'l' }, "l", "the scale of the charts: linear from 0, or logarithmic", VIEWS, key_has_run, "l Log", 21,
		act_chart_scale },
	{ { 'j', 'k', KEYCODE_DOWN, KEYCODE_UP }, "j k ↑ ↓", "pick a core; scroll what is longer than the screen", NOT_FORMS,
		scrolls_or_picks, NULL, 0, act_pick },
	{ { KEYCODE_PAGE_DOWN, KEYCODE_PAGE_UP }, "PgDn PgUp", "pick or scroll ten at a time", NOT_FORMS, scrolls_or_picks, NULL,
		0, act_pick },
	{ { KEYCODE_ENTER }, "Enter", "drill into the picked core", ON(SCREEN_DASH) | ON(SCREEN_PANEL), key_has_run,
		"Enter Drill", 21, act_drill },
	{ { 'x' }, "x", "rows of both sides, of the servers alone, of the clients alone", VIEWS, has_both_sides, "x Side", 13,
		act_side },
	{ { 'S' }, "S", "sort the cores: plan order, rate, drops, p99, busy", VIEWS, NULL, NULL, 0, act_sort },
	{ { '<', '>', 'I' }, "< > I", "sort the details by the column before or after; reverse", VIEWS, has_details, NULL, 0,
		act_sort_details },
	{ { 'e', 'E' }, "e E", "expand a panel to the full screen", ON(SCREEN_DASH) | ON(SCREEN_DRILL), NULL, "e Expand", 17,
		act_expand },
	{ { 'e', 'E' }, "e E", "expanded: the next or previous panel", ON(SCREEN_PANEL), NULL, "e Next", 5, act_expand },
	{ { 'g' }, "g", "a list of the panels: a letter opens one (g d: the drops)", VIEWS, NULL, "g Panels", 8, act_menu },
	{ { 'v' }, "v", "the verdict in full: its reasons and cautions; then the events", VIEWS, key_has_run, NULL, 0,
		act_verdict },
	{ { KEYCODE_ESCAPE }, "Esc", "back one level: screen, frozen view, filter", NOT_FORMS, has_way_back, "Esc Back", 2,
		act_back },
	{ { 'R' }, "R", "the runs of this session: show one, compare two", VIEWS, key_has_run, "R Runs", 14, act_runs },
	{ { KEYCODE_ENTER }, "Enter", "show the picked run; Esc goes back to the one that goes on", ON(SCREEN_RUNS), NULL,
		"Enter Show", 1, act_runs_show },
	{ { ' ' }, "Spc", "mark a run as A, then another as B: they are compared", ON(SCREEN_RUNS), NULL, "Spc Compare", 2,
		act_runs_mark },
	{ { 'b' }, "b", "keep the picked run as baseline A", ON(SCREEN_RUNS), NULL, "b Base", 3, act_runs_base },
	{ { 's' }, "s", "snapshot: data and screen into a directory", VIEWS, live, "s Snap", 10, act_snapshot },
	{ { 'w' }, "w", "start or stop a capture", VIEWS, has_modes, "w Pcap", 15, act_capture },
	{ { 'W' }, "W", "capture options: interface, sample, snaplen, limits, filter", VIEWS, has_modes, NULL, 0,
		act_capture_options },
	{ { 'b' }, "b", "keep this run as baseline A to compare with", VIEWS, key_has_run, "b Base", 6, act_base },
	{ { 'B' }, "B", "forget the baseline", VIEWS, has_base, NULL, 0, act_base },
	{ { 'd' }, "d", "duel: A and what is set now run by turns until it shows whether they differ", VIEWS, has_rival, "d Duel",
		9, act_duel },
	{ { 'c' }, "c", "clear totals: the screen counts from now; results keep all", VIEWS, key_has_run, "c Clear", 23,
		act_clear },
	{ { '/' }, "/", "filter cores and events", VIEWS, NULL, "/ Filter", 22, act_filter },
	{ { '/' }, "/", "search the help", ON(SCREEN_HELP), NULL, "/ Search", 4, act_filter },
	{ { 'n', 'N' }, "n N", "next or previous match of the filter", VIEWS, has_filter, NULL, 0, act_match },
	{ { 't' }, "t", "theme: dark, light, mono, colour-blind safe", NOT_FORMS, NULL, NULL, 0, act_theme },
	{ { 'u' }, "u", "bits of the payload, or bits on the wire", VIEWS, NULL, NULL, 0, act_wire },
	{ { KEYCODE_CTRL_L }, "Ctrl-L", "redraw the screen", EVERYWHERE, NULL, NULL, 0, act_redraw },
	{ { KEYCODE_CTRL_Z }, "Ctrl-Z", "suspend netdyno: the run stands still and becomes invalid", EVERYWHERE, NULL, NULL, 0,
		act_suspend },
	{ { 'q', KEYCODE_F10 }, "q F10", "quit", NOT_FORMS, NULL, "q Quit", 0, act_quit },
	{ { KEYCODE_CTRL_C }, "Ctrl-C", "quit, from everywhere", EVERYWHERE, NULL, NULL, 0, act_quit },
};
const unsigned key_def_count = sizeof(key_defs) / sizeof(key_defs[0]);
