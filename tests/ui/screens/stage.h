/* The dashboard of a board made by hand, as a test works it: one of each a program.  made_open()
 * comes first. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "boards.h"
#include "ui/panels/frame.h"

extern struct made made;
extern struct made_calls calls; /* of the requests that the dashboard makes */
extern struct dash dash;

void stage_dash(enum charset charset, const char *theme);
/* A run: 1 s of warm-up, and a measure phase of so many ticks. */
void stage_run(unsigned ticks);
void stage_close(void); /* the board, too */
/* A setup: the dashboard of a run of two workers a side, in 80x24; and the teardown. */
int stage_begin(void **state);
int stage_end(void **state);

/* Both draw a frame. */
void frame(int rows, int columns);
void press(int key);
void type(const char *ascii);
/* Draws one in each size from 1x1 to 60x250, in steps that grow. */
void every_frame(void);

/* Print the screen where the text is missing, or there after all. */
bool on_screen(const char *text);
bool not_on_screen(const char *text);

/* ---- golden screens, as text ---- */

extern bool stage_update; /* they are written, not compared */
/* Compares the frame with golden/NAME.txt beside this file. */
void stage_golden(const char *name);
void stage_golden_text(const char *name, const char *text);
