/* Method packet: frames that are built here, handed to the kernel in a ring
 * (engines/packet/ring.h), so that no datagram passes the sender's UDP, IP and routing.  The way is
 * looked up once, in open(): all readers are on one host.  The UDP socket only owns the source
 * port.  It only sends. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "engines/fanout/ports/ports.h"
#include "engines/fanout/shared.h"
#include "engines/packet/frame.h"
#include "engines/packet/ring.h"
#include "engines/packet/route.h"

enum { SLOTS = 1024 };

static const int64_t NEIGHBOUR_NS = NS_PER_S; /* how long the next hop has to answer */

struct packet {
	struct udp_port port; /* first */
	struct ring ring;
	struct frame_template frame;
	struct udp_send *slot;
	uint8_t *bytes;
	uint64_t calls; /* of the ring, as counted */
};

static struct packet *packet_of(struct udp_port *port)
{
	return (struct packet *)port;
}

/* ---- open and close ---- */

static void packet_close(struct udp_port *port)
{
	struct packet *p = packet_of(port);

	if (!p)
		return;
	ring_close(&p->ring);
	free(p->slot);
	free(p->bytes);
	if (p->port.config.fd >= 0)
		close(p->port.config.fd);
	free(p);
}

/* The port that datagrams come from is nobody else's. */
static int own_port(int fd, int family, unsigned *ret_port, struct err *err)
{
	union net_address a = { .sa.sa_family = (sa_family_t)family };
	socklen_t size = sizeof(a);

	if (bind(fd, &a.sa, net_address_bytes(&a)) < 0)
		return err_sys(err, errno, "bind a port for method packet");
	if (getsockname(fd, &a.sa, &size) < 0)
		return err_sys(err, errno, "getsockname");
	*ret_port = net_port(&a);
	return 0;
}

/* The way to the readers, as far as it is the same for all of them. */
static int look_up(struct packet *p, const struct udp_config *config, struct route *ret_route, struct err *err)
{
	struct router router = { 0 };
	struct frame_ends ends = { .to = *config->peer };
	unsigned port = 0;
	int rc = own_port(config->fd, config->peer->sa.sa_family, &port, err);

	if (rc >= 0)
		rc = router_open(&router, config->path, config->path_state, config->role, err);
	if (rc >= 0)
		rc = router_find(&router, config->peer, NULL, NEIGHBOUR_NS, ret_route, err);
	router_close(&router);
	if (rc < 0)
		return rc;
	ends.from = ret_route->from;
	net_set_port(&ends.from, port);
	memcpy(ends.from_mac, ret_route->from_mac, sizeof(ends.from_mac));
	memcpy(ends.to_mac, ret_route->to_mac, sizeof(ends.to_mac));
	rc = frame_check_payload(config->peer, ret_route->name, ret_route->mtu, config->send_bytes, err);
	return rc < 0 ? rc : frame_template_init(&p->frame, &ends, err);
}

static int open_ring(struct packet *p, const struct udp_config *config, const struct route *route, struct err *err)
{
	struct ring_config ring = {
		.path = config->path,
		.path_state = config->path_state,
		.role = config->role,
		.slots = config->send_bytes < 4096 ? SLOTS : p->port.batch,
		.frame_bytes = p->frame.header_bytes + config->send_bytes,
	};
	int rc = ring_open(&p->ring, &ring, err);

	return rc < 0 ? rc : ring_bind(&p->ring, route->interface, err);
}

static int make_slots(struct packet *p, struct err *err)
{
	size_t n = p->port.batch, stride = udp_stride(p->port.config.send_bytes);

	p->slot = calloc(n, sizeof(*p->slot));
	p->bytes = calloc(n, stride);
	if (!p->slot || !p->bytes)
		return err_sys(err, ENOMEM, "open UDP port (packet), %zu buffers", n);
	for (size_t i = 0; i < n; i++)
		p->slot[i] = (struct udp_send){ .data = p->bytes + i * stride, .len = p->port.config.send_bytes };
	return 0;
}

static int packet_open(
	const struct udp_method *method, const struct udp_config *config, struct udp_port **ret_port, struct err *err)
{
	struct packet *p = calloc(1, sizeof(*p));
	struct route route;
	int rc;

	if (!p)
		return err_sys(err, ENOMEM, "open UDP port (packet)");
	p->ring.fd = -1;
	if ((rc = udp_port_init(&p->port, method, config, err)) < 0 || (rc = make_slots(p, err)) < 0 ||
		(rc = look_up(p, config, &route, err)) < 0 || (rc = open_ring(p, config, &route, err)) < 0) {
		p->port.config.fd = -1; /* still the caller's */
		packet_close(&p->port);
		return rc;
	}
	p->port.wait = p->ring.fd;
	*ret_port = &p->port;
	return 0;
}

/* ---- send ---- */

static unsigned packet_slots(struct udp_port *port, struct udp_send **ret_slots)
{
	*ret_slots = packet_of(port)->slot;
	return port->batch;
}

/* Frames into the ring, as many as there is room for. */
static unsigned queue_frames(struct packet *p, unsigned count)
{
	unsigned queued = 0;

	for (; queued < count; queued++) {
		const struct udp_send *s = &p->slot[queued];
		uint8_t *frame = ring_slot(&p->ring);

		if (!frame)
			break;
		memcpy(frame + p->frame.header_bytes, s->data, s->len);
		frame_write(&p->frame, (uint16_t)net_port(s->to), s->len, frame_sum(s->data, s->len), frame);
		ring_queue(&p->ring, p->frame.header_bytes + s->len);
	}
	return queued;
}

static int packet_send(struct udp_port *port, unsigned count, struct err *err)
{
	struct packet *p = packet_of(port);
	struct udp_totals *t = &port->totals;
	unsigned queued = queue_frames(p, count), taken;
	int error = 0;

	(void)err;
	taken = queued ? ring_flush(&p->ring, &error) : 0;
	for (unsigned i = 0; i < taken; i++)
		t->sent_bytes += p->slot[i].len;
	t->sent_packets += taken;
	t->syscalls += p->ring.totals.calls - p->calls;
	p->calls = p->ring.totals.calls;
	if (taken == queued) {
		t->send_busy += queued < count;
		return (int)taken;
	}
	return (int)taken + (udp_send_failed(port, error) == UDP_DROP);
}

static const struct udp_method packet_port = {
	.method = { .name = "packet" },
	.open = packet_open,
	.recv_burst = fanout_recv_nothing,
	.reply_burst = fanout_reply_nothing,
	.release = fanout_release_nothing,
	.send_slots = packet_slots,
	.send_burst = packet_send,
	.drops = udp_socket_drops,
	.close = packet_close,
};

const struct fanout_method fanout_packet = {
	.method = { .name = "packet",
		.summary = "AF_PACKET: whole frames, past the IP stack of the sender",
		.probe = ring_probe,
		.limits = fanout_mtu_limits },
	.port = &packet_port,
};
