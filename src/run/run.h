/* One run's life, on the control thread; internal to the run layer.
 *
 * run_new() plans it on the main thread; run_execute() does all the rest: opens the workers,
 * leads them through the phases, samples at each tick, and says what happened through the
 * mailbox.  A run ends early when the orders say so. */
#pragma once

#include <pthread.h>

#include "mode/plan.h"
#include "run/mailbox.h"
#include "run/orders.h"
#include "run/sampler.h"
#include "run/session.h"
#include "run/stages_reader.h"
#include "run/watch.h"
#include "run/worker.h"

/* The parts of a session that its runs use. */
struct run_session {
	struct mailbox mailbox;
	struct order_desk desk;
	struct session_config config; /* sample_ns is set */
	int ack_fd;                   /* eventfd that workers write: see struct worker */
	uint64_t sequence;            /* of the newest sample */
	/* of all runs, since to close it takes the kernel a moment; NULL: not open */
	struct reasons *reasons;
	/* the path that is open now, for whoever wants to capture there */
	struct {
		pthread_mutex_t lock;
		/* guarded by lock */
		uint32_t run_id; /* 0: none */
		const struct path *path;
		void *state;
	} open_path;
};

struct run {
	uint32_t id;
	const struct engine *engine;
	struct options options; /* a copy: workers and plan point into it */
	struct plan plan;
	/* as the options say; duration 0: until stopped */
	int64_t duration_ns, warmup_ns, interval_ns;

	struct run_session *session;
	struct worker *worker; /* [plan.workers] */
	unsigned opened;       /* workers whose open() went well, in plan order */
	struct run_info *info; /* own copy of what is published; NULL before */
	/* made before they are needed, so that no want of memory can keep them back: UPDATE_RUN, in
	 * PREPARE, and UPDATE_FINAL, in run_new(); NULL once they are put */
	struct update *opening, *ending;
	struct sampler sampler;
	struct rows_reader rows;
	struct stages_reader stages;
	struct watch watch;

	enum phase phase;
	int64_t started_ns, started_wall_ns;
	int64_t next_tick_ns, next_interval_ns; /* 0: none */
	/* when the phase is over at the latest, 0: not by time */
	int64_t until_ns;
	int64_t ended_ns;   /* when the measure phase was ended */
	int64_t sampled_ns; /* the newest sample is of then */
	unsigned ticks;
	uint32_t tick_serial; /* of the workers' newest housekeeping */
	uint64_t load;

	/* settling: when a packet last moved; how long none must */
	int64_t say_ns; /* before the run: when it is said next what is missing */
	int64_t quiet_since_ns, quiet_limit_ns;
	uint64_t moved;
	struct procnet net, net_from, net_to;
	struct drop_reasons reasons;
	bool net_fresh;                /* net was read since the last sample */
	int64_t suspended_ns, held_ns; /* of the measure phase: see struct run_final */
	bool measured, interrupted, unplanned, path_opened;
	bool settled;   /* what all has come to after the drain has been read */
	bool lost;      /* a worker did not end (worker_stop()): workers, path and plan stay */
	struct err err; /* the first that went wrong */
};

/* ---- main thread ---- */

/* Copies the options, plans.  -EINVAL for what the user can mend. */
int run_new(const struct options *options, const struct path *const *paths, uint32_t id, bool is_virtual, struct run **ret_run,
	struct err *err);
/* Also the control thread, after run_execute().  Accepts NULL; leaves one that has lost a worker as
 * it is. */
void run_free(struct run *r);

/* ---- control thread ---- */

/* From PREPARE to the final, which is published.  Then all is given back, but for what a run that
 * waits to take its place may take over: run_inherit(), run_free(). */
void run_execute(struct run *r, struct run_session *session);
/* `r` takes the place of `before`, which is over. */
void run_inherit(struct run *r, struct run *before);

enum run_end { RUN_TIME, RUN_ASKED, RUN_OVER, RUN_FAILED };

/* run_ready.c: until the traffic may begin; RUN_TIME: it may. */

/* Waits for session_go() where the session's config says so. */
enum run_end run_await_go(struct run *r);
/* Leads the workers into WARMUP, and waits until nothing that they need is missing. */
enum run_end run_get_ready(struct run *r);
/* So much is missing. */
uint64_t run_missing(const struct run *r);

/* run_tick.c: telling workers, waiting for them, taking samples. */

/* Tells the workers of these roles and waits until they have entered the phase.  0, or -errno
 * with r->err: one failed, or does not answer. */
int run_tell(struct run *r, unsigned roles, enum phase phase);
/* First those of these roles, then the others; RUN_TIME or RUN_FAILED. */
enum run_end run_tell_all(struct run *r, unsigned first, enum phase phase);
/* Housekeeping of all workers, and waits for it: for as long as it takes (exact), or a moment. */
int run_housekeeping(struct run *r, bool exact);
void run_read_net(struct run *r);
/* run_final.c: from now on the kernel's drop reasons count; up to now they are the run's. */
void run_mark_reasons(struct run *r);
void run_take_reasons(struct run *r);
/* Makes a sample of what the sampler has read, and publishes it. */
enum run_sample {
	RUN_TICK,
	RUN_INTERVAL,
	RUN_FIRST_TICK,    /* counters are those of the start of the measure phase */
	RUN_LAST_TICK,     /* ... of its end */
	RUN_LAST_INTERVAL, /* ... of its end, and what was read now is after the drain */
};
/* at_ns: when the counters were so; late_ns: how late the sampler woke. */
void run_publish_sample(struct run *r, enum run_sample which, int64_t at_ns, int64_t late_ns);

/* Lets time pass, ticking, until r->until_ns, or over() says so, or the orders want the phase to
 * end, or a worker fails. */
enum run_end run_pass(struct run *r, bool (*over)(struct run *r));

/* run_final.c: the two reports of a run, before and after.  run_make_info(), run_new_ending(): NULL
 * when out of memory. */
struct run_info *run_make_info(const struct run *r);
struct update *run_new_ending(const struct run *r);
/* Mean length of the measure phase over the receiving workers, as far as they have left it. */
int64_t run_measured_ns(const struct run *r);
/* Fills r->ending, which still owns it. */
struct run_final *run_make_final(const struct run *r, enum phase how);
