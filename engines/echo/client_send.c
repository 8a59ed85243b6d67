/* The sending of an echo client: datagrams go out in bursts, or are held back.  See
 * client_state.h. */
#include "engines/echo/client_state.h"
#include "engines/echo/stages/stages.h"

enum {
	ROUNDS = 32, /* datagrams a poll where a burst is one datagram */
	/* datagrams a poll, or a burst: shared out over its rounds, so that answers are not left
	 * waiting */
	SEND_BUDGET = 64,
};

static const int64_t BACKOFF_MIN_NS = 10 * NS_PER_MS, BACKOFF_MAX_NS = 100 * NS_PER_MS;

void echo_client_back_off(struct echo_client *c, int64_t now_ns)
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
unsigned echo_client_rounds(const struct echo_client *c)
{
	return c->port->slots < ROUNDS ? ROUNDS / c->port->slots : 1;
}

/* The datagrams that a burst may still send. */
static unsigned room(const struct echo_client *c, unsigned slots, unsigned done)
{
	unsigned most = c->port->slots > SEND_BUDGET ? c->port->slots : SEND_BUDGET;
	unsigned budget = c->backoff_ns ? 1 : most / echo_client_rounds(c);

	if (done >= budget)
		return 0;
	return slots < budget - done ? slots : budget - done;
}

/* Fills n slots with datagrams of one flow. */
static void fill_turn(
	struct echo_client *c, struct udp_send *slot, uint16_t *burst_flow, unsigned index, unsigned n, int64_t now_ns)
{
	uint64_t counter = echo_flows_send(&c->flows, index, n);

	for (unsigned i = 0; i < n; i++) {
		echo_put(slot[i].data, (uint16_t)(c->flows.first + index), counter + i, now_ns);
		slot[i].apart = false;
		burst_flow[i] = (uint16_t)index;
	}
	slot[0].apart = c->apart;
}

/* Fills up to n slots.  A flow has one datagram a turn, or as many as go out joined. */
static unsigned fill_window(struct echo_client *c, struct udp_send *slot, unsigned n, int64_t now_ns)
{
	unsigned i = 0, index;

	while (i < n && echo_ready_take(&c->ready, &index)) {
		uint64_t out = echo_flow_outstanding(&c->flows.flow[index]);
		unsigned turn = c->port->joined_max < n - i ? c->port->joined_max : n - i;

		c->flows.flow[index].queued = false;
		if (out >= c->window)
			continue; /* the window has shrunk */
		if (turn > c->window - out)
			turn = (unsigned)(c->window - out);
		fill_turn(c, slot + i, c->burst_flow + i, index, turn, now_ns);
		i += turn;
		echo_client_has_room(c, index);
	}
	echo_ready_turn(&c->ready);
	return i;
}

/* Is there something to send?  Then c->sender is the socket for it. */
static bool has_more(struct echo_client *c)
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
static unsigned offer(struct echo_client *c, struct udp_send *slot, unsigned n, int64_t *ret_now_ns)
{
	/* The next datagram that is due belongs to the next socket. */
	if (c->open_loop)
		return echo_schedule_offer(&c->schedule, &c->flows, slot, c->group.count > 1 ? 1 : n, c->burst_flow, ret_now_ns);
	*ret_now_ns = clock_now_ns();
	return fill_window(c, slot, n, *ret_now_ns);
}

/* The kernel has taken so many of those offered: the others did not go out. */
static void settle(struct worker *w, struct echo_client *c, unsigned offered, unsigned taken, int64_t sent_ns)
{
	for (unsigned i = offered; i > taken; i--) {
		echo_flows_unsend(&c->flows, c->burst_flow[i - 1]);
		echo_client_has_room(c, c->burst_flow[i - 1]);
	}
	if (c->open_loop)
		echo_schedule_settle(&c->schedule, offered, taken, sent_ns, w->latency[ECHO_L_LATENESS]);
	c->blocked = taken < offered;
}

int echo_client_send(struct worker *w, struct echo_client *c, struct err *err)
{
	unsigned done = 0, n;
	struct udp_send *slot;

	while (has_more(c) && (n = room(c, c->port->method->send_slots(c->port, &slot), done)) > 0) {
		int64_t sent_ns;
		unsigned offered = offer(c, slot, n, &sent_ns);

		for (unsigned i = 0; c->verify.on && i < offered; i++)
			echo_verify_sent(&c->verify, &c->flows, slot[i].data);
		if (c->stages)
			echo_client_stages_choose(w, c, slot, offered, sent_ns);
		int taken = c->port->method->send_burst(c->port, offered, err);

		if (taken < 0)
			return taken;
		if (c->stages)
			echo_client_stages_sent(c, slot, offered, (unsigned)taken);
		settle(w, c, offered, (unsigned)taken, sent_ns);
		done += (unsigned)taken;
		echo_client_back_off(c, sent_ns);
		if (c->blocked || c->backoff_ns)
			break;
	}
	return (int)done;
}
