/* Mode chat, the load's connections.  See engines/chat/load/load.h.
 *
 * They are made so many at a time (--ramp), each begins with a hello that says whose it is; one
 * that is lost is made anew after a pause.
 *
 * Sources: connect(2), epoll(7). */
#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "engines/chat/load/load.h"
#include "mode/path.h"

static const int64_t BACKOFF_MIN_NS = 10 * NS_PER_MS, BACKOFF_MAX_NS = 100 * NS_PER_MS;

void load_watch(struct load *x, struct load_connection *c)
{
	bool out = c->blocked || c->state == LOAD_CONNECTING;
	struct epoll_event event = { .events = EPOLLRDHUP | (c->reads && c->state == LOAD_UP ? EPOLLIN : 0) |
					       (out ? EPOLLOUT : 0),
		.data.u64 = (uint64_t)(c - x->connection) };

	x->controls++;
	epoll_ctl(x->epoll.fd, EPOLL_CTL_MOD, c->fd, &event);
}

void load_put_down(struct load *x, struct load_connection *c)
{
	unsigned at = x->down_head + x->downs++;

	x->down[at < x->connections ? at : at - x->connections] = (uint32_t)(c - x->connection);
	c->state = LOAD_DOWN;
}

static void close_connection(struct load *x, struct load_connection *c)
{
	x->connecting -= c->state == LOAD_CONNECTING;
	x->ups -= c->state == LOAD_UP;
	net_close(c->fd);
	x->syscalls++;
	c->fd = -1;
	c->blocked = false;
	chat_pool_give(&x->pool, c->part);
	c->part = NULL;
	c->part_bytes = 0;
}

static void load_back_off(struct load *x, struct load_connection *c)
{
	c->backoff_ns = c->backoff_ns ? c->backoff_ns * 2 : BACKOFF_MIN_NS;
	if (c->backoff_ns > BACKOFF_MAX_NS)
		c->backoff_ns = BACKOFF_MAX_NS;
	c->until_ns = clock_now_ns() + c->backoff_ns;
	load_put_down(x, c);
}

void load_lost(struct worker *w, struct load *x, struct load_connection *c)
{
	const struct chat_shared *s = chat_shared_of(w);

	/* The server closed it first: it reads no more. */
	c->lost += load_unread(c, load_read(s, c));
	/* A message that was half sent is not of the next connection. */
	c->begun -= c->sent_bytes && s->open_loop;
	c->sent_bytes = 0;
	c->seen = c->sequence;
	close_connection(x, c);
	load_back_off(x, c);
}

static void fail_to_connect(struct load *x, struct load_connection *c)
{
	x->failures++;
	close_connection(x, c);
	load_back_off(x, c);
}

/* It is there: says whose it is. */
static void load_greet(struct worker *w, struct load *x, struct load_connection *c)
{
	struct chat_shared *s = chat_shared_of(w);
	uint8_t hello[CHAT_HELLO_BYTES];

	c->received_before += c->received;
	c->received = 0;
	if (s->both)
		atomic_store_explicit(&s->flow[c->id].received, 0, memory_order_relaxed);
	chat_stamp_put(
		hello, &(struct chat_stamp){
			       .kind = c->reads ? CHAT_HELLO_READS : CHAT_HELLO_MUTE, .token = s->token, .connection = c->id });
	hello[CHAT_STAMP_BYTES] = '\n';
	x->syscalls++;
	if (send(c->fd, hello, sizeof(hello), MSG_DONTWAIT | MSG_NOSIGNAL) != sizeof(hello)) {
		fail_to_connect(x, c);
		return;
	}
	x->connecting--;
	x->ups++;
	x->reconnects += c->was_up;
	c->was_up = true;
	c->state = LOAD_UP;
	c->backoff_ns = 0;
	load_watch(x, c);
	load_queue(x, c);
}

/* A socket on its way. */
static int start_connecting(struct worker *w, struct load *x, struct load_connection *c, struct err *err)
{
	const union net_address *host = &chat_shared_of(w)->at.host;
	struct epoll_event event = { .events = EPOLLOUT, .data.u64 = (uint64_t)(c - x->connection) };
	int rc;

	c->fd = path_socket(w->plan, ROLE_CLIENT, host->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP, err);
	if (c->fd < 0)
		return c->fd;
	x->syscalls += 2;
	c->state = LOAD_CONNECTING;
	x->connecting++;
	if ((rc = chat_set_options(w, c->fd, err)) < 0)
		return rc;
	if (!chat_shared_of(w)->both)
		net_bind_any(c->fd, host->sa.sa_family);
	if (connect(c->fd, &host->sa, net_address_bytes(host)) < 0 && errno != EINPROGRESS) {
		worker_refused(w, errno);
		fail_to_connect(x, c);
		return 0;
	}
	x->controls++;
	if (epoll_ctl(x->epoll.fd, EPOLL_CTL_ADD, c->fd, &event) < 0)
		return err_sys(err, errno, "epoll_ctl");
	return 0;
}

int load_connect(struct worker *w, struct load *x, struct err *err)
{
	const struct chat_shared *s = chat_shared_of(w);
	int64_t now;
	int rc;

	if (!x->downs || x->connecting >= s->ramp)
		return 0;
	now = clock_now_ns();
	while (x->downs && x->connecting < s->ramp) {
		struct load_connection *c = &x->connection[x->down[x->down_head]];

		if (c->until_ns > now)
			return 0;
		x->down_head = x->down_head + 1 < x->connections ? x->down_head + 1 : 0;
		x->downs--;
		if ((rc = start_connecting(w, x, c, err)) < 0)
			return rc;
	}
	return 0;
}

/* If nobody listens on a port that the kernel gives to callers, a caller may get that very port,
 * and TCP connects it with itself (RFC 9293, 3.5: a simultaneous open).  It must not keep the port
 * from the server that comes back: no TIME-WAIT. */
static bool is_with_itself(const struct worker *w, struct load *x, const struct load_connection *c)
{
	const union net_address *host = &chat_shared_of(w)->at.host;
	const struct linger none = { .l_onoff = 1 };
	union net_address own;
	socklen_t size = sizeof(own);

	x->syscalls++;
	if (getsockname(c->fd, &own.sa, &size) < 0 || net_port(&own) != net_port(host) || !net_same_host(&own, host))
		return false;
	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	return true;
}

void load_connected(struct worker *w, struct load *x, struct load_connection *c)
{
	int error = 0;
	socklen_t bytes = sizeof(error);

	x->syscalls++;
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &bytes) < 0 || error || is_with_itself(w, x, c)) {
		worker_refused(w, error);
		fail_to_connect(x, c);
	} else
		load_greet(w, x, c);
}
