/* Samples out of live counters and histograms.  See sampler.h. */
#include "run/sampler.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static const int64_t slot_every_ns = 100 * NS_PER_MS;
static const int64_t window_ns = NS_PER_S;

enum { READ_TRIES = 8 }; /* a busy worker counts every few microseconds */

static void number_series(struct sampler *s)
{
	for (unsigned w = 0; w < s->workers; w++)
		for (unsigned l = 0; l < s->latencies; l++)
			s->series_of[w * s->latencies + l] = block_latency(s->block[w], l) ? s->series++ : UINT_MAX;
}

static unsigned series_at(const struct sampler *s, unsigned worker, unsigned latency)
{
	return s->series_of[worker * s->latencies + latency];
}

static bool sampler_allocate(struct sampler *s)
{
	bool ok = true;

	s->now = calloc(s->series + 1, sizeof(*s->now));
	s->interval = calloc(s->series + 1, sizeof(*s->interval));
	s->measure = calloc(s->series + 1, sizeof(*s->measure));
	for (unsigned i = 0; i < SAMPLER_SLOTS; i++)
		ok &= (s->slot[i] = calloc(s->series + 1, sizeof(*s->slot[i]))) != NULL;
	s->merged = calloc(s->latencies + 1, sizeof(*s->merged));
	s->value = calloc(s->workers, sizeof(*s->value));
	return ok && s->now && s->interval && s->measure && s->merged && s->value;
}

int sampler_init(struct sampler *s, struct block *const *blocks, unsigned workers, unsigned latencies, struct err *err)
{
	*s = (struct sampler){ .workers = workers, .latencies = latencies };
	s->block = calloc(workers, sizeof(struct block *));
	s->series_of = calloc(workers * latencies + 1, sizeof(*s->series_of));
	if (!s->block || !s->series_of)
		return err_sys(err, ENOMEM, "prepare the sampler");
	memcpy(s->block, blocks, workers * sizeof(struct block *));
	number_series(s);
	if (!sampler_allocate(s))
		return err_sys(err, ENOMEM, "prepare the sampler");
	s->slots = 1; /* zeros: nothing was recorded before now */
	s->slot_ns[0] = s->interval_ns = clock_run_ns();
	return 0;
}

static void free_copies(const struct sampler *s, struct hist_packed *copy)
{
	for (unsigned i = 0; copy && i < s->series; i++)
		hist_packed_free(&copy[i]);
	free(copy);
}

void sampler_close(struct sampler *s)
{
	free(s->block);
	free(s->series_of);
	free(s->now);
	free_copies(s, s->interval);
	free_copies(s, s->measure);
	for (unsigned i = 0; i < SAMPLER_SLOTS; i++)
		free_copies(s, s->slot[i]);
	free(s->merged);
	free(s->value);
	*s = (struct sampler){ 0 };
}

/* A worker counts what it sent, received and has in flight one after the other: read between two of
 * them they would not fit each other. */
static bool traffic_moved(const struct sampler *s, unsigned w)
{
	static const unsigned traffic[] = { COUNTER_TX_PACKETS, COUNTER_RX_PACKETS, COUNTER_IN_FLIGHT };
	bool moved = false;

	for (unsigned i = 0; i < sizeof(traffic) / sizeof(traffic[0]); i++)
		moved |= counter_get(&s->block[w]->counters, traffic[i]) != s->value[w][traffic[i]];
	return moved;
}

static void read_counters(struct sampler *s, unsigned w)
{
	unsigned tries = 0;

	do
		for (unsigned i = 0; i < COUNTERS_MAX; i++)
			s->value[w][i] = counter_get(&s->block[w]->counters, i);
	while (traffic_moved(s, w) && ++tries < READ_TRIES);
}

void sampler_read(struct sampler *s)
{
	s->now_ns = clock_run_ns();
	for (unsigned w = 0; w < s->workers; w++)
		read_counters(s, w);
	for (unsigned w = 0; w < s->workers; w++)
		for (unsigned l = 0; l < s->latencies; l++)
			if (series_at(s, w, l) != UINT_MAX)
				histogram_copy(block_latency(s->block[w], l), &s->now[series_at(s, w, l)]);
}

/* ---- windows ---- */

static void keep(struct sampler *s, struct hist_packed *copy)
{
	for (unsigned i = 0; i < s->series; i++)
		s->out_of_memory |= !hist_pack(&s->now[i], &copy[i]);
}

static void keep_slot(struct sampler *s)
{
	/* Half a tick early is on time: ticks are not exact. */
	if (s->slots && s->now_ns - s->slot_ns[s->newest] < slot_every_ns * 9 / 10)
		return;
	s->newest = s->slots ? (s->newest + 1) % SAMPLER_SLOTS : 0;
	if (s->slots < SAMPLER_SLOTS)
		s->slots++;
	keep(s, s->slot[s->newest]);
	s->slot_ns[s->newest] = s->now_ns;
}

int sampler_begin_measure(struct sampler *s, int64_t at_ns, struct err *err)
{
	s->now_ns = at_ns;
	/* Those of the time before are forgotten: workers have begun anew with them. */
	for (unsigned i = 0; i < s->series; i++)
		s->now[i].min_ns = s->now[i].max_ns = 0;
	keep(s, s->measure);
	keep(s, s->interval);
	s->measure_ns = s->interval_ns = s->now_ns;
	s->slots = 0;
	keep_slot(s);
	return s->out_of_memory ? err_sys(err, ENOMEM, "keep latencies") : 0;
}

/* The oldest copy within the window; where ticks are longer than that, the newest. */
static unsigned window_slot(const struct sampler *s)
{
	unsigned at = s->newest;

	for (unsigned back = 1; back < s->slots; back++) {
		unsigned older = (s->newest + SAMPLER_SLOTS - back) % SAMPLER_SLOTS;

		if (s->now_ns - s->slot_ns[older] > window_ns + slot_every_ns / 2)
			break;
		at = older;
	}
	return at;
}

/* ---- making a sample ---- */

/* Each worker's and the merged summaries over the window that began with `since`. */
static void summarise(struct sampler *s, const struct hist_packed *since, struct sample *sample)
{
	struct hist window;

	memset(s->merged, 0, s->latencies * sizeof(*s->merged));
	for (unsigned w = 0; w < s->workers; w++)
		for (unsigned l = 0; l < s->latencies; l++) {
			unsigned at = series_at(s, w, l);

			if (at == UINT_MAX)
				continue;
			window = s->now[at];
			hist_subtract_packed(&window, &since[at]);
			hist_summarise(&window, &sample->worker[w].latency[l]);
			hist_merge(&s->merged[l], &window);
		}
	for (unsigned l = 0; l < s->latencies; l++)
		hist_summarise(&s->merged[l], &sample->merged[l]);
}

static void make_heat(struct sampler *s, struct sample *sample)
{
	struct hist all = { 0 }, since;

	if (!s->latencies)
		return;
	for (unsigned w = 0; w < s->workers; w++)
		if (series_at(s, w, 0) != UINT_MAX)
			hist_merge(&all, &s->now[series_at(s, w, 0)]);
	since = all;
	hist_subtract(&since, &s->heat);
	hist_heat(&since, sample->heat);
	s->heat = all;
}

static void make_totals(const struct sampler *s, struct sample *sample)
{
	if (!s->latencies || !(sample->total = calloc(s->latencies, sizeof(*sample->total))))
		return;
	for (unsigned l = 0; l < s->latencies; l++)
		sampler_total(s, l, &sample->total[l]);
}

struct sample *sampler_make(struct sampler *s, bool is_interval, bool want_totals)
{
	struct sample *sample = s->out_of_memory ? NULL : sample_new(s->workers);
	unsigned slot = window_slot(s);
	int64_t since_ns = is_interval ? s->interval_ns : s->slot_ns[slot];

	if (!sample)
		return NULL;
	sample->at_ns = s->now_ns;
	sample->is_interval = is_interval;
	sample->window_ns = s->now_ns - since_ns;
	sample->interval_s = is_interval ? (double)sample->window_ns / NS_PER_S : 0;
	sample->measured_ns = s->measure_ns ? s->now_ns - s->measure_ns : 0;
	for (unsigned w = 0; w < s->workers; w++)
		memcpy(sample->worker[w].value, s->value[w], sizeof(s->value[w]));
	summarise(s, is_interval ? s->interval : s->slot[slot], sample);
	make_heat(s, sample);
	if (want_totals && s->measure_ns)
		make_totals(s, sample);
	if (is_interval) {
		keep(s, s->interval);
		s->interval_ns = s->now_ns;
	}
	keep_slot(s);
	return sample;
}

/* ---- totals ---- */

bool sampler_since_start(const struct sampler *s, unsigned worker, unsigned latency, struct hist *ret_hist)
{
	unsigned at = series_at(s, worker, latency);

	if (at == UINT_MAX)
		return false;
	*ret_hist = s->now[at];
	hist_subtract_packed(ret_hist, &s->measure[at]);
	return true;
}

void sampler_total(const struct sampler *s, unsigned latency, struct hist *ret_hist)
{
	struct hist one;

	memset(ret_hist, 0, sizeof(*ret_hist));
	for (unsigned w = 0; w < s->workers; w++)
		if (sampler_since_start(s, w, latency, &one))
			hist_merge(ret_hist, &one);
}
