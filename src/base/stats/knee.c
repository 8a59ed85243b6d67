/* The knee of a curve.  See knee.h. */
#include "base/stats/knee.h"

#include <math.h>

static bool knee_knows(const struct knee_point *p)
{
	return isfinite(p->median);
}

/* First and last known point, the best, and how many are known. */
static void knee_survey(const struct knee_point *points, size_t count, struct knee *k)
{
	for (size_t i = 0; i < count; i++) {
		if (!knee_knows(&points[i]))
			continue;
		if (!k->known++)
			k->first = k->best = i;
		k->last = i;
		if (points[i].median > points[k->best].median)
			k->best = i;
	}
}

enum knee_value { KNEE_MEDIAN, KNEE_LOW, KNEE_HIGH };

static double knee_value(const struct knee_point *p, enum knee_value which)
{
	return which == KNEE_LOW ? p->low : which == KNEE_HIGH ? p->high : p->median;
}

/* The first point from which on, up to the best, that value of all is at the line or above. */
static size_t knee_begin(const struct knee_point *points, const struct knee *k, double line, enum knee_value which)
{
	size_t begin = k->best;

	for (size_t i = k->best; i-- > k->first;) {
		if (!knee_knows(&points[i]))
			continue;
		if (!(knee_value(&points[i], which) >= line))
			break;
		begin = i;
	}
	return begin;
}

static size_t knee_before(const struct knee_point *points, const struct knee *k)
{
	for (size_t i = k->at; i-- > k->first;)
		if (knee_knows(&points[i]))
			return i;
	return k->at;
}

static size_t knee_worst(const struct knee_point *points, const struct knee *k)
{
	size_t worst = k->best;

	for (size_t i = k->best + 1; i <= k->last; i++)
		if (knee_knows(&points[i]) && (worst == k->best || points[i].median < points[worst].median))
			worst = i;
	return worst;
}

/* A run of a point behind the best shows more than the best is within reach of; or where the best
 * has runs below its own line, as much as the best has. */
static size_t knee_end(const struct knee_point *points, const struct knee *k, double line, double within)
{
	double best = points[k->best].median;
	bool wide = points[k->best].low < line;
	size_t end = wide ? k->best : knee_begin(points, k, line, KNEE_LOW);

	for (size_t i = k->best + 1; i <= k->last; i++)
		if (knee_knows(&points[i]) && points[i].high > (wide ? best : best + within * fabs(best)))
			end = i;
	return end;
}

/* One run has no spread, and an unknown point right before may be as good. */
static bool knee_is_about(const struct knee_point *points, const struct knee *k)
{
	bool gap = k->before == k->at ? k->at > 0 : k->at - k->before > 1;

	return k->from != k->to || gap || points[k->at].runs < 2 || points[k->before].runs < 2;
}

static enum knee_kind knee_kind_of(const struct knee *k)
{
	if (k->at == k->first)
		return k->falls ? KNEE_FALLING : KNEE_FLAT;
	return k->at == k->last ? KNEE_RISING : KNEE_FOUND;
}

void knee_of(const struct knee_point *points, size_t count, double within, struct knee *ret_knee)
{
	struct knee k = { .kind = KNEE_TOO_FEW };

	knee_survey(points, count, &k);
	if (k.known >= KNEE_POINTS_LEAST) {
		double best = points[k.best].median, line = best - within * fabs(best);

		k.at = knee_begin(points, &k, line, KNEE_MEDIAN);
		k.from = knee_begin(points, &k, line, KNEE_HIGH);
		k.to = knee_end(points, &k, line, within);
		k.before = knee_before(points, &k);
		k.worst = knee_worst(points, &k);
		k.falls = points[k.worst].median < line;
		k.surely = k.falls && points[k.worst].runs > 1 && points[k.worst].high < line;
		k.about = knee_is_about(points, &k);
		k.kind = knee_kind_of(&k);
	}
	*ret_knee = k;
}

double knee_share(const struct knee_point *points, size_t of, size_t against)
{
	double share = points[of].median / points[against].median;

	return points[against].median > 0 && isfinite(share) ? share : NAN;
}
