/* Writing and reading files: see file.h. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* s, since a temporary file was last written to: then it is not one that is just being made */
enum { LEFT_OVER_S = 60 };

/* ---- writing ---- */

static bool is_stdout(const char *path)
{
	return !strcmp(path, "-");
}

/* The directory that holds path; malloc'ed. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* "dir/.name.XXXXXX" beside path; malloc'ed.  A long name is cut so that the temporary one still
 * fits NAME_MAX. */
static char *temporary_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char *out;

	return asprintf(&out, "%.*s.%.200s.XXXXXX", (int)(name - path), path, name) < 0 ? NULL : out;
}

/* A regular file of ours that nobody holds, and that is no longer being made: between a name and
 * its lock lies a moment. */
static bool is_left_over(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	bool left = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
		    st.st_mtime < time(NULL) - LEFT_OVER_S && flock(fd, LOCK_EX | LOCK_NB) == 0;

	if (fd >= 0)
		close(fd);
	return left;
}

/* A process that was killed has left its temporary file of this name: "dir/.name." and what
 * mkostemp(3) puts for XXXXXX. */
static void tidy_left_overs(const char *temporary)
{
	char *directory = directory_of(temporary);
	const char *slash = strrchr(temporary, '/'), *name = slash ? slash + 1 : temporary;
	size_t length = strlen(name), same = length - strlen("XXXXXX");
	DIR *d = directory ? opendir(directory) : NULL;

	for (struct dirent *e; d && (e = readdir(d));)
		if (strlen(e->d_name) == length && !memcmp(e->d_name, name, same) && is_left_over(dirfd(d), e->d_name))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	free(directory);
}

static int make_temporary(const char *path, char **ret_name, struct err *err)
{
	char *name = temporary_of(path);

	if (!name)
		return err_sys(err, ENOMEM, "write %s", path);
	tidy_left_overs(name);
	int fd = mkostemp(name, O_CLOEXEC);
	/* Held until it is closed: nobody tidies it. */
	if (fd >= 0)
		flock(fd, LOCK_EX | LOCK_NB);
	if (fd < 0) {
		int r = err_sys(err, errno, "write %s", path);

		free(name);
		return r;
	}
	*ret_name = name;
	return fd;
}

/* Can this file be written?  0: yes; 1: yes, directly, since it is a device or pipe; or -errno. */
static int check_target(const char *path, bool force, struct err *err)
{
	struct stat st;

	if (!*path)
		return err_say(err, ENOENT, "write: the file name is empty");
	if (stat(path, &st) < 0) {
		/* A dangling link is in the way, too. */
		if (lstat(path, &st) == 0 && !force)
			return err_say(err, EEXIST, "%s exists (--force overwrites)", path);
		return errno == ENAMETOOLONG ? err_sys(err, errno, "write %s", path) : 0;
	}
	if (S_ISDIR(st.st_mode))
		return err_sys(err, EISDIR, "write %s", path);
	if (!S_ISREG(st.st_mode))
		return 1;
	return force ? 0 : err_say(err, EEXIST, "%s exists (--force overwrites)", path);
}

/* The file that will be replaced: the target of a symbolic link, also of a dangling one, so that
 * --force replaces the file and not the link. */
char *file_resolve(const char *path)
{
	char *real = realpath(path, NULL), *directory, target[PATH_MAX], *joined = NULL;
	ssize_t len = real ? -1 : readlink(path, target, sizeof(target) - 1);

	if (real || len <= 0)
		return real ? real : strdup(path);
	target[len] = '\0';
	if (target[0] == '/')
		return strdup(target);
	directory = directory_of(path);
	if (!directory || asprintf(&joined, "%s/%s", directory, target) < 0)
		joined = NULL;
	free(directory);
	return joined;
}

static int open_stream(struct file_out *out, int fd, struct err *err)
{
	out->stream = fdopen(fd, "w");
	if (out->stream)
		return 0;
	int r = err_sys(err, errno, "write %s", out->path);
	close(fd);
	return r;
}

/* Anew, whatever was there: another's descriptor of it keeps what it has. */
static int make_partial(const char *path, bool force, char **ret_name, struct err *err)
{
	char *name = NULL;

	if (asprintf(&name, "%s" FILE_PARTIAL, path) < 0)
		return err_sys(err, ENOMEM, "write %s", path);
	if (force)
		unlink(name);
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		int r = errno == EEXIST ? err_say(err, EEXIST, "%s exists (--force overwrites)", name)
					: err_sys(err, errno, "write %s", name);

		free(name);
		return r;
	}
	*ret_name = name;
	return fd;
}

static int open_growing(const char *path, bool force, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | (force ? O_TRUNC : O_EXCL), 0600);

	if (fd < 0 && errno == EEXIST)
		return err_say(err, EEXIST, "%s exists (--force overwrites)", path);
	return fd < 0 ? err_sys(err, errno, "write %s", path) : fd;
}

static int open_regular(struct file_out *made, struct err *err)
{
	switch (made->kind) {
	case FILE_RECORDING:
		return make_partial(made->path, made->force, &made->temporary, err);
	case FILE_GROWING:
		return open_growing(made->path, made->force, err);
	case FILE_DOCUMENT:
		break;
	}
	return make_temporary(made->path, &made->temporary, err);
}

static int file_begin_kind(struct file_out *out, const char *path, enum file_kind kind, bool force, struct err *err)
{
	struct file_out made = { .kind = kind, .force = force };
	int fd, r;

	if (is_stdout(path)) {
		*out = (struct file_out){ .stream = stdout, .kind = kind, .force = force };
		return 0;
	}
	int special = check_target(path, force, err);
	if (special < 0)
		return special;
	made.path = special ? strdup(path) : file_resolve(path);
	if (!made.path)
		return err_sys(err, ENOMEM, "write %s", path);
	if (special) {
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		r = fd < 0 ? err_sys(err, errno, "write %s", path) : 0;
	} else
		r = fd = open_regular(&made, err);
	if (r >= 0)
		r = open_stream(&made, fd, err);
	if (r < 0) {
		file_abort(&made);
		return r;
	}
	*out = made;
	return 0;
}

int file_begin(struct file_out *out, const char *path, bool force, struct err *err)
{
	return file_begin_kind(out, path, FILE_DOCUMENT, force, err);
}

int file_begin_recording(struct file_out *out, const char *path, bool force, struct err *err)
{
	return file_begin_kind(out, path, FILE_RECORDING, force, err);
}

int file_begin_growing(struct file_out *out, const char *path, bool force, struct err *err)
{
	return file_begin_kind(out, path, FILE_GROWING, force, err);
}

/* ---- appending ---- */

int file_write_fully(int fd, const void *bytes, size_t len, size_t *ret_done)
{
	*ret_done = 0;
	while (*ret_done < len) {
		ssize_t n = write(fd, (const char *)bytes + *ret_done, len - *ret_done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		*ret_done += (size_t)n;
	}
	return 0;
}

/* A stdout without a descriptor of its own (fopencookie(3)) takes the line as any other text. */
static int append_to_stream(FILE *stream, const char *text, size_t len)
{
	return fwrite(text, len, 1, stream) == 1 && fflush(stream) == 0 ? 0 : -errno;
}

int file_append(struct file_out *out, const char *text, size_t len, struct err *err)
{
	int fd = fileno(out->stream);
	off_t whole = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	size_t done;
	/* Text that the stream still holds comes first: stdout may have been printed to. */
	int r = fflush(out->stream) ? -errno
		: fd < 0            ? append_to_stream(out->stream, text, len)
				    : file_write_fully(fd, text, len, &done);

	if (r >= 0)
		return 0;
	/* A pipe keeps what it has. */
	if (out->stream != stdout && whole >= 0 && ftruncate(fd, whole) == 0)
		lseek(fd, whole, SEEK_SET);
	return err_sys(err, -r, "write %s", out->path ? out->path : "standard output");
}

/* ---- the end ---- */

/* Names the file without ever replacing one that has appeared meanwhile. */
static int name_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (link(from, to) < 0) /* old kernel or file system */
		return -errno;
	unlink(from);
	return 0;
}

static int give_name(const struct file_out *out, struct err *err)
{
	int r = out->force ? (rename(out->temporary, out->path) < 0 ? -errno : 0) : name_new(out->temporary, out->path);

	if (r == -EEXIST)
		return err_say(err, EEXIST, "%s exists (--force overwrites)", out->path);
	return r < 0 ? err_sys(err, -r, "rename to %s", out->path) : 0;
}

/* Makes the new name itself survive a crash.  The file is whole and named by now: a directory
 * that cannot be synced is no failure. */
static void sync_directory(const char *path)
{
	char *directory = directory_of(path);
	int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(directory);
}

int file_sync(struct file_out *out, struct err *err)
{
	const char *name = out->path ? out->path : "standard output";

	/* A write that failed earlier leaves its mark in the stream but not its errno; a second
	 * flush would succeed. */
	bool failed = ferror(out->stream);
	errno = 0;
	if (fflush(out->stream) != 0 || failed)
		return err_sys(err, errno, "write %s", name);
	if ((out->temporary || out->kind == FILE_GROWING) && out->path && fsync(fileno(out->stream)) < 0 && errno != EINVAL)
		return err_sys(err, errno, "write %s", name);
	return 0;
}

int file_commit(struct file_out *out, struct err *err)
{
	if (!out->stream)
		return err_say(err, EINVAL, "write: no file was begun");
	int r = file_sync(out, err);
	if (out->stream != stdout) {
		if (fclose(out->stream) != 0 && r == 0)
			r = err_sys(err, errno, "write %s", out->path);
		out->stream = NULL;
	}
	if (r == 0 && out->temporary) {
		r = give_name(out, err);
		if (r == 0) {
			sync_directory(out->path);
			free(out->temporary);
			out->temporary = NULL;
		}
	}
	if (r < 0 && out->kind == FILE_RECORDING && out->temporary) {
		struct err named = ERR_NONE;

		err_say(&named, -r, "%.300s (kept as %s)", err ? err->text : "", out->temporary);
		if (err)
			*err = named;
		free(out->temporary);
		out->temporary = NULL;
	}
	file_abort(out);
	return r;
}

void file_abort(struct file_out *out)
{
	if (!out)
		return;
	if (out->stream && out->stream != stdout)
		fclose(out->stream);
	if (out->temporary)
		unlink(out->temporary);
	free(out->temporary);
	free(out->path);
	*out = (struct file_out){ 0 };
}

/* ---- checks and directories ---- */

int file_make_directories(const char *path, struct err *err)
{
	char *copy = strdup(path);
	struct stat st;
	int r = 0;

	if (!copy)
		return err_sys(err, ENOMEM, "make directory %s", path);
	for (char *at = copy; at && r == 0;) {
		at = strchr(at + 1, '/');
		if (at)
			*at = '\0';
		if (*copy && mkdir(copy, 0700) < 0 && errno != EEXIST) {
			/* On a read-only or foreign file system what exists already may answer
			 * with another error. */
			int why = errno;

			if (stat(copy, &st) < 0)
				r = err_sys(err, why, "make directory %s", copy);
		}
		if (at)
			*at = '/';
	}
	if (r == 0 && (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)))
		r = err_sys(err, ENOTDIR, "make directory %s", path);
	free(copy);
	return r;
}

int file_remove_old(const char *path, struct err *err)
{
	char *real = is_stdout(path) ? NULL : file_resolve(path);
	struct stat st;
	int r = 0;

	if (real && lstat(real, &st) == 0 && S_ISREG(st.st_mode) && unlink(real) < 0)
		r = err_sys(err, errno, "remove %s", real);
	free(real);
	return r;
}

int file_check_recording(const char *path, bool force, struct err *err)
{
	int r = file_check_writable(path, force, err);
	char *name = NULL;
	struct stat st;

	if (r < 0 || is_stdout(path))
		return r;
	if (asprintf(&name, "%s" FILE_PARTIAL, path) < 0)
		return err_sys(err, ENOMEM, "write %s", path);
	if (lstat(name, &st) < 0)
		r = errno == ENAMETOOLONG ? err_sys(err, errno, "write %s", name) : 0;
	else if (!force)
		r = err_say(err, EEXIST, "%s exists, of a run that was killed (--force overwrites)", name);
	free(name);
	return r;
}

int file_check_writable(const char *path, bool force, struct err *err)
{
	char *name;

	if (is_stdout(path))
		return 0;
	int r = check_target(path, force, err);
	if (r == 1)
		return access(path, W_OK) < 0 ? err_sys(err, errno, "write %s", path) : 0;
	if (r < 0)
		return r;
	char *real = file_resolve(path);
	if (!real)
		return err_sys(err, ENOMEM, "write %s", path);
	/* Trying tells more than access(2): quota, read-only and special file systems. */
	int fd = make_temporary(real, &name, err);
	free(real);
	if (fd < 0)
		return fd;
	close(fd);
	unlink(name);
	free(name);
	return 0;
}

/* ---- reading ---- */

static int read_fully(int fd, size_t max_bytes, char **ret_text, size_t *ret_len)
{
	size_t room = 4096, len = 0;
	char *text = malloc(room);

	while (text) {
		ssize_t n = read(fd, text + len, room - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n < 0)
				break;
			text[len] = '\0';
			*ret_text = text;
			*ret_len = len;
			return 0;
		}
		len += (size_t)n;
		if (len > max_bytes) {
			errno = EFBIG;
			break;
		}
		if (len == room - 1) {
			char *more = realloc(text, room *= 2);

			if (!more)
				break;
			text = more;
		}
	}
	int why = errno;
	free(text);
	return -why;
}

bool file_read_line(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);

	if (fd >= 0)
		close(fd);
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return n >= 0;
}

int file_read_all(const char *path, size_t max_bytes, char **ret_text, size_t *ret_len, struct err *err)
{
	/* Non-blocking: a FIFO of this name must not stop us. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int r;

	if (fd < 0)
		return err_sys(err, errno, "read %s", path);
	if (fstat(fd, &st) < 0)
		r = err_sys(err, errno, "read %s", path);
	else if (S_ISDIR(st.st_mode))
		r = err_sys(err, EISDIR, "read %s", path);
	else if (!S_ISREG(st.st_mode))
		r = err_say(err, EINVAL, "read %s: not a regular file", path);
	else if ((r = read_fully(fd, max_bytes, ret_text, ret_len)) == -EFBIG)
		r = err_say(err, EFBIG, "read %s: larger than %zu bytes", path, max_bytes);
	else if (r < 0)
		r = err_sys(err, -r, "read %s", path);
	close(fd);
	return r;
}

/* ---- where our files live ---- */

static const char *home(void)
{
	const char *directory = getenv("HOME");
	struct passwd *user;

	if (directory && *directory == '/')
		return directory;
	user = getpwuid(getuid());
	return user && user->pw_dir && *user->pw_dir == '/' ? user->pw_dir : "";
}

/* XDG base directories: a value that is not absolute does not count. */
static char *xdg(const char *variable, const char *below_home, const char *name, char *out, size_t size)
{
	const char *base = getenv(variable);

	if (base && *base == '/')
		snprintf(out, size, "%s/%s", base, name);
	else
		snprintf(out, size, "%s/%s/%s", home(), below_home, name);
	return out;
}

char *file_data_directory(char *out, size_t size)
{
	return xdg("XDG_DATA_HOME", ".local/share", "netdyno", out, size);
}

char *file_config_path(char *out, size_t size)
{
	return xdg("XDG_CONFIG_HOME", ".config", "netdyno/config.ini", out, size);
}
