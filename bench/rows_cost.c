/* Measures the cost of details: of a reading of 10,000 rows of 8 columns, which the control thread
 * makes once a second while their worker keeps writing, and of the work that a screen or a result
 * does with it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "run/rows.h"

enum { ROWS = 10000, READINGS = 20, TOP = 32, EVERY_MS = 100 };

static const struct detail_column columns[] = {
	{ .name = "a" },
	{ .name = "b" },
	{ .name = "c" },
	{ .name = "d" },
	{ .name = "e", .kind = COUNTER_GAUGE },
	{ .name = "f", .kind = COUNTER_GAUGE },
	{ .name = "g", .kind = COUNTER_MIN },
	{ .name = "h", .kind = COUNTER_MAX },
	{ 0 },
};
static const struct detail_def details = { .name = "rows", .columns = columns, .sort = 4 };

struct writer {
	struct row *row[ROWS];
	_Atomic bool over;
	uint64_t writes;
};

static void *write_rows(void *arg)
{
	struct writer *w = arg;

	for (; !atomic_load_explicit(&w->over, memory_order_relaxed); w->writes++) {
		struct row *row = w->row[w->writes % ROWS];

		for (unsigned c = 0; c < 4; c++)
			row_add(row, c, 1);
		row_set(row, 4, w->writes % 777);
		row_set(row, 5, w->writes);
		row_least(row, 6, w->writes % 1000);
		row_most(row, 7, w->writes % 1000);
	}
	return NULL;
}

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

struct costs {
	double read, most, rank, sum;
};

static void take_reading(struct rows_reader *reader, struct costs *c)
{
	struct details_order order = details_usual_order(&details, DETAILS_RATE);
	struct detail_summary summary;
	unsigned top[TOP];
	double from = cpu_ms(), read;
	struct details *d = rows_reader_read(reader, clock_now_ns());

	read = cpu_ms() - from;
	c->read += read;
	c->most = read > c->most ? read : c->most;
	from = cpu_ms();
	details_rank(&details, d, &order, top, TOP);
	c->rank += cpu_ms() - from;
	from = cpu_ms();
	for (unsigned i = 0; i < DETAIL_COLUMNS_MAX; i++)
		details_summarise(&details, d, i, DETAILS_RATE, &summary);
	c->sum += cpu_ms() - from;
	free(d);
}

int main(void)
{
	static struct writer writer;
	struct rows *rows = NULL;
	struct rows_reader reader;
	struct costs c = { 0 };
	struct err err = ERR_NONE;
	pthread_t thread;

	if (rows_new(&details, ROWS, &rows, &err) < 0 || rows_reader_init(&reader, &details, &rows, 1, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	for (unsigned i = 0; i < ROWS; i++)
		writer.row[i] = rows_take(rows, i + 1);
	rows_reader_start(&reader, clock_now_ns());
	if (pthread_create(&thread, NULL, write_rows, &writer))
		return 1;
	for (unsigned i = 0; i < READINGS; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = EVERY_MS * NS_PER_MS }, NULL);
		take_reading(&reader, &c);
	}
	writer.over = true;
	pthread_join(thread, NULL);
	printf("%d rows x %d columns, CPU ms: reading %.3f (at most %.3f), top %d %.3f, %d summaries %.3f\n", ROWS,
		DETAIL_COLUMNS_MAX, c.read / READINGS, c.most, TOP, c.rank / READINGS, DETAIL_COLUMNS_MAX, c.sum / READINGS);
	printf("the writer made %.0f rows a second meanwhile\n", (double)writer.writes * 1e3 / (READINGS * EVERY_MS));
	rows_reader_close(&reader);
	rows_free(rows);
	return 0;
}
