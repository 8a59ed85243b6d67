/* Results as CSV: one row a run.  The table csv_columns at the end says which columns there are
 * and where in the result document their values stand, so that the two never differ.  RFC 4180
 * quoting; text that a spreadsheet would take for a formula is made harmless. */
#include "results/json_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* ---- cells ---- */

void csv_text(FILE *out, const char *text)
{
	bool formula = text[0] && strchr("=+-@\t\r", text[0]);

	if (!formula && !strpbrk(text, ",\"\r\n") && text[0] != ' ') {
		fputs(text, out);
		return;
	}
	putc('"', out);
	if (formula)
		putc('\'', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

enum { NAME_BYTES = 80 };

struct csv_cell {
	char name[NAME_BYTES];
	json_t *value; /* owned; NULL: empty */
};

struct csv_row {
	struct csv_cell *cell;
	unsigned count, room;
	bool failed;
	const struct run_info *info;
	const json_t *document;
};

/* A name that is there already keeps its first value: start.method is what ran, the option may
 * be unset. */
static bool has_column(const struct csv_row *row, const char *name)
{
	for (unsigned i = 0; i < row->count; i++)
		if (!strcmp(row->cell[i].name, name))
			return true;
	return false;
}

static void add_cell(struct csv_row *row, const char *name, json_t *value /* stolen, may be NULL */)
{
	if (row->count == row->room && !row->failed) {
		unsigned room = row->room ? 2 * row->room : 128;
		struct csv_cell *more = realloc(row->cell, room * sizeof(*more));

		if (more) {
			row->cell = more;
			row->room = room;
		} else
			row->failed = true;
	}
	if (row->failed || has_column(row, name)) {
		json_decref(value);
		return;
	}
	snprintf(row->cell[row->count].name, NAME_BYTES, "%s", name);
	row->cell[row->count++].value = value;
}

void results_csv_cell(FILE *out, const json_t *value)
{
	if (json_is_string(value))
		csv_text(out, json_string_value(value));
	else if (json_is_integer(value))
		fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		fprintf(out, "%.15g", json_real_value(value));
	else if (json_is_boolean(value))
		fputs(json_is_true(value) ? "true" : "false", out);
}

/* ---- columns ---- */

struct csv_column {
	void (*add)(struct csv_row *row, const struct csv_column *column);
	const char *path; /* where in the document: "end.sum" */
	const char *name; /* of the column; or what stands before each name; NULL: nothing */
	double scale;     /* of a number; 0: as it is */
};

/* The value at "a.b.c"; NULL where there is none. */
static json_t *value_at(const json_t *document, const char *path)
{
	json_t *at = (json_t *)document;
	char key[64];

	while (at && *path) {
		size_t len = strcspn(path, ".");

		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		at = json_object_get(at, key);
		path += len + (path[len] == '.');
	}
	return at;
}

static void add_value(struct csv_row *row, const struct csv_column *column)
{
	json_t *value = value_at(row->document, column->path);

	if (column->scale != 0 && json_is_number(value))
		add_cell(row, column->name, json_real(column->scale * json_number_value(value)));
	else
		add_cell(row, column->name, json_incref(value));
}

/* Every key of an object is a column. */
static void add_object(struct csv_row *row, const struct csv_column *column)
{
	char name[NAME_BYTES];
	const char *key;
	json_t *value;

	json_object_foreach(value_at(row->document, column->path), key, value)
	{
		snprintf(name, sizeof(name), "%s%s", column->name ? column->name : "", key);
		add_cell(row, name, json_incref(value));
	}
}

/* rtt_count, rtt_min_us, ... of every latency of the mode. */
static void add_latencies(struct csv_row *row, const struct csv_column *column)
{
	const struct engine *e = row->info->engine;
	json_t *end = value_at(row->document, column->path);
	char name[NAME_BYTES];

	for (unsigned i = 0; i < engine_latencies(e); i++) {
		const char *latency = e->latencies[i].name;
		json_t *object = json_object_get(end, latency_key(&e->latencies[i], name, sizeof(name)));

		snprintf(name, sizeof(name), "%s_count", latency);
		add_cell(row, name, json_incref(json_object_get(object, "count")));
		for (const struct latency_field *f = latency_fields; f->key; f++) {
			snprintf(name, sizeof(name), "%s_%s_us", latency, f->key);
			add_cell(row, name, json_incref(json_object_get(object, f->key)));
		}
	}
}

/* The mode's own columns.  One that has no value leaves the name to another, and is empty in the
 * end if there is none. */
static void add_own(struct csv_row *row, const struct csv_column *unused)
{
	const struct result_column *own = row->info->engine->columns;

	(void)unused;
	for (const struct result_column *c = own; c && c->name; c++) {
		struct csv_column column = { .path = c->path, .name = c->name, .scale = c->scale };
		bool another = c[1].name && !strcmp(c[1].name, c->name);

		if (value_at(row->document, c->path) || !another)
			add_value(row, &column);
	}
}

static void add_place(struct csv_row *row, const struct csv_column *column, const char *place)
{
	char name[NAME_BYTES], path[NAME_BYTES];

	snprintf(name, sizeof(name), "%s%s", column->name, place);
	snprintf(path, sizeof(path), "%s.%s", column->path, place);
	add_cell(row, name, json_incref(value_at(row->document, path)));
}

/* The places of a ledger of nothing at all are those that this mode's ledger has, the kernel's
 * own counters included. */
static void add_ledger_places(struct csv_row *row, const struct csv_column *column)
{
	struct sample *nothing = sample_new(row->info->workers);
	struct reading r = reading_between(row->info, nothing, nothing);
	struct ledger l;

	row->failed |= !nothing;
	ledger_of(&r, &l);
	for (unsigned i = 0; i < l.places; i++)
		add_place(row, column, l.place[i].key);
	sample_free(nothing);
}

/* A column for each place that the mode can lose packets at, whatever this run measured: the
 * columns of a mode are always the same. */
static void add_places(struct csv_row *row, const struct csv_column *column)
{
	unsigned counters = engine_counters(row->info->engine);

	for (unsigned i = 0; i < counters; i++) {
		const char *place = engine_counter(row->info->engine, i)->place;

		if (place)
			add_place(row, column, place);
	}
	add_ledger_places(row, column);
}

/* The second ledger of a mode that keeps one, each column with its name in front. */
static void add_second_ledger(struct csv_row *row, const struct csv_column *column)
{
	static const char *const sides[] = { "sent", "received", "in_flight", "unexplained", "balanced" };
	const struct ledger_def *def = row->info->engine->second_ledger;
	char name[NAME_BYTES], path[NAME_BYTES];

	for (size_t i = 0; def && i < sizeof(sides) / sizeof(sides[0]); i++) {
		snprintf(name, sizeof(name), "%s_ledger_%s", def->name, sides[i]);
		snprintf(path, sizeof(path), "%s.%s.%s", column->path, def->name, sides[i]);
		add_cell(row, name, json_incref(value_at(row->document, path)));
	}
	for (const struct ledger_row *r = def ? def->rows : NULL; r && r->side != LEDGER_NONE; r++) {
		if (r->side != LEDGER_LOST)
			continue;
		snprintf(name, sizeof(name), "%s_lost_%s", def->name, r->place);
		snprintf(path, sizeof(path), "%s.%s.places.%s", column->path, def->name, r->place);
		add_cell(row, name, json_incref(value_at(row->document, path)));
	}
}

/* Lines of text in one cell, "; " between them. */
static void add_lines(struct csv_row *row, const struct csv_column *column)
{
	char text[2 * VERDICT_LINES * 200] = "";
	json_t *line;
	size_t i, used = 0;

	json_array_foreach(value_at(row->document, column->path), i, line)
	{
		if (used < sizeof(text))
			used += (size_t)snprintf(
				text + used, sizeof(text) - used, "%s%s", i ? "; " : "", json_string_value(line));
	}
	add_cell(row, column->name, json_string(text));
}

/* ---- the table ---- */

static const struct csv_column csv_columns[] = {
	{ .add = add_value, .path = "start.time", .name = "time" },
	{ .add = add_value, .path = "start.mode", .name = "mode" },
	{ .add = add_value, .path = "start.method", .name = "method" },
	{ .add = add_value, .path = "start.ran", .name = "ran" },
	{ .add = add_value, .path = "start.role", .name = "role" },
	{ .add = add_value, .path = "start.path", .name = "path" },
	{ .add = add_own },
	{ .add = add_object, .path = "start.options" },
	{ .add = add_value, .path = "end.seconds", .name = "seconds" },
	{ .add = add_value, .path = "end.away_s", .name = "away_s" },
	{ .add = add_object, .path = "end.sum" },
	{ .add = add_latencies, .path = "end" },
	{ .add = add_value, .path = "end.ledger.sent", .name = "ledger_sent" },
	{ .add = add_value, .path = "end.ledger.received", .name = "ledger_received" },
	{ .add = add_places, .path = "end.ledger.places", .name = "lost_" },
	{ .add = add_value, .path = "end.ledger.unexplained", .name = "unexplained" },
	{ .add = add_value, .path = "end.ledger.balanced", .name = "balanced" },
	{ .add = add_second_ledger, .path = "end.ledgers" },
	{ .add = add_value, .path = "end.verdict.valid", .name = "valid" },
	{ .add = add_lines, .path = "end.verdict.reasons", .name = "reasons" },
	{ .add = add_lines, .path = "end.verdict.cautions", .name = "cautions" },
	{ .add = add_object, .path = "start.host", .name = "host_" },
	{ .add = add_lines, .path = "start.warnings", .name = "warnings" },
};

/* ---- rows ---- */

static void fill_row(struct csv_row *row)
{
	for (size_t i = 0; i < sizeof(csv_columns) / sizeof(csv_columns[0]); i++)
		csv_columns[i].add(row, &csv_columns[i]);
}

static void print_row(const struct csv_row *row, bool header, FILE *out)
{
	for (unsigned i = 0; header && i < row->count; i++)
		fprintf(out, "%s%s", i ? "," : "", row->cell[i].name);
	if (header)
		putc('\n', out);
	for (unsigned i = 0; i < row->count; i++) {
		if (i)
			putc(',', out);
		results_csv_cell(out, row->cell[i].value);
	}
	putc('\n', out);
}

static void free_row(struct csv_row *row)
{
	for (unsigned i = 0; i < row->count; i++)
		json_decref(row->cell[i].value);
	free(row->cell);
}

json_t *results_row(const struct results_source *source)
{
	struct csv_row row = { .info = history_run(source->history, source->run_id) };
	struct json_maker m = json_make();
	json_t *document = results_document(source);

	row.document = document;
	if (document)
		fill_row(&row);
	m.failed |= !document || row.failed;
	for (unsigned i = 0; i < row.count; i++)
		json_put(&m, row.cell[i].name, row.cell[i].value ? json_incref(row.cell[i].value) : json_null());
	free_row(&row);
	json_decref(document);
	return json_made(&m);
}

int results_csv_row(const struct results_source *source, FILE *out, bool header, struct err *err)
{
	struct csv_row row = { .info = history_run(source->history, source->run_id) };
	json_t *document = results_document(source);
	int r = 0;

	if (!document)
		return err_say(err, ENOMEM, "write CSV: out of memory, or run %u is forgotten", source->run_id);
	row.document = document;
	fill_row(&row);
	errno = 0;
	if (row.failed)
		r = err_sys(err, ENOMEM, "write CSV");
	else {
		print_row(&row, header, out);
		if (ferror(out))
			r = err_sys(err, errno ? errno : EIO, "write CSV");
	}
	free_row(&row);
	json_decref(document);
	return r;
}

int results_write_csv(const struct results_source *source, const char *path, bool force, struct err *err)
{
	struct file_out out = { 0 };
	int r = file_begin(&out, path, force, err);

	if (r)
		return r;
	r = results_csv_row(source, out.stream, true, err);
	if (!r)
		return file_commit(&out, err);
	file_abort(&out);
	return r;
}
