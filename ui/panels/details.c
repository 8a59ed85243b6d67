/* The details: a row per connection or reader, the first of them in an order that keys choose.
 * The mode's table has the columns; what it counts up stands there per second and in all. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/panels/panels.h"
#include "ui/widgets/widgets.h"

enum {
	DETAIL_ID,
	DETAIL_WORKER,
	DETAIL_FIXED, /* then the mode's own */
	DETAIL_CELLS = DETAIL_FIXED + 2 * DETAIL_COLUMNS_MAX,
	/* rows that the panel asks room for, as long as others need it, too */
	DETAIL_WANTED = 12,
};

struct detail_table {
	struct column column[DETAIL_CELLS];
	/* of the mode's own */
	unsigned index[DETAIL_CELLS];
	enum details_as as[DETAIL_CELLS];
	char title[DETAIL_CELLS][24];
	unsigned count;
	int sorted; /* by this one */
	uint64_t fit;
	int width[DETAIL_CELLS];
};

/* ---- columns ---- */

/* Totals go before rates, and that which the rows are sorted by before all. */
static void details_add_column(const struct ranked *r, struct detail_table *t, unsigned index, enum details_as as)
{
	unsigned n = t->count++;
	const struct detail_column *column = &r->def->columns[index];
	int width = canvas_width(ranked_title(column, as, t->title[n], sizeof(t->title[n]))) + 1;

	t->index[n] = index;
	t->as[n] = as;
	t->column[n] = (struct column){ .title = t->title[n],
		.width = width > 9 ? width : 9,
		.min_width = width > 7 ? width : 7,
		.align = ALIGN_RIGHT,
		.priority = (as == DETAILS_RATE ? 30 : 10) + (int)index };
	if (index == r->order.column && as == r->order.as) {
		t->sorted = (int)n;
		t->column[n].priority = 0;
	}
}

/* A column that says nothing of any row (this end does not count it) takes no room. */
static bool details_has_column(const struct ranked *r, unsigned index)
{
	for (unsigned i = 0; r->details && i < r->count; i++)
		if (!isnan(details_figure(r->def, r->details, r->row[i], index, DETAILS_TOTAL)))
			return true;
	return !r->details || !r->count || index == r->order.column;
}

static void details_columns(const struct dash *d, int columns, struct detail_table *t)
{
	const struct ranked *r = &d->ranked;
	int name = view_names_width(d->moment.info, 9);

	*t = (struct detail_table){ .count = DETAIL_FIXED, .sorted = -1 };
	t->column[DETAIL_ID] = (struct column){ "id", 8, 6, ALIGN_RIGHT, 1, false };
	t->column[DETAIL_WORKER] = (struct column){ "CORE", name, name, ALIGN_LEFT, 29, false };
	for (unsigned i = 0; i < detail_columns(r->def); i++) {
		if (!details_has_column(r, i))
			continue;
		if (!counter_is_level(r->def->columns[i].kind))
			details_add_column(r, t, i, DETAILS_RATE);
		details_add_column(r, t, i, DETAILS_TOTAL);
	}
	t->fit = table_fit(t->column, t->count, columns, t->width);
}

/* ---- rows ---- */

static void details_put_figure(
	const struct ranked *r, const struct detail_table *t, unsigned i, unsigned row, struct table_cell *cell)
{
	const struct detail_column *column = &r->def->columns[t->index[i]];
	double figure = details_figure(r->def, r->details, row, t->index[i], t->as[i]);

	if (strcmp(column->unit, "hex") || isnan(figure))
		words_figure(column->unit, figure, cell->text, sizeof(cell->text));
	else
		snprintf(cell->text, sizeof(cell->text), "%06x", (unsigned)r->details->row[row].value[t->index[i]] & 0xffffff);
	cell->style = isnan(figure) ? STYLE_DIM : t->sorted == (int)i ? STYLE_STRONG : STYLE_TEXT;
}

static void details_paint_row(struct dash *d, struct rect area, const struct detail_table *t, int line, unsigned row)
{
	const struct ranked *r = &d->ranked;
	const struct detail_row *of = &r->details->row[row];
	struct table_cell cell[DETAIL_CELLS] = { 0 };
	enum role role = d->moment.info->worker[of->worker].role;

	snprintf(cell[DETAIL_ID].text, sizeof(cell->text), "%llu", (unsigned long long)of->id);
	view_worker_name(d->moment.info, of->worker, cell[DETAIL_WORKER].text, sizeof(cell->text));
	cell[DETAIL_WORKER].style = role == ROLE_SERVER ? STYLE_SERVER : STYLE_CLIENT;
	for (unsigned i = DETAIL_FIXED; i < t->count; i++)
		details_put_figure(r, t, i, row, &cell[i]);
	table_paint_row(&d->canvas, area.row + line, area.column + 1, t->fit, t->width, t->column, t->count, cell, false);
}

/* ---- the panel ---- */

char *panel_rows_window(const struct dash *d, bool rates, bool totals, char *out, size_t size)
{
	const struct details *of = d->ranked.details;
	char at[32];

	out[0] = '\0';
	if (!of)
		return out;
	dash_hms(d, of->at_ns, at, sizeof(at));
	if (rates && of->seconds > 0)
		text_add(out, size, "%.0f s to %s%s", fmax(of->seconds, 1), at,
			!totals           ? ""
			: d->moment.final ? ", whole run"
					  : ", run");
	else if (d->moment.final)
		text_add(out, size, "whole run");
	else
		text_add(out, size, "at %s", at);
	return out;
}

/* "connections · 12 of 500 · by dropped ▼ · 1 s to 14:31:07, run"; the head of its column says what
 * the rows are sorted by, too. */
static void details_title(const struct dash *d, unsigned first, unsigned shown, bool by_column, char *out, size_t size)
{
	const struct ranked *r = &d->ranked;
	const struct details *of = r->details;
	char by[24], missed[32], window[48];

	out[0] = '\0';
	text_add(out, size, "%s", r->def->name);
	if (of && first)
		text_add(out, size, " · %u-%u of %u", first + 1, first + shown, of->rows);
	else if (of)
		text_add(out, size, " · %u of %u", shown, of->rows);
	if (of && of->missed)
		text_add(out, size, " + %s not kept", text_grouped(of->missed, missed, sizeof(missed)));
	if (by_column)
		text_add(out, size, " · by %s %s", ranked_title(&r->def->columns[r->order.column], r->order.as, by, sizeof(by)),
			r->order.ascending ? "▲" : "▼");
	if (*panel_rows_window(d, true, true, window, sizeof(window)))
		text_add(out, size, " · %s", window);
}

static const char *details_hint(const struct dash *d, unsigned end)
{
	if (d->layout.kind != LAYOUT_FULL)
		return "< > I sort";
	if (end == RANKED_MOST && d->ranked.details->rows > RANKED_MOST)
		return "1000 at most";
	return "j/k scroll · < > I sort";
}

static const char *details_missing(const struct dash *d)
{
	if (!d->moment.info)
		return "no run yet";
	return d->view.cursor_ns ? "only the newest rows are kept" : "no row yet";
}

/* A click on the head of a column sorts by it, another one the other way round. */
static void details_take_clicks(struct dash *d, const struct detail_table *t, struct rect area)
{
	int at = area.column + 1;

	for (unsigned i = 0; i < t->count; i++) {
		if (!(t->fit >> i & 1))
			continue;
		if (i >= DETAIL_FIXED)
			hits_add(&d->hits, (struct rect){ area.row + 1, at, 1, t->width[i] },
				KEY_RANK + 2 * (int)t->index[i] + (int)t->as[i], 0);
		at += t->width[i] + 1;
	}
}

static void details_paint(struct dash *d, struct rect area)
{
	const struct ranked *r = &d->ranked;
	int room = area.rows > 2 ? area.rows - 2 : 0, most = (int)r->count > room ? (int)r->count - room : 0, shown;
	struct detail_table t;
	char title[160];

	if (!r->def) {
		area_rule(&d->canvas, area, "details", NULL);
		area_put(&d->canvas, area, 1, 1, STYLE_DIM, "this mode has no details");
		return;
	}
	if (d->layout.kind == LAYOUT_FULL && d->view.scroll > most)
		d->view.scroll = most;
	int first = d->layout.kind == LAYOUT_FULL ? d->view.scroll : 0;

	shown = (int)r->count - first < room ? (int)r->count - first : room;
	details_title(d, (unsigned)first, (unsigned)shown, true, title, sizeof(title));
	const char *hint = details_hint(d, (unsigned)(first + shown));
	if (canvas_width(title) + (d->layout.kind == LAYOUT_FULL ? canvas_width(hint) + 4 : 0) + 4 > area.columns)
		details_title(d, (unsigned)first, (unsigned)shown, false, title, sizeof(title));
	area_rule(&d->canvas, area, title, hint);
	details_columns(d, area.columns - 2, &t);
	if (area.rows > 1)
		table_paint_head(&d->canvas, area.row + 1, area.column + 1, t.fit, t.width, t.column, t.count, t.sorted,
			r->order.ascending);
	details_take_clicks(d, &t, area);
	if (!r->count)
		area_put(&d->canvas, area, 2, 1, STYLE_DIM, details_missing(d));
	for (int i = 0; i < shown; i++)
		details_paint_row(d, area, &t, 2 + i, r->row[first + i]);
}

/* Room for the most rows that there were, so that nothing moves while some come and go, or while
 * the run starts anew. */
static int details_lines(const struct dash *d)
{
	unsigned most = d->ranked.most;

	return !d->ranked.def || !most ? PANEL_NONE : most < DETAIL_WANTED ? (int)most : DETAIL_WANTED;
}

static void details_sort(struct dash *d)
{
	if (d->ranked.def)
		ranked_step(&d->ranked, 1);
}

const struct panel_def panel_details = {
	.name = "details",
	.shows = PANEL_DETAILS,
	.narrow = { .min = 3, .want = 2, .weight = 2 },
	.wide = { .min = 4, .want = 2, .weight = 2 },
	.paint = details_paint,
	.lines = details_lines,
	.sort = details_sort,
};
