/* Method single: one recvfrom(2) and one sendto(2) a datagram. */
#include "engines/udp/port.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

enum { RECV_TRIES = 4 };

struct single {
	struct udp_port port; /* first */
	struct udp_datagram lent;
	struct udp_send slot;
	union net_address from;
	struct iovec part;
	/* used whole if the control message is wanted, else only for its name and length */
	struct msghdr message;
	alignas(struct cmsghdr) uint8_t control[UDP_CONTROL_STAMPED_BYTES];
	/* of a datagram that is sent, with config.stamped */
	alignas(struct cmsghdr) uint8_t out_control[2 * UDP_CONTROL_BYTES];
	bool wants_control;
	uint8_t *in_bytes, *out_bytes;
};

static struct single *single_of(struct udp_port *port)
{
	return (struct single *)port;
}

static void single_close(struct udp_port *port)
{
	struct single *s = single_of(port);

	if (!s)
		return;
	free(s->in_bytes);
	free(s->out_bytes);
	if (port->config.fd >= 0)
		net_close(port->config.fd);
	free(s);
}

static int single_open(
	const struct udp_method *method, const struct udp_config *config, struct udp_port **ret_port, struct err *err)
{
	struct udp_config one = *config;
	struct single *s = calloc(1, sizeof(*s));

	if (!s)
		return err_sys(err, ENOMEM, "open UDP port (single)");
	one.batch = 1;
	int rc = udp_port_init(&s->port, method, &one, err);
	if (rc >= 0 && (!(s->in_bytes = malloc(config->datagram_bytes)) ||
			       (config->send_bytes && !(s->out_bytes = calloc(1, config->send_bytes)))))
		rc = err_sys(err, ENOMEM, "open UDP port (single)");
	if (rc < 0) {
		s->port.config.fd = -1; /* still the caller's */
		single_close(&s->port);
		return rc;
	}
	s->lent = (struct udp_datagram){ .data = s->in_bytes, .from = config->connected ? NULL : &s->from };
	s->slot = (struct udp_send){ .data = s->out_bytes, .len = config->send_bytes };
	s->part = (struct iovec){ s->in_bytes, config->datagram_bytes };
	s->message = (struct msghdr){ .msg_name = &s->from, .msg_iov = &s->part, .msg_iovlen = 1 };
	s->wants_control = config->want_local || config->stamped;
	*ret_port = &s->port;
	return 0;
}

/* The datagram's length, which is more than the buffer's where it was truncated. */
static ssize_t receive_once(struct single *s)
{
	int fd = s->port.config.fd, flags = MSG_DONTWAIT | MSG_TRUNC;

	s->port.totals.syscalls++;
	if (s->port.config.connected && !s->wants_control)
		return recv(fd, s->in_bytes, s->port.config.datagram_bytes, flags);
	s->message.msg_namelen = sizeof(s->from);
	if (!s->wants_control)
		return recvfrom(fd, s->in_bytes, s->port.config.datagram_bytes, flags, &s->from.sa, &s->message.msg_namelen);
	s->part = (struct iovec){ s->in_bytes, s->port.config.datagram_bytes };
	s->message.msg_control = s->control;
	s->message.msg_controllen = sizeof(s->control);
	return recvmsg(fd, &s->message, flags);
}

static int single_recv(struct udp_port *port, unsigned max, struct udp_datagram **ret_burst, struct err *err)
{
	struct single *s = single_of(port);

	(void)max;
	for (unsigned tries = 0; tries < RECV_TRIES; tries++) {
		ssize_t len = receive_once(s);

		if (len < 0) {
			int rc = udp_recv_failed(port, errno, err);
			if (rc <= 0)
				return rc;
			continue;
		}
		s->lent.truncated = (size_t)len > port->config.datagram_bytes;
		s->lent.len = s->lent.segment = s->lent.truncated ? port->config.datagram_bytes : (uint32_t)len;
		s->lent.received_ns = port->config.want_time ? clock_now_ns() : 0;
		if (port->config.stamped)
			s->lent.arrived_ns = udp_stamps_arrival(&s->message);
		*ret_burst = &s->lent;
		return 1;
	}
	return 0;
}

/* After a send: 1 = taken, 0 = not now, -1 = once more. */
static int account(struct udp_port *port, ssize_t len, bool stamp)
{
	port->totals.syscalls++;
	if (len >= 0) {
		port->totals.sent_packets++;
		port->totals.sent_bytes += (uint64_t)len;
		return 1;
	}
	port->totals.stamps_lost += stamp;
	enum udp_fate fate = udp_send_failed(port, errno);

	return fate == UDP_AGAIN ? -1 : fate == UDP_DROP;
}

/* What came with the question is still needed if this one is tried again. */
static ssize_t reply_stamped(struct single *s, bool stamp)
{
	struct msghdr back = s->message;

	udp_stamps_control(&back, s->out_control, s->port.config.want_local ? &s->message : NULL, stamp);
	return sendmsg(s->port.config.fd, &back, MSG_DONTWAIT);
}

static ssize_t reply_once(struct single *s, const struct udp_reply *r)
{
	uint8_t *data = r->to->data + r->offset;

	if (!s->port.config.want_local && !r->stamp)
		return sendto(s->port.config.fd, data, r->len, MSG_DONTWAIT, &s->from.sa, s->message.msg_namelen);
	s->part = (struct iovec){ data, r->len };
	if (s->port.config.stamped)
		return reply_stamped(s, r->stamp);
	udp_control_for_reply(&s->message);
	return sendmsg(s->port.config.fd, &s->message, MSG_DONTWAIT);
}

static int single_reply(struct udp_port *port, const struct udp_reply *replies, unsigned count, struct err *err)
{
	unsigned done = 0;
	int fate = 1;

	(void)err;
	while (done < count && fate) {
		fate = account(port, reply_once(single_of(port), &replies[done]), replies[done].stamp);
		done += fate > 0;
	}
	return (int)done;
}

static void single_release(struct udp_port *port)
{
	(void)port; /* there is one buffer, and the next recv_burst() takes it */
}

static unsigned single_slots(struct udp_port *port, struct udp_send **ret_slots)
{
	*ret_slots = &single_of(port)->slot;
	return 1;
}

static ssize_t send_stamped(struct udp_port *port, const struct udp_send *s)
{
	struct iovec part = { s->data, s->len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	message.msg_name = (void *)s->to;
	message.msg_namelen = s->to ? net_address_bytes(s->to) : 0;
	udp_stamps_choose(&message, true);
	return sendmsg(port->config.fd, &message, MSG_DONTWAIT);
}

static ssize_t send_once(struct udp_port *port, const struct udp_send *s)
{
	if (s->stamp)
		return send_stamped(port, s);
	if (!s->to)
		return send(port->config.fd, s->data, s->len, MSG_DONTWAIT);
	return sendto(port->config.fd, s->data, s->len, MSG_DONTWAIT, &s->to->sa, net_address_bytes(s->to));
}

static int single_send(struct udp_port *port, unsigned count, struct err *err)
{
	int fate = -1;

	(void)err;
	while (count && fate < 0)
		fate = account(port, send_once(port, &single_of(port)->slot), single_of(port)->slot.stamp);
	return count && fate;
}

const struct udp_method udp_single = {
	.method = { .name = "single", .summary = "recvfrom and sendto, a datagram a call" },
	.many = true,
	.stamps = true,
	.open = single_open,
	.recv_burst = single_recv,
	.reply_burst = single_reply,
	.release = single_release,
	.send_slots = single_slots,
	.send_burst = single_send,
	.drops = udp_socket_drops,
	.close = single_close,
};
