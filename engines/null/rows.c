/* Rows of mode null: what it shows of each of --rows connections, all made up.  See worker.h. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/rng.h"
#include "engines/null/worker.h"

enum {
	SHORT_ROWS = 16, /* one row of so many does not stay */
};

enum { ROW_PACKETS, ROW_BEHIND, ROW_QUICKEST, ROW_SLOWEST };

static const int64_t short_row_ns = 2500ll * NS_PER_MS;

struct null_row {
	struct row *row;        /* NULL: not begun */
	uint64_t times, before; /* how often it has begun, what had come by then */
};

/* Row k begins again and again: the times that it has begun by now, less one. */
static uint64_t times_begun(const struct null_worker *s, unsigned k, int64_t now_ns)
{
	return k % SHORT_ROWS ? 0 : (uint64_t)((now_ns - s->opened_ns + k * (NS_PER_S / 10)) / short_row_ns);
}

static uint64_t row_part(const struct null_worker *s, unsigned k)
{
	return (s->home + s->rows - 1 - k) / s->rows;
}

/* Most are a little behind, one in 64 much more. */
static uint64_t row_behind(const struct null_worker *s, unsigned k)
{
	uint64_t r = rng_mix(s->seed + k + ((uint64_t)s->index << 32));

	return r % 50 + (r >> 58 ? 0 : 100 + (r >> 16) % 400);
}

static void begin_row(struct worker *w, struct null_worker *s, unsigned k, uint64_t times)
{
	struct null_row *row = &s->row[k];

	rows_give_back(w->rows, row->row);
	row->row = rows_take(w->rows, 1 + s->index + s->siblings * (k + times * s->rows));
	row->times = times;
	row->before = row_part(s, k);
}

static void step_row(struct worker *w, struct null_worker *s, unsigned k, int64_t now_ns)
{
	struct null_row *row = &s->row[k];
	uint64_t times = times_begun(s, k, now_ns), latency_ns;

	if (!row->row || times != row->times)
		begin_row(w, s, k, times);
	row_set(row->row, ROW_BEHIND, row_behind(s, k));
	if (row_part(s, k) == row->before)
		return;
	row_set(row->row, ROW_PACKETS, row_part(s, k) - row->before);
	latency_ns = (uint64_t)null_latency(s, s->home + k);
	row_least(row->row, ROW_QUICKEST, latency_ns);
	row_most(row->row, ROW_SLOWEST, latency_ns);
	counter_least(w->counters, COUNTER_ROW_QUICKEST, latency_ns);
	counter_most(w->counters, COUNTER_ROW_SLOWEST, latency_ns);
}

void null_step_rows(struct worker *w, struct null_worker *s)
{
	int64_t now_ns = clock_run_ns();

	for (unsigned k = 0; k < s->rows; k++)
		step_row(w, s, k, now_ns);
}

/* Only workers that receive keep rows. */
int null_open_rows(struct worker *w, struct null_worker *s, struct err *err)
{
	uint64_t rows = w->self->role & w->plan->rx_roles ? null_share(s, (uint64_t)options_number(w->options, "rows")) : 0;

	if (!rows || s->full)
		return 0;
	s->row = calloc(rows, sizeof(*s->row));
	if (!s->row)
		return err_sys(err, ENOMEM, "open %llu rows", (unsigned long long)rows);
	s->rows = (unsigned)rows;
	return worker_rows(w, s->rows, err);
}

void null_close_rows(struct null_worker *s)
{
	free(s->row);
	s->row = NULL;
}

/* ---- tables ---- */

static const struct detail_column columns[] = {
	[ROW_PACKETS] = { .name = "rx_packets", .title = "rx", .unit = "packets", .help = "its part of the packets received" },
	[ROW_BEHIND] = { .name = "behind",
		.title = "behind",
		.unit = "packets",
		.kind = COUNTER_GAUGE,
		.help = "packets that it is behind" },
	[ROW_QUICKEST] = { .name = "quickest_ns",
		.title = "quickest",
		.unit = "ns",
		.kind = COUNTER_MIN,
		.help = "its lowest latency" },
	[ROW_SLOWEST] = { .name = "slowest_ns",
		.title = "slowest",
		.unit = "ns",
		.kind = COUNTER_MAX,
		.help = "its highest latency" },
	{ 0 },
};

const struct detail_def null_details = {
	.name = "rows",
	.title = "Rows",
	.roles = ROLE_BOTH,
	.columns = columns,
	.sort = ROW_BEHIND,
};
