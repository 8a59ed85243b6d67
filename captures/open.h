/* Opening a live capture with libpcap: privilege, interface, options, filter. */
#pragma once

#include <pcap/pcap.h>

#include "captures/capture.h"

enum { CAPTURE_SNAPLEN_MIN = 96, CAPTURE_TIMEOUT_MS = 100, CAPTURE_RING_BYTES = 8 << 20 };

/* Opened, filtered by `filter`, non-blocking, nanosecond stamps.  -EPERM with how to get the
 * privilege, -ENODEV with the interfaces there are, -EINVAL where a filter is wrong. */
int capture_open(
	const struct capture_request *request, const char *interface, const char *filter, pcap_t **ret_pcap, struct err *err);
