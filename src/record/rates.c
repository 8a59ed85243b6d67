/* Differences: what two samples of one run, or a final's exact edges, say per second.  See
 * history.h. */
#include <math.h>

#include "base/clock.h"
#include "record/rates.h"

/* Two readings of one worker: a pair of samples, or a final's edge (already a difference: from
 * is NULL). */
struct span {
	const struct run_worker *worker;
	const uint64_t *from, *to, *gauge;
	double seconds; /* <= 0: only gauges are known */
};

struct source {
	const struct run_info *info;
	const struct sample *from, *to;
	const struct run_final *final;
	bool usable; /* there is a reading of these workers */
};

struct tally {
	struct rates *rates;
	unsigned workers;
	uint64_t counted; /* counters that some worker of those summed counts */
	double seconds, cpu_ns, observed_ns;
	bool busy_known, drops_known;
};

static const uint64_t bit_one = 1;

/* Readings that do not belong together leave no difference: then `to` stands for both, and only
 * its gauges tell something. */
static struct source source_of(
	const struct run_info *info, const struct sample *from, const struct sample *to, const struct run_final *final)
{
	struct source s = { .info = info, .from = from, .to = to, .final = final };
	bool pair = from && to && from->workers == to->workers && from->run_id == to->run_id && to->at_ns > from->at_ns;

	if (!pair)
		s.from = to;
	if (final)
		s.usable = final->workers == info->workers && final->edge && final->edge_ns && final->settled;
	else
		s.usable = to && to->workers == info->workers;
	return s;
}

static struct span span_of(const struct source *s, unsigned i)
{
	struct span span = { .worker = &s->info->worker[i] };

	if (s->final) {
		span.to = s->final->edge[i].value;
		span.gauge = s->final->settled[i].value;
		span.seconds = (double)s->final->edge_ns[i] / NS_PER_S;
		return span;
	}
	span.from = s->from->worker[i].value;
	span.to = span.gauge = s->to->worker[i].value;
	span.seconds = (double)(s->to->at_ns - s->from->at_ns) / NS_PER_S;
	return span;
}

static uint64_t difference(const struct span *span, unsigned counter)
{
	uint64_t from = span->from ? span->from[counter] : 0;

	return span->to[counter] > from ? span->to[counter] - from : 0;
}

static bool counts(const struct span *span, const struct counter_def *def)
{
	return def->roles & span->worker->role;
}

static bool known(const struct span *span, const struct counter_def *def, unsigned counter)
{
	if (span->worker->unknown >> counter & 1)
		return false;
	return counter_is_level(def->kind) || span->seconds > 0;
}

bool rates_is_drop(const struct run_info *info, const struct counter_def *def)
{
	enum ledger_side side = info->role == ROLE_SERVER ? def->server_ledger : def->ledger;

	return side == LEDGER_LOST || side == LEDGER_LOST_ARRIVING;
}

/* NaN where the counter is unknown, so that a sum with an unknown part is unknown. */
static double per_second(const struct span *span, unsigned counter)
{
	if (span->worker->unknown >> counter & 1 || span->seconds <= 0)
		return NAN;
	return (double)difference(span, counter) / span->seconds;
}

static void add_counter(struct tally *t, const struct run_info *info, const struct span *span, unsigned counter)
{
	const struct counter_def *def = engine_counter(info->engine, counter);
	uint64_t *sum = &t->rates->value[counter];

	if (!counts(span, def))
		return;
	t->counted |= bit_one << counter;
	if (!known(span, def, counter))
		t->rates->unknown |= bit_one << counter;
	else
		*sum = counter_merge(
			def->kind, *sum, counter_is_level(def->kind) ? span->gauge[counter] : difference(span, counter));
	if (rates_is_drop(info, def)) {
		t->rates->drops_per_s += per_second(span, counter);
		t->drops_known = true;
	}
}

static void add_busy(struct tally *t, const struct span *span)
{
	static const unsigned parts[] = { COUNTER_CPU_USER_NS, COUNTER_CPU_SYSTEM_NS, COUNTER_OBSERVED_NS };

	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		t->busy_known &= !(span->worker->unknown >> parts[i] & 1);
	t->cpu_ns += (double)difference(span, COUNTER_CPU_USER_NS) + (double)difference(span, COUNTER_CPU_SYSTEM_NS);
	t->observed_ns += (double)difference(span, COUNTER_OBSERVED_NS);
}

static void add_worker(struct tally *t, const struct run_info *info, const struct span *span)
{
	struct rates *r = t->rates;
	unsigned counters = engine_counters(info->engine);

	t->workers++;
	t->seconds += span->seconds;
	for (unsigned i = 0; i < counters; i++)
		add_counter(t, info, span, i);
	add_busy(t, span);
	r->tx_pps += per_second(span, COUNTER_TX_PACKETS);
	r->rx_pps += per_second(span, COUNTER_RX_PACKETS);
	r->tx_mbps += per_second(span, COUNTER_TX_BYTES) * 8e-6;
	r->rx_mbps += per_second(span, COUNTER_RX_BYTES) * 8e-6;
}

static uint64_t all_counters(const struct run_info *info)
{
	unsigned counters = engine_counters(info->engine);

	return counters >= 64 ? ~(uint64_t)0 : (bit_one << counters) - 1;
}

static void nothing_known(const struct run_info *info, struct rates *r)
{
	*r = (struct rates){ .unknown = all_counters(info) };
	r->tx_pps = r->rx_pps = r->tx_mbps = r->rx_mbps = r->busy = r->drops_per_s = NAN;
}

static double busy_of(const struct tally *t)
{
	if (!t->busy_known || t->observed_ns <= 0)
		return NAN;
	return fmin(t->cpu_ns / t->observed_ns, 1);
}

static void begin_sums(const struct run_info *info, struct rates *sum)
{
	unsigned counters = engine_counters(info->engine);

	for (unsigned i = 0; i < counters; i++)
		sum->value[i] = counter_first(engine_counter(info->engine, i)->kind);
}

/* The lowest or highest of nothing is told like what is unknown. */
static void end_sums(const struct run_info *info, const struct tally *t, struct rates *sum)
{
	unsigned counters = engine_counters(info->engine);

	sum->unknown |= all_counters(info) & ~t->counted;
	for (unsigned i = 0; i < counters; i++) {
		if (counter_is_nothing(engine_counter(info->engine, i)->kind, sum->value[i]))
			sum->unknown |= bit_one << i;
		if (sum->unknown >> i & 1)
			sum->value[i] = 0;
	}
}

static void rates_of(const struct source *s, int worker, unsigned roles, struct rates *r)
{
	struct rates sum = { 0 };
	struct tally t = { .rates = &sum, .busy_known = true };

	nothing_known(s->info, r);
	begin_sums(s->info, &sum);
	if (!s->usable)
		return;
	for (unsigned i = 0; i < s->info->workers; i++) {
		struct span span = span_of(s, i);

		if ((worker < 0 || i == (unsigned)worker) && span.worker->role & roles)
			add_worker(&t, s->info, &span);
	}
	if (!t.workers)
		return;
	sum.seconds = t.seconds / t.workers;
	end_sums(s->info, &t, &sum);
	sum.busy = busy_of(&t);
	if (!t.drops_known)
		sum.drops_per_s = NAN;
	*r = sum;
}

void rates_between(const struct run_info *info, const struct sample *from, const struct sample *to, int worker, unsigned roles,
	struct rates *ret_rates)
{
	struct source s = source_of(info, from, to, NULL);

	rates_of(&s, worker, roles, ret_rates);
}

void rates_of_final(
	const struct run_info *info, const struct run_final *final, int worker, unsigned roles, struct rates *ret_rates)
{
	struct source s = source_of(info, NULL, NULL, final);

	s.usable &= final != NULL;
	rates_of(&s, worker, roles, ret_rates);
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

		if (!(def->roles & roles) || !rates_is_drop(info, def))
			continue;
		if (r->unknown >> i & 1)
			return false;
		drops += r->value[i];
		any = true;
	}
	if (any)
		*ret_drops = drops;
	return any;
}

/* ---- figures ---- */

/* One counter merged over the workers of `roles`; NaN where a part is unknown or nobody counts
 * it. */
static double counter_sum(const struct source *s, int worker, unsigned roles, int counter, bool a_second)
{
	const struct counter_def *def = engine_counter(s->info->engine, (unsigned)counter);
	uint64_t level = counter_first(def->kind);
	double sum = 0;
	bool any = false;

	for (unsigned i = 0; i < s->info->workers; i++) {
		struct span span = span_of(s, i);

		if ((worker >= 0 && i != (unsigned)worker) || !(span.worker->role & roles) || !counts(&span, def))
			continue;
		if (!known(&span, def, (unsigned)counter))
			return NAN;
		any = true;
		if (counter_is_level(def->kind))
			level = counter_merge(def->kind, level, span.gauge[counter]);
		else
			sum += a_second ? per_second(&span, (unsigned)counter) : (double)difference(&span, (unsigned)counter);
	}
	if (!any || counter_is_nothing(def->kind, level))
		return NAN;
	return counter_is_level(def->kind) ? (double)level : sum;
}

static double numerator_sum(const struct source *s, const struct figure_def *f, int worker)
{
	double sum = 0;

	for (unsigned i = 0; i < 2; i++)
		if (f->numerator[i] != COUNTER_NONE)
			sum += counter_sum(s, worker, f->numerator_roles, f->numerator[i], f->denominator == COUNTER_PER_SECOND);
	return sum;
}

double figure_value(const struct figure_def *f, const struct run_info *info, const struct sample *from, const struct sample *to,
	const struct run_final *final, int worker)
{
	struct source s = source_of(info, from, to, final);
	double above, below;

	if (!s.usable)
		return NAN;
	above = numerator_sum(&s, f, worker);
	if (f->denominator == COUNTER_PER_SECOND)
		return f->scale * above;
	below = counter_sum(&s, worker, f->denominator_roles, f->denominator, false);
	return below > 0 ? f->scale * above / below : NAN;
}

const char *figure_why_unknown(const struct run_info *info, const struct figure_def *f, int worker)
{
	const int parts[] = { f->numerator[0], f->numerator[1], f->denominator };

	for (unsigned i = 0; i < info->workers; i++)
		for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++)
			if ((worker < 0 || i == (unsigned)worker) && parts[k] >= 0 && info->worker[i].unknown >> parts[k] & 1)
				return run_worker_why(&info->worker[i], (unsigned)parts[k]);
	return NULL;
}

const char *figure_explain(const struct run_info *info, const struct figure_def *f, char out[FIGURE_WHY_BYTES])
{
	const char *why = figure_why_unknown(info, f, -1);

	if (why)
		snprintf(out, FIGURE_WHY_BYTES, "%s", why);
	else if (f->denominator >= 0)
		snprintf(
			out, FIGURE_WHY_BYTES, "no %s in this run", engine_counter(info->engine, (unsigned)f->denominator)->name);
	else
		snprintf(out, FIGURE_WHY_BYTES, "nothing was measured");
	return out;
}

const char *run_missing_end(const struct run_info *info)
{
	return info->role == ROLE_SERVER   ? "the client is another process"
	       : info->role == ROLE_CLIENT ? "the server is another process"
					   : "";
}
