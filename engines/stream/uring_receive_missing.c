/* --receive uring where liburing was missing at build time. */
#include <stdio.h>

#include "engines/stream/uring_receive.h"

static bool stream_uring_runs(char *why, size_t size)
{
	snprintf(why, size, "this netdyno was built without liburing: install liburing-dev and build it again");
	return false;
}

const struct stream_ring_receiver stream_uring = { .runs = stream_uring_runs };
