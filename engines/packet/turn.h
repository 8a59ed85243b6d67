/* Received Ethernet frames that hold a whole UDP datagram: read, and turned round in place to be
 * its answer.  For methods that receive frames past the kernel's IP and UDP.  Pure; any thread.
 *
 * Read are IPv4 without options and fragments (RFC 791) and IPv6 without extension headers
 * (RFC 8200), whose lengths fit the frame and whose checksums are right: what the kernel would
 * have checked.  A frame that never was on a wire may have no UDP checksum yet: the sender left it
 * to its device, and put the sum of the pseudo header there (CHECKSUM_PARTIAL, as veth and lo hand
 * it over; networking/checksum-offloads.rst).  It is taken, too.  Over IPv4 there may be no
 * checksum at all (RFC 768).
 *
 * An answer has a hop limit of its own and checksums that are computed anew: whoever has changed
 * the payload need not say where. */
#pragma once

#include "engines/packet/frame.h"

struct frame_datagram {
	uint8_t *payload; /* in the frame */
	uint32_t payload_bytes;
	union net_address from;
};

/* false: it is no such frame, or comes from a group's hardware address. */
bool frame_read(uint8_t *frame, uint32_t bytes, struct frame_datagram *ret_datagram);
/* A frame that frame_read() has taken, its payload as long as it was: hardware addresses,
 * addresses and ports change places.  Returns its length, without what padded it. */
uint32_t frame_turn(uint8_t *frame, uint32_t payload_bytes);
