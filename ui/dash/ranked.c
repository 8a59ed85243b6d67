/* Rows in order.  See ranked.h. */
#include "ui/dash/ranked.h"

#include <stdio.h>
#include <string.h>

static bool is_sum(const struct ranked *r, unsigned column)
{
	return !counter_is_level(r->def->columns[column].kind);
}

static bool is_up_to_date(const struct ranked *r, const struct details *d)
{
	const struct details_order *a = &r->order, *b = &r->ranked_by;

	return d == r->details && d->at_ns == r->ranked_at_ns && a->column == b->column && a->ascending == b->ascending &&
	       a->as == b->as;
}

static void keep_most(struct ranked *r, uint32_t run_id, unsigned rows)
{
	if (run_id != r->most_run)
		r->most = 0;
	r->most_run = run_id;
	if (rows > r->most)
		r->most = rows;
}

/* Without memory for it, the strip has no count. */
static void sum_up_strip(struct ranked *r, const struct details *d)
{
	r->strip = (struct detail_summary){ 0 };
	if (!r->def->has_strip)
		return;
	r->strip_as = d->seconds > 0 ? DETAILS_RATE : DETAILS_TOTAL;
	details_summarise(r->def, d, r->def->strip, r->strip_as, &r->strip);
}

void ranked_look(struct ranked *r, const struct detail_def *def, const struct moment *m)
{
	const struct details *d = def ? m->details : NULL;

	if (def != r->def) {
		*r = (struct ranked){ .def = def };
		if (def)
			r->order = details_usual_order(def, DETAILS_TOTAL);
	}
	if (!d) {
		r->details = NULL;
		r->count = 0;
		return;
	}
	keep_most(r, m->info->id, d->rows);
	if (is_up_to_date(r, d))
		return;
	if (d != r->details || d->at_ns != r->ranked_at_ns)
		sum_up_strip(r, d);
	r->count = details_rank(def, d, &r->order, r->row, RANKED_MOST);
	r->details = d;
	r->ranked_at_ns = d->at_ns;
	r->ranked_by = r->order;
}

void ranked_step(struct ranked *r, int step)
{
	unsigned columns = detail_columns(r->def);
	struct details_order *o = &r->order;

	/* From one to the other of the same column, or into the next. */
	if (is_sum(r, o->column) && (o->as == DETAILS_RATE) == (step > 0)) {
		o->as = step > 0 ? DETAILS_TOTAL : DETAILS_RATE;
		return;
	}
	o->column = (o->column + (step > 0 ? 1 : columns - 1)) % columns;
	o->as = step > 0 && is_sum(r, o->column) ? DETAILS_RATE : DETAILS_TOTAL;
}

void ranked_turn(struct ranked *r)
{
	r->order.ascending = !r->order.ascending;
}

char *ranked_title(const struct detail_column *column, enum details_as as, char *out, size_t size)
{
	bool rate = !counter_is_level(column->kind) && as == DETAILS_RATE;

	snprintf(out, size, "%s%s", column->title, rate ? "/s" : !strcmp(column->unit, "ns") ? " µs" : "");
	return out;
}
