/* The scale of a logarithmic chart.  Pure. */
#pragma once

#include <stdbool.h>

enum { LOG_TICKS = 24, LOG_DECADES = 6 };

/* Ends and ticks are 1, 2 or 5 times a power of 10. */
struct log_scale {
	double low, top; /* what is below low is drawn on the lowest line; top >= 10 * low */
	unsigned ticks;
	double tick[LOG_TICKS]; /* low first, at least one more */
};

/* For values from least to most, 0 < least <= most, and of these the upper LOG_DECADES decades: the
 * ticks that `rows` rows have room for, as whole decades where not all of 1, 2 and 5 fit.  false:
 * there is none for such values (most is below 1e-8, or 1e17 and above). */
bool log_scale_of(double least, double most, int rows, struct log_scale *ret_scale);
/* 0 at low or below, 1 at the top or above; value > 0. */
double log_scale_share(const struct log_scale *s, double value);
