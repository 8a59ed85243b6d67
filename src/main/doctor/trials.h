/* The settings that need no privilege are tried, so that their gain on this host is known: two
 * sides in turn, round by round, by the engines themselves.  Main thread only. */
#pragma once

#include "doctor/doctor.h"
#include "main/sweep/run.h"

enum { DOCTOR_TRIALS = 3 };

/* Fills all of ret_trial; what makes no sense here is skipped, with the reason.  rounds: at least
 * 1, of each trial.  SWEEP_INTERRUPTED and SWEEP_BROKEN (see *err): the trials from there on are
 * skipped. */
enum sweep_end doctor_trials_run(const struct doctor_facts *facts, unsigned rounds, int signal_fd,
	struct doctor_trial ret_trial[DOCTOR_TRIALS], struct err *err);
