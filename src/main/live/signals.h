/* Signals as descriptors and as last words.  Main thread, before any other thread is started. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Blocks INT TERM HUP USR1 (screen: also WINCH TSTP CONT) for all threads to come and returns a
 * signalfd(2) of them, or -errno. */
int signals_open(bool screen, struct err *err);
/* Closes it.  The screen is down: what stops and resizes has its usual effect again; what ends
 * stays blocked, and can be asked for by sigpending(2). */
void signals_close(int fd);
/* The next signal that has come: its number, or 0. */
int signals_next(int fd);
/* SIGSEGV and friends: the terminal is restored first, then the signal does what it would have
 * done. */
void signals_guard_terminal(void);
