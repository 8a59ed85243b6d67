/* Two methods side by side: do they differ?  See sweep/report.h. */
#include <math.h>
#include <string.h>

#include "base/stats/stats.h"
#include "base/text.h"
#include "base/text/table.h"
#include "sweep/report.h"

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

/* Is b the cell of the second method beside a, that of the first? */
static bool are_pair(const struct sweep_plan *plan, unsigned axis, uint32_t a, uint32_t b)
{
	for (unsigned i = 0; i < plan->axes; i++) {
		unsigned value = sweep_cell_value(plan, b, i);

		if (i == axis ? value != 1 : value != sweep_cell_value(plan, a, i))
			return false;
	}
	return sweep_cell_value(plan, a, axis) == 0;
}

static bool find_pair(const struct sweep_state *state, unsigned axis, uint32_t a, struct pair *ret_pair)
{
	for (uint32_t b = 0; b < state->plan->cells; b++)
		if (are_pair(state->plan, axis, a, b)) {
			*ret_pair = (struct pair){ .state = state, .axis = axis, .a = a, .b = b };
			return true;
		}
	return false;
}

/* "msg-bytes 64, recv no": what the two have in common. */
static void write_setting(FILE *out, const struct pair *p)
{
	const struct sweep_plan *plan = p->state->plan;
	bool any = false;

	for (unsigned i = 0; i < plan->axes; i++) {
		char quoted[96];
		const char *text = plan->axis[i].text[sweep_cell_value(plan, p->a, i)];

		if (i == p->axis)
			continue;
		fprintf(out, "%s%s ", any ? ", " : "", plan->axis[i].def->name);
		text_markdown(out, text_escape(text, strlen(text), quoted, sizeof(quoted)));
		any = true;
	}
	fputs(any ? "" : "all runs", out);
}

static void compare(const struct pair *p, unsigned metric, struct difference *ret_difference)
{
	struct stats a, b;

	sweep_state_stats(p->state, p->a, metric, &a);
	sweep_state_stats(p->state, p->b, metric, &b);
	stats_compare(&a, &b, ret_difference);
	ret_difference->known &= isfinite(ret_difference->relative) && isfinite(ret_difference->low) &&
				 isfinite(ret_difference->high);
}

static double most(const struct difference *d)
{
	return 100 * fmax(fabs(d->low), fabs(d->high));
}

/* The headline, in a sentence. */
static void write_answer(FILE *out, const struct pair *p)
{
	const struct sweep_axis *axis = &p->state->plan->axis[p->axis];
	struct difference d;

	compare(p, 0, &d);
	fputs("- ", out);
	write_setting(out, p);
	fprintf(out, ": %s of %s against %s: ", p->state->metric[0].title, axis->text[1], axis->text[0]);
	if (!d.known)
		fprintf(out, "fewer than 3 valid runs of each, too few to tell whether they differ.");
	else if (d.differs)
		fprintf(out, "**they differ**, by %+.2f %% (95 %% interval %+.2f..%+.2f %%).", 100 * d.relative, 100 * d.low,
			100 * d.high);
	else
		fprintf(out, "no difference is shown; if there is one, it is %.2f %% at most (95 %% interval %+.2f..%+.2f %%).",
			most(&d), 100 * d.low, 100 * d.high);
}

/* Writes the other metrics in one line: those that differ, or those that do not. */
static void write_others(FILE *out, const struct pair *p, bool differing)
{
	bool any = false;

	for (unsigned i = 1; i < p->state->metrics; i++) {
		struct difference d;

		compare(p, i, &d);
		if (!d.known || d.differs != differing || !p->state->metric[i].chart)
			continue;
		fprintf(out, "%s%s ",
			any         ? ", "
			: differing ? "\n  Differ: "
				    : "\n  Not shown to differ: ",
			p->state->metric[i].title);
		if (differing)
			fprintf(out, "%+.2f %% (%+.2f..%+.2f %%)", 100 * d.relative, 100 * d.low, 100 * d.high);
		else
			fprintf(out, "(%.2f %% at most)", most(&d));
		any = true;
	}
	fputs(any ? "." : "", out);
}

static void write_axis(FILE *out, const struct sweep_state *state, unsigned axis)
{
	const struct sweep_axis *a = &state->plan->axis[axis];
	struct pair p;

	fprintf(out,
		"\n## %s against %s\n\nMeans of the valid runs, in per cent of %s; the interval is Welch's, at 95 %%.  Of twenty "
		"comparisons of equals one shows a difference.\n\n",
		a->text[1], a->text[0], a->text[0]);
	for (uint32_t cell = 0; cell < state->plan->cells; cell++) {
		if (!find_pair(state, axis, cell, &p) || (!state->cell[p.a].valid && !state->cell[p.b].valid))
			continue;
		write_answer(out, &p);
		write_others(out, &p, true);
		write_others(out, &p, false);
		putc('\n', out);
	}
}

void sweep_write_pairs(FILE *out, const struct sweep_state *state)
{
	for (unsigned i = 0; i < state->plan->axes; i++)
		if (is_of_two_methods(&state->plan->axis[i]))
			write_axis(out, state, i);
}
