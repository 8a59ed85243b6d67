/* The sockets of mode fanout.  Called in open(), on the worker's thread; opens run one at a
 * time. */
#pragma once

#include "engines/fanout/shared.h"

/* One number of the socket's; the name is what an error says.  0 or -errno. */
int fanout_socket_set(int fd, int level, int option, int value, const char *name, struct err *err);
/* Binds and reads back where: *a has the port then.  0 or -errno. */
int fanout_socket_bind(int fd, union net_address *a, struct err *err);

/* A reader's socket, bound to the next port that is free or, with multicast, in the group; it notes
 * the address in shared->to and its port in the plan. */
int fanout_reader_socket(struct worker *w, unsigned reader, int *ret_fd, struct err *err);
/* A writer's: bound to any port, or connected to `peer`. */
int fanout_writer_socket(struct worker *w, const union net_address *peer, int *ret_fd, struct err *err);
