/* The end of a comparison.  See compare_end.h. */
#include "main/sweep/compare_end.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "main/cli/program.h"
#include "main/sweep/end.h"
#include "results/json_parts.h"
#include "sweep/chart_draw.h"

static const char chart_name[] = "b-vs-a";

struct compare_chart {
	const struct compare_report *report;
	const struct sweep_state *state;
};

/* ---- what is to be kept in mind ---- */

static void note_rounds(struct compare_report *report, const struct sweep_state *state)
{
	unsigned again = 0;

	if (state->plan->thrown)
		compare_note(report, "the first round warmed the machine up and does not count");
	for (unsigned i = 0; i < state->failures; i++)
		again += state->failure[i].made_good;
	if (again)
		compare_note(
			report, "%u run%s had to be tried again: %.200s", again, again == 1 ? "" : "s", state->failure[0].why);
	if (state->invalid)
		compare_note(report, "%llu run%s had no valid verdict in any attempt; the round counts on neither side",
			(unsigned long long)state->invalid, state->invalid == 1 ? "" : "s");
	if (state->failed)
		compare_note(report, "%llu run%s failed in every attempt: %.200s", (unsigned long long)state->failed,
			state->failed == 1 ? "" : "s", state->failures ? state->failure[state->failures - 1].why : "");
}

static void note_remarks(struct compare_report *report, const struct sweep_state *state)
{
	char label[SWEEP_LABEL_BYTES];

	for (unsigned i = 0; i < state->remarks; i++) {
		const struct sweep_remark *r = &state->remark[i];

		compare_note(report, "%s of %u run%s, first %.60s: %.180s", r->invalid ? "invalid verdict" : "caution", r->runs,
			r->runs == 1 ? "" : "s", sweep_cell_label(state->plan, r->cell, label, sizeof(label)), r->text);
	}
}

static void make_report(struct compare_report *report, struct comparison *comparison, const struct sweep_state *state,
	const struct compare_asked *asked)
{
	double level = comparison_level(state->plan, comparison_rounds(state));

	/* Before the first look nothing is marked: fewer rounds than the least of any level. */
	comparison_of_cells(state, 0, 1, state->plan->repeat, level > 0 ? level : 0.95, comparison);
	*report = (struct compare_report){ .comparison = comparison,
		.engine = state->plan->options.engine,
		.side = { state->plan->axis[0].text[0], state->plan->axis[0].text[1] },
		.valid = { state->cell[0].valid, state->cell[1].valid } };
	if (asked) {
		report->conditions = asked->conditions;
		report->condition = asked->condition;
	}
	if (asked && asked->same)
		compare_note(report, "A and B are the same run: what differs here is the machine alone");
	note_rounds(report, state);
	compare_limits(report, state->cell[0].limited, state->cell[1].limited);
	note_remarks(report, state);
}

void compare_print(const struct sweep_state *state)
{
	struct compare_report report;
	struct comparison comparison;

	make_report(&report, &comparison, state, NULL);
	compare_write_text(stdout, &report, sweep_room());
}

/* ---- files ---- */

static int write_summary(const struct sweep_store *store, const struct compare_report *report, const char *chart, struct err *err)
{
	struct file_out out = { 0 };
	int rc = sweep_store_begin(store, "summary.md", &out, err);

	if (rc < 0)
		return rc;
	compare_write_summary(out.stream, report, chart);
	rc = file_commit(&out, err);
	file_abort(&out);
	return rc;
}

static int write_to(FILE *out, const struct compare_report *report, const char *path, struct err *err)
{
	json_t *document = compare_to_json(report);
	int rc = json_write_document(document, out, path, err);

	json_decref(document);
	return rc;
}

int compare_write_json(const struct compare_report *report, const struct compare_asked *asked, struct err *err)
{
	struct file_out out = { 0 };

	if (!*asked->json)
		return 0;
	if (!strcmp(asked->json, "-"))
		return write_to(stdout, report, "to stdout", err);
	int rc = file_begin(&out, asked->json, asked->force, err);

	if (rc >= 0)
		rc = write_to(out.stream, report, asked->json, err);
	if (rc >= 0)
		rc = file_commit(&out, err);
	file_abort(&out);
	return rc;
}

static void write_chart(FILE *out, const void *ctx)
{
	const struct compare_chart *chart = ctx;

	compare_write_chart(out, chart->report, chart->state);
}

static int write_reports(struct sweep_task *task, const struct compare_report *report, bool pictures, struct err *err)
{
	struct compare_chart chart = { report, &task->state };
	struct sweep_charts *charts = calloc(1, sizeof(*charts));
	int rc = charts ? sweep_store_write_csv(&task->store, err) : err_sys(err, ENOMEM, "write the results");

	if (rc >= 0)
		rc = sweep_plot_script(&task->store, chart_name, write_chart, &chart, pictures, charts, err);
	if (rc >= 0)
		rc = write_summary(&task->store, report, charts->chart[0].png ? "charts/b-vs-a.png" : NULL, err);
	if (rc >= 0)
		rc = sweep_store_write_document(&task->store, "compare.json", compare_to_json(report), err);
	if (rc >= 0 && charts->why[0])
		fprintf(stderr, "netdyno: %s\n", charts->why);
	free(charts);
	return rc;
}

/* ---- the end ---- */

int compare_status(const struct compare_report *report)
{
	bool told = true;

	for (unsigned i = 0; i < report->conditions; i++) {
		enum condition_answer answer = condition_ask(&report->condition[i], report->comparison);

		if (answer == CONDITION_HOLDS)
			return EXIT_BEYOND;
		told &= answer != CONDITION_UNKNOWN;
	}
	return told && report->valid[0] && report->valid[1] ? EXIT_VALID : EXIT_INVALID;
}

static int status_of(const struct sweep_state *state, const struct compare_report *report, enum sweep_end end)
{
	if (end == SWEEP_INTERRUPTED)
		return EXIT_INTERRUPTED;
	if (end == SWEEP_BROKEN)
		return EXIT_FAILED;
	for (unsigned i = 0; i < COMPARE_SIDES; i++)
		if (!report->valid[i] && state->cell[i].failed)
			return EXIT_FAILED;
	return compare_status(report);
}

int compare_finish(struct sweep_task *task, const struct compare_asked *asked, enum sweep_end end, const struct err *why)
{
	bool on_stdout = !strcmp(asked->json, "-");
	struct compare_report report;
	struct comparison comparison;
	struct err err = ERR_NONE;

	make_report(&report, &comparison, &task->state, asked);
	report.host = &task->host;
	report.stopped = end == SWEEP_INTERRUPTED ? "interrupted" : end == SWEEP_BROKEN ? why->text : NULL;
	int status = status_of(&task->state, &report, end);
	if (end == SWEEP_BROKEN)
		complain(why);
	if (write_reports(task, &report, !report.stopped, &err) < 0 || compare_write_json(&report, asked, &err) < 0) {
		complain(&err);
		status = end == SWEEP_INTERRUPTED ? status : EXIT_FAILED;
	}
	if (!on_stdout) {
		compare_write_text(stdout, &report, sweep_room());
		say_path(stdout, "results: ", task->directory, "");
	}
	status = finish_stdout(status);
	if (report.stopped)
		sweep_say_how(
			end == SWEEP_INTERRUPTED ? "interrupted; to continue" : "to continue", &task->plan, task->directory);
	return status;
}
