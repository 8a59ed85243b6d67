/* Starting the run layer's threads: no signal is ever handled on one of them (the main thread
 * gets them all), except those that a fault raises in the faulting thread itself, so that the
 * handler that restores the terminal runs.  None of them may open a packet socket itself
 * (base/privilege/privilege.h). */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* 0 or -errno; `what` names the thread in the error. */
int thread_start(pthread_t *ret_thread, void *(*body)(void *), void *arg, const char *what, struct err *err);
/* Ends the system call that a thread blocks in (EINTR), if it accepts that; does nothing to one
 * that does not block. */
void thread_wake(pthread_t thread);
void thread_accept_wakes(void); /* for the calling thread */
/* For the calling thread: its name in /proc (at most 15 bytes) and timers that are not put off
 * (PR_SET_TIMERSLACK 1 ns). */
void thread_name_self(const char *name);
/* CPU time that a thread of this process has used; -ESRCH or -EINVAL once it has ended.  From its
 * CPU clock: that is one system call and exact at this moment, which the first field of
 * /proc/self/task/TID/schedstat, as of the scheduler's last tick, is not. */
int thread_cpu_ns(pid_t tid, uint64_t *ret_ns);
/* Does a thread of this process compute, or would it if it had a CPU?  From the third field of
 * /proc/self/task/TID/stat (proc(5)); false of one that sleeps in a call, or has ended. */
bool thread_is_runnable(pid_t tid);
