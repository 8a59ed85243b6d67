/* The ledger's arithmetic.  See ledger.h. */
#include "record/ledger.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "record/places/host_places.h"

/* Of an end elsewhere. */
static const char untold[] = "the other end did not tell, or others use it, too",
		  still_untold[] = "the other end tells when the run is over";

/* ---- places ---- */

struct ledger_place *ledger_place_named(struct ledger *l, const char *key, const char *title, const char *remedy)
{
	for (unsigned i = 0; i < l->places; i++)
		if (!strcmp(l->place[i].key, key)) {
			l->place[i].remedy = l->place[i].remedy ? l->place[i].remedy : remedy;
			return &l->place[i];
		}
	if (l->places == LEDGER_PLACES_MAX)
		return NULL;
	l->place[l->places] = (struct ledger_place){ .key = key, .title = title, .known = true, .why = "", .remedy = remedy };
	return &l->place[l->places++];
}

/* The place of a counter in a ledger. */
struct entry {
	enum ledger_side side;
	const char *place, *place_title, *remedy; /* LEDGER_LOST, LEDGER_LOST_ARRIVING */
};

/* Several counters may stand for one place; it is known if all of them are. */
static void add_place(struct ledger *l, const struct entry *entry, const struct reading_sum *sum)
{
	struct ledger_place *p = ledger_place_named(
		l, entry->place, entry->place_title ? entry->place_title : entry->place, entry->remedy);

	if (!p)
		return;
	p->lost += sum->value;
	p->seen += sum->value;
	p->joined = p->seen;
	if (sum->why && p->known) {
		p->known = false;
		p->why = sum->why;
	}
}

uint64_t ledger_lost_at_places(const struct ledger *l)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < l->places; i++)
		sum += l->place[i].lost;
	return sum;
}

/* ---- sides ---- */

/* The word of an end elsewhere.  It is its last one that counts, and that comes after the run. */
struct far_word {
	bool expected, all;
	uint64_t arrived_there;
};

static struct far_word ledger_far_word(const struct reading *r)
{
	unsigned counters = engine_counters(r->info->engine);
	struct far_word word = { 0 };

	for (unsigned i = COUNTER_OWN; i < counters; i++) {
		enum ledger_side side = reading_side(r->info, engine_counter(r->info->engine, i));

		if (side == LEDGER_ARRIVED_THERE)
			word.arrived_there += reading_sum(r, -1, ROLE_BOTH, i).value;
		word.expected |= side == LEDGER_TOLD;
		word.all |= side == LEDGER_TOLD && reading_sum(r, -1, ROLE_BOTH, i).value;
	}
	return word;
}

static void add_entry(struct ledger *l, const struct entry *entry, const struct reading_sum *sum, uint64_t *carried)
{
	switch (entry->side) {
	case LEDGER_SENT:
		l->sent += sum->value;
		break;
	case LEDGER_RECEIVED:
		l->received += sum->value;
		break;
	case LEDGER_CARRIED:
		*carried += sum->value;
		break;
	case LEDGER_LOST_ARRIVING:
		l->sent += sum->value;
		add_place(l, entry, sum);
		break;
	case LEDGER_LOST:
		add_place(l, entry, sum);
		break;
	case LEDGER_LOST_UP_TO: /* add_up_to(), when the rest is known */
		break;
	case LEDGER_IN_FLIGHT:
		l->in_flight += sum->value;
		break;
	case LEDGER_ARRIVED_THERE: /* ledger_far_word() */
	case LEDGER_TOLD:
	case LEDGER_NONE:
		break;
	}
}

/* Does the other end count it, and has not said its last word on it? */
static bool is_told(const struct run_info *info, const struct far_word *word, const struct counter_def *def)
{
	return word->expected && !word->all && !(info->role & ROLE_SERVER) && def->roles & ROLE_SERVER;
}

static void add_counters(const struct reading *r, const struct far_word *word, struct ledger *l)
{
	const struct run_info *info = r->info;
	unsigned counters = engine_counters(info->engine);
	uint64_t carried = 0;
	struct reading_sum sum;

	sum = reading_sum(r, -1, info->tx_roles, COUNTER_TX_PACKETS);
	add_entry(l, &(struct entry){ .side = info->tx_ledger, .place = "tx_packets" }, &sum, &carried);
	sum = reading_sum(r, -1, info->rx_roles, COUNTER_RX_PACKETS);
	add_entry(l, &(struct entry){ .side = info->rx_ledger, .place = "rx_packets" }, &sum, &carried);
	for (unsigned i = COUNTER_OWN; i < counters; i++) {
		const struct counter_def *def = engine_counter(info->engine, i);
		struct entry entry = { .side = reading_side(info, def),
			.place = def->place ? def->place : def->name,
			.place_title = def->place_title,
			.remedy = def->remedy };

		sum = reading_sum(r, -1, ROLE_BOTH, i);
		/* A place that only some methods have is one where something was lost. */
		if (def->place && def->show & SHOW_IF_ANY && !sum.value && !sum.why)
			continue;
		if (!sum.why && is_told(info, word, def))
			sum.why = reading_is_settled(r) ? untold : still_untold;
		add_entry(l, &entry, &sum, &carried);
	}
	l->received -= carried < l->received ? carried : l->received;
}

/* The places that may have lost more than they say share what is unexplained, by how much that may
 * be: with one of them it is exact, with several it is about so. */
static void add_up_to(const struct reading *r, struct ledger *l)
{
	unsigned counters = engine_counters(r->info->engine);
	uint64_t all = 0, missing = l->unexplained > 0 ? (uint64_t)l->unexplained : 0, left;

	for (unsigned i = COUNTER_OWN; i < counters; i++)
		if (reading_side(r->info, engine_counter(r->info->engine, i)) == LEDGER_LOST_UP_TO)
			all += reading_sum(r, -1, ROLE_BOTH, i).value;
	left = missing < all ? missing : all;
	missing = left;
	for (unsigned i = COUNTER_OWN; i < counters && left; i++) {
		const struct counter_def *def = engine_counter(r->info->engine, i);
		uint64_t most = reading_side(r->info, def) == LEDGER_LOST_UP_TO ? reading_sum(r, -1, ROLE_BOTH, i).value : 0;
		struct ledger_place *p = most ? ledger_place_named(l, def->place, def->place_title, def->remedy) : NULL;
		uint64_t share = (uint64_t)ceil((double)missing * (double)most / (double)all);

		if (!p)
			continue;
		share = share < left ? share : left;
		p->lost += share;
		l->unexplained -= (int64_t)share;
		left -= share;
	}
}

static void add_rows(const struct reading *r, const struct ledger_row *row, struct ledger *l)
{
	uint64_t carried = 0;

	for (; row->side != LEDGER_NONE; row++) {
		struct entry entry = { .side = row->side, .place = row->place, .place_title = row->place_title };
		struct reading_sum sum = reading_sum(r, -1, row->roles, row->counter);

		add_entry(l, &entry, &sum, &carried);
	}
}

/* ---- the rest ---- */

/* Packets are missing, and only the other end could say more of them: so many at most. */
static void add_rest(enum ledger_rest rest, uint64_t most, struct ledger *l)
{
	static const struct {
		const char *key, *title;
	} place[LEDGER_RESTS] = {
		[REST_SOMEWHERE] = { "here_to_answer", "somewhere between here and the answer" },
		[REST_ON_THE_PATH] = { "path", "on the path" },
		[REST_THERE] = { "path_there", "on the path, to the server" },
		[REST_BACK] = { "path_back", "on the path, back" },
	};
	struct ledger_place *p = rest == REST_UNEXPLAINED ? NULL
							  : ledger_place_named(l, place[rest].key, place[rest].title, NULL);

	if (!p || l->unexplained <= 0)
		return;
	most = most < (uint64_t)l->unexplained ? most : (uint64_t)l->unexplained;
	p->lost = p->seen = most;
	l->rest_lost += most;
	l->unexplained -= (int64_t)most;
}

/* The other end may have told, when the run was over, what came there. */
static void add_rests(const struct run_info *info, uint64_t arrived_there, struct ledger *l)
{
	if (!l->told || info->rest == REST_UNEXPLAINED) {
		add_rest(info->rest, UINT64_MAX, l);
		return;
	}
	add_rest(REST_THERE, l->sent > arrived_there ? l->sent - arrived_there : 0, l);
	add_rest(REST_BACK, UINT64_MAX, l);
}

/* ---- the balance ---- */

/* Bit set of enum ledger_side. */
static unsigned ledger_sides(const struct run_info *info)
{
	unsigned counters = engine_counters(info->engine);
	unsigned sides = 1u << info->tx_ledger | 1u << info->rx_ledger;

	for (unsigned i = COUNTER_OWN; i < counters; i++) {
		const struct counter_def *def = engine_counter(info->engine, i);

		if (def->roles & info->role)
			sides |= 1u << reading_side(info, def);
	}
	return sides;
}

bool ledger_is_kept(const struct run_info *info)
{
	unsigned sides = ledger_sides(info);

	return sides >> LEDGER_SENT & 1 && sides >> LEDGER_RECEIVED & 1;
}

const char *ledger_missing(const struct run_info *info)
{
	unsigned sides = ledger_sides(info);

	if (sides >> LEDGER_SENT & 1)
		return sides >> LEDGER_RECEIVED & 1 ? "--" : "none here: only the other end knows what was received";
	if (sides >> LEDGER_RECEIVED & 1)
		return "none here: only the other end knows what was sent";
	return info->role == ROLE_BOTH ? "this mode keeps none" : "none here: it takes both ends";
}

static void set_lost(struct ledger *l, int64_t lost)
{
	l->lost = lost > 0 ? (uint64_t)lost : 0;
	l->lost_percent = l->sent ? 100.0 * (double)l->lost / (double)l->sent : 0;
	if (l->lost_percent > 100)
		l->lost_percent = 100;
}

static void balance(struct ledger *l)
{
	uint64_t off = (uint64_t)(l->unexplained < 0 ? -l->unexplained : l->unexplained);

	set_lost(l, (int64_t)(l->sent - l->received - l->in_flight));
	l->balanced = off + l->host_lost <= l->sent / 1000;
}

/* The two ends are not read at one instant: what they do not agree on is on its way, or it was
 * sent and has arrived since the sent ones were counted. */
static void take_rest_as_flying(struct ledger *l)
{
	uint64_t rest = (uint64_t)(l->unexplained < 0 ? -l->unexplained : l->unexplained);
	uint64_t landed = rest < l->in_flight ? rest : l->in_flight;

	if (l->unexplained > 0)
		l->in_flight += rest;
	else {
		l->in_flight -= landed;
		l->sent += rest - landed;
	}
	l->unexplained = 0;
}

static void take_rest(struct ledger *l)
{
	l->unexplained = (int64_t)(l->sent - l->received - ledger_lost_at_places(l) - l->in_flight);
}

/* --lie: a counter that is wrong, for tests of those that must find that. */
static void add_lie(const struct options *o, struct ledger *l)
{
	const char *lie = options_text(o, "lie");
	struct ledger_place *p = *lie ? ledger_place_named(l, lie, lie, NULL) : NULL;

	if (p) {
		p->lost++;
		l->unexplained--;
	}
}

/* While it runs, the workers are read one after the other, and the host's counters ten times a
 * second: what two ticks' packets come to is not lost because it has no place yet. */
static void take_lag_off_lost(const struct reading *r, struct ledger *l)
{
	double seconds = (double)reading_measured_ns(r) / NS_PER_S;

	if (seconds > 0 && fabs((double)l->unexplained) * seconds <= LEDGER_LAG_S * (double)l->sent)
		set_lost(l, (int64_t)ledger_lost_at_places(l));
}

/* A packet that was lost is in flight for its sender until he gives it up: what stands at a place
 * already is no longer on its way. */
static void take_lost_off_flying(struct ledger *l)
{
	uint64_t twice = l->unexplained < 0 ? (uint64_t)-l->unexplained : 0;
	uint64_t lost = ledger_lost_at_places(l);

	twice = twice < lost ? twice : lost;
	twice = twice < l->in_flight ? twice : l->in_flight;
	l->in_flight -= twice;
	l->unexplained += (int64_t)twice;
}

static void ledger_fill(const struct reading *r, struct ledger *l)
{
	const struct run_info *info = r->info;
	bool live = !reading_is_settled(r), reliable = info->engine->reliable;
	/* One end counts what is sent, the other what is received, or tells it. */
	bool apart = info->told || !(info->tx_roles & info->rx_roles);
	struct far_word told = ledger_far_word(r);

	l->told = told.all;
	add_counters(r, &told, l);
	if (live && !reliable)
		l->in_flight += reading_sum(r, -1, r->info->flying, COUNTER_IN_FLIGHT).value;
	take_rest(l);
	/* Only what is not on its way can be what the host lost. */
	if (live && (reliable || apart))
		take_rest_as_flying(l);
	else if (live)
		take_lost_off_flying(l);
	add_up_to(r, l);
	add_rests(info, told.arrived_there, l);
	host_places_add(r, l);
	add_lie(&info->options, l);
	balance(l);
	if (live)
		take_lag_off_lost(r, l);
}

void ledger_of(const struct reading *r, struct ledger *ret_ledger)
{
	struct ledger l = { 0 };
	struct reading drained = reading_drained(r);

	if (reading_is_pair(r))
		l.known = ledger_is_kept(r->info);
	if (l.known)
		ledger_fill(&drained, &l);
	if (l.known && r->info->needs_word && !l.told)
		l = (struct ledger){ .why = reading_is_settled(r) ? untold : still_untold };
	*ret_ledger = l;
}

bool ledger_span(const struct sample *base, const struct reading *r, int64_t *ret_lost, uint64_t *ret_sent)
{
	struct reading to_start = reading_between(r->info, base, r->from), to_end = reading_between(r->info, base, r->to);
	struct ledger before, after;

	ledger_of(&to_start, &before);
	ledger_of(&to_end, &after);
	if (!before.known || !after.known)
		return false;
	*ret_lost = (int64_t)after.lost - (int64_t)before.lost;
	*ret_sent = after.sent > before.sent ? after.sent - before.sent : 0;
	return true;
}

double ledger_span_per_second(const struct sample *base, const struct reading *r)
{
	int64_t lost;
	uint64_t sent;

	if (!ledger_span(base, r, &lost, &sent) || reading_measured_ns(r) <= 0)
		return NAN;
	return fmax((double)lost, 0) * NS_PER_S / (double)reading_measured_ns(r);
}

double ledger_coverage(const struct ledger *l, const struct latency_def *def, uint64_t values)
{
	if (!def->each_packet || !l->known || !l->sent || !values)
		return NAN;
	return values < l->sent ? 100.0 * (double)values / (double)l->sent : 100;
}

/* Has an end elsewhere told what a ledger needs of it? */
static bool ledger_is_told(const struct reading *r)
{
	struct reading drained = reading_drained(r);

	return r->info->needs_word && ledger_far_word(&drained).all;
}

void ledger_second_of(const struct reading *r, struct ledger *ret_ledger)
{
	const struct ledger_def *def = r->info ? r->info->engine->second_ledger : NULL;
	struct reading drained = reading_drained(r);
	struct ledger l = { 0 };

	l.known = def && reading_is_pair(r) && ((r->info->role & def->roles) == def->roles || ledger_is_told(r));
	if (l.known) {
		add_rows(&drained, def->rows, &l);
		take_rest(&l);
		if (!reading_is_settled(r) && r->info->engine->reliable)
			take_rest_as_flying(&l);
		balance(&l);
	}
	*ret_ledger = l;
}
