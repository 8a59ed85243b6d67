/* A terminal for tests: a program on a pseudo-terminal, its output read by libvterm.
 *
 * Between the test and the program stands a process of ours that does what a shell does: session
 * leader, puts the program into a process group of its own in the foreground, sees it stop and
 * go on.  Nothing here sleeps: every wait is for something that the program reports (the OSC
 * that ui.h describes, a byte sequence, its end) and has a deadline, after which the screen is
 * printed to stderr and the wait returns false.  One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>
#include <vterm.h>

struct term;

struct term_config {
	int rows, columns;
	const char *const *argv; /* NULL-terminated; argv[0] is the path of the program */
	/* "NAME=value", NULL-terminated, besides TERM, TZ, HOME, LC_ALL and the sanitizers'
	 * options; may be NULL */
	const char *const *environment;
	const char *locale;    /* LC_ALL */
	const char *directory; /* an empty one: HOME and working directory */
};

/* The program's report of its newest frame. */
struct term_report {
	uint64_t frame, sample, keys;
};

enum term_state { TERM_RUNNING, TERM_STOPPED, TERM_ENDED };

/* The modes that the program has switched on. */
struct term_modes {
	bool alternate_screen, cursor_visible, mouse;
};

/* NULL with a line on stderr. */
struct term *term_open(const struct term_config *config);
/* Kills what still runs.  Accepts NULL. */
void term_close(struct term *t);

bool term_wait_frames(struct term *t, uint64_t more); /* that many frames from now on */
bool term_wait_sample(struct term *t, uint64_t sample);
bool term_wait_keys(struct term *t, uint64_t keys);    /* in all */
bool term_wait_text(struct term *t, const char *text); /* stands in one row of the screen */
bool term_wait_state(struct term *t, enum term_state state);
bool term_wait_restored(struct term *t); /* main screen, cursor visible, mouse off */

/* Sends bytes as typed. */
void term_send(struct term *t, const char *bytes, size_t length);
void term_resize(struct term *t, int rows, int columns);
void term_signal(struct term *t, int signal);
void term_continue(struct term *t); /* continues it, like the shell's fg */

struct term_report term_report(const struct term *t);
struct term_modes term_modes(const struct term *t);
int term_status(const struct term *t); /* from waitpid(2), once TERM_ENDED */
pid_t term_pid(const struct term *t);
struct termios term_settings(const struct term *t);
struct termios term_settings_before(const struct term *t); /* before the program was started */
int term_rows(const struct term *t);
int term_columns(const struct term *t);
void term_cell(const struct term *t, int row, int column, VTermScreenCell *ret_cell);
/* anywhere in all that the program has written */
bool term_wrote(const struct term *t, const char *bytes);
/* the same after the last `before` */
bool term_wrote_last(const struct term *t, const char *bytes, const char *before);
/* One row as UTF-8 without trailing blanks, into out (4 bytes a column are enough); returns out. */
char *term_row(const struct term *t, int row, char *out, size_t size);
void term_print(const struct term *t); /* screen and state to stderr */
