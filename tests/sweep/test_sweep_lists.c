/* A sweep's command line: some words are lists, the others are values. */
#include "fixture.h"

#include "base/text.h"
#include "main/cli/cli.h"

enum { WORDS = 24 };

static const struct verb verb_lists = { .name = "lists", .options = sweep_own_options, .takes_lists = true };

static void add_given(const struct options *o, char *out, size_t size)
{
	for (unsigned i = 0; i < o->count; i++)
		if (o->value[i].is_given)
			text_add(out, size, "%s=%s ", o->def[i]->name, o->value[i].text);
}

/* "words" -> "values of the mode's options, values of the verb's | lists", or the error. */
static void expect(const char *words, const char *expected)
{
	char copy[300], *rest = copy, *argv[WORDS], got[ERR_TEXT_BYTES] = "", *word;
	struct err err = ERR_NONE;
	struct cli cli;
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&rest, " ")) && argc < WORDS)
		argv[argc++] = word;
	if (cli_read_options(&cli, &verb_lists, &engine_toy, argc, argv, 0, &err) < 0)
		snprintf(got, sizeof(got), "%s", err.text);
	else {
		add_given(&cli.options, got, sizeof(got));
		add_given(&cli.own, got, sizeof(got));
		text_add(got, sizeof(got), "|");
		for (unsigned i = 0; i < cli.lists; i++)
			text_add(got, sizeof(got), " %s=%s", cli.list[i].name, cli.list[i].text);
	}
	if (strcmp(got, expected) != 0)
		fail_msg("\"%s\" becomes \"%s\", expected \"%s\"", words, got, expected);
	cli_free(&cli);
}

static void lists_and_values(void **state)
{
	(void)state;
	expect("--size 1K,2K --threads=1,2 --duration 1", "duration=1 | size=1K,2K threads=1,2");
	expect("--threads 4 --verify=yes,no", "threads=4 | verify=yes,no");
	expect("-m slow,fast -c1,2 -t=1,2", "| method=slow,fast cores=1,2 duration=1,2");
	/* A flag takes the next word if that is a list, and no other one. */
	expect("--verify yes,no --size 1", "size=1 | verify=yes,no");
	expect("--verify --size 1", "size=1 verify=yes |");
	expect("--verify yes", "unexpected word \"yes\" (the mode comes first: netdyno lists MODE --option value)");
	/* CPU lists and lists of addresses are values; slashes make an axis. */
	expect("--server-cpus 0,1 --listen a,b --peers c,d", "listen=a,b server-cpus=0,1 peers=c,d |");
	expect("--server-cpus 0,1/2", "| server-cpus=0,1/2");
	/* The last one counts, list or not. */
	expect("--size 1,2 --size 3,4", "| size=3,4");
	expect("--size 1,2 --size 3", "size=3 |");
	expect("--size 3 --size 1,2", "size=3 | size=1,2");
	/* The verb's own options take no lists. */
	expect("--out a,b --json c,d --resume e,f", "out=a,b json=c,d resume=e,f |");
	expect("--repeat 1,2", "--repeat 1,2: expected a whole number such as 8, 50k, 1M");
}

static void refusals(void **state)
{
	(void)state;
	expect("--sizes 1,2", "unknown option --sizes (did you mean --size?)");
	expect("-Z 1,2", "unknown option -Z");
	expect("--rate", "--rate needs a value (--rate MSGPS)");
	expect("--resume --rate", "--resume needs a value (--resume DIR)");
	expect("-- x", "unexpected word \"x\" (the mode comes first: netdyno lists MODE --option value)");
	expect("\x1b[2J", "unexpected word \"\\x1b[2J\" (the mode comes first: netdyno lists MODE --option value)");
}

/* The settings file of whoever runs the test is not looked at. */
static int hide_settings(void **state)
{
	(void)state;
	return setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(lists_and_values), cmocka_unit_test(refusals) };

	return cmocka_run_group_tests(tests, hide_settings, NULL);
}
