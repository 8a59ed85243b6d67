/* Differences of samples, and the exact ones of a final, read in one way.  See reading.h. */
#include "record/reading.h"

#include <math.h>

#include "base/clock.h"

struct reading reading_between(const struct run_info *info, const struct sample *from, const struct sample *to)
{
	struct reading r = { .info = info };

	if (!info || !to || to->workers != info->workers)
		return r;
	r.to = to;
	if (from && from->workers == to->workers && from->run_id == to->run_id)
		r.from = from;
	return r;
}

struct reading reading_of_final(const struct run_info *info, const struct run_final *final)
{
	return (struct reading){ .info = info, .final = final };
}

struct reading reading_drained(const struct reading *r)
{
	struct reading drained = *r;

	drained.drained = true;
	return drained;
}

bool reading_is_settled(const struct reading *r)
{
	return r->final || (r->to && r->to->settled);
}

bool reading_known(const struct reading *r)
{
	const struct run_final *f = r->final;

	if (!f)
		return r->to;
	return r->info && f->workers == r->info->workers && f->edge && f->edge_ns && f->settled;
}

bool reading_is_pair(const struct reading *r)
{
	return reading_known(r) && (r->final || r->from);
}

/* The time that this worker's reading covers; 0: there is no difference, only levels. */
static double reading_seconds(const struct reading *r, unsigned worker)
{
	if (r->final)
		return (double)r->final->edge_ns[worker] / NS_PER_S;
	if (!r->from || r->to->at_ns <= r->from->at_ns)
		return 0;
	return (double)(r->to->at_ns - r->from->at_ns) / NS_PER_S;
}

int64_t reading_measured_ns(const struct reading *r)
{
	if (r->final)
		return r->final->measured_ns;
	return reading_is_pair(r) ? r->to->at_ns - r->from->at_ns : 0;
}

int64_t reading_away_ns(const struct reading *r)
{
	return r->final ? r->final->away_ns : r->to ? r->to->away_ns : 0;
}

static uint64_t grown(const struct reading *r, bool level, unsigned worker, unsigned counter)
{
	uint64_t from = 0, to;

	if (r->final)
		return (level || r->drained ? r->final->settled : r->final->edge)[worker].value[counter];
	to = r->to->settled && (level || r->drained) ? r->to->settled[worker][counter] : r->to->worker[worker].value[counter];
	if (r->from && !level)
		from = r->from->worker[worker].value[counter];
	return to > from ? to - from : 0;
}

uint64_t reading_value(const struct reading *r, unsigned worker, unsigned counter)
{
	return grown(r, counter_is_level(engine_counter(r->info->engine, counter)->kind), worker, counter);
}

static void add_worker(
	struct reading_sum *sum, const struct reading *r, const struct counter_def *def, unsigned worker, unsigned counter)
{
	const struct run_worker *w = &r->info->worker[worker];
	bool known = !sum->none, readable = !(w->unknown >> counter & 1);
	double seconds = known ? reading_seconds(r, worker) : 0;
	uint64_t value = known ? grown(r, counter_is_level(def->kind), worker, counter) : 0;

	sum->workers++;
	sum->seconds += seconds;
	sum->per_s += seconds > 0 && readable ? (double)value / seconds : NAN;
	if (readable)
		sum->value = counter_merge(def->kind, sum->value, value);
	else if (!sum->why)
		sum->why = run_worker_why(w, counter);
}

struct reading_sum reading_sum(const struct reading *r, int worker, unsigned roles, unsigned counter)
{
	const struct counter_def *def = engine_counter(r->info->engine, counter);
	unsigned workers = r->info->workers, first = worker < 0 ? 0 : (unsigned)worker;
	unsigned end = worker < 0 || first >= workers ? workers : first + 1;
	struct reading_sum sum = { .value = counter_first(def->kind), .none = !reading_known(r) };

	for (unsigned i = first; i < end; i++)
		if (r->info->worker[i].role & roles & def->roles)
			add_worker(&sum, r, def, i, counter);
	if (sum.workers)
		sum.seconds /= sum.workers;
	sum.none |= counter_is_nothing(def->kind, sum.value);
	if (sum.none)
		sum.value = 0;
	return sum;
}

uint64_t reading_in_drain(const struct reading *r)
{
	struct reading drained = reading_drained(r);
	uint64_t edge, whole;

	if (!reading_known(r) || !reading_is_settled(r))
		return 0;
	edge = reading_sum(r, -1, r->info->rx_roles, COUNTER_RX_PACKETS).value;
	whole = reading_sum(&drained, -1, r->info->rx_roles, COUNTER_RX_PACKETS).value;
	return whole > edge ? whole - edge : 0;
}

const struct procnet *reading_net_from(const struct reading *r)
{
	return r->final ? &r->final->net_from : &r->from->net;
}

const struct procnet *reading_net_to(const struct reading *r)
{
	return r->final ? &r->final->net_to : &r->to->net;
}

enum ledger_side reading_side(const struct run_info *info, const struct counter_def *def)
{
	return info->role & ROLE_CLIENT ? def->ledger : def->server_ledger;
}

bool reading_is_drop(const struct run_info *info, const struct counter_def *def)
{
	enum ledger_side side = reading_side(info, def);

	return side == LEDGER_LOST || side == LEDGER_LOST_ARRIVING;
}
