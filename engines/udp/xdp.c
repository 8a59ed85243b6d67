/* Method xdp: its life, receiving and answering.  See xdp.h. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engines/packet/turn.h"
#include "engines/udp/xdp_port.h"

enum {
	FRAMES = 4096, /* to receive into and to answer from */
	SMALL_FRAME_BYTES = 2048,
	LOOK_ASIDE = 16, /* times that nothing came, before the socket is looked at */
};

/* ---- who can have it ---- */

bool udp_xdp_probe_sends(char *why, size_t size)
{
	return xdp_socket_probe(why, size);
}

bool udp_xdp_probe(char *why, size_t size)
{
	return xdp_program_probe(why, size) && xdp_socket_probe(why, size);
}

/* 0: not known. */
static unsigned xdp_queues(const struct options *o, const struct plan *plan, enum role role)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	struct ifreq request = { .ifr_data = (void *)&channels };
	struct err err = ERR_NONE;

	if (plan_on_veth(o))
		return (unsigned)options_number(o, "veth-queues");
	int fd = path_socket(plan, role, AF_INET, SOCK_DGRAM, 0, &err);
	if (fd < 0)
		return 0;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", plan->interface);
	int rc = ioctl(fd, SIOCETHTOOL, &request);
	close(fd);
	return rc < 0 ? 0 : channels.combined_count + channels.rx_count;
}

/* A queue for each worker, a frame for each datagram. */
static void xdp_limit(const struct options *o, const struct plan *plan, enum role role, struct method_limits *limits)
{
	uint32_t mtu = plan_on_veth(o) ? (uint32_t)options_number(o, "mtu") : udp_plan_mtu(plan, role);
	uint32_t most = XDP_FRAME_BYTES_MAX - XDP_HEADROOM_BYTES - FRAME_ETHERNET_BYTES;
	unsigned queues = xdp_queues(o, plan, role);
	uint32_t bytes = frame_payload_max(plan->address_family, mtu && mtu < most ? mtu : most);

	if (queues && queues < limits->workers) {
		limits->workers = queues;
		snprintf(
			limits->workers_why, sizeof(limits->workers_why), "a queue each, and %s has %u", plan->interface, queues);
	}
	if (bytes >= limits->datagram_bytes)
		return;
	limits->datagram_bytes = bytes;
	snprintf(limits->bytes_why, sizeof(limits->bytes_why), "one frame each of at most %u bytes, and %s has an MTU of %u",
		most, plan->interface, mtu);
}

void udp_xdp_limits(const struct options *o, const struct plan *plan, enum role role, struct method_limits *limits)
{
	if (role != ROLE_SERVER)
		return;
	xdp_limit(o, plan, role, limits);
	if (plan_on_veth(o) || strcmp(plan->interface, "lo") != 0)
		return;
	limits->workers = 0;
	snprintf(limits->workers_why, sizeof(limits->workers_why),
		"does not answer over lo, which has no queue of its own: --path veth");
}

void udp_xdp_limits_sends(const struct options *o, const struct plan *plan, enum role role, struct method_limits *limits)
{
	if (role == ROLE_CLIENT)
		xdp_limit(o, plan, role, limits);
}

/* ---- life ---- */

static void xdp_close(struct udp_port *port)
{
	struct udp_xdp *x = xdp_of(port);

	if (!x)
		return;
	/* First the way to the socket, then the socket. */
	xdp_program_close(x->program);
	xdp_socket_close(&x->xsk);
	xdp_close_sends(x);
	if (x->socket) {
		x->socket->config.fd = port->config.fd; /* -1: still the caller's */
		x->socket->method->close(x->socket);
	}
	if (port->wait >= 0)
		close(port->wait);
	free(x->lent);
	free(x->from);
	free(x->frame);
	free(x->answered);
	free(x);
}

/* Asked of the socket's namespace. */
static int xdp_find_interface(struct udp_xdp *x, struct err *err)
{
	struct ifreq request = { 0 };
	int fd = x->port.config.fd;

	if (!*xdp_interface(x))
		return err_say(err, ENOTSUP, "method xdp needs one interface: --listen an address that one of them has");
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", xdp_interface(x));
	if (ioctl(fd, SIOCGIFINDEX, &request) < 0)
		return err_sys(err, errno, "find interface %s", xdp_interface(x));
	x->interface = (unsigned)request.ifr_ifindex;
	if (ioctl(fd, SIOCGIFMTU, &request) < 0)
		return err_sys(err, errno, "find the MTU of %s", xdp_interface(x));
	x->mtu = (uint32_t)request.ifr_mtu;
	return 0;
}

int xdp_open_socket(struct udp_xdp *x, uint32_t frames, struct err *err)
{
	const struct udp_config *c = &x->port.config;
	struct xdp_socket_config config = {
		.interface = x->interface,
		.queue = c->place.queue,
		.name = c->place.interface,
		.copying = (enum xdp_copying)c->xdp_mode,
		.receives = !c->send_bytes,
		.wants_checksums = c->send_bytes,
		.frames = frames,
		.frame_bytes = SMALL_FRAME_BYTES,
	};

	if (x->mtu + FRAME_ETHERNET_BYTES + XDP_HEADROOM_BYTES > config.frame_bytes)
		config.frame_bytes = XDP_FRAME_BYTES_MAX;
	config.fd = c->path->socket(c->path_state, c->role, AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0, err);
	return config.fd < 0 ? config.fd : xdp_socket_open(&x->xsk, &config, err);
}

static int xdp_open_program(struct udp_xdp *x, struct err *err)
{
	union net_address own = { 0 };
	socklen_t size = sizeof(own);

	if (getsockname(x->port.config.fd, &own.sa, &size) < 0)
		return err_sys(err, errno, "getsockname");
	x->header_bytes = xdp_header_bytes(own.sa.sa_family);
	int rc = xdp_program_open(x->port.config.fd, x->interface, xdp_interface(x), &own, &x->program, err);
	return rc < 0 ? rc : xdp_program_set_socket(x->program, x->port.config.place.queue, x->xsk.fd, err);
}

static int xdp_open_lends(struct udp_xdp *x, struct err *err)
{
	size_t n = x->port.batch;

	x->lent = calloc(n, sizeof(*x->lent));
	x->from = calloc(n, sizeof(*x->from));
	x->frame = calloc(n, sizeof(*x->frame));
	x->answered = calloc(n, sizeof(*x->answered));
	if (!x->lent || !x->from || !x->frame || !x->answered)
		return err_sys(err, ENOMEM, "open UDP port (xdp), %zu frames", n);
	for (unsigned i = 0; i < n; i++)
		x->lent[i] = (struct udp_datagram){ .from = &x->from[i], .slot = i };
	return 0;
}

static int xdp_open_answers(struct udp_xdp *x, struct err *err)
{
	int rc;

	if (x->port.config.beside)
		return err_say(err, ENOTSUP, "method xdp listens on one address: say which (--listen)");
	if (!strcmp(xdp_interface(x), "lo"))
		return err_say(err, ENOTSUP, "method xdp does not answer over lo, which has no queue of its own: --path veth");
	if ((rc = xdp_open_lends(x, err)) < 0 || (rc = xdp_open_socket(x, FRAMES, err)) < 0)
		return rc;
	if ((rc = xdp_open_program(x, err)) < 0)
		return rc;
	snprintf(x->port.how, sizeof(x->port.how), "%s XDP on %s, frames %s",
		xdp_program_hook(x->program) == XDP_HOOK_NATIVE ? "native" : "generic", xdp_interface(x),
		x->xsk.zero_copy ? "not copied" : "copied by the kernel");
	return 0;
}

static int xdp_watch(struct udp_xdp *x, int operation, int fd, uint32_t events, struct err *err)
{
	struct epoll_event event = { .events = events };

	return epoll_ctl(x->port.wait, operation, fd, &event) < 0 ? err_sys(err, errno, "epoll_ctl") : 0;
}

static int xdp_open_wait(struct udp_xdp *x, struct err *err)
{
	x->port.wait = epoll_create1(EPOLL_CLOEXEC);
	if (x->port.wait < 0)
		return err_sys(err, errno, "epoll_create1");
	x->port.wait_in = x->port.wait_out = EPOLLIN;
	int rc = xdp_watch(x, EPOLL_CTL_ADD, x->port.config.fd, EPOLLIN, err);
	return rc < 0 ? rc : xdp_watch(x, EPOLL_CTL_ADD, x->xsk.fd, EPOLLIN, err);
}

static int xdp_open_parts(struct udp_xdp *x, struct err *err)
{
	struct udp_config config = x->port.config;
	int rc;

	config.send_bytes = 0;
	if ((rc = udp_mmsg.open(&udp_mmsg, &config, &x->socket, err)) < 0 || (rc = xdp_find_interface(x, err)) < 0)
		return rc;
	rc = x->port.config.send_bytes ? xdp_open_sends(x, err) : xdp_open_answers(x, err);
	return rc < 0 ? rc : xdp_open_wait(x, err);
}

static int xdp_open_client(const struct udp_config *config, struct udp_port **ret_port, struct err *err)
{
	int rc = udp_mmsg.open(&udp_mmsg, config, ret_port, err);

	if (rc >= 0)
		snprintf((*ret_port)->why, sizeof((*ret_port)->why), "it is for those who answer");
	return rc;
}

static int xdp_open(const struct udp_method *method, const struct udp_config *config, struct udp_port **ret_port, struct err *err)
{
	struct udp_xdp *x;

	if (config->connected)
		return xdp_open_client(config, ret_port, err);
	x = calloc(1, sizeof(*x));
	if (!x)
		return err_sys(err, ENOMEM, "open UDP port (xdp)");
	x->xsk.fd = -1;
	int rc = udp_port_init(&x->port, method, config, err);
	x->port.wait = -1;
	if (rc >= 0)
		rc = xdp_open_parts(x, err);
	if (rc < 0) {
		x->port.config.fd = -1; /* still the caller's */
		xdp_close(&x->port);
		return rc;
	}
	*ret_port = &x->port;
	return 0;
}

/* ---- what leaves ---- */

/* Counts those that the kernel has taken since the last time. */
static uint32_t xdp_count_sent(struct udp_xdp *x)
{
	uint32_t more = __atomic_load_n(x->xsk.send.consumer, __ATOMIC_ACQUIRE) - x->xsk.sent;

	for (uint32_t i = 0; i < more; i++)
		x->port.totals.sent_bytes += xdp_socket_length(&x->xsk, i) - x->header_bytes;
	x->port.totals.sent_packets += more;
	x->xsk.sent += more;
	return more;
}

int xdp_say_gone(const struct udp_xdp *x, int errnum, struct err *err)
{
	return err_say(err, errnum, "%s is gone or down: method xdp has no queue any more", xdp_interface(x));
}

/* The latest of those that were taken did not leave. */
static void xdp_take_back(struct udp_xdp *x)
{
	struct udp_totals *t = &x->port.totals;

	x->undone--;
	t->send_errors++;
	t->send_errno = EBUSY;
	t->sent_packets--;
	t->sent_bytes -= xdp_socket_length(&x->xsk, UINT32_MAX) - x->header_bytes;
}

int xdp_push(struct udp_xdp *x, uint32_t *ret_left, struct err *err)
{
	bool goes_on = true;

	while (goes_on && xdp_socket_unsent(&x->xsk)) {
		/* The device looks by itself unless it says otherwise. */
		if (x->xsk.zero_copy && !xsk_ring_prod__needs_wakeup(&x->xsk.send))
			break;
		int errnum = xdp_socket_kick(&x->xsk);
		uint32_t more = xdp_count_sent(x);

		x->port.totals.syscalls++;
		if (errnum == ENETDOWN || errnum == ENXIO)
			return xdp_say_gone(x, errnum, err);
		/* The kernel took it, and may show so with the next one only. */
		x->undone += errnum == EBUSY;
		if (more && x->undone)
			xdp_take_back(x);
		goes_on = more || errnum == EBUSY;
	}
	xdp_count_sent(x);
	*ret_left = xdp_socket_unsent(&x->xsk);
	x->port.totals.send_busy += *ret_left && !x->xsk.zero_copy;
	return 0;
}

/* ---- receiving ---- */

/* Nothing has come in: now and then the socket is asked for what the program has passed on. */
static int xdp_look_aside(struct udp_xdp *x, unsigned max, struct udp_datagram **ret_burst, struct err *err)
{
	if (x->gone)
		return xdp_say_gone(x, x->gone, err);
	if (++x->blind % LOOK_ASIDE)
		return 0;
	int n = x->socket->method->recv_burst(x->socket, max, ret_burst, err);
	udp_take_totals(&x->port, x->socket);
	x->lends_socket = n > 0;
	return n;
}

/* A frame that came in becomes the next datagram to be lent, if it is a good one. */
static void xdp_lend(struct udp_xdp *x, const struct xdp_desc *came)
{
	struct udp_datagram *d = &x->lent[x->lends];
	struct frame_datagram in;

	if (!frame_read(xdp_socket_frame(&x->xsk, came->addr), came->len, &in)) {
		x->port.totals.bad_frame++;
		xdp_socket_spare(&x->xsk, came->addr);
		return;
	}
	x->from[x->lends] = in.from;
	x->frame[x->lends] = came->addr;
	x->answered[x->lends] = false;
	d->data = in.payload;
	d->len = d->segment = in.payload_bytes;
	x->lends++;
}

static int xdp_recv(struct udp_port *port, unsigned max, struct udp_datagram **ret_burst, struct err *err)
{
	struct udp_xdp *x = xdp_of(port);
	uint32_t at, n;

	if (!x->lent)
		return x->socket->method->recv_burst(x->socket, max, ret_burst, err);
	xdp_socket_reap(&x->xsk);
	xdp_socket_feed(&x->xsk);
	n = xsk_ring_cons__peek(&x->xsk.receive, max < port->batch ? max : port->batch, &at);
	if (!n)
		return xdp_look_aside(x, max, ret_burst, err);
	x->blind = 0;
	for (uint32_t i = 0; i < n; i++)
		xdp_lend(x, xsk_ring_cons__rx_desc(&x->xsk.receive, at + i));
	xsk_ring_cons__release(&x->xsk.receive, n);
	*ret_burst = x->lent;
	return (int)x->lends;
}

static void xdp_release(struct udp_port *port)
{
	struct udp_xdp *x = xdp_of(port);

	if (x->lends_socket || !x->lent)
		x->socket->method->release(x->socket);
	x->lends_socket = false;
	for (unsigned i = 0; i < x->lends; i++)
		if (!x->answered[i])
			xdp_socket_spare(&x->xsk, x->frame[i]);
	x->lends = x->waiting = 0;
}

/* ---- answering ---- */

/* The ring has room for all frames that there are. */
static void xdp_queue_answer(struct udp_xdp *x, const struct udp_reply *reply)
{
	unsigned i = reply->to->slot;
	struct xdp_desc *out;
	uint32_t at;

	if (!xsk_ring_prod__reserve(&x->xsk.send, 1, &at))
		return;
	out = xsk_ring_prod__tx_desc(&x->xsk.send, at);
	*out = (struct xdp_desc){
		.addr = x->frame[i],
		.len = frame_turn(xdp_socket_frame(&x->xsk, x->frame[i]), reply->len),
	};
	xsk_ring_prod__submit(&x->xsk.send, 1);
	x->answered[i] = true;
}

/* A wait ends, too, when there is room to send, or no longer. */
static int xdp_await_room(struct udp_xdp *x, int fd, bool *is, bool awaits, struct err *err)
{
	if (awaits == *is)
		return 0;
	*is = awaits;
	x->port.totals.syscalls++;
	return xdp_watch(x, EPOLL_CTL_MOD, fd, awaits ? EPOLLIN | EPOLLOUT : EPOLLIN, err);
}

static int xdp_reply(struct udp_port *port, const struct udp_reply *replies, unsigned count, struct err *err)
{
	struct udp_xdp *x = xdp_of(port);
	uint32_t left = 0;
	int rc;

	if (x->lends_socket || !x->lent) {
		rc = x->socket->method->reply_burst(x->socket, replies, count, err);
		udp_take_totals(port, x->socket);
		int waits = rc < 0 ? rc : xdp_await_room(x, port->config.fd, &x->socket_awaits_room, (unsigned)rc < count, err);
		return waits < 0 ? waits : rc;
	}
	/* The first of them stand in the ring already. */
	for (unsigned i = x->waiting; i < count; i++)
		xdp_queue_answer(x, &replies[i]);
	rc = xdp_push(x, &left, err);
	/* Some of those may be of a burst that was given back before they were taken. */
	x->waiting = x->xsk.zero_copy ? 0 : left < count ? left : count;
	if (rc >= 0)
		rc = xdp_await_room(x, x->xsk.fd, &x->awaits_room, x->waiting, err);
	return rc < 0 ? rc : (int)(count - x->waiting);
}

/* ---- losses ---- */

static int xdp_drops(struct udp_port *port, uint32_t *ret_drops)
{
	struct udp_xdp *x = xdp_of(port);
	struct udp_totals *t = &port->totals;
	struct xdp_losses lost;

	if (!x->lent)
		return udp_socket_drops(port, ret_drops);
	t->syscalls += 2;
	if (xdp_socket_losses(&x->xsk, &lost) == 0) {
		t->no_frame = lost.no_frame;
		t->ring_full = lost.ring_full;
	}
	/* poll(2) does not tell. */
	if (!x->gone)
		x->gone = -xdp_socket_error(&x->xsk);
	return udp_socket_drops(port, ret_drops);
}

const struct udp_method udp_xdp = {
	.method = UDP_XDP_METHOD,
	.open = xdp_open,
	.expect = xdp_expect,
	.recv_burst = xdp_recv,
	.reply_burst = xdp_reply,
	.release = xdp_release,
	.send_slots = xdp_slots,
	.send_burst = xdp_send,
	.drops = xdp_drops,
	.close = xdp_close,
};
