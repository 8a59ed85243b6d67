/* The sockets of mode fanout.  Called in open(), on the worker's thread; opens run one at a
 * time. */
#pragma once

#include "engines/fanout/shared.h"

/* A reader's socket, bound to the next port that is free or, with multicast, in the group; it notes
 * the address in shared->to and its port in the plan. */
int fanout_reader_socket(struct worker *w, unsigned reader, int *ret_fd, struct err *err);
/* A writer's: bound to any port, or connected to `peer`. */
int fanout_writer_socket(struct worker *w, const union net_address *peer, int *ret_fd, struct err *err);
