/* The knee of a curve: the least x from which on y is as good as the best, but for a given part of
 * it.  Pure; may be called from any thread.
 *
 * The knee stands on the medians.  It holds from there up to the best point, without a gap; that y
 * falls again behind the best is said, and moves no knee.  Whether it could as well stand at
 * another point is read from the spread of the runs there. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Fewer points have no knee: of two, one is the first and the other the last. */
enum { KNEE_POINTS_LEAST = 3 };

/* y at an x; more is better. */
struct knee_point {
	unsigned runs;            /* that it is made of */
	double median, low, high; /* a median that is not finite: nothing is known there */
};

enum knee_kind {
	KNEE_TOO_FEW, /* fewer than KNEE_POINTS_LEAST points are known: only `known` holds */
	KNEE_FLAT,    /* no knee: the first point is as good as the best, and so are all others */
	KNEE_FALLING, /* no knee: the first point is as good as the best, and it gets worse */
	KNEE_RISING,  /* none yet: only the last point is as good as the best, which it is */
	KNEE_FOUND,
};

/* Points by their index; those of which nothing is known are passed over. */
struct knee {
	enum knee_kind kind;
	size_t known;       /* points of which something is known */
	size_t first, last; /* of these */
	size_t best;        /* the first that has the highest median */
	size_t at;          /* the first from which on, up to the best, all are as good */
	size_t before;      /* the point before `at`; `at` itself where that is the first */
	size_t worst;       /* the lowest behind the best; the best where that is the last */
	bool falls;         /* `worst` is not as good any more */
	bool surely;        /* and neither is any of its runs */
	/* Where the knee could stand as well.  from: the first from which on, up to the best, some
	 * run of each point is as good.  to: the first from which on all runs are; but where a run
	 * of a point behind the best shows that this one could be better, the last such point. */
	size_t from, to;
	/* It may be another point: these two differ, a point has one run alone, or nothing is
	 * known of the point that would be next to it. */
	bool about;
};

/* The points from the least x on.  within: the part of the best that may be missing (0.05). */
void knee_of(const struct knee_point *points, size_t count, double within, struct knee *ret_knee);
/* The median of a point in parts of another's; NAN where there is no ratio. */
double knee_share(const struct knee_point *points, size_t of, size_t against);
