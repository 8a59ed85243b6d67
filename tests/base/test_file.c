/* Files: whole or not at all, never over another one, nothing left behind.  Runs as root too:
 * "unwritable" is a path below a regular file, or /proc. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/file.h"

static char scratch[64];

static char *in_scratch(const char *name)
{
	static char path[4][512];
	static unsigned turn;
	char *out = path[turn++ % 4];

	snprintf(out, sizeof(path[0]), "%s/%s", scratch, name);
	return out;
}

static void expect_content(const char *path, const char *want)
{
	struct err err = ERR_NONE;
	char *text;
	size_t len;

	if (file_read_all(path, 1 << 20, &text, &len, &err) != 0)
		fail_msg("%s", err.text);
	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
	free(text);
}

static int write_file(const char *path, const char *text, bool force, struct err *err)
{
	struct file_out out;
	int r = file_begin(&out, path, force, err);

	if (r < 0)
		return r;
	fputs(text, out.stream);
	return file_commit(&out, err);
}

static int start(void **state)
{
	(void)state;
	snprintf(scratch, sizeof(scratch), "/tmp/nd-file-XXXXXX");
	return mkdtemp(scratch) ? 0 : -1;
}

static int finish(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", scratch);
	return system(command);
}

static void test_write_and_mode(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct stat st;
	mode_t mask = umask(0);

	assert_int_equal(write_file(in_scratch("a"), "hello\n", false, &err), 0);
	umask(mask);
	expect_content(in_scratch("a"), "hello\n");
	assert_int_equal(stat(in_scratch("a"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(entries_in(scratch), 1);
}

static void test_no_overwrite_without_force(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	char want[600];

	assert_int_equal(write_file(in_scratch("a"), "first", false, &err), 0);
	assert_int_equal(write_file(in_scratch("a"), "second", false, &err), -EEXIST);
	snprintf(want, sizeof(want), "%s exists (--force overwrites)", in_scratch("a"));
	assert_string_equal(err.text, want);
	expect_content(in_scratch("a"), "first");
	err_clear(&err);
	assert_int_equal(file_check_writable(in_scratch("a"), false, &err), -EEXIST);
	assert_int_equal(file_check_writable(in_scratch("a"), true, NULL), 0);
	expect_content(in_scratch("a"), "first");
	err_clear(&err);
	assert_int_equal(write_file(in_scratch("a"), "third", true, &err), 0);
	expect_content(in_scratch("a"), "third");
	assert_int_equal(entries_in(scratch), 1);
}

static void test_file_that_appears_meanwhile_is_kept(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct file_out out;

	assert_int_equal(file_begin(&out, in_scratch("a"), false, &err), 0);
	fputs("mine", out.stream);
	assert_int_equal(write_file(in_scratch("a"), "theirs", false, &err), 0);
	assert_int_equal(file_commit(&out, &err), -EEXIST);
	expect_content(in_scratch("a"), "theirs");
	assert_int_equal(entries_in(scratch), 1);
	assert_null(out.stream);
}

static void test_abort_leaves_nothing(void **state)
{
	(void)state;
	struct file_out out = { 0 };

	file_abort(NULL);
	file_abort(&out);
	assert_int_equal(file_begin(&out, in_scratch("a"), false, NULL), 0);
	fputs("half", out.stream);
	fflush(out.stream);
	assert_int_equal(entries_in(scratch), 1);
	file_abort(&out);
	file_abort(&out);
	assert_int_equal(entries_in(scratch), 0);
	assert_int_equal(file_commit(&out, NULL), -EINVAL);
}

static void test_unwritable(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		int code;
	} rows[] = { { "plain/below", ENOTDIR }, { "no/such/directory", ENOENT }, { "directory", EISDIR } };
	char long_path[400];

	assert_int_equal(write_file(in_scratch("plain"), "x", false, NULL), 0);
	assert_int_equal(mkdir(in_scratch("directory"), 0700), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = ERR_NONE, check = ERR_NONE;
		struct file_out out = { .path = (char *)"untouched" };

		assert_int_equal(file_begin(&out, in_scratch(rows[i].path), true, &err), -rows[i].code);
		assert_string_equal(out.path, "untouched");
		assert_contains(err.text, in_scratch(rows[i].path));
		assert_int_equal(file_check_writable(in_scratch(rows[i].path), true, &check), -rows[i].code);
	}
	assert_less(file_check_writable("/proc/netdyno-test", false, NULL), 0);
	assert_int_equal(file_check_writable("", false, NULL), -ENOENT);
	memset(long_path, 'n', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(write_file(in_scratch(long_path), "x", false, NULL), -ENAMETOOLONG);
	assert_int_equal(entries_in(scratch), 2);
	/* 255 bytes is the longest name there is; the temporary one must not be longer. */
	long_path[255] = '\0';
	assert_int_equal(write_file(in_scratch(long_path), "x", false, NULL), 0);
}

static void test_links_and_devices(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct stat st;

	assert_int_equal(write_file(in_scratch("real"), "old", false, NULL), 0);
	assert_int_equal(symlink("real", in_scratch("link")), 0);
	assert_int_equal(write_file(in_scratch("link"), "new", false, NULL), -EEXIST);
	assert_int_equal(write_file(in_scratch("link"), "new", true, &err), 0);
	expect_content(in_scratch("real"), "new");
	assert_int_equal(lstat(in_scratch("link"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(symlink("nowhere", in_scratch("dangling")), 0);
	assert_int_equal(write_file(in_scratch("dangling"), "x", false, NULL), -EEXIST);
	/* A device is written to, never replaced. */
	assert_int_equal(write_file("/dev/null", "x", true, &err), 0);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

static void test_full_device(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct file_out out;

	if (access("/dev/full", W_OK) < 0)
		skip();
	assert_int_equal(write_file("/dev/full", "x", false, &err), -ENOSPC);
	assert_string_equal(err.text, "write /dev/full: No space left on device");
	err_clear(&err);
	assert_int_equal(file_begin(&out, "/dev/full", false, &err), 0);
	for (int i = 0; i < 100000; i++)
		fputs("more than any buffer holds", out.stream);
	assert_true(ferror(out.stream));
	assert_int_equal(file_commit(&out, &err), -ENOSPC);
}

static void test_full_disk(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct file_out out;
	char path[512];

	assert_int_equal(mkdir(in_scratch("small"), 0700), 0);
	if (mount("none", in_scratch("small"), "tmpfs", 0, "size=64k") < 0) {
		print_message("no small file system can be mounted here: %s\n", strerror(errno));
		skip();
	}
	snprintf(path, sizeof(path), "%s/out", in_scratch("small"));
	int begun = file_begin(&out, path, false, &err);
	for (int i = 0; begun == 0 && i < 10000; i++)
		fputs("more than 64 kB in all", out.stream);
	int committed = begun == 0 ? file_commit(&out, &err) : begun;
	unsigned left = entries_in(in_scratch("small"));
	umount(in_scratch("small"));
	assert_int_equal(begun, 0);
	assert_int_equal(committed, -ENOSPC);
	assert_contains(err.text, "/out: No space left on device");
	assert_int_equal(left, 0);
}

static void test_standard_output(void **state)
{
	(void)state;
	struct file_out out;

	assert_int_equal(file_begin(&out, "-", false, NULL), 0);
	assert_ptr_equal(out.stream, stdout);
	assert_int_equal(file_commit(&out, NULL), 0);
	assert_at_least(fileno(stdout), 0);
	assert_int_equal(file_check_writable("-", false, NULL), 0);
}

static void test_directories(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct stat st;
	mode_t mask = umask(0);

	assert_int_equal(file_make_directories(in_scratch("a/b//c/"), &err), 0);
	umask(mask);
	assert_int_equal(stat(in_scratch("a/b/c"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(file_make_directories(in_scratch("a/b"), &err), 0);
	assert_int_equal(write_file(in_scratch("plain"), "x", false, NULL), 0);
	assert_int_equal(file_make_directories(in_scratch("plain"), &err), -ENOTDIR);
	err_clear(&err);
	assert_int_equal(file_make_directories(in_scratch("plain/x"), &err), -ENOTDIR);
	assert_contains(err.text, "plain/x: Not a directory");
	assert_less(file_make_directories("/proc/netdyno-test", NULL), 0);
	assert_int_equal(file_make_directories("/", NULL), 0);
}

static void test_read_all(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	char *text = NULL, big[10001];
	size_t len = 99;

	memset(big, 'b', 10000);
	big[10000] = '\0';
	assert_int_equal(write_file(in_scratch("big"), big, false, NULL), 0);
	expect_content(in_scratch("big"), big);
	assert_int_equal(file_read_all(in_scratch("big"), 10000, &text, &len, NULL), 0);
	free(text);
	text = NULL;
	len = 99;
	assert_int_equal(file_read_all(in_scratch("big"), 9999, &text, &len, &err), -EFBIG);
	assert_contains(err.text, "larger than 9999 bytes");
	assert_int_equal(file_read_all(in_scratch("none"), 100, &text, &len, NULL), -ENOENT);
	assert_int_equal(file_read_all(scratch, 100, &text, &len, NULL), -EISDIR);
	assert_int_equal(mkfifo(in_scratch("fifo"), 0600), 0);
	assert_int_equal(file_read_all(in_scratch("fifo"), 100, &text, &len, NULL), -EINVAL);
	assert_null(text);
	assert_int_equal(len, 99);
	/* Files of /proc say that their size is 0. */
	assert_int_equal(file_read_all("/proc/self/status", 1 << 16, &text, &len, NULL), 0);
	assert_more(len, 100);
	assert_int_equal(text[len], '\0');
	free(text);
}

static void test_read_line(void **state)
{
	(void)state;
	char line[8] = "before";

	assert_int_equal(write_file(in_scratch("two"), "one\ntwo\n", false, NULL), 0);
	assert_true(file_read_line(in_scratch("two"), line, sizeof(line)));
	assert_string_equal(line, "one");
	assert_int_equal(write_file(in_scratch("long"), "longer than there is room", false, NULL), 0);
	assert_true(file_read_line(in_scratch("long"), line, sizeof(line)));
	assert_string_equal(line, "longer ");
	assert_int_equal(write_file(in_scratch("empty"), "", false, NULL), 0);
	assert_true(file_read_line(in_scratch("empty"), line, sizeof(line)));
	assert_string_equal(line, "");
	snprintf(line, sizeof(line), "before");
	assert_false(file_read_line(in_scratch("none"), line, sizeof(line)));
	assert_string_equal(line, "");
	assert_false(file_read_line(scratch, line, sizeof(line)));
}

static void test_where_files_live(void **state)
{
	(void)state;
	char path[256];

	setenv("HOME", "/home/u", 1);
	unsetenv("XDG_DATA_HOME");
	unsetenv("XDG_CONFIG_HOME");
	assert_string_equal(file_data_directory(path, sizeof(path)), "/home/u/.local/share/netdyno");
	assert_string_equal(file_config_path(path, sizeof(path)), "/home/u/.config/netdyno/config.ini");
	setenv("XDG_DATA_HOME", "/data", 1);
	setenv("XDG_CONFIG_HOME", "relative does not count", 1);
	assert_string_equal(file_data_directory(path, sizeof(path)), "/data/netdyno");
	assert_string_equal(file_config_path(path, sizeof(path)), "/home/u/.config/netdyno/config.ini");
}

/* A growing file can be followed under its own name, line by line, and an older one is not taken
 * for it. */
static void test_growing_file(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct file_out out;

	assert_int_equal(write_file(in_scratch("a"), "older\n", false, &err), 0);
	assert_int_equal(file_begin_growing(&out, in_scratch("a"), false, &err), -EEXIST);
	expect_content(in_scratch("a"), "older\n");
	assert_int_equal(file_begin_growing(&out, in_scratch("a"), true, NULL), 0);
	expect_content(in_scratch("a"), "");
	assert_int_equal(file_append(&out, "one\n", 4, NULL), 0);
	expect_content(in_scratch("a"), "one\n");
	assert_int_equal(file_append(&out, "two\n", 4, NULL), 0);
	assert_int_equal(file_sync(&out, NULL), 0);
	expect_content(in_scratch("a"), "one\ntwo\n");
	file_abort(&out);
	expect_content(in_scratch("a"), "one\ntwo\n");
	assert_int_equal(entries_in(scratch), 1);
}

/* A line that does not fit the limit of a file's size leaves nothing of itself. */
static void test_growing_file_keeps_whole_lines(void **state)
{
	(void)state;
	struct rlimit before, limit;
	struct err err = ERR_NONE;
	struct file_out out;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = (struct rlimit){ .rlim_cur = 10, .rlim_max = before.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(file_begin_growing(&out, in_scratch("a"), false, NULL), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(file_append(&out, "1234567\n", 8, NULL), 0);
	int r = file_append(&out, "abcdefg\n", 8, &err);
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(r, -EFBIG);
	expect_content(in_scratch("a"), "1234567\n");
	file_abort(&out);
}

/* A recording stands under its partial name, and stays there if its own has been taken. */
static void test_recording(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct file_out out;

	assert_int_equal(file_begin_recording(&out, in_scratch("a"), false, &err), 0);
	fputs("one", out.stream);
	fflush(out.stream);
	expect_content(in_scratch("a" FILE_PARTIAL), "one");
	assert_int_equal(file_check_recording(in_scratch("a"), false, &err), -EEXIST);
	assert_contains(err.text, "a" FILE_PARTIAL " exists");
	assert_int_equal(file_check_recording(in_scratch("a"), true, NULL), 0);
	assert_int_equal(file_commit(&out, NULL), 0);
	expect_content(in_scratch("a"), "one");
	assert_int_equal(entries_in(scratch), 1);

	assert_int_equal(file_begin_recording(&out, in_scratch("b"), false, NULL), 0);
	assert_int_equal(write_file(in_scratch("b"), "theirs", false, NULL), 0);
	fputs("two", out.stream);
	err_clear(&err);
	assert_int_equal(file_commit(&out, &err), -EEXIST);
	assert_contains(err.text, "kept as");
	expect_content(in_scratch("b"), "theirs");
	expect_content(in_scratch("b" FILE_PARTIAL), "two");
}

static void test_remove_old(void **state)
{
	(void)state;

	assert_int_equal(file_remove_old(in_scratch("a"), NULL), 0);
	assert_int_equal(write_file(in_scratch("a"), "older", false, NULL), 0);
	assert_int_equal(symlink("a", in_scratch("link")), 0);
	/* The link stays, and goes on leading to the file that takes the place. */
	assert_int_equal(file_remove_old(in_scratch("link"), NULL), 0);
	assert_int_equal(entries_in(scratch), 1);
	assert_int_equal(write_file(in_scratch("link"), "newer", true, NULL), 0);
	expect_content(in_scratch("a"), "newer");
	assert_int_equal(file_remove_old("-", NULL), 0);
}

static void test_nothing_stays_open(void **state)
{
	(void)state;
	unsigned before = open_fds();
	struct file_out out;
	char *text;
	size_t len;

	for (int i = 0; i < 50; i++) {
		write_file(in_scratch("a"), "x", i % 2, NULL);
		write_file(in_scratch("a/b"), "x", true, NULL);
		write_file("/dev/full", "x", true, NULL);
		if (file_begin(&out, in_scratch("c"), true, NULL) == 0)
			file_abort(&out);
		if (file_read_all(in_scratch("a"), 100, &text, &len, NULL) == 0)
			free(text);
		file_read_all(scratch, 100, &text, &len, NULL);
		file_check_writable(in_scratch("d"), true, NULL);
	}
	assert_int_equal(open_fds(), before);
	assert_int_equal(entries_in(scratch), 1);
}

/* A file that kill -9 left is removed by the next one of the same name; one that somebody writes,
 * a young one, one of another name and a link stay. */
static void test_left_overs_are_tidied(void **state)
{
	static const char *const names[] = { ".doc.abcdef", ".doc.ghijkl", ".doc.mnopqr", ".dock.abcdef", ".doc.abcdefg" };
	static const bool stays[] = { false, true, true, true, true };
	const struct timespec old[2] = { { .tv_sec = 1000000 }, { .tv_sec = 1000000 } };
	struct err err = ERR_NONE;
	int held = -1;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		int fd = open(in_scratch(names[i]), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		assert_at_least(fd, 0);
		if (i != 2)
			assert_int_equal(futimens(fd, old), 0);
		if (i == 1) {
			held = fd;
			assert_int_equal(flock(held, LOCK_EX), 0);
		} else {
			close(fd);
		}
	}
	assert_int_equal(symlink(names[3], in_scratch(".doc.stuvwx")), 0);
	assert_int_equal(write_file(in_scratch("doc"), "whole\n", false, &err), 0);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(access(in_scratch(names[i]), F_OK) == 0, stays[i]);
	assert_int_equal(access(in_scratch(".doc.stuvwx"), F_OK), 0);
	close(held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_and_mode, start, finish),
		cmocka_unit_test_setup_teardown(test_no_overwrite_without_force, start, finish),
		cmocka_unit_test_setup_teardown(test_file_that_appears_meanwhile_is_kept, start, finish),
		cmocka_unit_test_setup_teardown(test_abort_leaves_nothing, start, finish),
		cmocka_unit_test_setup_teardown(test_unwritable, start, finish),
		cmocka_unit_test_setup_teardown(test_links_and_devices, start, finish),
		cmocka_unit_test_setup_teardown(test_full_device, start, finish),
		cmocka_unit_test_setup_teardown(test_full_disk, start, finish),
		cmocka_unit_test(test_standard_output),
		cmocka_unit_test_setup_teardown(test_directories, start, finish),
		cmocka_unit_test_setup_teardown(test_read_all, start, finish),
		cmocka_unit_test_setup_teardown(test_read_line, start, finish),
		cmocka_unit_test_setup_teardown(test_growing_file, start, finish),
		cmocka_unit_test_setup_teardown(test_growing_file_keeps_whole_lines, start, finish),
		cmocka_unit_test_setup_teardown(test_recording, start, finish),
		cmocka_unit_test_setup_teardown(test_remove_old, start, finish),
		cmocka_unit_test_setup_teardown(test_left_overs_are_tidied, start, finish),
		cmocka_unit_test(test_where_files_live),
		cmocka_unit_test_setup_teardown(test_nothing_stays_open, start, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
