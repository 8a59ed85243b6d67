/* Making a worker's block.  See block.h. */
#include "run/block.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 64 };

static size_t block_lines(size_t bytes)
{
	return (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
}

struct block *block_new(unsigned recorded, bool stages)
{
	unsigned histograms = (unsigned)__builtin_popcount(recorded), place = 0;
	size_t bytes = block_lines(sizeof(struct block) + histograms * sizeof(struct histogram));
	size_t whole = block_lines(bytes + (stages ? sizeof(struct stage_record) : 0));
	struct block *b = aligned_alloc(LINE_BYTES, whole);

	if (!b)
		return NULL;
	memset(b, 0, whole);
	b->stages_at = stages ? (uint32_t)bytes : 0;
	for (unsigned i = 0; i < LATENCIES_MAX; i++)
		if (recorded >> i & 1)
			b->latency[i] = (unsigned char)++place;
	return b;
}
