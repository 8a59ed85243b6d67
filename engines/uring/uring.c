/* See uring.h. */
#include "engines/uring/uring.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "engines/uring/uring_probe.h"
#include "run/worker.h"

enum {
	OWN = URING_USERS_MAX, /* in place of a user's index: the ring's own requests */
	OWN_WAKE = 1,
	CQ_FACTOR = 4, /* completions that fit, for each request that does */
	CANCEL_TURNS = 1000,
	FDINFO_BYTES = 1 << 20,
};

int uring_set_up(struct io_uring *ring, const struct uring_config *config)
{
	static const unsigned common = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE |
				       IORING_SETUP_CLAMP;
	unsigned entries = config->entries < URING_ENTRIES_MAX ? config->entries : URING_ENTRIES_MAX;
	struct io_uring_params params = {
		.flags = common | (config->polled ? IORING_SETUP_SQPOLL : IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG),
		.cq_entries = CQ_FACTOR * entries,
		.sq_thread_idle = URING_POLLER_IDLE_MS,
	};

	return io_uring_queue_init_params(entries, ring, &params);
}

/* The ring's description has it: "SqThread:\t1234".  0: there is none. */
static pid_t uring_read_poller(int fd)
{
	char path[64], *text = NULL, *at;
	struct err ignored = ERR_NONE;
	size_t len;
	pid_t tid = 0;

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", fd);
	if (file_read_all(path, FDINFO_BYTES, &text, &len, &ignored) < 0)
		return 0;
	at = strstr(text, "SqThread:");
	if (at)
		tid = (pid_t)atoi(at + sizeof("SqThread:") - 1);
	free(text);
	return tid > 0 ? tid : 0;
}

static int uring_open(struct uring **ret_ring, const struct uring_config *config, struct err *err)
{
	struct uring *r = calloc(1, sizeof(*r));
	char why[160];

	if (!r)
		return err_sys(err, ENOMEM, "open an io_uring");
	int rc = uring_set_up(&r->ring, config);
	if (rc < 0) {
		uring_explain_here(-rc, why, sizeof(why));
		free(r);
		return err_say(err, -rc, "%s", why);
	}
	if (config->polled)
		r->poller = uring_read_poller(r->ring.ring_fd);
	/* Saves a look-up in each call; a thread may have 16 such. */
	io_uring_register_ring_fd(&r->ring);
	rc = io_uring_register_files_sparse(&r->ring, URING_USERS_MAX);
	if (rc < 0) {
		io_uring_queue_exit(&r->ring);
		free(r);
		return err_sys(err, -rc, "register files with an io_uring");
	}
	*ret_ring = r;
	return 0;
}

static void uring_close(struct uring *r)
{
	struct io_uring_sync_cancel_reg all = { .flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL,
		.timeout = { .tv_sec = -1, .tv_nsec = -1 } };

	io_uring_register_sync_cancel(&r->ring, &all);
	io_uring_unregister_files(&r->ring);
	io_uring_queue_exit(&r->ring);
	free(r);
}

static unsigned uring_free_index(const struct uring *r)
{
	unsigned i = 0;

	while (i < URING_USERS_MAX && r->user[i])
		i++;
	return i;
}

int uring_join(struct uring **ring, const struct uring_config *config, struct uring_user *user, int fd, struct err *err)
{
	struct uring *r = *ring;
	int rc = r ? 0 : uring_open(&r, config, err);

	if (rc < 0)
		return rc;
	unsigned index = uring_free_index(r);
	if (index == URING_USERS_MAX)
		return err_say(err, ENOSPC, "an io_uring has room for %d sockets", URING_USERS_MAX);
	rc = fd < 0 ? 0 : uring_set_socket(r, index, fd, err);
	if (rc < 0) {
		if (!r->users)
			uring_close(r);
		return rc;
	}
	r->user[index] = user;
	r->pending[index] = 0;
	r->users++;
	*ring = r;
	return (int)index;
}

int uring_set_socket(struct uring *r, unsigned index, int fd, struct err *err)
{
	int rc = io_uring_register_files_update(&r->ring, index, &fd, 1);

	return rc < 0 ? err_sys(err, -rc, "register a socket with an io_uring") : 0;
}

void uring_cancel(struct uring *r, unsigned index)
{
	struct io_uring_sync_cancel_reg of_user = {
		.fd = (int)index,
		.flags = IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_FD_FIXED | IORING_ASYNC_CANCEL_ALL,
		.timeout = { .tv_sec = -1, .tv_nsec = -1 },
	};
	struct err ignored = ERR_NONE;

	/* What is still queued goes out first: a request that was never made could not be
	 * cancelled. */
	uring_turn(r, &ignored);
	for (unsigned i = 0; i < CANCEL_TURNS && r->pending[index]; i++) {
		struct __kernel_timespec soon = { .tv_nsec = NS_PER_MS };
		struct io_uring_cqe *cqe;

		io_uring_register_sync_cancel(&r->ring, &of_user);
		uring_turn(r, &ignored);
		if (r->pending[index])
			io_uring_wait_cqe_timeout(&r->ring, &cqe, &soon);
	}
}

void uring_leave(struct uring *r, unsigned index)
{
	struct err ignored = ERR_NONE;

	uring_cancel(r, index);
	uring_set_socket(r, index, -1, &ignored);
	r->user[index] = NULL;
	if (--r->users == 0)
		uring_close(r);
}

/* ---- requests and completions ---- */

/* May a call be made again that failed so? */
static bool is_passing(int rc)
{
	return rc == -EINTR || rc == -EAGAIN || rc == -EBUSY || rc == -ETIME;
}

struct io_uring_sqe *uring_sqe(struct uring *r)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->ring);

	if (sqe)
		return sqe;
	r->calls++;
	io_uring_submit(&r->ring);
	return io_uring_get_sqe(&r->ring);
}

/* Of the ring itself: the worker is told something. */
static void uring_own_done(struct uring *r, const struct io_uring_cqe *cqe)
{
	if ((uint32_t)cqe->user_data != OWN_WAKE)
		return;
	r->woken = true;
	r->polls_wake = cqe->flags & IORING_CQE_F_MORE;
}

/* Is this the last that the request itself has to say? */
static bool uring_has_ended(const struct uring_user *user, unsigned flags)
{
	return !(flags & IORING_CQE_F_NOTIF) && (user->notices || !(flags & IORING_CQE_F_MORE));
}

static int uring_reap(struct uring *r, struct err *err)
{
	struct io_uring_cqe *cqe;
	unsigned head, n = 0;
	int rc = 0;

	io_uring_for_each_cqe(&r->ring, head, cqe)
	{
		unsigned index = (unsigned)(cqe->user_data >> 32);
		int one = 0;

		if (index >= OWN) {
			uring_own_done(r, cqe);
		} else if (r->user[index]) {
			r->pending[index] -= uring_has_ended(r->user[index], cqe->flags);
			one = r->user[index]->done(r->user[index], (uint32_t)cqe->user_data, cqe, err);
		}
		rc = rc < 0 ? rc : one;
		n++;
	}
	io_uring_cq_advance(&r->ring, n);
	return rc < 0 ? rc : 0;
}

/* Does the thread that looks for requests have to be woken? */
static bool uring_poller_sleeps(const struct uring *r)
{
	/* It looks at the queue once more after it has set this, and we have filled the queue: a
	 * sequentially consistent read-modify-write is the barrier, which ThreadSanitizer, too,
	 * knows. */
	return __atomic_fetch_or(r->ring.sq.kflags, 0, __ATOMIC_SEQ_CST) & IORING_SQ_NEED_WAKEUP;
}

void uring_show(struct uring *r)
{
	if (!r->poller || !uring_queued(r))
		return;
	r->calls += uring_poller_sleeps(r);
	io_uring_submit(&r->ring);
}

static int uring_call(struct uring *r)
{
	if (r->poller) {
		uring_show(r);
		return 0;
	}
	if (!uring_queued(r) && !uring_has_work(r))
		return 0;
	r->calls++;
	return io_uring_submit_and_get_events(&r->ring);
}

int uring_turn(struct uring *r, struct err *err)
{
	int rc = uring_call(r);

	if (rc < 0 && !is_passing(rc))
		return err_sys(err, -rc, "io_uring_enter");
	return uring_reap(r, err);
}

/* ---- waiting ---- */

static void uring_poll_wake(struct uring *r, const struct worker *w)
{
	struct io_uring_sqe *sqe = r->polls_wake ? NULL : uring_sqe(r);

	if (!sqe)
		return;
	io_uring_prep_poll_multishot(sqe, w->wake_fd, POLLIN);
	sqe->user_data = (uint64_t)OWN << 32 | OWN_WAKE;
	r->polls_wake = true;
}

static void uring_tell_woken(struct uring *r, struct worker *w)
{
	if (!r->woken)
		return;
	r->woken = false;
	worker_woken(w);
}

static int uring_sleep(struct uring *r, int64_t until_ns, struct err *err)
{
	int64_t left_ns = until_ns - clock_now_ns(), time_ns = left_ns > 0 ? left_ns : 0;
	struct __kernel_timespec timeout = { .tv_sec = time_ns / NS_PER_S, .tv_nsec = time_ns % NS_PER_S };
	struct io_uring_cqe *cqe;
	int rc = io_uring_submit_and_wait_timeout(&r->ring, &cqe, r->prompt + 1, &timeout, NULL);

	return rc < 0 && !is_passing(rc) ? err_sys(err, -rc, "io_uring_enter") : 0;
}

int uring_wait(struct uring *r, struct worker *w, int64_t until_ns, struct err *err)
{
	uint64_t calls = r->calls;
	int rc = 0;

	uring_poll_wake(r, w);
	/* Not a sleep: there is something to do already. */
	if (r->news || r->woken || uring_has_work(r)) {
		rc = uring_turn(r, err);
	} else {
		worker_count_wait(w);
		rc = uring_sleep(r, until_ns, err);
		if (rc >= 0)
			rc = uring_reap(r, err);
	}
	worker_count(w, COUNTER_SYSCALLS, r->calls - calls);
	uring_tell_woken(r, w);
	return rc;
}
