/* The ledger's arithmetic.  See ledger.h. */
#include "record/ledger.h"

#include <string.h>

/* Two readings of a run: a pair of samples, or a final's differences (from is NULL). */
struct reading {
	const struct run_info *info;
	const struct worker_sample *from, *to; /* [workers] */
	const struct procnet *net_from, *net_to;
	bool live;
};

struct total {
	uint64_t sum;
	bool known;
	const char *why;
};

/* What the kernel's own counters are called as places. */
static const struct {
	const char *key, *title;
} host_place[PROCNET_FIELDS] = {
	[PROCNET_UDP_IN_ERRORS] = { "udp_in_errors", "UDP input errors" },
	[PROCNET_UDP_NO_PORTS] = { "udp_no_ports", "no socket at the port" },
	[PROCNET_UDP_RCVBUF_ERRORS] = { "udp_receive_buffers", "UDP receive buffers" },
	[PROCNET_UDP_SNDBUF_ERRORS] = { "device_queue", "device or its queue" },
	[PROCNET_UDP_MEM_ERRORS] = { "udp_memory", "UDP memory limit" },
	[PROCNET_SOFTNET_DROPPED] = { "softnet_backlog", "softnet backlog" },
};

/* ---- sums ---- */

static uint64_t difference(const struct reading *r, unsigned worker, unsigned counter)
{
	uint64_t from = r->from ? r->from[worker].value[counter] : 0, to = r->to[worker].value[counter];

	return to > from ? to - from : 0;
}

static struct total sum_of(const struct reading *r, unsigned roles, unsigned counter)
{
	struct total t = { .known = true, .why = "" };

	for (unsigned i = 0; i < r->info->workers; i++) {
		const struct run_worker *w = &r->info->worker[i];

		if (!(w->role & roles))
			continue;
		if (w->unknown >> counter & 1) {
			t.known = false;
			t.why = run_worker_why(w, counter);
			continue;
		}
		t.sum += difference(r, i, counter);
	}
	return t;
}

static uint64_t in_flight(const struct reading *r)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < r->info->workers; i++)
		if (r->info->worker[i].role & r->info->flying)
			sum += r->to[i].value[COUNTER_IN_FLIGHT];
	return sum;
}

/* ---- places ---- */

static struct ledger_place *place_named(struct ledger *l, const char *key, const char *title)
{
	for (unsigned i = 0; i < l->places; i++)
		if (!strcmp(l->place[i].key, key))
			return &l->place[i];
	if (l->places == LEDGER_PLACES_MAX)
		return NULL;
	l->place[l->places] = (struct ledger_place){ .key = key, .title = title, .known = true, .why = "" };
	return &l->place[l->places++];
}

/* Several counters may stand for one place; it is known if all of them are. */
static void add_place(struct ledger *l, const struct counter_def *def, const struct total *t)
{
	const char *key = def->place ? def->place : def->name;
	struct ledger_place *p = place_named(l, key, def->place_title ? def->place_title : key);

	if (!p)
		return;
	p->lost += t->sum;
	p->seen += t->sum;
	if (!t->known && p->known) {
		p->known = false;
		p->why = t->why;
	}
}

static uint64_t lost_at_places(const struct ledger *l)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < l->places; i++)
		sum += l->place[i].lost;
	return sum;
}

/* ---- sides ---- */

static void add_side(
	struct ledger *l, enum ledger_side side, const struct counter_def *def, const struct total *t, uint64_t *carried)
{
	switch (side) {
	case LEDGER_SENT:
		l->sent += t->sum;
		break;
	case LEDGER_RECEIVED:
		l->received += t->sum;
		break;
	case LEDGER_CARRIED:
		*carried += t->sum;
		break;
	case LEDGER_LOST_ARRIVING:
		l->sent += t->sum;
		add_place(l, def, t);
		break;
	case LEDGER_LOST:
		add_place(l, def, t);
		break;
	case LEDGER_NONE:
	case LEDGER_IN_FLIGHT:
		break;
	}
}

static void add_counters(const struct reading *r, struct ledger *l)
{
	const struct run_info *info = r->info;
	unsigned counters = engine_counters(info->engine);
	bool client = info->role & ROLE_CLIENT;
	uint64_t carried = 0;
	struct total t;

	t = sum_of(r, info->tx_roles, COUNTER_TX_PACKETS);
	add_side(l, info->tx_ledger, &counters_common[COUNTER_TX_PACKETS], &t, &carried);
	t = sum_of(r, info->rx_roles, COUNTER_RX_PACKETS);
	add_side(l, info->rx_ledger, &counters_common[COUNTER_RX_PACKETS], &t, &carried);
	for (unsigned i = COUNTER_OWN; i < counters; i++) {
		const struct counter_def *def = engine_counter(info->engine, i);

		t = sum_of(r, def->roles, i);
		add_side(l, client ? def->ledger : def->server_ledger, def, &t, &carried);
	}
	l->received -= carried < l->received ? carried : l->received;
}

/* ---- what the host lost ---- */

static uint64_t host_seen(const struct reading *r, enum procnet_field field)
{
	uint64_t from = r->net_from->value[field], to = r->net_to->value[field];

	return to > from ? to - from : 0;
}

/* These counters are everybody's: they explain what nothing else does, never more. */
static void add_host_place(const struct reading *r, enum procnet_field field, struct ledger *l)
{
	struct ledger_place *p = place_named(l, host_place[field].key, host_place[field].title);

	if (!p)
		return;
	p->host_wide = true;
	if (!procnet_has(r->net_from, field) || !procnet_has(r->net_to, field)) {
		p->known = false;
		p->why = procnet_has(r->net_to, field) ? r->net_from->why : r->net_to->why;
		return;
	}
	p->seen = host_seen(r, field);
	if (l->unexplained > 0)
		p->lost = p->seen < (uint64_t)l->unexplained ? p->seen : (uint64_t)l->unexplained;
	l->unexplained -= (int64_t)p->lost;
}

static void add_host_places(const struct reading *r, struct ledger *l)
{
	for (int field = 0; field < PROCNET_FIELDS; field++)
		if (r->info->host_places >> field & 1 && host_place[field].key)
			add_host_place(r, (enum procnet_field)field, l);
}

/* ---- the balance ---- */

static bool kept_by(const struct run_info *info)
{
	unsigned counters = engine_counters(info->engine);
	bool client = info->role & ROLE_CLIENT;
	unsigned sides = 1u << info->tx_ledger | 1u << info->rx_ledger;

	for (unsigned i = COUNTER_OWN; i < counters; i++) {
		const struct counter_def *def = engine_counter(info->engine, i);

		sides |= 1u << (client ? def->ledger : def->server_ledger);
	}
	return sides >> LEDGER_SENT & 1 && sides >> LEDGER_RECEIVED & 1;
}

static void balance(struct ledger *l)
{
	int64_t missing = (int64_t)(l->sent - l->received - l->in_flight);
	uint64_t off = (uint64_t)(l->unexplained < 0 ? -l->unexplained : l->unexplained);

	l->lost = missing > 0 ? (uint64_t)missing : 0;
	l->lost_percent = l->sent ? 100.0 * (double)l->lost / (double)l->sent : 0;
	if (l->lost_percent > 100)
		l->lost_percent = 100;
	l->balanced = off <= l->sent / 1000;
}

/* The two ends are not read at one instant: what they do not agree on is on its way, or was
 * counted meanwhile. */
static void take_rest_as_flying(struct ledger *l)
{
	if (l->unexplained > 0)
		l->in_flight += (uint64_t)l->unexplained;
	l->unexplained = 0;
}

static void make(const struct reading *r, struct ledger *ret_ledger)
{
	struct ledger l = { .known = kept_by(r->info) };

	if (l.known) {
		add_counters(r, &l);
		l.in_flight = r->live && !r->info->engine->reliable ? in_flight(r) : 0;
		l.unexplained = (int64_t)(l.sent - l.received - lost_at_places(&l) - l.in_flight);
		add_host_places(r, &l);
		if (r->live && r->info->engine->reliable)
			take_rest_as_flying(&l);
		balance(&l);
	}
	*ret_ledger = l;
}

void ledger_between(const struct run_info *info, const struct sample *from, const struct sample *to, struct ledger *ret_ledger)
{
	struct reading r = { .info = info, .live = true };

	*ret_ledger = (struct ledger){ 0 };
	if (!from || !to || from->workers != info->workers || to->workers != info->workers)
		return;
	r.from = from->worker;
	r.to = to->worker;
	r.net_from = &from->net;
	r.net_to = &to->net;
	make(&r, ret_ledger);
}

void ledger_of_final(const struct run_info *info, const struct run_final *final, struct ledger *ret_ledger)
{
	struct reading r = { .info = info };

	*ret_ledger = (struct ledger){ 0 };
	if (final->workers != info->workers || !final->settled)
		return;
	r.to = final->settled;
	r.net_from = &final->net_from;
	r.net_to = &final->net_to;
	make(&r, ret_ledger);
}
