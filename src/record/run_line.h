/* A run in one line: what it was, what it came to, and whether that may be used; and in words,
 * how two runs differ. Lists of runs are made of these, on the screen and after it. Pure; it
 * reads the history, so main thread only. */
#pragma once

#include "record/history.h"
#include "record/judge/verdict.h"

struct run_line {
	const struct run_info *info; /* NULL: the run is not known any more */
	bool over, failed;
	bool measured; /* the rest is known */
	/* of the side whose packets the mode counts: packets/s, or payload bits/s */
	double rate;
	struct latency_summary latency; /* the headline's; count 0: none */
	double lost_percent;            /* NaN: not known */
	double seconds;
	struct verdict verdict;
};

/* `captured`: a capture was on, which the verdict has something to say about. */
void run_line_of(const struct history *h, uint32_t run_id, bool captured, struct run_line *ret_line);

#define RUN_LINE_ALIKE "the same settings"

/* The options in which b is another run than a: "method mmsg→single, payload 64→1400"; or
 * RUN_LINE_ALIKE; of two modes "mode echo→stream".  to: what stands between the two values.
 * Returns out. */
char *run_line_differ(const struct run_info *a, const struct run_info *b, const char *to, char *out, size_t size);
