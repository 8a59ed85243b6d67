/* The dashboard.  ui_run() owns the terminal from its call to its return: it starts curses,
 * loops over keys, updates and frames, restores the terminal on every way out, and returns why.
 * Only this layer touches curses, only on the thread that called.  It reads the board and asks
 * for everything else through struct ui_requests, which main fills. */
#pragma once

#include "ui/dash/board.h"
#include "ui/dash/requests.h"
#include "ui/terminal/terminal.h"

struct ui_config {
	struct terminal_config terminal;
	int update_fd; /* readable when pump() has something to do; -1 none */
	/* signalfd of the signals main has blocked (INT TERM HUP WINCH TSTP CONT USR1); -1 none */
	int signal_fd;
};

enum ui_end { UI_QUIT, UI_SIGNAL };

struct ui_outcome {
	enum ui_end end;
	int signal; /* SIGINT, SIGTERM, SIGHUP where UI_SIGNAL */
};

int ui_run(const struct ui_config *config, struct board *board, const struct ui_requests *requests,
	struct ui_outcome *ret_outcome, struct err *err);

/* The dashboard painted without a terminal (headless snapshots): malloc'ed text and SVG. */
int ui_render(const struct board *board, int columns, int rows, enum charset charset, const char *theme, char **ret_text,
	char **ret_svg, struct err *err);
