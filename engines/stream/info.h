/* The kernel's view of a worker's connection.  Owner thread; see info.c. */
#pragma once

#include "engines/stream/worker.h"

/* Reads the state of the connection, and the clients that wait, into counters.  true: give the
 * connection up, because its client does not move and others wait for this worker. */
bool stream_info_observe(struct worker *w, struct stream_worker *x);
/* Is the connection over for both kernels, with all that was sent? */
bool stream_info_is_closed(struct stream_worker *x);
/* Last reading of a connection that ends: segments resent, bytes that the other end has. */
void stream_info_last(struct stream_worker *x);
