/* The command line of one verb.  See cli.h. */
#include "main/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/privilege/privilege.h"
#include "base/text.h"
#include "engines/engines.h"
#include "main/cli/settings.h"
#include "sweep/sweep.h"

enum { TICKS_MAX = 1000000 };

bool cli_asks_help(int argc, char **argv, int from)
{
	for (int i = from; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

int cli_read_own(const struct verb *verb, int argc, char **argv, int from, struct options *ret_own, struct err *err)
{
	int rc = options_init_table(ret_own, verb->options, err);

	return rc < 0 ? rc : options_parse(ret_own, argc, argv, from, err);
}

bool cli_is_packet_method(const struct engine *engine, const char *name)
{
	const struct method *method = engine_find_method(engine, name);

	return method && method->packet_socket;
}

bool cli_wants_packet_sockets(const struct options *o)
{
	static const char *const names[] = { "method", "server-method", "client-method" };
	bool wants = *options_text(o, "capture");

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		wants |= cli_is_packet_method(o->engine, options_text(o, names[i]));
	return wants;
}

int cli_keep_privilege(bool wanted, struct err *err)
{
	if (wanted)
		return privilege_start_opener(err);
	privilege_drop();
	return 0;
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

static int say_other_mode(const struct cli *cli, const char *name, struct err *err)
{
	char modes[128] = "";

	for (unsigned i = 0; engines_all[i]; i++)
		if (engines_all[i]->built && options_table_find(engines_all[i]->options, name))
			text_add(modes, sizeof(modes), "%s%s", *modes ? ", " : "", engines_all[i]->name);
	if (!*modes)
		return 0;
	return err_say(err, EINVAL, "--%s is not an option of mode %s (modes that have it: %s)", name, cli->engine->name, modes);
}

static int say_other_verb(const struct cli *cli, const char *name, struct err *err)
{
	for (unsigned i = 0; verbs[i].name; i++)
		if (!verbs[i].hidden && options_table_find(verbs[i].options, name))
			return err_say(err, EINVAL, "--%s is not an option of \"%s\" (\"%s\" has it)", name, cli->verb->name,
				verbs[i].name);
	return 0;
}

/* Better words than "unknown", where there are some. */
static int say_unknown_option(const struct cli *cli, const char *name, struct err *err)
{
	struct err better = ERR_NONE;

	if (say_other_mode(cli, name, &better) < 0 || say_other_verb(cli, name, &better) < 0)
		*err = better;
	return -err->code;
}

/* ---- options and lists ---- */

static void drop_list(struct cli *cli, const char *name)
{
	for (unsigned i = 0; i < cli->lists; i++) {
		if (strcmp(cli->list[i].name, name) != 0)
			continue;
		cli->lists--;
		memmove(&cli->list[i], &cli->list[i + 1], (cli->lists - i) * sizeof(cli->list[0]));
		return;
	}
}

/* The last value of an option holds, whether it is a list or not. */
static int take_word(struct cli *cli, const struct option_word *word, struct err *err)
{
	const char *name = word->def->name;

	if (word->set == &cli->options)
		drop_list(cli, name);
	if (word->set != &cli->options || !cli->verb->takes_lists || !sweep_is_list(word->def, word->value))
		return options_set(word->set, name, word->value, err);
	cli->list[cli->lists++] = (struct cli_list){ .name = name, .text = word->value };
	return 0;
}

static int take_words(struct cli *cli, int argc, char **argv, int from, struct err *err)
{
	char advice[80];
	struct option_words words = { .set = { &cli->own, &cli->options },
		.argc = argc,
		.argv = argv,
		.at = from,
		.is_list = cli->verb->takes_lists ? sweep_is_list : NULL,
		.advice = advice };
	struct option_word word;
	int rc;

	snprintf(advice, sizeof(advice), "the mode comes first: netdyno %s MODE --option value", cli->verb->name);
	while ((rc = options_next(&words, &word, err)) > 0) {
		rc = take_word(cli, &word, err);
		if (rc < 0)
			return rc;
	}
	return rc == -ENOENT ? say_unknown_option(cli, word.name, err) : rc;
}

int cli_read_options(
	struct cli *cli, const struct verb *verb, const struct engine *engine, int argc, char **argv, int from, struct err *err)
{
	*cli = (struct cli){ .verb = verb, .engine = engine, .help = cli_asks_help(argc, argv, from) };
	if (cli->help)
		return 0;
	int rc = options_init(&cli->options, engine, err);
	if (rc >= 0 && verb->options)
		rc = options_init_table(&cli->own, verb->options, err);
	if (rc < 0)
		return rc;
	cli->list = calloc(cli->options.count, sizeof(cli->list[0]));
	if (!cli->list)
		return err_sys(err, ENOMEM, "read the command line");
	settings_read(&cli->options, verb->options ? &cli->own : NULL, stderr);
	return take_words(cli, argc, argv, from, err);
}

int cli_read(struct cli *cli, const struct verb *verb, bool need_mode, int argc, char **argv, int from, struct err *err)
{
	*cli = (struct cli){ .verb = verb, .help = cli_asks_help(argc, argv, from) };
	int words = read_mode(cli, need_mode && !cli->help, from < argc ? argv[from] : NULL, err);

	return words < 0 ? words : cli_read_options(cli, verb, cli->engine, argc, argv, from + words, err);
}

void cli_free(struct cli *cli)
{
	options_free(&cli->options);
	options_free(&cli->own);
	free(cli->list);
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
