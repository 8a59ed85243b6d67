/* Runs the slots of a sweep one after the other, round by round, and keeps what comes of them.
 * Main thread only. */
#pragma once

#include "main/sweep/progress.h"
#include "record/host.h"
#include "sweep/store.h"

enum sweep_end {
	SWEEP_COMPLETE,
	SWEEP_INTERRUPTED, /* by a signal: the slot that was being run is dropped */
	SWEEP_BROKEN,      /* results can no longer be kept, or a run does not end: see err */
};

struct sweep_job {
	const struct sweep_plan *plan;
	struct sweep_state *state;
	struct sweep_store *store; /* NULL: nothing is kept but the state */
	struct sweep_progress *progress;
	const struct host_info *host;
	int signal_fd;          /* of signals_open(); -1: none is looked for */
	unsigned virtual_ticks; /* see session.h */
	uint64_t seed;          /* of the order */
	unsigned retry_pause_ms;
	unsigned retries; /* of a slot that failed */
	/* Asked once after each round: may the sweep end there?  NULL: never. */
	bool (*is_enough)(const struct sweep_state *state, unsigned rounds);
	bool abandoned; /* a run would not end: its session was left alone */
};

enum sweep_end sweep_run(struct sweep_job *job, struct err *err);
