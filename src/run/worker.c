/* Workers: the thread that runs an engine's operations, and how the control thread tells it what
 * to do.  See worker.h. */
#include "run/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "run/thread.h"

/* A sleep overshoots by up to 60 us even with 1 ns of timer slack: the rest is spun. */
static const int64_t spin_ns = 60 * NS_PER_US;
static const int64_t longest_wait_ns = WORKER_WAIT_MS * (int64_t)NS_PER_MS;
/* A signal that comes just before a call does not end it: so soon is it sent again. */
static const int64_t wake_again_ns = 10 * NS_PER_MS;
/* Waits of so long each, without an answer: open() resolves names and waits for the other end;
 * close() gives back what is there.  Counted, not timed: a process that was stopped meanwhile has
 * not been patient. */
enum { OPEN_WAITS = 6000, CLOSE_WAITS = 1500, CLOSE_WAITS_HURRIED = 100 };

static void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static void eventfd_signal(int fd)
{
	uint64_t one = 1;

	/* EAGAIN means that the counter is full: readable it is, which is all that matters. */
	if (fd >= 0 && write(fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		return;
}

/* ---- orders ---- */

static int step_idle(struct worker *w, struct err *err)
{
	(void)w;
	(void)err;
	return 0;
}

/* A burst, and a spin for as much of its time as the plan says: others pay nothing for that. */
static int step_handicapped(struct worker *w, struct err *err)
{
	int64_t began_ns = clock_now_ns(), until_ns;
	int rc = w->engine->poll(w, err);

	if (rc <= 0)
		return rc;
	until_ns = clock_now_ns();
	until_ns += (until_ns - began_ns) * w->plan->handicap_percent / 100;
	while (clock_now_ns() < until_ns)
		cpu_relax();
	return rc;
}

static void choose_step(struct worker *w)
{
	bool quiet = w->phase == PHASE_SETTLE || w->phase == PHASE_DRAIN;

	if (quiet && w->engine->drain && w->self->role & w->plan->quiet_first)
		w->step = w->engine->drain;
	else
		w->step = w->plan->handicap_percent ? step_handicapped : w->engine->poll;
}

/* The lowest and highest of the time before say nothing of the measure phase. */
static void forget_extremes(struct worker *w)
{
	unsigned counters = engine_counters(w->engine);

	for (unsigned i = COUNTER_OWN; i < counters; i++)
		if (counter_first(engine_counter(w->engine, i)->kind))
			counter_set(w->counters, i, COUNTER_NOTHING);
	for (unsigned i = 0; i < LATENCIES_MAX; i++)
		if (w->latency[i])
			histogram_forget_extremes(w->latency[i]);
	if (w->rows)
		rows_forget_extremes(w->rows);
}

static bool has_ended(const struct worker *w)
{
	return atomic_load_explicit(&w->status->ended, memory_order_relaxed);
}

static void mark_end(struct worker *w)
{
	if (has_ended(w))
		return;
	worker_mark(w, &w->measure_to);
	atomic_store_explicit(&w->status->ended, true, memory_order_release);
}

static int enter_phase(struct worker *w, enum phase phase)
{
	int rc;

	if (phase == PHASE_MEASURE)
		forget_extremes(w);
	rc = worker_observe(w);

	if (phase == PHASE_MEASURE)
		worker_mark(w, &w->measure_from);
	else if (w->phase == PHASE_MEASURE)
		mark_end(w);
	w->phase = phase;
	w->phase_ns = clock_run_ns();
	choose_step(w);
	if (rc >= 0 && w->engine->enter)
		rc = w->engine->enter(w, phase, &w->err);
	if (rc < 0)
		return rc;
	atomic_store_explicit(&w->status->phase, phase, memory_order_release);
	eventfd_signal(w->ack_fd);
	return 0;
}

static int answer_tick(struct worker *w, uint32_t tick)
{
	bool answer = atomic_load_explicit(&w->control->answer, memory_order_relaxed);
	int rc;

	if (atomic_load_explicit(&w->control->still, memory_order_relaxed))
		w->step = step_idle;
	rc = worker_observe(w);

	w->tick = tick;
	if (rc < 0)
		return rc;
	atomic_store_explicit(&w->status->tick, tick, memory_order_release);
	if (answer)
		eventfd_signal(w->ack_fd);
	return 0;
}

/* The loop saw a control word change.  They are read again with acquire: the virtual time was
 * set before them. */
static int obey(struct worker *w)
{
	uint32_t phase = atomic_load_explicit(&w->control->phase, memory_order_acquire);
	uint32_t tick = atomic_load_explicit(&w->control->tick, memory_order_acquire);
	int rc = 0;

	if (phase == PHASE_DONE) {
		w->phase = PHASE_DONE;
		return 0;
	}
	/* It may have gone on by itself. */
	if (phase != w->told && phase != (uint32_t)w->phase)
		rc = enter_phase(w, (enum phase)phase);
	w->told = phase;
	if (rc >= 0 && tick != w->tick)
		rc = answer_tick(w, tick);
	return rc;
}

/* The time of the measure phase is over.  Who starts the traffic stops by itself, so that a run of
 * t seconds measures t seconds however many threads there are to be told; the others take what is
 * still under way until they are told, but their counters are those of now. */
static int end_by_itself(struct worker *w)
{
	int rc;

	if (w->self->role & w->plan->quiet_first)
		return enter_phase(w, PHASE_DRAIN);
	rc = worker_observe(w);
	mark_end(w);
	return rc;
}

static int64_t end_of_measure(const struct worker *w)
{
	bool keeps_time = w->phase == PHASE_MEASURE && !w->engine->synthetic && !has_ended(w);

	return keeps_time ? atomic_load_explicit(&w->control->end_ns, memory_order_relaxed) : 0;
}

/* ---- the loop ---- */

void worker_woken(struct worker *w)
{
	uint64_t count;

	if (read(w->wake_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
}

int worker_ppoll(struct worker *w, int64_t until_ns, struct err *err)
{
	int64_t left_ns = until_ns - clock_now_ns(), time_ns = left_ns > 0 ? left_ns : 0;
	struct timespec timeout = { .tv_sec = time_ns / NS_PER_S, .tv_nsec = time_ns % NS_PER_S };
	/* An idle worker would find its descriptors ready for ever: nobody reads them. */
	unsigned count = w->step == step_idle ? 0 : w->wait.count;
	struct pollfd fd[WORKER_WAIT_FDS + 1];

	(void)err;
	memcpy(fd, w->wait.fd, count * sizeof(fd[0]));
	fd[count] = (struct pollfd){ .fd = w->wake_fd, .events = POLLIN };
	if (!w->engine->synthetic)
		worker_count_wait(w);
	if (ppoll(fd, count + 1, &timeout, NULL) <= 0)
		return 0;
	if (fd[count].revents)
		worker_woken(w);
	memcpy(w->wait.fd, fd, count * sizeof(fd[0]));
	return 0;
}

/* The end of a wait that begins now; 0: there is no time to sleep.  On the virtual clock deadlines
 * mean nothing here: the tick ends the wait. */
static int64_t wait_until(const struct worker *w)
{
	int64_t now_ns = clock_now_ns(), latest_ns = now_ns + longest_wait_ns, end_ns = end_of_measure(w), due_ns;

	if (end_ns && end_ns < latest_ns)
		latest_ns = end_ns;
	if (w->step == step_idle || !w->wait.until_ns || clock_is_virtual())
		return latest_ns;
	/* Nothing that is only counted is worth spinning for. */
	due_ns = w->wait.until_ns - (w->engine->synthetic ? 0 : spin_ns);
	if (due_ns <= now_ns)
		return 0;
	return due_ns < latest_ns ? due_ns : latest_ns;
}

static int worker_wait(struct worker *w)
{
	bool idle = w->step == step_idle;
	int64_t until_ns = w->plan->wait == WAIT_SPIN && !idle ? 0 : wait_until(w);

	if (!until_ns) {
		cpu_relax();
		return 0;
	}
	/* An order that came during the burst has been signalled already: no sleep. */
	if (w->signalled && worker_is_told(w))
		return 0;
	return idle ? worker_ppoll(w, until_ns, &w->err) : w->sleep(w, until_ns, &w->err);
}

static int worker_loop(struct worker *w)
{
	for (;;) {
		int rc = worker_is_told(w) ? obey(w) : 0;
		int64_t end_ns = end_of_measure(w);

		if (rc >= 0 && end_ns && clock_run_ns() >= end_ns)
			rc = end_by_itself(w);
		if (rc < 0 || w->phase == PHASE_DONE)
			return rc;
		rc = w->step(w, &w->err);
		if (rc == 0)
			rc = worker_wait(w);
		if (rc < 0)
			return rc;
	}
}

/* ---- for the engine ---- */

int worker_add_helper(struct worker *w, pid_t tid, struct err *err)
{
	struct worker_helper h = { .tid = tid };
	int rc;

	if (w->helpers == WORKER_HELPERS)
		return err_say(err, ENOSPC, "a worker has at most %d helper threads", WORKER_HELPERS);
	rc = thread_cpu_ns(tid, &h.from_ns);
	if (rc < 0)
		return err_sys(err, -rc, "read the CPU clock of thread %d", (int)tid);
	h.cpu_ns = h.from_ns;
	w->helper[w->helpers++] = h;
	return 0;
}

int worker_rows(struct worker *w, unsigned most, struct err *err)
{
	return rows_new(w->engine->details, most, &w->rows, err);
}

/* ---- the thread ---- */

static void name_worker(const struct worker *w)
{
	char name[16];

	snprintf(name, sizeof(name), "nd-%s%u", engine_role(w->engine, w->self->role)->brief, w->self->index % 100000);
	thread_name_self(name);
}

/* Without its CPU a worker still measures, only less steadily: a warning, not an error. */
static void pin_worker(struct worker *w)
{
	struct err why = ERR_NONE;

	if (w->engine->synthetic || w->self->cpu < 0)
		return;
	w->pinned = cpu_pin_self(w->self->cpu, &why) >= 0;
	if (!w->pinned)
		plan_note(w->plan, "%s %u is not pinned: %s", engine_role(w->engine, w->self->role)->title, w->self->index,
			why.text);
}

static int worker_open(struct worker *w)
{
	name_worker(w);
	pin_worker(w);
	worker_observe_open(w);
	return w->engine->open(w, &w->err);
}

static void report_error(struct worker *w, int rc)
{
	if (w->phase == PHASE_MEASURE)
		mark_end(w);
	if (!w->err.text[0])
		err_say(&w->err, -rc, "%s: %s", w->engine->name, strerror(-rc));
	atomic_store_explicit(&w->status->error, -rc, memory_order_release);
	eventfd_signal(w->ack_fd);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	int rc;

	w->tid = gettid();
	rc = worker_open(w);

	w->signalled = w->wait.by_signal && w->sleep == w->engine->wait;
	if (w->signalled)
		thread_accept_wakes();
	if (rc < 0)
		report_error(w, rc);
	else /* all that open() has set comes before this */
		atomic_store_explicit(&w->status->error, 0, memory_order_release);
	sem_post(&w->opened);
	if (rc >= 0 && (rc = worker_loop(w)) < 0)
		report_error(w, rc);
	while (rc >= 0 && sem_wait(&w->may_close) < 0)
		;
	w->engine->close(w);
	perf_close(&w->perf);
	if (w->schedstat_fd >= 0)
		close(w->schedstat_fd);
	sem_post(&w->closed);
	return NULL;
}

/* ---- for the control thread ---- */

static bool worker_allocate(struct worker *w)
{
	const struct latency_def *latencies = w->engine->latencies;
	unsigned recorded = 0;

	for (unsigned i = 0; i < engine_latencies(w->engine); i++)
		if (latencies[i].roles & ~w->plan->unrecorded[i] & w->self->role)
			recorded |= 1u << i;
	w->block = block_new(recorded, w->plan->stage_roles & w->self->role);
	if (!w->block)
		return false;
	w->counters = &w->block->counters;
	w->control = &w->block->control;
	w->status = &w->block->status;
	for (unsigned i = 0; i < LATENCIES_MAX; i++)
		w->latency[i] = block_latency(w->block, i);
	w->stages = block_stages(w->block);
	return true;
}

int worker_init(struct worker *w, const struct engine *engine, const struct options *options, struct plan *plan, unsigned index,
	struct err *err)
{
	*w = (struct worker){ .engine = engine,
		.options = options,
		.plan = plan,
		.self = &plan->worker[index],
		.phase = PHASE_PREPARE,
		.told = PHASE_PREPARE,
		.step = step_idle,
		.sleep = engine->wait && plan->wait == WAIT_BLOCK ? engine->wait : worker_ppoll,
		.perf_calls = &perf_calls_real,
		.schedstat_fd = -1,
		.ack_fd = -1 };
	sem_init(&w->opened, 0, 0);
	sem_init(&w->may_close, 0, 0);
	sem_init(&w->closed, 0, 0);
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->wake_fd < 0)
		return err_sys(err, errno, "prepare worker %u: eventfd", index);
	if (!worker_allocate(w))
		return err_sys(err, ENOMEM, "prepare worker %u", index);
	forget_extremes(w);
	atomic_store_explicit(&w->control->phase, PHASE_PREPARE, memory_order_relaxed);
	atomic_store_explicit(&w->control->load, plan->load, memory_order_relaxed);
	return 0;
}

static bool await_for_a_moment(sem_t *s)
{
	int64_t until_ns = clock_now_ns() + wake_again_ns;
	struct timespec until = { .tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S };

	return sem_clockwait(s, CLOCK_MONOTONIC, &until) == 0;
}

static bool has_opened(struct worker *w)
{
	for (unsigned waits = 0; waits < OPEN_WAITS; waits++)
		if (await_for_a_moment(&w->opened))
			return true;
	return false;
}

int worker_start(struct worker *w, struct err *err)
{
	int rc = thread_start(&w->thread, worker_main, w, "worker", err);

	if (rc < 0)
		return rc;
	w->started = true;
	if (!has_opened(w))
		return err_say(err, ETIMEDOUT, "%s worker %u does not get ready: it is stuck in one call",
			engine_role(w->engine, w->self->role)->title, w->self->index);
	int error = atomic_load_explicit(&w->status->error, memory_order_acquire);
	if (!error)
		return 0;
	worker_stop(w);
	return err_say(err, error, "%s", w->err.text);
}

void worker_wake(struct worker *w)
{
	eventfd_signal(w->wake_fd);
	if (w->signalled)
		thread_wake(w->thread);
}

void worker_tell(struct worker *w, enum phase phase)
{
	atomic_store_explicit(&w->control->phase, phase, memory_order_release);
	worker_wake(w);
}

void worker_tick(struct worker *w, uint32_t tick, bool wake)
{
	atomic_store_explicit(&w->control->answer, wake, memory_order_relaxed);
	atomic_store_explicit(&w->control->tick, tick, memory_order_release);
	if (wake)
		worker_wake(w);
}

void worker_set_load(struct worker *w, uint64_t load)
{
	atomic_store_explicit(&w->control->load, load, memory_order_relaxed);
	worker_wake(w);
}

static bool has_closed(struct worker *w)
{
	unsigned most = w->hurried ? CLOSE_WAITS_HURRIED : CLOSE_WAITS;

	for (unsigned waits = 0; waits < most; waits++) {
		if (await_for_a_moment(&w->closed))
			return true;
		worker_wake(w);
	}
	return false;
}

void worker_stop(struct worker *w)
{
	if (!w->started || w->lost)
		return;
	worker_tell(w, PHASE_DONE);
	sem_post(&w->may_close);
	w->lost = !has_closed(w);
	if (w->lost)
		return;
	pthread_join(w->thread, NULL);
	w->started = false;
}

void worker_free(struct worker *w)
{
	if (!w->engine)
		return;
	worker_stop(w);
	if (w->lost)
		return;
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	sem_destroy(&w->opened);
	sem_destroy(&w->may_close);
	sem_destroy(&w->closed);
	free(w->block);
	rows_free(w->rows);
	*w = (struct worker){ .wake_fd = -1, .ack_fd = -1 };
}
