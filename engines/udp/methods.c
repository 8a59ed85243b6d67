/* The methods of the UDP port.  One is added in its own file and here: declared, and a row. */
#include "engines/udp/port.h"
#include "engines/udp/uring.h"
#include "engines/udp/xdp.h"

const struct method *const udp_methods[] = { &udp_mmsg.method, &udp_single.method, &udp_gso.method, &udp_uring.method,
	&udp_xdp.method, NULL };
