/* Threads of the run layer.  See thread.h. */
#include "run/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/privilege/privilege.h"

static void block_signals(sigset_t *ret_before)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS };
	sigset_t all;

	sigfillset(&all);
	for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigdelset(&all, faults[i]);
	pthread_sigmask(SIG_SETMASK, &all, ret_before);
}

/* Behind pthread_create(3): what the thread does first, then its body. */
struct start {
	void *(*body)(void *);
	void *arg;
};

static void *thread_main(void *arg)
{
	struct start start = *(struct start *)arg;

	free(arg);
	privilege_drop();
	return start.body(start.arg);
}

int thread_start(pthread_t *ret_thread, void *(*body)(void *), void *arg, const char *what, struct err *err)
{
	struct start *start = malloc(sizeof(*start));
	sigset_t before;

	if (!start)
		return err_sys(err, ENOMEM, "start thread %s", what);
	*start = (struct start){ body, arg };
	/* A new thread inherits the mask: blocking here leaves no moment in which a signal could
	 * land on it. */
	block_signals(&before);
	int rc = pthread_create(ret_thread, NULL, thread_main, start);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc)
		free(start);
	return rc ? err_sys(err, rc, "start thread %s", what) : 0;
}

/* Ignored unless somebody handles it, so it never ends the program. */
enum { WAKE_SIGNAL = SIGURG };

static void on_wake(int signo)
{
	(void)signo;
}

static void handle_wakes(void)
{
	/* Without SA_RESTART: the call shall end. */
	struct sigaction action = { .sa_handler = on_wake };

	sigemptyset(&action.sa_mask);
	sigaction(WAKE_SIGNAL, &action, NULL);
}

void thread_accept_wakes(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	sigset_t set;

	pthread_once(&once, handle_wakes);
	sigemptyset(&set);
	sigaddset(&set, WAKE_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void thread_wake(pthread_t thread)
{
	pthread_kill(thread, WAKE_SIGNAL);
}

void thread_name_self(const char *name)
{
	pthread_setname_np(pthread_self(), name);
	prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul);
}

int thread_cpu_ns(pid_t tid, uint64_t *ret_ns)
{
	/* pthread_getcpuclockid(3) makes the same number, but wants a pthread_t, which threads of
	 * the kernel's (SQPOLL) have not: CPUCLOCK_PERTHREAD_MASK | CPUCLOCK_SCHED of
	 * linux/posix-timers_types.h. */
	clockid_t clock = (clockid_t)(~(unsigned)tid << 3 | 4 | 2);
	struct timespec t;

	if (clock_gettime(clock, &t) < 0)
		return -errno;
	*ret_ns = (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
	return 0;
}

bool thread_is_runnable(pid_t tid)
{
	char path[64], text[200] = "";

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	/* The name, in parentheses, may have any character in it. */
	const char *end = n > 0 ? strrchr(text, ')') : NULL;
	return end && strncmp(end, ") R", 3) == 0;
}
