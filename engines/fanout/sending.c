/* Mode fanout, the writers: one round's sends. */
#include <errno.h>

#include "base/clock.h"
#include "engines/fanout/ports/ports.h"
#include "engines/fanout/writer.h"
#include "engines/udp/joined.h"

enum { BURST = 128 }; /* datagrams of a poll, where a round has more */

static const int64_t NOBODY_NS = NS_PER_MS; /* before the next try where nobody is there */

void fanout_plan_sends(const struct fanout_shared *s, struct writer *x)
{
	unsigned readers = s->method->multicast ? 1 : x->count, most = FANOUT_BYTES_MAX / s->bytes;

	x->copies = s->method->multicast ? x->count : 1;
	x->packets = s->each * readers;
	x->pieces = 1;
	if (s->method->segments) {
		most = most < UDP_JOINED_MAX ? most : UDP_JOINED_MAX;
		x->pieces = s->each < most ? s->each : most;
	}
	x->sends = x->sent = (s->each + x->pieces - 1) / x->pieces * readers;
}

int fanout_fill_payload(const struct worker *w, struct writer *x, struct err *err)
{
	const struct fanout_shared *s = fanout_shared_of(w);
	struct udp_send *slot;
	unsigned n = x->port->method->send_slots(x->port, &slot);

	if (fanout_payload_init(&x->payload, s->bytes, s->seed) < 0)
		return err_sys(err, ENOMEM, "open the writer");
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < x->pieces; k++)
			memcpy(slot[i].data + (size_t)k * s->bytes, x->payload.bytes, s->bytes);
	return 0;
}

/* The readers take turns: each gets its first datagram before one gets its second. */
static unsigned reader_of(const struct writer *x, unsigned send)
{
	return x->copies > 1 ? 0 : send % x->count;
}

static unsigned pieces_of(const struct fanout_shared *s, const struct writer *x, unsigned send)
{
	unsigned before = (x->copies > 1 ? send : send / x->count) * x->pieces;

	return s->each - before < x->pieces ? s->each - before : x->pieces;
}

static void write_send(const struct fanout_shared *s, struct writer *x, struct udp_send *slot, unsigned send, int64_t now_ns)
{
	unsigned reader = x->first + reader_of(x, send), pieces = x->pieces > 1 ? pieces_of(s, x, send) : 1;
	uint32_t token = s->token + (s->method->multicast ? 0 : reader);

	for (unsigned i = 0; i < pieces; i++) {
		uint8_t *at = slot->data + (size_t)i * s->bytes;

		if (s->unique)
			fanout_payload_fill(&x->payload, at, s->bytes);
		fanout_put(at, s->bytes, x->cycle.round, token, now_ns);
	}
	slot->len = s->bytes * pieces;
	slot->to = s->method->connected ? NULL : s->method->multicast ? &s->group : &s->to[reader];
}

/* Datagrams that the kernel refused for good: nobody will get them. */
static void look_at_errors(struct writer *x)
{
	uint64_t more = x->port->totals.send_errors - x->errors;

	if (!more)
		return;
	x->errors += more;
	x->failed += more * x->copies * x->pieces;
	atomic_store_explicit(&x->desk->failed, (uint64_t)x->cycle.round << 32 | (x->failed & UINT32_MAX), memory_order_seq_cst);
}

static int send_burst(struct worker *w, struct writer *x, struct err *err)
{
	const struct fanout_shared *s = fanout_shared_of(w);
	struct udp_send *slot;
	int64_t now_ns = clock_now_ns();

	if (s->method->connected)
		udp_group_use(&x->group, x->sent % x->count);
	unsigned room = x->port->method->send_slots(x->port, &slot), left = x->sends - x->sent;
	unsigned n = s->method->connected ? 1 : room < left ? room : left;
	for (unsigned i = 0; i < n; i++)
		write_send(s, x, &slot[i], x->sent + i, now_ns);
	int taken = x->port->method->send_burst(x->port, n, err);
	if (taken < 0)
		return taken;
	x->sent += (unsigned)taken;
	x->blocked = (unsigned)taken < n;
	look_at_errors(x);
	return taken;
}

/* The kernel has no room, or nobody is there. */
static void await_room(struct worker *w, struct writer *x)
{
	bool nobody = x->port->totals.unreachable != x->unreachable;

	x->unreachable = x->port->totals.unreachable;
	w->wait.fd[x->waits] = (struct pollfd){ .fd = x->group.count > 1 ? x->port->config.fd : x->port->wait,
		.events = x->port->wait_out };
	w->wait.count = nobody ? x->waits : x->waits + 1;
	w->wait.until_ns = nobody ? clock_now_ns() + NOBODY_NS : 0;
}

int fanout_send_some(struct worker *w, struct writer *x, struct err *err)
{
	int done = 0, n = 0;

	do {
		n = send_burst(w, x, err);
		if (n < 0)
			return n;
		done += n;
	} while (n && !x->blocked && x->sent < x->sends && done < BURST);
	if (x->blocked)
		await_room(w, x);
	/* Slots that are all still being sent come back without a wait. */
	if (x->sent < x->sends)
		return done ? done : !x->blocked;
	atomic_store_explicit(&x->desk->sent_each, ++x->whole * fanout_shared_of(w)->each, memory_order_relaxed);
	x->cycle.sent_ns = x->cycle.moved_ns = clock_now_ns();
	x->cycle.step = FANOUT_AWAIT;
	return done;
}
