/* See ask.h. */
#include "engines/echo/apart/ask.h"

#include <errno.h>
#include <poll.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "engines/echo/shared.h"
#include "mode/path.h"

/* An answer over a network may take so long; on this host it does not. */
enum { FIRST_TRIES = 4, PATIENCE_MS = 100, PATIENCE_HERE_MS = 10 };

/* Several in the time that a silence may last. */
static const int64_t AGAIN_NS = 20ll * NS_PER_MS, ANSWER_NS = 100ll * NS_PER_MS, LOOK_NS = NS_PER_MS;

/* ---- words ---- */

static void ask_send(struct echo_ask *a)
{
	uint8_t out[ECHO_REPORT_BYTES];
	ssize_t n;

	echo_report_ask(out, a->token, ++a->number);
	do {
		n = send(a->fd, out, sizeof(out), MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
}

enum heard { HEARD_NOTHING, HEARD_NO_ANSWER, HEARD };

/* The next datagram that has come. */
static enum heard ask_hear(struct echo_ask *a, uint32_t *ret_number, struct echo_report *ret_report)
{
	uint8_t in[ECHO_REPORT_BYTES + 1];
	ssize_t n;

	do {
		n = recv(a->fd, in, sizeof(in), MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? HEARD_NOTHING : HEARD_NO_ANSWER;
	/* One to a question that was never put is none. */
	return echo_report_get(in, (size_t)n, a->token, ret_number, ret_report) && *ret_number && *ret_number <= a->number
		       ? HEARD
		       : HEARD_NO_ANSWER;
}

/* ---- what was told ---- */

/* Of a server that nobody else asks, and that is the same as before. */
static bool is_ours(const struct echo_ask *a, const struct echo_report *r)
{
	/* Drops wrap at 32 bits, and never go back: a server that goes down has fewer sockets. */
	return r->instance == a->base.instance && r->reports >= a->base.reports &&
	       (int32_t)(uint32_t)(r->drops - a->told.drops) >= 0 &&
	       r->reports - a->base.reports <= a->number - a->base_number + 1ull;
}

/* Datagrams of the run's that were dropped since the word that is settled, at least.  Of questions
 * that did not come there, or are on their way, as many are taken for dropped as there are drops:
 * they are no datagrams of the run's. */
static uint32_t drops_of_run(const struct echo_ask *a, const struct echo_report *r)
{
	uint32_t drops = (uint32_t)(r->drops - a->told.drops);
	uint64_t asked = a->number - a->told_number, came = r->reports - a->told.reports;
	uint64_t missing = asked > came ? asked - came : 0;

	return drops > missing ? drops - (uint32_t)missing : 0;
}

/* What is said to the newest question leaves none open: later words count from there.  A server
 * that has had no CPU has dropped questions that came after the one that it answers. */
static void take_drops(struct echo_ask *a, uint32_t number, const struct echo_report *r)
{
	uint64_t drops = a->told_drops + drops_of_run(a, r);

	a->heard_number = number;
	a->drops = drops > a->drops ? drops : a->drops;
	if (number != a->number)
		return;
	a->told_number = number;
	a->told = *r;
	a->told_drops = a->drops;
}

static void take_report(struct worker *w, struct echo_ask *a, uint32_t number, const struct echo_report *r)
{
	uint64_t taken = (r->questions - r->reports) - (a->base.questions - a->base.reports);
	bool ours = is_ours(a, r);

	if (number < a->heard_number)
		return;
	a->pending = false;
	a->fresh = ours;
	counter_set(w->counters, ECHO_C_FAR_TOLD, ours && a->based);
	if (!ours)
		return;
	take_drops(a, number, r);
	counter_set(w->counters, ECHO_C_FAR_ARRIVED, taken + a->drops);
	counter_set(w->counters, ECHO_C_SERVER_SOCKET_DROPS, a->drops);
	counter_set(w->counters, ECHO_C_SERVER_MORE_DROPS, a->drops * (r->joined_max - 1));
	counter_set(w->counters, ECHO_C_REPLY_ERRORS, r->reply_errors - a->base.reply_errors);
}

/* ---- the first time ---- */

static int ask_connect(struct worker *w)
{
	const struct echo_shared *s = echo_shared_of(w);
	struct err ignored = ERR_NONE;
	int fd = path_socket(w->plan, ROLE_CLIENT, s->host.sa.sa_family, SOCK_DGRAM, 0, &ignored);

	if (fd >= 0 && connect(fd, &s->host.sa, net_address_bytes(&s->host)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Until something comes: HEARD_NOTHING is that nothing did. */
static enum heard ask_await(struct echo_ask *a, int patience_ms, uint32_t *ret_number, struct echo_report *ret_report)
{
	struct pollfd p = { .fd = a->fd, .events = POLLIN };

	ask_send(a);
	return poll(&p, 1, patience_ms) > 0 ? ask_hear(a, ret_number, ret_report) : HEARD_NOTHING;
}

void echo_ask_open(struct worker *w, struct echo_ask *a)
{
	int patience_ms = net_is_loopback(&echo_shared_of(w)->host) ? PATIENCE_HERE_MS : PATIENCE_MS;
	enum heard heard = HEARD_NOTHING;

	*a = (struct echo_ask){ .fd = ask_connect(w) };
	if (a->fd < 0)
		return;
	if (getrandom(&a->token, sizeof(a->token), 0) != sizeof(a->token))
		a->token = rng_mix((uint64_t)clock_now_ns() ^ (uint64_t)getpid());
	for (unsigned i = 0; i < FIRST_TRIES && heard == HEARD_NOTHING; i++)
		heard = ask_await(a, patience_ms, &a->base_number, &a->base);
	a->on = a->fresh = heard == HEARD;
	a->told_number = a->heard_number = a->base_number;
	a->told = a->base;
	if (!a->on)
		close(a->fd);
}

void echo_ask_close(struct echo_ask *a)
{
	if (a->on)
		close(a->fd);
	a->on = false;
}

/* ---- while the run goes ---- */

void echo_ask_enter(struct worker *w, struct echo_ask *a, enum phase phase)
{
	bool quiet = phase == PHASE_SETTLE || phase == PHASE_DRAIN;

	if (!a->on)
		return;
	if (phase == PHASE_MEASURE)
		a->based = a->fresh;
	a->due = a->pending = quiet;
	a->fresh = false;
	a->first = a->number + 1;
	a->next_ns = 0;
	counter_set(w->counters, ECHO_C_FAR_TOLD, 0);
}

int64_t echo_ask_step(struct worker *w, struct echo_ask *a, bool quiet, int64_t now_ns)
{
	struct echo_report r;
	enum heard heard;
	uint32_t number;

	if (!a->due)
		return 0;
	while ((heard = ask_hear(a, &number, &r)) == HEARD) {
		if (number >= a->first)
			take_report(w, a, number, &r);
		if (number == a->number)
			a->next_ns = now_ns + AGAIN_NS;
	}
	/* It goes on asking: the last that is told before the phase ends is the word that
	 * counts.  Once there is one, what was asked last is waited for. */
	if (quiet && now_ns >= a->next_ns) {
		ask_send(a);
		a->next_ns = now_ns + (a->pending ? AGAIN_NS : ANSWER_NS);
	}
	if (!quiet || a->pending)
		return now_ns + LOOK_NS;
	return now_ns + AGAIN_NS < a->next_ns ? now_ns + AGAIN_NS : a->next_ns;
}
