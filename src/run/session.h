/* A session: the control thread that starts, samples, stops and restarts runs, one at a time,
 * and the mailbox out of it.
 *
 * The main thread asks (session_start, session_stop, session_set_load) and consumes updates;
 * everything else happens on the control thread.  Asking never waits for the traffic.  Exactly
 * one consumer.  A start while a run is going stops that one first (short drain): the restart on
 * the fly.  No call is shared with a worker's loop. */
#pragma once

#include "record/sample.h"

struct path;
struct session;

struct session_config {
	const struct path *const *paths; /* the paths that runs may take; NULL-terminated */
	int64_t sample_ns;               /* tick; 0 = 100 ms */
	/* > 0: virtual clock: the sampler steps this many ticks of each run, waits for all
	 * workers' acknowledgement at each, then holds (tests) */
	unsigned virtual_ticks;
	/* samples carry total histograms, and once a second details (the dashboard) */
	bool want_totals;
	/* A run that has been opened and announced waits for session_go() before anything is sent,
	 * but not for more than 5 s: somebody has to be there before its first packet. */
	bool awaits_go;
	/* Where it may, it counts why the kernel threw packets away, in modes that ask the host. */
	bool want_reasons;
};

int session_new(const struct session_config *config, struct session **ret_session, struct err *err);
/* Stops what runs, joins everything.  Accepts NULL.  false: a worker is in a call that does not
 * return; threads and memory are left to the end of the process, which is to come at once.  It
 * takes 30 s at most. */
bool session_free(struct session *s);

/* Plans and asks for a run; `options` is copied (its engine is the run's).  plan() runs here, on
 * the caller's thread: usage errors come back at once, -EINVAL.  Returns the run's id (> 0).
 * What fails later (bind) arrives as UPDATE_FINAL with how == PHASE_FAILED. */
int session_start(struct session *s, const struct options *options, struct err *err);
/* Plans and forgets: what session_start() would say at once.  No session is needed. */
int session_check(const struct options *options, const struct path *const *paths, struct err *err);
/* The same, with the paths of this session. */
int session_try(const struct session *s, const struct options *options, struct err *err);
/* The path of this name that its runs may take; NULL. */
const struct path *session_path(const struct session *s, const char *name);
/* Ends the run as its duration would have: drain, final.  immediate: without waiting for a
 * drain. */
void session_stop(struct session *s, bool immediate);
/* Whoever had to be there before the traffic of this run is there.  See awaits_go. */
void session_go(struct session *s, uint32_t run_id);
/* Changes the load of the running run, within the plan's bounds; the value that now holds is
 * returned (0 if there is none). */
uint64_t session_set_load(struct session *s, uint64_t load);
/* 0 if none */
uint64_t session_load(const struct session *s, uint64_t *ret_min, uint64_t *ret_max);

/* Of a run whose path has captures of its own: see path->capture().  -ENODATA before it is open and
 * after. */
int session_capture_socket(struct session *s, uint32_t run_id, struct err *err);

/* Readable (poll) while there are updates. */
int session_fd(const struct session *s);
/* Next update or NULL; the caller owns it (update_free). */
struct update *session_next(struct session *s);
/* Puts an event into the stream, from the main thread or a capture's. */
void session_event(struct session *s, enum severity severity, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
