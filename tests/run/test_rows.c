/* Rows of details: taking and giving back, readings and their differences, ranking and summing
 * up, and a whole run of mode null that keeps them. */
#include "support.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../support/toy.h"
#include "base/clock.h"
#include "engines/null/null.h"
#include "record/history.h"
#include "run/rows.h"

static struct rows *make_rows(unsigned most)
{
	struct rows *rows = NULL;
	struct err err = ERR_NONE;

	if (rows_new(engine_toy.details, most, &rows, &err) < 0)
		fail_msg("%s", err.text);
	return rows;
}

/* ---- the worker's side ---- */

static void a_row_begins_at_zero_whoever_had_it_before(void **state)
{
	struct rows *rows = make_rows(2);
	struct row *a = rows_take(rows, 7), *b = rows_take(rows, 8);

	(void)state;
	struct row *none = rows_take(rows, 9);
	assert_null(none);
	row_add(none, TOY_ROW_SENT, 1);
	row_set(none, TOY_ROW_SENT, 1);
	row_least(none, TOY_ROW_LEAST, 1);
	row_most(none, TOY_ROW_MOST, 1);
	row_add(a, TOY_ROW_SENT, 3);
	row_add(a, TOY_ROW_SENT, 4);
	row_set(a, TOY_ROW_DEPTH, 5);
	row_least(a, TOY_ROW_LEAST, 20);
	row_least(a, TOY_ROW_LEAST, 30);
	row_most(a, TOY_ROW_MOST, 0);
	assert_int_equal(row_get(a, TOY_ROW_MOST), 0);
	row_most(a, TOY_ROW_MOST, 20);
	row_most(a, TOY_ROW_MOST, 10);
	assert_int_equal(row_get(a, TOY_ROW_SENT), 7);
	assert_int_equal(row_get(a, TOY_ROW_LEAST), 20);
	assert_int_equal(row_get(a, TOY_ROW_MOST), 20);
	rows_give_back(rows, none);
	rows_give_back(rows, a);
	struct row *c = rows_take(rows, 10);
	assert_ptr_equal(c, a);
	assert_int_equal(row_get(c, TOY_ROW_SENT), 0);
	assert_int_equal(row_get(c, TOY_ROW_DEPTH), 0);
	assert_int_equal(row_get(c, TOY_ROW_LEAST), COUNTER_NOTHING);
	assert_int_equal(row_get(c, TOY_ROW_MOST), COUNTER_NOTHING);
	row_most(b, TOY_ROW_MOST, 3);
	row_add(b, TOY_ROW_SENT, 3);
	rows_forget_extremes(rows);
	assert_int_equal(row_get(b, TOY_ROW_MOST), COUNTER_NOTHING);
	assert_int_equal(row_get(b, TOY_ROW_SENT), 3);
	rows_free(rows);
}

static void too_many_are_refused(void **state)
{
	struct rows *rows = NULL;
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(rows_new(engine_toy.details, ROWS_MOST + 1, &rows, &err), -EINVAL);
	assert_null(rows);
	err = ERR_NONE;
	assert_int_equal(rows_new(NULL, 1, &rows, &err), -EINVAL);
	assert_contains(err.text, "a mode that has them");
}

/* ---- readings ---- */

struct desk {
	struct rows *rows[3]; /* worker 1 keeps none */
	struct rows_reader reader;
	int64_t now_ns;
};

static void open_desk(struct desk *d)
{
	struct err err = ERR_NONE;

	*d = (struct desk){ .rows = { make_rows(4), NULL, make_rows(2) }, .now_ns = NS_PER_S };
	assert_int_equal(rows_reader_init(&d->reader, engine_toy.details, d->rows, 3, &err), 0);
}

static void close_desk(struct desk *d)
{
	rows_reader_close(&d->reader);
	rows_free(d->rows[0]);
	rows_free(d->rows[2]);
}

static struct details *read_after(struct desk *d, int64_t ns)
{
	d->now_ns += ns;
	return rows_reader_read(&d->reader, d->now_ns);
}

static void nobody_keeps_rows(void **state)
{
	struct rows *rows[2] = { NULL, NULL };
	struct rows_reader reader;
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(rows_reader_init(&reader, engine_toy.details, rows, 2, &err), 0);
	assert_false(rows_reader_due(&reader, NS_PER_S));
	rows_reader_start(&reader, NS_PER_S);
	assert_null(rows_reader_read(&reader, NS_PER_S));
	rows_reader_close(&reader);
}

static void readings_are_differences(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d);
	struct row *a = rows_take(d.rows[0], 1), *b = rows_take(d.rows[2], 2);
	row_add(a, TOY_ROW_SENT, 100);
	assert_true(rows_reader_due(&d.reader, d.now_ns));
	rows_reader_start(&d.reader, d.now_ns);
	assert_false(rows_reader_due(&d.reader, d.now_ns + NS_PER_S / 2));
	assert_true(rows_reader_due(&d.reader, d.now_ns + NS_PER_S));
	row_add(a, TOY_ROW_SENT, 10);
	row_set(b, TOY_ROW_DEPTH, 6);
	struct details *x = read_after(&d, NS_PER_S);
	row_add(a, TOY_ROW_SENT, 5);
	struct details *y = read_after(&d, 2ll * NS_PER_S);
	assert_int_equal(x->rows, 2);
	assert_int_equal(x->row[0].value[TOY_ROW_SENT], 10);
	assert_int_equal(x->row[1].worker, 2);
	assert_int_equal(x->row[1].id, 2);
	assert_int_equal(x->row[1].value[TOY_ROW_DEPTH], 6);
	assert_float_equal(y->seconds, 2, 0);
	assert_int_equal(y->row[0].value[TOY_ROW_SENT], 15);
	assert_int_equal(y->row[0].recent[TOY_ROW_SENT], 5);
	assert_float_equal(details_figure(engine_toy.details, y, 0, TOY_ROW_SENT, DETAILS_TOTAL), 15, 0);
	assert_float_equal(details_figure(engine_toy.details, y, 0, TOY_ROW_SENT, DETAILS_RATE), 2.5, 0);
	assert_float_equal(details_figure(engine_toy.details, y, 1, TOY_ROW_DEPTH, DETAILS_RATE), 6, 0);
	assert_true(isnan(details_figure(engine_toy.details, y, 0, TOY_ROW_LEAST, DETAILS_TOTAL)));
	free(x);
	free(y);
	close_desk(&d);
}

/* A row that takes the place of one that went has no row before it to compare with. */
static void a_row_that_came_later_is_told_from_its_beginning(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d);
	struct row *a = rows_take(d.rows[0], 1);
	row_add(a, TOY_ROW_SENT, 100);
	rows_reader_start(&d.reader, d.now_ns);
	rows_give_back(d.rows[0], a);
	struct details *gone = read_after(&d, NS_PER_S);
	assert_int_equal(gone->rows, 0);
	a = rows_take(d.rows[0], 5);
	row_add(a, TOY_ROW_SENT, 30);
	struct details *last = rows_reader_final(&d.reader, d.now_ns + NS_PER_S, 3ll * NS_PER_S);
	assert_int_equal(last->rows, 1);
	assert_int_equal(last->row[0].id, 5);
	assert_int_equal(last->row[0].value[TOY_ROW_SENT], 30);
	assert_float_equal(details_figure(engine_toy.details, last, 0, TOY_ROW_SENT, DETAILS_RATE), 10, 0);
	free(gone);
	free(last);
	close_desk(&d);
}

static void rows_without_room_are_counted(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d);
	for (unsigned i = 1; i <= 7; i++)
		rows_take(d.rows[0], i);
	struct details *x = read_after(&d, NS_PER_S);
	assert_int_equal(x->rows, 4);
	assert_int_equal(x->missed, 3);
	free(x);
	close_desk(&d);
}

/* ---- rows change hands while they are read ---- */

enum { HANDOVERS = 200000 };

struct churn {
	struct rows *rows;
	_Atomic bool over;
};

/* Every row holds its id in two columns, and the second is never written before the first. */
static void *churn(void *arg)
{
	struct churn *c = arg;

	for (uint64_t id = 1; id <= HANDOVERS; id++) {
		struct row *row = rows_take(c->rows, id);

		row_set(row, TOY_ROW_SENT, id);
		row_set(row, TOY_ROW_DEPTH, id);
		rows_give_back(c->rows, row);
	}
	atomic_store(&c->over, true);
	return NULL;
}

static void a_row_is_never_told_under_another_s_id(void **state)
{
	struct churn c = { .rows = make_rows(1) };
	struct rows_reader reader;
	struct err err = ERR_NONE;
	pthread_t thread;

	(void)state;
	assert_int_equal(rows_reader_init(&reader, engine_toy.details, &c.rows, 1, &err), 0);
	assert_int_equal(pthread_create(&thread, NULL, churn, &c), 0);
	while (!atomic_load(&c.over)) {
		struct details *d = rows_reader_read(&reader, clock_now_ns());

		if (d->rows && d->row[0].value[TOY_ROW_SENT] && d->row[0].value[TOY_ROW_SENT] != d->row[0].id)
			fail_msg("row %llu tells of %llu", (unsigned long long)d->row[0].id,
				(unsigned long long)d->row[0].value[TOY_ROW_SENT]);
		free(d);
	}
	pthread_join(thread, NULL);
	rows_reader_close(&reader);
	rows_free(c.rows);
}

/* ---- ranking ---- */

static struct details *some_details(const uint64_t *depth, unsigned rows)
{
	struct details *d = details_new(rows);

	assert_non_null(d);
	for (unsigned i = 0; i < rows; i++) {
		d->row[i] = (struct detail_row){ .id = i + 1, .worker = i % 2 };
		d->row[i].value[TOY_ROW_DEPTH] = depth[i];
		d->row[i].value[TOY_ROW_LEAST] = depth[i];
	}
	return d;
}

/* "3,1,2": the ids in rank. */
static void assert_ranks(const struct details *d, struct details_order order, unsigned most, const char *ids)
{
	unsigned row[64], n = details_rank(engine_toy.details, d, &order, row, most);
	char text[200] = "";
	size_t at = 0;

	for (unsigned i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%d", i ? "," : "", (int)d->row[row[i]].id);
	assert_string_equal(text, ids);
}

static void ranks_put_the_worst_first(void **state)
{
	static const uint64_t depth[] = { 5, 9, 1, 9, 7, 1, 3 };
	struct details *d = some_details(depth, 7);
	struct details_order most = details_usual_order(engine_toy.details, DETAILS_TOTAL),
			     least = { .column = TOY_ROW_DEPTH, .ascending = true };

	(void)state;
	assert_int_equal(most.column, TOY_ROW_DEPTH);
	/* Equal ones are ordered by worker, then id: of 3 and 6, the first is of worker 0. */
	assert_ranks(d, most, 64, "2,4,5,1,7,3,6");
	assert_ranks(d, most, 3, "2,4,5");
	assert_ranks(d, most, 1, "2");
	assert_ranks(d, most, 0, "");
	assert_ranks(d, least, 4, "3,6,7,1");
	free(d);
}

static void rows_without_a_figure_come_last(void **state)
{
	static const uint64_t least[] = { COUNTER_NOTHING, 9, COUNTER_NOTHING, 4 };
	struct details *d = some_details(least, 4);

	(void)state;
	assert_ranks(d, (struct details_order){ .column = TOY_ROW_LEAST }, 64, "2,4,1,3");
	assert_ranks(d, (struct details_order){ .column = TOY_ROW_LEAST, .ascending = true }, 64, "4,2,1,3");
	free(d);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Compares with sorting, for any number of rows, any share of equal figures, any number of
 * places. */
static void ranks_and_medians_agree_with_sorting(void **state)
{
	enum { MOST_ROWS = 200 };
	uint64_t depth[MOST_ROWS];
	unsigned row[MOST_ROWS];

	(void)state;
	srand(7);
	for (unsigned round = 0; round < 2000; round++) {
		unsigned n = 1 + (unsigned)rand() % MOST_ROWS, range = 1 + (unsigned)rand() % 300;

		for (unsigned i = 0; i < n; i++)
			depth[i] = (unsigned)rand() % range;
		struct details *d = some_details(depth, n);
		unsigned most = (unsigned)rand() % (n + 2), want = most < n ? most : n;
		struct details_order order = { .column = TOY_ROW_DEPTH, .ascending = true };
		struct detail_summary sum;

		assert_int_equal(details_rank(engine_toy.details, d, &order, row, most), want);
		assert_int_equal(details_summarise(engine_toy.details, d, TOY_ROW_DEPTH, DETAILS_TOTAL, &sum), 0);
		qsort(depth, n, sizeof(depth[0]), compare);
		for (unsigned i = 0; i < want; i++)
			assert_int_equal(d->row[row[i]].value[TOY_ROW_DEPTH], depth[i]);
		assert_int_equal(sum.count, n);
		assert_float_equal(sum.min, (double)depth[0], 0);
		assert_float_equal(sum.max, (double)depth[n - 1], 0);
		assert_float_equal(sum.median, (double)(depth[(n - 1) / 2] + depth[n / 2]) / 2, 0);
		free(d);
	}
}

static void a_summary_of_nothing_has_no_figures(void **state)
{
	static const uint64_t least[] = { COUNTER_NOTHING, COUNTER_NOTHING };
	struct details *d = some_details(least, 2);
	struct detail_summary sum;

	(void)state;
	assert_int_equal(details_summarise(engine_toy.details, d, TOY_ROW_LEAST, DETAILS_TOTAL, &sum), 0);
	assert_int_equal(sum.count, 0);
	assert_true(isnan(sum.min) && isnan(sum.median) && isnan(sum.max));
	free(d);
}

/* ---- a whole run ---- */

static unsigned threads_before, fds_before;

static int count(void **state)
{
	(void)state;
	threads_before = running_threads();
	fds_before = open_fds();
	return 0;
}

static int count_again(void **state)
{
	(void)state;
	assert_threads(threads_before);
	assert_int_equal(open_fds(), fds_before);
	clock_virtual_set(0);
	return 0;
}

static void run_null(bool shown, const char *const *pairs, struct gathered *g)
{
	struct session *s = make_session(200, shown);
	uint32_t id = start_run(s, &engine_null, pairs);

	gather_until_final(s, id, g);
	session_free(s);
}

static uint64_t sum_of_rows(const struct details *d, unsigned column)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < d->rows; i++)
		sum += d->row[i].value[column];
	return sum;
}

#define RUN "cores=3", "warmup=300ms", "duration=3s", "rate=300000"

static void null_shows_its_rows(void **state)
{
	struct gathered g = { 0 };
	unsigned readings = 0;

	(void)state;
	run_null(true, PAIRS(RUN, "rows=100"), &g);
	for (unsigned i = 0; i < gathered_samples(&g, 1); i++) {
		const struct details *d = gathered_sample(&g, 1, (int)i)->details;

		if (!d)
			continue;
		readings++;
		assert_int_equal(d->rows, 100);
		assert_int_equal(d->missed, 0);
	}
	/* It took one in warm-up, three in the measure phase. */
	assert_int_equal(readings, 4);
	const struct run_final *f = gathered_final(&g, 1);
	assert_int_equal(f->details->rows, 100);
	assert_float_equal(f->details->seconds, 3, 0);
	/* All packets went by the rows, but rows that ended took theirs with them. */
	uint64_t told = sum_of_rows(f->details, 0);
	uint64_t all = sum_of_workers(gathered_run(&g, 1), f->settled, ROLE_CLIENT, COUNTER_RX_PACKETS);
	if (told > all || told < all * 93 / 100)
		fail_msg("the rows tell of %llu packets of %llu", (unsigned long long)told, (unsigned long long)all);
	gather_free(&g);
}

static void rows_that_stay_add_up(void **state)
{
	struct gathered g = { 0 };

	(void)state;
	/* The run is so short that no row ends. */
	run_null(false, PAIRS("cores=1", "warmup=100ms", "duration=1s", "rate=300000", "rows=10"), &g);
	const struct run_final *f = gathered_final(&g, 1);
	assert_int_equal(sum_of_rows(f->details, 0), 300000);
	for (unsigned i = 0; i < gathered_samples(&g, 1); i++)
		assert_null(gathered_sample(&g, 1, (int)i)->details);
	gather_free(&g);
}

static void two_runs_have_the_same_rows(void **state)
{
	struct gathered a = { 0 }, b = { 0 };

	(void)state;
	run_null(true, PAIRS(RUN, "rows=50", "seed=5"), &a);
	run_null(true, PAIRS(RUN, "rows=50", "seed=5"), &b);
	const struct details *x = gathered_final(&a, 1)->details, *y = gathered_final(&b, 1)->details;
	assert_int_equal(x->rows, y->rows);
	assert_memory_equal(x, y, sizeof(*x) + x->rows * sizeof(x->row[0]));
	gather_free(&a);
	gather_free(&b);
}

static void without_rows_there_are_none(void **state)
{
	struct gathered g = { 0 };

	(void)state;
	run_null(true, PAIRS(RUN), &g);
	assert_null(gathered_final(&g, 1)->details);
	for (unsigned i = 0; i < gathered_samples(&g, 1); i++)
		assert_null(gathered_sample(&g, 1, (int)i)->details);
	gather_free(&g);
}

/* ---- what the history keeps ---- */

/* Gives all to a history, up to the final or with it. */
static struct history *keep(struct gathered *g, bool with_final)
{
	struct history *h = NULL;
	struct err err = ERR_NONE;

	assert_int_equal(history_new(NULL, &h, &err), 0);
	for (unsigned i = 0; i < g->count; i++)
		if (with_final || g->update[i]->kind != UPDATE_FINAL)
			history_take(h, g->update[i]);
		else
			update_free(g->update[i]);
	free(g->update);
	return h;
}

static void only_the_newest_reading_is_kept(void **state)
{
	struct gathered g = { 0 };

	(void)state;
	run_null(true, PAIRS(RUN, "rows=20"), &g);
	struct history *h = keep(&g, false);
	const struct details *d = history_details(h, 1);
	assert_non_null(d);
	for (unsigned age = 0; history_fine(h, age); age++) {
		assert_null(history_fine(h, age)->details);
		assert_at_most(history_fine(h, age)->at_ns, d->at_ns + NS_PER_S);
	}
	assert_null(history_details(h, 2));
	history_free(h);
}

static void the_final_has_the_last_word(void **state)
{
	struct gathered g = { 0 };

	(void)state;
	run_null(true, PAIRS(RUN, "rows=20"), &g);
	struct history *h = keep(&g, true);
	assert_ptr_equal(history_details(h, 1), history_final(h, 1)->details);
	history_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_begins_at_zero_whoever_had_it_before),
		cmocka_unit_test(too_many_are_refused),
		cmocka_unit_test(nobody_keeps_rows),
		cmocka_unit_test(readings_are_differences),
		cmocka_unit_test(a_row_that_came_later_is_told_from_its_beginning),
		cmocka_unit_test(rows_without_room_are_counted),
		cmocka_unit_test(a_row_is_never_told_under_another_s_id),
		cmocka_unit_test(ranks_put_the_worst_first),
		cmocka_unit_test(rows_without_a_figure_come_last),
		cmocka_unit_test(ranks_and_medians_agree_with_sorting),
		cmocka_unit_test(a_summary_of_nothing_has_no_figures),
		cmocka_unit_test_setup_teardown(null_shows_its_rows, count, count_again),
		cmocka_unit_test_setup_teardown(rows_that_stay_add_up, count, count_again),
		cmocka_unit_test_setup_teardown(two_runs_have_the_same_rows, count, count_again),
		cmocka_unit_test_setup_teardown(without_rows_there_are_none, count, count_again),
		cmocka_unit_test_setup_teardown(only_the_newest_reading_is_kept, count, count_again),
		cmocka_unit_test_setup_teardown(the_final_has_the_last_word, count, count_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
