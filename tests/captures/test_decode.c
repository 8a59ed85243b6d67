/* The decoder over every kind of frame, and over each of them cut at every length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "captures/decode.h"
#include "base/clock.h"
#include "base/rng.h"
#include "frames.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const struct frame_spec good_frames[] = {
	{ .linktype = 1, .payload_bytes = 16 },
	{ .linktype = 1, .payload_bytes = 80 },
	{ .linktype = 1, .payload_bytes = 80, .ip6 = true },
	{ .linktype = 1, .payload_bytes = 80, .vlan_tags = 1 },
	{ .linktype = 1, .payload_bytes = 80, .vlan_tags = 2, .ip6 = true },
	{ .linktype = 1, .payload_bytes = 80, .vlan_tags = 4 },
	{ .linktype = 113, .payload_bytes = 80 },
	{ .linktype = 113, .payload_bytes = 80, .ip6 = true, .vlan_tags = 1 },
	{ .linktype = 276, .payload_bytes = 80 },
	{ .linktype = 276, .payload_bytes = 80, .ip6 = true },
	{ .linktype = 12, .payload_bytes = 80 },
	{ .linktype = 12, .payload_bytes = 80, .ip6 = true },
	{ .linktype = 0, .payload_bytes = 80 },
	{ .linktype = 0, .payload_bytes = 80, .ip6 = true },
	{ .linktype = 1, .payload_bytes = 80, .ip4_option_bytes = 4 },
	{ .linktype = 1, .payload_bytes = 80, .ip4_option_bytes = 40 },
	{ .linktype = 1, .payload_bytes = 80, .ip6 = true, .extensions = 1 },
	{ .linktype = 1, .payload_bytes = 80, .ip6 = true, .extensions = 8 },
	{ .linktype = 1, .payload_bytes = 80, .tcp = true },
	{ .linktype = 1, .payload_bytes = 80, .tcp = true, .ip6 = true, .extensions = 2 },
	{ .linktype = 1, .payload_bytes = 80, .fragment = 0x4000 }, /* don't fragment */
	{ .linktype = 1, .payload_bytes = 80, .fragment = 0x2000 }, /* the first of several */
	{ .linktype = 1, .payload_bytes = 80, .ip6 = true, .fragment = 0x0001 },
};

static void show(const char *what, const struct frame_spec *s, size_t len, const struct packet *p)
{
	fail_msg("%s: link %d, %u tags, IPv%d, %u option bytes, %u extensions, fragment %04x, %s, cut to %zu: family %u, %s",
		what, s->linktype, s->vlan_tags, s->ip6 ? 6 : 4, s->ip4_option_bytes, s->extensions, s->fragment,
		s->tcp ? "TCP" : "UDP", len, p->family, p->note);
}

/* A copy of exactly `len` bytes, so that the address sanitizer sees every byte read beyond. */
static void decode_cut(const struct frame_spec *s, const struct frame *f, size_t len, struct packet *ret)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, f->bytes, len);
	memset(ret, 0xee, sizeof(*ret));
	packet_decode(s->linktype, copy, len, f->len, true, ret);
	free(copy);
}

static void check_whole(const struct frame_spec *s, const struct frame *f)
{
	struct packet p;

	decode_cut(s, f, f->len, &p);
	if (p.family != (s->ip6 ? 6 : 4) || p.protocol != (s->tcp ? 6 : 17) || p.source_port != FRAME_SOURCE_PORT ||
		p.destination_port != FRAME_DESTINATION_PORT || p.payload_bytes != s->payload_bytes ||
		p.source[s->ip6 ? 15 : 3] != 1 || p.destination[s->ip6 ? 15 : 3] != 2)
		show("headers", s, f->len, &p);
	if (p.wire_bytes != f->len || p.captured_bytes != f->len || p.age_ns != INT64_MIN)
		show("lengths", s, f->len, &p);
	if (p.has_echo == s->tcp ||
		(p.has_echo && (!p.reply || p.flow != FRAME_FLOW || p.counter != frame_counter || p.stamp_ns != frame_stamp_ns)))
		show("echo header", s, f->len, &p);
	if (strcmp(p.note, s->fragment && s->fragment != 0x4000 ? "fragment" : ""))
		show("note", s, f->len, &p);
}

/* Each field is known exactly from the length on at which its header is whole. */
static void check_cuts(const struct frame_spec *s, const struct frame *f)
{
	size_t transport = frame_transport_at(s), ports = transport + (s->tcp ? 4 : 8);

	for (size_t len = 0; len < f->len; len++) {
		struct packet p;

		decode_cut(s, f, len, &p);
		if (p.wire_bytes != f->len || p.captured_bytes != len)
			show("lengths", s, len, &p);
		if ((p.source_port == FRAME_SOURCE_PORT) != (len >= ports))
			show("ports", s, len, &p);
		if (p.has_echo != (!s->tcp && len >= transport + 8 + 16))
			show("echo header", s, len, &p);
		size_t enough = s->tcp ? transport + 20 : transport + 24;
		if (len < enough && !p.note[0])
			show("no note", s, len, &p);
	}
}

static void test_every_frame(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good_frames); i++) {
		struct frame f;

		frame_make(&good_frames[i], &f);
		check_whole(&good_frames[i], &f);
		check_cuts(&good_frames[i], &f);
	}
}

static void expect_note(const struct frame_spec *s, const struct frame *f, const char *want, unsigned family, unsigned port)
{
	struct packet p;

	decode_cut(s, f, f->len, &p);
	assert_string_equal(p.note, want);
	assert_int_equal(p.family, family);
	assert_int_equal(p.source_port, port);
	assert_false(p.has_echo);
}

static void test_later_fragments_have_no_ports(void **state)
{
	(void)state;
	const struct frame_spec four = { .linktype = 1, .payload_bytes = 40, .fragment = 0x00b9 };
	const struct frame_spec six = { .linktype = 1, .payload_bytes = 40, .ip6 = true, .fragment = 0x05c8 };
	struct frame f;

	frame_make(&four, &f);
	expect_note(&four, &f, "fragment", 4, 0);
	frame_make(&six, &f);
	expect_note(&six, &f, "fragment", 6, 0);
}

/* Changes one byte of a good IPv4/UDP frame over Ethernet (IP at 14, UDP at 34). */
static void test_headers_that_lie(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		uint8_t value;
		const char *note;
		unsigned family, port;
	} rows[] = {
		{ 14, 0x44, "bad IP header", 0, 0 }, /* header of 16 bytes */
		/* version 6 under IPv4's type */
		{ 14, 0x65, "bad IP header", 0, 0 },
		/* header of 60 bytes: it covers all there is */
		{ 14, 0x4f, "short", 4, 0 },
		/* IP: 65 kB in 74 bytes */
		{ 16, 0xff, "bad length", 4, FRAME_SOURCE_PORT },
		/* IP: shorter than its header */
		{ 17, 0x13, "bad length", 4, 0 },
		/* UDP longer than IP */
		{ 38, 0xff, "bad length", 4, FRAME_SOURCE_PORT },
		/* UDP shorter than its header */
		{ 39, 0x07, "bad length", 4, FRAME_SOURCE_PORT },
		/* 15 bytes of payload are no echo datagram */
		{ 39, 0x17, "short", 4, FRAME_SOURCE_PORT },
		{ 12, 0x12, "not IP", 0, 0 },
		/* ICMP */
		{ 23, 0x01, "", 4, 0 },
	};
	const struct frame_spec s = { .linktype = 1, .payload_bytes = 32 };
	struct frame f;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct packet p;

		frame_make(&s, &f);
		f.bytes[rows[i].at] = rows[i].value;
		decode_cut(&s, &f, f.len, &p);
		if (strcmp(p.note, rows[i].note) || p.family != rows[i].family || p.source_port != rows[i].port)
			fail_msg("byte %zu = %02x: note \"%s\" family %u port %u, not \"%s\" %u %u", rows[i].at, rows[i].value,
				p.note, p.family, p.source_port, rows[i].note, rows[i].family, rows[i].port);
	}
}

static void test_lies_of_tcp_and_ip6(void **state)
{
	(void)state;
	const struct frame_spec tcp = { .linktype = 12, .payload_bytes = 4, .tcp = true };
	const struct frame_spec six = { .linktype = 12, .payload_bytes = 32, .ip6 = true, .extensions = 1 };
	struct packet p;
	struct frame f;

	frame_make(&tcp, &f);
	f.bytes[20 + 12] = 0x40;
	expect_note(&tcp, &f, "bad length", 4, FRAME_SOURCE_PORT);
	f.bytes[20 + 12] = 0xf0;
	expect_note(&tcp, &f, "bad length", 4, FRAME_SOURCE_PORT);
	frame_make(&six, &f);
	f.bytes[41] = 200; /* the extension header claims 1608 bytes */
	expect_note(&six, &f, "bad length", 6, 0);
	frame_make(&six, &f);
	f.bytes[4] = 0xff;
	decode_cut(&six, &f, f.len, &p);
	assert_string_equal(p.note, "bad length");
	assert_true(p.has_echo);
}

static void test_too_many_layers(void **state)
{
	(void)state;
	const struct frame_spec tags = { .linktype = 1, .payload_bytes = 32, .vlan_tags = 5 };
	const struct frame_spec chain = { .linktype = 1, .payload_bytes = 32, .ip6 = true, .extensions = 9 };
	struct frame f;

	frame_make(&tags, &f);
	expect_note(&tags, &f, "too many VLAN tags", 0, 0);
	frame_make(&chain, &f);
	expect_note(&chain, &f, "too many headers", 6, 0);
}

static void test_unknown_link_and_nothing(void **state)
{
	(void)state;
	struct packet p;

	packet_decode(147, (const uint8_t *)"abc", 3, 3, true, &p);
	assert_int_equal(p.family, 0);
	assert_string_equal(p.note, "unknown link type");
	packet_decode(1, NULL, 0, 0, true, &p);
	assert_string_equal(p.note, "short");
}

static void test_without_echo_header(void **state)
{
	(void)state;
	const struct frame_spec s = { .linktype = 1, .payload_bytes = 3 };
	struct packet p;
	struct frame f;

	frame_make(&s, &f);
	packet_decode(1, f.bytes, f.len, f.len, false, &p);
	assert_false(p.has_echo);
	assert_int_equal(p.payload_bytes, 3);
	assert_string_equal(p.note, "");
}

/* Flips random bytes of good frames: there is nothing to compare with, but the sanitizers watch,
 * and the shown text stays clean. */
static void test_random_damage(void **state)
{
	(void)state;
	struct rng rng = { .state = 42 };

	for (int i = 0; i < 50000; i++) {
		const struct frame_spec *s = &good_frames[rng_next(&rng) % COUNT(good_frames)];
		struct packet p;
		struct frame f;

		frame_make(s, &f);
		for (uint64_t n = 1 + rng_next(&rng) % 4; n; n--)
			f.bytes[rng_next(&rng) % f.len] = (uint8_t)rng_next(&rng);
		decode_cut(s, &f, rng_next(&rng) % (f.len + 1), &p);
		assert_non_null(memchr(p.note, 0, sizeof(p.note)));
		for (const char *at = p.note; *at; at++)
			assert_in_range(*at, 0x20, 0x7e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_frame),
		cmocka_unit_test(test_later_fragments_have_no_ports),
		cmocka_unit_test(test_headers_that_lie),
		cmocka_unit_test(test_lies_of_tcp_and_ip6),
		cmocka_unit_test(test_too_many_layers),
		cmocka_unit_test(test_unknown_link_and_nothing),
		cmocka_unit_test(test_without_echo_header),
		cmocka_unit_test(test_random_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
