/* See gate.h. */
#include "engines/fanout/apart/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "engines/fanout/multicast.h"
#include "engines/fanout/shared.h"
#include "mode/path.h"
#include "run/thread.h"

enum { BACKLOG = 16 };

static const int64_t PATIENCE_NS = 2ll * NS_PER_S;

/* ---- waiting ---- */

/* Until fd is ready for these events, at_ns, or the end; false: not ready. */
static bool gate_await(const struct fanout_gate *g, int fd, short events, int64_t at_ns)
{
	struct pollfd p[] = { { .fd = g->stop_fd, .events = POLLIN }, { .fd = fd, .events = events } };
	int64_t left_ns = at_ns - clock_now_ns();
	int n = poll(p, 2, at_ns == INT64_MAX ? -1 : left_ns > 0 ? (int)(left_ns / NS_PER_MS) + 1 : 0);

	return n > 0 && !p[0].revents && p[1].revents;
}

static bool gate_is_over(const struct fanout_gate *g)
{
	struct pollfd p = { .fd = g->stop_fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* All of it, in time. */
static bool gate_read_all(const struct fanout_gate *g, int fd, uint8_t *in, size_t bytes)
{
	int64_t until_ns = clock_now_ns() + PATIENCE_NS;

	for (size_t done = 0; done < bytes;) {
		if (!gate_await(g, fd, POLLIN, until_ns))
			return false;
		ssize_t n = recv(fd, in + done, bytes - done, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return true;
}

static bool gate_write_all(const struct fanout_gate *g, int fd, const uint8_t *out, size_t bytes)
{
	int64_t until_ns = clock_now_ns() + PATIENCE_NS;

	for (size_t done = 0; done < bytes;) {
		ssize_t n = send(fd, out + done, bytes - done, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
		if (n < 0 && !gate_await(g, fd, POLLOUT, until_ns))
			return false;
	}
	return true;
}

/* ---- the answer ---- */

/* The readers' ports in their order. */
static unsigned gate_list_ranges(const struct fanout_shared *s, struct hello_range *range)
{
	unsigned n = 0, count = s->method->multicast ? 1 : s->readers;

	for (unsigned i = 0; i < count; i++) {
		uint16_t port = (uint16_t)net_port(&s->to[i]);

		if (n && range[n - 1].last + 1 == port)
			range[n - 1].last = port;
		else if (n == HELLO_RANGES_MAX)
			return 0;
		else
			range[n++] = (struct hello_range){ port, port };
	}
	return n;
}

static bool gate_answer(const struct fanout_gate *g, int fd, enum hello_status status)
{
	const struct fanout_shared *s = g->shared;
	uint8_t out[HELLO_HEAD_BYTES + HELLO_GROUP_BYTES + HELLO_RANGES_MAX * HELLO_RANGE_BYTES], *ranges;
	struct hello_range range[HELLO_RANGES_MAX];
	struct hello_answer a = { .version = HELLO_VERSION, .status = (uint16_t)status };
	struct hello_group group;

	if (status == HELLO_WELCOME) {
		a.readers = s->readers;
		a.workers = (uint16_t)s->reader_workers;
		a.ranges = (uint16_t)gate_list_ranges(s, range);
		a.session = (uint16_t)atomic_load_explicit(&g->session, memory_order_relaxed);
	}
	hello_put_head(out, &a);
	if (status != HELLO_WELCOME)
		return gate_write_all(g, fd, out, HELLO_HEAD_BYTES);
	group = fanout_group_of(s);
	hello_put_group(out + HELLO_HEAD_BYTES, &group);
	ranges = out + HELLO_HEAD_BYTES + HELLO_GROUP_BYTES;
	for (unsigned i = 0; i < a.ranges; i++)
		hello_put_range(ranges + i * HELLO_RANGE_BYTES, &range[i]);
	return gate_write_all(g, fd, out, HELLO_HEAD_BYTES + hello_body_bytes(&a));
}

/* ---- a caller ---- */

static void gate_let_in(struct fanout_gate *g, const struct hello_request *r)
{
	atomic_store_explicit(&g->bytes, r->bytes, memory_order_relaxed);
	atomic_store_explicit(&g->each, r->each, memory_order_relaxed);
	atomic_store_explicit(&g->token, r->token, memory_order_relaxed);
	atomic_store_explicit(&g->rounds, r->flags & HELLO_ROUNDS, memory_order_relaxed);
	atomic_store_explicit(&g->same_clock, r->clock && r->clock == net_clock_identity(), memory_order_relaxed);
	atomic_fetch_add_explicit(&g->session, 1, memory_order_release);
}

static void gate_let_out(struct fanout_gate *g)
{
	dup3(g->nobody_fd, g->report_fd, O_CLOEXEC);
	atomic_store_explicit(&g->bytes, 0, memory_order_relaxed);
	atomic_fetch_add_explicit(&g->session, 1, memory_order_release);
	atomic_store_explicit(&g->writers, 0, memory_order_relaxed);
}

/* While the writer is there nobody else is let in: they are told so. */
static void gate_turn_away(struct fanout_gate *g)
{
	struct hello_request r;
	uint8_t in[HELLO_REQUEST_BYTES];
	int fd = accept4(g->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (gate_read_all(g, fd, in, sizeof(in)) && hello_get_request(in, &r) == HELLO_GOOD)
		gate_answer(g, fd, HELLO_BUSY);
	atomic_fetch_add_explicit(&g->strangers, 1, memory_order_relaxed);
	close(fd);
}

/* Until it closes its end, or says something more: a writer has nothing more to say. */
static void gate_stay_with(struct fanout_gate *g, int fd)
{
	struct pollfd p[] = { { .fd = g->stop_fd, .events = POLLIN }, { .fd = fd, .events = POLLIN },
		{ .fd = g->listen_fd, .events = POLLIN } };

	while (poll(p, 3, -1) >= 0 || errno == EINTR) {
		if (p[0].revents || p[1].revents)
			return;
		if (p[2].revents)
			gate_turn_away(g);
	}
}

static bool gate_greet(struct fanout_gate *g, int fd)
{
	struct hello_request r = { 0 };
	uint8_t in[HELLO_REQUEST_BYTES];
	int on = 1;

	if (!gate_read_all(g, fd, in, sizeof(in)))
		return false;
	switch (hello_get_request(in, &r)) {
	case HELLO_GOOD:
		break;
	case HELLO_VERSION_DIFFERS:
		gate_answer(g, fd, HELLO_OTHER_VERSION);
		return false;
	case HELLO_GARBAGE:
	case HELLO_RANGE:
		return false;
	}
	if (!(r.flags & HELLO_MULTICAST) != !g->shared->method->multicast) {
		gate_answer(g, fd, HELLO_WRONG_METHOD);
		return false;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	gate_let_in(g, &r);
	return gate_answer(g, fd, HELLO_WELCOME) && dup3(fd, g->report_fd, O_CLOEXEC) >= 0;
}

static void *gate_thread(void *arg)
{
	struct fanout_gate *g = arg;

	thread_name_self("nd-gate");
	while (!gate_is_over(g)) {
		int fd = gate_await(g, g->listen_fd, POLLIN, INT64_MAX)
				 ? accept4(g->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)
				 : -1;

		if (fd < 0)
			continue;
		if (gate_greet(g, fd)) {
			atomic_store_explicit(&g->writers, 1, memory_order_relaxed);
			gate_stay_with(g, fd);
		} else {
			atomic_fetch_add_explicit(&g->strangers, 1, memory_order_relaxed);
		}
		gate_let_out(g);
		close(fd);
	}
	return NULL;
}

/* ---- open and close ---- */

static int gate_open_listener(struct fanout_gate *g, struct plan *plan, struct err *err)
{
	union net_address *a = &g->shared->at.listen[0];
	char text[NET_ADDRESS_TEXT];
	int on = 1;

	g->listen_fd = path_socket(plan, ROLE_SERVER, a->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP, err);
	if (g->listen_fd < 0)
		return g->listen_fd;
	if (setsockopt(g->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		(a->sa.sa_family == AF_INET6 && setsockopt(g->listen_fd, SOL_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0))
		return err_sys(err, errno, "setsockopt SO_REUSEADDR");
	if (bind(g->listen_fd, &a->sa, net_address_bytes(a)) < 0)
		return err_sys(err, errno, "bind %s", net_format(a, text, sizeof(text)));
	return listen(g->listen_fd, BACKLOG) < 0 ? err_sys(err, errno, "listen %s", net_format(a, text, sizeof(text))) : 0;
}

int fanout_gate_open(struct fanout_gate *g, struct fanout_shared *s, struct plan *plan, struct err *err)
{
	int rc;

	g->shared = s;
	g->listen_fd = -1;
	g->stop_fd = eventfd(0, EFD_CLOEXEC);
	/* every send to it fails at once */
	g->nobody_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g->report_fd = g->nobody_fd < 0 ? -1 : fcntl(g->nobody_fd, F_DUPFD_CLOEXEC, 0);
	if (g->stop_fd < 0 || g->report_fd < 0)
		return err_sys(err, errno, "open the readers' gate");
	if ((rc = gate_open_listener(g, plan, err)) < 0)
		return rc;
	rc = thread_start(&g->thread, gate_thread, g, "the readers' gate", err);
	g->started = rc >= 0;
	return rc;
}

void fanout_gate_close(struct fanout_gate *g)
{
	uint64_t one = 1;

	if (!g->shared)
		return;
	if (g->started && write(g->stop_fd, &one, sizeof(one)) > 0)
		pthread_join(g->thread, NULL);
	int all[] = { g->listen_fd, g->stop_fd, g->report_fd, g->nobody_fd };
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] >= 0)
			close(all[i]);
	g->shared = NULL;
	g->started = false;
}

void fanout_gate_report(struct fanout_gate *g, const struct hello_report *r)
{
	uint8_t out[HELLO_REPORT_BYTES];
	ssize_t n;

	hello_put_report(out, r);
	n = send(g->report_fd, out, sizeof(out), MSG_DONTWAIT | MSG_NOSIGNAL);
	/* A part of one would spoil all that follow. */
	if (n > 0 && n < (ssize_t)sizeof(out))
		shutdown(g->report_fd, SHUT_RDWR);
}
