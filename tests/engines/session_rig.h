/* Real runs of one mode, with the run layer and its threads: starts them, and keeps each one's
 * outcome. Every failure on the way fails the test. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/judge/verdict.h"
#include "rig.h"
#include "run/session.h"

struct session_rig {
	const struct engine *engine;
	int deadline_s; /* for whatever is awaited */
	struct session *session;
};

/* The outcome of one run. */
struct outcome {
	struct run_info *info;
	struct run_final *final;
	bool silent; /* an event said that nobody answers */
	bool measures;
	unsigned counter; /* awaited: its sum over the workers in the newest sample */
	uint64_t least, value;
};

void session_rig_open(struct session_rig *rig, const struct engine *engine, int deadline_s);
void session_rig_close(struct session_rig *rig);

/* Takes options as name, value pairs, ended by NULL; returns the run's id. */
uint32_t session_rig_start(struct session_rig *rig, const char *const *option);
/* Gathers updates into a zeroed outcome until done() says so. */
void session_rig_await(struct session_rig *rig, uint32_t id, bool (*done)(const struct outcome *o), struct outcome *o);

/* The first waits until the run measures; the second until a counter of all its workers has come to
 * `least` since they opened. */
void session_rig_await_measure(struct session_rig *rig, uint32_t id, struct outcome *o);
void session_rig_await_counter(struct session_rig *rig, uint32_t id, unsigned counter, uint64_t least, struct outcome *o);

bool outcome_has_info(const struct outcome *o);
bool outcome_has_final(const struct outcome *o);
bool outcome_is_silent(const struct outcome *o);
/* Makes the ledger; fails the test if the run failed. */
void outcome_ledger(const struct outcome *o, struct ledger *ret_ledger);
void outcome_second_ledger(const struct outcome *o, struct ledger *ret_ledger);
void outcome_free(struct outcome *o);
