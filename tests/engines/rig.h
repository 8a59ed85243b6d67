/* Runs any mode's operations over real sockets, of loopback unless a test asks for another path,
 * without a session: a test opens the workers of a plan, steps them by hand on its own thread (or
 * lets them run on theirs), leads them through the phases and waits for conditions, each with a
 * deadline.
 *
 * It knows a mode by its struct engine alone.  What only one mode has stands in the files of
 * that mode's tests. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/asserts.h"
#include "../support/leaks.h"
#include "mode/plan.h"
#include "run/worker.h"

enum { RIG_WORKERS = 24, RIG_OPTIONS_MAX = 32, RIG_DEADLINE_S = 30 };

struct rig {
	const struct engine *engine;
	struct options options;
	struct plan plan;
	struct worker worker[RIG_WORKERS];
	unsigned servers, clients; /* of the plan */
	unsigned opened;           /* workers, in plan order */
	bool threads, unchecked;
	bool path_opened;
	uint32_t tick;
	uint64_t moved; /* of all that moved, when it was last looked at */
	int ack_fd;     /* of threads: readable when a worker has answered; -1: none */
	struct err err;
	unsigned fds_before, threads_before;
};

/* Options as name, value pairs, ended by NULL. */
#define RIG_OPTIONS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

struct rig_config {
	const struct engine *engine;
	const struct path *path; /* NULL: loopback */
	/* Workers of each role, however many CPUs there are.  If both are 0, the mode chooses, as
	 * if there were two CPUs. */
	unsigned servers, clients;
	/* of all workers: one of the engine's, or a test's own; NULL: as the options say */
	const struct method *method;
	/* Workers run on threads of their own.  Otherwise the test steps them, and their waits
	 * return at once. */
	bool threads;
	/* The test opens and closes other things meanwhile: rig_close() looks for no leaks. */
	bool unchecked;
	const char *option[RIG_OPTIONS_MAX]; /* name, value pairs; ends with NULL */
};

/* ---- life ---- */

/* Plans, and opens the path, but no worker; returns 0 or -errno with rig->err.  A server that is
 * not told its port gets a free one.  Call rig_close() in any case. */
int rig_plan(struct rig *rig, const struct rig_config *config);
/* Opens all workers of the plan, in its order. */
int rig_open_workers(struct rig *rig);
/* Plans and opens. */
int rig_open(struct rig *rig, const struct rig_config *config);
void rig_open_or_fail(struct rig *rig, const struct rig_config *config);
/* Stops and closes everything; checks that no descriptor and no thread is left.  After a plan
 * that failed, too. */
void rig_close(struct rig *rig);

/* Ends the threads, if any: what they have counted stays. */
void rig_stop(struct rig *rig);

/* Does this method run over loopback?  Where it does not it says so (-ENOTSUP). */
bool rig_opens(const struct engine *engine, const struct method *method);
bool rig_opens_over(const struct path *path, const struct engine *engine, const struct method *method);
/* Calls fn for every method of the engine that runs here, and says which do not. */
void rig_for_all(const struct engine *engine, void (*fn)(const struct engine *engine, const struct method *method));

/* ---- going on; each fails the test where a worker fails ---- */

/* Leads all workers into the phase: those that start the traffic go first, but last into
 * MEASURE. */
void rig_enter(struct rig *rig, enum phase phase);
/* Only those of these roles. */
void rig_enter_roles(struct rig *rig, unsigned roles, enum phase phase);
void rig_observe(struct rig *rig);
/* Runs one burst of every worker of these roles, as the phase has it; returns the sum of their
 * answers, or the error of the first that failed, with rig->err.  Does nothing with threads. */
int rig_try_step(struct rig *rig, unsigned roles);
int rig_step(struct rig *rig, unsigned roles);
/* Steps until done() says so; a second rig is stepped in turns. */
void rig_until(struct rig *rig, unsigned roles, bool (*done)(struct rig *rig, uint64_t value), uint64_t value);
void rig_until_with(struct rig *rig, struct rig *other, bool (*done)(struct rig *rig, uint64_t value), uint64_t value);
/* Measures until so many packets were received, and drains until none is in flight. */
void rig_measure(struct rig *rig, uint64_t packets);
void rig_drain(struct rig *rig);

/* ---- conditions ---- */

bool rig_has_received(struct rig *rig, uint64_t packets); /* by plan->rx_roles */
bool rig_has_sent(struct rig *rig, uint64_t packets);     /* by plan->tx_roles */

/* ---- what they say ---- */

struct worker *rig_server(struct rig *rig, unsigned index);
struct worker *rig_client(struct rig *rig, unsigned index);
uint64_t rig_sum(struct rig *rig, unsigned roles, unsigned counter);
/* The growth of a counter since the measure phase began. */
uint64_t rig_since(struct rig *rig, unsigned roles, unsigned counter);
uint64_t rig_latencies(struct rig *rig, unsigned index); /* values of all workers */
unsigned rig_port(const struct rig *rig);

/* The ledger of the measure phase and what came after, as plan and counter table have it. */
struct rig_ledger {
	uint64_t sent, received, lost;
	uint64_t up_to; /* that may be lost as well */
};
void rig_read_ledger(struct rig *rig, struct rig_ledger *ret_ledger);
/* Checks that sent = received + lost at all places, exactly, but for what may have been in joined
 * packets that were lost. */
void rig_expect_balance(struct rig *rig);
/* Checks that no counter forbids the use of the numbers. */
void rig_expect_sound(struct rig *rig);
