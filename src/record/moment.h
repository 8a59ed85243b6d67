/* The moment that the screen shows: the newest sample, the one that was newest when the view was
 * frozen, or where the time cursor stands; with what it is compared with to make rates and
 * totals.  Pure reading of a history; pointers stay valid until the next history_take(). */
#pragma once

#include "record/history.h"
#include "record/rates.h"

struct moment {
	const struct run_info *info; /* NULL: nothing has run yet */
	const struct sample *to;     /* NULL: there is no data at this instant */
	/* about a second before `to`, same run; NULL: rates are unknown */
	const struct sample *from;
	/* first of the run's measure phase; NULL before it: totals are unknown */
	const struct sample *start;
	const struct run_final *final; /* the run has ended and its last word is what is shown */
	/* the rows as they stood then, at most 1.5 s before; NULL: unknown, or there are none */
	const struct details *details;
	/* the same of stamped packets */
	const struct stage_summary *stages;
	int64_t at_ns; /* run clock */
};

/* The newest there is; the final where the newest run has ended. */
void moment_newest(const struct history *h, struct moment *ret_moment);
/* The moment at at_ns, of whichever run was going; `to` is NULL in a gap. */
void moment_at(const struct history *h, int64_t at_ns, struct moment *ret_moment);

/* Totals, ledger and verdict are made of this: all since the measure phase began. */
struct reading moment_whole(const struct moment *m);

/* Rates and levels are made of this: the last second, or the whole run where it has ended. */
struct reading moment_recent(const struct moment *m);

/* worker < 0: all of `roles`.  Unknown ones are NaN. */
void moment_rates(const struct moment *m, int worker, unsigned roles, struct rates *ret_rates);
/* As rates_of_some(): of these counters alone. */
void moment_rates_of(const struct moment *m, int worker, unsigned roles, uint64_t counters, struct rates *ret_rates);
double moment_figure(const struct moment *m, const struct figure_def *figure, int worker);
/* Latency `which` over the same window.  worker < 0: merged over all.  count 0: none. */
void moment_latency(const struct moment *m, int worker, unsigned which, struct latency_summary *ret_summary);
/* Reads the growth of one worker's counter since the measure phase began; false where it is
 * unknown. */
bool moment_total(const struct moment *m, unsigned worker, unsigned counter, uint64_t *ret_total);
