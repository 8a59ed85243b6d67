/* Text: parsing what people type, writing what people read, and making foreign bytes harmless.
 * Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* "64", "16K", "1M", "2G" (1024-based, also k m g KiB MiB GiB) -> bytes.  -EINVAL with the part
 * that is wrong; -ERANGE beyond 2^62. */
int text_parse_size(const char *text, int64_t *ret_bytes, struct err *err);
/* "10" (seconds), "10s", "500ms", "20us", "5m", "1h", decimals allowed -> nanoseconds. */
int text_parse_duration(const char *text, int64_t *ret_ns, struct err *err);
/* A whole decimal number, or with k/M/G (1000-based) for rates. */
int text_parse_count(const char *text, int64_t *ret_count, struct err *err);

/* Numbers for people, with as many digits as fit `width` cells sensibly: 812.4k, 3.21M, 12, 0.
 * Returns out.  NaN is "--". */
char *text_human(double value, char *out, size_t size);
/* "18.2" / "131" / "1.2m": microseconds of a ns value, in at most 6 cells; < 0 is "--". */
char *text_us(int64_t ns, char *out, size_t size);
/* "64B", "16K", "1.5M": the inverse of text_parse_size, exact where it can be. */
char *text_size(int64_t bytes, char *out, size_t size);
/* "500ms", "10s", "1m30s". */
char *text_duration(int64_t ns, char *out, size_t size);
/* "01:12", "1:02:03". */
char *text_clock(int64_t ns, char *out, size_t size);

/* Copies `len` foreign bytes as printable text: control characters, bytes >= 0x7f that are not
 * valid UTF-8 and bidi controls become \xNN.  Always terminates; truncates at size.  Returns
 * out. */
char *text_escape(const void *bytes, size_t len, char *out, size_t size);

/* The entry of names[] nearest to `word` (Damerau-Levenshtein, at most 1 + len/3 edits), or
 * NULL. */
const char *text_nearest(const char *word, const char *const *names, size_t count);
