/* The connection of a worker.  Owner thread; see link.c. */
#pragma once

#include "engines/stream/worker.h"

/* Sockets of open(): servers listen, clients begin to connect.  0 or -errno. */
int stream_link_open(struct worker *w, struct stream_worker *x, struct err *err);
/* On the way to a connection.  1: it has just been made; 0: wait as w->wait says; -errno with
 * *err: it never will be. */
int stream_link_step(struct worker *w, struct stream_worker *x, struct err *err);
/* The connection is lost, or given up: it is closed, and the next one looked for. */
void stream_link_lost(struct worker *w, struct stream_worker *x);
void stream_link_close(struct worker *w, struct stream_worker *x);
