/* Mode chat, the load's messages: when they are due, and how they go out.
 *
 * Open loop (--rate): each connection has a schedule that no stall moves; what is overdue is sent
 * as soon as its connection takes it, and keeps the time at which it was due.  Closed loop: a
 * connection has at most a window of messages out that its witness, another connection of the
 * same worker, has not received yet; where nobody reads, the connection's buffer is the window. */
#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "engines/chat/load/load.h"

enum { SENDS = 256 }; /* a poll: then what has come is read */

static const uint64_t MILLI_S_NS = 1000ull * NS_PER_S; /* 1000 s: rates are in 1/1000 s */

/* ---- the schedule ---- */

int64_t load_schedule_at(const struct load_schedule *s, uint64_t message)
{
	if (!s->rate_milli)
		return INT64_MAX;
	if (s->burst)
		message -= message % s->round;
	return s->start_ns + (int64_t)((unsigned __int128)message * MILLI_S_NS / s->rate_milli);
}

uint64_t load_schedule_due(const struct load_schedule *s, int64_t now_ns)
{
	uint64_t due;

	if (!s->rate_milli || now_ns < s->start_ns)
		return 0;
	/* floor(m * T / rate) <= elapsed is m < (elapsed + 1) * rate / T, rounded up. */
	due = (uint64_t)(((unsigned __int128)(uint64_t)(now_ns - s->start_ns + 1) * s->rate_milli + MILLI_S_NS - 1) / MILLI_S_NS);
	return s->burst ? (due + s->round - 1) / s->round * s->round : due;
}

uint64_t load_schedule_owed(const struct load_schedule *s, uint64_t sent)
{
	uint64_t left = s->taken > sent ? s->taken - sent : 0;

	if (!s->burst)
		return s->taken;
	return s->taken - (left < s->round ? left : s->round);
}

int64_t load_next_due(const struct load *x)
{
	return x->schedule.rate_milli ? load_schedule_at(&x->schedule, x->schedule.taken) : 0;
}

void load_apply_rate(struct worker *w, struct load *x, int64_t now_ns)
{
	const struct chat_shared *s = chat_shared_of(w);
	/* live it changes in whole messages/s; at the start --rate may say less */
	uint64_t milli = worker_load(w) == w->plan->load ? s->rate_milli : worker_load(w) * 1000;

	x->load = worker_load(w);
	x->window = s->open_loop ? 0 : x->load;
	if (!s->open_loop)
		return;
	x->scheduled += load_schedule_owed(&x->schedule, x->sent - x->schedule.sent_before);
	x->schedule = (struct load_schedule){ .start_ns = now_ns,
		.sent_before = x->sent,
		.rate_milli = (uint64_t)((unsigned __int128)milli * x->connections / s->connections),
		.round = x->connections,
		.burst = s->burst };
	for (unsigned i = 0; i < x->connections; i++)
		x->connection[i].begun = x->connection[i].due = 0;
}

void load_queue(struct load *x, struct load_connection *c)
{
	unsigned at = x->turn_head + x->turns;

	if (c->waits_turn || c->state != LOAD_UP || c->blocked)
		return;
	c->waits_turn = true;
	x->turn[at < x->connections ? at : at - x->connections] = (uint32_t)(c - x->connection);
	x->turns++;
}

/* Gives what is due to the connections, one after the other. */
static void give_out(struct load *x, int64_t now_ns)
{
	uint64_t due = load_schedule_due(&x->schedule, now_ns);

	for (; x->schedule.taken < due; x->schedule.taken++) {
		struct load_connection *c = &x->connection[x->schedule.taken % x->connections];

		c->due++;
		load_queue(x, c);
	}
}

/* ---- messages ---- */

static bool may_begin(const struct chat_shared *s, const struct load *x, const struct load_connection *c)
{
	/* A number of messages begins when everybody is there and it counts. */
	if (s->messages && (!x->measure_ns || c->sequence >= s->messages))
		return false;
	if (s->open_loop)
		return c->begun < c->due;
	if (!s->readers)
		return true;
	return c->sequence - c->seen < x->window;
}

static void load_begin(const struct chat_shared *s, const struct load *x, struct load_connection *c)
{
	uint64_t index = (uint64_t)(c - x->connection);

	c->sent_ns = clock_now_ns();
	c->due_ns = s->open_loop ? load_schedule_at(&x->schedule, c->begun * x->connections + index) : c->sent_ns;
	c->begun++;
}

static void put_stamp(const struct chat_shared *s, struct load *x, const struct load_connection *c)
{
	chat_stamp_put(x->message, &(struct chat_stamp){ .kind = CHAT_MESSAGE,
					   .token = s->token,
					   .connection = c->id,
					   .sequence = c->sequence,
					   .due_ns = c->due_ns,
					   .sent_ns = c->sent_ns });
}

static void load_finish(struct worker *w, struct load *x, struct load_connection *c)
{
	if (chat_shared_of(w)->open_loop)
		histogram_record(w->latency[CHAT_L_LATENESS], c->sent_ns - c->due_ns);
	c->sent_bytes = 0;
	if (c->seen == c->sequence)
		c->seen_ns = c->sent_ns;
	c->sequence++;
	x->sent++;
}

/* Begins a message, or goes on with one.  false: the connection takes no more, or is gone. */
static bool send_message(struct worker *w, struct load *x, struct load_connection *c)
{
	const struct chat_shared *s = chat_shared_of(w);
	ssize_t n;

	if (!c->sent_bytes)
		load_begin(s, x, c);
	put_stamp(s, x, c);
	n = send(c->fd, x->message + c->sent_bytes, s->message_bytes - c->sent_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
	x->writes++;
	if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS) {
		load_lost(w, x, c);
		return false;
	}
	if (n < 0) {
		x->again++;
		n = 0;
		/* Nothing of it is out: it begins when there is room. */
		c->begun -= !c->sent_bytes;
	}
	x->write_bytes += (uint64_t)n;
	c->sent_bytes += (uint32_t)n;
	if (c->sent_bytes == s->message_bytes) {
		load_finish(w, x, c);
		return true;
	}
	c->blocked = true;
	load_watch(x, c);
	return false;
}

unsigned load_send(struct worker *w, struct load *x, bool quiet)
{
	const struct chat_shared *s = chat_shared_of(w);
	unsigned moved = 0;

	if (!quiet && worker_load(w) != x->load)
		load_apply_rate(w, x, clock_now_ns());
	if (!quiet && s->open_loop)
		give_out(x, clock_now_ns());
	while (x->turns && moved < SENDS) {
		struct load_connection *c = &x->connection[x->turn[x->turn_head]];

		x->turn_head = x->turn_head + 1 < x->connections ? x->turn_head + 1 : 0;
		x->turns--;
		c->waits_turn = false;
		if (c->state != LOAD_UP || (!c->sent_bytes && (quiet || !may_begin(s, x, c))))
			continue;
		moved++;
		if (send_message(w, x, c) && !quiet && may_begin(s, x, c))
			load_queue(x, c);
	}
	return moved;
}
