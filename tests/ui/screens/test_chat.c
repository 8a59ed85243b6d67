/* The chat tab: mode chat's own tables, painted from a board made by hand, so that every number
 * is known.  The screens are compared with golden/ as text.  test_chat_screens [--update]:
 * --update writes the golden files. */
#include <stdlib.h>
#include <string.h>

#include "engines/engines.h"
#include "stage.h"
#include "ui/canvas/keys.h"
#include "../../support/asserts.h"

enum { CONNECTIONS = 500, LINE_BYTES = 64, MANY_ROWS = CONNECTIONS };

static const struct engine *chat; /* the mode's tables: counters are found by name */

static void set_counter(struct worker_sample *w, const char *name, uint64_t value)
{
	int i = engine_find_counter(chat, name);

	if (i < 0)
		fail_msg("mode chat counts no %s", name);
	w->value[i] = value;
}

/* A loop gives each message to every other connection; one delivery in a thousand is dropped
 * because its client is slow.  Edge-triggered, half as many wake-ups bring twice the events. */
static void fill_loop(const struct made *m, struct worker_sample *w)
{
	uint64_t messages = w->value[COUNTER_RX_PACKETS], owed = messages * (CONNECTIONS - 1);
	uint64_t dropped = owed / 1000, delivered = owed - dropped;
	bool et = !strcmp(m->ran, "et");
	uint64_t wakeups = messages / (et ? 16 : 8), reads = messages + (et ? messages : 0);

	w->value[COUNTER_TX_PACKETS] = delivered;
	w->value[COUNTER_TX_BYTES] = delivered * LINE_BYTES;
	w->value[COUNTER_RX_BYTES] = messages * LINE_BYTES;
	w->value[COUNTER_SYSCALLS] = wakeups + reads + delivered;
	w->value[COUNTER_WAITS] = wakeups;
	w->value[COUNTER_CTX_VOLUNTARY] = wakeups / 2;
	w->value[COUNTER_CTX_INVOLUNTARY] = wakeups / 10;
	set_counter(w, "owed", owed);
	set_counter(w, "delivered", delivered);
	set_counter(w, "dropped_oldest", dropped);
	set_counter(w, "queued", 0);
	set_counter(w, "queued_bytes", 0);
	set_counter(w, "queue_max_bytes", 262144);
	set_counter(w, "queue_p99_bytes", 64);
	set_counter(w, "clients_behind", 3);
	set_counter(w, "connections", CONNECTIONS / m->servers);
	set_counter(w, "wakeups", wakeups);
	set_counter(w, "epoll_events", messages);
	set_counter(w, "reads", reads);
	set_counter(w, "writes", delivered);
	set_counter(w, "written_bytes", delivered * LINE_BYTES);
	set_counter(w, "eagain", et ? messages : dropped);
}

static void fill_load(const struct made *m, struct worker_sample *w)
{
	uint64_t sent = w->value[COUNTER_TX_PACKETS], owed = sent * (CONNECTIONS - 1), received = owed - owed / 1000;

	w->value[COUNTER_TX_BYTES] = sent * LINE_BYTES;
	w->value[COUNTER_RX_PACKETS] = received;
	w->value[COUNTER_RX_BYTES] = received * LINE_BYTES;
	set_counter(w, "messages_read", sent);
	set_counter(w, "connections", CONNECTIONS / m->clients);
	set_counter(w, "queue_max_bytes", COUNTER_NOTHING);
	set_counter(w, "queue_p99_bytes", COUNTER_NOTHING);
	w->latency[1] = w->latency[0];
}

static void fill_chat(const struct made *m, struct worker_sample *w, unsigned worker)
{
	if (worker < m->servers)
		fill_loop(m, w);
	else
		fill_load(m, w);
}

/* By the places of the columns in the mode's table. */
enum { D_MESSAGES, D_DELIVERIES, D_DROPPED, D_QUEUED, D_QUEUE_MAX, D_DIGEST };

/* Three of the connections are slow. */
static struct details *chat_rows(const struct made *m)
{
	struct details *d = details_new(MANY_ROWS);

	assert_non_null(d);
	d->at_ns = m->now_ns;
	d->seconds = 1;
	for (unsigned i = 0; i < MANY_ROWS; i++) {
		struct detail_row *row = &d->row[i];
		uint64_t seconds = m->sequence / 10, dropped = i % 200 == 7 ? 100 * (i + 1) : 0;

		*row = (struct detail_row){ .id = i + 1, .worker = i % m->servers };
		row->recent[D_MESSAGES] = 2;
		row->value[D_MESSAGES] = 2 * seconds;
		row->recent[D_DELIVERIES] = 1000 - dropped / 100;
		row->value[D_DELIVERIES] = seconds * row->recent[D_DELIVERIES];
		row->recent[D_DROPPED] = dropped / 100;
		row->value[D_DROPPED] = seconds * row->recent[D_DROPPED];
		row->value[D_QUEUED] = dropped ? 262080 : 0;
		row->value[D_QUEUE_MAX] = dropped ? 262144 : 64;
		row->value[D_DIGEST] = COUNTER_NOTHING;
	}
	return d;
}

static void open_chat(unsigned loops, unsigned loads, int rows, int columns)
{
	struct err err = ERR_NONE;

	made_open_with(&made, chat, loops, loads);
	made.ran = "lt";
	made.own_ledger = true;
	made.fill = fill_chat;
	made.details = chat_rows;
	assert_int_equal(options_set(&made.mode[0].options, "conns", "500", &err), 0);
	stage_dash(CHARSET_BRAILLE, NULL);
	assert_int_equal(dash_resize(&dash, rows, columns), 0);
}

static void run(const char *method, double factor)
{
	made.ran = method;
	made_run(&made, true);
	made_ticks(&made, 10, PHASE_WARMUP, factor);
	made_ticks(&made, 61, PHASE_MEASURE, factor);
	frame_paint(&dash);
}

static void one_loop_at_80x24(void **state)
{
	(void)state;
	open_chat(1, 1, 24, 80);
	run("lt", 1);
	stage_golden("chat-80x24");
	while (dash.view.screen != SCREEN_PANEL || strcmp(dash_expanded(&dash)->name, "details") != 0)
		press('e');
	stage_golden("chat-slow-80x24");
	press(KEYCODE_ESCAPE);
	while (dash.view.screen != SCREEN_PANEL || strcmp(dash_expanded(&dash)->name, "figures") != 0)
		press('e');
	stage_golden("chat-figures-80x24");
	stage_close();
}

/* lt is kept as A, and et stands beside it. */
static void both_triggers_at_120x40(void **state)
{
	(void)state;
	open_chat(2, 1, 40, 120);
	run("lt", 1);
	press('b');
	run("et", 1.1);
	stage_golden("chat-lt-et-120x40");
	stage_close();
}

static void four_loops_at_200x60(void **state)
{
	(void)state;
	open_chat(4, 2, 60, 200);
	run("lt", 1);
	press('b');
	run("et", 1.1);
	stage_golden("chat-200x60");
	stage_close();
}

static void messages_have_their_unit(void **state)
{
	(void)state;
	open_chat(1, 1, 40, 120);
	run("lt", 1);
	assert_true(on_screen("throughput kmsg/s"));
	assert_true(on_screen("rx msg/s"));
	assert_true(not_on_screen("pps"));
	assert_true(on_screen("loop cpu0"));
	assert_true(on_screen("load cpu1"));
	stage_close();
}

static void every_size_is_painted(void **state)
{
	(void)state;
	open_chat(2, 2, 24, 80);
	run("et", 1);
	every_frame();
	stage_close();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_loop_at_80x24),
		cmocka_unit_test(both_triggers_at_120x40),
		cmocka_unit_test(four_loops_at_200x60),
		cmocka_unit_test(messages_have_their_unit),
		cmocka_unit_test(every_size_is_painted),
	};

	stage_update = argc > 1 && !strcmp(argv[1], "--update");
	setenv("TZ", "UTC0", 1);
	chat = engine_find(engines_all, "chat");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
