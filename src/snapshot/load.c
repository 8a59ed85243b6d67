/* Loading a snapshot directory, or a result alone.  See snapshot.h. */
#include "snapshot/fields.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

struct loading {
	char json_path[PATH_MAX], csv_path[PATH_MAX];
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
	int json, csv;

	if (stat(path, &st))
		return err_sys(l->err, errno, "open %s", path);
	l->is_directory = S_ISDIR(st.st_mode);
	if (l->is_directory) {
		json = snprintf(l->json_path, PATH_MAX, "%s/result.json", path);
		csv = snprintf(l->csv_path, PATH_MAX, "%s/history.csv", path);
	} else {
		json = snprintf(l->json_path, PATH_MAX, "%s", path);
		csv = snprintf(l->csv_path, PATH_MAX, "%.*s/history.csv", directory_len, slash ? path : ".");
	}
	return json < PATH_MAX && csv < PATH_MAX ? 0 : err_sys(l->err, ENAMETOOLONG, "open %s", path);
}

static int parse_document(struct loading *l)
{
	char *text, why[120];
	size_t len;
	json_error_t error;
	int rc = file_read_all(l->json_path, SNAPSHOT_JSON_BYTES, &text, &len, l->err);

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

static int load_rows(struct loading *l, struct saved_total *total)
{
	struct reader rows = l->reader;
	char *text;
	size_t len;
	int rc = file_read_all(l->csv_path, SNAPSHOT_CSV_BYTES, &text, &len, l->err);

	if (rc)
		return rc;
	rows.file = l->csv_path;
	if (strlen(text) != len)
		rc = reader_fails(&rows, "contents", "a zero byte: this is no text");
	else
		rc = snapshot_read_samples(&rows, text, total);
	free(text);
	return rc;
}

static int load_samples(struct loading *l, const json_t *snapshot)
{
	struct saved_total total = { 0 };
	int rc = snapshot_read_total(&l->reader, snapshot, &total);

	if (!rc)
		rc = load_rows(l, &total);
	free(total.hist);
	return rc;
}

static int load_snapshot(struct loading *l, const json_t *snapshot, int64_t *ret_wall_ns)
{
	static const struct member saved = { .name = "saved_wall_ns", .type = MEMBER_I64, .max = INT64_MAX / 4 };
	const json_t *format = json_object_get(snapshot, "format");
	int rc = read_member(&l->reader, json_object_get(snapshot, "saved_wall_ns"), "snapshot", &saved, ret_wall_ns);

	if (!rc && json_integer_value(format) != SNAPSHOT_FORMAT)
		rc = reader_fails(&l->reader, "snapshot.format", "not %d, the only one that this version reads", SNAPSHOT_FORMAT);
	if (!rc)
		rc = snapshot_read_runs(&l->reader, snapshot);
	if (!rc)
		rc = load_samples(l, snapshot);
	return rc ? rc : snapshot_read_finals(&l->reader, snapshot);
}

/* A result.json that was taken out of its directory still has its intervals. */
static int load_document(struct loading *l, struct host_info *ret_host, int64_t *ret_wall_ns)
{
	const json_t *start = json_object_get(l->document, "start"), *snapshot = json_object_get(l->document, "snapshot");
	bool whole = json_is_object(snapshot) && (l->is_directory || !access(l->csv_path, R_OK));
	int rc = check_version(l);

	if (!rc)
		rc = read_host(&l->reader, json_object_get(start, "host"), ret_host);
	if (rc)
		return rc;
	if (whole)
		return load_snapshot(l, snapshot, ret_wall_ns);
	*ret_wall_ns = read_iso_time(json_object_get(start, "time"));
	return snapshot_read_plain(&l->reader, l->document);
}

int snapshot_load(const char *path, const struct engine *const *engines, struct history **ret_history, struct host_info *ret_host,
	int64_t *ret_wall_ns, struct err *err)
{
	static const struct history_limits limits = { .fine = SNAPSHOT_SAMPLES_MAX,
		.coarse = SNAPSHOT_SAMPLES_MAX,
		.events = SNAPSHOT_EVENTS_MAX,
		.runs = SNAPSHOT_RUNS_MAX,
		.bytes = SNAPSHOT_SAMPLE_BYTES };
	struct loading *l = calloc(1, sizeof(*l));
	struct history *history = NULL;
	struct host_info host;
	int64_t wall_ns = 0;
	int rc;

	if (!l)
		return err_sys(err, ENOMEM, "open %s", path);
	l->err = err;
	rc = find_files(l, path);
	if (!rc)
		rc = parse_document(l);
	if (!rc)
		rc = history_new(&limits, &history, err);
	l->reader = (struct reader){ .file = l->json_path, .engines = engines, .history = history, .err = err };
	if (!rc)
		rc = load_document(l, &host, &wall_ns);
	json_decref(l->document);
	free(l);
	if (rc) {
		history_free(history);
		return rc;
	}
	*ret_history = history;
	*ret_host = host;
	*ret_wall_ns = wall_ns;
	return 0;
}
