/* The relay.  See relay.h. */
#include "main/live/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "run/thread.h"

enum {
	QUEUE_BYTES = 64 << 20,
	PART_BYTES = PIPE_BUF, /* of one write(2): each is a sign that the reader moves */
	LOOK_MS = 20,          /* between two looks at signals */
	IDLE_MS = 1000,        /* of the thread: that something came is looked at so often */
};

static const int64_t stall_ns = 10ll * NS_PER_S;
static const int64_t last_words_ns = 500ll * NS_PER_MS;

struct relay {
	int fd;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* guarded by lock */
	char *bytes;
	size_t from, to, room; /* bytes[from..to) wait */
	bool writing;          /* the thread is writing what it has taken */
	bool in_line;          /* what was put in last did not end its line */
	bool given_up;
	int error;        /* errno of the descriptor; 0: it takes what it gets */
	int64_t moved_ns; /* when something was taken last, or began to wait */
};

enum { STREAMS = 2 };

static struct relay relays[STREAMS];
static struct relay *relay_of_stdout, *relay_of_stderr; /* NULL: written directly */
static int64_t patience_ns = INT64_MAX;                 /* of relay_drain(), while nothing moves */

/* ---- the queue ---- */

static size_t relay_waiting(const struct relay *r)
{
	return r->to - r->from;
}

/* For at most so long; the lock is held before and after. */
static void relay_await(struct relay *r, int most_ms)
{
	int64_t until_ns = clock_now_ns() + (int64_t)most_ms * NS_PER_MS;
	struct timespec until = { .tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S };

	pthread_cond_timedwait(&r->changed, &r->lock, &until);
}

static bool relay_grow(struct relay *r, size_t more)
{
	size_t room = r->room ? r->room : PART_BYTES;
	char *bytes;

	if (r->from) {
		memmove(r->bytes, r->bytes + r->from, relay_waiting(r));
		r->to -= r->from;
		r->from = 0;
	}
	while (room - r->to < more)
		room *= 2;
	bytes = room == r->room ? r->bytes : realloc(r->bytes, room);
	if (!bytes)
		return false;
	r->bytes = bytes;
	r->room = room;
	return true;
}

static void relay_append(struct relay *r, const char *text, size_t length)
{
	if (r->room - r->to < length && !relay_grow(r, length)) {
		r->given_up = true;
		return;
	}
	if (!relay_waiting(r) && !r->writing)
		r->moved_ns = clock_now_ns();
	memcpy(r->bytes + r->to, text, length);
	r->to += length;
	r->in_line = text[length - 1] != '\n';
	pthread_cond_broadcast(&r->changed);
}

/* ---- the thread ---- */

static size_t relay_take(struct relay *r, char *ret_part)
{
	size_t n = relay_waiting(r) < PART_BYTES ? relay_waiting(r) : PART_BYTES;

	memcpy(ret_part, r->bytes + r->from, n);
	r->from += n;
	if (r->from == r->to)
		r->from = r->to = 0;
	return n;
}

/* Blocks for as long as the reader does.  0 or -errno. */
static int write_part(int fd, const char *part, size_t length)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };
	int rc;

	for (size_t done;; part += done, length -= done) {
		rc = file_write_fully(fd, part, length, &done);
		/* Whoever made the descriptor may have it return at once. */
		if (rc != -EAGAIN)
			return rc;
		poll(&room, 1, -1);
	}
}

static void *relay_main(void *arg)
{
	struct relay *r = arg;
	char part[PART_BYTES];

	thread_name_self("nd-relay");
	pthread_mutex_lock(&r->lock);
	while (!r->error) {
		if (!relay_waiting(r)) {
			relay_await(r, IDLE_MS);
			continue;
		}
		size_t n = relay_take(r, part);

		r->writing = true;
		pthread_mutex_unlock(&r->lock);
		int rc = write_part(r->fd, part, n);
		pthread_mutex_lock(&r->lock);
		r->writing = false;
		r->moved_ns = clock_now_ns();
		r->error = rc < 0 ? -rc : 0;
		pthread_cond_broadcast(&r->changed);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

/* ---- printing ---- */

static bool is_end_asked(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) || sigismember(&pending, SIGHUP));
}

static void relay_await_room(struct relay *r)
{
	while (relay_waiting(r) >= QUEUE_BYTES && !r->error && !r->given_up && !is_end_asked()) {
		r->given_up = clock_now_ns() - r->moved_ns >= stall_ns;
		if (!r->given_up)
			relay_await(r, LOOK_MS);
	}
}

/* What has been given up still ends the line that was begun. */
static size_t relay_length(const struct relay *r, const char *text, size_t length)
{
	const char *end = r->in_line ? memchr(text, '\n', length) : NULL;

	if (!r->given_up)
		return length;
	return !r->in_line ? 0 : end ? (size_t)(end - text) + 1 : length;
}

/* For fopencookie(3): fewer than `length` are an error, and errno says which. */
static ssize_t relay_put(void *cookie, const char *text, size_t length)
{
	struct relay *r = cookie;

	pthread_mutex_lock(&r->lock);
	relay_await_room(r);
	int error = r->error;
	size_t taken = error ? 0 : relay_length(r, text, length);
	if (taken)
		relay_append(r, text, taken);
	pthread_mutex_unlock(&r->lock);
	if (!error)
		return (ssize_t)length;
	errno = error;
	return 0;
}

/* ---- begin ---- */

/* Can it keep a writer waiting? */
static bool may_stall(int fd, struct stat *ret_stat)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || fstat(fd, ret_stat) < 0)
		return false;
	return S_ISFIFO(ret_stat->st_mode) || S_ISSOCK(ret_stat->st_mode) || isatty(fd);
}

static FILE *relay_stream(struct relay *r, bool whole_lines, bool at_once)
{
	FILE *stream = fopencookie(r, "w", (cookie_io_functions_t){ .write = relay_put });

	if (stream)
		setvbuf(stream, NULL, at_once ? _IONBF : whole_lines ? _IOLBF : _IOFBF, at_once ? 0 : BUFSIZ);
	return stream;
}

static int relay_start(struct relay *r, int fd, struct err *err)
{
	pthread_condattr_t monotonic;
	pthread_t thread;
	int rc;

	r->fd = fd;
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&r->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	rc = thread_start(&thread, relay_main, r, "that writes to the terminal", err);
	/* Nobody waits for it: it may be in a write(2) that never returns. */
	if (rc >= 0)
		pthread_detach(thread);
	return rc;
}

/* `same`: the queue of the other stream, which is the same file; or NULL. */
static int relay_put_behind(FILE **stream, int fd, struct relay *same, struct relay **ret_relay, struct err *err)
{
	struct relay *r = same ? same : &relays[fd == STDERR_FILENO];
	FILE *made;

	int rc = same ? 0 : relay_start(r, fd, err);
	if (rc < 0)
		return rc;
	made = relay_stream(r, isatty(fd), fd == STDERR_FILENO);
	if (!made)
		return err_sys(err, errno, "print to %s", fd == STDERR_FILENO ? "stderr" : "stdout");
	fflush(*stream);
	*stream = made;
	*ret_relay = r;
	return 0;
}

int relay_begin(struct err *err)
{
	struct stat out, errors;
	bool relay_out = may_stall(STDOUT_FILENO, &out), relay_errors = may_stall(STDERR_FILENO, &errors);
	bool same = relay_out && relay_errors && out.st_dev == errors.st_dev && out.st_ino == errors.st_ino;
	int rc = relay_out ? relay_put_behind(&stdout, STDOUT_FILENO, NULL, &relay_of_stdout, err) : 0;

	if (rc >= 0 && relay_errors)
		rc = relay_put_behind(&stderr, STDERR_FILENO, same ? relay_of_stdout : NULL, &relay_of_stderr, err);
	return rc;
}

/* ---- the end ---- */

static struct relay *relay_of(FILE *stream)
{
	return stream == stdout ? relay_of_stdout : stream == stderr ? relay_of_stderr : NULL;
}

int relay_error(FILE *stream)
{
	struct relay *r = relay_of(stream);

	if (!r)
		return 0;
	pthread_mutex_lock(&r->lock);
	int error = r->error;
	pthread_mutex_unlock(&r->lock);
	return error;
}

void relay_hurry(int patience_ms)
{
	int64_t asked_ns = patience_ms * (int64_t)NS_PER_MS;

	patience_ns = asked_ns < patience_ns ? asked_ns : patience_ns;
}

/* Until the queue is empty; false: that is not waited for. */
static bool relay_await_empty(struct relay *r)
{
	int64_t began_ns = clock_now_ns(), end_ns = 0, now_ns;

	while ((relay_waiting(r) || r->writing) && !r->error) {
		now_ns = clock_now_ns();
		if (!end_ns && is_end_asked())
			end_ns = now_ns + last_words_ns;
		if (end_ns && now_ns >= end_ns)
			return false;
		if (now_ns - began_ns >= patience_ns && now_ns - r->moved_ns >= patience_ns)
			return false;
		relay_await(r, LOOK_MS);
	}
	return true;
}

int relay_drain(FILE *stream)
{
	struct relay *r = relay_of(stream);

	errno = 0;
	if (fflush(stream) != 0 || ferror(stream))
		return errno ? -errno : -EPIPE;
	if (!r)
		return 0;
	pthread_mutex_lock(&r->lock);
	bool whole = relay_await_empty(r);
	int rc = r->error ? -r->error : !whole ? -EINTR : r->given_up ? -ETIMEDOUT : 0;
	pthread_mutex_unlock(&r->lock);
	return rc;
}
