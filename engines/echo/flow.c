/* See engines/echo/flow.h. */
#include "engines/echo/flow.h"

#include <errno.h>
#include <stdlib.h>

enum { WORD_BITS = 64 };

/* A power of two, so that a counter's place is a mask away. */
static unsigned ring_words_for(unsigned count)
{
	unsigned bits = ECHO_RING_BITS_MIN;

	while (bits * 2ull * count <= ECHO_RING_BITS_ALL)
		bits *= 2;
	return bits / WORD_BITS;
}

void echo_touch(void *memory, size_t bytes)
{
	enum { PAGE_BYTES_LEAST = 4096 };

	for (size_t at = 0; at < bytes; at += PAGE_BYTES_LEAST)
		((volatile uint8_t *)memory)[at] = 0;
}

int echo_flows_init(struct echo_flows *f, uint16_t first, unsigned count)
{
	unsigned words = ring_words_for(count);

	*f = (struct echo_flows){ .count = count, .first = first, .ring_words = words, .ring_mask = words * WORD_BITS - 1ull };
	f->flow = calloc(count, sizeof(*f->flow));
	f->answered = calloc((size_t)count * words, sizeof(*f->answered));
	f->marked = calloc((size_t)count * ECHO_MARKS, sizeof(*f->marked));
	if (!f->flow || !f->answered || !f->marked) {
		echo_flows_free(f);
		return -ENOMEM;
	}
	echo_touch(f->answered, (size_t)count * words * sizeof(*f->answered));
	for (unsigned i = 0; i < count; i++)
		f->flow[i] = (struct echo_flow){ .next = 1, .base = 1 };
	return 0;
}

void echo_flows_free(struct echo_flows *f)
{
	free(f->flow);
	free(f->answered);
	free(f->marked);
	f->marked = NULL;
	f->flow = NULL;
	f->answered = NULL;
}

static uint64_t *word_of(const struct echo_flows *f, unsigned index, uint64_t counter)
{
	return &f->answered[(size_t)index * f->ring_words + (counter & f->ring_mask) / WORD_BITS];
}

static uint64_t bit_of(uint64_t counter)
{
	return 1ull << counter % WORD_BITS;
}

static bool is_answered(const struct echo_flows *f, unsigned index, uint64_t counter)
{
	return *word_of(f, index, counter) & bit_of(counter);
}

/* One less is in flight. */
static void land(struct echo_flows *f, struct echo_flow *flow)
{
	flow->out--;
	f->in_flight--;
}

/* All up to `counter` that are still in flight are so no more. */
static void give_up(struct echo_flows *f, unsigned index, uint64_t counter)
{
	struct echo_flow *flow = &f->flow[index];

	for (; flow->low < counter; flow->low++) {
		if (is_answered(f, index, flow->low + 1))
			continue;
		land(f, flow);
		f->given_up++;
	}
}

/* Passes those that are answered. */
static void advance(struct echo_flows *f, unsigned index)
{
	struct echo_flow *flow = &f->flow[index];

	while (flow->low + 1 < flow->next && is_answered(f, index, flow->low + 1))
		flow->low++;
}

/* It has been answered, or has come back. */
static void settle(struct echo_flows *f, unsigned index, uint64_t counter)
{
	struct echo_flow *flow = &f->flow[index];

	*word_of(f, index, counter) |= bit_of(counter);
	if (counter > flow->low)
		land(f, flow);
	advance(f, index);
}

/* The bits of one word that belong to count counters from `counter` on; *ret_bits: how many. */
static uint64_t bits_of(uint64_t counter, unsigned count, unsigned *ret_bits)
{
	unsigned first = counter % WORD_BITS, n = WORD_BITS - first < count ? WORD_BITS - first : count;

	*ret_bits = n;
	return (n == WORD_BITS ? UINT64_MAX : (1ull << n) - 1) << first;
}

uint64_t echo_flows_send(struct echo_flows *f, unsigned index, unsigned count)
{
	struct echo_flow *flow = &f->flow[index];
	uint64_t counter = flow->next;
	unsigned n;

	/* The ring knows so many. */
	if (counter + count - 1 - flow->low > f->ring_mask + 1)
		give_up(f, index, counter + count - 2 - f->ring_mask);
	for (unsigned at = 0; at < count; at += n) {
		uint64_t bits = bits_of(counter + at, count - at, &n);

		*word_of(f, index, counter + at) &= ~bits;
	}
	flow->next += count;
	flow->out += count;
	f->in_flight += count;
	return counter;
}

void echo_flows_unsend(struct echo_flows *f, unsigned index)
{
	struct echo_flow *flow = &f->flow[index];
	uint64_t counter = --flow->next;

	/* A forged ICMP error may have settled what has never gone out. */
	if (counter > flow->low && !is_answered(f, index, counter))
		land(f, flow);
	if (flow->low >= counter)
		flow->low = counter - 1;
}

void echo_flows_give_up(struct echo_flows *f, unsigned index)
{
	give_up(f, index, f->flow[index].next - 1);
}

static uint64_t *mark_of(const struct echo_flows *f, unsigned mark)
{
	return &f->marked[(size_t)(mark % ECHO_MARKS) * f->count];
}

void echo_flows_scan(struct echo_flows *f, int64_t now_ns)
{
	for (; f->marks && now_ns - f->mark_ns[f->mark % ECHO_MARKS] >= ECHO_LATE_NS; f->mark++, f->marks--)
		for (unsigned i = 0; i < f->count; i++)
			give_up(f, i, mark_of(f, f->mark)[i]);
	if (f->marks == ECHO_MARKS)
		return;
	for (unsigned i = 0; i < f->count; i++)
		mark_of(f, f->mark + f->marks)[i] = f->flow[i].next - 1;
	f->mark_ns[(f->mark + f->marks++) % ECHO_MARKS] = now_ns;
}

void echo_flows_rebase(struct echo_flows *f)
{
	for (unsigned i = 0; i < f->count; i++) {
		echo_flows_give_up(f, i);
		f->flow[i].base = f->flow[i].next;
	}
	f->marks = 0;
}

bool echo_flows_parse(const struct echo_flows *f, const uint8_t *data, size_t len, size_t expected_len, int64_t opened_ns,
	int64_t now_ns, struct echo_answer *ret_answer)
{
	struct echo_header h;

	if (len < ECHO_HEADER_BYTES || len != expected_len)
		return false;
	echo_get(data, &h);
	/* Below our first flow id wraps round to a large number. */
	unsigned index = (unsigned)h.flow - f->first;
	if (index >= f->count || !h.counter || h.counter >= f->flow[index].next)
		return false;
	if (h.stamp_ns < (uint64_t)opened_ns || h.stamp_ns > (uint64_t)now_ns)
		return false;
	*ret_answer = (struct echo_answer){ .index = index, .counter = h.counter, .stamp_ns = (int64_t)h.stamp_ns };
	return true;
}

enum echo_arrival echo_flows_take(struct echo_flows *f, const struct echo_answer *answer, int64_t age_ns)
{
	struct echo_flow *flow = &f->flow[answer->index];
	bool in_ring = flow->next - answer->counter <= f->ring_mask + 1;

	if (in_ring && is_answered(f, answer->index, answer->counter))
		return ECHO_DUPLICATE;
	if (in_ring)
		settle(f, answer->index, answer->counter);
	if (answer->counter < flow->base)
		return ECHO_CARRIED;
	if (!in_ring || age_ns > ECHO_LATE_NS)
		return ECHO_LATE;
	if (answer->counter < flow->newest)
		return ECHO_REORDERED;
	flow->newest = answer->counter;
	return ECHO_FIRST;
}

/* None of them has been answered or given up, in this phase or before it, and none newer has been
 * answered. */
static bool all_are_new(const struct echo_flows *f, const struct echo_answer *a, unsigned count)
{
	const struct echo_flow *flow = &f->flow[a->index];
	uint64_t answered = 0;
	unsigned n;

	if (a->counter <= flow->low || a->counter < flow->base || a->counter <= flow->newest ||
		flow->next - a->counter > f->ring_mask + 1)
		return false;
	for (unsigned at = 0; at < count; at += n) {
		uint64_t bits = bits_of(a->counter + at, count - at, &n);

		answered |= *word_of(f, a->index, a->counter + at) & bits;
	}
	return !answered;
}

bool echo_flows_take_run(struct echo_flows *f, const struct echo_answer *first, unsigned count, int64_t age_ns)
{
	struct echo_flow *flow = &f->flow[first->index];
	unsigned n;

	if (count > flow->next - first->counter || age_ns > ECHO_LATE_NS || !all_are_new(f, first, count))
		return false;
	for (unsigned at = 0; at < count; at += n) {
		uint64_t bits = bits_of(first->counter + at, count - at, &n);

		*word_of(f, first->index, first->counter + at) |= bits;
	}
	flow->out -= count;
	f->in_flight -= count;
	flow->newest = first->counter + count - 1;
	if (flow->low + 1 == first->counter)
		flow->low = flow->newest;
	advance(f, first->index);
	return true;
}

int echo_flows_refused(struct echo_flows *f, const uint8_t *data, size_t len)
{
	struct echo_header h;

	if (len < ECHO_HEADER_BYTES)
		return -1;
	echo_get(data, &h);
	unsigned index = (unsigned)h.flow - f->first;
	if (index >= f->count || !h.counter || h.counter >= f->flow[index].next)
		return -1;
	if (h.counter > f->flow[index].low && !is_answered(f, index, h.counter))
		settle(f, index, h.counter);
	return (int)index;
}
