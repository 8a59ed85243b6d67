/* See stage.h. */
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/dash/keytable.h"
#include "ui/panels/panels.h"

struct made made;
struct made_calls calls;
struct dash dash;

static struct ui_requests requests;

void stage_dash(enum charset charset, const char *theme)
{
	struct err err = ERR_NONE;

	made_requests(&calls, &requests);
	assert_int_equal(dash_init(&dash, &made.board, &requests, panel_rows, charset, theme, &err), 0);
}

void stage_run(unsigned ticks)
{
	made_run(&made, true);
	made_ticks(&made, 10, PHASE_WARMUP, 1);
	made_ticks(&made, ticks, PHASE_MEASURE, 1);
}

void stage_close(void)
{
	dash_free(&dash);
	made_close(&made);
}

int stage_end(void **state)
{
	(void)state;
	stage_close();
	return 0;
}

void frame(int rows, int columns)
{
	assert_int_equal(dash_resize(&dash, rows, columns), 0);
	frame_paint(&dash);
}

void press(int key)
{
	key_dispatch(&dash, key);
	frame_paint(&dash);
}

/* Is it as wanted? */
static bool look(const char *text, bool want)
{
	char *screen = canvas_to_text(&dash.canvas);
	bool found = screen && strstr(screen, text);

	if (screen && found != want)
		fprintf(stderr, "%s \"%s\" in\n%s", want ? "looked for" : "did not expect", text, screen);
	free(screen);
	return found == want;
}

bool on_screen(const char *text)
{
	return look(text, true);
}

bool not_on_screen(const char *text)
{
	return look(text, false);
}
