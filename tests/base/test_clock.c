/* The run clock (real, then virtual: there is no way back, so the order matters) and the formats
 * of wall time; the error record. */
#include "check.h"

#include <errno.h>
#include <signal.h>

#include "base/clock.h"
#include "base/err.h"

static void test_real_clock(void **state)
{
	(void)state;
	int64_t before = clock_now_ns(), run = clock_run_ns(), after = clock_now_ns();

	assert_false(clock_is_virtual());
	assert_between(run, before, after);
	clock_virtual_set(0);
	clock_virtual_set(-5);
	assert_false(clock_is_virtual());
}

static void test_wall_follows_monotonic(void **state)
{
	(void)state;
	struct timespec ts;
	int64_t now = clock_now_ns(), wall = clock_wall_of(now);

	clock_gettime(CLOCK_REALTIME, &ts);
	int64_t seen = (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
	/* One minute of slack: the test checks the epoch, not the speed of this machine. */
	assert_in_range(seen - wall + INT64_C(60) * NS_PER_S, 0, INT64_C(120) * NS_PER_S);
}

static void test_formats(void **state)
{
	(void)state;
	static const struct {
		int64_t ns;
		const char *iso, *hms, *file;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00Z", "00:00:00", "1970-01-01T00-00-00" },
		{ -1, "1969-12-31T23:59:59Z", "23:59:59", "1969-12-31T23-59-59" },
		{ INT64_C(1790865067) * NS_PER_S + 999999999, "2026-10-01T14:31:07Z", "14:31:07", "2026-10-01T14-31-07" },
	};
	char text[32];

	setenv("TZ", "UTC0", 1);
	tzset();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		clock_format_iso(rows[i].ns, text, sizeof(text));
		assert_string_equal(text, rows[i].iso);
		clock_format_hms(rows[i].ns, text, sizeof(text));
		assert_string_equal(text, rows[i].hms);
		clock_format_file(rows[i].ns, text, sizeof(text));
		assert_string_equal(text, rows[i].file);
	}
	setenv("TZ", "EET-2", 1);
	tzset();
	clock_format_hms(0, text, sizeof(text));
	assert_string_equal(text, "02:00:00");
	clock_format_iso(0, text, sizeof(text));
	assert_string_equal(text, "1970-01-01T00:00:00Z");
}

static void test_sleep_until(void **state)
{
	(void)state;
	int64_t until = clock_now_ns() + 2 * NS_PER_MS;

	clock_sleep_until(until);
	assert_at_least(clock_now_ns(), until);
	clock_sleep_until(0);
	clock_sleep_until(-7);
	clock_sleep_until(clock_now_ns() - NS_PER_S);
}

static void test_virtual_clock(void **state)
{
	(void)state;
	char text[32];

	setenv("TZ", "EET-2", 1);
	tzset();
	clock_virtual_set(5 * (int64_t)NS_PER_S);
	assert_true(clock_is_virtual());
	assert_int_equal(clock_run_ns(), 5 * (int64_t)NS_PER_S);
	clock_format_iso(clock_wall_of(clock_run_ns()), text, sizeof(text));
	assert_string_equal(text, "2026-01-01T00:00:05Z");
	clock_format_hms(clock_wall_of(0), text, sizeof(text));
	assert_string_equal(text, "00:00:00");
	clock_virtual_set(6 * (int64_t)NS_PER_S);
	assert_int_equal(clock_run_ns(), 6 * (int64_t)NS_PER_S);
}

static void test_first_error_wins(void **state)
{
	(void)state;
	struct err err = ERR_NONE;

	errno = EINTR;
	assert_int_equal(err_sys(&err, EADDRINUSE, "bind %s", "127.0.0.1:5000"), -EADDRINUSE);
	assert_int_equal(errno, EINTR);
	assert_string_equal(err.text, "bind 127.0.0.1:5000: Address already in use");
	assert_int_equal(err_say(&err, EINVAL, "later"), -EINVAL);
	assert_string_equal(err.text, "bind 127.0.0.1:5000: Address already in use");
	assert_int_equal(err.code, EADDRINUSE);
	err_clear(&err);
	assert_int_equal(err_sys(&err, 0, "what"), -EIO);
	assert_string_equal(err.text, "what: Input/output error");
	assert_int_equal(err_sys(NULL, EPERM, "nobody listens"), -EPERM);
	assert_int_equal(err_say(NULL, EPERM, "nobody listens"), -EPERM);
	err_clear(NULL);
}

static void test_error_text_is_one_whole_line(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	char path[2 * ERR_TEXT_BYTES];

	err_say(&err, EINVAL, "a\nb\tc\x1b[2J");
	assert_string_equal(err.text, "a\\x0ab\\x09c\\x1b[2J");
	/* Control characters of the upper half, and what turns the direction of text round. */
	err_clear(&err);
	err_say(&err, EINVAL,
		"a\xc2\x9b"
		"31mb\xe2\x80\xae"
		"c\xff");
	assert_string_equal(err.text, "a\\xc2\\x9b31mb\\xe2\\x80\\xaec\\xff");
	err_clear(&err);
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	err_clear(&err);
	err_sys(&err, ENOSPC, "write %s", path);
	assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
	assert_contains(err.text, "ppp: No space left on device");
	err_clear(&err);
	err_say(&err, EINVAL, "%s", path);
	assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_clock),
		cmocka_unit_test(test_wall_follows_monotonic),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_sleep_until),
		cmocka_unit_test(test_virtual_clock),
		cmocka_unit_test(test_first_error_wins),
		cmocka_unit_test(test_error_text_is_one_whole_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
