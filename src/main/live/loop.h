/* The loop around a session, for runs without the dashboard (whose loop is ui/ui.c) and for
 * sweeps: it waits for updates, signals and keys, and stops the session when somebody asks for an
 * end.  Main thread only. */
#pragma once

#include "run/session.h"

struct live_loop {
	struct session *session;
	void *ctx;
	void (*pump)(void *ctx); /* takes the updates that have come; mandatory */
	/* a signal that does not ask for an end; NULL: none is waited for */
	void (*signal)(void *ctx, int signo);
	/* takes the keys that have come; true: the user wants an end; NULL: no keys */
	bool (*keys)(void *ctx);
	int signal_fd; /* of signals_open(); -1: none */
	/* of the demands for an end, so many let a run finish in order; each further one has it
	 * given up soon, the third at once */
	unsigned patience;
	unsigned interrupts; /* how often an end was asked for */
	bool keys_gone;
	int failed;         /* errno: it cannot wait any more, and is over */
	int64_t give_up_ns; /* then the run is waited for no longer; 0: for ever */
};

/* A session's settings as the dashboard, a headless run and a sweep have them; virtual_ticks: of
 * cli_test_ticks(). */
struct session_config live_loop_session(unsigned virtual_ticks);
/* What a session of these would say to these options at once: session_check(). */
int live_loop_check(const struct options *options, struct err *err);
/* One turn: waits for at most timeout_ms (-1: until something comes) and takes what has come.
 * false: give_up_ns is over, or it has failed. */
bool live_loop_turn(struct live_loop *loop, int timeout_ms);
