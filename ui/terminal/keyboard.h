/* The keyboard and the mouse, by way of curses, and what curses does not know of them.  Internal to
 * ui/terminal; the thread that has the terminal. */
#pragma once

#include "ui/terminal/terminal.h"

/* The terminal has been asked for its background: the answer is a sequence of its own. */
void keyboard_await_background(void);
/* The next event that has come in; false: none. */
bool keyboard_read(struct terminal_event *ret_event);
