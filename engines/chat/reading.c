/* Mode chat, what clients say: bytes into lines, lines into the room and to the other loops. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "engines/chat/server.h"

enum { TURN_READS = 4 }; /* edge-triggered: calls for one client, then it is the next one's turn */

/* ---- lines ---- */

/* The load's first line says which of its connections this is. */
static bool loop_greet(struct worker *w, struct chat_loop *l, struct chat_member *m, const uint8_t *line, size_t bytes)
{
	const struct chat_shared *s = chat_shared_of(w);
	struct chat_stamp stamp;

	m->greeted = true;
	if (bytes != CHAT_STAMP_BYTES || !chat_stamp_get(line, &stamp) || stamp.kind == CHAT_MESSAGE)
		return false;
	if (!s->both && chat_hello_asks(&stamp)) {
		m->connection = stamp.token;
		chat_room_end(&l->room, m, END_ASKS);
	}
	if (s->both && stamp.token == s->token && stamp.connection < s->connections) {
		m->connection = stamp.connection;
		m->reads = stamp.kind == CHAT_HELLO_READS;
	}
	return true;
}

static void loop_take_line(struct worker *w, struct chat_loop *l, struct chat_member *m, const uint8_t *line, size_t bytes)
{
	struct chat_shared *s = chat_shared_of(w);

	if (bytes && line[bytes - 1] == '\r')
		bytes--;
	if (!m->greeted && loop_greet(w, l, m, line, bytes))
		return;
	m->lines++;
	l->lines++;
	l->line_bytes += bytes + 1;
	if (m->connection != CHAT_STRANGER) {
		_Atomic uint64_t *read = &s->flow[m->connection].read;

		atomic_store_explicit(read, atomic_load_explicit(read, memory_order_relaxed) + 1, memory_order_release);
	}
	chat_room_say(&l->room, m, line, bytes);
	if (s->loops > 1) {
		/* As it stands in the log: clean. */
		const struct chat_record *record = chat_log_record(&l->room.log, l->room.log.next - 1);

		chat_crossing_put(&s->crossing, w->self->index, chat_log_data(&l->room.log, record->at), bytes);
	}
}

/* It is told why, if its socket has room for that. */
static void turn_out(struct worker *w, struct chat_loop *l, struct chat_member *m)
{
	char text[80];
	int n = snprintf(
		text, sizeof(text), "netdyno: a line may have at most %u bytes: goodbye\n", chat_shared_of(w)->line_bytes);

	/* Behind its half sent line it would be garbage. */
	if (!m->behind) {
		l->syscalls++;
		(void)!send(m->fd, text, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	chat_room_end(&l->room, m, END_LONG_LINE);
}

/* Bytes without a line's end are kept until it comes.  false: the line is too long. */
static bool loop_keep_part(struct chat_loop *l, struct chat_member *m, const uint8_t *data, size_t bytes)
{
	if (m->part_bytes + bytes >= l->room.config.line_bytes)
		return false;
	if (!m->part && !(m->part = chat_pool_take(&l->room.pool)))
		return false;
	memcpy(m->part + m->part_bytes, data, bytes);
	m->part_bytes += (uint32_t)bytes;
	return true;
}

static void take_parted_line(struct worker *w, struct chat_loop *l, struct chat_member *m)
{
	uint8_t *part = m->part;
	uint32_t bytes = m->part_bytes;

	m->part = NULL;
	m->part_bytes = 0;
	loop_take_line(w, l, m, part, bytes);
	chat_pool_give(&l->room.pool, part);
}

void chat_take_bytes(struct worker *w, struct chat_loop *l, struct chat_member *m, const uint8_t *data, size_t bytes)
{
	while (bytes && m->end == END_NONE) {
		const uint8_t *end = memchr(data, '\n', bytes);
		size_t line = end ? (size_t)(end - data) : bytes;
		bool whole = end && !m->part_bytes;

		if (whole ? line >= l->room.config.line_bytes : !loop_keep_part(l, m, data, line))
			turn_out(w, l, m);
		else if (whole)
			loop_take_line(w, l, m, data, line);
		else if (end)
			take_parted_line(w, l, m);
		line += end != NULL;
		data += line;
		bytes -= line;
	}
}

/* ---- calls ---- */

static void requeue(struct chat_loop *l, struct chat_member *m)
{
	unsigned room = l->room.config.members, at = l->turn_head + l->turns;

	if (m->requeued)
		return;
	m->requeued = true;
	l->turn[at < room ? at : at - room] = m->index;
	l->turns++;
}

/* Of what one call can bring, each byte may be a line. */
static bool others_have_room(struct worker *w, struct chat_loop *l)
{
	struct chat_shared *s = chat_shared_of(w);

	l->held = s->loops > 1 &&
		  !chat_crossing_has_room(&s->crossing, w->self->index, CHAT_READ_BYTES + l->room.config.line_bytes);
	return !l->held;
}

/* As much as makes CHAT_READ_SENDS of short lines. */
static size_t read_bytes(const struct chat_loop *l)
{
	size_t bytes = (size_t)CHAT_READ_SENDS * CHAT_MESSAGE_MIN / l->room.presents;

	if (!l->room.config.direct || bytes > CHAT_READ_BYTES)
		return CHAT_READ_BYTES;
	return bytes > CHAT_READ_LEAST ? bytes : CHAT_READ_LEAST;
}

/* Is there more to read? */
static bool read_once(struct worker *w, struct chat_loop *l, struct chat_member *m)
{
	ssize_t n = recv(m->fd, l->buffer, read_bytes(l), MSG_DONTWAIT);

	l->reads++;
	if (n > 0) {
		chat_take_bytes(w, l, m, l->buffer, (size_t)n);
		return m->end == END_NONE;
	}
	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && errno == EAGAIN)
		l->read_again++;
	else
		chat_room_end(&l->room, m, n == 0 ? END_LEFT : END_RESET);
	return false;
}

void chat_read(struct worker *w, struct chat_loop *l, struct chat_member *m)
{
	unsigned reads = l->room.config.trigger ? TURN_READS : 1;

	while (reads--) {
		if (!others_have_room(w, l)) {
			requeue(l, m);
			return;
		}
		if (!read_once(w, l, m))
			return;
	}
	if (l->room.config.trigger)
		requeue(l, m);
}

unsigned chat_read_turns(struct worker *w, struct chat_loop *l)
{
	unsigned turns = l->turns, read = 0;

	if (l->held && !others_have_room(w, l))
		return 0;
	while (read < turns && !chat_is_enough(l)) {
		struct chat_member *m = &l->room.member[l->turn[l->turn_head]];

		l->turn_head = l->turn_head + 1 < l->room.config.members ? l->turn_head + 1 : 0;
		l->turns--;
		m->requeued = false;
		if (m->fd >= 0 && m->end == END_NONE)
			chat_read(w, l, m);
		read++;
	}
	return read;
}

/* ---- other loops ---- */

static void take_crossing(void *ctx, const uint8_t *line, size_t bytes)
{
	struct chat_loop *l = ctx;

	chat_room_say(&l->room, NULL, line, bytes);
}

unsigned chat_read_crossing(struct worker *w, struct chat_loop *l)
{
	struct chat_shared *s = chat_shared_of(w);
	unsigned calls = 0, lines;

	if (s->loops == 1)
		return 0;
	lines = chat_crossing_take(&s->crossing, w->self->index, take_crossing, l, l->scratch, l->room.config.line_bytes, &calls);
	l->syscalls += calls;
	return lines;
}

void chat_loop_turn_over(struct worker *w, struct chat_loop *l)
{
	struct chat_shared *s = chat_shared_of(w);

	if (s->loops > 1)
		l->syscalls += chat_crossing_publish(&s->crossing, w->self->index);
	if (l->room.done == l->room.log.next)
		return;
	int64_t now = s->tick_ns ? clock_now_ns() : 0;

	if (!l->flush_ns)
		l->flush_ns = now + s->tick_ns;
	if (now < l->flush_ns)
		return;
	chat_room_flush(&l->room);
	l->flush_ns = 0;
}
