/* Method mmsg: recvmmsg(2) and sendmmsg(2), a burst a call. */
#include "engines/udp/port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* All arrays have `batch` elements; headers are set once, and only what the kernel changes is
 * set again. */
struct mmsg {
	struct udp_port port; /* first */
	struct mmsghdr *in, *back, *out;
	struct iovec *in_part, *back_part, *out_part;
	struct udp_datagram *lent;
	struct udp_send *slot;
	union net_address *from;
	uint8_t *in_bytes, *out_bytes, *control;
	uint8_t *back_control;  /* with config.stamped; 2 * UDP_CONTROL_BYTES each */
	unsigned control_bytes; /* that come in with a datagram, at most */
	unsigned used;          /* elements of in that the last receive changed */
};

static struct mmsg *mmsg_of(struct udp_port *port)
{
	return (struct mmsg *)port;
}

static void mmsg_close(struct udp_port *port)
{
	struct mmsg *m = mmsg_of(port);

	if (!m)
		return;
	void *all[] = { m->in, m->back, m->out, m->in_part, m->back_part, m->out_part, m->lent, m->slot, m->from, m->in_bytes,
		m->out_bytes, m->control, m->back_control };
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]);
	if (port->config.fd >= 0)
		net_close(port->config.fd);
	free(m);
}

/* Does it ask for addresses? */
static bool has_addresses(const struct mmsg *m)
{
	return !m->port.config.connected && !m->port.config.only_receives;
}

static bool allocate(struct mmsg *m)
{
	const struct udp_config *config = &m->port.config;
	size_t n = m->port.batch;
	bool ok = (m->in = calloc(n, sizeof(*m->in))) && (m->in_part = calloc(n, sizeof(*m->in_part))) &&
		  (m->lent = calloc(n, sizeof(*m->lent))) && (m->in_bytes = malloc(n * udp_stride(config->datagram_bytes)));

	if (ok && has_addresses(m))
		ok = (m->back = calloc(n, sizeof(*m->back))) && (m->back_part = calloc(n, sizeof(*m->back_part))) &&
		     (m->from = calloc(n, sizeof(*m->from)));
	if (ok && has_addresses(m) && config->stamped)
		ok = (m->back_control = calloc(n, 2 * UDP_CONTROL_BYTES));
	if (ok && m->control_bytes)
		ok = (m->control = calloc(n, m->control_bytes));
	if (ok && config->send_bytes)
		ok = (m->out = calloc(n, sizeof(*m->out))) && (m->out_part = calloc(n, sizeof(*m->out_part))) &&
		     (m->slot = calloc(n, sizeof(*m->slot))) && (m->out_bytes = calloc(n, udp_stride(config->send_bytes)));
	return ok;
}

static void prepare_in(struct mmsg *m, unsigned i)
{
	const struct udp_config *config = &m->port.config;
	uint8_t *data = m->in_bytes + i * udp_stride(config->datagram_bytes);

	m->in_part[i] = (struct iovec){ data, config->datagram_bytes };
	m->in[i].msg_hdr = (struct msghdr){ .msg_iov = &m->in_part[i], .msg_iovlen = 1 };
	m->lent[i] = (struct udp_datagram){ .data = data, .slot = i };
	if (m->control_bytes)
		m->in[i].msg_hdr.msg_control = m->control + (size_t)i * m->control_bytes;
	if (!has_addresses(m))
		return;
	m->in[i].msg_hdr.msg_name = &m->from[i];
	m->lent[i].from = &m->from[i];
	m->back[i].msg_hdr = (struct msghdr){ .msg_iov = &m->back_part[i], .msg_iovlen = 1 };
}

static void prepare_out(struct mmsg *m, unsigned i)
{
	const struct udp_config *config = &m->port.config;

	m->slot[i] = (struct udp_send){ .data = m->out_bytes + i * udp_stride(config->send_bytes), .len = config->send_bytes };
	m->out[i].msg_hdr = (struct msghdr){ .msg_iov = &m->out_part[i], .msg_iovlen = 1 };
}

static int mmsg_open(
	const struct udp_method *method, const struct udp_config *config, struct udp_port **ret_port, struct err *err)
{
	struct mmsg *m = calloc(1, sizeof(*m));

	if (!m)
		return err_sys(err, ENOMEM, "open UDP port (mmsg)");
	int rc = udp_port_init(&m->port, method, config, err);
	m->control_bytes = config->stamped ? UDP_CONTROL_STAMPED_BYTES : config->want_local ? UDP_CONTROL_BYTES : 0;
	if (rc >= 0 && !allocate(m))
		rc = err_sys(err, ENOMEM, "open UDP port (mmsg), %u buffers", m->port.batch);
	if (rc < 0) {
		m->port.config.fd = -1; /* still the caller's */
		mmsg_close(&m->port);
		return rc;
	}
	for (unsigned i = 0; i < m->port.batch; i++)
		prepare_in(m, i);
	for (unsigned i = 0; config->send_bytes && i < m->port.batch; i++)
		prepare_out(m, i);
	m->used = m->port.batch;
	*ret_port = &m->port;
	return 0;
}

/* Restores the fields that the kernel wrote over with the last burst. */
static void renew(struct mmsg *m)
{
	bool addresses = has_addresses(m);

	for (unsigned i = 0; i < m->used && (addresses || m->control_bytes); i++) {
		m->in[i].msg_hdr.msg_namelen = addresses ? sizeof(m->from[i]) : 0;
		m->in[i].msg_hdr.msg_controllen = m->control_bytes;
	}
	m->used = 0;
}

static void mmsg_arrivals(struct mmsg *m, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		m->lent[i].arrived_ns = udp_stamps_arrival(&m->in[i].msg_hdr);
}

static int mmsg_recv(struct udp_port *port, unsigned max, struct udp_datagram **ret_burst, struct err *err)
{
	struct mmsg *m = mmsg_of(port);

	renew(m);
	int n = udp_recvmmsg(port, m->in, max < port->batch ? max : port->batch, err);
	if (n <= 0)
		return n;
	int64_t now = port->config.want_time ? clock_now_ns() : 0;
	for (int i = 0; i < n; i++) {
		struct udp_datagram *d = &m->lent[i];

		d->len = d->segment = m->in[i].msg_len;
		d->truncated = m->in[i].msg_hdr.msg_flags & MSG_TRUNC;
		d->received_ns = now;
	}
	if (port->config.stamped)
		mmsg_arrivals(m, (unsigned)n);
	m->used = (unsigned)n;
	*ret_burst = m->lent;
	return n;
}

static void account(struct udp_totals *t, const struct mmsghdr *sent, unsigned n)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < n; i++)
		bytes += sent[i].msg_len;
	t->sent_packets += n;
	t->sent_bytes += bytes;
}

/* A message that was tried, and did not go. */
static void mmsg_failed(struct udp_port *port, const struct msghdr *message)
{
	port->totals.stamps_lost += port->config.stamped && message->msg_controllen;
}

/* Sends in order; returns how many were taken. */
static unsigned transmit(struct udp_port *port, struct mmsghdr *message, unsigned count)
{
	unsigned done = 0;

	while (done < count) {
		int n = sendmmsg(port->config.fd, message + done, count - done, MSG_DONTWAIT);

		port->totals.syscalls++;
		if (n > 0) {
			account(&port->totals, message + done, (unsigned)n);
			done += (unsigned)n;
			if (done < count)
				mmsg_failed(port, &message[done].msg_hdr);
			continue;
		}
		mmsg_failed(port, &message[done].msg_hdr);
		enum udp_fate fate = udp_send_failed(port, errno);
		if (fate == UDP_KEEP)
			break;
		if (fate == UDP_DROP)
			done++;
	}
	return done;
}

/* What came with the question stays as it is: the reply may be tried again. */
static void mmsg_control(struct mmsg *m, unsigned i, struct msghdr *asked, bool stamp)
{
	udp_stamps_control(&m->back[i].msg_hdr, m->back_control + (size_t)i * 2 * UDP_CONTROL_BYTES,
		m->port.config.want_local ? asked : NULL, stamp);
}

static int mmsg_reply(struct udp_port *port, const struct udp_reply *replies, unsigned count, struct err *err)
{
	struct mmsg *m = mmsg_of(port);

	(void)err;
	if (count > port->batch)
		count = port->batch;
	for (unsigned i = 0; i < count; i++) {
		const struct udp_reply *r = &replies[i];
		struct msghdr *asked = &m->in[r->to->slot].msg_hdr, *back = &m->back[i].msg_hdr;

		m->back_part[i] = (struct iovec){ r->to->data + r->offset, r->len };
		back->msg_name = asked->msg_name;
		back->msg_namelen = asked->msg_namelen;
		if (!m->control_bytes)
			continue;
		if (port->config.stamped) {
			mmsg_control(m, i, asked, r->stamp);
			continue;
		}
		udp_control_for_reply(asked);
		back->msg_control = asked->msg_control;
		back->msg_controllen = asked->msg_controllen;
	}
	return (int)transmit(port, m->back, count);
}

static void mmsg_release(struct udp_port *port)
{
	(void)port; /* recv_burst() starts from the first buffer again */
}

static unsigned mmsg_slots(struct udp_port *port, struct udp_send **ret_slots)
{
	*ret_slots = mmsg_of(port)->slot;
	return port->slots;
}

static int mmsg_send(struct udp_port *port, unsigned count, struct err *err)
{
	struct mmsg *m = mmsg_of(port);

	(void)err;
	for (unsigned i = 0; i < count; i++) {
		const struct udp_send *s = &m->slot[i];

		m->out_part[i] = (struct iovec){ s->data, s->len };
		if (port->config.connected)
			continue;
		m->out[i].msg_hdr.msg_name = (void *)s->to;
		m->out[i].msg_hdr.msg_namelen = s->to ? net_address_bytes(s->to) : 0;
	}
	for (unsigned i = 0; port->config.stamped && i < count; i++)
		udp_stamps_choose(&m->out[i].msg_hdr, m->slot[i].stamp);
	return (int)transmit(port, m->out, count);
}

/* Seccomp filters that were written before the calls came forbid them (seccomp(2)).  -1 is no
 * descriptor: where they are there, they say so. */
static bool mmsg_probe(char *why, size_t size)
{
	const char *name = "sendmmsg";
	bool runs = sendmmsg(-1, NULL, 0, 0) < 0 && errno == EBADF;

	if (runs) {
		name = "recvmmsg";
		runs = recvmmsg(-1, NULL, 0, 0, NULL) < 0 && errno == EBADF;
	}
	if (!runs)
		snprintf(why, size, "%s: %s: a seccomp filter forbids it", name, strerror(errno));
	return runs;
}

const struct udp_method udp_mmsg = {
	.method = { .name = "mmsg", .summary = "recvmmsg and sendmmsg, a burst a call", .probe = mmsg_probe },
	.many = true,
	.stamps = true,
	.open = mmsg_open,
	.recv_burst = mmsg_recv,
	.reply_burst = mmsg_reply,
	.release = mmsg_release,
	.send_slots = mmsg_slots,
	.send_burst = mmsg_send,
	.drops = udp_socket_drops,
	.close = mmsg_close,
};
