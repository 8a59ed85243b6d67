/* Rows that workers keep, and readings of them.  See rows.h. */
#include "run/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static const int64_t read_every_ns = NS_PER_S;

/* Rows stand as close as their columns allow, so that few columns cost few cache lines. */
struct rows {
	const struct detail_def *def;
	unsigned columns, most;
	size_t stride;           /* bytes from row to row */
	unsigned char *memory;   /* [most * stride] */
	_Atomic unsigned used;   /* rows from here on were never taken */
	_Atomic uint64_t missed; /* found no room */
	unsigned *free;          /* [most]: given back; the worker's alone */
	unsigned free_count;
};

static struct row *row_at(const struct rows *rows, unsigned index)
{
	return (struct row *)(void *)(rows->memory + index * rows->stride);
}

/* ---- their life ---- */

int rows_new(const struct detail_def *def, unsigned most, struct rows **ret_rows, struct err *err)
{
	unsigned columns = detail_columns(def);
	struct rows *rows;

	if (!columns || most > ROWS_MOST)
		return err_say(err, EINVAL, "%u rows of details: at most %u, of a mode that has them", most, ROWS_MOST);
	rows = calloc(1, sizeof(*rows));
	if (!rows)
		return err_sys(err, ENOMEM, "%u rows of details", most);
	rows->def = def;
	rows->columns = columns;
	rows->most = most;
	rows->stride = sizeof(struct row) + columns * sizeof(uint64_t);
	rows->memory = malloc(most * rows->stride + 1);
	rows->free = calloc(most + 1, sizeof(*rows->free));
	if (!rows->memory || !rows->free) {
		rows_free(rows);
		return err_sys(err, ENOMEM, "%u rows of details", most);
	}
	/* Touched here, so that no worker meets a page fault in its loop. */
	memset(rows->memory, 0, most * rows->stride);
	*ret_rows = rows;
	return 0;
}

void rows_free(struct rows *rows)
{
	if (!rows)
		return;
	free(rows->memory);
	free(rows->free);
	free(rows);
}

/* ---- for the worker ---- */

static void begin_row(const struct rows *rows, struct row *row, uint64_t id)
{
	/* Released, each after the id was 0: who has seen one of them sees that the row is no
	 * longer whose it was. */
	for (unsigned i = 0; i < rows->columns; i++)
		atomic_store_explicit(&row->value[i], counter_first(rows->def->columns[i].kind), memory_order_release);
	atomic_store_explicit(&row->id, id, memory_order_release);
}

struct row *rows_take(struct rows *rows, uint64_t id)
{
	unsigned used = atomic_load_explicit(&rows->used, memory_order_relaxed);
	unsigned at = rows->free_count ? rows->free[--rows->free_count] : used;

	if (at == rows->most) {
		uint64_t missed = atomic_load_explicit(&rows->missed, memory_order_relaxed);

		atomic_store_explicit(&rows->missed, missed + 1, memory_order_relaxed);
		return NULL;
	}
	begin_row(rows, row_at(rows, at), id);
	if (at == used)
		atomic_store_explicit(&rows->used, used + 1, memory_order_release);
	return row_at(rows, at);
}

void rows_give_back(struct rows *rows, struct row *row)
{
	if (!row)
		return;
	atomic_store_explicit(&row->id, 0, memory_order_relaxed);
	rows->free[rows->free_count++] = (unsigned)((size_t)((unsigned char *)row - rows->memory) / rows->stride);
}

void rows_forget_extremes(struct rows *rows)
{
	unsigned used = atomic_load_explicit(&rows->used, memory_order_relaxed);

	for (unsigned column = 0; column < rows->columns; column++)
		for (unsigned i = 0; counter_first(rows->def->columns[column].kind) && i < used; i++)
			row_set(row_at(rows, i), column, COUNTER_NOTHING);
}

/* ---- readings ---- */

int rows_reader_init(
	struct rows_reader *r, const struct detail_def *def, struct rows *const *rows, unsigned workers, struct err *err)
{
	size_t room = 0;

	*r = (struct rows_reader){ .workers = workers };
	for (unsigned i = 0; i < workers; i++)
		room += rows[i] ? rows[i]->most : 0;
	if (!room)
		return 0;
	r->rows = calloc(workers, sizeof(struct rows *));
	r->before = calloc(room, sizeof(*r->before));
	r->start = calloc(room, sizeof(*r->start));
	if (!r->rows || !r->before || !r->start)
		return err_sys(err, ENOMEM, "prepare to read details");
	memcpy(r->rows, rows, workers * sizeof(struct rows *));
	r->def = def;
	return 0;
}

void rows_reader_close(struct rows_reader *r)
{
	free(r->rows);
	free(r->before);
	free(r->start);
	*r = (struct rows_reader){ 0 };
}

bool rows_reader_due(const struct rows_reader *r, int64_t now_ns)
{
	/* Half a tick early is on time: ticks are not exact. */
	return r->def && (!r->before_ns || now_ns - r->before_ns >= read_every_ns * 95 / 100);
}

/* False: it is free, or changed hands meanwhile. */
static bool copy_row(const struct rows *rows, unsigned index, struct row_copy *ret_copy)
{
	const struct row *row = row_at(rows, index);

	ret_copy->id = atomic_load_explicit(&row->id, memory_order_acquire);
	if (!ret_copy->id)
		return false;
	for (unsigned i = 0; i < rows->columns; i++)
		ret_copy->value[i] = atomic_load_explicit(&row->value[i], memory_order_acquire);
	return atomic_load_explicit(&row->id, memory_order_relaxed) == ret_copy->id;
}

/* The increase since the copy, if that is of the same row. */
static void subtract(const struct rows *rows, const struct row_copy *now, const struct row_copy *from, uint64_t *ret_value)
{
	for (unsigned i = 0; i < rows->columns; i++) {
		bool level = counter_is_level(rows->def->columns[i].kind);

		ret_value[i] = level || from->id != now->id ? now->value[i] : now->value[i] - from->value[i];
	}
}

/* Each row that is there now, with the place of its copies. */
typedef void (*row_fn)(struct rows_reader *r, unsigned worker, size_t place, const struct row_copy *now, void *ctx);

static void each_row(struct rows_reader *r, row_fn fn, void *ctx)
{
	size_t first = 0;

	for (unsigned w = 0; w < r->workers; w++) {
		struct row_copy now = { 0 };
		unsigned used = r->rows[w] ? atomic_load_explicit(&r->rows[w]->used, memory_order_acquire) : 0;

		for (unsigned i = 0; i < used; i++)
			if (copy_row(r->rows[w], i, &now))
				fn(r, w, first + i, &now, ctx);
		first += r->rows[w] ? r->rows[w]->most : 0;
	}
}

static void start_row(struct rows_reader *r, unsigned worker, size_t place, const struct row_copy *now, void *ctx)
{
	(void)worker;
	(void)ctx;
	r->start[place] = r->before[place] = *now;
}

void rows_reader_start(struct rows_reader *r, int64_t now_ns)
{
	if (!r->def)
		return;
	each_row(r, start_row, NULL);
	r->before_ns = now_ns;
}

static void put_row(struct rows_reader *r, unsigned worker, size_t place, const struct row_copy *now, void *ctx)
{
	struct details *d = ctx;
	struct detail_row *row = &d->row[d->rows++];

	row->id = now->id;
	row->worker = worker;
	subtract(r->rows[worker], now, &r->start[place], row->value);
	subtract(r->rows[worker], now, &r->before[place], row->recent);
	r->before[place] = *now;
}

/* Rows that are taken meanwhile wait for the next reading: each_row() must find room. */
static struct details *room_for_all(const struct rows_reader *r)
{
	size_t room = 0;

	for (unsigned w = 0; w < r->workers; w++)
		room += r->rows[w] ? r->rows[w]->most : 0;
	return details_new((unsigned)room);
}

struct details *rows_reader_read(struct rows_reader *r, int64_t now_ns)
{
	struct details *d = r->def ? room_for_all(r) : NULL;

	if (!d)
		return NULL;
	d->rows = 0;
	d->at_ns = now_ns;
	d->seconds = r->before_ns ? (double)(now_ns - r->before_ns) / NS_PER_S : 0;
	for (unsigned w = 0; w < r->workers; w++)
		d->missed += r->rows[w] ? atomic_load_explicit(&r->rows[w]->missed, memory_order_relaxed) : 0;
	each_row(r, put_row, d);
	r->before_ns = now_ns;
	return d;
}

struct details *rows_reader_final(struct rows_reader *r, int64_t now_ns, int64_t measured_ns)
{
	struct details *d = rows_reader_read(r, now_ns);

	if (!d)
		return NULL;
	d->seconds = (double)measured_ns / NS_PER_S;
	for (unsigned i = 0; i < d->rows; i++)
		memcpy(d->row[i].recent, d->row[i].value, sizeof(d->row[i].recent));
	return d;
}
