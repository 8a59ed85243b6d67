/* Mode stream, the end of a connection with another process.  See far.h.
 *
 * Sources: shutdown(2), tcp(7). */
#include "engines/stream/far.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "engines/stream/info.h"

enum { NUMBER = 1 }; /* a connection is asked for once */

/* The client's kernel has the answer after a round trip; one that has vanished never has. */
static const int64_t LOOK_LEAST_NS = NS_PER_MS, LOOK_MOST_NS = 100 * NS_PER_MS;

bool stream_far_asks(const struct worker *w)
{
	return !stream_shared_of(w)->both && w->self->role == ROLE_CLIENT;
}

void stream_far_attach(struct stream_worker *x, bool tells, uint64_t token)
{
	struct stream_far *f = &x->far;

	f->tells = tells;
	f->token = token;
	f->messages = x->messages;
	f->bytes = x->bytes;
	f->before = 0;
	f->held = 0;
	f->ending = f->ended = false;
	f->look_ns = f->pause_ns = 0;
	/* A message that a connection before the phase has left half way counts as lost in it. */
	f->broken |= x->measure_ns && x->frame.offset;
}

void stream_far_lost(struct worker *w, struct stream_worker *x)
{
	struct stream_far *f = &x->far;

	if (w->self->role == ROLE_SERVER) {
		if (f->tells && !x->sends)
			stream_far_tell(x);
		return;
	}
	f->broken |= w->phase == PHASE_MEASURE;
	f->over |= w->phase == PHASE_DRAIN;
}

/* ---- at the client ---- */

static void far_believe(struct worker *w, struct stream_far *f, uint64_t counted)
{
	f->told = true;
	f->counted = counted;
	atomic_fetch_add_explicit(&stream_shared_of(w)->told, 1, memory_order_relaxed);
}

static void far_end(struct worker *w, struct stream_worker *x)
{
	struct stream_far *f = &x->far;
	bool none = x->link.state != LINK_FLOWING && !x->link.got;

	/* One that has never been served has missed nothing. */
	if (none && !f->broken)
		far_believe(w, f, 0);
	f->over = x->link.state != LINK_FLOWING || !f->tells;
	if (!f->over && !x->sends)
		stream_far_ask(x);
}

void stream_far_enter(struct worker *w, struct stream_worker *x, enum phase phase)
{
	struct stream_far *f = &x->far;

	if (!stream_far_asks(w))
		return;
	if (phase == PHASE_MEASURE) {
		f->broken = false;
		f->before = x->link.state == LINK_FLOWING ? x->messages - f->messages : 0;
	}
	if (phase == PHASE_DRAIN)
		far_end(w, x);
}

bool stream_far_is_pending(const struct worker *w, const struct stream_worker *x)
{
	return stream_far_asks(w) && w->phase == PHASE_DRAIN && !x->far.over;
}

bool stream_far_is_due(const struct worker *w, const struct stream_worker *x)
{
	return stream_far_is_pending(w, x) && !x->far.asked;
}

void stream_far_ask(struct stream_worker *x)
{
	x->far.asked = true;
	x->far.held = 0;
	x->link.syscalls++;
	shutdown(x->link.fd, SHUT_WR);
}

void stream_far_take(struct worker *w, struct stream_worker *x)
{
	const uint64_t size = stream_shared_of(w)->size;
	struct stream_far *f = &x->far;
	uint64_t count[STREAM_FAR_COUNTS];
	uint32_t number;

	f->over = true;
	if (f->told || f->broken || !net_report_get(f->answer, f->token, &number, count, STREAM_FAR_COUNTS) || number != NUMBER)
		return;
	/* It must be whole messages, a number that can be added up, and those of the time before
	 * among them. */
	if (count[0] <= INT64_MAX / 4 && count[0] >= f->before && count[1] % size == 0 && count[1] / size == count[0])
		far_believe(w, f, count[0] - f->before);
	if (f->told)
		atomic_fetch_add_explicit(&stream_shared_of(w)->served, 1, memory_order_relaxed);
}

size_t stream_far_hold(struct stream_worker *x, const uint8_t *data, size_t bytes)
{
	uint8_t head[NET_REPORT_HEAD_BYTES];
	struct stream_far *f = &x->far;
	size_t n = 0;

	net_report_ask(head, f->token, NUMBER, 0);
	net_report_fill(head, NULL, 0);
	while (n < bytes && !stream_far_is_whole(f) && (f->held >= sizeof(head) || data[n] == head[f->held]))
		f->answer[f->held++] = data[n++];
	return n;
}

int stream_far_hear(struct worker *w, struct stream_worker *x)
{
	struct stream_far *f = &x->far;
	ssize_t n = recv(x->link.fd, f->answer + f->held, sizeof(f->answer) - f->held, MSG_DONTWAIT);

	x->link.syscalls++;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return STREAM_LOST;
	f->held += n > 0 ? (unsigned)n : 0;
	if (stream_far_is_whole(f)) {
		stream_far_take(w, x);
		return STREAM_LOST;
	}
	w->wait.fd[0] = (struct pollfd){ .fd = x->link.fd, .events = POLLIN };
	w->wait.count = 1;
	w->wait.until_ns = 0;
	return 0;
}

/* ---- at the server ---- */

void stream_far_look(struct worker *w, struct stream_worker *x)
{
	struct stream_far *f = &x->far;
	uint8_t byte;

	if (w->self->role != ROLE_SERVER || !x->sends || !f->tells || f->ending)
		return;
	x->link.syscalls++;
	f->ending = recv(x->link.fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* Not sooner: a socket that is closed may still need the memory of its messages. */
bool stream_far_is_over(struct stream_worker *x)
{
	struct stream_far *f = &x->far;
	int64_t now = clock_now_ns();

	if (now < f->look_ns)
		return false;
	f->pause_ns = f->pause_ns ? f->pause_ns * 2 : LOOK_LEAST_NS;
	if (f->pause_ns > LOOK_MOST_NS)
		f->pause_ns = LOOK_MOST_NS;
	f->look_ns = now + f->pause_ns;
	return stream_info_is_closed(x);
}

static void far_make_answer(struct stream_worker *x)
{
	struct stream_far *f = &x->far;
	const uint64_t count[STREAM_FAR_COUNTS] = { x->messages - f->messages, x->bytes - f->bytes, x->link.retransmits_here };

	net_report_ask(f->answer, f->token, NUMBER, STREAM_FAR_COUNTS);
	net_report_fill(f->answer, count, STREAM_FAR_COUNTS);
}

int stream_far_tell(struct stream_worker *x)
{
	struct stream_far *f = &x->far;
	ssize_t n;

	if (!f->held)
		far_make_answer(x);
	n = send(x->link.fd, f->answer + f->held, sizeof(f->answer) - f->held, MSG_DONTWAIT | MSG_NOSIGNAL);
	x->link.syscalls++;
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return STREAM_LOST;
	f->held += n > 0 ? (unsigned)n : 0;
	if (!stream_far_is_whole(f))
		return 0;
	shutdown(x->link.fd, SHUT_WR);
	x->link.syscalls++;
	x->link.lingers = f->ended = true;
	return 0;
}
