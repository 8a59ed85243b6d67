/* Method packet: see packet.h. */
#include "engines/udp/packet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "engines/packet/hosts.h"
#include "engines/packet/ring.h"

enum {
	RING_BURSTS = 2, /* the device may still have one */
};

struct packet {
	struct udp_port port;    /* first */
	struct udp_port *socket; /* method mmsg: has the socket, and receives */
	struct ring ring;
	struct frame_hosts hosts;
	unsigned interface; /* that the ring is bound to; 0: none yet */
	struct udp_send *slot;
	uint8_t *out_bytes;
	/* payload of the latest datagram of this burst, and its sum */
	const uint8_t *summed;
	uint32_t summed_bytes;
	uint16_t sum;
};

static struct packet *packet_of(struct udp_port *port)
{
	return (struct packet *)port;
}

/* ---- who can have it ---- */

bool udp_packet_probe(char *why, size_t size)
{
	return ring_probe(why, size);
}

void udp_packet_limits(const struct options *o, const struct plan *plan, enum role role, struct method_limits *limits)
{
	uint32_t mtu = udp_plan_mtu(plan, role), most = frame_payload_max(plan->address_family, mtu);

	(void)o;
	if (!mtu || most >= limits->datagram_bytes)
		return;
	limits->datagram_bytes = most;
	snprintf(limits->bytes_why, sizeof(limits->bytes_why), "one frame each, and %s has an MTU of %u", plan->interface, mtu);
}

/* ---- hosts ---- */

/* The ring sends through the interface of the first host. */
static int packet_find_host(struct packet *p, const union net_address *to, struct err *err)
{
	int rc = frame_hosts_find(&p->hosts, to, err);

	if (rc < 0 || p->interface == p->hosts.interface)
		return rc;
	rc = ring_bind(&p->ring, p->hosts.interface, err);
	if (rc >= 0)
		p->interface = p->hosts.interface;
	return rc;
}

static int packet_expect(struct udp_port *port, const union net_address *to, struct err *err)
{
	return packet_find_host(packet_of(port), to, err);
}

/* ---- life ---- */

static void packet_close(struct udp_port *port)
{
	struct packet *p = packet_of(port);

	if (!p)
		return;
	if (p->socket) {
		p->socket->config.fd = port->config.fd; /* -1: still the caller's */
		p->socket->method->close(p->socket);
	}
	ring_close(&p->ring);
	frame_hosts_close(&p->hosts);
	if (port->wait >= 0)
		close(port->wait);
	free(p->slot);
	free(p->out_bytes);
	free(p);
}

static int packet_open_socket(struct packet *p, struct err *err)
{
	struct udp_config config = p->port.config;

	config.send_bytes = 0;
	return udp_mmsg.open(&udp_mmsg, &config, &p->socket, err);
}

int udp_open_hosts(const struct udp_port *port, struct frame_hosts *ret_hosts, struct err *err)
{
	const struct udp_config *c = &port->config;
	const struct frame_hosts_config config = {
		.method = port->method->method.name,
		.path = c->path,
		.path_state = c->path_state,
		.role = c->role,
		.fd = c->fd,
		.connected = c->connected,
		.send_bytes = c->send_bytes,
	};

	return frame_hosts_open(ret_hosts, &config, err);
}

static int packet_open_ring(struct packet *p, struct err *err)
{
	const struct udp_config *c = &p->port.config;
	struct ring_config config = {
		.path = c->path,
		.path_state = c->path_state,
		.role = c->role,
		.slots = RING_BURSTS * p->port.batch,
		.frame_bytes = FRAME_HEADERS_MAX + c->send_bytes,
	};

	return ring_open(&p->ring, &config, err);
}

static int packet_open_wait(struct packet *p, struct err *err)
{
	struct epoll_event receive = { .events = EPOLLIN }, room = { .events = EPOLLONESHOT };

	p->port.wait = epoll_create1(EPOLL_CLOEXEC);
	if (p->port.wait < 0)
		return err_sys(err, errno, "epoll_create1");
	if (epoll_ctl(p->port.wait, EPOLL_CTL_ADD, p->port.config.fd, &receive) < 0 ||
		epoll_ctl(p->port.wait, EPOLL_CTL_ADD, p->ring.fd, &room) < 0)
		return err_sys(err, errno, "epoll_ctl");
	p->port.wait_in = p->port.wait_out = EPOLLIN;
	return 0;
}

static int packet_open_slots(struct packet *p, struct err *err)
{
	size_t n = p->port.batch, stride = udp_stride(p->port.config.send_bytes);

	if (!p->port.config.send_bytes)
		return 0;
	p->slot = calloc(n, sizeof(*p->slot));
	p->out_bytes = calloc(n, stride);
	if (!p->slot || !p->out_bytes)
		return err_sys(err, ENOMEM, "open UDP port (packet), %zu buffers", n);
	for (size_t i = 0; i < n; i++)
		p->slot[i] = (struct udp_send){ .data = p->out_bytes + i * stride, .len = p->port.config.send_bytes };
	return 0;
}

static int packet_open_parts(struct packet *p, struct err *err)
{
	int rc;

	if ((rc = packet_open_socket(p, err)) < 0 || (rc = packet_open_ring(p, err)) < 0 ||
		(rc = udp_open_hosts(&p->port, &p->hosts, err)) < 0)
		return rc;
	if ((rc = packet_open_wait(p, err)) < 0 || (rc = packet_open_slots(p, err)) < 0)
		return rc;
	return p->port.config.connected ? packet_find_host(p, &p->hosts.peer, err) : 0;
}

static int packet_open(
	const struct udp_method *method, const struct udp_config *config, struct udp_port **ret_port, struct err *err)
{
	struct packet *p = calloc(1, sizeof(*p));

	if (!p)
		return err_sys(err, ENOMEM, "open UDP port (packet)");
	p->ring.fd = -1;
	int rc = udp_port_init(&p->port, method, config, err);
	p->port.wait = -1;
	if (rc >= 0)
		rc = packet_open_parts(p, err);
	if (rc < 0) {
		p->port.config.fd = -1; /* still the caller's */
		packet_close(&p->port);
		return rc;
	}
	*ret_port = &p->port;
	return 0;
}

/* ---- receiving and answering: the socket's method does it ---- */

static int packet_recv(struct udp_port *port, unsigned max, struct udp_datagram **ret_burst, struct err *err)
{
	struct packet *p = packet_of(port);
	int n = p->socket->method->recv_burst(p->socket, max, ret_burst, err);

	udp_take_totals(port, p->socket);
	return n;
}

static int packet_reply(struct udp_port *port, const struct udp_reply *replies, unsigned count, struct err *err)
{
	struct packet *p = packet_of(port);
	int n = p->socket->method->reply_burst(p->socket, replies, count, err);

	udp_take_totals(port, p->socket);
	return n;
}

static void packet_release(struct udp_port *port)
{
	struct packet *p = packet_of(port);

	p->socket->method->release(p->socket);
}

/* ---- sending ---- */

/* 1: in the ring; 0: there is no room; or -errno with *err, -EMSGSIZE without. */
static int packet_put(struct packet *p, const struct udp_send *s, struct err *err)
{
	int rc = packet_find_host(p, s->to ? s->to : &p->hosts.peer, err);

	if (rc < 0)
		return rc;
	const struct frame_host *host = frame_hosts_latest(&p->hosts);
	const struct frame_template *t = &host->template;
	if (s->len > host->payload_max || s->len > p->port.config.send_bytes)
		return -EMSGSIZE;
	uint8_t *frame = ring_slot(&p->ring);
	if (!frame)
		return 0;
	uint8_t *payload = frame + t->header_bytes;
	memcpy(payload, s->data, s->len);
	if (s->data != p->summed || s->len != p->summed_bytes) {
		p->sum = frame_sum(s->data, s->len);
		p->summed = s->data;
		p->summed_bytes = s->len;
	}
	frame_write(t, (uint16_t)net_port(s->to ? s->to : &p->hosts.peer), s->len, p->sum, frame);
	ring_queue(&p->ring, t->header_bytes + s->len);
	return 1;
}

/* Gives the first n of them, which are in the ring, to the kernel; how many are done with. */
static unsigned packet_flush(struct packet *p, const struct udp_send *s, unsigned n, bool *ret_goes_on)
{
	struct udp_totals *t = &p->port.totals;
	uint64_t calls = p->ring.totals.calls;
	int why;
	unsigned taken = ring_flush(&p->ring, &why);

	t->syscalls += p->ring.totals.calls - calls;
	t->sent_packets += taken;
	for (unsigned i = 0; i < taken; i++)
		t->sent_bytes += s[i].len;
	if (taken == n)
		return n;
	enum udp_fate fate = udp_send_failed(&p->port, why);

	*ret_goes_on = fate != UDP_KEEP;
	return taken + (fate == UDP_DROP);
}

/* The wait ends when the ring has room. */
static void packet_await_room(struct packet *p)
{
	struct epoll_event room = { .events = EPOLLOUT | EPOLLONESHOT };

	p->port.totals.syscalls++;
	epoll_ctl(p->port.wait, EPOLL_CTL_MOD, p->ring.fd, &room);
}

/* After a datagram that did not get into the ring, behind n that did; 0 or -errno. */
static int packet_left_out(struct packet *p, int rc, unsigned n, unsigned *done, bool *goes_on)
{
	if (rc == -EMSGSIZE) {
		p->port.totals.send_errors++;
		p->port.totals.send_errno = EMSGSIZE;
		++*done;
		return 0;
	}
	/* Flushing may have made room. */
	if (!rc && !n) {
		p->port.totals.send_busy++;
		*goes_on = false;
	}
	return rc;
}

static int packet_send(struct udp_port *port, unsigned count, struct err *err)
{
	struct packet *p = packet_of(port);
	unsigned done = 0;
	bool goes_on = true;

	p->summed = NULL;
	while (done < count && goes_on) {
		unsigned n = 0;
		int rc = 1;

		while (done + n < count && (rc = packet_put(p, &p->slot[done + n], err)) > 0)
			n++;
		unsigned over = packet_flush(p, &p->slot[done], n, &goes_on);
		done += over;
		if (over == n && rc <= 0 && (rc = packet_left_out(p, rc, n, &done, &goes_on)) < 0)
			return rc;
	}
	if (!goes_on)
		packet_await_room(p);
	return (int)done;
}

static unsigned packet_slots(struct udp_port *port, struct udp_send **ret_slots)
{
	*ret_slots = packet_of(port)->slot;
	return port->slots;
}

const struct udp_method udp_packet = {
	.method = UDP_PACKET_METHOD,
	.open = packet_open,
	.expect = packet_expect,
	.recv_burst = packet_recv,
	.reply_burst = packet_reply,
	.release = packet_release,
	.send_slots = packet_slots,
	.send_burst = packet_send,
	.drops = udp_socket_drops,
	.close = packet_close,
};
