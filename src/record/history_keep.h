/* Puts a saved history back; besides this only history_take() fills a history.  For snapshot
 * loading; main thread only. */
#pragma once

#include "record/history.h"

enum history_where {
	HISTORY_FINE = 1,   /* the ring of ticks */
	HISTORY_COARSE = 2, /* the ring of intervals */
	HISTORY_BASE = 4,   /* the first sample of its run's measure phase */
};

/* Every kept sample once, in no particular order, with where it is kept (bit set of enum
 * history_where). */
typedef void (*history_each_fn)(void *ctx, const struct sample *s, unsigned where);
void history_each(const struct history *h, history_each_fn fn, void *ctx);

/* Takes the sample over and keeps it in the given places (bit set of enum history_where);
 * without a place, or of an unknown run, it is freed. */
void history_keep(struct history *h, struct sample *s, unsigned where);
/* Takes the details over as the newest of this run. */
void history_set_details(struct history *h, uint32_t run_id, struct details *details);
void history_set_stages(struct history *h, uint32_t run_id, struct stage_summary *stages);
/* Says that so many intervals of a run had already been forgotten when the history was saved. */
void history_set_intervals_lost(struct history *h, uint32_t run_id, uint64_t lost);
