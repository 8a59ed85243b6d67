/* A comparison as JSON, and its chart.  See report.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "results/json_parts.h"
#include "results/results.h"
#include "sweep/compare/report.h"
#include "sweep/report.h"

enum { SCHEMA = 1, DIGITS = 6 };

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

/* Ratios are in per cent, plain differences in the figure's unit. */
static json_t *scaled(const struct evidence *e, double value)
{
	return json_of_real(e->relative ? 100 * value : value, DIGITS);
}

static json_t *json_of_mark(enum compared_mark mark)
{
	static const char *const words[] = { [COMPARED_TOO_FEW] = "not enough",
		[COMPARED_SAME] = "not shown to differ",
		[COMPARED_LESS] = "less",
		[COMPARED_MORE] = "more" };

	return mark == COMPARED_UNTESTED ? json_null() : json_string(words[mark]);
}

static json_t *json_of_compared(const struct sweep_metric *metric, const struct compared *of)
{
	const struct evidence *e = &of->evidence;
	struct json_maker m = json_make();

	json_put(&m, "name", json_string(metric->column));
	json_put(&m, "title", json_string(metric->title));
	json_put(&m, "unit", json_of_text_or_null(metric->unit));
	json_put(&m, "a_median", number(of->a));
	json_put(&m, "b_median", number(of->b));
	json_put(&m, "compared", json_of_count(e->a < e->b ? e->a : e->b));
	json_put(&m, "relative", json_boolean(e->known && e->relative));
	json_put(&m, e->relative ? "difference_percent" : "difference", e->known ? scaled(e, e->middle) : json_null());
	json_put(&m, "low", e->known && e->bounded ? scaled(e, e->low) : json_null());
	json_put(&m, "high", e->known && e->bounded ? scaled(e, e->high) : json_null());
	json_put(&m, "p", e->known ? number(e->p) : json_null());
	json_put(&m, "p_holm", of->mark == COMPARED_UNTESTED ? json_null() : number(of->p));
	json_put(&m, "mark", json_of_mark(of->mark));
	json_put(&m, "rounds_wanted", of->rounds_wanted ? json_of_count(of->rounds_wanted) : json_null());
	return json_made(&m);
}

static json_t *json_of_side(const struct compare_report *report, unsigned side)
{
	const struct compare_limit *l = &report->limit[side];
	struct json_maker m = json_make();

	json_put(&m, "what", json_of_text(report->side[side]));
	json_put(&m, "valid_runs", json_of_count(report->valid[side]));
	json_put(&m, "limit", l->runs ? json_string(limit_name(l->who)) : json_null());
	json_put(&m, "limit_runs", json_of_count(l->runs));
	return json_made(&m);
}

static json_t *json_of_condition(const struct compare_report *report, const struct condition *condition)
{
	static const char *const words[] = {
		[CONDITION_NOT_SHOWN] = "not shown", [CONDITION_HOLDS] = "holds", [CONDITION_UNKNOWN] = "unknown"
	};
	struct json_maker m = json_make();

	json_put(&m, "fail_if", json_of_text(condition->text));
	json_put(&m, "answer", json_string(words[condition_ask(condition, report->comparison)]));
	return json_made(&m);
}

/* The words of compare_write_words(), a string. */
static json_t *json_of_words(const struct compare_report *report)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	json_t *words = NULL;

	if (!out)
		return NULL;
	compare_write_words(out, report);
	if (fclose(out) == 0)
		words = json_stringn(text, length && text[length - 1] == '\n' ? length - 1 : length);
	free(text);
	return words;
}

static void put_lists(struct json_maker *m, const struct compare_report *report)
{
	const struct comparison *c = report->comparison;
	json_t *figures = json_array(), *conditions = json_array(), *notes = json_array();
	bool failed = false;

	for (unsigned i = 0; i < c->metrics; i++)
		if (!isnan(c->of[i].a) || !isnan(c->of[i].b))
			json_append(figures, json_of_compared(&c->metric[i], &c->of[i]), &failed);
	for (unsigned i = 0; i < report->conditions; i++)
		json_append(conditions, json_of_condition(report, &report->condition[i]), &failed);
	for (unsigned i = 0; i < report->notes; i++)
		json_append(notes, json_of_text(report->note[i]), &failed);
	json_put(m, "figures", json_array_made(figures, failed));
	json_put(m, "conditions", json_array_made(conditions, failed));
	json_put(m, "notes", json_array_made(notes, failed));
}

json_t *compare_to_json(const struct compare_report *report)
{
	const struct comparison *c = report->comparison;
	struct json_maker m = json_make();

	json_put(&m, "netdyno", json_of_head(SCHEMA));
	json_put(&m, "mode", json_string(report->engine->name));
	json_put(&m, "paired", json_boolean(c->pairs));
	json_put(&m, "complete", json_boolean(!report->stopped));
	json_put(&m, "stopped", report->stopped ? json_of_text(report->stopped) : json_null());
	json_put(&m, "a", json_of_side(report, 0));
	json_put(&m, "b", json_of_side(report, 1));
	json_put(&m, "least_runs", json_of_count(c->least));
	json_put(&m, "words", json_of_words(report));
	put_lists(&m, report);
	return json_made(&m);
}

/* ---- the chart ---- */

/* Round and B in per cent of A; nothing where one is not known. */
static void write_dots(FILE *out, const struct sweep_state *state, unsigned metric)
{
	unsigned rounds = state->plan->repeat;
	double *a = calloc(rounds, sizeof(*a)), *b = calloc(rounds, sizeof(*b));

	if (a && b) {
		sweep_state_values(state, 0, metric, a);
		sweep_state_values(state, 1, metric, b);
	}
	for (unsigned i = 0; a && b && i < rounds; i++)
		if (a[i] > 0 && b[i] > 0)
			fprintf(out, "%u %.6g\n", i - state->plan->thrown + 1, 100 * (b[i] / a[i] - 1));
	free(a);
	free(b);
}

static bool is_drawn(const struct compared *of)
{
	return of->mark != COMPARED_UNTESTED && of->evidence.relative;
}

static void write_panel(FILE *out, const struct comparison *c, unsigned i)
{
	const struct evidence *e = &c->of[i].evidence;

	if (e->bounded)
		fprintf(out,
			"set object 1 rectangle from graph 0, first %.6g to graph 1, first %.6g fc rgb '#cfe3f7' fs solid "
			"noborder behind\n",
			100 * e->low, 100 * e->high);
	else
		fputs("unset object 1\n", out);
	fprintf(out,
		"set title '%s'\nplot 0 lc rgb '#808080' notitle, %.6g lc rgb '#1f77b4' notitle, $r%u using 1:2 pt 7 lc rgb "
		"'#1f77b4' notitle\n",
		c->metric[i].title, 100 * e->middle, i);
}

void compare_write_chart(FILE *out, const struct compare_report *report, const struct sweep_state *state)
{
	const struct comparison *c = report->comparison;
	unsigned panels = 0;

	for (unsigned i = 0; i < c->metrics; i++) {
		if (!is_drawn(&c->of[i]))
			continue;
		fprintf(out, "$r%u << EOD\n", i);
		write_dots(out, state, i);
		fputs("EOD\n", out);
		panels++;
	}
	fprintf(out,
		"if (!exists('formats')) formats = 'svg png'\nif (!exists('part')) part = ''\ndo for [f in formats] {\n"
		"if (f eq 'svg') { set terminal svg size 900,600 } else { set terminal pngcairo size 900,600 }\n"
		"set output 'b-vs-a.'.f.part\nset multiplot layout %u,2\nset xlabel 'round'\nset ylabel 'B against A, %%'\n",
		(panels + 1) / 2 ? (panels + 1) / 2 : 1);
	for (unsigned i = 0; i < c->metrics; i++)
		if (is_drawn(&c->of[i]))
			write_panel(out, c, i);
	fputs("unset multiplot\nset output\n}\n", out);
}
