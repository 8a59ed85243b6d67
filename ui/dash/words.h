/* Latencies as the panels write them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"

/* "18.2", "9.40ms": microseconds, with their unit where it is another one; "--" where l is
 * empty. */
const char *words_us(const struct latency_summary *l, int64_t ns, char *out, size_t size);
/* The unit that words_us() has left out: "" where its text brings one along, or is "--". */
const char *words_us_unit(const char *text);
