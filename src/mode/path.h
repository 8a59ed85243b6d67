/* The way that bytes take.  A path makes the sockets of a run, so that engines need not know
 * whether these live in this network namespace (loopback, a remote host) or in one that a helper
 * made (veth, still to come): a socket keeps the namespace it was made in. */
#pragma once

#include "base/err.h"
#include "mode/engine.h"

struct path {
	const char *name; /* "loopback" */
	/* socket(2) with SOCK_CLOEXEC on the side that `role` stands on; a descriptor or -errno
	 * with *err.  Any worker's thread. */
	int (*socket)(const struct path *path, enum role role, int domain, int type, int protocol, struct err *err);
	bool (*probe)(char *why, size_t size);
};

/* Sockets of this process's own namespace: loopback and remote hosts. */
extern const struct path path_here;
