/* The append log of an event loop of mode chat: the lines that its clients are to get, one copy
 * for all of them.
 *
 * Bytes stand in a ring that is mapped twice in a row, so that any range of it is contiguous.
 * Records (a line each) are numbered from 0; every client has a cursor among them.  The oldest
 * give way to new ones: before that, whoever still needs them is asked to let go (chat_log_room).
 * A client does not get its own lines: records of one author are linked, so that skipping them
 * costs nothing per record.
 *
 * Owner: the loop's worker.  Only open() allocates.  Source: memfd_create(2), Linux >= 3.17. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CHAT_NONE UINT64_MAX

struct chat_record {
	uint64_t at; /* of its first byte, since the log began */
	uint32_t bytes;
	uint64_t next_own; /* the author's next record, CHAT_NONE where there is none yet */
};

struct chat_log {
	uint8_t *data; /* [2 * bytes], the second half shows the first */
	size_t bytes;  /* a power of two, a multiple of the page */
	struct chat_record *record;
	uint64_t records;     /* room for so many, a power of two */
	uint64_t first, next; /* records that are there: first..next-1 */
	uint64_t head;        /* bytes appended since the log began */
};

/* bytes is rounded up.  -errno with *err. */
int chat_log_open(struct chat_log *l, size_t bytes, struct err *err);
void chat_log_close(struct chat_log *l); /* accepts a zeroed one */

static inline struct chat_record *chat_log_record(const struct chat_log *l, uint64_t sequence)
{
	return &l->record[sequence & (l->records - 1)];
}

/* The first byte of record `sequence`; for sequence == next: of the one to come. */
static inline uint64_t chat_log_at(const struct chat_log *l, uint64_t sequence)
{
	return sequence == l->next ? l->head : chat_log_record(l, sequence)->at;
}

static inline const uint8_t *chat_log_data(const struct chat_log *l, uint64_t at)
{
	return l->data + (at & (l->bytes - 1));
}

/* The first record that may stay when `bytes` more are appended: if that is more than `first`,
 * the records before it must be given up (chat_log_forget). */
uint64_t chat_log_room(const struct chat_log *l, size_t bytes);
void chat_log_forget(struct chat_log *l, uint64_t first);
/* Memory for a line of `bytes`, its end included; there must be room.  chat_log_append() makes a
 * record of it and returns its number. */
uint8_t *chat_log_line(struct chat_log *l);
uint64_t chat_log_append(struct chat_log *l, size_t bytes);
/* The record that the byte `at` is of; at < head, and not forgotten.  O(log records). */
uint64_t chat_log_find(const struct chat_log *l, uint64_t at);
