/* How lines cross from one event loop of mode chat to another: a ring of bytes for each ordered
 * pair of loops, one writer and one reader, no lock.  Lines in it are clean and end with '\n'.
 *
 * The writer publishes what it has put once a turn and rings the reader's bell (an eventfd) only
 * if that sleeps.  A writer that finds no room reads no more from its clients, and is rung when
 * there is room again: the reader never waits for anybody, so this cannot lock up.
 *
 * Sleeping and looking are ordered by sequentially consistent loads and stores: the reader says
 * that it sleeps before it looks a last time, the writer publishes before it looks who sleeps. */
#pragma once

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct chat_ring {
	alignas(64) _Atomic uint64_t head; /* writer: the loop that sends */
	uint64_t put;                      /* of which head is published; the writer's own */
	alignas(64) _Atomic uint64_t tail; /* writer: the loop that receives */
	alignas(64) _Atomic bool wanted;   /* the writer waits for room; both write it */
	uint8_t *data;
	size_t bytes; /* a power of two */
};

struct chat_bell {
	alignas(64) _Atomic bool asleep; /* writer: the loop that it is of */
	int fd;                          /* eventfd; -1: none */
};

struct chat_crossing {
	unsigned loops;
	struct chat_ring *ring; /* [from * loops + to] */
	struct chat_bell *bell; /* [loops] */
};

/* loops > 1; ring_bytes a power of two.  -errno with *err. */
int chat_crossing_open(struct chat_crossing *c, unsigned loops, size_t ring_bytes, struct err *err);
void chat_crossing_close(struct chat_crossing *c); /* accepts a zeroed one */

/* ---- the loop that sends ---- */

/* Is there room for so many bytes to every other loop?  false: this loop is rung when there is. */
bool chat_crossing_has_room(struct chat_crossing *c, unsigned from, size_t bytes);
/* A line without its end, to every other loop; there must be room. */
void chat_crossing_put(struct chat_crossing *c, unsigned from, const uint8_t *line, size_t bytes);
/* Lets the others see what was put.  Returns the system calls made. */
unsigned chat_crossing_publish(struct chat_crossing *c, unsigned from);

/* ---- the loop that receives ---- */

/* Calls take() for each line (without its end) that has come from another loop.  Returns how
 * many; adds the system calls made to *calls. */
unsigned chat_crossing_take(struct chat_crossing *c, unsigned to, void (*take)(void *ctx, const uint8_t *line, size_t bytes),
	void *ctx, uint8_t *scratch, size_t scratch_bytes, unsigned *calls);
/* Before it sleeps.  false: something has come in the meantime. */
bool chat_crossing_sleep(struct chat_crossing *c, unsigned to);
void chat_crossing_wake(struct chat_crossing *c, unsigned to);
/* Its bell has rung. */
void chat_crossing_silence(struct chat_crossing *c, unsigned to);
