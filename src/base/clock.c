/* The run clock and wall time: see clock.h. */
#include "base/clock.h"

#include <stdatomic.h>

/* 2026-01-01T00:00:00Z: where the virtual clock's wall time starts, so that screens are the same
 * on every day. */
static const int64_t virtual_epoch_ns = INT64_C(1767225600) * NS_PER_S;

static _Atomic int64_t virtual_ns; /* 0: the clock is real; writer: the control thread */

int64_t clock_run_ns(void)
{
	int64_t at = atomic_load_explicit(&virtual_ns, memory_order_acquire);

	return at ? at : clock_now_ns();
}

void clock_virtual_set(int64_t now_ns)
{
	if (now_ns > 0)
		atomic_store_explicit(&virtual_ns, now_ns, memory_order_release);
}

bool clock_is_virtual(void)
{
	return atomic_load_explicit(&virtual_ns, memory_order_acquire) != 0;
}

int64_t clock_wall_of(int64_t at_ns)
{
	struct timespec wall;

	if (clock_is_virtual())
		return virtual_epoch_ns + at_ns;
	clock_gettime(CLOCK_REALTIME, &wall);
	return (int64_t)wall.tv_sec * NS_PER_S + wall.tv_nsec - clock_now_ns() + at_ns;
}

/* Rounds towards the past, also before 1970. */
static time_t seconds_of(int64_t wall_ns)
{
	int64_t seconds = wall_ns / NS_PER_S;

	return (time_t)(wall_ns % NS_PER_S < 0 ? seconds - 1 : seconds);
}

static struct tm broken_down(int64_t wall_ns, bool utc)
{
	time_t seconds = seconds_of(wall_ns);
	struct tm tm = { .tm_mday = 1, .tm_year = 70 };

	if (utc)
		gmtime_r(&seconds, &tm);
	else
		localtime_r(&seconds, &tm);
	return tm;
}

void clock_format_iso(int64_t wall_ns, char *out, size_t size)
{
	struct tm tm = broken_down(wall_ns, true);

	strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void clock_format_hms(int64_t wall_ns, char *out, size_t size)
{
	struct tm tm = broken_down(wall_ns, clock_is_virtual());

	strftime(out, size, "%H:%M:%S", &tm);
}

void clock_format_file(int64_t wall_ns, char *out, size_t size)
{
	struct tm tm = broken_down(wall_ns, clock_is_virtual());

	strftime(out, size, "%Y-%m-%dT%H-%M-%S", &tm);
}

void clock_sleep_until(int64_t at_ns)
{
	struct timespec until = { .tv_sec = (time_t)(at_ns / NS_PER_S), .tv_nsec = (long)(at_ns % NS_PER_S) };

	if (at_ns > 0)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}
