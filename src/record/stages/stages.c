/* See record/stages/stages.h. */
#include "record/stages/stages.h"

const struct stage_point stage_points[STAGE_POINTS] = { { "p50", 50 }, { "p90", 90 }, { "p99", 99 } };

bool stages_between(const int64_t *at_ns, unsigned count, int64_t *ret_ns)
{
	for (unsigned i = 0; i < count; i++)
		if (!at_ns[i] || at_ns[i + 1] < at_ns[i])
			return false;
	for (unsigned i = 0; i < count; i++)
		ret_ns[i] = at_ns[i + 1] - at_ns[i];
	return true;
}

static void stage_part_add(_Atomic uint64_t *part, int64_t ns)
{
	atomic_store_explicit(part, atomic_load_explicit(part, memory_order_relaxed) + (uint64_t)ns, memory_order_relaxed);
}

void stage_record_add(struct stage_record *r, unsigned stages, const int64_t ns[STAGES_MAX])
{
	int64_t whole_ns = 0;

	for (unsigned i = 0; i < STAGES_MAX; i++)
		whole_ns += stages >> i & 1 ? ns[i] : 0;
	for (unsigned i = 0; i < STAGES_MAX; i++) {
		if (!(stages >> i & 1))
			continue;
		histogram_record(&r->stage[i], ns[i]);
		stage_part_add(&r->part_ns[hist_index(whole_ns)][i], ns[i]);
	}
	histogram_record(&r->whole, whole_ns);
}

static void stage_hist_add(struct hist *into, const struct histogram *live)
{
	struct hist copy;

	histogram_copy(live, &copy);
	hist_merge(into, &copy);
}

void stage_tally_add(struct stage_tally *t, const struct stage_record *live)
{
	t->stamped += atomic_load_explicit(&live->stamped, memory_order_relaxed);
	stage_hist_add(&t->whole, &live->whole);
	for (unsigned i = 0; i < STAGES_MAX; i++)
		stage_hist_add(&t->stage[i], &live->stage[i]);
	for (unsigned b = 0; b < HIST_BUCKETS; b++)
		for (unsigned i = 0; i < STAGES_MAX; i++)
			t->part_ns[b][i] += atomic_load_explicit(&live->part_ns[b][i], memory_order_relaxed);
}

static void stage_tally_subtract(struct stage_tally *into, const struct stage_tally *older)
{
	into->stamped -= older->stamped;
	hist_subtract(&into->whole, &older->whole);
	for (unsigned i = 0; i < STAGES_MAX; i++)
		hist_subtract(&into->stage[i], &older->stage[i]);
	for (unsigned b = 0; b < HIST_BUCKETS; b++)
		for (unsigned i = 0; i < STAGES_MAX; i++)
			into->part_ns[b][i] -= older->part_ns[b][i];
}

void stage_tally_summarise(struct stage_tally *to, const struct stage_tally *from, struct stage_summary *ret_summary)
{
	if (from)
		stage_tally_subtract(to, from);
	*ret_summary = (struct stage_summary){ .stamped = to->stamped };
	hist_summarise(&to->whole, &ret_summary->whole);
	for (unsigned i = 0; i < STAGES_MAX; i++)
		hist_summarise(&to->stage[i], &ret_summary->stage[i]);
	for (unsigned p = 0; p < STAGE_POINTS && to->whole.count; p++) {
		unsigned bucket = hist_index(hist_percentile(&to->whole, stage_points[p].percent));
		uint64_t packets = to->whole.bucket[bucket];

		for (unsigned i = 0; i < STAGES_MAX && packets; i++)
			ret_summary->share_ns[p][i] = (int64_t)(to->part_ns[bucket][i] / packets);
	}
}
