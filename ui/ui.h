/* The dashboard.  ui_run() owns the terminal from its call to its return: it starts curses,
 * loops over keys, updates and frames, restores the terminal on every way out, and returns why.
 * Only this layer touches curses, only on the thread that called.  It reads the board and asks
 * for everything else through struct ui_requests, which main fills. */
#pragma once

#include <signal.h>

#include "ui/board.h"
#include "snapshot/snapshot.h"

enum ui_charset { CHARSET_AUTO, CHARSET_BRAILLE, CHARSET_BLOCK, CHARSET_ASCII };

struct ui_config {
	/* "dark", "light", "mono", "safe" (colour-blind safe); NULL = dark */
	const char *theme;
	enum ui_charset charset; /* AUTO: braille where the locale is UTF-8, else ASCII */
	bool no_color;           /* NO_COLOR */
	bool mouse;
	int update_fd; /* readable when pump() has something to do; -1 none */
	/* signalfd of the signals main has blocked (INT TERM HUP WINCH TSTP CONT USR1); -1 none */
	int signal_fd;
	bool report_frames; /* tests: terminal_report() after each frame */
};

/* Each returns 0 or -errno with *err (shown as a toast); ret texts are shown as toasts.  ctx is
 * passed through.  Where the board is read_only, only keep_setting is asked for. */
struct ui_requests {
	void *ctx;
	void (*pump)(void *ctx); /* takes updates into the board */
	int (*run)(void *ctx, bool on, struct err *err);
	int (*choose_mode)(void *ctx, unsigned mode, struct err *err);
	/* +1, -1: next that runs here */
	int (*choose_method)(void *ctx, int step, struct err *err);
	/* +1 more, -1 less */
	int (*change_load)(void *ctx, int direction, struct err *err);
	/* the set-up form's outcome */
	int (*apply)(void *ctx, const struct options *options, struct err *err);
	int (*snapshot)(void *ctx, const struct snapshot_screen *screen, char *ret_path, size_t size, struct err *err);
	int (*capture)(void *ctx, bool on, struct err *err);
	int (*capture_options)(void *ctx, const struct capture_options *options, struct err *err);
	/* theme and such, for the config file */
	void (*keep_setting)(void *ctx, const char *name, const char *value);
};

enum ui_end { UI_QUIT, UI_SIGNAL };

struct ui_outcome {
	enum ui_end end;
	int signal; /* SIGINT, SIGTERM, SIGHUP where UI_SIGNAL */
};

int ui_run(const struct ui_config *config, struct board *board, const struct ui_requests *requests,
	struct ui_outcome *ret_outcome, struct err *err);

/* The dashboard painted without a terminal (headless snapshots): malloc'ed text and SVG. */
int ui_render(const struct board *board, int columns, int rows, enum ui_charset charset, const char *theme, char **ret_text,
	char **ret_svg, struct err *err);

/* Restores the terminal if curses holds it; async-signal-safe (for SIGSEGV and friends). */
void ui_emergency_restore(void);

/* The key table as text, for `--help` and the man page: one "keys<TAB>what it does" line each,
 * malloc'ed. */
char *ui_key_help(void);
