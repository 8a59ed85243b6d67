/* Running a sweep.  See main/sweep/run.h. */
#include "main/sweep/run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "main/live/loop.h"
#include "results/results.h"
#include "run/session.h"

enum { REDRAW_MS = 500, GRACE_MS = 60 * 1000, HARD_GRACE_MS = 10 * 1000 };

/* One attempt at one slot. */
struct attempt {
	uint32_t run_id;
	bool over, measured;
	enum phase how;
	struct err err;
	int64_t started_ns, end_by_ns; /* after end_by_ns it is stopped */
	bool late;
};

struct runner {
	struct sweep_job *job;
	struct live_loop loop;
	struct history *history;
	struct attempt *attempt; /* that is being run; NULL: none */
	int64_t drawn_ns;
};

enum outcome { RAN, FAILED, REFUSED, STOPPED, BROKEN };

/* ---- one run ---- */

static void take_update(struct runner *r, struct update *u)
{
	struct attempt *a = r->attempt;

	if (a && u->kind == UPDATE_FINAL && u->run_id == a->run_id) {
		a->over = true;
		a->how = u->final->how;
		a->measured = u->final->measured_ns > 0 && u->final->edge;
		a->err = u->final->err;
	}
	history_take(r->history, u);
}

static void pump(void *ctx)
{
	struct runner *r = ctx;
	struct update *u;

	while ((u = session_next(r->loop.session)))
		take_update(r, u);
}

static void take_signal(void *ctx, int signo)
{
	struct runner *r = ctx;

	if (r->job->progress->screen && signo != SIGUSR1)
		sweep_screen_signal(r->job->progress->screen, signo);
}

static bool take_keys(void *ctx)
{
	struct runner *r = ctx;

	return sweep_screen_keys(r->job->progress->screen);
}

/* A turn of the loop, and a look at what is shown.  false: it is given up. */
static bool turn(struct runner *r, int timeout_ms)
{
	unsigned interrupts = r->loop.interrupts;
	bool going = live_loop_turn(&r->loop, timeout_ms);
	int64_t now_ns = clock_now_ns();

	if (r->loop.interrupts != interrupts && r->job->progress->screen)
		sweep_screen_stopping(r->job->progress->screen);
	if (now_ns - r->drawn_ns >= (int64_t)REDRAW_MS * NS_PER_MS) {
		sweep_progress_draw(r->job->progress);
		r->drawn_ns = now_ns;
	}
	return going;
}

/* A run that does not end by itself must not hold up the sweep: it is stopped, and its figures do
 * not count. */
static void watch_time(struct runner *r, struct attempt *a)
{
	int64_t now_ns = clock_now_ns();

	if (now_ns < a->end_by_ns)
		return;
	if (!a->late)
		session_stop(r->loop.session, true);
	else
		r->loop.give_up_ns = now_ns;
	a->late = true;
	a->end_by_ns = now_ns + (int64_t)HARD_GRACE_MS * NS_PER_MS;
}

static void wait_for_end(struct runner *r, struct attempt *a)
{
	r->attempt = a;
	while (!a->over && turn(r, REDRAW_MS))
		watch_time(r, a);
	r->attempt = NULL;
}

/* Waits, since the cause may go away: an address in use, a limit.  false: the sweep is to end. */
static bool pause_before_retry(struct runner *r)
{
	int64_t until_ns = clock_now_ns() + (int64_t)r->job->retry_pause_ms * NS_PER_MS, left_ns;

	while (!r->loop.interrupts && (left_ns = until_ns - clock_now_ns()) > 0)
		turn(r, (int)(left_ns / NS_PER_MS) + 1);
	return !r->loop.interrupts;
}

/* Starts the cell and waits for its end.  REFUSED: planning says that it cannot run here, now or
 * later. */
static enum outcome attempt_cell(struct runner *r, uint32_t cell, struct attempt *a, struct err *err)
{
	int64_t expected_ns = sweep_cell_ns(r->job->plan, cell);
	struct options options;

	*a = (struct attempt){ .started_ns = clock_now_ns() };
	a->end_by_ns = a->started_ns + 2 * expected_ns + (int64_t)GRACE_MS * NS_PER_MS;
	if (sweep_cell_options(r->job->plan, cell, &options, err) < 0)
		return BROKEN;
	int id = session_start(r->loop.session, &options, &a->err);
	options_free(&options);
	if (id < 0)
		return REFUSED;
	a->run_id = (uint32_t)id;
	wait_for_end(r, a);
	if (!a->over) {
		r->job->abandoned = true;
		if (r->loop.interrupts)
			return STOPPED;
		err_say(err, ETIMEDOUT, "a run did not end although it was told to");
		return BROKEN;
	}
	if (r->loop.interrupts)
		return STOPPED;
	return a->how == PHASE_FAILED || !a->measured || a->late ? FAILED : RAN;
}

static const char *why_failed(const struct attempt *a)
{
	if (a->late)
		return "it did not end in time";
	return a->err.text[0] ? a->err.text : "nothing was measured";
}

/* ---- keeping ---- */

/* `before`: why the attempt before failed; "" if there was none. */
static enum outcome keep_run(struct runner *r, uint32_t cell, unsigned round, unsigned attempts, const char *before,
	const struct attempt *a, struct err *err)
{
	struct results_source source = { .history = r->history, .run_id = a->run_id, .host = r->job->host };
	struct sweep_job *job = r->job;
	json_t *row = results_row(&source);
	json_t *line = sweep_run_line(
		job->plan, cell, round, attempts, *before ? before : NULL, json_incref(row), results_document(&source));
	const json_t *result = json_object_get(line, "result");
	uint64_t invalid = job->state->invalid;

	int rc = line ? 0 : err_sys(err, ENOMEM, "keep a result");
	if (rc >= 0 && job->store)
		rc = sweep_store_append(job->store, line, err);
	if (rc >= 0 && job->store)
		rc = sweep_store_append_csv(job->store, line, err);
	if (rc >= 0)
		rc = sweep_state_take_run(job->state, cell, round, row, result, err);
	if (rc >= 0 && *before)
		rc = sweep_state_take_retry(job->state, cell, round, attempts - 1, before, err);
	job->state->spent_s += (double)(clock_now_ns() - a->started_ns) / NS_PER_S;
	job->state->expected_s += (double)sweep_cell_ns(job->plan, cell) / NS_PER_S;
	job->state->timed++;
	job->state->running = false;
	if (rc >= 0)
		sweep_progress_run(job->progress, cell, round, row, job->state->invalid == invalid);
	json_decref(line);
	json_decref(row);
	return rc < 0 ? BROKEN : RAN;
}

static enum outcome keep_failure(
	struct runner *r, uint32_t cell, unsigned round, unsigned attempts, const char *why, struct err *err)
{
	struct sweep_job *job = r->job;
	json_t *line = sweep_failure_line(job->plan, cell, round, attempts, why);
	char label[SWEEP_LABEL_BYTES];

	int rc = line ? 0 : err_sys(err, ENOMEM, "keep a failure");
	if (rc >= 0 && job->store)
		rc = sweep_store_append(job->store, line, err);
	json_decref(line);
	if (rc >= 0)
		rc = sweep_state_take_failure(job->state, cell, round, attempts, why, err);
	job->state->running = false;
	sweep_progress_say(job->progress, "! round %u, %s: failed: %s", round + 1,
		sweep_cell_label(job->plan, cell, label, sizeof(label)), why);
	return rc < 0 ? BROKEN : FAILED;
}

/* ---- slots, rounds ---- */

/* May another attempt have a valid verdict?  Both sides of a comparison need one in each round;
 * in a sweep an invalid run is a result. */
static enum outcome judge(struct runner *r, struct attempt *a)
{
	struct results_source source = { .history = r->history, .run_id = a->run_id, .host = r->job->host };
	json_t *document = r->job->plan->sides ? results_document(&source) : NULL;
	const json_t *verdict = json_object_get(json_object_get(document, "end"), "verdict");
	const char *reason = json_string_value(json_array_get(json_object_get(verdict, "reasons"), 0));
	bool invalid = json_is_false(json_object_get(verdict, "valid"));

	if (invalid)
		err_say(&a->err, EAGAIN, "its verdict was invalid: %s", reason ? reason : "no reason is given");
	json_decref(document);
	return invalid ? FAILED : RAN;
}

static enum outcome run_slot(struct runner *r, uint32_t cell, unsigned round, struct err *err)
{
	enum outcome outcome = FAILED;
	struct attempt a = { 0 };
	char before[ERR_TEXT_BYTES] = "";
	unsigned attempts = 0;

	r->job->state->current = cell;
	r->job->state->round = round;
	r->job->state->running = true;
	sweep_progress_draw(r->job->progress);
	while (outcome == FAILED && attempts <= r->job->retries) {
		outcome = attempt_cell(r, cell, &a, err);
		if (outcome == RAN && attempts < r->job->retries)
			outcome = judge(r, &a);
		attempts++;
		if (outcome != FAILED || attempts > r->job->retries)
			break;
		snprintf(before, sizeof(before), "%s", why_failed(&a));
		sweep_progress_say(r->job->progress, "! attempt %u failed, trying again: %s", attempts, before);
		if (!pause_before_retry(r))
			outcome = STOPPED;
	}
	if (outcome == RAN)
		outcome = keep_run(r, cell, round, attempts, before, &a, err);
	else if (outcome == FAILED || outcome == REFUSED)
		outcome = keep_failure(r, cell, round, attempts, why_failed(&a), err);
	r->job->state->running = false;
	return outcome;
}

static enum outcome run_round(struct runner *r, uint32_t *order, unsigned round, struct err *err)
{
	const struct sweep_job *job = r->job;
	enum outcome outcome = RAN;

	sweep_order(job->plan->cells, job->seed, round, order);
	for (uint32_t i = 0; i < job->plan->cells; i++) {
		if (sweep_state_slot(job->state, order[i], round) == SWEEP_SLOT_DONE)
			continue;
		turn(r, 0);
		outcome = r->loop.interrupts ? STOPPED : run_slot(r, order[i], round, err);
		if (outcome == STOPPED || outcome == BROKEN)
			return outcome;
	}
	return RAN;
}

static enum sweep_end run_rounds(struct runner *r, struct err *err)
{
	uint32_t *order = calloc(r->job->plan->cells, sizeof(*order));
	enum outcome outcome = RAN;

	if (!order) {
		err_sys(err, ENOMEM, "make the order of the cells");
		return SWEEP_BROKEN;
	}
	for (unsigned round = 0; round < r->job->plan->repeat && outcome != STOPPED && outcome != BROKEN; round++) {
		outcome = run_round(r, order, round, err);
		if (outcome == RAN && r->job->is_enough && r->job->is_enough(r->job->state, round + 1))
			break;
	}
	free(order);
	return outcome == STOPPED ? SWEEP_INTERRUPTED : outcome == BROKEN ? SWEEP_BROKEN : SWEEP_COMPLETE;
}

enum sweep_end sweep_run(struct sweep_job *job, struct err *err)
{
	const struct history_limits limits = { .runs = 4 };
	const struct session_config config = live_loop_session(job->virtual_ticks);
	struct runner r = { .job = job,
		.loop = { .ctx = &r,
			.pump = pump,
			.signal = take_signal,
			.keys = job->progress->screen ? take_keys : NULL,
			.signal_fd = job->signal_fd } };
	enum sweep_end end = SWEEP_BROKEN;

	if (history_new(&limits, &r.history, err) >= 0 && session_new(&config, &r.loop.session, err) >= 0)
		end = run_rounds(&r, err);
	/* A run that would not end is left to the end of the process. */
	if (job->abandoned)
		return end;
	session_free(r.loop.session);
	history_free(r.history);
	return end;
}
