/* What a device does for the kernel's stack, on or off as a whole: one large packet in place of
 * many small ones, when it sends (TSO, GSO, UDP segmentation) and when it receives (GRO).
 * ethtool's features by their names, SIOCETHTOOL, Linux >= 2.6.39. */
#pragma once

#include "path/veth/message.h"

/* In the calling process's network namespace.  0 or -errno. */
int veth_set_offload(const char *interface, enum veth_offload offload, struct err *err);
