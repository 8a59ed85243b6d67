/* Loading a snapshot's directory, or a result alone.  See snapshot.h. */
#include "snapshot/reader.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

struct loading {
	char json_path[PATH_MAX], lines_path[PATH_MAX];
	bool is_directory;
	json_t *document;
	struct reader reader;
	struct err *err;
};

static int find_files(struct loading *l, const char *path)
{
	const char *slash = strrchr(path, '/');
	int directory_len = slash ? (int)(slash - path) : 1;
	struct stat st;
	int json, lines;

	if (stat(path, &st))
		return err_sys(l->err, errno, "open %s", path);
	l->is_directory = S_ISDIR(st.st_mode);
	if (l->is_directory) {
		json = snprintf(l->json_path, PATH_MAX, "%s/result.json", path);
		lines = snprintf(l->lines_path, PATH_MAX, "%s/history.jsonl", path);
	} else {
		json = snprintf(l->json_path, PATH_MAX, "%s", path);
		lines = snprintf(l->lines_path, PATH_MAX, "%.*s/history.jsonl", directory_len, slash ? path : ".");
	}
	return json < PATH_MAX && lines < PATH_MAX ? 0 : err_sys(l->err, ENAMETOOLONG, "open %s", path);
}

static int parse_document(struct loading *l)
{
	char *text, why[120];
	size_t len;
	json_error_t error;
	int rc = file_read_all(l->json_path, SNAPSHOT_RESULT_BYTES, &text, &len, l->err);

	if (rc)
		return rc;
	l->document = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	free(text);
	if (l->document)
		return 0;
	text_escape(error.text, strlen(error.text), why, sizeof(why));
	return err_say(l->err, EINVAL, "%s: line %d: %s", l->json_path, error.line, why);
}

static int check_version(const struct loading *l)
{
	const json_t *head = json_object_get(l->document, "netdyno"), *schema = json_object_get(head, "schema");
	const json_t *version = json_object_get(head, "version");
	char name[40] = "an unknown version";

	if (!json_is_object(head))
		return reader_fails(&l->reader, "netdyno", "missing: this is no result of netdyno");
	if (json_is_integer(schema) && json_integer_value(schema) == RESULTS_SCHEMA)
		return 0;
	if (json_is_string(version))
		text_escape(json_string_value(version), json_string_length(version), name, sizeof(name));
	if (!json_is_integer(schema))
		return reader_fails(&l->reader, "netdyno.schema", "missing; written by netdyno %s", name);
	return reader_fails(&l->reader, "netdyno.schema",
		"%" JSON_INTEGER_FORMAT ", as netdyno %s wrote it; netdyno %s reads schema %d only", json_integer_value(schema),
		name, NETDYNO_VERSION, RESULTS_SCHEMA);
}

static int load_lines(const struct loading *l, const json_t *record)
{
	struct reader lines = l->reader;
	char *text;
	size_t len;
	int rc = file_read_all(l->lines_path, SNAPSHOT_LINES_BYTES, &text, &len, l->err);

	if (rc)
		return rc;
	lines.file = l->lines_path;
	rc = snapshot_read_lines(&lines, record, text, len);
	free(text);
	return rc;
}

/* A snapshot has all samples in a file beside; without that one, the record has those that the
 * result is made of. */
static int load_samples(const struct loading *l, const json_t *record, bool is_snapshot)
{
	if (is_snapshot && (l->is_directory || !access(l->lines_path, R_OK)))
		return load_lines(l, record);
	return snapshot_read_samples(&l->reader, record);
}

/* Which run was the baseline: one that is in the record. */
static int load_baseline(const struct reader *r, const json_t *record, struct snapshot *snapshot)
{
	static const struct member until = { .name = "until_ns", .type = MEMBER_I64, .max = INT64_MAX / 4 };
	const json_t *baseline = json_object_get(record, "baseline");
	const struct run_info *info;
	int rc;

	if (!baseline)
		return 0;
	rc = read_run_id(r, json_object_get(baseline, "run"), "record.baseline", &info);
	if (!rc)
		rc = read_member(r, json_object_get(baseline, "until_ns"), "record.baseline", &until, &snapshot->base_until_ns);
	if (!rc)
		snapshot->base_run = info->id;
	return rc;
}

static int load_record(const struct loading *l, struct snapshot *snapshot)
{
	static const struct member saved = { .name = "saved_wall_ns", .type = MEMBER_I64, .max = INT64_MAX / 4 };
	const struct reader *r = &l->reader;
	const json_t *record = json_object_get(l->document, "record"), *saved_ns = json_object_get(record, saved.name);
	int rc = json_is_object(record) ? 0 : reader_fails(r, "record", "missing or not an object");

	if (!rc)
		rc = snapshot_read_runs(r, record, &snapshot->captured);
	if (rc)
		return rc;
	snapshot->wall_ns = history_newest_run(r->history)->started_wall_ns;
	if (saved_ns)
		rc = read_member(r, saved_ns, "record", &saved, &snapshot->wall_ns);
	if (!rc)
		rc = load_baseline(r, record, snapshot);
	if (!rc)
		rc = load_samples(l, record, saved_ns != NULL);
	return rc ? rc : snapshot_read_ends(r, record);
}

static int load_document(const struct loading *l, struct snapshot *snapshot)
{
	int rc = check_version(l);

	if (!rc)
		rc = read_host(&l->reader, json_object_get(json_object_get(l->document, "start"), "host"), &snapshot->host);
	return rc ? rc : load_record(l, snapshot);
}

int snapshot_load(const char *path, const struct engine *const *engines, struct snapshot *ret_snapshot, struct err *err)
{
	static const struct history_limits limits = { .fine = SNAPSHOT_SAMPLES_MAX,
		.coarse = SNAPSHOT_SAMPLES_MAX,
		.events = SNAPSHOT_EVENTS_MAX,
		.runs = SNAPSHOT_RUNS_MAX,
		.bytes = SNAPSHOT_SAMPLE_BYTES };
	struct loading *l = calloc(1, sizeof(*l));
	struct snapshot snapshot = { .history = NULL };
	int rc;

	if (!l)
		return err_sys(err, ENOMEM, "open %s", path);
	l->err = err;
	rc = find_files(l, path);
	if (!rc)
		rc = parse_document(l);
	if (!rc)
		rc = history_new(&limits, &snapshot.history, err);
	l->reader = (struct reader){ .file = l->json_path, .engines = engines, .history = snapshot.history, .err = err };
	if (!rc)
		rc = load_document(l, &snapshot);
	if (rc)
		history_free(snapshot.history);
	else
		*ret_snapshot = snapshot;
	json_decref(l->document);
	free(l);
	return rc;
}
