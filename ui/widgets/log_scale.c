/* The scale of a logarithmic chart.  See log_scale.h. */
#include "ui/widgets/log_scale.h"

#include <math.h>
#include <stddef.h>

enum { ROWS_CLOSE = 4 }; /* up to so many, each may have a number */

static const double log_steps[] = { 1, 2, 5 };
static const double log_slack = 1e-9;
/* Numbers within have a prefix: n to P. */
static const double log_lowest = 1e-9, log_highest = 1e17;

/* The next of 1, 2, 5, 10, ... at or above the value; below: at or under it. */
static double log_round(double value, bool below)
{
	double power = pow(10, floor(log10(value))), best = below ? power : 10 * power;

	for (size_t i = 0; i < sizeof(log_steps) / sizeof(log_steps[0]); i++) {
		double step = log_steps[i] * power;

		if (below && step <= value * (1 + log_slack))
			best = step;
		if (!below && step >= value * (1 - log_slack) && step < best)
			best = step;
	}
	return best;
}

static void log_add(struct log_scale *s, double tick)
{
	if (s->ticks < LOG_TICKS && tick <= s->top * (1 + log_slack))
		s->tick[s->ticks++] = tick;
}

static void log_add_steps(struct log_scale *s)
{
	for (double at = s->low; at <= s->top * (1 + log_slack); at = log_round(at * 1.5, false))
		log_add(s, at);
}

static void log_add_decades(struct log_scale *s, double decades, double rows_apart, int rows)
{
	double step = ceil(rows_apart * decades / rows - log_slack);

	step = step < 1 ? 1 : step;
	for (double n = 0; n <= decades + log_slack; n += step)
		log_add(s, s->low * pow(10, n));
	if (s->ticks < 2)
		log_add(s, s->top);
}

bool log_scale_of(double least, double most, int rows, struct log_scale *ret_scale)
{
	struct log_scale s = { .ticks = 0 };
	double rows_apart = rows <= ROWS_CLOSE ? 1 : 2, decades;

	if (!(least > 0) || !(least <= most) || !(most >= 10 * log_lowest) || !(most < log_highest))
		return false;
	s.top = log_round(most, false);
	s.low = fmin(log_round(least, true), s.top / 10);
	if (s.top / s.low > 10 * (1 + log_slack))
		s.low = pow(10, floor(log10(s.low) + log_slack));
	s.low = fmax(fmax(s.low, pow(10, ceil(log10(s.top) - LOG_DECADES - log_slack))), log_lowest);
	decades = log10(s.top / s.low);
	if (rows > 0 && log10(2) / decades * rows >= rows_apart)
		log_add_steps(&s);
	else
		log_add_decades(&s, decades, rows_apart, rows > 0 ? rows : 1);
	*ret_scale = s;
	return true;
}

double log_scale_share(const struct log_scale *s, double value)
{
	return fmin(fmax(log10(value / s->low) / log10(s->top / s->low), 0), 1);
}
