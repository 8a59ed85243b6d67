/* Mode stream, the connection of a worker: from nothing over accept(2) or connect(2) and a
 * greeting each way to messages, and back again when it is lost.  All servers share their
 * listening sockets; who has no connection waits for one there, so that clients beyond the
 * number of workers queue in the kernel.
 *
 * A caller that says nothing must not hold up a worker: the kernel keeps it from the queue until
 * its greeting is there (TCP_DEFER_ACCEPT, Linux >= 2.4), and hands it over without one only
 * when that time is over.  Many of them at once must not hold it up either: the more that wait,
 * the less each is waited for.
 *
 * Sources: accept(2), connect(2), tcp(7). */
#include "engines/stream/link.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "engines/stream/info.h"
#include "mode/path.h"

_Static_assert((int)ENDPOINTS_LISTEN_MAX < (int)WORKER_WAIT_FDS, "a caller and all listeners can be waited for");

/* callers that say nothing yet stand in it, too; net.core.somaxconn may make it shorter */
enum { BACKLOG = 4096 };

static const int64_t BACKOFF_MIN_NS = 10 * NS_PER_MS, BACKOFF_MAX_NS = 100 * NS_PER_MS;
/* so long a client may take to say what it wants, in the kernel */
static const int DEFER_S = 1;
static const int64_t GREETING_NS = 200 * NS_PER_MS; /* and then with a worker */
/* if others wait, a worker gives it only this time */
static const int64_t HURRY_NS = 2 * NS_PER_MS;

static void wait_on(struct worker *w, int fd, short events)
{
	w->wait.fd[0] = (struct pollfd){ .fd = fd, .events = events };
	w->wait.count = 1;
	w->wait.until_ns = 0;
}

static void wait_until(struct worker *w, int64_t until_ns)
{
	w->wait.count = 0;
	w->wait.until_ns = until_ns;
}

/* ---- sockets ---- */

static int option(int fd, int level, int name, const void *value, socklen_t bytes, const char *text, struct err *err)
{
	return setsockopt(fd, level, name, value, bytes) < 0 ? err_sys(err, errno, "setsockopt %s", text) : 0;
}

static int set_buffer(struct worker *w, int fd, int name, int bytes, const char *text, const char *limit, struct err *err)
{
	int granted, rc = bytes ? net_set_buffer(fd, name, bytes, true, &granted, err) : 0;

	if (bytes && rc >= 0 && granted < bytes && w->phase == PHASE_PREPARE && w->self == &w->plan->worker[0])
		plan_note(w->plan, "--%s %d: the kernel gave %d bytes (%s)", text, bytes, granted, limit);
	return rc;
}

/* Accepted sockets inherit the options of their listening socket. */
static int set_options(struct worker *w, int fd, struct err *err)
{
	const struct stream_shared *s = stream_shared_of(w);
	int on = 1, rc = option(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on), "TCP_NODELAY", err);

	if (rc >= 0 && s->congestion[0])
		rc = option(
			fd, IPPROTO_TCP, TCP_CONGESTION, s->congestion, (socklen_t)strlen(s->congestion), "TCP_CONGESTION", err);
	if (rc >= 0)
		rc = set_buffer(w, fd, SO_RCVBUF, s->rcvbuf_bytes, "rcvbuf", "net.core.rmem_max", err);
	if (rc >= 0)
		rc = set_buffer(w, fd, SO_SNDBUF, s->sndbuf_bytes, "sndbuf", "net.core.wmem_max", err);
	return rc;
}

static int make_socket(struct worker *w, const union net_address *a, struct err *err)
{
	int fd = path_socket(w->plan, w->self->role, a->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP, err);
	int rc = fd < 0 ? fd : set_options(w, fd, err);

	if (rc < 0 && fd >= 0)
		close(fd);
	return rc < 0 ? rc : fd;
}

/* ---- listening ---- */

/* The first server opens the listening sockets for all; a free port is chosen once, for all
 * addresses. */
static int open_listeners(struct worker *w, struct stream_shared *s, struct err *err)
{
	for (unsigned i = 0; i < s->at.listens; i++) {
		int fd = make_socket(w, &s->at.listen[i], err), rc = fd;

		if (rc >= 0)
			s->listener[s->listeners++] = fd; /* release() closes it */
		if (rc >= 0)
			rc = option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &DEFER_S, sizeof(DEFER_S), "TCP_DEFER_ACCEPT", err);
		if (rc >= 0)
			rc = net_listen(fd, &s->at.listen[i], BACKLOG, false, err);
		if (rc < 0)
			return rc;
		if (i + 1 < s->at.listens)
			net_set_port(&s->at.listen[i + 1], net_port(&s->at.listen[i]));
	}
	return 0;
}

/* ---- greetings ---- */

static struct stream_greeting own_greeting(const struct worker *w, const struct stream_worker *x)
{
	const struct stream_shared *s = stream_shared_of(w);

	return (struct stream_greeting){ .flags = (s->server_sends ? STREAM_SERVER_SENDS : 0) | (s->verify ? STREAM_VERIFY : 0) |
						  (stream_far_asks(w) ? STREAM_TELLS : 0),
		.flow = w->self->index,
		.token = s->token,
		.boot = s->boot,
		.size = s->size,
		.seed = s->seed,
		.sequence = s->both ? atomic_load_explicit(&s->flow[x->link.flow].sent, memory_order_acquire) : 0 };
}

/* The greeting is short enough for an empty send buffer. */
static bool say(struct stream_link *l, const struct stream_greeting *g)
{
	uint8_t out[STREAM_GREETING_BYTES];

	stream_greeting_put(out, g);
	l->syscalls++;
	return send(l->fd, out, sizeof(out), MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof(out);
}

/* 1: all of it is there; 0: not yet; -1: it will not come. */
static int hear(struct stream_link *l)
{
	l->syscalls++;
	ssize_t n = recv(l->fd, l->greeting + l->got, sizeof(l->greeting) - l->got, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return -1;
	l->got += n > 0 ? (unsigned)n : 0;
	return l->got == sizeof(l->greeting);
}

/* Signals end a call that blocks; the limit is for one that comes just before the call. */
static void let_block(struct worker *w, struct stream_link *l)
{
	static const struct timeval limit = { .tv_usec = WORKER_WAIT_MS * 1000 };
	int off = 0;

	l->can_block = false;
	if (w->plan->wait != WAIT_BLOCK)
		return;
	l->syscalls += 3;
	l->can_block = setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
		       setsockopt(l->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 && ioctl(l->fd, FIONBIO, &off) == 0;
}

static int flows(struct worker *w, struct stream_worker *x, const struct stream_greeting *theirs, int64_t now_ns)
{
	struct stream_link *l = &x->link;

	l->same_clock = theirs->boot && theirs->boot == stream_shared_of(w)->boot;
	l->first = theirs->sequence;
	l->state = LINK_FLOWING;
	l->opened++;
	l->backoff_ns = 0;
	l->moved_ns = now_ns;
	l->bytes_before = x->bytes;
	l->lingers = false;
	stream_far_attach(x, !stream_shared_of(w)->both && theirs->flags & STREAM_TELLS,
		stream_far_asks(w) ? stream_shared_of(w)->token : theirs->token);
	let_block(w, l);
	wait_on(w, l->fd, POLLIN);
	return 1;
}

static void drop(struct stream_link *l)
{
	/* A reset: nothing of it lingers, and what the kernel still had to send it lets go of at
	 * once. */
	struct linger reset = { .l_onoff = 1 };

	if (l->fd >= 0) {
		if (!l->lingers)
			setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		net_close(l->fd);
		l->syscalls += 2;
	}
	l->fd = -1;
	l->state = LINK_NONE;
	l->got = 0;
}

/* ---- servers ---- */

static int take_client(struct worker *w, struct stream_link *l, int64_t now_ns, struct err *err)
{
	const struct stream_shared *s = stream_shared_of(w);

	for (unsigned i = 0; i < s->listeners; i++) {
		l->syscalls++;
		l->fd = accept4(s->listener[i], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (l->fd >= 0) {
			l->state = LINK_GREETING;
			l->got = 0;
			l->until_ns = now_ns + GREETING_NS;
			return 0;
		}
		if (errno == EMFILE || errno == ENFILE)
			return err_sys(err, errno, "accept");
		w->wait.fd[i] = (struct pollfd){ .fd = s->listener[i], .events = POLLIN };
	}
	w->wait.count = s->listeners;
	w->wait.until_ns = 0;
	return 0;
}

/* Somebody who does not belong here, or not to this run. */
static int reject(struct worker *w, struct stream_link *l)
{
	l->rejected++;
	drop(l);
	wait_until(w, clock_now_ns()); /* at once the next one */
	return 0;
}

static int answer(struct worker *w, struct stream_worker *x, int64_t now_ns)
{
	const struct stream_shared *s = stream_shared_of(w);
	struct stream_link *l = &x->link;
	struct stream_greeting theirs, ours;

	if (!stream_greeting_get(l->greeting, &theirs))
		return reject(w, l);
	if (s->both && (theirs.token != s->token || theirs.flow >= s->threads))
		return reject(w, l);
	l->flow = s->both ? theirs.flow : w->self->index;
	ours = own_greeting(w, x);
	ours.flags |= s->both ? 0 : theirs.flags & STREAM_TELLS;
	bool differs = stream_greeting_differs(&ours, &theirs) != NULL;
	if (differs)
		ours.flags |= STREAM_REFUSED;
	if (!say(l, &ours))
		return reject(w, l);
	if (!differs)
		return flows(w, x, &theirs, now_ns);
	/* Closed in order, so that the answer arrives. */
	l->rejected++;
	net_close(l->fd);
	l->syscalls++;
	l->fd = -1;
	drop(l);
	wait_until(w, now_ns);
	return 0;
}

static int64_t hurry_until(const struct stream_link *l)
{
	return l->until_ns - GREETING_NS + HURRY_NS;
}

/* A caller has not said all that it must: is its time over? */
static bool is_too_slow(const struct stream_shared *s, struct stream_link *l, int64_t now_ns)
{
	struct pollfd others[ENDPOINTS_LISTEN_MAX];

	if (now_ns >= l->until_ns || now_ns < hurry_until(l))
		return now_ns >= l->until_ns;
	for (unsigned i = 0; i < s->listeners; i++)
		others[i] = (struct pollfd){ .fd = s->listener[i], .events = POLLIN };
	l->syscalls++;
	return poll(others, s->listeners, 0) > 0;
}

/* For the rest of the greeting; when the first haste is over, for other callers too. */
static int wait_for_greeting(struct worker *w, const struct stream_link *l, int64_t now_ns)
{
	const struct stream_shared *s = stream_shared_of(w);
	bool hurried = now_ns < hurry_until(l);

	wait_on(w, l->fd, POLLIN);
	for (unsigned i = 0; i < s->listeners && !hurried; i++)
		w->wait.fd[w->wait.count++] = (struct pollfd){ .fd = s->listener[i], .events = POLLIN };
	w->wait.until_ns = hurried ? hurry_until(l) : l->until_ns;
	return 0;
}

static int serve(struct worker *w, struct stream_worker *x, struct err *err)
{
	struct stream_link *l = &x->link;
	int64_t now = clock_now_ns();
	int rc = l->state == LINK_NONE ? take_client(w, l, now, err) : 0;

	if (rc < 0 || l->state == LINK_NONE)
		return rc;
	rc = hear(l);
	if (rc < 0 || (!rc && is_too_slow(stream_shared_of(w), l, now)))
		return reject(w, l);
	return rc ? answer(w, x, now) : wait_for_greeting(w, l, now);
}

/* ---- clients ---- */

static int back_off(struct worker *w, struct stream_link *l, int64_t now_ns)
{
	drop(l);
	l->backoff_ns = l->backoff_ns ? l->backoff_ns * 2 : BACKOFF_MIN_NS;
	if (l->backoff_ns > BACKOFF_MAX_NS)
		l->backoff_ns = BACKOFF_MAX_NS;
	l->until_ns = now_ns + l->backoff_ns;
	wait_until(w, l->until_ns);
	return 0;
}

/* Also asks whether a connection that is under way is there. */
static int connect_on(struct worker *w, struct stream_worker *x, int64_t now_ns)
{
	struct stream_link *l = &x->link;
	const union net_address *host = &stream_shared_of(w)->at.host;
	struct stream_greeting ours;

	l->syscalls++;
	if (connect(l->fd, &host->sa, net_address_bytes(host)) < 0 && errno != EISCONN) {
		if (errno == EINPROGRESS || errno == EALREADY || errno == EINTR) {
			l->state = LINK_CONNECTING;
			wait_on(w, l->fd, POLLOUT);
			return 0;
		}
		l->failures++;
		worker_refused(w, errno);
		return back_off(w, l, now_ns);
	}
	l->flow = w->self->index;
	ours = own_greeting(w, x);
	if (!say(l, &ours))
		return back_off(w, l, now_ns);
	l->state = LINK_GREETING;
	l->got = 0;
	wait_on(w, l->fd, POLLIN);
	return 0;
}

static int start_connecting(struct worker *w, struct stream_worker *x, int64_t now_ns, struct err *err)
{
	struct stream_link *l = &x->link;
	int fd;

	if (now_ns < l->until_ns) {
		wait_until(w, l->until_ns);
		return 0;
	}
	fd = make_socket(w, &stream_shared_of(w)->at.host, err);
	if (fd < 0)
		return fd;
	l->fd = fd;
	l->syscalls++;
	if (!stream_shared_of(w)->both)
		net_bind_any(fd, stream_shared_of(w)->at.host.sa.sa_family);
	return connect_on(w, x, now_ns);
}

/* The server has other settings, which no later try could mend. */
static int refused(struct worker *w, const struct stream_greeting *ours, const struct stream_greeting *theirs, struct err *err)
{
	const char *what = stream_greeting_differs(ours, theirs), *peer = w->plan->peer;

	if (what && !strcmp(what, "size"))
		return err_say(err, EPROTO, "--size %llu: the server %s has messages of %llu bytes",
			(unsigned long long)ours->size, peer, (unsigned long long)theirs->size);
	if (what && !strcmp(what, "seed"))
		return err_say(err, EPROTO, "--seed %llu: the server %s has %llu, and --verify needs the same",
			(unsigned long long)ours->seed, peer, (unsigned long long)theirs->seed);
	return err_say(err, EPROTO, "the server %s is set to something else: --%s must be given to both or to neither", peer,
		what ? what : "reverse");
}

static int link_greet(struct worker *w, struct stream_worker *x, int64_t now_ns, struct err *err)
{
	struct stream_link *l = &x->link;
	struct stream_greeting ours = own_greeting(w, x), theirs;
	int rc = hear(l);

	if (rc < 0)
		return back_off(w, l, now_ns);
	if (!rc) {
		wait_on(w, l->fd, POLLIN);
		return 0;
	}
	if (!stream_greeting_get(l->greeting, &theirs))
		return err_say(err, EPROTO, "what answers at %s is not a netdyno stream server", w->plan->peer);
	if (theirs.flags & STREAM_REFUSED || stream_greeting_differs(&ours, &theirs))
		return refused(w, &ours, &theirs, err);
	return flows(w, x, &theirs, now_ns);
}

static int call(struct worker *w, struct stream_worker *x, struct err *err)
{
	int64_t now = clock_now_ns();
	int rc = 0;

	if (x->link.state == LINK_NONE)
		rc = start_connecting(w, x, now, err);
	else if (x->link.state == LINK_CONNECTING)
		rc = connect_on(w, x, now);
	if (rc < 0 || x->link.state != LINK_GREETING)
		return rc;
	return link_greet(w, x, now, err);
}

/* ---- operations ---- */

int stream_link_open(struct worker *w, struct stream_worker *x, struct err *err)
{
	struct stream_shared *s = stream_shared_of(w);
	int rc = 0;

	x->link.fd = -1;
	if (w->self->role == ROLE_SERVER) {
		if (w->self->index == 0) {
			rc = open_listeners(w, s, err);
			if (rc >= 0)
				endpoints_publish(&s->at, w->plan);
		}
		return rc;
	}
	if (w->self->index == 0 && !s->both)
		net_format(&s->at.host, w->plan->peer, sizeof(w->plan->peer));
	return start_connecting(w, x, clock_now_ns(), err);
}

int stream_link_step(struct worker *w, struct stream_worker *x, struct err *err)
{
	return w->self->role == ROLE_SERVER ? serve(w, x, err) : call(w, x, err);
}

void stream_link_lost(struct worker *w, struct stream_worker *x)
{
	struct stream_link *l = &x->link;

	stream_info_last(x);
	l->acknowledged += l->acknowledged_here;
	l->acknowledged_here = 0;
	l->retransmits_here = 0;
	if (w->self->role == ROLE_SERVER) {
		drop(l);
		wait_until(w, clock_now_ns());
	} else {
		back_off(w, l, clock_now_ns());
	}
}

void stream_link_close(struct worker *w, struct stream_worker *x)
{
	(void)w;
	net_close(x->link.fd);
	x->link.fd = -1;
}
