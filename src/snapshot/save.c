/* Saving a snapshot: a directory made under a temporary name, filled, and given its name when
 * all of it is on the disk.  See snapshot.h. */
#include "snapshot/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "results/record.h"
#include "snapshot/history_csv.h"

struct saving {
	struct results_source source;
	const struct snapshot_screen *screen;
	struct results_view view;
	const char *directory;
	char temporary[PATH_MAX];
	int at; /* descriptor of the temporary directory */
	struct err *err;
};

/* ---- files ---- */

typedef int (*fill_fn)(struct saving *s, FILE *out, const void *what);

/* Writes one file of the directory down to the disk. */
static int write_file(struct saving *s, const char *name, fill_fn fill, const void *what)
{
	int fd = openat(s->at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	int r;

	if (!out) {
		r = err_sys(s->err, errno, "write %s in %s", name, s->directory);
		if (fd >= 0)
			close(fd);
		return r;
	}
	errno = 0;
	r = fill(s, out, what);
	if (!r && (ferror(out) || fflush(out) || fsync(fd)))
		r = err_sys(s->err, errno, "write %s in %s", name, s->directory);
	if (fclose(out) && !r)
		r = err_sys(s->err, errno, "write %s in %s", name, s->directory);
	return r;
}

static int fill_text(struct saving *s, FILE *out, const void *text)
{
	(void)s;
	fputs(text, out);
	return 0;
}

static int print_line(const struct saving *s, const struct kept_sample *kept, FILE *out)
{
	const struct run_info *info = history_run(s->source.history, kept->sample->run_id);
	json_t *line = info ? results_record_sample(info, kept->sample, kept->where) : NULL;
	int r = 0;

	if (info && (!line || json_dumpf(line, out, RECORD_DUMP) || putc('\n', out) == EOF))
		r = err_sys(s->err, !line ? ENOMEM : errno ? errno : EIO, "write history.jsonl in %s", s->directory);
	json_decref(line);
	return r;
}

static int fill_lines(struct saving *s, FILE *out, const void *what)
{
	size_t count;
	struct kept_sample *all = results_samples(s->source.history, &count);
	int r = all ? 0 : err_sys(s->err, ENOMEM, "write history.jsonl in %s", s->directory);

	(void)what;
	for (size_t i = 0; !r && i < count; i++)
		r = print_line(s, &all[i], out);
	free(all);
	return r;
}

static int fill_sheet(struct saving *s, FILE *out, const void *what)
{
	(void)what;
	return snapshot_write_sheet(s->source.history, out, s->err);
}

static int fill_percentiles(struct saving *s, FILE *out, const void *hist)
{
	(void)s;
	hist_write_hgrm(hist, out);
	return 0;
}

static int fill_result(struct saving *s, FILE *out, const void *what)
{
	char name[PATH_MAX + 32];

	(void)what;
	snprintf(name, sizeof(name), "result.json in %s", s->directory);
	return results_write(&s->source, out, name, s->err);
}

static int write_percentiles(struct saving *s)
{
	const struct engine *e = s->view.reading.info->engine;
	const struct hist *total = results_totals(&s->view);
	char name[80];
	int r = 0;

	for (unsigned i = 0; !r && total && i < engine_latencies(e); i++) {
		if (!total[i].count)
			continue;
		snprintf(name, sizeof(name), "percentiles-%s.hgrm", e->latencies[i].name);
		r = write_file(s, name, fill_percentiles, &total[i]);
	}
	return r;
}

static int write_all(struct saving *s)
{
	int r = write_file(s, "result.json", fill_result, NULL);

	if (!r)
		r = write_file(s, "history.jsonl", fill_lines, NULL);
	if (!r)
		r = write_file(s, "history.csv", fill_sheet, NULL);
	if (!r)
		r = write_percentiles(s);
	if (!r && s->screen && s->screen->text)
		r = write_file(s, "screen.txt", fill_text, s->screen->text);
	if (!r && s->screen && s->screen->svg)
		r = write_file(s, "screen.svg", fill_text, s->screen->svg);
	return r;
}

/* ---- the directory ---- */

static int open_temporary(struct saving *s)
{
	if (snprintf(s->temporary, sizeof(s->temporary), "%s/.tmp-XXXXXX", s->directory) >= (int)sizeof(s->temporary))
		return err_sys(s->err, ENAMETOOLONG, "make a snapshot in %s", s->directory);
	if (!mkdtemp(s->temporary)) {
		s->temporary[0] = '\0';
		return err_sys(s->err, errno, "make a snapshot in %s", s->directory);
	}
	s->at = open(s->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return s->at < 0 ? err_sys(s->err, errno, "open %s", s->temporary) : 0;
}

static void remove_temporary(struct saving *s)
{
	int fd = s->at < 0 ? -1 : dup(s->at);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	for (struct dirent *e; dir && (e = readdir(dir));)
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			unlinkat(s->at, e->d_name, 0);
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	if (s->temporary[0])
		rmdir(s->temporary);
}

/* Never over something that is there.  Where the file system cannot promise that, a look before
 * has to do: rename(2) replaces empty directories only. */
static int rename_new(const char *from, const char *to)
{
	if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (!faccessat(AT_FDCWD, to, F_OK, AT_SYMLINK_NOFOLLOW))
		return -EEXIST;
	return rename(from, to) ? -errno : 0;
}

static int give_name(struct saving *s, char *ret_path, size_t size)
{
	char time[40], path[PATH_MAX], suffix[16] = "";
	int r = -EEXIST;

	clock_format_file(s->source.saved_wall_ns, time, sizeof(time));
	for (unsigned i = 2; r == -EEXIST && i < 10000; i++) {
		if (snprintf(path, sizeof(path), "%s/%s%s", s->directory, time, suffix) >= (int)sizeof(path))
			r = -ENAMETOOLONG;
		else
			r = rename_new(s->temporary, path);
		snprintf(suffix, sizeof(suffix), "-%u", i);
	}
	if (r)
		return err_sys(s->err, -r, "name the snapshot %s", path);
	s->temporary[0] = '\0';
	snprintf(ret_path, size, "%s", path);
	return 0;
}

static void sync_names(const struct saving *s)
{
	int fd = open(s->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* A directory that cannot be synced is no loss: the files themselves are on the disk. */
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

int snapshot_save(const struct results_source *source, const struct snapshot_screen *screen, const char *directory,
	char *ret_path, size_t size, struct err *err)
{
	char usual[PATH_MAX];
	struct saving s = { .source = *source, .screen = screen, .directory = directory, .at = -1, .err = err };
	int r;

	s.source.saved_wall_ns = clock_wall_of(clock_run_ns());
	if (!results_view_of_end(&s.source, &s.view))
		return err_say(err, ENOENT, "snapshot: there is no run to save");
	if (!directory || !directory[0])
		s.directory = file_data_directory(usual, sizeof(usual));
	r = file_make_directories(s.directory, err);
	if (!r)
		r = open_temporary(&s);
	if (!r)
		r = write_all(&s);
	if (!r)
		r = give_name(&s, ret_path, size);
	if (r)
		remove_temporary(&s);
	else
		sync_names(&s);
	if (s.at >= 0)
		close(s.at);
	return r;
}
