/* UDP datagrams as whole Ethernet frames: 14 bytes of Ethernet, 20 of IPv4 or 40 of IPv6, 8 of
 * UDP, then the payload; no frame check sequence, which the device adds.  Pure; any thread; no
 * function fails unless it says so.
 *
 * A template holds what all datagrams from one sender to one host share, and the sums over it: a
 * datagram costs a copy of the headers, two lengths, a port and the sum of its payload.
 *
 * Sums here are ones' complement sums of 16-bit words as they lie in memory, folded to 16 bits,
 * an odd last byte padded with zero.  They do not depend on the byte order of the machine, and
 * parts of a datagram that begin at even offsets are added up in any order (RFC 1071, 2).  A
 * checksum is the complement of a sum.
 *
 * IPv4 (RFC 791): no options, never fragmented (DF), so the identification may be 0 (RFC 6864).
 * IPv6 (RFC 8200): no extension headers; the UDP checksum is mandatory there (8.1), and computed
 * for IPv4 (RFC 768), too; one that is 0 is sent as 0xffff.  Changes in place: RFC 1624. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "engines/net/net.h"

enum {
	FRAME_ETHERNET_BYTES = 14,
	FRAME_IPV4_BYTES = 20,
	FRAME_IPV6_BYTES = 40,
	FRAME_UDP_BYTES = 8,
	FRAME_HEADERS_MAX = FRAME_ETHERNET_BYTES + FRAME_IPV6_BYTES + FRAME_UDP_BYTES,
	FRAME_TTL = 64,
};

/* A 16-bit field as it lies in memory. */
static inline uint16_t frame_get(const uint8_t *at)
{
	uint16_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static inline void frame_put(uint8_t *at, uint16_t word)
{
	memcpy(at, &word, sizeof(word));
}

struct frame_ends {
	uint8_t from_mac[6], to_mac[6];
	/* One family; AF_INET or AF_INET6.  The port of `to` is each datagram's own. */
	union net_address from, to;
};

struct frame_template {
	uint8_t header[FRAME_HEADERS_MAX]; /* lengths, destination port and checksums are 0 */
	uint8_t header_bytes;              /* 42 or 62 */
	bool six;
	uint16_t ip_sum;     /* of the IPv4 header */
	uint16_t udp_sum;    /* of the pseudo header and the UDP header */
	uint16_t pseudo_sum; /* of the pseudo header without the length */
};

/* 0, or -EINVAL where the families differ or are none of IP. */
int frame_template_init(struct frame_template *t, const struct frame_ends *ends, struct err *err);

/* The longest payload of a datagram that an MTU (of the layer above Ethernet) carries in one
 * piece, at most 65507 (IPv4: RFC 791, 3.1) or 65527 (IPv6); 0 where not even the headers
 * fit. */
uint32_t frame_payload_max(int family, uint32_t mtu);
/* -EMSGSIZE "1473 bytes to 10.0.0.2 are too long for one frame: at most 1472 over eth0 (MTU
 * 1500)". */
int frame_check_payload(const union net_address *to, const char *interface, uint32_t mtu, uint32_t bytes, struct err *err);

/* The sum of len bytes; at any address. */
uint16_t frame_sum(const uint8_t *data, size_t len);
/* The same of what stands at an offset of the whole: RFC 1071, 2 (B), where that is odd. */
uint16_t frame_sum_at(const uint8_t *data, size_t len, size_t offset);
/* The sum after a part, whose sum was `before`, has become one with the sum `after`. */
uint16_t frame_sum_changed(uint16_t sum, uint16_t before, uint16_t after);

/* The headers of a datagram whose payload has, or will have, this length and sum, into frame, in
 * front of the payload, which stands at frame + t->header_bytes.  At most
 * frame_payload_max(). */
void frame_write(const struct frame_template *t, uint16_t to_port, uint32_t payload_bytes, uint16_t payload_sum, uint8_t *frame);
/* The same, with the checksum left to whoever sends it on: in its place stands the sum of the
 * pseudo header (networking/checksum-offloads.rst). */
void frame_write_unsummed(const struct frame_template *t, uint16_t to_port, uint32_t payload_bytes, uint8_t *frame);
/* Puts len bytes at this offset of the payload of a frame that frame_write() has made; reads
 * nothing but what it writes over. */
void frame_change(const struct frame_template *t, uint8_t *frame, size_t offset, const uint8_t *data, size_t len);
