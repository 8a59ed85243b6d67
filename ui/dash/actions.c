/* The actions of the keys.  See actions.h. */
#include "ui/dash/actions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ui/canvas/keys.h"
#include "ui/dash/words.h"

static void say_error(struct dash *d, const struct err *err)
{
	dash_say(d, STYLE_BAD, err->text[0] ? err->text : "the request failed");
}

/* Outcome of a request: an error becomes a toast.  true: it worked. */
static bool worked(struct dash *d, int outcome, const struct err *err)
{
	if (outcome < 0)
		say_error(d, err);
	return outcome >= 0;
}

/* What a key has switched is not seen in a view that stands still. */
static void switched(struct dash *d, int outcome, const struct err *err)
{
	if (worked(d, outcome, err) && d->view.frozen)
		dash_say(d, STYLE_FROZEN, "switched, unseen: the view is frozen, Space shows the new run");
}

/* ---- modes and methods ---- */

static void choose_mode(struct dash *d, unsigned mode)
{
	const struct engine *e = d->board->mode[mode].engine;
	struct err err = ERR_NONE;

	if (!e->built) {
		view_toast(&d->view, STYLE_WARNING, clock_run_ns(), "mode %s is not built yet", e->name);
		return;
	}
	if (mode == d->board->current_mode)
		return;
	switched(d, d->requests->choose_mode(d->requests->ctx, mode, &err), &err);
}

void act_tab(struct dash *d, int key)
{
	int wanted = key - '0', number = 0;

	for (unsigned i = 0; i < d->board->modes; i++)
		if (dash_is_tab(d, i) && ++number == wanted)
			choose_mode(d, i);
	if (number < wanted)
		view_toast(&d->view, STYLE_WARNING, clock_run_ns(), "there are %d modes", number);
}

void act_next_tab(struct dash *d, int key)
{
	const struct board *b = d->board;
	unsigned step = key == KEYCODE_SHIFT_TAB ? b->modes - 1 : 1, mode = b->current_mode;
	char missing[200] = "";

	for (unsigned i = 0; i + 1 < b->modes; i++) {
		mode = (mode + step) % b->modes;
		if (!dash_is_tab(d, mode))
			continue;
		if (b->mode[mode].engine->built) {
			choose_mode(d, mode);
			return;
		}
		size_t at = strlen(missing);
		snprintf(missing + at, sizeof(missing) - at, "%s%s", at ? ", " : "", b->mode[mode].engine->name);
	}
	if (missing[0])
		view_toast(&d->view, STYLE_WARNING, clock_run_ns(), "not built yet: %s", missing);
}

void act_method(struct dash *d, int key)
{
	struct err err = ERR_NONE;

	int outcome = d->requests->choose_method(d->requests->ctx, key == 'm' ? 1 : -1, &err);

	switched(d, outcome, &err);
	if (outcome >= 0 && err.text[0])
		dash_say(d, STYLE_WARNING, err.text);
}

void act_path(struct dash *d, int key)
{
	struct err err = ERR_NONE;

	switched(d, d->requests->choose_path(d->requests->ctx, key == 'p' ? 1 : -1, &err), &err);
}

void act_run(struct dash *d, int key)
{
	struct err err = ERR_NONE;

	(void)key;
	worked(d, d->requests->run(d->requests->ctx, !d->board->run_wanted, &err), &err);
}

void act_load(struct dash *d, int key)
{
	struct err err = ERR_NONE;
	const struct run_info *info = history_newest_run(d->board->history);
	char value[32];

	if (!worked(d, d->requests->change_load(d->requests->ctx, key == ']' ? 1 : -1, &err), &err))
		return;
	if (info && info->load_name)
		view_toast(&d->view, STYLE_TOAST, clock_run_ns(), "%s %s", info->load_name,
			text_grouped(d->board->load, value, sizeof(value)));
}

/* ---- time ---- */

static const struct hist *total_now(const struct dash *d)
{
	if (d->moment.final)
		return d->moment.final->total;
	return d->moment.to ? d->moment.to->total : NULL;
}

static void freeze(struct dash *d)
{
	if (view_freeze(&d->view, &d->moment, total_now(d)))
		dash_say(d, STYLE_BAD, "freeze: out of memory");
}

void act_freeze(struct dash *d, int key)
{
	(void)key;
	if (d->view.frozen)
		view_thaw(&d->view);
	else
		freeze(d);
}

/* The first moment with rates, which takes two samples: the cursor goes no further back. */
static int64_t oldest_moment_ns(const struct history *h)
{
	unsigned fine = history_fine_count(h), coarse = history_coarse_count(h);
	const struct sample *oldest = fine ? history_fine(h, fine - 1) : NULL;
	const struct sample *interval = coarse ? history_coarse(h, coarse - 1) : NULL;

	if (interval && (!oldest || interval->at_ns < oldest->at_ns))
		oldest = coarse > 1 ? history_coarse(h, coarse - 2) : interval;
	else if (fine > 1)
		oldest = history_fine(h, fine - 2);
	return oldest ? oldest->at_ns : 1;
}

void act_cursor(struct dash *d, int key)
{
	int64_t newest, oldest, step = d->series_ok ? d->series.heat_bin_ns : NS_PER_S;
	int steps = key == KEYCODE_LEFT ? -1 : key == KEYCODE_RIGHT ? 1 : key == KEYCODE_HOME ? -1000000 : 1000000;

	if (!d->view.frozen)
		freeze(d);
	if (!d->view.frozen)
		return;
	if (step < NS_PER_S / 10)
		step = NS_PER_S / 10;
	newest = d->view.hold.at_ns;
	oldest = newest - view_span_ns(&d->view) + step;
	if (oldest < oldest_moment_ns(d->board->history))
		oldest = oldest_moment_ns(d->board->history);
	view_move_cursor(&d->view, steps, step, oldest < newest ? oldest : newest, newest);
}

void act_cursor_at(struct dash *d, double part)
{
	int64_t newest, oldest, span = view_span_ns(&d->view);

	if (!d->view.frozen)
		freeze(d);
	if (!d->view.frozen)
		return;
	newest = d->view.hold.at_ns;
	oldest = newest > span ? newest - span : 1;
	d->view.cursor_ns = 0;
	view_move_cursor(&d->view, 1, (int64_t)((part - 1) * (double)span), oldest, newest);
}

void act_click_head(struct dash *d, int key)
{
	struct details_order *o = &d->ranked.order;

	if (key < KEY_RANK) {
		d->view.sort = (enum sort)(key - KEY_SORT);
		return;
	}
	key -= KEY_RANK;
	if ((int)o->column == key / 2 && (int)o->as == key % 2)
		ranked_turn(&d->ranked);
	o->column = (unsigned)key / 2;
	o->as = (enum details_as)(key % 2);
}

void act_zoom(struct dash *d, int key)
{
	char span[32];

	if (!view_zoom(&d->view, key == '+' ? -1 : key == '-' ? 1 : 0))
		view_toast(&d->view, STYLE_WARNING, clock_run_ns(), "%s is the end of the zoom",
			view_span_text(&d->view, span, sizeof(span)));
}

/* ---- picking and looking ---- */

void act_pick(struct dash *d, int key)
{
	int steps = key == 'j' || key == KEYCODE_DOWN ? 1
		    : key == 'k' || key == KEYCODE_UP ? -1
		    : key == KEYCODE_PAGE_DOWN        ? 10
						      : -10;
	bool table = d->view.screen == SCREEN_DASH || (d->view.screen == SCREEN_PANEL && dash_expanded(d)->shows & PANEL_WORKERS);

	if (d->view.screen == SCREEN_RUNS) {
		act_runs_pick(d, steps);
		return;
	}
	if (table) {
		view_move_pick(&d->view, d->order, d->order_count, steps);
		return;
	}
	d->view.scroll += steps;
	if (d->view.scroll < 0)
		d->view.scroll = 0;
}

void act_drill(struct dash *d, int key)
{
	(void)key;
	if (d->moment.info && (unsigned)d->view.pick < d->moment.info->workers)
		view_open(&d->view, SCREEN_DRILL);
}

/* Both sides, the servers alone, the clients alone. */
void act_side(struct dash *d, int key)
{
	(void)key;
	d->view.side = d->view.side == ROLE_CLIENT ? 0 : d->view.side + 1;
}

void act_sort(struct dash *d, int key)
{
	(void)key;
	if (d->view.screen == SCREEN_PANEL && dash_expanded(d)->sort) {
		dash_expanded(d)->sort(d);
		return;
	}
	d->view.sort = (enum sort)((d->view.sort + 1) % SORTS);
}

void act_sort_details(struct dash *d, int key)
{
	if (key == 'I')
		ranked_turn(&d->ranked);
	else
		ranked_step(&d->ranked, key == '>' ? 1 : -1);
}

/* The panel whose turn it is after that one (NULL: the first's), or before it. */
static int next_panel(const struct dash *d, const struct panel_row *now, int step)
{
	int best = -1;

	for (int i = 0; d->panels[i].def; i++) {
		int turn = step * d->panels[i].turn;

		if (d->lines[i] == PANEL_NONE || (now && turn <= step * now->turn))
			continue;
		if (best < 0 || turn < step * d->panels[best].turn)
			best = i;
	}
	return best < 0 && now ? next_panel(d, NULL, step) : best;
}

void act_expand(struct dash *d, int key)
{
	bool expanded = d->view.screen == SCREEN_PANEL;
	int next;

	if (key >= KEY_PANEL) {
		if (expanded)
			view_back(&d->view);
		else
			view_open_panel(&d->view, key - KEY_PANEL);
		return;
	}
	next = next_panel(d, expanded ? &d->panels[d->view.panel] : NULL, key == 'e' ? 1 : -1);
	if (next >= 0)
		view_open_panel(&d->view, next);
}

void act_menu(struct dash *d, int key)
{
	if (d->view.screen != SCREEN_MENU) {
		view_open(&d->view, SCREEN_MENU);
		return;
	}
	for (int i = 0; d->panels[i].def; i++) {
		if (d->panels[i].key != key)
			continue;
		view_back(&d->view);
		if (d->lines[i] == PANEL_NONE)
			view_toast(&d->view, STYLE_WARNING, clock_run_ns(), "%s: this mode has nothing to show there",
				d->panels[i].def->name);
		else
			view_open_panel(&d->view, i);
		return;
	}
}

void act_verdict(struct dash *d, int key)
{
	int panel = dash_panel(d, PANEL_VERDICT);

	(void)key;
	if (panel >= 0)
		view_open_panel(&d->view, panel);
}

void act_back(struct dash *d, int key)
{
	(void)key;
	if (view_back(&d->view))
		return;
	if (d->view.frozen)
		view_thaw(&d->view);
	else
		d->view.filter[0] = '\0';
}

void act_help(struct dash *d, int key)
{
	(void)key;
	view_open(&d->view, SCREEN_HELP);
}

void act_theme(struct dash *d, int key)
{
	(void)key;
	if (d->no_colors) {
		dash_say(d, STYLE_WARNING, "no colours here: NO_COLOR is set, or the terminal has none");
		return;
	}
	d->view.theme = theme_next(d->view.theme);
	d->repaint = true;
	view_toast(&d->view, STYLE_TOAST, clock_run_ns(), "theme %s: %s", d->view.theme->name, d->view.theme->summary);
	if (d->requests && d->requests->keep_setting)
		d->requests->keep_setting(d->requests->ctx, "theme", d->view.theme->name);
}

void act_wire(struct dash *d, int key)
{
	const struct run_info *info = d->moment.info;

	(void)key;
	if (info && !info->wire_overhead_bytes) {
		dash_say(d, STYLE_WARNING, "wire rate unavailable: this mode's header overhead is unknown");
		return;
	}
	d->view.wire = !d->view.wire;
	if (d->view.wire)
		view_toast(&d->view, STYLE_TOAST, clock_run_ns(), "bits on the wire: %u header bytes a packet added",
			info ? info->wire_overhead_bytes : 0);
	else
		dash_say(d, STYLE_TOAST, "bits of the payload");
}

/* ---- what is kept ---- */

/* Where there is not room for all of a path, its end says most. */
static void say_kept(struct dash *d, const char *what, const char *path)
{
	int room = d->canvas.columns - canvas_width(what) - 4;
	const char *end = path;

	while (canvas_width(end) > room && strchr(end + 1, '/'))
		end = strchr(end + 1, '/');
	view_toast(&d->view, STYLE_TOAST, clock_run_ns(), "%s %s%s", what, end == path ? "" : "…", end);
}

void act_snapshot(struct dash *d, int key)
{
	struct ui_picture picture;
	char path[256] = "", *text = canvas_to_text(&d->canvas);
	char *svg = canvas_to_svg(&d->canvas, d->view.theme->name, "netdyno");
	struct err err = ERR_NONE;

	(void)key;
	picture = (struct ui_picture){ .text = text, .svg = svg };
	if (worked(d, d->requests->snapshot(d->requests->ctx, &picture, path, sizeof(path), &err), &err))
		say_kept(d, "saved", path);
	free(text);
	free(svg);
}

void act_capture(struct dash *d, int key)
{
	bool on = !d->board->capture.active;
	struct err err = ERR_NONE;

	(void)key;
	if (worked(d, d->requests->capture(d->requests->ctx, on, &err), &err))
		say_kept(d, on ? "capture started:" : "capture written:", d->board->capture.path);
}

/* A duel needs the baseline's options, which an opened run does not have. */
static void ask_to_keep(struct dash *d, uint32_t run_id)
{
	struct err err = ERR_NONE;

	if (!d->board->read_only)
		worked(d, d->requests->keep_base(d->requests->ctx, run_id, &err), &err);
}

static void forget_base(struct dash *d)
{
	tally_free(&d->view.base);
	d->view.base_kept = d->view.base_apart = false;
	dash_say(d, STYLE_TOAST, "baseline forgotten");
	ask_to_keep(d, 0);
}

void act_base(struct dash *d, int key)
{
	if (key == 'B') {
		forget_base(d);
		return;
	}
	if (!d->tally.n) {
		dash_say(d, STYLE_WARNING, "no baseline yet: no interval of the measurement has ended");
		return;
	}
	if (tally_copy(&d->view.base, &d->tally)) {
		dash_say(d, STYLE_BAD, "baseline: out of memory");
		return;
	}
	d->view.base_kept = true;
	d->view.base_apart = false;
	view_toast(&d->view, STYLE_TOAST, clock_run_ns(), "baseline A: ‹%s›, %u interval%s", d->tally.method, d->tally.n,
		d->tally.n == 1 ? "" : "s");
	ask_to_keep(d, d->tally.run_id);
}

void act_duel(struct dash *d, int key)
{
	bool going = d->board->duel && d->board->duel->phase == DUEL_GOING;
	struct err err = ERR_NONE;

	(void)key;
	worked(d, d->requests->duel(d->requests->ctx, !going, &err), &err);
}

void act_clear(struct dash *d, int key)
{
	char at[32];

	(void)key;
	if (!d->moment.start || !d->moment.to) {
		dash_say(d, STYLE_WARNING, "nothing to clear before the measurement begins");
		return;
	}
	if (view_clear(&d->view, &d->moment, d->view.frozen ? d->view.hold.total : total_now(d)))
		dash_say(d, STYLE_BAD, "clear: out of memory");
	else
		view_toast(&d->view, STYLE_TOAST, clock_run_ns(), "totals count from %s on; results keep everything",
			dash_hms(d, d->moment.at_ns, at, sizeof(at)));
}

/* ---- the filter ---- */

void act_filter(struct dash *d, int key)
{
	(void)key;
	d->view.filter_typing = true;
}

void act_filter_key(struct dash *d, int key)
{
	char *filter = view_typed(&d->view);
	size_t length = strlen(filter);

	d->view.scroll = 0;
	if (key == KEYCODE_ENTER) {
		d->view.filter_typing = false;
	} else if (key == KEYCODE_ESCAPE) {
		d->view.filter_typing = false;
		filter[0] = '\0';
	} else if (key == KEYCODE_CTRL_U) {
		filter[0] = '\0';
	} else if (key == KEYCODE_BACKSPACE) {
		if (length)
			filter[length - 1] = '\0';
	} else if (key >= ' ' && key < 0x7f && length + 1 < FILTER_BYTES) {
		filter[length] = (char)key;
		filter[length + 1] = '\0';
	}
}

void act_match(struct dash *d, int key)
{
	act_pick(d, key == 'n' ? 'j' : 'k');
}

/* ---- the terminal's ---- */

void act_redraw(struct dash *d, int key)
{
	(void)key;
	d->repaint = true;
}

void act_suspend(struct dash *d, int key)
{
	(void)key;
	d->suspend = true;
}

/* F10 applies a form: pressed once too often, or in the help that lies over one, it must not take
 * the run away. */
void act_quit(struct dash *d, int key)
{
	if (key == KEYCODE_F10 && d->form)
		view_back(&d->view);
	else if (key == KEYCODE_F10 && d->applied_at && d->keys == d->applied_at + 1)
		dash_say(d, STYLE_WARNING, "F10 has applied the form; once more, or q, quits");
	else
		d->quit = true;
}
