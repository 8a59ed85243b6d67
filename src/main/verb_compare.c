/* netdyno compare: two sides in turn, round by round, and whether they differ. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "engines/engines.h"
#include "main/cli/cli.h"
#include "main/cli/help.h"
#include "main/live/relay.h"
#include "main/live/signals.h"
#include "main/sweep/compare_end.h"
#include "main/sweep/saved.h"
#include "sweep/metrics.h"

enum { RETRY_PAUSE_MS = 1000, UNTIL_ROUNDS = 40 };

static const char default_duration[] = "5s";
static const char *const single_run_options[] = { "jsonl", "csv", "capture" };

const struct option_def compare_options[] = {
	{ .name = "a",
		.type = OPTION_TEXT,
		.flags = OPTION_WORDS,
		.value_name = "OPTIONS",
		.default_text = "",
		.help = "options of side A, in quotes: --a \"--method mmsg\"; those outside are common to both" },
	{ .name = "b",
		.type = OPTION_TEXT,
		.flags = OPTION_WORDS,
		.value_name = "OPTIONS",
		.default_text = "",
		.help = "options of side B" },
	{ .name = "rounds",
		.type = OPTION_COUNT,
		.value_name = "N",
		.default_text = "8",
		.min = 1,
		.max = 500,
		.help = "rounds that count, each a run of both sides in random order; with --until at most so many (else 40)" },
	{ .name = "until",
		.type = OPTION_TEXT,
		.value_name = "ci:P%",
		.default_text = "",
		.help = "end as soon as the 95 % interval of the throughput is within P % up and down; each round is one look" },
	{ .name = "fail-if",
		.type = OPTION_TEXT,
		.value_name = "CONDITION",
		.default_text = "",
		.help = "such as 'rx_pps<-5%' or 'p99>+10%', may stand several times: exit status 4 where the whole interval "
			"lies beyond" },
	{ .name = "retries",
		.type = OPTION_COUNT,
		.value_name = "N",
		.default_text = "2",
		.min = 0,
		.max = 100,
		.help = "how often a run that failed, or whose verdict is invalid, is tried again" },
	{ .name = "resume",
		.type = OPTION_TEXT,
		.value_name = "DIR",
		.default_text = "",
		.help = "continue the comparison in this directory" },
	{ 0 },
};

struct compare {
	struct cli cli;
	struct sweep_task task;
	struct compare_asked asked;
};

/* ---- what is asked for ---- */

static int check_options(const struct options *o, struct err *err)
{
	for (size_t i = 0; i < sizeof(single_run_options) / sizeof(single_run_options[0]); i++)
		if (options_is_given(o, single_run_options[i]))
			return err_say(err, EINVAL, "--%s is for single runs: a comparison writes its runs into --out DIR",
				single_run_options[i]);
	const char *json = options_text(o, "json");
	return *json && strcmp(json, "-") != 0 ? file_check_writable(json, options_number(o, "force"), err) : 0;
}

/* "ci:1%" */
static int read_until(const char *text, double *ret_until, struct err *err)
{
	const char *percent = strncmp(text, "ci:", 3) != 0 ? "" : text + 3;
	char number[32] = "", quoted[TEXT_SHOWN_BYTES];
	size_t length = strlen(percent);
	int64_t thousandths = 0;

	if (!*text)
		return 0;
	length -= length && percent[length - 1] == '%';
	if (!length || length >= sizeof(number))
		return err_say(err, EINVAL, "--until %s: ci: and per cent are meant, such as ci:1%%", text_shown(text, quoted));
	snprintf(number, sizeof(number), "%.*s", (int)length, percent);
	if (text_parse_decimal(number, &thousandths, NULL) < 0 || thousandths <= 0 || thousandths > 100000)
		return err_say(err, EINVAL, "--until %s: more than 0 and up to 100 %% are meant, such as ci:1%%",
			text_shown(text, quoted));
	*ret_until = (double)thousandths / 1e5;
	return 0;
}

/* All of them: the option table keeps the last alone. */
static int read_conditions(struct compare *c, const struct engine *engine, int argc, char **argv, int from, struct err *err)
{
	static const char name[] = "--fail-if";
	struct sweep_metric metric[SWEEP_METRICS_MAX];
	unsigned metrics = sweep_metrics_of(engine, metric);
	size_t length = strlen(name);
	int rc = 0;

	for (int i = from; rc >= 0 && i < argc; i++) {
		const char *text = strncmp(argv[i], name, length) != 0 ? NULL
				   : argv[i][length] == '='            ? argv[i] + length + 1
				   : !argv[i][length]                  ? argv[i + 1]
								       : NULL;

		if (!text)
			continue;
		if (c->asked.conditions == sizeof(c->asked.condition) / sizeof(c->asked.condition[0]))
			return err_say(err, ERANGE, "--fail-if: at most %u conditions", c->asked.conditions);
		rc = condition_parse(text, metric, metrics, &c->asked.condition[c->asked.conditions], err);
		c->asked.conditions += rc >= 0;
	}
	return rc;
}

static int make_plan(struct compare *c, struct err *err)
{
	const struct options *own = &c->cli.own;
	struct sweep_plan *plan = &c->task.plan;
	double slots, until = 0;
	int rc =
		options_is_given(own, "a") || options_is_given(own, "b")
			? read_until(options_text(own, "until"), &until, err)
			: err_say(err, EINVAL,
				  "compare needs --a or --b, such as: netdyno compare %s --a \"--method %s\" --b \"--method %s\"",
				  c->cli.engine->name, "mmsg", "single");

	if (rc >= 0 && !options_is_set(&c->cli.options, "duration"))
		rc = options_set_default(&c->cli.options, "duration", default_duration, err);
	unsigned rounds = until > 0 && !options_is_given(own, "rounds") ? UNTIL_ROUNDS : (unsigned)options_number(own, "rounds");
	if (rc >= 0)
		rc = sweep_plan_init(plan, &c->cli.options, rounds + 1, err);
	plan->retries = (unsigned)options_number(own, "retries");
	plan->thrown = 1;
	plan->until = until;
	if (rc >= 0)
		rc = sweep_plan_set_sides(plan, options_text(own, "a"), options_text(own, "b"), &c->asked.same, err);
	if (rc >= 0)
		rc = sweep_plan_close(plan, &slots, err);
	return rc < 0 ? rc : sweep_check_durations(plan, err);
}

static int check_resume(const struct compare *c, bool named, struct err *err)
{
	static const char *const fixed[] = { "a", "b", "rounds", "until" };
	const struct options *o = &c->cli.options;
	const char *out = options_text(o, "out"), *wrong = NULL;

	if (*out && strcmp(out, c->task.resume) != 0)
		return err_say(err, EINVAL, "--out %s and --resume %s: a resumed comparison stays in its directory", out,
			c->task.resume);
	for (unsigned i = 0; !named && i < o->count; i++)
		if (o->value[i].is_given && o->def[i]->flags & OPTION_RESULT)
			wrong = o->def[i]->name;
	for (size_t i = 0; !named && i < sizeof(fixed) / sizeof(fixed[0]); i++)
		wrong = options_is_given(&c->cli.own, fixed[i]) ? fixed[i] : wrong;
	if (wrong)
		return err_say(err, EINVAL,
			"--%s cannot change: --resume without a mode continues the comparison as it was started", wrong);
	return 0;
}

static int prepare(struct compare *c, const struct verb *verb, bool named, struct err *err)
{
	const char *resume = options_text(&c->cli.own, "resume");

	c->task.resume = *resume ? resume : NULL;
	c->asked.json = options_text(&c->cli.options, "json");
	c->asked.force = options_number(&c->cli.options, "force");
	host_read(&c->task.host);
	if (!named && !c->task.resume)
		return err_say(err, EINVAL, "%s needs a mode, such as: %s", verb->name, verb->usage);
	int rc = check_options(&c->cli.options, err);
	if (rc >= 0 && c->task.resume)
		rc = check_resume(c, named, err);
	if (rc >= 0 && named)
		rc = make_plan(c, err);
	if (rc >= 0 && c->task.resume)
		rc = sweep_task_take_up(&c->task, named, true, err);
	if (rc >= 0 && options_is_given(&c->cli.own, "retries"))
		c->task.plan.retries = (unsigned)options_number(&c->cli.own, "retries");
	return rc < 0 ? rc : sweep_task_check(&c->task, err);
}

/* ---- on the way ---- */

/* One look a round, each with its share of alpha: looking does not make alarms. */
static bool is_enough(const struct sweep_state *state, unsigned rounds)
{
	double level = comparison_level(state->plan, rounds);
	struct comparison c;

	if (!(state->plan->until > 0) || !(level > 0))
		return false;
	comparison_of_cells(state, 0, 1, rounds, level, &c);
	const struct evidence *e = &c.of[0].evidence;

	return e->bounded && e->relative && (e->high - e->low) / 2 <= state->plan->until;
}

static void say_begin(const struct compare *c)
{
	const struct sweep_plan *plan = &c->task.plan;
	char left[64], before[160];

	if (c->asked.same)
		fprintf(stderr, "netdyno: A and B are the same run: this shows what the machine does by itself\n");
	snprintf(before, sizeof(before),
		"netdyno: %s%u rounds of A and B and one that is thrown away, %s; results: ", plan->until > 0 ? "at most " : "",
		plan->repeat - plan->thrown, text_about(sweep_state_eta_s(&c->task.state), left, sizeof(left)));
	say_path(stderr, before, c->task.directory, "");
}

static int go(struct compare *c)
{
	struct sweep_progress progress;
	struct err err = ERR_NONE;
	struct sweep_job job = { .plan = &c->task.plan,
		.state = &c->task.state,
		.store = &c->task.store,
		.progress = &progress,
		.host = &c->task.host,
		.seed = (uint64_t)options_number(&c->task.plan.options, "seed"),
		.retries = c->task.plan.retries,
		.retry_pause_ms = RETRY_PAUSE_MS,
		.is_enough = is_enough,
		.virtual_ticks = cli_test_ticks(c->task.plan.options.engine) };
	enum sweep_end end = SWEEP_BROKEN;

	sweep_progress_init(&progress, &c->task.state);
	say_begin(c);
	job.signal_fd = signals_open(false, &err);
	if (job.signal_fd >= 0 && relay_begin(&err) >= 0)
		end = sweep_run(&job, &err);
	sweep_progress_end(&progress);
	if (job.signal_fd >= 0)
		signals_close(job.signal_fd);
	return compare_finish(&c->task, &c->asked, end, &err);
}

/* ---- the verb ---- */

static bool wants_packet_sockets(const struct sweep_plan *plan)
{
	bool wants = false;

	for (uint32_t cell = 0; cell < plan->cells; cell++) {
		struct options options;

		if (sweep_cell_options(plan, cell, &options, NULL) < 0)
			continue;
		wants |= cli_wants_packet_sockets(&options);
		options_free(&options);
	}
	return wants;
}

static int compare(struct compare *c, int argc, char **argv, int from)
{
	struct err err = ERR_NONE;

	if (read_conditions(c, c->task.plan.options.engine, argc, argv, from, &err) < 0)
		return complain_usage(&err);
	if (cli_keep_privilege(wants_packet_sockets(&c->task.plan), &err) < 0)
		return complain(&err);
	return sweep_task_open(&c->task, &c->cli.options, &err) < 0 ? complain(&err) : go(c);
}

/* ---- saved results ---- */

static bool is_saved(const char *word)
{
	struct stat st;

	return !engine_find(engines_all, word) && (strchr(word, '/') || stat(word, &st) == 0);
}

static int check_saved(const struct compare *c, struct err *err)
{
	static const char *const live[] = { "a", "b", "rounds", "until", "retries", "resume" };
	const struct options *o = &c->cli.options;

	for (size_t i = 0; i < sizeof(live) / sizeof(live[0]); i++)
		if (options_is_given(&c->cli.own, live[i]))
			return err_say(err, EINVAL, "--%s is for runs to come: these results are there already", live[i]);
	for (unsigned i = 0; i < o->count; i++)
		if (o->value[i].is_given && o->def[i]->flags & OPTION_RESULT)
			return err_say(err, EINVAL, "--%s is for runs to come: these results are there already", o->def[i]->name);
	return check_options(o, err);
}

static int compare_saved(struct compare *c, const char *const path[COMPARE_SIDES], int argc, char **argv, int from)
{
	struct saved_runs saved[COMPARE_SIDES] = { 0 };
	struct err err = ERR_NONE;
	int status = EXIT_VALID;

	c->asked.json = options_text(&c->cli.options, "json");
	c->asked.force = options_number(&c->cli.options, "force");
	int rc = check_saved(c, &err);
	if (rc >= 0)
		rc = cli_keep_privilege(false, &err);
	for (unsigned i = 0; rc >= 0 && i < COMPARE_SIDES; i++)
		rc = saved_runs_load(path[i], &saved[i], &err);
	if (rc >= 0)
		rc = saved_runs_check(saved, path, &err);
	if (rc >= 0)
		rc = read_conditions(c, saved[0].engine, argc, argv, from, &err);
	if (rc >= 0)
		rc = saved_runs_compare(saved, path, &c->asked, &status, &err);
	for (unsigned i = 0; i < COMPARE_SIDES; i++)
		saved_runs_free(&saved[i]);
	return rc < 0 ? complain(&err) : finish_stdout(status);
}

static int verb_compare_saved(const struct verb *verb, int argc, char **argv, int from)
{
	const char *const path[COMPARE_SIDES] = { argv[from], from + 1 < argc ? argv[from + 1] : NULL };
	struct compare c = { .task.store.fd = -1 };
	struct err err = ERR_NONE;
	int status;

	int rc = path[1] && path[1][0] != '-' ? cli_read_options(&c.cli, verb, engines_all[0], argc, argv, from + 2, &err)
					      : err_say(&err, EINVAL, "compare needs two saved results: %s and another", path[0]);
	if (rc >= 0 && c.cli.help)
		status = help_verb(verb, NULL);
	else
		status = rc < 0 ? complain_usage(&err) : compare_saved(&c, path, argc, argv, from + 2);
	cli_free(&c.cli);
	return status;
}

int verb_compare(const struct verb *verb, int argc, char **argv, int from)
{
	struct compare c = { .task.store.fd = -1 };
	bool named = from < argc && argv[from][0] != '-';
	struct err err = ERR_NONE;
	int status;

	if (named && is_saved(argv[from]))
		return verb_compare_saved(verb, argc, argv, from);
	int rc = cli_read(&c.cli, verb, false, argc, argv, from, &err);
	if (rc >= 0 && c.cli.help)
		status = help_verb(verb, named ? c.cli.engine : NULL);
	else if (rc < 0)
		status = complain_usage(&err);
	else if (prepare(&c, verb, named, &err) < 0)
		status = complain(&err);
	else
		status = compare(&c, argc, argv, from);
	sweep_task_free(&c.task);
	cli_free(&c.cli);
	return status;
}
