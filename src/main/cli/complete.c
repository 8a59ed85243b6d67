/* netdyno __complete WORDS...: what could stand in place of the last word, one candidate a line;
 * ":file" and ":directory" ask the shell for names.  completions/netdyno.bash calls it, so
 * completion never lags behind the tables. */
#include <stdio.h>
#include <string.h>

#include "engines/engines.h"
#include "main/cli/cli.h"

static const char *const top_words[] = { "--help", "--version", NULL };
/* Options whose value is a name in the file system. */
static const char *const file_options[] = { "capture", "json", "jsonl", "csv", NULL };
static const char *const directory_options[] = { "out", "resume", NULL };

static bool is_in(const char *const *names, const char *word)
{
	for (; *names; names++)
		if (!strcmp(*names, word))
			return true;
	return false;
}

static void modes(void)
{
	for (unsigned i = 0; engines_all[i]; i++)
		if (engines_all[i]->built)
			puts(engines_all[i]->name);
}

static void top(void)
{
	for (unsigned i = 0; verbs[i].name; i++)
		if (!verbs[i].hidden && !verbs[i].to_come)
			puts(verbs[i].name);
	modes();
	for (unsigned i = 0; top_words[i]; i++)
		puts(top_words[i]);
}

static void options_of(const struct option_def *def)
{
	for (; def && def->name; def++)
		if (!(def->flags & OPTION_HIDDEN))
			printf("--%s%s\n", def->type == OPTION_BOOL && !strcmp(def->default_text, "yes") ? "no-" : "", def->name);
}

static void methods(const struct engine *engine)
{
	char why[160];

	for (unsigned i = 0; i < engine_methods(engine); i++)
		if (method_runs(engine->methods[i], why, sizeof(why)))
			puts(engine->methods[i]->name);
}

static void values(const struct option_def *def, const struct engine *engine)
{
	if (def->type == OPTION_METHOD)
		methods(engine);
	for (unsigned i = 0; def->type == OPTION_CHOICE && def->choices[i]; i++)
		puts(def->choices[i]);
	if (def->type == OPTION_TEXT && is_in(file_options, def->name))
		puts(":file");
	if (def->type == OPTION_TEXT && is_in(directory_options, def->name))
		puts(":directory");
}

/* The option whose value is being typed, if one is. */
static const struct option_def *awaited(const struct verb *verb, const struct engine *engine, const char *before)
{
	const struct option_def *def = NULL;

	if (strncmp(before, "--", 2) != 0)
		return NULL;
	def = options_table_find(verb->options, before + 2);
	if (!def && verb->takes_mode)
		def = options_table_find(options_common, before + 2);
	if (!def && verb->takes_mode)
		def = options_table_find(engine->options, before + 2);
	return def && def->type != OPTION_BOOL ? def : NULL;
}

static void inside(const struct verb *verb, const struct engine *engine, bool mode_named, int words, const char *before)
{
	const struct option_def *def = awaited(verb, engine, before);

	if (def) {
		values(def, engine);
		return;
	}
	if (verb->takes_mode && !mode_named && words == 1)
		modes();
	if ((!strcmp(verb->name, "sweep") || !strcmp(verb->name, "compare")) && !mode_named && words == 1)
		puts(":file");
	if (!verb->takes_mode && !strcmp(verb->name, "open"))
		puts(":file");
	options_of(verb->options);
	if (verb->takes_mode) {
		options_of(options_common);
		options_of(engine->options);
	}
	puts("--help");
}

int verb_complete(const struct verb *verb, int argc, char **argv, int from)
{
	int words = argc - from; /* the last of them is being typed */
	const struct engine *engine = NULL;
	bool option_first = words > 0 && argv[from][0] == '-';

	(void)verb;
	if (words <= 1 && !option_first) {
		top();
		return finish_stdout(EXIT_VALID);
	}
	const struct verb *chosen = verb_find(argv[from]);
	if (chosen) {
		from++;
		words--;
	} else {
		chosen = &verbs[0];
	}
	if (words > 1 && argv[from][0] != '-')
		engine = engine_find(engines_all, argv[from]);
	inside(chosen, engine ? engine : engines_all[0], engine != NULL, words, words > 1 ? argv[argc - 2] : "");
	return finish_stdout(EXIT_VALID);
}
