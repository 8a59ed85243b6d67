/* See child.h. */
#include "selftest/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "selftest/selftest.h"

enum { WORDS_MAX = 64, LINE_BYTES = 1024, LAST_BYTES = 2048 };

static const char program[] = "/proc/self/exe";
static const int64_t end_patience_ns = 20ll * NS_PER_S;

/* ---- waiting ---- */

void wait_ns(int64_t ns)
{
	clock_sleep_until(clock_now_ns() + ns);
}

bool wait_until(bool (*holds)(void *of), void *of, int64_t patience_ns)
{
	int64_t end_ns = clock_now_ns() + patience_ns;

	while (!holds(of)) {
		if (clock_now_ns() > end_ns)
			return false;
		wait_ns(5 * NS_PER_MS);
	}
	return true;
}

/* ---- its life ---- */

void child_vanish(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* Cuts the line at its blanks; it is the words' memory from then on. */
static unsigned child_words(char *line, char *ret_word[WORDS_MAX])
{
	unsigned n = 0;
	char *next;

	for (char *word = strtok_r(line, " ", &next); word && n < WORDS_MAX - 1; word = strtok_r(NULL, " ", &next))
		ret_word[n++] = word;
	ret_word[n] = NULL;
	return n;
}

void child_end_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		child_vanish();
}

/* In the child: this program anew.  Signals are as they are by default. */
static void child_become(const struct child *c, char *const *word, pid_t parent)
{
	sigset_t none;

	sigemptyset(&none);
	child_end_with(parent);
	if (dup2(c->out, STDOUT_FILENO) >= 0 && dup2(c->told, STDERR_FILENO) >= 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0)
		execv(program, word);
	child_vanish();
}

int child_start(struct child *c, const char *words, struct err *err)
{
	char line[LINE_BYTES], *word[WORDS_MAX];
	int left = snprintf(line, sizeof(line), "netdyno run %s --json -", words);

	*c = (struct child){ .out = memfd_create("result", MFD_CLOEXEC), .told = memfd_create("lines", MFD_CLOEXEC) };
	if (c->out < 0 || c->told < 0)
		return err_sys(err, errno, "start a run");
	if (left < 0 || (size_t)left >= sizeof(line))
		return err_sys(err, ENAMETOOLONG, "start a run");
	child_words(line, word);
	pid_t self = getpid();
	c->pid = fork();
	if (c->pid < 0) {
		c->pid = 0;
		return err_sys(err, errno, "start a run");
	}
	if (c->pid == 0)
		child_become(c, word, self);
	return 0;
}

bool child_has_ended(struct child *c)
{
	if (c->pid && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
		c->pid = 0;
	return !c->pid;
}

static bool child_is_over(void *of)
{
	return child_has_ended(of);
}

int64_t child_told(const struct child *c)
{
	return lseek(c->told, 0, SEEK_END);
}

/* The end of what it printed behind that place; ended by 0. */
static void child_tail(const struct child *c, int64_t from, char ret_bytes[LAST_BYTES + 1])
{
	int64_t last = child_told(c) - LAST_BYTES;
	ssize_t n = pread(c->told, ret_bytes, LAST_BYTES, from > last ? from : last);

	ret_bytes[n > 0 ? n : 0] = '\0';
}

bool child_has_told(const struct child *c, int64_t from, const char *words)
{
	char bytes[LAST_BYTES + 1];

	child_tail(c, from, bytes);
	return strstr(bytes, words);
}

/* The last line that it printed, which says what went wrong. */
static void child_last_words(const struct child *c, char *out, size_t size)
{
	char bytes[LAST_BYTES + 1];

	child_tail(c, 0, bytes);
	for (size_t n = strlen(bytes); n && bytes[n - 1] == '\n'; n--)
		bytes[n - 1] = '\0';
	const char *line = strrchr(bytes, '\n');

	line = line ? line + 1 : bytes;
	text_escape(line, strlen(line), out, size);
}

int child_await(struct child *c, struct err *err)
{
	char words[SELFTEST_TEXT];
	json_error_t where;

	if (!wait_until(child_is_over, c, end_patience_ns))
		return err_say(err, ETIMEDOUT, "the run did not end");
	lseek(c->out, 0, SEEK_SET);
	c->result = json_loadfd(c->out, 0, &where);
	if (c->result)
		return 0;
	child_last_words(c, words, sizeof(words));
	/* What it needs is not here, though other runs have it. */
	bool missing = strstr(words, "CONFIG_") || strstr(words, "does not run here");

	return err_say(err, missing ? ENOTSUP : EIO, "the run gave no result: %s", words);
}

int child_finish(struct child *c, struct err *err)
{
	if (!child_has_ended(c))
		kill(c->pid, SIGINT);
	return child_await(c, err);
}

void child_end(struct child *c)
{
	if (c->pid) {
		kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (c->out >= 0)
		close(c->out);
	if (c->told >= 0)
		close(c->told);
	json_decref(c->result);
	*c = (struct child){ .out = -1, .told = -1 };
}

/* ---- what it says ---- */

/* The member that is found by its way through the objects; NULL. */
static const json_t *child_member(const struct child *c, const char *way)
{
	const json_t *at = c->result;
	char key[64];

	while (at && *way) {
		size_t bytes = strcspn(way, ".");

		snprintf(key, sizeof(key), "%.*s", (int)bytes, way);
		at = json_object_get(at, key);
		way += bytes + (way[bytes] == '.');
	}
	return at;
}

int64_t child_number(const struct child *c, const char *way)
{
	const json_t *at = child_member(c, way);

	if (json_is_real(at))
		return (int64_t)json_real_value(at);
	return json_is_integer(at) ? json_integer_value(at) : SELFTEST_UNKNOWN;
}

int64_t child_thousandths(const struct child *c, const char *way)
{
	const json_t *at = child_member(c, way);

	return json_is_number(at) ? (int64_t)(json_number_value(at) * 1000 + 0.5) : SELFTEST_UNKNOWN;
}

static const char *child_line(const json_t *lines, const char *words)
{
	size_t i;
	const json_t *line;

	json_array_foreach(lines, i,
		line) if (json_is_string(line) && strstr(json_string_value(line), words)) return json_string_value(line);
	return NULL;
}

const char *child_verdict(const struct child *c, const char *words)
{
	const json_t *verdict = json_object_get(json_object_get(c->result, "end"), "verdict");
	const char *line = child_line(json_object_get(verdict, "reasons"), words);

	return line ? line : child_line(json_object_get(verdict, "cautions"), words);
}
