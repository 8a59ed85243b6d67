/* The terminal: nothing but terminal.c knows curses.  One at a time; the thread that started it
 * does everything but terminal_emergency_restore(). */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "ui/canvas/canvas.h"
#include "ui/canvas/keys.h"
#include "ui/canvas/theme.h"

/* The looks of the screens on it. */
struct terminal_config {
	/* "dark", "light", "mono", "safe" (colour-blind safe); NULL = dark */
	const char *theme;
	enum charset charset; /* AUTO: braille where the locale is UTF-8, else ASCII */
	bool no_color;        /* NO_COLOR */
	bool mouse;
	/* the theme is nobody's choice: ask the terminal for its background */
	bool ask_background;
	const char *note;   /* said when the screen opens; NULL or "": nothing */
	bool report_frames; /* tests: terminal_report() after each frame */
};

struct terminal {
	void *screen; /* curses' SCREEN */
	struct canvas shown;
	const struct theme *theme; /* of what is shown; NULL: everything is to be drawn */
	int colors;                /* 0 none, 8, 256, 1 << 24 */
	bool stopped;              /* suspended: the terminal is the shell's */
	bool mouse;
	bool torn; /* output has been thrown away: all is to be sent anew */
};

/* An input from the keyboard or the mouse. */
struct terminal_event {
	int key; /* Unicode code point or KEYCODE_* */
	/* KEYCODE_MOUSE: where; wheel -1 up, +1 down, 0 a click. KEYCODE_BACKGROUND: wheel 1: it
	 * is light */
	int row, column, wheel;
};

/* Is there a description of the terminal?  Of one that is not known, that of a common one is taken
 * from now on (TERM), and `note` says so.  Before any thread is started. */
bool terminal_resolve(char *note, size_t size);
/* -ENOTTY, or -EINVAL with "terminal \"foo\": unknown (TERM)". */
int terminal_start(struct terminal *t, const struct terminal_config *config, struct err *err);
/* Restores the terminal, at once, even if it takes nothing; accepts a never-started one. */
void terminal_stop(struct terminal *t);
/* Restores the terminal if curses holds it; async-signal-safe (for SIGSEGV and friends). */
void terminal_emergency_restore(void);
void terminal_size(int *ret_rows, int *ret_columns);
/* After the size has changed, or to draw everything anew. */
void terminal_resize(struct terminal *t, int rows, int columns);
void terminal_forget(struct terminal *t);
/* Would the terminal take something?  One that takes nothing is better not drawn on: what is not
 * sent need not be thrown away. */
bool terminal_has_room(void);
/* Sends what differs from what is shown.  It lasts as long as the terminal takes, but where that
 * takes nothing for STALL_PATIENCE_MS (ui/terminal/stall.h) a part is thrown away, and all is sent
 * anew with the next frame. */
void terminal_show(struct terminal *t, const struct canvas *c, const struct theme *theme);
/* For tests, after a frame: writes OSC "\033]7701;FRAME;SAMPLE;KEYS\033\\". */
void terminal_report(uint64_t frame, uint64_t sample, uint64_t keys);
/* The next event that has come in; false: none.  Never waits (longer than a broken-off escape
 * sequence takes: 25 ms). */
bool terminal_read(struct terminal *t, struct terminal_event *ret_event);
/* Hands the terminal to the shell and stops the process (or, whole_group, its process group) as
 * SIGTSTP does; returns when it is continued. */
void terminal_suspend(struct terminal *t, bool whole_group);
