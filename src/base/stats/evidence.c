/* See base/stats/evidence.h. */
#include "base/stats/evidence.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats/stats.h"

/* z of 90 % power, one-sided */
static const double POWER_Z = 1.2816;

/* ---- values and ranks ---- */

static bool are_positive(const double *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isnan(values[i]) && !(values[i] > 0))
			return false;
	return true;
}

struct ranked {
	double value;
	size_t at;
};

static int ranked_order(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

/* Twice the rank of each value; equals share the middle of theirs, which may be a half.  Returns
 * the sum over t^3 - t of the groups of equals. */
static double rank_twice(const double *values, size_t n, struct ranked *scratch, uint32_t *ret_twice)
{
	double ties = 0;

	for (size_t i = 0; i < n; i++)
		scratch[i] = (struct ranked){ .value = values[i], .at = i };
	qsort(scratch, n, sizeof(*scratch), ranked_order);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && !(scratch[to].value > scratch[from].value);)
			to++;
		for (size_t i = from; i < to; i++)
			ret_twice[scratch[i].at] = (uint32_t)(from + to + 1);
		ties += pow((double)(to - from), 3) - (double)(to - from);
	}
	return ties;
}

/* P(|Z| >= z) */
static double normal_tails(double z)
{
	return erfc(fabs(z) / sqrt(2));
}

/* x such that P(Z > x) = tail, 0 < tail <= 0.5 */
static double normal_quantile(double tail)
{
	double low = 0, high = 40;

	for (int i = 0; i < 100; i++) {
		double x = (low + high) / 2;

		if (normal_tails(x) / 2 > tail)
			low = x;
		else
			high = x;
	}
	return (low + high) / 2;
}

/* ---- what all signs, or all choices, may give ---- */

/* share[s]: of all ways to give n ranks a sign, those whose positive ones add up to s.  Ranks are
 * doubled.  NULL: no memory. */
static double *share_of_signs(const uint32_t *twice, size_t n, size_t *ret_sums)
{
	size_t top = 0;
	double *share;

	for (size_t i = 0; i < n; i++)
		top += twice[i];
	share = calloc(top + 1, sizeof(*share));
	if (!share)
		return NULL;
	share[0] = 1;
	for (size_t i = 0, reached = 0; i < n; i++) {
		reached += twice[i];
		for (size_t s = reached + 1; s-- > 0;)
			share[s] = 0.5 * share[s] + (s >= twice[i] ? 0.5 * share[s - twice[i]] : 0);
	}
	*ret_sums = top + 1;
	return share;
}

/* share[s]: of all ways to choose `chosen` of n ranks, those that add up to s.  Each is counted by
 * its probability, so that no number overflows.  NULL: no memory. */
static double *share_of_choices(const uint32_t *twice, size_t n, size_t chosen, size_t *ret_sums)
{
	size_t top = 0, sums;
	double *ways, *share;

	for (size_t i = 0; i < n; i++)
		top += twice[i];
	sums = top + 1;
	ways = calloc((chosen + 1) * sums, sizeof(*ways));
	share = calloc(sums, sizeof(*share));
	if (!ways || !share) {
		free(ways);
		free(share);
		return NULL;
	}
	ways[0] = 1;
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1 < chosen ? i + 1 : chosen; k > 0; k--)
			for (size_t s = sums; s-- > twice[i];)
				ways[k * sums + s] += ways[(k - 1) * sums + s - twice[i]];
	double all = 0;
	for (size_t s = 0; s < sums; s++)
		all += ways[chosen * sums + s];
	for (size_t s = 0; s < sums; s++)
		share[s] = ways[chosen * sums + s] / all;
	free(ways);
	*ret_sums = sums;
	return share;
}

/* Two-sided: twice the smaller tail, `at` included. */
static double tails_of(const double *share, size_t sums, size_t at)
{
	double below = 0, above = 0;

	for (size_t s = 0; s < sums; s++) {
		below += s <= at ? share[s] : 0;
		above += s >= at ? share[s] : 0;
	}
	return fmin(1, 2 * fmin(below, above));
}

/* How many of the sums at the low end hold at most `tail`. */
static size_t sums_within(const double *share, size_t sums, double tail)
{
	double sum = 0;
	size_t n = 0;

	/* A sum that is the tail but for rounding is within it. */
	while (n < sums && (sum += share[n]) <= tail * (1 + 1e-9))
		n++;
	return n;
}

/* ---- intervals ---- */

/* of `n` sorted differences leave out so many on each side */
static void bound(const double *sorted, size_t n, size_t leave_out, struct evidence *e)
{
	e->low = -INFINITY;
	e->high = INFINITY;
	e->bounded = leave_out > 0 && 2 * leave_out <= n;
	if (!e->bounded)
		return;
	e->low = sorted[leave_out - 1];
	e->high = sorted[n - leave_out];
}

static void as_ratio(struct evidence *e)
{
	e->middle = expm1(e->middle);
	e->low = e->bounded ? expm1(e->low) : -1;
	e->high = e->bounded ? expm1(e->high) : INFINITY;
}

size_t evidence_least_pairs(double level)
{
	size_t n = 1;

	/* all signs alike: 2 of 2^n ways */
	while (ldexp(2, -(int)n) > (1 - level) * (1 + 1e-9))
		n++;
	return n;
}

/* Equal groups of n: 2 of (2n over n) ways. */
size_t evidence_least_groups(double level)
{
	double ways = 2;
	size_t n = 1;

	for (; 2 / ways > (1 - level) * (1 + 1e-9); n++)
		ways *= (double)(2 * n + 1) * 2 / (double)(n + 1);
	return n;
}

/* ---- pairs ---- */

/* Walsh's averages, sorted: n(n+1)/2. */
static double *walsh_averages(const double *d, size_t n, size_t *ret_count)
{
	size_t count = n * (n + 1) / 2, at = 0;
	double *average = malloc(count * sizeof(*average));

	if (!average)
		return NULL;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i; j < n; j++)
			average[at++] = (d[i] + d[j]) / 2;
	qsort(average, count, sizeof(*average), stats_order);
	*ret_count = count;
	return average;
}

/* Of the averages that are left out on each side; without equals their number has the same
 * distribution as the sum of the ranks. */
static size_t pairs_leave_out(size_t n, double level)
{
	uint32_t twice[EVIDENCE_PAIRS_EXACT];
	double half = (1 - level) / 2, mean = (double)n * (double)(n + 1) / 4;
	size_t sums, out;
	double *share;

	if (n > EVIDENCE_PAIRS_EXACT) {
		double cut = mean - 0.5 - normal_quantile(half) * sqrt(mean * (double)(2 * n + 1) / 6);

		return cut < 0 ? 0 : (size_t)cut + 1;
	}
	for (size_t i = 0; i < n; i++)
		twice[i] = (uint32_t)(i + 1);
	share = share_of_signs(twice, n, &sums);
	out = share ? sums_within(share, sums, half) : 0;
	free(share);
	return out;
}

/* d: without zeros. */
static double pairs_p(const double *d, size_t n)
{
	double *size = malloc(n * sizeof(*size)), *share = NULL, p = 1, ties;
	struct ranked *scratch = malloc(n * sizeof(*scratch));
	uint32_t *twice = malloc(n * sizeof(*twice));
	size_t sums, positive = 0;

	if (!size || !scratch || !twice)
		goto out;
	for (size_t i = 0; i < n; i++)
		size[i] = fabs(d[i]);
	ties = rank_twice(size, n, scratch, twice);
	for (size_t i = 0; i < n; i++)
		positive += d[i] > 0 ? twice[i] : 0;
	if (n > EVIDENCE_PAIRS_EXACT) {
		double mean = (double)n * (double)(n + 1) / 4;
		double variance = mean * (double)(2 * n + 1) / 6 - ties / 48;

		p = normal_tails(fmax(0, fabs((double)positive / 2 - mean) - 0.5) / sqrt(variance));
	} else if ((share = share_of_signs(twice, n, &sums))) {
		p = tails_of(share, sums, positive);
	}
out:
	free(share);
	free(size);
	free(scratch);
	free(twice);
	return p;
}

static size_t differences_of_pairs(const double *a, const double *b, size_t n, bool relative, double *out)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		if (!isnan(a[i]) && !isnan(b[i]))
			out[count++] = relative ? log(b[i] / a[i]) : b[i] - a[i];
	return count;
}

static size_t without_zeros(double *d, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (d[i] < 0 || d[i] > 0)
			d[kept++] = d[i];
	return kept;
}

void evidence_of_pairs(const double *a, const double *b, size_t n, double level, struct evidence *ret_evidence)
{
	struct evidence e = { .p = 1, .low = -INFINITY, .high = INFINITY, .least = evidence_least_pairs(level) };
	double *d = malloc((n ? n : 1) * sizeof(*d)), *average = NULL;
	size_t averages;

	e.relative = are_positive(a, n) && are_positive(b, n);
	if (d)
		e.a = e.b = differences_of_pairs(a, b, n, e.relative, d);
	if (e.a && (average = walsh_averages(d, e.a, &averages))) {
		e.known = true;
		e.middle = stats_middle(average, averages);
		bound(average, averages, pairs_leave_out(e.a, level), &e);
		n = without_zeros(d, e.a);
		e.p = n ? pairs_p(d, n) : 1;
	}
	if (e.relative)
		as_ratio(&e);
	free(average);
	free(d);
	*ret_evidence = e;
}

/* ---- groups ---- */

static double *all_differences(const double *a, size_t na, const double *b, size_t nb)
{
	double *d = malloc(na * nb * sizeof(*d));

	if (!d)
		return NULL;
	for (size_t i = 0; i < na; i++)
		for (size_t j = 0; j < nb; j++)
			d[i * nb + j] = b[j] - a[i];
	qsort(d, na * nb, sizeof(*d), stats_order);
	return d;
}

static double groups_deviation(size_t na, size_t nb, double ties)
{
	double n = (double)(na + nb);

	return sqrt((double)na * (double)nb / 12 * (n + 1 - ties / (n * (n - 1))));
}

static size_t groups_leave_out(size_t na, size_t nb, double level)
{
	uint32_t twice[EVIDENCE_GROUPS_EXACT];
	double half = (1 - level) / 2;
	size_t n = na + nb, sums, least, out;
	double *share;

	if (n > EVIDENCE_GROUPS_EXACT) {
		double cut = (double)na * (double)nb / 2 - 0.5 - normal_quantile(half) * groups_deviation(na, nb, 0);

		return cut < 0 ? 0 : (size_t)cut + 1;
	}
	for (size_t i = 0; i < n; i++)
		twice[i] = (uint32_t)(i + 1);
	share = share_of_choices(twice, n, nb, &sums);
	if (!share)
		return 0;
	least = nb * (nb + 1) / 2;
	out = sums_within(share, sums, half);
	free(share);
	return out > least ? out - least : 0;
}

/* all: a's values, then b's. */
static double groups_p(const double *all, size_t na, size_t nb)
{
	size_t n = na + nb, sums, at = 0;
	struct ranked *scratch = malloc(n * sizeof(*scratch));
	uint32_t *twice = malloc(n * sizeof(*twice));
	double *share = NULL, p = 1, ties;

	if (!scratch || !twice)
		goto out;
	ties = rank_twice(all, n, scratch, twice);
	for (size_t i = na; i < n; i++)
		at += twice[i];
	if (n > EVIDENCE_GROUPS_EXACT) {
		double from_mean = fabs((double)at / 2 - (double)nb * (double)(n + 1) / 2),
		       deviation = groups_deviation(na, nb, ties);

		p = deviation > 0 ? normal_tails(fmax(0, from_mean - 0.5) / deviation) : 1;
	} else if ((share = share_of_choices(twice, n, nb, &sums))) {
		p = tails_of(share, sums, at);
	}
out:
	free(share);
	free(scratch);
	free(twice);
	return p;
}

static size_t known_values(const double *values, size_t n, bool relative, double *out)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		if (!isnan(values[i]))
			out[count++] = relative ? log(values[i]) : values[i];
	return count;
}

void evidence_of_groups(
	const double *a, size_t a_count, const double *b, size_t b_count, double level, struct evidence *ret_evidence)
{
	struct evidence e = { .p = 1, .low = -INFINITY, .high = INFINITY, .least = evidence_least_groups(level) };
	double *all = malloc((a_count + b_count + 1) * sizeof(*all)), *d = NULL;

	e.relative = are_positive(a, a_count) && are_positive(b, b_count);
	if (all) {
		e.a = known_values(a, a_count, e.relative, all);
		e.b = known_values(b, b_count, e.relative, all + e.a);
	}
	if (e.a && e.b && (d = all_differences(all, e.a, all + e.a, e.b))) {
		e.known = true;
		e.middle = stats_middle(d, e.a * e.b);
		bound(d, e.a * e.b, groups_leave_out(e.a, e.b, level), &e);
		e.p = groups_p(all, e.a, e.b);
	}
	if (e.relative)
		as_ratio(&e);
	free(d);
	free(all);
	*ret_evidence = e;
}

/* ---- many tests, many looks ---- */

void evidence_holm(double *p, size_t m)
{
	double *sorted = malloc((m ? m : 1) * sizeof(*sorted));

	if (!sorted) {
		/* Bonferroni's needs no memory and is never bolder. */
		for (size_t i = 0; i < m; i++)
			p[i] = fmin(1, p[i] * (double)m);
		return;
	}
	memcpy(sorted, p, m * sizeof(*sorted));
	qsort(sorted, m, sizeof(*sorted), stats_order);
	for (size_t i = 0; i < m; i++) {
		double most = 0;

		for (size_t k = 0; k < m && !(sorted[k] > p[i]); k++)
			most = fmax(most, fmin(1, sorted[k] * (double)(m - k)));
		p[i] = most;
	}
	free(sorted);
}

double evidence_spend(double alpha, unsigned look, unsigned first, unsigned looks)
{
	if (look < first || look > looks || looks < first)
		return 0;
	return alpha / (double)(looks - first + 1);
}

size_t evidence_rounds_for(const double *a, const double *b, size_t n, double relative, double alpha)
{
	double *d = malloc((n ? n : 1) * sizeof(*d)), effect = fabs(log1p(relative)), rounds = 0;
	struct stats s = { 0 };

	if (d && are_positive(a, n) && are_positive(b, n))
		stats_of(d, differences_of_pairs(a, b, n, true, d), &s);
	free(d);
	if (s.n < 3 || !(effect > 0) || !isfinite(effect) || !(alpha > 0))
		return 0;
	/* The ranks' test is as good as Student's on 3/pi of the values (Pitman 1948). */
	rounds = pow((normal_quantile(alpha / 2) + POWER_Z) / effect, 2) * s.variance * M_PI / 3;
	rounds = fmax(ceil(rounds), (double)evidence_least_pairs(1 - alpha));
	return rounds < 1e6 ? (size_t)rounds : 1000000;
}
