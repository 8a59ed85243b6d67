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

/* All workers' servers must have told, and there must have been one. */
static void count_far(struct worker *w, const struct stream_worker *x)
{
	struct stream_shared *s = stream_shared_of(w);

	counter_set(w->counters, COUNTER_IN_FLIGHT, stream_far_is_pending(w, x));
	counter_set(w->counters, x->sends ? STREAM_C_FAR_RECEIVED : STREAM_C_FAR_SENT, x->far.counted);
	counter_set(w->counters, STREAM_C_FAR_TOLD,
		atomic_load_explicit(&s->told, memory_order_relaxed) == s->threads &&
			atomic_load_explicit(&s->served, memory_order_relaxed) > 0);
}

static void stream_count(struct worker *w, struct stream_worker *x)
{
	const struct stream_link *l = &x->link;
	uint64_t syscalls = l->syscalls + (x->sends ? x->sender->totals.syscalls : 0);

	if (x->sends)
		count_sender(w, x);
	else
		count_receiver(w, x);
	if (stream_far_asks(w))
		count_far(w, x);
	counter_set(w->counters, STREAM_C_RECONNECTS, l->opened > 1 ? l->opened - 1 : 0);
	counter_set(w->counters, STREAM_C_CONNECT_FAILURES, l->failures);
	counter_set(w->counters, STREAM_C_REJECTED, l->rejected);
	/* The worker's loop adds its own to this one. */
	worker_count(w, COUNTER_SYSCALLS, syscalls - x->syscalls);
	x->syscalls = syscalls;
}

static int find_connection(struct worker *w, struct stream_worker *x, struct err *err)
{
	int rc = 0;

	w->wait.count = x->far.over ? 0 : w->wait.count;
	w->wait.until_ns = x->far.over ? 0 : w->wait.until_ns;
	if (!x->far.over)
		rc = stream_link_step(w, x, err);
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
	stream_far_lost(w, x);
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
	stream_far_enter(w, x, phase);
	stream_count(w, x);
	return 0;
}

/* By the other end's kernel, where that is elsewhere. */
static void count_acknowledged(struct worker *w, const struct stream_worker *x)
{
	uint64_t acknowledged = x->link.acknowledged + x->link.acknowledged_here;

	counter_set(w->counters, COUNTER_RX_BYTES, acknowledged);
	counter_set(w->counters, COUNTER_RX_PACKETS, acknowledged / stream_shared_of(w)->size);
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
	if (stream_shared_of(w)->both)
		counter_set(w->counters, COUNTER_IN_FLIGHT, in_flight(w, x));
	else
		count_acknowledged(w, x);
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
