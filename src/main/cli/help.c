/* Help.  See help.h. */
#include "main/cli/help.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "engines/engines.h"
#include "ui/dash/keytable.h"

enum { WIDTH_DEFAULT = 80, WIDTH_MIN = 40, WIDTH_MAX = 130, INDENT = 26 };

static const char *const examples[][2] = {
	{ "netdyno", "UDP echo on the dashboard, both ends on this machine" },
	{ "netdyno run echo --method single --duration 5s", "one run of five seconds, without a screen" },
	{ "netdyno run echo --json - | jq .end.sum", "the result as JSON, for another program" },
	{ "netdyno run echo --rate 50000 --payload 1400", "open loop: 50000 packets/s" },
	{ "netdyno run echo --role server --listen 0.0.0.0", "a server for clients on other hosts" },
	{ "netdyno run echo --role client --host 192.0.2.1", "a client of the server at that address" },
};

static const char *const statuses[][2] = {
	{ "0", "done, and the result is valid" },
	{ "1", "failed; selftest: what was put in and what was said differ" },
	{ "2", "usage error: the message says which argument" },
	{ "3", "the run ended, but its verdict is invalid: do not use the numbers; doctor: something falsifies them" },
	{ "4", "compare: a condition of --fail-if holds" },
	{ "130", "interrupted; the results so far are written" },
};

int help_width(FILE *out)
{
	struct winsize size;
	/* Behind a relay the streams have no descriptor. */
	int fd = out == stdout ? STDOUT_FILENO : out == stderr ? STDERR_FILENO : fileno(out);

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return 0;
	if (size.ws_col == 0)
		return WIDTH_DEFAULT;
	return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col > WIDTH_MAX ? WIDTH_MAX : size.ws_col;
}

static int screen_width(void)
{
	int width = help_width(stdout);

	return width ? width : WIDTH_DEFAULT;
}

void help_fill(FILE *out, const char *text, int at, int indent, int width)
{
	for (;; at = indent) {
		size_t bytes = text_line(text, width > at ? (unsigned)(width - at) : 1);

		fprintf(out, "%.*s\n", (int)bytes, text);
		text += bytes;
		text += strspn(text, " ");
		if (!*text)
			return;
		fprintf(out, "%*s", indent, "");
	}
}

/* A paragraph that is indented throughout. */
static void paragraph(const char *text)
{
	printf("  ");
	help_fill(stdout, text, 2, 2, screen_width());
}

/* Two columns: what is explained, and at `indent` its explanation; where the first is too long,
 * on the next line. */
static void row(const char *left, const char *text, int indent)
{
	int at = printf("  %s", left);

	if (at + 2 > indent) {
		putchar('\n');
		at = 0;
	}
	printf("%*s", indent - at, "");
	help_fill(stdout, text, indent, indent, screen_width());
}

/* ---- options ---- */

/* A flag that is set unless somebody takes it off. */
static bool help_is_on(const struct option_def *def)
{
	return def->type == OPTION_BOOL && !strcmp(def->default_text, "yes");
}

static void option_left(const struct option_def *def, char *out, size_t size)
{
	char letter[8] = "    ";

	if (def->letter)
		snprintf(letter, sizeof(letter), "-%c, ", def->letter);
	snprintf(out, size, "%s--%s%s%s%s", letter, help_is_on(def) ? "[no-]" : "", def->name, def->value_name ? " " : "",
		def->value_name ? def->value_name : "");
}

static void option_right(const struct option_def *def, char *out, size_t size)
{
	char range[160] = "";
	bool has_default = *def->default_text && (def->type != OPTION_BOOL || help_is_on(def));

	if (option_is_number(def) || def->type == OPTION_CHOICE)
		options_range_text(def, range, sizeof(range));
	snprintf(out, size, "%s%s%s%s%s%s%s", def->help, *range || has_default ? " [" : "", range,
		*range && has_default ? "; " : "", has_default ? "default " : "", has_default ? def->default_text : "",
		*range || has_default ? "]" : "");
}

static void help_options(const char *title, const struct option_def *def)
{
	char left[80], right[400];

	if (!def || !def->name)
		return;
	printf("\n%s\n", title);
	for (; def->name; def++) {
		if (def->flags & OPTION_HIDDEN)
			continue;
		option_left(def, left, sizeof(left));
		option_right(def, right, sizeof(right));
		row(left, right, INDENT + 4);
	}
}

/* ---- modes, verbs ---- */

static void help_modes(void)
{
	printf("\nModes\n");
	for (unsigned i = 0; engines_all[i]; i++) {
		char text[300];

		snprintf(text, sizeof(text), "%s%s", engines_all[i]->summary, engines_all[i]->built ? "" : " (not built yet)");
		row(engines_all[i]->name, text, 12);
	}
}

static void help_verbs(void)
{
	printf("Usage\n");
	for (unsigned i = 0; verbs[i].name; i++) {
		char text[300];

		if (verbs[i].hidden)
			continue;
		snprintf(text, sizeof(text), "%s%s", verbs[i].summary, verbs[i].to_come ? " (not built yet)" : "");
		row(verbs[i].usage, text, 38);
	}
	row("netdyno MODE --help", "a mode's options and methods", 38);
	row("netdyno --version | --help", "the version; this help", 38);
}

static void help_statuses(void)
{
	printf("\nExit status\n");
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		row(statuses[i][0], statuses[i][1], 8);
}

static void help_mode(const struct engine *engine)
{
	char title[120];

	printf("\nMode %s: %s\n", engine->name, engine->title);
	paragraph(engine->summary);
	snprintf(title, sizeof(title), "Options of mode %s", engine->name);
	help_options(title, engine->options);
	if (engine_methods(engine))
		printf("\nMethods (\"netdyno list\" says which run here)\n");
	for (unsigned i = 0; i < engine_methods(engine); i++)
		row(engine->methods[i]->name, engine->methods[i]->summary, 12);
}

static void help_keys(void)
{
	char *keys = key_help();

	if (!keys)
		return;
	printf("\nKeys\n");
	for (char *line = strtok(keys, "\n"); line; line = strtok(NULL, "\n")) {
		char *tab = strchr(line, '\t');

		if (tab)
			*tab = '\0';
		row(line, tab ? tab + 1 : "", 16);
	}
	free(keys);
}

int help_program(void)
{
	printf("netdyno %s: a dynamometer for Linux network I/O\n\n", NETDYNO_VERSION);
	help_verbs();
	help_modes();
	printf("\nExamples\n");
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		row(examples[i][0], examples[i][1], 51);
	help_statuses();
	printf("\nFiles\n");
	row("$XDG_CONFIG_HOME/netdyno/config.ini", "settings: [dash] theme, charset, mouse; [MODE] option = value", 38);
	row("$XDG_DATA_HOME/netdyno/", "snapshots and captures", 38);
	return finish_stdout(EXIT_VALID);
}

int help_verb(const struct verb *verb, const struct engine *engine)
{
	printf("%s\n", verb->usage);
	paragraph(verb->summary);
	help_options("Options", verb->options);
	if (engine)
		help_mode(engine);
	else if (verb->takes_mode)
		help_modes();
	if (verb->takes_mode)
		help_options("Options of every mode", options_common);
	if (verb == verbs)
		help_keys();
	help_statuses();
	return finish_stdout(EXIT_VALID);
}
