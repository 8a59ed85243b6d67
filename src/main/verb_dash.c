/* netdyno dash: the dashboard, and what its keys ask for. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "main/live/modes.h"
#include "main/cli/cli.h"
#include "main/live/console.h"
#include "main/cli/display.h"
#include "main/live/headless.h"
#include "main/cli/help.h"
#include "main/live/plain_text.h"
#include "main/live/relay.h"
#include "main/cli/settings.h"
#include "main/live/signals.h"
#include "main/live/requests.h"
#include "ui/ui.h"

enum { LAST_WORDS_MS = 3000 };

/* ---- the end ---- */

static int end_status(const struct console *c, const struct ui_outcome *outcome)
{
	if (c->failed || c->outputs.failed || c->run_capture.lost)
		return EXIT_FAILED;
	if (outcome->end == UI_SIGNAL)
		return EXIT_INTERRUPTED;
	/* Leaving in mid-run is how a dashboard ends; only a run that came to its own end is
	 * judged. */
	return c->measured && !c->interrupted ? console_status(c) : EXIT_VALID;
}

static int say_end(struct console *c, const struct ui_outcome *outcome)
{
	struct results_source source = console_source(c);
	int status = end_status(c, outcome);
	char why[sizeof(c->run_capture.state.message) + 2];

	if (history_run_count(c->history) > 1) {
		printf("the runs of this session:\n");
		plain_text_runs(stdout, c->history, c->board.captured);
	}
	if (c->measured)
		plain_text_summary(stdout, &source);
	if (c->board.last_snapshot[0])
		say_path(stdout, "last snapshot: ", c->board.last_snapshot, "");
	if (c->run_capture.files && c->run_capture.path[0])
		say_path(stdout, "last capture: ", c->run_capture.path, "");
	if (c->run_capture.lost) {
		snprintf(why, sizeof(why), ": %s", c->run_capture.state.message);
		say_path(stderr, "netdyno: --capture ", c->run_capture.file, why);
	}
	if (c->failed)
		complain(&c->why);
	return finish_stdout(status);
}

/* ---- on the screen ---- */

static int show(struct console *c, const struct cli *cli, struct err *err)
{
	struct ui_requests requests;
	struct ui_outcome outcome = { .end = UI_QUIT };
	struct ui_config config = { .update_fd = session_fd(c->session) };

	display_config(&cli->own, &config.terminal);
	config.signal_fd = signals_open(true, err);
	if (config.signal_fd < 0)
		return complain(err);
	config.terminal.report_frames = cli_test_reports();
	requests_fill(c, &requests);
	int rc = console_start(c, err);
	if (rc >= 0) {
		signals_guard_terminal();
		rc = ui_run(&config, &c->board, &requests, &outcome, err);
	}
	/* From here on messages can be seen; a terminal that stalls may still do so. */
	relay_begin(NULL);
	if (outcome.end == UI_SIGNAL && outcome.signal != SIGINT)
		relay_hurry(RELAY_ONCE_MS);
	c->notes = stderr;
	console_finish(c, LAST_WORDS_MS);
	close(config.signal_fd);
	return rc < 0 ? complain(err) : say_end(c, &outcome);
}

/* ---- without one ---- */

static int plain(struct console *c)
{
	struct err err = ERR_NONE;

	if (relay_begin(&err) < 0)
		return complain(&err);
	c->lines = outputs_on_stdout(&c->outputs) ? stderr : stdout;
	c->notes = stderr;
	return finish_stdout(headless_run(c));
}

static int dash(const struct cli *cli)
{
	struct console console;
	struct err err = ERR_NONE;
	const char *why = NULL;
	bool draw = !options_number(&cli->own, "plain") && display_can_draw(&why);
	/* A key may begin a capture or choose a method at any time. */
	int rc = cli_keep_privilege(draw || cli_wants_packet_sockets(&cli->options), &err);

	if (rc >= 0)
		rc = console_open(&console, cli, &err);
	if (rc >= 0 && draw && outputs_on_stdout(&console.outputs)) {
		console_close(&console);
		rc = err_say(&err, EINVAL, "stdout shows the dashboard: write results to a file, or use netdyno run");
	}
	if (rc < 0)
		return complain(&err);
	if (why)
		fprintf(stderr, "netdyno: %s: printing plain lines instead of the dashboard\n", why);
	int status = draw ? show(&console, cli, &err) : plain(&console);
	console_close(&console);
	return status;
}

int verb_dash(const struct verb *verb, int argc, char **argv, int from)
{
	struct cli cli;
	struct err err = ERR_NONE;
	int rc = cli_read(&cli, verb, false, argc, argv, from, &err);
	int status = rc < 0     ? complain_usage(&err)
		     : cli.help ? help_verb(verb, argc > from && argv[from][0] != '-' ? cli.engine : NULL)
				: dash(&cli);

	cli_free(&cli);
	return status;
}
