/* Mode stream, the side that receives.
 *
 * A message is read into memory of its own size, one message a call at most, as an application
 * does that needs it whole; short messages are read several at a time.  With --receive discard
 * only headers are read, the rest is thrown away by the kernel (MSG_TRUNC, tcp(7)). */
#include "engines/stream/receive.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "engines/stream/uring_receive.h"

enum {
	RECEIVES = 64,          /* receive calls a poll */
	SHORT_BYTES = 32 << 10, /* below this several messages are read at a time */
	BUFFER_MIN = 64 << 10,  /* by as much */
	BUFFER_MAX = 4 << 20,   /* longer messages go round in this */
};

int stream_receive_open(struct worker *w, struct stream_worker *x, struct err *err)
{
	const struct stream_shared *s = stream_shared_of(w);

	x->frame = (struct stream_frame){ .size = s->size, .seed = s->seed, .verify = s->verify };
	if (s->ring)
		return stream_uring.open(x, err);
	x->buffer_bytes = s->size < SHORT_BYTES ? BUFFER_MIN : s->size < BUFFER_MAX ? s->size : BUFFER_MAX;
	x->buffer = malloc(x->buffer_bytes);
	if (!x->buffer)
		return err_sys(err, ENOMEM, "open stream receiver");
	memset(x->buffer, 0, x->buffer_bytes);
	return 0;
}

/* A new connection: what came before is over.  What the sender has sent beyond what arrived here
 * is lost; with another process only what was cut in two is known. */
void stream_receive_attach(struct worker *w, struct stream_worker *x)
{
	struct stream_flow *flow = stream_flow_of(w, x);

	if (flow) {
		uint64_t expected = atomic_load_explicit(&flow->received, memory_order_relaxed);

		x->lost += x->link.first > expected ? x->link.first - expected : 0;
		atomic_store_explicit(&flow->received, x->link.first, memory_order_release);
	} else {
		x->lost += x->frame.offset != 0;
	}
	stream_frame_start(&x->frame, x->link.first);
}

/* ---- messages ---- */

static void receive_record(struct worker *w, struct stream_worker *x, const struct stream_arrival *a, int64_t now_ns)
{
	if (x->first_ns >= x->measure_ns)
		histogram_record(w->latency[STREAM_L_MESSAGE], now_ns - x->first_ns);
	x->untimed += !x->link.same_clock;
	if (x->link.same_clock && a->sent_ns >= x->measure_ns && a->sent_ns && a->sent_ns <= now_ns)
		histogram_record(w->latency[STREAM_L_DELIVERY], now_ns - a->sent_ns);
}

/* Was the message sent before the measure phase?  Until the sender has entered it, all were. */
static bool is_carried(const struct stream_worker *x, const struct stream_flow *flow, uint64_t sequence)
{
	return x->measure_ns && flow && sequence < atomic_load_explicit(&flow->measure_from, memory_order_acquire);
}

static void take_message(struct worker *w, struct stream_worker *x, int64_t now_ns)
{
	struct stream_flow *flow = stream_flow_of(w, x);
	struct stream_arrival a = stream_frame_next(&x->frame);

	x->messages++;
	x->damaged += a.damaged_bytes != 0;
	x->damaged_bytes += a.damaged_bytes;
	if (flow)
		atomic_store_explicit(&flow->received, a.sequence + 1, memory_order_release);
	if (is_carried(x, flow, a.sequence))
		x->carried++;
	else
		receive_record(w, x, &a, now_ns);
}

static void take_messages(struct worker *w, struct stream_worker *x, const uint8_t *data, size_t bytes, int64_t now_ns)
{
	size_t done = 0;

	while (done < bytes) {
		if (!x->frame.offset)
			x->first_ns = x->began_ns;
		done += stream_frame_take(&x->frame, data ? data + done : NULL, bytes - done);
		if (stream_frame_is_whole(&x->frame))
			take_message(w, x, now_ns);
	}
	x->bytes += bytes;
}

/* Where a message would begin may stand the answer of the other end.  Returns how many were taken;
 * none: it is a message. */
static size_t take_answer(struct worker *w, struct stream_worker *x, const uint8_t *data, size_t bytes, int64_t now_ns)
{
	size_t n = stream_far_hold(x, data, bytes);
	unsigned held = x->far.held;

	if (stream_far_is_whole(&x->far)) {
		stream_far_take(w, x);
		return bytes; /* nothing stands behind it */
	}
	if (n == bytes)
		return n;
	x->far.held = 0;
	take_messages(w, x, x->far.answer, held, now_ns);
	return n;
}

void stream_take(struct worker *w, struct stream_worker *x, const uint8_t *data, size_t bytes, int64_t now_ns)
{
	if (!x->far.asked) {
		take_messages(w, x, data, bytes, now_ns);
		return;
	}
	while (bytes && !x->far.over) {
		/* of the call before: if it is a message, this goes on with it */
		bool held = x->far.held;
		size_t n = x->frame.offset ? 0 : take_answer(w, x, data, bytes, now_ns);

		if (!n && !held) {
			uint64_t left = x->frame.size - x->frame.offset;

			n = left < bytes ? (size_t)left : bytes;
			take_messages(w, x, data, n, now_ns);
		}
		data += n;
		bytes -= n;
	}
}

/* ---- receive ---- */

/* The most that the next call may bring. */
static size_t wanted(const struct stream_shared *s, const struct stream_worker *x, uint8_t **ret_to, int *ret_flags)
{
	uint64_t left = x->frame.size - x->frame.offset;
	size_t header = stream_header_bytes(x->frame.size), at;

	*ret_flags = x->waits ? 0 : MSG_DONTWAIT;
	*ret_to = x->buffer;
	/* The answer of the other end must be seen. */
	if (s->discard && !x->far.asked) {
		if (x->frame.offset < header)
			return header - (size_t)x->frame.offset;
		*ret_to = NULL;
		*ret_flags |= MSG_TRUNC;
		return left;
	}
	if (x->frame.size < SHORT_BYTES)
		return x->buffer_bytes;
	at = (size_t)(x->frame.offset % x->buffer_bytes);
	*ret_to += at;
	return left < x->buffer_bytes - at ? (size_t)left : x->buffer_bytes - at;
}

static int wait_for_more(struct worker *w, struct stream_worker *x)
{
	w->wait.fd[0] = (struct pollfd){ .fd = x->link.fd, .events = POLLIN };
	w->wait.count = 1;
	w->wait.until_ns = 0;
	return 0;
}

int stream_receive(struct worker *w, struct stream_worker *x)
{
	const struct stream_shared *s = stream_shared_of(w);

	if (x->ring)
		return stream_uring.receive(w, x);
	x->began_ns = clock_now_ns();
	for (unsigned i = 0; i < (x->waits ? 1 : RECEIVES) && (!i || !worker_is_told(w)); i++) {
		uint8_t *to;
		int flags;
		size_t want = wanted(s, x, &to, &flags);
		ssize_t n = recv(x->link.fd, to, want, flags);

		x->link.syscalls++;
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			x->eagain += errno == EAGAIN;
			return wait_for_more(w, x);
		}
		if (n <= 0)
			return STREAM_LOST;
		int64_t now = clock_now_ns();
		stream_take(w, x, to, (size_t)n, now);
		x->began_ns = now;
		if ((size_t)n < want && !x->waits)
			return wait_for_more(w, x);
	}
	return RECEIVES;
}
