/* Mode chat, the load: its events, phases and counts.  See engines/chat/load/load.h. */
#include "engines/chat/load/load.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "engines/net/epoll.h"
#include "mode/path.h"
#include "run/rows.h"

/* A number that every reader of JSON keeps. */
#define DIGEST_MASK (((uint64_t)1 << 53) - 1)

static const int64_t QUIET_LOOK_NS = NS_PER_MS;
static const int64_t ROWS_NS = 400 * NS_PER_MS;
/* so long half messages are sent on while the run settles: less than the shortest drain */
static const int64_t FINISH_NS = 50 * NS_PER_MS;
/* so long a full window stays without a sign from its witness, and it is given up */
static const int64_t GIVE_UP_NS = NS_PER_S;

/* ---- open ---- */

/* Each connection that reads is the witness of the one before it and of those between that do
 * not read, in the order of this worker's connections, round and round. */
static void choose_witnesses(struct load *x)
{
	unsigned readers = 0, last = 0;

	for (unsigned i = 0; i < x->connections; i++)
		if (x->connection[i].reads) {
			readers++;
			last = i;
		}
	for (unsigned i = 0; i < x->connections; i++) {
		struct load_connection *c = &x->connection[i];

		if (!c->reads)
			continue;
		c->witness_first = last;
		c->witness_count = readers > 1 ? (i + x->connections - last) % x->connections : x->connections;
		last = i;
	}
}

static int open_connections(struct worker *w, struct load *x, struct err *err)
{
	const struct chat_shared *s = chat_shared_of(w);
	unsigned readers = 0;

	x->connections = (s->connections - w->self->index + s->clients - 1) / s->clients;
	x->connection = calloc(x->connections, sizeof(*x->connection));
	x->down = malloc(x->connections * sizeof(*x->down));
	x->turn = malloc(x->connections * sizeof(*x->turn));
	if (!x->connection || !x->down || !x->turn)
		return err_sys(err, ENOMEM, "prepare %u connections", x->connections);
	for (unsigned i = 0; i < x->connections; i++) {
		struct load_connection *c = &x->connection[i];

		*c = (struct load_connection){ .fd = -1, .id = w->self->index + i * s->clients };
		c->reads = c->id < s->readers;
		readers += c->reads;
		if (c->reads && !(c->next = calloc(s->connections, sizeof(*c->next))))
			return err_sys(err, ENOMEM, "prepare the check of %u senders", s->connections);
		load_put_down(x, c);
	}
	choose_witnesses(x);
	if (chat_pool_open(&x->pool, s->line_bytes, readers + 1) < 0)
		return err_sys(err, ENOMEM, "prepare %u readers", readers);
	return 0;
}

static int open_buffers(struct worker *w, struct load *x, struct err *err)
{
	const struct chat_shared *s = chat_shared_of(w);

	x->buffer = malloc(LOAD_READ_BYTES);
	x->message = malloc(s->message_bytes);
	if (!x->buffer || !x->message)
		return err_sys(err, ENOMEM, "open the chat load");
	for (uint32_t i = 0; i < s->message_bytes; i++)
		x->message[i] = (uint8_t)('a' + i % 26);
	x->message[s->message_bytes - 1] = '\n';
	return 0;
}

static int open_rows(struct worker *w, struct load *x, struct err *err)
{
	int rc = worker_rows(w, chat_rows(x->connections), err);

	for (unsigned i = 0; rc >= 0 && i < chat_rows(x->connections); i++)
		x->connection[i].row = rows_take(w->rows, x->connection[i].id + 1);
	return rc;
}

/* Connections that were up when the last run ended are still up. */
static void take_over(struct worker *w, struct load *x)
{
	const struct chat_shared *s = chat_shared_of(w);
	struct chat_kept_list *kept = chat_kept_of(w);

	for (unsigned i = 0; i < kept->count; i++) {
		struct load_connection *c = &x->connection[kept->at[i].connection / s->clients];
		struct epoll_event event = { .data.u64 = (uint64_t)(c - x->connection) };

		c->fd = kept->at[i].fd;
		c->state = LOAD_UP;
		c->was_up = true;
		x->ups++;
		epoll_ctl(x->epoll.fd, EPOLL_CTL_ADD, c->fd, &event);
		load_watch(x, c);
	}
	kept->count = 0;
	x->downs = x->down_head = 0;
	for (unsigned i = 0; i < x->connections; i++)
		if (x->connection[i].state == LOAD_DOWN)
			load_put_down(x, &x->connection[i]);
}

int chat_load_open(struct worker *w, struct err *err)
{
	struct chat_shared *s = chat_shared_of(w);
	struct load *x = calloc(1, sizeof(*x));
	int rc;

	if (!x)
		return err_sys(err, ENOMEM, "open the chat load");
	w->state = x;
	x->epoll.fd = -1;
	s->asker[w->self->index] = w->counters;
	if (!s->both && w->self->index == 0) {
		chat_ask_open(w, &x->ask);
		s->told = x->ask.on;
	}
	if ((rc = chat_epoll_open(&x->epoll, w, err)) < 0 || (rc = open_buffers(w, x, err)) < 0 ||
		(rc = open_connections(w, x, err)) < 0)
		return rc;
	if (!s->both && (rc = open_rows(w, x, err)) < 0)
		return rc;
	take_over(w, x);
	worker_set_missing(w, x->connections - x->ups);
	if (w->self->index == 0 && !s->both)
		net_format(&s->at.host, w->plan->peer, sizeof(w->plan->peer));
	return load_connect(w, x, err);
}

/* ---- events ---- */

static void handle_event(struct worker *w, struct load *x, const struct epoll_event *event)
{
	struct load_connection *c = &x->connection[event->data.u64];

	if (c->state == LOAD_CONNECTING) {
		load_connected(w, x, c);
		return;
	}
	if (c->state == LOAD_UP && event->events & EPOLLOUT && c->blocked) {
		c->blocked = false;
		load_watch(x, c);
		load_queue(x, c);
	}
	if (c->state == LOAD_UP && event->events & EPOLLIN)
		load_receive(w, x, c);
	/* One that does not read takes what it still had to get with it. */
	if (c->state == LOAD_UP && event->events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP) && !(event->events & EPOLLIN))
		load_lost(w, x, c);
}

static void handle_events(struct worker *w, struct load *x)
{
	for (unsigned i = 0; i < x->epoll.events; i++)
		if (x->epoll.event[i].data.u64 == CHAT_TAG_WAKE)
			worker_woken(w);
		else
			handle_event(w, x, &x->epoll.event[i]);
	x->epoll.events = 0;
}

/* ---- counts ---- */

/* While the run settles: see server.c. */
static void load_count_movement(struct worker *w, const struct load *x)
{
	counter_set(w->counters, COUNTER_TX_PACKETS, x->sent);
	counter_set(w->counters, COUNTER_TX_BYTES, x->sent * chat_shared_of(w)->message_bytes);
	counter_set(w->counters, COUNTER_RX_PACKETS, x->received);
	counter_set(w->counters, COUNTER_RX_BYTES, x->received_bytes);
}

static void load_count(struct worker *w, struct load *x)
{
	struct counters *k = w->counters;
	uint64_t syscalls = x->syscalls + x->reads + x->writes + x->controls;

	load_count_movement(w, x);
	counter_set(k, COUNTER_SCHEDULED, x->scheduled + load_schedule_owed(&x->schedule, x->sent - x->schedule.sent_before));
	counter_set(k, CHAT_C_CONNECTIONS, x->ups);
	counter_set(k, CHAT_C_MESSAGES_BEFORE, x->before);
	counter_set(k, CHAT_C_CARRIED, x->carried);
	counter_set(k, CHAT_C_MISSING, x->missing);
	counter_set(k, CHAT_C_REPEATED, x->repeated);
	counter_set(k, CHAT_C_FOREIGN, x->foreign);
	counter_set(k, CHAT_C_GIVEN_UP, x->given_up);
	counter_set(k, CHAT_C_CONNECT_FAILURES, x->failures);
	counter_set(k, CHAT_C_RECONNECTS, x->reconnects);
	counter_set(k, CHAT_C_WAKEUPS, x->epoll.calls);
	counter_set(k, CHAT_C_EVENTS, x->epoll.happened);
	counter_set(k, CHAT_C_READS, x->reads);
	counter_set(k, CHAT_C_WRITES, x->writes);
	counter_set(k, CHAT_C_WRITE_BYTES, x->write_bytes);
	counter_set(k, CHAT_C_EAGAIN, x->again);
	counter_set(k, CHAT_C_CONTROLS, x->controls);
	/* The worker's loop adds its own to this one. */
	worker_count(w, COUNTER_SYSCALLS, syscalls - x->counted);
	x->counted = syscalls;
}

static uint64_t count_unread(const struct chat_shared *s, const struct load *x)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < x->connections; i++)
		sum += load_unread(&x->connection[i], load_read(s, &x->connection[i]));
	return sum;
}

/* The ledger of messages, all of it as this worker sees it at one moment, so that it balances
 * whatever the loops are at. */
static void count_messages(struct worker *w, struct load *x)
{
	const struct chat_shared *s = chat_shared_of(w);
	uint64_t read = 0, lost = 0;

	x->unread = x->ask.unread;
	read = x->ask.read;
	lost = x->ask.lost;
	for (unsigned i = 0; s->both && i < x->connections; i++) {
		const struct load_connection *c = &x->connection[i];
		uint64_t of_it = load_read(s, c);

		read += of_it;
		lost += c->lost;
		x->unread += load_unread(c, of_it);
	}
	counter_set(w->counters, CHAT_C_MESSAGES_READ, read);
	counter_set(w->counters, CHAT_C_MESSAGES_FLYING, chat_is_quiet(w) ? x->unread : 0);
	counter_set(w->counters, CHAT_C_MESSAGES_LOST, lost);
	if (x->ask.on)
		chat_ask_count(w, &x->ask);
}

static uint64_t count_half_sent(const struct load *x)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < x->connections; i++)
		sum += x->connection[i].state == LOAD_UP && x->connection[i].sent_bytes;
	return sum;
}

static void show_connections(struct load *x, int64_t now_ns)
{
	for (unsigned i = 0; i < x->connections; i++) {
		const struct load_connection *c = &x->connection[i];

		row_set(c->row, CHAT_D_MESSAGES, c->sequence);
		row_set(c->row, CHAT_D_DELIVERIES, c->received_before + c->received);
		row_set(c->row, CHAT_D_DROPPED, c->missing);
		row_set(c->row, CHAT_D_DIGEST, c->digest & DIGEST_MASK);
	}
	x->rows_ns = now_ns;
}

/* ---- operations ---- */

/* No message goes before all connections are there: they would slow the ramp down. */
static void look_at_ramp(struct worker *w, struct load *x)
{
	x->ramped = x->ups == x->connections || w->phase == PHASE_MEASURE;
	worker_set_missing(w, x->ramped ? 0 : x->connections - x->ups);
	if (!x->ramped)
		return;
	load_apply_rate(w, x, clock_now_ns());
	for (unsigned i = 0; i < x->connections; i++)
		load_queue(x, &x->connection[i]);
}

static void set_deadline(struct worker *w, struct load *x, bool quiet)
{
	int64_t at_ns = quiet ? x->look_ns : x->ramped ? load_next_due(x) : 0;

	if (x->downs && x->connecting < chat_shared_of(w)->ramp) {
		int64_t retry_ns = x->connection[x->down[x->down_head]].until_ns;

		at_ns = !at_ns || retry_ns < at_ns ? retry_ns : at_ns;
	}
	w->wait.until_ns = at_ns;
}

static void load_look_at_flight(struct worker *w, struct load *x)
{
	const struct chat_shared *s = chat_shared_of(w);
	int64_t now = clock_now_ns();

	if (now < x->look_ns)
		return;
	chat_ask_step(w, &x->ask, now);
	counter_set(w->counters, COUNTER_IN_FLIGHT, s->both ? count_unread(s, x) + count_half_sent(x) : x->ask.pending);
	x->look_ns = now + QUIET_LOOK_NS;
}

/* Half messages are sent to their end, but not for ever: what has been sent must stand still
 * before it is read what became of it. */
static bool is_frozen(const struct worker *w, bool quiet)
{
	return quiet && clock_run_ns() - w->phase_ns >= FINISH_NS;
}

int chat_load_poll(struct worker *w, struct err *err)
{
	struct load *x = w->state;
	bool quiet = chat_is_quiet(w);
	unsigned done;
	int rc = 0;

	if (x->epoll.looks && !x->epoll.events) {
		x->syscalls++;
		rc = chat_epoll_gather(&x->epoll, 0, err);
	}
	if (rc < 0)
		return rc;
	done = x->epoll.events;
	handle_events(w, x);
	if ((rc = load_connect(w, x, err)) < 0)
		return rc;
	if (!x->ramped)
		look_at_ramp(w, x);
	if (x->ramped && !is_frozen(w, quiet))
		done += load_send(w, x, quiet);
	if (quiet)
		load_look_at_flight(w, x);
	set_deadline(w, x, quiet);
	if (quiet)
		load_count_movement(w, x);
	else if (done)
		load_count(w, x);
	return (int)done;
}

int chat_load_wait(struct worker *w, int64_t until_ns, struct err *err)
{
	struct load *x = w->state;
	int rc;

	worker_count_wait(w);
	rc = chat_epoll_gather(&x->epoll, until_ns, err);
	return rc < 0 ? rc : 0;
}

int chat_load_enter(struct worker *w, enum phase phase, struct err *err)
{
	struct load *x = w->state;

	(void)err;
	x->look_ns = 0;
	chat_ask_enter(&x->ask, phase);
	if (phase == PHASE_MEASURE) {
		x->measure_ns = clock_now_ns();
		/* As counted at this phase's mark. */
		x->before += x->unread;
	}
	/* Before the phase is acknowledged: the run must not take the last phase's word. */
	if (chat_is_quiet(w))
		load_look_at_flight(w, x);
	if (phase == PHASE_WARMUP || phase == PHASE_MEASURE)
		look_at_ramp(w, x);
	load_count(w, x);
	show_connections(x, clock_now_ns());
	return 0;
}

/* Messages whose witness will not get them: they were dropped, or it is gone. */
static void give_up_windows(struct load *x)
{
	int64_t now = clock_now_ns();

	for (unsigned i = 0; i < x->connections; i++) {
		struct load_connection *c = &x->connection[i];

		if (c->sequence - c->seen < x->window || now - c->seen_ns < GIVE_UP_NS)
			continue;
		x->given_up += c->sequence - c->seen;
		c->seen = c->sequence;
		load_queue(x, c);
	}
}

int chat_load_observe(struct worker *w, struct err *err)
{
	struct load *x = w->state;

	(void)err;
	if (x->window && chat_shared_of(w)->readers && !chat_is_quiet(w))
		give_up_windows(x);
	load_count(w, x);
	count_messages(w, x);
	if (clock_now_ns() - x->rows_ns >= ROWS_NS)
		show_connections(x, clock_now_ns());
	return 0;
}

static void keep_connections(struct worker *w, struct load *x)
{
	const struct chat_shared *s = chat_shared_of(w);
	struct chat_kept_list *kept = chat_kept_of(w);

	for (unsigned i = 0; i < x->connections; i++) {
		struct load_connection *c = &x->connection[i];

		/* The next run would count what is still to be read. */
		if (c->state != LOAD_UP || c->sent_bytes || c->part_bytes || kept->count == kept->room ||
			load_unread(c, load_read(s, c)))
			continue;
		kept->at[kept->count++] = (struct chat_kept){ .fd = c->fd, .connection = c->id, .reads = c->reads };
		c->fd = -1;
	}
}

void chat_load_close(struct worker *w)
{
	struct load *x = w->state;

	if (!x)
		return;
	if (x->connection)
		keep_connections(w, x);
	for (unsigned i = 0; x->connection && i < x->connections; i++) {
		if (x->connection[i].fd >= 0)
			net_close(x->connection[i].fd);
		free(x->connection[i].next);
	}
	chat_ask_close(&x->ask);
	chat_epoll_close(&x->epoll);
	chat_pool_close(&x->pool);
	free(x->connection);
	free(x->down);
	free(x->turn);
	free(x->buffer);
	free(x->message);
	free(x);
	w->state = NULL;
}
