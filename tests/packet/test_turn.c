/* Received frames: what is taken for a datagram, and the answer made of it in place, held against
 * the RFCs' own checksums.  Whether the kernel takes the answers is test_udp_xdp.c's question. */
#include "frame_reader.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "../support/asserts.h"
#include "base/rng.h"
#include "engines/packet/turn.h"

enum { PAYLOAD_MOST = 1472, FROM_PORT = 40001, TO_PORT = 5000 };

static const uint8_t here[6] = { 2, 0, 0, 0, 0, 7 }, there[6] = { 2, 0, 0, 0, 0, 1 };
/* A question with this payload, whose bytes come from the generator; returns its length. */
static uint32_t ask(int six, uint32_t payload_bytes, struct rng *rng, uint8_t *frame)
{
	struct frame_ends ends = { .from = address_of(hosts[six][0], FROM_PORT), .to = address_of(hosts[six][1], 0) };
	struct frame_template t;
	struct err err = ERR_NONE;

	memcpy(ends.from_mac, there, sizeof(there));
	memcpy(ends.to_mac, here, sizeof(here));
	assert_int_equal(frame_template_init(&t, &ends, &err), 0);
	for (uint32_t i = 0; i < payload_bytes; i++)
		frame[t.header_bytes + i] = (uint8_t)rng_next(rng);
	frame_write(&t, TO_PORT, payload_bytes, frame_sum(frame + t.header_bytes, payload_bytes), frame);
	return t.header_bytes + payload_bytes;
}

static uint8_t *udp_of(uint8_t *frame)
{
	return frame + 14 + (word_at(frame + 12) == 0x86dd ? 40 : 20);
}

/* The sender left the checksum to its device: the sum of the pseudo header stands there. */
static void leave_checksum(uint8_t *frame)
{
	uint8_t *udp = udp_of(frame), pseudo[4] = { 0, 17, udp[4], udp[5] };
	bool six = udp == frame + 54;
	uint32_t sum = words_of(words_of(0, frame + (six ? 22 : 26), six ? 32 : 8), pseudo, sizeof(pseudo));

	udp[6] = (uint8_t)(sum >> 8);
	udp[7] = (uint8_t)sum;
}

static void expect_turned(const uint8_t *frame, const uint8_t *before, uint32_t payload_bytes)
{
	bool six = word_at(frame + 12) == 0x86dd;
	unsigned addresses = six ? 22 : 26, size = six ? 16 : 4, udp = six ? 54 : 34;

	assert_memory_equal(frame, there, 6);
	assert_memory_equal(frame + 6, here, 6);
	assert_memory_equal(frame + addresses, before + addresses + size, size);
	assert_memory_equal(frame + addresses + size, before + addresses, size);
	assert_int_equal(word_at(frame + udp), TO_PORT);
	assert_int_equal(word_at(frame + udp + 2), FROM_PORT);
	assert_int_equal(frame[14 + (six ? 7 : 8)], FRAME_TTL);
	expect_good_frame(frame, payload_bytes);
}

/* Every length; the payload is changed before it goes back, at any place. */
static void any_length_goes_back(void **state)
{
	struct rng rng = { .state = 3 };

	(void)state;
	for (int six = 0; six < 2; six++)
		for (uint32_t len = 0; len <= PAYLOAD_MOST; len++) {
			uint8_t frame[1600], before[1600];
			uint32_t bytes = ask(six, len, &rng, frame);
			struct frame_datagram in;

			if (len % 2)
				leave_checksum(frame);
			memcpy(before, frame, bytes);
			/* A short frame is padded on its way. */
			assert_true(frame_read(frame, bytes < 60 ? 60 : bytes, &in));
			assert_int_equal(in.payload_bytes, len);
			assert_ptr_equal(in.payload, frame + bytes - len);
			union net_address from = address_of(hosts[six][0], FROM_PORT);
			assert_memory_equal(&in.from, &from, net_address_bytes(&from));
			if (len)
				in.payload[rng_next(&rng) % len] ^= 0x80;
			frame[14 + (six ? 7 : 8)] = 3;
			assert_int_equal(frame_turn(frame, len), bytes);
			expect_turned(frame, before, len);
		}
}

/* An answer that is turned again is the question, whose checksum was right. */
static void twice_is_once(void **state)
{
	struct rng rng = { .state = 5 };

	(void)state;
	for (int six = 0; six < 2; six++) {
		uint8_t frame[600], before[600];
		uint32_t bytes = ask(six, 500, &rng, frame);

		memcpy(before, frame, bytes);
		frame_turn(frame, 500);
		frame_turn(frame, 500);
		assert_memory_equal(frame, before, bytes);
	}
}

/* A checksum that comes out as 0 is sent as all ones; over IPv4 0 means that there is none. */
static void zero_checksums(void **state)
{
	struct rng rng = { .state = 7 };
	struct frame_datagram in;
	uint8_t frame[128];
	unsigned found = 0;

	(void)state;
	for (unsigned i = 0; i < 0x10000; i++) {
		uint32_t bytes = ask(0, 2, &rng, frame);
		uint8_t *udp = udp_of(frame);

		udp[8] = (uint8_t)(i >> 8);
		udp[9] = (uint8_t)i;
		frame_turn(frame, 2);
		found += word_at(udp + 6) == 0xffff;
		assert_int_not_equal(word_at(udp + 6), 0);
		assert_true(frame_read(frame, bytes, &in));
	}
	assert_int_equal(found, 1);
	for (int six = 0; six < 2; six++) {
		uint32_t bytes = ask(six, 30, &rng, frame);

		memset(udp_of(frame) + 6, 0, 2);
		assert_int_equal(frame_read(frame, bytes, &in), !six);
	}
}

/* What is changed in a good frame, so that it is none any more. */
struct harm {
	const char *what;
	int six;
	unsigned at;
	uint8_t becomes;
};

static void what_is_no_datagram(void **state)
{
	static const struct harm harms[] = {
		{ "a group's hardware address", 0, 6, 3 },
		{ "ARP", 0, 13, 6 },
		{ "IP options", 0, 14, 0x46 },
		{ "longer than the frame", 0, 16, 4 },
		{ "shorter than its header", 0, 17, 19 },
		{ "a fragment", 0, 20, 0x20 },
		{ "TCP", 0, 23, 6 },
		{ "a header checksum", 0, 24, 0x55 },
		{ "a UDP length", 0, 39, 9 },
		{ "a UDP checksum", 0, 40, 0x55 },
		{ "a payload", 0, 50, 0x55 },
		{ "version 4", 1, 14, 0x40 },
		{ "longer than the frame", 1, 18, 4 },
		{ "an extension header", 1, 20, 44 },
		{ "a UDP length", 1, 59, 7 },
		{ "a UDP checksum", 1, 60, 0x55 },
	};
	struct rng rng = { .state = 9 };
	struct frame_datagram in;

	(void)state;
	for (size_t i = 0; i < sizeof(harms) / sizeof(harms[0]); i++) {
		const struct harm *h = &harms[i];
		uint8_t frame[256];
		uint32_t bytes = ask(h->six, 100, &rng, frame);

		assert_true(frame_read(frame, bytes, &in));
		frame[h->at] = frame[h->at] == h->becomes ? (uint8_t)~h->becomes : h->becomes;
		if (frame_read(frame, bytes, &in))
			fail_msg("taken, in spite of %s", h->what);
	}
}

/* Nothing is read behind the end: AddressSanitizer looks on. */
static void cut_off_anywhere(void **state)
{
	struct rng rng = { .state = 11 };
	struct frame_datagram in;

	(void)state;
	for (int six = 0; six < 2; six++) {
		uint8_t whole[256];
		uint32_t bytes = ask(six, 60, &rng, whole);

		for (uint32_t len = 0; len < bytes; len++) {
			uint8_t *frame = malloc(len ? len : 1);

			memcpy(frame, whole, len);
			assert_false(frame_read(frame, len, &in));
			free(frame);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_length_goes_back),
		cmocka_unit_test(twice_is_once),
		cmocka_unit_test(zero_checksums),
		cmocka_unit_test(what_is_no_datagram),
		cmocka_unit_test(cut_off_anywhere),
	};

	return cmocka_run_group_tests_name("turn", tests, NULL, NULL);
}
