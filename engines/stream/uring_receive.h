/* --receive uring, for the side that receives: a multishot receive of io_uring takes what comes
 * into a ring of buffers, and the messages are read there, in pieces.  One system call waits and
 * receives.  Owner thread, but for runs(). */
#pragma once

#include "engines/stream/worker.h"

struct stream_ring_receiver {
	/* Mandatory.  false with the reason.  Main thread. */
	bool (*runs)(char *why, size_t size);
	/* The others are there where it runs.  0, or -errno with *err; close() in any case. */
	int (*open)(struct stream_worker *x, struct err *err);
	/* A new connection, or -1: none any more.  0, or -errno with *err. */
	int (*attach)(struct stream_worker *x, int fd, struct err *err);
	/* Moves; >= 0 as poll() returns it, or STREAM_LOST. */
	int (*receive)(struct worker *w, struct stream_worker *x);
	/* engine->wait(), whose contract it keeps */
	int (*wait)(struct worker *w, struct stream_worker *x, int64_t until_ns, struct err *err);
	/* accepts what was never opened */
	void (*close)(struct stream_worker *x);
};

extern const struct stream_ring_receiver stream_uring;
