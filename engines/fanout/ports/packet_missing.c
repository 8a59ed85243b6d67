/* The row of method packet where netdyno was built without libmnl. */
#include "engines/fanout/shared.h"

const struct fanout_method fanout_packet = {
	.method = METHOD_MISSING("packet", "AF_PACKET: whole frames, past the IP stack of the sender", "libmnl", "libmnl-dev"),
};
