/* See round.h. */
#include "engines/fanout/round.h"

struct fanout_state fanout_round_state(struct fanout_share *share, unsigned shares, uint32_t round)
{
	struct fanout_state s = { 0 };
	int64_t first_ns = INT64_MAX, last_ns = INT64_MIN;

	for (unsigned i = 0; i < shares; i++) {
		uint64_t have = atomic_load_explicit(&share[i].have, memory_order_seq_cst);

		if ((uint32_t)(have >> 32) != round || !(uint32_t)have)
			continue;
		int64_t first = atomic_load_explicit(&share[i].first_ns, memory_order_relaxed);
		int64_t last = atomic_load_explicit(&share[i].last_ns, memory_order_relaxed);

		s.have += (uint32_t)have;
		first_ns = first < first_ns ? first : first_ns;
		last_ns = last > last_ns ? last : last_ns;
	}
	if (s.have && last_ns > first_ns)
		s.spread_ns = last_ns - first_ns;
	return s;
}

enum fanout_end fanout_cycle_look(
	struct fanout_cycle *c, const struct fanout_state *state, uint64_t wanted, int64_t now_ns, int64_t deadline_ns)
{
	if (state->have != c->have) {
		c->have = state->have;
		c->moved_ns = now_ns;
	}
	if (state->have >= wanted)
		return FANOUT_COMPLETE;
	return now_ns - c->sent_ns >= deadline_ns ? FANOUT_GIVEN_UP : FANOUT_GOES_ON;
}
