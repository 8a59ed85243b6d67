/* Which address of a name to talk to: all are tried side by side, begun 250 ms apart, and the
 * first that answers is taken (RFC 8305, "happy eyeballs").  Main thread, while a run is
 * planned. */
#pragma once

#include "engines/net/net.h"

enum { NET_ADDRESSES_MAX = 8 };

/* Index of the address that answers first.  SOCK_STREAM: that takes a connection, which is given
 * up at once; SOCK_DGRAM: that answers an echo question, or anything.  If none does within a
 * second: the first that has not refused, else 0.  One address is taken without a try. */
unsigned net_choose(const union net_address *address, unsigned count, int type);
