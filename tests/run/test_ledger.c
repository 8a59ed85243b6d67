/* The ledger's arithmetic, as a table of small runs. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#include "../support/toy.h"
#include "base/clock.h"

/* A run of one server and one client, in numbers. */
struct row {
	const char *what;
	enum role role;
	enum ledger_side tx, rx;
	uint64_t client_tx, client_rx, server_tx, server_rx;
	uint64_t server_drops, client_drops, send_errors, carried, more_drops, flying;
	uint64_t softnet, sndbuf; /* the host's counters */
	/* Devices of the run's own, and what they and their impairment lost. */
	bool devices;
	uint64_t ring, impaired;
	/* These count what comes and is thrown away, and what their queues throw away. */
	bool counts_all;
	uint64_t untaken, queue, held;
	unsigned copies, joins; /* as in struct plan */
	uint64_t retries;
	enum ledger_rest rest;
	bool no_host, hide_client_drops;
	/* more_drops says how many may have been in what was dropped, beside one each */
	bool up_to;
	/* The expected ledger. */
	bool known;
	uint64_t sent, received, in_flight, lost;
	int64_t unexplained;
	bool balanced;
	uint64_t at_server, at_softnet, at_device, at_rest, at_ring, at_impairment;
};

#define BOTH    .role = ROLE_BOTH, .tx = LEDGER_SENT, .rx = LEDGER_RECEIVED, .known = true
#define DEVICES BOTH, .devices = true, .counts_all = true
#define SERVERS .role = ROLE_SERVER, .tx = LEDGER_RECEIVED, .rx = LEDGER_SENT, .known = true

static const struct row rows[] = {
	{ "nothing at all", BOTH, .balanced = true },
	{ "all came back", BOTH, .client_tx = 1000, .client_rx = 1000, .sent = 1000, .received = 1000, .balanced = true },
	{ "lost at the server", BOTH, .client_tx = 1000, .client_rx = 900, .server_drops = 100, .sent = 1000, .received = 900,
		.lost = 100, .at_server = 100, .balanced = true },
	{ "two counters, one place", BOTH, .client_tx = 1000, .client_rx = 900, .server_drops = 60, .more_drops = 40,
		.sent = 1000, .received = 900, .lost = 100, .at_server = 100, .balanced = true },
	{ "what was dropped held several", BOTH, .up_to = true, .client_tx = 1000, .client_rx = 900, .server_drops = 10,
		.more_drops = 1270, .sent = 1000, .received = 900, .lost = 100, .at_server = 100, .balanced = true },
	{ "it held one each", BOTH, .up_to = true, .client_tx = 1000, .client_rx = 990, .server_drops = 10, .more_drops = 1270,
		.sent = 1000, .received = 990, .lost = 10, .at_server = 10, .balanced = true },
	{ "it cannot have held more", BOTH, .up_to = true, .client_tx = 1000, .client_rx = 500, .server_drops = 2,
		.more_drops = 254, .sent = 1000, .received = 500, .lost = 500, .at_server = 256, .unexplained = 244 },
	{ "it held none of what came twice", BOTH, .up_to = true, .client_tx = 1000, .client_rx = 1000, .server_drops = 2,
		.more_drops = 254, .sent = 1000, .received = 1000, .at_server = 2, .unexplained = -2 },
	{ "lost nowhere", BOTH, .client_tx = 1000, .client_rx = 998, .sent = 1000, .received = 998, .lost = 2, .unexplained = 2 },
	{ "one in a thousand is allowed", BOTH, .client_tx = 1000, .client_rx = 999, .sent = 1000, .received = 999, .lost = 1,
		.unexplained = 1, .balanced = true },
	{ "more accounted for than sent", BOTH, .client_tx = 1000, .client_rx = 1000, .server_drops = 10, .sent = 1000,
		.received = 1000, .at_server = 10, .unexplained = -10 },
	{ "more came than went", BOTH, .client_tx = 1000, .client_rx = 1100, .sent = 1000, .received = 1100,
		.unexplained = -100 },
	{ "carried over from before", BOTH, .client_tx = 1000, .client_rx = 1005, .carried = 5, .sent = 1000, .received = 1000,
		.balanced = true },
	{ "carried more than received", BOTH, .carried = 5, .balanced = true },
	{ "send errors were offered too", BOTH, .client_tx = 990, .client_rx = 990, .send_errors = 10, .sent = 1000,
		.received = 990, .lost = 10, .unexplained = 10 },
	{ "the host lost exactly that", BOTH, .client_tx = 1000, .client_rx = 950, .softnet = 50, .sent = 1000, .received = 950,
		.lost = 50, .at_softnet = 50 },
	{ "the host lost more: others' packets", BOTH, .client_tx = 1000, .client_rx = 950, .softnet = 5000, .sent = 1000,
		.received = 950, .lost = 50, .at_softnet = 50 },
	{ "the host lost less", BOTH, .client_tx = 1000, .client_rx = 950, .softnet = 30, .sent = 1000, .received = 950,
		.lost = 50, .at_softnet = 30, .unexplained = 20 },
	{ "two of the host's places share", BOTH, .client_tx = 1000, .client_rx = 950, .sndbuf = 20, .softnet = 70, .sent = 1000,
		.received = 950, .lost = 50, .at_device = 20, .at_softnet = 30 },
	{ "the host lost next to nothing", BOTH, .client_tx = 10000, .client_rx = 9990, .softnet = 10, .sent = 10000,
		.received = 9990, .lost = 10, .at_softnet = 10, .balanced = true },
	{ "our own retries are nobody's loss", BOTH, .client_tx = 1000, .client_rx = 950, .retries = 30, .sndbuf = 40,
		.sent = 1000, .received = 950, .lost = 50, .at_device = 10, .unexplained = 40 },
	{ "only the other end could say", BOTH, .rest = REST_SOMEWHERE, .client_tx = 1000, .client_rx = 950, .softnet = 70,
		.sent = 1000, .received = 950, .lost = 50, .at_rest = 50, .balanced = true },
	{ "the other end has said all", BOTH, .rest = REST_ON_THE_PATH, .client_tx = 1000, .client_rx = 940, .server_drops = 10,
		.sent = 1000, .received = 940, .lost = 60, .at_server = 10, .at_rest = 50, .balanced = true },
	{ "more than was sent is no loss of others", BOTH, .rest = REST_SOMEWHERE, .client_tx = 1000, .client_rx = 1100,
		.sent = 1000, .received = 1100, .unexplained = -100 },
	{ "the host lost, but not ours", BOTH, .client_tx = 1000, .client_rx = 1000, .softnet = 70, .sent = 1000,
		.received = 1000, .balanced = true },
	{ "the host's losses never make it negative", BOTH, .client_tx = 1000, .client_rx = 1000, .server_drops = 5,
		.softnet = 70, .sent = 1000, .received = 1000, .at_server = 5, .unexplained = -5 },
	{ "the host cannot be read", BOTH, .client_tx = 1000, .client_rx = 950, .softnet = 50, .no_host = true, .sent = 1000,
		.received = 950, .lost = 50, .unexplained = 50 },
	{ "a counter cannot be read", BOTH, .client_tx = 1000, .client_rx = 950, .client_drops = 50, .hide_client_drops = true,
		.sent = 1000, .received = 950, .lost = 50, .unexplained = 50 },
	{ "still in flight at the end is missing", BOTH, .client_tx = 1000, .client_rx = 936, .flying = 64, .sent = 1000,
		.received = 936, .lost = 64, .unexplained = 64 },
	{ "servers alone: all answered", SERVERS, .server_rx = 1000, .server_tx = 1000, .sent = 1000, .received = 1000,
		.balanced = true },
	{ "servers alone: our socket was full", SERVERS, .server_rx = 900, .server_tx = 900, .server_drops = 100, .sent = 1000,
		.received = 900, .lost = 100, .at_server = 100, .balanced = true },
	{ "servers alone: not answered", SERVERS, .server_rx = 1000, .server_tx = 990, .sent = 1000, .received = 990, .lost = 10,
		.unexplained = 10 },
	{ "a ring's loss is the sender's error, too", BOTH, .devices = true, .client_tx = 1000, .client_rx = 900, .ring = 100,
		.sndbuf = 100, .sent = 1000, .received = 900, .lost = 100, .at_ring = 100, .balanced = true },
	{ "a ring and a queue", BOTH, .devices = true, .client_tx = 1000, .client_rx = 850, .ring = 100, .sndbuf = 150,
		.sent = 1000, .received = 850, .lost = 150, .at_ring = 100, .at_device = 50, .balanced = true },
	{ "a multicast is so many copies", BOTH, .devices = true, .copies = 8, .client_tx = 8000, .client_rx = 7544,
		.impaired = 57, .sent = 8000, .received = 7544, .lost = 456, .at_impairment = 456, .balanced = true },
	{ "... in a ring, too", BOTH, .devices = true, .copies = 8, .client_tx = 8000, .client_rx = 7600, .ring = 50,
		.sndbuf = 50, .sent = 8000, .received = 7600, .lost = 400, .at_ring = 400, .balanced = true },
	{ "joined datagrams: some in each packet", BOTH, .devices = true, .joins = 128, .client_tx = 9000, .client_rx = 8172,
		.sndbuf = 739, .sent = 9000, .received = 8172, .lost = 828, .at_device = 828, .balanced = true },
	{ "... and no more than it can hold", BOTH, .devices = true, .joins = 128, .client_tx = 9000, .client_rx = 8000,
		.sndbuf = 2, .sent = 9000, .received = 8000, .lost = 1000, .at_device = 256, .unexplained = 744 },
	{ "... one each is certain", BOTH, .devices = true, .joins = 128, .client_tx = 9000, .client_rx = 8890, .ring = 10,
		.sndbuf = 110, .sent = 9000, .received = 8890, .lost = 110, .at_ring = 10, .at_device = 100, .balanced = true },
	{ "a backlog's loss is that of the sender's device, too", DEVICES, .client_tx = 1000, .client_rx = 900, .untaken = 100,
		.softnet = 100, .ring = 100, .sndbuf = 100, .sent = 1000, .received = 900, .lost = 100, .at_softnet = 100,
		.balanced = true },
	{ "... beside a ring's, and others' in the backlog", DEVICES, .client_tx = 1000, .client_rx = 850, .untaken = 50,
		.softnet = 70, .ring = 150, .sndbuf = 150, .sent = 1000, .received = 850, .lost = 150, .at_softnet = 50,
		.at_ring = 100, .balanced = true },
	{ "an XDP program's loss is no backlog's", DEVICES, .client_tx = 1000, .client_rx = 890, .server_drops = 100,
		.untaken = 100, .ring = 10, .sndbuf = 10, .sent = 1000, .received = 890, .lost = 110, .at_server = 100,
		.at_ring = 10, .balanced = true },
	{ "others' packets in a backlog are not the run's", DEVICES, .client_tx = 1000, .client_rx = 900, .softnet = 100,
		.sent = 1000, .received = 900, .lost = 100, .unexplained = 100 },
	{ "a queue cuts, and its sender hears of nothing", DEVICES, .joins = 128, .client_tx = 9000, .client_rx = 8700,
		.queue = 300, .sent = 9000, .received = 8700, .lost = 300, .at_device = 300, .balanced = true },
	{ "... or throws away some as one", DEVICES, .joins = 128, .client_tx = 9000, .client_rx = 7420, .queue = 310,
		.sndbuf = 10, .sent = 9000, .received = 7420, .lost = 1580, .at_device = 1580, .balanced = true },
	{ "... and not one more", DEVICES, .joins = 128, .client_tx = 9000, .client_rx = 7419, .queue = 310, .sndbuf = 10,
		.sent = 9000, .received = 7419, .lost = 1581, .at_device = 1580, .unexplained = 1, .balanced = true },
	{ "what a queue still holds in the end is lost there", DEVICES, .client_tx = 1000, .client_rx = 940, .sndbuf = 20,
		.held = 40, .sent = 1000, .received = 940, .lost = 60, .at_device = 60, .balanced = true },
	{ "joined datagrams in a ring are in no queue", DEVICES, .joins = 128, .client_tx = 9000, .client_rx = 8000, .ring = 10,
		.sndbuf = 10, .sent = 9000, .received = 8000, .lost = 1000, .at_ring = 1000, .balanced = true },
	{ "a queue's drops of what is not joined are its sender's errors", DEVICES, .client_tx = 1000, .client_rx = 950,
		.queue = 80, .sndbuf = 80, .retries = 30, .sent = 1000, .received = 950, .lost = 50, .at_device = 50,
		.balanced = true },
	{ "a mode that keeps none", .role = ROLE_BOTH, .client_tx = 5, .client_rx = 3 },
};

struct made {
	struct engine engine;
	struct counter_def counter[TOY_COUNTERS - COUNTER_OWN + 1];
	struct run_info info;
	struct run_worker worker[2];
	struct run_final final;
	struct worker_sample settled[2];
	int64_t edge_ns[2];
};

static void make_run(const struct row *r, struct made *m)
{
	memset(m, 0, sizeof(*m));
	m->worker[0] = (struct run_worker){ .role = ROLE_SERVER };
	m->worker[1] = (struct run_worker){ .role = ROLE_CLIENT,
		.unknown = r->hide_client_drops ? (uint64_t)1 << TOY_CLIENT_DROPS : 0 };
	strcpy(m->worker[1].unknown_why, "no SO_MEMINFO");
	/* The toy's duplicates stand for sends that were tried again. */
	memcpy(m->counter, engine_toy.counters, sizeof(m->counter));
	m->counter[TOY_DUPLICATES - COUNTER_OWN].retried = true;
	if (r->up_to)
		m->counter[TOY_MORE_SERVER_DROPS - COUNTER_OWN].ledger = LEDGER_LOST_UP_TO;
	m->engine = engine_toy;
	m->engine.counters = m->counter;
	m->info = (struct run_info){ .engine = &m->engine,
		.role = r->role,
		.rest = r->rest,
		.tx_roles = r->role & ROLE_CLIENT ? ROLE_CLIENT : ROLE_SERVER,
		.rx_roles = r->role & ROLE_CLIENT ? ROLE_CLIENT : ROLE_SERVER,
		.flying = ROLE_CLIENT,
		.tx_ledger = r->tx,
		.rx_ledger = r->rx,
		.host_places =
			1u << PROCNET_SOFTNET_DROPPED | 1u << PROCNET_UDP_SNDBUF_ERRORS |
			(r->devices ? 1u << PROCNET_LINK_DROPPED | 1u << PROCNET_LINK_IMPAIRED : 0) |
			(r->counts_all ? 1u << PROCNET_LINK_UNTAKEN | 1u << PROCNET_QUEUE_DROPPED | 1u << PROCNET_QUEUE_HELD : 0),
		.packet_copies = r->copies,
		.packet_joins = r->joins,
		.workers = 2,
		.worker = m->worker };
	m->final = (struct run_final){ .workers = 2, .edge = m->settled, .edge_ns = m->edge_ns, .settled = m->settled };
}

static void ledger_of_final(const struct made *m, struct ledger *ret_ledger)
{
	struct reading r = reading_of_final(&m->info, &m->final);

	ledger_of(&r, ret_ledger);
}

static void ledger_between(const struct made *m, const struct sample *from, const struct sample *to, struct ledger *ret_ledger)
{
	struct reading r = reading_between(&m->info, from, to);

	ledger_of(&r, ret_ledger);
}

static void fill_values(const struct row *r, struct worker_sample *w)
{
	w[0].value[COUNTER_TX_PACKETS] = r->server_tx;
	w[0].value[COUNTER_RX_PACKETS] = r->server_rx;
	w[0].value[TOY_SERVER_DROPS] = r->server_drops;
	w[0].value[TOY_MORE_SERVER_DROPS] = r->more_drops;
	w[1].value[COUNTER_TX_PACKETS] = r->client_tx;
	w[1].value[COUNTER_RX_PACKETS] = r->client_rx;
	w[1].value[TOY_CLIENT_DROPS] = r->client_drops;
	w[1].value[TOY_SEND_ERRORS] = r->send_errors;
	w[1].value[TOY_CARRIED] = r->carried;
	w[1].value[TOY_DUPLICATES] = r->retries;
	w[1].value[COUNTER_IN_FLIGHT] = r->flying;
}

static void fill_net(const struct row *r, struct procnet *from, struct procnet *to)
{
	from->known = r->no_host ? 0 : UINT32_MAX;
	strcpy(from->why, "forbidden");
	from->value[PROCNET_SOFTNET_DROPPED] = 1000;
	from->value[PROCNET_UDP_SNDBUF_ERRORS] = 7;
	*to = *from;
	to->value[PROCNET_LINK_DROPPED] += r->ring;
	to->value[PROCNET_LINK_IMPAIRED] += r->impaired;
	to->value[PROCNET_LINK_UNTAKEN] += r->untaken;
	to->value[PROCNET_QUEUE_DROPPED] += r->queue;
	to->value[PROCNET_QUEUE_HELD] += r->held;
	to->value[PROCNET_SOFTNET_DROPPED] += r->softnet;
	to->value[PROCNET_UDP_SNDBUF_ERRORS] += r->sndbuf;
}

static const struct ledger_place *place(const struct ledger *l, const char *key)
{
	for (unsigned i = 0; i < l->places; i++)
		if (!strcmp(l->place[i].key, key))
			return &l->place[i];
	return NULL;
}

static void expect(const struct row *r, const char *name, uint64_t is, uint64_t wanted)
{
	if (is != wanted)
		fail_msg("%s: %s is %ld, not %ld", r->what, name, (long)is, (long)wanted);
}

static void expect_lost_at(const struct row *r, const struct ledger *l, const char *key, uint64_t wanted)
{
	if (r->known)
		assert_non_null(place(l, key));
	expect(r, key, r->known ? place(l, key)->lost : 0, wanted);
}

static void expect_row(const struct row *r, const struct ledger *l)
{
	expect(r, "known", l->known, r->known);
	expect(r, "sent", l->sent, r->sent);
	expect(r, "received", l->received, r->received);
	expect(r, "lost", l->lost, r->lost);
	expect(r, "balanced", l->balanced, r->balanced);
	expect(r, "unexplained", (uint64_t)l->unexplained, (uint64_t)r->unexplained);
	expect_lost_at(r, l, "server_socket_buffer", r->at_server);
	expect_lost_at(r, l, "softnet_backlog", r->at_softnet);
	expect_lost_at(r, l, "device_queue", r->at_device);
	if (r->rest != REST_UNEXPLAINED)
		expect_lost_at(r, l, r->rest == REST_SOMEWHERE ? "here_to_answer" : "path", r->at_rest);
	expect(r, "lost by the host", l->host_lost, (r->counts_all ? 0 : r->at_softnet) + (r->devices ? 0 : r->at_device));
	if (r->devices) {
		expect_lost_at(r, l, "veth_queue", r->at_ring);
		expect_lost_at(r, l, "impairment", r->at_impairment);
	}
	if (l->lost_percent < 0 || l->lost_percent > 100)
		fail_msg("%s: lost %f %%", r->what, l->lost_percent);
}

static void finals(void **state)
{
	struct made m;
	struct ledger l;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make_run(&rows[i], &m);
		fill_values(&rows[i], m.settled);
		fill_net(&rows[i], &m.final.net_from, &m.final.net_to);
		ledger_of_final(&m, &l);
		expect_row(&rows[i], &l);
		expect(&rows[i], "in flight", l.in_flight, 0);
	}
}

/* The ledger is the same between two samples, whatever was counted before, except that packets in
 * flight are not missing yet. */
static void samples(void **state)
{
	struct made m;
	struct ledger l;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct row live = *r;
		struct sample *from = sample_new(2), *to = sample_new(2);

		make_run(r, &m);
		fill_values(r, to->worker);
		for (unsigned w = 0; w < 2; w++)
			for (unsigned c = 0; c < COUNTERS_MAX; c++)
				if (c != COUNTER_IN_FLIGHT) {
					from->worker[w].value[c] = 12345;
					to->worker[w].value[c] += 12345;
				}
		fill_net(r, &from->net, &to->net);
		if (r->role & ROLE_CLIENT && r->flying) {
			live.lost = live.unexplained = 0;
			live.balanced = true;
		}
		ledger_between(&m, from, to, &l);
		expect_row(&live, &l);
		expect(r, "in flight", l.in_flight, r->flying);
		sample_free(from);
		sample_free(to);
	}
}

/* What two ticks may hide is not lost yet; what is more is.  A span of time takes it back. */
static void what_lags_is_not_lost(void **state)
{
	static const struct row rows_of_it[] = { { "within", BOTH, .client_tx = 1000, .client_rx = 970, .server_drops = 15 },
		{ "beyond", BOTH, .client_tx = 1000, .client_rx = 940, .server_drops = 15 } };
	static const uint64_t lost[] = { 15, 60 };
	struct sample *start = sample_new(2), *now[2] = { sample_new(2), sample_new(2) };
	struct made m;

	(void)state;
	start->at_ns = 50ll * NS_PER_S;
	for (unsigned i = 0; i < 2; i++) {
		struct ledger l;

		make_run(&rows_of_it[i], &m);
		fill_values(&rows_of_it[i], now[i]->worker);
		now[i]->at_ns = 60ll * NS_PER_S;
		ledger_between(&m, start, now[i], &l);
		assert_int_equal(l.lost, lost[i]);
		assert_int_equal(l.unexplained, i ? 45 : 15);
	}
	struct reading back = reading_between(&m.info, now[1], now[0]);
	int64_t span_lost;
	uint64_t span_sent;
	assert_true(ledger_span(start, &back, &span_lost, &span_sent));
	assert_int_equal(span_lost, -45);
	for (unsigned i = 0; i < 2; i++)
		sample_free(now[i]);
	sample_free(start);
}

/* Two ends that count apart are not read at one instant: while the run goes on the rest is on its
 * way, and in the end it is not. */
static void ends_apart_are_not_read_at_once(void **state)
{
	static const struct row row = { "apart", BOTH, .client_tx = 1000, .server_rx = 900, .server_drops = 60, .flying = 30 };
	struct sample *from = sample_new(2), *to = sample_new(2);
	struct made m;
	struct ledger l;

	(void)state;
	make_run(&row, &m);
	m.info.rx_roles = ROLE_SERVER;
	fill_values(&row, to->worker);
	ledger_between(&m, from, to, &l);
	assert_int_equal(l.unexplained, 0);
	assert_int_equal(l.in_flight, 40);
	assert_int_equal(l.lost, 60);
	fill_values(&row, m.settled);
	ledger_of_final(&m, &l);
	assert_int_equal(l.unexplained, 40);
	assert_int_equal(l.in_flight, 0);
	sample_free(from);
	sample_free(to);
}

/* What the server's socket has dropped is in flight for the client until that gives it up. */
static void the_lost_are_not_in_flight(void **state)
{
	static const struct row row = { "lost, and waited for", BOTH, .client_tx = 1000, .client_rx = 900, .server_drops = 80,
		.flying = 100 };
	struct sample *from = sample_new(2), *to = sample_new(2);
	struct made m;
	struct ledger l;

	(void)state;
	make_run(&row, &m);
	fill_values(&row, to->worker);
	ledger_between(&m, from, to, &l);
	assert_int_equal(l.unexplained, 0);
	assert_int_equal(l.in_flight, 20);
	assert_int_equal(l.lost, 80);
	assert_true(l.balanced);
	sample_free(from);
	sample_free(to);
}

static void reasons_are_named(void **state)
{
	struct row r = { BOTH, .client_tx = 10, .no_host = true, .hide_client_drops = true };
	struct made m;
	struct ledger l;

	(void)state;
	make_run(&r, &m);
	fill_values(&r, m.settled);
	fill_net(&r, &m.final.net_from, &m.final.net_to);
	ledger_of_final(&m, &l);
	assert_false(place(&l, "client_socket_buffer")->known);
	assert_string_equal(place(&l, "client_socket_buffer")->why, "no SO_MEMINFO");
	assert_false(place(&l, "softnet_backlog")->known);
	assert_true(place(&l, "softnet_backlog")->host_wide);
	assert_string_equal(place(&l, "softnet_backlog")->why, "forbidden");
	assert_true(place(&l, "server_socket_buffer")->known);
}

static void readings_that_do_not_fit_give_none(void **state)
{
	struct row r = { BOTH, .client_tx = 10 };
	struct made m;
	struct ledger l;
	struct sample *three = sample_new(3);

	(void)state;
	make_run(&r, &m);
	m.final.workers = 3;
	ledger_of_final(&m, &l);
	assert_false(l.known);
	ledger_between(&m, three, three, &l);
	assert_false(l.known);
	ledger_between(&m, NULL, three, &l);
	assert_false(l.known);
	sample_free(three);
}

/* The second ledger reads the same counters, in its own rows, and only of runs with both ends. */
static void a_second_ledger(void **state)
{
	struct row r = { BOTH, .client_tx = 1000, .server_rx = 890, .server_drops = 80, .flying = 25 };
	struct engine two = engine_toy;
	struct made m;
	struct ledger l;
	struct reading final;

	(void)state;
	make_run(&r, &m);
	fill_values(&r, m.settled);
	final = reading_of_final(&m.info, &m.final);
	ledger_second_of(&final, &l);
	assert_false(l.known); /* this mode has none */
	two.second_ledger = &toy_questions;
	m.info.engine = &two;
	ledger_second_of(&final, &l);
	assert_true(l.known);
	assert_int_equal(l.sent, 1000);
	assert_int_equal(l.received, 890);
	assert_int_equal(l.in_flight, 25);
	assert_int_equal(l.places, 1);
	assert_int_equal(place(&l, "socket")->lost, 80);
	assert_int_equal(l.unexplained, 5);
	assert_false(l.balanced);
	m.info.role = ROLE_SERVER;
	ledger_second_of(&final, &l);
	assert_false(l.known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finals),
		cmocka_unit_test(samples),
		cmocka_unit_test(what_lags_is_not_lost),
		cmocka_unit_test(ends_apart_are_not_read_at_once),
		cmocka_unit_test(the_lost_are_not_in_flight),
		cmocka_unit_test(reasons_are_named),
		cmocka_unit_test(readings_that_do_not_fit_give_none),
		cmocka_unit_test(a_second_ledger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
