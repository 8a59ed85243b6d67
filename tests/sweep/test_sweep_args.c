/* Which words of a command line are lists. */
#include "fixture.h"

#include "main/sweep/args.h"

enum { WORDS = 24 };

/* "words" -> "words that are left | name=list name=list" */
static void expect(const char *words, const char *expected)
{
	char copy[300], *rest = copy, *argv[WORDS], got[400] = "", *word;
	struct sweep_args args;
	struct err err = ERR_NONE;
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&rest, " ")) && argc < WORDS)
		argv[argc++] = word;
	if (sweep_args_split(&args, &engine_bench, sweep_own_options, argc, argv, 1, &err) < 0)
		fail_msg("%s", err.text);
	for (int i = 0; i < args.argc; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s ", args.argv[i]);
	strcat(got, "|");
	for (unsigned i = 0; i < args.count; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), " %s=%s", args.list[i].name, args.list[i].text);
	if (strcmp(got, expected) != 0)
		fail_msg("\"%s\" becomes \"%s\", expected \"%s\"", words, got, expected);
	sweep_args_free(&args);
}

static void lists_are_taken_out(void **state)
{
	(void)state;
	expect("p bench", "p bench |");
	expect("p bench --size 1K,2K --threads=1,2 --duration 1", "p bench --duration 1 | size=1K,2K threads=1,2");
	expect("p bench --threads 4 --verify=yes,no", "p bench --threads 4 | verify=yes,no");
	expect("p bench -m slow,fast -c1,2 -t=1,2", "p bench | method=slow,fast cores=1,2 duration=1,2");
	/* A flag's list is its value, too; another word behind it is not. */
	expect("p bench --verify yes,no --size 1", "p bench --size 1 | verify=yes,no");
	expect("p bench --verify x --verify --size", "p bench --verify x --verify --size |");
	expect("p bench --verify", "p bench --verify |");
	/* CPU lists and lists of addresses are values; slashes make an axis. */
	expect("p bench --server-cpus 0,1 --listen a,b --peers c,d", "p bench --server-cpus 0,1 --listen a,b --peers c,d |");
	expect("p bench --server-cpus 0,1/2", "p bench | server-cpus=0,1/2");
	/* The last one counts, list or not. */
	expect("p bench --size 1,2 --size 3,4", "p bench | size=3,4");
	expect("p bench --size 1,2 --size 3", "p bench --size 3 |");
	expect("p bench --size 3 --size 1,2", "p bench --size 3 | size=1,2");
	/* Values are values, whatever they look like. */
	expect("p bench --resume --size --out a,b --repeat 1,2", "p bench --resume --size --out a,b --repeat 1,2 |");
	expect("p bench --json a,b --size", "p bench --json a,b --size |");
	/* What nobody knows is left for whoever says so. */
	expect("p bench --sizes 1,2 -Z 1,2 - -- x", "p bench --sizes 1,2 -Z 1,2 - -- x |");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(lists_are_taken_out) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
