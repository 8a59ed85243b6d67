/* Mode echo, the client's side: connected sockets, one per worker unless --sockets says more;
 * flows are ids inside them.  A closed loop keeps a window of datagrams out per flow; an open
 * loop (--rate) sends by a schedule that no stall moves, see engines/echo/schedule.h. */
#include "engines/echo/client.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "engines/echo/flow.h"
#include "engines/echo/ready.h"
#include "engines/echo/schedule.h"
#include "engines/echo/shared.h"
#include "engines/udp/group.h"
#include "mode/path.h"

enum {
	ROUNDS = 32, /* datagrams a poll where a burst is one datagram */
	/* datagrams a poll, or a burst: shared out over its rounds, so that answers are not left
	 * waiting */
	SEND_BUDGET = 64,
};

/* a full window without an answer for this long is given up */
static const int64_t STALL_NS = 200 * NS_PER_MS;
static const int64_t STALL_SCAN_NS = 50 * NS_PER_MS; /* how often that is looked at */
static const int64_t BACKOFF_MIN_NS = 10 * NS_PER_MS, BACKOFF_MAX_NS = 100 * NS_PER_MS;

/* The client's own cumulative counts. */
struct tally {
	uint64_t answers, answer_bytes, late, carried, duplicates, reordered, stray, given_up;
	uint64_t syscalls; /* those counted */
};

struct client {
	struct udp_group group;
	struct udp_port *port; /* the group's */
	struct echo_flows flows;
	struct tally tally;
	bool open_loop, blocked; /* blocked: the kernel had no room for the last send */
	size_t datagram_bytes;
	int64_t opened_ns, received_ns; /* received_ns: of the latest burst */
	unsigned received;              /* elements of the latest burst */
	unsigned sender;                /* socket of the latest send */
	uint16_t *burst_flow;           /* index of the flow of each datagram offered */
	/* nobody there */
	uint64_t unreachable, errors, sent_packets; /* of the port's totals, as seen */
	int64_t backoff_ns, backoff_until_ns;
	/* closed loop */
	uint64_t window;
	struct echo_ready ready; /* flows with room */
	int64_t scan_ns;
	struct echo_schedule schedule; /* open loop */
};

/* Puts a flow into the queue of those that may send, unless its window is full. */
static void flow_has_room(struct client *c, unsigned index)
{
	struct echo_flow *flow = &c->flows.flow[index];

	if (flow->queued || c->open_loop || echo_flow_outstanding(flow) >= c->window)
		return;
	echo_ready_add(&c->ready, index);
	flow->queued = true;
}

/* ---- open ---- */

static int connect_socket(struct worker *w, int *ret_fd, struct err *err)
{
	struct echo_shared *s = echo_shared_of(w);
	char text[NET_ADDRESS_TEXT];
	int fd = path_socket(w->plan, ROLE_CLIENT, s->host.sa.sa_family, SOCK_DGRAM, 0, err);
	int rc = fd;

	if (rc >= 0)
		rc = echo_set_buffers(w, fd, err);
	if (rc >= 0 && connect(fd, &s->host.sa, net_address_bytes(&s->host)) < 0)
		rc = err_sys(err, errno, "connect %s", net_format(&s->host, text, sizeof(text)));
	if (rc < 0) {
		if (fd >= 0)
			close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

static void refused(void *ctx, const uint8_t *data, size_t len)
{
	struct client *c = ctx;
	int index = echo_flows_refused(&c->flows, data, len);

	if (index >= 0)
		flow_has_room(c, (unsigned)index);
}

static int open_sockets(struct worker *w, struct client *c, struct err *err)
{
	unsigned sockets = echo_shared_of(w)->sockets;

	if (udp_group_init(&c->group, sockets) < 0)
		return err_sys(err, ENOMEM, "open echo client, %u sockets", sockets);
	for (unsigned i = 0; i < sockets; i++) {
		int fd = -1, rc = connect_socket(w, &fd, err);

		if (rc < 0)
			return rc;
		udp_group_add(&c->group, fd);
	}
	return 0;
}

static int open_port(struct worker *w, struct client *c, struct err *err)
{
	struct udp_config config = udp_config_of(w->plan, w->self, c->group.socket[0].fd);
	uint32_t drops;

	config.connected = config.want_time = true;
	config.batch = echo_shared_of(w)->batch;
	config.datagram_bytes = config.send_bytes = (uint32_t)c->datagram_bytes;
	config.refused = refused;
	config.refused_ctx = c;
	int rc = udp_group_open(&c->group, udp_method_of(w->self->method), &config, w, err);
	if (rc < 0)
		return rc;
	c->port = c->group.port;
	echo_drops_known(w, udp_group_drops(&c->group, &drops), ECHO_C_CLIENT_SOCKET_DROPS);
	return 0;
}

/* Payload is written once; only headers change. */
static void fill_payload(const struct worker *w, struct client *c)
{
	struct rng rng = { .state = echo_shared_of(w)->seed };
	struct udp_send *slot;
	unsigned n = c->port->method->send_slots(c->port, &slot);

	for (size_t at = ECHO_HEADER_BYTES; n && at < c->datagram_bytes; at++)
		slot[0].data[at] = (uint8_t)rng_next(&rng);
	for (unsigned i = 1; i < n; i++)
		memcpy(slot[i].data, slot[0].data, c->datagram_bytes);
}

static bool allocate(struct client *c)
{
	unsigned batch = c->port->batch;

	c->burst_flow = calloc(batch, sizeof(*c->burst_flow));
	if (!c->burst_flow || echo_ready_init(&c->ready, c->flows.count, c->group.count) < 0)
		return false;
	return !c->open_loop || echo_schedule_init(&c->schedule, batch) == 0;
}

/* The other end cannot be read where it is another process. */
static void mark_unknown(struct worker *w)
{
	static const char why[] = "the server is another process";

	if (echo_shared_of(w)->servers)
		return;
	w->unknown |= 1ull << ECHO_C_SERVER_SOCKET_DROPS | 1ull << ECHO_C_REPLY_ERRORS;
	memcpy(w->unknown_why, why, sizeof(why));
}

int echo_client_open(struct worker *w, struct err *err)
{
	struct echo_shared *s = echo_shared_of(w);
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		return err_sys(err, ENOMEM, "open echo client");
	w->state = c;
	c->open_loop = s->open_loop;
	c->datagram_bytes = echo_datagram_bytes(s);
	c->opened_ns = clock_now_ns();
	if (echo_flows_init(&c->flows, (uint16_t)(w->self->index * s->flows), s->flows) < 0)
		return err_sys(err, ENOMEM, "open echo client, %u flows", s->flows);
	int rc = open_sockets(w, c, err);
	if (rc < 0 || (rc = open_port(w, c, err)) < 0)
		return rc;
	if (!allocate(c))
		return err_sys(err, ENOMEM, "open echo client");
	mark_unknown(w);
	fill_payload(w, c);
	if (w->self->index == 0 && !s->servers)
		net_format(&s->host, w->plan->peer, sizeof(w->plan->peer));
	return 0;
}

/* ---- receive ---- */

static void client_record(struct worker *w, struct client *c, const struct echo_answer *a, int64_t sent_ns, int64_t now_ns)
{
	histogram_record(w->latency[ECHO_L_RTT], now_ns - a->stamp_ns);
	if (c->open_loop && sent_ns)
		histogram_record(w->latency[ECHO_L_RTT_SEND], now_ns - sent_ns);
}

static void take_answer(struct worker *w, struct client *c, const uint8_t *data, size_t len, int64_t now_ns)
{
	struct echo_answer a;

	if (!echo_flows_parse(&c->flows, data, len, c->datagram_bytes, c->opened_ns, now_ns, &a)) {
		c->tally.stray++;
		return;
	}
	int64_t sent_ns = c->open_loop ? echo_schedule_sent_ns(&c->schedule, &c->flows, &a) : a.stamp_ns;
	enum echo_arrival arrival = echo_flows_take(&c->flows, &a, now_ns - (sent_ns ? sent_ns : a.stamp_ns));

	c->tally.duplicates += arrival == ECHO_DUPLICATE;
	c->tally.late += arrival == ECHO_LATE;
	c->tally.carried += arrival == ECHO_CARRIED;
	c->tally.reordered += arrival == ECHO_REORDERED;
	if (arrival == ECHO_DUPLICATE)
		return;
	c->flows.flow[a.index].moved_ns = now_ns;
	flow_has_room(c, a.index);
	if (arrival == ECHO_LATE)
		return;
	c->tally.answers++;
	c->tally.answer_bytes += len;
	if (arrival != ECHO_CARRIED)
		client_record(w, c, &a, sent_ns, now_ns);
}

/* Elements of one burst. */
static int receive_burst(struct worker *w, struct client *c, struct err *err)
{
	struct udp_datagram *burst;
	unsigned socket;
	int n = udp_group_recv(&c->group, &burst, &socket, err);

	if (n <= 0)
		return n;
	for (int i = 0; i < n; i++) {
		const struct udp_datagram *d = &burst[i];

		if (d->truncated) {
			c->tally.stray++;
			continue;
		}
		uint32_t at = 0;
		do {
			take_answer(w, c, d->data + at, d->len - at < d->segment ? d->len - at : d->segment, d->received_ns);
			at += d->segment;
		} while (at < d->len);
	}
	c->received_ns = burst[n - 1].received_ns;
	c->port->method->release(c->port);
	return n;
}

/* Elements received, of as many sockets as it takes to make a burst. */
static int receive(struct worker *w, struct client *c, struct err *err)
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
	return (int)c->received;
}

/* ---- send ---- */

/* Nobody there, or nothing that could be sent at all: from now on one datagram at a time, and
 * longer and longer apart, until an answer comes. */
static void back_off(struct client *c, int64_t now_ns)
{
	const struct udp_totals *t = &c->port->totals;
	bool absent = t->unreachable != c->unreachable;
	bool useless = t->send_errors != c->errors && t->sent_packets == c->sent_packets;
	bool tried = t->sent_packets != c->sent_packets;

	c->unreachable = t->unreachable;
	c->errors = t->send_errors;
	c->sent_packets = t->sent_packets;
	if (absent || useless)
		c->backoff_ns = c->backoff_ns ? c->backoff_ns * 2 : BACKOFF_MIN_NS;
	else if (!tried)
		return;
	if (c->backoff_ns > BACKOFF_MAX_NS)
		c->backoff_ns = BACKOFF_MAX_NS;
	c->backoff_until_ns = c->backoff_ns ? now_ns + c->backoff_ns : 0;
}

/* A poll reads and sends in turns, as many as make its reading worth ROUNDS datagrams. */
static unsigned rounds_of(const struct client *c)
{
	return c->port->batch < ROUNDS ? ROUNDS / c->port->batch : 1;
}

/* The datagrams that a burst may still send. */
static unsigned room(const struct client *c, unsigned slots, unsigned done)
{
	unsigned most = c->port->batch > SEND_BUDGET ? c->port->batch : SEND_BUDGET;
	unsigned budget = c->backoff_ns ? 1 : most / rounds_of(c);

	if (done >= budget)
		return 0;
	return slots < budget - done ? slots : budget - done;
}

/* Fills up to n slots, one datagram a flow and turn. */
static unsigned fill_window(struct client *c, struct udp_send *slot, unsigned n, int64_t now_ns)
{
	unsigned i = 0, index;

	while (i < n && echo_ready_take(&c->ready, &index)) {
		c->flows.flow[index].queued = false;
		if (echo_flow_outstanding(&c->flows.flow[index]) >= c->window)
			continue; /* the window has shrunk */
		echo_put(slot[i].data, (uint16_t)(c->flows.first + index), echo_flows_send(&c->flows, index), now_ns);
		c->burst_flow[i++] = (uint16_t)index;
		c->flows.flow[index].moved_ns = now_ns;
		flow_has_room(c, index);
	}
	echo_ready_turn(&c->ready);
	return i;
}

/* Is there something to send?  Then c->sender is the socket for it. */
static bool has_more(struct client *c)
{
	if (c->open_loop) {
		if (!echo_schedule_owes(&c->schedule))
			return false;
		/* Flows take turns, and with them the sockets. */
		c->sender = c->group.count > 1 ? (unsigned)(c->schedule.sent % c->group.count) : 0;
	} else {
		c->sender = echo_ready_socket(&c->ready);
		if (c->sender == ECHO_READY_NONE)
			return false;
	}
	udp_group_use(&c->group, c->sender);
	return true;
}

/* Fills up to n slots; *ret_now_ns is when they go. */
static unsigned offer(struct client *c, struct udp_send *slot, unsigned n, int64_t now_ns, int64_t *ret_now_ns)
{
	/* The next datagram that is due belongs to the next socket. */
	if (c->open_loop)
		return echo_schedule_offer(
			&c->schedule, &c->flows, slot, c->group.count > 1 ? 1 : n, now_ns, c->burst_flow, ret_now_ns);
	*ret_now_ns = clock_now_ns();
	return fill_window(c, slot, n, *ret_now_ns);
}

/* The kernel has taken so many of those offered: the others did not go out. */
static void settle(struct worker *w, struct client *c, unsigned offered, unsigned taken, int64_t sent_ns)
{
	for (unsigned i = offered; i > taken; i--) {
		echo_flows_unsend(&c->flows, c->burst_flow[i - 1]);
		flow_has_room(c, c->burst_flow[i - 1]);
	}
	if (c->open_loop)
		echo_schedule_settle(&c->schedule, offered, taken, sent_ns, w->latency[ECHO_L_LATENESS]);
	c->blocked = taken < offered;
}

/* Sends what the loop has to send, an open one late or not.  Datagrams sent, or -errno. */
static int send_out(struct worker *w, struct client *c, int64_t now_ns, struct err *err)
{
	unsigned done = 0, n;
	struct udp_send *slot;

	while (has_more(c) && (n = room(c, c->port->method->send_slots(c->port, &slot), done)) > 0) {
		int64_t sent_ns;
		unsigned offered = offer(c, slot, n, now_ns, &sent_ns);
		int taken = c->port->method->send_burst(c->port, offered, err);

		if (taken < 0)
			return taken;
		settle(w, c, offered, (unsigned)taken, sent_ns);
		done += (unsigned)taken;
		back_off(c, sent_ns);
		if (c->blocked || c->backoff_ns)
			break;
	}
	return (int)done;
}

/* ---- the two loops ---- */

static void apply_window(struct client *c, uint64_t window)
{
	c->window = window;
	for (unsigned i = 0; i < c->flows.count; i++)
		flow_has_room(c, i);
}

/* Gives up what full flows have waited for too long.  Only when all that had arrived has been
 * read: this thread itself may have been away. */
static void scan_stalls(struct client *c, int64_t now_ns, int64_t limit_ns)
{
	if (now_ns < c->scan_ns || c->received >= c->port->batch || udp_group_is_ready(&c->group))
		return;
	c->scan_ns = now_ns + STALL_SCAN_NS;
	for (unsigned i = 0; i < c->flows.count; i++) {
		struct echo_flow *flow = &c->flows.flow[i];

		if (!flow->queued && now_ns - flow->moved_ns >= limit_ns) {
			c->tally.given_up += echo_flows_give_up(&c->flows, i);
			flow_has_room(c, i);
		}
	}
}

static int poll_closed(struct worker *w, struct client *c, int64_t now_ns, struct err *err)
{
	uint64_t window = worker_load(w);

	if (window != c->window)
		apply_window(c, window);
	scan_stalls(c, now_ns, STALL_NS);
	int sent = now_ns >= c->backoff_until_ns ? send_out(w, c, now_ns, err) : 0;
	w->wait.until_ns = c->scan_ns;
	return sent;
}

static void apply_rate(struct worker *w, struct client *c, uint64_t rate, int64_t now_ns)
{
	echo_schedule_start(&c->schedule, now_ns, rate, w->self->index, echo_shared_of(w)->clients);
}

static int poll_open(struct worker *w, struct client *c, int64_t now_ns, struct err *err)
{
	uint64_t rate = worker_load(w);

	if (rate != c->schedule.rate)
		apply_rate(w, c, rate, now_ns);
	echo_schedule_look(&c->schedule, now_ns);
	scan_stalls(c, now_ns, ECHO_LATE_NS);
	int sent = now_ns >= c->backoff_until_ns ? send_out(w, c, now_ns, err) : 0;
	/* If the kernel has no room, the socket says when it has. */
	w->wait.until_ns = c->schedule.pace.rate && !c->blocked ? c->schedule.pace.next_ns : 0;
	return sent;
}

/* ---- operations ---- */

static void client_count(struct worker *w, struct client *c)
{
	const struct udp_totals *t = &c->port->totals;
	const struct tally *y = &c->tally;
	struct counters *k = w->counters;

	counter_set(k, COUNTER_TX_PACKETS, t->sent_packets);
	counter_set(k, COUNTER_TX_BYTES, t->sent_bytes);
	counter_set(k, COUNTER_RX_PACKETS, y->answers);
	counter_set(k, COUNTER_RX_BYTES, y->answer_bytes);
	counter_set(k, COUNTER_IN_FLIGHT, c->flows.in_flight);
	counter_set(k, COUNTER_SCHEDULED, echo_schedule_scheduled(&c->schedule));
	counter_set(k, ECHO_C_TX_ERRORS, t->send_errors);
	counter_set(k, ECHO_C_TX_RETRIES, t->send_busy);
	counter_set(k, ECHO_C_REFUSED, t->refused);
	counter_set(k, ECHO_C_LATE, y->late);
	counter_set(k, ECHO_C_CARRIED, y->carried);
	counter_set(k, ECHO_C_DUPLICATES, y->duplicates);
	counter_set(k, ECHO_C_REORDERED, y->reordered);
	counter_set(k, ECHO_C_STRAY, y->stray);
	counter_set(k, ECHO_C_GIVEN_UP, y->given_up);
	/* The worker's loop adds its own to this one. */
	worker_count(w, COUNTER_SYSCALLS, t->syscalls - c->tally.syscalls);
	c->tally.syscalls = t->syscalls;
}

static int poll_once(struct worker *w, struct client *c, struct err *err)
{
	int got = receive(w, c, err);

	if (got < 0)
		return got;
	int64_t now = got ? c->received_ns : clock_now_ns();
	back_off(c, now);
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
	struct client *c = w->state;
	unsigned rounds = rounds_of(c);
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
	struct client *c = w->state;
	int n = receive(w, c, err), rc = udp_group_await_room(&c->group, c->group.count, err);

	w->wait.until_ns = 0;
	client_count(w, c);
	return rc < 0 ? rc : n;
}

int echo_client_enter(struct worker *w, enum phase phase, struct err *err)
{
	struct client *c = w->state;
	int64_t now = clock_now_ns();

	(void)err;
	if (phase != PHASE_WARMUP && phase != PHASE_MEASURE)
		return 0;
	echo_flows_rebase(&c->flows);
	c->scan_ns = now + STALL_SCAN_NS;
	if (c->open_loop)
		apply_rate(w, c, worker_load(w), now);
	else
		apply_window(c, worker_load(w));
	client_count(w, c);
	return 0;
}

/* A worker that was kept from its CPU up to the edge of a phase has not looked at its schedule,
 * which has gone on. */
static void count_due(struct worker *w, struct client *c)
{
	if (!c->open_loop || (w->phase != PHASE_WARMUP && w->phase != PHASE_MEASURE))
		return;
	echo_schedule_overslept(&c->schedule, clock_now_ns());
	counter_set(w->counters, COUNTER_SCHEDULED, echo_schedule_scheduled(&c->schedule));
}

int echo_client_observe(struct worker *w, struct err *err)
{
	struct client *c = w->state;

	uint32_t drops;

	count_due(w, c);
	if (!echo_knows_drops(w, ECHO_C_CLIENT_SOCKET_DROPS))
		return 0;
	int rc = udp_group_drops(&c->group, &drops);
	if (rc < 0)
		return err_sys(err, -rc, "getsockopt SO_MEMINFO");
	worker_count(w, ECHO_C_CLIENT_SOCKET_DROPS, drops);
	return 0;
}

int echo_client_wait(struct worker *w, int64_t until_ns, struct err *err)
{
	struct client *c = w->state;

	return udp_group_wait(&c->group, until_ns, err);
}

void echo_client_close(struct worker *w)
{
	struct client *c = w->state;

	if (!c)
		return;
	udp_group_close(&c->group);
	echo_flows_free(&c->flows);
	echo_ready_free(&c->ready);
	free(c->burst_flow);
	echo_schedule_free(&c->schedule);
	free(c);
	w->state = NULL;
}
