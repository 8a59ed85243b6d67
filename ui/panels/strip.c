/* The strip: all rows of a mode at once, a cell each or one for several, by the column that the
 * mode says.  A cell is as strong as the least of its rows is, measured by the most of all: a
 * reader that gets less than the others is a gap in an even strip. */
#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "ui/panels/panels.h"
#include "ui/widgets/widgets.h"

enum { STRIP_CELLS = 4096, STRIP_LINE = 60 /* rows from which on it wants a second line */ };

static const struct detail_def *strip_def(const struct dash *d)
{
	return d->ranked.def && d->ranked.def->has_strip ? d->ranked.def : NULL;
}

/* Fills cells of `each` rows; how many. */
static unsigned strip_fill(const struct ranked *r, unsigned each, double *share)
{
	const struct details *of = r->details;
	unsigned cells = (of->rows + each - 1) / each;
	double most = 0;

	for (unsigned i = 0; i < cells; i++)
		share[i] = NAN;
	for (unsigned i = 0; i < of->rows; i++) {
		double figure = details_figure(r->def, of, i, r->def->strip, r->strip_as), *cell = &share[i / each];

		if (isnan(figure))
			continue;
		*cell = isnan(*cell) || figure < *cell ? figure : *cell;
		most = figure > most ? figure : most;
	}
	for (unsigned i = 0; i < cells; i++)
		share[i] = most > 0 ? share[i] / most : share[i];
	return cells;
}

/* "a cell each · worst 500, median 1.00k, best 1.01k": the fullest that fits. */
static void strip_note(const struct ranked *r, unsigned each, int room, char *out, size_t size)
{
	char cells[32], worst[32], middle[32], best[32];

	snprintf(cells, sizeof(cells), each > 1 ? "least of %u a cell" : "a cell each", each);
	snprintf(out, size, "%s", cells);
	if (!r->strip.count)
		return;
	text_human(r->strip.min, worst, sizeof(worst));
	text_human(r->strip.median, middle, sizeof(middle));
	text_human(r->strip.max, best, sizeof(best));
	snprintf(out, size, "%s · worst %s, median %s, best %s", cells, worst, middle, best);
	if (canvas_width(out) > room)
		snprintf(out, size, "worst %s, median %s, best %s", worst, middle, best);
	if (canvas_width(out) > room)
		snprintf(out, size, "worst %s, median %s", worst, middle);
	if (canvas_width(out) > room)
		snprintf(out, size, "worst %s", worst);
}

static void strip_paint(struct dash *d, struct rect area)
{
	const struct detail_def *def = strip_def(d);
	const struct details *of = d->ranked.details;
	struct rect cells = { area.row + 1, area.column + 1, area.rows - 1, area.columns - 2 };
	unsigned room = cells.rows > 0 && cells.columns > 0 ? (unsigned)(cells.rows * cells.columns) : 0;
	double share[STRIP_CELLS];
	char title[96], note[96], column[24], window[48];

	if (!def || !of || !of->rows || !room) {
		area_rule(&d->canvas, area, def ? def->name : "strip", NULL);
		area_put(&d->canvas, area, 1, 1, STYLE_DIM, def ? "no row yet" : "this mode has no strip");
		return;
	}
	room = room < STRIP_CELLS ? room : STRIP_CELLS;
	unsigned each = (of->rows + room - 1) / room;
	ranked_title(&def->columns[def->strip], d->ranked.strip_as, column, sizeof(column));
	snprintf(title, sizeof(title), "%u %s · %s · %s", of->rows, def->name, column,
		panel_rows_window(d, d->ranked.strip_as == DETAILS_RATE, false, window, sizeof(window)));
	strip_note(&d->ranked, each, area.columns - canvas_width(title) - 8, note, sizeof(note));
	area_rule(&d->canvas, area, title, note);
	heat_cells_paint(&d->canvas, cells, share, strip_fill(&d->ranked, each, share));
}

static int strip_lines(const struct dash *d)
{
	return !strip_def(d) || !d->ranked.most ? PANEL_NONE : d->ranked.most > STRIP_LINE ? 2 : 1;
}

const struct panel_def panel_strip = {
	.name = "strip",
	.narrow = { .min = 2, .want = 1 },
	.wide = { .min = 2, .want = 1 },
	.paint = strip_paint,
	.lines = strip_lines,
};
