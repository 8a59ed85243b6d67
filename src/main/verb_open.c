/* netdyno open: a saved snapshot or result in the dashboard, with nothing to start; without a
 * terminal its summary. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "engines/engines.h"
#include "main/live/modes.h"
#include "main/cli/cli.h"
#include "main/cli/display.h"
#include "main/cli/help.h"
#include "main/live/plain_text.h"
#include "main/cli/settings.h"
#include "main/live/signals.h"
#include "snapshot/snapshot.h"
#include "ui/ui.h"

struct saved {
	struct board board;
	struct history *history;
};

static void keep_setting(void *ctx, const char *name, const char *value)
{
	(void)ctx;
	settings_keep("dash", name, value, NULL);
}

/* The board is read_only: nothing else is asked for. */
static const struct ui_requests requests = { .keep_setting = keep_setting };

/* ---- loading ---- */

/* The last part of the path and when it was saved, unless that is its name already. */
static void name_it(const char *path, int64_t wall_ns, char *out, size_t size)
{
	size_t end = strlen(path), from;
	char when[32], name[48];

	while (end > 1 && path[end - 1] == '/') /* as the shell completes a directory */
		end--;
	for (from = end; from && path[from - 1] != '/'; from--)
		;
	clock_format_iso(wall_ns, when, sizeof(when));
	text_escape(path + from, end - from, name, sizeof(name));
	if (!strncmp(name, when, strlen("2026-01-01")))
		snprintf(out, size, "snapshot %s", name);
	else
		snprintf(out, size, "%s, saved %.24s", name, when);
}

static int load(struct saved *s, const char *path, struct err *err)
{
	struct snapshot snapshot;
	int rc = snapshot_load(path, engines_all, &snapshot, err);

	if (rc < 0)
		return rc;
	s->history = snapshot.history;
	const struct run_info *info = history_newest_run(s->history);
	rc = modes_init(&s->board, info->engine, err);
	if (rc < 0)
		return rc;
	struct options *mine = &s->board.mode[s->board.current_mode].options;
	options_free(mine);
	rc = options_copy(mine, &info->options, err);
	s->board.history = s->history;
	s->board.host = snapshot.host;
	s->board.captured = snapshot.captured;
	s->board.read_only = true;
	modes_find_method(&s->board);
	name_it(path, snapshot.wall_ns, s->board.title_note, sizeof(s->board.title_note));
	return rc;
}

static int show(struct saved *s, const struct options *own, struct err *err)
{
	struct ui_outcome outcome = { .end = UI_QUIT };
	struct ui_config config = { .update_fd = -1 };

	display_config(own, &config.terminal);
	config.terminal.report_frames = cli_test_reports();
	config.signal_fd = signals_open(true, err);
	if (config.signal_fd < 0)
		return complain(err);
	signals_guard_terminal();
	int rc = ui_run(&config, &s->board, &requests, &outcome, err);
	close(config.signal_fd);
	return rc < 0 ? complain(err) : outcome.end == UI_SIGNAL ? EXIT_INTERRUPTED : EXIT_VALID;
}

static int summarise(const struct saved *s)
{
	const struct run_info *info = history_newest_run(s->history);
	struct results_source source = {
		.history = s->history, .run_id = info->id, .host = &s->board.host, .captured = s->board.captured
	};

	printf("%s\n", s->board.title_note);
	plain_text_header(stdout, info, &s->board.host);
	plain_text_summary(stdout, &source);
	return finish_stdout(EXIT_VALID);
}

static int open_saved(const char *path, const struct options *own)
{
	struct saved s = { .history = NULL };
	struct err err = ERR_NONE;
	const char *why;
	int status = EXIT_FAILED;

	if (load(&s, path, &err) < 0)
		complain(&err);
	else if (options_number(own, "plain") || !display_can_draw(&why))
		status = summarise(&s);
	else
		status = show(&s, own, &err);
	modes_free(&s.board);
	history_free(s.history);
	return status;
}

int verb_open(const struct verb *verb, int argc, char **argv, int from)
{
	struct options own = { 0 };
	struct err err = ERR_NONE;
	bool named = from < argc && argv[from][0] != '-';

	if (cli_asks_help(argc, argv, from))
		return help_verb(verb, NULL);
	int rc = named ? 0 : err_say(&err, EINVAL, "open needs a snapshot's directory or a result file: %s", verb->usage);
	if (rc >= 0)
		rc = options_init_table(&own, verb->options, &err);
	if (rc >= 0) {
		settings_read_display(&own, stderr);
		rc = options_parse(&own, argc, argv, from + 1, &err);
	}
	int status = rc < 0 ? complain_usage(&err) : open_saved(argv[from], &own);
	options_free(&own);
	return status;
}
