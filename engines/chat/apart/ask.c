/* See ask.h. */
#include "engines/chat/apart/ask.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "engines/chat/shared.h"
#include "mode/path.h"

/* An answer over a network may take so long; on this host it does not. */
enum { PATIENCE_MS = 400, PATIENCE_HERE_MS = 40 };

/* Several in the time that a silence may last. */
static const int64_t AGAIN_NS = 20ll * NS_PER_MS;

/* ---- words ---- */

static bool ask_send(const struct chat_ask *a, const void *data, size_t bytes)
{
	return send(a->fd, data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)bytes;
}

static bool ask_again(struct chat_ask *a)
{
	uint8_t out[CHAT_REPORT_BYTES];

	net_report_ask(out, a->token, ++a->number, CHAT_REPORT_COUNTS);
	return ask_send(a, out, sizeof(out));
}

/* Gathers so many bytes.  1: they are there; 0: not yet; -1: they will not come. */
static int ask_gather(struct chat_ask *a, size_t bytes)
{
	ssize_t n = recv(a->fd, a->frame + a->got, bytes - a->got, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return -1;
	a->got += n > 0 ? (unsigned)n : 0;
	if (a->got < bytes)
		return 0;
	a->got = 0;
	return 1;
}

/* ---- the first time ---- */

static bool ask_wait(const struct chat_ask *a, short events, int64_t until_ns)
{
	struct pollfd p = { .fd = a->fd, .events = events };
	int64_t left_ns = until_ns - clock_now_ns();

	return left_ns > 0 && poll(&p, 1, (int)(left_ns / NS_PER_MS) + 1) > 0;
}

static bool ask_await(struct chat_ask *a, size_t bytes, int64_t until_ns)
{
	int rc;

	while ((rc = ask_gather(a, bytes)) == 0)
		if (!ask_wait(a, POLLIN, until_ns))
			return false;
	return rc > 0;
}

static bool ask_connect(struct worker *w, struct chat_ask *a, int64_t until_ns)
{
	const union net_address *host = &chat_shared_of(w)->at.host;
	struct err ignored = ERR_NONE;
	socklen_t size = sizeof(int);
	int error = 0;

	a->fd = path_socket(w->plan, ROLE_CLIENT, host->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP, &ignored);
	if (a->fd < 0)
		return false;
	net_bind_any(a->fd, host->sa.sa_family);
	if (connect(a->fd, &host->sa, net_address_bytes(host)) == 0)
		return true;
	return errno == EINPROGRESS && ask_wait(a, POLLOUT, until_ns) &&
	       getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && !error;
}

/* Does it know what this caller wants? */
static bool ask_greet(struct worker *w, struct chat_ask *a, int64_t until_ns)
{
	uint8_t hello[CHAT_HELLO_BYTES];

	chat_hello_ask(hello, chat_shared_of(w)->token);
	return ask_send(a, hello, sizeof(hello)) && ask_await(a, sizeof(hello), until_ns) &&
	       !memcmp(a->frame, hello, sizeof(hello));
}

void chat_ask_open(struct worker *w, struct chat_ask *a)
{
	int patience_ms = net_is_loopback(&chat_shared_of(w)->at.host) ? PATIENCE_HERE_MS : PATIENCE_MS;
	int64_t until_ns = clock_now_ns() + patience_ms * NS_PER_MS;
	uint32_t number;

	*a = (struct chat_ask){ .fd = -1 };
	if (getrandom(&a->token, sizeof(a->token), 0) != sizeof(a->token))
		a->token = rng_mix((uint64_t)clock_now_ns() ^ (uint64_t)getpid());
	a->on = ask_connect(w, a, until_ns) && ask_greet(w, a, until_ns) && ask_again(a) &&
		ask_await(a, CHAT_REPORT_BYTES, until_ns) && chat_report_get(a->frame, a->token, &number, &a->base) &&
		number == a->number;
	/* Who is in the room already would be in the counts. */
	a->fresh = a->on && !a->base.connections;
	a->newest = a->base;
	if (!a->on && a->fd >= 0)
		close(a->fd);
}

void chat_ask_close(struct chat_ask *a)
{
	if (a->on)
		close(a->fd);
	a->on = false;
}

/* ---- what was told ---- */

static uint64_t sum_clients(const struct chat_shared *s, unsigned counter)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < s->clients; i++)
		sum += s->asker[i] ? counter_get(s->asker[i], counter) : 0;
	return sum;
}

/* Of a server that nobody else uses, and that is the same as before. */
static bool ask_is_ours(const struct chat_shared *s, const struct chat_ask *a, uint32_t number, const struct chat_report *r)
{
	return !a->base.connections && r->instance == a->base.instance && r->reports >= a->base.reports &&
	       r->reports - a->base.reports < number && r->read >= a->newest.read && r->owed >= a->newest.owed &&
	       r->delivered >= a->newest.delivered && r->dropped >= a->newest.dropped && r->gone >= a->newest.gone &&
	       r->joined - a->base.joined <= s->connections + sum_clients(s, CHAT_C_RECONNECTS);
}

/* Its loops are not read at one instant: all that it owed must have become something. */
static bool adds_up(const struct chat_report *b, const struct chat_report *r)
{
	return r->owed - b->owed == r->delivered - b->delivered + r->dropped - b->dropped + r->gone - b->gone + r->queued;
}

/* Has each loop heard of each message?  While nobody has come or gone, a message is owed to all but
 * its author. */
static bool all_is_owed(const struct chat_shared *s, const struct chat_ask *a)
{
	const struct chat_report *r = &a->newest;

	return sum_clients(s, CHAT_C_RECONNECTS) || !r->connections || r->owed - a->base.owed == a->read * (r->connections - 1);
}

/* Have those who read all that the server's kernel has for them? */
static bool has_come(const struct chat_shared *s, const struct chat_ask *a)
{
	return s->readers < s->connections || sum_clients(s, COUNTER_RX_PACKETS) >= a->newest.delivered - a->base.delivered;
}

static void take_report(struct worker *w, struct chat_ask *a, uint32_t number, const struct chat_report *r)
{
	const struct chat_shared *s = chat_shared_of(w);
	bool ours = ask_is_ours(s, a, number, r), same;
	struct chat_report before = a->newest;
	uint64_t sent = sum_clients(s, COUNTER_TX_PACKETS), missing;

	a->fresh = ours;
	a->told = ours && a->based && adds_up(&a->base, r);
	a->pending &= ours;
	if (!ours)
		return;
	a->newest = *r;
	a->read = r->read - a->base.read;
	missing = sent > a->read ? sent - a->read : 0;
	/* The server tells how many it has read, not of whom. */
	a->lost = sum_clients(s, CHAT_C_RECONNECTS) ? missing : 0;
	a->unread = missing - a->lost;
	before.reports = r->reports;
	same = !memcmp(&before, r, sizeof(before));
	/* What loops have to tell each other, and us, may still be on its way. */
	if (same && !a->unread && all_is_owed(s, a) && adds_up(&a->base, r) && has_come(s, a))
		a->pending = false;
}

/* ---- while the run goes ---- */

void chat_ask_enter(struct chat_ask *a, enum phase phase)
{
	bool quiet = phase == PHASE_SETTLE || phase == PHASE_DRAIN;

	if (!a->on)
		return;
	if (phase == PHASE_MEASURE) {
		a->based = a->fresh;
		a->queued_before = a->newest.queued;
	}
	a->due = a->pending = quiet;
	a->fresh = a->told = false;
	a->first = a->number + 1;
	a->next_ns = 0;
}

void chat_ask_step(struct worker *w, struct chat_ask *a, int64_t now_ns)
{
	struct chat_report r;
	uint32_t number;
	int rc;

	if (!a->on || !a->due)
		return;
	while ((rc = ask_gather(a, CHAT_REPORT_BYTES)) > 0) {
		if (!chat_report_get(a->frame, a->token, &number, &r) || !number || number > a->number)
			rc = -1;
		else if (number >= a->first)
			take_report(w, a, number, &r);
		if (rc < 0)
			break;
	}
	if (rc == 0 && now_ns >= a->next_ns) {
		a->next_ns = now_ns + AGAIN_NS;
		rc = ask_again(a) ? 0 : -1;
	}
	/* It is gone, or says what is no answer. */
	if (rc < 0)
		a->due = a->pending = a->fresh = a->told = false;
}

void chat_ask_count(struct worker *w, const struct chat_ask *a)
{
	const struct chat_report *b = &a->base, *r = &a->newest;

	counter_set(w->counters, CHAT_C_FAR_OWED, r->owed - b->owed + a->queued_before);
	counter_set(w->counters, CHAT_C_FAR_DELIVERED, r->delivered - b->delivered);
	counter_set(w->counters, CHAT_C_FAR_DROPPED, r->dropped - b->dropped);
	counter_set(w->counters, CHAT_C_FAR_GONE, r->gone - b->gone);
	counter_set(w->counters, CHAT_C_FAR_QUEUED, r->queued);
	counter_set(w->counters, CHAT_C_FAR_TOLD, a->told);
}
