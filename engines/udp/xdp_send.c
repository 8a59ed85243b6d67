/* Method xdp: sending.  A slot is the payload of a frame, so that nothing is copied here; slots are
 * lent again when all their frames have come back.  See xdp.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engines/udp/packet.h"
#include "engines/udp/xdp_port.h"

enum {
	/* The headers' place in the memory of a frame, behind what is asked of the kernel. */
	HEADERS_AT = 64,
	/* Of the UDP header in a frame it is where its checksum is. */
	UDP_CHECKSUM_AT = 6,
};
_Static_assert((int)HEADERS_AT >= (int)XDP_REQUEST_BYTES, "there is room");
/* What was taken leaves with this call, if the kernel has room within so long. */
static const int64_t PATIENCE_NS = 2 * NS_PER_MS;

/* ---- life ---- */

static uint64_t xdp_headers_at(const struct udp_xdp *x, unsigned slot)
{
	return (uint64_t)slot * x->xsk.frame_bytes + HEADERS_AT;
}

/* Each slot keeps its frame. */
static int xdp_open_slots(struct udp_xdp *x, struct err *err)
{
	unsigned n = x->port.slots;

	x->slot = calloc(n, sizeof(*x->slot));
	if (!x->slot)
		return err_sys(err, ENOMEM, "open UDP port (xdp), %u slots", n);
	for (unsigned i = 0; i < n; i++) {
		uint64_t at = xdp_headers_at(x, i);

		x->slot[i] = (struct udp_send){
			.data = xdp_socket_frame(&x->xsk, at) + x->header_bytes,
			.len = x->port.config.send_bytes,
		};
		if (x->xsk.checksums)
			xdp_socket_ask_checksum(&x->xsk, at, (uint16_t)(x->header_bytes - FRAME_UDP_BYTES), UDP_CHECKSUM_AT);
	}
	return 0;
}

int xdp_open_sends(struct udp_xdp *x, struct err *err)
{
	uint32_t frames = 64;
	int rc;

	while (frames < x->port.slots)
		frames *= 2;
	if ((rc = udp_open_hosts(&x->port, &x->hosts, err)) < 0 || (rc = xdp_open_socket(x, frames, err)) < 0)
		return rc;
	x->header_bytes = xdp_header_bytes(x->hosts.from.sa.sa_family);
	snprintf(x->port.how, sizeof(x->port.how), "frames %s on %s", x->xsk.zero_copy ? "not copied" : "copied by the kernel",
		xdp_interface(x));
	return xdp_open_slots(x, err);
}

void xdp_close_sends(struct udp_xdp *x)
{
	frame_hosts_close(&x->hosts);
	free(x->slot);
}

int xdp_expect(struct udp_port *port, const union net_address *to, struct err *err)
{
	struct udp_xdp *x = xdp_of(port);
	int rc = frame_hosts_find(&x->hosts, to, err);

	if (rc < 0)
		return rc;
	if (x->hosts.interface != x->interface)
		return err_say(err, ENOTSUP, "method xdp sends through %s, and this host is reached through %s", xdp_interface(x),
			x->hosts.interface_name);
	return 0;
}

/* ---- sending ---- */

static void xdp_take_frames_back(struct udp_xdp *x)
{
	uint32_t at, n = xsk_ring_cons__peek(&x->xsk.done, x->xsk.done.size, &at);

	if (!n)
		return;
	xsk_ring_cons__release(&x->xsk.done, n);
	x->in_flight -= n;
}

unsigned xdp_slots(struct udp_port *port, struct udp_send **ret_slots)
{
	struct udp_xdp *x = xdp_of(port);
	struct err ignored = ERR_NONE;
	uint32_t left;

	*ret_slots = x->slot;
	xdp_take_frames_back(x);
	if (!x->in_flight)
		return port->slots;
	/* The next send says what is wrong, if anything is. */
	xdp_push(x, &left, &ignored);
	xdp_take_frames_back(x);
	return x->in_flight ? 0 : port->slots;
}

/* The frame of a slot is finished and queued.  0, or -errno: -EMSGSIZE without *err. */
static int xdp_put(struct udp_xdp *x, unsigned i, struct err *err)
{
	const struct udp_send *s = &x->slot[i];
	const union net_address *to = s->to ? s->to : &x->hosts.peer;
	uint64_t headers_at = xdp_headers_at(x, i);
	uint8_t *frame = xdp_socket_frame(&x->xsk, headers_at), *payload = frame + x->header_bytes;
	uint32_t at;
	int rc = xdp_expect(&x->port, to, err);

	if (rc < 0)
		return rc;
	const struct frame_host *host = frame_hosts_latest(&x->hosts);
	const struct frame_template *t = &host->template;
	if (s->len > host->payload_max || s->len > x->port.config.send_bytes)
		return -EMSGSIZE;
	if (s->data != payload)
		memcpy(payload, s->data, s->len);
	if (x->xsk.checksums)
		frame_write_unsummed(t, (uint16_t)net_port(to), s->len, frame);
	else
		frame_write(t, (uint16_t)net_port(to), s->len, frame_sum(payload, s->len), frame);
	/* There is a place for each slot. */
	if (!xsk_ring_prod__reserve(&x->xsk.send, 1, &at))
		return err_sys(err, ENOBUFS, "queue a frame");
	struct xdp_desc *out = xsk_ring_prod__tx_desc(&x->xsk.send, at);
	*out = (x->xsk.checksums ? xdp_socket_unsummed : xdp_socket_whole)(headers_at, x->header_bytes + s->len);
	x->in_flight++;
	return 0;
}

static int xdp_flush(struct udp_xdp *x, uint32_t queued, struct err *err)
{
	int64_t until_ns = 0;
	uint32_t left = 0;
	int rc;

	if (queued)
		xsk_ring_prod__submit(&x->xsk.send, queued);
	while ((rc = xdp_push(x, &left, err)) >= 0 && left && !x->xsk.zero_copy) {
		int64_t now_ns = clock_now_ns();

		until_ns = until_ns ? until_ns : now_ns + PATIENCE_NS;
		if (now_ns >= until_ns)
			break;
	}
	return rc;
}

int xdp_send(struct udp_port *port, unsigned count, struct err *err)
{
	struct udp_xdp *x = xdp_of(port);
	uint32_t queued = 0;

	for (unsigned i = 0; i < count; i++) {
		int rc = xdp_put(x, i, err);

		if (rc == -EMSGSIZE && !err->code) {
			port->totals.send_errors++;
			port->totals.send_errno = EMSGSIZE;
		} else if (rc < 0) {
			return rc;
		} else {
			queued++;
		}
	}
	int rc = xdp_flush(x, queued, err);
	/* Frames that do not come back: of an interface that has gone none does. */
	if (rc >= 0 && !count && (rc = xdp_socket_error(&x->xsk)) < 0)
		return xdp_say_gone(x, -rc, err);
	return rc < 0 ? rc : (int)count;
}
