/* Captures: libpcap on the run's interface into a pcap file with nanosecond stamps, on a thread
 * of its own.
 *
 * On loopback each packet is seen once.  A capture that reaches a limit, a full disk or the end
 * of its interface ends by itself (state.active false, message says why) and disturbs nothing
 * any more; capture_stop() still has to be called to name its file.
 *
 * capture_start() opens, activates, filters, gives up the privilege it no longer needs, and
 * starts the thread; all other calls come from the main thread.  State and recent packets are
 * copied out; nothing is shared with a worker. */
#pragma once

#include "base/err.h"
#include "base/ports.h"
#include "record/packet.h"

struct capture;

struct capture_request {
	/* file to write, *.pcap; until capture_stop() its name ends in FILE_PARTIAL, and what
	 * was written so far can be read there */
	const char *path;
	bool force;
	const char *interface; /* the run's; options.interface overrides */
	/* the run's own, for the kernel's filter; packets of others that have them are left out
	 * before they are written or shown (base/privilege/own_ports.h) */
	struct ports ports;
	int protocol; /* IPPROTO_UDP, IPPROTO_TCP; 0 both */
	/* payloads carry the echo datagram: decode it and sample by its counter */
	bool echo_header;
	struct capture_options options;
	/* A socket to a process in the namespace that has the interface (captures/inside.h); it
	 * stays the caller's.  0: it is in this namespace. */
	int inside_fd;
};

void capture_options_default(struct capture_options *ret_options);
/* Can a capture be opened here?  true, or false with how to get the privilege ("needs
 * CAP_NET_RAW: run as root, or setcap cap_net_raw+ep netdyno"). */
bool capture_probe(char *why, size_t size);
/* Is the condition whole, as libpcap reads it on Ethernet and loopback?  0, or -EINVAL with "filter
 * \"...\": ...".  Any thread. */
int capture_filter_check(const char *filter, struct err *err);

int capture_start(const struct capture_request *request, struct capture **ret_capture, struct err *err);
/* Ends it: what capture_state() and capture_packets() tell afterwards is final.  Waits for what
 * the kernel still holds, at most 200 ms.  Optional, may be repeated; capture_stop() does it,
 * too.  Joining its thread ends: libpcap's descriptor does not block, its poll(2) lasts
 * CAPTURE_TIMEOUT_MS at most, and its file is a regular one, which waits for the disk alone. */
void capture_halt(struct capture *c);
/* Ends it, names the file; waits for what the kernel still holds, at most 200 ms.  Accepts NULL.
 * -errno if what was written could not be kept (then *err names file and reason). */
int capture_stop(struct capture *c, struct err *err);
void capture_state(struct capture *c, struct capture_state *ret_state);
/* The last packets, newest first; returns how many (<= max). */
unsigned capture_packets(struct capture *c, struct packet *out, unsigned max);

/* The filter expression that a request makes ("udp port 5000 or udp portrange 6000-6999"), 1/N
 * sampling included.  Pure. */
int capture_filter_text(const struct capture_request *request, char *out, size_t size, struct err *err);
