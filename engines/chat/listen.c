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

/* A client that has said and heard nothing for so long is asked whether it is still there, so often
 * at such intervals: a host may vanish without a word. */
enum { KEEP_IDLE_S = 20, KEEP_INTERVAL_S = 5, KEEP_PROBES = 3 };

static const int64_t PAUSE_NS = 100 * NS_PER_MS;

static int set_buffer(int fd, int name, int bytes, struct err *err)
{
	int granted;

	return bytes ? net_set_buffer(fd, name, bytes, true, &granted, err) : 0;
}

int chat_set_options(struct worker *w, int fd, struct err *err)
{
	const struct chat_shared *s = chat_shared_of(w);
	int on = 1, rc;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		return err_sys(err, errno, "setsockopt TCP_NODELAY");
	rc = set_buffer(fd, SO_RCVBUF, s->rcvbuf_bytes, err);
	return rc < 0 ? rc : set_buffer(fd, SO_SNDBUF, s->sndbuf_bytes, err);
}

/* ---- listening ---- */

/* Those that it accepts inherit it; tcp(7). */
static int watch_over_clients(int fd, struct err *err)
{
	static const struct {
		int level, name, value;
		const char *text;
	} options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE" },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_S, "TCP_KEEPIDLE" },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL_S, "TCP_KEEPINTVL" },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEP_PROBES, "TCP_KEEPCNT" },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(options[i].value)) < 0)
			return err_sys(err, errno, "setsockopt %s", options[i].text);
	return 0;
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
	if (rc >= 0)
		rc = watch_over_clients(fd, err);
	return rc < 0 ? rc : net_listen(fd, a, BACKLOG, s->loops > 1, err);
}

int chat_listen_open(struct worker *w, struct chat_loop *l, struct err *err)
{
	struct chat_shared *s = chat_shared_of(w);
	int *listener = s->listener[w->self->index], rc = 0;

	for (unsigned i = 0; i < s->at.listens && rc >= 0; i++) {
		if (listener[i] < 0)
			rc = make_listener(w, i, err);
		if (rc >= 0)
			rc = chat_epoll_watch(&l->epoll, listener[i], CHAT_TAG_LISTENER + i, err);
		if (i + 1 < s->at.listens && !net_port(&s->at.listen[i + 1]))
			net_set_port(&s->at.listen[i + 1], net_port(&s->at.listen[i]));
	}
	/* The first loop chooses the port, for all addresses and loops. */
	if (rc >= 0 && w->self->index == 0)
		endpoints_publish(&s->at, w->plan);
	return rc;
}

/* ---- callers ---- */

static void listen_again(struct worker *w, struct chat_loop *l, bool on)
{
	const struct chat_shared *s = chat_shared_of(w);

	for (unsigned i = 0; i < s->at.listens; i++) {
		struct epoll_event event = { .events = on ? EPOLLIN : 0, .data.u64 = CHAT_TAG_LISTENER + i };

		epoll_ctl(l->epoll.fd, EPOLL_CTL_MOD, s->listener[w->self->index][i], &event);
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

/* Faults of one caller are no reason to end: accept(2) names them. */
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
