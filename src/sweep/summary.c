/* Tables and the summary of a sweep.  See sweep/report.h. */
#include "sweep/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "results/json_parts.h"
#include "sweep/compare/comparison.h"
#include "base/text/table.h"

enum { NUMBER_BYTES = 32 };

char *sweep_host_line(const struct host_info *host, char *out, size_t size)
{
	snprintf(out, size, "%s, %u CPU%s, Linux %s", host->cpu_model[0] ? host->cpu_model : host->machine, host->cpus_allowed,
		host->cpus_allowed == 1 ? "" : "s", host->kernel);
	return out;
}

/* ---- the tables ---- */

struct result_table {
	const struct sweep_state *state;
	bool markdown, spread; /* spread: median with minimum and maximum; else the median alone */
	unsigned metrics, metric[SWEEP_METRICS_MAX];
	int64_t best[SWEEP_METRICS_MAX];
	double scale[SWEEP_METRICS_MAX];
	const char *unit[SWEEP_METRICS_MAX];
	uint32_t *cell; /* [rows] */
};

/* The figures that people look for first are in the first table, the others in the second. */
static bool is_main(const struct sweep_metric *m)
{
	return m->bars || !strcmp(m->column, "lost_percent");
}

static void choose_metrics(struct result_table *t, bool main)
{
	for (unsigned i = 0; i < t->state->metrics; i++) {
		if (is_main(&t->state->metric[i]) != main || !sweep_state_known(t->state, i))
			continue;
		unsigned at = t->metrics++;

		t->metric[at] = i;
		t->best[at] = sweep_state_best(t->state, i);
		t->scale[at] = sweep_state_unit(t->state, i, &t->unit[at]);
	}
}

static void copy_escaped(const struct result_table *t, const char *text, char *out, size_t size)
{
	char *kept = NULL;
	size_t length = 0;
	FILE *stream = t->markdown ? open_memstream(&kept, &length) : NULL;

	if (stream) {
		text_markdown(stream, text);
		if (fclose(stream) == 0)
			text = kept;
	}
	snprintf(out, size, "%s", text);
	free(kept);
}

static void runs_cell(const struct result_table *t, uint32_t cell, char *out, size_t size)
{
	const struct sweep_cell *c = &t->state->cell[cell];
	unsigned invalid = c->done - c->valid;

	snprintf(out, size, "%u", c->valid);
	if (invalid)
		text_add(out, size, ", %u invalid", invalid);
	if (c->failed)
		text_add(out, size, ", %u failed", c->failed);
}

static void metric_cell(const struct result_table *t, uint32_t cell, unsigned at, char *out, size_t size)
{
	char median[NUMBER_BYTES], low[NUMBER_BYTES], high[NUMBER_BYTES];
	struct sweep_spread s;

	sweep_state_spread(t->state, cell, t->metric[at], &s);
	text_four(s.median * t->scale[at], median, sizeof(median));
	text_four(s.min * t->scale[at], low, sizeof(low));
	text_four(s.max * t->scale[at], high, sizeof(high));
	bool best = t->best[at] == (int64_t)cell && s.n;
	const char *mark = !best ? "" : t->markdown ? "**" : "*";
	if (s.n > 1 && t->spread)
		snprintf(out, size, "%s%s%s (%s..%s)", mark, median, t->markdown ? mark : "", low, high);
	else
		snprintf(out, size, "%s%s%s", mark, median, t->markdown ? mark : "");
}

static void head_cell(const struct result_table *t, unsigned column, char *out, size_t size)
{
	const struct sweep_plan *plan = t->state->plan;

	if (column < plan->axes)
		snprintf(out, size, "%s", plan->axis[column].def->name);
	else if (column == plan->axes)
		snprintf(out, size, "valid");
	else {
		const struct sweep_metric *m = &t->state->metric[t->metric[column - plan->axes - 1]];
		const char *unit = t->unit[column - plan->axes - 1];

		snprintf(out, size, "%s%s%s", m->title, *unit ? " " : "", unit);
	}
}

static void result_cell(void *ctx, long row, unsigned column, char *out, size_t size)
{
	const struct result_table *t = ctx;
	const struct sweep_plan *plan = t->state->plan;
	char quoted[96];

	if (row < 0) {
		head_cell(t, column, out, size);
		return;
	}
	uint32_t cell = t->cell[row];
	if (column < plan->axes) {
		const char *text = plan->axis[column].text[sweep_cell_value(plan, cell, column)];

		copy_escaped(t, text_escape(text, strlen(text), quoted, sizeof(quoted)), out, size);
	} else if (column == plan->axes)
		runs_cell(t, cell, out, size);
	else
		metric_cell(t, cell, column - plan->axes - 1, out, size);
}

static uint32_t count_touched(const struct sweep_state *state, uint32_t *ret_cells)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < state->plan->cells; i++) {
		if (!state->cell[i].done && !state->cell[i].failed)
			continue;
		if (ret_cells)
			ret_cells[n] = i;
		n++;
	}
	return n;
}

static void write_results(FILE *out, const struct sweep_state *state, bool markdown, bool main, unsigned room)
{
	struct result_table t = { .state = state, .markdown = markdown, .spread = main };
	uint32_t rows = count_touched(state, NULL);

	t.cell = calloc(rows ? rows : 1, sizeof(*t.cell));
	if (!t.cell)
		return;
	count_touched(state, t.cell);
	choose_metrics(&t, main);
	struct text_table table = { .columns = state->plan->axes + 1 + t.metrics,
		.rows = rows,
		.markdown = markdown,
		.ctx = &t,
		.cell = result_cell,
		.room = room,
		.keep = state->plan->axes + 2 };
	unsigned left_out = rows && (main || t.metrics) ? text_table_write(out, &table) : 0;
	if (left_out)
		fprintf(out, "(%u more figure%s in summary.md: no room here)\n", left_out, left_out == 1 ? "" : "s");
	free(t.cell);
}

void sweep_write_table(FILE *out, const struct sweep_state *state, unsigned room)
{
	write_results(out, state, false, true, room);
}

/* ---- findings ---- */

/* The best cell but one, by the headline. */
static int64_t next_best(const struct sweep_state *state, uint32_t best)
{
	struct sweep_spread s;
	double most = NAN;
	int64_t next = -1;

	for (uint32_t i = 0; i < state->plan->cells; i++) {
		if (i == best || !state->cell[i].valid)
			continue;
		sweep_state_spread(state, i, 0, &s);
		if (isnan(s.median) || !(next < 0 || s.median > most))
			continue;
		most = s.median;
		next = i;
	}
	return next;
}

static void write_next(FILE *out, const struct sweep_state *state, uint32_t best, double scale)
{
	int64_t next = next_best(state, best);
	char label[SWEEP_LABEL_BYTES], number[NUMBER_BYTES];
	char difference[COMPARED_TEXT_BYTES], interval[COMPARED_TEXT_BYTES];
	struct sweep_spread s;
	struct comparison c;

	if (next < 0)
		return;
	sweep_state_spread(state, (uint32_t)next, 0, &s);
	fprintf(out, "; next %s with %s", sweep_cell_label(state->plan, (uint32_t)next, label, sizeof(label)),
		text_four(s.median * scale, number, sizeof(number)));
	comparison_of_cells(state, (uint32_t)next, best, state->plan->repeat, 0.95, &c);
	compared_difference(&c.of[0], difference);
	compared_interval(&c.of[0], interval);
	if (c.of[0].mark == COMPARED_UNTESTED || c.of[0].mark == COMPARED_TOO_FEW)
		fprintf(out, " (not enough runs to tell whether they differ: %zu rounds are the least)", c.least);
	else
		fprintf(out, " (%s%s, 95 %% interval %s)", c.of[0].mark == COMPARED_SAME ? "these runs show no difference: " : "",
			difference, interval);
}

static void write_best(FILE *out, const struct sweep_state *state)
{
	int64_t best = sweep_state_best(state, 0);
	char label[SWEEP_LABEL_BYTES], number[NUMBER_BYTES];
	struct sweep_spread s;
	const char *unit;

	if (best < 0)
		return;
	double scale = sweep_state_unit(state, 0, &unit);
	sweep_state_spread(state, (uint32_t)best, 0, &s);
	fprintf(out, "best %s: %s with %s %s", state->metric[0].title,
		sweep_cell_label(state->plan, (uint32_t)best, label, sizeof(label)),
		text_four(s.median * scale, number, sizeof(number)), unit);
	write_next(out, state, (uint32_t)best, scale);
	putc('\n', out);
}

void sweep_write_findings(FILE *out, const struct sweep_state *state)
{
	write_best(out, state);
	sweep_write_knees(out, state, false);
	fprintf(out, "runs: %" PRIu64 " of %" PRIu64 " done, %" PRIu64 " of them with an invalid verdict, %" PRIu64 " failed\n",
		state->done, state->slots, state->invalid, state->failed);
}

/* ---- summary.md ---- */

static void write_remarks(FILE *out, const struct sweep_state *state, bool invalid)
{
	char label[SWEEP_LABEL_BYTES];

	for (unsigned i = 0; i < state->remarks; i++) {
		const struct sweep_remark *r = &state->remark[i];

		if (r->invalid != invalid)
			continue;
		fprintf(out, "- %u run%s, ", r->runs, r->runs == 1 ? "" : "s");
		text_markdown(out, sweep_cell_label(state->plan, r->cell, label, sizeof(label)));
		fprintf(out, "%s: ", r->runs == 1 ? "" : " and others");
		text_markdown(out, r->text);
		putc('\n', out);
	}
}

static void write_verdicts(FILE *out, const struct sweep_state *state)
{
	bool cautions = false;

	fprintf(out, "\n## Verdicts\n\n%" PRIu64 " of %" PRIu64 " runs are valid.%s\n", state->done - state->invalid, state->done,
		state->invalid ? "  Numbers of the others are in results.csv, but in no table or chart here:\n" : "");
	write_remarks(out, state, true);
	for (unsigned i = 0; i < state->remarks; i++)
		cautions |= !state->remark[i].invalid;
	if (cautions)
		fprintf(out, "\nCautions: the numbers are right, but may not mean what their names suggest.\n\n");
	write_remarks(out, state, false);
	if (state->remarks_more)
		fprintf(out, "- %u more, in results.csv\n", state->remarks_more);
}

static void write_failures(FILE *out, const struct sweep_state *state)
{
	char label[SWEEP_LABEL_BYTES];

	if (state->failures)
		fprintf(out, "\n## Failures\n\n");
	for (unsigned i = 0; i < state->failures; i++) {
		const struct sweep_failure *f = &state->failure[i];

		fputs("- ", out);
		text_markdown(out, sweep_cell_label(state->plan, f->cell, label, sizeof(label)));
		fprintf(out, ", round %u, %u attempt%s: ", f->round + 1, f->attempts, f->attempts == 1 ? "" : "s");
		text_markdown(out, f->why);
		fputs(f->made_good ? "; a later attempt succeeded\n" : "\n", out);
	}
}

/* A chart that there would be if its figure were known.  Without a valid run that has been said
 * of all. */
static bool is_missing(const struct sweep_state *state, unsigned metric)
{
	return state->metric[metric].chart && state->done > state->invalid && !sweep_state_known(state, metric);
}

/* Is this the first of those that are missing for its reason? */
static bool is_first_of_reason(const struct sweep_state *state, unsigned metric)
{
	for (unsigned i = 0; i < metric; i++)
		if (state->metric[i].source[0] && is_missing(state, i) &&
			!strcmp(state->metric[i].why, state->metric[metric].why))
			return false;
	return true;
}

void sweep_write_missing(FILE *out, const struct sweep_state *state, const char *head)
{
	for (unsigned i = 0; i < state->metrics; i++) {
		const struct sweep_metric *m = &state->metric[i];

		if (!m->source[0] || !m->why[0] || !is_missing(state, i) || !is_first_of_reason(state, i))
			continue;
		fprintf(out, "%sno chart of %s", head, m->title);
		for (unsigned other = i + 1; other < state->metrics; other++)
			if (state->metric[other].source[0] && is_missing(state, other) &&
				!strcmp(state->metric[other].why, m->why))
				fprintf(out, ", %s", state->metric[other].title);
		fprintf(out, ": %s\n", m->why);
	}
}

static void write_charts(FILE *out, const struct sweep_report *report)
{
	const struct sweep_state *state = report->state;

	if (!report->charts)
		return;
	fprintf(out, "\n## Charts\n\nThe .gp files in charts/ draw them again: `cd charts && gnuplot NAME.gp`.\n\n");
	if (report->charts->why[0]) {
		text_markdown(out, report->charts->why);
		fputs("\n\n", out);
	}
	for (unsigned i = 0; i < report->charts->count; i++) {
		const struct sweep_chart *c = &report->charts->chart[i];

		if (c->png || c->svg)
			fprintf(out, "![%s](charts/%s.%s)\n", c->name, c->name, c->png ? "png" : "svg");
		else
			fprintf(out, "- charts/%s.gp\n", c->name);
	}
	for (unsigned i = 0; i < state->metrics; i++) {
		const struct sweep_metric *m = &state->metric[i];

		if (!is_missing(state, i))
			continue;
		fprintf(out, "- no chart of %s: ", m->title);
		text_markdown(out, m->why[0] ? m->why : "no valid run has a value");
		putc('\n', out);
	}
}

static void write_host(FILE *out, const struct host_info *host)
{
	json_t *object = json_of_host(host), *value;
	const char *key;

	fprintf(out, "\n## Host\n\n");
	json_object_foreach(object, key, value)
	{
		char *text = json_is_string(value) ? NULL : json_to_text(value, JSON_ENCODE_ANY, "", NULL);

		fprintf(out, "- %s: ", key);
		text_markdown(out, json_is_string(value) ? json_string_value(value) : text && !json_is_null(value) ? text : "--");
		putc('\n', out);
		free(text);
	}
	json_decref(object);
}

static void write_conditions(FILE *out, const struct sweep_state *state)
{
	const struct options *o = &state->plan->options;
	bool any = false;

	for (unsigned i = 0; i < o->count; i++) {
		bool swept = false;

		for (unsigned a = 0; a < state->plan->axes; a++)
			swept |= state->plan->axis[a].def == o->def[i];
		if (swept || !(o->def[i]->flags & OPTION_RESULT) || !o->value[i].is_set)
			continue;
		fprintf(out, "%s--%s ", any ? ", " : "Common to all runs: ", o->def[i]->name);
		text_markdown(out, o->value[i].text);
		any = true;
	}
	fputs(any ? ".\n" : "", out);
}

void sweep_write_summary(FILE *out, const struct sweep_report *report)
{
	const struct sweep_state *state = report->state;
	const struct engine *engine = state->plan->options.engine;
	char host[320], time[40];

	clock_format_iso(clock_wall_of(clock_run_ns()), time, sizeof(time));
	fprintf(out, "# netdyno sweep: %s (%s)\n\n", engine->name, engine->title);
	text_markdown(out, sweep_host_line(report->host, host, sizeof(host)));
	fprintf(out, "; netdyno %s; %s.\n\n%u cell%s x %u.  ", NETDYNO_VERSION, time, state->plan->cells,
		state->plan->cells == 1 ? "" : "s", state->plan->repeat);
	write_conditions(out, state);
	if (report->stopped) {
		fputs("\n**Not complete**: ", out);
		text_markdown(out, report->stopped);
		fputs(".\n", out);
	}
	fprintf(out, "\n## Results\n\nMedian (minimum..maximum) of the valid runs of a cell; the best median in bold.\n\n");
	write_results(out, state, true, true, 0);
	putc('\n', out);
	write_best(out, state);
	sweep_write_knees(out, state, true);
	sweep_write_pairs(out, state);
	fprintf(out, "\n## More figures\n\nMedians.\n\n");
	write_results(out, state, true, false, 0);
	write_verdicts(out, state);
	write_failures(out, state);
	write_charts(out, report);
	write_host(out, report->host);
}
