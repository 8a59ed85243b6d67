/* Threads that work for a worker: their CPU time is counted with it, as long as they live and
 * after they have ended. */
#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "run/thread.h"
#include "run/worker.h"
#include "../support/toy.h"

static const int64_t burn_ns = 30 * NS_PER_MS;

/* The server has one helper: it uses so much CPU time in the measure phase, then sleeps. */
static struct {
	pthread_t thread;
	sem_t ready, go, burnt, end;
	pid_t tid;
	uint64_t used_ns; /* when it had burnt */
} toy;

static unsigned threads_before, fds_before;

static uint64_t own_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void *help(void *arg)
{
	(void)arg;
	toy.tid = gettid();
	sem_post(&toy.ready);
	sem_wait(&toy.go);
	while (own_cpu_ns() < (uint64_t)burn_ns)
		;
	toy.used_ns = own_cpu_ns();
	sem_post(&toy.burnt);
	sem_wait(&toy.end);
	return NULL;
}

static int toy_open(struct worker *w, struct err *err)
{
	if (w->self->role != ROLE_SERVER)
		return engine_toy.open(w, err);
	if (pthread_create(&toy.thread, NULL, help, NULL))
		return err_sys(err, EAGAIN, "start a helper");
	sem_wait(&toy.ready);
	return worker_add_helper(w, toy.tid, err);
}

static int toy_enter(struct worker *w, enum phase phase, struct err *err)
{
	(void)err;
	if (w->self->role == ROLE_SERVER && phase == PHASE_MEASURE)
		sem_post(&toy.go);
	return 0;
}

static void toy_close(struct worker *w)
{
	if (w->self->role != ROLE_SERVER)
		return;
	sem_post(&toy.end);
	pthread_join(toy.thread, NULL);
}

static struct engine make_toy(void)
{
	struct engine e = engine_toy;

	script_reset();
	memset(&toy, 0, sizeof(toy));
	sem_init(&toy.ready, 0, 0);
	sem_init(&toy.go, 0, 0);
	sem_init(&toy.burnt, 0, 0);
	sem_init(&toy.end, 0, 0);
	e.open = toy_open;
	e.enter = toy_enter;
	e.close = toy_close;
	return e;
}

static void what_a_helper_uses_is_the_worker_s(void **state)
{
	struct engine engine = make_toy();
	struct session *s = make_session(0, false);
	struct gathered g = { 0 };

	(void)state;
	uint32_t id = start_run(s, &engine, PAIRS("cores=1", "warmup=0"));
	sem_wait(&toy.burnt);
	session_stop(s, false);
	const struct run_final *f = gather_until_final(s, id, &g);
	session_free(s);
	assert_int_equal(f->how, PHASE_DONE);
	/* The helper needs some CPU time more to fall asleep. */
	assert_between(f->settled[0].value[COUNTER_HELPER_CPU_NS], toy.used_ns / 2, toy.used_ns + 20 * NS_PER_MS);
	assert_int_equal(f->settled[1].value[COUNTER_HELPER_CPU_NS], 0);
	gather_free(&g);
}

/* The CPU time of the last reading stays when the helper has ended. */
static void a_helper_that_ended_is_not_forgotten(void **state)
{
	struct engine engine = make_toy();
	struct session *s = make_session(0, false);
	struct gathered g = { 0 };
	uint64_t seen = 0;

	(void)state;
	uint32_t id = start_run(s, &engine, PAIRS("cores=1", "warmup=0"));
	sem_wait(&toy.burnt);
	for (unsigned samples = 2; !seen; samples++) {
		gather_until_samples(s, id, PHASE_MEASURE, samples, &g);
		seen = gathered_sample(&g, id, -1)->worker[0].value[COUNTER_HELPER_CPU_NS];
	}
	sem_post(&toy.end);
	/* the control thread and two workers */
	assert_threads(threads_before + 3);
	gather_until_samples(s, id, PHASE_MEASURE, gathered_samples(&g, id) + 3, &g);
	session_stop(s, false);
	const struct run_final *f = gather_until_final(s, id, &g);
	session_free(s);
	assert_at_least(f->settled[0].value[COUNTER_HELPER_CPU_NS], seen / 2);
	gather_free(&g);
}

/* ---- one worker alone ---- */

static void begin_worker(struct worker *w, struct plan *plan, struct plan_worker *planned)
{
	struct err err = ERR_NONE;

	script_reset();
	*plan = (struct plan){ .workers = 1, .worker = planned };
	*planned = (struct plan_worker){ .role = ROLE_SERVER, .cpu = -1 };
	assert_int_equal(worker_init(w, &engine_toy, NULL, plan, 0, &err), 0);
}

static void a_thread_that_is_not_ours_is_refused(void **state)
{
	struct plan_worker planned;
	struct worker w;
	struct plan plan;
	struct err err = ERR_NONE;

	(void)state;
	begin_worker(&w, &plan, &planned);
	/* init(1), never a thread of this process */
	assert_less(worker_add_helper(&w, 1, &err), 0);
	assert_contains(err.text, "read the CPU clock of thread 1");
	assert_int_equal(w.helpers, 0);
	worker_free(&w);
}

static void there_is_room_for_so_many(void **state)
{
	struct plan_worker planned;
	struct worker w;
	struct plan plan;
	struct err err = ERR_NONE;

	(void)state;
	begin_worker(&w, &plan, &planned);
	for (unsigned i = 0; i < WORKER_HELPERS; i++)
		assert_int_equal(worker_add_helper(&w, gettid(), &err), 0);
	assert_int_equal(worker_add_helper(&w, gettid(), &err), -ENOSPC);
	assert_contains(err.text, "at most 64");
	worker_free(&w);
}

static int count(void **state)
{
	(void)state;
	threads_before = running_threads();
	fds_before = open_fds();
	return 0;
}

static int count_again(void **state)
{
	(void)state;
	assert_threads(threads_before);
	assert_int_equal(open_fds(), fds_before);
	return 0;
}

/* A thread is on its way to sleep, or to its end, for a moment. */
static void expect_not_runnable(pid_t tid)
{
	int64_t end_ns = clock_now_ns() + (int64_t)GATHER_DEADLINE_S * NS_PER_S;

	while (thread_is_runnable(tid) && clock_now_ns() < end_ns)
		sched_yield();
	assert_false(thread_is_runnable(tid));
}

/* A thread that computes is told from one that sleeps in a call, and from one that has ended. */
static void a_thread_that_sleeps_is_not_runnable(void **state)
{
	(void)state;
	make_toy();
	assert_int_equal(pthread_create(&toy.thread, NULL, help, NULL), 0);
	sem_wait(&toy.ready);
	expect_not_runnable(toy.tid);
	assert_true(thread_is_runnable(gettid()));
	sem_post(&toy.go);
	sem_post(&toy.end);
	pthread_join(toy.thread, NULL);
	expect_not_runnable(toy.tid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_a_helper_uses_is_the_worker_s, count, count_again),
		cmocka_unit_test_setup_teardown(a_helper_that_ended_is_not_forgotten, count, count_again),
		cmocka_unit_test_setup_teardown(a_thread_that_is_not_ours_is_refused, count, count_again),
		cmocka_unit_test_setup_teardown(there_is_room_for_so_many, count, count_again),
		cmocka_unit_test_setup_teardown(a_thread_that_sleeps_is_not_runnable, count, count_again),
	};

	start_first_thread();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
