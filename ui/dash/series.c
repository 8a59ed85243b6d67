/* The series behind the charts.  See series.h. */
#include "ui/dash/series.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "record/ledger.h"
#include "ui/dash/headline.h"

static const int64_t late_tick_ns = 50ll * NS_PER_MS;
/* Two samples further apart than this (and than two intervals) have a gap between them. */
static const int64_t gap_ns = 600ll * NS_PER_MS;

/* In a place of the heatmap's arrays: a gap, or what is not known yet. */
enum { LAID_GAP = -1, LAID_NOTHING = -2 };

static void series_release(struct series *s)
{
	free(s->bin);
	free(s->heat);
	free(s->value);
	free(s->p50);
	free(s->p99);
	free(s->marks);
	free(s->gap);
	free(s->lost);
	free(s->rows);
	free(s->laid);
}

void series_free(struct series *s)
{
	series_release(s);
	*s = (struct series){ 0 };
}

static int series_allocate(struct series *s)
{
	unsigned n = s->ask.bins, m = s->ask.heat_bins;

	s->bin = calloc(n, sizeof(s->bin[0]));
	s->heat = calloc(m, sizeof(s->heat[0]));
	s->value = calloc(n, sizeof(double));
	s->marks = calloc(n, 1);
	s->lost = calloc(n, 1);
	s->p50 = calloc(m, sizeof(double));
	s->p99 = calloc(m, sizeof(double));
	s->gap = calloc(m, 1);
	s->rows = calloc((size_t)m * HEAT_ROWS, sizeof(float));
	s->laid = calloc(m, sizeof(s->laid[0]));
	if (s->bin && s->heat && s->value && s->marks && s->lost && s->p50 && s->p99 && s->gap && s->rows && s->laid)
		return 0;
	series_free(s);
	return -ENOMEM;
}

static void series_empty(struct series *s)
{
	for (unsigned i = 0; i < s->ask.bins; i++)
		s->bin[i].number = -1;
	for (unsigned i = 0; i < s->ask.heat_bins; i++) {
		s->heat[i].number = -1;
		s->laid[i] = LAID_NOTHING;
	}
	s->last_sequence = 0;
	s->last_at_ns = 0;
	s->last_run = 0;
}

static struct series_bin *series_bin_at(struct series *s, int64_t number)
{
	struct series_bin *bin = &s->bin[number % s->ask.bins];

	if (bin->number != number)
		*bin = (struct series_bin){ .number = number };
	return bin;
}

static struct series_heat *heat_at(struct series *s, int64_t number)
{
	struct series_heat *heat = &s->heat[number % s->ask.heat_bins];

	if (heat->number != number) {
		memset(heat, 0, sizeof(*heat));
		heat->number = number;
	}
	return heat;
}

static uint64_t series_value_of(const struct series *s, const struct run_info *info, const struct sample *sample)
{
	unsigned received = s->ask.bits ? COUNTER_RX_BYTES : COUNTER_RX_PACKETS;
	unsigned sent = s->ask.bits ? COUNTER_TX_BYTES : COUNTER_TX_PACKETS;
	unsigned one = (unsigned)s->ask.worker, unit = s->ask.bits ? 8 : 1;
	uint64_t sum = 0;

	if (s->ask.worker >= 0) {
		if (one >= sample->workers || one >= info->workers)
			return 0;
		return unit * sample->worker[one].value[headline_is_sent(info, info->worker[one].role) ? sent : received];
	}
	for (unsigned i = 0; i < sample->workers && i < info->workers; i++)
		if (info->worker[i].role & info->rx_roles)
			sum += sample->worker[i].value[received];
	return unit * sum;
}

static uint64_t series_sum_of(const struct run_info *info, const struct sample *sample, unsigned roles, int counter)
{
	uint64_t sum = 0;

	for (unsigned i = 0; counter >= 0 && i < sample->workers && i < info->workers; i++)
		if (info->worker[i].role & roles)
			sum += sample->worker[i].value[counter];
	return sum;
}

static uint64_t series_above(const struct series *s, const struct run_info *info, const struct sample *sample)
{
	const struct figure_def *f = s->ask.figure;
	uint64_t sum = 0;

	for (int i = 0; i < COUNTERS_MAX; i++)
		if (s->ask.sum.counters >> i & 1)
			sum += series_sum_of(info, sample, s->ask.sum.roles, i);
	if (s->ask.sum.counters)
		return sum;
	if (!f)
		return series_value_of(s, info, sample);
	for (unsigned i = 0; i < FIGURE_NUMERATORS && f->numerator[i] != COUNTER_NONE; i++)
		sum += series_sum_of(info, sample, f->numerator_roles, f->numerator[i]);
	return sum;
}

static uint64_t series_below(const struct series *s, const struct run_info *info, const struct sample *sample)
{
	const struct figure_def *f = s->ask.figure;

	return f ? series_sum_of(info, sample, f->denominator_roles, f->denominator) : 0;
}

static void spread_count(struct series *s, int64_t from_ns, int64_t to_ns, double count, double below)
{
	int64_t oldest = to_ns / s->bin_ns - (int64_t)s->ask.bins + 1;
	int64_t first = from_ns / s->bin_ns > oldest ? from_ns / s->bin_ns : oldest;

	for (int64_t k = first; k * s->bin_ns < to_ns; k++) {
		int64_t a = k * s->bin_ns > from_ns ? k * s->bin_ns : from_ns;
		int64_t b = (k + 1) * s->bin_ns < to_ns ? (k + 1) * s->bin_ns : to_ns;
		struct series_bin *bin = series_bin_at(s, k);

		bin->count += count * (double)(b - a) / (double)(to_ns - from_ns);
		bin->below += below * (double)(b - a) / (double)(to_ns - from_ns);
		bin->covered_ns += (double)(b - a);
	}
}

/* A sample's heat may cover a tick or an interval: scaled to what was counted meanwhile, all
 * columns are comparable. */
static void spread_heat(struct series *s, int64_t from_ns, const struct sample *sample, double count)
{
	int64_t to_ns = sample->at_ns, oldest = to_ns / s->heat_bin_ns - (int64_t)s->ask.heat_bins + 1;
	int64_t first = from_ns / s->heat_bin_ns > oldest ? from_ns / s->heat_bin_ns : oldest;
	double sum = 0;

	for (unsigned r = 0; r < HEAT_ROWS; r++)
		sum += sample->heat[r];
	for (int64_t k = first; k * s->heat_bin_ns < to_ns; k++) {
		int64_t a = k * s->heat_bin_ns > from_ns ? k * s->heat_bin_ns : from_ns;
		int64_t b = (k + 1) * s->heat_bin_ns < to_ns ? (k + 1) * s->heat_bin_ns : to_ns;
		struct series_heat *heat = heat_at(s, k);
		double part = (double)(b - a);

		heat->covered_ns += part;
		heat->changed = true;
		if (sum <= 0)
			continue;
		for (unsigned r = 0; r < HEAT_ROWS; r++)
			if (sample->heat[r])
				heat->row[r] += (float)(sample->heat[r] / sum * fmax(count, 1) * part /
							(double)(to_ns - from_ns));
	}
}

/* A level holds until the next sample: its mean over a bin is what it comes to in a second. */
static double series_growth(const struct series *s, const struct sample *sample, uint64_t value)
{
	if (s->ask.sum.level)
		return (double)value * (double)(sample->at_ns - s->last_at_ns) / NS_PER_S;
	return (double)(value - s->last_value);
}

/* All that the ledger has as lost at its places since the measurement began. */
static uint64_t series_lost_of(
	const struct series *s, const struct history *h, const struct run_info *info, const struct sample *sample)
{
	const struct sample *start = history_measure_start(h, info->id);
	struct ledger ledger;

	if (s->ask.figure || s->ask.sum.counters || s->ask.worker >= 0 || !start || start->at_ns >= sample->at_ns)
		return 0;
	struct reading r = reading_between(info, start, sample);
	ledger_of(&r, &ledger);
	return ledger.known ? ledger_lost_at_places(&ledger) : 0;
}

/* NULL: forgotten, or of another mode. */
static const struct run_info *series_run(const struct series *s, const struct history *h, const struct sample *sample)
{
	const struct run_info *info = history_run(h, sample->run_id);

	return info && (!s->ask.engine || info->engine == s->ask.engine) ? info : NULL;
}

static void series_take(struct series *s, const struct history *h, const struct sample *sample)
{
	const struct run_info *info = series_run(s, h, sample);
	uint64_t value = info ? series_above(s, info, sample) : 0, below = info ? series_below(s, info, sample) : 0;
	uint64_t lost = info ? series_lost_of(s, h, info, sample) : 0;
	int64_t reach = gap_ns;

	if (sample->is_interval && info && 2 * info->interval_ns > reach)
		reach = 2 * info->interval_ns;
	if (sample->late_ns > late_tick_ns && sample->sequence > s->late_sequence)
		s->late_ticks++;
	if (sample->sequence > s->late_sequence)
		s->late_sequence = sample->sequence;
	if (s->last_run && sample->run_id != s->last_run && sample->at_ns >= 0)
		series_bin_at(s, sample->at_ns / s->bin_ns)->mark = true;
	if (info && sample->run_id == s->last_run && sample->at_ns > s->last_at_ns && sample->at_ns - s->last_at_ns <= reach &&
		(s->ask.sum.level || (value >= s->last_value && below >= s->last_below))) {
		spread_count(s, s->last_at_ns, sample->at_ns, series_growth(s, sample, value), (double)(below - s->last_below));
		if (!s->ask.figure && !s->ask.sum.counters)
			spread_heat(s, s->last_at_ns, sample, (double)(value - s->last_value));
	}
	if (sample->run_id == s->last_run && lost > s->last_lost && sample->at_ns > 0)
		series_bin_at(s, (sample->at_ns - 1) / s->bin_ns)->lost = true;
	if (sample->run_id != s->last_run || lost > s->last_lost)
		s->last_lost = lost;
	s->last_sequence = sample->sequence;
	s->last_run = sample->run_id;
	s->last_at_ns = sample->at_ns;
	s->last_value = value;
	s->last_below = below;
}

static bool series_wanted(const struct series *s, const struct sample *sample)
{
	int64_t start = s->ask.end_ns - s->ask.span_ns - 2 * gap_ns;

	return sample->at_ns > s->last_at_ns && sample->at_ns <= s->ask.end_ns && sample->at_ns >= start;
}

/* Intervals for the time that the ring of ticks no longer covers, then the ticks. */
static void series_catch_up(struct series *s, const struct history *h)
{
	unsigned fine = history_fine_count(h), coarse = history_coarse_count(h), age = 0;
	int64_t oldest_fine = fine ? history_fine(h, fine - 1)->at_ns : INT64_MAX;

	if (!s->last_sequence || s->last_at_ns < oldest_fine)
		for (unsigned i = coarse; i-- > 0;) {
			const struct sample *sample = history_coarse(h, i);

			if (sample->at_ns < oldest_fine && series_wanted(s, sample))
				series_take(s, h, sample);
		}
	while (age < fine && history_fine(h, age)->at_ns > s->last_at_ns)
		age++;
	while (age-- > 0)
		if (series_wanted(s, history_fine(h, age)))
			series_take(s, h, history_fine(h, age));
}

/* From the merged counts of the bin (percentiles of samples must not be averaged); rows are
 * quarter octaves, filled evenly on the log scale. */
static double heat_percentile(const struct series_heat *heat, double part)
{
	double sum = 0, below = 0, wanted_count;

	for (unsigned r = 0; r < HEAT_ROWS; r++)
		sum += (double)heat->row[r];
	wanted_count = part * sum;
	for (unsigned r = 0; r < HEAT_ROWS && sum > 0; r++) {
		double here = (double)heat->row[r];

		if (here > 0 && below + here >= wanted_count)
			return exp2((r + (wanted_count - below) / here) / 4);
		below += here;
	}
	return NAN;
}

/* heat NULL: a gap. */
static void lay_out_column(struct series *s, unsigned i, struct series_heat *heat)
{
	float *rows = s->rows + (size_t)i * HEAT_ROWS;

	s->laid[i] = heat ? heat->number : LAID_GAP;
	s->gap[i] = !heat;
	s->p50[i] = heat ? heat_percentile(heat, 0.50) : NAN;
	s->p99[i] = heat ? heat_percentile(heat, 0.99) : NAN;
	for (unsigned r = 0; r < HEAT_ROWS; r++)
		rows[r] = heat ? heat->row[r] * (float)((double)s->heat_bin_ns / heat->covered_ns) : 0;
	if (heat)
		heat->changed = false;
}

/* Columns that are known move along with time. */
static void shift_heat(struct series *s, int64_t newest)
{
	unsigned bins = s->ask.heat_bins;
	int64_t by = s->laid[bins - 1] >= 0 ? newest - s->laid[bins - 1] : 0;
	size_t left = by > 0 && by < (int64_t)bins ? bins - (size_t)by : 0;

	if (!left)
		return;
	memmove(s->laid, s->laid + by, left * sizeof(s->laid[0]));
	memmove(s->gap, s->gap + by, left * sizeof(s->gap[0]));
	memmove(s->p50, s->p50 + by, left * sizeof(s->p50[0]));
	memmove(s->p99, s->p99 + by, left * sizeof(s->p99[0]));
	memmove(s->rows, s->rows + by * HEAT_ROWS, left * HEAT_ROWS * sizeof(s->rows[0]));
}

/* Only those that changed: a frame has one or two new ones. */
static void lay_out_heat(struct series *s)
{
	int64_t newest = s->ask.end_ns / s->heat_bin_ns;

	if (s->ask.end_ns % s->heat_bin_ns == 0)
		newest--;
	shift_heat(s, newest);
	for (unsigned i = 0; i < s->ask.heat_bins; i++) {
		int64_t k = newest - (int64_t)s->ask.heat_bins + 1 + (int64_t)i;
		struct series_heat *heat = k < 0 ? NULL : &s->heat[k % s->ask.heat_bins];
		bool known = heat && heat->number == k && heat->covered_ns > 0;

		if (s->laid[i] != (known ? k : LAID_GAP) || (known && heat->changed))
			lay_out_column(s, i, known ? heat : NULL);
	}
}

static int64_t newest_bin(const struct series *s)
{
	return s->ask.end_ns / s->bin_ns - (s->ask.end_ns % s->bin_ns == 0);
}

/* Of a bin that is there. */
static double bin_value(const struct series *s, const struct series_bin *bin)
{
	const struct figure_def *f = s->ask.figure;
	double seconds = bin->covered_ns / NS_PER_S, below = f && f->denominator >= 0 ? bin->below : seconds;

	return below > 0 ? bin->count * (f ? f->scale : s->ask.sum.counters ? s->ask.sum.scale : 1) / below : NAN;
}

static void lay_out(struct series *s)
{
	int64_t newest = newest_bin(s);

	s->current = 0;
	for (unsigned i = 0; i < s->ask.bins; i++) {
		int64_t k = newest - (int64_t)s->ask.bins + 1 + (int64_t)i;
		const struct series_bin *bin = k < 0 ? NULL : &s->bin[k % s->ask.bins];
		bool here = bin && bin->number == k;

		s->value[i] = here ? bin_value(s, bin) : NAN;
		s->marks[i] = here && bin->mark;
		s->lost[i] = here && bin->lost;
		s->current = s->marks[i] ? i : s->current;
	}
	if (!s->ask.figure && !s->ask.sum.counters)
		lay_out_heat(s);
}

int series_bin_of(const struct series *s, int64_t at_ns)
{
	int64_t i = (at_ns - (at_ns > 0)) / s->bin_ns - newest_bin(s) + (int64_t)s->ask.bins - 1;

	return at_ns > 0 && i >= 0 && i < (int64_t)s->ask.bins ? (int)i : -1;
}

int series_heat_bin_of(const struct series *s, int64_t at_ns)
{
	int64_t newest = s->ask.end_ns / s->heat_bin_ns - (s->ask.end_ns % s->heat_bin_ns == 0);
	int64_t i = (at_ns - (at_ns > 0)) / s->heat_bin_ns - newest + (int64_t)s->ask.heat_bins - 1;

	return at_ns > 0 && i >= 0 && i < (int64_t)s->ask.heat_bins ? (int)i : -1;
}

static bool same_shape(const struct series *s, const struct series_ask *ask)
{
	return s->bin && s->ask.span_ns == ask->span_ns && s->ask.bins == ask->bins && s->ask.heat_bins == ask->heat_bins &&
	       s->ask.worker == ask->worker && s->ask.bits == ask->bits && s->ask.figure == ask->figure &&
	       s->ask.sum.counters == ask->sum.counters && s->ask.sum.roles == ask->sum.roles && s->ask.engine == ask->engine;
}

int series_update(struct series *s, const struct history *h, const struct series_ask *ask)
{
	bool rebuild = !same_shape(s, ask);

	if (rebuild) {
		uint64_t late = s->late_ticks, late_sequence = s->late_sequence;

		series_free(s);
		s->ask = *ask;
		s->late_ticks = late;
		s->late_sequence = late_sequence;
		s->bin_ns = ask->span_ns / ask->bins;
		s->heat_bin_ns = ask->span_ns / ask->heat_bins;
		if (series_allocate(s))
			return -ENOMEM;
		series_empty(s);
	} else if (ask->end_ns < s->last_at_ns) {
		/* back to a frozen time: newer bins have overwritten the oldest */
		series_empty(s);
	}
	s->ask.end_ns = ask->end_ns;
	series_catch_up(s, h);
	lay_out(s);
	return 0;
}
