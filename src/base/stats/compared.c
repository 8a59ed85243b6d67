/* A figure of two sides.  See compared.h. */
#include "base/stats/compared.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/stats/stats.h"
#include "base/text.h"

/* A difference that is worth showing, and by how many figures alpha is shared as a rule. */
static const double EFFECT = 0.05, MARKED = 4;
static const double ALPHA = 0.05;
/* Marks spend less than the intervals: a promise wants a margin, and of twenty comparisons of the
 * same at most one has a mark in nine of ten cases.  1/32 where an interval has 1/20: no figure of
 * one, two or four that are tested needs a run more for it. */
static const double MARK_SHARE = 0.625;

static double median_of_known(const double *values, size_t n)
{
	double *known = calloc(n ? n : 1, sizeof(*known)), median = NAN;
	struct stats stats = { 0 };
	size_t count = 0;

	for (size_t i = 0; known && i < n; i++)
		if (!isnan(values[i]))
			known[count++] = values[i];
	if (count) {
		stats_of(known, count, &stats);
		median = stats.median;
	}
	free(known);
	return median;
}

void compared_of_pairs(const double *a, const double *b, size_t n, double level, struct compared *ret_compared)
{
	*ret_compared = (struct compared){ .a = median_of_known(a, n), .b = median_of_known(b, n) };
	evidence_of_pairs(a, b, n, level, &ret_compared->evidence);
	ret_compared->p = ret_compared->evidence.p;
	ret_compared->rounds_wanted = evidence_rounds_for(a, b, n, -EFFECT, MARK_SHARE * (1 - level) / MARKED);
}

void compared_of_groups(
	const double *a, size_t a_count, const double *b, size_t b_count, double level, struct compared *ret_compared)
{
	*ret_compared = (struct compared){ .a = median_of_known(a, a_count), .b = median_of_known(b, b_count) };
	evidence_of_groups(a, a_count, b, b_count, level, &ret_compared->evidence);
	ret_compared->p = ret_compared->evidence.p;
}

/* ---- marks ---- */

static enum compared_mark mark_of(const struct compared *of, double level, size_t least)
{
	if (of->evidence.a < least || of->evidence.b < least)
		return COMPARED_TOO_FEW;
	if (of->p > MARK_SHARE * (1 - level) + 1e-12)
		return COMPARED_SAME;
	return of->evidence.middle < 0 ? COMPARED_LESS : COMPARED_MORE;
}

/* A figure that one side does not know cannot be tested, and takes no share of alpha. */
unsigned compared_mark_all(struct compared *of, const bool *wanted, unsigned count, bool pairs, double level, size_t *ret_least)
{
	double p[COMPARED_MAX];
	unsigned tested[COMPARED_MAX], tests = 0;

	for (unsigned i = 0; i < count && i < COMPARED_MAX; i++)
		if (wanted[i] && of[i].evidence.known) {
			p[tests] = of[i].evidence.p;
			tested[tests++] = i;
		}
	evidence_holm(p, tests);
	double each = 1 - MARK_SHARE * (1 - level) / (tests ? tests : 1);

	*ret_least = pairs ? evidence_least_pairs(each) : evidence_least_groups(each);
	for (unsigned i = 0; i < tests; i++) {
		of[tested[i]].p = p[i];
		of[tested[i]].mark = mark_of(&of[tested[i]], level, *ret_least);
	}
	return tests;
}

double compared_level_of_look(unsigned look, unsigned looks)
{
	unsigned first = (unsigned)evidence_least_pairs(1 - ALPHA);

	return look < first ? 0 : 1 - evidence_spend(ALPHA, look, first, looks);
}

/* ---- words ---- */

static void add_value(const struct evidence *e, double value, char out[COMPARED_TEXT_BYTES])
{
	char number[32];

	if (!e->relative)
		text_add(out, COMPARED_TEXT_BYTES, "%s%s", value < 0 ? "" : "+", text_four(value, number, sizeof(number)));
	else if (fabs(value) < 9.9995)
		text_add(out, COMPARED_TEXT_BYTES, "%+.*f", fabs(value) < 0.1 ? 2 : 1, 100 * value);
	else
		text_add(out, COMPARED_TEXT_BYTES, "%+.4g", 100 * value);
}

char *compared_difference(const struct compared *c, char out[COMPARED_TEXT_BYTES])
{
	const struct evidence *e = &c->evidence;

	snprintf(out, COMPARED_TEXT_BYTES, "%s", e->known ? "" : "--");
	if (!e->known)
		return out;
	add_value(e, e->middle, out);
	return text_add(out, COMPARED_TEXT_BYTES, "%s", e->relative ? " %" : "");
}

char *compared_interval(const struct compared *c, char out[COMPARED_TEXT_BYTES])
{
	const struct evidence *e = &c->evidence;
	bool bounded = e->known && e->bounded;

	snprintf(out, COMPARED_TEXT_BYTES, "%s", bounded ? "" : "--");
	if (!bounded)
		return out;
	add_value(e, e->low, out);
	text_add(out, COMPARED_TEXT_BYTES, "..");
	add_value(e, e->high, out);
	return text_add(out, COMPARED_TEXT_BYTES, "%s", e->relative ? " %" : "");
}

static char *difference_words(const struct compared *c, const char *title, char out[COMPARED_WORDS_BYTES])
{
	const struct evidence *e = &c->evidence;
	char difference[COMPARED_TEXT_BYTES], interval[COMPARED_TEXT_BYTES];
	bool less = c->mark == COMPARED_LESS;

	if (!e->relative || fabs(e->middle) >= 10)
		return text_add(out, COMPARED_WORDS_BYTES, "%s differs by %s, 95 %% interval %s", title,
			compared_difference(c, difference), compared_interval(c, interval));
	return text_add(out, COMPARED_WORDS_BYTES, "%s %.1f %% %s, 95 %% interval %.1f to %.1f %%", title, 100 * fabs(e->middle),
		less ? "lower" : "higher", 100 * (less ? -e->high : e->low), 100 * (less ? -e->low : e->high));
}

char *compared_words(const struct compared *c, const char *title, unsigned tests, char out[COMPARED_WORDS_BYTES])
{
	const struct evidence *e = &c->evidence;
	char interval[COMPARED_TEXT_BYTES];

	*out = '\0';
	if (c->mark == COMPARED_LESS || c->mark == COMPARED_MORE)
		return difference_words(c, title, out);
	if (e->relative && e->high < 10)
		text_add(out, COMPARED_WORDS_BYTES, "%s not shown to differ: between %+.1f and %+.1f %%", title, 100 * e->low,
			100 * e->high);
	else
		text_add(out, COMPARED_WORDS_BYTES, "%s not shown to differ: %s", title, compared_interval(c, interval));
	/* Its interval speaks for itself alone, its mark for all that are tested. */
	if (c->mark == COMPARED_SAME && (e->low > 0 || e->high < 0))
		text_add(out, COMPARED_WORDS_BYTES, " by itself, which may be chance among %u tested figures", tests);
	return out;
}

bool compared_alike(const struct compared *a, const struct compared *b)
{
	return a->mark == b->mark && fabs(a->evidence.middle - b->evidence.middle) < 1e-4;
}
