/* Mode fanout, the writers: each sends to its part of the readers, a round after the other.  Where
 * rounds are awaited the first writer begins them and sees their ends; the others follow it. */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "engines/fanout/ports/ports.h"
#include "engines/fanout/sockets.h"
#include "engines/fanout/writer.h"
#include "engines/udp/joined.h"

/* So long a writer asks again and again after something has moved, before it sleeps: a reader
 * takes microseconds, a sleep tens of them. */
static const int64_t SPIN_NS = 50 * NS_PER_US;
static const int64_t HEAR_NS = 5 * NS_PER_MS; /* between two looks at what readers report */

/* ---- open ---- */

static int writer_open_sockets(struct worker *w, struct writer *x, struct err *err)
{
	struct fanout_shared *s = fanout_shared_of(w);
	unsigned sockets = s->method->connected ? x->count : 1;

	if (udp_group_init(&x->group, sockets) < 0)
		return err_sys(err, ENOMEM, "open the writer, %u sockets", sockets);
	for (unsigned i = 0; i < sockets; i++) {
		int fd = -1, rc = fanout_writer_socket(w, s->method->connected ? &s->to[x->first + i] : NULL, &fd, err);

		if (rc < 0)
			return rc;
		udp_group_add(&x->group, fd);
	}
	return 0;
}

static int writer_open_port(struct worker *w, struct writer *x, struct err *err)
{
	const struct fanout_shared *s = fanout_shared_of(w);
	struct udp_config config = udp_config_of(w->plan, w->self, x->group.socket[0].fd);

	config.connected = s->method->connected;
	config.batch = s->method->at_once ? UDP_BATCH_MAX : s->batch;
	config.threads = s->threads;
	config.datagram_bytes = 1; /* it receives nothing */
	config.send_bytes = s->bytes * x->pieces;
	config.xdp_mode = (unsigned)options_number(w->options, "xdp-mode");
	int rc = s->method->segments ? udp_join_always(config.fd, s->bytes, err) : 0;
	if (rc < 0 || (rc = udp_group_open(&x->group, s->method->port, &config, w, err)) < 0)
		return rc;
	x->port = x->group.port;
	if (x->leads && x->port->how[0])
		plan_note(w->plan, "method %s: %s", w->self->method->name, x->port->how);
	/* All are on one host. */
	if (s->method->port->expect && (rc = s->method->port->expect(x->port, &s->to[x->first], err)) < 0)
		return rc;
	for (unsigned i = 0; i < x->port->helpers && rc >= 0; i++)
		rc = worker_add_helper(w, x->port->helper[i], err);
	return rc;
}

static int writer_open_bell(struct worker *w, struct writer *x, struct err *err)
{
	x->desk->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (x->desk->bell < 0)
		return err_sys(err, errno, "eventfd");
	x->spin_ns = w->plan->wait == WAIT_SPIN ? INT64_MAX : w->self->shares_cpu ? 0 : SPIN_NS;
	w->wait.fd[0] = (struct pollfd){ .fd = x->desk->bell, .events = POLLIN };
	w->wait.fd[1] = (struct pollfd){ .fd = x->link.fd, .events = POLLIN };
	w->wait.count = x->waits = x->link.fd < 0 ? 1 : 2;
	return 0;
}

int fanout_writer_open(struct worker *w, struct err *err)
{
	struct fanout_shared *s = fanout_shared_of(w);
	struct writer *x = calloc(1, sizeof(*x));
	int rc;

	if (!x)
		return err_sys(err, ENOMEM, "open the writer");
	w->state = x;
	x->desk = &s->desk[w->self->index];
	x->leads = w->self->index == 0;
	x->link.fd = -1;
	if (x->leads && !s->both && (rc = fanout_link_open(&x->link, w, err)) < 0)
		return rc;
	x->first = fanout_part_first(w->self->index, s->writers, s->readers);
	x->count = fanout_part_first(w->self->index + 1, s->writers, s->readers) - x->first;
	fanout_plan_sends(s, x);
	if ((rc = writer_open_sockets(w, x, err)) < 0 || (rc = writer_open_port(w, x, err)) < 0 ||
		(rc = fanout_fill_payload(w, x, err)) < 0)
		return rc;
	if (x->leads) {
		net_format(&s->to[0], w->plan->peer, sizeof(w->plan->peer));
		endpoints_fragments(w->plan, &s->to[0], s->bytes);
	}
	return writer_open_bell(w, x, err);
}

/* ---- beginning ---- */

static bool writer_follows(const struct worker *w, const struct writer *x)
{
	return fanout_shared_of(w)->rounds && !x->leads;
}

static void writer_start_round(struct writer *x, uint32_t round, int64_t from_ns)
{
	x->cycle = (struct fanout_cycle){ .step = FANOUT_SEND, .round = round, .from_ns = from_ns };
	x->sent = 0;
	x->failed = 0;
	x->blocked = false;
}

/* The first writer's: the others see it, and readers know what is new. */
static void writer_lead_round(struct worker *w, struct writer *x, int64_t from_ns)
{
	struct fanout_shared *s = fanout_shared_of(w);
	uint32_t round = x->cycle.round + 1;

	atomic_store_explicit(&s->round, (uint64_t)x->epoch << 32 | round, memory_order_seq_cst);
	for (unsigned i = 1; s->rounds && i < s->writers; i++)
		x->rings += fanout_ring(&s->desk[i]);
	writer_start_round(x, round, from_ns);
}

/* Is it time for the next round?  *ret_from_ns is when it was due. */
static bool writer_is_due(struct worker *w, struct writer *x, int64_t now_ns, int64_t *ret_from_ns)
{
	*ret_from_ns = now_ns;
	if (!fanout_shared_of(w)->paced)
		return true;
	if (!x->pace.rate || now_ns < x->pace.next_ns) {
		w->wait.until_ns = x->pace.rate ? x->pace.next_ns : 0;
		return false;
	}
	*ret_from_ns = pace_take(&x->pace);
	return true;
}

/* Begins the next round, if it is time; 1: it has begun. */
static int writer_begin(struct worker *w, struct writer *x, int64_t now_ns)
{
	struct fanout_shared *s = fanout_shared_of(w);
	int64_t from_ns;

	if (writer_follows(w, x)) {
		uint64_t round = atomic_load_explicit(&s->round, memory_order_seq_cst);

		if (round >> 32 != x->epoch || (uint32_t)round == x->cycle.round)
			return 0;
		writer_start_round(x, (uint32_t)round, now_ns);
		return 1;
	}
	if (!writer_is_due(w, x, now_ns, &from_ns))
		return 0;
	if (x->leads)
		writer_lead_round(w, x, from_ns);
	else
		writer_start_round(x, x->cycle.round + 1, from_ns);
	return 1;
}

/* ---- end ---- */

static void writer_end_round(struct worker *w, struct writer *x, int64_t now_ns)
{
	int64_t took_ns = now_ns - x->cycle.from_ns;

	x->cycle.step = FANOUT_REST;
	histogram_record(w->latency[FANOUT_L_ROUND], took_ns);
	worker_count(w, FANOUT_C_ROUNDS, 1);
	worker_count(w, FANOUT_C_ROUND_NS, (uint64_t)took_ns);
}

/* Datagrams of the round that readers can get. */
static uint64_t writer_wanted(struct fanout_shared *s, const struct writer *x)
{
	uint64_t n = (uint64_t)s->readers * s->each;

	for (unsigned i = 0; i < s->writers; i++) {
		uint64_t failed = atomic_load_explicit(&s->desk[i].failed, memory_order_seq_cst);

		if (failed >> 32 == x->cycle.round)
			n -= failed & UINT32_MAX;
	}
	return n;
}

static void writer_end_awaited(
	struct worker *w, struct writer *x, enum fanout_end end, const struct fanout_state *state, int64_t now_ns)
{
	struct fanout_shared *s = fanout_shared_of(w);

	if (end == FANOUT_COMPLETE) {
		histogram_record(w->latency[FANOUT_L_SPREAD], state->spread_ns);
		worker_count(w, FANOUT_C_COMPLETE, 1);
		worker_count(w, FANOUT_C_SPREAD_NS, (uint64_t)state->spread_ns);
	} else {
		worker_count(w, FANOUT_C_INCOMPLETE, 1);
		worker_count(w, FANOUT_C_MISSED, writer_wanted(s, x) - state->have);
	}
	writer_end_round(w, x, now_ns);
}

/* Whether the round is over.  1: something to do at once, or it is worth asking again; 0: sleep. */
static int writer_look(struct worker *w, struct writer *x, bool last, struct err *err)
{
	struct fanout_shared *s = fanout_shared_of(w);
	int rc = x->link.fd < 0 ? 0 : fanout_link_read(&x->link, w, err);

	if (rc < 0)
		return rc;
	struct fanout_state state = fanout_round_state(s->share, s->reader_workers, x->cycle.round);
	int64_t now_ns = clock_now_ns();
	enum fanout_end end = fanout_cycle_look(&x->cycle, &state, writer_wanted(s, x), now_ns, s->deadline_ns);

	if (end != FANOUT_GOES_ON) {
		writer_end_awaited(w, x, end, &state, now_ns);
		return 1;
	}
	if (now_ns - x->cycle.moved_ns < x->spin_ns)
		return 1;
	w->wait.until_ns = x->cycle.sent_ns + s->deadline_ns;
	if (last)
		return 0;
	/* A reader that stores what is awaited from now on rings; earlier stores are seen now. */
	atomic_store_explicit(&x->desk->asleep, true, memory_order_seq_cst);
	return writer_look(w, x, true, err);
}

/* ---- poll ---- */

static int writer_await(struct worker *w, struct writer *x, struct err *err)
{
	struct fanout_shared *s = fanout_shared_of(w);

	if (s->rounds && x->leads)
		return writer_look(w, x, false, err);
	if (!s->rounds && x->leads)
		writer_end_round(w, x, x->cycle.sent_ns);
	x->cycle.step = FANOUT_REST;
	return 1;
}

/* The first writer sleeps until the next round is due, the others until there is one. */
static int writer_rest(struct worker *w, struct writer *x)
{
	int64_t now_ns = clock_now_ns();

	if (writer_begin(w, x, now_ns))
		return 1;
	if (!writer_follows(w, x))
		return 0;
	if (now_ns - x->cycle.moved_ns < x->spin_ns)
		return 1;
	atomic_store_explicit(&x->desk->asleep, true, memory_order_seq_cst);
	return writer_begin(w, x, now_ns);
}

static uint64_t writer_packets_scheduled(const struct writer *x, int64_t now_ns)
{
	uint64_t due = pace_due(&x->pace, now_ns);
	/* Of a round that is on its way nothing is late yet. */
	bool on_its_way = due && due == x->pace.taken && x->cycle.step == FANOUT_SEND;
	uint64_t left = on_its_way ? (uint64_t)x->packets * (x->sends - x->sent) / x->sends : 0;

	return x->before + due * x->packets - left;
}

/* Rounds that were due and not yet sent stay scheduled, and are not sent any more. */
static void writer_apply_rate(struct writer *x, uint64_t rate, int64_t now_ns)
{
	x->before = writer_packets_scheduled(x, now_ns);
	x->rate = rate;
	pace_start(&x->pace, now_ns, rate);
}

static void writer_count(struct worker *w, struct writer *x)
{
	const struct udp_totals *t = &x->port->totals;
	struct counters *k = w->counters;
	/* A send may hold several; all are of one length. */
	uint64_t sent = x->pieces > 1 ? t->sent_bytes / fanout_shared_of(w)->bytes : t->sent_packets;
	uint64_t syscalls = t->syscalls + x->rings + x->link.calls;

	counter_set(k, COUNTER_TX_PACKETS, sent);
	counter_set(k, COUNTER_TX_BYTES, t->sent_bytes);
	counter_set(k, FANOUT_C_COPIES, sent * x->copies);
	counter_set(k, FANOUT_C_TX_SKBS, t->sent_packets - t->sent_joined);
	counter_set(k, FANOUT_C_TX_ERRORS, t->send_errors * x->copies * x->pieces);
	worker_refused(w, t->send_errno);
	counter_set(k, FANOUT_C_TX_RETRIES, t->send_busy);
	counter_set(k, FANOUT_C_REFUSED, t->refused);
	atomic_store_explicit(&x->desk->sent, sent * x->copies - t->refused, memory_order_relaxed);
	/* The worker's loop adds its own to this one. */
	worker_count(w, COUNTER_SYSCALLS, syscalls - x->syscalls);
	x->syscalls = syscalls;
}

/* The counts that readers elsewhere have reported. */
static void writer_count_reports(struct worker *w, struct fanout_shared *s)
{
	uint64_t received = 0, dropped = 0, late = 0;

	for (unsigned i = 0; i < s->reader_workers; i++) {
		received += atomic_load_explicit(&s->share[i].received, memory_order_relaxed);
		dropped += atomic_load_explicit(&s->share[i].dropped, memory_order_relaxed);
		late += atomic_load_explicit(&s->share[i].late, memory_order_relaxed);
	}
	counter_set(w->counters, COUNTER_RX_PACKETS, received);
	counter_set(w->counters, COUNTER_RX_BYTES, received * s->bytes);
	counter_set(w->counters, FANOUT_C_READER_DROPS, dropped);
	counter_set(w->counters, FANOUT_C_LATE, late);
}

static void writer_woken(struct worker *w, struct writer *x)
{
	uint64_t rings;

	w->wait.count = x->waits;
	w->wait.until_ns = 0;
	atomic_store_explicit(&x->desk->asleep, false, memory_order_relaxed);
	if (!w->wait.fd[0].revents)
		return;
	w->wait.fd[0].revents = 0;
	x->rings++;
	if (read(x->desk->bell, &rings, sizeof(rings)) < 0 && errno != EAGAIN)
		return;
}

/* Readers elsewhere: now and then, where rounds do not ask. */
static int writer_listen_to_readers(struct worker *w, struct writer *x, struct err *err)
{
	if (x->link.fd < 0)
		return 0;
	int rc = fanout_link_read(&x->link, w, err);
	writer_count_reports(w, fanout_shared_of(w));
	x->heard_ns = clock_now_ns();
	return rc;
}

int fanout_writer_poll(struct worker *w, struct err *err)
{
	struct writer *x = w->state;
	int moved, rc;

	writer_woken(w, x);
	if (fanout_shared_of(w)->paced && worker_load(w) != x->rate)
		writer_apply_rate(x, worker_load(w), clock_now_ns());
	if (x->cycle.step == FANOUT_SEND)
		moved = fanout_send_some(w, x, err);
	else
		moved = x->cycle.step == FANOUT_AWAIT ? writer_await(w, x, err) : writer_rest(w, x);
	if (moved >= 0 && x->link.fd >= 0 && clock_now_ns() - x->heard_ns >= HEAR_NS &&
		(rc = writer_listen_to_readers(w, x, err)) < 0)
		return rc;
	writer_count(w, x);
	return moved;
}

/* ---- now and then ---- */

/* Copies that were sent and are not known to have come or to be lost. */
static void writer_count_in_flight(struct worker *w, struct writer *x)
{
	struct fanout_shared *s = fanout_shared_of(w);
	uint64_t sent = 0, known = 0;

	if (!x->leads)
		return;
	for (unsigned i = 0; i < s->writers; i++)
		sent += atomic_load_explicit(&s->desk[i].sent, memory_order_relaxed);
	for (unsigned i = 0; i < s->reader_workers; i++)
		known += atomic_load_explicit(&s->share[i].received, memory_order_relaxed) +
			 atomic_load_explicit(&s->share[i].dropped, memory_order_relaxed) +
			 atomic_load_explicit(&s->share[i].late, memory_order_relaxed);
	counter_set(w->counters, COUNTER_IN_FLIGHT, sent > known ? sent - known : 0);
}

int fanout_writer_drain(struct worker *w, struct err *err)
{
	struct writer *x = w->state;
	int rc = writer_listen_to_readers(w, x, err);

	writer_woken(w, x);
	writer_count(w, x);
	writer_count_in_flight(w, x);
	w->wait.until_ns = clock_now_ns() + NS_PER_MS;
	return rc;
}

/* A round that sending was stopped in is not gone on with. */
int fanout_writer_enter(struct worker *w, enum phase phase, struct err *err)
{
	struct writer *x = w->state;
	bool sends = phase == PHASE_WARMUP || phase == PHASE_MEASURE;

	(void)err;
	if (fanout_shared_of(w)->paced)
		writer_apply_rate(x, sends ? worker_load(w) : 0, clock_now_ns());
	x->epoch += sends;
	x->cycle.step = FANOUT_REST;
	x->cycle.moved_ns = 0;
	return 0;
}

int fanout_writer_observe(struct worker *w, struct err *err)
{
	struct writer *x = w->state;
	int rc = writer_listen_to_readers(w, x, err);

	writer_count(w, x);
	/* The writers that follow have no schedule but the first one's. */
	if (fanout_shared_of(w)->paced)
		counter_set(w->counters, COUNTER_SCHEDULED,
			writer_follows(w, x) ? counter_get(w->counters, COUNTER_TX_PACKETS)
					     : writer_packets_scheduled(x, clock_now_ns()));
	writer_count_in_flight(w, x);
	return rc;
}

void fanout_writer_close(struct worker *w)
{
	struct writer *x = w->state;

	if (!x)
		return;
	if (x->link.fd >= 0)
		fanout_link_close(&x->link);
	if (x->group.socket)
		udp_group_close(&x->group);
	fanout_payload_free(&x->payload);
	free(x);
	w->state = NULL;
}
