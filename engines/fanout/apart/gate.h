/* Readers of a process of their own tell writers here where they are: a thread listens on TCP,
 * answers a writer's hello (hello.h), and lets it in, one writer at a time.  It keeps nobody
 * waiting: who says nothing for two seconds, or something else than a hello, is shown out.
 *
 * The writer's connection is always descriptor gate->report_fd, so that workers can report at any
 * moment without asking who is there: while nobody is, it leads to a socket that nobody reads. */
#pragma once

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>

#include "base/err.h"
#include "engines/fanout/apart/hello.h"

struct fanout_shared;
struct plan;

struct fanout_gate {
	pthread_t thread;
	bool started;
	int listen_fd, stop_fd; /* stop_fd: eventfd, readable when it is to end */
	int report_fd, nobody_fd;
	struct fanout_shared *shared;
	/* Written by the thread, read by the workers.  session: how many writers were let in; the
	 * rest was stored before, and is the newest one's. */
	alignas(64) _Atomic uint32_t session;
	_Atomic uint32_t bytes, each, token; /* bytes 0: it has gone */
	_Atomic bool rounds, same_clock;
	_Atomic uint32_t writers;   /* there now */
	_Atomic uint64_t strangers; /* turned away */
};

/* In open() of the last worker of readers: their addresses are known.  0, or -errno with *err;
 * fanout_gate_close() in any case. */
int fanout_gate_open(struct fanout_gate *g, struct fanout_shared *s, struct plan *plan, struct err *err);
/* Accepts zeroed and half-opened; twice, too.  Joining the thread ends: each of its waits watches
 * stop_fd, and its sockets do not block. */
void fanout_gate_close(struct fanout_gate *g);

/* Any worker: to the writer, if one is there and can take it.  Never waits; one system call. */
void fanout_gate_report(struct fanout_gate *g, const struct hello_report *r);
