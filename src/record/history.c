/* The history: two rings of samples, the runs they belong to, and the events.  See history.h. */
#include "record/history_keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A sample may stand in both rings and be its run's base at once; it goes when nobody holds it. */
struct kept {
	struct sample *sample;
	size_t bytes;
	unsigned holders;
	unsigned where;
};

struct ring {
	struct kept **slot;
	unsigned capacity, first, count;
	size_t bytes;
};

struct kept_run {
	struct run_info *info;
	struct run_final *final;
	struct kept *base;
	uint64_t intervals_lost;
};

struct history {
	struct history_limits limits;
	struct ring fine, coarse;
	size_t bytes;         /* of all kept samples, each counted once */
	struct kept_run *run; /* [limits.runs], the oldest first */
	unsigned runs;
	struct run_final *orphan; /* of a run that failed before it was announced */
	struct history_event *event;
	unsigned event_first, event_count;
	struct sample *total_holder; /* the only sample that still has its total[] */
	struct details *details;     /* the newest that came with a sample, of details_run */
	uint32_t details_run;
	struct stage_summary *stages; /* the newest, of stages_run */
	uint32_t stages_run;
	uint32_t phase_run;
	enum phase phase;
};

/* ---- rings ---- */

static int ring_init(struct ring *ring, unsigned capacity)
{
	*ring = (struct ring){ .capacity = capacity };
	ring->slot = calloc(capacity, sizeof(struct kept *));
	return ring->slot ? 0 : -1;
}

static struct kept *ring_at(const struct ring *ring, unsigned from_oldest)
{
	return ring->slot[(ring->first + from_oldest) % ring->capacity];
}

static const struct sample *ring_by_age(const struct ring *ring, unsigned age)
{
	return age < ring->count ? ring_at(ring, ring->count - 1 - age)->sample : NULL;
}

static void drop_total(struct history *h, struct sample *s)
{
	if (h->total_holder != s)
		return;
	free(s->total);
	s->total = NULL;
	h->total_holder = NULL;
}

static void kept_release(struct history *h, struct kept *kept, enum history_where where)
{
	kept->where &= ~(unsigned)where;
	if (--kept->holders)
		return;
	drop_total(h, kept->sample);
	h->bytes -= kept->bytes;
	sample_free(kept->sample);
	free(kept);
}

static struct kept_run *find_run(const struct history *h, uint32_t run_id)
{
	for (unsigned i = h->runs; i-- > 0;)
		if (h->run[i].info->id == run_id)
			return &h->run[i];
	return NULL;
}

static void fine_pop(struct history *h)
{
	struct kept *oldest = ring_at(&h->fine, 0);

	h->fine.first = (h->fine.first + 1) % h->fine.capacity;
	h->fine.count--;
	h->fine.bytes -= oldest->bytes;
	kept_release(h, oldest, HISTORY_FINE);
}

static void coarse_pop(struct history *h)
{
	struct kept *oldest = ring_at(&h->coarse, 0);
	struct kept_run *run = find_run(h, oldest->sample->run_id);

	if (run)
		run->intervals_lost++;
	h->coarse.first = (h->coarse.first + 1) % h->coarse.capacity;
	h->coarse.count--;
	h->coarse.bytes -= oldest->bytes;
	kept_release(h, oldest, HISTORY_COARSE);
}

static void ring_push(struct ring *ring, struct kept *kept, enum history_where where)
{
	ring->slot[(ring->first + ring->count) % ring->capacity] = kept;
	ring->count++;
	ring->bytes += kept->bytes;
	kept->holders++;
	kept->where |= where;
}

/* Ticks give way first, until only half of the room is theirs; then intervals and ticks in turn.
 * The newest of each stays. */
static void fit_bytes(struct history *h)
{
	while (h->bytes > h->limits.bytes) {
		bool coarse_too_many = h->coarse.bytes > h->limits.bytes / 2 && h->coarse.count > 1;

		if (coarse_too_many)
			coarse_pop(h);
		else if (h->fine.count > 1)
			fine_pop(h);
		else if (h->coarse.count > 1)
			coarse_pop(h);
		else
			return;
	}
}

/* ---- samples ---- */

static struct kept *kept_new(struct history *h, struct sample *s)
{
	struct kept *kept = malloc(sizeof(*kept));

	if (!kept)
		return NULL;
	*kept = (struct kept){ .sample = s, .bytes = sizeof(*kept) + sizeof(*s) + s->workers * sizeof(s->worker[0]) };
	h->bytes += kept->bytes;
	if (s->total) {
		if (h->total_holder)
			drop_total(h, h->total_holder);
		h->total_holder = s;
	}
	return kept;
}

static void set_base(struct history *h, struct kept_run *run, struct kept *kept)
{
	if (run->base)
		kept_release(h, run->base, HISTORY_BASE);
	run->base = kept;
	kept->holders++;
	kept->where |= HISTORY_BASE;
}

void history_keep(struct history *h, struct sample *s, unsigned where)
{
	struct kept_run *run = find_run(h, s->run_id);
	struct kept *kept = run && where && s->workers == run->info->workers ? kept_new(h, s) : NULL;

	if (!kept) {
		sample_free(s);
		return;
	}
	if (where & HISTORY_BASE)
		set_base(h, run, kept);
	if (where & HISTORY_COARSE) {
		if (h->coarse.count == h->coarse.capacity)
			coarse_pop(h);
		ring_push(&h->coarse, kept, HISTORY_COARSE);
	}
	if (where & HISTORY_FINE) {
		if (h->fine.count == h->fine.capacity)
			fine_pop(h);
		ring_push(&h->fine, kept, HISTORY_FINE);
	}
	fit_bytes(h);
}

void history_set_details(struct history *h, uint32_t run_id, struct details *details)
{
	free(h->details);
	h->details = details;
	h->details_run = run_id;
}

void history_set_stages(struct history *h, uint32_t run_id, struct stage_summary *stages)
{
	free(h->stages);
	h->stages = stages;
	h->stages_run = run_id;
}

static void take_details(struct history *h, struct sample *s)
{
	if (s->details)
		history_set_details(h, s->run_id, s->details);
	s->details = NULL;
	if (s->stages)
		history_set_stages(h, s->run_id, s->stages);
	s->stages = NULL;
}

/* An interval may come as a sample of its own beside the tick of the same instant, the last one
 * when the drain is over: the ring of ticks then has that instant already. */
static void take_sample(struct history *h, struct sample *s)
{
	const struct sample *newest = history_fine(h, 0);
	const struct kept_run *run = find_run(h, s->run_id);
	bool twice = s->is_interval && newest && newest->run_id == s->run_id && newest->at_ns >= s->at_ns;
	unsigned where = (twice ? 0 : HISTORY_FINE) | (s->is_interval ? HISTORY_COARSE : 0);

	if (run && !run->base && s->phase == PHASE_MEASURE)
		where |= HISTORY_BASE;
	take_details(h, s);
	history_keep(h, s, where);
}

static void each_of(const struct ring *ring, unsigned not_in, history_each_fn fn, void *ctx)
{
	for (unsigned i = 0; i < ring->count; i++) {
		const struct kept *kept = ring_at(ring, i);

		if (!(kept->where & not_in))
			fn(ctx, kept->sample, kept->where);
	}
}

void history_each(const struct history *h, history_each_fn fn, void *ctx)
{
	for (unsigned i = 0; i < h->runs; i++)
		if (h->run[i].base)
			fn(ctx, h->run[i].base->sample, h->run[i].base->where);
	each_of(&h->coarse, HISTORY_BASE, fn, ctx);
	each_of(&h->fine, HISTORY_BASE | HISTORY_COARSE, fn, ctx);
}

/* Index (from the oldest) of the first sample that is newer than at_ns. */
static unsigned ring_upper(const struct ring *ring, int64_t at_ns)
{
	unsigned low = 0, high = ring->count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (ring_at(ring, middle)->sample->at_ns <= at_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct sample *history_at(const struct history *h, int64_t at_ns)
{
	unsigned fine = ring_upper(&h->fine, at_ns);

	if (fine)
		return ring_at(&h->fine, fine - 1)->sample;
	unsigned coarse = ring_upper(&h->coarse, at_ns);
	return coarse ? ring_at(&h->coarse, coarse - 1)->sample : NULL;
}

/* ---- runs ---- */

static void run_info_drop(struct run_info *info)
{
	if (info->references > 1)
		info->references--;
	else
		run_info_free(info);
}

/* A sample in the rings always belongs to a known run: those of the forgotten one, the oldest,
 * go with it. */
static void forget_oldest_run(struct history *h)
{
	struct kept_run *run = &h->run[0];
	uint32_t id = run->info->id;

	while (h->fine.count && ring_at(&h->fine, 0)->sample->run_id == id)
		fine_pop(h);
	while (h->coarse.count && ring_at(&h->coarse, 0)->sample->run_id == id)
		coarse_pop(h);
	if (run->base)
		kept_release(h, run->base, HISTORY_BASE);
	run_final_free(run->final);
	run_info_drop(run->info);
	h->runs--;
	memmove(&h->run[0], &h->run[1], h->runs * sizeof(h->run[0]));
}

static void take_phase(struct history *h, uint32_t run_id, enum phase phase)
{
	if (run_id < h->phase_run)
		return;
	h->phase_run = run_id;
	h->phase = phase;
}

static void take_run(struct history *h, struct run_info *info)
{
	if (find_run(h, info->id)) {
		run_info_drop(info);
		return;
	}
	if (h->runs == h->limits.runs)
		forget_oldest_run(h);
	info->references++;
	h->run[h->runs++] = (struct kept_run){ .info = info };
	if (info->id > h->phase_run)
		take_phase(h, info->id, PHASE_PREPARE);
}

static void take_final(struct history *h, struct run_final *final)
{
	struct kept_run *run = find_run(h, final->run_id);
	struct run_final **place = run ? &run->final : &h->orphan;

	take_phase(h, final->run_id, final->how);
	run_final_free(*place);
	*place = final;
}

static void take_event(struct history *h, const struct update *u)
{
	unsigned at = (h->event_first + h->event_count) % h->limits.events;
	struct history_event *event = &h->event[at];

	if (h->event_count < h->limits.events)
		h->event_count++;
	else
		h->event_first = (h->event_first + 1) % h->limits.events;
	*event = (struct history_event){ .at_ns = u->at_ns, .run_id = u->run_id, .severity = u->event.severity };
	memcpy(event->text, u->event.text, sizeof(event->text));
	event->text[sizeof(event->text) - 1] = '\0';
}

void history_take(struct history *h, struct update *u)
{
	switch (u->kind) {
	case UPDATE_RUN:
		take_run(h, u->run);
		u->run = NULL;
		break;
	case UPDATE_PHASE:
		take_phase(h, u->run_id, u->phase);
		break;
	case UPDATE_SAMPLE:
		take_sample(h, u->sample);
		u->sample = NULL;
		break;
	case UPDATE_EVENT:
		take_event(h, u);
		break;
	case UPDATE_MOVED:
		if (find_run(h, u->run_id))
			run_info_move(find_run(h, u->run_id)->info, u->moved.worker, u->moved.cpu);
		break;
	case UPDATE_FINAL:
		take_final(h, u->final);
		u->final = NULL;
		break;
	}
	update_free(u);
}

/* ---- reading ---- */

const struct sample *history_fine(const struct history *h, unsigned age)
{
	return ring_by_age(&h->fine, age);
}

const struct sample *history_coarse(const struct history *h, unsigned age)
{
	return ring_by_age(&h->coarse, age);
}

unsigned history_fine_count(const struct history *h)
{
	return h->fine.count;
}

unsigned history_coarse_count(const struct history *h)
{
	return h->coarse.count;
}

const struct sample *history_measure_start(const struct history *h, uint32_t run_id)
{
	const struct kept_run *run = find_run(h, run_id);

	return run && run->base ? run->base->sample : NULL;
}

const struct sample *history_interval_start(const struct history *h, const struct sample *interval)
{
	const struct kept_run *run = find_run(h, interval->run_id);
	unsigned older = ring_upper(&h->coarse, interval->at_ns - 1);
	const struct sample *before = older ? ring_at(&h->coarse, older - 1)->sample : NULL;

	if (before && before->run_id == interval->run_id)
		return before;
	return run && run->base && !run->intervals_lost ? run->base->sample : NULL;
}

const struct run_info *history_run(const struct history *h, uint32_t run_id)
{
	const struct kept_run *run = find_run(h, run_id);

	return run ? run->info : NULL;
}

const struct run_info *history_newest_run(const struct history *h)
{
	return history_run_by_age(h, 0);
}

const struct run_final *history_final(const struct history *h, uint32_t run_id)
{
	const struct kept_run *run = find_run(h, run_id);

	if (run)
		return run->final;
	return h->orphan && h->orphan->run_id == run_id ? h->orphan : NULL;
}

unsigned history_run_count(const struct history *h)
{
	return h->runs;
}

const struct run_info *history_run_by_age(const struct history *h, unsigned age)
{
	return age < h->runs ? h->run[h->runs - 1 - age].info : NULL;
}

const struct details *history_details(const struct history *h, uint32_t run_id)
{
	const struct run_final *final = history_final(h, run_id);

	if (final && final->details)
		return final->details;
	return h->details_run == run_id ? h->details : NULL;
}

const struct stage_summary *history_stages(const struct history *h, uint32_t run_id)
{
	const struct run_final *final = history_final(h, run_id);

	if (final && final->stages)
		return final->stages;
	return h->stages_run == run_id ? h->stages : NULL;
}

enum phase history_phase(const struct history *h)
{
	return h->phase;
}

const struct history_event *history_event(const struct history *h, unsigned age)
{
	if (age >= h->event_count)
		return NULL;
	return &h->event[(h->event_first + h->event_count - 1 - age) % h->limits.events];
}

unsigned history_event_count(const struct history *h)
{
	return h->event_count;
}

uint64_t history_intervals_lost(const struct history *h, uint32_t run_id)
{
	const struct kept_run *run = find_run(h, run_id);

	return run ? run->intervals_lost : 0;
}

void history_set_intervals_lost(struct history *h, uint32_t run_id, uint64_t lost)
{
	struct kept_run *run = find_run(h, run_id);

	if (run)
		run->intervals_lost = lost;
}

/* ---- life ---- */

static struct history_limits with_defaults(const struct history_limits *given)
{
	static const struct history_limits usual = {
		.fine = 1200, .coarse = 4000, .events = 500, .runs = 64, .bytes = 24u << 20
	};
	struct history_limits l = given ? *given : usual;

	l.fine = l.fine ? l.fine : usual.fine;
	l.coarse = l.coarse ? l.coarse : usual.coarse;
	l.events = l.events ? l.events : usual.events;
	l.runs = l.runs ? l.runs : usual.runs;
	l.bytes = l.bytes ? l.bytes : usual.bytes;
	return l;
}

int history_new(const struct history_limits *limits, struct history **ret_history, struct err *err)
{
	struct history *h = calloc(1, sizeof(*h));

	if (!h)
		return err_sys(err, ENOMEM, "history");
	h->limits = with_defaults(limits);
	h->run = calloc(h->limits.runs, sizeof(h->run[0]));
	h->event = calloc(h->limits.events, sizeof(h->event[0]));
	if (ring_init(&h->fine, h->limits.fine) || ring_init(&h->coarse, h->limits.coarse) || !h->run || !h->event) {
		history_free(h);
		return err_sys(err, ENOMEM, "history");
	}
	*ret_history = h;
	return 0;
}

void history_free(struct history *h)
{
	if (!h)
		return;
	while (h->runs)
		forget_oldest_run(h);
	run_final_free(h->orphan);
	free(h->details);
	free(h->stages);
	free(h->fine.slot);
	free(h->coarse.slot);
	free(h->event);
	free(h->run);
	free(h);
}
