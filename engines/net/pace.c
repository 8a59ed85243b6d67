/* See pace.h. */
#include "engines/net/pace.h"

static const uint64_t SECOND_NS = 1000000000;

/* Sets the incremental state to packet `taken`. */
static void seek(struct pace *p, uint64_t taken)
{
	p->taken = taken;
	if (!p->rate) {
		p->next_ns = INT64_MAX;
		return;
	}
	unsigned __int128 scaled = (unsigned __int128)taken * SECOND_NS;
	p->next_ns = p->start_ns + (int64_t)(scaled / p->rate);
	p->fraction = (uint64_t)(scaled % p->rate);
}

void pace_start(struct pace *p, int64_t start_ns, uint64_t rate)
{
	*p = (struct pace){ .start_ns = start_ns, .rate = rate };
	if (rate) {
		p->step_ns = SECOND_NS / rate;
		p->remainder = SECOND_NS % rate;
	}
	seek(p, 0);
}

uint64_t pace_due(const struct pace *p, int64_t now_ns)
{
	if (now_ns < p->start_ns || !p->rate)
		return 0;
	/* floor(k * 1e9 / rate) <= elapsed is k < (elapsed + 1) * rate / 1e9; the count of such
	 * k >= 0 is that bound rounded up. */
	unsigned __int128 bound = (unsigned __int128)(uint64_t)(now_ns - p->start_ns + 1) * p->rate;
	return (uint64_t)((bound + SECOND_NS - 1) / SECOND_NS);
}

void pace_untake(struct pace *p, uint64_t count)
{
	seek(p, p->taken - count);
}

uint64_t pace_share(uint64_t rate, unsigned index, unsigned count)
{
	return rate * (index + 1) / count - rate * index / count;
}
