/* What the host lost.  See host_places.h. */
#include "record/places/host_places.h"

/* The names of the kernel's own counters as places, and what helps there. */
static const struct {
	const char *key, *title, *remedy;
} host_place[PROCNET_FIELDS] = {
	[PROCNET_UDP_IN_ERRORS] = { "udp_in_errors", "UDP input errors", NULL },
	[PROCNET_UDP_NO_PORTS] = { "udp_no_ports", "no socket at the port", "start the other end, or mend host and port (F2)" },
	[PROCNET_UDP_RCVBUF_ERRORS] = { "udp_receive_buffers", "UDP receive buffers",
		"full at rcvbuf {rcvbuf} · F2 raises it, rmem_max {rmem_max}" },
	[PROCNET_UDP_SNDBUF_ERRORS] = { "device_queue", "device or its queue", "full: a longer txqueuelen, or less load ([)" },
	[PROCNET_UDP_MEM_ERRORS] = { "udp_memory", "UDP memory limit", "reached: a higher net.ipv4.udp_mem, or smaller buffers" },
	[PROCNET_SOFTNET_DROPPED] = { "softnet_backlog", "softnet backlog",
		"full at netdev_max_backlog {netdev_max_backlog}: raise that, or less load ([)" },
	[PROCNET_IP_REASM_FAILS] = { "ip_reassembly", "IP reassembly", "datagrams that fit the MTU need none" },
	[PROCNET_IP_FRAG_FAILS] = { "ip_fragmentation", "IP fragmentation", "datagrams that fit the MTU" },
	[PROCNET_LINK_DROPPED] = { "veth_queue", "veth device, its queue full", "a higher rate-limit (F2), or less load ([)" },
	[PROCNET_LINK_IMPAIRED] = { "impairment", "lost on purpose (--loss)", "asked for with loss {loss} · F2" },
};

static bool is_asked(const struct run_info *info, enum procnet_field field)
{
	return info->host_places >> field & 1;
}

static bool host_has(const struct reading *r, enum procnet_field field)
{
	return procnet_has(reading_net_from(r), field) && procnet_has(reading_net_to(r), field);
}

static uint64_t host_count(const struct reading *r, enum procnet_field field)
{
	const struct procnet *from = reading_net_from(r), *to = reading_net_to(r);

	return host_has(r, field) && to->value[field] > from->value[field] ? to->value[field] - from->value[field] : 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Our own sends that were tried again are lost to nobody. */
static void take_retries_off(const struct reading *r, struct ledger_place *p)
{
	unsigned counters = engine_counters(r->info->engine);

	for (unsigned i = COUNTER_OWN; i < counters; i++)
		if (engine_counter(r->info->engine, i)->retried)
			p->seen -= least(p->seen, reading_sum(r, -1, ROLE_BOTH, i).value);
}

/* Of what came to devices of the run's own and was thrown away, the part that a CPU's backlog did:
 * an XDP program may have done the rest. */
static uint64_t own_backlog(const struct reading *r)
{
	return is_asked(r->info, PROCNET_LINK_UNTAKEN)
		       ? least(host_count(r, PROCNET_LINK_UNTAKEN), host_count(r, PROCNET_SOFTNET_DROPPED))
		       : 0;
}

/* A queue cuts joined datagrams that are longer than what it may send at once, and counts each that
 * it throws away; its sender hears of that only where none of them is left.  What is shorter it
 * throws away as one, and the sender hears of it, as of what the device throws away. */
static void take_segments(const struct reading *r, struct ledger_place *p)
{
	if (r->info->packet_joins < 2 || !is_asked(r->info, PROCNET_QUEUE_DROPPED) || !host_has(r, PROCNET_QUEUE_DROPPED))
		return;
	uint64_t cut = host_count(r, PROCNET_QUEUE_DROPPED);

	p->joined = p->seen - least(p->seen, host_count(r, PROCNET_LINK_DROPPED));
	p->seen = cut > p->joined ? cut : p->joined;
}

/* What is still in a queue when everybody has stopped waiting is lost there. */
static void take_held(const struct reading *r, struct ledger_place *p)
{
	uint64_t held = is_asked(r->info, PROCNET_QUEUE_HELD) ? host_count(r, PROCNET_QUEUE_HELD) : 0;

	p->seen += held;
	p->joined += held;
}

/* Devices of a run's own stand in namespaces of its own: what these count is nobody else's. */
static bool is_alone(const struct run_info *info, enum procnet_field field)
{
	bool counted_there = field <= PROCNET_UDP_MEM_ERRORS || field >= PROCNET_LINK_DROPPED;

	if (field == PROCNET_SOFTNET_DROPPED)
		return is_asked(info, PROCNET_LINK_UNTAKEN);
	return is_asked(info, PROCNET_LINK_DROPPED) && counted_there;
}

/* Is it read, with all that is needed beside it? */
static bool host_place_has(const struct reading *r, enum procnet_field field)
{
	return host_has(r, field) && (field != PROCNET_SOFTNET_DROPPED || !is_asked(r->info, PROCNET_LINK_UNTAKEN) ||
					     host_has(r, PROCNET_LINK_UNTAKEN));
}

/* The place of one of these counters, and what it says. */
static void add_host_place(const struct reading *r, enum procnet_field field, struct ledger *l)
{
	const struct procnet *from = reading_net_from(r), *to = reading_net_to(r);
	struct ledger_place *p = ledger_place_named(l, host_place[field].key, host_place[field].title, host_place[field].remedy);

	if (!p)
		return;
	p->host_wide = !is_alone(r->info, field);
	if (!host_place_has(r, field)) {
		p->known = false;
		p->why = procnet_has(to, field) ? from->why : to->why;
		return;
	}
	p->seen = host_count(r, field);
	if (field == PROCNET_SOFTNET_DROPPED && !p->host_wide)
		p->seen = own_backlog(r);
	/* The sender's device counts what the other end's backlog did not take. */
	if (field == PROCNET_LINK_DROPPED)
		p->seen -= least(p->seen, own_backlog(r));
	if (field == PROCNET_UDP_SNDBUF_ERRORS)
		take_retries_off(r, p);
	p->joined = p->seen;
	if (field != PROCNET_UDP_SNDBUF_ERRORS)
		return;
	take_segments(r, p);
	take_held(r, p);
}

/* Each of these packets was so many of the run's.  Most of these counters are everybody's: they may
 * explain what nothing else does, never more. */
static void explain(struct ledger *l, struct ledger_place *p, uint64_t packets, uint64_t each)
{
	uint64_t missing = l->unexplained > 0 ? (uint64_t)l->unexplained : 0, most;

	if (!missing || !each)
		return;
	most = packets > missing / each ? missing : packets * each;
	p->lost += most;
	l->unexplained -= (int64_t)most;
	if (p->host_wide)
		l->host_lost += most;
}

static bool is_host_place(const struct run_info *info, enum procnet_field field, bool alone)
{
	return is_asked(info, field) && host_place[field].key && is_alone(info, field) == alone;
}

static void explain_by(enum procnet_field field, struct ledger *l, uint64_t each, bool more)
{
	struct ledger_place *p = ledger_place_named(l, host_place[field].key, host_place[field].title, NULL);

	if (p)
		explain(l, p, more ? p->joined : p->seen, each);
}

/* Those first that know whose packets they count, and of these the devices: a sender hears of what
 * they threw away, too.  more: of those that may have held several, what they held beside one. */
static void explain_all(const struct run_info *info, struct ledger *l, uint64_t each, bool more)
{
	for (enum procnet_field field = PROCNET_FIELDS; field-- > 0;)
		if (is_host_place(info, field, true))
			explain_by(field, l, each, more);
	for (enum procnet_field field = 0; field < PROCNET_FIELDS; field++)
		if (is_host_place(info, field, false))
			explain_by(field, l, each, more);
}

void host_places_add(const struct reading *r, struct ledger *l)
{
	for (int alone = 1; alone >= 0; alone--)
		for (enum procnet_field field = 0; field < PROCNET_FIELDS; field++)
			if (is_host_place(r->info, field, alone))
				add_host_place(r, field, l);
	/* What one packet is at least, and only then what it may be beside that. */
	uint64_t each = r->info->packet_copies ? r->info->packet_copies : 1;
	explain_all(r->info, l, each, false);
	if (r->info->packet_joins > 1)
		explain_all(r->info, l, (r->info->packet_joins - 1) * each, true);
}
