/* The layout.  See layout.h. */
#include "ui/dash/layout.h"

#include <string.h>

enum { NO_PANEL = -1, BESIDE_COLUMNS = 64, BESIDE_ROWS = 16, STAYS_HELD = 1000 };
/* Rows of the window from which on there is one of these. */
enum { VERDICT_FROM = 12, HEADLINE_FROM = 14, STATUS_FROM = 30 };

/* One storey of a column. */
struct storey {
	int panel, beside; /* indices; beside: shares the rows, at the right; NO_PANEL none */
	int min, want, weight, stays;
	int rows; /* the outcome */
};

struct stack {
	struct storey storey[PANELS_MAX];
	int count;
};

static int at_most(int a, int b)
{
	return a < b ? a : b;
}

static int at_least(int a, int b)
{
	return a > b ? a : b;
}

static void stack_add(struct stack *s, const struct layout_ask *ask, int panel, const struct panel_size *size)
{
	int want = size->want + ask->lines[panel];

	s->storey[s->count++] = (struct storey){ .panel = panel,
		.beside = NO_PANEL,
		.min = at_most(size->min, want),
		.want = want,
		.weight = size->weight,
		.stays = ask->held >> panel & 1 ? STAYS_HELD : ask->panels[panel].stays };
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
		if (s->storey[i].stays < s->storey[first].stays)
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

static bool is_there(const struct layout_ask *ask, int panel)
{
	return panel < PANELS_MAX && ask->panels[panel].def;
}

static void lay_one(const struct layout_ask *ask, struct layout *l)
{
	struct stack s = { .count = 0 };
	bool beside = ask->columns >= BESIDE_COLUMNS && l->main.rows >= BESIDE_ROWS;

	for (int i = 0; is_there(ask, i); i++) {
		if (ask->lines[i] < 0)
			continue;
		if (beside && ask->panels[i].def->beside && s.count && s.storey[s.count - 1].panel == i - 1)
			s.storey[s.count - 1].beside = i;
		else
			stack_add(&s, ask, i, &ask->panels[i].def->narrow);
	}
	if (s.count)
		stack_settle(&s, l->main, l);
}

static void lay_side(const struct layout_ask *ask, enum side side, struct rect area, struct layout *l)
{
	struct stack s = { .count = 0 };

	for (int i = 0; is_there(ask, i); i++)
		if (ask->panels[i].side == side && ask->lines[i] >= 0)
			stack_add(&s, ask, i, &ask->panels[i].def->wide);
	if (s.count)
		stack_settle(&s, area, l);
}

static void lay_two(const struct layout_ask *ask, struct layout *l)
{
	struct rect left = l->main, right = l->main;

	l->divider = ask->columns * 54 / 100;
	left.columns = l->divider;
	right.column = l->divider + 1;
	right.columns = ask->columns - right.column;
	lay_side(ask, SIDE_LEFT, left, l);
	lay_side(ask, SIDE_RIGHT, right, l);
}

/* The rows that every screen has: title, method and headline above; ledger, verdict, status and
 * keys below. */
static void lay_edges(const struct layout_ask *ask, struct layout *l)
{
	int top = 2, bottom = ask->rows;

	l->title = (struct rect){ 0, 0, 1, ask->columns };
	l->method = (struct rect){ 1, 0, 1, ask->columns };
	l->footer = (struct rect){ --bottom, 0, 1, ask->columns };
	if (ask->rows >= STATUS_FROM)
		l->status = (struct rect){ --bottom, 0, 1, ask->columns };
	if (ask->rows >= VERDICT_FROM)
		l->verdict = (struct rect){ --bottom, 0, 1, ask->columns };
	l->ledger = (struct rect){ --bottom, 0, 1, ask->columns };
	if (ask->rows >= HEADLINE_FROM)
		l->headline = (struct rect){ top++, 0, 1, ask->columns };
	l->main = (struct rect){ top, 0, bottom - top, ask->columns };
}

void layout_make(const struct layout_ask *ask, struct layout *ret_layout)
{
	struct layout l = { .kind = LAYOUT_LINES };

	if (ask->rows >= LAYOUT_MIN_ROWS && ask->columns >= LAYOUT_MIN_COLUMNS) {
		lay_edges(ask, &l);
		if (ask->full >= 0) {
			l.kind = LAYOUT_FULL;
			if (ask->full < PANELS_MAX)
				l.panel[ask->full] = l.main;
		} else if (ask->columns >= LAYOUT_TWO_COLUMNS) {
			l.kind = LAYOUT_TWO;
			lay_two(ask, &l);
		} else {
			l.kind = LAYOUT_ONE;
			lay_one(ask, &l);
		}
	} else {
		l.main = (struct rect){ 0, 0, at_least(ask->rows, 0), at_least(ask->columns, 0) };
	}
	*ret_layout = l;
}
