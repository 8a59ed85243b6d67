/* A path is what the bytes of a run cross.  It makes the run's sockets, so that engines need not
 * know whether these live in this network namespace (loopback, remote) or in one that a helper made
 * (veth): a socket keeps the namespace it was made in.
 *
 * Paths are a table that is handed to whoever starts runs.  --path names the one of a run with both
 * ends here; a run whose other end may be on another host is on the one that leads there, whatever
 * --path says by default (path_reach()). */
#pragma once

#include <sys/socket.h>

#include "base/procnet.h"
#include "mode/plan.h"

struct path {
	const char *name; /* "loopback" */
	const char *summary;
	bool elsewhere; /* the other end is on another host; no choice of --path */

	/* Mandatory; main thread: does it run here?  As a method's. */
	bool (*probe)(char *why, size_t size);
	/* NULL: none.  The options that make loss, delay and the like on purpose, ended by NULL,
	 * and whether one of them runs here, as probe() says it. */
	const char *const *impairments;
	bool (*impairs)(const char *option, char *why, size_t size);
	/* NULL: any options do.  Main thread, before plan(): -EINVAL for what the user can mend. */
	int (*check)(const struct options *o, struct err *err);
	/* NULL: nothing to say.  Main thread, after check(): notes of what the run asks for, and
	 * does not get over this path (plan_note()). */
	void (*note)(const struct options *o, struct plan *plan);
	/* NULL if nothing to do; control thread, before the first worker opens: makes what the
	 * sockets need.  *ret_state goes to the other operations. */
	int (*open)(const struct options *o, void **ret_state, struct err *err);
	/* Mandatory; any worker's thread: socket(2) with SOCK_CLOEXEC on the side that `role`
	 * stands on.  In plan(), before open(), state is NULL and the socket is only asked what
	 * the kernel can do.  A connection that is made anew in poll() must not wait: a path with
	 * a helper keeps spares for that, which the helper fills up. */
	int (*socket)(void *state, enum role role, int domain, int type, int protocol, struct err *err);
	/* NULL: --listen and --host say.  Main thread: the address, without a port, that this
	 * role has there; of family AF_INET or AF_INET6. */
	void (*address)(enum role role, int family, struct sockaddr_storage *ret_address);
	/* its packets are seen on this one, on both sides; NULL: on the one that routing takes */
	const char *interface;
	unsigned interface_index; /* its number there, on both sides; 0: as it is numbered here */
	/* NULL: procnet_read(), of this namespace; control thread: counters of its namespaces */
	void (*read_net)(void *state, struct procnet *ret_net);
	/* NULL: none.  Main thread: of those counters, bit per enum procnet_field, more that may
	 * explain loss in modes that ask the host at all (plan->host_places). */
	uint32_t (*host_places)(const struct options *o);
	/* NULL: captures are opened in this namespace.  Any thread, between open() and close(): one
	 * end of a stream socket, whose other end is with a new process in the namespace that has
	 * the interface, which captures there (captures/inside.h). */
	int (*capture)(void *state, struct err *err);
	/* NULL if nothing to do; control thread, after the last worker has closed, if open() went
	 * well */
	void (*close)(void *state);
};

/* Sockets of this process's own namespace. */
extern const struct path path_loopback, path_remote;
/* Both, NULL-terminated: those that need no helper.  path/paths.h has all. */
extern const struct path *const paths_here[];

/* NULL-terminated table; or NULL. */
const struct path *path_find(const struct path *const *paths, const char *name);
/* The plan's path by the name that --path says, from this table.  -ENOTSUP with probe()'s reason
 * where it does not run here. */
int path_choose(const struct options *o, const struct path *const *paths, struct plan *plan, struct err *err);
/* For plan(): the other end is on another host, or not; `why` says what shows that ("--host ::2 is
 * another host").  The plan's path becomes one that leads there; -EINVAL if --path was given and
 * does not. */
int path_reach(const struct options *o, bool elsewhere, const char *why, struct plan *plan, struct err *err);

/* A socket of the plan's path, or -errno with *err: see struct path. */
int path_socket(const struct plan *plan, enum role role, int domain, int type, int protocol, struct err *err);
