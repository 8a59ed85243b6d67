/* Differences per second, and figures made of them.  See rates.h. */
#include "record/rates.h"

#include <math.h>
#include <stdio.h>

static uint64_t bit(unsigned counter)
{
	return (uint64_t)1 << counter;
}

static uint64_t all_counters(const struct run_info *info)
{
	unsigned counters = info ? engine_counters(info->engine) : COUNTERS_MAX;

	return counters >= 64 ? ~(uint64_t)0 : bit(counters) - 1;
}

static bool is_level(const struct reading *r, unsigned counter)
{
	return counter_is_level(engine_counter(r->info->engine, counter)->kind);
}

/* A level needs one sample only, a sum a span of time. */
static bool is_known(const struct reading *r, unsigned counter, const struct reading_sum *sum)
{
	return sum->workers && !sum->why && !sum->none && (is_level(r, counter) || !isnan(sum->per_s));
}

/* ---- rates ---- */

static void nothing_known(const struct run_info *info, struct rates *r)
{
	*r = (struct rates){ .unknown = all_counters(info) };
	r->tx_pps = r->rx_pps = r->tx_mbps = r->rx_mbps = r->busy = r->drops_per_s = NAN;
}

static double busy_of(const struct reading *r, int worker, unsigned roles)
{
	struct reading_sum user = reading_sum(r, worker, roles, COUNTER_CPU_USER_NS);
	struct reading_sum system = reading_sum(r, worker, roles, COUNTER_CPU_SYSTEM_NS);
	struct reading_sum helpers = reading_sum(r, worker, roles, COUNTER_HELPER_CPU_NS);
	struct reading_sum observed = reading_sum(r, worker, roles, COUNTER_OBSERVED_NS);

	if (isnan(user.per_s + system.per_s + observed.per_s) || !observed.value)
		return NAN;
	return fmin((double)(user.value + system.value) / (double)observed.value, 1) +
	       (double)helpers.value / (double)observed.value;
}

/* A place that only some runs have says nothing of the others. */
static bool rates_idle(const struct counter_def *def, bool known, uint64_t value)
{
	return def->show & SHOW_IF_ANY && known && !value;
}

static void add_counters(const struct reading *r, int worker, unsigned roles, uint64_t wanted, struct rates *rates)
{
	for (; wanted; wanted &= wanted - 1) {
		unsigned i = (unsigned)__builtin_ctzll(wanted);
		struct reading_sum sum = reading_sum(r, worker, roles, i);

		if (!is_known(r, i, &sum))
			continue;
		rates->value[i] = sum.value;
		rates->unknown &= ~bit(i);
	}
}

double rates_drops_per_second(const struct reading *r, int worker, unsigned roles)
{
	unsigned counters = r->info ? engine_counters(r->info->engine) : 0;
	double drops = 0;
	bool any = false;

	for (unsigned i = 0; reading_known(r) && i < counters; i++) {
		const struct counter_def *def = engine_counter(r->info->engine, i);
		struct reading_sum sum;

		if (!reading_is_drop(r->info, def))
			continue;
		sum = reading_sum(r, worker, roles, i);
		if (!sum.workers || rates_idle(def, !sum.why, sum.value))
			continue;
		drops += sum.per_s;
		any = true;
	}
	return any ? drops : NAN;
}

void rates_of_some(const struct reading *r, int worker, unsigned roles, uint64_t counters, struct rates *ret_rates)
{
	struct reading_sum tx;

	nothing_known(r->info, ret_rates);
	if (!reading_known(r))
		return;
	tx = reading_sum(r, worker, roles, COUNTER_TX_PACKETS);
	if (!tx.workers)
		return;
	add_counters(r, worker, roles, counters & all_counters(r->info), ret_rates);
	ret_rates->seconds = tx.seconds;
	ret_rates->tx_pps = tx.per_s;
	ret_rates->rx_pps = reading_sum(r, worker, roles, COUNTER_RX_PACKETS).per_s;
	ret_rates->tx_mbps = reading_sum(r, worker, roles, COUNTER_TX_BYTES).per_s * 8e-6;
	ret_rates->rx_mbps = reading_sum(r, worker, roles, COUNTER_RX_BYTES).per_s * 8e-6;
	ret_rates->busy = busy_of(r, worker, roles);
}

void rates_of(const struct reading *r, int worker, unsigned roles, struct rates *ret_rates)
{
	rates_of_some(r, worker, roles, UINT64_MAX, ret_rates);
	ret_rates->drops_per_s = rates_drops_per_second(r, worker, roles);
}

bool rates_has(const struct counter_def *def, unsigned counter, const struct rates *r)
{
	return !(def->show & SHOW_IF_ANY) || (!(r->unknown >> counter & 1) && r->value[counter]);
}

bool rates_drops(const struct run_info *info, const struct rates *r, unsigned roles, uint64_t *ret_drops)
{
	unsigned counters = engine_counters(info->engine);
	uint64_t drops = 0;
	bool any = false;

	for (unsigned i = 0; i < counters; i++) {
		const struct counter_def *def = engine_counter(info->engine, i);

		if (!(def->roles & roles) || !reading_is_drop(info, def))
			continue;
		if (r->unknown & bit(i))
			return false;
		if (rates_idle(def, true, r->value[i]))
			continue;
		drops += r->value[i];
		any = true;
	}
	if (any)
		*ret_drops = drops;
	return any;
}

/* ---- figures ---- */

/* One counter over the workers of `roles`, in all or per second; NaN where a part is unknown or
 * nobody counts it. */
static double part(const struct reading *r, int worker, unsigned roles, int counter, bool a_second)
{
	struct reading_sum sum = reading_sum(r, worker, roles, (unsigned)counter);

	if (!is_known(r, (unsigned)counter, &sum))
		return NAN;
	return a_second && !is_level(r, (unsigned)counter) ? sum.per_s : (double)sum.value;
}

double figure_value(const struct figure_def *f, const struct reading *r, int worker)
{
	bool a_second = f->denominator == COUNTER_PER_SECOND;
	double above = 0, below;

	if (!reading_known(r))
		return NAN;
	for (unsigned i = 0; i < FIGURE_NUMERATORS && f->numerator[i] != COUNTER_NONE; i++)
		above += part(r, worker, f->numerator_roles, f->numerator[i], a_second);
	if (a_second)
		return f->scale * above;
	below = part(r, worker, f->denominator_roles, f->denominator, false);
	return below > 0 ? f->scale * above / below : NAN;
}

bool figure_has(const struct figure_def *f, const struct reading *r, int worker)
{
	return !(f->show & SHOW_IF_ANY) || figure_value(f, r, worker) > 0;
}

const char *figure_why_unknown(const struct run_info *info, const struct figure_def *f, int worker)
{
	int parts[FIGURE_NUMERATORS + 1], count = 0;

	for (; count < FIGURE_NUMERATORS && f->numerator[count] != COUNTER_NONE; count++)
		parts[count] = f->numerator[count];
	parts[count++] = f->denominator;

	for (unsigned i = 0; i < info->workers; i++)
		for (int k = 0; k < count; k++)
			if ((worker < 0 || i == (unsigned)worker) && parts[k] >= 0 && info->worker[i].unknown >> parts[k] & 1)
				return run_worker_why(&info->worker[i], (unsigned)parts[k]);
	return NULL;
}

static bool runs_here(const struct run_info *info, unsigned roles)
{
	bool any = false;

	for (unsigned i = 0; i < info->workers; i++)
		any |= info->worker[i].role & roles;
	return any;
}

const char *figure_explain(const struct run_info *info, const struct figure_def *f, char out[FIGURE_WHY_BYTES])
{
	const char *why = figure_why_unknown(info, f, -1);

	if (why)
		snprintf(out, FIGURE_WHY_BYTES, "%s", why);
	else if (f->denominator >= 0 && !runs_here(info, f->denominator_roles))
		snprintf(out, FIGURE_WHY_BYTES, "counted by %ss, and none runs here",
			engine_role(info->engine, f->denominator_roles)->title);
	else if (f->denominator >= 0)
		snprintf(
			out, FIGURE_WHY_BYTES, "no %s in this run", engine_counter(info->engine, (unsigned)f->denominator)->name);
	else
		snprintf(out, FIGURE_WHY_BYTES, "nothing was measured");
	return out;
}
