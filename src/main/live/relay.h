/* Standard output and standard error that hold up nobody.  A reader or a terminal may stall (less,
 * a slow ssh): where either stream is a pipe, a socket or a terminal, what is printed goes into a
 * queue in memory, and a thread of its own writes it to the descriptor, which stays as it is.  So
 * the main thread goes on: signals, the time of a run, result files.  Both streams share one queue
 * where they are the same file, so that their order stays.
 *
 * A reader that is only slow gets everything: nothing is thrown away while it takes something, and
 * relay_drain() waits for it.  The queue holds 64 MiB; beyond that the caller waits for room,
 * unless a signal asks for an end (then the queue grows), or nothing has been taken for 10 s: then
 * what is printed from the next line on is given up.
 *
 * INT, TERM and HUP are to be blocked (signals_open()); they are looked for by sigpending(2) and
 * not taken.  Main thread only. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

/* Puts queues behind stdout and stderr, which are other streams from then on; regular files and
 * devices are written to directly, as before.  Once.  0 or -errno: then the streams still work,
 * and may block. */
int relay_begin(struct err *err);
/* Why the stream's descriptor takes no more (EPIPE, EIO ...), so far as is known; 0: it does. */
int relay_error(FILE *stream);
/* Somebody asked for an end: relay_drain() waits no longer than so for a reader that takes nothing.
 * RELAY_ONCE: by a signal whose sender will not ask again (SIGTERM, SIGHUP); RELAY_TWICE: it is not
 * the first. */
enum { RELAY_ONCE_MS = 3000, RELAY_TWICE_MS = 500 };
void relay_hurry(int patience_ms);
/* Flushes the stream and waits until its queue is empty.  A signal that asks for an end ends that
 * after half a second at the latest.  0; -EINTR: the wait was cut short; -ETIMEDOUT: output was
 * given up; another -errno: the descriptor takes no more. */
int relay_drain(FILE *stream);
