/* netdyno: chooses the verb, and is the only place that chooses an exit status for what went wrong. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "engines/engines.h"
#include "main/cli.h"
#include "main/help.h"

static int verb_sweep(const struct verb *verb, int argc, char **argv, int from)
{
	(void)argc, (void)argv, (void)from;
	fprintf(stderr, "netdyno: %s is not built yet\n", verb->name);
	return EXIT_USAGE;
}

const struct verb verbs[] = {
	{ .name = "dash",
		.usage = "netdyno [dash] [MODE] [options]",
		.summary = "the dashboard (default: echo, both roles, on loopback, running at once)",
		.options = display_options,
		.takes_mode = true,
		.go = verb_dash },
	{ .name = "run",
		.usage = "netdyno run MODE [options]",
		.summary = "without a screen: a line a second to a person, results as JSON, JSON lines or CSV",
		.takes_mode = true,
		.go = verb_run },
	{ .name = "list",
		.usage = "netdyno list [--json]",
		.summary = "modes and methods, each with \"runs here\" or why not",
		.options = list_options,
		.go = verb_list },
	{ .name = "open",
		.usage = "netdyno open DIR|FILE",
		.summary = "a saved snapshot or result in the same dashboard",
		.options = display_options,
		.go = verb_open },
	{ .name = "sweep",
		.usage = "netdyno sweep MODE|PLAN.ini [options]",
		.summary = "many runs over lists of option values",
		.to_come = true,
		.go = verb_sweep },
	{ .name = "__complete", .usage = "", .summary = "", .hidden = true, .go = verb_complete },
	{ 0 },
};

const struct verb *verb_find(const char *name)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (!strcmp(v->name, name))
			return v;
	return NULL;
}

/* ---- what went wrong ---- */

int complain(const struct err *err)
{
	struct rlimit limit;

	fprintf(stderr, "netdyno: %s", err->text);
	if (err->code == EMFILE && getrlimit(RLIMIT_NOFILE, &limit) == 0)
		fprintf(stderr, " (the limit is %llu: raise it with ulimit -n)", (unsigned long long)limit.rlim_cur);
	fputc('\n', stderr);
	return err->code == EINVAL || err->code == ERANGE ? EXIT_USAGE : EXIT_FAILED;
}

int complain_usage(const struct err *err)
{
	int status = complain(err);

	return err->code == ENOMEM ? status : EXIT_USAGE;
}

int finish_stdout(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno != EPIPE && errno != 0)
		fprintf(stderr, "netdyno: write to stdout: %s\n", strerror(errno));
	return EXIT_FAILED;
}

/* ---- the verb ---- */

static bool is_word(const char *word, const char *a, const char *b)
{
	return !strcmp(word, a) || !strcmp(word, b);
}

static int dispatch(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	struct err err = ERR_NONE;

	if (is_word(word, "--version", "-V")) {
		printf("netdyno %s\n", NETDYNO_VERSION);
		return finish_stdout(EXIT_VALID);
	}
	if (is_word(word, "--help", "-h") || is_word(word, "help", "help"))
		return help_program();
	const struct verb *verb = verb_find(word);
	if (verb && verb->to_come && cli_asks_help(argc, argv, 2))
		return help_program();
	if (verb)
		return verb->go(verb, argc, argv, 2);
	if (!*word || *word == '-' || engine_find(engines_all, word))
		return verbs[0].go(&verbs[0], argc, argv, 1);
	cli_say_unknown_mode(word, true, &err);
	return complain_usage(&err);
}

int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	/* A reader that goes away is an error of write(2), not a death. */
	signal(SIGPIPE, SIG_IGN);
	return dispatch(argc, argv);
}
