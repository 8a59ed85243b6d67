/* One io_uring of a worker, which all that it does through io_uring shares: its sockets' ports, and
 * its wait.  Needs Linux 6.1.
 *
 * A user joins with its socket and a callback.  It fills requests (uring_sqe(), a prep function
 * of liburing's with the user's index as descriptor, uring_tag()); they leave with the next
 * uring_turn() or uring_wait(), in one system call together with the picking up of what has
 * completed.  Completions reach the callback of whoever made the request, with its tag.
 *
 * The ring is made with SINGLE_ISSUER and DEFER_TASKRUN: the kernel works for it only inside the
 * owner's calls, and io_uring_setup(2)'s TASKRUN_FLAG tells without a call whether there is
 * anything to be done.
 *
 * One owner thread: that of the first uring_join() calls everything.  Only join and leave
 * allocate.
 *
 * Sources: io_uring(7), io_uring_setup(2), io_uring_enter(2), io_uring_register(2). */
#pragma once

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct worker;

enum {
	URING_USERS_MAX = 8,
	URING_ENTRIES_MAX = 8192, /* requests that wait for a call */
	URING_POLLER_IDLE_MS = 10,
};

struct uring_user {
	/* Called inside turn and wait, for each completion.  It makes no requests.  0, or -errno
	 * with *err where the owner cannot go on. */
	int (*done)(struct uring_user *user, uint32_t tag, const struct io_uring_cqe *cqe, struct err *err);
	/* Its requests are zero-copy sends: what follows their completion is a notice, which is not
	 * waited for when they are cancelled. */
	bool notices;
};

struct uring {
	struct io_uring ring;
	struct uring_user *user[URING_USERS_MAX];
	unsigned users;
	unsigned pending[URING_USERS_MAX]; /* requests of each user that have not ended */
	/* requests that the next call completes with certainty: MSG_DONTWAIT; the users' */
	unsigned prompt;
	/* completions that users have put aside for the owner: no time to sleep */
	unsigned news;
	bool polls_wake; /* the worker's wake_fd is a request */
	bool woken;      /* it is readable, and nobody has told the worker */
	uint64_t calls;  /* system calls of turn and sqe, cumulative */
	/* the kernel's thread that looks for requests, of a ring made with `polled`; else 0 */
	pid_t poller;
};

struct uring_config {
	unsigned entries; /* requests a call, at most URING_ENTRIES_MAX */
	/* A thread of the kernel's takes requests without a call (SQPOLL), and sleeps when there
	 * were none for URING_POLLER_IDLE_MS.  It has a CPU of its own where there is one. */
	bool polled;
};

/* io_uring_setup(2) as all of them want it; 0, or -errno that uring_explain() knows. */
int uring_set_up(struct io_uring *ring, const struct uring_config *config);

/* user gets completions, and fd is registered: descriptor of its requests is the index that this
 * returns, with IOSQE_FIXED_FILE.  fd -1: uring_set_socket() comes later.  *ring is the one to
 * join, or NULL: a new one is made as config says, and stored there.  -errno with *err: -EPERM,
 * -ENOSYS, -EINVAL as uring_explain() has it, -ENOSPC with too many users. */
int uring_join(struct uring **ring, const struct uring_config *config, struct uring_user *user, int fd, struct err *err);
/* Another socket for this user, -1: none; nothing of it may be pending.  0, or -errno with *err. */
int uring_set_socket(struct uring *ring, unsigned index, int fd, struct err *err);
/* Ends all requests of the user, and picks up their completions. */
void uring_cancel(struct uring *ring, unsigned index);
/* Cancels the user's requests and picks up all their completions; when this returns the kernel does
 * not touch their memory any more, and holds no reference to the socket.  The last one that leaves
 * closes the ring. */
void uring_leave(struct uring *ring, unsigned index);

/* A request to fill, or NULL: the kernel takes no more just now (it has been asked). */
struct io_uring_sqe *uring_sqe(struct uring *ring);
/* The user's own, on its socket; after the prep function. */
static inline void uring_tag(struct uring *ring, struct io_uring_sqe *sqe, unsigned index, uint32_t tag)
{
	ring->pending[index]++;
	sqe->flags |= IOSQE_FIXED_FILE;
	sqe->user_data = (uint64_t)index << 32 | tag;
}

/* Requests that wait for a call. */
static inline unsigned uring_queued(const struct uring *ring)
{
	return io_uring_sq_ready(&ring->ring);
}

/* Is there something to pick up, or for the kernel to do in a call?  No system call. */
static inline bool uring_has_work(const struct uring *ring)
{
	return io_uring_cq_ready(&ring->ring) ||
	       IO_URING_READ_ONCE(*ring->ring.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW);
}

/* Where a thread of the kernel's waits for requests: it may take those that are queued. */
void uring_show(struct uring *ring);
/* Submits what is queued, lets the kernel work, hands out completions: one system call, or none
 * where nothing is queued and there is no work.  0, or -errno with *err. */
int uring_turn(struct uring *ring, struct err *err);
/* The same, and sleeps until something completes that is not prompt, or until_ns (CLOCK_MONOTONIC),
 * or the worker is told something: keeps the contract of engine->wait(). */
int uring_wait(struct uring *ring, struct worker *w, int64_t until_ns, struct err *err);
