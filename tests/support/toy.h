/* The made-up mode of all tests: no packets, but a row of each kind in its tables, and operations
 * that do what a test tells them.  Not synthetic: its workers are pinned and observed like real
 * ones.
 *
 * A test that needs one thing to be different takes a copy of engine_toy and changes that: an
 * operation, a flag, a table. */
#pragma once

#include <stdatomic.h>

#include "mode/engine.h"

/* ---- its tables ---- */

enum {
	TOY_SERVER_DROPS = COUNTER_OWN, /* servers; lost at a place, alone: on arriving */
	TOY_MORE_SERVER_DROPS,          /* the same place */
	TOY_CLIENT_DROPS,               /* clients; lost at a place */
	TOY_LATE,                       /* clients; lost at a place: what the script loses */
	TOY_SEND_ERRORS,                /* clients; sent */
	TOY_CARRIED,                    /* clients; carried */
	TOY_QUEUE,                      /* a gauge, both roles */
	TOY_WAITING,                    /* a gauge, servers; above 1 a caution */
	TOY_LEAST,                      /* both roles; the lowest and the highest */
	TOY_MOST,
	TOY_DUPLICATES, /* clients, in the sum */
	TOY_DAMAGED,    /* clients; above 0 a reason */
	TOY_COPIED,     /* servers; copied_percent of TOY_SENDS, above 50 a caution */
	TOY_SENDS,
	TOY_COUNTERS,
};

/* latencies: of clients, of servers */
enum { TOY_RTT, TOY_SERVICE };
/* columns of its rows */
enum { TOY_ROW_SENT, TOY_ROW_DEPTH, TOY_ROW_LEAST, TOY_ROW_MOST };

/* Methods: "never" does not run here ("the moon is wrong"), "ring" was not built in, "slow" is
 * the default, "fast". */
extern const struct engine engine_toy;
extern const struct method toy_slow, toy_fast, toy_never;
/* A mode still to come. */
extern const struct engine engine_later;
/* Both. */
extern const struct engine *const toy_engines[];
/* A second ledger, for a test that gives one to its copy of engine_toy: servers read questions. */
extern const struct ledger_def toy_questions;

/* ---- its operations ---- */

struct script {
	/* Orders to the mode; set before a run is started. */
	int open_fails_at;            /* worker in plan order, -1: none */
	int observe_fails;            /* of the client, in the measure phase */
	_Atomic int poll_fails;       /* the client's next poll */
	_Atomic int block;            /* the client's next poll lasts until this is 0 again */
	unsigned window;              /* the client sends until so many are in flight, then waits */
	_Atomic bool answers, drains; /* packets come back: in the next poll / in drain() */
	bool loses_one_in_ten;        /* TOY_LATE */
	bool hides_losses;            /* TOY_LATE cannot be read */
	bool expects_answers, no_wait;
	/* The record of its calls. */
	_Atomic int opened, closed, released, polls, drains_called, entered[8], blocking, loads_seen;
	_Atomic int pinned;
};

extern struct script script;

void script_reset(void);
