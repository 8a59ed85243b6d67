/* Mode chat: what it calls wake-ups are its calls of epoll_wait(2), all of them, as another
 * process counts them that traces the worker: whatever the phase, and though signals end some. */
#include "rig.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engines/chat/chat.h"
#include "engines/chat/load/load.h"
#include "engines/chat/server.h"

/* Few connections: under a tracer each system call costs two switches to it, and a wake-up makes
 * some for every connection.  With twenty of them a busy machine took 30 s for 200 wake-ups. */
enum { CALLS = 100, MESSAGES = 100, CALLS_BETWEEN_SIGNALS = 7, THREADS_MAX = 4096 };

/* Between the test and a child process, one of whose workers it traces. */
struct shared {
	const uint64_t *calls; /* the worker's own count, in the child */
	_Atomic bool open, traced;
	_Atomic unsigned waits; /* calls that the test has seen */
	unsigned wrong, interrupted;
	uint64_t base;
};

static struct shared *traced; /* at the moment */

/* ---- the child ---- */

static bool has_been_seen(struct rig *rig, uint64_t calls)
{
	(void)rig;
	return traced->waits >= calls;
}

static void run_child(struct shared *s, unsigned role, const char *method)
{
	struct rig rig;

	rig_open_or_fail(&rig, &(struct rig_config){ .engine = &engine_chat,
				       .threads = true,
				       .unchecked = true,
				       .option = { "method", method, "conns", "3", "rate", "20" } });
	s->calls = role == ROLE_SERVER ? &((const struct chat_loop *)rig_server(&rig, 0)->state)->epoll.calls
				       : &((const struct load *)rig_client(&rig, 0)->state)->epoll.calls;
	s->open = true;
	while (!s->traced)
		sched_yield();
	rig_enter(&rig, PHASE_WARMUP);
	rig_until(&rig, ROLE_BOTH, rig_has_received, MESSAGES);
	rig_drain(&rig);
	rig_enter(&rig, PHASE_MEASURE);
	rig_until(&rig, ROLE_BOTH, has_been_seen, CALLS);
	rig_drain(&rig);
	rig_close(&rig);
	_exit(0);
}

/* ---- the test ---- */

/* A thread of that name, 0: none. */
static pid_t find_thread(pid_t process, const char *name)
{
	for (pid_t thread = process; thread < process + THREADS_MAX; thread++) {
		char path[64], comm[32] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", (int)process, (int)thread);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (!fgets(comm, sizeof(comm), f))
			comm[0] = '\0';
		fclose(f);
		comm[strcspn(comm, "\n")] = '\0';
		if (!strcmp(comm, name))
			return thread;
	}
	return 0;
}

static bool is_epoll_wait(uint64_t call)
{
#ifdef SYS_epoll_wait
	if (call == SYS_epoll_wait)
		return true;
#endif
	return call == SYS_epoll_pwait || call == SYS_epoll_pwait2;
}

static uint64_t counted(const struct shared *s, pid_t thread)
{
	uint64_t value = UINT64_MAX;
	struct iovec to = { &value, sizeof(value) }, from = { (void *)(uintptr_t)s->calls, sizeof(value) };

	process_vm_readv(thread, &to, 1, &from, 1, 0);
	return value;
}

/* Before each call, the worker has counted all those before it. */
static bool note_call(struct shared *s, pid_t thread)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) <= 0)
		return false;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		s->interrupted += info.exit.rval == -EINTR;
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !is_epoll_wait(info.entry.nr))
		return false;
	if (!s->waits)
		s->base = counted(s, thread);
	s->wrong += counted(s, thread) != s->base + s->waits;
	s->waits++;
	return true;
}

/* Until the thread has ended.  An interrupt is to it what a signal is. */
static void trace(struct shared *s, pid_t thread)
{
	int status;

	ptrace(PTRACE_INTERRUPT, thread, 0, 0);
	while (waitpid(thread, &status, __WALL) == thread && WIFSTOPPED(status)) {
		bool waits = WSTOPSIG(status) == (SIGTRAP | 0x80) && note_call(s, thread);

		s->traced = true;
		ptrace(PTRACE_SYSCALL, thread, 0, 0);
		if (waits && s->waits % CALLS_BETWEEN_SIGNALS == 0)
			ptrace(PTRACE_INTERRUPT, thread, 0, 0);
	}
}

static void expect_exact_count(unsigned role, const char *method)
{
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child, thread;
	int status;

	traced = s;
	child = fork();
	if (!child)
		run_child(s, role, method);
	while (!s->open)
		sched_yield();
	thread = find_thread(child, role == ROLE_SERVER ? "nd-loop0" : "nd-load0");
	assert_int_not_equal(thread, 0);
	if (ptrace(PTRACE_SEIZE, thread, 0, PTRACE_O_TRACESYSGOOD) < 0) {
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		print_message("no ptrace(2) here: %s\n", strerror(errno));
		skip();
	}
	trace(s, thread);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	print_message("%s %s: %u calls, %u of them ended by a signal\n", role == ROLE_SERVER ? "loop" : "load", method, s->waits,
		s->interrupted);
	assert_at_least(s->waits, CALLS);
	assert_more(s->interrupted, 0);
	assert_int_equal(s->wrong, 0);
	munmap(s, sizeof(*s));
}

static void each_call_is_counted(void **state)
{
	(void)state;
	expect_exact_count(ROLE_SERVER, "lt");
	expect_exact_count(ROLE_SERVER, "et");
	expect_exact_count(ROLE_CLIENT, "lt");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_is_counted),
	};

	start_first_thread();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
