/* The looks of the dashboard, as chosen.  See display.h. */
#include "main/cli/display.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "main/cli/program.h"

const char *const display_themes[] = { "dark", "light", "mono", "safe", NULL };
/* In the order of enum charset. */
const char *const display_charsets[] = { "auto", "braille", "block", "ascii", NULL };

const struct option_def display_options[] = {
	{ .name = "theme",
		.type = OPTION_CHOICE,
		.value_name = "NAME",
		.choices = display_themes,
		.default_text = "dark",
		.help = "colours of the dashboard, light by itself where the terminal is; safe suits colour-blind eyes" },
	{ .name = "charset",
		.type = OPTION_CHOICE,
		.value_name = "NAME",
		.choices = display_charsets,
		.default_text = "auto",
		.help = "characters that charts are drawn with; auto: braille if the locale is UTF-8" },
	{ .name = "plain",
		.type = OPTION_BOOL,
		.default_text = "no",
		.help = "print a line per interval instead of the dashboard: for screen readers, pipes and logs" },
	{ .name = "mouse",
		.type = OPTION_BOOL,
		.default_text = "yes",
		.help = "take mouse clicks; --no-mouse leaves them to the terminal" },
	{ 0 },
};

static char terminal_note[160];

/* "15;0", "0;default;15": the last is the background, by its place in the palette; rxvt, Konsole
 * and others set it. -1: it does not say. */
static int light_by_environment(void)
{
	const char *colors = getenv("COLORFGBG"), *last = colors ? strrchr(colors, ';') : NULL;
	char *end;
	long background = last ? strtol(last + 1, &end, 10) : -1;

	if (!last || end == last + 1 || background < 0 || background > 15)
		return -1;
	return background == 7 || background == 15;
}

void display_config(const struct options *own, struct terminal_config *ret_config)
{
	const char *no_color = getenv("NO_COLOR");
	bool is_chosen = options_is_given(own, "theme");
	int light = light_by_environment();

	*ret_config = (struct terminal_config){ .theme = !is_chosen && light == 1 ? "light" : options_text(own, "theme"),
		.ask_background = !is_chosen && light < 0,
		.note = terminal_note,
		.charset = (enum charset)options_number(own, "charset"),
		.no_color = no_color && *no_color,
		.mouse = options_find(own, "mouse") >= 0 && options_number(own, "mouse") };
}

bool display_can_draw(const char **ret_why)
{
	const char *term = getenv("TERM");

	*ret_why = !isatty(STDIN_FILENO)                      ? "stdin is not a terminal"
		   : !isatty(STDOUT_FILENO)                   ? "stdout is not a terminal"
		   : !term || !*term || !strcmp(term, "dumb") ? "the terminal cannot draw it (TERM is unset or dumb)"
		   : !terminal_resolve(terminal_note, sizeof(terminal_note)) ? "the terminal is unknown (TERM)"
									     : NULL;
	return !*ret_why;
}
