/* Method uring, life, receiving and waiting: see uring.h. */
#include "engines/udp/uring.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "engines/udp/uring_port.h"

enum {
	/* Buffers for each datagram of a burst: one burst is lent, one waits to be, one is on its
	 * way back, and one is with the kernel. */
	BUFFER_BURSTS = 4,
	BUFFERS_MIN = 64,
	BUFFER_BYTES_MAX = 2 * UDP_ARENA_BYTES,
	NAME_BYTES = 32, /* of an address in a buffer: so many that data is aligned */
	TAG_RECEIVE = UINT32_MAX,
	BLIND_MOST = 1, /* looks for datagrams that make no call, since the wait will */
};

static struct udp_uring *uring_of_user(struct uring_user *user)
{
	return (struct udp_uring *)((char *)user - offsetof(struct udp_uring, user));
}

/* ---- buffers ---- */

/* One holder less; the last one gives it back to the kernel. */
void uring_let_go(struct udp_uring *u, unsigned buffer)
{
	if (!--u->holders[buffer])
		uring_buffers_return(&u->buffers, buffer);
}

/* ---- completions ---- */

static int uring_received(struct udp_uring *u, const struct io_uring_cqe *cqe, struct err *err)
{
	u->armed = cqe->flags & IORING_CQE_F_MORE;
	if (cqe->flags & IORING_CQE_F_BUFFER) {
		unsigned buffer = uring_buffers_take(&u->buffers, cqe);

		u->holders[buffer] = 1;
		if (cqe->res < 0) {
			uring_let_go(u, buffer);
		} else {
			unsigned at = (u->got_first + u->got_count++) & u->buffers.mask;

			u->got[at] = (struct uring_got){ (uint16_t)buffer, (uint32_t)cqe->res };
			u->ring->news++;
		}
	}
	u->port.totals.starved += cqe->res == -ENOBUFS;
	/* The socket keeps what comes until a buffer is free again. */
	if (cqe->res >= 0 || cqe->res == -ENOBUFS || cqe->res == -ECANCELED)
		return 0;
	int rc = udp_recv_failed(&u->port, -cqe->res, err);
	return rc < 0 ? rc : 0;
}

static int uring_done(struct uring_user *user, uint32_t tag, const struct io_uring_cqe *cqe, struct err *err)
{
	struct udp_uring *u = uring_of_user(user);

	if (tag == TAG_RECEIVE)
		return uring_received(u, cqe, err);
	uring_sent(u, tag, cqe->res);
	return 0;
}

/* ---- requests ---- */

/* Begins the multishot receive where it has ended and there is a buffer.  true: it is queued. */
static bool queue_receive(struct udp_uring *u)
{
	struct io_uring_sqe *sqe;

	uring_buffers_show(&u->buffers);
	if (!u->receives || u->armed || !u->buffers.kernels || !(sqe = uring_sqe(u->ring)))
		return false;
	io_uring_prep_recvmsg_multishot(sqe, (int)u->index, &u->shape, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = (uint16_t)u->index;
	uring_tag(u->ring, sqe, u->index, TAG_RECEIVE);
	u->armed = true;
	return true;
}

/* All that is queued goes out, and what has completed is picked up. */
int uring_port_turn(struct udp_uring *u, struct err *err)
{
	uint64_t calls = u->ring->calls;

	queue_receive(u);
	if (u->agains && !u->nobody)
		uring_send_again(u);
	u->blind = 0;
	int rc = uring_turn(u->ring, err);
	u->port.totals.syscalls += u->ring->calls - calls;
	return rc;
}

/* A thread of the kernel's takes them at once. */
void uring_port_show(struct udp_uring *u)
{
	uint64_t calls = u->ring->calls;

	uring_show(u->ring);
	u->port.totals.syscalls += u->ring->calls - calls;
}

/* ---- receiving ---- */

/* Asks the kernel only where there is something to pick up or to send, and the owner will not do
 * both in its wait. */
static int uring_look(struct udp_uring *u, struct err *err)
{
	unsigned most = u->port.config.waits && !u->ring->poller ? BLIND_MOST : 0;

	if (uring_has_work(u->ring) || queue_receive(u))
		return uring_port_turn(u, err);
	if (!uring_queued(u->ring) && (!u->agains || u->nobody))
		return 0;
	if (u->blind < most) {
		u->blind++;
		return 0;
	}
	return uring_port_turn(u, err);
}

static uint32_t uring_segment(const struct udp_uring *u, struct io_uring_recvmsg_out *o, uint32_t len)
{
	struct msghdr control = {
		.msg_control = (uint8_t *)io_uring_recvmsg_name(o) + u->shape.msg_namelen,
		.msg_controllen = o->controllen,
	};

	return udp_joined_segment(&control, len);
}

static void uring_lend(struct udp_uring *u, struct udp_datagram *d, int64_t now_ns)
{
	const struct uring_got *g = &u->got[u->got_first];
	struct io_uring_recvmsg_out *o = (struct io_uring_recvmsg_out *)uring_buffers_at(&u->buffers, g->buffer);

	*d = (struct udp_datagram){
		.data = io_uring_recvmsg_payload(o, &u->shape),
		.truncated = o->flags & MSG_TRUNC,
		.from = u->shape.msg_namelen ? io_uring_recvmsg_name(o) : NULL,
		.received_ns = now_ns,
		.slot = g->buffer,
	};
	d->len = d->segment = io_uring_recvmsg_payload_length(o, (int)g->bytes, &u->shape);
	if (u->port.config.gro)
		d->segment = uring_segment(u, o, d->len);
	u->got_first = (u->got_first + 1) & u->buffers.mask;
	u->got_count--;
	u->ring->news--;
}

static int uring_recv(struct udp_port *port, unsigned max, struct udp_datagram **ret_burst, struct err *err)
{
	struct udp_uring *u = uring_of(port);

	u->receives = true;
	int rc = u->got_count ? 0 : uring_look(u, err);

	if (rc < 0 || !u->got_count)
		return rc;
	int64_t now = port->config.want_time ? clock_now_ns() : 0;
	unsigned n = max < port->batch ? max : port->batch;
	if (n > u->got_count)
		n = u->got_count;
	for (u->lends = 0; u->lends < n; u->lends++)
		uring_lend(u, &u->lent[u->lends], now);
	*ret_burst = u->lent;
	return (int)n;
}

static void uring_release(struct udp_port *port)
{
	struct udp_uring *u = uring_of(port);

	for (unsigned i = 0; i < u->lends; i++)
		uring_let_go(u, u->lent[i].slot);
	u->lends = 0;
	uring_buffers_show(&u->buffers);
}

/* ---- waiting ---- */

static int uring_port_wait(struct udp_port *port, struct worker *w, int64_t until_ns, struct err *err)
{
	struct udp_uring *u = uring_of(port);

	queue_receive(u);
	if (u->agains && !u->nobody)
		uring_send_again(u);
	u->blind = 0;
	return uring_wait(u->ring, w, until_ns, err);
}

/* ---- life ---- */

static void uring_port_close(struct udp_port *port)
{
	struct udp_uring *u = uring_of(port);

	if (!u)
		return;
	if (u->ring)
		uring_cancel(u->ring, u->index);
	/* The kernel has let go of them now. */
	uring_buffers_unmap(&u->buffers, u->ring, u->index);
	if (u->ring)
		uring_leave(u->ring, u->index);
	uring_sends_close(u);
	free(u->holders);
	free(u->got);
	free(u->lent);
	if (port->config.fd >= 0)
		net_close(port->config.fd);
	free(u);
}

static int uring_map_buffers(struct udp_uring *u)
{
	const struct udp_config *config = &u->port.config;
	unsigned n = u->port.batch * BUFFER_BURSTS;

	u->shape.msg_namelen = config->connected || config->only_receives ? 0 : NAME_BYTES;
	u->shape.msg_controllen = config->want_local || config->gro ? UDP_CONTROL_BYTES : 0;
	uint32_t bytes = (uint32_t)(sizeof(struct io_uring_recvmsg_out) + u->shape.msg_namelen + u->shape.msg_controllen) +
			 (config->gro ? UDP_JOINED_BUFFER : config->datagram_bytes);
	size_t stride = udp_stride(bytes);
	n = n < BUFFERS_MIN ? BUFFERS_MIN : n < URING_BUFFERS_MAX ? n : URING_BUFFERS_MAX;
	if (n > BUFFER_BYTES_MAX / stride)
		n = (unsigned)(BUFFER_BYTES_MAX / stride);
	if (u->port.batch > n)
		u->port.batch = n;
	return uring_buffers_map(&u->buffers, n, bytes, stride);
}

static bool uring_allocate(struct udp_uring *u)
{
	return uring_map_buffers(u) >= 0 && (u->holders = calloc(u->buffers.count, sizeof(*u->holders))) &&
	       (u->got = calloc(u->buffers.mask + 1, sizeof(*u->got))) && (u->lent = calloc(u->port.batch, sizeof(*u->lent))) &&
	       uring_sends_open(u) >= 0;
}

static int uring_join_ring(struct udp_uring *u, struct err *err)
{
	const struct udp_config *config = &u->port.config;
	struct uring *ring = config->beside ? uring_of(config->beside)->ring : NULL;
	/* A burst of replies, one of sends, what is made again, and the receive. */
	struct uring_config shape = { .entries = 4 * u->port.slots, .polled = config->polled };
	int index = uring_join(&ring, &shape, &u->user, config->fd, err);

	if (index < 0)
		return index;
	u->ring = ring;
	u->index = (unsigned)index;
	if (ring->poller && ring->users == 1) {
		u->port.helper = &ring->poller;
		u->port.helpers = 1;
	}
	u->port.wait = ring->ring.ring_fd;
	u->port.wait_in = u->port.wait_out = POLLIN;
	return uring_buffers_register(&u->buffers, ring, u->index, err);
}

/* --gso that can do nothing here is left out, with the reason. */
static void uring_choose_joining(struct udp_uring *u)
{
	struct udp_config *config = &u->port.config;

	if (config->gso && config->send_bytes &&
		udp_joining_is_vain(config->fd, config->connected, config->send_bytes, u->port.why, sizeof(u->port.why)))
		config->gso = false;
	u->port.joined_max = config->gso ? UDP_JOINED_MAX : 1;
	u->port.segments_max = config->gro ? UDP_JOINED_MAX : 1;
}

static int uring_port_open(
	const struct udp_method *method, const struct udp_config *config, struct udp_port **ret_port, struct err *err)
{
	struct udp_uring *u = calloc(1, sizeof(*u));

	if (!u)
		return err_sys(err, ENOMEM, "open UDP port (uring)");
	u->user.done = uring_done;
	int rc = udp_port_init(&u->port, method, config, err);
	uring_choose_joining(u);
	if (rc >= 0 && !uring_allocate(u))
		rc = err_sys(err, ENOMEM, "open UDP port (uring), %u buffers", u->port.batch * BUFFER_BURSTS);
	if (rc >= 0)
		rc = uring_join_ring(u, err);
	if (rc < 0) {
		u->port.config.fd = -1; /* still the caller's */
		uring_port_close(&u->port);
		return rc;
	}
	*ret_port = &u->port;
	return 0;
}

const struct udp_method udp_uring = {
	.method = UDP_URING_METHOD(UDP_URING_SUMMARY),
	.joining = UDP_JOINS_IF_ASKED,
	.open = uring_port_open,
	.recv_burst = uring_recv,
	.reply_burst = uring_reply,
	.release = uring_release,
	.send_slots = uring_slots,
	.send_burst = uring_send,
	.wait = uring_port_wait,
	.drops = udp_socket_drops,
	.close = uring_port_close,
};
