/* The helper of path veth as its parent sees it: started, asked, ended.  See message.h. */
#pragma once

#include <sys/types.h>

#include "path/veth/message.h"

struct veth_child {
	pid_t pid;
	int control;
	/* counter files of both namespaces, as in message.h; -1: not there */
	int file[VETH_FILES];
};

/* The program that is started with the helper's verb: this one.  Tests of parts name netdyno. */
extern const char *veth_program;

/* Any thread, which must outlive the child: the kernel ends it with that thread.  0, or -errno with
 * the reason why there is no pair; then nothing is left. */
int veth_child_start(const struct veth_shape *shape, struct veth_child *ret_child, struct err *err);
/* Ends it, at once: it holds nothing that needs care. */
void veth_child_end(struct veth_child *child);
/* A new tap: the descriptor from which sockets of this kind are received.  One thread at a time. */
int veth_child_tap(const struct veth_child *child, const struct veth_socket *socket, struct err *err);
/* One end of a stream socket whose other end is with a new process of the helper's that captures on
 * the server's side.  Any thread. */
int veth_child_capture(const struct veth_child *child, struct err *err);
/* A socket from a tap.  Any thread.  Waits only where more are taken than the helper makes. */
int veth_child_take(int tap, struct err *err);
