/* Whole frames, painted from boards made by hand: at every size, on every screen, with much and
 * with nothing. */
#include "stage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "ui/canvas/keys.h"
#include "ui/dash/keytable.h"
#include "ui/dash/losses/losses.h"
#include "ui/dash/words.h"
#include "../../support/toy.h"

static void open_dash(unsigned servers, unsigned clients, enum charset charset)
{
	made_open(&made, servers, clients);
	stage_dash(charset, NULL);
}

static void start(void)
{
	stage_run(60);
	made_event(&made, SEVERITY_WARNING, "cpu1 socket buffer \033[31mburst");
}

static void every_size_is_painted(void **state)
{
	static const int keys[] = { 0, ' ', 'e', KEYCODE_ENTER, '?', KEYCODE_F2, 'W', '/' };

	(void)state;
	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
		open_dash(3, 5, k & 1 ? CHARSET_ASCII : CHARSET_BRAILLE);
		start();
		frame(24, 80);
		if (keys[k])
			press(keys[k]);
		for (int rows = 1; rows <= 70; rows += 1 + rows / 8)
			for (int columns = 1; columns <= 300; columns += 1 + columns / 8)
				frame(rows, columns);
		stage_close();
	}
}

static void every_panel_at_many_sizes(void **state)
{
	(void)state;
	open_dash(1, 1, CHARSET_BLOCK);
	start();
	frame(24, 80);
	press('b');
	for (int i = 0; dash.panels[i].def; i++) {
		press('e');
		assert_int_equal(dash.view.screen, SCREEN_PANEL);
		for (int rows = 8; rows <= 60; rows += 5)
			for (int columns = 38; columns <= 200; columns += 17)
				frame(rows, columns);
	}
	stage_close();
}

static void nothing_is_unknown_not_zero(void **state)
{
	(void)state;
	open_dash(1, 1, CHARSET_BRAILLE);
	frame(24, 80);
	assert_true(on_screen("STOPPED"));
	assert_true(on_screen("no run yet"));
	assert_true(on_screen("ledger: no run yet"));
	assert_true(on_screen("verdict: no run yet"));
	made_run(&made, true);
	frame(24, 80);
	assert_true(on_screen("ledger: after the warm-up"));
	assert_true(on_screen("verdict: after the warm-up"));
	assert_true(on_screen("--"));
	press(' ');
	press(KEYCODE_LEFT);
	press(KEYCODE_ENTER);
	press('c');
	press('b');
	stage_close();
}

/* What is shown now is part of the highest, also while its second is not over. */
static void the_highest_is_not_below_now(void **state)
{
	(void)state;
	open_dash(1, 1, CHARSET_BRAILLE);
	made_run(&made, true);
	made_ticks(&made, 30, PHASE_MEASURE, 1);
	made_ticks(&made, 7, PHASE_MEASURE, 9);
	frame(40, 120);
	assert_true(on_screen(" 6.60k pps (mean 1.27k, max 6.60k)"));
	stage_close();
}

static void bits_may_be_the_headline(void **state)
{
	(void)state;
	open_dash(2, 2, CHARSET_BRAILLE);
	made.bulk = true;
	start();
	frame(24, 80);
	assert_true(on_screen("blk/s    bit/s"));
	assert_true(on_screen("tx    1.00k   640.0k"));
	assert_true(on_screen("rx    2.00k    1.28M"));
	assert_true(on_screen("throughput Mbit/s"));
	assert_true(on_screen("delivery µs"));
	assert_true(not_on_screen("pps"));
	assert_true(not_on_screen("RTT"));
	press(KEYCODE_LEFT);
	assert_true(on_screen(": 1.28 Mbit/s"));
	press(' ');
	press('S');
	assert_true(on_screen("by rate"));
	press('b');
	frame(60, 200);
	assert_true(on_screen("blocks   of sent"));
	assert_true(on_screen(" blk/s "));
	assert_true(on_screen("CPU ns/blk"));
	assert_true(on_screen("base A 1.28 "));
	assert_true(not_on_screen("pps"));
	press(KEYCODE_ENTER);
	assert_true(on_screen("sent by this worker kbit/s"));
	press(KEYCODE_ESCAPE);
	frame(5, 30);
	assert_true(on_screen("1.28 Mbit/s drop"));
	stage_close();
}

static void wire_bits_are_not_made_up(void **state)
{
	(void)state;
	open_dash(1, 1, CHARSET_BRAILLE);
	start();
	frame(24, 80);
	((struct run_info *)history_newest_run(made.history))->wire_overhead_bytes = 0;
	press('u');
	assert_true(on_screen("wire rate unavailable: this mode's header overhead is unknown"));
	assert_true(not_on_screen("wire bits"));
	stage_close();
}

static void what_is_promised_is_there(void **state)
{
	(void)state;
	open_dash(2, 2, CHARSET_BRAILLE);
	start();
	frame(24, 80);
	assert_true(on_screen("[1 toy (Toy) ●]"));
	assert_true(on_screen("2 later"));
	assert_true(on_screen("● RUN 00:05"));
	assert_true(on_screen("‹slow›"));
	assert_true(on_screen("2+2 cores"));
	assert_true(on_screen(">srv cpu0"));
	assert_true(on_screen("cli cpu3"));
	assert_true(on_screen("Σ 2 srv"));
	assert_true(on_screen("Σ 2 cli"));
	assert_true(on_screen("2.00k"));
	assert_true(on_screen("50%"));
	assert_true(on_screen("✓ balanced"));
	assert_true(on_screen("caution: closed loop"));
	assert_true(on_screen("UI -- %"));
	assert_true(on_screen("q Quit"));
	assert_true(not_on_screen("\033"));
	stage_close();
}

static void small_windows_say_what_matters(void **state)
{
	(void)state;
	open_dash(1, 1, CHARSET_BRAILLE);
	start();
	frame(3, 30);
	assert_true(on_screen("● RUN"));
	assert_true(on_screen("1.00k pps drop 0/s"));
	assert_true(on_screen("p99 46.0"));
	frame(10, 40);
	assert_true(on_screen("closed loop!"));
	assert_true(on_screen("✓ balanced"));
	stage_close();
}

static void unknown_counters_give_the_reason(void **state)
{
	(void)state;
	open_dash(1, 1, CHARSET_BRAILLE);
	start();
	frame(60, 100);
	press(KEYCODE_ENTER);
	assert_true(on_screen("--: no hardware counters here"));
	stage_close();
}

static void lossy_ledgers_name_the_place(void **state)
{
	(void)state;
	open_dash(1, 1, CHARSET_BRAILLE);
	made.loss = 5;
	start();
	frame(40, 120);
	assert_int_equal(dash.ledger.lost, 59 * 5); /* since the first sample of the measurement */
	assert_int_equal(dash.ledger.unexplained, 0);
	assert_true(on_screen("received 5 900 + server socket buffer 295 + unexplained 0"));
	assert_true(on_screen("4.76 %"));
	press('c');
	made_ticks(&made, 10, PHASE_MEASURE, 1);
	frame_paint(&dash);
	assert_int_equal(dash.drop[0].total, 50);
	assert_float_equal(dash.drop[0].per_s, 50, 0.01);
	assert_int_equal(dash.drops_lost, 50);
	/* totals, and what they are shares of, count from the same moment */
	assert_int_equal(dash.drops_sent, 1050);
	assert_true(on_screen("ledger of the whole run: sent"));
	stage_close();
}

static void rates_of_drops_begin_with_the_measurement(void **state)
{
	(void)state;
	open_dash(1, 1, CHARSET_BRAILLE);
	made_run(&made, true);
	made_ticks(&made, 9, PHASE_WARMUP, 1);
	frame(40, 120);
	assert_true(isnan(losses_per_second(&dash, 0, ROLE_BOTH)));
	made.loss = 5;
	made_ticks(&made, 1, PHASE_WARMUP, 1);
	made_ticks(&made, 5, PHASE_MEASURE, 1);
	frame(40, 120);
	assert_float_equal(dash.drop[0].per_s, 50, 0.01);
	assert_float_equal(losses_per_second(&dash, 0, ROLE_BOTH), 50, 0.01);
	stage_close();
}

/* The first client sends four more a tick, and what the server's socket dropped may have held nine
 * more than one each. */
static void lose_joined(const struct made *m, struct worker_sample *w, unsigned worker)
{
	if (worker == m->servers)
		w->value[COUNTER_TX_PACKETS] += 4;
	else if (worker == 0)
		w->value[TOY_MORE_SERVER_DROPS] += 9;
}

/* A core's drops are datagrams, too, where the kernel counts packets that held several. */
static void cores_lose_what_the_ledger_loses(void **state)
{
	static struct counter_def counters[TOY_COUNTERS - COUNTER_OWN + 1];
	static struct engine engine;

	(void)state;
	memcpy(counters, engine_toy.counters, (TOY_COUNTERS - COUNTER_OWN) * sizeof(counters[0]));
	counters[TOY_MORE_SERVER_DROPS - COUNTER_OWN].ledger = LEDGER_LOST_UP_TO;
	engine = engine_toy;
	engine.counters = counters;
	made_open_with(&made, &engine, 1, 1);
	made.loss = 1;
	made.loses_at = TOY_SERVER_DROPS;
	made.fill = lose_joined;
	stage_dash(CHARSET_BRAILLE, NULL);
	start();
	frame(40, 120);
	assert_float_equal(dash.drop[0].per_s, 50, 0.01);
	assert_float_equal(losses_per_second(&dash, 0, ROLE_BOTH), 50, 0.01);
	assert_float_equal(losses_per_second(&dash, -1, ROLE_SERVER), 50, 0.01);
	assert_true(not_on_screen("Σ lost"));
	stage_close();
}

/* The first client sends more than anybody sees again. */
static void lose_on_the_way(const struct made *m, struct worker_sample *w, unsigned worker)
{
	if (worker == m->servers)
		w->value[COUNTER_TX_PACKETS] += 38;
}

static void loss_is_one_figure_wherever_it_was(void **state)
{
	(void)state;
	open_dash(1, 1, CHARSET_BRAILLE);
	made.loss = 5;
	start();
	frame(24, 80);
	assert_true(not_on_screen("Σ lost"));
	stage_close();
	open_dash(1, 1, CHARSET_BRAILLE);
	made.loss = 5;
	made.fill = lose_on_the_way;
	start();
	frame(40, 120);
	assert_float_equal(dash.lost_per_s, 430, 0.01);
	assert_true(on_screen("Σ lost                         430"));
	frame(3, 30);
	assert_true(on_screen("drop 430/s"));
	stage_close();
}

static void units_are_there_once(void **state)
{
	struct latency_summary some = { .count = 1 }, none = { 0 };
	char text[32];

	(void)state;
	assert_string_equal(words_us_unit(words_us(&some, 18200, text, sizeof(text))), "µs");
	assert_string_equal(words_us_unit(words_us(&some, 18200000, text, sizeof(text))), "µs");
	assert_string_equal(words_us_unit(words_us(&none, 0, text, sizeof(text))), "");
}

/* Microseconds stand below a head that says so, however many; bytes as options have them; a loss in
 * percent or millionths, as all of it is. */
static void a_quantity_has_one_unit(void **state)
{
	static const struct {
		double ns;
		const char *text;
	} times[] = { { 1820, "1.82" }, { 18200, "18.2" }, { 131000, "131" }, { 2100000, "2100" }, { 17563600, "17564" },
		{ 902000000, "902.0k" }, { 18.2e9, "18.2M" }, { NAN, "--" }, { -1, "--" } };
	static const struct {
		double bytes;
		const char *text;
	} sizes[] = { { 0, "0" }, { 64, "64" }, { 1023, "1023" }, { 1024, "1K" }, { 262144, "256K" }, { 262080, "255.9K" },
		{ 4194304, "4M" }, { 1047552, "1023K" }, { 5.5 * 1024 * 1024 * 1024, "5.50G" }, { NAN, "--" } };
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		assert_string_equal(words_ns(times[i].ns, text, sizeof(text)), times[i].text);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_string_equal(words_bytes(sizes[i].bytes, text, sizeof(text)), sizes[i].text);
	assert_string_equal(words_share(12, 30, 1000000, text, sizeof(text)), "12.0 ppm");
	assert_string_equal(words_share(9000, 9000, 1000000, text, sizeof(text)), "9000 ppm");
	assert_string_equal(words_share(9000, 12000, 1000000, text, sizeof(text)), "0.90 %");
	assert_string_equal(words_share(12, 12000, 1000000, text, sizeof(text)), "<0.01 %");
	assert_string_equal(words_share(0, 12000, 1000000, text, sizeof(text)), "0");
	assert_string_equal(words_figure("Mbit/s", 9000, text, sizeof(text)), "9.00G");
	assert_string_equal(words_unit("Mbit/s"), "bit/s");
	assert_string_equal(words_figure("bytes", 65536, text, sizeof(text)), "64K");
}

static void fill_fast(const struct made *m, struct worker_sample *w, unsigned worker)
{
	(void)m;
	(void)worker;
	w->value[COUNTER_TX_BYTES] += 20 * 1000 * 1000; /* a tick */
	w->value[COUNTER_RX_BYTES] += 20 * 1000 * 1000;
}

/* From 1 Gbit/s on no bits on the screen are thousands of Mbit/s. */
static void fast_runs_are_told_in_gbits(void **state)
{
	(void)state;
	open_dash(1, 1, CHARSET_BRAILLE);
	start();
	frame(60, 200);
	press('b');
	press('j');
	assert_true(on_screen("Mbit/s"));
	assert_true(not_on_screen("Gbit/s"));
	stage_close();
	open_dash(1, 1, CHARSET_BRAILLE);
	made.fill = fill_fast;
	start();
	frame(60, 200);
	press('b');
	press('j');
	assert_true(on_screen(" 1.60 Gbit/s"));
	assert_true(not_on_screen("Mbit/s"));
	stage_close();
}

/* Microseconds beside them are not 0. */
static void short_latencies_among_long_ones(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(words_time(4200, true, text, sizeof(text)), "0.004");
	assert_string_equal(words_time(119000, true, text, sizeof(text)), "0.119");
	assert_string_equal(words_time(999400, true, text, sizeof(text)), "0.999");
	assert_string_equal(words_time(999600, true, text, sizeof(text)), "1.00");
	assert_string_equal(words_time(18.2e6, true, text, sizeof(text)), "18.2");
}

/* Long latencies are told in ms wherever the mode's stand. */
static void long_latencies_are_told_in_ms(void **state)
{
	struct hist *total;

	(void)state;
	open_dash(1, 1, CHARSET_BRAILLE);
	start();
	total = (struct hist *)(uintptr_t)history_fine(made.history, 0)->total;
	total->bucket[hist_index(45 * NS_PER_MS)] += total->count;
	total->count *= 2;
	frame(60, 200);
	press('b');
	press('j');
	assert_true(on_screen("p99 ms"));
	assert_true(on_screen(" ms × time"));
	assert_true(on_screen("percentiles ms"));
	assert_true(not_on_screen("p99 µs"));
	frame(5, 30);
	assert_true(not_on_screen("µs"));
	stage_close();
}

static void fill_damaged(const struct made *m, struct worker_sample *w, unsigned worker)
{
	(void)m;
	w->value[TOY_DAMAGED] += worker;
}

/* A reason is cut behind a word where it has no room, and no address is taken for its beginning. */
static void a_reason_is_more_than_its_first_colon(void **state)
{
	static struct counter_def counters[TOY_COUNTERS - COUNTER_OWN + 1];
	static struct engine engine;

	(void)state;
	memcpy(counters, engine_toy.counters, (TOY_COUNTERS - COUNTER_OWN) * sizeof(counters[0]));
	counters[TOY_DAMAGED - COUNTER_OWN].judgement.reason =
		"127.0.0.1:5000 has damaged an answer on its way, and that is told in more words than there is room for";
	engine = engine_toy;
	engine.counters = counters;
	made_open_with(&made, &engine, 1, 1);
	made.fill = fill_damaged;
	stage_dash(CHARSET_BRAILLE, NULL);
	start();
	frame(24, 80);
	assert_true(on_screen("✗ NOT VALID: 127.0.0.1:5000 has damaged an answer"));
	stage_close();
}

/* A/B has a loss in the unit that the rest of the screen has. */
static void a_loss_has_one_unit(void **state)
{
	(void)state;
	open_dash(1, 1, CHARSET_BRAILLE);
	made.loss = 5; /* of 105 */
	start();
	frame(60, 200);
	press('b');
	assert_true(on_screen("4.76 % lost"));
	assert_true(on_screen("drops %"));
	assert_true(not_on_screen("ppm"));
	stage_close();
}

/* However many others there are, the newest event ends with its last word, or at least with whole
 * ones. */
static void the_newest_event_is_whole(void **state)
{
	(void)state;
	open_dash(1, 1, CHARSET_BRAILLE);
	start();
	for (int i = 0; i < 12; i++)
		made_event(&made, SEVERITY_INFO, "warm-up over, counting from zero");
	made_event(&made, SEVERITY_INFO, "run #1 stop: 3.9 s, 565.3k received, 0 lost, 0 unexplained: none of it is to be cut");
	frame(40, 120);
	assert_true(on_screen("none of it is to be cut"));
	made_event(&made, SEVERITY_INFO, "warm-up over, counting from zero");
	frame(40, 120);
	assert_true(on_screen("565.3k received, 0 lost…"));
	stage_close();
}

static void servers_alone_have_no_latencies(void **state)
{
	(void)state;
	open_dash(2, 0, CHARSET_BRAILLE);
	start();
	frame(40, 120);
	/* Their room goes to panels that have something to show. */
	assert_true(not_on_screen("percentiles"));
	press('g');
	press('p');
	assert_true(on_screen("clients record them, and none runs here"));
	assert_true(not_on_screen("from send"));
	stage_close();
}

static void a_finished_run_shows_its_whole(void **state)
{
	(void)state;
	open_dash(1, 1, CHARSET_BRAILLE);
	start();
	made_final(&made);
	frame(40, 120);
	assert_true(on_screen("DONE 00:05"));
	assert_true(on_screen("whole run"));
	assert_true(on_screen("✓ valid"));
	press(' ');
	assert_true(on_screen("VIEW FROZEN"));
	assert_true(not_on_screen("run continues"));
	stage_close();
}

static void time_goes_on_while_data_is_missing(void **state)
{
	(void)state;
	open_dash(1, 1, CHARSET_BRAILLE);
	start();
	frame(24, 80);
	assert_true(on_screen("RUN 00:05"));
	made_silence(&made, 4ll * NS_PER_S);
	frame(24, 80);
	assert_true(on_screen("RUN 00:09"));
	assert_true(isnan(dash.series.value[dash.series.ask.bins - 2]));
	stage_close();
}

static void wire_bits_are_more(void **state)
{
	(void)state;
	open_dash(1, 1, CHARSET_BRAILLE);
	start();
	frame(24, 80);
	assert_true(on_screen("0.64")); /* 1000 packets of 80 bytes */
	press('u');
	assert_true(on_screen("0.98")); /* and 42 more each */
	stage_close();
}

static void ascii_is_ascii(void **state)
{
	char *text;

	(void)state;
	open_dash(2, 2, CHARSET_ASCII);
	start();
	frame(40, 120);
	press('b');
	text = canvas_to_text(&dash.canvas);
	assert_non_null(text);
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p >= 0x7f)
			fail_msg("byte %#x in ASCII", (unsigned)(unsigned char)*p);
	free(text);
	stage_close();
}

static void captures_are_shown(void **state)
{
	struct packet *p = made.board.packet;
	unsigned cautions;

	(void)state;
	open_dash(1, 1, CHARSET_BRAILLE);
	start();
	made.board.capture = (struct capture_state){ .active = true,
		.path = "/a/b/run.pcap",
		.interface = "lo",
		.packets = 201234,
		.bytes = 25700000,
		.kernel_drops = 3,
		.kernel_drops_known = true,
		.options = { .sample_1_in = 1, .snaplen_bytes = 96 } };
	p[0] = (struct packet){ .family = 4,
		.protocol = 17,
		.source = { 127, 0, 0, 1 },
		.destination = { 127, 0, 0, 1 },
		.source_port = 40000,
		.destination_port = 5000,
		.has_echo = true,
		.flow = 7,
		.counter = 12345,
		.age_ns = 1500,
		.payload_bytes = 80 };
	p[1] = (struct packet){ .family = 6, .protocol = 17, .has_echo = true, .reply = true, .age_ns = INT64_MIN };
	p[2] = (struct packet){ .note = "short" };
	made.board.packets = 3;
	frame(24, 80);
	assert_true(on_screen("PCAP 25.7MB · kernel drops 3"));
	cautions = dash.verdict.cautions; /* it may be an earlier run's capture */
	made.board.captured = true;
	frame(40, 90);
	assert_int_equal(dash.verdict.cautions, cautions + 1);
	assert_true(on_screen("201 234 packets  25.7MB"));
	press(KEY_PANEL + dash_panel(&dash, PANEL_CAPTURE));
	assert_true(on_screen("127.0.0.1:40000→127.0.0.1:5000 question flow 7 #12345 age 1.50µs"));
	assert_true(on_screen("age --"));
	assert_true(on_screen("not IP"));
	stage_close();
}

static void many_workers_scroll(void **state)
{
	(void)state;
	open_dash(64, 64, CHARSET_BRAILLE);
	start();
	frame(24, 80);
	assert_true(on_screen("Σ 64 cli"));
	for (int i = 0; i < 127; i++)
		press('j');
	assert_true(on_screen(">cli cpu127"));
	press(KEYCODE_PAGE_UP);
	assert_true(on_screen(">cli cpu117"));
	stage_close();
}

static void rendering_needs_no_terminal(void **state)
{
	struct err err = ERR_NONE;
	char *text = NULL, *svg = NULL;

	(void)state;
	open_dash(1, 1, CHARSET_BRAILLE);
	start();
	assert_int_equal(ui_render(&made.board, 120, 40, CHARSET_BRAILLE, "light", &text, &svg, &err), 0);
	assert_non_null(strstr(text, "Toy"));
	assert_non_null(strstr(svg, "<svg"));
	free(text);
	free(svg);
	assert_int_equal(ui_render(&made.board, 80, 24, CHARSET_AUTO, "no such", &text, &svg, &err), -22);
	stage_close();
}

/* Keys, clicks, sizes, runs that begin and end: in any order. */
static void random_step(struct rng *rng)
{
	static const int special[] = { KEYCODE_UP, KEYCODE_DOWN, KEYCODE_LEFT, KEYCODE_RIGHT, KEYCODE_HOME, KEYCODE_END,
		KEYCODE_PAGE_UP, KEYCODE_PAGE_DOWN, KEYCODE_BACKSPACE, KEYCODE_DELETE, KEYCODE_ENTER, KEYCODE_TAB,
		KEYCODE_SHIFT_TAB, KEYCODE_ESCAPE, KEYCODE_F1, KEYCODE_F2, KEYCODE_CTRL_S, KEYCODE_CTRL_U, KEYCODE_ESCAPE,
		KEYCODE_ESCAPE };
	static const enum phase phases[] = { PHASE_WARMUP, PHASE_SETTLE, PHASE_MEASURE, PHASE_MEASURE, PHASE_MEASURE,
		PHASE_DRAIN };
	unsigned what = (unsigned)(rng_next(rng) % 100);
	unsigned n = (unsigned)(rng_next(rng) % 1000);

	if (what < 40)
		key_dispatch(&dash, (int)(' ' + n % 95));
	else if (what < 60)
		key_dispatch(&dash, special[n % (sizeof(special) / sizeof(special[0]))]);
	else if (what < 66)
		key_mouse(&dash, (int)(n % 50), (int)(rng_next(rng) % 130), (int)(n % 3) - 1);
	else if (what < 70)
		frame((int)(n % 60) + 1, (int)(rng_next(rng) % 220) + 1);
	else if (what < 90)
		made_ticks(&made, n % 15, phases[n % 6], 1 + n % 3);
	else if (what < 93)
		made_silence(&made, (int64_t)n * 10 * NS_PER_MS);
	else if (what < 95)
		made_event(&made, SEVERITY_ERROR, "something happened");
	else if (what < 97 && history_measure_start(made.history, made.run_id))
		made_final(&made);
	else
		made_run(&made, n & 1);
	frame_paint(&dash);
}

static void any_order_of_events_is_survived(void **state)
{
	struct rng rng = { 7 };

	(void)state;
	for (unsigned life = 0; life < 6; life++) {
		open_dash(1 + life % 3, 1 + life, (enum charset)(CHARSET_BRAILLE + life % 3));
		frame(24, 80);
		made_run(&made, true);
		for (unsigned i = 0; i < 1500; i++)
			random_step(&rng);
		stage_close();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_is_painted),
		cmocka_unit_test(every_panel_at_many_sizes),
		cmocka_unit_test(nothing_is_unknown_not_zero),
		cmocka_unit_test(what_is_promised_is_there),
		cmocka_unit_test(the_highest_is_not_below_now),
		cmocka_unit_test(bits_may_be_the_headline),
		cmocka_unit_test(wire_bits_are_not_made_up),
		cmocka_unit_test(small_windows_say_what_matters),
		cmocka_unit_test(unknown_counters_give_the_reason),
		cmocka_unit_test(lossy_ledgers_name_the_place),
		cmocka_unit_test(rates_of_drops_begin_with_the_measurement),
		cmocka_unit_test(cores_lose_what_the_ledger_loses),
		cmocka_unit_test(loss_is_one_figure_wherever_it_was),
		cmocka_unit_test(units_are_there_once),
		cmocka_unit_test(a_quantity_has_one_unit),
		cmocka_unit_test(fast_runs_are_told_in_gbits),
		cmocka_unit_test(short_latencies_among_long_ones),
		cmocka_unit_test(long_latencies_are_told_in_ms),
		cmocka_unit_test(the_newest_event_is_whole),
		cmocka_unit_test(a_loss_has_one_unit),
		cmocka_unit_test(a_reason_is_more_than_its_first_colon),
		cmocka_unit_test(servers_alone_have_no_latencies),
		cmocka_unit_test(a_finished_run_shows_its_whole),
		cmocka_unit_test(time_goes_on_while_data_is_missing),
		cmocka_unit_test(wire_bits_are_more),
		cmocka_unit_test(ascii_is_ascii),
		cmocka_unit_test(captures_are_shown),
		cmocka_unit_test(many_workers_scroll),
		cmocka_unit_test(rendering_needs_no_terminal),
		cmocka_unit_test(any_order_of_events_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
