/* Rings between loops.  See engines/chat/crossing.h. */
#include "engines/chat/crossing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct chat_ring *ring_of(const struct chat_crossing *c, unsigned from, unsigned to)
{
	return &c->ring[from * c->loops + to];
}

static int open_bells(struct chat_crossing *c)
{
	for (unsigned i = 0; i < c->loops; i++)
		if ((c->bell[i].fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
			return -errno;
	return 0;
}

static void *lines_new(size_t bytes)
{
	size_t whole = (bytes + 63) / 64 * 64;
	void *memory = aligned_alloc(64, whole);

	return memory ? memset(memory, 0, whole) : NULL;
}

int chat_crossing_open(struct chat_crossing *c, unsigned loops, size_t ring_bytes, struct err *err)
{
	int rc;

	*c = (struct chat_crossing){ .loops = loops };
	c->ring = lines_new((size_t)loops * loops * sizeof(*c->ring));
	c->bell = lines_new(loops * sizeof(*c->bell));
	if (!c->ring || !c->bell)
		return err_sys(err, ENOMEM, "prepare rings of %u loops", loops);
	for (unsigned i = 0; i < loops; i++)
		c->bell[i].fd = -1;
	if ((rc = open_bells(c)) < 0)
		return err_sys(err, -rc, "eventfd");
	for (unsigned i = 0; i < loops * loops; i++) {
		c->ring[i].bytes = ring_bytes;
		if (i / loops != i % loops && !(c->ring[i].data = malloc(ring_bytes)))
			return err_sys(err, ENOMEM, "prepare rings of %u loops", loops);
	}
	return 0;
}

void chat_crossing_close(struct chat_crossing *c)
{
	for (unsigned i = 0; c->bell && i < c->loops; i++)
		if (c->bell[i].fd >= 0)
			close(c->bell[i].fd);
	for (unsigned i = 0; c->ring && i < c->loops * c->loops; i++)
		free(c->ring[i].data);
	free(c->ring);
	free(c->bell);
	*c = (struct chat_crossing){ 0 };
}

static unsigned ring_bell(const struct chat_bell *bell)
{
	uint64_t one = 1;

	/* EAGAIN: it rings already. */
	return write(bell->fd, &one, sizeof(one)) < 0 && errno != EAGAIN ? 0 : 1;
}

/* ---- the loop that sends ---- */

static bool has_room(const struct chat_ring *ring, size_t bytes)
{
	return ring->bytes - (ring->put - atomic_load_explicit(&ring->tail, memory_order_acquire)) >= bytes;
}

bool chat_crossing_has_room(struct chat_crossing *c, unsigned from, size_t bytes)
{
	for (unsigned to = 0; to < c->loops; to++) {
		struct chat_ring *ring = ring_of(c, from, to);

		if (to == from || has_room(ring, bytes))
			continue;
		atomic_store(&ring->wanted, true);
		if (!has_room(ring, bytes))
			return false;
		atomic_store(&ring->wanted, false);
	}
	return true;
}

static void copy_in(struct chat_ring *ring, const uint8_t *from, size_t bytes)
{
	size_t at = ring->put & (ring->bytes - 1), first = ring->bytes - at < bytes ? ring->bytes - at : bytes;

	memcpy(ring->data + at, from, first);
	memcpy(ring->data, from + first, bytes - first);
	ring->put += bytes;
}

void chat_crossing_put(struct chat_crossing *c, unsigned from, const uint8_t *line, size_t bytes)
{
	for (unsigned to = 0; to < c->loops; to++) {
		if (to == from)
			continue;
		copy_in(ring_of(c, from, to), line, bytes);
		copy_in(ring_of(c, from, to), (const uint8_t *)"\n", 1);
	}
}

unsigned chat_crossing_publish(struct chat_crossing *c, unsigned from)
{
	unsigned calls = 0;

	for (unsigned to = 0; to < c->loops; to++) {
		struct chat_ring *ring = ring_of(c, from, to);

		if (to == from || ring->put == atomic_load_explicit(&ring->head, memory_order_relaxed))
			continue;
		atomic_store(&ring->head, ring->put);
		if (atomic_load(&c->bell[to].asleep))
			calls += ring_bell(&c->bell[to]);
	}
	return calls;
}

/* ---- the loop that receives ---- */

static unsigned take_ring(
	struct chat_ring *ring, void (*take)(void *, const uint8_t *, size_t), void *ctx, uint8_t *scratch, size_t scratch_bytes)
{
	uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed), head = atomic_load(&ring->head);
	unsigned lines = 0;

	while (tail != head) {
		size_t at = tail & (ring->bytes - 1), run = ring->bytes - at < head - tail ? ring->bytes - at : head - tail;
		const uint8_t *line = ring->data + at, *end = memchr(line, '\n', run);
		size_t bytes = end ? (size_t)(end - line) : run;

		if (!end) { /* it goes round the ring's end */
			const uint8_t *rest = memchr(ring->data, '\n', head - tail - run);
			size_t more = rest ? (size_t)(rest - ring->data) : 0;

			if (bytes + more > scratch_bytes)
				more = scratch_bytes - bytes;
			memcpy(scratch, line, bytes);
			memcpy(scratch + bytes, ring->data, more);
			line = scratch;
			bytes += more;
		}
		take(ctx, line, bytes);
		tail += bytes + 1;
		lines++;
	}
	atomic_store(&ring->tail, tail);
	return lines;
}

unsigned chat_crossing_take(struct chat_crossing *c, unsigned to, void (*take)(void *ctx, const uint8_t *line, size_t bytes),
	void *ctx, uint8_t *scratch, size_t scratch_bytes, unsigned *calls)
{
	unsigned lines = 0;

	for (unsigned from = 0; from < c->loops; from++) {
		struct chat_ring *ring = ring_of(c, from, to);
		unsigned n = from == to ? 0 : take_ring(ring, take, ctx, scratch, scratch_bytes);

		if (n && atomic_load(&ring->wanted)) {
			atomic_store(&ring->wanted, false);
			*calls += ring_bell(&c->bell[from]);
		}
		lines += n;
	}
	return lines;
}

static bool is_empty(const struct chat_crossing *c, unsigned to)
{
	for (unsigned from = 0; from < c->loops; from++)
		if (from != to && atomic_load(&ring_of(c, from, to)->head) !=
					  atomic_load_explicit(&ring_of(c, from, to)->tail, memory_order_relaxed))
			return false;
	return true;
}

bool chat_crossing_sleep(struct chat_crossing *c, unsigned to)
{
	atomic_store(&c->bell[to].asleep, true);
	if (is_empty(c, to))
		return true;
	atomic_store(&c->bell[to].asleep, false);
	return false;
}

void chat_crossing_wake(struct chat_crossing *c, unsigned to)
{
	atomic_store(&c->bell[to].asleep, false);
}

void chat_crossing_silence(struct chat_crossing *c, unsigned to)
{
	uint64_t count;

	if (read(c->bell[to].fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
}
