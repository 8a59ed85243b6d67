/* What the kernel says of a worker's connection.  Owner thread; see info.c. */
#pragma once

#include "engines/stream/worker.h"

/* Of the connection, and of clients that wait: into counters.  true: it is to be given up, because
 * its client does not move and others wait for this worker. */
bool stream_info_observe(struct worker *w, struct stream_worker *x);
/* Of a connection that ends: what it resent, and what the other end has. */
void stream_info_last(struct stream_worker *x);
