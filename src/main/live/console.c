/* The console.  See main/live/console.h. */
#include "main/live/console.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "main/live/loop.h"
#include "main/live/modes.h"
#include "main/live/plain_text.h"
#include "ui/ui.h"

enum { SCREEN_COLUMNS = 120, SCREEN_ROWS = 40 };

/* ---- open, close ---- */

static int open_parts(struct console *c, const struct cli *cli, struct err *err)
{
	struct session_config config = live_loop_session(c->virtual_ticks);
	int rc = outputs_init(&c->outputs, &cli->options, err);

	/* A capture is to have the first packet. */
	config.awaits_go = *options_text(&cli->options, "capture");
	if (rc >= 0)
		rc = modes_init(&c->board, cli->engine, err);
	if (rc >= 0) {
		struct options *mine = &console_mode(c)->options;

		options_free(mine);
		rc = options_copy(mine, &cli->options, err);
	}
	if (rc >= 0)
		rc = history_new(NULL, &c->history, err);
	if (rc < 0)
		return rc;
	pid_t newest = own_cost_newest_thread();
	rc = session_new(&config, &c->session, err);
	own_cost_init(&c->cost, newest);
	return rc;
}

int console_open(struct console *c, const struct cli *cli, struct err *err)
{
	*c = (struct console){ .virtual_ticks = cli_test_ticks(cli->engine) };
	int rc = open_parts(c, cli, err);

	if (rc < 0) {
		console_close(c);
		return rc;
	}
	host_read(&c->board.host);
	run_capture_init(&c->run_capture, &cli->options, c->session);
	c->board.capture_options = c->run_capture.options;
	c->board.history = c->history;
	c->board.duel = &c->rounds.duel;
	c->board.hide_cost = c->virtual_ticks > 0;
	c->board.cpus = c->virtual_ticks ? NULL : &c->cpus;
	modes_find_method(&c->board);
	return 0;
}

void console_close(struct console *c)
{
	outputs_close(&c->outputs);
	run_capture_stop(&c->run_capture, NULL);
	if (!c->abandoned && !session_free(c->session))
		fprintf(stderr, "netdyno: a thread of the run does not end, and is not waited for\n");
	rounds_free(&c->rounds);
	history_free(c->history);
	modes_free(&c->board);
	*c = (struct console){ 0 };
}

struct board_mode *console_mode(struct console *c)
{
	return &c->board.mode[c->board.current_mode];
}

struct results_source console_source(const struct console *c)
{
	const struct run_capture *t = &c->run_capture;

	return (struct results_source){ .history = c->history,
		.run_id = c->run_id,
		.host = &c->board.host,
		.captured = t->captured,
		.capture = t->file || t->captured ? &t->state : NULL };
}

/* ---- what an update means ---- */

static void flush_lines(struct console *c)
{
	if (fflush(c->lines) != 0 && !c->lines_errno)
		c->lines_errno = errno;
}

static void on_run(struct console *c)
{
	const struct run_info *info = history_run(c->history, c->run_id);
	struct results_source source = console_source(c);
	struct err err = ERR_NONE;

	if (!info) {
		session_go(c->session, c->run_id);
		return;
	}
	if (c->lines) {
		plain_text_header(c->lines, info, &c->board.host);
		flush_lines(c);
	}
	outputs_start(&c->outputs, &source);
	if (run_capture_begin(&c->run_capture, info, &err) < 0)
		session_event(c->session, SEVERITY_WARNING, "%s", err.text);
	else if (c->run_capture.capture)
		session_event(c->session, SEVERITY_INFO, "capture: %s" FILE_PARTIAL " until it ends", c->run_capture.path);
	session_go(c->session, c->run_id);
}

static void on_interval(struct console *c, const struct sample *interval)
{
	struct results_source source = console_source(c);

	if (c->lines) {
		plain_text_interval(c->lines, &source, interval);
		flush_lines(c);
	}
	outputs_interval(&c->outputs, &source, interval);
}

static void end_capture(struct console *c)
{
	bool was_on = c->run_capture.capture != NULL, wanted = c->run_capture.wanted, was_going = c->run_capture.state.active;
	struct err err = ERR_NONE;

	int rc = run_capture_stop(&c->run_capture, &err);
	if (was_on && was_going && c->run_capture.state.failed)
		session_event(c->session, SEVERITY_WARNING, "capture ended: %s", c->run_capture.state.message);
	if (rc < 0)
		session_event(c->session, SEVERITY_ERROR, "%s", err.text);
	else if (was_on)
		session_event(c->session, SEVERITY_INFO, "capture saved: %s (%llu packets, %llu dropped)", c->run_capture.path,
			(unsigned long long)c->run_capture.state.packets,
			(unsigned long long)(c->run_capture.state.kernel_drops + c->run_capture.state.writer_drops));
	/* The next run is captured too. */
	c->run_capture.wanted = wanted;
}

static void on_final(struct console *c)
{
	struct results_source source = console_source(c);

	end_capture(c);
	if (history_run(c->history, c->run_id))
		outputs_finish(&c->outputs, &source, c->measured, c->notes ? c->notes : stderr);
	if (c->outputs.failed && !c->notes)
		session_event(c->session, SEVERITY_ERROR, "a result file could not be written");
}

/* The words of the final must be read before the history takes it. */
static void note_final(struct console *c, const struct run_final *final)
{
	c->over = true;
	c->board.run_wanted = false;
	c->failed = final->how == PHASE_FAILED;
	c->measured = final->measured_ns > 0 && final->edge;
	c->interrupted = final->interrupted;
	c->why = final->err;
}

static void say_event(struct console *c, const struct update *u)
{
	if (!c->notes)
		return;
	plain_text_event(c->notes, u->at_ns, u->event.severity, u->event.text);
	fflush(c->notes);
}

static void take_update(struct console *c, struct update *u)
{
	enum update_kind kind = u->kind;
	bool newest = u->run_id == c->run_id;
	bool interval = kind == UPDATE_SAMPLE && u->sample->is_interval;

	if (kind == UPDATE_EVENT)
		say_event(c, u);
	if (kind == UPDATE_FINAL && newest)
		note_final(c, u->final);
	history_take(c->history, u);
	if (!newest)
		return;
	if (kind == UPDATE_RUN)
		on_run(c);
	else if (interval)
		on_interval(c, history_coarse(c->history, 0));
	else if (kind == UPDATE_FINAL)
		on_final(c);
}

static void look_at_capture(struct console *c)
{
	struct run_capture *t = &c->run_capture;

	if (run_capture_look(t))
		session_event(
			c->session, t->state.failed ? SEVERITY_WARNING : SEVERITY_INFO, "capture ended: %s", t->state.message);
	c->board.capture = t->state;
	c->board.capture_options = t->options;
	c->board.captured = t->captured;
	c->board.packets = t->capture ? capture_packets(t->capture, c->board.packet, PACKETS_SHOWN) : c->board.packets;
}

/* Once a second, for the screen. */
static void look_at_cpus(struct console *c)
{
	int64_t now_ns = clock_now_ns();

	if (!c->board.cpus || c->lines || now_ns - c->cpus_ns < NS_PER_S)
		return;
	cpu_use_read(&c->cpus);
	c->cpus_ns = now_ns;
}

void console_pump(void *console)
{
	struct console *c = console;
	struct update *u;

	while ((u = session_next(c->session)))
		take_update(c, u);
	rounds_step(c);
	look_at_capture(c);
	look_at_cpus(c);
	c->board.load = session_load(c->session, &c->board.load_min, &c->board.load_max);
	c->board.own_cpu_ns = own_cost_ns(&c->cost);
}

/* ---- asking ---- */

int console_start_with(struct console *c, const struct options *options, struct err *err)
{
	int id = session_start(c->session, options, err);

	if (id < 0)
		return id;
	/* The run before this one, if it still goes, is no longer anybody's business but the
	 * history's. */
	outputs_begin(&c->outputs);
	c->run_id = (uint32_t)id;
	c->over = c->failed = c->measured = c->interrupted = false;
	c->board.run_wanted = true;
	modes_find_method(&c->board);
	return 0;
}

int console_start(struct console *c, struct err *err)
{
	c->rounds.resumes = false;
	return console_start_with(c, &console_mode(c)->options, err);
}

void console_note_base(struct console *c, uint32_t run_id)
{
	const struct sample *newest = history_coarse(c->history, 0);

	c->base_run = run_id;
	c->base_until_ns = newest ? newest->at_ns : 0;
}

int console_snapshot(struct console *c, const struct snapshot_screen *screen, char *ret_path, size_t size, struct err *err)
{
	struct results_source source = console_source(c);
	char *text = NULL, *svg = NULL;
	struct snapshot_screen painted;

	source.base_run = history_run(c->history, c->base_run) ? c->base_run : 0;
	source.base_until_ns = c->base_until_ns;
	if (!history_run(c->history, c->run_id))
		return err_say(err, ENODATA, "no snapshot: nothing has run yet");
	if (!screen) {
		int rc = ui_render(&c->board, SCREEN_COLUMNS, SCREEN_ROWS, CHARSET_BRAILLE, NULL, &text, &svg, err);
		if (rc < 0)
			return rc;
		painted = (struct snapshot_screen){ .text = text, .svg = svg };
		screen = &painted;
	}
	int rc = snapshot_save(&source, screen, options_text(&console_mode(c)->options, "out"), ret_path, size, err);
	if (rc >= 0)
		snprintf(c->board.last_snapshot, sizeof(c->board.last_snapshot), "%s", ret_path);
	free(text);
	free(svg);
	return rc;
}

void console_finish(struct console *c, int max_ms)
{
	struct live_loop loop = { .session = c->session,
		.ctx = c,
		.pump = console_pump,
		.signal_fd = -1,
		.give_up_ns = clock_now_ns() + (int64_t)max_ms * NS_PER_MS };

	c->board.run_wanted = false;
	rounds_stop(c, "the dashboard was left");
	if (!c->run_id)
		return;
	if (!c->over)
		session_stop(c->session, false);
	while (!c->over && live_loop_turn(&loop, -1))
		;
	/* The end itself may have had something to say. */
	console_pump(c);
}

int console_status(const struct console *c)
{
	struct results_source source = console_source(c);
	struct ledger ledger;
	struct verdict verdict;

	if (c->failed || c->outputs.failed || c->outputs.broken_pipe || c->run_capture.lost)
		return EXIT_FAILED;
	if (!c->over || !c->measured)
		return EXIT_FAILED;
	results_judge(&source, &ledger, &verdict);
	return verdict.valid ? EXIT_VALID : EXIT_INVALID;
}
