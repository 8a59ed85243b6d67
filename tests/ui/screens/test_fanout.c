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

/* Every copy has 1500 bytes; a round is 200 copies and takes 400 us, 250 of them from the first
 * reader to the last. */
static void fill_fanout(const struct made *m, struct worker_sample *w, unsigned i)
{
	bool reads = i < m->servers;
	uint64_t sent = w->value[COUNTER_TX_PACKETS], rounds = sent / READERS;

	w->value[COUNTER_TX_BYTES] = reads ? 0 : BYTES * sent;
	w->value[COUNTER_RX_BYTES] = BYTES * w->value[COUNTER_RX_PACKETS];
	if (reads) {
		set_counter(w, "readers", READERS);
		set_counter(w, "worst_reader_ppm", 500000);
		set_counter(w, "whole_ppm", 1000000);
		return;
	}
	set_counter(w, "rounds", rounds);
	set_counter(w, "round_ns", rounds * 400000);
	set_counter(w, "complete_rounds", rounds);
	set_counter(w, "spread_ns", rounds * 250000);
}

/* All the same but one, which gets half. */
static struct details *reader_rows(const struct made *m)
{
	struct details *d = details_new(READERS);
	uint64_t seconds = m->sequence / 10;

	assert_non_null(d);
	d->at_ns = m->now_ns;
	d->seconds = 1;
	for (unsigned i = 0; i < READERS; i++) {
		uint64_t each = i == SLOW ? 5 : 10;

		d->row[i] = (struct detail_row){ .id = i + 1 };
		d->row[i].value[0] = seconds * each;
		d->row[i].recent[0] = each;
		d->row[i].value[1] = seconds * (10 - each);
		d->row[i].recent[1] = 10 - each;
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
	assert_true(on_screen("1.50  now"));
	stage_golden("fanout-120x40");
	stage_close();
}

static void every_size_is_painted(void **state)
{
	(void)state;
	open_fanout(24, 80);
	for (int rows = 1; rows <= 60; rows += 1 + rows / 6)
		for (int columns = 1; columns <= 250; columns += 1 + columns / 6)
			frame(rows, columns);
	stage_close();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_80x24),
		cmocka_unit_test(at_120x40),
		cmocka_unit_test(every_size_is_painted),
	};

	stage_update = argc > 1 && !strcmp(argv[1], "--update");
	setenv("TZ", "UTC0", 1);
	fanout = engine_find(engines_all, "fanout");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
