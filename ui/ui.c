/* The dashboard's loop: keys are answered at once, updates drawn five times a second at most,
 * nothing is drawn when nothing has changed.  See ui.h. */
#include "ui/ui.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "ui/dash/actions.h"
#include "ui/dash/keytable.h"
#include "ui/panels/frame.h"
#include "ui/panels/panels.h"

static const int64_t frame_ns = 200ll * NS_PER_MS;
/* Data that stays away: the clock and the gap in the charts must be seen to go on. */
static const int64_t silence_ns = 300ll * NS_PER_MS;
static const int look_ms = 1000; /* at least so often updates are looked for */
static const int64_t cost_window_ns = 1ll * NS_PER_S;

struct loop {
	const struct ui_config *config;
	struct dash dash;
	struct terminal terminal;
	bool dirty, at_once;
	int64_t drawn_ns; /* CLOCK_MONOTONIC of the last frame */
	uint64_t frames;
	bool ended;
	struct ui_outcome outcome;
};

static void end_by_signal(struct loop *l, int number)
{
	l->ended = true;
	l->outcome = (struct ui_outcome){ UI_SIGNAL, number };
}

/* ---- frames ---- */

static void count_cost(struct loop *l, int64_t began_ns, int64_t now_ns)
{
	struct cost *c = &l->dash.cost;
	int64_t cpu_ns = l->dash.board->own_cpu_ns;

	c->drawn_ns += now_ns - began_ns;
	c->frames++;
	if (!c->since_ns) {
		c->since_ns = now_ns;
		c->since_cpu_ns = cpu_ns;
	}
	if (now_ns - c->since_ns < cost_window_ns)
		return;
	c->known = true;
	c->cpu_percent = 100.0 * (double)(cpu_ns - c->since_cpu_ns) / (double)(now_ns - c->since_ns);
	c->draw_ms = (double)c->drawn_ns / c->frames / NS_PER_MS;
	c->since_ns = now_ns;
	c->since_cpu_ns = cpu_ns;
	c->drawn_ns = 0;
	c->frames = 0;
}

static void report_frame(const struct loop *l)
{
	const struct sample *newest = history_fine(l->dash.board->history, 0);

	terminal_report(l->frames, newest ? newest->sequence : 0, l->dash.keys);
}

static void ui_draw(struct loop *l)
{
	int64_t began_ns = clock_now_ns();
	struct dash *d = &l->dash;

	if (!terminal_has_room()) {
		/* Tried again when the next frame would be due. */
		l->at_once = false;
		l->drawn_ns = began_ns;
		return;
	}
	if (d->repaint)
		terminal_forget(&l->terminal);
	d->repaint = false;
	frame_paint(d);
	terminal_show(&l->terminal, &d->canvas, d->view.theme);
	/* One that was thrown away is drawn anew when there is room. */
	l->dirty = l->terminal.torn;
	l->at_once = false;
	l->frames++;
	l->drawn_ns = clock_now_ns();
	count_cost(l, began_ns, l->drawn_ns);
	if (l->config->terminal.report_frames)
		report_frame(l);
}

/* ---- what comes in ---- */

static void ui_resize(struct loop *l)
{
	int rows, columns;

	terminal_size(&rows, &columns);
	terminal_resize(&l->terminal, rows, columns);
	dash_resize(&l->dash, rows, columns);
	l->dirty = l->at_once = true;
}

/* Without a signalfd curses notices by itself. */
static void look_at_size(struct loop *l)
{
	int rows, columns;

	terminal_size(&rows, &columns);
	if (rows != l->dash.canvas.rows || columns != l->dash.canvas.columns)
		ui_resize(l);
}

static void suspend(struct loop *l, bool whole_group)
{
	terminal_suspend(&l->terminal, whole_group);
	ui_resize(l);
}

static void ui_take_signal(struct loop *l, int number)
{
	switch (number) {
	case SIGWINCH:
		ui_resize(l);
		break;
	case SIGTSTP:
		suspend(l, false);
		break;
	/* continued without us having stopped: somebody may have written over the screen */
	case SIGCONT:
		l->dash.repaint = l->dirty = true;
		break;
	/* not as the key: a form or a menu would take that for a letter */
	case SIGUSR1:
		if (!l->dash.board->read_only)
			act_snapshot(&l->dash, 0);
		l->dirty = l->at_once = true;
		break;
	default:
		end_by_signal(l, number);
	}
}

static void ui_take_signals(struct loop *l)
{
	struct signalfd_siginfo info[8];
	ssize_t n = read(l->config->signal_fd, info, sizeof(info));

	for (ssize_t i = 0; n > 0 && i < n / (ssize_t)sizeof(info[0]); i++)
		ui_take_signal(l, (int)info[i].ssi_signo);
}

/* Light letters on a light ground cannot be read.  A theme that somebody has chosen meanwhile
 * stays. */
static void ui_take_background(struct loop *l, bool is_light)
{
	struct dash *d = &l->dash;

	if (!is_light || d->no_colors || d->view.theme != theme_find("dark"))
		return;
	d->view.theme = theme_find("light");
	d->repaint = true;
}

/* A flood of keys (a paste, a terminal that is going away) leaves room for signals, updates and
 * frames. */
enum { keys_at_once = 64 };

static void ui_take_keys(struct loop *l)
{
	struct terminal_event event;

	for (unsigned n = 0; n < keys_at_once && !l->dash.quit && terminal_read(&l->terminal, &event); n++) {
		l->dirty = l->at_once = true;
		if (event.key == KEYCODE_RESIZE)
			look_at_size(l);
		else if (event.key == KEYCODE_BACKGROUND)
			ui_take_background(l, event.wheel == 1);
		else if (event.key == KEYCODE_MOUSE)
			key_mouse(&l->dash, event.row, event.column, event.wheel);
		else
			key_dispatch(&l->dash, event.key);
		if (l->dash.suspend)
			suspend(l, true);
		l->dash.suspend = false;
	}
}

/* ---- the loop ---- */

static bool data_stays_away(const struct loop *l)
{
	const struct sample *newest = history_fine(l->dash.board->history, 0);

	return dash_running(&l->dash) && newest && clock_run_ns() - newest->at_ns > silence_ns;
}

static int timeout_ms(const struct loop *l)
{
	int64_t wait_ns = -1, now_ns = clock_now_ns();

	if (l->dirty)
		wait_ns = l->at_once ? 0 : l->drawn_ns + frame_ns - now_ns;
	else if (dash_running(&l->dash) || l->dash.view.toast[0])
		wait_ns = silence_ns;
	else
		return l->config->update_fd < 0 ? -1 : look_ms;
	return wait_ns <= 0 ? 0 : (int)((wait_ns + NS_PER_MS - 1) / NS_PER_MS);
}

static void wait_for_something(struct loop *l)
{
	struct pollfd fd[3] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = l->config->update_fd, .events = POLLIN },
		{ .fd = l->config->signal_fd, .events = POLLIN } };
	int ready = poll(fd, 3, timeout_ms(l));

	if (ready == 0 && (data_stays_away(l) || (l->dash.view.toast[0] && clock_run_ns() >= l->dash.view.toast_until_ns)))
		l->dirty = true;
	/* The signal that an update came may itself have failed. */
	if (ready == 0 && l->config->update_fd >= 0)
		l->dash.requests->pump(l->dash.requests->ctx);
	if (ready <= 0)
		return;
	if (fd[2].revents & POLLIN)
		ui_take_signals(l);
	/* the terminal has gone; curses would answer with resizes for ever */
	if (fd[0].revents & (POLLHUP | POLLERR | POLLNVAL))
		end_by_signal(l, SIGHUP);
	else if (fd[0].revents & POLLIN)
		ui_take_keys(l);
	if (fd[1].revents & POLLIN) {
		l->dash.requests->pump(l->dash.requests->ctx);
		l->dirty = true;
	}
}

static void ui_loop(struct loop *l)
{
	l->dirty = l->at_once = true;
	while (!l->ended && !l->dash.quit) {
		if (l->dirty && (l->at_once || clock_now_ns() - l->drawn_ns >= frame_ns))
			ui_draw(l);
		wait_for_something(l);
	}
}

static int ui_start(struct loop *l, struct err *err)
{
	int rows, columns, e;

	e = terminal_start(&l->terminal, &l->config->terminal, err);
	if (e)
		return e;
	if (!l->terminal.colors) {
		l->dash.no_colors = true;
		l->dash.view.theme = theme_find("mono");
	}
	terminal_size(&rows, &columns);
	if (dash_resize(&l->dash, rows, columns)) {
		terminal_stop(&l->terminal);
		return err_sys(err, ENOMEM, "screen of %d x %d", columns, rows);
	}
	if (l->config->terminal.note && *l->config->terminal.note)
		dash_say(&l->dash, STYLE_WARNING, l->config->terminal.note);
	return 0;
}

int ui_run(const struct ui_config *config, struct board *board, const struct ui_requests *requests,
	struct ui_outcome *ret_outcome, struct err *err)
{
	struct loop l = { .config = config };
	int e = dash_init(
		&l.dash, board, requests, panel_rows, charset_resolve(config->terminal.charset), config->terminal.theme, err);

	if (!e)
		e = ui_start(&l, err);
	if (!e) {
		ui_loop(&l);
		terminal_stop(&l.terminal);
		*ret_outcome = l.outcome;
	}
	dash_free(&l.dash);
	return e;
}
