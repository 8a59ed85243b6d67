/* The pure parts of mode stream: parts of a message, framing, greetings. */
#include "frames.h"

#include <string.h>

#include "engines/tcp/message.h"
#include "../support/asserts.h"

static const uint64_t seeds[] = { 0, 1, 77 };

/* ---- a message ---- */

static void fields_differ_by_a_byte(void **state)
{
	static const size_t sizes[] = { 1, 7, 8, 9, 23, 24, 25, 1000, 4096, 65537 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct tcp_message m;
		size_t sum = 0;

		assert_int_equal(tcp_message_init(&m, sizes[i]), 0);
		for (unsigned f = 0; f < TCP_FIELDS; f++) {
			sum += m.length[f];
			assert_in_range(m.length[f], sizes[i] / 8, (sizes[i] + 7) / 8);
		}
		assert_int_equal(sum, sizes[i]);
		tcp_message_free(&m);
	}
}

/* From every offset the parts are exactly the rest of the message. */
static void parts_from_every_offset(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 100; size++) {
		struct tcp_message m;
		uint8_t want[100], got[100];

		assert_int_equal(tcp_message_init(&m, size), 0);
		for (size_t i = 0; i < size; i++)
			want[i] = (uint8_t)(i * 37 + 1);
		tcp_message_put(&m, 0, want, size);
		for (size_t offset = 0; offset <= size; offset++) {
			struct iovec parts[TCP_FIELDS];
			unsigned n = tcp_message_parts(&m, offset, parts);
			size_t at = 0;

			for (unsigned p = 0; p < n; p++) {
				assert_more(parts[p].iov_len, 0);
				memcpy(got + at, parts[p].iov_base, parts[p].iov_len);
				at += parts[p].iov_len;
			}
			assert_int_equal(at, size - offset);
			assert_memory_equal(got, want + offset, at);
		}
		tcp_message_free(&m);
	}
}

/* ---- framing ---- */

static void make_stream(uint8_t *out, size_t size, unsigned messages, uint64_t first, uint64_t seed)
{
	struct tcp_message m;

	assert_int_equal(tcp_message_init(&m, size), 0);
	for (unsigned i = 0; i < messages; i++) {
		struct iovec parts[TCP_FIELDS];
		unsigned n;

		stream_put_pattern(&m, seed, first + i);
		stream_put_header(&m, first + i, (int64_t)(1000 + i));
		n = tcp_message_parts(&m, 0, parts);
		for (unsigned p = 0; p < n; p++) {
			memcpy(out, parts[p].iov_base, parts[p].iov_len);
			out += parts[p].iov_len;
		}
	}
	tcp_message_free(&m);
}

/* A stream gives the same messages wherever it is cut, and into pieces of whatever length. */
static void framing_over_every_partial_length(void **state)
{
	enum { MESSAGES = 5 };
	static uint8_t stream[MESSAGES * 97];

	(void)state;
	for (size_t size = 1; size <= 97; size++) {
		size_t all = size * MESSAGES;

		make_stream(stream, size, MESSAGES, 40, seeds[size % 3]);
		for (size_t piece = 1; piece <= all; piece++) {
			struct stream_frame f = { .size = size, .seed = seeds[size % 3], .verify = true };
			uint64_t next = 40, damaged = 0;
			unsigned messages = 0;

			stream_frame_start(&f, 40);
			for (size_t at = 0; at < all; at += piece)
				messages += take_all(&f, stream + at, all - at < piece ? all - at : piece, &next, &damaged);
			assert_int_equal(messages, MESSAGES);
			assert_int_equal(damaged, 0);
			assert_int_equal(f.offset, 0);
		}
	}
}

/* A change of any byte is found: in its message, and only there. */
static void every_damaged_byte_is_found(void **state)
{
	enum { SIZE = 61, MESSAGES = 3 };
	uint8_t stream[SIZE * MESSAGES];

	(void)state;
	for (size_t at = 0; at < sizeof(stream); at++) {
		struct stream_frame f = { .size = SIZE, .seed = 5, .verify = true };
		uint64_t next = 0, damaged = 0;
		size_t in_message = at % SIZE;

		make_stream(stream, SIZE, MESSAGES, 0, 5);
		stream[at] ^= 0x10;
		stream_frame_start(&f, 0);
		take_all(&f, stream, sizeof(stream), &next, &damaged);
		/* The receiver cannot check the time: it knows no other one. */
		assert_int_equal(damaged, in_message >= 8 && in_message < 16 ? 0 : in_message < 24 ? 8 : 1);
	}
}

static void thrown_away_behind_headers(void **state)
{
	uint8_t stream[3 * 50];
	struct stream_frame f = { .size = 50 };

	(void)state;
	make_stream(stream, 50, 3, 9, 1);
	stream_frame_start(&f, 9);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(stream_frame_take(&f, stream + i * 50, 24), 24);
		assert_int_equal(stream_frame_take(&f, NULL, 1000), 26);
		assert_true(stream_frame_is_whole(&f));
		struct stream_arrival a = stream_frame_next(&f);
		assert_int_equal(a.sequence, 9 + i);
		assert_int_equal(a.sent_ns, 1000 + i);
		assert_int_equal(a.damaged_bytes, 0);
	}
}

static void pattern_at_every_alignment(void **state)
{
	uint8_t whole[256 + 24];

	(void)state;
	make_stream(whole, sizeof(whole), 1, 3, 11);
	for (size_t from = 24; from < sizeof(whole); from++)
		for (size_t to = from; to <= sizeof(whole); to++)
			assert_int_equal(stream_check_pattern(11, 3, from, whole + from, to - from), 0);
	assert_more(stream_check_pattern(11, 4, 24, whole + 24, 256), 200);
	assert_more(stream_check_pattern(12, 3, 24, whole + 24, 256), 200);
}

/* ---- greetings ---- */

static void greetings_there_and_back(void **state)
{
	struct stream_greeting g = { STREAM_SERVER_SENDS | STREAM_VERIFY, 3, ~0ull, 0x123456789abcdef0, 1 << 30, 42, 99 }, back;
	uint8_t bytes[STREAM_GREETING_BYTES];

	(void)state;
	stream_greeting_put(bytes, &g);
	assert_true(stream_greeting_get(bytes, &back));
	assert_memory_equal(&g, &back, sizeof(g));
	assert_null(stream_greeting_differs(&g, &back));
	back.sequence = back.boot = back.flow = 0;
	assert_null(stream_greeting_differs(&g, &back));
	back.seed = 1;
	assert_string_equal(stream_greeting_differs(&g, &back), "seed");
	back.flags &= ~(uint32_t)STREAM_VERIFY;
	assert_string_equal(stream_greeting_differs(&g, &back), "verify");
	back.size = 8;
	assert_string_equal(stream_greeting_differs(&g, &back), "size");
	back.flags = 0;
	assert_string_equal(stream_greeting_differs(&g, &back), "reverse");
	for (unsigned i = 0; i < 8; i++) {
		bytes[i] ^= 1;
		assert_false(stream_greeting_get(bytes, &back));
		bytes[i] ^= 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_differ_by_a_byte),
		cmocka_unit_test(parts_from_every_offset),
		cmocka_unit_test(framing_over_every_partial_length),
		cmocka_unit_test(every_damaged_byte_is_found),
		cmocka_unit_test(thrown_away_behind_headers),
		cmocka_unit_test(pattern_at_every_alignment),
		cmocka_unit_test(greetings_there_and_back),
	};

	return cmocka_run_group_tests_name("stream framing units", tests, NULL, NULL);
}
