/* netdyno run: one run without a screen. */
#include <string.h>

#include "main/cli/cli.h"
#include "main/live/headless.h"
#include "main/live/relay.h"
#include "main/cli/help.h"

static const char default_duration[] = "10s";

static int run(const struct cli *cli)
{
	struct console console;
	struct err err = ERR_NONE;

	if (cli_keep_privilege(cli_wants_packet_sockets(&cli->options), &err) < 0 || relay_begin(&err) < 0)
		return complain(&err);
	if (console_open(&console, cli, &err) < 0)
		return complain(&err);
	console.lines = outputs_on_stdout(&console.outputs) ? stderr : stdout;
	console.notes = stderr;
	int status = headless_run(&console);
	console_close(&console);
	return finish_stdout(status);
}

int verb_run(const struct verb *verb, int argc, char **argv, int from)
{
	struct cli cli;
	struct err err = ERR_NONE;
	int rc = cli_read(&cli, verb, true, argc, argv, from, &err);
	int status;

	if (rc >= 0 && !cli.help && !options_is_set(&cli.options, "duration"))
		rc = options_set_default(&cli.options, "duration", default_duration, &err);
	if (rc < 0)
		status = complain_usage(&err);
	else
		status = cli.help ? help_verb(verb, argc > from && argv[from][0] != '-' ? cli.engine : NULL) : run(&cli);
	cli_free(&cli);
	return status;
}
