/* Lines of parts.  See line.h. */
#include "ui/widgets/line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char gap[] = " · ";

struct line_part *line_add(struct line *l, int rank, enum style style, const char *fmt, ...)
{
	static struct line_part nowhere;
	struct line_part *p = l->count < LINE_PARTS ? &l->part[l->count++] : &nowhere;
	va_list args;

	*p = (struct line_part){ .rank = rank, .style = style };
	va_start(args, fmt);
	vsnprintf(p->text, sizeof(p->text), fmt, args);
	va_end(args);
	return p;
}

/* Cells of the gap in front of part i. */
static int line_gap(const struct line *l, unsigned i)
{
	return i && !strchr(" ,", l->part[i].text[0]) ? (int)text_width(gap) : 0;
}

int line_width(const struct line *l)
{
	int width = 0;

	for (unsigned i = 0; i < l->count; i++)
		width += line_gap(l, i) + canvas_width(l->part[i].text);
	return width;
}

/* Makes the least important part brief, or takes it out; false: nothing can go. */
static bool line_shed(struct line *l)
{
	unsigned worst = 0;

	for (unsigned i = 1; i < l->count; i++)
		if (l->part[i].rank >= l->part[worst].rank)
			worst = i;
	for (unsigned i = 0; i < l->count && !l->part[worst].rank; i++)
		if (l->part[i].brief[0])
			worst = i;
	if (l->count && l->part[worst].brief[0]) {
		memcpy(l->part[worst].text, l->part[worst].brief, sizeof(l->part[worst].brief));
		l->part[worst].brief[0] = '\0';
		return true;
	}
	if (!l->count || !l->part[worst].rank)
		return false;
	if (l->part[worst].below && worst + 1 < l->count)
		l->part[worst + 1].below = true;
	l->count--;
	memmove(&l->part[worst], &l->part[worst + 1], (l->count - worst) * sizeof(l->part[0]));
	return true;
}

void line_fit(struct line *l, int columns)
{
	while (line_width(l) > columns && line_shed(l))
		;
}

static int line_paint(struct canvas *c, int row, int column, int columns, const struct line *l)
{
	int used = 0;

	for (unsigned i = 0; i < l->count && used < columns; i++) {
		if (line_gap(l, i))
			used += canvas_put(c, row, column + used, columns - used, STYLE_DIM, gap);
		used += canvas_put_cut(c, row, column + used, columns - used, l->part[i].style, l->part[i].text);
	}
	return used;
}

int line_put(struct canvas *c, int row, int column, int columns, struct line *l)
{
	line_fit(l, columns);
	return line_paint(c, row, column, columns, l);
}

int line_put_right(struct canvas *c, int row, int column, int columns, struct line *l)
{
	line_fit(l, columns);
	int width = line_width(l) < columns ? line_width(l) : columns;
	return line_paint(c, row, column + columns - width, width, l);
}

/* ---- over several rows ---- */

/* Gives each part its place; true: all have room. */
static bool line_lay(const struct line *l, struct rect area, struct rect place[LINE_PARTS])
{
	int row = 0, used = 0;

	for (unsigned i = 0; i < l->count; i++) {
		int width = canvas_width(l->part[i].text), before = used ? line_gap(l, i) : 0;

		if (used && (l->part[i].below || used + before + width > area.columns)) {
			row++;
			used = before = 0;
		}
		place[i] = (struct rect){ area.row + row, area.column + used + before, 1, width };
		used += before + width;
		if (row >= area.rows || used > area.columns)
			return false;
	}
	return true;
}

void line_flow(struct canvas *c, struct rect area, struct line *l)
{
	struct rect place[LINE_PARTS];

	while (!line_lay(l, area, place) && line_shed(l))
		;
	for (unsigned i = 0; i < l->count; i++) {
		int used = place[i].column - area.column;

		if (place[i].row >= area.row + area.rows || used >= area.columns)
			break;
		if (i && place[i].row == place[i - 1].row && line_gap(l, i))
			canvas_put(c, place[i].row, place[i].column - line_gap(l, i), -1, STYLE_DIM, gap);
		/* A row does not begin with what joins two parts. */
		const char *text = l->part[i].text + (used ? 0 : strspn(l->part[i].text, " ,"));
		canvas_put_cut(c, place[i].row, place[i].column, area.columns - used, l->part[i].style, text);
	}
}
