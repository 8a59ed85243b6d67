/* Text: reading what people type, writing what people read, making foreign bytes harmless, and
 * fitting all that into the room there is.  The code stands in text/, a file per part.  Pure; any
 * thread.  Who takes `out` returns it, and never writes more than `size` bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* ---- text/parse.c ---- */

/* "64", "16K", "1M", "2G" (1024-based, also k m g KiB MiB GiB) -> bytes.  -EINVAL with the part
 * that is wrong; -ERANGE beyond 2^62. */
int text_parse_size(const char *text, int64_t *ret_bytes, struct err *err);
/* "10" (seconds), "10s", "500ms", "20us", "5m", "1h", decimals allowed -> nanoseconds. */
int text_parse_duration(const char *text, int64_t *ret_ns, struct err *err);
/* A whole decimal number, or with k/M/G (1000-based) for rates. */
int text_parse_count(const char *text, int64_t *ret_count, struct err *err);

/* The same to a thousandth, in thousandths: "0.1" -> 100, "1.5k" -> 1500000. */
int text_parse_decimal(const char *text, int64_t *ret_thousandths, struct err *err);

/* ---- text/figures.c ---- */

/* A number with three or four digits: 812.4k, 3.21M, 12, 0.  NaN is "--". */
char *text_human(double value, char *out, size_t size);
/* Four digits: "21.34", "12.50k", "999.4k"; "--" for NaN. */
char *text_four(double value, char *out, size_t size);
/* "18.2" / "131" / "1.2m": microseconds of a ns value, in at most 6 cells; < 0 is "--". */
char *text_us(int64_t ns, char *out, size_t size);
/* "64B", "16K", "1.5M": the inverse of text_parse_size, exact where it can be. */
char *text_size(int64_t bytes, char *out, size_t size);
/* "500ms", "10s", "1m30s". */
char *text_duration(int64_t ns, char *out, size_t size);
/* "12 345 678" */
char *text_grouped(uint64_t n, char *out, size_t size);
/* "01:12", "1:02:03"; < 0 is "--:--". */
char *text_clock(int64_t ns, char *out, size_t size);
/* The same of a time still to come, whatever was worked out for it. */
char *text_eta(double seconds, char *out, size_t size);
/* "about 40 minutes", "about 3 years" */
char *text_about(double seconds, char *out, size_t size);

/* ---- text/shorter.c: words are shed, digits never ---- */

/* A figure ("1 874", "812.4k", "9.40ms", "+4.1%") in at most so many cells: as it is, or rounded so
 * that each digit of what is left stands whole: "1874", "1.9k", "2k".  "" where not even that has
 * room.  Texts that are no figure are as they are where they fit, else "". */
char *text_shorter(const char *figure, unsigned cells, char *out, size_t size);
/* Bytes of the longest beginning of the text, of at most so many cells, that cuts no number and
 * nothing that belongs to one ("cpu12", "9.40ms", "1 874"). */
size_t text_whole(const char *text, unsigned cells);

/* ---- text/characters.c: UTF-8; a character takes one cell ---- */

enum { TEXT_UNKNOWN = 0xfffd, TEXT_SHOWN_BYTES = 96 };

/* Bytes of the character at `text` (not at its NUL), at least 1, and its code point.  A byte that
 * begins no valid sequence stands alone, as TEXT_UNKNOWN. */
size_t text_decode(const char *text, uint32_t *ret_code);
/* Cells that the text takes. */
unsigned text_width(const char *text);
/* ... that so many of its bytes take. */
unsigned text_width_of(const char *text, size_t bytes);
/* Bytes of the first characters that fill so many cells, or of the whole text. */
size_t text_bytes(const char *text, unsigned cells);
/* Bytes of the next line of at most so many cells (at least 1): it ends before a blank if it has
 * one.  The next line begins behind the blanks that follow. */
size_t text_line(const char *text, unsigned cells);
/* At most so many cells, the last one an ellipsis where something is missing. */
char *text_cut(const char *text, unsigned cells, char *out, size_t size);
/* Copies `len` foreign bytes as printable text: control characters, bytes >= 0x7f that are not
 * valid UTF-8 and bidi controls become \xNN.  Always terminates; truncates at size. */
char *text_escape(const void *bytes, size_t len, char *out, size_t size);
/* The same of what somebody typed, for a message about it. */
char *text_shown(const char *text, char out[TEXT_SHOWN_BYTES]);

/* ---- text/words.c ---- */

/* Appends to the text in `out`; what does not fit is cut. */
char *text_add(char *out, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Finds the name that a misspelt word was meant to be: at most 1 + length/3 edits away
 * (Damerau-Levenshtein).  Set `word`, zero the rest, offer the names. */
struct text_guess {
	const char *word;
	const char *nearest; /* of those offered so far; NULL: none is near */
	unsigned edits;
	char question[TEXT_SHOWN_BYTES];
};

void text_guess_offer(struct text_guess *guess, const char *name);
/* " (did you mean --payload?)", or "" if no name is near.  Points into `guess`. */
const char *text_guess_ask(struct text_guess *guess, const char *before, const char *after);
