/* A sweep on the terminal.  See ui/sweep/screen.h. */
#include "ui/sweep/screen.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "ui/canvas/charset.h"
#include "ui/sweep/paint.h"

enum { KEYS_AT_ONCE = 64 };

struct sweep_screen {
	struct terminal terminal;
	struct canvas canvas;
	const struct theme *theme;
	struct sweep_look look;
	bool report;
	uint64_t frames, keys;
};

static void sweep_screen_resize(struct sweep_screen *s)
{
	int rows, columns;

	terminal_size(&rows, &columns);
	terminal_resize(&s->terminal, rows, columns);
	canvas_resize(&s->canvas, rows, columns);
	sweep_screen_draw(s);
}

static int sweep_screen_start(struct sweep_screen *s, const struct terminal_config *config, struct err *err)
{
	int rows, columns, rc;

	s->theme = theme_find(config->theme);
	if (!s->theme)
		return err_say(err, EINVAL, "theme \"%s\": unknown (dark, light, mono, safe)", config->theme);
	s->canvas.charset = charset_resolve(config->charset);
	s->report = config->report_frames;
	rc = terminal_start(&s->terminal, config, err);
	if (rc < 0)
		return rc;
	if (!s->terminal.colors)
		s->theme = theme_find("mono");
	terminal_size(&rows, &columns);
	if (canvas_resize(&s->canvas, rows, columns) < 0)
		return err_sys(err, ENOMEM, "screen of %d x %d", columns, rows);
	return 0;
}

int sweep_screen_open(const struct terminal_config *config, const struct sweep_state *state, const char *directory,
	struct sweep_screen **ret_screen, struct err *err)
{
	struct sweep_screen *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_sys(err, ENOMEM, "screen of a sweep");
	sweep_look_init(&s->look, state, directory);
	rc = sweep_screen_start(s, config, err);
	if (rc < 0) {
		sweep_screen_close(s);
		return rc;
	}
	sweep_screen_draw(s);
	*ret_screen = s;
	return 0;
}

void sweep_screen_close(struct sweep_screen *s)
{
	if (!s)
		return;
	terminal_stop(&s->terminal);
	canvas_free(&s->canvas);
	free(s);
}

void sweep_screen_draw(struct sweep_screen *s)
{
	if (!terminal_has_room())
		return;
	sweep_paint(&s->canvas, &s->look);
	terminal_show(&s->terminal, &s->canvas, s->theme);
	s->frames++;
	if (s->report)
		terminal_report(s->frames, sweep_state_ended(s->look.state), s->keys);
}

void sweep_screen_say(struct sweep_screen *s, const char *text)
{
	snprintf(s->look.event, sizeof(s->look.event), "%s", text);
	sweep_screen_draw(s);
}

void sweep_screen_stopping(struct sweep_screen *s)
{
	s->look.stopping = true;
	sweep_screen_draw(s);
}

void sweep_screen_signal(struct sweep_screen *s, int signo)
{
	if (signo == SIGTSTP)
		terminal_suspend(&s->terminal, false);
	if (signo == SIGCONT)
		terminal_forget(&s->terminal);
	sweep_screen_resize(s);
}

bool sweep_screen_keys(struct sweep_screen *s)
{
	struct terminal_event event;
	bool stop = false;

	for (unsigned n = 0; n < KEYS_AT_ONCE && terminal_read(&s->terminal, &event); n++) {
		s->keys++;
		s->look.note[0] = '\0';
		if (event.key == 'q' || event.key == KEYCODE_F10 || event.key == KEYCODE_CTRL_C) {
			stop = true;
		} else if (event.key == KEYCODE_CTRL_Z) {
			terminal_suspend(&s->terminal, true);
			sweep_screen_resize(s);
		} else if (event.key == KEYCODE_CTRL_L) {
			terminal_forget(&s->terminal);
		} else if (!sweep_look_key(&s->look, event.key) && event.key > ' ' && event.key <= '~') {
			snprintf(s->look.note, sizeof(s->look.note), "%c: no such key here", event.key);
		}
	}
	sweep_screen_draw(s);
	return stop;
}
