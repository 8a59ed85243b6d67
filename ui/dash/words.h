/* Latencies, and the names of modes, as the panels write them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "mode/engine.h"

/* "18.2", "9.40ms": microseconds, with their unit where it is another one; "--" where l is
 * empty. */
const char *words_us(const struct latency_summary *l, int64_t ns, char *out, size_t size);
/* The same of one latency in ns; NaN: "--". */
const char *words_ns(double ns, char *out, size_t size);
/* A figure in its unit: "ns" as microseconds, anything else as it is. */
const char *words_figure(const char *unit, double value, char *out, size_t size);
/* The unit that words_us() has left out: "" where its text brings one along, or is "--". */
const char *words_us_unit(const char *text);
/* What is lost of what was sent: "0", "12.5 ppm", "4.76 %". */
const char *words_share(uint64_t lost, uint64_t sent, char *out, size_t size);
/* "stream (TCP copy)", "UDP echo": what a mode is, with the name that everything calls it by. */
const char *words_mode(const struct engine *e, char *out, size_t size);
