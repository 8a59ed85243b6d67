/* Mode stream, the side that sends: message after message, as fast as the connection takes them,
 * or by a schedule (--rate). */
#include "engines/stream/send.h"

#include <poll.h>

enum { SENDS = 64 }; /* send calls a poll */

/* Between two looks at what the other end has received, while the run settles: a millisecond, and
 * no more than 8000 looks a second by all senders, which would keep the CPUs from everybody. */
static const int64_t QUIET_LOOK_NS = NS_PER_MS, QUIET_LOOK_EACH_NS = 125 * NS_PER_US;

int stream_send_open(struct worker *w, struct stream_worker *x, struct err *err)
{
	const struct stream_shared *s = stream_shared_of(w);

	return s->method->open(s->method, s->size, &tcp_calls_real, &x->sender, err);
}

/* ---- the schedule ---- */

static void apply_rate(struct worker *w, struct stream_worker *x, int64_t now_ns)
{
	const struct stream_shared *s = stream_shared_of(w);

	if (!s->open_loop)
		return;
	x->scheduled += x->due;
	x->due = 0;
	x->rate = worker_load(w);
	pace_start(&x->pace, now_ns, pace_share(x->rate, w->self->index, s->threads));
}

/* Is a message to be begun now? */
static bool is_due(struct worker *w, struct stream_worker *x)
{
	if (!stream_shared_of(w)->open_loop)
		return true;
	if (x->pace.taken < x->due)
		return true;
	int64_t now = clock_now_ns();
	if (worker_load(w) != x->rate)
		apply_rate(w, x, now);
	if (now >= x->pace.next_ns)
		x->due = pace_due(&x->pace, now);
	return x->pace.taken < x->due;
}

void stream_send_overslept(struct worker *w, struct stream_worker *x)
{
	int64_t now = clock_now_ns();
	uint64_t due;

	if (!stream_shared_of(w)->open_loop || (w->phase != PHASE_WARMUP && w->phase != PHASE_MEASURE) || now < x->pace.next_ns)
		return;
	due = pace_due(&x->pace, now) - 1;
	if (due > x->due)
		x->due = due;
}

/* ---- connections and phases ---- */

/* From here on what is sent is of the measure phase: a message that is half way counts on both
 * sides when it is whole. */
static void mark_measure(struct worker *w, struct stream_worker *x)
{
	struct stream_flow *flow = stream_flow_of(w, x);

	if (flow && w->phase == PHASE_MEASURE && atomic_load_explicit(&flow->measure_from, memory_order_relaxed) == UINT64_MAX)
		atomic_store_explicit(&flow->measure_from, x->sequence, memory_order_release);
}

int stream_send_attach(struct worker *w, struct stream_worker *x, struct err *err)
{
	struct stream_flow *flow = stream_flow_of(w, x);

	x->begun = false;
	x->sequence = flow ? atomic_load_explicit(&flow->sent, memory_order_relaxed) : 0;
	apply_rate(w, x, clock_now_ns());
	mark_measure(w, x);
	return x->sender->method->attach(x->sender, x->link.fd, err);
}

void stream_send_lost(struct stream_worker *x)
{
	x->begun = false;
	x->sender->method->attach(x->sender, -1, NULL);
}

void stream_send_enter(struct worker *w, struct stream_worker *x, enum phase phase)
{
	if (phase != PHASE_WARMUP && phase != PHASE_MEASURE)
		return;
	apply_rate(w, x, clock_now_ns());
	mark_measure(w, x);
}

/* ---- messages ---- */

static bool begin(struct worker *w, struct stream_worker *x)
{
	const struct stream_shared *s = stream_shared_of(w);
	struct tcp_message *m = x->sender->method->begin(x->sender);
	int64_t now, since;

	if (!m)
		return false;
	now = since = clock_now_ns();
	if (s->open_loop) {
		since = pace_take(&x->pace);
		histogram_record(w->latency[STREAM_L_LATENESS], now - since);
	}
	if (s->verify)
		stream_put_pattern(m, s->seed, x->sequence);
	stream_put_header(m, x->sequence, since);
	x->begun = true;
	return true;
}

static void finish(struct worker *w, struct stream_worker *x)
{
	struct stream_flow *flow = stream_flow_of(w, x);

	x->begun = false;
	x->messages++;
	x->sequence++;
	if (flow)
		atomic_store_explicit(&flow->sent, x->sequence, memory_order_release);
}

/* Sleeps on the connection; a zero-copy one is emptied of completions before, which would end
 * the sleep. */
static int blocked(struct worker *w, struct stream_worker *x)
{
	if (x->sender->method->reap)
		x->sender->method->reap(x->sender);
	x->blocked = true;
	w->wait.fd[0] = (struct pollfd){ .fd = x->sender->method->wait ? x->sender->wait_fd : x->link.fd,
		.events = x->sender->wait_events };
	w->wait.count = 1;
	w->wait.until_ns = 0;
	return 0;
}

static int64_t quiet_look_ns(const struct worker *w)
{
	int64_t share_ns = QUIET_LOOK_EACH_NS * stream_shared_of(w)->threads;

	return share_ns > QUIET_LOOK_NS ? share_ns : QUIET_LOOK_NS;
}

/* Nothing to send now.  While the run settles the other end is watched, on whom it depends when
 * all has come home. */
static int idle(struct worker *w, struct stream_worker *x, bool quiet)
{
	w->wait.fd[0] = (struct pollfd){ .fd = x->link.fd };
	w->wait.count = !quiet;
	w->wait.until_ns = quiet ? clock_now_ns() + quiet_look_ns(w) : x->pace.rate ? x->pace.next_ns : 0;
	if (x->sender->method->reap)
		x->sender->method->reap(x->sender);
	return 0;
}

/* The end of the connection: the answer goes behind the last message, and the client closes.  The
 * next one may wait for this thread already. */
static int send_end(struct worker *w, struct stream_worker *x)
{
	int rc = x->far.ended ? 0 : stream_far_tell(x);

	if (x->far.ended && stream_far_is_over(x))
		return STREAM_LOST;
	w->wait.fd[0] = (struct pollfd){ .fd = x->link.fd, .events = POLLOUT };
	w->wait.count = !x->far.ended;
	w->wait.until_ns = x->far.ended ? x->far.look_ns : 0;
	if (x->sender->method->reap)
		x->sender->method->reap(x->sender);
	return rc;
}

/* ... and of a client's: it asks, and the answer comes. */
static int ask_end(struct worker *w, struct stream_worker *x)
{
	if (!x->far.asked)
		stream_far_ask(x);
	if (x->sender->method->reap)
		x->sender->method->reap(x->sender);
	return stream_far_hear(w, x);
}

int stream_send(struct worker *w, struct stream_worker *x)
{
	bool quiet = stream_is_quiet(w);

	x->blocked = false;
	if (x->far.ended)
		return send_end(w, x);
	if (x->far.asked)
		return ask_end(w, x);
	if (w->wait.count && w->wait.fd[0].revents & POLLHUP)
		return STREAM_LOST;
	x->sender->flags = x->waits ? 0 : MSG_DONTWAIT;
	/* 64 messages of 64 MiB would keep an order waiting for seconds. */
	for (unsigned i = 0; i < (x->waits ? 1 : SENDS) && (!i || !worker_is_told(w)); i++) {
		if (!x->begun && x->far.ending)
			return send_end(w, x);
		if (!x->begun && stream_far_is_due(w, x))
			return ask_end(w, x);
		if (!x->begun && (quiet || !is_due(w, x)))
			return idle(w, x, quiet);
		if (!x->begun && !begin(w, x))
			return blocked(w, x);
		ssize_t n = x->sender->method->send(x->sender);
		if (n < 0)
			return STREAM_LOST;
		x->bytes += (uint64_t)n;
		if (x->sender->left)
			return blocked(w, x);
		finish(w, x);
	}
	return SENDS;
}
