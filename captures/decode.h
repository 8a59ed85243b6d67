/* Header decoding, pure and bounds-checked: reads only bytes [0, captured), whatever the headers
 * claim. */
#pragma once

#include <stddef.h>

#include "record/packet.h"

/* linktype: pcap's DLT_EN10MB (1), DLT_LINUX_SLL (113), DLT_LINUX_SLL2 (276), DLT_RAW (12),
 * DLT_NULL (0).  Unknown ones leave family 0 and say so in note. */
void packet_decode(
	int linktype, const uint8_t *bytes, size_t captured, size_t wire_bytes, bool echo_header, struct packet *ret_packet);
