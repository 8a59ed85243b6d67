/* Ethernet, IP and UDP headers: known frames, and checksums that must hold for any payload.
 * Whether the kernel takes them is test_ring.c's question. */
#include "frame_reader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "../support/asserts.h"
#include "base/rng.h"

enum { PAYLOAD_MOST = 2048, FROM_PORT = 5000, TO_PORT = 40001 };

static struct frame_template template_of(int six)
{
	struct frame_ends ends = {
		.from_mac = { 2, 0, 0, 0, 0, 1 },
		.to_mac = { 2, 0, 0, 0, 0, 7 },
		.from = address_of(hosts[six][0], FROM_PORT),
		.to = address_of(hosts[six][1], 0),
	};
	struct frame_template t;
	struct err err = ERR_NONE;

	if (frame_template_init(&t, &ends, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(t.header_bytes, six ? 62 : 42);
	return t;
}

/* Compares the whole frame, and its length. */
static size_t build(const struct frame_template *t, const uint8_t *payload, uint32_t len, uint8_t *frame)
{
	memcpy(frame + t->header_bytes, payload, len);
	frame_write(t, TO_PORT, len, frame_sum(payload, len), frame);
	return t->header_bytes + len;
}

static void fill(struct rng *rng, uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)rng_next(rng);
}

/* ---- known frames: made by another program, found good by tshark ---- */

/* Compares the bytes with these hexadecimal digits; spaces do not count. */
static void expect_bytes(const uint8_t *frame, size_t len, const char *digits)
{
	char text[2 * FRAME_HEADERS_MAX + 64] = "", wanted[sizeof(text)] = "";
	size_t n = 0;

	for (; *digits; digits++)
		if (*digits != ' ')
			wanted[n++] = *digits;
	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", frame[i]);
	assert_string_equal(text, wanted);
}

static void known_ipv4(void **state)
{
	struct frame_template t = template_of(0);
	uint8_t frame[128] = { 0 };

	(void)state;
	assert_int_equal(build(&t, (const uint8_t *)"netdyno", 7, frame), 49);
	expect_bytes(frame, 49,
		"020000000007 020000000001 0800"
		"4500 0023 0000 4000 4011 4e8e c0000201 c6336407"
		"1388 9c41 000f 9891"
		"6e657464796e6f");
}

static void known_ipv6(void **state)
{
	struct frame_template t = template_of(1);
	uint8_t frame[128] = { 0 };

	(void)state;
	assert_int_equal(build(&t, (const uint8_t *)"netdyno!", 8, frame), 70);
	expect_bytes(frame, 70,
		"020000000007 020000000001 86dd"
		"60000000 0010 11 40 20010db8000000000000000000000001 20010db8000000000000000000000007"
		"1388 9c41 0010 2931"
		"6e657464796e6f21");
}

/* ---- sums ---- */

static void sums_of_any_length_anywhere(void **state)
{
	static uint8_t data[PAYLOAD_MOST + 8];
	struct rng rng = { .state = 1 };

	(void)state;
	fill(&rng, data, sizeof(data));
	for (size_t len = 0; len < 600; len++) {
		for (size_t at = 0; at < 4; at++) {
			uint16_t sum = frame_sum(data + at, len);

			assert_int_equal(ntohs(sum), words_of(0, data + at, len));
		}
	}
	/* RFC 1071, 3: the example */
	static const uint8_t example[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	assert_int_equal(ntohs(frame_sum(example, sizeof(example))), 0xddf2);
}

/* All ones, 64 KiB of them: nothing runs over. */
static void sum_of_the_longest(void **state)
{
	static uint8_t data[65536];

	(void)state;
	memset(data, 0xff, sizeof(data));
	assert_int_equal(frame_sum(data, sizeof(data)), 0xffff);
	assert_int_equal(ntohs(frame_sum(data, sizeof(data) - 1)), words_of(0, data, sizeof(data) - 1));
	memset(data, 0, sizeof(data));
	assert_int_equal(frame_sum(data, sizeof(data)), 0);
}

/* Equal as ones' complement numbers: 0 and all ones are the same. */
static void expect_same_sum(uint16_t a, uint16_t b)
{
	assert_int_equal(a == 0xffff ? 0 : a, b == 0xffff ? 0 : b);
}

static void sums_of_parts(void **state)
{
	static uint8_t data[300], part[300];
	struct rng rng = { .state = 2 };

	(void)state;
	for (int i = 0; i < 2000; i++) {
		size_t len = 1 + rng_next(&rng) % sizeof(data), at = rng_next(&rng) % len, n = rng_next(&rng) % (len - at + 1);

		fill(&rng, data, len);
		fill(&rng, part, n);
		uint16_t sum = frame_sum(data, len), before = frame_sum_at(data + at, n, at), after = frame_sum_at(part, n, at);
		memcpy(data + at, part, n);
		expect_same_sum(frame_sum_changed(sum, before, after), frame_sum(data, len));
	}
	/* RFC 1624, 4: the example, on which RFC 1141's way fails */
	expect_same_sum(frame_sum_changed((uint16_t)~htons(0xdd2f), htons(0x5555), htons(0x3285)), 0xffff);
}

/* ---- checksums of frames ---- */

static void good_for_any_payload(void **state)
{
	static uint8_t payload[PAYLOAD_MOST], frame[PAYLOAD_MOST + FRAME_HEADERS_MAX];
	struct rng rng = { .state = 3 };

	(void)state;
	for (int six = 0; six < 2; six++) {
		struct frame_template t = template_of(six);

		for (uint32_t i = 0; i < 2000; i++) {
			uint32_t len = i < 64 ? i : (uint32_t)(rng_next(&rng) % sizeof(payload));

			fill(&rng, payload, len);
			build(&t, payload, len, frame);
			expect_good_frame(frame, len);
			assert_memory_equal(frame + t.header_bytes, payload, len);
		}
	}
}

static void longest(void **state)
{
	static uint8_t payload[65527], frame[65527 + FRAME_HEADERS_MAX];
	struct rng rng = { .state = 4 };

	(void)state;
	fill(&rng, payload, sizeof(payload));
	for (int six = 0; six < 2; six++) {
		struct frame_template t = template_of(six);
		uint32_t len = frame_payload_max(six ? AF_INET6 : AF_INET, UINT32_MAX);

		assert_int_equal(len, six ? 65527 : 65507);
		build(&t, payload, len, frame);
		expect_good_frame(frame, len);
	}
}

/* The one payload of two bytes whose checksum comes out as 0: it is sent as all ones. */
static void checksum_of_zero(void **state)
{
	(void)state;
	for (int six = 0; six < 2; six++) {
		struct frame_template t = template_of(six);
		uint8_t frame[128], payload[2] = { 0, 0 };

		build(&t, payload, 2, frame);
		/* The difference to all ones. */
		memcpy(payload, frame + t.header_bytes - 2, 2);
		build(&t, payload, 2, frame);
		assert_int_equal(word_at(frame + t.header_bytes - 2), 0xffff);
		expect_good_frame(frame, 2);
		/* The same sum, moved away from there and back. */
		uint8_t other[2] = { 1, 2 };
		frame_change(&t, frame, 0, other, 2);
		expect_good_frame(frame, 2);
		frame_change(&t, frame, 0, payload, 2);
		assert_int_equal(word_at(frame + t.header_bytes - 2), 0xffff);
		expect_good_frame(frame, 2);
	}
}

static void changes_in_place(void **state)
{
	static uint8_t payload[PAYLOAD_MOST], part[PAYLOAD_MOST];
	static uint8_t frame[PAYLOAD_MOST + FRAME_HEADERS_MAX], whole[PAYLOAD_MOST + FRAME_HEADERS_MAX];
	struct rng rng = { .state = 5 };

	(void)state;
	for (int i = 0; i < 4000; i++) {
		struct frame_template t = template_of(i % 2);
		uint32_t len = 1 + (uint32_t)(rng_next(&rng) % 200);
		size_t at = rng_next(&rng) % len, n = rng_next(&rng) % (len - at + 1);

		fill(&rng, payload, len);
		fill(&rng, part, n);
		build(&t, payload, len, frame);
		frame_change(&t, frame, at, part, n);
		memcpy(payload + at, part, n);
		size_t bytes = build(&t, payload, len, whole);
		assert_memory_equal(frame, whole, bytes);
	}
}

/* ---- limits ---- */

static void limits(void **state)
{
	(void)state;
	assert_int_equal(frame_payload_max(AF_INET, 1500), 1472);
	assert_int_equal(frame_payload_max(AF_INET6, 1500), 1452);
	assert_int_equal(frame_payload_max(AF_INET, 65536), 65507);
	assert_int_equal(frame_payload_max(AF_INET6, 65536), 65488);
	assert_int_equal(frame_payload_max(AF_INET, 28), 0);
	assert_int_equal(frame_payload_max(AF_INET6, 20), 0);
}

static void too_long_is_named(void **state)
{
	union net_address four = address_of("10.0.0.2", 7), six = address_of("fd00::2", 7);
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(frame_check_payload(&four, "eth0", 1500, 1472, &err), 0);
	assert_int_equal(frame_check_payload(&four, "eth0", 1500, 1473, &err), -EMSGSIZE);
	assert_string_equal(err.text, "1473 bytes to 10.0.0.2 are too long for one frame: at most 1472 over eth0 (MTU 1500)");
	err_clear(&err);
	assert_int_equal(frame_check_payload(&six, "eth0", 1500, 1453, &err), -EMSGSIZE);
	assert_string_equal(err.text, "1453 bytes to fd00::2 are too long for one frame: at most 1452 over eth0 (MTU 1500)");
}

static void families_differ(void **state)
{
	struct frame_ends ends = { .from = address_of("10.0.0.1", 1), .to = address_of("::1", 1) };
	struct frame_template t;
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(frame_template_init(&t, &ends, &err), -EINVAL);
	ends.from.sa.sa_family = ends.to.sa.sa_family = AF_UNIX;
	assert_int_equal(frame_template_init(&t, &ends, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_ipv4),
		cmocka_unit_test(known_ipv6),
		cmocka_unit_test(sums_of_any_length_anywhere),
		cmocka_unit_test(sum_of_the_longest),
		cmocka_unit_test(sums_of_parts),
		cmocka_unit_test(good_for_any_payload),
		cmocka_unit_test(longest),
		cmocka_unit_test(checksum_of_zero),
		cmocka_unit_test(changes_in_place),
		cmocka_unit_test(limits),
		cmocka_unit_test(too_long_is_named),
		cmocka_unit_test(families_differ),
	};

	return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
