/* The grid of a sweep.  See ui/sweep/paint.h. */
#include "ui/sweep/paint.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "sweep/report.h"
#include "ui/canvas/keys.h"
#include "ui/widgets/widgets.h"

enum { TOP = 5, BOTTOM = 3, SMALL_ROWS = TOP + BOTTOM + 1, SMALL_COLUMNS = 30, LABEL_MAX = 16, VALUE = 8 };

/* ---- which axis goes where ---- */

struct grid {
	const struct sweep_plan *plan;
	int down, across; /* axes, -1: none */
	uint32_t rows, columns, pages;
	uint32_t stride[SWEEP_AXES_MAX];
};

static int longest_axis(const struct sweep_plan *plan, int besides)
{
	int longest = -1;

	for (int i = 0; i < (int)plan->axes; i++)
		if (i != besides && (longest < 0 || plan->axis[i].count > plan->axis[longest].count))
			longest = i;
	return longest;
}

/* The longest axis goes down, where there is most room, the next across; the others turn the
 * pages. */
static struct grid grid_of(const struct sweep_plan *plan)
{
	struct grid g = { .plan = plan, .rows = 1, .columns = 1 };
	uint32_t stride = 1;

	g.down = longest_axis(plan, -1);
	g.across = g.down < 0 ? -1 : longest_axis(plan, g.down);
	for (unsigned i = plan->axes; i-- > 0;) {
		g.stride[i] = stride;
		stride *= plan->axis[i].count;
	}
	if (g.down >= 0)
		g.rows = plan->axis[g.down].count;
	if (g.across >= 0)
		g.columns = plan->axis[g.across].count;
	g.pages = plan->cells / (g.rows * g.columns);
	return g;
}

/* The first cell of a page; the last of its axes turns fastest. */
static uint32_t first_of_page(const struct grid *g, uint32_t page)
{
	uint32_t cell = 0;

	for (int i = (int)g->plan->axes; i-- > 0;) {
		uint32_t count = g->plan->axis[i].count;

		if (i == g->down || i == g->across)
			continue;
		cell += page % count * g->stride[i];
		page /= count;
	}
	return cell;
}

static uint32_t sweep_cell_at(const struct grid *g, uint32_t page, uint32_t row, uint32_t column)
{
	uint32_t cell = first_of_page(g, page);

	if (g->down >= 0)
		cell += row * g->stride[g->down];
	if (g->across >= 0)
		cell += column * g->stride[g->across];
	return cell;
}

static uint32_t page_of(const struct grid *g, uint32_t cell)
{
	uint32_t page = 0;

	for (int i = 0; i < (int)g->plan->axes; i++)
		if (i != g->down && i != g->across)
			page = page * g->plan->axis[i].count + sweep_cell_value(g->plan, cell, (unsigned)i);
	return page;
}

/* ---- the look ---- */

void sweep_look_init(struct sweep_look *look, const struct sweep_state *state, const char *directory)
{
	*look = (struct sweep_look){
		.state = state, .directory = directory, .follows = true, .seen = UINT64_MAX, .best = -1, .scale = 1, .unit = ""
	};
}

static int between(int64_t value, int64_t most)
{
	return value < 0 || most < 0 ? 0 : value > most ? (int)most : (int)value;
}

/* So that `at` is one of the `shown` that begin with `first`. */
static int brought_in(int first, int at, int shown)
{
	if (at < first)
		return at;
	return shown > 0 && at >= first + shown ? at - shown + 1 : first;
}

/* Takes in the runs that have ended since; keeps the view within the grid. */
static void sweep_look_update(struct sweep_look *look)
{
	const struct sweep_state *s = look->state;
	struct grid g = grid_of(s->plan);

	if (look->seen != sweep_state_ended(s)) {
		look->seen = sweep_state_ended(s);
		look->best = s->metrics ? sweep_state_best(s, 0) : -1;
		look->unit = "";
		look->scale = s->metrics ? sweep_state_unit(s, 0, &look->unit) : 1;
	}
	if (look->follows && s->running) {
		look->page = page_of(&g, s->current);
		if (g.down >= 0)
			look->first_row = brought_in(
				look->first_row, (int)sweep_cell_value(s->plan, s->current, (unsigned)g.down), look->rows_shown);
		if (g.across >= 0)
			look->first_column = brought_in(look->first_column,
				(int)sweep_cell_value(s->plan, s->current, (unsigned)g.across), look->columns_shown);
	}
	look->page = (uint32_t)between(look->page, (int64_t)g.pages - 1);
	look->first_row = between(look->first_row, (int64_t)g.rows - look->rows_shown);
	look->first_column = between(look->first_column, (int64_t)g.columns - look->columns_shown);
}

bool sweep_look_key(struct sweep_look *look, int key)
{
	static const struct {
		int key, letter, rows, columns, pages;
	} moves[] = {
		{ KEYCODE_UP, 'k', -1, 0, 0 },
		{ KEYCODE_DOWN, 'j', 1, 0, 0 },
		{ KEYCODE_LEFT, 'h', 0, -1, 0 },
		{ KEYCODE_RIGHT, 'l', 0, 1, 0 },
		{ KEYCODE_PAGE_UP, 'p', 0, 0, -1 },
		{ KEYCODE_PAGE_DOWN, 'n', 0, 0, 1 },
	};

	if (key == 'f' || key == KEYCODE_HOME) {
		look->follows = true;
		return true;
	}
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		if (key != moves[i].key && key != moves[i].letter)
			continue;
		look->follows = false;
		look->first_row += moves[i].rows;
		look->first_column += moves[i].columns;
		if (moves[i].pages > 0 || look->page)
			look->page += (uint32_t)moves[i].pages;
		sweep_look_update(look);
		return true;
	}
	return false;
}

/* ---- the head ---- */

static void sweep_paint_title(struct canvas *c, const struct sweep_look *look)
{
	const struct sweep_state *s = look->state;
	char text[160], left[32];
	uint64_t ended = sweep_state_ended(s);
	const char *word = look->stopping ? "■ STOPPING" : s->running ? "● RUN" : ended >= s->slots ? "○ DONE" : "○ WAITING";
	enum style style = look->stopping ? STYLE_WARNING : s->running ? STYLE_GOOD : STYLE_STRONG;

	snprintf(text, sizeof(text), "%s  ETA %s ", word, text_eta(sweep_state_eta_s(s), left, sizeof(left)));
	int room = c->columns - canvas_width(text);
	canvas_put(c, 0, room < 0 ? 0 : room, -1, style, text);
	int at = 1 + canvas_put(c, 0, 1, room - 1, STYLE_TITLE, "netdyno sweep ");
	snprintf(text, sizeof(text), "%s · %u cell%s × %u", s->plan->options.engine->title, s->plan->cells,
		s->plan->cells == 1 ? "" : "s", s->plan->repeat);
	canvas_put_cut(c, 0, at, room - at - 1, STYLE_TEXT, text);
}

static void paint_bar(struct canvas *c, const struct sweep_look *look)
{
	const struct sweep_state *s = look->state;
	uint64_t ended = sweep_state_ended(s);
	double part = s->slots ? (double)ended / (double)s->slots : 1;
	char text[160];

	snprintf(text, sizeof(text), " %" PRIu64 "/%" PRIu64 " runs  %.0f %%", ended, s->slots, floor(100 * part));
	if (s->invalid)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "  %" PRIu64 " invalid", s->invalid);
	if (s->failed)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "  %" PRIu64 " failed", s->failed);
	int bar = c->columns - canvas_width(text) - 2;
	if (bar > 40)
		bar = 40;
	if (bar >= 4) {
		canvas_fill(c, (struct rect){ 1, 1, 1, bar }, STYLE_DIM, "·");
		bar_paint(c, 1, 1, bar, part, STYLE_BAR);
	} else {
		bar = 0;
	}
	canvas_put_cut(c, 1, 1 + bar, c->columns - bar - 1, s->failed || s->invalid ? STYLE_WARNING : STYLE_TEXT, text);
}

static void paint_current(struct canvas *c, const struct sweep_look *look, int row)
{
	const struct sweep_state *s = look->state;
	char text[SWEEP_LABEL_BYTES + 64], label[SWEEP_LABEL_BYTES];

	if (!s->running)
		return;
	snprintf(text, sizeof(text), "▶ round %u of %u: %s", s->round + 1, s->plan->repeat,
		sweep_cell_label(s->plan, s->current, label, sizeof(label)));
	canvas_put_cut(c, row, 1, c->columns - 1, STYLE_STRONG, text);
}

/* The values of the axes that are not seen in rows and columns: "method two-copy · wait block". */
static void page_text(const struct sweep_plan *plan, const struct grid *g, uint32_t page, char *out, size_t size)
{
	uint32_t cell = first_of_page(g, page);
	char value[64];

	out[0] = '\0';
	for (unsigned i = 0; i < plan->axes; i++) {
		if ((int)i == g->down || (int)i == g->across)
			continue;
		const char *text = plan->axis[i].text[sweep_cell_value(plan, cell, i)];
		text_add(out, size, "%s%s %s", *out ? " · " : "", plan->axis[i].def->name,
			text_escape(text, strnlen(text, 40), value, sizeof(value)));
	}
}

static void paint_page(struct canvas *c, const struct sweep_look *look, const struct grid *g)
{
	const struct sweep_state *s = look->state;
	char title[600], note[64] = "", page[300];

	snprintf(title, sizeof(title), "%s%s%s, median", s->metrics ? s->metric[0].title : "no figure", *look->unit ? " " : "",
		look->unit);
	if (g->across >= 0)
		text_add(title, sizeof(title), " · %s ↓ %s →", s->plan->axis[g->down].def->name,
			s->plan->axis[g->across].def->name);
	if (!look->stacked && g->pages > 1) {
		page_text(s->plan, g, look->page, page, sizeof(page));
		text_add(title, sizeof(title), " · %s", page);
		snprintf(note, sizeof(note), "page %u of %u", look->page + 1, g->pages);
	}
	canvas_rule(c, 3, 0, c->columns, title, note);
}

/* ---- the grid ---- */

struct columns {
	int label, cell, repeats; /* widths */
};

static void label_text(const struct sweep_axis *axis, uint32_t value, char *out, size_t size)
{
	text_escape(axis->text[value], strnlen(axis->text[value], 60), out, size);
}

static struct columns sweep_columns_of(const struct sweep_look *look, const struct grid *g, int width)
{
	const struct sweep_plan *plan = look->state->plan;
	struct columns w = { .label = 6 };
	char text[300];

	for (uint32_t i = 0; g->down >= 0 && i < g->rows; i++) {
		label_text(&plan->axis[g->down], i, text, sizeof(text));
		if (canvas_width(text) > w.label)
			w.label = canvas_width(text);
	}
	if (g->down >= 0 && canvas_width(plan->axis[g->down].def->name) > w.label)
		w.label = canvas_width(plan->axis[g->down].def->name);
	if (w.label > LABEL_MAX)
		w.label = LABEL_MAX;
	if (w.label > width / 3)
		w.label = width / 3;
	w.repeats = snprintf(text, sizeof(text), "%u/%u", plan->repeat, plan->repeat);
	w.cell = 1 + VALUE + 1 + w.repeats + 1; /* mark, value, blank, n/N, blank */
	return w;
}

static void sweep_paint_cell(
	struct canvas *c, const struct sweep_look *look, uint32_t cell, int row, int column, const struct columns *w)
{
	const struct sweep_state *s = look->state;
	const struct sweep_cell *one = &s->cell[cell];
	enum sweep_status status = sweep_state_status(s, cell);
	struct sweep_spread spread = { .median = NAN };
	bool best = look->best == (int64_t)cell, invalid = one->done > one->valid;
	enum style style = best ? STYLE_BETTER : invalid ? STYLE_WARNING : STYLE_TEXT;
	char text[48] = "";

	if (s->metrics)
		sweep_state_spread(s, cell, 0, &spread);
	if (status == SWEEP_RUNNING)
		canvas_put(c, row, column, 1, STYLE_GOOD, "▶");
	else if (best)
		canvas_put(c, row, column, 1, STYLE_BETTER, "★");
	if (!isnan(spread.median))
		canvas_put_right(c, row, column + 1, VALUE, style, text_four(look->scale * spread.median, text, sizeof(text)));
	else if (one->failed && !one->done)
		canvas_put_right(c, row, column + 1, VALUE, STYLE_BAD, "failed");
	else if (invalid)
		canvas_put_right(c, row, column + 1, VALUE, STYLE_WARNING, "invalid");
	else
		canvas_put_right(c, row, column + 1, VALUE, STYLE_DIM, one->done ? "--" : "·");
	column += 1 + VALUE + 1;
	if (one->failed)
		canvas_put(c, row, column, w->repeats, STYLE_BAD, "✗");
	else if (invalid)
		canvas_put(c, row, column, w->repeats, STYLE_WARNING, "!");
	else if (status == SWEEP_PARTLY || status == SWEEP_RUNNING)
		canvas_printf(c, row, column, w->repeats, STYLE_DIM, "%u/%u", one->done, s->plan->repeat);
}

static void paint_heads(struct canvas *c, const struct sweep_look *look, const struct grid *g, const struct columns *w)
{
	const struct sweep_plan *plan = look->state->plan;
	char text[300];

	if (g->down >= 0)
		canvas_put_cut(c, TOP - 1, 1, w->label, STYLE_DIM, plan->axis[g->down].def->name);
	for (int i = 0; g->across >= 0 && i < look->columns_shown; i++) {
		label_text(&plan->axis[g->across], (uint32_t)(look->first_column + i), text, sizeof(text));
		canvas_put_right(c, TOP - 1, 2 + w->label + i * w->cell,
			canvas_width(text) <= 1 + VALUE ? 1 + VALUE : w->cell - 1, STYLE_STRONG, text);
	}
}

static void paint_rows(
	struct canvas *c, const struct sweep_look *look, const struct grid *g, uint32_t page, int top, const struct columns *w)
{
	char text[300];

	for (int i = 0; i < look->rows_shown; i++) {
		uint32_t row = (uint32_t)(look->first_row + i);

		if (g->down >= 0) {
			label_text(&look->state->plan->axis[g->down], row, text, sizeof(text));
			canvas_put_cut(c, top + i, 1, w->label, STYLE_STRONG, text);
		}
		for (int n = 0; n < look->columns_shown; n++)
			sweep_paint_cell(c, look, sweep_cell_at(g, page, row, (uint32_t)(look->first_column + n)), top + i,
				2 + w->label + n * w->cell, w);
	}
}

/* Each page under a line of its own that says which it is. */
static void paint_stack(struct canvas *c, const struct sweep_look *look, const struct grid *g, const struct columns *w)
{
	char text[300];

	for (uint32_t page = 0; page < g->pages; page++) {
		int top = TOP + (int)page * (look->rows_shown + 1);

		page_text(look->state->plan, g, page, text, sizeof(text));
		canvas_put_cut(c, top, 1, c->columns - 2, STYLE_DIM, text);
		paint_rows(c, look, g, page, top + 1, w);
	}
}

/* Fits the shown part of the grid to the screen. */
static void fit_grid(const struct canvas *c, struct sweep_look *look, const struct grid *g, const struct columns *w)
{
	int room = (c->columns - 2 - w->label) / w->cell, rows = c->rows - TOP - BOTTOM;

	look->columns_shown = between(room, g->columns);
	look->rows_shown = between(rows, g->rows);
	look->stacked = g->pages > 1 && (uint32_t)look->columns_shown == g->columns &&
			(uint64_t)g->pages * (g->rows + 1) <= (uint64_t)rows;
	sweep_look_update(look);
}

/* The lines of the grid. */
static int grid_height(const struct sweep_look *look, const struct grid *g)
{
	return look->stacked ? (int)g->pages * (look->rows_shown + 1) : look->rows_shown;
}

static void paint_grid(struct canvas *c, const struct sweep_look *look, const struct grid *g, const struct columns *w)
{
	paint_heads(c, look, g, w);
	if (look->stacked)
		paint_stack(c, look, g, w);
	else
		paint_rows(c, look, g, look->page, TOP, w);
}

/* ---- below ---- */

static void paint_legend(struct canvas *c, const struct sweep_look *look, int row)
{
	char text[160];

	snprintf(text, sizeof(text), "· waits  ▶ runs  n/%u done  ! invalid  ✗ failed  ★ best", look->state->plan->repeat);
	canvas_put_cut(c, row, 1, c->columns - 1, STYLE_DIM, text);
}

/* Names the part of the grid that is seen; "" all of it. */
static void part_text(const struct sweep_look *look, const struct grid *g, char *out, size_t size)
{
	out[0] = '\0';
	if ((uint32_t)look->rows_shown < g->rows || (uint32_t)look->columns_shown < g->columns)
		snprintf(out, size, "rows %d-%d/%u columns %d-%d/%u", look->first_row + 1, look->first_row + look->rows_shown,
			g->rows, look->first_column + 1, look->first_column + look->columns_shown, g->columns);
}

static void paint_best(struct canvas *c, const struct sweep_look *look, const struct grid *g, int row)
{
	char note[120], title[SWEEP_LABEL_BYTES + 100] = "", label[SWEEP_LABEL_BYTES], number[48];
	struct sweep_spread spread;

	part_text(look, g, note, sizeof(note));
	if (canvas_width(note) + 20 > c->columns)
		note[0] = '\0';
	canvas_rule(c, row, 0, c->columns, "", note);
	if (look->best < 0)
		return;
	sweep_state_spread(look->state, (uint32_t)look->best, 0, &spread);
	snprintf(title, sizeof(title), "★ %s %s: %s", text_four(look->scale * spread.median, number, sizeof(number)), look->unit,
		sweep_cell_label(look->state->plan, (uint32_t)look->best, label, sizeof(label)));
	int room = c->columns - 4 - (*note ? canvas_width(note) + 3 : 0);
	int used = canvas_put_cut(c, row, 2, room, STYLE_BETTER, title);
	canvas_put(c, row, 1, 1, STYLE_FRAME, " ");
	canvas_put(c, row, 2 + used, 1, STYLE_FRAME, " ");
}

static void paint_footer(struct canvas *c, const struct sweep_look *look, const struct grid *g, int row)
{
	bool part = (uint32_t)look->rows_shown < g->rows || (uint32_t)look->columns_shown < g->columns;
	bool pages = g->pages > 1 && !look->stacked;
	const struct {
		const char *key, *label;
		bool valid;
	} keys[] = { { "q", "Stop", true }, { "↑↓←→", "Scroll", part }, { "PgUp/PgDn", "Page", pages },
		{ "f", "Follow", part || pages }, { "Ctrl-Z", "Suspend", true } };
	int at = 1;

	if (look->stopping) {
		canvas_put_cut(c, row, 1, c->columns - 1, STYLE_WARNING,
			"stopping: finished runs are kept, --resume continues with the others");
		return;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		int width = canvas_width(keys[i].key) + 1 + canvas_width(keys[i].label);

		if (!keys[i].valid || at + width > c->columns)
			continue;
		at += canvas_put(c, row, at, -1, STYLE_KEY, keys[i].key) + 1;
		at += canvas_put(c, row, at, -1, STYLE_KEY_LABEL, keys[i].label) + 1;
	}
}

void sweep_paint(struct canvas *c, struct sweep_look *look)
{
	struct grid g = grid_of(look->state->plan);
	struct columns w = sweep_columns_of(look, &g, c->columns);

	canvas_clear(c);
	sweep_look_update(look);
	sweep_paint_title(c, look);
	paint_bar(c, look);
	paint_current(c, look, 2);
	if (c->rows < SMALL_ROWS || c->columns < SMALL_COLUMNS)
		return;
	fit_grid(c, look, &g, &w);
	paint_page(c, look, &g);
	paint_grid(c, look, &g, &w);
	if (TOP + grid_height(look, &g) < c->rows - BOTTOM)
		paint_legend(c, look, c->rows - BOTTOM - 1);
	paint_best(c, look, &g, c->rows - BOTTOM);
	canvas_put_cut(c, c->rows - 2, 1, c->columns - 1, STYLE_TEXT,
		look->note[0]    ? look->note
		: look->event[0] ? look->event
				 : look->directory);
	paint_footer(c, look, &g, c->rows - 1);
}
