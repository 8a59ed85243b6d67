/* Parsing, formatting, escaping and suggesting, by tables. */
#include "check.h"

#include <errno.h>
#include <math.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"

typedef int parse_fn(const char *, int64_t *, struct err *);

struct parse_row {
	const char *text;
	int64_t value; /* -EINVAL, -ERANGE: refused */
	const char *says;
};

#define ROWS(rows) rows, sizeof(rows) / sizeof(*(rows))
#define S(n)       ((n)*INT64_C(1000000000))

static void check_rows(parse_fn *parse, const struct parse_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct err err = ERR_NONE;
		int64_t value = -77;
		int r = parse(rows[i].text, &value, &err);

		if (rows[i].value < 0) {
			if (r != rows[i].value || value != -77)
				fail_msg("\"%s\": %d and %lld, not %lld and untouched", rows[i].text, r, (long long)value,
					(long long)rows[i].value);
			assert_contains(err.text, rows[i].says);
		} else if (r != 0 || value != rows[i].value)
			fail_msg("\"%s\": %d, %lld, not %lld (%s)", rows[i].text, r, (long long)value, (long long)rows[i].value,
				err.text);
	}
}

static void test_parse_size(void **state)
{
	(void)state;
	static const struct parse_row rows[] = {
		{ "0", 0, "" },
		{ "64", 64, "" },
		{ "64B", 64, "" },
		{ "16K", 16384, "" },
		{ "16k", 16384, "" },
		{ "16KiB", 16384, "" },
		{ "1M", 1048576, "" },
		{ "1.5M", 1572864, "" },
		{ "2G", INT64_C(2) << 30, "" },
		{ "2GiB", INT64_C(2) << 30, "" },
		{ "0.3K", 307, "" },
		{ "4611686018427387904", INT64_C(1) << 62, "" },
		{ "007", 7, "" },
		{ "4611686018427387905", -ERANGE, "too large" },
		{ "99999999999999999999999999999999999999999999", -ERANGE, "too large" },
		{ "5000000000G", -ERANGE, "too large" },
		{ "", -EINVAL, "not a number" },
		{ "-1", -EINVAL, "\"-1\" is not a number" },
		{ "+1", -EINVAL, "not a number" },
		{ " 1", -EINVAL, "not a number" },
		{ "1 ", -EINVAL, "unknown unit \" \"" },
		{ "16X", -EINVAL, "unknown unit \"X\" (B, K, M, G)" },
		{ "K", -EINVAL, "not a number" },
		{ "1.", -EINVAL, "not a number" },
		{ ".5K", -EINVAL, "not a number" },
		{ "1.5", -EINVAL, "whole number" },
		{ "1.5B", -EINVAL, "whole number" },
		{ "1K2", -EINVAL, "unexpected \"2\"" },
		{ "0x10", -EINVAL, "unknown unit \"x\"" },
		{ "1kib", -EINVAL, "unknown unit" },
		{ "1..5K", -EINVAL, "not a number" },
		{ "nan", -EINVAL, "not a number" },
		{ "1e3", -EINVAL, "unknown unit \"e\"" },
	};

	check_rows(text_parse_size, ROWS(rows));
}

static void test_parse_duration(void **state)
{
	(void)state;
	static const struct parse_row rows[] = {
		{ "10", S(10), "" },
		{ "10s", S(10), "" },
		{ "500ms", S(1) / 2, "" },
		{ "20us", 20000, "" },
		{ "7ns", 7, "" },
		{ "5m", S(300), "" },
		{ "5min", S(300), "" },
		{ "1h", S(3600), "" },
		{ "1.5", S(3) / 2, "" },
		{ "0.1s", S(1) / 10, "" },
		{ "2.000000001s", S(2) + 1, "" },
		{ "0.25h", S(900), "" },
		{ "1m30s", S(90), "" },
		{ "1h2m3.5s", S(3723) + S(1) / 2, "" },
		{ "0", 0, "" },
		{ "0s", 0, "" },
		{ "0.4us", 400, "" },
		{ "10x", -EINVAL, "unknown unit \"x\" (h, m, s, ms, us, ns)" },
		{ "s", -EINVAL, "not a number" },
		{ "30s1m", -EINVAL, "cannot stand here" },
		{ "1s1s", -EINVAL, "cannot stand here" },
		{ "1m30", -EINVAL, "\"30\" cannot stand here" },
		{ "1.5ns", -EINVAL, "whole number" },
		{ "-3s", -EINVAL, "not a number" },
		{ "", -EINVAL, "not a number" },
		{ "9999999999", -ERANGE, "too large" },
		{ "9999999h9999999m", -ERANGE, "too large" },
		{ "10S", -EINVAL, "unknown unit" },
		{ "1.2.3s", -EINVAL, "\"1.2.3s\"" },
	};

	check_rows(text_parse_duration, ROWS(rows));
}

static void test_parse_count(void **state)
{
	(void)state;
	static const struct parse_row rows[] = {
		{ "0", 0, "" },
		{ "50000", 50000, "" },
		{ "50k", 50000, "" },
		{ "1.5M", 1500000, "" },
		{ "2G", S(2), "" },
		{ "1,000", -EINVAL, "unknown unit \",\"" },
		{ "1.5", -EINVAL, "whole number" },
		{ "-1", -EINVAL, "not a number" },
		{ "1T", -EINVAL, "unknown unit \"T\" (k, M, G)" },
		{ "9999999999999G", -ERANGE, "too large" },
	};

	check_rows(text_parse_count, ROWS(rows));
}

/* ---- numbers for people ---- */

static void test_human(void **state)
{
	(void)state;
	static const struct {
		double value;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ -0.0, "0" },
		{ 12, "12" },
		{ 999, "999" },
		{ 1000, "1.00k" },
		{ 812400, "812.4k" },
		{ 3210000, "3.21M" },
		{ 24100, "24.1k" },
		{ 1.5, "1.50" },
		{ 12.34, "12.3" },
		{ 415.94, "415.9" },
		{ 0.05, "0.050" },
		{ 0.5, "0.50" },
		{ 999.949, "999.9" },
		{ 999.96, "1.00k" },
		{ 999949, "999.9k" },
		{ 999960, "1.00M" },
		{ 9994, "9.99k" },
		{ 9996, "10.0k" },
		{ 1e9, "1.00G" },
		{ 1e12, "1.00T" },
		{ 1e15, "1.00P" },
		{ 1e18, "1.00E" },
		{ 1e21, ">999E" },
		{ -12, "-12" },
		{ -812400, "-812k" },
		{ -3210000, "-3.21M" },
		{ -24100, "-24.1k" },
		{ -99960, "-100k" },
		{ -1e30, "->999E" },
		{ 99.96, "100.0" },
		{ 0.0002, "0.000" },
	};
	char text[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(text_human(rows[i].value, text, sizeof(text)), rows[i].text);
	assert_string_equal(text_human(NAN, text, sizeof(text)), "--");
	assert_string_equal(text_human(-NAN, text, sizeof(text)), "--");
	assert_string_equal(text_human(INFINITY, text, sizeof(text)), "inf");
	assert_string_equal(text_human(-INFINITY, text, sizeof(text)), "-inf");
}

/* Ever shorter, and every digit of it whole. */
static void test_shorter(void **state)
{
	(void)state;
	static const struct {
		const char *figure;
		unsigned cells;
		const char *text;
	} rows[] = {
		{ "1 874", 5, "1 874" },
		{ "1 874", 4, "1874" },
		{ "1 874", 3, "2k" },
		{ "12 345 678", 9, "12345678" },
		{ "12 345 678", 6, "12.35M" },
		{ "12 345 678", 5, "12.3M" },
		{ "12 345 678", 4, "12M" },
		{ "1 000 000 000 000", 4, "1.0T" },
		{ "812.4k", 5, "812k" },
		{ "999.9k", 5, "1M" },
		{ "9.40ms", 5, "9.4ms" },
		{ "9.40ms", 4, "9ms" },
		{ "-12.6%", 5, "-13%" },
		{ "0.063", 4, "0.06" },
		{ "0.063", 2, "<1" },
		{ "×20.7", 4, "×21" },
		{ "250k", 3, "" }, /* rather nothing than another number */
		{ "--", 2, "--" },
		{ "--", 1, "" },
		{ "cpu12", 4, "" },
		{ "two words", 4, "" },
		{ "many words that are longer than what was meant to hold one figure: 12", 68, "" },
		{ "", 0, "" },
	};
	char text[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(text_shorter(rows[i].figure, rows[i].cells, text, sizeof(text)), rows[i].text);
}

/* What fits is a number near the one that was meant, whatever that is. */
static void test_shorter_is_near(void **state)
{
	(void)state;
	for (double value = 1; value < 2e12; value *= 1.37)
		for (unsigned cells = 4; cells < 16; cells++) {
			char whole[48], text[64], *end;
			double read;

			text_shorter(text_grouped((uint64_t)value, whole, sizeof(whole)), cells, text, sizeof(text));
			assert_int_not_equal(text[0], '\0');
			assert_in_range(text_width(text), 1, cells);
			if (strchr(text, ' '))
				continue; /* as it was */
			read = strtod(text, &end);
			read *= *end == 'k' ? 1e3 : *end == 'M' ? 1e6 : *end == 'G' ? 1e9 : *end == 'T' ? 1e12 : 1;
			if (fabs(read - floor(value)) > 0.06 * value)
				fail_msg("%s in %u cells is %s", whole, cells, text);
		}
}

static void test_whole(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned cells;
		const char *whole;
	} rows[] = {
		{ "burst: 1874 packets", 11, "burst: 1874" },
		{ "burst: 1874 packets", 10, "burst:" },
		{ "sent 12 345 of 7", 11, "sent 12 345" },
		{ "sent 12 345 of 7", 10, "sent" },
		{ "sent 12 345 of 7", 7, "sent" },
		{ "at cpu12", 7, "at" },
		{ "took 9.40ms", 9, "took" },
		{ "words alone", 8, "words al" },
		{ "5 µs", 3, "5 µ" },
		{ "all of it 9", 20, "all of it 9" },
		{ "14:31:07 run", 5, "" },
		{ "", 3, "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%.*s", (int)text_whole(rows[i].text, rows[i].cells), rows[i].text);
		assert_string_equal(text, rows[i].whole);
	}
}

static void test_us(void **state)
{
	(void)state;
	static const struct {
		int64_t ns;
		const char *text;
	} rows[] = {
		{ -1, "--" },
		{ 0, "0.00" },
		{ 126, "0.13" },
		{ 9990, "9.99" },
		{ 9996, "10.0" },
		{ 18234, "18.2" },
		{ 99960, "100" },
		{ 131000, "131" },
		{ 999499, "999" },
		{ 999600, "1.0m" },
		{ 1200000, "1.2m" },
		{ 131000000, "131m" },
		{ 1200000000, "1.2s" },
		{ 68700000000, "68.7s" },
		{ 120000000000, "120s" },
		{ S(9999), "9999s" },
		{ S(36000), "10h" },
		{ INT64_MAX, ">9999h" },
	};
	char text[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(text_us(rows[i].ns, text, sizeof(text)), rows[i].text);
}

static void test_never_wider_than_six_cells(void **state)
{
	(void)state;
	struct rng rng = { .state = 1 };
	char text[64];

	for (int i = 0; i < 300000; i++) {
		double value = exp(rng_unit(&rng) * 120 - 40) * (i % 2 ? 1 : -1);

		text_human(value, text, sizeof(text));
		if (strlen(text) > 6)
			fail_msg("%g is \"%s\"", value, text);
		int64_t ns = (int64_t)(rng_next(&rng) >> (1 + i % 62));
		text_us(ns, text, sizeof(text));
		if (strlen(text) > 6)
			fail_msg("%lld ns is \"%s\"", (long long)ns, text);
	}
}

static void test_size_and_duration_texts(void **state)
{
	(void)state;
	static const struct {
		char *(*format)(int64_t, char *, size_t);
		int64_t value;
		const char *text;
	} rows[] = {
		{ text_size, 0, "0B" },
		{ text_size, 64, "64B" },
		{ text_size, 1023, "1023B" },
		{ text_size, 16384, "16K" },
		{ text_size, 1536, "1.5K" },
		{ text_size, 1572864, "1.5M" },
		{ text_size, 1025, "1025B" },
		{ text_size, 1049600, "1025K" },
		{ text_size, INT64_C(3) << 30, "3G" },
		{ text_size, 100000000, "100000000B" },
		{ text_size, -1, "--" },
		{ text_duration, 0, "0s" },
		{ text_duration, 7, "7ns" },
		{ text_duration, 20000, "20us" },
		{ text_duration, 20500, "20.5us" },
		{ text_duration, 500000000, "500ms" },
		{ text_duration, S(10), "10s" },
		{ text_duration, S(3) / 2, "1.5s" },
		{ text_duration, S(90), "1m30s" },
		{ text_duration, S(60), "1m" },
		{ text_duration, S(3600), "1h" },
		{ text_duration, S(3660), "1h1m" },
		{ text_duration, S(3601), "1h1s" },
		{ text_duration, S(1) + 1, "1.000000001s" },
		{ text_duration, -S(10), "-10s" },
		{ text_clock, 0, "00:00" },
		{ text_clock, S(72), "01:12" },
		{ text_clock, S(3723), "1:02:03" },
		{ text_clock, S(359999), "99:59:59" },
		{ text_clock, -1, "--:--" },
	};
	char text[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(rows[i].format(rows[i].value, text, sizeof(text)), rows[i].text);
}

static void test_what_is_written_is_read_back(void **state)
{
	(void)state;
	struct rng rng = { .state = 2 };
	int64_t back;
	char text[64];

	for (int i = 0; i < 200000; i++) {
		int64_t value = (int64_t)(rng_next(&rng) >> (2 + i % 62));

		if (i % 4 == 0)
			value &= ~INT64_C(0xfff);
		assert_int_equal(text_parse_size(text_size(value, text, sizeof(text)), &back, NULL), 0);
		assert_int_equal(back, value);
		if (i % 4 == 1)
			value -= value % NS_PER_MS;
		assert_int_equal(text_parse_duration(text_duration(value, text, sizeof(text)), &back, NULL), 0);
		if (back != value)
			fail_msg("%lld ns became \"%s\", then %lld", (long long)value, text, (long long)back);
	}
}

/* ---- foreign bytes ---- */

static void test_escape(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
		const char *text;
	} rows[] = {
		{ "", 0, "" },
		{ "plain ~text", 11, "plain ~text" },
		{ "\x1b[2J", 4, "\\x1b[2J" },
		{ "a\0b\n\r\t\x7f", 7, "a\\x00b\\x0a\\x0d\\x09\\x7f" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\xc0\xaf", 2, "\\xc0\\xaf" },                   /* overlong */
		{ "\xe0\x80\xaf", 3, "\\xe0\\x80\\xaf" },          /* overlong */
		{ "\xed\xa0\x80", 3, "\\xed\\xa0\\x80" },          /* surrogate */
		{ "\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80" }, /* beyond U+10FFFF */
		{ "\xe2\x82", 2, "\\xe2\\x82" },                   /* cut off */
		{ "\xe2\x82"
		  "a",
			3,
			"\\xe2\\x82"
			"a" },
		{ "\xc2\x9b"
		  "31m",
			5,
			"\\xc2\\x9b"
			"31m" }, /* C1: CSI */
		{ "\xe2\x80\xae"
		  "abc",
			6,
			"\\xe2\\x80\\xae"
			"abc" },                          /* right-to-left override */
		{ "\xe2\x81\xa6", 3, "\\xe2\\x81\\xa6" }, /* isolate */
		{ "\xd8\x9c", 2, "\\xd8\\x9c" },          /* Arabic letter mark */
		{ "\xef\xbb\xbf", 3, "\\xef\\xbb\\xbf" },
		{ "\xff\xfe\x80", 3, "\\xff\\xfe\\x80" },
	};
	char text[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(text_escape(rows[i].bytes, rows[i].len, text, sizeof(text)), rows[i].text);
}

static void test_escape_is_cut_between_characters(void **state)
{
	(void)state;
	static const char bytes[] = "ab\x01\xe2\x82\xac"
				    "c";
	static const char whole[] = "ab\\x01\xe2\x82\xac"
				    "c";
	/* of `whole`, by size */
	static const size_t kept[] = { 0, 0, 1, 2, 2, 2, 2, 6, 6, 6, 9, 10 };
	char text[16];

	for (size_t size = 0; size < sizeof(kept) / sizeof(*kept); size++) {
		memset(text, 'Z', sizeof(text));
		text_escape(bytes, sizeof(bytes) - 1, text, size);
		if (size) {
			assert_int_equal(strlen(text), kept[size]);
			assert_memory_equal(text, whole, kept[size]);
		}
		assert_int_equal(text[size], 'Z');
	}
}

static const char *nearest_of(const char *word, const char *const *names, size_t count)
{
	struct text_guess guess = { .word = word };

	for (size_t i = 0; i < count; i++)
		text_guess_offer(&guess, names[i]);
	return guess.nearest;
}

static void test_nearest(void **state)
{
	(void)state;
	static const char *const names[] = { "single", "mmsg", "gso", "uring", "packet", "xdp", "duration", "window" };
	static const struct {
		const char *word, *nearest;
	} rows[] = {
		{ "mmsg", "mmsg" },
		{ "msmg", "mmsg" },
		{ "mms", "mmsg" },
		{ "MMSG", "mmsg" },
		{ "sinlge", "single" },
		{ "packets", "packet" },
		{ "durration", "duration" },
		{ "windwo", "window" },
		{ "gos", "gso" },
		{ "xxxxxx", NULL },
		{ "", NULL },
		{ "zero-copy", NULL },
		{ "uringggg", "uring" },
	};
	char huge[2000];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *got = nearest_of(rows[i].word, names, sizeof(names) / sizeof(*names));

		if (got != rows[i].nearest && (!got || !rows[i].nearest || strcmp(got, rows[i].nearest)))
			fail_msg("\"%s\": %s, not %s", rows[i].word, got ? got : "none",
				rows[i].nearest ? rows[i].nearest : "none");
	}
	memset(huge, 'm', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	assert_null(nearest_of(huge, names, 8));
	assert_null(nearest_of("x", NULL, 0));
}

static void test_question(void **state)
{
	(void)state;
	struct text_guess near = { .word = "paylod" }, far = { .word = "xyz" };

	text_guess_offer(&near, "payload");
	text_guess_offer(&far, "payload");
	assert_string_equal(text_guess_ask(&near, "--", ""), " (did you mean --payload?)");
	assert_string_equal(text_guess_ask(&near, "[", "]"), " (did you mean [payload]?)");
	assert_string_equal(text_guess_ask(&far, "--", ""), "");
}

static void test_add(void **state)
{
	(void)state;
	char out[12] = "";

	assert_string_equal(text_add(out, sizeof(out), "%s %d", "a", 1), "a 1");
	assert_string_equal(text_add(out, sizeof(out), ", %s", "b"), "a 1, b");
	assert_string_equal(text_add(out, sizeof(out), ", %s", "cdefgh"), "a 1, b, cde");
	assert_string_equal(text_add(out, sizeof(out), "%s", "x"), "a 1, b, cde");
}

static void test_width(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned cells;
	} rows[] = { { "", 0 }, { "abc", 3 }, { "äöü", 3 }, { "12 µs …", 7 }, { "\xff\xfe", 2 }, { "a\xe2\x82", 3 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(text_width(rows[i].text), rows[i].cells);
	assert_int_equal(text_bytes("äöü", 2), 4);
	assert_int_equal(text_bytes("äöü", 9), 6);
	assert_int_equal(text_bytes("äöü", 0), 0);
}

static void test_cut(void **state)
{
	(void)state;
	static const struct {
		const char *text, *cut;
	} rows[] = { { "abcdef", "abcdef" }, { "abcdefg", "abcde…" }, { "äöüäöüä", "äöüäö…" }, { "", "" } };
	char out[100];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(text_cut(rows[i].text, 6, out, sizeof(out)), rows[i].cut);
}

static void test_line(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned cells;
		size_t bytes;
	} rows[] = {
		{ "", 10, 0 },
		{ "ab cd", 10, 5 },
		{ "ab cd", 5, 5 },
		{ "ab cd", 4, 2 },
		{ "ab cd", 2, 2 }, /* the blank that follows belongs to neither line */
		{ "abcdef gh", 4, 4 },
		{ "äö üä", 4, 4 },
		{ "abc", 0, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(text_line(rows[i].text, rows[i].cells), rows[i].bytes);
}

static void test_grouped(void **state)
{
	(void)state;
	static const struct {
		uint64_t n;
		const char *text;
	} rows[] = { { 0, "0" }, { 999, "999" }, { 1000, "1 000" }, { 12345678, "12 345 678" },
		{ UINT64_MAX, "18 446 744 073 709 551 615" } };
	char out[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(text_grouped(rows[i].n, out, sizeof(out)), rows[i].text);
}

static void test_about(void **state)
{
	(void)state;
	static const struct {
		double seconds;
		const char *text, *eta;
	} rows[] = {
		{ 0.4, "less than a second", "00:00" },
		{ 1.2, "about a second", "00:01" },
		{ 90, "about 90 seconds", "01:30" },
		{ 2400, "about 40 minutes", "40:00" },
		{ 3 * 3600, "about 3 hours", "3:00:00" },
		{ 4e8, "about 13 years", "111111:06:40" },
		{ 1e300, NULL, "277777:46:40" },
	};
	char out[400];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].text)
			assert_string_equal(text_about(rows[i].seconds, out, sizeof(out)), rows[i].text);
		assert_string_equal(text_eta(rows[i].seconds, out, sizeof(out)), rows[i].eta);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_size),
		cmocka_unit_test(test_parse_duration),
		cmocka_unit_test(test_parse_count),
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_grouped),
		cmocka_unit_test(test_about),
		cmocka_unit_test(test_human),
		cmocka_unit_test(test_shorter),
		cmocka_unit_test(test_shorter_is_near),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_us),
		cmocka_unit_test(test_never_wider_than_six_cells),
		cmocka_unit_test(test_size_and_duration_texts),
		cmocka_unit_test(test_what_is_written_is_read_back),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_is_cut_between_characters),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
