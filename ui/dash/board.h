/* The board: all that the dashboard shows, as main keeps it.  Main owns and fills it on the main
 * thread; ui only reads it. */
#pragma once

#include "record/cpu_use.h"
#include "record/duel.h"
#include "record/history.h"
#include "record/host.h"
#include "record/packet.h"

struct board_method {
	const struct method *method;
	bool runs;
	char why[160]; /* the reason if it does not run here */
	bool passed;   /* the user has been told that it was passed over */
};

struct board_mode {
	const struct engine *engine; /* engine->built false: greyed, "not built yet" */
	struct board_method *method;
	unsigned methods;
	struct options options; /* for this mode's next run */
};

struct board {
	struct board_mode *mode;
	unsigned modes, current_mode;
	int current_method; /* index into mode[current_mode].method, -1: role-wise mixed */
	const struct history *history;
	struct host_info host;
	bool run_wanted;     /* r: traffic is on or coming */
	bool read_only;      /* `netdyno open`: nothing to start or change */
	char title_note[80]; /* read_only: what was opened */
	/* read_only: the baseline that was saved with it, or another saved run (base_history; NULL:
	 * a run of `history`).  base_run 0: none; base_until_ns 0: all of that run. */
	const struct history *base_history;
	uint32_t base_run;
	int64_t base_until_ns;
	uint64_t load, load_min, load_max;
	const struct duel *duel; /* NULL: there is none, ever */
	struct capture_state capture;
	struct capture_options capture_options;
	bool captured; /* a capture was on in this run */
	struct packet packet[PACKETS_SHOWN];
	unsigned packets;
	const struct cpu_use *cpus; /* NULL: never known */
	char last_snapshot[256];
	bool hide_cost;     /* tests: own cost is drawn as -- */
	int64_t own_cpu_ns; /* CPU time of the main and the control thread so far */
};
