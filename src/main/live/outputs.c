/* Result files.  See outputs.h. */
#include "main/live/outputs.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "main/cli/program.h"

static bool is_stdout(const char *path)
{
	return !strcmp(path, "-");
}

/* Renaming a finished file over a device or a pipe would replace it. */
static int check_kind(const char *option, const char *path, bool recording, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		return 0;
	return err_say(err, EINVAL, "--%s %s: not a regular file%s", option, path, recording ? "" : " (- is stdout)");
}

static int check_target(const char *option, const char *path, bool force, struct err *err)
{
	bool recording = !strcmp(option, "capture");
	struct err why = ERR_NONE;

	if (recording && is_stdout(path))
		return err_say(err, EINVAL, "--capture -: a capture needs the name of a file, and does not go to stdout");
	if (!*path || is_stdout(path))
		return 0;
	int rc = check_kind(option, path, recording, err);
	if (rc >= 0 && (recording ? file_check_recording : file_check_writable)(path, force, &why) < 0)
		rc = err_say(err, why.code, "--%s: %s", option, why.text);
	return rc;
}

static int check_out(const char *directory, struct err *err)
{
	char inside[PATH_MAX];
	struct err why = ERR_NONE;

	if (!*directory)
		return 0;
	snprintf(inside, sizeof(inside), "%s/.", directory);
	if (file_make_directories(directory, &why) < 0)
		return err_say(err, why.code, "--out: %s", why.text);
	snprintf(inside, sizeof(inside), "%s/netdyno-check", directory);
	if (file_check_writable(inside, true, &why) < 0)
		return err_say(err, why.code, "--out: %s", why.text);
	return 0;
}

/* The place of a file that is or will be: its directory and the name in it, links followed. */
struct place {
	dev_t device;
	ino_t directory;
	char name[NAME_MAX + 1];
};

static bool find_place(const char *path, struct place *ret)
{
	char *copy = file_resolve(path), *slash = copy ? strrchr(copy, '/') : NULL;
	struct stat st;
	bool found;

	if (!copy)
		return false;
	snprintf(ret->name, sizeof(ret->name), "%s", slash ? slash + 1 : copy);
	if (slash)
		slash[slash == copy] = '\0';
	found = stat(slash ? copy : ".", &st) == 0;
	ret->device = st.st_dev;
	ret->directory = st.st_ino;
	free(copy);
	return found;
}

/* The same file under one name or two: written the same way twice, it would hold half of each. */
static bool is_same_file(const char *a, const char *b)
{
	struct place one, two;
	struct stat of_a, of_b;

	if (is_stdout(a) || is_stdout(b))
		return is_stdout(a) && is_stdout(b);
	if (stat(a, &of_a) == 0 && stat(b, &of_b) == 0)
		return of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
	return find_place(a, &one) && find_place(b, &two) && one.device == two.device && one.directory == two.directory &&
	       !strcmp(one.name, two.name);
}

/* Is it the name that a capture has while it grows? */
static bool is_partial_name(const char *path, const char *capture)
{
	char partial[PATH_MAX + sizeof(FILE_PARTIAL)];

	snprintf(partial, sizeof(partial), "%s" FILE_PARTIAL, capture);
	return !is_stdout(path) && is_same_file(path, partial);
}

static int check_pair(const struct options *o, const char *a, const char *b, struct err *err)
{
	const char *one = options_text(o, a), *two = options_text(o, b);

	if (!*one || !*two)
		return 0;
	if (is_same_file(one, two))
		return err_say(err, EINVAL, "--%s and --%s both go to %s", a, b, is_stdout(two) ? "stdout (-)" : two);
	if (!strcmp(b, "capture") && is_partial_name(one, two))
		return err_say(err, EINVAL, "--%s %s: --capture writes there until it ends", a, one);
	return 0;
}

int outputs_init(struct outputs *out, const struct options *o, struct err *err)
{
	static const char *const names[] = { "json", "jsonl", "csv", "capture" };
	enum { NAMES = sizeof(names) / sizeof(names[0]) };
	bool force = options_number(o, "force");

	for (unsigned i = 0; i < NAMES; i++) {
		int rc = 0;

		for (unsigned j = 0; rc >= 0 && j < i; j++)
			rc = check_pair(o, names[j], names[i], err);
		if (rc >= 0)
			rc = check_target(names[i], options_text(o, names[i]), force, err);
		if (rc < 0)
			return rc;
	}
	int rc = check_out(options_text(o, "out"), err);
	if (rc < 0)
		return rc;
	*out = (struct outputs){ .json = options_text(o, "json"),
		.jsonl = options_text(o, "jsonl"),
		.csv = options_text(o, "csv"),
		.directory = options_text(o, "out"),
		.force = force };
	return 0;
}

bool outputs_on_stdout(const struct outputs *out)
{
	return is_stdout(out->json) || is_stdout(out->jsonl) || is_stdout(out->csv);
}

/* ---- JSON lines, as the run goes ---- */

static void fail(struct outputs *out, const struct err *err, FILE *notes)
{
	if (err->code == EPIPE) {
		out->broken_pipe = true;
		return;
	}
	out->failed = true;
	fprintf(notes, "netdyno: %s\n", err->text);
}

static void line(struct outputs *out, const char *event, json_t *data)
{
	struct err err = ERR_NONE, named = ERR_NONE;

	if (!out->line_open) {
		json_decref(data);
		return;
	}
	if (!data)
		err_sys(&err, ENOMEM, "make a result line");
	else
		results_line(&out->line, event, data, &err);
	if (!err.code)
		return;
	err_say(&named, err.code, "--jsonl %s: %s", out->jsonl, err.text);
	fail(out, &named, stderr);
	file_abort(&out->line);
	out->line_open = false;
}

void outputs_begin(struct outputs *out)
{
	const char *const documents[] = { out->json, out->csv };
	struct err err = ERR_NONE;

	if (out->begun)
		return;
	out->begun = true;
	for (unsigned i = 0; i < 2 && out->force; i++)
		if (*documents[i] && file_remove_old(documents[i], &err) < 0)
			fail(out, &err, stderr);
	if (!*out->jsonl)
		return;
	err_clear(&err);
	out->line_open = file_begin_growing(&out->line, out->jsonl, out->force, &err) >= 0;
	if (!out->line_open)
		fail(out, &err, stderr);
}

void outputs_start(struct outputs *out, const struct results_source *source)
{
	out->told = false;
	if (out->line_open)
		line(out, "start", results_start(source));
}

void outputs_interval(struct outputs *out, const struct results_source *source, const struct sample *interval)
{
	if (out->line_open)
		line(out, "interval", results_interval(source, interval));
}

/* ---- the end ---- */

/* Saves a result whose own file failed into the data directory, or at worst prints it to
 * `notes`. */
static void save_elsewhere(struct outputs *out, const struct results_source *source, FILE *notes)
{
	char directory[PATH_MAX], path[PATH_MAX + 64], stamp[64];
	struct err err = ERR_NONE;

	if (out->told)
		return;
	out->told = true;
	clock_format_file(clock_wall_of(clock_run_ns()), stamp, sizeof(stamp));
	if (*out->directory)
		snprintf(directory, sizeof(directory), "%s", out->directory);
	else
		file_data_directory(directory, sizeof(directory));
	snprintf(path, sizeof(path), "%.4000s/result-%s-%d.json", directory, stamp, (int)getpid());
	if (file_make_directories(directory, &err) >= 0 && results_write_json(source, path, false, &err) >= 0) {
		say_path(notes, "netdyno: the result has been saved as ", path, " instead");
		return;
	}
	fprintf(notes, "netdyno: %s\nnetdyno: the result follows\n", err.text);
	err_clear(&err);
	if (results_write(source, notes, "standard error", &err) < 0)
		fprintf(notes, "netdyno: %s\n", err.text);
}

/* The dashboard's next run goes on in the same file. */
static void finish_line(struct outputs *out, const struct results_source *source, FILE *notes)
{
	struct err err = ERR_NONE;

	if (out->line_open)
		line(out, "end", results_end(source));
	if (out->line_open && file_sync(&out->line, &err) < 0)
		fail(out, &err, notes);
}

static void write_documents(struct outputs *out, const struct results_source *source, FILE *notes)
{
	struct err err = ERR_NONE;

	if (*out->json && results_write_json(source, out->json, out->force, &err) < 0)
		fail(out, &err, notes);
	err_clear(&err);
	if (*out->csv && results_write_csv(source, out->csv, out->force, &err) < 0)
		fail(out, &err, notes);
	/* The files are our own from now on: the dashboard's next run replaces them. */
	out->force = out->written = true;
}

void outputs_finish(struct outputs *out, const struct results_source *source, bool measured, FILE *notes)
{
	bool failed_before = out->failed;

	out->failed = false;
	finish_line(out, source, notes);
	if (measured || !out->written)
		write_documents(out, source, notes);
	if (measured && (out->failed || failed_before))
		save_elsewhere(out, source, notes);
	out->failed |= failed_before;
}

void outputs_close(struct outputs *out)
{
	if (out->line_open)
		file_abort(&out->line);
	out->line_open = false;
}
