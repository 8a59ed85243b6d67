/* netdyno open: a saved snapshot or result in the dashboard, with nothing to start; without a
 * terminal its summary. */
#include <errno.h>
#include <limits.h>
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
#include "main/sweep/end.h"
#include "record/run_line.h"
#include "snapshot/snapshot.h"
#include "ui/ui.h"

struct saved {
	struct board board;
	struct history *history;
	struct history *before; /* of the other run, which is the baseline; NULL: there is none */
};

static void keep_setting(void *ctx, const char *name, const char *value)
{
	(void)ctx;
	settings_keep("dash", name, value, NULL);
}

/* The board is read_only: nothing else is asked for. */
static const struct ui_requests requests = { .keep_setting = keep_setting };

/* The last part of the path and when it was saved, unless that is its name already. */
static void name_it(const char *path, int64_t wall_ns, char *out, size_t size)
{
	size_t end = strlen(path), from;
	char when[32], name[48];

	while (end > 1 && path[end - 1] == '/') /* the shell completes a directory like this */
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

/* ---- what else it may be ---- */

static bool has_file(const char *directory, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", directory, name) < (int)sizeof(path) && access(path, F_OK) == 0;
}

static bool is_sweep(const char *path)
{
	return has_file(path, "plan.json") && !has_file(path, "result.json");
}

/* The first line, at most so long; "" where it cannot be read. */
static void first_bytes(const char *path, char *out, size_t size)
{
	FILE *in = fopen(path, "re");
	size_t n = in ? fread(out, 1, size - 1, in) : 0;

	if (in)
		fclose(in);
	out[n] = '\0';
}

/* Files that netdyno and its kin write and that this verb cannot show; *err is replaced. */
static void say_what_it_is(const char *path, struct err *err)
{
	static const struct {
		const char *begins, *is;
	} kinds[] = {
		{ "{\"event\":\"start\"",
			"JSON lines of a run (--jsonl): read them with jq or tail -f; open shows what --json writes" },
		{ "{\"event\":\"run\"", "the runs of a sweep: open shows its directory" },
		{ "{\"event\":\"failed\"", "the runs of a sweep: open shows its directory" },
		{ "{\"run\":", "the samples of a snapshot: open shows its directory" },
		{ "time,mode,method,", "CSV of a run (--csv): open shows what --json writes" },
		{ "cell,round,attempts,", "the table of a sweep: open shows its directory" },
		{ "\x4d\x3c\xb2\xa1", "a capture: read it with tcpdump -r or wireshark" },
		{ "\xd4\xc3\xb2\xa1", "a capture: read it with tcpdump -r or wireshark" },
		{ "[", "a plan or a settings file: netdyno sweep runs a plan" },
	};
	char begins[64];

	first_bytes(path, begins, sizeof(begins));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strncmp(begins, kinds[i].begins, strlen(kinds[i].begins))) {
			err_clear(err);
			err_say(err, EINVAL, "%s is %s", path, kinds[i].is);
			return;
		}
}

/* ---- loading ---- */

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
	s->board.base_run = snapshot.base_run;
	s->board.base_until_ns = snapshot.base_until_ns;
	modes_find_method(&s->board);
	name_it(path, snapshot.wall_ns, s->board.title_note, sizeof(s->board.title_note));
	return rc;
}

/* The run that the other is shown beside: its baseline, whatever was saved as such. */
static int load_before(struct saved *s, const char *path, struct err *err)
{
	const struct run_info *shown = history_newest_run(s->history), *before;
	struct snapshot snapshot;
	int rc = snapshot_load(path, engines_all, &snapshot, err);

	if (rc < 0)
		return rc;
	s->before = snapshot.history;
	before = history_newest_run(s->before);
	if (before->engine != shown->engine)
		return err_say(err, EINVAL, "%s is a run of mode %s, and the other of %s: they measure other things", path,
			before->engine->name, shown->engine->name);
	s->board.base_history = s->before;
	s->board.base_run = before->id;
	s->board.base_until_ns = 0;
	return 0;
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

static void summarise_one(const struct saved *s, const struct history *h)
{
	const struct run_info *info = history_newest_run(h);
	struct results_source source = {
		.history = h, .run_id = info->id, .host = &s->board.host, .captured = h == s->history && s->board.captured
	};

	plain_text_header(stdout, info, &s->board.host);
	plain_text_summary(stdout, &source);
}

static int summarise(const struct saved *s)
{
	char differs[300];

	if (s->before) {
		printf("A, the baseline: ");
		summarise_one(s, s->before);
		printf("B, with %s: ", run_line_differ(history_newest_run(s->before), history_newest_run(s->history), " to ",
					       differs, sizeof(differs)));
	} else {
		printf("%s\n", s->board.title_note);
	}
	summarise_one(s, s->history);
	return finish_stdout(EXIT_VALID);
}

/* before: the run that is the baseline of the other; NULL: none. */
static int open_saved(const char *before, const char *path, const struct options *own)
{
	struct saved s = { .history = NULL };
	struct err err = ERR_NONE;
	const char *why;
	int status = EXIT_FAILED;

	if (!before && is_sweep(path))
		return sweep_show(path, &err) < 0 ? complain(&err) : finish_stdout(EXIT_VALID);
	if (load(&s, path, &err) < 0) {
		say_what_it_is(path, &err);
		complain(&err);
	} else if (before && load_before(&s, before, &err) < 0) {
		if (!s.before)
			say_what_it_is(before, &err);
		complain(&err);
	} else if (options_number(own, "plain") || !display_can_draw(&why))
		status = summarise(&s);
	else
		status = show(&s, own, &err);
	modes_free(&s.board);
	history_free(s.history);
	history_free(s.before);
	return status;
}

int verb_open(const struct verb *verb, int argc, char **argv, int from)
{
	struct options own = { 0 };
	struct err err = ERR_NONE;
	int names = 0;

	if (cli_asks_help(argc, argv, from))
		return help_verb(verb, NULL);
	while (names < 2 && from + names < argc && argv[from + names][0] != '-')
		names++;
	int rc = names ? 0 : err_say(&err, EINVAL, "open needs a snapshot's directory or a result file: %s", verb->usage);
	if (rc >= 0)
		rc = options_init_table(&own, verb->options, &err);
	if (rc >= 0) {
		settings_read_display(&own, stderr);
		rc = options_parse(&own, argc, argv, from + names, &err);
	}
	int status = rc < 0 ? complain_usage(&err) : open_saved(names == 2 ? argv[from] : NULL, argv[from + names - 1], &own);
	options_free(&own);
	return status;
}
