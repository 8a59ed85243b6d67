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
#include "main/live/signals.h"
#include "main/sweep/end.h"
#include "mode/path.h"
#include "sweep/chart_draw.h"
#include "run/session.h"

enum { PLAN_BYTES_MAX = 1 << 20, CHECKED_MAX = 1000, RETRY_PAUSE_MS = 1000 };

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
	struct sweep_plan plan;
	struct sweep_state state;
	struct sweep_store store;
	struct host_info host;
	char directory[PATH_MAX];
	const char *resume; /* directory of the sweep that is continued; NULL: a new one */
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
			rc = sweep_plan_set_axis(&s->plan, s->file.entry[i].name, s->file.entry[i].value, err);
	/* One value on the command line stands for the file's list. */
	for (unsigned i = 0; rc >= 0 && i < s->plan.options.count; i++)
		if (s->plan.options.value[i].is_given)
			sweep_plan_drop_axis(&s->plan, s->plan.options.def[i]->name);
	for (unsigned i = 0; rc >= 0 && i < s->cli.lists; i++)
		rc = sweep_plan_set_axis(&s->plan, s->cli.list[i].name, s->cli.list[i].text, err);
	return rc;
}

static int check_durations(const struct sweep_plan *plan, struct err *err)
{
	for (unsigned i = 0; i < plan->axes; i++)
		if (!strcmp(plan->axis[i].def->name, "duration")) {
			for (unsigned n = 0; n < plan->axis[i].count; n++)
				if (!(plan->axis[i].number[n] > 0))
					return err_say(
						err, EINVAL, "--duration %s: the run would never end", plan->axis[i].text[n]);
			return 0;
		}
	if (options_number(&plan->options, "duration") <= 0)
		return err_say(err, EINVAL, "--duration 0: the run would never end");
	return 0;
}

static int check_count(const struct sweep *s, double slots, struct err *err)
{
	char took[64];

	if (slots <= SWEEP_SLOTS_UNASKED || options_number(&s->cli.own, "yes"))
		return 0;
	double seconds = slots * (double)sweep_cell_ns(&s->plan, 0) / NS_PER_S;
	return err_say(err, EINVAL, "%.15g cells x %u repeat%s are %.15g runs, %s: add --yes to start them",
		slots / s->plan.repeat, s->plan.repeat, s->plan.repeat == 1 ? "" : "s", slots,
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
		rc = sweep_plan_init(&s->plan, &s->cli.options, (unsigned)options_number(&s->cli.own, "repeat"), err);
	s->plan.retries = (unsigned)options_number(&s->cli.own, "retries");
	if (rc >= 0)
		rc = set_axes(s, err);
	if (rc >= 0)
		rc = sweep_plan_close(&s->plan, &slots, err);
	if (rc >= 0)
		rc = check_durations(&s->plan, err);
	return rc < 0 ? rc : check_count(s, slots, err);
}

/* Says at once what cannot run; that nothing can is an error. */
static int check_cells(const struct sweep *s, struct err *err)
{
	uint32_t checked = s->plan.cells < CHECKED_MAX ? s->plan.cells : CHECKED_MAX, refused = 0;
	char label[SWEEP_LABEL_BYTES] = "";
	struct err first = ERR_NONE;

	for (uint32_t i = 0; i < checked; i++) {
		struct options options;
		struct err why = ERR_NONE;
		int rc = sweep_cell_options(&s->plan, i, &options, err);

		if (rc < 0)
			return rc;
		rc = session_check(&options, paths_here, &why);
		options_free(&options);
		if (rc >= 0)
			continue;
		if (!refused++) {
			first = why;
			sweep_cell_label(&s->plan, i, label, sizeof(label));
		}
	}
	if (refused == checked)
		return err_say(err, first.code, "%s", first.text);
	if (refused)
		fprintf(stderr, "netdyno: %u of %u cells cannot run here; the first is %s: %s\n", refused, checked, label,
			first.text);
	return 0;
}

/* ---- directories ---- */

static void choose_directory(struct sweep *s)
{
	const char *out = options_text(&s->cli.options, "out");
	char data[PATH_MAX], stamp[64];

	if (s->resume || *out) {
		snprintf(s->directory, sizeof(s->directory), "%s", s->resume ? s->resume : out);
		return;
	}
	clock_format_file(clock_wall_of(clock_run_ns()), stamp, sizeof(stamp));
	file_data_directory(data, sizeof(data));
	snprintf(s->directory, sizeof(s->directory), "%.3900s/sweep-%s-%s", data, s->plan.options.engine->name, stamp);
}

/* A name of our own making may be taken already, by a sweep that was begun in the same second:
 * then another is made up. */
static int create_store(struct sweep *s, struct err *err)
{
	bool ours = !*options_text(&s->cli.options, "out");
	size_t length = strlen(s->directory);
	int rc = -EEXIST;

	for (unsigned n = 2; n < 1000; n++) {
		rc = sweep_store_create(
			&s->store, s->directory, &s->plan, &s->host, !ours && options_number(&s->cli.options, "force"), err);
		if (!ours || (rc != -EEXIST && rc != -EBUSY))
			break;
		err_clear(err);
		snprintf(s->directory + length, sizeof(s->directory) - length, "-%u", n);
	}
	if (rc >= 0)
		sweep_plot_clear(s->directory);
	return rc;
}

/* The plan that the directory holds; with a mode or plan on the command line, that must be the
 * same. */
static int take_up(struct sweep *s, bool compare, struct err *err)
{
	struct sweep_plan then = { 0 };
	struct err why = ERR_NONE;
	json_t *host = NULL;
	char difference[300];
	int rc = sweep_store_read_plan(s->resume, engines_all, &then, &host, err);

	if (rc < 0)
		return rc;
	if (compare && sweep_plan_compare(&then, &s->plan, &why) < 0)
		rc = err_say(err, why.code, "--resume %s: not the same sweep: %s", s->resume, why.text);
	else if (*sweep_store_compare_host(host, &s->host, difference, sizeof(difference)))
		fprintf(stderr, "netdyno: warning: the sweep was started on another host: %s\n", difference);
	json_decref(host);
	if (rc >= 0 && !compare) {
		sweep_plan_free(&s->plan);
		s->plan = then;
		/* It changes nothing of what is measured, and may be another now. */
		if (options_is_given(&s->cli.own, "retries"))
			s->plan.retries = (unsigned)options_number(&s->cli.own, "retries");
		return 0;
	}
	sweep_plan_free(&then);
	return rc;
}

static int open_store(struct sweep *s, struct err *err)
{
	char done[160];
	int rc = sweep_state_init(&s->state, &s->plan, err);

	if (rc < 0)
		return rc;
	if (!s->resume)
		return create_store(s, err);
	rc = sweep_store_open(&s->store, s->directory, &s->state, err);
	if (rc < 0)
		return rc;
	sweep_state_retry(&s->state);
	snprintf(done, sizeof(done), ": %" PRIu64 " of %" PRIu64 " runs are done%s%s", s->state.done, s->state.slots,
		s->state.failed ? "; failed runs are tried again" : "",
		s->store.torn ? "; an incomplete last line was dropped" : "");
	say_path(stderr, "netdyno: ", s->directory, done);
	return rc;
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

	if (rc < 0 || !draw)
		return rc;
	display_config(&s->cli.own, &config);
	config.report_frames = job->virtual_ticks > 0;
	signals_guard_terminal();
	return sweep_progress_show(job->progress, &config, s->directory, err);
}

static void say_start(const struct sweep *s)
{
	char left[64], before[160];

	snprintf(before, sizeof(before), "netdyno: %u cell%s x %u, %s; results: ", s->plan.cells, s->plan.cells == 1 ? "" : "s",
		s->plan.repeat, text_about(sweep_state_eta_s(&s->state), left, sizeof(left)));
	say_path(stderr, before, s->directory, "");
}

static int go(struct sweep *s)
{
	struct sweep_progress progress;
	struct err err = ERR_NONE;
	struct sweep_job job = { .plan = &s->plan,
		.state = &s->state,
		.store = &s->store,
		.progress = &progress,
		.host = &s->host,
		.seed = (uint64_t)options_number(&s->plan.options, "seed"),
		.retries = s->plan.retries,
		.retry_pause_ms = RETRY_PAUSE_MS,
		.signal_fd = -1,
		.virtual_ticks = cli_test_ticks(s->plan.options.engine) };

	sweep_progress_init(&progress, &s->state);
	if (sweep_state_ended(&s->state) == s->state.slots)
		say_path(stderr, "netdyno: nothing is left to run; results: ", s->directory, "");
	else
		say_start(s);
	enum sweep_end end = show(s, &job, &err) < 0 ? SWEEP_BROKEN : sweep_run(&job, &err);
	sweep_progress_end(&progress);
	if (job.signal_fd >= 0)
		signals_close(job.signal_fd);
	return sweep_finish(&s->store, &s->state, &s->host, end, &err);
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

	if (*out && strcmp(out, s->resume) != 0)
		return err_say(err, EINVAL, "--out %s and --resume %s: a resumed sweep stays in its directory", out, s->resume);
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

	s->resume = *resume ? resume : NULL;
	host_read(&s->host);
	if (!named && !s->resume)
		return err_say(err, EINVAL, "%s needs a mode or a plan file, such as: netdyno %s %s --method %s", verb->name,
			verb->name, engines_all[0]->name, "single,mmsg");
	int rc = s->resume ? check_resume(s, named, err) : 0;
	if (rc >= 0 && named)
		rc = make_plan(s, err);
	if (rc >= 0 && s->resume)
		rc = take_up(s, named, err);
	return rc < 0 ? rc : check_cells(s, err);
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

	if (cli_keep_privilege(wants_packet_sockets(&s->plan), &err) < 0)
		return complain(&err);
	choose_directory(s);
	return open_store(s, &err) < 0 ? complain(&err) : go(s);
}

int verb_sweep(const struct verb *verb, int argc, char **argv, int from)
{
	struct sweep s = { .store.fd = -1 };
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
	sweep_store_close(&s.store);
	sweep_state_free(&s.state);
	sweep_plan_free(&s.plan);
	sweep_file_free(&s.file);
	cli_free(&s.cli);
	return status;
}
