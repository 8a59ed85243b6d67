/* Rows side by side: a process each, whose row comes back through a pipe.  See selftest.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/file.h"
#include "selftest/stage.h"

enum { SLOTS_MAX = 16, SLOTS_EACH_CPU = 4, TICK_MS = 100 };

static const int64_t row_limit_ns = 60ll * NS_PER_S;

/* A row that is being played. */
struct slot {
	pid_t pid; /* 0: free */
	int pipe;
	int64_t from_ns;
	struct selftest_row *row;
};

struct company {
	const struct selftest_here *here;
	struct selftest_row *row;
	unsigned rows, told; /* told: rows that have been handed to said() */
	bool over[SELFTEST_ROWS_MAX];
	struct slot slot[SLOTS_MAX];
	unsigned slots, playing;
	int signal_fd;
	void (*said)(const struct selftest_row *row);
};

/* ---- one row ---- */

static void slot_become(const struct company *c, const struct row_of *of, struct selftest_row *row, int out, pid_t parent)
{
	sigset_t none;
	size_t done;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* What the keyboard sends goes to netdyno alone, which ends all of its own. */
	setpgid(0, 0);
	child_end_with(parent);
	stage_play(c->here, of, row);
	file_write_fully(out, row, sizeof(*row), &done);
	child_vanish();
}

static int slot_start(struct company *c, struct slot *s, struct selftest_row *row, const struct row_of *of, struct err *err)
{
	int ends[2];
	pid_t self = getpid();

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, errno, "start a row");
	*s = (struct slot){ .pid = fork(), .pipe = ends[0], .from_ns = clock_now_ns(), .row = row };
	if (s->pid == 0) {
		close(ends[0]);
		slot_become(c, of, row, ends[1], self);
	}
	close(ends[1]);
	if (s->pid > 0) {
		c->playing++;
		return 0;
	}
	close(ends[0]);
	s->pid = 0;
	return err_sys(err, errno, "start a row");
}

static bool slot_read(const struct slot *s, struct selftest_row *ret_row)
{
	size_t done = 0;

	while (done < sizeof(*ret_row)) {
		ssize_t n = read(s->pipe, (char *)ret_row + done, sizeof(*ret_row) - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* Its process ends, with the row or without. */
static void slot_end(struct company *c, struct slot *s, enum selftest_outcome outcome, const char *why)
{
	struct selftest_row row;

	if (!why && slot_read(s, &row)) {
		*s->row = row;
	} else {
		s->row->outcome = outcome;
		snprintf(s->row->why, sizeof(s->row->why), "%s", why ? why : "its process ended without a word");
	}
	kill(s->pid, SIGKILL);
	while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(s->pipe);
	c->over[s->row - c->row] = true;
	s->pid = 0;
	c->playing--;
}

/* ---- all of them ---- */

static void company_tell(struct company *c)
{
	while (c->told < c->rows && c->over[c->told])
		c->said(&c->row[c->told++]);
}

/* Waits for the first row that is over, or a signal. */
static int company_wait(struct company *c)
{
	struct pollfd fds[SLOTS_MAX + 1];

	for (unsigned i = 0; i < c->slots; i++)
		fds[i] = (struct pollfd){ .fd = c->slot[i].pid ? c->slot[i].pipe : -1, .events = POLLIN };
	fds[c->slots] = (struct pollfd){ .fd = c->signal_fd, .events = POLLIN };
	poll(fds, c->slots + 1, TICK_MS);
	if (fds[c->slots].revents)
		return -EINTR;
	for (unsigned i = 0; i < c->slots; i++) {
		struct slot *s = &c->slot[i];
		bool late = s->pid && clock_now_ns() - s->from_ns > row_limit_ns;

		if (s->pid && (late || fds[i].revents))
			slot_end(c, s, SELFTEST_DIFFERS, fds[i].revents ? NULL : "it took more than a minute");
	}
	company_tell(c);
	return 0;
}

static struct slot *company_free_slot(struct company *c)
{
	for (unsigned i = 0; i < c->slots; i++)
		if (!c->slot[i].pid)
			return &c->slot[i];
	return NULL;
}

/* The rows that bear company, or after them those that do not, one by one. */
static int company_play(struct company *c, bool alone, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; i < c->rows && rc >= 0;) {
		struct row_of of = selftest_row_of(c->here, &c->row[i]);

		if (c->over[i] || of.fault->alone != alone) {
			i++;
			continue;
		}
		if (stage_skips(c->here, &of, &c->row[i])) {
			c->over[i++] = true;
			continue;
		}
		struct slot *s = alone && c->playing ? NULL : company_free_slot(c);

		rc = s ? slot_start(c, s, &c->row[i], &of, err) : company_wait(c);
		i += s && rc >= 0;
	}
	while (c->playing && rc >= 0)
		rc = company_wait(c);
	company_tell(c);
	return rc;
}

/* Rows wait more than they work: in the drain, where what was lost is waited for. */
static unsigned company_slots(void)
{
	struct cpu_list allowed;

	cpu_allowed(&allowed);
	return SLOTS_EACH_CPU * allowed.count < SLOTS_MAX ? SLOTS_EACH_CPU * allowed.count : SLOTS_MAX;
}

int selftest_play(const struct selftest_here *here, struct selftest_row *row, unsigned rows, int signal_fd,
	void (*said)(const struct selftest_row *row), struct err *err)
{
	struct company c = { .here = here, .row = row, .rows = rows, .signal_fd = signal_fd, .said = said };
	int rc;

	c.slots = company_slots();
	for (unsigned i = 0; i < rows; i++)
		snprintf(row[i].why, sizeof(row[i].why), "not played");
	rc = company_play(&c, false, err);
	if (rc >= 0)
		rc = company_play(&c, true, err);
	for (unsigned i = 0; i < c.slots; i++)
		if (c.slot[i].pid)
			slot_end(&c, &c.slot[i], SELFTEST_SKIPPED, rc == -EINTR ? "interrupted" : "not played to its end");
	return rc;
}
