/* The directory of a sweep.  See sweep/store.h. */
#include "sweep/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "results/json_parts.h"

static char *path_of(const char *directory, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

int sweep_store_begin(const struct sweep_store *store, const char *name, struct file_out *ret_out, struct err *err)
{
	char *path = path_of(store->directory, name);
	int rc = path ? file_begin(ret_out, path, true, err) : err_sys(err, ENOMEM, "write %s", name);

	free(path);
	return rc;
}

/* ---- plan.json ---- */

static json_t *plan_document(const struct sweep_plan *plan, const struct host_info *host)
{
	struct json_maker m = json_make();
	char time[40];

	clock_format_iso(clock_wall_of(clock_run_ns()), time, sizeof(time));
	json_put(&m, "netdyno", json_of_head(RESULTS_SCHEMA));
	json_put(&m, "time", json_string(time));
	json_put(&m, "host", json_of_host(host));
	json_put(&m, "plan", sweep_plan_to_json(plan));
	return json_made(&m);
}

int sweep_store_write_document(const struct sweep_store *store, const char *name, json_t *document, struct err *err)
{
	struct file_out out = { 0 };
	int rc = sweep_store_begin(store, name, &out, err);

	if (rc >= 0)
		rc = json_write_document(document, out.stream, name, err);
	if (rc >= 0)
		rc = file_commit(&out, err);
	file_abort(&out);
	json_decref(document);
	return rc;
}

int sweep_store_write_plan(
	const struct sweep_store *store, const struct sweep_plan *plan, const struct host_info *host, struct err *err)
{
	return sweep_store_write_document(store, "plan.json", plan_document(plan, host), err);
}

/* Lines of another schema beside those of this version would be compared with them. */
static int check_schema(const json_t *document, const char *path, struct err *err)
{
	const json_t *head = json_object_get(document, "netdyno"), *version = json_object_get(head, "version");
	json_int_t schema = json_integer_value(json_object_get(head, "schema"));
	char name[40] = "an unknown version";

	if (schema == RESULTS_SCHEMA)
		return 0;
	if (json_is_string(version))
		text_escape(json_string_value(version), json_string_length(version), name, sizeof(name));
	return err_say(err, EINVAL,
		"%s: netdyno.schema: %" JSON_INTEGER_FORMAT ", as netdyno %s wrote it; netdyno %s continues schema %d only", path,
		schema, name, NETDYNO_VERSION, RESULTS_SCHEMA);
}

int sweep_store_read_plan(const char *directory, const struct engine *const *engines, struct sweep_plan *ret_plan,
	json_t **ret_host, struct err *err)
{
	char *path = path_of(directory, "plan.json"), *text = NULL;
	struct err why = ERR_NONE;
	json_error_t where;
	size_t length = 0;

	int rc = path ? file_read_all(path, SWEEP_PLAN_BYTES_MAX, &text, &length, err) : err_sys(err, ENOMEM, "read the plan");
	json_t *document = rc < 0 ? NULL : json_loadb(text, length, 0, &where);
	if (rc >= 0 && !document)
		rc = err_say(err, EINVAL, "%s:%d: not JSON (%s)", path, where.line, where.text);
	if (rc >= 0)
		rc = check_schema(document, path, err);
	if (rc >= 0 && sweep_plan_from_json(ret_plan, json_object_get(document, "plan"), engines, &why) < 0)
		rc = err_say(err, why.code, "%s: %s", path, why.text);
	if (rc >= 0)
		*ret_host = json_incref(json_object_get(document, "host"));
	json_decref(document);
	free(text);
	free(path);
	return rc;
}

char *sweep_store_compare_host(const json_t *then, const struct host_info *now, char *out, size_t size)
{
	json_t *here = json_of_host(now), *value;
	const char *key;

	out[0] = '\0';
	json_object_foreach(here, key, value)
	{
		json_t *there = json_object_get(then, key);

		if (json_equal(there, value) || out[0])
			continue;
		char *a = json_to_text(there, JSON_ENCODE_ANY, "", NULL), *b = json_to_text(value, JSON_ENCODE_ANY, "", NULL);
		snprintf(out, size, "%s was %.100s, here it is %.100s", key, a ? a : "unknown", b ? b : "unknown");
		free(a);
		free(b);
	}
	json_decref(here);
	return out;
}

/* ---- lines ---- */

static json_t *line_begin(const struct sweep_plan *plan, const char *event, uint32_t cell, unsigned round, unsigned attempts)
{
	struct json_maker m = json_make(), axes = json_make();

	for (unsigned i = 0; i < plan->axes; i++)
		json_put(&axes, plan->axis[i].def->name, json_of_text(plan->axis[i].text[sweep_cell_value(plan, cell, i)]));
	json_put(&m, "event", json_string(event));
	json_put(&m, "cell", json_integer(cell));
	json_put(&m, "round", json_integer(round));
	json_put(&m, "attempts", json_integer(attempts));
	if (round < plan->thrown)
		json_put(&m, "thrown_away", json_true());
	json_put(&m, "axes", json_made(&axes));
	return json_made(&m);
}

json_t *sweep_run_line(const struct sweep_plan *plan, uint32_t cell, unsigned round, unsigned attempts, const char *why,
	json_t *row, json_t *result)
{
	struct json_maker m = { .object = line_begin(plan, "run", cell, round, attempts) };

	m.failed = !m.object;
	if (why)
		json_put(&m, "why", json_of_text(why));
	json_put(&m, "row", row);
	json_put(&m, "result", result);
	return json_made(&m);
}

json_t *sweep_failure_line(const struct sweep_plan *plan, uint32_t cell, unsigned round, unsigned attempts, const char *why)
{
	struct json_maker m = { .object = line_begin(plan, "failed", cell, round, attempts) };

	m.failed = !m.object;
	json_put(&m, "why", json_of_text(why));
	return json_made(&m);
}

int sweep_store_append(struct sweep_store *store, const json_t *line, struct err *err)
{
	size_t length = 0, done;
	char *whole = json_to_text(line, RESULTS_DUMP | JSON_COMPACT, "\n", &length);

	if (!whole)
		return err_sys(err, ENOMEM, "write %s", store->path);
	int rc = file_write_fully(store->fd, whole, length, &done);
	if (rc >= 0 && fsync(store->fd) < 0)
		rc = -errno;
	free(whole);
	if (rc >= 0) {
		store->size += (off_t)length;
		return 0;
	}
	err_sys(err, -rc, "write %s", store->path);
	/* Should this fail too, the line is torn, and dropped when the sweep is resumed. */
	if (ftruncate(store->fd, store->size) < 0)
		return rc;
	return rc;
}

/* ---- reading lines ---- */

/* The next whole line as JSON; NULL at the end or where the line is not whole or no JSON, and
 * then *ret_torn. */
static json_t *store_next_line(FILE *in, char **line, size_t *room, bool *ret_torn)
{
	ssize_t length = getline(line, room, in);
	json_t *object;

	*ret_torn = false;
	if (length <= 0)
		return NULL;
	object = (*line)[length - 1] == '\n' ? json_loadb(*line, (size_t)length, 0, NULL) : NULL;
	*ret_torn = !object;
	return object;
}

static int take_run(struct sweep_state *state, const json_t *line, uint32_t cell, unsigned round, json_int_t attempts,
	const char *why, struct err *err)
{
	bool is_new = sweep_state_slot(state, cell, round) != SWEEP_SLOT_DONE;
	int rc = sweep_state_take_run(state, cell, round, json_object_get(line, "row"), json_object_get(line, "result"), err);

	if (rc >= 0 && is_new && why && attempts > 1)
		rc = sweep_state_take_retry(state, cell, round, (unsigned)attempts - 1, why, err);
	return rc;
}

static int take_line(struct sweep_state *state, const json_t *line, struct err *err)
{
	const char *event = json_string_value(json_object_get(line, "event"));
	json_int_t cell = json_integer_value(json_object_get(line, "cell"));
	json_int_t round = json_integer_value(json_object_get(line, "round"));
	json_int_t attempts = json_integer_value(json_object_get(line, "attempts"));
	const char *why = json_string_value(json_object_get(line, "why"));

	if (cell < 0 || cell >= state->plan->cells || round < 0 || round >= state->plan->repeat)
		return err_say(err, EINVAL, "cell %lld of round %lld is none of this sweep", (long long)cell, (long long)round);
	if (event && !strcmp(event, "run"))
		return take_run(state, line, (uint32_t)cell, (unsigned)round, attempts, why, err);
	if (event && !strcmp(event, "failed"))
		return sweep_state_take_failure(state, (uint32_t)cell, (unsigned)round, (unsigned)attempts, why ? why : "", err);
	return err_say(err, EINVAL, "neither a run nor a failure");
}

/* Reads all lines; what is torn must be the last. */
static int load_lines(struct sweep_store *store, FILE *in, struct sweep_state *state, struct err *err)
{
	struct err why = ERR_NONE;
	unsigned number = 0;
	char *line = NULL;
	size_t room = 0;
	bool torn;
	json_t *object;
	int rc = 0;

	while (rc >= 0 && (object = store_next_line(in, &line, &room, &torn))) {
		number++;
		rc = take_line(state, object, &why);
		json_decref(object);
		store->size = ftello(in);
	}
	if (rc < 0)
		err_say(err, why.code, "%s:%u: %s", store->path, number, why.text);
	else if (ferror(in))
		rc = err_sys(err, errno, "read %s", store->path);
	else if (torn && getline(&line, &room, in) > 0)
		rc = err_say(err, EINVAL, "%s:%u: this line is not a result of a sweep", store->path, number + 1);
	store->torn = rc >= 0 && torn;
	free(line);
	return rc;
}

static FILE *reader_of(const struct sweep_store *store, struct err *err)
{
	int fd = open(store->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	FILE *in = fd < 0 ? NULL : fdopen(fd, "r");

	if (!in)
		err_sys(err, errno, "read %s", store->path);
	if (!in && fd >= 0)
		close(fd);
	return in;
}

/* ---- life ---- */

/* Whoever may write into the directory could have made one, so that we replace other files. */
static int check_links(const char *directory, struct err *err)
{
	DIR *d = opendir(directory);
	int rc = d ? 0 : err_sys(err, errno, "read %s", directory);
	struct stat st;

	for (struct dirent *e; rc >= 0 && (e = readdir(d));)
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
			rc = err_say(err, ELOOP, "%s/%s is a link: a sweep follows none in its directory", directory, e->d_name);
	if (d)
		closedir(d);
	return rc;
}

static int open_results(struct sweep_store *store, int flags, struct err *err)
{
	int rc = check_links(store->directory, err);

	if (rc < 0)
		return rc;
	store->fd = open(store->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
	if (store->fd < 0)
		return err_sys(err, errno, "write %s", store->path);
	if (flock(store->fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? err_say(err, EBUSY, "%s: another %s is running there", store->directory,
						      sweep_plan_noun(store->directory))
					    : err_sys(err, errno, "lock %s", store->path);
	return 0;
}

static int store_init(struct sweep_store *store, const char *directory, struct err *err)
{
	*store = (struct sweep_store){ .fd = -1, .directory = strdup(directory), .path = path_of(directory, "results.jsonl") };
	return store->directory && store->path ? 0 : err_sys(err, ENOMEM, "open %s", directory);
}

/* An empty results.jsonl is what a start leaves behind that could not write its plan. */
static bool is_something(const char *path, const char *name)
{
	struct stat st;

	return lstat(path, &st) == 0 && (st.st_size > 0 || strcmp(name, "results.jsonl") != 0);
}

/* Something of a sweep is there? */
static int check_new(const struct sweep_store *store, bool force, struct err *err)
{
	static const char *const names[] = { "plan.json", "results.jsonl", "results.csv", "summary.md", "sweep.json" };

	for (size_t i = 0; !force && i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = path_of(store->directory, names[i]);
		bool there = path && is_something(path, names[i]);

		free(path);
		if (there)
			return err_say(err, EEXIST, "%s holds a %s (%s): --resume %s continues it, --force starts over",
				store->directory, sweep_plan_noun(store->directory), names[i], store->directory);
	}
	return 0;
}

/* Only who holds the lock may throw away.  Reports go first: what there is then belongs to the
 * plan that stands beside it. */
static int throw_away(const struct sweep_store *store, struct err *err)
{
	static const char *const names[] = { "results.csv", "summary.md", "sweep.json" };

	if (ftruncate(store->fd, 0) < 0)
		return err_sys(err, errno, "write %s", store->path);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = path_of(store->directory, names[i]);
		int rc = !path ? -ENOMEM : unlink(path) < 0 && errno != ENOENT ? -errno : 0;

		if (rc < 0)
			err_sys(err, -rc, "remove %s/%s", store->directory, names[i]);
		free(path);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int sweep_store_create(struct sweep_store *store, const char *directory, const struct sweep_plan *plan,
	const struct host_info *host, bool force, struct err *err)
{
	struct sweep_store made;
	int rc = store_init(&made, directory, err);

	if (rc >= 0)
		rc = file_make_directories(directory, err);
	if (rc >= 0)
		rc = check_new(&made, force, err);
	if (rc >= 0)
		rc = open_results(&made, O_CREAT, err);
	/* Once more: somebody may have been quicker. */
	if (rc >= 0)
		rc = check_new(&made, force, err);
	if (rc >= 0)
		rc = throw_away(&made, err);
	if (rc >= 0)
		rc = sweep_store_write_plan(&made, plan, host, err);
	if (rc < 0)
		sweep_store_close(&made);
	else
		*store = made;
	return rc;
}

int sweep_store_open(struct sweep_store *store, const char *directory, struct sweep_state *state, struct err *err)
{
	struct sweep_store made;
	int rc = store_init(&made, directory, err);

	if (rc >= 0)
		rc = open_results(&made, O_CREAT, err);
	FILE *in = rc < 0 ? NULL : reader_of(&made, err);
	if (rc >= 0)
		rc = in ? load_lines(&made, in, state, err) : -err->code;
	if (in)
		fclose(in);
	if (rc >= 0 && made.torn && ftruncate(made.fd, made.size) < 0)
		rc = err_sys(err, errno, "write %s", made.path);
	if (rc < 0)
		sweep_store_close(&made);
	else
		*store = made;
	return rc;
}

int sweep_store_load(const char *directory, struct sweep_state *state, struct err *err)
{
	struct sweep_store store;
	int rc = store_init(&store, directory, err);
	FILE *in = rc < 0 ? NULL : reader_of(&store, err);

	if (rc >= 0)
		rc = in ? load_lines(&store, in, state, err) : -err->code;
	if (in)
		fclose(in);
	sweep_store_close(&store);
	return rc;
}

void sweep_store_close(struct sweep_store *store)
{
	if (store->path && store->fd >= 0)
		close(store->fd);
	json_decref(store->columns);
	free(store->path);
	free(store->directory);
	*store = (struct sweep_store){ .fd = -1 };
}

/* ---- results.csv ---- */

/* Columns of all rows, in the order of their first appearance: a newer version may have continued
 * the sweep and added some. */
static int collect_columns(json_t *columns, FILE *in, struct err *err)
{
	char *line = NULL;
	size_t room = 0;
	json_t *object;
	bool torn;
	int rc = 0;

	while (rc >= 0 && (object = store_next_line(in, &line, &room, &torn))) {
		json_t *row = json_object_get(object, "row");

		if (json_is_object(row) && json_object_update_missing(columns, row) < 0)
			rc = err_sys(err, ENOMEM, "write results.csv");
		json_decref(object);
	}
	free(line);
	return rc;
}

static void print_header(FILE *out, json_t *columns)
{
	const char *name;
	json_t *unused;

	fputs("cell,round,attempts", out);
	json_object_foreach(columns, name, unused)
	{
		putc(',', out);
		csv_text(out, name);
	}
	putc('\n', out);
}

static void print_row(FILE *out, json_t *columns, const json_t *line)
{
	const json_t *row = json_object_get(line, "row");
	const char *name;
	json_t *unused;

	if (!json_is_object(row))
		return;
	results_csv_cell(out, json_object_get(line, "cell"));
	putc(',', out);
	results_csv_cell(out, json_object_get(line, "round"));
	putc(',', out);
	results_csv_cell(out, json_object_get(line, "attempts"));
	json_object_foreach(columns, name, unused)
	{
		putc(',', out);
		results_csv_cell(out, json_object_get(row, name));
	}
	putc('\n', out);
}

static void print_rows(FILE *out, json_t *columns, FILE *in)
{
	char *line = NULL;
	size_t room = 0;
	json_t *object;
	bool torn;

	while ((object = store_next_line(in, &line, &room, &torn))) {
		print_row(out, columns, object);
		json_decref(object);
	}
	free(line);
}

int sweep_store_write_csv(struct sweep_store *store, struct err *err)
{
	struct file_out out = { 0 };
	json_t *columns = json_object();
	FILE *in = reader_of(store, err);
	int rc = !in ? -err->code : columns ? collect_columns(columns, in, err) : err_sys(err, ENOMEM, "write results.csv");

	if (rc >= 0)
		rc = sweep_store_begin(store, "results.csv", &out, err);
	if (rc >= 0) {
		rewind(in);
		print_header(out.stream, columns);
		print_rows(out.stream, columns, in);
		rc = file_commit(&out, err);
	}
	file_abort(&out);
	if (in)
		fclose(in);
	json_decref(store->columns);
	store->columns = rc >= 0 ? columns : NULL;
	if (rc < 0)
		json_decref(columns);
	return rc;
}

static bool has_new_columns(const json_t *columns, const json_t *row)
{
	const char *name;
	json_t *unused;

	json_object_foreach((json_t *)row, name, unused) if (!json_object_get(columns, name)) return true;
	return false;
}

/* The row as text, malloc'ed. */
static char *row_text(json_t *columns, const json_t *line, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	if (!out)
		return NULL;
	print_row(out, columns, line);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static int append_row(const char *path, const char *text, size_t len, struct err *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	off_t whole = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	size_t done = 0;
	int rc = fd < 0 ? -errno : file_write_fully(fd, text, len, &done);

	if (rc < 0)
		err_sys(err, -rc, "write %s", path);
	if (rc < 0 && whole >= 0 && ftruncate(fd, whole) < 0)
		err_sys(err, errno, "write %s", path);
	if (fd >= 0)
		close(fd);
	return rc;
}

int sweep_store_append_csv(struct sweep_store *store, const json_t *line, struct err *err)
{
	const json_t *row = json_object_get(line, "row");
	char *path, *text;
	size_t len;

	if (!store->columns || has_new_columns(store->columns, row))
		return sweep_store_write_csv(store, err);
	path = path_of(store->directory, "results.csv");
	text = path ? row_text(store->columns, line, &len) : NULL;
	int rc = text ? append_row(path, text, len, err) : err_sys(err, ENOMEM, "write results.csv");
	free(text);
	free(path);
	return rc;
}
