/* Two methods side by side: do they differ?  See sweep/report.h. */
#include <math.h>
#include <string.h>

#include "base/text/table.h"
#include "sweep/compare/comparison.h"
#include "sweep/report.h"

static const double PAIRS_LEVEL = 0.95;

/* Two cells that differ in nothing but their method. */
struct pair {
	const struct sweep_state *state;
	unsigned axis;
	uint32_t a, b;
};

static bool is_of_two_methods(const struct sweep_axis *axis)
{
	const char *name = axis->def->name;
	size_t length = strlen(name), ending = strlen("method");

	return axis->count == 2 && length >= ending && !strcmp(name + length - ending, "method");
}

static bool find_pair(const struct sweep_state *state, unsigned axis, uint32_t a, struct pair *ret_pair)
{
	if (sweep_cell_value(state->plan, a, axis) != 0)
		return false;
	*ret_pair = (struct pair){ .state = state, .axis = axis, .a = a, .b = sweep_cell_beside(state->plan, a, axis, 1) };
	return true;
}

/* "msg-bytes 64, recv no": what the two have in common. */
static void write_setting(FILE *out, const struct pair *p)
{
	char label[SWEEP_LABEL_BYTES];

	sweep_setting_label(p->state->plan, p->a, p->axis, label, sizeof(label));
	text_markdown(out, *label ? label : "all runs");
}

/* ---- sentences ---- */

static double most(const struct evidence *e)
{
	return fmax(fabs(e->low), fabs(e->high));
}

/* The headline, in a sentence. */
static void write_answer(FILE *out, const struct pair *p, const struct comparison *c)
{
	const struct sweep_axis *axis = &p->state->plan->axis[p->axis];
	char difference[COMPARED_TEXT_BYTES], interval[COMPARED_TEXT_BYTES];
	const struct compared *of = &c->of[0];

	compared_difference(of, difference);
	compared_interval(of, interval);
	fputs("- ", out);
	write_setting(out, p);
	fprintf(out, ": %s of %s against %s: ", p->state->metric[0].title, axis->text[1], axis->text[0]);
	if (of->mark == COMPARED_UNTESTED)
		fputs("no round has a valid run of each.", out);
	else if (of->mark == COMPARED_TOO_FEW)
		fprintf(out, "not enough runs to tell whether they differ: %zu round%s with both, %zu are the least (%s so far).",
			of->evidence.a, of->evidence.a == 1 ? "" : "s", c->least, difference);
	else if (of->mark != COMPARED_SAME)
		fprintf(out, "**they differ**, by %s (95 %% interval %s).", difference, interval);
	else if (of->evidence.relative)
		fprintf(out, "no difference is shown; if there is one, it is %.2f %% at most (95 %% interval %s).",
			100 * most(&of->evidence), interval);
	else
		fprintf(out, "no difference is shown (95 %% interval %s).", interval);
}

/* Writes the other figures with this mark in one line. */
static void write_others(FILE *out, const struct pair *p, const struct comparison *c, const char *head, unsigned marks)
{
	char difference[COMPARED_TEXT_BYTES], interval[COMPARED_TEXT_BYTES];
	bool any = false;

	for (unsigned i = 1; i < c->metrics; i++) {
		const struct compared *of = &c->of[i];

		if (!of->evidence.known || !(marks & 1u << of->mark) || !p->state->metric[i].chart)
			continue;
		fprintf(out, "%s%s %s", any ? ", " : head, p->state->metric[i].title, compared_difference(of, difference));
		if (of->evidence.bounded)
			fprintf(out, " (%s)", compared_interval(of, interval));
		any = true;
	}
	fputs(any ? "." : "", out);
}

static void write_pair(FILE *out, const struct pair *p)
{
	struct comparison c;

	comparison_of_cells(p->state, p->a, p->b, p->state->plan->repeat, PAIRS_LEVEL, &c);
	write_answer(out, p, &c);
	write_others(out, p, &c, "\n  Differ: ", 1u << COMPARED_LESS | 1u << COMPARED_MORE);
	write_others(out, p, &c, "\n  Not shown to differ: ", 1u << COMPARED_SAME);
	write_others(out, p, &c, "\n  Shown, not tested: ", 1u << COMPARED_UNTESTED | 1u << COMPARED_TOO_FEW);
	putc('\n', out);
}

static void write_axis(FILE *out, const struct sweep_state *state, unsigned axis)
{
	const struct sweep_axis *a = &state->plan->axis[axis];
	struct pair p;

	fprintf(out,
		"\n## %s against %s\n\nEach round's two runs are compared, where both are valid, in per cent of %s; what is said "
		"of "
		"the main figures is wrong of all of them at once in at most one of thirty-two comparisons of equals (signed "
		"ranks, "
		"Holm).\n\n",
		a->text[1], a->text[0], a->text[0]);
	for (uint32_t cell = 0; cell < state->plan->cells; cell++)
		if (find_pair(state, axis, cell, &p) && (state->cell[p.a].valid || state->cell[p.b].valid))
			write_pair(out, &p);
}

void sweep_write_pairs(FILE *out, const struct sweep_state *state)
{
	for (unsigned i = 0; i < state->plan->axes; i++)
		if (is_of_two_methods(&state->plan->axis[i]))
			write_axis(out, state, i);
}
