/* Header decoding: see decode.h.
 *
 * Everything goes through a cursor that knows how many bytes were captured; a header is read
 * only after want() has said that it is there. */
#include "captures/decode.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { TYPE_IP4 = 0x0800, TYPE_IP6 = 0x86dd, TYPE_VLAN = 0x8100, TYPE_QINQ = 0x88a8, TYPE_QINQ_OLD = 0x9100 };
enum { LINK_NULL = 0, LINK_ETHERNET = 1, LINK_RAW = 12, LINK_RAW_FILE = 101, LINK_SLL = 113, LINK_SLL2 = 276 };
enum { VLAN_TAGS_MAX = 4, EXTENSIONS_MAX = 8, ECHO_BYTES = 16 };

struct cursor {
	const uint8_t *at;
	size_t left; /* captured bytes from `at` on */
	size_t wire; /* bytes from `at` on that were on the wire */
	struct packet *packet;
};

/* The first note wins: it is the cause of those behind it. */
static bool note(struct packet *p, const char *text)
{
	if (!p->note[0])
		snprintf(p->note, sizeof(p->note), "%s", text);
	return false;
}

static bool want(const struct cursor *c, size_t bytes)
{
	return c->left >= bytes || note(c->packet, "short");
}

static void skip(struct cursor *c, size_t bytes)
{
	c->at += bytes;
	c->left -= bytes;
	c->wire = c->wire > bytes ? c->wire - bytes : 0;
}

static uint16_t be16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static uint64_t be64(const uint8_t *b)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | b[i];
	return value;
}

/* ---- link layer: each leaves the cursor at the network header and says which one ---- */

/* A fixed header of `bytes` with the EtherType at `offset`. */
static bool link_fixed(struct cursor *c, size_t bytes, size_t offset, unsigned *ret_type)
{
	if (!want(c, bytes))
		return false;
	*ret_type = be16(c->at + offset);
	skip(c, bytes);
	return true;
}

static bool link_raw(struct cursor *c, unsigned *ret_type)
{
	if (!want(c, 1))
		return false;
	*ret_type = c->at[0] >> 4 == 6 ? TYPE_IP6 : c->at[0] >> 4 == 4 ? TYPE_IP4 : 0;
	return true;
}

/* The address family in the byte order of whoever captured; IPv6 has another number on each
 * system. */
static bool link_null(struct cursor *c, unsigned *ret_type)
{
	if (!want(c, 4))
		return false;
	unsigned family = c->at[0] ? c->at[0] : c->at[3];
	*ret_type = family == 2 ? TYPE_IP4 : family == 10 || family == 24 || family == 28 || family == 30 ? TYPE_IP6 : 0;
	skip(c, 4);
	return true;
}

static bool link_header(int linktype, struct cursor *c, unsigned *ret_type)
{
	switch (linktype) {
	case LINK_ETHERNET:
		return link_fixed(c, 14, 12, ret_type);
	case LINK_SLL:
		return link_fixed(c, 16, 14, ret_type);
	case LINK_SLL2:
		return link_fixed(c, 20, 0, ret_type);
	case LINK_RAW:
	case LINK_RAW_FILE:
		return link_raw(c, ret_type);
	case LINK_NULL:
		return link_null(c, ret_type);
	default:
		return note(c->packet, "unknown link type");
	}
}

static bool vlan_tags(struct cursor *c, unsigned *type)
{
	for (int tags = 0; *type == TYPE_VLAN || *type == TYPE_QINQ || *type == TYPE_QINQ_OLD; tags++) {
		if (tags == VLAN_TAGS_MAX)
			return note(c->packet, "too many VLAN tags");
		if (!want(c, 4))
			return false;
		*type = be16(c->at + 2);
		skip(c, 4);
	}
	return true;
}

/* ---- network layer: leaves the cursor at the transport header; *ret_bytes is what the datagram
 * claims to hold from there on ---- */

static bool ip4_header(struct cursor *c, size_t *ret_bytes)
{
	struct packet *p = c->packet;

	if (!want(c, 20))
		return false;
	size_t header = (size_t)(c->at[0] & 15) * 4, total = be16(c->at + 2);
	if (c->at[0] >> 4 != 4 || header < 20)
		return note(p, "bad IP header");
	if (!total) /* left open by segmentation offload beyond 64 kB */
		total = c->wire;
	p->family = 4;
	p->protocol = c->at[9];
	memcpy(p->source, c->at + 12, 4);
	memcpy(p->destination, c->at + 16, 4);
	if (total < header)
		return note(p, "bad length");
	if (total > c->wire)
		note(p, "bad length");
	unsigned fragment = be16(c->at + 6) & 0x3fff; /* "more fragments" and the offset */
	if (fragment)
		note(p, "fragment");
	if (fragment & 0x1fff) /* not the first: no transport header here */
		return false;
	if (!want(c, header))
		return false;
	skip(c, header);
	*ret_bytes = total - header;
	return true;
}

static bool is_extension(unsigned next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_FRAGMENT || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_AH;
}

/* One extension header of IPv6 (RFC 8200; authentication header RFC 4302 counts in 4 bytes). */
static bool ip6_extension(struct cursor *c, unsigned *next, size_t *bytes)
{
	if (!want(c, 8))
		return false;
	size_t length = *next == IPPROTO_FRAGMENT ? 8
			: *next == IPPROTO_AH     ? ((size_t)c->at[1] + 2) * 4
						  : ((size_t)c->at[1] + 1) * 8;
	unsigned offset = *next == IPPROTO_FRAGMENT ? be16(c->at + 2) : 0;

	*next = c->at[0];
	if (offset & 0xfff9)
		note(c->packet, "fragment");
	if (offset & 0xfff8) {
		c->packet->protocol = (uint8_t)*next;
		return false;
	}
	if (length > *bytes)
		return note(c->packet, "bad length");
	if (!want(c, length))
		return false;
	skip(c, length);
	*bytes -= length;
	return true;
}

static bool ip6_header(struct cursor *c, size_t *ret_bytes)
{
	struct packet *p = c->packet;

	if (!want(c, 40))
		return false;
	if (c->at[0] >> 4 != 6)
		return note(p, "bad IP header");
	size_t bytes = be16(c->at + 4);
	unsigned next = c->at[6];
	p->family = 6;
	memcpy(p->source, c->at + 8, 16);
	memcpy(p->destination, c->at + 24, 16);
	skip(c, 40);
	if (!bytes) /* a jumbogram, or left open by segmentation offload */
		bytes = c->wire;
	if (bytes > c->wire)
		note(p, "bad length");
	for (int i = 0; is_extension(next); i++) {
		if (i == EXTENSIONS_MAX)
			return note(p, "too many headers");
		if (!ip6_extension(c, &next, &bytes))
			return false;
	}
	p->protocol = (uint8_t)next;
	*ret_bytes = bytes;
	return true;
}

/* ---- transport ---- */

static uint16_t bounded16(size_t bytes)
{
	return bytes > UINT16_MAX ? UINT16_MAX : (uint16_t)bytes;
}

static void echo_header_of(struct cursor *c)
{
	struct packet *p = c->packet;

	if (p->payload_bytes < ECHO_BYTES || !want(c, ECHO_BYTES)) {
		note(p, "short");
		return;
	}
	uint64_t sequence = be64(c->at);
	p->has_echo = true;
	p->reply = sequence >> 63;
	p->flow = sequence >> 48 & 0x7fff;
	p->counter = sequence & ((UINT64_C(1) << 48) - 1);
	p->stamp_ns = be64(c->at + 8);
}

static void udp_header(struct cursor *c, size_t bytes, bool echo_header)
{
	struct packet *p = c->packet;

	if (!want(c, 8))
		return;
	p->source_port = be16(c->at);
	p->destination_port = be16(c->at + 2);
	size_t length = be16(c->at + 4);
	if (!length) /* RFC 2675, and segmentation offload */
		length = bytes;
	if (length < 8) {
		note(p, "bad length");
		return;
	}
	if (length > bytes)
		note(p, "bad length");
	skip(c, 8);
	p->payload_bytes = bounded16(length - 8);
	if (echo_header)
		echo_header_of(c);
}

static void tcp_header(struct cursor *c, size_t bytes)
{
	struct packet *p = c->packet;

	if (!want(c, 4))
		return;
	p->source_port = be16(c->at);
	p->destination_port = be16(c->at + 2);
	if (!want(c, 20))
		return;
	size_t header = (size_t)(c->at[12] >> 4) * 4;
	if (header < 20 || header > bytes)
		note(p, "bad length");
	else
		p->payload_bytes = bounded16(bytes - header);
}

void packet_decode(
	int linktype, const uint8_t *bytes, size_t captured, size_t wire_bytes, bool echo_header, struct packet *ret_packet)
{
	struct cursor c = {
		.at = bytes, .left = captured, .wire = wire_bytes > captured ? wire_bytes : captured, .packet = ret_packet
	};
	size_t inner = 0;
	unsigned type = 0;
	bool good;

	*ret_packet =
		(struct packet){ .wire_bytes = (uint32_t)c.wire, .captured_bytes = (uint32_t)captured, .age_ns = INT64_MIN };
	if (!link_header(linktype, &c, &type) || !vlan_tags(&c, &type))
		return;
	if (type == TYPE_IP4)
		good = ip4_header(&c, &inner);
	else if (type == TYPE_IP6)
		good = ip6_header(&c, &inner);
	else
		good = note(ret_packet, "not IP");
	if (good && ret_packet->protocol == IPPROTO_UDP)
		udp_header(&c, inner, echo_header);
	else if (good && ret_packet->protocol == IPPROTO_TCP)
		tcp_header(&c, inner);
}
