/* Rows of a run as JSON: the worst of them, and what all of them say by column.  See
 * results/json_parts.h. */
#include "results/json_parts.h"

#include <math.h>

static json_t *summary_of(const struct detail_summary *s)
{
	struct json_maker m = json_make();

	json_put(&m, "count", json_integer(s->count));
	json_put(&m, "min", s->count ? json_of_count((uint64_t)s->min) : json_null());
	json_put(&m, "median", json_of_real(s->median, 1));
	json_put(&m, "max", s->count ? json_of_count((uint64_t)s->max) : json_null());
	return json_made(&m);
}

static json_t *columns_of(const struct detail_def *def, const struct details *d)
{
	unsigned columns = detail_columns(def);
	struct json_maker m = json_make();
	struct detail_summary sum;

	for (unsigned i = 0; i < columns; i++) {
		m.failed |= details_summarise(def, d, i, DETAILS_TOTAL, &sum) < 0;
		json_put(&m, def->columns[i].name, summary_of(&sum));
	}
	return json_made(&m);
}

static json_t *row_of(const struct run_info *info, const struct detail_row *row)
{
	const struct detail_def *def = info->engine->details;
	const struct run_worker *w = &info->worker[row->worker];
	unsigned columns = detail_columns(def);
	struct json_maker m = json_make();

	json_put(&m, "id", json_of_count(row->id));
	json_put(&m, "role", json_string(role_names[w->role]));
	json_put(&m, "index", json_integer(w->index));
	for (unsigned i = 0; i < columns; i++)
		json_put(&m, def->columns[i].name,
			counter_is_nothing(def->columns[i].kind, row->value[i]) ? json_null() : json_of_count(row->value[i]));
	return json_made(&m);
}

static json_t *worst_of(const struct run_info *info, const struct details *d)
{
	struct details_order order = details_usual_order(info->engine->details, DETAILS_TOTAL);
	unsigned row[RESULTS_ROWS], rows = details_rank(info->engine->details, d, &order, row, RESULTS_ROWS);
	json_t *array = json_array();
	bool failed = false;

	for (unsigned i = 0; i < rows; i++)
		json_append(array, row_of(info, &d->row[row[i]]), &failed);
	return json_array_made(array, failed);
}

/* A run that is still going: the newest reading of its measure phase. */
static const struct details *details_of(const struct results_view *v)
{
	const struct details *d = history_details(v->source->history, v->reading.info->id);

	if (!d || v->reading.final)
		return d;
	return v->base && d->at_ns >= v->base->at_ns ? d : NULL;
}

void results_put_details(struct json_maker *m, const struct results_view *v)
{
	const struct detail_def *def = v->reading.info->engine->details;
	const struct details *d = def ? details_of(v) : NULL;
	struct json_maker details;

	if (!d || !(d->rows || d->missed))
		return;
	details = json_make();
	json_put(&details, "name", json_string(def->name));
	json_put(&details, "rows", json_integer(d->rows));
	json_put(&details, "missed", json_of_count(d->missed));
	json_put(&details, "sort", json_string(def->columns[def->sort].name));
	json_put(&details, "ascending", json_boolean(def->ascending));
	json_put(&details, "columns", columns_of(def, d));
	json_put(&details, "worst", worst_of(v->reading.info, d));
	json_put(m, "details", json_made(&details));
}
