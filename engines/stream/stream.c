/* Mode stream: TCP bulk transfer.  What it counts and its options, and the operations; the plan
 * of a run is plan.c, the connection link.c and what the kernel says of it info.c, the two sides
 * send.c and receive.c, how a message is handed to the kernel tcp/. */
#include "engines/stream/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engines/stream/info.h"
#include "engines/stream/link.h"
#include "engines/stream/plan.h"
#include "engines/stream/receive.h"
#include "engines/stream/send.h"
#include "engines/stream/uring_receive.h"
#include "engines/tcp/uring_send_zc.h"

/* ---- tables ---- */

enum { FORM = OPTION_RESTART | OPTION_FORM | OPTION_RESULT };

static const char *const receives[] = { [STREAM_COPY] = "copy", [STREAM_DISCARD] = "discard", [STREAM_URING] = "uring", NULL };

static const struct option_def stream_options[] = {
	{ .name = "size",
		.type = OPTION_SIZE,
		.flags = FORM,
		.key = "size_bytes",
		.value_name = "BYTES",
		.default_text = "64K",
		.min = 1,
		.max = STREAM_SIZE_MAX,
		.help = "bytes of a message, in 8 fields" },
	{ .name = "threads",
		.type = OPTION_COUNT,
		.flags = FORM | OPTION_WORKERS,
		.value_name = "N",
		.default_text = "",
		.min = 1,
		.max = STREAM_THREADS_MAX,
		.unset_ok = true,
		.help = "connections, with a thread at each end; more than CPUs share them (default: one per CPU of --cores)" },
	{ .name = "reverse",
		.type = OPTION_BOOL,
		.flags = FORM,
		.default_text = "no",
		.help = "clients send and servers receive; both ends need it" },
	{ .name = "receive",
		.type = OPTION_CHOICE,
		.flags = FORM,
		.value_name = "HOW",
		.choices = receives,
		.default_text = "copy",
		.help = "whole messages (copy), their headers alone (discard), or pieces in buffers of io_uring's (uring)" },
	{ .name = "verify",
		.type = OPTION_BOOL,
		.flags = FORM,
		.default_text = "no",
		.help = "fill messages with a pattern and check every byte of it; costs time at both ends, which both need it" },
	{ .name = "congestion",
		.type = OPTION_TEXT,
		.flags = FORM,
		.value_name = "NAME",
		.default_text = "",
		.host_key = "tcp_congestion",
		.help = "congestion control, such as cubic (default: the system's)" },
	{ .name = "rate",
		.type = OPTION_COUNT,
		.flags = FORM | OPTION_RATE,
		.key = "rate_pps",
		.value_name = "MSGPS",
		.default_text = "",
		.min = 1,
		.max = 100000000,
		.unset_ok = true,
		.help = "open loop: messages/s of all connections together, on an exact schedule (default: closed loop)" },
	{ 0 },
};

enum {
	WIDE = SHOW_DRILL | SHOW_SUM | SHOW_CORE,
	EACH = SHOW_DRILL | SHOW_CORE,
};

#define COUNTER(index) [index - COUNTER_OWN]

static const struct counter_def stream_counters[] = {
	COUNTER(STREAM_C_LOST) = { .name = "connection_lost",
		.title = "cut off",
		.unit = "packets",
		.roles = ROLE_BOTH,
		.ledger = LEDGER_LOST,
		.place = "connection_lost",
		.place_title = "connection lost",
		.show = WIDE,
		.help = "messages that went down with a connection: sent, and not received when it broke" },
	COUNTER(STREAM_C_CARRIED) = { .name = "carried",
		.title = "carried",
		.unit = "packets",
		.roles = ROLE_BOTH,
		.ledger = LEDGER_CARRIED,
		.show = EACH,
		.help = "messages sent before this phase, also among rx_packets" },
	COUNTER(STREAM_C_UNTIMED) = { .name = "untimed",
		.title = "untimed",
		.unit = "packets",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "messages received whose delivery latency is unknown, because their sender has another clock: another "
			"host",
		.judgement = { .caution = "delivery latency leaves out {} messages: their sender has another clock (another "
					  "host)" } },
	COUNTER(STREAM_C_DAMAGED) = { .name = "damaged",
		.title = "damaged",
		.unit = "packets",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "messages whose header or (--verify) content is not what was sent",
		.judgement = { .reason = "{} messages were damaged: header or content is not what was sent" } },
	COUNTER(STREAM_C_DAMAGED_BYTES) = { .name = "damaged_bytes",
		.title = "damage B",
		.unit = "bytes",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "bytes of messages that are not what was sent" },
	COUNTER(STREAM_C_CONNECTIONS) = { .name = "connections",
		.title = "conns",
		.unit = "connections",
		.kind = COUNTER_GAUGE,
		.roles = ROLE_BOTH,
		.show = EACH,
		.help = "1 while the worker has a connection" },
	COUNTER(STREAM_C_RECONNECTS) = { .name = "reconnects",
		.title = "reconn",
		.unit = "times",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "connections after the worker's first one; at a server: clients after the first",
		.judgement = { .over = 0,
			.caution = "connections broke or ended and were made anew: {} times, each end counted" } },
	COUNTER(STREAM_C_CONNECT_FAILURES) = { .name = "connect_failures",
		.title = "no conn",
		.unit = "times",
		.roles = ROLE_CLIENT,
		.show = WIDE,
		.help = "attempts to connect that failed: nobody listens there, or no way there" },
	COUNTER(STREAM_C_REJECTED) = { .name = "rejected",
		.title = "rejected",
		.unit = "times",
		.roles = ROLE_SERVER,
		.show = WIDE,
		.help = "callers that a server turned away: no greeting in time, a strange one, or other settings" },
	COUNTER(STREAM_C_CLIENTS_WAITING) = { .name = "clients_waiting",
		.title = "waiting",
		.unit = "connections",
		.kind = COUNTER_GAUGE,
		.roles = ROLE_BOTH,
		.show = EACH,
		.help = "clients in the queue, because every thread of the server has a connection; a server alone: counted by "
			"its first thread",
		.judgement = { .caution = "{} connections wait for a free server thread: raise --threads, or the peer is not a "
					  "netdyno stream client" } },
	COUNTER(STREAM_C_STALLED_MS) = { .name = "stalled_ms",
		.title = "stalled",
		.unit = "ms",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "time in which the connection took nothing from its sender, where that was a second or more; of all "
			"senders",
		.judgement = { .caution =
				       "connections stood still for {} ms: their receivers did not read, or the path was cut" } },
	COUNTER(STREAM_C_PARTIAL_SENDS) = { .name = "partial_sends",
		.title = "partial",
		.unit = "calls",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "send calls that took less than was left of the message" },
	COUNTER(STREAM_C_EAGAIN) = { .name = "eagain",
		.title = "eagain",
		.unit = "calls",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "send and receive calls that found no room, or nothing there" },
	COUNTER(STREAM_C_ZC_COMPLETIONS) = { .name = "zc_completions",
		.title = "zc done",
		.unit = "calls",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "zero-copy sends that the kernel is done with" },
	COUNTER(STREAM_C_ZC_COPIED) = { .name = "zc_copied",
		.title = "zc copy",
		.unit = "calls",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "zero-copy sends that the kernel copied after all" },
	COUNTER(STREAM_C_ZC_NO_BUFFERS) = { .name = "zc_no_buffers",
		.title = "zc nobuf",
		.unit = "calls",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "zero-copy sends refused for want of memory (net.core.optmem_max, RLIMIT_MEMLOCK): tried again after "
			"completions",
		.judgement = { .caution = "{} zero-copy sends were refused for want of memory: net.core.optmem_max or "
					  "RLIMIT_MEMLOCK is too low" } },
	COUNTER(STREAM_C_RETRANSMITS) = { .name = "tcp_retransmits",
		.title = "resent",
		.unit = "segments",
		.roles = ROLE_BOTH,
		.show = WIDE | SHOW_TABLE | SHOW_LINK,
		.help = "segments that TCP sent again (TCP_INFO)" },
	COUNTER(STREAM_C_CWND) = { .name = "tcp_cwnd_segments",
		.title = "cwnd",
		.unit = "segments",
		.kind = COUNTER_GAUGE,
		.roles = ROLE_BOTH,
		.show = EACH | SHOW_TABLE | SHOW_LINK,
		.help = "congestion window of the worker's own direction (TCP_INFO)" },
	COUNTER(STREAM_C_RTT) = { .name = "tcp_rtt_us",
		.title = "rtt µs",
		.unit = "us",
		.kind = COUNTER_GAUGE,
		.roles = ROLE_BOTH,
		.show = EACH | SHOW_TABLE | SHOW_LINK,
		.help = "smoothed round trip as the worker's TCP sees it (TCP_INFO)" },
	COUNTER(STREAM_C_DELIVERY_RATE) = { .name = "tcp_delivery_mbps",
		.title = "deliv",
		.unit = "Mbit/s",
		.kind = COUNTER_GAUGE,
		.roles = ROLE_BOTH,
		.show = EACH | SHOW_LINK,
		.help = "the latest delivery rate of the worker's own direction (TCP_INFO)" },
	COUNTER(STREAM_C_PACING_RATE) = { .name = "tcp_pacing_mbps",
		.title = "pacing",
		.unit = "Mbit/s",
		.kind = COUNTER_GAUGE,
		.roles = ROLE_BOTH,
		.show = EACH | SHOW_LINK,
		.help = "rate at which TCP paces, 0: it does not (TCP_INFO)" },
	COUNTER(STREAM_C_BUFFER) = { .name = "tcp_buffer_bytes",
		.title = "sockbuf",
		.unit = "bytes",
		.kind = COUNTER_GAUGE,
		.roles = ROLE_BOTH,
		.show = EACH | SHOW_TABLE | SHOW_LINK,
		.help = "socket buffer of the worker's own direction, as large as TCP has let it grow (SO_MEMINFO); one that "
			"outgrows the CPU's caches costs throughput: --rcvbuf, --sndbuf keep it" },
	COUNTER(STREAM_C_END) = { 0 },
};
_Static_assert((int)STREAM_C_END < (int)COUNTERS_MAX, "the counters fit");

/* Only the side that receives has RX_BYTES and RX_PACKETS, so that both roles may be summed
 * whichever way the bytes go. */
static const struct figure_def stream_figures[] = {
	{ .name = "zerocopy_copied_percent",
		.title = "copied %",
		.unit = "%",
		.numerator = { STREAM_C_ZC_COPIED, COUNTER_NONE },
		.denominator = STREAM_C_ZC_COMPLETIONS,
		.scale = 100,
		.numerator_roles = ROLE_BOTH,
		.denominator_roles = ROLE_BOTH,
		.show = WIDE | SHOW_TABLE,
		.help = "share of the zero-copy sends that the kernel copied after all",
		.judgement = { .over = 50,
			.caution = "the kernel copied {} % of the zero-copy sends: the path is local, or its device cannot do "
				   "it",
			.label = "copied by the kernel" } },
	{ .name = "cycles_per_byte",
		.title = "cyc/B",
		.unit = "cycles",
		.numerator = { COUNTER_CYCLES, COUNTER_NONE },
		.denominator = COUNTER_RX_BYTES,
		.scale = 1,
		.numerator_roles = ROLE_BOTH,
		.denominator_roles = ROLE_BOTH,
		.show = SHOW_SUM | SHOW_DRILL,
		.help = "CPU cycles of the workers in this process for each byte received" },
	{ .name = "cpu_ns_per_kilobyte",
		.title = "ns/kB",
		.unit = "ns",
		.numerator = { COUNTER_CPU_USER_NS, COUNTER_CPU_SYSTEM_NS, COUNTER_HELPER_CPU_NS },
		.denominator = COUNTER_RX_BYTES,
		.scale = 1000,
		.numerator_roles = ROLE_BOTH,
		.denominator_roles = ROLE_BOTH,
		.show = SHOW_SUM | SHOW_DRILL,
		.help = "CPU time of the workers in this process for each 1000 bytes received" },
	{ .name = "syscalls_per_message",
		.title = "sys/msg",
		.unit = "calls",
		.numerator = { COUNTER_SYSCALLS, COUNTER_NONE },
		.denominator = COUNTER_RX_PACKETS,
		.scale = 1,
		.numerator_roles = ROLE_BOTH,
		.denominator_roles = ROLE_BOTH,
		.show = SHOW_SUM | SHOW_DRILL,
		.help = "system calls of the workers in this process for each message received" },
	{ 0 },
};

static const struct latency_def stream_latencies[] = {
	[STREAM_L_DELIVERY] = { .name = "delivery",
		.title = "delivery",
		.since = "send or schedule",
		.roles = ROLE_BOTH,
		.help = "one way: from when the message was handed over (open loop: was due) until all of it was received; both "
			"ends on one host only" },
	[STREAM_L_MESSAGE] = { .name = "message",
		.title = "message",
		.since = "first receive call",
		.roles = ROLE_BOTH,
		.help = "time to receive one message: from the call that brought its first byte to the return of the one that "
			"brought its last" },
	[STREAM_L_LATENESS] = { .name = "lateness",
		.title = "lateness",
		.since = "schedule",
		.roles = ROLE_BOTH,
		.of_generator = true,
		.help = "how late the sender began; open loop only" },
	{ 0 },
};

/* The first that runs here is the default. */
static const struct method *const stream_methods[] = { &tcp_one_copy.method, &tcp_two_copy.method, &tcp_zero_copy.method,
	&tcp_send_zc.method, NULL };

/* ---- operations ---- */

static bool is_sender(const struct worker *w)
{
	return (w->self->role == ROLE_SERVER) == stream_shared_of(w)->server_sends;
}

/* A call that blocks does not say whether it slept. */
static void mark_unknown(struct worker *w)
{
	static const char why[] = "a thread that sleeps inside send or recv does not see it; ctx_voluntary counts every sleep";

	_Static_assert(sizeof(why) <= sizeof(w->unknown_why), "the reason fits");
	if (w->plan->wait != WAIT_BLOCK)
		return;
	w->unknown |= 1ull << COUNTER_WAITS;
	memcpy(w->unknown_why, why, sizeof(why));
}

static int stream_open(struct worker *w, struct err *err)
{
	struct stream_worker *x = calloc(1, sizeof(*x));
	int rc;

	if (!x)
		return err_sys(err, ENOMEM, "open stream worker");
	w->state = x;
	x->sends = is_sender(w);
	x->link.fd = -1;
	w->wait.by_signal = true;
	mark_unknown(w);
	rc = x->sends ? stream_send_open(w, x, err) : stream_receive_open(w, x, err);
	return rc < 0 ? rc : stream_link_open(w, x, err);
}

/* Messages that have been sent and are neither received nor lost, the begun one included.  Told
 * only while the run settles, which waits for it, and at a tick. */
static uint64_t in_flight(const struct worker *w, const struct stream_worker *x)
{
	const struct stream_flow *flow = x->sends ? stream_flow_of(w, x) : NULL;
	uint64_t received;

	if (!flow)
		return 0;
	received = atomic_load_explicit(&flow->received, memory_order_acquire);
	uint64_t sent = x->sequence + x->begun;

	/* The other end may have a message before this one knows that it is out. */
	return sent > received + x->begun ? sent - received : x->begun;
}

static void count_sender(struct worker *w, const struct stream_worker *x)
{
	const struct tcp_totals *t = &x->sender->totals;
	struct counters *k = w->counters;

	counter_set(k, COUNTER_TX_PACKETS, x->messages);
	counter_set(k, COUNTER_TX_BYTES, x->bytes);
	counter_set(k, COUNTER_SCHEDULED, stream_send_scheduled(x));
	counter_set(k, STREAM_C_PARTIAL_SENDS, t->partial);
	counter_set(k, STREAM_C_EAGAIN, t->again);
	counter_set(k, STREAM_C_ZC_COMPLETIONS, t->completions);
	counter_set(k, STREAM_C_ZC_COPIED, t->copied);
	counter_set(k, STREAM_C_ZC_NO_BUFFERS, t->no_buffers);
	if (stream_is_quiet(w))
		counter_set(k, COUNTER_IN_FLIGHT, in_flight(w, x));
}

static void count_receiver(struct worker *w, const struct stream_worker *x)
{
	struct counters *k = w->counters;

	counter_set(k, COUNTER_RX_PACKETS, x->messages);
	counter_set(k, COUNTER_RX_BYTES, x->bytes);
	counter_set(k, STREAM_C_LOST, x->lost);
	counter_set(k, STREAM_C_CARRIED, x->carried);
	counter_set(k, STREAM_C_UNTIMED, x->untimed);
	counter_set(k, STREAM_C_DAMAGED, x->damaged);
	counter_set(k, STREAM_C_DAMAGED_BYTES, x->damaged_bytes);
	counter_set(k, STREAM_C_EAGAIN, x->eagain);
}

static void stream_count(struct worker *w, struct stream_worker *x)
{
	const struct stream_link *l = &x->link;
	uint64_t syscalls = l->syscalls + (x->sends ? x->sender->totals.syscalls : 0);

	if (x->sends)
		count_sender(w, x);
	else
		count_receiver(w, x);
	counter_set(w->counters, STREAM_C_RECONNECTS, l->opened > 1 ? l->opened - 1 : 0);
	counter_set(w->counters, STREAM_C_CONNECT_FAILURES, l->failures);
	counter_set(w->counters, STREAM_C_REJECTED, l->rejected);
	/* The worker's loop adds its own to this one. */
	worker_count(w, COUNTER_SYSCALLS, syscalls - x->syscalls);
	x->syscalls = syscalls;
}

static int find_connection(struct worker *w, struct stream_worker *x, struct err *err)
{
	int rc = stream_link_step(w, x, err);

	if (rc <= 0)
		return rc;
	if (!x->sends)
		stream_receive_attach(w, x);
	if (x->ring && (rc = stream_uring.attach(x, x->link.fd, err)) < 0)
		return rc;
	if (x->sends && (rc = stream_send_attach(w, x, err)) < 0)
		return rc;
	return 1;
}

static void lose_connection(struct worker *w, struct stream_worker *x)
{
	if (x->sends)
		stream_send_lost(x);
	if (x->ring)
		stream_uring.attach(x, -1, &ERR_NONE);
	stream_link_lost(w, x);
}

/* One burst over the connection; 0: not now. */
static int move(struct worker *w, struct stream_worker *x)
{
	int rc = x->sends ? stream_send(w, x) : stream_receive(w, x);

	if (rc == STREAM_LOST) {
		lose_connection(w, x);
		rc = 0;
	}
	stream_count(w, x);
	return rc;
}

static int stream_poll(struct worker *w, struct err *err)
{
	struct stream_worker *x = w->state;
	int rc;

	if (x->link.state == LINK_FLOWING)
		return move(w, x);
	rc = find_connection(w, x, err);
	stream_count(w, x);
	return rc;
}

static bool waits_for_connection(const struct stream_worker *x)
{
	return x->link.state == LINK_FLOWING && x->link.can_block && (x->blocked || !x->sends);
}

/* Only poll(2) tells of them. */
static bool waits_for_completions(const struct stream_worker *x)
{
	return waits_for_connection(x) && x->sends && !x->sender->wait_events;
}

/* The thread sleeps in send and recv themselves, as a loop of blocking calls does.  A reader that
 * sleeps in ppoll(2) is outside of recv between two segments: what comes then is worked off on
 * the sender's CPU, which is the busier one.  With bbr on loopback that costs messages of 1 MB 8
 * to 16 % of the throughput, as a pause of 1 to 3 us between blocking calls does (6 to 11 %). */
static int stream_wait(struct worker *w, int64_t until_ns, struct err *err)
{
	struct stream_worker *x = w->state;
	int rc;

	if (x->ring && x->link.state == LINK_FLOWING)
		return stream_uring.wait(w, x, until_ns, err);
	if (x->blocked && x->sender->method->wait && x->link.state == LINK_FLOWING)
		return x->sender->method->wait(x->sender, w, until_ns, err);
	if (!waits_for_connection(x))
		return worker_ppoll(w, until_ns, err);
	x->waits = true;
	do {
		if (waits_for_completions(x))
			worker_ppoll(w, until_ns, err);
		rc = move(w, x);
	} while ((rc > 0 || waits_for_completions(x)) && !worker_is_told(w) && clock_now_ns() < until_ns);
	x->waits = false;
	return 0;
}

static int stream_enter(struct worker *w, enum phase phase, struct err *err)
{
	struct stream_worker *x = w->state;

	(void)err;
	if (phase == PHASE_MEASURE)
		x->measure_ns = clock_now_ns();
	if (x->sends)
		stream_send_enter(w, x, phase);
	stream_count(w, x);
	return 0;
}

static int stream_observe(struct worker *w, struct err *err)
{
	struct stream_worker *x = w->state;

	(void)err;
	if (stream_info_observe(w, x))
		lose_connection(w, x);
	if (x->sends && x->sender->method->reap && x->link.state == LINK_FLOWING)
		x->sender->method->reap(x->sender);
	stream_count(w, x);
	counter_set(w->counters, STREAM_C_RETRANSMITS, x->link.retransmits);
	if (!x->sends)
		return 0;
	stream_send_overslept(w, x);
	counter_set(w->counters, COUNTER_SCHEDULED, stream_send_scheduled(x));
	counter_set(w->counters, COUNTER_IN_FLIGHT, in_flight(w, x));
	if (!stream_shared_of(w)->both) {
		uint64_t acknowledged = x->link.acknowledged + x->link.acknowledged_here;

		counter_set(w->counters, COUNTER_RX_BYTES, acknowledged);
		counter_set(w->counters, COUNTER_RX_PACKETS, acknowledged / stream_shared_of(w)->size);
	}
	return 0;
}

static void stream_close(struct worker *w)
{
	struct stream_worker *x = w->state;

	if (!x)
		return;
	stream_link_close(w, x);
	if (x->sender)
		x->sender->method->close(x->sender);
	if (x->ring)
		stream_uring.close(x);
	free(x->buffer);
	free(x);
	w->state = NULL;
}

static const struct result_column stream_columns[] = {
	{ .name = "size", .path = "start.options.size_bytes" },
	{ .name = "threads", .path = "start.workers.client" },
	{ .name = "threads", .path = "start.workers.server" },
	{ .name = "throughput_gbps", .path = "end.sum.rx_mbps", .scale = 1e-3 },
	{ .name = "latency_us", .path = "end.message_us.p50" },
	{ 0 },
};

const struct engine engine_stream = {
	.name = "stream",
	.title = "TCP copy",
	.summary = "TCP bulk transfer: two copies, one copy or none",
	.built = true,
	.reliable = true,
	.connections = STREAM_C_CONNECTIONS,
	.packets = "messages",
	.protocol = IPPROTO_TCP,
	.packet_rate = "msg/s",
	.headline_bytes = true,
	.options = stream_options,
	.rules = stream_rules,
	.counters = stream_counters,
	.figures = stream_figures,
	.latencies = stream_latencies,
	.columns = stream_columns,
	.methods = stream_methods,
	.plan = stream_plan,
	.release = stream_release,
	.open = stream_open,
	.poll = stream_poll,
	.wait = stream_wait,
	.enter = stream_enter,
	.observe = stream_observe,
	.close = stream_close,
};
