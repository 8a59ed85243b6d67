/* Method uring of the UDP port: io_uring (engines/uring/), the counterpart of I/O completion ports.
 *
 *   - One multishot recvmsg takes datagrams into buffers of a provided ring as they come, and the
 *     kernel keeps it: nothing is asked for.  Where the buffers run out it ends (ENOBUFS), the
 *     socket's own buffer takes over, and it is begun again as soon as one is given back.
 *   - A reply is sent straight from the buffer that its question came in, which goes back to the
 *     kernel when the send has completed.
 *   - Sends and replies are queued, and leave with the next look for what has come, or with the
 *     owner's sleep: one system call for both.  Where config.waits is not set a burst of sends
 *     leaves at once.
 *   - A send that the kernel has no room for stays here and is made again: taken means taken.
 *     While nobody is there (totals.unreachable grows) that waits for the next send_burst().
 *   - port->wait is the ring's descriptor.  Ports of one worker share a ring (config.beside).
 *
 * Contract, thread and errors: port.h. */
#pragma once

#include "engines/udp/port.h"
#include "engines/uring/uring_probe.h"

#define UDP_URING_SUMMARY "io_uring: multishot receive, sends and the wait in one call"
/* The row of a mode's table, or the `method` of what its rows are. */
#ifdef NETDYNO_URING
#define UDP_URING_METHOD(summary_text)                                         \
	{                                                                      \
		.name = "uring", .summary = summary_text, .probe = uring_probe \
	}
#else
#define UDP_URING_METHOD(summary_text) METHOD_MISSING("uring", summary_text, "liburing", "liburing-dev")
#endif

extern const struct udp_method udp_uring;
