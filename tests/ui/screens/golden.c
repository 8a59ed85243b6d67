/* See golden.h. */
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"
#include "../../support/asserts.h"

static bool update;

void golden_open(int argc, char **argv)
{
	update = argc > 1 && !strcmp(argv[1], "--update");
}

static char *read_text(const char *path)
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

static void write_text(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_at_least(fputs(text, out), 0);
	assert_int_equal(fclose(out), 0);
}

void golden_screen(const char *name)
{
	char path[512], *screen = canvas_to_text(&dash.canvas), *wanted;

	snprintf(path, sizeof(path), "%s/%s.txt", PAINTED_GOLDEN, name);
	assert_non_null(screen);
	if (update)
		write_text(path, screen);
	wanted = read_text(path);
	if (!wanted || strcmp(wanted, screen) != 0)
		fail_msg("%s (--update accepts it) wants\n%s\ngot\n%s", path, wanted ? wanted : "", screen);
	free(wanted);
	free(screen);
}
