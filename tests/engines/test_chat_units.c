/* The pure parts of mode chat: stamps, what may reach a terminal, the load's schedule; the rings
 * between loops; and how bytes become lines. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../support/asserts.h"
#include "base/rng.h"
#include "chat_lines.h"
#include "engines/chat/crossing.h"
#include "engines/chat/load/load.h"
#include "engines/chat/wire.h"

/* ---- stamps ---- */

static void stamps_come_back(void **state)
{
	struct rng rng = { .state = 5 };

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		struct chat_stamp out, in = { .kind = i % 3   ? CHAT_MESSAGE
						      : i % 2 ? CHAT_HELLO_READS
							      : CHAT_HELLO_MUTE,
			.token = (uint32_t)rng_next(&rng) & 0x3ffff,
			.connection = (uint32_t)rng_next(&rng) & 0xffffff,
			.sequence = rng_next(&rng) & ((1ull << CHAT_SEQUENCE_BITS) - 1),
			.due_ns = (int64_t)(rng_next(&rng) >> 5) };
		uint8_t text[CHAT_STAMP_BYTES];

		in.sent_ns = in.due_ns + (int64_t)(rng_next(&rng) % (1 << 30)) * 1000;
		chat_stamp_put(text, &in);
		assert_true(chat_stamp_get(text, &out));
		assert_int_equal(out.kind, in.kind);
		assert_int_equal(out.token, in.token);
		assert_int_equal(out.connection, in.connection);
		assert_int_equal(out.sequence, in.sequence);
		assert_int_equal(out.due_ns, in.due_ns);
		assert_int_equal(out.sent_ns, in.sent_ns);
		text[rng_next(&rng) % CHAT_STAMP_BYTES] = " \n\x80!"[i % 4];
		assert_false(chat_stamp_get(text, &out));
	}
}

/* A clock that was set back, or an hour of lateness: the nearest that a stamp can say. */
static void stamps_at_their_limits(void **state)
{
	uint8_t text[CHAT_STAMP_BYTES];
	struct chat_stamp s = { .kind = CHAT_MESSAGE, .due_ns = 5000, .sent_ns = 1000 };

	(void)state;
	chat_stamp_put(text, &s);
	assert_true(chat_stamp_get(text, &s));
	assert_int_equal(s.sent_ns, 5000);
	s.sent_ns = s.due_ns + 3600ll * 1000 * 1000 * 1000;
	chat_stamp_put(text, &s);
	assert_true(chat_stamp_get(text, &s));
	assert_int_equal(s.sent_ns, 5000 + ((1ll << 30) - 1) * 1000);
}

/* ---- what may reach a terminal ---- */

static void clean_lines(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "plain text, long enough for words of eight", "plain text, long enough for words of eight" },
		{ "a\ttab", "a\ttab" },
		{ "\x1b[2J\x1b]0;title\x07", "?[2J?]0;title?" },
		{ "gr\xc3\xbc\xc3\x9f dich, \xe2\x82\xac 5, \xf0\x9f\x98\x80",
			"gr\xc3\xbc\xc3\x9f dich, \xe2\x82\xac 5, \xf0\x9f\x98\x80" },
		{ "C1 \xc2\x9b"
		  "2J and \x9b"
		  "2J",
			"C1 ??2J and ?2J" },
		{ "cut \xe2\x82", "cut ??" },
		{ "overlong \xc0\xaf \xe0\x80\xaf", "overlong ?? ???" },
		{ "surrogate \xed\xa0\x80", "surrogate ???" },
		{ "too far \xf4\x90\x80\x80", "too far ????" },
		{ "\x7f\x08\r", "???" },
	};
	uint8_t out[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i].in);

		chat_clean(out, (const uint8_t *)cases[i].in, n);
		out[n] = '\0';
		assert_string_equal((char *)out, cases[i].out);
	}
	chat_clean(out, (const uint8_t *)"a\0b\0", 4);
	assert_memory_equal(out, "a?b?", 4);
}

/* Wherever a byte stands in a word, it is seen; what is clean stays. */
static void clean_wherever(void **state)
{
	struct rng rng = { .state = 9 };

	(void)state;
	for (unsigned at = 0; at < 24; at++)
		for (unsigned c = 0; c < 256; c++) {
			uint8_t in[24], out[24], again[24];

			memset(in, 'x', sizeof(in));
			in[at] = (uint8_t)c;
			chat_clean(out, in, sizeof(in));
			bool plain = (c >= 0x20 && c < 0x7f) || c == '\t';
			assert_int_equal(out[at], plain ? c : '?');
			for (unsigned i = 0; i < sizeof(in); i++)
				in[i] = (uint8_t)rng_next(&rng);
			chat_clean(out, in, sizeof(in));
			chat_clean(again, out, sizeof(out));
			assert_memory_equal(again, out, sizeof(out));
			for (unsigned i = 0; i < sizeof(out); i++)
				assert_true(out[i] >= 0x20 || out[i] == '\t');
		}
}

/* ---- lines ---- */

/* Cut anywhere, twice: the same lines. */
static void lines_over_every_split(void **state)
{
	static const char text[] = "first\nsecond, longer\n\nfourth\r\nnot over \x1b[0m yet\nthe end\nno end";
	size_t bytes = sizeof(text) - 1;

	(void)state;
	for (size_t a = 0; a <= bytes; a++)
		for (size_t b = a; b <= bytes; b++) {
			struct chat_lines lines;

			chat_lines_open(&lines, 64);
			chat_lines_feed(&lines, text, a);
			chat_lines_feed(&lines, text + a, b - a);
			chat_lines_feed(&lines, text + b, bytes - b);
			assert_string_equal(
				chat_lines_got(&lines), "first\nsecond, longer\n\nfourth\nnot over ?[0m yet\nthe end\n");
			assert_int_equal(lines.speaker->end, END_NONE);
			chat_lines_close(&lines);
		}
}

static void a_line_that_is_too_long(void **state)
{
	static const size_t pieces[] = { 1, 7, 63, 64, 65, 200 };
	char text[200];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct chat_lines lines;
		char answer[200];

		chat_lines_open(&lines, 64);
		for (size_t at = 0; at < sizeof(text) && lines.speaker->end == END_NONE; at += pieces[i])
			chat_lines_feed(&lines, text + at, sizeof(text) - at < pieces[i] ? sizeof(text) - at : pieces[i]);
		assert_int_equal(lines.speaker->end, END_LONG_LINE);
		ssize_t n = read(lines.speaker_fd, answer, sizeof(answer) - 1);
		assert_more(n, 0);
		answer[n] = '\0';
		assert_string_equal(answer, "netdyno: a line may have at most 64 bytes: goodbye\n");
		chat_lines_close(&lines);
		/* One byte less fits: 63 and the line's end. */
		text[63] = '\n';
		chat_lines_open(&lines, 64);
		for (size_t at = 0; at < 64; at += pieces[i])
			chat_lines_feed(&lines, text + at, 64 - at < pieces[i] ? 64 - at : pieces[i]);
		assert_int_equal(lines.speaker->end, END_NONE);
		assert_int_equal(strlen(chat_lines_got(&lines)), 64);
		chat_lines_close(&lines);
		text[63] = 'x';
	}
}

/* ---- the schedule ---- */

static void schedules_are_exact(void **state)
{
	static const uint64_t rates[] = { 1, 100, 999, 1000, 30000, 25000000, 1000000007 };

	(void)state;
	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++)
		for (unsigned burst = 0; burst < 2; burst++) {
			struct load_schedule s = { .start_ns = 1000, .rate_milli = rates[r], .round = 7, .burst = burst };

			for (uint64_t m = 0; m < 2000; m++) {
				int64_t at = load_schedule_at(&s, m);
				uint64_t whole = burst ? m / 7 * 7 + 7 : m + 1;

				/* It is due at that moment, and not 1 ns before. */
				assert_at_least(load_schedule_due(&s, at), whole);
				assert_at_most(load_schedule_due(&s, at - 1), burst ? m / 7 * 7 : m);
			}
			/* In 1000 s as many as the rate says. */
			if (!burst)
				assert_int_equal(load_schedule_due(&s, s.start_ns + 1000ll * 1000 * 1000 * 1000 - 1), rates[r]);
		}
}

/* ---- rings ---- */

enum { LOOPS = 3, CROSSING = 20000 };

struct crosser {
	struct chat_crossing *crossing;
	unsigned self;
	uint64_t next[LOOPS]; /* of each other loop's lines */
	unsigned taken, bad;
};

static void take(void *ctx, const uint8_t *line, size_t bytes)
{
	struct crosser *c = ctx;
	char text[80];
	unsigned from, length;
	unsigned long number;

	snprintf(text, sizeof(text), "%.*s", (int)bytes, (const char *)line);
	if (sscanf(text, "%u %lu %u", &from, &number, &length) != 3 || from >= LOOPS || number != c->next[from] ||
		length != bytes) {
		c->bad++;
		return;
	}
	c->next[from]++;
	c->taken++;
}

static void put_one(struct crosser *c, unsigned number)
{
	uint8_t line[64];
	unsigned length = 20 + number % 30;

	memset(line, ' ', sizeof(line));
	line[snprintf((char *)line, sizeof(line), "%u %u %u", c->self, number, length)] = ' ';
	chat_crossing_put(c->crossing, c->self, line, length);
}

static void *cross(void *arg)
{
	struct crosser *c = arg;
	unsigned sent = 0, calls = 0;
	uint8_t scratch[64];

	while ((sent < CROSSING || c->taken < (LOOPS - 1) * CROSSING) && !c->bad) {
		for (unsigned i = 0; i < 10 && sent < CROSSING && chat_crossing_has_room(c->crossing, c->self, 64); i++)
			put_one(c, sent++);
		chat_crossing_publish(c->crossing, c->self);
		if (!chat_crossing_take(c->crossing, c->self, take, c, scratch, sizeof(scratch), &calls) &&
			(sent < CROSSING ? !chat_crossing_has_room(c->crossing, c->self, 64)
					 : c->taken < (LOOPS - 1) * CROSSING) &&
			chat_crossing_sleep(c->crossing, c->self)) {
			struct pollfd fd = { .fd = c->crossing->bell[c->self].fd, .events = POLLIN };

			/* Nobody who sleeps is forgotten. */
			if (poll(&fd, 1, 20000) == 0 && c->taken < (LOOPS - 1) * CROSSING)
				c->bad++;
			chat_crossing_silence(c->crossing, c->self);
			chat_crossing_wake(c->crossing, c->self);
		}
	}
	return NULL;
}

static void lines_cross_in_order(void **state)
{
	struct chat_crossing crossing;
	struct crosser crosser[LOOPS] = { 0 };
	pthread_t thread[LOOPS];
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(chat_crossing_open(&crossing, LOOPS, 1024, &err), 0);
	for (unsigned i = 0; i < LOOPS; i++) {
		crosser[i] = (struct crosser){ .crossing = &crossing, .self = i };
		assert_int_equal(pthread_create(&thread[i], NULL, cross, &crosser[i]), 0);
	}
	for (unsigned i = 0; i < LOOPS; i++)
		pthread_join(thread[i], NULL);
	for (unsigned i = 0; i < LOOPS; i++) {
		assert_int_equal(crosser[i].bad, 0);
		assert_int_equal(crosser[i].taken, (LOOPS - 1) * CROSSING);
	}
	chat_crossing_close(&crossing);
	chat_crossing_close(&crossing);
}

/* A run may end within a burst, but not one burst behind. */
static void a_burst_is_late_when_the_next_is_due(void **state)
{
	static const struct {
		bool burst;
		uint64_t taken, sent, owed;
	} cases[] = {
		{ true, 500, 256, 256 },
		{ true, 500, 500, 500 },
		{ true, 1000, 256, 500 },
		{ true, 1000, 500, 500 },
		{ true, 1000, 501, 501 },
		{ true, 0, 0, 0 },
		{ false, 500, 256, 500 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct load_schedule s = { .burst = cases[i].burst, .round = 500, .taken = cases[i].taken };

		assert_int_equal(load_schedule_owed(&s, cases[i].sent), cases[i].owed);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(stamps_come_back),
		cmocka_unit_test(stamps_at_their_limits),
		cmocka_unit_test(clean_lines),
		cmocka_unit_test(clean_wherever),
		cmocka_unit_test(lines_over_every_split),
		cmocka_unit_test(a_line_that_is_too_long),
		cmocka_unit_test(schedules_are_exact),
		cmocka_unit_test(lines_cross_in_order),
		cmocka_unit_test(a_burst_is_late_when_the_next_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
