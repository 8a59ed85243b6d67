/* An exact schedule of packets: packet k is due at start + floor(k * 1e9 / rate).  Never
 * re-based: after a stall everything due is due at once.  Pure; one owner. */
#pragma once

#include <stdint.h>

struct pace {
	int64_t start_ns;
	uint64_t rate; /* packets/s; 0: nothing is ever due */
	/* packets taken off the schedule: the next one is number `taken` */
	uint64_t taken;
	int64_t next_ns; /* when that one is due; INT64_MAX where rate is 0 */
	/* floor(k * 1e9 / rate) kept incrementally: no division a packet */
	uint64_t step_ns, remainder, fraction;
};

/* rate at most 1e9. */
void pace_start(struct pace *p, int64_t start_ns, uint64_t rate);
/* The packets of the schedule that are due at now_ns, taken or not. */
uint64_t pace_due(const struct pace *p, int64_t now_ns);
/* Takes the next one; returns when it was due. */
static inline int64_t pace_take(struct pace *p)
{
	int64_t due_ns = p->next_ns;

	p->taken++;
	p->next_ns += (int64_t)p->step_ns;
	p->fraction += p->remainder;
	if (p->fraction >= p->rate) {
		p->fraction -= p->rate;
		p->next_ns++;
	}
	return due_ns;
}
/* Puts the last `count` taken back. */
void pace_untake(struct pace *p, uint64_t count);
/* The share of worker `index` of `count` in a rate: the shares sum to the rate exactly. */
uint64_t pace_share(uint64_t rate, unsigned index, unsigned count);
