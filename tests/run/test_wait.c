/* The wait of an engine's own: a wake-up costs one system call, and a worker hears everything that
 * it is told, in a call that watches wake_fd as in one that only a signal ends. */
#include "support.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "run/worker.h"
#include "../support/toy.h"

enum { WAKE_UPS = 100 };

/* ---- two modes that wait in calls of their own ---- */

/* The state of the server's wait; the client does what the scripted mode does. */
static struct {
	/* epoll(7); an eventfd in it, watched for edges: nobody needs to read it */
	int poller, data;
	int pair[2];   /* a stream socket and its peer */
	int timeout_s; /* of a blocking call */
	bool ready;    /* the worker's alone */
	_Atomic pid_t thread;
	_Atomic unsigned seen, waits, timeouts, interrupted, lost;
	_Atomic uint64_t load;
	_Atomic bool lose_signal;
} toy;

static bool is_server(const struct worker *w)
{
	return w->self->role == ROLE_SERVER;
}

static int toy_poll(struct worker *w, struct err *err);
static int toy_epoll(struct worker *w, int64_t until_ns, struct err *err);

static void watch_for(int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	assert_int_equal(epoll_ctl(toy.poller, EPOLL_CTL_ADD, fd, &event), 0);
}

static int epoll_open(struct worker *w, struct err *err)
{
	if (!is_server(w))
		return engine_toy.open(w, err);
	toy.thread = gettid();
	toy.poller = epoll_create1(EPOLL_CLOEXEC);
	toy.data = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	watch_for(toy.data, EPOLLIN | EPOLLET);
	watch_for(w->wake_fd, EPOLLIN);
	/* for --wait poll */
	w->wait.fd[0] = (struct pollfd){ .fd = toy.poller, .events = POLLIN };
	w->wait.count = 1;
	return 0;
}

static void epoll_close(struct worker *w)
{
	if (!is_server(w))
		return;
	close(toy.data);
	close(toy.poller);
}

static void take_events(struct worker *w, int timeout_ms)
{
	struct epoll_event event[4];
	int n = epoll_wait(toy.poller, event, 4, timeout_ms);

	toy.timeouts += !n;
	for (int i = 0; i < n; i++)
		if (event[i].data.fd == w->wake_fd)
			worker_woken(w);
		else
			toy.ready = true;
}

static int toy_epoll(struct worker *w, int64_t until_ns, struct err *err)
{
	int64_t left_ns = until_ns - clock_now_ns();

	if (!is_server(w))
		return worker_ppoll(w, until_ns, err);
	toy.waits++;
	worker_count_wait(w);
	take_events(w, left_ns > 0 ? (int)(left_ns / NS_PER_MS) : 0);
	return 0;
}

static int toy_poll(struct worker *w, struct err *err)
{
	if (!is_server(w))
		return engine_toy.poll(w, err);
	toy.load = worker_load(w);
	if (w->plan->wait != WAIT_BLOCK)
		take_events(w, 0);
	if (!toy.ready)
		return 0;
	toy.ready = false;
	toy.seen++;
	return 1;
}

static int block_open(struct worker *w, struct err *err)
{
	struct timeval limit = { .tv_sec = toy.timeout_s };

	if (!is_server(w))
		return engine_toy.open(w, err);
	w->wait.by_signal = true;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, toy.pair), 0);
	return setsockopt(toy.pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

static void block_close(struct worker *w)
{
	if (!is_server(w))
		return;
	close(toy.pair[0]);
	close(toy.pair[1]);
}

/* Drops a signal, as happens if it comes between the last look at the control words and the
 * call. */
static void lose_a_signal(struct worker *w)
{
	struct timespec limit = { .tv_sec = GATHER_DEADLINE_S };
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (atomic_load(&w->control->phase) == (uint32_t)w->phase)
		sched_yield();
	toy.lost += sigtimedwait(&all, NULL, &limit) > 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static int toy_block(struct worker *w, int64_t until_ns, struct err *err)
{
	char byte;

	if (!is_server(w))
		return worker_ppoll(w, until_ns, err);
	if (atomic_exchange(&toy.lose_signal, false))
		lose_a_signal(w);
	toy.waits++;
	worker_count_wait(w);
	if (recv(toy.pair[0], &byte, 1, 0) > 0) {
		toy.ready = true;
	} else {
		toy.interrupted += errno == EINTR;
		toy.timeouts += errno == EAGAIN;
	}
	return 0;
}

static struct engine make_toy(bool blocks)
{
	struct engine e = engine_toy;

	script_reset();
	memset(&toy, 0, sizeof(toy));
	toy.timeout_s = 60;
	e.open = blocks ? block_open : epoll_open;
	e.close = blocks ? block_close : epoll_close;
	e.wait = blocks ? toy_block : toy_epoll;
	e.poll = toy_poll;
	return e;
}

/* ---- one worker ---- */

struct rig {
	struct engine engine;
	struct plan plan;
	struct plan_worker planned;
	struct worker worker;
};

static void start(struct rig *rig, bool blocks, enum wait_how wait)
{
	struct err err = ERR_NONE;

	memset(rig, 0, sizeof(*rig));
	rig->engine = make_toy(blocks);
	rig->plan = (struct plan){ .workers = 1, .worker = &rig->planned, .wait = wait };
	rig->planned = (struct plan_worker){ .role = ROLE_SERVER, .cpu = -1 };
	assert_int_equal(worker_init(&rig->worker, &rig->engine, NULL, &rig->plan, 0, &err), 0);
	assert_int_equal(worker_start(&rig->worker, &err), 0);
}

static void wait_for_phase(const struct worker *w, enum phase phase)
{
	while (atomic_load(&w->status->phase) != (uint32_t)phase)
		sched_yield();
}

/* Waits for each edge before the next one, so that each is a wake-up. */
static void wake_by_data(void)
{
	for (unsigned i = 0; i < WAKE_UPS; i++) {
		unsigned seen = toy.seen;
		uint64_t one = 1;

		if (write(toy.data, &one, sizeof(one)) != sizeof(one))
			_exit(2);
		while (toy.seen == seen)
			sched_yield();
	}
}

/* Does the same, but the worker goes to sleep before the next one each time. */
static void wake_from_sleep(const struct worker *w)
{
	for (unsigned i = 0; i < WAKE_UPS; i++) {
		uint64_t waits = counter_get(w->counters, COUNTER_WAITS), one = 1;
		unsigned seen = toy.seen;

		assert_int_equal(write(toy.data, &one, sizeof(one)), sizeof(one));
		while (toy.seen == seen || counter_get(w->counters, COUNTER_WAITS) == waits)
			sched_yield();
	}
}

/* ---- counting system calls, as strace(1) does ---- */

/* Shared by the test and a child process whose worker it traces. */
struct shared {
	_Atomic pid_t thread;
	_Atomic bool traced, counting;
	_Atomic unsigned calls, wanted_calls; /* in all, and of the call that is looked for */
	_Atomic uint64_t other_call;          /* the number of the last one that was not */
	_Atomic unsigned timeouts;
	_Atomic uint64_t waits, syscalls; /* by the worker's own count */
};

static void traced_child(struct shared *s)
{
	struct rig rig;

	start(&rig, false, WAIT_BLOCK);
	worker_tell(&rig.worker, PHASE_MEASURE);
	wait_for_phase(&rig.worker, PHASE_MEASURE);
	s->thread = toy.thread;
	while (!s->traced)
		sched_yield();
	wake_by_data();
	uint64_t waits = counter_get(rig.worker.counters, COUNTER_WAITS);
	uint64_t syscalls = counter_get(rig.worker.counters, COUNTER_SYSCALLS);
	unsigned timeouts = toy.timeouts;
	s->counting = true;
	wake_by_data();
	s->counting = false;
	s->timeouts = toy.timeouts - timeouts;
	s->waits = counter_get(rig.worker.counters, COUNTER_WAITS) - waits;
	s->syscalls = counter_get(rig.worker.counters, COUNTER_SYSCALLS) - syscalls;
	worker_free(&rig.worker);
	_exit(0);
}

static bool is_epoll_wait(uint64_t call)
{
#ifdef SYS_epoll_wait
	if (call == SYS_epoll_wait)
		return true;
#endif
	return call == SYS_epoll_pwait;
}

static void note_call(struct shared *s, pid_t thread)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) <= 0 || info.op != PTRACE_SYSCALL_INFO_ENTRY ||
		!s->counting)
		return;
	s->calls++;
	if (is_epoll_wait(info.entry.nr))
		s->wanted_calls++;
	else
		s->other_call = info.entry.nr;
}

/* Traces until the thread has ended. */
static void trace(struct shared *s, pid_t thread)
{
	int status;

	ptrace(PTRACE_INTERRUPT, thread, 0, 0);
	while (waitpid(thread, &status, __WALL) == thread && WIFSTOPPED(status)) {
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			note_call(s, thread);
		s->traced = true;
		ptrace(PTRACE_SYSCALL, thread, 0, 0);
	}
}

static void a_wake_up_costs_one_system_call(void **state)
{
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child = fork();
	int status;

	(void)state;
	if (!child)
		traced_child(s);
	while (!s->thread)
		sched_yield();
	if (ptrace(PTRACE_SEIZE, s->thread, 0, PTRACE_O_TRACESYSGOOD) < 0) {
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		print_message("no ptrace(2) here: %s\n", strerror(errno));
		skip();
	}
	trace(s, s->thread);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* Counting may begin and end in the middle of a call. */
	assert_in_range(s->wanted_calls - s->timeouts, WAKE_UPS - 1, WAKE_UPS + 1);
#ifndef NETDYNO_SANITIZED /* a sanitizer's runtime calls the kernel on the worker's thread, too */
	assert_int_equal(s->other_call, 0);
	assert_int_equal(s->calls, s->wanted_calls);
#endif
	assert_in_range(s->waits - s->timeouts, WAKE_UPS - 1, WAKE_UPS + 1);
	assert_int_equal(s->syscalls, s->waits);
	munmap(s, sizeof(*s));
}

/* ---- --wait ---- */

static void poll_and_spin_do_not_call_it(void **state)
{
	static const enum wait_how how[] = { WAIT_POLL, WAIT_SPIN };
	struct rig rig;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		start(&rig, false, how[i]);
		worker_tell(&rig.worker, PHASE_MEASURE);
		wait_for_phase(&rig.worker, PHASE_MEASURE);
		if (how[i] == WAIT_POLL)
			wake_from_sleep(&rig.worker);
		else
			wake_by_data();
		worker_stop(&rig.worker);
		assert_int_equal(toy.waits, 0);
		/* One is the ppoll(2) of the phase before. */
		if (how[i] == WAIT_POLL)
			assert_in_range(counter_get(rig.worker.counters, COUNTER_WAITS), WAKE_UPS, UINT32_MAX);
		else
			assert_in_range(counter_get(rig.worker.counters, COUNTER_WAITS), 0, 1);
		worker_free(&rig.worker);
	}
}

/* ---- what it is told ---- */

/* Waits until the server has been told the load, and has answered a tick that came after it. */
static void gather_until_observed(struct session *s, uint32_t id, struct gathered *g)
{
	uint64_t seen_ns = gathered_sample(g, id, -1)->worker[0].value[COUNTER_OBSERVED_NS];

	for (unsigned samples = 4; toy.load != 77 || gathered_sample(g, id, -1)->worker[0].value[COUNTER_OBSERVED_NS] <= seen_ns;
		samples++)
		gather_until_samples(s, id, PHASE_MEASURE, samples, g);
}

static void run_with(bool blocks, bool lose)
{
	struct engine engine = make_toy(blocks);
	struct gathered g = { 0 };
	struct session *s = make_session(0, false);

	atomic_store(&toy.lose_signal, lose);
	uint32_t id = start_run(s, &engine, PAIRS("cores=1", "warmup=50ms", "duration=0"));
	gather_until_samples(s, id, PHASE_MEASURE, 3, &g);
	session_set_load(s, 77);
	gather_until_observed(s, id, &g);
	session_stop(s, false);
	const struct run_final *f = gather_until_final(s, id, &g);
	session_free(s);
	assert_string_equal(f->err.text, "");
	assert_int_equal(f->how, PHASE_DONE);
	/* The worker is stopped in every phase, ticked, and told the load, while no data comes. */
	assert_int_equal(toy.seen, 0);
	assert_int_equal(toy.load, 77);
	assert_in_range(toy.waits, 5, UINT32_MAX);
	gather_free(&g);
}

static void what_is_told_ends_an_own_wait(void **state)
{
	(void)state;
	run_with(false, false);
}

static void what_is_told_ends_a_blocking_call(void **state)
{
	(void)state;
	run_with(true, false);
	assert_in_range(toy.interrupted, 5, UINT32_MAX);
}

static void a_lost_signal_is_sent_again(void **state)
{
	(void)state;
	run_with(true, true);
	assert_int_equal(toy.lost, 1);
}

/* The order to end is an order like any other: a worker that slept through it would hold up the
 * end of the run until its call is over. */
static void the_last_signal_is_sent_again_too(void **state)
{
	struct rig rig;

	(void)state;
	start(&rig, true, WAIT_BLOCK);
	worker_tell(&rig.worker, PHASE_WARMUP);
	wait_for_phase(&rig.worker, PHASE_WARMUP);
	atomic_store(&toy.lose_signal, true);
	/* The worker may sleep in its call already, and sees the switch when it comes back. */
	while (toy.lose_signal)
		worker_wake(&rig.worker);
	worker_stop(&rig.worker);
	assert_int_equal(toy.lost, 1);
	assert_int_equal(toy.timeouts, 0);
	worker_free(&rig.worker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wake_up_costs_one_system_call),
		cmocka_unit_test(poll_and_spin_do_not_call_it),
		cmocka_unit_test(what_is_told_ends_an_own_wait),
		cmocka_unit_test(what_is_told_ends_a_blocking_call),
		cmocka_unit_test(a_lost_signal_is_sent_again),
		cmocka_unit_test(the_last_signal_is_sent_again_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
