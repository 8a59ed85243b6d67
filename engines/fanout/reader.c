/* Mode fanout, the readers: a worker has its part of them, a socket each, behind one epoll.  It
 * receives in bursts, counts and times each reader by itself, and tells the writers what it has
 * of the round that is sent. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "engines/fanout/shared.h"
#include "engines/fanout/sockets.h"
#include "engines/udp/group.h"
#include "mode/path.h"

enum {
	BURSTS = 64, /* of a poll: then the worker looks whether it is told something */
	WHOLE = 1000000,
};

/* A writer elsewhere is told what has come so long after the last time, where nothing comes. */
static const int64_t REPORT_NS = 20 * NS_PER_MS;

/* One socket. */
struct reader {
	struct row *row;
	uint64_t received, base; /* base: when the measure phase began */
	uint64_t sent_base;      /* of its writer's sent_each, then */
	uint32_t drops;
};

struct readers {
	struct udp_group group;
	struct reader *reader; /* [count] */
	unsigned first, count; /* numbers first .. first + count - 1 */
	struct fanout_share *share;
	struct fanout_tally tally;
	/* as the writer has them */
	uint32_t bytes, each, token;
	bool rounds, timed; /* timed: the datagrams have a time, of this clock */
	uint32_t session;   /* of a writer elsewhere; 0: none has come yet */
	bool knows_drops;
	uint64_t received, received_bytes, late, stray, dropped;
	uint64_t told, told_lost; /* received and lost that the writer knows of */
	int64_t told_ns;          /* when */
	struct udp_fill fill;
	struct hello_report base; /* what there was when the session began */
	uint64_t calls;           /* system calls to tell a writer */
	uint64_t syscalls;        /* those counted */
};

/* ---- open ---- */

static int reader_open_sockets(struct worker *w, struct readers *x, struct err *err)
{
	if (udp_group_init(&x->group, x->count) < 0)
		return err_sys(err, ENOMEM, "open %u readers", x->count);
	for (unsigned i = 0; i < x->count; i++) {
		int fd = -1, rc = fanout_reader_socket(w, x->first + i, &fd, err);

		if (rc < 0)
			return rc;
		udp_group_add(&x->group, fd);
	}
	return 0;
}

static int reader_open_port(struct worker *w, struct readers *x, struct err *err)
{
	const struct fanout_shared *s = fanout_shared_of(w);
	struct udp_config config = udp_config_of(w->plan, w->self, x->group.socket[0].fd);
	uint32_t drops;

	config.want_time = true;
	config.only_receives = true;
	config.batch = s->batch;
	/* A writer elsewhere says how long they are. */
	config.datagram_bytes = s->both ? s->bytes : FANOUT_BYTES_MAX;
	int rc = udp_group_open(&x->group, &udp_mmsg, &config, w, err);
	if (rc < 0)
		return rc;
	rc = udp_group_drops(&x->group, &drops);
	x->knows_drops = rc >= 0;
	if (x->knows_drops)
		return 0;
	w->unknown |= 1ull << FANOUT_C_READER_DROPS;
	snprintf(w->unknown_why, sizeof(w->unknown_why), "drops of a socket cannot be read here (%s)", strerror(-rc));
	return 0;
}

static int reader_open_rows(struct worker *w, struct readers *x, struct err *err)
{
	int rc = worker_rows(w, x->count, err);

	for (unsigned i = 0; rc >= 0 && i < x->count; i++)
		x->reader[i].row = rows_take(w->rows, x->first + i + 1);
	return rc;
}

static void reader_take_terms(struct readers *x, uint32_t bytes, uint32_t each, uint32_t token, bool rounds, bool same_clock)
{
	x->bytes = bytes;
	x->each = each;
	x->token = token;
	x->rounds = rounds;
	x->timed = same_clock && bytes >= FANOUT_HEADER_BYTES;
	udp_group_expect(&x->group, rounds && each ? each : UDP_BATCH_MAX);
}

int fanout_reader_open(struct worker *w, struct err *err)
{
	struct fanout_shared *s = fanout_shared_of(w);
	struct readers *x = calloc(1, sizeof(*x));
	int rc;

	if (!x)
		return err_sys(err, ENOMEM, "open readers");
	w->state = x;
	x->first = fanout_part_first(w->self->index, s->reader_workers, s->readers);
	x->count = fanout_part_first(w->self->index + 1, s->reader_workers, s->readers) - x->first;
	x->share = &s->share[w->self->index];
	x->reader = calloc(x->count, sizeof(*x->reader));
	if (!x->reader)
		return err_sys(err, ENOMEM, "open %u readers", x->count);
	if ((rc = reader_open_sockets(w, x, err)) < 0 || (rc = reader_open_port(w, x, err)) < 0 ||
		(rc = reader_open_rows(w, x, err)) < 0)
		return rc;
	if (s->both)
		reader_take_terms(x, s->bytes, s->each, s->token, s->rounds, true);
	if (!s->both && x->first == 0)
		net_format(&s->at.listen[0], w->plan->peer, sizeof(w->plan->peer));
	/* All readers are there now. */
	return !s->both && x->first + x->count == s->readers ? fanout_gate_open(&s->gate, s, w->plan, err) : 0;
}

/* ---- receive ---- */

static void reader_time_datagram(struct worker *w, struct reader *r, const struct udp_datagram *d)
{
	int64_t ns = d->received_ns - fanout_sent_ns(d->data);
	uint64_t took_ns = ns > 0 ? (uint64_t)ns : 0;

	histogram_record(w->latency[FANOUT_L_DELIVERY], ns);
	row_least(r->row, FANOUT_D_FASTEST, took_ns);
	row_most(r->row, FANOUT_D_SLOWEST, took_ns);
}

static void reader_take(struct worker *w, struct readers *x, unsigned index, uint32_t round, const struct udp_datagram *d)
{
	struct reader *r = &x->reader[index];
	/* A multicast datagram is for all. */
	uint32_t token = x->token + (fanout_shared_of(w)->method->multicast ? 0 : x->first + index);

	if (d->truncated || d->len != x->bytes || !fanout_is_for(d->data, d->len, token)) {
		x->stray++;
		return;
	}
	if (!fanout_shared_of(w)->both)
		round = fanout_newer(x->tally.round, fanout_tag(d->data, d->len), d->len);
	if (x->rounds && fanout_tag(d->data, d->len) != fanout_tag_of(round, d->len)) {
		x->late++;
		row_add(r->row, FANOUT_D_LATE, 1);
		return;
	}
	if (x->rounds)
		fanout_tally_take(&x->tally, round, d->received_ns);
	r->received++;
	x->received++;
	x->received_bytes += d->len;
	row_set(r->row, FANOUT_D_RECEIVED, r->received);
	if (x->timed)
		reader_time_datagram(w, r, d);
}

/* To a writer elsewhere. */
static void reader_report(struct worker *w, struct readers *x, int64_t now_ns)
{
	struct hello_report r = {
		.worker = (uint16_t)w->self->index,
		.session = (uint16_t)x->session,
		.round = x->tally.round,
		.have = x->tally.have,
		.first_ns = x->tally.first_ns,
		.last_ns = x->tally.last_ns,
		.received = x->received - x->base.received,
		.dropped = x->dropped - x->base.dropped,
		.late = x->late - x->base.late,
	};

	fanout_gate_report(&fanout_shared_of(w)->gate, &r);
	x->calls++;
	x->told = x->received;
	x->told_lost = x->late + x->dropped;
	x->told_ns = now_ns;
}

/* Has another writer come, or has it gone?  What came before is not its own. */
static void reader_look_at_gate(struct fanout_shared *s, struct readers *x)
{
	struct fanout_gate *g = &s->gate;
	uint32_t session = atomic_load_explicit(&g->session, memory_order_acquire);

	if (session == x->session)
		return;
	x->session = session;
	x->base = (struct hello_report){ .received = x->received, .dropped = x->dropped, .late = x->late };
	x->tally = (struct fanout_tally){ 0 };
	reader_take_terms(x, atomic_load_explicit(&g->bytes, memory_order_relaxed),
		atomic_load_explicit(&g->each, memory_order_relaxed), atomic_load_explicit(&g->token, memory_order_relaxed),
		atomic_load_explicit(&g->rounds, memory_order_relaxed),
		atomic_load_explicit(&g->same_clock, memory_order_relaxed));
}

/* The first writer waits for this. */
static void reader_tell_writer(struct worker *w, struct readers *x)
{
	struct fanout_shared *s = fanout_shared_of(w);
	bool whole = x->tally.have >= x->count * x->each;

	fanout_tally_show(&x->tally, x->share, whole);
	if (whole && s->both)
		x->calls += fanout_ring(&s->desk[0]);
	else if (whole)
		reader_report(w, x, x->tally.last_ns);
}

/* Elements of one burst. */
static int reader_receive_burst(struct worker *w, struct readers *x, struct err *err)
{
	struct fanout_shared *s = fanout_shared_of(w);
	struct udp_datagram *burst;
	uint64_t before = x->received;
	unsigned socket;
	int n = udp_group_recv(&x->group, &burst, &socket, err);

	if (n >= 0)
		udp_fill_add(&x->fill, (unsigned)n, (unsigned)n);
	if (n <= 0)
		return n;
	/* After the receive: neither can be older than what was received. */
	if (!s->both)
		reader_look_at_gate(s, x);
	uint32_t round = (uint32_t)atomic_load_explicit(&s->round, memory_order_acquire);
	for (int i = 0; i < n; i++)
		reader_take(w, x, socket, round, &burst[i]);
	x->group.port->method->release(x->group.port);
	if (x->rounds && x->received != before)
		reader_tell_writer(w, x);
	return n;
}

static void reader_count(struct worker *w, struct readers *x)
{
	struct counters *k = w->counters;
	uint64_t syscalls = x->group.port->totals.syscalls + x->calls;

	counter_set(k, COUNTER_RX_PACKETS, x->received);
	counter_set(k, COUNTER_RX_BYTES, x->received_bytes);
	counter_set(k, FANOUT_C_LATE, x->late);
	counter_set(k, FANOUT_C_STRAY, x->stray);
	counter_set(k, FANOUT_C_RECEIVES, x->fill.filled);
	for (unsigned i = 0; i < UDP_FILLS; i++)
		counter_set(k, FANOUT_C_FILL + i, x->fill.calls[i]);
	/* The worker's loop adds its own to this one. */
	worker_count(w, COUNTER_SYSCALLS, syscalls - x->syscalls);
	x->syscalls = syscalls;
	atomic_store_explicit(&x->share->received, x->received, memory_order_relaxed);
	atomic_store_explicit(&x->share->dropped, x->dropped, memory_order_relaxed);
	atomic_store_explicit(&x->share->late, x->late, memory_order_relaxed);
	counter_set(k, FANOUT_C_ARRIVED, x->received);
}

static int reader_look_for_drops(struct worker *w, struct readers *x, struct err *err)
{
	uint32_t more;
	int rc = x->knows_drops ? udp_group_drops(&x->group, &more) : 0;

	if (!x->knows_drops)
		return 0;
	if (rc < 0)
		return err_sys(err, -rc, "getsockopt SO_MEMINFO");
	worker_count(w, FANOUT_C_READER_DROPS, more);
	x->dropped += more;
	for (unsigned i = 0; more && i < x->count; i++) {
		struct reader *r = &x->reader[i];

		row_add(r->row, FANOUT_D_DROPPED, x->group.socket[i].drops - r->drops);
		r->drops = x->group.socket[i].drops;
	}
	return 0;
}

/* Nothing comes: a writer elsewhere, that may wait for the last of it, is told what there was. */
static int reader_report_rest(struct worker *w, struct readers *x, struct err *err)
{
	bool due = x->session && (x->told != x->received || x->told_lost != x->late + x->dropped);
	int64_t now_ns = clock_now_ns();

	w->wait.until_ns = due ? x->told_ns + REPORT_NS : 0;
	if (!due || now_ns < x->told_ns + REPORT_NS)
		return 0;
	int rc = reader_look_for_drops(w, x, err);
	reader_report(w, x, now_ns);
	w->wait.until_ns = 0;
	return rc;
}

int fanout_reader_poll(struct worker *w, struct err *err)
{
	struct readers *x = w->state;
	int moved = 0, n = 1;

	for (unsigned i = 0; i < BURSTS && n > 0; i++) {
		n = reader_receive_burst(w, x, err);
		if (n < 0)
			return n;
		moved += n;
	}
	if (!moved && !fanout_shared_of(w)->both && (n = reader_report_rest(w, x, err)) < 0)
		return n;
	reader_count(w, x);
	return moved;
}

int fanout_reader_wait(struct worker *w, int64_t until_ns, struct err *err)
{
	struct readers *x = w->state;

	return udp_group_wait(&x->group, until_ns, err);
}

/* ---- now and then ---- */

static uint64_t sent_to(const struct worker *w, unsigned reader)
{
	struct fanout_shared *s = fanout_shared_of(w);

	if (!s->both)
		return 0;
	struct fanout_desk *desk = &s->desk[fanout_part_of(reader, s->writers, s->readers)];
	return atomic_load_explicit(&desk->sent_each, memory_order_relaxed);
}

int fanout_reader_enter(struct worker *w, enum phase phase, struct err *err)
{
	struct readers *x = w->state;

	(void)err;
	for (unsigned i = 0; phase == PHASE_MEASURE && i < x->count; i++) {
		x->reader[i].base = x->reader[i].received;
		x->reader[i].sent_base = sent_to(w, x->first + i);
	}
	return 0;
}

/* The least that a reader got of what was sent to it. */
static void reader_find_worst(struct worker *w, struct readers *x)
{
	uint64_t worst = COUNTER_NOTHING;

	for (unsigned i = 0; i < x->count; i++) {
		const struct reader *r = &x->reader[i];
		uint64_t sent = sent_to(w, x->first + i) - r->sent_base, got = r->received - r->base;

		if (sent) {
			uint64_t share = got < sent ? got * WHOLE / sent : WHOLE;
			worst = share < worst ? share : worst;
		}
	}
	counter_set(w->counters, FANOUT_C_WORST, worst);
	counter_set(w->counters, FANOUT_C_WHOLE, worst == COUNTER_NOTHING ? COUNTER_NOTHING : WHOLE);
}

int fanout_reader_observe(struct worker *w, struct err *err)
{
	const struct fanout_shared *s = fanout_shared_of(w);
	struct readers *x = w->state;
	int rc = reader_look_for_drops(w, x, err);

	reader_find_worst(w, x);
	counter_set(w->counters, FANOUT_C_READERS, x->count);
	if (s->gate.started && x->first + x->count == s->readers) {
		counter_set(w->counters, FANOUT_C_WRITERS, atomic_load_explicit(&s->gate.writers, memory_order_relaxed));
		counter_set(w->counters, FANOUT_C_STRANGERS, atomic_load_explicit(&s->gate.strangers, memory_order_relaxed));
	}
	if (rc >= 0)
		reader_count(w, x);
	return rc;
}

void fanout_reader_close(struct worker *w)
{
	struct readers *x = w->state;

	if (!x)
		return;
	if (x->first + x->count == fanout_shared_of(w)->readers)
		fanout_gate_close(&fanout_shared_of(w)->gate);
	if (x->group.socket)
		udp_group_close(&x->group);
	free(x->reader);
	free(x);
	w->state = NULL;
}
