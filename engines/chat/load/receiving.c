/* Mode chat, what the load receives: every connection that reads checks order, loss and
 * duplicates of every sender of the load. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/rng.h"
#include "engines/chat/load/load.h"

enum { READS = 8 }; /* calls for one connection, then it is the next one's turn */

/* ---- a line of ours ---- */

static void check_order(struct load *x, struct load_connection *c, const struct chat_stamp *stamp)
{
	uint32_t sequence = (uint32_t)stamp->sequence, expected = c->next[stamp->connection] - 1;

	if (c->next[stamp->connection] && sequence != expected) {
		if ((int32_t)(sequence - expected) < 0) {
			x->repeated++;
			return;
		}
		x->missing += sequence - expected;
		c->missing += sequence - expected;
	}
	c->next[stamp->connection] = sequence + 2 ? sequence + 2 : 1;
}

/* The sender's window opens when its witness has the message. */
static void witness(
	struct worker *w, struct load *x, const struct load_connection *c, const struct chat_stamp *stamp, int64_t now_ns)
{
	const struct chat_shared *s = chat_shared_of(w);
	uint32_t index = stamp->connection / s->clients;
	struct load_connection *sender;

	if (stamp->connection % s->clients != w->self->index)
		return;
	if ((index + x->connections - c->witness_first) % x->connections >= c->witness_count)
		return;
	sender = &x->connection[index];
	if (stamp->sequence < sender->seen || stamp->sequence >= sender->sequence)
		return;
	sender->seen = stamp->sequence + 1;
	sender->seen_ns = now_ns;
	if (!chat_is_quiet(w))
		load_queue(x, sender);
}

static void load_record(struct worker *w, struct load *x, const struct chat_stamp *stamp, int64_t now_ns)
{
	if (stamp->sent_ns < x->measure_ns || !x->measure_ns) {
		x->carried += x->measure_ns != 0;
		return;
	}
	histogram_record(w->latency[CHAT_L_DELIVERY], now_ns - stamp->due_ns);
	histogram_record(w->latency[CHAT_L_SEND], now_ns - stamp->sent_ns);
}

static void take_ours(struct worker *w, struct load *x, struct load_connection *c, const struct chat_stamp *stamp, int64_t now_ns)
{
	c->digest += rng_mix(((uint64_t)stamp->connection << CHAT_SEQUENCE_BITS) + stamp->sequence);
	check_order(x, c, stamp);
	if (x->window)
		witness(w, x, c, stamp, now_ns);
	load_record(w, x, stamp, now_ns);
}

/* ---- lines ---- */

static bool is_ours(const struct chat_shared *s, const uint8_t *line, size_t bytes, struct chat_stamp *ret_stamp)
{
	return bytes + 1 >= s->message_bytes && chat_stamp_get(line, ret_stamp) && ret_stamp->kind == CHAT_MESSAGE &&
	       ret_stamp->token == s->token && ret_stamp->connection < s->connections;
}

/* bytes: without the line's end. */
static void load_take_line(
	struct worker *w, struct load *x, struct load_connection *c, const uint8_t *line, size_t bytes, int64_t now_ns)
{
	struct chat_stamp stamp;

	c->received++;
	x->received++;
	x->received_bytes += bytes + 1;
	if (is_ours(chat_shared_of(w), line, bytes, &stamp))
		take_ours(w, x, c, &stamp, now_ns);
	else
		x->foreign++;
}

/* A server that is none of ours may send longer lines than ours does: the rest of them is
 * counted as lines of its own. */
static void load_keep_part(struct load *x, struct load_connection *c, const uint8_t *data, size_t bytes)
{
	size_t room = x->pool.block_bytes - c->part_bytes;

	if (!bytes || (!c->part && !(c->part = chat_pool_take(&x->pool))))
		return;
	bytes = bytes < room ? bytes : room;
	memcpy(c->part + c->part_bytes, data, bytes);
	c->part_bytes += (uint32_t)bytes;
}

static void take_bytes(
	struct worker *w, struct load *x, struct load_connection *c, const uint8_t *data, size_t bytes, int64_t now_ns)
{
	while (bytes) {
		const uint8_t *end = memchr(data, '\n', bytes);
		size_t line = end ? (size_t)(end - data) : bytes;

		if (c->part_bytes || !end)
			load_keep_part(x, c, data, line);
		if (!end)
			return;
		if (c->part_bytes)
			load_take_line(w, x, c, c->part, c->part_bytes, now_ns);
		else
			load_take_line(w, x, c, data, line, now_ns);
		chat_pool_give(&x->pool, c->part);
		c->part = NULL;
		c->part_bytes = 0;
		data += line + 1;
		bytes -= line + 1;
	}
}

void load_receive(struct worker *w, struct load *x, struct load_connection *c)
{
	struct chat_shared *s = chat_shared_of(w);

	for (unsigned i = 0; i < READS; i++) {
		ssize_t n = recv(c->fd, x->buffer, LOAD_READ_BYTES, MSG_DONTWAIT);

		x->reads++;
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			x->again += errno == EAGAIN;
			break;
		}
		if (n <= 0) {
			load_lost(w, x, c);
			return;
		}
		take_bytes(w, x, c, x->buffer, (size_t)n, clock_now_ns());
		if (n < LOAD_READ_BYTES)
			break;
	}
	if (s->both)
		atomic_store_explicit(&s->flow[c->id].received, c->received, memory_order_release);
}
