/* Boards made by hand, for the screens' tests: an engine that exists only here, and histories
 * that follow a formula. */
#pragma once

#include "ui/dash/board.h"
#include "ui/ui.h"

struct made {
	struct board board;
	struct board_mode mode[3];
	struct history *history;
	uint64_t sequence;
	unsigned servers, clients;
	int64_t now_ns; /* of the newest sample */
	uint32_t run_id;
	/* set before made_run(): servers send blocks to clients, and bits are the headline */
	bool bulk;
	/* set before made_run(): clients only send, servers only receive, and the mode counts what
	 * was sent */
	bool fans_out;
	/* set before made_run(): packets are not in the ledger, the mode's own counters are */
	bool own_ledger;
	const struct engine *engine; /* of the first mode and of the runs */
	const char *ran;
	bool shares_cpus; /* set before made_run(): all workers of a side are on one CPU */
	/* Adds to what every worker counts; NULL: nothing.  Cumulative counters have the value of
	 * the tick before. */
	void (*fill)(const struct made *m, struct worker_sample *w, unsigned worker);
	/* The rows that each tenth sample brings along, for the history to free; NULL: none. */
	struct details *(*details)(const struct made *m);
	struct stage_summary *(*stages)(const struct made *m); /* the same */
	/* of the measurement, as the samples have it */
	int64_t suspended_ns;
	/* packets a tick that the first sender sends and the first server counts as lost, by this
	 * counter; 0: fill() loses in its own way */
	unsigned loss, loses_at;
};

enum { MADE_PPS = 1000 }; /* packets that each client receives a second */

/* The clock is put on virtual time. */
void made_open(struct made *m, unsigned servers, unsigned clients);
/* The same with another engine than the one that exists only here. */
void made_open_with(struct made *m, const struct engine *engine, unsigned servers, unsigned clients);
void made_close(struct made *m);
/* Begins another run (id + 1); its samples follow. */
void made_run(struct made *m, bool closed_loop);
/* `ticks` samples of 100 ms, in this phase; every tenth of a measurement closes an interval.
 * factor: of MADE_PPS. */
void made_ticks(struct made *m, unsigned ticks, enum phase phase, double factor);
/* The clock goes on without samples. */
void made_silence(struct made *m, int64_t ns);
void made_event(struct made *m, enum severity severity, const char *text);
void made_final(struct made *m);

/* Requests that only count: calls[] by the order of struct ui_requests' functions. */
enum made_call {
	CALL_PUMP,
	CALL_RUN,
	CALL_MODE,
	CALL_METHOD,
	CALL_PATH,
	CALL_LOAD,
	CALL_BASE,
	CALL_DUEL,
	CALL_APPLY,
	CALL_SNAPSHOT,
	CALL_CAPTURE,
	CALL_CAPTURE_OPTIONS,
	CALL_KEEP,
	CALLS
};
struct made_calls {
	unsigned count[CALLS];
	int last;  /* argument of the last call */
	bool fail; /* answer with an error */
};
void made_requests(struct made_calls *calls, struct ui_requests *ret_requests);
