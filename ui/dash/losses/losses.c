/* Losses.  See losses.h. */
#include "ui/dash/losses/losses.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "record/judge/steadiness.h"

static const struct ledger_place *same_place(const struct ledger *ledger, const char *key)
{
	for (unsigned i = 0; i < ledger->places; i++)
		if (strcmp(ledger->place[i].key, key) == 0)
			return &ledger->place[i];
	return NULL;
}

static uint64_t lost_before(const struct ledger *earlier, const struct ledger_place *place)
{
	const struct ledger_place *then = same_place(earlier, place->key);

	return then && then->lost < place->lost ? then->lost : then ? place->lost : 0;
}

/* The ledger at a sample, since the measurement began. */
static void ledger_until(const struct moment *m, const struct sample *to, struct ledger *ret_ledger)
{
	struct reading r = reading_between(m->info, m->start, to);

	ledger_of(&r, ret_ledger);
}

/* The second, or what there is of it since the measurement began; or the whole run. */
static struct reading losses_window(const struct moment *m)
{
	struct reading recent = moment_recent(m);
	bool early = !recent.final && m->start && m->from && m->from->at_ns < m->start->at_ns;

	if (early)
		recent = reading_between(m->info, m->start, m->to);
	if (!recent.final && !m->start)
		recent = (struct reading){ .info = m->info };
	return reading_drained(&recent);
}

/* The length of the window that the rates are of; NaN: none.  *ret_earlier: the ledger at its
 * beginning. */
static double drops_window(const struct moment *m, struct ledger *ret_earlier)
{
	struct reading r = losses_window(m);

	if (m->final)
		return (double)m->final->measured_ns / NS_PER_S;
	if (!r.from || !r.to)
		return NAN;
	if (r.from != m->start)
		ledger_until(m, r.from, ret_earlier);
	return (double)(r.to->at_ns - r.from->at_ns) / NS_PER_S;
}

/* ---- packets that held several datagrams ---- */

static bool is_up_to(const struct run_info *info, unsigned counter)
{
	return reading_side(info, engine_counter(info->engine, counter)) == LEDGER_LOST_UP_TO;
}

/* Datagrams that the ledger has taken for lost beside the first of each packet. */
static uint64_t joined_lost(const struct run_info *info, const struct ledger *l)
{
	uint64_t sum = 0;

	for (unsigned i = COUNTER_OWN; i < engine_counters(info->engine); i++) {
		const struct ledger_place *p = is_up_to(info, i) ? same_place(l, engine_counter(info->engine, i)->place) : NULL;

		sum += p ? p->lost - p->seen : 0;
	}
	return sum;
}

/* ... as a part of those that may have been lost so: the same for all workers, as it is for all
 * places. */
static double joined_part(const struct dash *d, const struct ledger *earlier)
{
	struct reading r = losses_window(&d->moment);
	uint64_t before = joined_lost(r.info, earlier), now = joined_lost(r.info, &d->ledger), most = 0;

	for (unsigned i = COUNTER_OWN; reading_known(&r) && i < engine_counters(r.info->engine); i++)
		most += is_up_to(r.info, i) ? reading_sum(&r, -1, ROLE_BOTH, i).value : 0;
	return most && now > before ? fmin((double)(now - before) / (double)most, 1) : 0;
}

double losses_per_second(const struct dash *d, int worker, unsigned roles)
{
	struct reading r = losses_window(&d->moment);
	double sum = rates_drops_per_second(&r, worker, roles);

	for (unsigned i = COUNTER_OWN; d->joined_part > 0 && i < engine_counters(r.info->engine); i++)
		if (is_up_to(r.info, i) && reading_known(&r))
			sum += d->joined_part * reading_sum(&r, worker, roles, i).per_s;
	return sum;
}

/* ---- the places ---- */

static uint64_t losses_without(uint64_t n, uint64_t part)
{
	return n > part ? n - part : 0;
}

static bool is_lost_elsewhere(const struct reading *whole, const struct ledger *ledger)
{
	struct reading r = reading_drained(whole);
	struct rates rates;
	uint64_t own = 0, drops = 0;

	if (!ledger->known)
		return false;
	for (unsigned i = 0; i < engine_counters(r.info->engine); i++)
		drops |= reading_is_drop(r.info, engine_counter(r.info->engine, i)) ? (uint64_t)1 << i : 0;
	rates_of_some(&r, -1, ROLE_BOTH, drops, &rates);
	rates_drops(whole->info, &rates, ROLE_BOTH, &own);
	return ledger->lost > own + joined_lost(whole->info, ledger);
}

/* The memory of the i-th place of this run's ledger, which the live view keeps up to date. */
static const struct drop_seen *drop_seen_of(struct dash *d, unsigned i)
{
	const struct ledger_place *place = &d->ledger.place[i];
	struct drop_seen *seen = &d->drop_seen[i];

	if (d->drop_seen_run != d->moment.info->id)
		memset(d->drop_seen, 0, sizeof(d->drop_seen));
	d->drop_seen_run = d->moment.info->id;
	if (seen->place != place->key)
		*seen = (struct drop_seen){ .place = place->key };
	if (place->lost > seen->lost && !d->view.frozen && !d->moment.final)
		*seen = (struct drop_seen){ place->key, place->lost, d->moment.at_ns };
	return seen;
}

/* Per second: the ledger now against the ledger a second ago; of a whole run, its total over its
 * length. */
static void prepare_drops(struct dash *d)
{
	const struct moment *m = &d->moment;
	struct ledger earlier = { 0 }, cleared = { 0 };
	double seconds = drops_window(m, &earlier);

	d->drops = 0;
	d->joined_part = d->ledger.known ? joined_part(d, &earlier) : 0;
	if (view_cleared(&d->view, m->info) && m->start && d->view.clear.at_ns <= m->at_ns)
		ledger_until(m, d->view.clear.to, &cleared);
	d->drops_sent = losses_without(d->ledger.sent, cleared.sent);
	d->drops_lost = losses_without(d->ledger.lost, cleared.lost);
	d->lost_per_s = d->ledger.known && seconds > 0 ? (double)losses_without(d->ledger.lost, earlier.lost) / seconds : NAN;
	for (unsigned i = 0; d->ledger.known && i < d->ledger.places; i++) {
		const struct ledger_place *place = &d->ledger.place[i];
		struct drop_line *line = &d->drop[d->drops++];

		line->place = place;
		line->total = place->lost - lost_before(&cleared, place);
		line->last_ns = drop_seen_of(d, i)->last_ns;
		line->per_s = place->known && seconds > 0 ? (double)(place->lost - lost_before(&earlier, place)) / seconds : NAN;
	}
}

/* ---- ledgers and verdict ---- */

/* While it runs, drops are read ten times a second and packets counted at every one: up to two
 * ticks' worth of packets may not have found their place yet.  Whether they do is seen when they
 * are still missing later, and exactly after the drain. */
static bool within_lag(const struct dash *d)
{
	const struct run_info *info = d->moment.info;
	struct rates tx;

	moment_rates_of(&d->moment, -1, info->tx_roles, 0, &tx);
	return !d->ledger.balanced && tx.tx_pps > 0 && (double)llabs(d->ledger.unexplained) <= tx.tx_pps * LEDGER_LAG_S;
}

/* Once over, a run's verdict stays; its intervals are too many to be looked at in every frame. */
static void judge_whole(struct dash *d, const struct reading *whole, const struct ledger *ledger)
{
	bool is_known = whole->final && d->judged_run == whole->info->id;

	if (!is_known)
		verdict_of(whole, ledger, d->board->captured, &d->verdict);
	if (whole->final && !is_known) {
		steadiness_judge(d->board->history, whole->info->id, &d->verdict);
		d->judged_run = whole->info->id;
		d->judged = d->verdict;
	}
	if (whole->final)
		d->verdict = d->judged;
}

void losses_look(struct dash *d)
{
	struct reading whole = moment_whole(&d->moment);
	struct ledger judged;

	ledger_of(&whole, &d->ledger);
	ledger_second_of(&whole, &d->second);
	d->ledger_lags = !whole.final && reading_is_pair(&whole) && within_lag(d);
	judged = d->ledger;
	if (d->ledger_lags) {
		judged.unexplained = 0;
		judged.balanced = true;
	}
	judge_whole(d, &whole, &judged);
	prepare_drops(d);
	d->lost_elsewhere = is_lost_elsewhere(&whole, &d->ledger);
}
