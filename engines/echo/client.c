/* Mode echo, the client's side: connected sockets, one per worker unless --sockets says more;
 * flows are ids inside them.  A closed loop keeps a window of datagrams out per flow; an open
 * loop (--rate) sends by a schedule that no stall moves, see engines/echo/schedule.h.
 *
 * This file receives, runs the loops and counts; client_open.c opens, client_send.c sends. */
#include "engines/echo/client.h"

#include "engines/echo/client_state.h"
#include "engines/echo/stages/stages.h"

/* So long without an answer, and what is still out may be lost. */
static const int64_t SILENT_NS = 10ll * NS_PER_MS;

/* ---- receive ---- */

static void client_record(struct worker *w, struct echo_client *c, const struct echo_answer *a, int64_t sent_ns, int64_t now_ns)
{
	histogram_record(w->latency[ECHO_L_RTT], now_ns - a->stamp_ns);
	if (c->open_loop && sent_ns)
		histogram_record(w->latency[ECHO_L_RTT_SEND], now_ns - sent_ns);
}

static bool client_parse(
	struct echo_client *c, const uint8_t *data, size_t len, int64_t now_ns, struct echo_answer *ret_answer, bool *ret_damaged)
{
	if (c->verify.on)
		return echo_verify_parse(&c->verify, &c->flows, data, len, c->opened_ns, now_ns, ret_answer, ret_damaged);
	return echo_flows_parse(&c->flows, data, len, c->datagram_bytes, c->opened_ns, now_ns, ret_answer);
}

static void take_answer(struct worker *w, struct echo_client *c, const uint8_t *data, size_t len, int64_t now_ns)
{
	struct echo_answer a;
	bool damaged = false;

	if (!client_parse(c, data, len, now_ns, &a, &damaged)) {
		c->tally.stray++;
		return;
	}
	int64_t sent_ns = c->open_loop ? echo_schedule_sent_ns(&c->schedule, &c->flows, &a) : a.stamp_ns;
	enum echo_arrival arrival = echo_flows_take(&c->flows, &a, now_ns - (sent_ns ? sent_ns : a.stamp_ns));

	c->tally.damaged += damaged;
	c->tally.duplicates += arrival == ECHO_DUPLICATE;
	c->tally.late += arrival == ECHO_LATE;
	c->tally.carried += arrival == ECHO_CARRIED;
	c->tally.reordered += arrival == ECHO_REORDERED;
	if (arrival == ECHO_DUPLICATE)
		return;
	echo_client_has_room(c, a.index);
	c->tally.answers += arrival != ECHO_LATE;
	c->tally.answer_bytes += arrival != ECHO_LATE ? len : 0;
	/* How late it was is known, however late. */
	if (arrival != ECHO_CARRIED)
		client_record(w, c, &a, sent_ns, now_ns);
}

/* How many whole datagrams at data, neighbours on one flow and sent at one time, begin it. */
static unsigned run_length(const uint8_t *data, size_t datagram_bytes, unsigned most)
{
	uint64_t first[2], next[2];
	unsigned n = 1;

	memcpy(first, data, sizeof(first));
	for (; n < most; n++) {
		memcpy(next, data + n * datagram_bytes, sizeof(next));
		if (be64toh(next[0]) != be64toh(first[0]) + n || next[1] != first[1])
			break;
	}
	return n;
}

/* Answers that arrived joined, count of them and all whole: what holds of the first and is the same
 * for each is looked at once.  false: they are to be taken one by one. */
static bool take_run(struct worker *w, struct echo_client *c, const uint8_t *data, unsigned count, int64_t now_ns)
{
	struct echo_answer a;

	/* Under a schedule each has a time of its own. */
	if (c->open_loop || !echo_flows_parse(&c->flows, data, c->datagram_bytes, c->datagram_bytes, c->opened_ns, now_ns, &a) ||
		!echo_flows_take_run(&c->flows, &a, count, now_ns - a.stamp_ns))
		return false;
	echo_client_has_room(c, a.index);
	c->tally.answers += count;
	c->tally.answer_bytes += count * c->datagram_bytes;
	histogram_record_many(w->latency[ECHO_L_RTT], now_ns - a.stamp_ns, count);
	return true;
}

/* The datagrams of one element; returns how many. */
static unsigned take_element(struct worker *w, struct echo_client *c, const struct udp_datagram *d)
{
	unsigned whole = d->segment == c->datagram_bytes ? d->len / d->segment : 0, taken = 0;

	while (taken < whole) {
		const uint8_t *data = d->data + (size_t)taken * d->segment;
		unsigned n = run_length(data, c->datagram_bytes, whole - taken);

		if (n < 2 || !take_run(w, c, data, n, d->received_ns))
			for (unsigned i = 0; i < n; i++)
				take_answer(w, c, data + (size_t)i * d->segment, d->segment, d->received_ns);
		taken += n;
	}
	uint32_t at = taken * d->segment;
	for (; at < d->len || !taken; at += d->segment, taken++)
		take_answer(w, c, d->data + at, d->len - at < d->segment ? d->len - at : d->segment, d->received_ns);
	return taken;
}

/* Elements of one burst. */
static int receive_burst(struct worker *w, struct echo_client *c, struct err *err)
{
	struct udp_datagram *burst;
	unsigned socket, datagrams = 0;
	int n = udp_group_recv(&c->group, &burst, &socket, err);

	if (n <= 0) {
		if (n == 0)
			udp_fill_add(&c->fill, 0, 0);
		return n;
	}
	if (c->stages)
		echo_client_stages_received(c, burst, (unsigned)n);
	for (int i = 0; i < n; i++) {
		bool truncated = burst[i].truncated;

		c->tally.stray += truncated;
		datagrams += truncated ? 1 : take_element(w, c, &burst[i]);
	}
	udp_fill_add(&c->fill, (unsigned)n, datagrams);
	c->received_ns = burst[n - 1].received_ns;
	c->port->method->release(c->port);
	return n;
}

/* Elements received, of as many sockets as it takes to make a burst. */
static int receive(struct worker *w, struct echo_client *c, struct err *err)
{
	uint64_t answers = c->tally.answers;
	int n;

	c->received = 0;
	do {
		n = receive_burst(w, c, err);
		if (n < 0)
			return n;
		c->received += (unsigned)n;
	} while (c->received < c->port->batch && udp_group_is_ready(&c->group));
	if (c->tally.answers != answers)
		c->backoff_ns = c->backoff_until_ns = 0;
	if (c->stages)
		echo_client_stages_settle(w, c);
	return (int)c->received;
}

/* ---- the two loops ---- */

static void apply_window(struct echo_client *c, uint64_t window)
{
	c->window = window;
	for (unsigned i = 0; i < c->flows.count; i++)
		echo_client_has_room(c, i);
}

/* Gives up what is late.  Only when all that had arrived has been read: this thread itself may have
 * been away. */
static void give_up_late(struct echo_client *c, int64_t now_ns)
{
	uint64_t before = c->flows.given_up;

	if (now_ns < c->scan_ns || c->received >= c->port->batch || udp_group_is_ready(&c->group))
		return;
	c->scan_ns = now_ns + ECHO_SCAN_NS;
	echo_flows_scan(&c->flows, now_ns);
	for (unsigned i = 0; c->flows.given_up != before && i < c->flows.count; i++)
		echo_client_has_room(c, i);
}

static int poll_closed(struct worker *w, struct echo_client *c, int64_t now_ns, struct err *err)
{
	uint64_t window = worker_load(w);

	if (window != c->window)
		apply_window(c, window);
	give_up_late(c, now_ns);
	int sent = now_ns >= c->backoff_until_ns ? echo_client_send(w, c, err) : 0;
	w->wait.until_ns = c->scan_ns;
	return sent;
}

static void apply_rate(struct worker *w, struct echo_client *c, uint64_t rate, int64_t now_ns)
{
	echo_schedule_start(&c->schedule, now_ns, rate, w->self->index, echo_shared_of(w)->clients);
}

static int poll_open(struct worker *w, struct echo_client *c, int64_t now_ns, struct err *err)
{
	uint64_t rate = worker_load(w);

	if (rate != c->schedule.rate)
		apply_rate(w, c, rate, now_ns);
	echo_schedule_look(&c->schedule, now_ns);
	give_up_late(c, now_ns);
	int sent = now_ns >= c->backoff_until_ns ? echo_client_send(w, c, err) : 0;
	/* If the kernel has no room, the socket says when it has. */
	w->wait.until_ns = c->schedule.pace.rate && !c->blocked ? c->schedule.pace.next_ns : 0;
	return sent;
}

/* ---- operations ---- */

static void client_count(struct worker *w, struct echo_client *c)
{
	const struct udp_totals *t = &c->port->totals;
	const struct echo_tally *y = &c->tally;
	struct counters *k = w->counters;

	counter_set(k, COUNTER_TX_PACKETS, t->sent_packets);
	counter_set(k, COUNTER_TX_BYTES, t->sent_bytes);
	counter_set(k, COUNTER_RX_PACKETS, y->answers);
	counter_set(k, COUNTER_RX_BYTES, y->answer_bytes);
	/* What the server will tell is still on its way. */
	counter_set(k, COUNTER_IN_FLIGHT, c->flows.in_flight + echo_ask_is_pending(&c->ask));
	counter_set(k, COUNTER_SCHEDULED, echo_schedule_scheduled(&c->schedule));
	counter_set(k, ECHO_C_TX_ERRORS, t->send_errors);
	worker_refused(w, t->send_errno);
	counter_set(k, ECHO_C_TX_RETRIES, t->send_busy);
	counter_set(k, ECHO_C_REFUSED, t->refused);
	counter_set(k, ECHO_C_LATE, y->late);
	counter_set(k, ECHO_C_CARRIED, y->carried);
	counter_set(k, ECHO_C_DUPLICATES, y->duplicates);
	counter_set(k, ECHO_C_REORDERED, y->reordered);
	counter_set(k, ECHO_C_STRAY, y->stray);
	counter_set(k, ECHO_C_DAMAGED, y->damaged);
	counter_set(k, ECHO_C_GIVEN_UP, c->flows.given_up);
	echo_count_joined(k, t, &c->fill);
	/* The worker's loop adds its own to this one. */
	worker_count(w, COUNTER_SYSCALLS, t->syscalls - c->tally.syscalls);
	c->tally.syscalls = t->syscalls;
}

static int poll_once(struct worker *w, struct echo_client *c, struct err *err)
{
	int got = receive(w, c, err);

	if (got < 0)
		return got;
	int64_t now = got ? c->received_ns : clock_now_ns();
	echo_client_back_off(c, now);
	int sent = c->open_loop ? poll_open(w, c, now, err) : poll_closed(w, c, now, err);
	if (sent < 0)
		return sent;
	if (now < c->backoff_until_ns)
		w->wait.until_ns = c->backoff_until_ns;
	int rc = udp_group_await_room(&c->group, c->blocked && !c->backoff_ns ? c->sender : c->group.count, err);
	return rc < 0 ? rc : got + sent;
}

int echo_client_poll(struct worker *w, struct err *err)
{
	struct echo_client *c = w->state;
	unsigned rounds = echo_client_rounds(c);
	int moved = 0, n = 1;

	while (rounds-- && n > 0) {
		n = poll_once(w, c, err);
		if (n < 0)
			return n;
		moved += n;
	}
	client_count(w, c);
	return moved;
}

int echo_client_drain(struct worker *w, struct err *err)
{
	struct echo_client *c = w->state;
	int n = receive(w, c, err), rc = udp_group_await_room(&c->group, c->group.count, err);

	int64_t now_ns = clock_now_ns(), ask_ns;

	if (n >= 0)
		give_up_late(c, now_ns);
	if (n > 0)
		c->answered_ns = now_ns;
	ask_ns = echo_ask_step(w, &c->ask, !c->flows.in_flight || now_ns > c->answered_ns + SILENT_NS, now_ns);
	w->wait.until_ns = ask_ns && ask_ns < c->scan_ns ? ask_ns : c->scan_ns;
	client_count(w, c);
	return rc < 0 ? rc : n;
}

int echo_client_enter(struct worker *w, enum phase phase, struct err *err)
{
	struct echo_client *c = w->state;
	int64_t now = clock_now_ns();

	(void)err;
	c->answered_ns = now;
	echo_ask_enter(w, &c->ask, phase);
	client_count(w, c);
	if (phase != PHASE_WARMUP && phase != PHASE_MEASURE)
		return 0;
	echo_flows_rebase(&c->flows);
	c->scan_ns = now + ECHO_SCAN_NS;
	if (c->open_loop)
		apply_rate(w, c, worker_load(w), now);
	else
		apply_window(c, worker_load(w));
	client_count(w, c);
	return 0;
}

/* A worker that was kept from its CPU up to the edge of a phase has not looked at its schedule,
 * which has gone on. */
static void count_due(struct worker *w, struct echo_client *c)
{
	if (!c->open_loop || (w->phase != PHASE_WARMUP && w->phase != PHASE_MEASURE))
		return;
	echo_schedule_overslept(&c->schedule, clock_now_ns());
	counter_set(w->counters, COUNTER_SCHEDULED, echo_schedule_scheduled(&c->schedule));
}

int echo_client_observe(struct worker *w, struct err *err)
{
	struct echo_client *c = w->state;
	uint32_t drops;

	count_due(w, c);
	if (c->stages)
		echo_client_stages_look(w, c);
	if (!echo_knows_drops(w, ECHO_C_CLIENT_SOCKET_DROPS))
		return 0;
	int rc = udp_group_drops(&c->group, &drops);
	if (rc < 0)
		return err_sys(err, -rc, "getsockopt SO_MEMINFO");
	echo_count_drops(w, drops, c->port);
	return 0;
}

int echo_client_wait(struct worker *w, int64_t until_ns, struct err *err)
{
	struct echo_client *c = w->state;

	return udp_group_wait(&c->group, until_ns, err);
}
