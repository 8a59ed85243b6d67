/* Rows of a run in a record: all of them, so that `open` shows what the screen showed. */
#include "snapshot/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct details_source {
	const struct reader *r;
	const char *where;
	const struct run_info *info;
	int column[DETAIL_COLUMNS_MAX]; /* of the mode, for each of the file; -1: it has none */
	unsigned columns;               /* of the file */
};

static int column_named(const struct detail_def *def, const json_t *name)
{
	for (unsigned i = 0; json_is_string(name) && i < detail_columns(def); i++)
		if (!strcmp(def->columns[i].name, json_string_value(name)))
			return (int)i;
	return -1;
}

static int read_columns(struct details_source *s, const json_t *names)
{
	int rc = read_array(s->r, names, s->where, "columns", 0, DETAIL_COLUMNS_MAX);

	if (rc)
		return rc;
	s->columns = (unsigned)json_array_size(names);
	for (unsigned i = 0; i < s->columns; i++)
		s->column[i] = column_named(s->info->engine->details, json_array_get(names, i));
	return 0;
}

static void begin_values(const struct detail_def *def, uint64_t *values)
{
	for (unsigned i = 0; i < detail_columns(def); i++)
		values[i] = counter_first(def->columns[i].kind);
}

/* From the place `first` of the row on; null is the lowest or highest of nothing. */
static int read_values(const struct details_source *s, const json_t *row, unsigned first, uint64_t *values)
{
	static const struct member a_value = { .name = "a value", .type = MEMBER_U64 };
	int rc = 0;

	begin_values(s->info->engine->details, values);
	for (unsigned i = 0; !rc && i < s->columns; i++) {
		const json_t *value = json_array_get(row, first + i);

		if (s->column[i] >= 0 && !json_is_null(value))
			rc = read_member(s->r, value, s->where, &a_value, &values[s->column[i]]);
	}
	return rc;
}

static int read_row(const struct details_source *s, const json_t *from, struct detail_row *row)
{
	const json_t *id = json_array_get(from, 0), *worker = json_array_get(from, 1);
	int rc;

	if (json_array_size(from) != 2 + 2 * s->columns || json_integer_value(id) < 1)
		return reader_fails(s->r, s->where, "a row has no id, or too few or too many values");
	if (!json_is_integer(worker) || json_integer_value(worker) < 0 || json_integer_value(worker) >= s->info->workers)
		return reader_fails(s->r, s->where, "a row is of no worker");
	row->id = (uint64_t)json_integer_value(id);
	row->worker = (unsigned)json_integer_value(worker);
	rc = read_values(s, from, 2, row->value);
	return rc ? rc : read_values(s, from, 2 + s->columns, row->recent);
}

int read_details(
	const struct reader *r, const json_t *from, const char *where, const struct run_info *info, struct details **ret_details)
{
	struct details_source s = { .r = r, .where = where, .info = info };
	const json_t *rows = json_object_get(from, "rows");
	struct details *d;
	int rc;

	if (!from || json_is_null(from) || !info->engine->details)
		return 0;
	rc = read_array(r, rows, where, "rows", 0, SNAPSHOT_ROWS_MAX);
	if (rc)
		return rc;
	d = details_new((unsigned)json_array_size(rows));
	if (!d)
		return err_sys(r->err, ENOMEM, "%s", r->file);
	rc = read_members(r, from, where, details_members, d);
	if (!rc)
		rc = read_columns(&s, json_object_get(from, "columns"));
	for (unsigned i = 0; !rc && i < d->rows; i++)
		rc = read_row(&s, json_array_get(rows, i), &d->row[i]);
	if (rc)
		free(d);
	else
		*ret_details = d;
	return rc;
}
