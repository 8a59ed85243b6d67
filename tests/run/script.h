/* A mode that does what a test tells it: one server, one client (or more), no packets.  Not
 * synthetic: its workers are pinned and observed like real ones. */
#pragma once

#include <stdatomic.h>

#include "mode/engine.h"

struct script {
	/* What shall happen; set before a run is started. */
	int open_fails_at;            /* worker in plan order, -1: none */
	int observe_fails;            /* of the client, in the measure phase */
	_Atomic int poll_fails;       /* the client's next poll */
	_Atomic int block;            /* the client's next poll lasts until this is 0 again */
	unsigned window;              /* the client sends until so many are in flight, then waits */
	_Atomic bool answers, drains; /* what is sent comes back: in the next poll / in drain() */
	bool loses_one_in_ten;        /* counted at a place */
	bool hides_losses;            /* the loss counter cannot be read */
	bool expects_answers, no_wait;
	/* What happened. */
	_Atomic int opened, closed, released, polls, drains_called, entered[8], blocking, loads_seen;
	_Atomic int pinned;
};

extern struct script script;
extern const struct engine engine_script;

enum { COUNTER_SCRIPT_LOST = COUNTER_OWN };

void script_reset(void);
