/* Ranking and summing up rows.  See details.h. */
#include "record/details.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct details *details_new(unsigned rows)
{
	struct details *d = calloc(1, sizeof(*d) + rows * sizeof(d->row[0]));

	if (d)
		d->rows = rows;
	return d;
}

double details_figure(const struct detail_def *def, const struct details *d, unsigned row, unsigned column, enum details_as as)
{
	enum counter_kind kind = def->columns[column].kind;
	uint64_t value = d->row[row].value[column];

	if (counter_is_nothing(kind, value))
		return NAN;
	if (counter_is_level(kind) || as == DETAILS_TOTAL)
		return (double)value;
	return d->seconds > 0 ? (double)d->row[row].recent[column] / d->seconds : NAN;
}

/* ---- ranking ---- */

struct details_order details_usual_order(const struct detail_def *def, enum details_as as)
{
	return (struct details_order){ .column = def->sort, .ascending = def->ascending, .as = as };
}

struct ranking {
	const struct detail_def *def;
	const struct details *details;
	const struct details_order *order;
	unsigned *row; /* a heap: the last in rank on top */
	unsigned count;
};

/* Does row a stand in front of row b? */
static bool in_front(const struct ranking *r, unsigned a, unsigned b)
{
	const struct detail_row *x = &r->details->row[a], *y = &r->details->row[b];
	double fa = details_figure(r->def, r->details, a, r->order->column, r->order->as);
	double fb = details_figure(r->def, r->details, b, r->order->column, r->order->as);

	if (isnan(fa) != isnan(fb))
		return isnan(fb);
	if (fa < fb || fa > fb)
		return (fa < fb) == r->order->ascending;
	return x->worker != y->worker ? x->worker < y->worker : x->id < y->id;
}

static void swap(struct ranking *r, unsigned i, unsigned j)
{
	unsigned row = r->row[i];

	r->row[i] = r->row[j];
	r->row[j] = row;
}

static void sift_up(struct ranking *r, unsigned at)
{
	while (at && in_front(r, r->row[(at - 1) / 2], r->row[at])) {
		swap(r, at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
}

static void sift_down(struct ranking *r, unsigned count)
{
	for (unsigned at = 0;;) {
		unsigned last = at;

		for (unsigned child = 2 * at + 1; child < count && child <= 2 * at + 2; child++)
			if (in_front(r, r->row[last], r->row[child]))
				last = child;
		if (last == at)
			return;
		swap(r, at, last);
		at = last;
	}
}

unsigned details_rank(const struct detail_def *def, const struct details *d, const struct details_order *order, unsigned *ret_row,
	unsigned most)
{
	struct ranking r = { .def = def, .details = d, .order = order, .row = ret_row };

	for (unsigned row = 0; row < d->rows && most; row++)
		if (r.count < most) {
			r.row[r.count] = row;
			sift_up(&r, r.count++);
		} else if (in_front(&r, row, r.row[0])) {
			r.row[0] = row;
			sift_down(&r, r.count);
		}
	for (unsigned left = r.count; left > 1; left--) {
		swap(&r, 0, left - 1);
		sift_down(&r, left - 1);
	}
	return r.count;
}

/* ---- summing up ---- */

/* Hoare's selection: afterwards v[k] is in its place, and nothing before it is more. */
static void select_nth(double *v, unsigned count, unsigned k)
{
	unsigned low = 0, high = count - 1;

	while (low < high) {
		double pivot = v[low + (high - low) / 2];
		unsigned i = low, j = high;

		for (;; i++, j--) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i >= j)
				break;
			double x = v[i];
			v[i] = v[j];
			v[j] = x;
		}
		if (k <= j)
			high = j;
		else
			low = j + 1;
	}
}

static double highest(const double *v, unsigned count)
{
	double most = v[0];

	for (unsigned i = 1; i < count; i++)
		most = fmax(most, v[i]);
	return most;
}

static double lowest(const double *v, unsigned count)
{
	double least = v[0];

	for (unsigned i = 1; i < count; i++)
		least = fmin(least, v[i]);
	return least;
}

static double median(double *v, unsigned count)
{
	select_nth(v, count, count / 2);
	return count % 2 ? v[count / 2] : (highest(v, count / 2) + v[count / 2]) / 2;
}

int details_summarise(const struct detail_def *def, const struct details *d, unsigned column, enum details_as as,
	struct detail_summary *ret_summary)
{
	double *v = malloc((d->rows + 1) * sizeof(*v));
	unsigned count = 0;

	*ret_summary = (struct detail_summary){ .min = NAN, .median = NAN, .max = NAN };
	if (!v)
		return -ENOMEM;
	for (unsigned row = 0; row < d->rows; row++) {
		double figure = details_figure(def, d, row, column, as);

		if (!isnan(figure))
			v[count++] = figure;
	}
	if (count)
		*ret_summary = (struct detail_summary){
			.count = count, .min = lowest(v, count), .max = highest(v, count), .median = median(v, count)
		};
	free(v);
	return 0;
}
