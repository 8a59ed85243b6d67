/* Numbers for people: how they are written, by tables, and read back. */
#include "check.h"

#include <math.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"

#define S(n) ((n)*INT64_C(1000000000))

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
