/* Losses that the ledger must name, each with another counter of the kernel's beside it: for every
 * method of the modes that move datagrams.  See fault.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "path/veth/impair.h"
#include "path/veth/offload.h"
#include "path/veth/pair.h"
#include "selftest/fault.h"

enum { QUEUE_BITS_PER_S = 1000000, MTU_BYTES = 1500, STRANGERS = 4 };

static const int64_t patience_ns = 5ll * NS_PER_S;

/* ---- second sources ---- */

static int64_t seen_by_server_buffer(const struct witness *w)
{
	return witness_snmp(w, WITNESS_SERVER, "Udp", "RcvbufErrors");
}

static int64_t seen_by_client_buffer(const struct witness *w)
{
	return witness_snmp(w, WITNESS_CLIENT, "Udp", "RcvbufErrors");
}

static int64_t seen_by_server_queue(const struct witness *w)
{
	return witness_queue_dropped(w, WITNESS_SERVER);
}

static int64_t seen_by_client_queue(const struct witness *w)
{
	return witness_queue_dropped(w, WITNESS_CLIENT);
}

static int64_t seen_by_server_program(const struct witness *w)
{
	return witness_link_untaken(w, WITNESS_SERVER);
}

static int64_t seen_by_server_link(const struct witness *w)
{
	return witness_link_dropped(w, WITNESS_SERVER);
}

static int64_t seen_by_client_link(const struct witness *w)
{
	return witness_link_dropped(w, WITNESS_CLIENT);
}

/* What came from the device and was not handed on: the rule that loses stands between the two. */
static int64_t input_lost(const struct witness *w, enum witness_side side)
{
	int64_t came = witness_snmp(w, side, "Ip", "InReceives"), handed_on = witness_snmp(w, side, "Ip", "InDelivers");

	return came < 0 || handed_on < 0 ? SELFTEST_UNKNOWN : came - handed_on;
}

static int64_t seen_by_both_inputs(const struct witness *w)
{
	int64_t server = input_lost(w, WITNESS_SERVER), client = input_lost(w, WITNESS_CLIENT);

	return server < 0 || client < 0 ? SELFTEST_UNKNOWN : server + client;
}

/* The writer's side hears of groups that it is not in (IGMP). */
static int64_t seen_by_server_input(const struct witness *w)
{
	return input_lost(w, WITNESS_SERVER);
}

/* ---- injections ---- */

/* Answers have to wait for a token, and most find no room to wait. */
static int inject_queue(struct play *p, struct err *err)
{
	int rc = witness_enter(&p->witness, WITNESS_SERVER, err);

	return rc < 0 ? rc : veth_limit_rate(QUEUE_BITS_PER_S, MTU_BYTES, err);
}

/* Nothing but the run's packets goes there then: no reports of multicast groups. */
static void be_quiet(const struct witness *w)
{
	static const char none[] = "/proc/sys/net/ipv6/conf/all/disable_ipv6";
	struct err ignored = ERR_NONE;

	for (unsigned side = 0; side < WITNESS_SIDES; side++)
		if (witness_enter(w, side, &ignored) == 0)
			play_write(none, "1");
}

/* On the side that receives: its device takes what comes out of a ring of 256 packets (with GRO),
 * but only 10 times a second. */
static bool hold_back(void)
{
	return play_own_sys() && play_write(DEVICE "gro_flush_timeout", "100000000") &&
	       play_write(DEVICE "napi_defer_hard_irqs", "1000000000");
}

static int inject_ring(struct play *p, enum witness_side side, struct err *err)
{
	be_quiet(&p->witness);
	int rc = witness_enter(&p->witness, side, err);
	if (rc >= 0)
		rc = veth_set_offload(VETH_INTERFACE, VETH_OFFLOAD_ON, err);
	if (rc >= 0 && !hold_back())
		rc = err_say(err, ENOTSUP, "this kernel does not let a veth device be held back (napi_defer_hard_irqs)");
	return rc;
}

static int inject_ring_of_client(struct play *p, struct err *err)
{
	return inject_ring(p, WITNESS_CLIENT, err);
}

static int inject_ring_of_server(struct play *p, struct err *err)
{
	return inject_ring(p, WITNESS_SERVER, err);
}

/* ---- the play ---- */

/* Each place has lost some, and all together enough. */
static bool losses_are_enough(void *of)
{
	struct play *p = of;
	int64_t sum = 0, least = INT64_MAX;

	for (unsigned i = 0; i < FAULT_PLACES && p->fault->at[i].place; i++) {
		int64_t n = p->fault->at[i].seen(&p->witness);

		sum += n > 0 ? n : 0;
		least = n < least ? n : least;
	}
	return (sum >= p->fault->enough && least > 0) || child_has_ended(&p->run);
}

static bool is_word(const char *a, const char *b)
{
	return !strcmp(a, b);
}

static struct selftest_check *losses_check(struct play *p, const char *what, const struct fault_place *at)
{
	struct selftest_check *check = play_check(p, what, "packets");

	check->second = at->seen(&p->witness);
	snprintf(check->source, sizeof(check->source), "%s", at->source);
	return check;
}

/* A counter of the sum, which counts what the kernel counts. */
static void losses_count(struct play *p, const char *counter, const struct fault_place *at)
{
	char way[64];

	snprintf(way, sizeof(way), "end.sum.%s", counter);
	losses_check(p, counter, at)->said = child_number(&p->run, way);
}

/* --loss loses its share of what comes to each side, to less than a packet; some of what comes is
 * not the run's (multicast groups).  Where packets hold several datagrams the packets are foretold,
 * as the kernel counts them. */
static void losses_foretell(struct play *p, struct selftest_check *check, bool joins)
{
	int64_t came = witness_snmp(&p->witness, WITNESS_SERVER, "Ip", "InReceives"), seen = check->second;

	if (joins) {
		check = play_check(p, "packets lost", "packets");
		check->said = seen;
	}
	if (check->each_least == 1 && p->fault->at[0].seen == seen_by_both_inputs)
		came += witness_snmp(&p->witness, WITNESS_CLIENT, "Ip", "InReceives");
	check->injected = came * p->fault->lost_of_1000 / 1000 * check->each_least;
	check->less = check->more = (int64_t)STRANGERS * check->each_least;
}

/* Packets that a socket dropped beside it may have held as many datagrams: the ledger puts what it
 * cannot tell apart at either place. */
static void losses_take_buffers(const struct play *p, struct selftest_check *check)
{
	static const char *const place[] = { "server_socket_buffer", "client_socket_buffer" };
	int64_t dropped = seen_by_server_buffer(&p->witness) + seen_by_client_buffer(&p->witness);

	for (unsigned i = 0; dropped > 0 && i < sizeof(place) / sizeof(place[0]); i++) {
		int64_t lost = play_place(p, place[i]);

		check->said += lost > 0 ? lost : 0;
	}
	check->second += dropped > 0 ? dropped : 0;
}

static void losses_compare(struct play *p, const struct fault_place *at)
{
	struct selftest_check *check = losses_check(p, at->place, at);
	bool joins = at->joined && is_word(p->method, "gso");

	check->said = play_place(p, at->place);
	if (joins)
		check->each_most = FAULT_JOINED_MOST;
	/* What the hosts say of their groups is dropped beside it, and is not the run's. */
	if (at->copied && is_word(p->method, "multicast")) {
		check->each_least = check->each_most = FAULT_READERS;
		check->less = (int64_t)STRANGERS * FAULT_READERS;
	}
	if (p->fault->lost_of_1000)
		losses_foretell(p, check, joins);
	if (p->fault->lost_of_1000 && joins)
		losses_take_buffers(p, check);
	if (joins && at->counter)
		losses_count(p, at->counter, at);
}

/* A method that is told sends again: nothing is lost there. */
static void losses_repeat(struct play *p, const struct fault_place *at)
{
	struct selftest_check *check = play_check(p, at->place, "packets");

	check->injected = 0;
	check->said = play_place(p, at->place);
	losses_count(p, "tx_retries", at);
}

static bool losses_are_repeated(const struct play *p, const struct fault_place *at)
{
	return at->told && (is_word(p->method, "connected") || is_word(p->method, "packet"));
}

int play_losses(struct play *p, struct err *err)
{
	const struct fault *f = p->fault;
	char words[400];

	snprintf(words, sizeof(words), "%s --method %s %s --path veth --cores 1 --warmup 0 --duration 0", f->mode, p->method,
		f->options);
	int rc = play_start(p, &p->run, words, err);
	if (rc >= 0)
		rc = play_meet(p, err);
	if (rc >= 0 && f->inject)
		rc = f->inject(p, err);
	if (rc < 0)
		return rc;
	/* If there are none, the figures show it. */
	wait_until(losses_are_enough, p, patience_ns);
	rc = child_finish(&p->run, err);
	for (unsigned i = 0; rc >= 0 && i < FAULT_PLACES && f->at[i].place; i++)
		(losses_are_repeated(p, &f->at[i]) ? losses_repeat : losses_compare)(p, &f->at[i]);
	play_balance(p);
	return rc < 0 ? rc : play_happened(p, err);
}

/* ---- the table ---- */

#define ECHO          .mode = "echo", .play = play_losses
#define FANOUT        .mode = "fanout", .play = play_losses
#define FLOOD         "--readers 8 --sync free --datagrams 4 "
#define BUFFERS(side) "Udp RcvbufErrors of the " side "'s namespace (nstat)"
#define QUEUE(side)   "dropped by the " side "'s queue (tc -s qdisc)"
#define LINK(side)    "dropped by the " side "'s device (ip -s link)"
#define INPUT(whose)  "Ip InReceives - InDelivers of " whose " (nstat)"

#define LOST(percent, of_1000, least, how, ...)                                                                       \
	.word = "loss-" percent, .injected = "of the packets that come, " percent " % (--loss)", .needs = NEEDS_VETH, \
	.options = how " --loss " percent, .enough = least, .lost_of_1000 = of_1000,                                  \
	.at = { { .place = "impairment", __VA_ARGS__ } }
#define SLOW_RING                                                                                        \
	.word = "ring", .injected = "the client's device takes packets from its ring 10 times a second", \
	.needs = NEEDS_ROOT_VETH, .options = "--rate 15000 --veth-offload off --sndbuf 1M"
#define LOST_EITHER_WAY .seen = seen_by_both_inputs, .source = INPUT("both namespaces"), .joined = true
#define LOST_ONE_WAY    .seen = seen_by_server_input, .source = INPUT("the readers' namespace"), .copied = true

const struct fault fault_losses[] = {
	{ ECHO, .never = "xdp", .word = "buffer", .injected = "receive buffers for few datagrams, on both sides (--rcvbuf 1)",
		.needs = NEEDS_VETH, .options = "--rate 8000 --rcvbuf 1", .enough = 50,
		.at = { { .place = "server_socket_buffer",
				.seen = seen_by_server_buffer,
				.source = BUFFERS("server"),
				.joined = true,
				.counter = "server_socket_drops" },
			{ .place = "client_socket_buffer",
				.seen = seen_by_client_buffer,
				.source = BUFFERS("client"),
				.joined = true,
				.counter = "client_socket_drops" } } },
	{ ECHO, .only = "xdp", .word = "frames",
		.injected = "more datagrams at once than the server's AF_XDP socket has frames and places for",
		.needs = NEEDS_VETH, .options = "--client-method gso --flows 200 --window 64", .enough = 50,
		.at = { { .place = "server_xdp_socket",
			.seen = seen_by_server_program,
			.source = "rx_dropped of the server's device (ip -s link)" } } },
	{ ECHO, .never = "xdp", .word = "queue", .injected = "a token bucket of 1 Mbit/s in front of the server's device",
		.needs = NEEDS_VETH, .options = "--rate 4000 --payload 1000", .inject = inject_queue, .enough = 50,
		.at = { { .place = "device_queue", .seen = seen_by_server_queue, .source = QUEUE("server"), .joined = true } } },
	{ ECHO, .only = "xdp", SLOW_RING, .inject = inject_ring_of_client, .enough = 50,
		.at = { { .place = "server_reply_error", .seen = seen_by_server_link, .source = LINK("server") } } },
	{ ECHO, .never = "xdp", SLOW_RING, .inject = inject_ring_of_client, .enough = 50,
		.at = { { .place = "veth_queue", .seen = seen_by_server_link, .source = LINK("server") } } },
	{ ECHO, LOST("0.1", 1, 3, "--rate 10000", LOST_EITHER_WAY) },
	{ ECHO, LOST("10", 100, 50, "--rate 5000", LOST_EITHER_WAY) },
	{ ECHO, LOST("50", 500, 50, "--rate 5000", LOST_EITHER_WAY) },
	{ FANOUT, .word = "buffer", .injected = "receive buffers for few datagrams (--rcvbuf 1)", .needs = NEEDS_VETH,
		.options = FLOOD "--rate 300 --size 1000 --rcvbuf 1", .enough = 50,
		.at = { { .place = "reader_socket_buffer",
			.seen = seen_by_server_buffer,
			.source = BUFFERS("reader"),
			.joined = true,
			.counter = "reader_socket_drops" } } },
	{ FANOUT, .word = "queue", .injected = "a token bucket of 1 Mbit/s in front of the writer's device (--rate-limit)",
		.needs = NEEDS_VETH, .options = FLOOD "--rate 300 --size 1000 --rate-limit 1M", .enough = 50,
		.at = { { .place = "device_queue",
			.seen = seen_by_client_queue,
			.source = QUEUE("writer"),
			.joined = true,
			.copied = true,
			.told = true } } },
	{ FANOUT, .word = "ring", .injected = "the readers' device takes packets from its ring 10 times a second",
		.needs = NEEDS_ROOT_VETH, .options = FLOOD "--rate 1000 --size 100 --veth-offload off --sndbuf 1M",
		.inject = inject_ring_of_server, .enough = 50,
		.at = { { .place = "veth_queue",
			.seen = seen_by_client_link,
			.source = LINK("writer"),
			.copied = true,
			.told = true } } },
	{ FANOUT, LOST("0.1", 1, 3, FLOOD "--rate 300 --size 1000", LOST_ONE_WAY) },
	{ FANOUT, LOST("10", 100, 50, FLOOD "--rate 300 --size 1000", LOST_ONE_WAY) },
	{ FANOUT, LOST("50", 500, 50, FLOOD "--rate 300 --size 1000", LOST_ONE_WAY) },
	{ 0 },
};
