/* Latency by stage, the server's part.  See engines/echo/stages/stages.h. */
#include <errno.h>
#include <stdlib.h>

#include "engines/echo/flow.h"
#include "engines/echo/stages/stages.h"

struct echo_server_stages {
	const struct worker *w;
	const struct echo_shared *shared;
	uint32_t limit;
	int64_t clock_ns; /* what to add to CLOCK_MONOTONIC */
	struct echo_pending pending;
};

int echo_server_stages_new(struct worker *w, struct echo_server_stages **ret_stages, struct err *err)
{
	const struct echo_shared *shared = echo_shared_of(w);
	struct echo_server_stages *s;

	if (!shared->one_in)
		return 0;
	s = calloc(1, sizeof(*s));
	if (!s || echo_pending_init(&s->pending, 1) < 0) {
		free(s);
		return err_sys(err, ENOMEM, "open echo server");
	}
	s->w = w;
	s->shared = shared;
	s->limit = echo_stages_limit(shared->one_in);
	s->clock_ns = echo_stages_clock();
	*ret_stages = s;
	return 0;
}

void echo_server_stages_free(struct echo_server_stages *s)
{
	if (s)
		echo_pending_free(&s->pending);
	free(s);
}

/* The slot of this packet, where its client is here and has opened one; NULL. */
static struct echo_slot *server_slot(const struct echo_server_stages *s, uint64_t sequence)
{
	unsigned client = (unsigned)(sequence >> 48) / s->shared->flows;

	if (!s->shared->clients || client >= s->shared->clients)
		return NULL;
	for (unsigned i = 0; i < ECHO_SLOT_TRIES; i++) {
		struct echo_slot *slot = &s->shared->slots[client].slot[echo_stages_place(sequence, i)];

		if (atomic_load_explicit(&slot->sequence, memory_order_acquire) == sequence)
			return slot;
	}
	return NULL;
}

static bool server_chooses(const struct echo_server_stages *s, const struct udp_reply *r)
{
	uint64_t sequence;

	if (r->len < ECHO_HEADER_BYTES || !r->to->arrived_ns)
		return false;
	sequence = echo_stages_sequence(r->to->data + r->offset);
	return echo_stages_has(s->limit, sequence) && (!s->shared->clients || server_slot(s, sequence));
}

unsigned echo_server_stages_choose(struct echo_server_stages *s, struct udp_reply *reply, unsigned count)
{
	unsigned chosen = 0;

	for (unsigned i = 0; i < count; i++) {
		reply[i].stamp = server_chooses(s, &reply[i]);
		chosen += reply[i].stamp;
	}
	return chosen;
}

/* Both ends are here: the client adds up. */
static void server_tell(struct echo_slot *slot, const struct echo_pending_send *send, int64_t device_ns)
{
	atomic_store_explicit(&slot->arrived_ns, send->arrived_ns, memory_order_relaxed);
	atomic_store_explicit(&slot->received_ns, send->received_ns, memory_order_relaxed);
	atomic_store_explicit(&slot->answered_ns, send->answered_ns, memory_order_relaxed);
	atomic_store_explicit(&slot->scheduler_ns, send->scheduler_ns, memory_order_relaxed);
	atomic_store_explicit(&slot->device_ns, device_ns, memory_order_relaxed);
	atomic_store_explicit(&slot->answered, send->sequence, memory_order_release);
}

/* The client is elsewhere: the server says what it knows. */
static void server_add(const struct worker *w, const struct echo_pending_send *send, int64_t device_ns)
{
	enum { FIRST = ECHO_STAGE_SERVER_RECEIVE, COUNT = 4 };
	const int64_t at_ns[COUNT + 1] = { send->arrived_ns, send->received_ns, send->answered_ns, send->scheduler_ns,
		device_ns };
	int64_t ns[STAGES_MAX] = { 0 };

	if (send->counts && stages_between(at_ns, COUNT, ns + FIRST))
		stage_record_add(w->stages, ((1u << COUNT) - 1) << FIRST, ns);
}

void echo_server_stamped(void *ctx, const struct udp_stamp *stamp)
{
	struct echo_server_stages *s = ctx;
	struct echo_pending_send send = { 0 };

	if (!echo_pending_take(&s->pending, 0, stamp, &send))
		return;
	struct echo_slot *slot = server_slot(s, send.sequence);

	if (slot)
		server_tell(slot, &send, stamp->real_ns);
	else if (s->w->stages)
		server_add(s->w, &send, stamp->real_ns);
}

static void server_await(struct echo_server_stages *s, const struct udp_reply *r, int64_t now_ns)
{
	const struct echo_pending_send send = {
		.sequence = echo_stages_sequence(r->to->data + r->offset),
		.since_ns = now_ns,
		.arrived_ns = r->to->arrived_ns,
		.received_ns = r->to->received_ns + s->clock_ns,
		.answered_ns = now_ns + s->clock_ns,
		.counts = s->w->phase == PHASE_MEASURE,
	};

	if (s->w->stages && send.counts)
		stage_record_stamped(s->w->stages);
	echo_pending_add(&s->pending, &send);
}

/* After a failed send nobody knows which key is the next. */
static void server_mend(struct echo_server_stages *s, struct udp_port *port)
{
	struct err ignored = ERR_NONE;

	if (!port->totals.stamps_lost)
		return;
	port->totals.stamps_lost = 0;
	udp_stamps_on(port->config.fd, &ignored);
	echo_pending_restart(&s->pending, 0);
}

void echo_server_stages_sent(
	struct echo_server_stages *s, struct udp_port *port, const struct udp_reply *reply, unsigned count, int64_t now_ns)
{
	for (unsigned i = 0; i < count; i++)
		if (reply[i].stamp)
			server_await(s, &reply[i], now_ns);
	server_mend(s, port);
	echo_server_stages_read(s, port);
}

void echo_server_stages_read(struct echo_server_stages *s, struct udp_port *port)
{
	if (!s->pending.count)
		return;
	udp_read_stamps(port, 2 * s->pending.count);
	if (s->pending.count)
		echo_pending_expire(&s->pending, clock_now_ns());
}

void echo_server_stages_look(struct echo_server_stages *s)
{
	s->clock_ns = echo_stages_clock();
}
