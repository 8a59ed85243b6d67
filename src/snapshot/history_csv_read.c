/* history.csv, read back into samples.  Written by history_csv_write.c.  The text is cut up in
 * place, line by line and cell by cell. */
#include "snapshot/fields.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- columns ---- */

struct rows;
struct column;
typedef int (*cell_fn)(struct rows *rows, const struct column *column, const char *text);

struct column {
	char *name;
	cell_fn on_sum, on_worker; /* what to do with a cell of such a row; NULL: nothing */
	const struct member *member;
	unsigned index;
	size_t latency_len;   /* of the name that stands before the member's, for latencies */
	int counter, latency; /* in the engine of the current run; -1: it has none */
};

struct rows {
	const struct reader *r;
	struct column column[SNAPSHOT_COLUMNS_MAX];
	unsigned columns, run_column, phase_column, kept_column, at_column, role_column, worker_column;
	unsigned long line;
	const struct run_info *info; /* of the current row */
	struct sample *sample;       /* in the making */
	unsigned where, workers;     /* its place, and how many workers it has got */
	unsigned worker;             /* of the current row */
	int64_t last_ns;
	struct saved_total *total;
};

static int row_fails(const struct rows *rows, const char *what, const char *text)
{
	char where[32], shown[60];

	snprintf(where, sizeof(where), "line %lu", rows->line);
	text_escape(text, strnlen(text, 40), shown, sizeof(shown));
	return reader_fails(rows->r, where, "%s%s%s", what, shown[0] ? ": " : "", shown);
}

/* ---- cells ---- */

static int parse_integer(const struct rows *rows, const struct member *m, const char *text, int64_t *ret)
{
	int64_t low = m->min, high = m->max;
	char *end;

	if (!low && !high)
		high = m->type == MEMBER_BOOL ? 1 : INT64_MAX;
	errno = 0;
	*ret = strtoll(text, &end, 10);
	if (end == text || *end || errno || *ret < low || *ret > high)
		return row_fails(rows, m->name, text);
	return 0;
}

/* An empty cell leaves the 0 that is there. */
static int store_cell(const struct rows *rows, const struct member *m, const char *text, void *into)
{
	char *at = (char *)into + m->offset, *end;
	int64_t number;
	double real;
	int rc;

	if (!*text)
		return 0;
	if (m->type == MEMBER_REAL) {
		real = strtod(text, &end);
		if (end == text || *end || !isfinite(real) || fabs(real) > 1e18)
			return row_fails(rows, m->name, text);
		*(double *)at = real;
		return 0;
	}
	rc = parse_integer(rows, m, text, &number);
	if (rc)
		return rc;
	if (m->type == MEMBER_BOOL)
		*(bool *)at = number;
	else
		*(int64_t *)at = number;
	return 0;
}

static const struct member counter_cell = { .name = "counter", .type = MEMBER_U64 };
static const struct member at_cell = { .name = "at_ns", .type = MEMBER_I64, .min = -(INT64_MAX / 4), .max = INT64_MAX / 4 };
static const struct member run_cell = { .name = "run", .type = MEMBER_I64, .min = 1, .max = INT32_MAX };
static const struct member worker_cell = { .name = "worker", .type = MEMBER_I64, .min = 0, .max = SNAPSHOT_WORKERS_MAX };
static const struct member heat_cell = { .name = "heat", .type = MEMBER_I64, .min = 0, .max = UINT32_MAX };

static int take_member(struct rows *rows, const struct column *c, const char *text)
{
	return store_cell(rows, c->member, text, rows->sample);
}

static int take_counter(struct rows *rows, const struct column *c, const char *text)
{
	uint64_t *value = &rows->sample->worker[rows->worker].value[c->counter < 0 ? 0 : c->counter];

	if (c->counter < 0)
		return 0;
	*value = counter_first(engine_counter(rows->info->engine, (unsigned)c->counter)->kind);
	return store_cell(rows, &counter_cell, text, value);
}

static int take_merged(struct rows *rows, const struct column *c, const char *text)
{
	return c->latency < 0 ? 0 : store_cell(rows, c->member, text, &rows->sample->merged[c->latency]);
}

static int take_latency(struct rows *rows, const struct column *c, const char *text)
{
	return c->latency < 0 ? 0 : store_cell(rows, c->member, text, &rows->sample->worker[rows->worker].latency[c->latency]);
}

static int take_net(struct rows *rows, const struct column *c, const char *text)
{
	if (!*text)
		return 0;
	rows->sample->net.known |= 1u << c->index;
	return store_cell(rows, &counter_cell, text, &rows->sample->net.value[c->index]);
}

static int take_net_why(struct rows *rows, const struct column *c, const char *text)
{
	(void)c;
	text_escape(text, strlen(text), rows->sample->net.why, sizeof(rows->sample->net.why));
	return 0;
}

/* "40:12;41:3" */
static int take_heat(struct rows *rows, const struct column *c, const char *text)
{
	char *end;

	(void)c;
	while (*text) {
		unsigned long row = strtoul(text, &end, 10);
		unsigned long long count;

		if (end == text || *end != ':' || row >= HEAT_ROWS)
			return row_fails(rows, heat_cell.name, text);
		text = end + 1;
		count = strtoull(text, &end, 10);
		if (end == text || (*end && *end != ';') || count > UINT32_MAX)
			return row_fails(rows, heat_cell.name, text);
		rows->sample->heat[row] = (uint32_t)count;
		text = end + (*end == ';');
	}
	return 0;
}

/* ---- the header ---- */

static bool is_sample_column(struct column *c)
{
	for (const struct member *m = sample_members; m->name; m++)
		if (!strcmp(c->name, m->name)) {
			c->member = m;
			c->on_sum = take_member;
			return true;
		}
	return false;
}

static bool is_net_column(struct column *c)
{
	if (!strcmp(c->name, "net_why")) {
		c->on_sum = take_net_why;
		return true;
	}
	for (unsigned i = 0; !strncmp(c->name, "net_", 4) && i < PROCNET_FIELDS; i++)
		if (!strcmp(c->name + 4, procnet_name((enum procnet_field)i))) {
			c->index = i;
			c->on_sum = take_net;
			return true;
		}
	return false;
}

/* "rtt_p50_ns": whether there is a latency "rtt" depends on the run. */
static void may_be_latency(struct column *c)
{
	size_t len = strlen(c->name);

	for (const struct member *m = latency_members; m->name; m++) {
		size_t end = strlen(m->name);

		if (len > end + 1 && c->name[len - end - 1] == '_' && !strcmp(c->name + len - end, m->name)) {
			c->member = m;
			c->latency_len = len - end - 1;
			c->on_sum = take_merged;
		}
	}
}

static void name_column(struct column *c)
{
	if (is_sample_column(c) || is_net_column(c))
		return;
	if (!strcmp(c->name, "heat")) {
		c->on_sum = take_heat;
		return;
	}
	may_be_latency(c);
	c->on_worker = take_counter;
}

/* The next cell of the line, unquoted in place; NULL after the last.  *ret_more says whether a
 * comma follows. */
static char *next_cell(char **at, bool *ret_more)
{
	char *from = *at, *to = from, *cell = to;
	bool quoted = *from == '"';

	from += quoted;
	while (*from && (quoted || *from != ',')) {
		if (quoted && *from == '"') {
			if (from[1] != '"')
				break;
			from++;
		}
		*to++ = *from++;
	}
	while (*from && *from != ',')
		from++;
	*ret_more = *from == ',';
	*at = from + *ret_more;
	*to = '\0';
	return cell;
}

static int find_columns(struct rows *rows)
{
	static const char *const names[] = { "run", "phase", "kept", "at_ns", "role", "worker" };
	unsigned *const place[] = { &rows->run_column, &rows->phase_column, &rows->kept_column, &rows->at_column,
		&rows->role_column, &rows->worker_column };

	for (unsigned n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		unsigned i = 0;

		while (i < rows->columns && strcmp(rows->column[i].name, names[n]))
			i++;
		if (i == rows->columns)
			return row_fails(rows, "no column", names[n]);
		rows->column[i].on_sum = rows->column[i].on_worker = NULL;
		*place[n] = i;
	}
	return 0;
}

static int read_header(struct rows *rows, char *line)
{
	bool more = true;

	while (more) {
		struct column *c = &rows->column[rows->columns];

		if (rows->columns == SNAPSHOT_COLUMNS_MAX)
			return row_fails(rows, "too many columns", "");
		c->name = next_cell(&line, &more);
		name_column(c);
		rows->columns++;
	}
	return find_columns(rows);
}

/* ---- rows ---- */

static int latency_of(const struct engine *e, const struct column *c)
{
	for (unsigned i = 0; c->latency_len && i < engine_latencies(e); i++)
		if (strlen(e->latencies[i].name) == c->latency_len && !strncmp(e->latencies[i].name, c->name, c->latency_len))
			return (int)i;
	return -1;
}

/* Which counter and latency a column is depends on the run's mode. */
static int enter_run(struct rows *rows, const char *text)
{
	int64_t id;
	int rc = parse_integer(rows, &run_cell, text, &id);
	const struct engine *before = rows->info ? rows->info->engine : NULL;

	if (rc)
		return rc;
	if (rows->info && rows->info->id == (uint32_t)id)
		return 0;
	rows->info = history_run(rows->r->history, (uint32_t)id);
	if (!rows->info)
		return row_fails(rows, "there is no run", text);
	for (unsigned i = 0; before != rows->info->engine && i < rows->columns; i++) {
		struct column *c = &rows->column[i];

		c->latency = latency_of(rows->info->engine, c);
		c->counter = engine_find_counter(rows->info->engine, c->name);
		if (c->latency_len)
			c->on_worker = c->latency >= 0 ? take_latency : take_counter;
	}
	return 0;
}

static int phase_of(const char *name)
{
	for (int p = PHASE_IDLE; p <= PHASE_FAILED; p++)
		if (!strcmp(name, phase_name((enum phase)p)))
			return p;
	return -1;
}

/* Gives the finished sample to the history. */
static int end_sample(struct rows *rows)
{
	struct sample *s = rows->sample;

	if (!s)
		return 0;
	if (rows->workers != s->workers)
		return row_fails(rows, "the sample before has not all of its workers", "");
	if (s->run_id == rows->total->run_id && s->sequence == rows->total->sequence) {
		s->total = rows->total->hist;
		rows->total->hist = NULL;
	}
	rows->sample = NULL;
	history_keep(rows->r->history, s, rows->where);
	return 0;
}

static int begin_sample(struct rows *rows, char **cell)
{
	int phase = phase_of(cell[rows->phase_column]);
	int64_t at_ns;
	int rc = end_sample(rows);

	if (!rc)
		rc = enter_run(rows, cell[rows->run_column]);
	if (!rc)
		rc = parse_integer(rows, &at_cell, cell[rows->at_column], &at_ns);
	if (rc)
		return rc;
	rows->where = kept_parse(cell[rows->kept_column]);
	if (phase < 0 || !rows->where)
		return row_fails(rows, "phase or kept is wrong", cell[rows->kept_column]);
	if (at_ns < rows->last_ns)
		return row_fails(rows, "time goes backwards", cell[rows->at_column]);
	rows->last_ns = at_ns;
	rows->sample = sample_new(rows->info->workers);
	if (!rows->sample)
		return err_sys(rows->r->err, ENOMEM, "%s", rows->r->file);
	rows->workers = 0;
	rows->sample->run_id = rows->info->id;
	rows->sample->phase = (enum phase)phase;
	rows->sample->at_ns = at_ns;
	return 0;
}

static int begin_worker(struct rows *rows, char **cell)
{
	int64_t worker;
	int rc = parse_integer(rows, &worker_cell, cell[rows->worker_column], &worker);

	if (rc)
		return rc;
	if (!rows->sample || worker != rows->workers || rows->workers == rows->sample->workers)
		return row_fails(rows, "worker is out of order", cell[rows->worker_column]);
	rows->worker = rows->workers++;
	return 0;
}

static int read_row(struct rows *rows, char *line)
{
	char *cell[SNAPSHOT_COLUMNS_MAX];
	bool more = true, sum;
	int rc;

	for (unsigned i = 0; i < rows->columns; i++) {
		if (!more)
			return row_fails(rows, "too few columns", "");
		cell[i] = next_cell(&line, &more);
	}
	if (more)
		return row_fails(rows, "too many columns", "");
	sum = !strcmp(cell[rows->role_column], "sum");
	rc = sum ? begin_sample(rows, cell) : begin_worker(rows, cell);
	for (unsigned i = 0; !rc && i < rows->columns; i++) {
		const struct column *c = &rows->column[i];
		cell_fn take = sum ? c->on_sum : c->on_worker;

		if (take)
			rc = take(rows, c, cell[i]);
	}
	return rc;
}

/* The next line, cut off in place; NULL at the end.  A quoted cell may hold a line break. */
static char *next_line(char **at)
{
	char *line = *at, *end = line;
	bool quoted = false;

	if (!*line)
		return NULL;
	for (; *end && (quoted || *end != '\n'); end++)
		if (*end == '"')
			quoted = !quoted;
	*at = end + (*end != '\0');
	*end = '\0';
	if (end > line && end[-1] == '\r')
		end[-1] = '\0';
	return line;
}

int snapshot_read_samples(const struct reader *r, char *text, struct saved_total *total)
{
	struct rows *rows = calloc(1, sizeof(*rows));
	char *line;
	int rc;

	if (!rows)
		return err_sys(r->err, ENOMEM, "%s", r->file);
	rows->r = r;
	rows->line = 1;
	rows->last_ns = INT64_MIN;
	rows->total = total;
	line = next_line(&text);
	rc = line ? read_header(rows, line) : row_fails(rows, "empty file", "");
	while (!rc && (line = next_line(&text))) {
		rows->line++;
		rc = read_row(rows, line);
	}
	if (!rc)
		rc = end_sample(rows);
	sample_free(rows->sample);
	free(rows);
	return rc;
}
