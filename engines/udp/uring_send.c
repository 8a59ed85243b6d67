/* Method uring, what it sends: bursts of slots, and replies.  See uring.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engines/udp/uring_port.h"

/* Replies on their way for each buffer: where it holds several datagrams, answers may have gaps. */
enum { REPLIES_JOINED = 2 };

/* ---- what comes back ---- */

/* Nobody there answers a packet with one ICMP error, for all of its datagrams. */
static void uring_remember(struct udp_uring *u, const uint8_t *first, unsigned packets)
{
	struct uring_joined *j = &u->joined[u->joined_next++ % URING_REMEMBERED];

	j->packets = packets;
	memcpy(j->mark, first, sizeof(j->mark));
}

static unsigned uring_packets_of(struct udp_port *port, const uint8_t *data, size_t len)
{
	struct udp_uring *u = uring_of(port);

	for (unsigned i = 0; i < URING_REMEMBERED && len >= sizeof(u->joined->mark); i++) {
		unsigned packets = u->joined[i].packets;

		if (!packets || memcmp(u->joined[i].mark, data, sizeof(u->joined->mark)) != 0)
			continue;
		u->joined[i].packets = 0;
		return packets;
	}
	return 1;
}

/* ---- life ---- */

int uring_sends_open(struct udp_uring *u)
{
	const struct udp_config *config = &u->port.config;
	unsigned n = u->port.slots, replies = u->buffers.count * (u->port.segments_max > 1 ? REPLIES_JOINED : 1);
	unsigned all = n + replies;

	if (!(u->message = calloc(all, sizeof(*u->message))) || !(u->again = calloc(all, sizeof(*u->again))) ||
		!(u->spare = calloc(replies, sizeof(*u->spare))))
		return -ENOMEM;
	for (; u->spares < replies; u->spares++)
		u->spare[u->spares] = all - 1 - u->spares;
	if (config->gso && config->connected && config->send_bytes >= URING_MARK_BYTES) {
		if (!(u->joined = calloc(URING_REMEMBERED, sizeof(*u->joined))))
			return -ENOMEM;
		u->port.packets_of = uring_packets_of;
	}
	if (!config->send_bytes)
		return 0;
	if (!(u->slot = calloc(n, sizeof(*u->slot))) || !(u->out_bytes = calloc(n, uring_slot_stride(config))))
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++)
		u->slot[i] = (struct udp_send){ .data = u->out_bytes + i * uring_slot_stride(config), .len = config->send_bytes };
	return 0;
}

void uring_sends_close(struct udp_uring *u)
{
	void *all[] = { u->slot, u->out_bytes, u->message, u->spare, u->again, u->joined };

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]);
}

/* ---- pieces ---- */

/* The bytes that go next. */
static uint32_t uring_next_piece(const struct udp_uring *u, const struct uring_message *m)
{
	uint32_t left = m->bytes - m->done;

	if (left <= m->segment)
		return left;
	uint32_t most = m->segment * udp_joined_most(m->segment, u->port.joined_max);
	return left < most ? left : most;
}

static unsigned uring_packets(const struct uring_message *m)
{
	return m->piece > m->segment ? (m->piece + m->segment - 1) / m->segment : 1;
}

static void uring_prepare(struct udp_uring *u, struct uring_message *m, struct io_uring_sqe *sqe, int flags)
{
	const uint8_t *from = m->data + m->done;

	if (m->piece <= m->segment && !m->asked.msg_controllen) {
		io_uring_prep_send(sqe, (int)u->index, from, m->piece, flags);
		if (m->to)
			io_uring_prep_send_set_addr(sqe, &m->to->sa, m->to_bytes);
		return;
	}
	m->part = (struct iovec){ (void *)from, m->piece };
	m->header =
		(struct msghdr){ .msg_name = (void *)m->to, .msg_namelen = m->to_bytes, .msg_iov = &m->part, .msg_iovlen = 1 };
	udp_joined_control(
		&m->header, m->control, m->asked.msg_controllen ? &m->asked : NULL, m->piece > m->segment ? m->segment : 0);
	io_uring_prep_sendmsg(sqe, (int)u->index, &m->header, (unsigned)flags);
}

/* flags: MSG_DONTWAIT, which completes inside the call, or 0: the kernel waits for room. */
static bool uring_queue(struct udp_uring *u, uint32_t which, int flags)
{
	struct uring_message *m = &u->message[which];
	struct io_uring_sqe *sqe = uring_sqe(u->ring);

	if (!sqe)
		return false;
	m->piece = uring_next_piece(u, m);
	uring_prepare(u, m, sqe, flags);
	uring_tag(u->ring, sqe, u->index, which);
	m->prompt = flags != 0;
	u->ring->prompt += m->prompt;
	return true;
}

void uring_send_again(struct udp_uring *u)
{
	unsigned n = u->agains, left = 0;

	for (unsigned i = 0; i < n; i++)
		if (!uring_queue(u, u->again[i], 0))
			u->again[left++] = u->again[i];
	u->agains = left;
}

/* ---- completions ---- */

/* The kernel would not cut the piece: from now on fewer datagrams go in one. */
static bool uring_is_uncut(struct udp_uring *u, const struct uring_message *m, int errnum)
{
	if (m->piece <= m->segment || !udp_is_uncut(errnum))
		return false;
	bool old = errnum == EINVAL && uring_packets(m) > UDP_JOINED_OLD_MAX;
	u->port.joined_max = old ? UDP_JOINED_OLD_MAX : 1;
	u->port.totals.uncut += !old;
	return true;
}

/* Is the piece done with?  Else it is made again. */
static bool uring_account(struct udp_uring *u, struct uring_message *m, int res)
{
	struct udp_totals *t = &u->port.totals;
	unsigned packets = uring_packets(m);
	uint64_t unreachable = t->unreachable;

	if (res >= 0) {
		if (packets > 1 && u->joined)
			uring_remember(u, m->data + m->done, packets);
		t->sent_packets += packets;
		t->sent_joined += packets - 1;
		t->sent_bytes += (uint64_t)res;
		return true;
	}
	if (res == -ECANCELED)
		return true;
	if (uring_is_uncut(u, m, -res))
		return false;
	if (udp_send_failed(&u->port, -res) == UDP_DROP) {
		t->send_errors += packets - 1;
		return true;
	}
	u->nobody |= t->unreachable != unreachable;
	return false;
}

static void uring_end(struct udp_uring *u, uint32_t which)
{
	struct uring_message *m = &u->message[which];

	u->out--;
	m->busy = false;
	for (unsigned i = 1; i < m->slots; i++)
		u->message[which + i].busy = false;
	if (m->slots)
		return;
	u->spare[u->spares++] = which;
	uring_let_go(u, m->buffer);
}

void uring_sent(struct udp_uring *u, uint32_t which, int res)
{
	struct uring_message *m = &u->message[which];

	u->ring->prompt -= m->prompt;
	if (uring_account(u, m, res)) {
		m->done += m->piece;
		if (m->done >= m->bytes) {
			uring_end(u, which);
			return;
		}
	}
	u->again[u->agains++] = which;
}

/* ---- answering ---- */

static void uring_fill_reply(struct udp_uring *u, struct uring_message *m, const struct udp_reply *r)
{
	struct io_uring_recvmsg_out *o = (struct io_uring_recvmsg_out *)uring_buffers_at(&u->buffers, r->to->slot);

	m->data = r->to->data + r->offset;
	m->bytes = r->len;
	m->segment = r->to->segment;
	m->done = 0;
	m->to = r->to->from;
	m->to_bytes = (uint16_t)o->namelen;
	m->buffer = (uint16_t)r->to->slot;
	m->slots = 0;
	m->asked.msg_controllen = 0;
	if (!u->port.config.want_local)
		return;
	m->asked.msg_control = (uint8_t *)io_uring_recvmsg_name(o) + u->shape.msg_namelen;
	m->asked.msg_controllen = o->controllen;
}

int uring_reply(struct udp_port *port, const struct udp_reply *replies, unsigned count, struct err *err)
{
	struct udp_uring *u = uring_of(port);
	unsigned done = 0;

	(void)err;
	for (; done < count && u->spares; done++) {
		uint32_t which = u->spare[u->spares - 1];
		struct uring_message *m = &u->message[which];

		uring_fill_reply(u, m, &replies[done]);
		if (!uring_queue(u, which, MSG_DONTWAIT))
			break;
		u->spares--;
		u->holders[m->buffer]++;
		u->out++;
	}
	port->totals.send_busy += done < count;
	uring_port_show(u);
	return (int)done;
}

/* ---- sending ---- */

/* Those that are free and stand side by side, from the one on that is to be used next. */
static unsigned uring_slots_free(struct udp_uring *u)
{
	unsigned n = 0;

	if (!u->out || u->first_slot == u->port.slots)
		u->first_slot = 0;
	while (u->first_slot + n < u->port.slots && !u->message[u->first_slot + n].busy)
		n++;
	return n;
}

unsigned uring_slots(struct udp_port *port, struct udp_send **ret_slots)
{
	struct udp_uring *u = uring_of(port);
	struct err ignored = ERR_NONE; /* comes again with the next call */
	unsigned n = uring_slots_free(u);

	if (!n && uring_port_turn(u, &ignored) >= 0)
		n = uring_slots_free(u);
	*ret_slots = &u->slot[u->first_slot];
	return n;
}

/* How many of slot[0..count) go in one message: those that stand side by side in memory, too. */
static unsigned uring_neighbours(const struct udp_send *slot, unsigned count, unsigned joined_max)
{
	unsigned most = slot->len ? udp_joined_most(slot->len, joined_max) : 1, n = 1;

	if (most > count)
		most = count;
	while (n < most && slot[n].to == slot->to && !slot[n].apart && slot[n - 1].len == slot->len && slot[n].len &&
		slot[n].len <= slot->len && slot[n].data == slot[n - 1].data + slot->len)
		n++;
	return n;
}

static void uring_fill_message(struct udp_uring *u, unsigned first, unsigned n)
{
	const struct udp_send *s = &u->slot[first];
	struct uring_message *m = &u->message[first];

	m->data = s->data;
	m->bytes = (n - 1) * s->len + s[n - 1].len;
	m->segment = s->len;
	m->done = 0;
	m->to = s->to;
	m->to_bytes = (uint16_t)(s->to ? net_address_bytes(s->to) : 0);
	m->slots = (uint16_t)n;
}

int uring_send(struct udp_port *port, unsigned count, struct err *err)
{
	struct udp_uring *u = uring_of(port);
	unsigned done = 0, n;

	if (u->nobody) {
		u->nobody = false;
		uring_send_again(u);
	}
	for (; done < count; done += n) {
		n = port->joined_max > 1 ? uring_neighbours(&u->slot[u->first_slot], count - done, port->joined_max) : 1;
		uring_fill_message(u, u->first_slot, n);
		if (!uring_queue(u, u->first_slot, MSG_DONTWAIT))
			break;
		for (unsigned i = 0; i < n; i++)
			u->message[u->first_slot++].busy = true;
		u->out++;
	}
	port->totals.send_busy += done < count;
	uring_port_show(u);
	int rc = port->config.waits ? 0 : uring_port_turn(u, err);
	return rc < 0 ? rc : (int)done;
}
