/* The command line of one verb.  See cli.h. */
#include "main/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engines/engines.h"
#include "main/cli/settings.h"

enum { TICKS_MAX = 1000000 };

bool cli_asks_help(int argc, char **argv, int from)
{
	for (int i = from; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

int cli_say_unknown_mode(const char *word, bool with_verbs, struct err *err)
{
	struct text_guess guess = { .word = word };
	char quoted[TEXT_SHOWN_BYTES];

	for (unsigned i = 0; engines_all[i]; i++)
		text_guess_offer(&guess, engines_all[i]->name);
	for (unsigned i = 0; with_verbs && verbs[i].name; i++)
		if (!verbs[i].hidden)
			text_guess_offer(&guess, verbs[i].name);
	return err_say(err, ENOENT, "unknown %s \"%s\"%s", with_verbs ? "mode or verb" : "mode", text_shown(word, quoted),
		guess.nearest ? text_guess_ask(&guess, "", "") : " (\"netdyno list\" shows the modes)");
}

static int read_mode(struct cli *cli, bool needed, const char *word, struct err *err)
{
	bool named = word && word[0] != '-';

	if (!named && needed)
		return err_say(err, EINVAL, "%s needs a mode, such as: netdyno %s %s", cli->verb->name, cli->verb->name,
			engines_all[0]->name);
	cli->engine = named ? engine_find(engines_all, word) : engines_all[0];
	if (!cli->engine)
		return cli_say_unknown_mode(word, false, err);
	if (!cli->engine->built && !cli->help)
		return err_say(err, EINVAL, "mode %s (%s) is not built yet", cli->engine->name, cli->engine->title);
	return named;
}

/* ---- options that this mode does not have ---- */

static bool table_has(const struct option_def *table, const char *name)
{
	for (; table && table->name; table++)
		if (!strcmp(table->name, name))
			return true;
	return false;
}

static int say_other_mode(const struct cli *cli, const char *name, struct err *err)
{
	char modes[128] = "";

	for (unsigned i = 0; engines_all[i]; i++)
		if (engines_all[i]->built && table_has(engines_all[i]->options, name))
			text_add(modes, sizeof(modes), "%s%s", *modes ? ", " : "", engines_all[i]->name);
	if (!*modes)
		return 0;
	return err_say(err, EINVAL, "--%s is not an option of mode %s (modes with it: %s)", name, cli->engine->name, modes);
}

static int say_other_verb(const struct cli *cli, const char *name, struct err *err)
{
	for (unsigned i = 0; verbs[i].name; i++)
		if (!verbs[i].hidden && table_has(verbs[i].options, name))
			return err_say(err, EINVAL, "--%s is not an option of \"%s\" (\"%s\" has it)", name, cli->verb->name,
				verbs[i].name);
	return 0;
}

static void offer_names(const struct options *o, struct text_guess *guess)
{
	for (unsigned i = 0; i < o->count; i++)
		text_guess_offer(guess, o->def[i]->name);
}

static int say_unknown_option(const struct cli *cli, const char *name, struct err *err)
{
	struct text_guess guess = { .word = name };
	char quoted[TEXT_SHOWN_BYTES];
	int rc = say_other_mode(cli, name, err);

	if (rc == 0)
		rc = say_other_verb(cli, name, err);
	if (rc < 0)
		return rc;
	text_guess_offer(&guess, "help");
	offer_names(&cli->options, &guess);
	offer_names(&cli->own, &guess);
	return err_say(err, ENOENT, "unknown option --%s%s", text_shown(name, quoted), text_guess_ask(&guess, "--", ""));
}

/* The name in "--name", "--name=value", "--no-name" as `o` knows it: its index, or -1 with the
 * name that was typed. */
static int find_word(const struct options *o, const char *word, char *ret_name, size_t size)
{
	size_t length = strcspn(word + 2, "=");

	snprintf(ret_name, size, "%.*s", (int)(length < size ? length : size - 1), word + 2);
	int at = options_find(o, ret_name);
	if (at < 0 && !strncmp(ret_name, "no-", 3)) {
		at = options_find(o, ret_name + 3);
		if (at >= 0 && o->def[at]->type != OPTION_BOOL)
			at = -1;
	}
	return at;
}

/* options_parse() asks this first: the verb's own options, and better words for what nobody
 * knows. */
static int also(void *ctx, int argc, char **argv, int at, struct err *err)
{
	struct cli *cli = ctx;
	const char *word = argv[at];
	char name[64];

	if (word[0] != '-' && at > 0)
		return err_say(err, EINVAL, "unexpected word \"%.60s\" (the mode comes first: netdyno %s MODE --option value)",
			word, cli->verb->name);
	if (strncmp(word, "--", 2) != 0)
		return 0;
	int own = find_word(&cli->own, word, name, sizeof(name));
	if (own < 0)
		return find_word(&cli->options, word, name, sizeof(name)) < 0 ? say_unknown_option(cli, name, err) : 0;
	bool alone = cli->own.def[own]->type == OPTION_BOOL || strchr(word, '=');
	int words = alone || at + 1 >= argc ? 1 : 2;
	int rc = options_parse(&cli->own, at + words, argv, at, NULL, NULL, err);
	return rc < 0 ? rc : words;
}

int cli_read(struct cli *cli, const struct verb *verb, bool need_mode, int argc, char **argv, int from, struct err *err)
{
	*cli = (struct cli){ .verb = verb, .help = cli_asks_help(argc, argv, from) };
	int words = read_mode(cli, need_mode && !cli->help, from < argc ? argv[from] : NULL, err);

	if (words < 0 || cli->help)
		return words < 0 ? words : 0;
	int rc = options_init(&cli->options, cli->engine, err);
	if (rc >= 0 && verb->options)
		rc = options_init_table(&cli->own, verb->options, err);
	if (rc < 0)
		return rc;
	settings_read(&cli->options, verb->options ? &cli->own : NULL, stderr);
	return options_parse(&cli->options, argc, argv, from + words, also, cli, err);
}

void cli_free(struct cli *cli)
{
	options_free(&cli->options);
	options_free(&cli->own);
}

static long test_ticks(void)
{
	const char *text = getenv("NETDYNO_TEST_TICKS");
	long ticks = text ? strtol(text, NULL, 10) : 0;

	return ticks > 0 && ticks <= TICKS_MAX ? ticks : 0;
}

unsigned cli_test_ticks(const struct engine *engine)
{
	return engine->synthetic ? (unsigned)test_ticks() : 0;
}

bool cli_test_reports(void)
{
	return test_ticks() > 0;
}
