/* netdyno doctor: what on this host limits or falsifies results, and the commands for it. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "captures/capture.h"
#include "doctor/doctor.h"
#include "engines/engines.h"
#include "main/cli/cli.h"
#include "main/cli/help.h"
#include "main/doctor/trials.h"
#include "main/live/relay.h"
#include "main/live/signals.h"
#include "path/paths.h"
#include "results/json_parts.h"

const struct option_def doctor_options[] = {
	{ .name = "json",
		.type = OPTION_BOOL,
		.default_text = "no",
		.help = "as JSON (doctor.schema.json), with the checks that are in order" },
	{ .name = "all", .type = OPTION_BOOL, .default_text = "no", .help = "show the checks that are in order, too" },
	{ .name = "measure",
		.type = OPTION_BOOL,
		.default_text = "no",
		.help = "try what needs no privilege, in short runs by turns, and say what it gains here" },
	{ .name = "rounds",
		.type = OPTION_COUNT,
		.value_name = "N",
		.default_text = "8",
		.min = 1,
		.max = 200,
		.help = "rounds of --measure; fewer than 6 have no interval" },
	{ .name = "interface",
		.type = OPTION_TEXT,
		.value_name = "NAME",
		.default_text = "lo",
		.help = "whose interrupts, queues and offloads are looked at" },
	{ 0 },
};

enum { WHY_BYTES = 240, INDENT = 11, LABEL = 6 };

static const int64_t look_ns = NS_PER_S;

/* ---- what does not run: asked as `list` asks ---- */

static void refuse_methods(struct doctor_facts *facts, const struct engine *e)
{
	for (unsigned i = 0; i < engine_methods(e); i++) {
		char why[WHY_BYTES] = "", what[64];

		if (method_runs(e->methods[i], why, sizeof(why)))
			continue;
		snprintf(what, sizeof(what), "%s --method %s", e->name, e->methods[i]->name);
		doctor_facts_refuse(facts, what, why);
	}
}

static void refuse_path(struct doctor_facts *facts, const struct path *p)
{
	char why[WHY_BYTES] = "", what[64];
	bool runs = p->probe(why, sizeof(why));

	snprintf(what, sizeof(what), "--path %s", p->name);
	if (!runs)
		doctor_facts_refuse(facts, what, why);
	for (unsigned i = 0; runs && p->impairments && p->impairments[i]; i++) {
		snprintf(what, sizeof(what), "--path %s --%s", p->name, p->impairments[i]);
		if (!p->impairs(p->impairments[i], why, sizeof(why)))
			doctor_facts_refuse(facts, what, why);
	}
}

static void refuse_all(struct doctor_facts *facts)
{
	char why[WHY_BYTES] = "";

	for (unsigned i = 0; engines_all[i]; i++)
		refuse_methods(facts, engines_all[i]);
	for (unsigned i = 0; paths_all[i]; i++)
		refuse_path(facts, paths_all[i]);
	if (!capture_probe(why, sizeof(why)))
		doctor_facts_refuse(facts, "--capture", why);
}

/* ---- text ---- */

static int doctor_width(void)
{
	int cells = help_width(stdout);

	return cells ? cells : 100;
}

static void say_part(const char *label, const char *text, bool fill)
{
	if (!*text)
		return;
	printf("%*s%-*s", INDENT, "", LABEL, label);
	if (fill)
		help_fill(stdout, text, INDENT + LABEL, INDENT + LABEL, doctor_width());
	else
		puts(text);
}

/* A command stands on one line, however long, so that it can be copied. */
static void say_finding(const struct doctor_finding *f)
{
	char head[DOCTOR_WHAT_BYTES + 80];

	snprintf(head, sizeof(head), "%s: %s", f->title, f->what);
	printf("%-*s", INDENT, doctor_severity_names[f->severity]);
	help_fill(stdout, head, INDENT, INDENT, doctor_width());
	if (f->severity < DOCTOR_NOTE)
		return;
	say_part("why", f->why, true);
	say_part("mend", f->mend, false);
	say_part("undo", f->undo, false);
}

static void say_sum(const struct doctor_report *report)
{
	printf("%u checks: ", report->count);
	for (int s = DOCTOR_SEVERITIES - 1; s >= 0; s--)
		printf("%u %s%s", report->of[s], doctor_severity_names[s], s ? ", " : "\n");
}

static void say_trial(const struct doctor_trial *t)
{
	char line[600] = "", a[32], b[32];

	if (*t->skipped)
		text_add(line, sizeof(line), "not measured: %s", t->skipped);
	else
		text_add(line, sizeof(line), "%s %s against %s: %s %s against %s %s, %+.1f %%", t->mode, t->b,
			*t->a ? t->a : "the system's", t->figure, text_human(t->b_median, b, sizeof(b)),
			text_human(t->a_median, a, sizeof(a)), t->unit, 100 * t->gain);
	if (!*t->skipped && !isnan(t->low))
		text_add(line, sizeof(line), " (95 %% interval %+.1f..%+.1f %%, %u rounds)%s", 100 * t->low, 100 * t->high,
			t->rounds, t->low > 0 || t->high < 0 ? "" : ": not shown to differ");
	else if (!*t->skipped)
		text_add(line, sizeof(line), " (%u round%s: too few for an interval)", t->rounds, t->rounds == 1 ? "" : "s");
	printf("%-*s%s: ", INDENT, "measured", t->id);
	help_fill(stdout, line, INDENT + (int)strlen(t->id) + 2, INDENT + LABEL, doctor_width());
}

/* ---- the verb ---- */

struct doctor {
	struct doctor_facts facts;
	struct doctor_report report;
	unsigned trials; /* 0: none were asked for */
	struct doctor_trial trial[DOCTOR_TRIALS];
	enum sweep_end end; /* of the trials */
};

/* What the trials ran into is worse to know than what the host is like. */
static int doctor_status(const struct doctor *d)
{
	int status = d->report.of[DOCTOR_FALSIFIES] ? EXIT_INVALID : EXIT_VALID;

	if (d->end != SWEEP_COMPLETE)
		status = d->end == SWEEP_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_FAILED;
	return status;
}

static int say_json(const struct doctor *d)
{
	return finish_document(json_of_doctor(&d->facts, &d->report, d->trials ? d->trial : NULL, d->trials), doctor_status(d));
}

static int say_text(const struct doctor *d, bool all)
{
	for (unsigned i = 0; i < d->report.count; i++)
		if (all || d->report.finding[i].severity != DOCTOR_OK)
			say_finding(&d->report.finding[i]);
	for (unsigned i = 0; i < d->trials; i++)
		say_trial(&d->trial[i]);
	say_sum(&d->report);
	return finish_stdout(doctor_status(d));
}

static int try_settings(struct doctor *d, unsigned rounds, struct err *err)
{
	int signal_fd = signals_open(false, err);

	if (signal_fd < 0)
		return signal_fd;
	int rc = relay_begin(err);
	if (rc >= 0) {
		d->trials = DOCTOR_TRIALS;
		d->end = doctor_trials_run(&d->facts, rounds, signal_fd, d->trial, err);
		rc = d->end == SWEEP_BROKEN ? -EIO : 0;
	}
	signals_close(signal_fd);
	return rc;
}

/* The probes may open packet sockets; what runs then need not. */
static int doctor_look(struct doctor *d, const struct options *own, struct err *err)
{
	doctor_facts_read("", options_text(own, "interface"), look_ns, &d->facts);
	refuse_all(&d->facts);
	doctor_judge(&d->facts, &d->report);
	int rc = cli_keep_privilege(false, err);
	if (rc >= 0 && options_number(own, "measure"))
		rc = try_settings(d, (unsigned)options_number(own, "rounds"), err);
	return rc;
}

static int doctor_go(const struct options *own)
{
	struct doctor *d = calloc(1, sizeof(*d));
	struct err err = ERR_NONE;
	int status;

	if (!d || doctor_look(d, own, &err) < 0) {
		if (!d)
			err_sys(&err, ENOMEM, "look at the host");
		status = complain(&err);
	} else if (options_number(own, "json")) {
		status = say_json(d);
	} else {
		status = say_text(d, options_number(own, "all"));
	}
	free(d);
	return status;
}

static int check_interface(const char *name, struct err *err)
{
	char shown[TEXT_SHOWN_BYTES];

	if (if_nametoindex(name))
		return 0;
	return err_say(err, EINVAL, "--interface %s: there is no such interface here", text_shown(name, shown));
}

int verb_doctor(const struct verb *verb, int argc, char **argv, int from)
{
	struct options own = { 0 };
	struct err err = ERR_NONE;

	if (cli_asks_help(argc, argv, from))
		return help_verb(verb, NULL);
	int rc = cli_read_own(verb, argc, argv, from, &own, &err);
	if (rc >= 0)
		rc = check_interface(options_text(&own, "interface"), &err);
	int status = rc < 0 ? complain_usage(&err) : doctor_go(&own);
	options_free(&own);
	return status;
}
