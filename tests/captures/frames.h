/* Frames for the decoder's tests, put together header by header. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_BYTES = 512 };

struct frame {
	size_t len;
	uint8_t bytes[FRAME_BYTES];
};

struct frame_spec {
	int linktype;
	unsigned vlan_tags;
	bool ip6;
	unsigned ip4_option_bytes; /* a multiple of 4 */
	unsigned extensions;       /* IPv6 destination-option headers of 8 bytes */
	/* the field as it stands on the wire: IPv4 flags and offset; IPv6: a fragment header
	 * where not 0 */
	uint16_t fragment;
	bool tcp;
	unsigned payload_bytes; /* the first 16 are an echo header */
};

enum { FRAME_SOURCE_PORT = 40001, FRAME_DESTINATION_PORT = 5000, FRAME_FLOW = 0x1234 };
static const uint64_t frame_counter = UINT64_C(0xa1b2c3d4e5f6), frame_stamp_ns = UINT64_C(0x0102030405060708);

void frame_make(const struct frame_spec *spec, struct frame *ret_frame);
/* The offset of the transport header. */
size_t frame_transport_at(const struct frame_spec *spec);
