/* A worker: one pinned thread that owns its sockets, its method's state and its counters.
 *
 * The engine's calls get a `struct worker` and may use the first part freely.  What the run reads
 * and writes of it while it works is its block. */
#pragma once

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "base/perf.h"
#include "mode/plan.h"
#include "run/block.h"
#include "run/rows.h"

enum {
	WORKER_WAIT_FDS = 6,
	WORKER_HELPERS = 64,
	WORKER_WAIT_MS = 100, /* the longest wait */
};

/* The worker waits after poll() or drain() returned 0, until one of the descriptors is ready, or
 * until_ns (CLOCK_MONOTONIC; 0 = no deadline), or it is told something.  The worker sleeps to
 * until_ns - 60 us and lets the engine spin the rest (timer slack is set to 1 ns). With --wait spin
 * it does not sleep.  The engine sets fds in open() and may change until_ns and events in any call.
 * Where engine->wait() is used, until_ns means the same and fds are for worker_ppoll(). */
struct worker_wait {
	struct pollfd fd[WORKER_WAIT_FDS];
	unsigned count;
	int64_t until_ns;
	/* Set in open(): engine->wait() blocks in a call that cannot watch wake_fd.  With --wait
	 * block, whoever tells the worker something then sends its thread a signal, too, and the
	 * call fails with EINTR.  A signal that comes just before the call is lost: the call
	 * needs a time limit of its own (SO_RCVTIMEO, SO_SNDTIMEO of WORKER_WAIT_MS, set once),
	 * and what must be answered is signalled again after 10 ms.  Where w->wait.until_ns is
	 * nearer than that limit, worker_ppoll() is the better wait. */
	bool by_signal;
};

/* A thread that works for the worker. */
struct worker_helper {
	pid_t tid; /* 0: it has ended */
	/* used when it was added, and by the newest reading */
	uint64_t from_ns, cpu_ns;
};

/* A worker's counters at an instant it chose itself: the exact edge of a phase. */
struct worker_mark {
	int64_t at_ns; /* 0: not reached */
	uint64_t value[COUNTERS_MAX];
};

struct worker {
	/* for the engine */
	const struct engine *engine;
	const struct options *options;
	struct plan *plan;
	const struct plan_worker *self;
	enum phase phase; /* own copy, changes between calls only */
	/* when it was entered, CLOCK_MONOTONIC (run clock for synthetic engines) */
	int64_t phase_ns;
	struct worker_wait wait;
	int wake_fd;          /* eventfd: readable when the worker is told something: ends a wait */
	void *state;          /* the engine's own */
	uint64_t unknown;     /* bit per counter that cannot be read here; set in open() only */
	char unknown_why[96]; /* of the engine's own; perf.why has that of hardware counters */
	/* parts of the block */
	struct counters *counters;
	struct histogram *latency[LATENCIES_MAX]; /* NULL where this role records none */
	struct rows *rows;                        /* by worker_rows(); NULL: keeps none */
	struct stage_record *stages;              /* NULL: this worker records none */

	/* the run layer's */
	struct block *block;
	struct worker_control *control; /* parts of it */
	struct worker_status *status;
	/* valid after the acknowledgement of MEASURE / DRAIN; measure_to once status->ended */
	struct worker_mark measure_from, measure_to;
	struct err err;
	struct perf perf;
	/* the real ones; tests set others before worker_start() */
	const struct perf_calls *perf_calls;
	struct worker_helper helper[WORKER_HELPERS];
	unsigned helpers;
	int schedstat_fd; /* /proc/thread-self/schedstat of this thread, or -1 */
	pthread_t thread;
	pid_t tid; /* of the thread; valid when open() has answered */
	bool started, pinned;
	bool hurried;   /* worker_stop() waits a second only: another one is lost already */
	bool lost;      /* its thread did not end: all that it may touch stays as it is */
	bool signalled; /* is woken by a signal, too; set before open() has answered */
	/* eventfd of the control thread, or -1: written after an acknowledged phase, an answered
	 * tick, an error */
	int ack_fd;
	sem_t opened, may_close, closed; /* open() has answered; may, has closed */
	/* own copies, of what was obeyed */
	uint32_t tick, told;
	int (*step)(struct worker *w, struct err *err); /* poll or drain, as the phase says */
	/* the engine's or worker_ppoll(), as --wait says */
	int (*sleep)(struct worker *w, int64_t until_ns, struct err *err);
};

/* The load as [ and ] have left it (plan->load at first): a window, or packets/s of the whole
 * run.  Relaxed load of a line nobody else writes often. */
static inline uint64_t worker_load(const struct worker *w)
{
	return atomic_load_explicit(&w->control->load, memory_order_relaxed);
}

static inline void worker_count(struct worker *w, unsigned index, uint64_t n)
{
	counter_add(w->counters, index, n);
}

/* A thread (gettid(2)) whose work is the worker's: of a pool, or the kernel's own for an SQPOLL
 * ring.  Its CPU time from now on counts as HELPER_CPU_NS, until it ends: what it used between
 * the last reading, ten of which there are a second, and its end is not seen.  In open() or any
 * later call.  -ENOSPC beyond WORKER_HELPERS. */
int worker_add_helper(struct worker *w, pid_t tid, struct err *err);
/* In open(): room for so many rows of the engine's details, w->rows.  -EINVAL, -ENOMEM. */
int worker_rows(struct worker *w, unsigned most, struct err *err);

/* ---- for engine->wait() ---- */

/* One wait, that is one system call. */
static inline void worker_count_wait(struct worker *w)
{
	worker_count(w, COUNTER_WAITS, 1);
	worker_count(w, COUNTER_SYSCALLS, 1);
}

/* So much is still to come before the run can begin (connections of a ramp): said in open(), and
 * whenever it changes.  The worker is in WARMUP meanwhile. */
static inline void worker_set_missing(struct worker *w, uint32_t missing)
{
	atomic_store_explicit(&w->status->missing, missing, memory_order_relaxed);
}

/* A send or a connection was refused, by the kernel or the network: the errno stands in the
 * verdict.  0 does no harm. */
static inline void worker_refused(struct worker *w, int errnum)
{
	if (errnum)
		atomic_store_explicit(&w->status->refusal, errnum, memory_order_relaxed);
}

/* Has it been told a phase or a tick that it has not answered?  A wait that makes several calls
 * asks before each, and returns to do so. */
static inline bool worker_is_told(const struct worker *w)
{
	return atomic_load_explicit(&w->control->phase, memory_order_relaxed) != w->told ||
	       atomic_load_explicit(&w->control->tick, memory_order_relaxed) != w->tick;
}

/* wake_fd was readable: it is not any more. */
void worker_woken(struct worker *w);
/* The wait of an engine that has none: ppoll(2) over w->wait.fd and wake_fd. */
int worker_ppoll(struct worker *w, int64_t until_ns, struct err *err);

/* ---- worker_observe.c (the worker's own thread) ---- */

/* Opens the hardware counters and the run delay; what there is not of them is unknown. */
void worker_observe_open(struct worker *w);
/* Counts what the kernel counts of this thread, and what the engine counts now and then.  0, or
 * what engine->observe() says. */
int worker_observe(struct worker *w);
/* The counters as they stand, and when. */
void worker_mark(struct worker *w, struct worker_mark *mark);

/* ---- for the run layer (control thread) ---- */

/* Allocates the block, eventfd.  0 or -errno; worker_free accepts half-made. */
int worker_init(struct worker *w, const struct engine *engine, const struct options *options, struct plan *plan, unsigned index,
	struct err *err);
/* Starts the thread, waits until open() has answered, for at most a minute.  On failure *err says
 * why, and the thread has ended, or worker_stop() has to look for it (-ETIMEDOUT). */
int worker_start(struct worker *w, struct err *err);
void worker_tell(struct worker *w, enum phase phase); /* and wakes it */
/* Again, where it has not answered: a signal may come too early (worker_wait.by_signal). */
void worker_wake(struct worker *w);
/* Housekeeping is due.  wake: at once, and the acknowledgement is announced on ack_fd. */
void worker_tick(struct worker *w, uint32_t tick, bool wake);
/* Not acknowledged.  A signal that comes too early (worker_wait.by_signal) is repeated by the next
 * housekeeping, a tick later at most, and no wait lasts longer than WORKER_WAIT_MS. */
void worker_set_load(struct worker *w, uint64_t load);
/* Tells PHASE_DONE, lets it close, joins: close() has run.  Of many workers all are told first
 * (worker_tell()): none works on while the others are waited for, and still they close one by
 * one.  One that has not closed after 15 s of waiting is lost: it is in a call that does not
 * return, nobody waits for it again, and what it may touch must stay until the process ends.
 * pthread_join(3) ends: the thread has said that nothing is left to do but to return. */
void worker_stop(struct worker *w);
/* What is lost (worker_stop()) is left as it is. */
void worker_free(struct worker *w);
