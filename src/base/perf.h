/* Hardware counters of one thread through perf_event_open(2), user + kernel where allowed, grouped, scaled by enabled/running when
 * multiplexed.  A counter that the machine does not have is unknown with the reason, never 0.  Opened, read and closed by the thread that is counted. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum perf_event_kind { PERF_CYCLES, PERF_INSTRUCTIONS, PERF_L1D_MISSES, PERF_LLC_MISSES, PERF_BRANCH_MISSES, PERF_EVENTS };

struct perf {
	int fd[PERF_EVENTS]; /* -1 where it could not be opened */
	char why[96];        /* "no hardware counters on this machine (perf_event_open: No such file or directory)", or "" */
};

/* Never fails: what cannot be opened is unknown. */
void perf_open_self(struct perf *perf);
/* Scaled count, or false where unknown. */
bool perf_read(const struct perf *perf, enum perf_event_kind kind, uint64_t *ret_count);
void perf_close(struct perf *perf); /* accepts never-opened zeroed-with--1 and half-opened */
const char *perf_name(enum perf_event_kind kind);
