/* Tables: which columns fit, their head, their rows. */
#include "ui/widgets/widgets.h"

#include <stddef.h>

#include "ui/canvas/paint.h"

enum { TABLE_COLUMNS_MAX = 64, MARK_DOWN = 0x25bc, MARK_UP = 0x25b2 };

static int width_min(const struct column *col)
{
	int min = col->min_width < col->width ? col->min_width : col->width;

	return min < 1 ? 1 : min;
}

static int width_wanted(const struct column *col)
{
	return col->width < 1 ? 1 : col->width;
}

/* Cells that the chosen columns take at least, with one blank between. */
static int needed(const struct column *column, unsigned count, uint64_t fit)
{
	int sum = -1;

	for (unsigned i = 0; i < count; i++)
		if (fit >> i & 1)
			sum += width_min(&column[i]) + 1;
	return sum;
}

/* The highest priority number; of equals the rightmost. */
static unsigned first_to_go(const struct column *column, unsigned count, uint64_t fit)
{
	int worst = -1;

	for (unsigned i = 0; i < count; i++)
		if (fit >> i & 1 && (worst < 0 || column[i].priority >= column[worst].priority))
			worst = (int)i;
	return (unsigned)worst;
}

/* Cells left over go to the most important columns first, up to the width that they want. */
static void table_share_out(const struct column *column, unsigned count, uint64_t fit, int spare, int width[])
{
	uint64_t left = fit;

	while (left && spare > 0) {
		int best = -1;

		for (unsigned i = 0; i < count; i++)
			if (left >> i & 1 && (best < 0 || column[i].priority < column[best].priority))
				best = (int)i;
		int more = width_wanted(&column[best]) - width[best];
		more = more > spare ? spare : more;
		width[best] += more;
		spare -= more;
		left &= ~(UINT64_C(1) << best);
	}
}

uint64_t table_fit(const struct column *column, unsigned count, int columns, int ret_width[])
{
	count = count > TABLE_COLUMNS_MAX ? TABLE_COLUMNS_MAX : count;
	uint64_t fit = count == 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;

	for (unsigned i = 0; i < count; i++)
		if (!column[i].width)
			fit &= ~(UINT64_C(1) << i);
	while (fit && needed(column, count, fit) > columns)
		fit &= ~(UINT64_C(1) << first_to_go(column, count, fit));
	for (unsigned i = 0; i < count; i++)
		ret_width[i] = fit >> i & 1 ? width_min(&column[i]) : 0;
	if (fit)
		table_share_out(column, count, fit, columns - needed(column, count, fit), ret_width);
	return fit;
}

/* A title that is longer than its column is cut without an ellipsis: half a title reads better
 * than "thr…". */
static void table_paint_title(struct canvas *c, int row, int at, int width, const struct column *def, uint32_t mark)
{
	enum style style = mark ? STYLE_STRONG : STYLE_DIM;
	int used = canvas_width(def->title);

	used = used > width ? width : used;
	int left = def->align == ALIGN_RIGHT ? at + width - used : at;
	canvas_put(c, row, left, used, style, def->title);
	if (!mark)
		return;
	/* Beside the title where the column has room, else over its far end. */
	int beside = def->align == ALIGN_RIGHT ? left - 1 : left + used;
	beside = beside < at ? at : beside > at + width - 1 ? at + width - 1 : beside;
	paint_glyph(c, row, beside, style, mark);
}

void table_paint_head(struct canvas *c, int row, int column, uint64_t fit, const int width[], const struct column *def,
	unsigned count, int sorted_by, bool ascending)
{
	int at = paint_limited(column);

	for (unsigned i = 0; i < count && i < TABLE_COLUMNS_MAX; i++)
		if (fit >> i & 1) {
			table_paint_title(c, row, at, width[i], &def[i],
				sorted_by != (int)i ? 0
				: ascending         ? MARK_UP
						    : MARK_DOWN);
			at += width[i] + 1;
		}
}

static void table_paint_cell(
	struct canvas *c, int row, int at, int width, const struct column *def, const struct table_cell *cell, bool selected)
{
	enum style style = selected ? STYLE_SELECTED : cell->style;

	/* keeps its own style when selected: reversed, the empty part would look full */
	if (def->bar)
		bar_paint(c, row, at, width, cell->fraction, cell->style);
	else if (def->align == ALIGN_RIGHT)
		canvas_put_right(c, row, at, width, style, cell->text);
	else
		canvas_put_cut(c, row, at, width, style, cell->text);
}

void table_paint_row(struct canvas *c, int row, int column, uint64_t fit, const int width[], const struct column *def,
	unsigned count, const struct table_cell cell[], bool selected)
{
	int at = paint_limited(column);

	for (unsigned i = 0; i < count && i < TABLE_COLUMNS_MAX; i++) {
		if (!(fit >> i & 1))
			continue;
		bool more = i + 1 < TABLE_COLUMNS_MAX && fit >> (i + 1);

		if (selected && !def[i].bar)
			canvas_fill(c, (struct rect){ row, at, 1, width[i] + more }, STYLE_SELECTED, NULL);
		table_paint_cell(c, row, at, width[i], &def[i], &cell[i], selected);
		at += width[i] + 1;
	}
}
