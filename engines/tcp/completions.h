/* Keeps account of the zero-copy sends that the kernel has finished.  Every successful call has a
 * number, 0, 1, ... of 32 bits, which wraps; notifications name inclusive ranges of them, put
 * together by the kernel, usually in order but not always (msg_zerocopy.rst).  Pure; one owner. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { COMPLETIONS_MAX = 4096 }; /* calls on their way at once */

struct completions {
	uint32_t next; /* number of the next call */
	uint32_t done; /* all before this one have completed */
	/* ring of bits: completed, though an older one has not */
	uint64_t later[COMPLETIONS_MAX / 64];
};

static inline uint32_t completions_outstanding(const struct completions *c)
{
	return c->next - c->done;
}

/* A call succeeded: its number.  At most COMPLETIONS_MAX may be outstanding. */
static inline uint32_t completions_issue(struct completions *c)
{
	return c->next++;
}

/* Have all calls up to this one, of those that may be outstanding, completed? */
static inline bool completions_reached(const struct completions *c, uint32_t number)
{
	return (int32_t)(c->done - number) > 0;
}

/* A notification of [first, last].  Returns how many of them were outstanding until now: numbers
 * that were never issued, or come again, count for nothing. */
uint32_t completions_take(struct completions *c, uint32_t first, uint32_t last);
