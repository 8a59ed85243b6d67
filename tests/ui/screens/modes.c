/* What the real modes would count.  See modes.h. */
#include "modes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "engines/engines.h"

static unsigned counter_named(const struct made *m, const char *name)
{
	int i = engine_find_counter(m->engine, name);

	if (i < 0)
		fail_msg("mode %s counts no %s", m->engine->name, name);
	return (unsigned)i;
}

static void set_counter(const struct made *m, struct worker_sample *w, const char *name, uint64_t value)
{
	w->value[counter_named(m, name)] = value;
}

static unsigned latency_named(const struct made *m, const char *name)
{
	for (unsigned i = 0; i < engine_latencies(m->engine); i++)
		if (!strcmp(m->engine->latencies[i].name, name))
			return i;
	fail_msg("mode %s has no latency %s", m->engine->name, name);
	return 0;
}

/* ---- echo ---- */

/* gso: 100 datagrams a packet, two packets a receive call, a wake-up for ten of those.  Else a
 * packet for each, 16 a call. */
static void fill_echo(const struct made *m, struct worker_sample *w, unsigned worker)
{
	bool joined = !strcmp(m->ran, "gso"), server = worker < m->servers;
	uint64_t n = w->value[COUNTER_TX_PACKETS], skbs = joined ? n / 100 : n, receives = joined ? skbs / 2 : n / 16;

	set_counter(m, w, "tx_skbs", skbs);
	set_counter(m, w, "rx_skbs", skbs);
	set_counter(m, w, joined ? "fill_128" : "fill_16", receives);
	set_counter(m, w, "receives", receives);
	set_counter(m, w, "fill_0", receives / 9);
	w->value[COUNTER_SYSCALLS] = (server ? 2 : 3) * receives;
	w->value[COUNTER_WAITS] = receives / 10;
}

/* ---- stream ---- */

enum { STREAM_SIZE = 65536 };

/* Every message has 64 KiB; one segment in a thousand messages is sent again, and one in twenty
 * while messages are lost; zero-copy: all are copied after all. */
static void fill_stream(const struct made *m, struct worker_sample *w, unsigned worker)
{
	bool sends = worker < m->servers, zero_copy = !strcmp(m->ran, "zero-copy");
	uint64_t sent = w->value[COUNTER_TX_PACKETS];

	if (!m->clients) /* what the other end has acknowledged */
		w->value[COUNTER_RX_PACKETS] = sent;
	w->value[COUNTER_TX_BYTES] = STREAM_SIZE * sent;
	w->value[COUNTER_RX_BYTES] = STREAM_SIZE * w->value[COUNTER_RX_PACKETS];
	set_counter(m, w, "connections", 1);
	set_counter(m, w, "tcp_retransmits", sent / (m->loss ? 20 : 1000));
	set_counter(m, w, "tcp_cwnd_segments", sends ? 12 + worker : 10);
	set_counter(m, w, "tcp_rtt_us", sends ? 40 + worker : 20);
	set_counter(m, w, "tcp_delivery_mbps", sends ? 9000 : 0);
	set_counter(m, w, "tcp_buffer_bytes", sends ? 4194304 : 6291456);
	set_counter(m, w, "zc_completions", zero_copy ? sent : 0);
	set_counter(m, w, "zc_copied", zero_copy ? sent : 0);
	if (!sends)
		w->latency[latency_named(m, "message")] = (struct latency_summary){ .count = w->latency[0].count,
			.mean_ns = 6000,
			.min_ns = 2300,
			.p50_ns = 5300,
			.p75_ns = 7000,
			.p90_ns = 14300,
			.p95_ns = 20000,
			.p99_ns = 456700,
			.p99_9_ns = 3915800,
			.p99_99_ns = 8454100,
			.max_ns = 17563600 };
}

/* ---- chat ---- */

enum { CHAT_CONNECTIONS = 500, CHAT_LINE_BYTES = 64 };

static uint64_t chat_dropped(const struct made *m, uint64_t owed)
{
	return m->loss ? owed / 1000 : 0;
}

/* A loop gives each message to every other connection; with loss, one delivery in a thousand is
 * dropped because its client is slow.  Edge-triggered, half as many wake-ups bring twice the
 * events. */
static void fill_loop(const struct made *m, struct worker_sample *w)
{
	uint64_t messages = w->value[COUNTER_RX_PACKETS], owed = messages * (CHAT_CONNECTIONS - 1);
	uint64_t dropped = chat_dropped(m, owed), delivered = owed - dropped;
	bool et = !strcmp(m->ran, "et");
	uint64_t wakeups = messages / (et ? 16 : 8), reads = messages + (et ? messages : 0);

	w->value[COUNTER_TX_PACKETS] = delivered;
	w->value[COUNTER_TX_BYTES] = delivered * CHAT_LINE_BYTES;
	w->value[COUNTER_RX_BYTES] = messages * CHAT_LINE_BYTES;
	w->value[COUNTER_SYSCALLS] = wakeups + reads + delivered;
	w->value[COUNTER_WAITS] = wakeups;
	w->value[COUNTER_CTX_VOLUNTARY] = wakeups / 2;
	w->value[COUNTER_CTX_INVOLUNTARY] = wakeups / 10;
	set_counter(m, w, "owed", owed);
	set_counter(m, w, "delivered", delivered);
	set_counter(m, w, "dropped_oldest", dropped);
	set_counter(m, w, "queued", 0);
	set_counter(m, w, "queued_bytes", 0);
	set_counter(m, w, "queue_max_bytes", m->loss ? 262144 : 128);
	set_counter(m, w, "queue_p99_bytes", 64);
	set_counter(m, w, "clients_behind", m->loss ? 3 : 0);
	set_counter(m, w, "connections", CHAT_CONNECTIONS / m->servers);
	set_counter(m, w, "wakeups", wakeups);
	set_counter(m, w, "epoll_events", messages);
	set_counter(m, w, "reads", reads);
	set_counter(m, w, "writes", delivered);
	set_counter(m, w, "written_bytes", delivered * CHAT_LINE_BYTES);
	set_counter(m, w, "eagain", et ? messages : dropped);
}

static void fill_load(const struct made *m, struct worker_sample *w)
{
	uint64_t sent = w->value[COUNTER_TX_PACKETS], owed = sent * (CHAT_CONNECTIONS - 1);
	uint64_t received = owed - chat_dropped(m, owed);

	w->value[COUNTER_TX_BYTES] = sent * CHAT_LINE_BYTES;
	w->value[COUNTER_RX_PACKETS] = received;
	w->value[COUNTER_RX_BYTES] = received * CHAT_LINE_BYTES;
	set_counter(m, w, "messages_read", sent);
	set_counter(m, w, "connections", CHAT_CONNECTIONS / m->clients);
	set_counter(m, w, "queue_max_bytes", COUNTER_NOTHING);
	set_counter(m, w, "queue_p99_bytes", COUNTER_NOTHING);
	w->latency[1] = w->latency[0];
}

static void fill_chat(const struct made *m, struct worker_sample *w, unsigned worker)
{
	if (worker < m->servers)
		fill_loop(m, w);
	else
		fill_load(m, w);
}

/* By the places of the columns in the mode's table. */
enum { CHAT_D_MESSAGES, CHAT_D_DELIVERIES, CHAT_D_DROPPED, CHAT_D_QUEUED, CHAT_D_QUEUE_MAX, CHAT_D_DIGEST };

/* With loss, three of the connections are slow. */
static struct details *chat_rows(const struct made *m)
{
	struct details *d = details_new(CHAT_CONNECTIONS);

	assert_non_null(d);
	d->at_ns = m->now_ns;
	d->seconds = 1;
	for (unsigned i = 0; i < CHAT_CONNECTIONS; i++) {
		struct detail_row *row = &d->row[i];
		uint64_t seconds = m->sequence / 10, dropped = m->loss && i % 200 == 7 ? 100 * (i + 1) : 0;

		*row = (struct detail_row){ .id = i + 1, .worker = i % m->servers };
		row->recent[CHAT_D_MESSAGES] = 2;
		row->value[CHAT_D_MESSAGES] = 2 * seconds;
		row->recent[CHAT_D_DELIVERIES] = 1000 - dropped / 100;
		row->value[CHAT_D_DELIVERIES] = seconds * row->recent[CHAT_D_DELIVERIES];
		row->recent[CHAT_D_DROPPED] = dropped / 100;
		row->value[CHAT_D_DROPPED] = seconds * row->recent[CHAT_D_DROPPED];
		row->value[CHAT_D_QUEUED] = dropped ? 262080 : 0;
		row->value[CHAT_D_QUEUE_MAX] = dropped ? 262144 : 64;
		row->value[CHAT_D_DIGEST] = COUNTER_NOTHING;
	}
	return d;
}

/* ---- fanout ---- */

/* FANOUT_SLOW: the reader that gets less. */
enum { FANOUT_READERS = 200, FANOUT_BYTES = 1500, FANOUT_SLOW = 137 };

static void fill_readers(const struct made *m, struct worker_sample *w, uint64_t missed)
{
	uint64_t received = w->value[COUNTER_TX_PACKETS] - missed;

	w->value[COUNTER_RX_PACKETS] = received;
	w->value[COUNTER_TX_BYTES] = 0;
	w->value[COUNTER_RX_BYTES] = FANOUT_BYTES * received;
	/* two copies a receive, and one of ten finds nothing */
	set_counter(m, w, "receives", received / 2);
	set_counter(m, w, "fill_2", received / 2);
	set_counter(m, w, "fill_0", received / 18);
	set_counter(m, w, "readers", FANOUT_READERS);
	set_counter(m, w, "worst_reader_ppm", m->loss ? 333333 : 1000000);
	set_counter(m, w, "whole_ppm", 1000000);
	set_counter(m, w, "reader_socket_drops", missed);
	set_counter(m, w, "arrived", m->clients ? 0 : received);
}

/* A round is 200 copies of 1500 bytes and takes 400 us.  With loss, the slow reader has no room in
 * two of three; in the others it is 250 us from the first reader to the last, and from tick to tick
 * a little more or less. */
static void fill_fanout(const struct made *m, struct worker_sample *w, unsigned worker)
{
	uint64_t sent = w->value[COUNTER_TX_PACKETS], rounds = sent / FANOUT_READERS, whole = m->loss ? rounds / 3 : rounds;
	unsigned complete = counter_named(m, "complete_rounds");
	uint64_t before = w->value[complete];

	if (worker < m->servers) {
		fill_readers(m, w, rounds - whole);
		return;
	}
	w->value[COUNTER_RX_PACKETS] = w->value[COUNTER_RX_BYTES] = 0;
	w->value[COUNTER_TX_BYTES] = FANOUT_BYTES * sent;
	set_counter(m, w, "copies_sent", sent);
	set_counter(m, w, "tx_skbs", sent);
	set_counter(m, w, "rounds", rounds);
	set_counter(m, w, "round_ns", rounds * 400000);
	w->value[complete] = whole;
	w->value[counter_named(m, "spread_ns")] += (whole - before) * (210000 + m->sequence % 9 * 10000);
	w->latency[latency_named(m, "spread")] = (struct latency_summary){
		.count = 5, .min_ns = 200000, .p50_ns = 250000, .p99_ns = 290000, .p99_9_ns = 290000, .max_ns = 290000
	};
}

/* All the same but, with loss, one, which gets a third. */
static struct details *reader_rows(const struct made *m)
{
	struct details *d = details_new(FANOUT_READERS);
	uint64_t seconds = m->sequence / 10;

	assert_non_null(d);
	d->at_ns = m->now_ns;
	d->seconds = 1;
	for (unsigned i = 0; i < FANOUT_READERS; i++) {
		uint64_t each = m->loss && i == FANOUT_SLOW ? 5 : 15;

		d->row[i] = (struct detail_row){ .id = i + 1, .worker = i % m->servers };
		d->row[i].value[0] = seconds * each;
		d->row[i].recent[0] = each;
		d->row[i].value[1] = seconds * (15 - each);
		d->row[i].recent[1] = 15 - each;
		d->row[i].value[3] = 12000;
		d->row[i].value[4] = 300000 + 1000 * i;
	}
	return d;
}

/* ---- the table ---- */

static const struct made_mode {
	const char *name;
	void (*fill)(const struct made *m, struct worker_sample *w, unsigned worker);
	struct details *(*details)(const struct made *m);
	const char *loses_at; /* NULL: fill() loses by itself */
	bool bulk, fans_out, own_ledger;
} made_modes[] = {
	{ .name = "echo", .fill = fill_echo, .loses_at = "server_socket_drops" },
	{ .name = "stream", .fill = fill_stream, .loses_at = "connection_lost", .bulk = true },
	{ .name = "chat", .fill = fill_chat, .details = chat_rows, .own_ledger = true },
	{ .name = "fanout", .fill = fill_fanout, .details = reader_rows, .fans_out = true },
};

static void take_methods(struct made *m)
{
	struct board_mode *mode = &m->mode[0];

	free(mode->method);
	mode->methods = engine_methods(m->engine);
	mode->method = calloc(mode->methods, sizeof(*mode->method));
	assert_non_null(mode->method);
	for (unsigned i = 0; i < mode->methods; i++) /* whatever this netdyno was built without */
		mode->method[i] = (struct board_method){ .method = m->engine->methods[i], .runs = true };
}

void modes_open(struct made *m, const char *mode, unsigned servers, unsigned clients)
{
	const struct made_mode *of = made_modes;

	while (strcmp(of->name, mode) != 0)
		of++;
	made_open_with(m, engine_find(engines_all, mode), servers, clients);
	take_methods(m);
	m->ran = m->engine->methods[0]->name;
	m->fill = of->fill;
	m->details = of->details;
	m->loses_at = of->loses_at ? counter_named(m, of->loses_at) : 0;
	m->bulk = of->bulk;
	m->fans_out = of->fans_out;
	m->own_ledger = of->own_ledger;
	if (!strcmp(mode, "chat"))
		modes_set(m, "conns", "500");
}

void modes_set(struct made *m, const char *option, const char *value)
{
	struct err err = ERR_NONE;

	if (options_set(&m->mode[0].options, option, value, &err))
		fail_msg("%s", err.text);
}
