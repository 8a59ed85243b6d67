/* See stage.h. */
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/dash/keytable.h"
#include "ui/panels/panels.h"
#include "../../support/asserts.h"

struct made made;
struct made_calls calls;
struct dash dash;
bool stage_update;

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

int stage_begin(void **state)
{
	(void)state;
	made_open(&made, 2, 2);
	stage_dash(CHARSET_BRAILLE, "dark");
	stage_run(50);
	frame(24, 80);
	return 0;
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

void every_frame(void)
{
	for (int rows = 1; rows <= 60; rows += 1 + rows / 6)
		for (int columns = 1; columns <= 250; columns += 1 + columns / 6)
			frame(rows, columns);
}

void press(int key)
{
	key_dispatch(&dash, key);
	frame_paint(&dash);
}

void type(const char *ascii)
{
	for (; *ascii; ascii++)
		press((unsigned char)*ascii);
}

/* Is the text on the screen, or not, as wanted? */
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

/* ---- golden screens ---- */

static char *stage_read(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;

	if (in && getdelim(&text, &room, '\0', in) < 0) {
		free(text);
		text = NULL;
	}
	if (in)
		fclose(in);
	return text;
}

static void stage_write(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_at_least(fputs(text, out), 0);
	assert_int_equal(fclose(out), 0);
}

/* The lines that differ. */
static void stage_tell(const char *wanted, const char *got)
{
	for (unsigned line = 1; *wanted || *got; line++) {
		int was = (int)strcspn(wanted, "\n"), is = (int)strcspn(got, "\n");

		if (was != is || memcmp(wanted, got, (size_t)is) != 0)
			fprintf(stderr, "%3u wanted |%.*s\n    got    |%.*s\n", line, was, wanted, is, got);
		wanted += was + (wanted[was] != '\0');
		got += is + (got[is] != '\0');
	}
}

void stage_golden_text(const char *name, const char *text)
{
	char path[512], *wanted;

	snprintf(path, sizeof(path), "%s/%s.txt", PAINTED_GOLDEN, name);
	if (stage_update)
		stage_write(path, text);
	wanted = stage_read(path);
	if (!wanted || strcmp(wanted, text) != 0) {
		stage_tell(wanted ? wanted : "", text);
		fail_msg("%s is not what is painted (--update accepts that)", path);
	}
	free(wanted);
}

void stage_golden(const char *name)
{
	char *screen = canvas_to_text(&dash.canvas);

	assert_non_null(screen);
	stage_golden_text(name, screen);
	free(screen);
}
