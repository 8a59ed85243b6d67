/* Parsing, escaping, suggesting, widths and lines, by tables. */
#include "check.h"

#include <errno.h>

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
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_is_cut_between_characters),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
