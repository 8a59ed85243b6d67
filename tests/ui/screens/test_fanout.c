/* The fanout tab: mode fanout's own tables, painted from a board made by hand, so that every
 * number is known.  The screens are compared with golden/ as text.  test_fanout_screens
 * [--update]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/engines.h"
#include "stage.h"
#include "../../support/asserts.h"

enum { READERS = 200, BYTES = 1500, SLOW = 137 /* the reader that gets less */ };

static const struct engine *fanout; /* the mode's tables: counters are found by name */

static void set_counter(struct worker_sample *w, const char *name, uint64_t value)
{
	int i = engine_find_counter(fanout, name);

	if (i < 0)
		fail_msg("mode fanout counts no %s", name);
	w->value[i] = value;
}

static void add_counter(struct worker_sample *w, const char *name, uint64_t more)
{
	int i = engine_find_counter(fanout, name);

	if (i < 0)
		fail_msg("mode fanout counts no %s", name);
	w->value[i] += more;
}

/* A round is 200 copies of 1500 bytes and takes 400 us.  In two of three the slow reader has no
 * room; in the others it is 250 us from the first reader to the last, and from tick to tick a
 * little more or less. */
static void fill_fanout(const struct made *m, struct worker_sample *w, unsigned i)
{
	bool reads = i < m->servers;
	uint64_t sent = w->value[COUNTER_TX_PACKETS], rounds = sent / READERS, whole = rounds / 3;
	uint64_t before = w->value[engine_find_counter(fanout, "complete_rounds")];

	w->value[COUNTER_RX_PACKETS] = reads ? sent - (rounds - whole) : 0;
	w->value[COUNTER_TX_BYTES] = reads ? 0 : BYTES * sent;
	w->value[COUNTER_RX_BYTES] = BYTES * w->value[COUNTER_RX_PACKETS];
	if (reads) {
		/* two copies a receive, and one of ten finds nothing */
		set_counter(w, "receives", w->value[COUNTER_RX_PACKETS] / 2);
		set_counter(w, "fill_2", w->value[COUNTER_RX_PACKETS] / 2);
		set_counter(w, "fill_0", w->value[COUNTER_RX_PACKETS] / 18);
		set_counter(w, "readers", READERS);
		set_counter(w, "worst_reader_ppm", 333333);
		set_counter(w, "whole_ppm", 1000000);
		set_counter(w, "reader_socket_drops", rounds - whole);
		return;
	}
	set_counter(w, "copies_sent", sent);
	set_counter(w, "tx_skbs", sent);
	set_counter(w, "rounds", rounds);
	set_counter(w, "round_ns", rounds * 400000);
	set_counter(w, "complete_rounds", whole);
	add_counter(w, "spread_ns", (whole - before) * (210000 + m->sequence % 9 * 10000));
	w->latency[1] = (struct latency_summary){
		.count = 5, .min_ns = 200000, .p50_ns = 250000, .p99_ns = 290000, .p99_9_ns = 290000, .max_ns = 290000
	};
}

/* All the same but one, which gets a third. */
static struct details *reader_rows(const struct made *m)
{
	struct details *d = details_new(READERS);
	uint64_t seconds = m->sequence / 10;

	assert_non_null(d);
	d->at_ns = m->now_ns;
	d->seconds = 1;
	for (unsigned i = 0; i < READERS; i++) {
		uint64_t each = i == SLOW ? 5 : 15;

		d->row[i] = (struct detail_row){ .id = i + 1 };
		d->row[i].value[0] = seconds * each;
		d->row[i].recent[0] = each;
		d->row[i].value[1] = seconds * (15 - each);
		d->row[i].recent[1] = 15 - each;
		d->row[i].value[3] = 12000;
		d->row[i].value[4] = 300000 + 1000 * i;
	}
	return d;
}

/* The board's methods are this mode's: all run but those of which the place is kept. */
static void take_methods(void)
{
	struct board_mode *mode = &made.mode[0];

	free(mode->method);
	mode->methods = engine_methods(fanout);
	mode->method = calloc(mode->methods, sizeof(*mode->method));
	assert_non_null(mode->method);
	for (unsigned i = 0; i < mode->methods; i++) {
		mode->method[i] = (struct board_method){ .method = fanout->methods[i], .runs = !fanout->methods[i]->missing };
		if (fanout->methods[i]->missing)
			snprintf(mode->method[i].why, sizeof(mode->method[i].why), "%s", fanout->methods[i]->missing);
	}
}

static void run(const char *method, double factor)
{
	made.ran = method;
	made_run(&made, true);
	made_ticks(&made, 10, PHASE_WARMUP, factor);
	made_ticks(&made, 31, PHASE_MEASURE, factor);
}

/* Two methods, one after the other. */
static void open_fanout(int rows, int columns)
{
	made_open_with(&made, fanout, 1, 1);
	take_methods();
	made.fill = fill_fanout;
	made.fans_out = true;
	made.details = reader_rows;
	stage_dash(CHARSET_BRAILLE, NULL);
	run("single", 2);
	made_final(&made);
	run("mmsg", 3);
	frame(rows, columns);
}

static void at_80x24(void **state)
{
	(void)state;
	open_fanout(24, 80);
	stage_golden("fanout-80x24");
	stage_close();
}

static void at_120x40(void **state)
{
	(void)state;
	open_fanout(40, 120);
	assert_true(on_screen("200 readers"));
	assert_true(on_screen("1.50  last 1 s"));
	assert_true(on_screen("worst 5, median 15"));
	stage_golden("fanout-120x40");
	stage_close();
}

static void at_200x60(void **state)
{
	(void)state;
	open_fanout(60, 200);
	stage_golden("fanout-200x60");
	stage_close();
}

/* The running method's row is there, however many stand before it. */
static void the_running_method_is_in_sight(void **state)
{
	(void)state;
	open_fanout(30, 80); /* beside what is lost, too */
	assert_true(on_screen("6 more · m next"));
	made_final(&made);
	run("threads", 4);
	frame(30, 80);
	assert_true(on_screen(" threads          20    2.00  last 1 s"));
	assert_true(not_on_screen(" mmsg     "));
	stage_close();
}

static void every_size_is_painted(void **state)
{
	(void)state;
	open_fanout(24, 80);
	every_frame();
	stage_close();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_80x24),
		cmocka_unit_test(at_120x40),
		cmocka_unit_test(at_200x60),
		cmocka_unit_test(the_running_method_is_in_sight),
		cmocka_unit_test(every_size_is_painted),
	};

	stage_update = argc > 1 && !strcmp(argv[1], "--update");
	setenv("TZ", "UTC0", 1);
	fanout = engine_find(engines_all, "fanout");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
