/* Method gso: neighbours that are sent go through the kernel as one packet (UDP_SEGMENT, Linux
 * 4.18), and what arrived so, or was put together on the way, is received as one (UDP_GRO, Linux
 * 5.0).  Each half can be switched off.  Packets that hold several datagrams are sent and received
 * a burst a call, as in mmsg; where nothing can be joined, mmsg is what runs.
 *
 * Costs: one walk through the stack for up to 128 datagrams, against a buffer of 64 KiB for each
 * packet received.  A packet goes where its first datagram goes: to one of several sockets. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "engines/udp/joined.h"

enum {
	CONTROL_OUT_BYTES = 2 * UDP_CONTROL_BYTES,
	REMEMBERED = 1024, /* packets that hold several, the latest */
	MARK_BYTES = 16,   /* of their first datagram */
};

/* Of a message that is sent. */
struct gso_piece {
	unsigned packets;
	uint32_t bytes;
	bool ends; /* a reply: nothing of it is left */
};

/* A packet that was sent: nobody there answers it with one ICMP error, for all of its datagrams. */
struct gso_sent {
	uint8_t mark[MARK_BYTES];
	unsigned packets;
};

/* Arrays of what comes in have `batch` elements, those of what goes out `out_max`. */
struct gso {
	struct udp_port port; /* first */
	struct mmsghdr *in, *out;
	struct iovec *in_part, *out_part;
	struct udp_datagram *lent;
	union net_address *from;
	uint8_t *in_bytes, *in_control, *out_bytes, *out_control;
	struct udp_send *slot; /* their data stands without gaps, so that neighbours are one part */
	struct gso_piece *piece;
	struct gso_sent *sent; /* [REMEMBERED], of connected ports */
	unsigned sent_next;
	unsigned out_max;
	unsigned used;     /* elements of in that the last receive changed */
	uint32_t answered; /* bytes sent of the first reply that is not yet whole */
	bool recut;        /* the last send found out that fewer datagrams can be joined */
};

static struct gso *gso_of(struct udp_port *port)
{
	return (struct gso *)port;
}

/* ---- what comes back ---- */

static unsigned gso_packets_of(struct udp_port *port, const uint8_t *data, size_t len)
{
	struct gso *g = gso_of(port);

	for (unsigned i = 0; len >= MARK_BYTES && i < REMEMBERED; i++) {
		struct gso_sent *s = &g->sent[i];
		unsigned packets = s->packets;

		if (!packets || memcmp(s->mark, data, MARK_BYTES) != 0)
			continue;
		s->packets = 0;
		return packets;
	}
	return 1;
}

static void gso_remember(struct gso *g, const struct msghdr *message, unsigned packets)
{
	struct gso_sent *s = &g->sent[g->sent_next++ % REMEMBERED];

	s->packets = packets;
	memcpy(s->mark, message->msg_iov[0].iov_base, MARK_BYTES);
}

/* ---- open and close ---- */

static void gso_close(struct udp_port *port)
{
	struct gso *g = gso_of(port);

	if (!g)
		return;
	void *all[] = { g->in, g->out, g->in_part, g->out_part, g->lent, g->from, g->in_bytes, g->in_control, g->out_bytes,
		g->out_control, g->slot, g->piece, g->sent };
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]);
	if (port->config.fd >= 0)
		net_close(port->config.fd);
	free(g);
}

/* Does it ask for addresses? */
static bool gso_has_addresses(const struct gso *g)
{
	return !g->port.config.connected && !g->port.config.only_receives;
}

static uint32_t gso_in_bytes(const struct udp_config *config)
{
	return config->gro ? UDP_JOINED_BUFFER : config->datagram_bytes;
}

static size_t gso_in_control(const struct udp_config *config)
{
	return config->gro || config->want_local ? UDP_CONTROL_BYTES : 0;
}

static bool gso_allocate(struct gso *g)
{
	const struct udp_config *config = &g->port.config;
	size_t in = g->port.batch, out = g->out_max;
	bool ok = (g->in = calloc(in, sizeof(*g->in))) && (g->in_part = calloc(in, sizeof(*g->in_part))) &&
		  (g->lent = calloc(in, sizeof(*g->lent))) && (g->in_control = calloc(in, UDP_CONTROL_BYTES)) &&
		  (g->in_bytes = malloc(in * udp_stride(gso_in_bytes(config))));

	ok = ok && (g->out = calloc(out, sizeof(*g->out))) && (g->out_part = calloc(out, sizeof(*g->out_part))) &&
	     (g->piece = calloc(out, sizeof(*g->piece))) && (g->out_control = calloc(out, CONTROL_OUT_BYTES));
	if (ok && gso_has_addresses(g))
		ok = (g->from = calloc(in, sizeof(*g->from)));
	if (ok && config->connected)
		ok = (g->sent = calloc(REMEMBERED, sizeof(*g->sent)));
	if (ok && config->send_bytes)
		ok = (g->slot = calloc(out, sizeof(*g->slot))) && (g->out_bytes = calloc(out, config->send_bytes));
	return ok;
}

static void gso_prepare(struct gso *g)
{
	const struct udp_config *config = &g->port.config;

	for (unsigned i = 0; i < g->port.batch; i++) {
		uint8_t *data = g->in_bytes + i * udp_stride(gso_in_bytes(config));
		struct msghdr *message = &g->in[i].msg_hdr;

		g->in_part[i] = (struct iovec){ data, gso_in_bytes(config) };
		*message = (struct msghdr){ .msg_iov = &g->in_part[i], .msg_iovlen = 1 };
		message->msg_control = gso_in_control(config) ? g->in_control + i * UDP_CONTROL_BYTES : NULL;
		message->msg_name = g->from ? &g->from[i] : NULL;
		g->lent[i] = (struct udp_datagram){ .data = data, .slot = i, .from = g->from ? &g->from[i] : NULL };
	}
	for (unsigned i = 0; g->slot && i < g->port.slots; i++)
		g->slot[i] = (struct udp_send){ .data = g->out_bytes + (size_t)i * config->send_bytes,
			.len = config->send_bytes };
	g->used = g->port.batch;
}

static int gso_init(struct gso *g, const struct udp_method *method, const struct udp_config *config, struct err *err)
{
	struct udp_port *port = &g->port;
	int rc = udp_port_init(port, method, config, err);

	if (rc < 0)
		return rc;
	port->batch = udp_batch_fitting(config->batch, gso_in_bytes(config));
	port->slots = udp_batch_fitting(config->batch, config->send_bytes);
	port->segments_max = config->gro ? UDP_JOINED_MAX : 1;
	port->joined_max = config->gso ? UDP_JOINED_MAX : 1;
	port->packets_of = config->connected ? gso_packets_of : NULL;
	g->out_max = port->slots > port->batch ? port->slots : port->batch;
	return gso_allocate(g) ? 0 : err_sys(err, ENOMEM, "open UDP port (gso), %u buffers", port->batch);
}

/* Is another method what runs?  Then *why has the reason. */
static bool gso_is_vain(const struct udp_config *config, char *why, size_t size)
{
	if (config->gso || config->gro)
		return udp_joining_is_vain(config->fd, config->connected, config->usual_bytes, why, size);
	snprintf(why, size, "--gso no and --gro no leave nothing of it");
	return true;
}

static int gso_fall_back(const struct udp_config *config, const char *why, struct udp_port **ret_port, struct err *err)
{
	struct udp_config plain = *config;

	plain.gso = plain.gro = false;
	int rc = udp_mmsg.open(&udp_mmsg, &plain, ret_port, err);
	if (rc >= 0)
		snprintf((*ret_port)->why, sizeof((*ret_port)->why), "%s", why);
	return rc;
}

static int gso_open(const struct udp_method *method, const struct udp_config *config, struct udp_port **ret_port, struct err *err)
{
	char why[sizeof((*ret_port)->why)];

	if (gso_is_vain(config, why, sizeof(why)))
		return gso_fall_back(config, why, ret_port, err);
	struct gso *g = calloc(1, sizeof(*g));
	if (!g)
		return err_sys(err, ENOMEM, "open UDP port (gso)");
	int rc = gso_init(g, method, config, err);
	if (rc < 0) {
		g->port.config.fd = -1; /* still the caller's */
		gso_close(&g->port);
		return rc;
	}
	gso_prepare(g);
	*ret_port = &g->port;
	return 0;
}

/* ---- receive ---- */

/* Restores the fields that the kernel wrote over with the last burst. */
static void gso_renew(struct gso *g)
{
	for (unsigned i = 0; i < g->used; i++) {
		g->in[i].msg_hdr.msg_namelen = g->from ? sizeof(g->from[i]) : 0;
		g->in[i].msg_hdr.msg_controllen = gso_in_control(&g->port.config);
	}
	g->used = 0;
}

static int gso_recv(struct udp_port *port, unsigned max, struct udp_datagram **ret_burst, struct err *err)
{
	struct gso *g = gso_of(port);

	gso_renew(g);
	int n = udp_recvmmsg(port, g->in, max < port->batch ? max : port->batch, err);
	if (n <= 0)
		return n;
	int64_t now = port->config.want_time ? clock_now_ns() : 0;
	for (int i = 0; i < n; i++) {
		struct udp_datagram *d = &g->lent[i];

		d->len = g->in[i].msg_len;
		d->segment = port->config.gro ? udp_joined_segment(&g->in[i].msg_hdr, d->len) : d->len;
		d->truncated = g->in[i].msg_hdr.msg_flags & MSG_TRUNC;
		d->received_ns = now;
	}
	g->used = (unsigned)n;
	*ret_burst = g->lent;
	return n;
}

static void gso_release(struct udp_port *port)
{
	gso_of(port)->answered = 0;
}

/* ---- send ---- */

/* The kernel would not cut this message: fewer datagrams go in one from now on. */
static bool gso_cannot_cut(struct gso *g, const struct gso_piece *piece, int errnum)
{
	if (piece->packets < 2 || !udp_is_uncut(errnum))
		return false;
	bool old = errnum == EINVAL && piece->packets > UDP_JOINED_OLD_MAX;
	g->port.joined_max = old ? UDP_JOINED_OLD_MAX : 1;
	g->port.totals.uncut += !old;
	g->recut = true;
	return true;
}

static void gso_account(struct gso *g, unsigned from, unsigned end)
{
	struct udp_totals *t = &g->port.totals;

	for (unsigned i = from; i < end; i++) {
		t->sent_packets += g->piece[i].packets;
		t->sent_joined += g->piece[i].packets - 1;
		t->sent_bytes += g->piece[i].bytes;
		if (g->sent && g->piece[i].packets > 1 && g->out[i].msg_hdr.msg_iov[0].iov_len >= MARK_BYTES)
			gso_remember(g, &g->out[i].msg_hdr, g->piece[i].packets);
	}
}

/* Sends the messages out[0..count) in order; returns how many were taken. */
static unsigned gso_transmit(struct gso *g, unsigned count)
{
	struct udp_port *port = &g->port;
	unsigned done = 0;

	g->recut = false;
	while (done < count) {
		int n = sendmmsg(port->config.fd, g->out + done, count - done, MSG_DONTWAIT);

		port->totals.syscalls++;
		if (n > 0) {
			gso_account(g, done, done + (unsigned)n);
			done += (unsigned)n;
			continue;
		}
		if (gso_cannot_cut(g, &g->piece[done], errno))
			break;
		enum udp_fate fate = udp_send_failed(port, errno);
		if (fate == UDP_KEEP)
			break;
		if (fate == UDP_DROP)
			port->totals.send_errors += g->piece[done++].packets - 1;
	}
	return done;
}

static void gso_message(struct gso *g, unsigned at, struct msghdr *asked, uint32_t segment)
{
	struct msghdr *message = &g->out[at].msg_hdr;

	udp_joined_control(
		message, g->out_control + at * (size_t)CONTROL_OUT_BYTES, asked, g->piece[at].packets > 1 ? segment : 0);
}

/* Makes messages of slot[from..count); returns how many. */
static unsigned gso_join(struct gso *g, unsigned from, unsigned count)
{
	bool connected = g->port.config.connected;
	unsigned messages = 0, n;

	for (unsigned i = from; i < count; i += n, messages++) {
		const struct udp_send *s = &g->slot[i];
		struct msghdr *message = &g->out[messages].msg_hdr;

		n = udp_joined_neighbours(s, count - i, g->port.joined_max);
		g->piece[messages].packets = n;
		message->msg_iov = &g->out_part[i];
		message->msg_iovlen = udp_joined_gather(s, n, message->msg_iov, &g->piece[messages].bytes);
		message->msg_name = connected ? NULL : (void *)s->to;
		message->msg_namelen = connected || !s->to ? 0 : net_address_bytes(s->to);
		gso_message(g, messages, NULL, s->len);
	}
	return messages;
}

static unsigned gso_slots(struct udp_port *port, struct udp_send **ret_slots)
{
	*ret_slots = gso_of(port)->slot;
	return port->slots;
}

static int gso_send(struct udp_port *port, unsigned count, struct err *err)
{
	struct gso *g = gso_of(port);
	unsigned done = 0;

	(void)err;
	do {
		unsigned sent = gso_transmit(g, gso_join(g, done, count));

		for (unsigned i = 0; i < sent; i++)
			done += g->piece[i].packets;
	} while (g->recut);
	return (int)done;
}

/* ---- reply ---- */

/* The next message of reply r, of which `at` bytes are done. */
static void gso_reply_piece(struct gso *g, unsigned message, const struct udp_reply *r, uint32_t at)
{
	uint32_t segment = r->to->segment, left = r->len - at;
	uint32_t most = segment * udp_joined_most(segment, g->port.joined_max), bytes = left < most ? left : most;
	struct msghdr *asked = &g->in[r->to->slot].msg_hdr, *back = &g->out[message].msg_hdr;

	g->piece[message] = (struct gso_piece){
		.packets = segment ? (bytes + segment - 1) / segment : 1,
		.bytes = bytes,
		.ends = bytes == left,
	};
	g->out_part[message] = (struct iovec){ r->to->data + r->offset + at, bytes };
	back->msg_iov = &g->out_part[message];
	back->msg_iovlen = 1;
	back->msg_name = asked->msg_name;
	back->msg_namelen = asked->msg_namelen;
	gso_message(g, message, g->port.config.want_local ? asked : NULL, segment);
}

/* Makes messages of the replies, from where the last send ended; returns how many. */
static unsigned gso_split(struct gso *g, const struct udp_reply *replies, unsigned count)
{
	unsigned messages = 0;
	uint32_t at = g->answered;

	for (unsigned i = 0; i < count && messages < g->out_max; messages++) {
		gso_reply_piece(g, messages, &replies[i], at);
		bool ends = g->piece[messages].ends;
		at = ends ? 0 : at + g->piece[messages].bytes;
		i += ends;
	}
	return messages;
}

/* These messages are out; returns how many replies that has ended. */
static unsigned gso_answered(struct gso *g, unsigned messages)
{
	unsigned whole = 0;

	for (unsigned i = 0; i < messages; i++) {
		whole += g->piece[i].ends;
		g->answered = g->piece[i].ends ? 0 : g->answered + g->piece[i].bytes;
	}
	return whole;
}

static int gso_reply(struct udp_port *port, const struct udp_reply *replies, unsigned count, struct err *err)
{
	struct gso *g = gso_of(port);
	unsigned done = 0, made, sent;

	(void)err;
	do {
		made = gso_split(g, replies + done, count - done);
		sent = gso_transmit(g, made);
		done += gso_answered(g, sent);
	} while (done < count && (sent == made || g->recut));
	return (int)done;
}

static bool gso_probe(char *why, size_t size)
{
	return udp_can_join(why, size) && udp_can_receive_joined(why, size);
}

const struct udp_method udp_gso = {
	.method = { .name = "gso",
		.summary = "up to 128 datagrams through the kernel as one (UDP_SEGMENT, UDP_GRO), a burst a call",
		.probe = gso_probe },
	.many = true,
	.joining = UDP_JOINS,
	.open = gso_open,
	.recv_burst = gso_recv,
	.reply_burst = gso_reply,
	.release = gso_release,
	.send_slots = gso_slots,
	.send_burst = gso_send,
	.drops = udp_socket_drops,
	.close = gso_close,
};
