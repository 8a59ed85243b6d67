/* Threads of the run layer.  See thread.h. */
#include "run/thread.h"

#include <signal.h>
#include <sys/prctl.h>

static void block_signals(sigset_t *ret_before)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS };
	sigset_t all;

	sigfillset(&all);
	for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigdelset(&all, faults[i]);
	pthread_sigmask(SIG_SETMASK, &all, ret_before);
}

int thread_start(pthread_t *ret_thread, void *(*body)(void *), void *arg, const char *what, struct err *err)
{
	sigset_t before;

	/* A new thread inherits the mask: blocking here leaves no moment in which a signal could
	 * land on it. */
	block_signals(&before);
	int rc = pthread_create(ret_thread, NULL, body, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc ? err_sys(err, rc, "start thread %s", what) : 0;
}

void thread_name_self(const char *name)
{
	pthread_setname_np(pthread_self(), name);
	prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul);
}
