/* Mode chat: the plan of a run, and what runs hand on to each other.  Main thread, but for
 * chat_inherit() (control thread). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "engines/chat/chat.h"
#include "engines/chat/shared.h"
#include "engines/net/epoll.h"
#include "mode/path.h"

enum {
	RING_BYTES = 1 << 20,           /* between two loops */
	STRANGERS = 1000,               /* clients of a loop beyond the load of this process */
	SERVER_MEMBERS_MAX = 1 << 17,   /* of a loop whose load is elsewhere */
	DESCRIPTORS_BESIDE = 256,       /* for all else than connections */
	SENDERS_CHECKED_MAX = 64 << 20, /* connections x readers: 4 bytes each */
};

/* ---- options ---- */

static int chat_plan_server(const struct options *o, struct chat_shared *s, struct err *err)
{
	char why[160];

	s->loops = (unsigned)options_number(o, "loops");
	s->direct = !strcmp(options_text(o, "delivery"), "direct");
	s->tick_ns = s->direct ? 0 : options_number(o, "tick");
	s->queue_bytes = (size_t)options_number(o, "queue");
	s->log_bytes = (size_t)options_number(o, "log");
	s->line_bytes = (uint32_t)options_number(o, "line-max");
	s->slow = (enum chat_slow)options_number(o, "slow");
	s->busy_poll_us = options_is_set(o, "busy-poll") ? options_number(o, "busy-poll") : 0;
	if (s->line_bytes > s->queue_bytes)
		return err_say(err, EINVAL, "--queue %s: smaller than the longest line (--line-max %s)", options_text(o, "queue"),
			options_text(o, "line-max"));
	if (s->log_bytes < 2 * s->queue_bytes)
		return err_say(err, EINVAL,
			"--log %s: less than twice --queue %s, so that a slow client's lines would be gone before "
			"its queue is full",
			options_text(o, "log"), options_text(o, "queue"));
	if (s->busy_poll_us && !net_epoll_can_busy_poll(why, sizeof(why)))
		return err_say(err, ENOTSUP, "%s", why);
	return 0;
}

static int chat_plan_traffic(const struct options *o, struct chat_shared *s, struct err *err)
{
	bool reads = options_number(o, "recv"); /* its choices: no, yes */

	s->connections = (unsigned)options_number(o, "conns");
	s->message_bytes = (uint32_t)options_number(o, "msg-bytes");
	s->messages = options_is_set(o, "messages") ? (uint64_t)options_number(o, "messages") : 0;
	s->burst = options_number(o, "burst");
	s->ramp = (unsigned)options_number(o, "ramp");
	s->open_loop = options_is_set(o, "rate");
	s->rate_milli = s->open_loop ? (uint64_t)options_number(o, "rate") * s->connections : 0;
	s->readers = reads ? s->connections : 0;
	if (reads && options_is_set(o, "readers"))
		s->readers = (unsigned)options_number(o, "readers");
	if (s->readers > s->connections)
		return err_say(err, EINVAL, "--readers %u: more than --conns %u", s->readers, s->connections);
	if (options_is_given(o, "readers") && !reads)
		return err_say(err, EINVAL, "--readers %s: --recv no says that nobody reads", options_text(o, "readers"));
	if (s->message_bytes > s->line_bytes)
		return err_say(err, EINVAL, "--msg-bytes %u: longer than the longest line (--line-max %u)", s->message_bytes,
			s->line_bytes);
	if (s->burst && !s->open_loop)
		return err_say(err, EINVAL, "--burst: needs --rate, which says how often");
	if ((uint64_t)s->connections * s->readers > SENDERS_CHECKED_MAX)
		return err_say(err, EINVAL,
			"--conns %u, --readers %u: every reader checks every sender, and more than %d M pairs take too much "
			"memory "
			"(give fewer --readers)",
			s->connections, s->readers, SENDERS_CHECKED_MAX >> 20);
	return 0;
}

/* ---- workers ---- */

static int chat_plan_workers(const struct options *o, struct plan *plan, struct chat_shared *s, struct err *err)
{
	const struct method *method;
	unsigned servers, clients;
	int rc = plan_place(o, false, plan, err);

	if (rc < 0)
		return rc;
	plan_count_roles(plan, &servers, &clients);
	s->loops = servers ? s->loops : 1;
	s->clients = clients < s->connections ? clients : s->connections;
	if ((rc = plan_spread(plan, s->loops, s->clients, err)) < 0 ||
		(rc = plan_method(&engine_chat, o, ROLE_SERVER, &method, err)) < 0)
		return rc;
	s->edge = method == &chat_et;
	for (unsigned i = 0; i < plan->workers; i++)
		plan->worker[i].method = plan->worker[i].role == ROLE_SERVER ? method : NULL;
	snprintf(plan->ran, sizeof(plan->ran), "%s", servers ? method->name : "load");
	return 0;
}

/* ---- descriptors ---- */

static int chat_plan_descriptors(const struct options *o, struct plan *plan, struct chat_shared *s, struct err *err)
{
	enum role role = plan_role(o);
	uint64_t ends = role == ROLE_BOTH ? 2 : 1, granted;
	uint64_t wanted = role == ROLE_SERVER ? SERVER_MEMBERS_MAX : ends * s->connections;

	if (role == ROLE_BOTH)
		wanted += STRANGERS;
	granted = net_raise_descriptors(wanted + DESCRIPTORS_BESIDE);
	if (role != ROLE_SERVER && granted < ends * s->connections + DESCRIPTORS_BESIDE)
		return err_say(err, EINVAL,
			"--conns %u: needs %llu descriptors, and the limit is %llu (ulimit -n; its hard limit is raised by root)",
			s->connections, (unsigned long long)(ends * s->connections + DESCRIPTORS_BESIDE),
			(unsigned long long)granted);
	if (role == ROLE_SERVER && granted < wanted)
		plan_note(plan, "at most %llu clients find room: the limit of descriptors is %llu (ulimit -n)",
			(unsigned long long)granted - DESCRIPTORS_BESIDE, (unsigned long long)granted);
	s->members = role == ROLE_SERVER ? SERVER_MEMBERS_MAX : s->connections + STRANGERS;
	return 0;
}

/* ---- the rest ---- */

static void chat_plan_ledger(const struct options *o, struct plan *plan, const struct chat_shared *s)
{
	enum role here = plan_role(o);

	plan->tx_roles = here & ROLE_CLIENT ? ROLE_CLIENT : ROLE_SERVER;
	/* Deliveries where somebody reads them, else messages that the server read. */
	plan->rx_roles = here == ROLE_CLIENT || (here == ROLE_BOTH && s->readers) ? ROLE_CLIENT : ROLE_SERVER;
	plan->quiet_first = here & ROLE_CLIENT;
	plan->flying = here;
	plan->tx_ledger = plan->rx_ledger = LEDGER_NONE;
	plan->needs_word = here == ROLE_CLIENT;
	plan->expects_answers = here & ROLE_CLIENT && s->readers > 1;
	plan->closed_loop = here & ROLE_CLIENT && !s->open_loop;
}

static void chat_plan_load(const struct options *o, struct plan *plan, const struct chat_shared *s)
{
	if (!(plan_role(o) & ROLE_CLIENT))
		return;
	plan->load_min = 1;
	if (s->open_loop) {
		plan->load_name = "rate";
		plan->load = (s->rate_milli + 999) / 1000;
		plan->load_max = 100000000;
	} else {
		plan->load_name = "window";
		plan->load = (uint64_t)options_number(o, "window");
		plan->load_max = 1000000;
	}
}

static int chat_plan_memory(struct chat_shared *s, struct err *err)
{
	unsigned workers = s->loops + s->clients;

	s->kept = calloc(workers, sizeof(*s->kept));
	s->listener = malloc(s->loops * sizeof(*s->listener));
	s->teller = calloc(s->loops, sizeof(*s->teller));
	s->asker = calloc(s->clients + 1, sizeof(*s->asker));
	if (!s->kept || !s->listener || !s->teller || !s->asker)
		return err_sys(err, ENOMEM, "plan chat");
	for (unsigned i = 0; i < s->loops; i++)
		for (unsigned k = 0; k < ENDPOINTS_LISTEN_MAX; k++)
			s->listener[i][k] = -1;
	for (unsigned i = 0; i < workers; i++) {
		/* All may stay in one loop: the kernel spreads callers as it likes. */
		s->kept[i].room = i < s->loops ? s->connections + STRANGERS : (s->connections + s->clients - 1) / s->clients;
		s->kept[i].at = malloc(s->kept[i].room * sizeof(*s->kept[i].at));
		if (!s->kept[i].at)
			return err_sys(err, ENOMEM, "plan chat");
	}
	if (s->both && !(s->flow = calloc(s->connections, sizeof(*s->flow))))
		return err_sys(err, ENOMEM, "plan chat");
	return s->loops > 1 ? chat_crossing_open(&s->crossing, s->loops, RING_BYTES, err) : 0;
}

static uint32_t make_token(void)
{
	uint32_t token;

	if (getrandom(&token, sizeof(token), 0) != sizeof(token))
		token = (uint32_t)rng_mix((uint64_t)clock_now_ns() ^ (uint64_t)getpid());
	return token & ((1u << CHAT_TOKEN_BITS) - 1);
}

static uint64_t make_instance(void)
{
	return rng_mix((uint64_t)clock_now_ns() ^ (uint64_t)getpid() << 32);
}

int chat_plan(const struct options *o, struct plan *plan, struct err *err)
{
	struct chat_shared *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_sys(err, ENOMEM, "plan chat");
	plan->shared = s;
	s->both = plan_role(o) == ROLE_BOTH;
	s->token = make_token();
	s->instance = make_instance();
	s->rcvbuf_bytes = options_is_set(o, "rcvbuf") ? (int)options_number(o, "rcvbuf") : 0;
	s->sndbuf_bytes = options_is_set(o, "sndbuf") ? (int)options_number(o, "sndbuf") : 0;
	if ((rc = chat_plan_server(o, s, err)) < 0 || (rc = chat_plan_traffic(o, s, err)) < 0 ||
		(rc = chat_plan_workers(o, plan, s, err)) < 0 || (rc = chat_plan_descriptors(o, plan, s, err)) < 0 ||
		(rc = chat_plan_memory(s, err)) < 0 || (rc = endpoints_plan(o, SOCK_STREAM, plan, &s->at, err)) < 0)
		return rc;
	chat_plan_ledger(o, plan, s);
	chat_plan_load(o, plan, s);
	return 0;
}

void chat_release(struct plan *plan)
{
	struct chat_shared *s = plan->shared;

	if (!s)
		return;
	for (unsigned i = 0; s->listener && i < s->loops; i++)
		for (unsigned k = 0; k < ENDPOINTS_LISTEN_MAX; k++)
			if (s->listener[i][k] >= 0)
				net_close(s->listener[i][k]);
	for (unsigned i = 0; s->kept && i < s->loops + s->clients; i++) {
		for (unsigned k = 0; k < s->kept[i].count; k++)
			net_close(s->kept[i].at[k].fd);
		free(s->kept[i].at);
	}
	chat_crossing_close(&s->crossing);
	free(s->kept);
	free(s->teller);
	free(s->asker);
	free(s->listener);
	free(s->flow);
	free(s);
	plan->shared = NULL;
}

/* ---- from one run to the next ---- */

struct chat_kept_list *chat_kept_of(const struct worker *w)
{
	struct chat_shared *s = chat_shared_of(w);

	return &s->kept[w->self->role == ROLE_SERVER ? w->self->index : s->loops + w->self->index];
}

/* The same ends at the same places, with the same connections and sockets. */
static bool fits(const struct chat_shared *a, const struct chat_shared *b)
{
	if (!a->both || !b->both || a->loops != b->loops || a->clients != b->clients || a->connections != b->connections ||
		a->readers != b->readers || a->at.listens != b->at.listens || a->rcvbuf_bytes != b->rcvbuf_bytes ||
		a->sndbuf_bytes != b->sndbuf_bytes)
		return false;
	for (unsigned i = 0; i < a->at.listens; i++)
		if (!net_same_host(&a->at.listen[i], &b->at.listen[i]) ||
			(net_port(&b->at.listen[i]) && net_port(&a->at.listen[i]) != net_port(&b->at.listen[i])))
			return false;
	return net_same_host(&a->at.host, &b->at.host);
}

/* Notes which of the load's connections stand in a list. */
static void note_kept(const struct chat_kept_list *kept, uint8_t *seen, uint8_t end)
{
	for (unsigned i = 0; i < kept->count; i++)
		if (kept->at[i].connection != CHAT_STRANGER)
			seen[kept->at[i].connection] |= end;
}

/* Closes those of the load's connections that only one end has kept. */
static void drop_halves(struct chat_kept_list *kept, const uint8_t *seen)
{
	unsigned left = 0;

	for (unsigned i = 0; i < kept->count; i++) {
		uint32_t connection = kept->at[i].connection;

		if (connection == CHAT_STRANGER || seen[connection] == ROLE_BOTH)
			kept->at[left++] = kept->at[i];
		else
			net_close(kept->at[i].fd);
	}
	kept->count = left;
}

/* Bytes on their way on a connection that one end alone would keep must not arrive in the next
 * run. */
static bool keep_whole_ones(struct chat_shared *s)
{
	uint8_t *seen = calloc(s->connections, sizeof(*seen));

	if (!seen)
		return false;
	for (unsigned i = 0; i < s->loops + s->clients; i++)
		note_kept(&s->kept[i], seen, i < s->loops ? ROLE_SERVER : ROLE_CLIENT);
	for (unsigned i = 0; i < s->loops + s->clients; i++)
		drop_halves(&s->kept[i], seen);
	free(seen);
	return true;
}

void chat_inherit(struct plan *from, struct plan *to)
{
	struct chat_shared *a = from->shared, *b = to->shared;

	if (!a || !b || !fits(a, b) || !keep_whole_ones(a))
		return;
	/* Not the token: who still calls with the last run's is none of this one's. */
	b->at = a->at;
	for (unsigned i = 0; i < a->loops; i++)
		for (unsigned k = 0; k < a->at.listens; k++) {
			b->listener[i][k] = a->listener[i][k];
			a->listener[i][k] = -1;
		}
	for (unsigned i = 0; i < a->loops + a->clients; i++) {
		struct chat_kept_list empty = b->kept[i];

		b->kept[i] = a->kept[i];
		a->kept[i] = empty;
	}
}
