/* See uring_receive.h. */
#include "engines/stream/uring_receive.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "engines/stream/receive.h"
#include "engines/uring/uring_buffers.h"
#include "engines/uring/uring_probe.h"

enum {
	BUFFERS = 16,
	BUFFER_BYTES = 64 << 10, /* what a message of the default size needs */
	ENTRIES = 8,
};

struct stream_piece {
	uint16_t buffer;
	uint32_t bytes;
};

struct stream_ring {
	struct uring_user user;
	struct uring *ring;
	unsigned index;
	struct uring_buffers buffers;
	bool armed; /* the multishot receive is on */
	bool over;  /* the connection has ended, behind the pieces that are here */
	unsigned first, count;
	struct stream_piece piece[BUFFERS];
};

/* ---- completions ---- */

static int stream_uring_done(struct uring_user *user, uint32_t tag, const struct io_uring_cqe *cqe, struct err *err)
{
	struct stream_ring *r = (struct stream_ring *)((char *)user - offsetof(struct stream_ring, user));

	(void)tag, (void)err;
	r->armed = cqe->flags & IORING_CQE_F_MORE;
	if (cqe->flags & IORING_CQE_F_BUFFER) {
		unsigned buffer = uring_buffers_take(&r->buffers, cqe);

		if (cqe->res <= 0) {
			uring_buffers_return(&r->buffers, buffer);
		} else {
			unsigned at = (r->first + r->count++) % BUFFERS;

			r->piece[at] = (struct stream_piece){ (uint16_t)buffer, (uint32_t)cqe->res };
			r->ring->news++;
		}
	}
	r->over |= cqe->res == 0 || (cqe->res < 0 && cqe->res != -ENOBUFS && cqe->res != -ECANCELED && cqe->res != -EINTR);
	return 0;
}

/* ---- receiving ---- */

/* Begins the multishot receive where it has ended. */
static void stream_uring_ask(struct stream_ring *r)
{
	struct io_uring_sqe *sqe;

	uring_buffers_show(&r->buffers);
	if (r->armed || r->over || !r->buffers.kernels || !(sqe = uring_sqe(r->ring)))
		return;
	io_uring_prep_recv_multishot(sqe, (int)r->index, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = (uint16_t)r->index;
	uring_tag(r->ring, sqe, r->index, 0);
	r->armed = true;
}

static int stream_uring_look(struct stream_worker *x)
{
	struct stream_ring *r = x->ring;
	uint64_t calls = r->ring->calls;
	struct err ignored = ERR_NONE;

	stream_uring_ask(r);
	int rc = uring_turn(r->ring, &ignored);
	x->link.syscalls += r->ring->calls - calls;
	return rc;
}

static int stream_uring_receive(struct worker *w, struct stream_worker *x)
{
	struct stream_ring *r = x->ring;
	int64_t now;
	int n = 0;

	/* Pieces that a wait has brought came with its call. */
	if (!r->count) {
		x->began_ns = clock_now_ns();
		if (stream_uring_look(x) < 0)
			return STREAM_LOST;
	}
	for (now = clock_now_ns(); r->count; n++) {
		struct stream_piece p = r->piece[r->first];

		r->first = (r->first + 1) % BUFFERS;
		r->count--;
		r->ring->news--;
		stream_take(w, x, uring_buffers_at(&r->buffers, p.buffer), p.bytes, now);
		uring_buffers_return(&r->buffers, p.buffer);
		now = clock_now_ns();
		x->began_ns = now;
	}
	if (n)
		return n;
	if (r->over)
		return STREAM_LOST;
	w->wait.fd[0] = (struct pollfd){ .fd = r->ring->ring.ring_fd, .events = POLLIN };
	w->wait.count = 1;
	w->wait.until_ns = 0;
	return 0;
}

static int stream_uring_wait(struct worker *w, struct stream_worker *x, int64_t until_ns, struct err *err)
{
	stream_uring_ask(x->ring);
	x->began_ns = clock_now_ns();
	return uring_wait(x->ring->ring, w, until_ns, err);
}

/* ---- life ---- */

static int stream_uring_attach(struct stream_worker *x, int fd, struct err *err)
{
	struct stream_ring *r = x->ring;

	uring_cancel(r->ring, r->index);
	for (; r->count; r->count--, r->ring->news--) {
		uring_buffers_return(&r->buffers, r->piece[r->first].buffer);
		r->first = (r->first + 1) % BUFFERS;
	}
	r->over = false;
	return uring_set_socket(r->ring, r->index, fd, err);
}

static int stream_uring_open(struct stream_worker *x, struct err *err)
{
	struct stream_ring *r = calloc(1, sizeof(*r));
	struct uring_config config = { .entries = ENTRIES };

	if (!r)
		return err_sys(err, ENOMEM, "open stream receiver");
	x->ring = r;
	r->user.done = stream_uring_done;
	if (uring_buffers_map(&r->buffers, BUFFERS, BUFFER_BYTES, BUFFER_BYTES) < 0)
		return err_sys(err, ENOMEM, "open stream receiver, %d buffers", BUFFERS);
	int index = uring_join(&r->ring, &config, &r->user, -1, err);
	if (index < 0)
		return index;
	r->index = (unsigned)index;
	return uring_buffers_register(&r->buffers, r->ring, r->index, err);
}

static void stream_uring_close(struct stream_worker *x)
{
	struct stream_ring *r = x->ring;

	if (!r)
		return;
	if (r->ring)
		uring_cancel(r->ring, r->index);
	uring_buffers_unmap(&r->buffers, r->ring, r->index);
	if (r->ring)
		uring_leave(r->ring, r->index);
	free(r);
	x->ring = NULL;
}

const struct stream_ring_receiver stream_uring = {
	.runs = uring_probe,
	.open = stream_uring_open,
	.attach = stream_uring_attach,
	.receive = stream_uring_receive,
	.wait = stream_uring_wait,
	.close = stream_uring_close,
};
