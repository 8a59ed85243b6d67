/* See group.h. */
#include "engines/udp/group.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	FAIR_DATAGRAMS = 32, /* of one socket, before it is the next one's turn */
	/* Calls of recv that do not ask, since the next wait will: after one that ended by its
	 * deadline the worker sends what is due, looks again, and waits again. */
	BLIND_MOST = 2,
};
static const uint32_t WAKE = UINT32_MAX; /* in place of an index: the worker's wake_fd */

/* ---- open and close ---- */

int udp_group_init(struct udp_group *g, unsigned sockets)
{
	*g = (struct udp_group){ .epoll_fd = -1, .socket = calloc(sockets, sizeof(*g->socket)) };
	return g->socket ? 0 : -ENOMEM;
}

void udp_group_add(struct udp_group *g, int fd)
{
	g->socket[g->count++].fd = fd;
}

static int watch(struct udp_group *g, int operation, int fd, uint32_t events, uint32_t index, struct err *err)
{
	struct epoll_event event = { .events = events, .data.u32 = index };

	if (epoll_ctl(g->epoll_fd, operation, fd, &event) < 0)
		return err_sys(err, errno, "epoll_ctl");
	return 0;
}

static int open_epoll(struct udp_group *g, struct err *err)
{
	int rc;

	g->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (g->epoll_fd < 0)
		return err_sys(err, errno, "epoll_create1");
	rc = watch(g, EPOLL_CTL_ADD, g->worker->wake_fd, EPOLLIN, WAKE, err);
	for (unsigned i = 0; i < g->count && rc >= 0; i++)
		rc = watch(g, EPOLL_CTL_ADD, g->socket[i].fd, EPOLLIN, i, err);
	return rc;
}

int udp_group_open(
	struct udp_group *g, const struct udp_method *method, struct udp_config *config, struct worker *w, struct err *err)
{
	int rc;

	g->worker = w;
	g->awaited = g->count;
	config->fd = g->socket[0].fd;
	rc = method->open(method, config, &g->port, err);
	for (unsigned i = 1; i < g->count && rc >= 0; i++)
		rc = udp_socket_options(&g->port->config, g->socket[i].fd, err);
	if (rc >= 0 && g->count > 1)
		rc = open_epoll(g, err);
	if (rc < 0)
		return rc;
	udp_group_expect(g, g->port->batch);
	g->blind_most = w->plan->wait == WAIT_BLOCK ? BLIND_MOST : 0;
	w->wait.fd[0] = (struct pollfd){ .fd = g->port->wait, .events = g->port->wait_in };
	if (g->count > 1)
		w->wait.fd[0] = (struct pollfd){ .fd = g->epoll_fd, .events = POLLIN };
	w->wait.count = 1;
	return 0;
}

void udp_group_expect(struct udp_group *g, unsigned most)
{
	/* One socket is read until it is empty, without asking who is ready. */
	bool fewer = most < g->port->batch && g->count > 1;

	g->most = fewer ? most : g->port->batch;
	g->bursts_most = fewer || g->most >= FAIR_DATAGRAMS ? 1 : FAIR_DATAGRAMS / g->most;
}

void udp_group_close(struct udp_group *g)
{
	if (g->port) {
		g->port->config.fd = -1; /* closed below */
		g->port->method->close(g->port);
	}
	for (unsigned i = 0; i < g->count; i++)
		net_close(g->socket[i].fd);
	if (g->count > 1 && g->epoll_fd >= 0)
		close(g->epoll_fd);
	free(g->socket);
	*g = (struct udp_group){ .epoll_fd = -1 };
}

/* ---- who is ready ---- */

/* Keeps those that there is something to read from; the others only end the wait. */
static int take_events(struct udp_group *g, int n, struct err *err)
{
	g->at = g->events = g->bursts = 0;
	if (n < 0)
		return errno == EINTR ? 0 : err_sys(err, errno, "epoll_wait");
	for (int i = 0; i < n; i++)
		if (g->event[i].data.u32 == WAKE)
			worker_woken(g->worker);
		else if (g->event[i].events & ~(uint32_t)EPOLLOUT)
			g->event[g->events++] = g->event[i];
	if (g->events)
		g->blind = 0;
	return 0;
}

int udp_group_wait(struct udp_group *g, int64_t until_ns, struct err *err)
{
	int64_t left_ns = until_ns - clock_now_ns(), time_ns = left_ns > 0 ? left_ns : 0;
	struct timespec timeout = { .tv_sec = time_ns / NS_PER_S, .tv_nsec = time_ns % NS_PER_S };

	if (g->port->method->wait)
		return g->port->method->wait(g->port, g->worker, until_ns, err);
	if (g->count == 1 || !g->blind_most)
		return worker_ppoll(g->worker, until_ns, err);
	int n = epoll_pwait2(g->epoll_fd, g->event, UDP_GROUP_EVENTS, &timeout, NULL);
	if (n < 0 && errno == ENOSYS) {
		g->blind_most = 0;
		return 0;
	}
	worker_count_wait(g->worker);
	g->blind = 0;
	return take_events(g, n, err);
}

static int ask(struct udp_group *g, struct err *err)
{
	if (g->blind < g->blind_most) {
		g->blind++;
		return 0;
	}
	g->port->totals.syscalls++;
	return take_events(g, epoll_wait(g->epoll_fd, g->event, UDP_GROUP_EVENTS, 0), err);
}

int udp_group_recv_many(struct udp_group *g, struct udp_datagram **ret_burst, unsigned *ret_socket, struct err *err)
{
	int rc = udp_group_is_ready(g) ? 0 : ask(g, err);

	if (rc < 0)
		return rc;
	while (udp_group_is_ready(g)) {
		unsigned index = g->event[g->at].data.u32;

		udp_group_use(g, index);
		int n = g->port->method->recv_burst(g->port, g->most, ret_burst, err);
		if (n < 0)
			return n;
		/* A full burst may leave some behind: they are told of again (level-triggered). */
		if ((unsigned)n < g->most || ++g->bursts >= g->bursts_most) {
			g->at++;
			g->bursts = 0;
		}
		*ret_socket = index;
		if (n > 0)
			return n;
	}
	return 0;
}

int udp_group_await_room(struct udp_group *g, unsigned index, struct err *err)
{
	int rc = 0;

	if (g->count == 1) {
		g->worker->wait.fd[0].events = (short)(g->port->wait_in | (index == 0 ? g->port->wait_out : 0));
		return 0;
	}
	if (index == g->awaited)
		return 0;
	if (g->awaited < g->count)
		rc = watch(g, EPOLL_CTL_MOD, g->socket[g->awaited].fd, EPOLLIN, g->awaited, err);
	if (rc >= 0 && index < g->count)
		rc = watch(g, EPOLL_CTL_MOD, g->socket[index].fd, EPOLLIN | EPOLLOUT, index, err);
	g->port->totals.syscalls += (g->awaited < g->count) + (index < g->count);
	g->awaited = index;
	return rc;
}

/* ---- drops ---- */

int udp_group_drops(struct udp_group *g, uint32_t *ret_more)
{
	uint32_t more = 0, now;

	for (unsigned i = 0; i < g->count; i++) {
		udp_group_use(g, i);
		int rc = g->port->method->drops(g->port, &now);

		if (rc < 0)
			return rc;
		more += now - g->socket[i].drops;
		g->socket[i].drops = now;
	}
	*ret_more = more;
	return 0;
}
