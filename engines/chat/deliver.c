/* Handing on what is in the log: to those who are up to date, to those who are behind, and what
 * is dropped where a client is too slow.  See engines/chat/room.h. */
#include "engines/chat/deliver.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
	PIECES = 64, /* of the log in a call: its own lines are left out */
	CALLS = 256, /* to one member a turn: the others wait */
	SLACK = 8,   /* a 1/SLACK of the log is given up at a time */
};

/* The record behind the last that it is to be sent. */
static uint64_t end_of(const struct chat_room *r, const struct chat_member *m)
{
	return m->hole ? m->limit : r->done;
}

uint64_t chat_member_pending(const struct chat_room *r, const struct chat_member *m)
{
	return m->behind ? end_of(r, m) - m->cursor - m->own.count + (m->rest_bytes > 0) : 0;
}

size_t chat_member_pending_bytes(const struct chat_room *r, const struct chat_member *m)
{
	if (!m->behind)
		return 0;
	return chat_log_at(&r->log, end_of(r, m)) - chat_log_at(&r->log, m->cursor) - m->offset - m->own.bytes + m->rest_bytes;
}

/* ---- its own records ---- */

static void own_drop_first(struct chat_room *r, struct chat_own *own)
{
	const struct chat_record *record = chat_log_record(&r->log, own->first);

	own->first = record->next_own;
	own->bytes -= record->bytes;
	own->count--;
}

static void own_append(struct chat_room *r, struct chat_own *own, const struct chat_own *more)
{
	if (!more->count)
		return;
	if (own->count)
		chat_log_record(&r->log, own->last)->next_own = more->first;
	else
		own->first = more->first;
	own->last = more->last;
	own->count += more->count;
	own->bytes += more->bytes;
}

/* The cursor stands on no record of its own. */
static void skip_own(struct chat_room *r, struct chat_member *m)
{
	while (m->own.count && m->own.first == m->cursor) {
		own_drop_first(r, &m->own);
		m->cursor++;
	}
}

/* ---- behind, and no longer ---- */

static void deliver_watch(struct chat_room *r, struct chat_member *m, bool for_room)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | (for_room ? EPOLLOUT : 0) | r->config.trigger,
		.data.u64 = m->index };

	r->totals.controls++;
	m->armed = for_room;
	if (epoll_ctl(r->config.epoll_fd, EPOLL_CTL_MOD, m->fd, &event) < 0)
		chat_room_end(r, m, END_RESET);
}

/* From now on it is not handed each line.  A client that is to be closed when its queue is full
 * is: that must be seen at once. */
static void deliver_let_wait(struct chat_room *r, struct chat_member *m)
{
	uint32_t last = r->present[r->actives - 1];

	if (r->config.slow == SLOW_DISCONNECT || m->end != END_NONE)
		return;
	m->waits = true;
	m->handed = r->done;
	r->actives--;
	chat_room_place(r, m->place, last);
	chat_room_place(r, r->actives, m->index);
}

static void deliver_wait_over(struct chat_room *r, struct chat_member *m)
{
	if (!m->waits)
		return;
	m->waits = false;
	chat_room_place(r, m->place, r->present[r->actives]);
	chat_room_place(r, r->actives++, m->index);
}

static void fall_behind(struct chat_room *r, struct chat_member *m)
{
	m->behind = true;
	m->late_place = r->lates;
	r->late[r->lates++] = m->index;
}

static void catch_up(struct chat_room *r, struct chat_member *m)
{
	r->late[m->late_place] = r->late[--r->lates];
	r->member[r->late[m->late_place]].late_place = m->late_place;
	m->behind = m->hole = false;
	m->own = (struct chat_own){ 0 };
	deliver_wait_over(r, m);
}

void deliver_forget(struct chat_room *r, struct chat_member *m)
{
	if (m->behind)
		catch_up(r, m);
	chat_pool_give(&r->pool, m->rest);
	m->rest = NULL;
	m->rest_bytes = 0;
}

/* ---- sending ---- */

static void took(struct chat_room *r, uint64_t lines)
{
	r->totals.delivered += lines;
}

/* Of the cursor's range the kernel took so many bytes. */
static void deliver_advance(struct chat_room *r, struct chat_member *m, uint64_t end, size_t bytes)
{
	while (bytes) {
		uint64_t stop = m->own.count && m->own.first < end ? m->own.first : end;
		uint64_t from = chat_log_at(&r->log, m->cursor) + m->offset, left = chat_log_at(&r->log, stop) - from;

		if (bytes < left) {
			uint64_t at = chat_log_find(&r->log, from + bytes);

			took(r, at - m->cursor);
			m->offset = (uint32_t)(from + bytes - chat_log_at(&r->log, at));
			m->cursor = at;
			return;
		}
		took(r, stop - m->cursor);
		bytes -= left;
		m->cursor = stop;
		m->offset = 0;
		skip_own(r, m);
	}
}

/* The pieces of the log from the cursor to end, its own lines left out. */
static unsigned gather(const struct chat_room *r, const struct chat_member *m, uint64_t end, struct iovec piece[PIECES])
{
	uint64_t at = chat_log_at(&r->log, m->cursor) + m->offset, own = m->own.first, owns = m->own.count;
	unsigned pieces = 0;

	while (pieces < PIECES) {
		bool skips = owns && own < end;
		uint64_t stop = chat_log_at(&r->log, skips ? own : end);

		if (stop > at)
			piece[pieces++] = (struct iovec){ .iov_base = (void *)(uintptr_t)chat_log_data(&r->log, at),
				.iov_len = stop - at };
		if (!skips)
			break;
		at = stop + chat_log_record(&r->log, own)->bytes;
		own = chat_log_record(&r->log, own)->next_own;
		owns--;
	}
	return pieces;
}

/* Bytes that the kernel took; 0: it has no room; -1: the connection is gone. */
static ssize_t hand_over(struct chat_room *r, struct chat_member *m, struct iovec *piece, unsigned pieces)
{
	struct msghdr message = { .msg_iov = piece, .msg_iovlen = pieces };
	ssize_t n;

	r->totals.sends++;
	if (pieces == 1)
		n = send(m->fd, piece->iov_base, piece->iov_len, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		n = sendmsg(m->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n >= 0) {
		r->totals.send_bytes += (uint64_t)n;
		r->totals.delivered_bytes += (uint64_t)n;
		return n;
	}
	if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR) {
		r->totals.send_again++;
		return 0;
	}
	chat_room_end(r, m, END_RESET);
	return -1;
}

/* The end of a line that has left the log.  true: it is sent. */
static bool send_rest(struct chat_room *r, struct chat_member *m)
{
	struct iovec piece = { .iov_base = m->rest + m->rest_from, .iov_len = m->rest_bytes };
	ssize_t n = hand_over(r, m, &piece, 1);

	if (n <= 0)
		return false;
	m->rest_from += (uint32_t)n;
	m->rest_bytes -= (uint32_t)n;
	if (m->rest_bytes)
		return false;
	took(r, 1);
	chat_pool_give(&r->pool, m->rest);
	m->rest = NULL;
	return true;
}

/* Sends from the cursor on.  true: all of it; false: the kernel has no room, the connection is
 * gone, or it is the others' turn. */
static bool send_on(struct chat_room *r, struct chat_member *m)
{
	struct iovec piece[PIECES];

	if (m->rest_bytes && !send_rest(r, m))
		return false;
	for (unsigned calls = 0; calls < CALLS; calls++) {
		uint64_t end = end_of(r, m);
		size_t wanted = 0;
		unsigned pieces;
		ssize_t n;

		skip_own(r, m);
		if (m->cursor == end)
			return true;
		if (r->config.direct)
			end = m->cursor + 1;
		pieces = gather(r, m, end, piece);
		for (unsigned i = 0; i < pieces; i++)
			wanted += piece[i].iov_len;
		n = hand_over(r, m, piece, pieces);
		if (n > 0)
			deliver_advance(r, m, end, (size_t)n);
		if (n < (ssize_t)wanted)
			return false;
	}
	return false;
}

/* ---- who is too slow ---- */

/* A half sent line must be sent to its end, wherever the cursor goes.  false: it cannot be
 * kept. */
static bool keep_half_sent(struct chat_room *r, struct chat_member *m)
{
	const struct chat_record *record = chat_log_record(&r->log, m->cursor);

	if (!m->offset)
		return true;
	m->rest = chat_pool_take(&r->pool);
	if (!m->rest)
		return false;
	m->rest_from = 0;
	m->rest_bytes = record->bytes - m->offset;
	memcpy(m->rest, chat_log_data(&r->log, record->at + m->offset), m->rest_bytes);
	m->offset = 0;
	m->cursor++;
	skip_own(r, m);
	return true;
}

/* Drops all lines from the cursor up to `target`. */
static void drop_to(struct chat_room *r, struct chat_member *m, uint64_t target, uint64_t *counter)
{
	uint64_t owns = 0;

	for (; m->own.count && m->own.first < target; owns++)
		own_drop_first(r, &m->own);
	m->dropped += target - m->cursor - owns;
	*counter += target - m->cursor - owns;
	m->cursor = target;
	skip_own(r, m);
}

/* Up to where the lines from the cursor on fit into the queue.  A half sent one stays. */
static uint64_t what_fits(const struct chat_room *r, const struct chat_member *m)
{
	uint64_t at = chat_log_at(&r->log, m->cursor) + m->offset, end = end_of(r, m);
	uint64_t own = m->own.first, owns = m->own.count, least = m->cursor + (m->offset > 0), fits;
	size_t room = r->config.queue_bytes > m->rest_bytes ? r->config.queue_bytes - m->rest_bytes : 0;

	for (;;) {
		uint64_t stop = chat_log_at(&r->log, owns ? own : end);

		if (stop - at > room) {
			fits = chat_log_find(&r->log, at + room);
			return fits > least ? fits : least;
		}
		if (!owns)
			return end;
		room -= stop - at;
		at = stop + chat_log_record(&r->log, own)->bytes;
		own = chat_log_record(&r->log, own)->next_own;
		owns--;
	}
}

/* Nothing more until it has taken what fits. */
static void drop_newest(struct chat_room *r, struct chat_member *m)
{
	uint64_t limit = what_fits(r, m), owns = 0, bytes = 0, own = m->own.first, dropped;

	for (uint64_t i = 0; i < m->own.count && own < limit; i++) {
		owns++;
		bytes += chat_log_record(&r->log, own)->bytes;
		m->own.last = own;
		own = chat_log_record(&r->log, own)->next_own;
	}
	dropped = r->done - limit - (m->own.count - owns);
	m->own.count = owns;
	m->own.bytes = bytes;
	m->hole = true;
	m->limit = limit;
	m->dropped += dropped;
	r->totals.dropped_newest += dropped;
}

/* The first record that is not surely to go: with as many bytes of its own before it as it has at
 * all, what is behind it would just fit. */
static uint64_t surely_dropped(const struct chat_room *r, const struct chat_member *m)
{
	uint64_t end = chat_log_at(&r->log, r->done), most = r->config.queue_bytes + m->own.bytes, at;
	uint64_t from = chat_log_at(&r->log, m->cursor);

	most -= m->rest_bytes < most ? m->rest_bytes : most;
	if (end - from <= most)
		return m->cursor;
	at = chat_log_find(&r->log, end - most);
	return at + (chat_log_at(&r->log, at) < end - most);
}

static void drop_oldest(struct chat_room *r, struct chat_member *m)
{
	if (!keep_half_sent(r, m)) {
		chat_room_end(r, m, END_SLOW);
		return;
	}
	skip_own(r, m);
	drop_to(r, m, surely_dropped(r, m), &r->totals.dropped_oldest);
	while (m->cursor < r->done && chat_member_pending_bytes(r, m) > r->config.queue_bytes)
		drop_to(r, m, m->cursor + 1, &r->totals.dropped_oldest);
}

static void limit_queue(struct chat_room *r, struct chat_member *m)
{
	if (m->end != END_NONE || chat_member_pending_bytes(r, m) <= r->config.queue_bytes)
		return;
	switch (r->config.slow) {
	case SLOW_NEWEST:
		drop_newest(r, m);
		break;
	case SLOW_OLDEST:
		drop_oldest(r, m);
		break;
	case SLOW_DISCONNECT:
		chat_room_end(r, m, END_SLOW);
		break;
	}
}

/* Drops what it has not taken of the records before `first`. */
static void lose(struct chat_room *r, struct chat_member *m, uint64_t first)
{
	uint64_t end = end_of(r, m);

	if (r->config.slow == SLOW_DISCONNECT || !keep_half_sent(r, m)) {
		chat_room_end(r, m, END_SLOW);
		return;
	}
	skip_own(r, m);
	first = first < end ? first : end;
	if (m->cursor < first)
		drop_to(r, m, first, &r->totals.dropped_log);
}

uint64_t deliver_give_up(struct chat_room *r, uint64_t first)
{
	uint64_t target = first + (r->log.next - r->log.first) / SLACK;

	if (target > r->done)
		target = r->done;
	for (unsigned i = 0; i < r->lates; i++) {
		struct chat_member *m = &r->member[r->late[i]];

		if (m->cursor >= target || m->end != END_NONE)
			continue;
		deliver_settle(r, m);
		if (m->cursor < target && m->end == END_NONE)
			lose(r, m, target);
	}
	return target > first ? target : first;
}

/* ---- handing on ---- */

/* It was up to date: it is handed what is new with one call, or is behind from now on. */
static void hand_new(struct chat_room *r, struct chat_member *m, uint64_t from)
{
	m->cursor = from;
	m->offset = 0;
	m->own = m->own_new;
	if (send_on(r, m)) {
		m->own.count = 0;
		return;
	}
	fall_behind(r, m);
	if (m->end != END_NONE)
		return;
	deliver_watch(r, m, true);
	limit_queue(r, m);
	deliver_let_wait(r, m);
}

/* own: its own records among them. */
static void hand(struct chat_room *r, struct chat_member *m, uint64_t from, struct chat_own *own)
{
	uint64_t owed;

	if (m->joined > from)
		from = m->joined;
	owed = r->done - from - own->count;
	m->owed += owed;
	r->totals.owed += owed;
	if (m->hole) {
		m->dropped += owed;
		r->totals.dropped_newest += owed;
	} else if (m->behind && m->end != END_NONE) {
		m->own.count += own->count; /* not linked: the log may have lost its last */
	} else if (m->behind) {
		own_append(r, &m->own, own);
		limit_queue(r, m);
	} else if (m->end != END_NONE) {
		r->totals.dropped_closed += owed;
	} else if (owed) {
		hand_new(r, m, from);
	}
	*own = (struct chat_own){ 0 };
}

/* Before they are done: own records of those who wait are kept for when they are counted. */
static void keep_words(struct chat_room *r)
{
	for (unsigned i = 0; i < r->spokes; i++) {
		struct chat_member *m = &r->member[r->spoke[i]];

		if (!m->waits)
			continue;
		own_append(r, &m->own_waiting, &m->own_new);
		m->own_new = (struct chat_own){ 0 };
	}
	r->spokes = 0;
}

void chat_room_flush(struct chat_room *r)
{
	uint64_t from = r->done;

	if (from == r->log.next)
		return;
	keep_words(r);
	r->done = r->log.next;
	for (unsigned i = 0; i < r->actives;) {
		struct chat_member *m = &r->member[r->present[i]];

		hand(r, m, from, &m->own_new);
		/* One that waits from now on has given its place to another. */
		i += r->present[i] == m->index;
	}
}

void deliver_settle(struct chat_room *r, struct chat_member *m)
{
	uint64_t from = m->handed;

	if (!m->waits || from == r->done)
		return;
	m->handed = r->done;
	hand(r, m, from, &m->own_waiting);
}

void chat_room_settle(struct chat_room *r)
{
	/* Nobody begins or ceases to wait by that. */
	for (unsigned i = r->actives; i < r->presents; i++)
		deliver_settle(r, &r->member[r->present[i]]);
}

void chat_room_writable(struct chat_room *r, struct chat_member *m)
{
	if (!m->behind || m->end != END_NONE)
		return;
	deliver_settle(r, m);
	if (m->end != END_NONE)
		return;
	if (send_on(r, m)) {
		catch_up(r, m);
		deliver_watch(r, m, false);
	} else if (m->end == END_NONE && r->config.trigger) {
		/* Edge-triggered, and room may be left: it was the others' turn. */
		deliver_watch(r, m, true);
	}
}
