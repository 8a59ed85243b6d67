/* Latencies, and the names of modes, as the panels write them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "mode/engine.h"

/* "18.2", "2100", "902.0k": microseconds, whatever their number, so that one screen has one unit;
 * "--" where l is empty. */
const char *words_us(const struct latency_summary *l, int64_t ns, char *out, size_t size);
/* The same of one latency in ns; NaN: "--". */
const char *words_ns(double ns, char *out, size_t size);
/* ... in milliseconds, where these are long: three places below one of them. */
const char *words_time(double ns, bool in_ms, char *out, size_t size);
/* "64", "255.9K", "4M": as options take them, 1K is 1024. */
const char *words_bytes(double bytes, char *out, size_t size);
/* A figure in the unit that words_unit() has for its own: "ns" as microseconds, bytes as above,
 * "Mbit/s" as bits, anything else as it is. */
const char *words_figure(const char *unit, double value, char *out, size_t size);
const char *words_unit(const char *unit);
/* The unit of what words_us() has written: "" where that is "--". */
const char *words_us_unit(const char *text);
/* What is lost of what was sent: "0", "12.5 ppm", "4.76 %".  all: lost at all places, which says
 * the unit of each. */
const char *words_share(uint64_t lost, uint64_t all, uint64_t sent, char *out, size_t size);
/* Is it told in percent, not in millionths? */
bool words_share_is_percent(uint64_t all, uint64_t sent);
/* "stream (TCP copy)", "UDP echo": what a mode is, with the name that everything calls it by. */
const char *words_mode(const struct engine *e, char *out, size_t size);
