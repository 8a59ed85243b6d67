/* Mode chat, an event loop: what its epoll tells, and what it counts.  See engines/chat/server.h.
 *
 * The wait of the worker is epoll_wait(2) itself: one call a wake-up.  Both methods share all of
 * this but the trigger and how far a client is read (chat_read).
 *
 * Sources: epoll(7), epoll_wait(2) (epoll_pwait2: Linux >= 5.11), ioctl_eventpoll(2) (EPIOCSPARAMS:
 * Linux >= 6.9). */
#include "engines/chat/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "engines/net/epoll.h"
#include "run/rows.h"

/* between two looks at what the clients have received, while the run settles */
static const int64_t QUIET_LOOK_NS = NS_PER_MS;
/* Rows are read once a second; ten thousand of them are work. */
static const int64_t ROWS_NS = 400 * NS_PER_MS;

/* ---- open ---- */

static int open_epoll(struct worker *w, struct chat_loop *l, struct err *err)
{
	const struct chat_shared *s = chat_shared_of(w);
	int rc = chat_epoll_open(&l->epoll, w, err);

	if (rc >= 0 && s->busy_poll_us)
		rc = net_epoll_busy_poll(l->epoll.fd, (unsigned)s->busy_poll_us, err);
	if (rc < 0 || s->loops == 1)
		return rc;
	/* A loop that does not say when it sleeps is always rung. */
	if (l->epoll.looks)
		chat_crossing_sleep(&chat_shared_of(w)->crossing, w->self->index);
	return chat_epoll_watch(&l->epoll, s->crossing.bell[w->self->index].fd, CHAT_TAG_BELL, err);
}

static int open_room(struct worker *w, struct chat_loop *l, struct err *err)
{
	const struct chat_shared *s = chat_shared_of(w);
	struct chat_room_config config = { .log_bytes = s->log_bytes,
		.queue_bytes = s->queue_bytes,
		.line_bytes = s->line_bytes,
		.members = s->members,
		.slow = s->slow,
		.direct = s->direct,
		.epoll_fd = l->epoll.fd,
		.trigger = s->edge ? EPOLLET : 0 };
	int rc = chat_room_open(&l->room, &config, err);

	if (rc < 0)
		return rc;
	l->buffer = malloc(CHAT_READ_BYTES);
	l->scratch = malloc(s->line_bytes);
	l->queues = malloc(sizeof(*l->queues));
	l->turn = malloc(s->members * sizeof(*l->turn));
	return l->buffer && l->scratch && l->queues && l->turn ? 0 : err_sys(err, ENOMEM, "open a chat loop");
}

void chat_welcome(struct worker *w, struct chat_loop *l, struct chat_member *m)
{
	m->row = rows_take(w->rows, ++l->comers);
}

/* Those who were in the room when the last run ended are still here. */
static void take_over(struct worker *w, struct chat_loop *l)
{
	struct chat_kept_list *kept = chat_kept_of(w);

	for (unsigned i = 0; i < kept->count; i++) {
		struct chat_member *m = chat_room_join(&l->room, kept->at[i].fd);

		if (!m) {
			close(kept->at[i].fd);
			continue;
		}
		m->connection = kept->at[i].connection;
		m->reads = kept->at[i].reads;
		m->greeted = true;
		chat_welcome(w, l, m);
	}
	kept->count = 0;
}

int chat_server_open(struct worker *w, struct err *err)
{
	struct chat_loop *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return err_sys(err, ENOMEM, "open a chat loop");
	w->state = l;
	l->epoll.fd = -1;
	chat_tell_open(w, &l->tell);
	if ((rc = open_epoll(w, l, err)) < 0 || (rc = open_room(w, l, err)) < 0 ||
		(rc = worker_rows(w, chat_rows(chat_shared_of(w)->members), err)) < 0)
		return rc;
	take_over(w, l);
	return chat_listen_open(w, l, err);
}

/* ---- counts ---- */

/* Lines that are in the log, or in a socket, and that a client of ours will read. */
static uint64_t count_in_flight(const struct worker *w, const struct chat_loop *l)
{
	const struct chat_shared *s = chat_shared_of(w);
	uint64_t sum = 0;

	for (unsigned i = 0; i < l->room.presents; i++) {
		const struct chat_member *m = &l->room.member[l->room.present[i]];
		uint64_t received, sent = m->owed - m->dropped;

		if (m->connection == CHAT_STRANGER || !m->reads)
			continue;
		received = atomic_load_explicit(&s->flow[m->connection].received, memory_order_acquire);
		sum += sent > received ? sent - received : 0;
	}
	return sum + (l->room.log.next - l->room.done);
}

/* The run waits until nothing moves.  Meanwhile all else is counted at its ticks alone, so that
 * what a ledger adds up is of one moment. */
static void loop_count_movement(struct worker *w, const struct chat_loop *l)
{
	counter_set(w->counters, COUNTER_RX_PACKETS, l->lines);
	counter_set(w->counters, COUNTER_RX_BYTES, l->line_bytes);
	counter_set(w->counters, COUNTER_TX_PACKETS, l->room.totals.delivered);
	counter_set(w->counters, COUNTER_TX_BYTES, l->room.totals.delivered_bytes);
}

static void loop_count(struct worker *w, struct chat_loop *l)
{
	const struct chat_room_totals *t = &l->room.totals;
	struct counters *k = w->counters;
	uint64_t syscalls = l->syscalls + l->tell.calls + l->reads + t->sends + t->controls;

	loop_count_movement(w, l);
	counter_set(k, CHAT_C_OWED, t->owed + l->queued_at_start);
	counter_set(k, CHAT_C_DELIVERED, t->delivered);
	counter_set(k, CHAT_C_DROPPED_NEWEST, t->dropped_newest);
	counter_set(k, CHAT_C_DROPPED_OLDEST, t->dropped_oldest);
	counter_set(k, CHAT_C_DROPPED_LOG, t->dropped_log);
	counter_set(k, CHAT_C_DROPPED_CLOSED, t->dropped_closed);
	counter_set(k, CHAT_C_CONNECTIONS, l->room.presents);
	counter_set(k, CHAT_C_BEHIND, l->room.lates);
	counter_set(k, CHAT_C_JOINED, t->joined);
	counter_set(k, CHAT_C_LEFT, t->left);
	counter_set(k, CHAT_C_RESET, t->reset);
	counter_set(k, CHAT_C_SLOW_CLOSED, t->slow_closed);
	counter_set(k, CHAT_C_LONG_LINES, t->long_lines);
	counter_set(k, CHAT_C_ACCEPT_PAUSES, l->pauses);
	counter_set(k, CHAT_C_WAKEUPS, l->epoll.calls);
	counter_set(k, CHAT_C_EVENTS, l->epoll.happened);
	counter_set(k, CHAT_C_READS, l->reads);
	counter_set(k, CHAT_C_WRITES, t->sends);
	counter_set(k, CHAT_C_WRITE_BYTES, t->send_bytes);
	counter_set(k, CHAT_C_EAGAIN, l->read_again + t->send_again);
	counter_set(k, CHAT_C_CONTROLS, t->controls);
	/* The worker's loop adds its own to this one. */
	worker_count(w, COUNTER_SYSCALLS, syscalls - l->counted);
	l->counted = syscalls;
}

struct queues {
	uint64_t lines, bytes, p99, most; /* bytes, but for lines */
};

/* The queue that 99 % of the clients stay below; most have none. */
static uint64_t percentile(const struct chat_loop *l)
{
	uint64_t rank = ((uint64_t)l->room.presents * 99 + 99) / 100, empty = l->room.presents - l->room.lates;

	if (rank <= empty)
		return 0;
	return (uint64_t)hist_percentile(l->queues, 100.0 * (double)(rank - empty) / l->room.lates);
}

static struct queues count_queued(struct chat_loop *l)
{
	struct queues q = { 0 };

	chat_room_settle(&l->room);

	memset(l->queues, 0, sizeof(*l->queues));
	for (unsigned i = 0; i < l->room.lates; i++) {
		const struct chat_member *m = &l->room.member[l->room.late[i]];
		size_t one = chat_member_pending_bytes(&l->room, m);

		q.lines += chat_member_pending(&l->room, m);
		q.bytes += one;
		q.most = one > q.most ? one : q.most;
		l->queues->bucket[hist_index((int64_t)one)]++;
		l->queues->count++;
	}
	q.p99 = percentile(l);
	return q;
}

/* The rows show this of each client. */
static void show_member(const struct chat_room *r, const struct chat_member *m)
{
	size_t queued = chat_member_pending_bytes(r, m);

	row_set(m->row, CHAT_D_MESSAGES, m->lines);
	row_set(m->row, CHAT_D_DELIVERIES, m->owed - m->dropped - chat_member_pending(r, m));
	row_set(m->row, CHAT_D_DROPPED, m->dropped);
	row_set(m->row, CHAT_D_QUEUED, queued);
	row_most(m->row, CHAT_D_QUEUE_MAX, queued);
}

static void show_members(struct chat_loop *l, int64_t now_ns)
{
	for (unsigned i = 0; i < l->room.presents; i++)
		show_member(&l->room, &l->room.member[l->room.present[i]]);
	l->rows_ns = now_ns;
}

/* Before those who go are closed: their rows go with them, and who came to ask stays. */
static void take_leave(struct worker *w, struct chat_loop *l)
{
	for (unsigned i = 0; i < l->room.endings; i++) {
		struct chat_member *m = &l->room.member[l->room.ending[i]];

		rows_give_back(w->rows, m->row);
		if (m->end != END_ASKS)
			continue;
		chat_tell_take(&l->tell, l->epoll.fd, m->fd, m->connection);
		m->fd = -1;
	}
}

static void count_queues(struct worker *w, struct chat_loop *l)
{
	struct queues q = count_queued(l);

	counter_set(w->counters, CHAT_C_QUEUED, q.lines);
	counter_set(w->counters, CHAT_C_QUEUED_BYTES, q.bytes);
	counter_most(w->counters, CHAT_C_QUEUE_P99, q.p99);
	counter_most(w->counters, CHAT_C_QUEUE_MAX, q.most);
}

/* A question of a load elsewhere: of this loop all that it has counted up to now. */
static void loop_tell(struct worker *w, struct chat_loop *l, unsigned which)
{
	if (!chat_tell_read(&l->tell, which))
		return;
	chat_room_settle(&l->room);
	loop_count(w, l);
	count_queues(w, l);
	chat_tell_answer(chat_shared_of(w), &l->tell, which);
}

/* ---- events ---- */

static int gather_events(struct chat_loop *l, int64_t until_ns, struct err *err)
{
	l->event_at = 0;
	l->epoll.events = 0;
	return chat_epoll_gather(&l->epoll, until_ns, err);
}

/* Errors and hang-ups come first: what a reset connection still had to say is gone, and one that
 * was closed in order is read to its end. */
static void handle_member(struct worker *w, struct chat_loop *l, struct chat_member *m, uint32_t events)
{
	if (m->fd < 0 || m->end != END_NONE)
		return;
	if (events & EPOLLERR)
		chat_room_end(&l->room, m, END_RESET);
	else if (events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP))
		chat_read(w, l, m);
	if (events & EPOLLOUT && m->end == END_NONE)
		chat_room_writable(&l->room, m);
}

static int handle_event(struct worker *w, struct chat_loop *l, const struct epoll_event *event, struct err *err)
{
	uint64_t tag = event->data.u64;

	if (tag == CHAT_TAG_WAKE) {
		worker_woken(w);
	} else if (tag == CHAT_TAG_BELL) {
		chat_crossing_silence(&chat_shared_of(w)->crossing, w->self->index);
		l->syscalls++;
	} else if (tag >= CHAT_TAG_ASKER) {
		loop_tell(w, l, (unsigned)(tag - CHAT_TAG_ASKER));
	} else if (tag >= CHAT_TAG_LISTENER) {
		return chat_accept(w, l, (unsigned)(tag - CHAT_TAG_LISTENER), err);
	} else {
		handle_member(w, l, &l->room.member[tag], event->events);
	}
	return 0;
}

/* Returns how many were handled, or -errno. */
static int handle_events(struct worker *w, struct chat_loop *l, struct err *err)
{
	unsigned done = 0;

	while (l->event_at < l->epoll.events && !chat_is_enough(l)) {
		int rc = handle_event(w, l, &l->epoll.event[l->event_at++], err);

		if (rc < 0)
			return rc;
		done++;
	}
	return (int)done;
}

/* ---- operations ---- */

static void sooner(struct worker *w, int64_t at_ns)
{
	if (at_ns && (!w->wait.until_ns || at_ns < w->wait.until_ns))
		w->wait.until_ns = at_ns;
}

/* While the run settles it waits for what is in flight, which only a look at all clients tells. */
static void loop_look_at_flight(struct worker *w, struct chat_loop *l)
{
	int64_t now = clock_now_ns();

	if (now < l->look_ns)
		return;
	chat_room_settle(&l->room);
	counter_set(w->counters, COUNTER_IN_FLIGHT, count_in_flight(w, l));
	l->look_ns = now + QUIET_LOOK_NS;
}

int chat_server_poll(struct worker *w, struct err *err)
{
	struct chat_loop *l = w->state;
	unsigned done, went;
	int rc = 0;

	l->sends_before = l->room.totals.sends;
	if (l->epoll.looks && l->event_at == l->epoll.events) {
		l->syscalls++;
		rc = gather_events(l, 0, err);
	}
	if (rc < 0 || (rc = handle_events(w, l, err)) < 0)
		return rc;
	done = (unsigned)rc + chat_read_turns(w, l) + chat_read_crossing(w, l);
	chat_loop_turn_over(w, l);
	take_leave(w, l);
	went = chat_room_close_ended(&l->room);
	if (l->paused)
		chat_accept_resume(w, l, clock_now_ns(), went != 0);
	w->wait.until_ns = l->flush_ns;
	if (l->paused)
		sooner(w, l->resume_ns);
	if (chat_is_quiet(w)) {
		loop_look_at_flight(w, l);
		sooner(w, l->look_ns);
	}
	if (chat_is_quiet(w))
		loop_count_movement(w, l);
	else if (done + went)
		loop_count(w, l);
	return (int)(done + went);
}

/* A ring to another loop is full: nothing but room in it, or a word from the run, is waited
 * for. */
static int wait_for_room(struct worker *w, struct chat_loop *l, int64_t until_ns)
{
	struct chat_crossing *c = &chat_shared_of(w)->crossing;
	struct pollfd fd[] = { { .fd = w->wake_fd, .events = POLLIN }, { .fd = c->bell[w->self->index].fd, .events = POLLIN } };
	int64_t left_ns = until_ns - clock_now_ns();
	struct timespec timeout = { .tv_nsec = left_ns > 0 ? left_ns % NS_PER_S : 0 };

	worker_count_wait(w);
	if (ppoll(fd, 2, &timeout, NULL) <= 0)
		return 0;
	if (fd[0].revents)
		worker_woken(w);
	if (fd[1].revents) {
		chat_crossing_silence(c, w->self->index);
		l->syscalls++;
	}
	return 0;
}

int chat_server_wait(struct worker *w, int64_t until_ns, struct err *err)
{
	struct chat_shared *s = chat_shared_of(w);
	struct chat_loop *l = w->state;
	int rc;

	if (s->loops > 1 && !chat_crossing_sleep(&s->crossing, w->self->index))
		return 0;
	if (l->held) {
		rc = wait_for_room(w, l, until_ns);
	} else {
		worker_count_wait(w);
		rc = gather_events(l, until_ns, err);
	}
	if (s->loops > 1)
		chat_crossing_wake(&s->crossing, w->self->index);
	return rc < 0 ? rc : 0;
}

int chat_server_enter(struct worker *w, enum phase phase, struct err *err)
{
	struct chat_loop *l = w->state;
	struct queues queues = count_queued(l);

	(void)err;
	/* The lines that wait now are owed in this phase, too: they will be delivered, dropped, or
	 * still wait at its end.  What is handed on now is owed then anyway. */
	if (phase == PHASE_MEASURE)
		l->queued_at_start += queues.lines;
	chat_room_flush(&l->room);
	l->flush_ns = 0;
	l->look_ns = 0;
	/* Before the phase is acknowledged: the run must not take the last phase's word. */
	if (chat_is_quiet(w))
		loop_look_at_flight(w, l);
	if (phase == PHASE_MEASURE) {
		counter_set(w->counters, CHAT_C_QUEUE_P99, queues.p99);
		counter_set(w->counters, CHAT_C_QUEUE_MAX, queues.most);
		rows_forget_extremes(w->rows);
	}
	loop_count(w, l);
	show_members(l, clock_now_ns());
	return 0;
}

int chat_server_observe(struct worker *w, struct err *err)
{
	struct chat_loop *l = w->state;
	int64_t now = clock_now_ns();

	(void)err;
	chat_room_settle(&l->room);
	loop_count(w, l);
	count_queues(w, l);
	if (now - l->rows_ns >= ROWS_NS)
		show_members(l, now);
	return 0;
}

/* A client with nothing on its way stays for the next run. */
static void keep_members(struct worker *w, struct chat_loop *l)
{
	struct chat_kept_list *kept = chat_kept_of(w);

	for (unsigned i = 0; i < l->room.presents; i++) {
		struct chat_member *m = &l->room.member[l->room.present[i]];

		if (m->behind || m->part_bytes || m->end != END_NONE || !m->greeted || kept->count == kept->room)
			continue;
		kept->at[kept->count++] = (struct chat_kept){ .fd = m->fd, .connection = m->connection, .reads = m->reads };
		m->fd = -1;
	}
}

void chat_server_close(struct worker *w)
{
	struct chat_loop *l = w->state;

	if (!l)
		return;
	if (l->room.member)
		keep_members(w, l);
	chat_tell_close(&l->tell);
	chat_room_close(&l->room);
	chat_epoll_close(&l->epoll);
	free(l->buffer);
	free(l->scratch);
	free(l->queues);
	free(l->turn);
	free(l);
	w->state = NULL;
}
