/* Latency by stage, the client's part.  See engines/echo/stages/stages.h. */
#include <errno.h>
#include <stdlib.h>

#include "engines/echo/client_state.h"
#include "engines/echo/stages/stages.h"

/* What the client knows of a packet; beside the slot that it shares with the servers. */
struct client_stamped {
	uint64_t sequence; /* 0: free */
	int64_t opened_ns; /* CLOCK_MONOTONIC */
	int64_t sent_ns, scheduler_ns, device_ns, arrived_ns, received_ns;
	bool counts; /* it was sent in the measure phase */
};

struct echo_client_stages {
	struct echo_slot *slot; /* [ECHO_SLOTS] */
	struct client_stamped stamped[ECHO_SLOTS];
	uint32_t limit;
	bool has_server;
	int64_t clock_ns; /* what to add to CLOCK_MONOTONIC */
	struct echo_pending pending;
	unsigned socket;               /* the one whose times are read */
	uint16_t answered[ECHO_SLOTS]; /* places of those that are back, and not yet added up */
	unsigned answers;
};

int echo_client_stages_open(struct worker *w, struct echo_client *c, struct err *err)
{
	const struct echo_shared *shared = echo_shared_of(w);
	struct echo_client_stages *s;

	if (!shared->one_in)
		return 0;
	s = c->stages = calloc(1, sizeof(*s));
	if (!s || echo_pending_init(&s->pending, shared->sockets) < 0)
		return err_sys(err, ENOMEM, "open echo client");
	echo_touch(s->stamped, sizeof(s->stamped));
	s->slot = shared->slots[w->self->index].slot;
	s->limit = echo_stages_limit(shared->one_in);
	s->has_server = shared->servers > 0;
	s->clock_ns = echo_stages_clock();
	return 0;
}

void echo_client_stages_close(struct echo_client *c)
{
	if (c->stages)
		echo_pending_free(&c->stages->pending);
	free(c->stages);
}

/* ---- one packet ---- */

static void client_forget(struct echo_client_stages *s, unsigned place)
{
	s->stamped[place].sequence = 0;
	atomic_store_explicit(&s->slot[place].sequence, 0, memory_order_release);
}

/* The place of a packet that has been stamped; -1: it has none. */
static int client_find(const struct echo_client_stages *s, uint64_t sequence)
{
	for (unsigned i = 0; i < ECHO_SLOT_TRIES; i++) {
		unsigned place = echo_stages_place(sequence, i);

		if (s->stamped[place].sequence == sequence)
			return (int)place;
	}
	return -1;
}

/* Nobody has this place, or whoever has it is lost. */
static bool client_is_free(const struct client_stamped *t, int64_t now_ns)
{
	return !t->sequence || (!t->received_ns && now_ns - t->opened_ns > ECHO_LATE_NS);
}

/* false: there is no place. */
static bool client_begin(struct echo_client_stages *s, uint64_t sequence, int64_t now_ns, bool counts)
{
	for (unsigned i = 0; i < ECHO_SLOT_TRIES; i++) {
		unsigned place = echo_stages_place(sequence, i);

		if (!client_is_free(&s->stamped[place], now_ns))
			continue;
		s->stamped[place] = (struct client_stamped){
			.sequence = sequence, .opened_ns = now_ns, .sent_ns = now_ns + s->clock_ns, .counts = counts
		};
		atomic_store_explicit(&s->slot[place].sequence, sequence, memory_order_release);
		return true;
	}
	return false;
}

/* Returns whether a server has said all that it knows. */
static bool client_hear(const struct echo_client_stages *s, unsigned place, int64_t at_ns[5])
{
	const struct echo_slot *slot = &s->slot[place];

	if (atomic_load_explicit(&slot->answered, memory_order_acquire) != s->stamped[place].sequence)
		return false;
	at_ns[0] = atomic_load_explicit(&slot->arrived_ns, memory_order_relaxed);
	at_ns[1] = atomic_load_explicit(&slot->received_ns, memory_order_relaxed);
	at_ns[2] = atomic_load_explicit(&slot->answered_ns, memory_order_relaxed);
	at_ns[3] = atomic_load_explicit(&slot->scheduler_ns, memory_order_relaxed);
	at_ns[4] = atomic_load_explicit(&slot->device_ns, memory_order_relaxed);
	return true;
}

/* The server is elsewhere: of what lies between the client's device and its kernel nothing is
 * known. */
static void client_add_alone(struct worker *w, const struct client_stamped *t)
{
	const int64_t at_ns[] = { t->sent_ns, t->scheduler_ns, t->device_ns, t->arrived_ns, t->received_ns };
	int64_t way[4], ns[STAGES_MAX] = { 0 };

	if (!stages_between(at_ns, 4, way))
		return;
	memcpy(ns, way, 3 * sizeof(way[0]));
	ns[ECHO_STAGE_CLIENT_RECEIVE] = way[3];
	stage_record_add(w->stages,
		1u << ECHO_STAGE_CLIENT_SEND | 1u << ECHO_STAGE_CLIENT_QUEUE | 1u << ECHO_STAGE_AWAY |
			1u << ECHO_STAGE_CLIENT_RECEIVE,
		ns);
}

static void client_add_both(struct worker *w, const struct client_stamped *t, const int64_t server_ns[5])
{
	const int64_t at_ns[] = { t->sent_ns, t->scheduler_ns, t->device_ns, server_ns[0], server_ns[1], server_ns[2],
		server_ns[3], server_ns[4], t->arrived_ns, t->received_ns };
	int64_t way[9], ns[STAGES_MAX] = { 0 };

	if (!stages_between(at_ns, 9, way))
		return;
	memcpy(ns, way, 2 * sizeof(way[0]));
	memcpy(ns + ECHO_STAGE_TO_SERVER, way + 2, 7 * sizeof(way[0]));
	stage_record_add(w->stages, ((1u << ECHO_STAGES) - 1) & ~(1u << ECHO_STAGE_AWAY), ns);
}

/* The packet at this place is back: is all known of it that ever will be?  Then it is added up. */
static bool client_finish(struct worker *w, struct echo_client_stages *s, unsigned place, int64_t now_ns)
{
	const struct client_stamped *t = &s->stamped[place];
	int64_t server_ns[5] = { 0 };

	if (!t->device_ns || (s->has_server && !client_hear(s, place, server_ns)))
		return now_ns - t->opened_ns > 2 * ECHO_LATE_NS;
	if (t->counts && s->has_server)
		client_add_both(w, t, server_ns);
	else if (t->counts)
		client_add_alone(w, t);
	return true;
}

/* ---- the loop ---- */

void echo_client_stages_choose(struct worker *w, struct echo_client *c, struct udp_send *slot, unsigned count, int64_t now_ns)
{
	struct echo_client_stages *s = c->stages;
	bool counts = w->phase == PHASE_MEASURE;

	for (unsigned i = 0; i < count; i++) {
		uint64_t sequence = echo_stages_sequence(slot[i].data);

		slot[i].stamp = echo_stages_has(s->limit, sequence) && client_begin(s, sequence, now_ns, counts);
		if (slot[i].stamp && counts)
			stage_record_stamped(w->stages);
	}
}

void echo_client_stamped(void *ctx, const struct udp_stamp *stamp)
{
	struct echo_client *c = ctx;
	struct echo_client_stages *s = c->stages;
	struct echo_pending_send send = { 0 };

	/* An ICMP error makes the port read the times of another one, too: they are lost. */
	if (c->port->config.fd != c->group.socket[s->socket].fd || !echo_pending_take(&s->pending, s->socket, stamp, &send))
		return;
	int place = client_find(s, send.sequence);

	if (place < 0)
		return;
	s->stamped[place].scheduler_ns = send.scheduler_ns;
	s->stamped[place].device_ns = stamp->real_ns;
}

/* After a failed send nobody knows which key is the next. */
static void client_mend(struct echo_client *c)
{
	struct err ignored = ERR_NONE;

	if (!c->port->totals.stamps_lost)
		return;
	c->port->totals.stamps_lost = 0;
	udp_stamps_on(c->port->config.fd, &ignored);
	echo_pending_restart(&c->stages->pending, c->stages->socket);
}

static void client_read(struct echo_client *c, unsigned socket)
{
	struct echo_pending *p = &c->stages->pending;

	if (!p->count)
		return;
	c->stages->socket = socket;
	udp_read_stamps(c->port, 2 * p->count);
	if (p->count)
		echo_pending_expire(p, clock_now_ns());
}

void echo_client_stages_sent(struct echo_client *c, const struct udp_send *slot, unsigned offered, unsigned taken)
{
	struct echo_client_stages *s = c->stages;

	for (unsigned i = 0; i < offered; i++) {
		struct echo_pending_send send = { .socket = c->sender };

		if (!slot[i].stamp)
			continue;
		send.sequence = echo_stages_sequence(slot[i].data);
		int place = client_find(s, send.sequence);
		send.since_ns = s->stamped[place].opened_ns;
		if (i >= taken || !echo_pending_add(&s->pending, &send))
			client_forget(s, (unsigned)place);
	}
	s->socket = c->sender;
	client_mend(c);
	client_read(c, c->sender);
}

static void client_arrived(struct echo_client_stages *s, const struct udp_datagram *d)
{
	uint64_t sequence = d->len >= ECHO_HEADER_BYTES ? echo_stages_sequence(d->data) : 0;
	int place = sequence && echo_stages_has(s->limit, sequence) ? client_find(s, sequence) : -1;
	struct client_stamped *t = place >= 0 ? &s->stamped[place] : NULL;

	/* A second answer says nothing new. */
	if (!t || t->received_ns || !d->arrived_ns)
		return;
	t->arrived_ns = d->arrived_ns;
	t->received_ns = d->received_ns + (t->sent_ns - t->opened_ns);
	s->answered[s->answers++] = (uint16_t)place;
}

void echo_client_stages_received(struct echo_client *c, const struct udp_datagram *burst, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		client_arrived(c->stages, &burst[i]);
}

/* Times that come later than the send, of a socket that owes them. */
static void client_read_late(struct echo_client *c)
{
	const struct echo_pending *p = &c->stages->pending;
	unsigned socket = p->send[0].socket;

	if (!p->count)
		return;
	udp_group_use(&c->group, socket);
	client_read(c, socket);
}

void echo_client_stages_settle(struct worker *w, struct echo_client *c)
{
	struct echo_client_stages *s = c->stages;
	int64_t now_ns = s->answers ? clock_now_ns() : 0;
	unsigned left = 0;

	client_read_late(c);
	for (unsigned i = 0; i < s->answers; i++) {
		unsigned place = s->answered[i];

		if (client_finish(w, s, place, now_ns))
			client_forget(s, place);
		else
			s->answered[left++] = (uint16_t)place;
	}
	s->answers = left;
}

void echo_client_stages_look(struct worker *w, struct echo_client *c)
{
	echo_client_stages_settle(w, c);
	c->stages->clock_ns = echo_stages_clock();
}
