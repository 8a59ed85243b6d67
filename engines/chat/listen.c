/* Mode chat, who comes: the listening sockets of a loop, and accept(2).
 *
 * Each loop has sockets of its own; with several loops they share the port (SO_REUSEPORT, Linux
 * >= 3.9), and the kernel spreads callers over them.  Where no descriptor is left the loop stops
 * listening for a moment: a level-triggered listener would wake it for ever. */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "engines/chat/server.h"
#include "mode/path.h"

enum { BACKLOG = 4096, ACCEPTS = 64 };

static const int64_t PAUSE_NS = 100 * NS_PER_MS;

static int option(int fd, int level, int name, int value, const char *text, struct err *err)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? err_sys(err, errno, "setsockopt %s", text) : 0;
}

static int set_buffer(int fd, int name, int bytes, struct err *err)
{
	int granted;

	return bytes ? net_set_buffer(fd, name, bytes, true, &granted, err) : 0;
}

int chat_set_options(struct worker *w, int fd, struct err *err)
{
	const struct chat_shared *s = chat_shared_of(w);
	int rc = option(fd, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY", err);

	if (rc >= 0)
		rc = set_buffer(fd, SO_RCVBUF, s->rcvbuf_bytes, err);
	return rc < 0 ? rc : set_buffer(fd, SO_SNDBUF, s->sndbuf_bytes, err);
}

/* ---- listening ---- */

static int bind_and_listen(struct worker *w, int fd, union net_address *a, struct err *err)
{
	const struct chat_shared *s = chat_shared_of(w);
	char text[NET_ADDRESS_TEXT];
	socklen_t size = sizeof(*a);
	int rc = option(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR", err);

	if (rc >= 0 && s->loops > 1)
		rc = option(fd, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT", err);
	if (rc >= 0 && a->sa.sa_family == AF_INET6)
		rc = option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY", err);
	if (rc < 0)
		return rc;
	if (bind(fd, &a->sa, net_address_bytes(a)) < 0)
		return err_sys(err, errno, "bind %s", net_format(a, text, sizeof(text)));
	if (listen(fd, BACKLOG) < 0)
		return err_sys(err, errno, "listen %s", net_format(a, text, sizeof(text)));
	net_bound(fd);
	return getsockname(fd, &a->sa, &size) < 0 ? err_sys(err, errno, "getsockname") : 0;
}

static int make_listener(struct worker *w, unsigned which, struct err *err)
{
	struct chat_shared *s = chat_shared_of(w);
	union net_address *a = &s->at.listen[which];
	int fd = path_socket(w->plan, ROLE_SERVER, a->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP, err);
	int rc = fd;

	if (fd < 0)
		return fd;
	s->listener[w->self->index][which] = fd; /* release() closes it */
	rc = chat_set_options(w, fd, err);
	return rc < 0 ? rc : bind_and_listen(w, fd, a, err);
}

/* The first loop chooses the port, for all addresses and loops. */
static void publish(struct worker *w)
{
	struct chat_shared *s = chat_shared_of(w);
	struct plan *plan = w->plan;
	unsigned port = net_port(&s->at.listen[0]);

	ports_add(&plan->ports, port, port);
	if (s->at.host_is_ours)
		net_set_port(&s->at.host, port);
	net_format(s->at.host_is_ours ? &s->at.host : &s->at.listen[0], plan->peer, sizeof(plan->peer));
}

int chat_listen_open(struct worker *w, struct chat_loop *l, struct err *err)
{
	struct chat_shared *s = chat_shared_of(w);
	int *listener = s->listener[w->self->index], rc = 0;

	for (unsigned i = 0; i < s->at.listens && rc >= 0; i++) {
		if (listener[i] < 0)
			rc = make_listener(w, i, err);
		if (rc >= 0)
			rc = chat_watch(l, listener[i], CHAT_TAG_LISTENER + i, err);
		if (i + 1 < s->at.listens && !net_port(&s->at.listen[i + 1]))
			net_set_port(&s->at.listen[i + 1], net_port(&s->at.listen[i]));
	}
	if (rc >= 0 && w->self->index == 0)
		publish(w);
	return rc;
}

/* ---- callers ---- */

static void listen_again(struct worker *w, struct chat_loop *l, bool on)
{
	const struct chat_shared *s = chat_shared_of(w);

	for (unsigned i = 0; i < s->at.listens; i++) {
		struct epoll_event event = { .events = on ? EPOLLIN : 0, .data.u64 = CHAT_TAG_LISTENER + i };

		epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, s->listener[w->self->index][i], &event);
		l->syscalls++;
	}
	l->paused = !on;
}

static void pause_accepting(struct worker *w, struct chat_loop *l)
{
	listen_again(w, l, false);
	l->pauses++;
	l->resume_ns = clock_now_ns() + PAUSE_NS;
}

void chat_accept_resume(struct worker *w, struct chat_loop *l, int64_t now_ns, bool somebody_went)
{
	if (l->paused && (somebody_went || now_ns >= l->resume_ns))
		listen_again(w, l, true);
}

/* What is wrong with one caller is no reason to end: accept(2) names these. */
static bool is_callers_fault(int errnum)
{
	return errnum == ECONNABORTED || errnum == EINTR || errnum == EPROTO || errnum == ENETDOWN || errnum == ENOPROTOOPT ||
	       errnum == EHOSTDOWN || errnum == ENONET || errnum == EHOSTUNREACH || errnum == EOPNOTSUPP || errnum == ENETUNREACH;
}

static bool is_shortage(int errnum)
{
	return errnum == EMFILE || errnum == ENFILE || errnum == ENOBUFS || errnum == ENOMEM || errnum == ENOSPC;
}

int chat_accept(struct worker *w, struct chat_loop *l, unsigned which, struct err *err)
{
	int listener = chat_shared_of(w)->listener[w->self->index][which];

	for (unsigned i = 0; i < ACCEPTS; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct chat_member *m = fd >= 0 ? chat_room_join(&l->room, fd) : NULL;

		l->syscalls++;
		if (m) {
			chat_welcome(w, l, m);
			continue;
		}
		int errnum = errno;
		if (fd >= 0)
			close(fd);
		if (errnum == EAGAIN)
			return 0;
		if (is_shortage(errnum)) {
			pause_accepting(w, l);
			return 0;
		}
		if (fd >= 0 || !is_callers_fault(errnum))
			return err_sys(err, errnum, "accept");
	}
	return 0;
}
