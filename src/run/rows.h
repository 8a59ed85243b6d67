/* Rows: what a worker counts per connection or reader, in the columns of engine->details.
 *
 * An engine asks for room in open(), by worker_rows() (run/worker.h), and takes a row whenever a
 * connection comes, gives it back when it goes.  Like its counters, the rows of a worker have one
 * writer, the worker, and no locked instruction; unlike them, they come and go: the control
 * thread skips one that changes hands while it reads. */
#pragma once

#include <stdatomic.h>

#include "base/counters.h"
#include "base/err.h"
#include "mode/engine.h"
#include "record/details.h"

enum { ROWS_MOST = 1 << 20 };

struct row {
	_Atomic uint64_t id; /* 0: free */
	_Atomic uint64_t value[];
};

struct rows;

/* ---- for the worker ---- */

/* A free row, all zero (a MIN or MAX: COUNTER_NOTHING).  id: not 0, and of no earlier row of
 * this worker in this run.  NULL where none is left: what that connection does is then counted
 * by the worker's counters alone, and the reading says how many are missed. */
struct row *rows_take(struct rows *rows, uint64_t id);
/* Accepts NULL.  What the row came to is gone with it. */
void rows_give_back(struct rows *rows, struct row *row);
/* Each MIN and MAX begins again: the worker does it where MEASURE begins. */
void rows_forget_extremes(struct rows *rows);

/* Like those of counters.h; they accept a row that is NULL. */
static inline void row_set(struct row *row, unsigned column, uint64_t n)
{
	if (row)
		atomic_store_explicit(&row->value[column], n, memory_order_relaxed);
}

static inline uint64_t row_get(const struct row *row, unsigned column)
{
	return row ? atomic_load_explicit(&row->value[column], memory_order_relaxed) : 0;
}

static inline void row_add(struct row *row, unsigned column, uint64_t n)
{
	if (row)
		row_set(row, column, row_get(row, column) + n);
}

static inline void row_least(struct row *row, unsigned column, uint64_t n)
{
	if (row && n < row_get(row, column))
		row_set(row, column, n);
}

static inline void row_most(struct row *row, unsigned column, uint64_t n)
{
	if (row && (n > row_get(row, column) || row_get(row, column) == COUNTER_NOTHING))
		row_set(row, column, n);
}

/* ---- their life ---- */

/* Room for `most` rows; -EINVAL beyond ROWS_MOST. */
int rows_new(const struct detail_def *def, unsigned most, struct rows **ret_rows, struct err *err);
void rows_free(struct rows *rows); /* accepts NULL */

/* ---- for the control thread ---- */

struct row_copy {
	uint64_t id, value[DETAIL_COLUMNS_MAX];
};

/* Makes readings of the rows of all workers.  It keeps two copies, for differences: of the
 * reading before, and of the start of the measure phase. */
struct rows_reader {
	const struct detail_def *def; /* NULL: there are no rows, and nothing is done */
	struct rows **rows;           /* [workers], NULL: keeps none */
	unsigned workers;
	struct row_copy *before, *start; /* [room of all] */
	int64_t before_ns;               /* 0: none yet */
};

/* rows: one of each worker, or NULL; the array is copied, the rows must outlive the reader. */
int rows_reader_init(
	struct rows_reader *r, const struct detail_def *def, struct rows *const *rows, unsigned workers, struct err *err);
void rows_reader_close(struct rows_reader *r);
/* About a second after the reading before. */
bool rows_reader_due(const struct rows_reader *r, int64_t now_ns);
/* The measure phase begins: what the rows hold now is their zero. */
void rows_reader_start(struct rows_reader *r, int64_t now_ns);
/* NULL where there are none, or out of memory. */
struct details *rows_reader_read(struct rows_reader *r, int64_t now_ns);
/* The last reading, of a measure phase that took so long: `recent` is all of it. */
struct details *rows_reader_final(struct rows_reader *r, int64_t now_ns, int64_t measured_ns);
