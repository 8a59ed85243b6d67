/* Time.  All intervals are CLOCK_MONOTONIC nanoseconds in int64_t; wall time is only for people
 * and file names.
 *
 * The dashboard's tests run on a virtual clock that the sampler steps by hand: what is drawn
 * from or fed by the run clock (sampler, history, synthetic engines, screens) reads
 * clock_run_ns(); loops that move real packets read clock_now_ns(). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { NS_PER_US = 1000, NS_PER_MS = 1000 * 1000, NS_PER_S = 1000 * 1000 * 1000 };

/* clock_gettime(2), CLOCK_MONOTONIC; about 24 ns through the vDSO.  Any thread. */
static inline int64_t clock_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* The run clock: virtual while clock_virtual_set() has been given a time, else CLOCK_MONOTONIC.
 * Any thread. */
int64_t clock_run_ns(void);
/* Wall time (CLOCK_REALTIME) ns since 1970 that belongs to the run clock's time at_ns; on the
 * virtual clock 2026-01-01T00:00:00Z + at_ns. */
int64_t clock_wall_of(int64_t at_ns);
/* now_ns > 0 switches the run clock to virtual time and sets it; only the control thread calls
 * it. */
void clock_virtual_set(int64_t now_ns);
bool clock_is_virtual(void);

/* "2026-10-01T14:31:07Z" (UTC) into out; "14:31:07" local time (UTC on the virtual clock).  size
 * >= 32. */
void clock_format_iso(int64_t wall_ns, char *out, size_t size);
void clock_format_hms(int64_t wall_ns, char *out, size_t size);
/* "2026-10-01T14-31-07" local, for file names. */
void clock_format_file(int64_t wall_ns, char *out, size_t size);

/* Sleeps until the monotonic time at_ns or a signal. */
void clock_sleep_until(int64_t at_ns);
