/* A sweep on the terminal: owns it from open to close.  It is drawn by who runs the sweep,
 * between the runs' updates.  Main thread only. */
#pragma once

#include "sweep/sweep.h"
#include "ui/terminal/terminal.h"

struct sweep_screen;

/* Uses theme, charset, no_color and report_frames of the config (its SAMPLE is the number of slots
 * that have ended).  The texts outlive the screen. */
int sweep_screen_open(const struct terminal_config *config, const struct sweep_state *state, const char *directory,
	struct sweep_screen **ret_screen, struct err *err);
void sweep_screen_close(struct sweep_screen *screen); /* restores the terminal; accepts NULL */
void sweep_screen_draw(struct sweep_screen *screen);
/* The last thing that happened, in one line. */
void sweep_screen_say(struct sweep_screen *screen, const char *text);
/* Takes the keys that have come, and draws; true: the sweep is to stop. */
bool sweep_screen_keys(struct sweep_screen *screen);
/* WINCH, TSTP, CONT. */
void sweep_screen_signal(struct sweep_screen *screen, int signo);
/* Says that it is being stopped. */
void sweep_screen_stopping(struct sweep_screen *screen);
