/* A terminal may take no output for a while (a stalled ssh), and a write(2) to it does not return:
 * curses knows no other.  Between stall_begin() and stall_end() a timer looks: where that lasts too
 * long, what waits in the terminal is thrown away, and the write goes on.  What the terminal shows
 * is unknown then.
 *
 * The timer's signal (SIGRTMIN) comes to the thread that called stall_open(), which calls all of
 * them; one terminal at a time. */
#pragma once

#include <stdbool.h>

enum {
	/* A slow line needs seconds for a frame.  Where INT, TERM or HUP is pending (blocked), it
	 * gets STALL_HURRY_MS. */
	STALL_PATIENCE_MS = 5000,
	STALL_HURRY_MS = 300,
};

/* fd: of the terminal.  Where there is no timer to be had, nothing is ever thrown away. */
void stall_open(int fd);
void stall_close(void); /* accepts a never-opened one */
/* Would it take something now?  poll(2). */
bool stall_has_room(int fd);
/* What follows may write. */
void stall_begin(int patience_ms);
/* true: output has been thrown away. */
bool stall_end(void);
