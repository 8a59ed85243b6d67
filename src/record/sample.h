/* Samples and updates: what flows from the control thread to the one consumer (dashboard or
 * headless loop) on the main thread.
 *
 * The control thread makes a sample, gives it away whole through the session's mailbox, and
 * never touches it again: after that the consumer owns it, changes nothing in it (but takes
 * total[] off it when a newer one has come, details and stages at once), and frees it.  Counters
 * in it are cumulative since the worker opened: two samples of one run subtract to rates. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/perf.h"
#include "base/ports.h"
#include "base/procnet.h"
#include "base/reasons/reasons.h"
#include "mode/engine.h"
#include "record/details.h"
#include "record/stages/stages.h"

struct worker_sample {
	uint64_t value[COUNTERS_MAX];
	struct latency_summary latency[LATENCIES_MAX]; /* over the sample's window */
};

struct sample {
	uint64_t sequence; /* of the session, from 1 */
	uint32_t run_id;   /* from 1; which run_info it belongs to */
	enum phase phase;
	int64_t at_ns; /* run clock */
	/* what the latency summaries cover: about 1 s, less at the start; an interval sample:
	 * the interval */
	int64_t window_ns;
	/* how late the sampler woke: > 500 ms means that the process was suspended or starved */
	int64_t late_ns;
	bool is_interval;    /* closes an interval of --interval in the measure phase */
	double interval_s;   /* its length where is_interval */
	int64_t measured_ns; /* time since the measure phase began, 0 before */
	int64_t away_ns;     /* of that, without the other end */
	/* what struct run_final says in the end, so far: see there */
	int64_t suspended_ns, held_ns, silent_ns;
	/* as it stands now: a window or a rate; 0: the mode has none, or it is not known */
	uint64_t load;
	bool net_fresh;
	struct procnet net;                           /* the last reading */
	struct latency_summary merged[LATENCIES_MAX]; /* over the window, all workers */
	/* headline latency, since the sample before this one */
	uint32_t heat[HEAT_ROWS];
	/* [latencies] merged over workers, since the measure phase began; NULL except in the
	 * newest kept */
	struct hist *total;
	/* NULL but about once a second, where the mode keeps rows and somebody shows them */
	struct details *details;
	/* NULL but about once a second, where packets are stamped and somebody shows it */
	struct stage_summary *stages;
	/* [workers]: counters after the drain, where the sample closes the measure phase; else
	 * NULL.  Those of worker[] are of the phase's exact end then. */
	uint64_t (*settled)[COUNTERS_MAX];
	unsigned workers;
	struct worker_sample worker[];
};

struct sample *sample_new(unsigned workers); /* zeroed; NULL when out of memory */
/* Gives it settled[], zeroed; false when out of memory. */
bool sample_settle(struct sample *s);
void sample_free(struct sample *s); /* accepts NULL */

/* The plan and the findings of one run; constant once published. */
struct run_worker {
	enum role role;
	unsigned index;
	int cpu;
	bool shares_cpu, pinned;
	bool moved;       /* it ran elsewhere than where it was pinned, and `cpu` is where */
	uint64_t unknown; /* counters that cannot be read on this worker */
	char unknown_why[96];
	char hardware_why[PERF_WHY_BYTES]; /* the same of hardware counters, "": as above */
};

/* Why this counter of the worker is unknown: never "". */
const char *run_worker_why(const struct run_worker *w, unsigned counter);

struct run_info {
	uint32_t id;
	const struct engine *engine;
	const struct method *method; /* of the headline side */
	struct options options;      /* a copy */
	char ran[24], peer[80], interface[16], path[16];
	enum role role; /* what --role said */
	unsigned tx_roles, rx_roles, wire_overhead_bytes;
	enum ledger_side tx_ledger, rx_ledger;
	unsigned flying; /* whose IN_FLIGHT is in flight */
	enum ledger_rest rest;
	bool told;       /* the other end tells what it received */
	bool needs_word; /* as in struct plan */
	uint32_t host_places;
	/* as in struct plan */
	unsigned packet_copies, packet_joins;
	/* of the longest datagram; 0: not known, 1: it goes whole */
	unsigned fragments;
	bool expects_answers;
	bool closed_loop;
	const char *load_name;
	uint64_t load; /* as it stood at the start */
	struct ports ports;
	int address_family;
	int64_t started_ns, started_wall_ns;
	int64_t duration_ns; /* 0: until stopped */
	int64_t warmup_ns, interval_ns;
	char notes[4][160];
	unsigned workers;
	struct run_worker *worker; /* malloc'ed */
	unsigned references;       /* main thread only, once published */
};

void run_info_free(struct run_info *info);
/* A worker was moved to another CPU: its cpuset has changed.  The one thing that changes in what
 * was published. */
void run_info_move(struct run_info *info, unsigned worker, int cpu);
/* In words, which end of a run with one role is not here; "" with both. */
const char *run_missing_end(const struct run_info *info);

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

/* The final word on a run: exact differences over the measure phase, taken after the drain. */
struct run_final {
	uint32_t run_id;
	enum phase how;       /* PHASE_DONE or PHASE_FAILED */
	struct err err;       /* where failed */
	bool interrupted;     /* stopped before its duration was over */
	uint64_t load;        /* as it stood at the end; 0: none, or not known */
	int64_t suspended_ns; /* time the sampler lost to suspension or starvation */
	/* ... and to freezes that are shorter, but longer than a tick: the suspensions are in it */
	int64_t held_ns;
	/* mean of the measure phases of the workers that receive (rx_roles) */
	int64_t measured_ns;
	unsigned workers;
	/* [workers]: differences between the edges of the measure phase, for rates; latency over
	 * the measure phase and drain */
	struct worker_sample *edge;
	int64_t *edge_ns; /* [workers]: how long each one's measure phase was */
	/* [workers]: differences from the start of the measure phase to after the drain, for the
	 * ledger (gauges: as they stand) */
	struct worker_sample *settled;
	struct hist *total; /* [latencies] */
	/* rows that were there after the drain, with what they came to since the start of the
	 * measure phase; NULL: the mode keeps none */
	struct details *details;
	/* of the packets that were stamped in the measure phase; NULL: none were to be */
	struct stage_summary *stages;
	struct procnet net_from, net_to;
	/* the whole host's, over the measure phase and the drain; neither known nor with a reason:
	 * nobody asked */
	struct drop_reasons reasons;
	int refusal;         /* errno of the newest send or connection that was refused; 0: none */
	bool never_answered; /* expected answers, got none */
	/* the longest time of the measure phase without an expected answer, to a tick */
	int64_t silent_ns;
	/* time of the measure phase without the other end: it was silent for longer than usual, or
	 * as much of it as the share of connections that were gone */
	int64_t away_ns;
};

void run_final_free(struct run_final *f);

enum update_kind { UPDATE_RUN, UPDATE_PHASE, UPDATE_SAMPLE, UPDATE_EVENT, UPDATE_MOVED, UPDATE_FINAL };

struct update {
	struct update *next;
	enum update_kind kind;
	int64_t at_ns; /* run clock */
	uint32_t run_id;
	union {
		/* UPDATE_RUN: a run has been opened: ports and peers are known */
		struct run_info *run;
		enum phase phase;        /* UPDATE_PHASE */
		struct sample *sample;   /* UPDATE_SAMPLE */
		struct run_final *final; /* UPDATE_FINAL */
		struct {
			enum severity severity;
			char text[200];
		} event;
		struct {
			unsigned worker;
			int cpu;
		} moved;
	};
};

/* Frees it with what it still holds (a consumer that keeps the content sets the pointer to NULL
 * first). */
void update_free(struct update *u);
