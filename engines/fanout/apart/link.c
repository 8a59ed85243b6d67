/* See link.h. */
#include "engines/fanout/apart/link.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "engines/fanout/multicast.h"
#include "engines/fanout/shared.h"
#include "mode/path.h"

static const int64_t PATIENCE_NS = 3ll * NS_PER_S;

static const char *link_host_of(const struct worker *w, char out[NET_ADDRESS_TEXT])
{
	return net_format(&fanout_shared_of(w)->at.host, out, NET_ADDRESS_TEXT);
}

/* ---- the hello ---- */

static int link_await(struct worker *w, int fd, short events, int64_t until_ns, struct err *err)
{
	struct pollfd p = { .fd = fd, .events = events };
	char text[NET_ADDRESS_TEXT];
	int64_t left_ns = until_ns - clock_now_ns();
	int n = poll(&p, 1, left_ns > 0 ? (int)(left_ns / NS_PER_MS) + 1 : 0);

	if (n > 0)
		return 0;
	return err_say(err, ETIMEDOUT, "%s does not answer: no readers of mode fanout", link_host_of(w, text));
}

static int link_call(struct worker *w, struct fanout_link *l, struct err *err)
{
	const struct fanout_shared *s = fanout_shared_of(w);
	char text[NET_ADDRESS_TEXT];
	int on = 1, error = 0, rc;
	socklen_t size = sizeof(error);

	l->fd = path_socket(w->plan, ROLE_CLIENT, s->at.host.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP, err);
	if (l->fd < 0)
		return l->fd;
	setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(l->fd, &s->at.host.sa, net_address_bytes(&s->at.host)) < 0 && errno != EINPROGRESS)
		return err_sys(err, errno, "connect %s", link_host_of(w, text));
	if ((rc = link_await(w, l->fd, POLLOUT, clock_now_ns() + PATIENCE_NS, err)) < 0)
		return rc;
	if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error)
		return err_sys(
			err, error ? error : errno, "connect %s (netdyno run fanout --role server)", link_host_of(w, text));
	return 0;
}

static int link_read_all(struct worker *w, struct fanout_link *l, uint8_t *in, size_t bytes, struct err *err)
{
	int64_t until_ns = clock_now_ns() + PATIENCE_NS;
	char text[NET_ADDRESS_TEXT];
	int rc;

	for (size_t done = 0; done < bytes;) {
		if ((rc = link_await(w, l->fd, POLLIN, until_ns, err)) < 0)
			return rc;
		ssize_t n = recv(l->fd, in + done, bytes - done, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return err_say(err, ECONNRESET,
				"%s closed the connection: no readers of mode fanout, or not of this version",
				link_host_of(w, text));
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int link_check_head(struct worker *w, enum hello_fault fault, const struct hello_answer *a, struct err *err)
{
	char text[NET_ADDRESS_TEXT];
	const char *host = link_host_of(w, text);

	if (fault == HELLO_GARBAGE)
		return err_say(err, EPROTO, "%s: not an answer of mode fanout", host);
	if (fault == HELLO_VERSION_DIFFERS)
		return err_say(
			err, EPROTO, "%s speaks version %u of the hello, this netdyno %u", host, a->version, HELLO_VERSION);
	if (fault == HELLO_RANGE)
		return err_say(err, EPROTO, "%s announces readers or ports that cannot be: at most %d readers on ports 1..65535",
			host, HELLO_READERS_MAX);
	if (a->status == HELLO_BUSY)
		return err_say(err, EBUSY, "%s: another writer is there", host);
	if (a->status == HELLO_WRONG_METHOD)
		return err_say(err, EPROTO, "%s: the readers %s (start both ends with --method multicast, or none)", host,
			fanout_shared_of(w)->method->multicast ? "did not join a group" : "have joined a group");
	return a->status == HELLO_WELCOME ? 0 : err_say(err, EPROTO, "%s speaks another version of the hello", host);
}

/* ---- what the readers say ---- */

static void link_take_addresses(struct fanout_shared *s, const struct hello_answer *a, const struct hello_range *range)
{
	unsigned n = 0;

	net_set_port(&s->group, range[0].first);
	for (unsigned i = 0; i < a->ranges; i++)
		for (unsigned port = range[i].first; port <= range[i].last && n < a->readers; port++) {
			s->to[n] = s->at.host;
			net_set_port(&s->to[n++], port);
		}
	for (; n < a->readers; n++)
		s->to[n] = s->group;
}

static int link_make_room(struct worker *w, struct fanout_link *l, const struct hello_answer *a, struct err *err)
{
	struct fanout_shared *s = fanout_shared_of(w);

	if (s->writers > a->readers)
		return err_say(err, EINVAL, "--cores %u: more writers than readers (%u)", s->writers, a->readers);
	free(s->to);
	free(s->share);
	s->to = calloc(a->readers, sizeof(*s->to));
	s->share = aligned_alloc(alignof(struct fanout_share), a->workers * sizeof(*s->share));
	if (!s->to || !s->share)
		return err_sys(err, ENOMEM, "prepare %u readers", a->readers);
	memset(s->share, 0, a->workers * sizeof(*s->share));
	s->readers = a->readers;
	s->reader_workers = l->workers = a->workers;
	l->session = a->session;
	return s->method->connected ? net_allow_descriptors(s->readers, "readers", s->readers, err) : 0;
}

static int link_read_answer(struct worker *w, struct fanout_link *l, struct err *err)
{
	uint8_t head[HELLO_HEAD_BYTES], *in = NULL;
	struct hello_answer a = { 0 };
	struct hello_group group;
	struct hello_range *range = NULL;
	int rc = link_read_all(w, l, head, sizeof(head), err);

	if (rc < 0 || (rc = link_check_head(w, hello_get_head(head, &a), &a, err)) < 0)
		return rc;
	in = malloc(hello_body_bytes(&a));
	range = malloc(a.ranges * sizeof(*range));
	if (!in || !range)
		rc = err_sys(err, ENOMEM, "read the readers' ports");
	if (rc >= 0)
		rc = link_read_all(w, l, in, hello_body_bytes(&a), err);
	if (rc >= 0)
		rc = link_check_head(w, hello_get_body(in, &a, &group, range), &a, err);
	if (rc >= 0)
		rc = link_make_room(w, l, &a, err);
	if (rc >= 0)
		rc = fanout_take_group(w, &group, err);
	if (rc >= 0)
		link_take_addresses(fanout_shared_of(w), &a, range);
	for (unsigned i = 0; rc >= 0 && i < a.ranges; i++)
		ports_add(&w->plan->ports, range[i].first, range[i].last);
	free(in);
	free(range);
	return rc;
}

int fanout_link_open(struct fanout_link *l, struct worker *w, struct err *err)
{
	const struct fanout_shared *s = fanout_shared_of(w);
	struct hello_request r = { .version = HELLO_VERSION,
		.flags = (uint16_t)((s->rounds ? HELLO_ROUNDS : 0) | (s->method->multicast ? HELLO_MULTICAST : 0)),
		.bytes = s->bytes,
		.each = s->each,
		.token = s->token,
		.clock = net_clock_identity() };
	uint8_t out[HELLO_REQUEST_BYTES];
	char text[NET_ADDRESS_TEXT];
	int rc = link_call(w, l, err);

	if (rc < 0)
		return rc;
	hello_put_request(out, &r);
	if (send(l->fd, out, sizeof(out), MSG_NOSIGNAL) != sizeof(out))
		return err_sys(err, errno, "say hello to %s", link_host_of(w, text));
	return link_read_answer(w, l, err);
}

void fanout_link_close(struct fanout_link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	*l = (struct fanout_link){ .fd = -1 };
}

/* ---- reports ---- */

static void link_take_report(struct fanout_shared *s, const struct fanout_link *l, const struct hello_report *r)
{
	struct fanout_share *share = &s->share[r->worker];
	struct fanout_tally tally = { .round = r->round, .have = r->have, .first_ns = r->first_ns, .last_ns = r->last_ns };

	/* Of the writer that was there before. */
	if (r->session != l->session)
		return;
	fanout_tally_show(&tally, share, false);
	atomic_store_explicit(&share->received, r->received, memory_order_relaxed);
	atomic_store_explicit(&share->dropped, r->dropped, memory_order_relaxed);
	atomic_store_explicit(&share->late, r->late, memory_order_relaxed);
}

static int link_take_reports(struct worker *w, struct fanout_link *l, struct err *err)
{
	struct hello_report r;
	char text[NET_ADDRESS_TEXT];
	size_t at = 0;

	for (; l->bytes - at >= HELLO_REPORT_BYTES; at += HELLO_REPORT_BYTES) {
		if (hello_get_report(l->in + at, l->workers, &r) != HELLO_GOOD)
			return err_say(err, EPROTO, "%s: not a report of readers", link_host_of(w, text));
		link_take_report(fanout_shared_of(w), l, &r);
	}
	l->bytes -= at;
	memmove(l->in, l->in + at, l->bytes);
	return 0;
}

int fanout_link_read(struct fanout_link *l, struct worker *w, struct err *err)
{
	char text[NET_ADDRESS_TEXT];
	ssize_t n;
	int rc = 0;

	do {
		n = recv(l->fd, l->in + l->bytes, sizeof(l->in) - l->bytes, MSG_DONTWAIT);
		l->calls++;
		if (n > 0) {
			l->bytes += (size_t)n;
			rc = link_take_reports(w, l, err);
		}
	} while (rc >= 0 && n > 0 && l->bytes == 0 && n == (ssize_t)sizeof(l->in));
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return err_say(err, ECONNRESET, "the readers at %s are gone", link_host_of(w, text));
	return rc;
}
