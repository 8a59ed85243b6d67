/* The desk.  See main/live/console.h. */
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

static int open_parts(struct desk *d, const struct cli *cli, struct err *err)
{
	struct session_config config = { .virtual_ticks = d->virtual_ticks, .want_totals = true };
	int rc = outputs_init(&d->outputs, &cli->options, err);

	if (rc >= 0)
		rc = board_init(&d->board, cli->engine, err);
	if (rc >= 0) {
		struct options *mine = &desk_mode(d)->options;

		options_free(mine);
		rc = options_copy(mine, &cli->options, err);
	}
	if (rc >= 0)
		rc = history_new(NULL, &d->history, err);
	if (rc < 0)
		return rc;
	pid_t newest = own_cost_newest_thread();
	rc = session_new(&config, &d->session, err);
	own_cost_init(&d->cost, newest);
	return rc;
}

int desk_open(struct desk *d, const struct cli *cli, struct err *err)
{
	*d = (struct desk){ .virtual_ticks = cli_test_ticks(cli->engine) };
	int rc = open_parts(d, cli, err);

	if (rc < 0) {
		desk_close(d);
		return rc;
	}
	host_read(&d->board.host);
	taping_init(&d->taping, &cli->options);
	d->board.capture_options = d->taping.options;
	d->board.history = d->history;
	d->board.hide_cost = d->virtual_ticks > 0;
	board_find_method(&d->board);
	return 0;
}

void desk_close(struct desk *d)
{
	outputs_abort(&d->outputs);
	taping_stop(&d->taping, NULL);
	if (!d->abandoned)
		session_free(d->session);
	history_free(d->history);
	board_free(&d->board);
	*d = (struct desk){ 0 };
}

struct board_mode *desk_mode(struct desk *d)
{
	return &d->board.mode[d->board.current_mode];
}

struct results_source desk_source(const struct desk *d)
{
	return (struct results_source){
		.history = d->history, .run_id = d->run_id, .host = &d->board.host, .captured = d->taping.taped
	};
}

/* ---- what an update means ---- */

static void flush_lines(struct desk *d)
{
	if (fflush(d->lines) != 0 && !d->lines_errno)
		d->lines_errno = errno;
}

static void on_run(struct desk *d)
{
	const struct run_info *info = history_run(d->history, d->run_id);
	struct results_source source = desk_source(d);
	struct err err = ERR_NONE;

	if (!info)
		return;
	if (d->lines) {
		lines_header(d->lines, info, &d->board.host);
		flush_lines(d);
	}
	outputs_start(&d->outputs, &source);
	if (taping_run(&d->taping, info, &err) < 0)
		session_event(d->session, SEVERITY_WARNING, "%s", err.text);
}

static void on_interval(struct desk *d, const struct sample *interval)
{
	struct results_source source = desk_source(d);

	if (d->lines) {
		lines_interval(d->lines, &source, interval);
		flush_lines(d);
	}
	outputs_interval(&d->outputs, &source, interval);
}

static void end_capture(struct desk *d)
{
	bool was_on = d->taping.capture != NULL, wanted = d->taping.wanted, was_going = d->taping.state.active;
	struct err err = ERR_NONE;

	int rc = taping_stop(&d->taping, &err);
	if (was_on && was_going && d->taping.state.failed)
		session_event(d->session, SEVERITY_WARNING, "capture ended: %s", d->taping.state.message);
	if (rc < 0)
		session_event(d->session, SEVERITY_ERROR, "%s", err.text);
	else if (was_on)
		session_event(d->session, SEVERITY_INFO, "capture saved: %s (%llu packets)", d->taping.path,
			(unsigned long long)d->taping.state.packets);
	/* The next run is captured too. */
	d->taping.wanted = wanted;
}

static void on_final(struct desk *d)
{
	struct results_source source = desk_source(d);

	end_capture(d);
	if (d->measured)
		outputs_finish(&d->outputs, &source, d->notes ? d->notes : stderr);
	else
		outputs_abort(&d->outputs);
	if (d->outputs.failed && !d->notes)
		session_event(d->session, SEVERITY_ERROR, "a result file could not be written");
}

/* The words of the final must be read before the history takes it. */
static void note_final(struct desk *d, const struct run_final *final)
{
	d->over = true;
	d->board.run_wanted = false;
	d->failed = final->how == PHASE_FAILED;
	d->measured = final->measured_ns > 0 && final->edge;
	d->interrupted = final->interrupted;
	d->why = final->err;
}

static void say_event(struct desk *d, const struct update *u)
{
	if (!d->notes)
		return;
	lines_event(d->notes, u->at_ns, u->event.severity, u->event.text);
	fflush(d->notes);
}

static void take(struct desk *d, struct update *u)
{
	enum update_kind kind = u->kind;
	bool newest = u->run_id == d->run_id;
	bool interval = kind == UPDATE_SAMPLE && u->sample->is_interval;

	if (kind == UPDATE_EVENT)
		say_event(d, u);
	if (kind == UPDATE_FINAL && newest)
		note_final(d, u->final);
	history_take(d->history, u);
	if (!newest)
		return;
	if (kind == UPDATE_RUN)
		on_run(d);
	else if (interval)
		on_interval(d, history_coarse(d->history, 0));
	else if (kind == UPDATE_FINAL)
		on_final(d);
}

static void look_at_capture(struct desk *d)
{
	struct taping *t = &d->taping;

	if (taping_look(t))
		session_event(
			d->session, t->state.failed ? SEVERITY_WARNING : SEVERITY_INFO, "capture ended: %s", t->state.message);
	d->board.capture = t->state;
	d->board.capture_options = t->options;
	d->board.captured = t->taped;
	d->board.packets = t->capture ? capture_packets(t->capture, d->board.packet, PACKETS_SHOWN) : d->board.packets;
}

void desk_pump(void *desk)
{
	struct desk *d = desk;
	struct update *u;

	while ((u = session_next(d->session)))
		take(d, u);
	look_at_capture(d);
	d->board.load = session_load(d->session, &d->board.load_min, &d->board.load_max);
	d->board.own_cpu_ns = own_cost_ns(&d->cost);
}

/* ---- asking ---- */

int desk_start(struct desk *d, struct err *err)
{
	int id = session_start(d->session, &desk_mode(d)->options, err);

	if (id < 0)
		return id;
	/* The run before this one, if it still goes, is no longer anybody's business but the
	 * history's. */
	d->run_id = (uint32_t)id;
	d->over = d->failed = d->measured = d->interrupted = false;
	d->board.run_wanted = true;
	board_find_method(&d->board);
	return 0;
}

int desk_snapshot(struct desk *d, const struct snapshot_screen *screen, char *ret_path, size_t size, struct err *err)
{
	struct results_source source = desk_source(d);
	char *text = NULL, *svg = NULL;
	struct snapshot_screen painted;

	if (!history_run(d->history, d->run_id))
		return err_say(err, ENODATA, "no snapshot: nothing has run yet");
	source.show_unfinished = !d->over;
	if (!screen) {
		int rc = ui_render(&d->board, SCREEN_COLUMNS, SCREEN_ROWS, CHARSET_BRAILLE, NULL, &text, &svg, err);
		if (rc < 0)
			return rc;
		painted = (struct snapshot_screen){ .text = text, .svg = svg };
		screen = &painted;
	}
	int rc = snapshot_save(&source, screen, options_text(&desk_mode(d)->options, "out"), ret_path, size, err);
	if (rc >= 0)
		snprintf(d->board.last_snapshot, sizeof(d->board.last_snapshot), "%s", ret_path);
	free(text);
	free(svg);
	return rc;
}

void desk_finish(struct desk *d, int max_ms)
{
	struct live_loop loop = { .session = d->session,
		.ctx = d,
		.pump = desk_pump,
		.signal_fd = -1,
		.give_up_ns = clock_now_ns() + (int64_t)max_ms * NS_PER_MS };

	d->board.run_wanted = false;
	if (!d->run_id)
		return;
	if (!d->over)
		session_stop(d->session, false);
	while (!d->over && live_loop_turn(&loop, -1))
		;
	/* The end itself may have had something to say. */
	desk_pump(d);
}

int desk_status(const struct desk *d)
{
	struct results_source source = desk_source(d);
	struct ledger ledger;
	struct verdict verdict;

	if (d->failed || d->outputs.failed || d->outputs.broken_pipe)
		return EXIT_FAILED;
	if (!d->over || !d->measured)
		return EXIT_FAILED;
	results_judge(&source, &ledger, &verdict);
	return verdict.valid ? EXIT_VALID : EXIT_INVALID;
}
