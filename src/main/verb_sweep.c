/* netdyno sweep: many runs over lists of option values. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "engines/engines.h"
#include "main/cli/cli.h"
#include "main/cli/display.h"
#include "main/cli/help.h"
#include "main/live/relay.h"
#include "main/live/signals.h"
#include "main/sweep/end.h"
#include "main/sweep/task.h"

enum { PLAN_BYTES_MAX = 1 << 20, RETRY_PAUSE_MS = 1000 };

static const char default_duration[] = "10s";
/* Options of every mode that say where the result of one run goes. */
static const char *const single_run_options[] = { "json", "jsonl", "csv", "capture" };

/* Those with OPTION_RESULT may stand in the [sweep] section of a plan file. */
const struct option_def sweep_options[] = {
	{ .name = "repeat",
		.type = OPTION_COUNT,
		.flags = OPTION_RESULT,
		.value_name = "N",
		.default_text = "3",
		.min = 1,
		.max = 1000,
		.help = "how often each combination of values (a cell) is run, once per round" },
	{ .name = "retries",
		.type = OPTION_COUNT,
		.flags = OPTION_RESULT,
		.value_name = "N",
		.default_text = "1",
		.min = 0,
		.max = 100,
		.help = "how often a failed run is tried again" },
	{ .name = "resume",
		.type = OPTION_TEXT,
		.value_name = "DIR",
		.default_text = "",
		.help = "continue the sweep in this directory" },
	{ .name = "theme",
		.type = OPTION_CHOICE,
		.value_name = "NAME",
		.choices = display_themes,
		.default_text = "dark",
		.help = "colours of the screen; safe suits colour-blind eyes" },
	{ .name = "charset",
		.type = OPTION_CHOICE,
		.value_name = "NAME",
		.choices = display_charsets,
		.default_text = "auto",
		.help = "characters that the screen is drawn with; auto: what the locale supports" },
	{ .name = "plain",
		.type = OPTION_BOOL,
		.default_text = "no",
		.help = "print lines of progress instead of the screen: for screen readers, pipes and logs" },
	{ .name = "yes",
		.letter = 'y',
		.type = OPTION_BOOL,
		.default_text = "no",
		.help = "start even if the sweep has more than 1000 runs" },
	{ 0 },
};

struct sweep {
	struct cli cli;
	struct sweep_file file; /* zeroed: no plan file */
	struct sweep_task task;
};

/* ---- what is asked for ---- */

static bool is_plan_file(const char *word)
{
	size_t length = strlen(word);
	struct stat st;

	if (engine_find(engines_all, word))
		return false;
	return strchr(word, '/') || (length > 4 && !strcmp(word + length - 4, ".ini")) || stat(word, &st) == 0;
}

/* The path of a plan that came with netdyno, relative to the program: both may have been moved
 * together. */
static void installed_plan(const char *name, char *out, size_t size)
{
	char self[PATH_MAX] = "";
	char *slash = readlink("/proc/self/exe", self, sizeof(self) - 1) > 0 ? strrchr(self, '/') : NULL;

	if (slash)
		*slash = '\0';
	snprintf(out, size, "%s/" NETDYNO_PLANS "/%s", self, name);
}

static int read_file(struct sweep_file *file, const char *path, struct err *err)
{
	char *text = NULL, installed[2 * PATH_MAX];
	size_t length = 0;

	if (!strchr(path, '/') && access(path, F_OK) < 0) {
		installed_plan(path, installed, sizeof(installed));
		path = access(installed, F_OK) == 0 ? installed : path;
	}
	int rc = file_read_all(path, PLAN_BYTES_MAX, &text, &length, err);

	if (rc >= 0)
		rc = sweep_file_parse(file, text, length, path, engines_all, sweep_options, err);
	free(text);
	return rc;
}

/* Below the command line, above the settings file. */
static int apply_file(struct sweep *s, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; rc >= 0 && i < s->file.count; i++) {
		const struct sweep_entry *e = &s->file.entry[i];
		struct options *o = e->section == SWEEP_SECTION_SWEEP ? &s->cli.own : &s->cli.options;

		if (e->section != SWEEP_SECTION_AXES && options_find(o, e->name) >= 0 && !options_is_given(o, e->name))
			rc = options_set(o, e->name, e->value, err);
	}
	return rc;
}

static int check_options(const struct options *o, struct err *err)
{
	for (size_t i = 0; i < sizeof(single_run_options) / sizeof(single_run_options[0]); i++)
		if (options_is_given(o, single_run_options[i]))
			return err_say(err, EINVAL,
				"--%s is for single runs: a sweep writes results.csv, results.jsonl and charts into --out DIR",
				single_run_options[i]);
	return 0;
}

static int set_axes(struct sweep *s, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; rc >= 0 && i < s->file.count; i++)
		if (s->file.entry[i].section == SWEEP_SECTION_AXES)
			rc = sweep_plan_set_axis(&s->task.plan, s->file.entry[i].name, s->file.entry[i].value, err);
	/* One value on the command line stands for the file's list. */
	for (unsigned i = 0; rc >= 0 && i < s->task.plan.options.count; i++)
		if (s->task.plan.options.value[i].is_given)
			sweep_plan_drop_axis(&s->task.plan, s->task.plan.options.def[i]->name);
	for (unsigned i = 0; rc >= 0 && i < s->cli.lists; i++)
		rc = sweep_plan_set_axis(&s->task.plan, s->cli.list[i].name, s->cli.list[i].text, err);
	return rc;
}

static int check_count(const struct sweep *s, double slots, struct err *err)
{
	char took[64];

	if (slots <= SWEEP_SLOTS_UNASKED || options_number(&s->cli.own, "yes"))
		return 0;
	double seconds = slots * (double)sweep_cell_ns(&s->task.plan, 0) / NS_PER_S;
	return err_say(err, EINVAL, "%.15g cells x %u repeat%s are %.15g runs, %s: add --yes to start them",
		slots / s->task.plan.repeat, s->task.plan.repeat, s->task.plan.repeat == 1 ? "" : "s", slots,
		text_about(seconds, took, sizeof(took)));
}

static int make_plan(struct sweep *s, struct err *err)
{
	double slots = 0;
	int rc = check_options(&s->cli.options, err);

	if (rc >= 0)
		rc = apply_file(s, err);
	if (rc >= 0 && !options_is_set(&s->cli.options, "duration"))
		rc = options_set_default(&s->cli.options, "duration", default_duration, err);
	if (rc >= 0)
		rc = sweep_plan_init(&s->task.plan, &s->cli.options, (unsigned)options_number(&s->cli.own, "repeat"), err);
	s->task.plan.retries = (unsigned)options_number(&s->cli.own, "retries");
	if (rc >= 0)
		rc = set_axes(s, err);
	if (rc >= 0)
		rc = sweep_plan_close(&s->task.plan, &slots, err);
	if (rc >= 0)
		rc = sweep_check_durations(&s->task.plan, err);
	return rc < 0 ? rc : check_count(s, slots, err);
}

/* ---- on the way ---- */

/* A job in the background has no say over the terminal: it would be stopped for trying. */
static bool is_in_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static bool can_show(const struct sweep *s)
{
	const char *why;

	return !options_number(&s->cli.own, "plain") && display_can_draw(&why) && is_in_foreground();
}

/* The signals that end the sweep are held first: one that comes as soon as the screen is there
 * must find the way back. */
static int show(struct sweep *s, struct sweep_job *job, struct err *err)
{
	struct terminal_config config;
	bool draw = can_show(s);
	int rc = job->signal_fd = signals_open(draw, err);

	if (rc < 0)
		return rc;
	if (!draw)
		return relay_begin(err);
	display_config(&s->cli.own, &config);
	config.report_frames = job->virtual_ticks > 0;
	signals_guard_terminal();
	return sweep_progress_show(job->progress, &config, s->task.directory, err);
}

static void say_start(const struct sweep *s)
{
	char left[64], before[160];

	snprintf(before, sizeof(before), "netdyno: %u cell%s x %u, %s; results: ", s->task.plan.cells,
		s->task.plan.cells == 1 ? "" : "s", s->task.plan.repeat,
		text_about(sweep_state_eta_s(&s->task.state), left, sizeof(left)));
	say_path(stderr, before, s->task.directory, "");
}

static int go(struct sweep *s)
{
	struct sweep_progress progress;
	struct err err = ERR_NONE;
	struct sweep_job job = { .plan = &s->task.plan,
		.state = &s->task.state,
		.store = &s->task.store,
		.progress = &progress,
		.host = &s->task.host,
		.seed = (uint64_t)options_number(&s->task.plan.options, "seed"),
		.retries = s->task.plan.retries,
		.retry_pause_ms = RETRY_PAUSE_MS,
		.signal_fd = -1,
		.virtual_ticks = cli_test_ticks(s->task.plan.options.engine) };

	sweep_progress_init(&progress, &s->task.state);
	if (sweep_state_ended(&s->task.state) == s->task.state.slots)
		say_path(stderr, "netdyno: nothing is left to run; results: ", s->task.directory, "");
	else
		say_start(s);
	enum sweep_end end = show(s, &job, &err) < 0 ? SWEEP_BROKEN : sweep_run(&job, &err);
	bool drawn = progress.screen != NULL;
	sweep_progress_end(&progress);
	if (drawn)
		relay_begin(NULL);
	if (job.signal_fd >= 0)
		signals_close(job.signal_fd);
	return sweep_finish(&s->task.store, &s->task.state, &s->task.host, end, &err);
}

/* ---- the verb ---- */

/* Mode, plan file and options.  With --resume alone there is neither mode nor file: then
 * *ret_named is false. */
static int read_words(struct sweep *s, const struct verb *verb, int argc, char **argv, int from, bool *ret_named, struct err *err)
{
	const char *word = from < argc && argv[from][0] != '-' ? argv[from] : NULL;

	*ret_named = word != NULL;
	if (!word || !is_plan_file(word))
		return cli_read(&s->cli, verb, false, argc, argv, from, err);
	int rc = read_file(&s->file, word, err);
	return rc < 0 ? rc : cli_read_options(&s->cli, verb, s->file.engine, argc, argv, from + 1, err);
}

/* --resume alone continues the plan of the directory: other options would have no effect. */
static int check_resume(const struct sweep *s, bool named, struct err *err)
{
	const struct options *o = &s->cli.options;
	const char *out = options_text(o, "out");

	if (*out && strcmp(out, s->task.resume) != 0)
		return err_say(
			err, EINVAL, "--out %s and --resume %s: a resumed sweep stays in its directory", out, s->task.resume);
	for (unsigned i = 0; !named && i < o->count; i++)
		if (o->value[i].is_given && o->def[i]->flags & OPTION_RESULT)
			return err_say(err, EINVAL,
				"--%s cannot change: --resume without a mode or plan continues the sweep as it was started",
				o->def[i]->name);
	if (!named && (s->cli.lists || options_is_given(&s->cli.own, "repeat")))
		return err_say(err, EINVAL,
			"--%s cannot change: --resume without a mode or plan continues the sweep as it was started",
			s->cli.lists ? s->cli.list[0].name : "repeat");
	return 0;
}

static int prepare(struct sweep *s, const struct verb *verb, bool named, struct err *err)
{
	const char *resume = options_text(&s->cli.own, "resume");

	s->task.resume = *resume ? resume : NULL;
	host_read(&s->task.host);
	if (!named && !s->task.resume)
		return err_say(err, EINVAL, "%s needs a mode or a plan file, such as: netdyno %s %s --method %s", verb->name,
			verb->name, engines_all[0]->name, "single,mmsg");
	int rc = s->task.resume ? check_resume(s, named, err) : 0;
	if (rc >= 0 && named)
		rc = make_plan(s, err);
	if (rc >= 0 && s->task.resume)
		rc = sweep_task_take_up(&s->task, named, false, err);
	/* It changes nothing of what is measured, and may be another now. */
	if (rc >= 0 && s->task.resume && !named && options_is_given(&s->cli.own, "retries"))
		s->task.plan.retries = (unsigned)options_number(&s->cli.own, "retries");
	return rc < 0 ? rc : sweep_task_check(&s->task, err);
}

/* Captures are not swept; methods may be. */
static bool wants_packet_sockets(const struct sweep_plan *plan)
{
	bool wants = cli_wants_packet_sockets(&plan->options);

	for (unsigned i = 0; i < plan->axes; i++)
		for (unsigned k = 0; k < plan->axis[i].count; k++)
			wants |= cli_is_packet_method(plan->options.engine, plan->axis[i].text[k]);
	return wants;
}

static int sweep(struct sweep *s)
{
	struct err err = ERR_NONE;

	if (cli_keep_privilege(wants_packet_sockets(&s->task.plan), &err) < 0)
		return complain(&err);
	return sweep_task_open(&s->task, &s->cli.options, &err) < 0 ? complain(&err) : go(s);
}

int verb_sweep(const struct verb *verb, int argc, char **argv, int from)
{
	struct sweep s = { .task.store.fd = -1 };
	struct err err = ERR_NONE;
	bool named = false;
	int status;

	int rc = read_words(&s, verb, argc, argv, from, &named, &err);
	if (rc >= 0 && s.cli.help)
		status = help_verb(verb, named ? s.cli.engine : NULL);
	else if (rc < 0)
		status = complain_usage(&err);
	else if (prepare(&s, verb, named, &err) < 0)
		status = complain(&err);
	else
		status = sweep(&s);
	sweep_task_free(&s.task);
	sweep_file_free(&s.file);
	cli_free(&s.cli);
	return status;
}
