/* Histogram arithmetic: see histogram.h. */
#include "base/histogram.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is longer was not measured; a saved run does not take it. */
static const int64_t longest_ns = INT64_MAX / 4;

int64_t hist_bucket_low(unsigned index)
{
	if (index < HIST_LINEAR)
		return index;
	unsigned above = index - HIST_LINEAR;
	unsigned shift = (above >> HIST_SUB_BITS) + 1;
	unsigned within = above & ((1u << HIST_SUB_BITS) - 1);

	return (int64_t)((1u << HIST_SUB_BITS) + within) << shift;
}

int64_t hist_bucket_end(unsigned index)
{
	return hist_bucket_low(index + 1);
}

/* The lower of the two middle values, so that it is exact for buckets of one value and less than
 * 1/128 off for all others. */
static int64_t bucket_middle(unsigned index)
{
	int64_t low = hist_bucket_low(index);

	return low + (hist_bucket_end(index) - 1 - low) / 2;
}

void histogram_copy(const struct histogram *live, struct hist *ret_copy)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		uint64_t n = atomic_load_explicit(&live->bucket[i], memory_order_relaxed);

		ret_copy->bucket[i] = n;
		count += n;
	}
	ret_copy->count = count;
	ret_copy->sum_ns = atomic_load_explicit(&live->sum_ns, memory_order_relaxed);
	/* Read last, so that no bucket lies beyond them. */
	uint64_t below = atomic_load_explicit(&live->below_ns, memory_order_relaxed);
	int64_t max_ns = (int64_t)atomic_load_explicit(&live->max_ns, memory_order_relaxed);

	ret_copy->min_ns = below ? INT64_MAX - (int64_t)below : 0;
	ret_copy->max_ns = max_ns < longest_ns ? max_ns : longest_ns;
}

/* ---- the lowest and the highest ---- */

static unsigned first_bucket(const struct hist *h)
{
	unsigned i = 0;

	while (i < HIST_BUCKETS - 1 && !h->bucket[i])
		i++;
	return i;
}

static unsigned last_bucket(const struct hist *h)
{
	unsigned i = HIST_BUCKETS - 1;

	while (i > 0 && !h->bucket[i])
		i--;
	return i;
}

int64_t hist_min(const struct hist *h)
{
	return h->min_ns ? h->min_ns : hist_bucket_low(first_bucket(h));
}

int64_t hist_max(const struct hist *h)
{
	return h->max_ns ? h->max_ns : hist_bucket_end(last_bucket(h)) - 1;
}

/* After a subtraction: what is no new record since the older copy is known to its bucket, and to
 * lie within the extremes of all. */
static void narrow(struct hist *h, int64_t older_min_ns, int64_t older_max_ns)
{
	int64_t edge_ns;

	if (!h->count)
		h->min_ns = h->max_ns = 0;
	if (h->max_ns && older_max_ns >= h->max_ns) {
		edge_ns = hist_bucket_end(last_bucket(h)) - 1;
		h->max_ns = edge_ns < h->max_ns ? edge_ns : h->max_ns;
	}
	if (h->min_ns && older_min_ns && older_min_ns <= h->min_ns) {
		edge_ns = hist_bucket_low(first_bucket(h));
		h->min_ns = edge_ns > h->min_ns ? edge_ns : h->min_ns;
	}
}

static void widen(struct hist *into, const struct hist *add)
{
	if (!add->count)
		return;
	int64_t min_ns = hist_min(add), max_ns = hist_max(add);

	if (!into->count || min_ns < hist_min(into))
		into->min_ns = min_ns;
	if (!into->count || max_ns > hist_max(into))
		into->max_ns = max_ns;
}

void hist_merge(struct hist *into, const struct hist *add)
{
	widen(into, add);
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		into->bucket[i] += add->bucket[i];
	into->count += add->count;
	into->sum_ns += add->sum_ns;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

void hist_subtract(struct hist *into, const struct hist *older)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		into->bucket[i] = minus(into->bucket[i], older->bucket[i]);
		count += into->bucket[i];
	}
	into->count = count;
	into->sum_ns = minus(into->sum_ns, older->sum_ns);
	narrow(into, older->min_ns, older->max_ns);
}

/* ---- packed copies ---- */

_Static_assert(HIST_BUCKETS <= 1 << HIST_PACKED_BITS, "a bucket's index fits");

enum { PACKED_STEP = 32 }; /* entries that the room grows by */

static unsigned filled_buckets(const struct hist *h)
{
	unsigned n = 0;

	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		n += h->bucket[i] != 0;
	return n;
}

static bool packed_reserve(struct hist_packed *p, unsigned entries)
{
	unsigned room = (entries + PACKED_STEP - 1) / PACKED_STEP * PACKED_STEP;
	uint64_t *entry;

	if (entries <= p->room)
		return true;
	entry = realloc(p->entry, room * sizeof(*entry));
	if (!entry)
		return false;
	p->entry = entry;
	p->room = room;
	return true;
}

bool hist_pack(const struct hist *h, struct hist_packed *into)
{
	unsigned n = 0;

	if (!packed_reserve(into, filled_buckets(h)))
		return false;
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		if (h->bucket[i])
			into->entry[n++] = h->bucket[i] << HIST_PACKED_BITS | i;
	into->entries = n;
	into->sum_ns = h->sum_ns;
	into->min_ns = h->min_ns;
	into->max_ns = h->max_ns;
	return true;
}

void hist_packed_free(struct hist_packed *p)
{
	free(p->entry);
	*p = (struct hist_packed){ 0 };
}

void hist_subtract_packed(struct hist *into, const struct hist_packed *older)
{
	for (unsigned i = 0; i < older->entries; i++) {
		uint64_t *bucket = &into->bucket[older->entry[i] & ((1u << HIST_PACKED_BITS) - 1)];
		uint64_t left = minus(*bucket, older->entry[i] >> HIST_PACKED_BITS);

		into->count -= *bucket - left;
		*bucket = left;
	}
	into->sum_ns = minus(into->sum_ns, older->sum_ns);
	narrow(into, older->min_ns, older->max_ns);
}

/* ---- percentiles ---- */

/* Nearest rank, 1..count.  99.9 has no exact binary form: without the last factor 99.9 % of 1000
 * would be the 1000th value. */
static uint64_t rank_of(uint64_t count, double percent)
{
	long double exact = (long double)percent * (long double)count / 100;
	long double rank = ceill(exact * (1 - 2.3e-16L));

	if (rank < 1)
		return 1;
	return rank >= (long double)count ? count : (uint64_t)rank;
}

/* The bucket that holds the value of this rank; *ret_below gets the number of values in it and
 * below. */
static unsigned bucket_of_rank(const struct hist *h, uint64_t rank, uint64_t *ret_total)
{
	uint64_t total = 0;
	unsigned i;

	for (i = 0; i < HIST_BUCKETS - 1; i++) {
		total += h->bucket[i];
		if (total >= rank)
			break;
	}
	if (total < rank)
		total += h->bucket[i];
	*ret_total = total;
	return i;
}

/* No percentile lies beyond the extremes. */
static int64_t middle_within(const struct hist *h, unsigned index)
{
	int64_t middle_ns = bucket_middle(index);

	if (h->max_ns && middle_ns > h->max_ns)
		return h->max_ns;
	return middle_ns < h->min_ns ? h->min_ns : middle_ns;
}

int64_t hist_percentile(const struct hist *h, double percent)
{
	uint64_t total;

	if (!h->count)
		return 0;
	if (percent <= 0)
		return hist_min(h);
	if (percent >= 100)
		return hist_max(h);
	return middle_within(h, bucket_of_rank(h, rank_of(h->count, percent), &total));
}

/* The sum is exact, but a live copy may be one value ahead of the buckets, and the last bucket
 * is bounded where the sum is not. */
static double mean_of(const struct hist *h)
{
	double mean = (double)h->sum_ns / (double)h->count;
	double low = (double)hist_percentile(h, 0), high = (double)hist_percentile(h, 100);

	return fmin(fmax(mean, low), high);
}

/* One walk over the buckets for all of them: it is made for each worker ten times a second. */
static void summarise_percentiles(const struct hist *h, struct latency_summary *s)
{
	const struct {
		double percent;
		int64_t *ret_ns;
	} levels[] = { { 50, &s->p50_ns }, { 75, &s->p75_ns }, { 90, &s->p90_ns }, { 95, &s->p95_ns }, { 99, &s->p99_ns },
		{ 99.9, &s->p99_9_ns }, { 99.99, &s->p99_99_ns } };
	uint64_t below = 0;
	unsigned at = 0;

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		uint64_t rank = rank_of(h->count, levels[i].percent);

		while (at < HIST_BUCKETS - 1 && below + h->bucket[at] < rank)
			below += h->bucket[at++];
		*levels[i].ret_ns = middle_within(h, at);
	}
}

void hist_summarise(const struct hist *h, struct latency_summary *ret_summary)
{
	*ret_summary = (struct latency_summary){ .count = h->count };
	if (!h->count)
		return;
	ret_summary->mean_ns = mean_of(h);
	ret_summary->min_ns = hist_min(h);
	ret_summary->max_ns = hist_max(h);
	summarise_percentiles(h, ret_summary);
}

/* ---- HdrHistogram text ---- */

enum { TICKS_PER_HALF = 5 };

static double deviation_of(const struct hist *h)
{
	double mean = mean_of(h), squares = 0;

	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		double off = (double)bucket_middle(i) - mean;

		if (h->bucket[i])
			squares += off * off * (double)h->bucket[i];
	}
	return sqrt(squares / (double)h->count);
}

/* The next level: five steps in each halving of what is left to 100 %, as HdrHistogram's
 * percentile iterator does. */
static double next_level(double percent)
{
	double halvings = floor(log2(100 / (100 - percent))) + 1;

	return percent + 100 / (TICKS_PER_HALF * exp2(halvings));
}

static void write_rows(const struct hist *h, FILE *out)
{
	double percent = 0;
	uint64_t total;

	do {
		unsigned i = bucket_of_rank(h, rank_of(h->count, percent), &total);
		double us = (double)(percent > 0 ? middle_within(h, i) : hist_min(h)) / 1e3;

		fprintf(out, "%12.3f %2.12f %10llu %14.2f\n", us, percent / 100, (unsigned long long)total,
			100 / (100 - percent));
		percent = next_level(percent);
	} while (total < h->count);
	fprintf(out, "%12.3f %2.12f %10llu\n", (double)hist_percentile(h, 100) / 1e3, 1.0, (unsigned long long)h->count);
}

int hist_write_hgrm(const struct hist *h, FILE *out)
{
	double mean = h->count ? mean_of(h) : 0, deviation = h->count ? deviation_of(h) : 0;

	fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
	if (h->count)
		write_rows(h, out);
	fprintf(out, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", mean / 1e3, deviation / 1e3);
	fprintf(out, "#[Max     = %12.3f, Total count    = %12llu]\n", (double)hist_percentile(h, 100) / 1e3,
		(unsigned long long)h->count);
	fprintf(out, "#[Buckets = %12d, SubBuckets     = %12d]\n", HIST_TOP_BITS - HIST_SUB_BITS, HIST_LINEAR);
	return ferror(out) ? -EIO : 0;
}

/* ---- heat rows ---- */

static void add_heat(uint32_t *row, uint64_t n)
{
	*row = n > UINT32_MAX - *row ? UINT32_MAX : *row + (uint32_t)n;
}

/* Spreads one bucket over the rows from *row on.  The shares are differences of one rounded
 * running total, so they add up to the count. */
static void spread(unsigned index, uint64_t count, const double edge[HEAT_ROWS + 1], unsigned *row, uint32_t rows[HEAT_ROWS])
{
	double low = (double)hist_bucket_low(index), width = (double)hist_bucket_end(index) - low;
	uint64_t given = 0;

	while (*row < HEAT_ROWS - 1 && edge[*row + 1] <= low)
		(*row)++;
	for (unsigned r = *row; r < HEAT_ROWS && given < count; r++) {
		double share = r == HEAT_ROWS - 1 ? 1 : fmin(1, (edge[r + 1] - low) / width);
		uint64_t total = share >= 1 ? count : (uint64_t)((double)count * share + 0.5);

		add_heat(&rows[r], total - given);
		given = total;
	}
}

void hist_heat(const struct hist *h, uint32_t ret_rows[HEAT_ROWS])
{
	double edge[HEAT_ROWS + 1];
	unsigned row = 0;

	for (unsigned r = 0; r <= HEAT_ROWS; r++)
		edge[r] = exp2(r / 4.0);
	memset(ret_rows, 0, HEAT_ROWS * sizeof(*ret_rows));
	add_heat(&ret_rows[0], h->bucket[0]); /* 0 ns has no logarithm: it stands with 1 ns */
	for (unsigned i = 1; i < HIST_BUCKETS; i++)
		if (h->bucket[i])
			spread(i, h->bucket[i], edge, &row, ret_rows);
}
