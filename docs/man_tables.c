/* Fills the man page: copies it from stdin to stdout and puts, in place of each line "; @NAME@",
 * what the program's own tables say.  Run by the build. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/engines.h"
#include "main/cli/program.h"
#include "ui/dash/keytable.h"

/* Text with what scdoc(5) would take for formatting escaped. */
static void put(const char *text)
{
	for (; *text; text++) {
		if (strchr("\\_*<>#[]|`", *text))
			putchar('\\');
		putchar(*text);
	}
}

static void put_option(const struct option_def *def)
{
	bool on_by_default = def->type == OPTION_BOOL && !strcmp(def->default_text, "yes");
	bool has_range = option_is_number(def) || def->type == OPTION_CHOICE;
	char range[200];

	printf("*");
	if (def->letter)
		printf("-%c*, *", def->letter);
	printf("--%s", on_by_default ? "\\[no-\\]" : "");
	put(def->name);
	printf("*");
	if (def->value_name) {
		printf(" _");
		put(def->value_name);
		printf("_");
	}
	printf("\n\t");
	put(def->help);
	printf(".");
	if (has_range) {
		printf(" Values: ");
		put(options_range_text(def, range, sizeof(range)));
		printf(".");
	}
	if ((def->type != OPTION_BOOL || on_by_default) && *def->default_text) {
		printf(" Default: ");
		put(def->default_text);
		printf(".");
	}
	printf("\n\n");
}

static void put_options(const struct option_def *def)
{
	for (; def && def->name; def++)
		put_option(def);
}

static void put_common(void)
{
	put_options(options_common);
}

static void put_display(void)
{
	put_options(display_options);
}

static void put_compare(void)
{
	put_options(compare_options);
}

static void put_sweep(void)
{
	put_options(sweep_options);
}

static void put_doctor(void)
{
	put_options(doctor_options);
}

static void put_selftest(void)
{
	put_options(selftest_options);
}

static void put_methods(const struct engine *engine)
{
	printf("Methods:\n\n");
	for (unsigned i = 0; i < engine_methods(engine); i++) {
		printf("*%s*\n\t", engine->methods[i]->name);
		put(engine->methods[i]->summary);
		printf(".\n\n");
	}
}

static void put_modes(void)
{
	for (unsigned i = 0; engines_all[i]; i++) {
		const struct engine *engine = engines_all[i];

		printf("## %s\n\n", engine->name);
		put(engine->summary);
		printf(".%s\n\n", engine->built ? "" : " Not built yet.");
		if (engine_methods(engine))
			put_methods(engine);
		put_options(engine->options);
	}
}

static void put_keys(void)
{
	char *keys = key_help();

	for (char *line = keys ? strtok(keys, "\n") : NULL; line; line = strtok(NULL, "\n")) {
		char *tab = strchr(line, '\t');

		if (tab)
			*tab = '\0';
		printf("*");
		put(line);
		printf("*\n\t");
		put(tab ? tab + 1 : "");
		printf("\n\n");
	}
	free(keys);
}

static const struct {
	const char *line;
	void (*put)(void);
} tables[] = {
	{ "; @common@\n", put_common },
	{ "; @display@\n", put_display },
	{ "; @sweep@\n", put_sweep },
	{ "; @compare@\n", put_compare },
	{ "; @doctor@\n", put_doctor },
	{ "; @selftest@\n", put_selftest },
	{ "; @modes@\n", put_modes },
	{ "; @keys@\n", put_keys },
};

int main(void)
{
	char line[1024];

	while (fgets(line, sizeof(line), stdin)) {
		bool filled = false;

		for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
			if (!strcmp(line, tables[i].line)) {
				tables[i].put();
				filled = true;
			}
		if (!filled)
			fputs(line, stdout);
	}
	return ferror(stdin) || fflush(stdout) != 0;
}
