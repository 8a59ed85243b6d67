/* Where everything stands.  See layout.h. */
#include "ui/dash/layout.h"

#include <string.h>

enum { NO_PANEL = PANELS, STACK_MAX = 8 };

/* One storey of a column.  Lower ranks are given up first. */
struct storey {
	int panel, beside; /* enum panel; beside: shares the rows, at the right; NO_PANEL none */
	int min, want, weight, rank;
	int rows; /* the outcome */
};

struct stack {
	struct storey storey[STACK_MAX];
	int count;
};

enum rank { RANK_CAPTURE, RANK_COMPARE, RANK_EVENTS, RANK_PERCENTILES, RANK_HEAT, RANK_CHART, RANK_DROPS, RANK_CORES };

static int at_most(int a, int b)
{
	return a < b ? a : b;
}

static int at_least(int a, int b)
{
	return a > b ? a : b;
}

static void stack_add(struct stack *s, struct storey storey)
{
	if (s->count < STACK_MAX)
		s->storey[s->count++] = storey;
}

static int stack_min(const struct stack *s)
{
	int sum = 0;

	for (int i = 0; i < s->count; i++)
		sum += s->storey[i].min;
	return sum;
}

static void stack_shed(struct stack *s)
{
	int first = 0;

	for (int i = 1; i < s->count; i++)
		if (s->storey[i].rank < s->storey[first].rank)
			first = i;
	s->count--;
	memmove(&s->storey[first], &s->storey[first + 1], (size_t)(s->count - first) * sizeof(s->storey[0]));
}

/* Rows go to the storeys in order until each has what it wants; what is left then goes by
 * weight. */
static int stack_raise(struct stack *s, int rows, int step)
{
	for (bool moved = true; moved && rows >= step;) {
		moved = false;
		for (int i = 0; i < s->count && rows >= step; i++) {
			struct storey *storey = &s->storey[i];

			if (storey->rows >= storey->want)
				continue;
			storey->rows += step;
			rows -= step;
			moved = true;
		}
	}
	return rows;
}

static void stack_grow(struct stack *s, int rows)
{
	int weights = 0, last = -1, left = rows;

	for (int i = 0; i < s->count; i++)
		weights += s->storey[i].weight;
	for (int i = 0; i < s->count && weights; i++) {
		int share = rows * s->storey[i].weight / weights;

		s->storey[i].rows += share;
		left -= share;
		if (s->storey[i].weight)
			last = i;
	}
	if (last < 0)
		last = s->count - 1;
	s->storey[last].rows += left;
}

static void stack_place(const struct stack *s, struct rect area, struct layout *l)
{
	int row = area.row;

	for (int i = 0; i < s->count; i++) {
		const struct storey *storey = &s->storey[i];
		struct rect r = { row, area.column, storey->rows, area.columns };

		if (storey->beside != NO_PANEL) {
			r.columns = area.columns / 2;
			l->panel[storey->beside] = (struct rect){ row, area.column + r.columns, storey->rows,
				area.columns - r.columns };
		}
		l->panel[storey->panel] = r;
		row += storey->rows;
	}
}

static void stack_settle(struct stack *s, struct rect area, struct layout *l)
{
	while (s->count > 1 && stack_min(s) > area.rows)
		stack_shed(s);
	for (int i = 0; i < s->count; i++)
		s->storey[i].rows = at_most(s->storey[i].min, area.rows);
	stack_grow(s, stack_raise(s, area.rows - at_most(stack_min(s), area.rows), 1));
	stack_place(s, area, l);
}

static struct storey cores_storey(const struct layout_ask *ask)
{
	int want = 2 + at_least(ask->table_rows, 1);

	return (struct storey){ PANEL_CORES, NO_PANEL, at_most(want, 8), want, 0, RANK_CORES, 0 };
}

/* Events stand beside the drops where that is readable, and go when the heatmap goes. */
static void lay_one(const struct layout_ask *ask, struct layout *l)
{
	struct stack s = { .count = 0 };
	bool beside = ask->columns >= 64 && l->main.rows >= 18;

	stack_add(&s, cores_storey(ask));
	stack_add(&s, (struct storey){ PANEL_CHART, NO_PANEL, 3, 5, 3, RANK_CHART, 0 });
	stack_add(&s, (struct storey){ PANEL_HEAT, NO_PANEL, 4, 6, 3, RANK_HEAT, 0 });
	stack_add(&s, (struct storey){ PANEL_PERCENTILES, NO_PANEL, 6, 7, 0, RANK_PERCENTILES, 0 });
	if (ask->compare)
		stack_add(&s, (struct storey){ PANEL_COMPARE, NO_PANEL, 6, 8, 0, RANK_COMPARE, 0 });
	stack_add(&s, (struct storey){ PANEL_DROPS, beside ? PANEL_EVENTS : NO_PANEL, 3, 2 + ask->places, 0, RANK_DROPS, 0 });
	if (!beside)
		stack_add(&s, (struct storey){ PANEL_EVENTS, NO_PANEL, 3, 5, 0, RANK_EVENTS, 0 });
	stack_add(&s, (struct storey){ PANEL_CAPTURE, NO_PANEL, 4, 6, 1, RANK_CAPTURE, 0 });
	stack_settle(&s, l->main, l);
}

static void lay_two(const struct layout_ask *ask, struct layout *l)
{
	struct stack left = { .count = 0 }, right = { .count = 0 };
	struct rect a = l->main, b = l->main;

	l->divider = ask->columns * 54 / 100;
	a.columns = l->divider;
	b.column = l->divider + 1;
	b.columns = ask->columns - b.column;
	stack_add(&left, cores_storey(ask));
	stack_add(&left, (struct storey){ PANEL_CHART, NO_PANEL, 4, 8, 5, RANK_CHART, 0 });
	stack_add(&left, (struct storey){ PANEL_HEAT, NO_PANEL, 5, 10, 3, RANK_HEAT, 0 });
	stack_add(&left, (struct storey){ PANEL_EVENTS, NO_PANEL, 3, 6, 2, RANK_EVENTS, 0 });
	stack_add(&right, (struct storey){ PANEL_DROPS, NO_PANEL, 4, 3 + ask->places, 0, RANK_DROPS, 0 });
	if (ask->compare)
		stack_add(&right, (struct storey){ PANEL_COMPARE, NO_PANEL, 6, 9, 0, RANK_COMPARE, 0 });
	stack_add(&right, (struct storey){ PANEL_PERCENTILES, NO_PANEL, 6, 10, 1, RANK_PERCENTILES, 0 });
	stack_add(&right, (struct storey){ PANEL_CAPTURE, NO_PANEL, 4, 8, 2, RANK_CAPTURE, 0 });
	stack_settle(&left, a, l);
	stack_settle(&right, b, l);
}

/* The rows that every screen has: title and method above; ledger, verdict, status and keys
 * below. */
static void lay_edges(const struct layout_ask *ask, struct layout *l)
{
	int bottom = ask->rows;

	l->title = (struct rect){ 0, 0, 1, ask->columns };
	l->method = (struct rect){ 1, 0, 1, ask->columns };
	l->footer = (struct rect){ --bottom, 0, 1, ask->columns };
	if (ask->rows >= 16)
		l->status = (struct rect){ --bottom, 0, 1, ask->columns };
	if (ask->rows >= 20)
		l->verdict = (struct rect){ --bottom, 0, 1, ask->columns };
	l->ledger = (struct rect){ --bottom, 0, 1, ask->columns };
	l->main = (struct rect){ 2, 0, bottom - 2, ask->columns };
}

void layout_make(const struct layout_ask *ask, struct layout *ret_layout)
{
	struct layout l = { .kind = LAYOUT_LINES };

	if (ask->rows >= LAYOUT_MIN_ROWS && ask->columns >= LAYOUT_MIN_COLUMNS) {
		lay_edges(ask, &l);
		if (ask->full >= 0) {
			l.kind = LAYOUT_FULL;
			if (ask->full < PANELS)
				l.panel[ask->full] = l.main;
		} else if (ask->columns >= LAYOUT_TWO_COLUMNS) {
			l.kind = LAYOUT_TWO;
			lay_two(ask, &l);
		} else {
			l.kind = LAYOUT_ONE;
			lay_one(ask, &l);
		}
	} else {
		l.main = (struct rect){ 0, 0, at_most(at_least(ask->rows, 0), 3), at_least(ask->columns, 0) };
	}
	*ret_layout = l;
}
