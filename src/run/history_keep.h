/* How a saved history is put back: the one thing beside history_take() that fills a history.  For snapshot loading; main thread only. */
#pragma once

#include "run/history.h"

enum history_where {
	HISTORY_FINE = 1,   /* the ring of ticks */
	HISTORY_COARSE = 2, /* the ring of intervals */
	HISTORY_BASE = 4,   /* the first sample of its run's measure phase */
};

/* Takes the sample over and keeps it in the given places (bit set of enum history_where); without a place, or of an unknown run, it is freed. */
void history_keep(struct history *h, struct sample *s, unsigned where);
/* Where a sample that the history returned is kept: bit set of enum history_where. */
unsigned history_where(const struct history *h, const struct sample *s);
