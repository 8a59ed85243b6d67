/* Shared by the tests of the run layer: a session whose updates are gathered, and counts of
 * resources that must not leak. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>

#include "../support/asserts.h"
#include "../support/leaks.h"
#include "record/judge/verdict.h"
#include "run/session.h"

enum { GATHER_DEADLINE_S = 120 };

/* Everything that came out of a session, in order. */
struct gathered {
	struct update **update;
	unsigned count, room;
};

void gather_free(struct gathered *g);
/* Takes updates until the final of this run has come; fails the test after GATHER_DEADLINE_S. */
const struct run_final *gather_until_final(struct session *s, uint32_t run_id, struct gathered *g);
/* Takes updates until `phase` of this run was announced. */
void gather_until_phase(struct session *s, uint32_t run_id, enum phase phase, struct gathered *g);
/* Takes updates until this run has given `count` samples of the phase. */
void gather_until_samples(struct session *s, uint32_t run_id, enum phase phase, unsigned count, struct gathered *g);

const struct run_info *gathered_run(const struct gathered *g, uint32_t run_id);
const struct run_final *gathered_final(const struct gathered *g, uint32_t run_id);
/* A reading of the run's final. */
struct reading gathered_reading(const struct gathered *g, uint32_t run_id);
/* The index-th sample of the run (negative: from the end), or NULL. */
const struct sample *gathered_sample(const struct gathered *g, uint32_t run_id, int index);
unsigned gathered_samples(const struct gathered *g, uint32_t run_id);
/* Counts the events of the run (0: of any) that contain the text. */
unsigned gathered_events(const struct gathered *g, uint32_t run_id, const char *part);
/* "prepare warm-up settle measure drain" */
char *gathered_phases(const struct gathered *g, uint32_t run_id, char *out, size_t size);

/* Sets options of a mode from "name=value" pairs, ended by NULL. */
void make_options(struct options *o, const struct engine *engine, const char *const *pairs);
struct session *make_session(unsigned virtual_ticks, bool want_totals);
/* Starts or fails the test. */
uint32_t start_run(struct session *s, const struct engine *engine, const char *const *pairs);
#define PAIRS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

/* The sum of a counter over the workers of these roles. */
uint64_t sum_of_workers(const struct run_info *info, const struct worker_sample *worker, unsigned roles, unsigned counter);
