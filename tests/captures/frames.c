/* Frames for the decoder's tests: see frames.h. */
#include "frames.h"

#include <string.h>

static void put(struct frame *f, const void *bytes, size_t n)
{
	memcpy(f->bytes + f->len, bytes, n);
	f->len += n;
}

static void put8(struct frame *f, unsigned value)
{
	f->bytes[f->len++] = (uint8_t)value;
}

static void put16(struct frame *f, unsigned value)
{
	put8(f, value >> 8);
	put8(f, value & 0xff);
}

static void put64(struct frame *f, uint64_t value)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		put8(f, value >> shift & 0xff);
}

static void put_fill(struct frame *f, unsigned value, size_t n)
{
	while (n--)
		put8(f, value);
}

static unsigned first_type(const struct frame_spec *s)
{
	return s->vlan_tags ? 0x8100 : s->ip6 ? 0x86dd : 0x0800;
}

static void put_link(struct frame *f, const struct frame_spec *s)
{
	switch (s->linktype) {
	case 1:
		put_fill(f, 0x11, 12);
		put16(f, first_type(s));
		break;
	case 113:
		put_fill(f, 0, 14);
		put16(f, first_type(s));
		break;
	case 276:
		put16(f, first_type(s));
		put_fill(f, 0, 18);
		break;
	case 0:
		put8(f, s->ip6 ? 10 : 2);
		put_fill(f, 0, 3);
		break;
	default:
		break;
	}
	for (unsigned i = 0; i < s->vlan_tags; i++) {
		put16(f, 7);
		put16(f, i + 1 < s->vlan_tags ? 0x8100 : s->ip6 ? 0x86dd : 0x0800);
	}
}

static size_t transport_bytes(const struct frame_spec *s)
{
	return (s->tcp ? 20 : 8) + s->payload_bytes;
}

static void put_ip4(struct frame *f, const struct frame_spec *s)
{
	put8(f, 0x40 | (5 + s->ip4_option_bytes / 4));
	put8(f, 0);
	put16(f, (unsigned)(20 + s->ip4_option_bytes + transport_bytes(s)));
	put16(f, 1);
	put16(f, s->fragment);
	put8(f, 64);
	put8(f, s->tcp ? 6 : 17);
	put16(f, 0);
	put(f, (const uint8_t[]){ 127, 0, 0, 1, 127, 0, 0, 2 }, 8);
	put_fill(f, 1, s->ip4_option_bytes);
}

static void put_ip6(struct frame *f, const struct frame_spec *s)
{
	unsigned inner = s->tcp ? 6 : 17, after_options = s->fragment ? 44 : inner;

	put(f, (const uint8_t[]){ 0x60, 0, 0, 0 }, 4);
	put16(f, (unsigned)(8 * s->extensions + (s->fragment ? 8 : 0) + transport_bytes(s)));
	put8(f, s->extensions ? 60 : after_options);
	put8(f, 64);
	put_fill(f, 0, 15);
	put8(f, 1);
	put_fill(f, 0, 15);
	put8(f, 2);
	for (unsigned i = 0; i < s->extensions; i++) {
		put8(f, i + 1 < s->extensions ? 60 : after_options);
		put8(f, 0);
		put_fill(f, 0, 6);
	}
	if (s->fragment) {
		put8(f, inner);
		put8(f, 0);
		put16(f, s->fragment);
		put_fill(f, 0, 4);
	}
}

static void put_transport(struct frame *f, const struct frame_spec *s)
{
	put16(f, FRAME_SOURCE_PORT);
	put16(f, FRAME_DESTINATION_PORT);
	if (s->tcp) {
		put64(f, 7);
		put8(f, 0x50);
		put_fill(f, 0, 7);
		return;
	}
	put16(f, 8 + s->payload_bytes);
	put16(f, 0);
}

void frame_make(const struct frame_spec *spec, struct frame *ret_frame)
{
	struct frame f = { 0 };

	put_link(&f, spec);
	if (spec->ip6)
		put_ip6(&f, spec);
	else
		put_ip4(&f, spec);
	put_transport(&f, spec);
	if (spec->payload_bytes >= 16) {
		put64(&f, UINT64_C(1) << 63 | (uint64_t)FRAME_FLOW << 48 | frame_counter);
		put64(&f, frame_stamp_ns);
		put_fill(&f, 0x5a, spec->payload_bytes - 16);
	} else
		put_fill(&f, 0x5a, spec->payload_bytes);
	*ret_frame = f;
}

size_t frame_transport_at(const struct frame_spec *s)
{
	size_t link = s->linktype == 1 ? 14 : s->linktype == 113 ? 16 : s->linktype == 276 ? 20 : s->linktype == 0 ? 4 : 0;
	size_t network = s->ip6 ? 40 + 8 * (size_t)s->extensions + (s->fragment ? 8 : 0) : 20 + (size_t)s->ip4_option_bytes;

	return link + 4 * (size_t)s->vlan_tags + network;
}
