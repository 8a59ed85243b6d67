/* Charts on disk.  See sweep/chart_draw.h. */
#include "sweep/chart_draw.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

extern char **environ;

enum { GNUPLOT_MS = 120 * 1000, LOOK_MS = 10 };

static const char *const suffixes[] = { ".gp", ".dat", ".png", ".svg", ".png.part", ".svg.part" };
enum { SUFFIXES = sizeof(suffixes) / sizeof(suffixes[0]) };

static char *path_of(const char *directory, const char *name, const char *suffix)
{
	char *path = NULL;

	return asprintf(&path, "%s/charts/%s%s", directory, name, suffix) < 0 ? NULL : path;
}

static bool is_ours(const char *name)
{
	size_t length = strlen(name);

	for (int i = 0; i < SUFFIXES; i++) {
		size_t n = strlen(suffixes[i]);

		if (length > n && !strcmp(name + length - n, suffixes[i]) && strstr(name, "-vs-"))
			return true;
	}
	return false;
}

void sweep_plot_clear(const char *directory)
{
	char *charts = path_of(directory, "", "");
	DIR *list = charts ? opendir(charts) : NULL;
	struct dirent *entry;

	while (list && (entry = readdir(list)))
		if (is_ours(entry->d_name))
			unlinkat(dirfd(list), entry->d_name, 0);
	if (list)
		closedir(list);
	free(charts);
}

/* ---- scripts ---- */

static int write_one(const struct sweep_store *store, const struct sweep_state *state, const struct sweep_chart *chart,
	const struct host_info *host, const char *suffix, struct err *err)
{
	struct file_out out = { 0 };
	char name[200];

	snprintf(name, sizeof(name), "charts/%s%s", chart->name, suffix);
	int rc = sweep_store_begin(store, name, &out, err);
	if (rc < 0)
		return rc;
	if (!strcmp(suffix, ".dat"))
		sweep_chart_data(out.stream, state, chart);
	else
		sweep_chart_script(out.stream, state, chart, host);
	rc = file_commit(&out, err);
	file_abort(&out);
	return rc;
}

static int write_scripts(const struct sweep_store *store, const struct sweep_state *state, const struct sweep_charts *charts,
	const struct host_info *host, struct err *err)
{
	char *directory = path_of(store->directory, "", "");
	int rc = directory ? file_make_directories(directory, err) : err_sys(err, ENOMEM, "write charts");

	free(directory);
	for (unsigned i = 0; rc >= 0 && i < charts->count; i++) {
		rc = write_one(store, state, &charts->chart[i], host, ".dat", err);
		if (rc >= 0)
			rc = write_one(store, state, &charts->chart[i], host, ".gp", err);
	}
	return rc;
}

/* ---- gnuplot ---- */

/* It starts in the directory of the charts, with our signals unblocked, and says what it has to
 * say into a file there. */
static int start_gnuplot(const char *directory, char **argv, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addchdir_np(&actions, directory);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "gnuplot.log", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	int rc = posix_spawnp(ret_pid, "gnuplot", &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -rc;
}

/* The signals that end a sweep are blocked, and wait.  On a terminal gnuplot has had its own. */
static bool is_interrupted(void)
{
	sigset_t waiting;

	return sigpending(&waiting) == 0 &&
	       (sigismember(&waiting, SIGINT) || sigismember(&waiting, SIGTERM) || sigismember(&waiting, SIGHUP));
}

/* Its exit status, -1 where it was killed: it has so many looks and no more.  Looks are counted,
 * not time: time also passes while both are stopped. */
static int wait_for(pid_t pid, bool *ret_interrupted)
{
	int status = 0;

	for (unsigned looks = 0;; looks++) {
		pid_t ended = waitpid(pid, &status, WNOHANG);

		*ret_interrupted = is_interrupted();
		if (ended == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		if (ended < 0 && errno != EINTR)
			return -1;
		if (*ret_interrupted || looks > GNUPLOT_MS / LOOK_MS)
			kill(pid, SIGKILL);
		clock_sleep_until(clock_now_ns() + (int64_t)LOOK_MS * NS_PER_MS);
	}
}

/* gnuplot -e "part='.part'; formats='svg png'" A.gp B.gp ... */
static int run_gnuplot(const char *directory, const struct sweep_chart *chart, unsigned count, const char *formats,
	int *ret_status, bool *ret_interrupted)
{
	char **argv = calloc(count + 4, sizeof(*argv));
	char option[] = "-e", part[64], program[] = "gnuplot";
	unsigned n = 0;
	pid_t pid;
	int rc = argv ? 0 : -ENOMEM;

	snprintf(part, sizeof(part), "part='.part'; formats='%s'", formats);
	if (rc == 0) {
		argv[n++] = program;
		argv[n++] = option;
		argv[n++] = part;
	}
	for (unsigned i = 0; rc == 0 && i < count; i++)
		if (asprintf(&argv[n++], "%s.gp", chart[i].name) < 0) {
			argv[--n] = NULL;
			rc = -ENOMEM;
		}
	if (rc == 0)
		rc = start_gnuplot(directory, argv, &pid);
	if (rc == 0)
		*ret_status = wait_for(pid, ret_interrupted);
	for (unsigned i = 3; i < n; i++)
		free(argv[i]);
	free(argv);
	return rc;
}

/* The finished picture gets its name; an empty one is none, and neither is one that is *torn,
 * which is the first that is there. */
static bool name_picture(const char *directory, const char *name, const char *format, bool *torn)
{
	char *whole = path_of(directory, name, format), *part = NULL;
	struct stat st;

	bool there = whole && asprintf(&part, "%s.part", whole) >= 0 && stat(part, &st) == 0;
	bool named = there && !*torn && st.st_size > 0 && chmod(part, 0600) == 0 && rename(part, whole) == 0;
	if (there)
		*torn = false;
	if (there && !named)
		unlink(part);
	free(part);
	free(whole);
	return named;
}

/* If gnuplot was cut short (`torn`), the last picture it began may be incomplete. */
static void name_pictures(const char *directory, struct sweep_charts *charts, bool torn)
{
	for (unsigned i = charts->count; i-- > 0;) {
		struct sweep_chart *c = &charts->chart[i];

		c->png = name_picture(directory, c->name, ".png", &torn);
		c->svg = name_picture(directory, c->name, ".svg", &torn);
	}
}

/* Which of the two kinds of pictures are not all there. */
static const char *missing_pictures(const struct sweep_charts *charts)
{
	bool png = false, svg = false;

	for (unsigned i = 0; i < charts->count; i++) {
		png |= !charts->chart[i].png;
		svg |= !charts->chart[i].svg;
	}
	return png && svg ? "not all pictures" : png ? "not all PNG pictures" : svg ? "not all SVG pictures" : NULL;
}

/* One picture that gnuplot cannot draw ends it: those that are missing are tried each by itself.
 * The first that takes too long, or a signal, ends that. */
static int draw_missing(const char *directory, const char *where, struct sweep_charts *charts, bool *ret_interrupted)
{
	int failed = 0, status;

	for (unsigned i = 0; i < 2 * charts->count; i++) {
		struct sweep_chart *c = &charts->chart[i / 2];
		bool *there = i % 2 ? &c->png : &c->svg;
		bool torn;

		if (*there)
			continue;
		int rc = run_gnuplot(where, c, 1, i % 2 ? "png" : "svg", &status, ret_interrupted);
		if (rc < 0)
			return rc;
		torn = status != 0;
		*there = name_picture(directory, c->name, i % 2 ? ".png" : ".svg", &torn);
		if (status < 0)
			return status;
		failed = status ? status : failed;
	}
	return failed;
}

static void read_log(const char *directory, char *out, size_t size)
{
	char *path = path_of(directory, "gnuplot.log", ""), *text = NULL;
	size_t length = 0;

	out[0] = '\0';
	if (path && file_read_all(path, 1 << 20, &text, &length, NULL) == 0)
		for (char *line = strtok(text, "\n"); line && !out[0]; line = strtok(NULL, "\n"))
			if (strspn(line, " \t^") < strlen(line))
				snprintf(out, size, "%s", line);
	free(text);
	free(path);
}

static void forget_log(const char *directory)
{
	char *path = path_of(directory, "gnuplot.log", "");

	if (path)
		unlink(path);
	free(path);
}

/* line: the first that gnuplot said. */
static void say_outcome(struct sweep_charts *charts, int status, bool interrupted, const char *line)
{
	const char *missing = missing_pictures(charts);

	charts->interrupted = interrupted && status != 0;
	if (charts->interrupted)
		snprintf(charts->why, sizeof(charts->why), "not all pictures: interrupted");
	else if (status < 0)
		snprintf(charts->why, sizeof(charts->why), "not all pictures: gnuplot was killed");
	else if (status != 0)
		snprintf(charts->why, sizeof(charts->why), "%s: gnuplot failed: %s (charts/gnuplot.log)",
			missing ? missing : "pictures may lack something", line);
}

static void draw(const char *directory, struct sweep_charts *charts)
{
	char *where = path_of(directory, "", ""), line[120];
	int status = 0;
	bool interrupted = false;
	int rc = where ? run_gnuplot(where, charts->chart, charts->count, "svg png", &status, &interrupted) : -ENOMEM;

	if (rc >= 0) {
		name_pictures(directory, charts, status != 0);
		read_log(directory, line, sizeof(line));
	}
	/* It has said why; what it says now is the same, picture by picture. */
	if (rc >= 0 && status > 0)
		status = draw_missing(directory, where, charts, &interrupted);
	free(where);
	if (rc == -ENOENT) {
		snprintf(charts->why, sizeof(charts->why),
			"no pictures: gnuplot is not installed (Debian and Ubuntu: apt install gnuplot-nox); "
			"once it is, the .gp files in charts/ draw them");
		return;
	}
	if (rc < 0) {
		snprintf(charts->why, sizeof(charts->why), "no pictures: gnuplot could not be started: %s", strerror(-rc));
		return;
	}
	say_outcome(charts, status, interrupted, line);
	if (status <= 0)
		forget_log(directory);
}

int sweep_plot(const struct sweep_store *store, const struct sweep_state *state, const struct host_info *host, bool pictures,
	struct sweep_charts *ret_charts, struct err *err)
{
	sweep_charts_of(state, ret_charts);
	int rc = ret_charts->count ? write_scripts(store, state, ret_charts, host, err) : 0;

	if (rc >= 0 && pictures && ret_charts->count)
		draw(store->directory, ret_charts);
	if (!ret_charts->count)
		snprintf(ret_charts->why, sizeof(ret_charts->why), "no charts: %s",
			state->done > state->invalid ? "no option has more than one value" : "there is no valid run");
	return rc;
}

int sweep_plot_script(const struct sweep_store *store, const char *name, void (*write)(FILE *out, const void *ctx),
	const void *ctx, bool pictures, struct sweep_charts *ret_charts, struct err *err)
{
	char *directory = path_of(store->directory, "", ""), file[200];
	int rc = directory ? file_make_directories(directory, err) : err_sys(err, ENOMEM, "write charts");
	struct file_out out = { 0 };

	free(directory);
	*ret_charts = (struct sweep_charts){ .count = 1 };
	snprintf(ret_charts->chart[0].name, sizeof(ret_charts->chart[0].name), "%s", name);
	snprintf(file, sizeof(file), "charts/%s.gp", name);
	if (rc >= 0)
		rc = sweep_store_begin(store, file, &out, err);
	if (rc >= 0) {
		write(out.stream, ctx);
		rc = file_commit(&out, err);
	}
	file_abort(&out);
	if (rc >= 0 && pictures)
		draw(store->directory, ret_charts);
	return rc;
}
