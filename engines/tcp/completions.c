/* See completions.h. */
#include "engines/tcp/completions.h"

static uint64_t bit_of(uint32_t number)
{
	return 1ull << (number % 64);
}

static uint64_t *word_of(struct completions *c, uint32_t number)
{
	return &c->later[number % COMPLETIONS_MAX / 64];
}

static void advance(struct completions *c)
{
	while (c->done != c->next && *word_of(c, c->done) & bit_of(c->done)) {
		*word_of(c, c->done) &= ~bit_of(c->done);
		c->done++;
	}
}

uint32_t completions_take(struct completions *c, uint32_t first, uint32_t last)
{
	uint32_t outstanding = completions_outstanding(c), taken = 0;
	/* Distances from the oldest outstanding call do not show where numbers wrap.  A range that
	 * began before that call is cut. */
	int64_t from = (int32_t)(first - c->done), to = from + (uint32_t)(last - first);

	if (from < 0)
		from = 0;
	if (to >= outstanding)
		to = (int64_t)outstanding - 1;
	for (int64_t i = from; i <= to; i++) {
		uint32_t number = c->done + (uint32_t)i;

		taken += !(*word_of(c, number) & bit_of(number));
		*word_of(c, number) |= bit_of(number);
	}
	advance(c);
	return taken;
}
