/* Making a worker's block.  See block.h. */
#include "run/block.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 64 };

struct block *block_new(unsigned recorded)
{
	unsigned histograms = (unsigned)__builtin_popcount(recorded), place = 0;
	size_t bytes = sizeof(struct block) + histograms * sizeof(struct histogram);
	size_t whole = (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
	struct block *b = aligned_alloc(LINE_BYTES, whole);

	if (!b)
		return NULL;
	memset(b, 0, whole);
	for (unsigned i = 0; i < LATENCIES_MAX; i++)
		if (recorded >> i & 1)
			b->latency[i] = (unsigned char)++place;
	return b;
}
