/* Knees in words.  See knees.h and sweep/report.h. */
#include <stdio.h>

#include "base/text.h"
#include "base/text/table.h"
#include "sweep/knee/knees.h"
#include "sweep/report.h"

enum { NUMBER_BYTES = 32, LINES_ON_A_TERMINAL = 16 };

static const char *name_of(const struct sweep_curve *c)
{
	return c->state->plan->axis[c->axis].def->name;
}

static const char *value_at(const struct sweep_curve *c, size_t point)
{
	return c->state->plan->axis[c->axis].text[c->order[point]];
}

static char *rate_at(const struct sweep_curve *c, size_t point, char *out, size_t size)
{
	const char *unit;

	return text_four(c->point[point].median * sweep_state_unit(c->state, c->metric, &unit), out, size);
}

static const char *unit_of(const struct sweep_curve *c)
{
	const char *unit;

	sweep_state_unit(c->state, c->metric, &unit);
	return unit;
}

/* ---- a sentence for each kind ---- */

static void say_too_few(const struct sweep_curve *c, char *out, size_t size)
{
	snprintf(out, size, "too few values: %zu of %u have a valid run, %d are the least", c->knee.known, c->count,
		KNEE_POINTS_LEAST);
}

/* "batch 1 is within 5 % of the best (7.412M answers/s at 4)" */
static void say_first(const struct sweep_curve *c, const char *head, char *out, size_t size)
{
	const struct knee *k = &c->knee;
	char best[NUMBER_BYTES];

	rate_at(c, k->best, best, sizeof(best));
	if (k->at == k->best)
		snprintf(out, size, "%s: %s %s is the best (%s %s)", head, name_of(c), value_at(c, k->at), best, unit_of(c));
	else
		snprintf(out, size, "%s: %s %s is within %d %% of the best (%s %s at %s)", head, name_of(c), value_at(c, k->at),
			SWEEP_KNEE_PERCENT, best, unit_of(c), value_at(c, k->best));
}

static void say_flat(const struct sweep_curve *c, char *out, size_t size)
{
	say_first(c, "flat", out, size);
	if (c->knee.at == c->knee.best)
		text_add(out, size, ", the others are within %d %% of it", SWEEP_KNEE_PERCENT);
	text_add(out, size, ": no knee");
}

static void say_falling(const struct sweep_curve *c, char *out, size_t size)
{
	const struct knee *k = &c->knee;

	say_first(c, k->surely ? "falling" : "perhaps falling", out, size);
	text_add(out, size, ", %s has %.3g %% of that: no knee", value_at(c, k->worst),
		100 * knee_share(c->point, k->worst, k->best));
}

static void say_rising(const struct sweep_curve *c, char *out, size_t size)
{
	const struct knee *k = &c->knee;
	char best[NUMBER_BYTES];

	snprintf(out, size, "still rising at %s %s (%s %s): ", name_of(c), value_at(c, k->last),
		rate_at(c, k->best, best, sizeof(best)), unit_of(c));
	if (c->point[k->before].median > 0)
		text_add(out, size, "the last step gave %+.3g %%: ", 100 * (knee_share(c->point, k->last, k->before) - 1));
	text_add(out, size, "no knee within %s..%s", value_at(c, k->first), value_at(c, k->last));
}

static void say_knee(const struct sweep_curve *c, char *out, size_t size)
{
	const struct knee *k = &c->knee;
	char rate[NUMBER_BYTES], best[NUMBER_BYTES];

	snprintf(out, size, "knee at %s%s %s: %s %s", k->about ? "about " : "", name_of(c), value_at(c, k->at),
		rate_at(c, k->at, rate, sizeof(rate)), unit_of(c));
	if (k->at == k->best)
		text_add(out, size, ", the best");
	else
		text_add(out, size, ", %.3g %% of the best (%s at %s)", 100 * knee_share(c->point, k->at, k->best),
			rate_at(c, k->best, best, sizeof(best)), value_at(c, k->best));
	if (k->falls)
		text_add(out, size, "; behind that it %s, to %.3g %% at %s", k->surely ? "falls" : "seems to fall",
			100 * knee_share(c->point, k->worst, k->best), value_at(c, k->worst));
}

/* ---- how sure it is ---- */

static void say_about(const struct sweep_curve *c, char *out, size_t size)
{
	const struct knee *k = &c->knee;

	if (k->from != k->to)
		text_add(out, size,
			k->kind == KNEE_FOUND ? "; by the spread of the runs, at %s to %s"
					      : "; by the spread of the runs there may be one within %s..%s",
			value_at(c, k->from), value_at(c, k->to));
	else if (k->at > 0 && !c->point[k->at - 1].runs)
		text_add(out, size, "; no valid run at %s, next to it", value_at(c, k->at - 1));
	else
		text_add(out, size, "; one run a value");
}

char *sweep_knee_words(const struct sweep_curve *c, char *out, size_t size)
{
	static void (*const say[])(const struct sweep_curve *c, char *out, size_t size) = { [KNEE_TOO_FEW] = say_too_few,
		[KNEE_FLAT] = say_flat,
		[KNEE_FALLING] = say_falling,
		[KNEE_RISING] = say_rising,
		[KNEE_FOUND] = say_knee };
	const struct knee *k = &c->knee;

	say[k->kind](c, out, size);
	if (k->kind == KNEE_TOO_FEW)
		return out;
	if (k->about)
		say_about(c, out, size);
	if (k->known < c->count)
		text_add(out, size, "; %zu of %u values have a valid run", k->known, c->count);
	return out;
}

/* ---- the reports ---- */

static void write_head(FILE *out, const struct sweep_curve *c, bool markdown)
{
	const char *title = c->state->metric[c->metric].title;

	if (markdown)
		fprintf(out,
			"\n## Knee over %s\n\nThe knee is the least %s from which on, up to the best, the median %s is within "
			"%d %% of the best. It may be another value where the runs of one, from minimum to maximum, are on both "
			"sides of that line, or where a run behind the best shows that the best may be there.\n\n",
			name_of(c), name_of(c), title, SWEEP_KNEE_PERCENT);
	else
		fprintf(out, "knee over %s (from there on the %s is within %d %% of the best):\n", name_of(c), title,
			SWEEP_KNEE_PERCENT);
}

static void write_curve(FILE *out, const struct sweep_curve *c, bool markdown)
{
	char label[SWEEP_LABEL_BYTES], words[SWEEP_KNEE_BYTES];

	sweep_setting_label(c->state->plan, c->cell, c->axis, label, sizeof(label));
	sweep_knee_words(c, words, sizeof(words));
	if (markdown) {
		fputs("- ", out);
		text_markdown(out, label);
		fputs(*label ? ": " : "", out);
		text_markdown(out, words);
		putc('\n', out);
	} else
		fprintf(out, "  %s%s%s\n", label, *label ? ": " : "", words);
}

static void write_axis(FILE *out, struct sweep_curve *c, bool markdown)
{
	unsigned lines = 0;

	while (sweep_curve_next(c)) {
		if (!lines++)
			write_head(out, c, markdown);
		if (markdown || lines <= LINES_ON_A_TERMINAL)
			write_curve(out, c, markdown);
	}
	if (!markdown && lines > LINES_ON_A_TERMINAL)
		fprintf(out, "  (%u more in summary.md)\n", lines - LINES_ON_A_TERMINAL);
}

void sweep_write_knees(FILE *out, const struct sweep_state *state, bool markdown)
{
	struct sweep_curve curve;

	for (unsigned axis = 0; axis < state->plan->axes; axis++) {
		if (!sweep_has_knees(state->plan, axis) || !sweep_curve_open(&curve, state, axis, sweep_knee_metric(state)))
			continue;
		write_axis(out, &curve, markdown);
		sweep_curve_close(&curve);
	}
}
