/* A run's life: plan, prepare, warm-up, settle, measure, drain, final.  See run.h. */
#include "run/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/text.h"
#include "mode/in_force.h"
#include "mode/path.h"

/* so long without a packet: nothing more comes */
static const int64_t quiet_ns = NS_PER_S;
static const int64_t settle_limit_ns = NS_PER_S;
static const int64_t clear_limit_ns = 2 * (int64_t)NS_PER_S;
/* so long nothing is held back: what moves is somebody else's */
static const int64_t clear_ns = 100 * NS_PER_MS;
/* packets may be late by up to a second */
static const int64_t drain_limit_ns = NS_PER_S + 100 * NS_PER_MS;
/* a worker that comes to the phase so much later than others had no CPU */
static const int64_t stagger_ns = 10 * NS_PER_MS;

/* ---- main thread ---- */

static int check_mode(const struct options *o, bool is_virtual, struct err *err)
{
	if (!o->engine)
		return err_say(err, EINVAL, "no mode given");
	if (!o->engine->built)
		return err_say(err, EINVAL, "mode %s is not built yet", o->engine->name);
	if (is_virtual && !o->engine->synthetic)
		return err_say(err, EINVAL, "mode %s moves real packets: it cannot run on the virtual clock", o->engine->name);
	return 0;
}

static int plan(struct run *r, const struct path *const *paths, struct err *err)
{
	int rc = path_choose(&r->options, paths, &r->plan, err);

	if (rc < 0)
		return rc;
	r->plan.wait = plan_wait(&r->options);
	r->plan.handicap_percent = (unsigned)options_number(&r->options, "handicap");
	rc = r->engine->plan(&r->options, &r->plan, err);
	if (rc < 0)
		return rc;
	if (!r->plan.workers)
		return err_say(err, EINVAL, "mode %s: no workers were planned", r->engine->name);
	r->load = r->plan.load;
	if (r->plan.host_places && r->plan.path->host_places)
		r->plan.host_places |= r->plan.path->host_places(&r->options);
	return 0;
}

int run_new(const struct options *options, const struct path *const *paths, uint32_t id, bool is_virtual, struct run **ret_run,
	struct err *err)
{
	int rc = check_mode(options, is_virtual, err);
	struct run *r;

	if (rc < 0 || (rc = options_check_force(options, err)) < 0)
		return rc;
	r = calloc(1, sizeof(*r));
	if (!r)
		return err_sys(err, ENOMEM, "plan a run");
	r->id = id;
	r->engine = options->engine;
	if ((rc = options_copy(&r->options, options, err)) < 0)
		goto fail;
	r->duration_ns = options_number(&r->options, "duration");
	r->warmup_ns = options_number(&r->options, "warmup");
	r->interval_ns = options_number(&r->options, "interval");
	if ((rc = plan(r, paths, err)) < 0)
		goto fail;
	r->ending = run_new_ending(r);
	if (!r->ending) {
		rc = err_sys(err, ENOMEM, "plan a run");
		goto fail;
	}
	*ret_run = r;
	return 0;
fail:
	run_free(r);
	return rc;
}

static void unplan(struct run *r)
{
	if (r->engine->release && !r->unplanned)
		r->engine->release(&r->plan);
	plan_free(&r->plan);
	r->unplanned = true;
}

void run_free(struct run *r)
{
	if (!r || r->lost)
		return;
	unplan(r);
	update_free(r->opening);
	update_free(r->ending);
	options_free(&r->options);
	free(r);
}

/* ---- prepare ---- */

static void enter_phase(struct run *r, enum phase phase)
{
	r->phase = phase;
	mailbox_put_phase(&r->session->mailbox, r->id, phase);
}

static void show_path(struct run *r, uint32_t run_id)
{
	pthread_mutex_lock(&r->session->open_path.lock);
	r->session->open_path.run_id = run_id;
	r->session->open_path.path = r->plan.path;
	r->session->open_path.state = r->plan.path_state;
	pthread_mutex_unlock(&r->session->open_path.lock);
}

static int open_path(struct run *r)
{
	const struct path *path = r->plan.path;
	int rc = path->open ? path->open(&r->options, &r->plan.path_state, &r->err) : 0;

	r->path_opened = rc >= 0;
	if (r->path_opened)
		show_path(r, r->id);
	return rc;
}

static void close_path(struct run *r)
{
	show_path(r, 0);
	if (r->path_opened && r->plan.path->close)
		r->plan.path->close(r->plan.path_state);
	r->path_opened = false;
}

static int open_workers(struct run *r)
{
	r->worker = calloc(r->plan.workers, sizeof(*r->worker));
	if (!r->worker)
		return err_sys(&r->err, ENOMEM, "prepare %u workers", r->plan.workers);
	for (unsigned i = 0; i < r->plan.workers; i++) {
		int rc = worker_init(&r->worker[i], r->engine, &r->options, &r->plan, i, &r->err);

		if (rc < 0)
			return rc;
		r->worker[i].ack_fd = r->session->ack_fd;
	}
	for (; r->opened < r->plan.workers; r->opened++) {
		int rc = worker_start(&r->worker[r->opened], &r->err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static void avoid_workers(const struct run *r)
{
	struct cpu_list busy = { 0 };

	for (unsigned i = 0; i < r->plan.workers && busy.count < CPU_LIST_MAX; i++)
		if (r->plan.worker[i].cpu >= 0 && !cpu_list_has(&busy, r->plan.worker[i].cpu))
			busy.cpu[busy.count++] = (short)r->plan.worker[i].cpu;
	if (!r->engine->synthetic)
		cpu_avoid_self(&busy);
}

static int prepare_sampler(struct run *r)
{
	struct block **blocks = calloc(r->plan.workers, sizeof(struct block *));
	int rc;

	if (!blocks)
		return err_sys(&r->err, ENOMEM, "prepare the sampler");
	for (unsigned i = 0; i < r->plan.workers; i++)
		blocks[i] = r->worker[i].block;
	rc = sampler_init(&r->sampler, blocks, r->plan.workers, engine_latencies(r->engine), &r->err);
	free(blocks);
	return rc;
}

static int prepare_rows(struct run *r)
{
	struct rows **rows = calloc(r->plan.workers, sizeof(struct rows *));
	int rc;

	if (!rows)
		return err_sys(&r->err, ENOMEM, "prepare to read details");
	for (unsigned i = 0; i < r->plan.workers; i++)
		rows[i] = r->worker[i].rows;
	rc = rows_reader_init(&r->rows, r->engine->details, rows, r->plan.workers, &r->err);
	free(rows);
	return rc < 0 ? rc : stages_reader_init(&r->stages, r->worker, r->plan.workers, &r->err);
}

static int prepare(struct run *r)
{
	int rc;

	r->started_ns = clock_run_ns();
	r->started_wall_ns = clock_wall_of(r->started_ns);
	enter_phase(r, PHASE_PREPARE);
	if ((rc = open_path(r)) < 0 || (rc = open_workers(r)) < 0 || (rc = prepare_sampler(r)) < 0 || (rc = prepare_rows(r)) < 0)
		return rc;
	r->info = run_make_info(r);
	r->opening = calloc(1, sizeof(*r->opening));
	if (r->opening)
		*r->opening =
			(struct update){ .kind = UPDATE_RUN, .run_id = r->id, .at_ns = r->started_ns, .run = run_make_info(r) };
	if (!r->info || !r->opening || !r->opening->run)
		return err_sys(&r->err, ENOMEM, "prepare the run");
	avoid_workers(r);
	run_read_net(r);
	r->next_tick_ns = clock_run_ns() + r->session->config.sample_ns;
	return watch_init(&r->watch, r->info, clock_run_ns(), &r->err);
}

static void announce(struct run *r)
{
	struct mailbox *m = &r->session->mailbox;
	const char *seed = options_text(&r->options, "seed");

	mailbox_put(m, r->opening);
	r->opening = NULL;
	if (r->plan.load_name)
		mailbox_put_event(m, r->id, SEVERITY_INFO, "run #%u start: %s %s, %s %llu, seed %s", r->id, r->engine->name,
			r->plan.ran, r->plan.load_name, (unsigned long long)r->plan.load, seed);
	else
		mailbox_put_event(
			m, r->id, SEVERITY_INFO, "run #%u start: %s %s, seed %s", r->id, r->engine->name, r->plan.ran, seed);
	for (unsigned i = 0; i < sizeof(r->plan.notes) / sizeof(r->plan.notes[0]); i++)
		if (r->plan.notes[i][0])
			mailbox_put_event(m, r->id, SEVERITY_WARNING, "%s", r->plan.notes[i]);
}

/* ---- settling ---- */

static uint64_t sum_counter(const struct run *r, unsigned roles, unsigned counter)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < r->opened; i++)
		if (r->worker[i].self->role & roles)
			sum += counter_get(r->worker[i].counters, counter);
	return sum;
}

/* Changes whenever a packet moves anywhere. */
static uint64_t movement(const struct run *r)
{
	return sum_counter(r, ROLE_BOTH, COUNTER_TX_PACKETS) + sum_counter(r, ROLE_BOTH, COUNTER_RX_PACKETS) -
	       sum_counter(r, r->plan.flying, COUNTER_IN_FLIGHT);
}

/* Silence says something only where all workers have had their CPUs meanwhile: between two answers
 * each has looked once at what waits for it. */
static bool is_silent(struct run *r)
{
	for (unsigned looks = 0; looks < 2 && !clock_is_virtual(); looks++)
		if (run_housekeeping(r, true) < 0)
			return true;
	return movement(r) == r->moved;
}

static bool is_settled(struct run *r)
{
	uint64_t moved = movement(r);
	int64_t now_ns = clock_run_ns();

	if (moved != r->moved) {
		r->moved = moved;
		r->quiet_since_ns = now_ns;
	}
	if (!sum_counter(r, r->plan.flying, COUNTER_IN_FLIGHT))
		return true;
	return now_ns - r->quiet_since_ns >= r->quiet_limit_ns && is_silent(r);
}

/* Those who held packets back have none any more, and nothing moves.  Somebody else may send to
 * them, too, without an end. */
static bool is_cleared(struct run *r)
{
	int64_t now_ns = clock_run_ns();

	r->moved = movement(r);
	if (!sum_counter(r, r->plan.holding, COUNTER_IN_FLIGHT))
		return is_silent(r) || now_ns - r->quiet_since_ns >= clear_ns;
	r->quiet_since_ns = now_ns;
	return false;
}

/* Over a slow path the silence between two packets may be longer than usual: twice what 99 % of
 * the answers took, where that is more. */
static int64_t quiet_limit(struct run *r)
{
	struct hist recent;
	int64_t slow_ns;

	if (!r->sampler.latencies)
		return quiet_ns;
	sampler_total(&r->sampler, 0, &recent);
	slow_ns = hist_percentile(&recent, 99) * 2;
	return slow_ns > quiet_ns ? slow_ns : quiet_ns;
}

static enum run_end settle(struct run *r, int64_t limit_ns)
{
	r->quiet_since_ns = clock_run_ns();
	r->moved = movement(r);
	r->quiet_limit_ns = quiet_limit(r);
	r->until_ns = r->quiet_since_ns + limit_ns;
	enum run_end end = run_pass(r, is_settled);
	if (r->plan.holding && (end == RUN_OVER || end == RUN_TIME)) {
		r->quiet_since_ns = clock_run_ns();
		r->until_ns = r->quiet_since_ns + clear_limit_ns;
		end = run_pass(r, is_cleared);
	}
	return r->err.code ? RUN_FAILED : end;
}

/* ---- the phases ---- */

static enum run_end warm_up(struct run *r)
{
	enum run_end end;

	if (r->warmup_ns <= 0 && !run_missing(r))
		return RUN_TIME;
	end = run_get_ready(r);
	if (end != RUN_TIME)
		return end;
	enter_phase(r, PHASE_WARMUP);
	r->until_ns = clock_run_ns() + r->warmup_ns;
	end = run_pass(r, NULL);
	if (end != RUN_TIME)
		return end;
	enter_phase(r, PHASE_SETTLE);
	if (run_tell_all(r, r->plan.quiet_first, PHASE_SETTLE) == RUN_FAILED)
		return RUN_FAILED;
	end = settle(r, settle_limit_ns);
	if (end == RUN_TIME || end == RUN_OVER)
		mailbox_put_event(&r->session->mailbox, r->id, SEVERITY_INFO, "warm-up over, counting from zero");
	return end;
}

/* The phase begins when the first of the workers that start traffic has entered it. */
static int64_t measure_start(const struct run *r)
{
	unsigned roles = r->plan.quiet_first ? r->plan.quiet_first : ROLE_BOTH;
	int64_t first_ns = 0;

	for (unsigned i = 0; i < r->opened; i++) {
		int64_t at_ns = r->worker[i].measure_from.at_ns;

		if (r->worker[i].self->role & roles && at_ns && (!first_ns || at_ns < first_ns))
			first_ns = at_ns;
	}
	return first_ns ? first_ns : clock_run_ns();
}

/* The workers keep the end of the phase by themselves: where there are hundreds of them the traffic
 * leaves no CPU to those that have to be told.  Returns the moment that it counts from. */
static int64_t tell_end(struct run *r)
{
	int64_t now_ns = clock_run_ns();

	for (unsigned i = 0; r->duration_ns && i < r->opened; i++)
		atomic_store_explicit(&r->worker[i].control->end_ns, now_ns + r->duration_ns, memory_order_relaxed);
	return now_ns;
}

/* A worker that came to the phase much later than it was told had no CPU, which counts; one that
 * was there much sooner had nothing to do. */
static void share_start(struct run *r, int64_t told_ns)
{
	for (unsigned i = 0; i < r->opened; i++)
		if (llabs(r->worker[i].measure_from.at_ns - told_ns) > stagger_ns)
			r->worker[i].measure_from.at_ns = told_ns;
}

/* Nothing is in flight: the others begin to count before those that start traffic begin to send,
 * so that no packet is counted on one side only. */
static enum run_end begin_measure(struct run *r)
{
	int64_t start_ns, told_ns;

	run_mark_reasons(r);
	run_read_net(r);
	r->net_from = r->net;
	enter_phase(r, PHASE_MEASURE);
	if (run_tell(r, ROLE_BOTH & ~r->plan.quiet_first, PHASE_MEASURE) < 0)
		return RUN_FAILED;
	sampler_read(&r->sampler);
	rows_reader_start(&r->rows, clock_run_ns());
	told_ns = tell_end(r);
	if (run_tell(r, r->plan.quiet_first, PHASE_MEASURE) < 0)
		return RUN_FAILED;
	if (r->plan.quiet_first && !r->engine->synthetic)
		share_start(r, told_ns);
	start_ns = measure_start(r);
	r->measured = true;
	r->until_ns = r->duration_ns ? told_ns + r->duration_ns : 0;
	r->next_tick_ns = start_ns + r->session->config.sample_ns;
	r->next_interval_ns = r->interval_ns ? start_ns + r->interval_ns : 0;
	if (sampler_begin_measure(&r->sampler, start_ns, &r->err) < 0)
		return RUN_FAILED;
	run_publish_sample(r, RUN_FIRST_TICK, start_ns, 0);
	return RUN_TIME;
}

/* The counters are those that the workers had when they left the phase: what lies between this
 * call and that is measured, too. */
static enum run_end end_measure(struct run *r)
{
	/* A synthetic worker counts when it is looked at. */
	if (r->engine->synthetic && run_housekeeping(r, true) < 0)
		return RUN_FAILED;
	if (run_tell_all(r, r->plan.quiet_first, PHASE_DRAIN) == RUN_FAILED)
		return RUN_FAILED;
	sampler_read(&r->sampler);
	/* Not before the sample that came last, where workers entered the phase one after the
	 * other. */
	r->ended_ns = r->sampler.measure_ns + run_measured_ns(r);
	if (r->ended_ns <= r->sampled_ns)
		r->ended_ns = r->sampled_ns + 1;
	run_publish_sample(r, RUN_LAST_TICK, r->ended_ns, 0);
	enter_phase(r, PHASE_DRAIN);
	return RUN_TIME;
}

/* The last interval is told when the drain is over, so that intervals add up to the whole: what
 * became of its packets belongs to it. */
static enum run_end close_intervals(struct run *r)
{
	/* Traffic may still go on where the drain had to be cut off. */
	for (unsigned i = 0; i < r->opened; i++)
		atomic_store_explicit(&r->worker[i].control->still, true, memory_order_relaxed);
	if (run_housekeeping(r, true) < 0)
		return RUN_FAILED;
	sampler_read(&r->sampler);
	r->settled = true;
	if (r->next_interval_ns)
		run_publish_sample(r, RUN_LAST_INTERVAL, r->ended_ns, 0);
	return RUN_OVER;
}

static enum run_end measure(struct run *r)
{
	enum run_end end = begin_measure(r);

	if (end == RUN_TIME)
		end = run_pass(r, NULL);
	if (end == RUN_FAILED)
		return end;
	r->interrupted = end == RUN_ASKED && r->duration_ns;
	if (end_measure(r) == RUN_FAILED || settle(r, drain_limit_ns) == RUN_FAILED)
		return RUN_FAILED;
	return close_intervals(r);
}

static enum run_end lead(struct run *r)
{
	enum run_end end;

	if (prepare(r) < 0)
		return RUN_FAILED;
	announce(r);
	end = run_await_go(r);
	if (end == RUN_TIME)
		end = warm_up(r);
	if (end == RUN_TIME || end == RUN_OVER)
		return measure(r);
	r->interrupted = end == RUN_ASKED;
	return end;
}

/* ---- the end ---- */

static void lose_worker(struct run *r, const struct worker *w)
{
	r->lost = true;
	err_say(&r->err, ETIMEDOUT, "%s worker %u does not end: it is stuck in one call",
		engine_role(r->engine, w->self->role)->title, w->self->index);
}

/* A lost one keeps the run, which its thread may still read. */
static void close_workers(struct run *r)
{
	for (unsigned i = 0; i < r->opened; i++)
		worker_tell(&r->worker[i], PHASE_DONE);
	for (unsigned i = 0; r->worker && i < r->plan.workers; i++) {
		r->worker[i].hurried = r->lost;
		worker_stop(&r->worker[i]);
		if (r->worker[i].lost)
			lose_worker(r, &r->worker[i]);
	}
	if (r->lost)
		return;
	/* Only now: a server tells the others' counts, too. */
	for (unsigned i = 0; r->worker && i < r->plan.workers; i++)
		worker_free(&r->worker[i]);
	free(r->worker);
	r->worker = NULL;
	r->opened = 0;
}

static void say_end(struct run *r, const struct run_final *f)
{
	struct mailbox *m = &r->session->mailbox;
	struct reading whole = reading_of_final(r->info, f);
	struct ledger ledger;
	char time[32], got[16], lost[16];
	int64_t unit = f->measured_ns < NS_PER_S ? NS_PER_MS : 100 * NS_PER_MS;

	if (f->how == PHASE_FAILED) {
		mailbox_put_event(m, r->id, SEVERITY_ERROR, "run #%u failed: %s", r->id, f->err.text);
		return;
	}
	if (!f->measured_ns) {
		mailbox_put_event(m, r->id, SEVERITY_INFO, "run #%u stop: nothing was measured", r->id);
		return;
	}
	ledger_of(&whole, &ledger);
	text_duration((f->measured_ns + unit / 2) / unit * unit, time, sizeof(time));
	if (ledger.known)
		mailbox_put_event(m, r->id, SEVERITY_INFO, "run #%u stop: %s, %s received, %s lost, %lld unexplained", r->id,
			time, text_human((double)ledger.received, got, sizeof(got)),
			text_human((double)ledger.lost, lost, sizeof(lost)), (long long)ledger.unexplained);
	else
		mailbox_put_event(m, r->id, SEVERITY_INFO, "run #%u stop: %s", r->id, time);
}

/* Another run waits to take its place. */
static bool has_heir(const struct run *r)
{
	struct orders orders;

	orders_read(&r->session->desk, &orders);
	return orders.next && r->engine->inherit;
}

void run_inherit(struct run *r, struct run *before)
{
	/* What a path has opened ends with the run. */
	bool same_path = r->plan.path == before->plan.path && !r->plan.path->open;

	if (r->engine == before->engine && r->engine->inherit && !before->unplanned && !before->lost && same_path)
		r->engine->inherit(&before->plan, &r->plan);
}

/* What was measured is told all the same. */
static void fail_final(const struct run *r, struct run_final *final)
{
	final->how = PHASE_FAILED;
	final->err = r->err;
}

void run_execute(struct run *r, struct run_session *session)
{
	struct run_final *final;
	enum phase how;

	r->session = session;
	how = lead(r) == RUN_FAILED ? PHASE_FAILED : PHASE_DONE;
	if (r->measured) {
		/* The last interval ends where the whole does. */
		if (!r->settled)
			sampler_read(&r->sampler);
		run_read_net(r);
		r->net_to = r->net;
		run_take_reasons(r);
	}
	if (r->watch.places && r->info)
		watch_end(&r->watch, r->info, &session->mailbox);
	final = run_make_final(r, how);
	if (r->measured) {
		final->details = rows_reader_final(&r->rows, r->sampler.now_ns, final->measured_ns);
		final->stages = stages_reader_final(&r->stages, r->sampler.now_ns);
	}
	/* Everything is given back before the final says that it is over. */
	close_workers(r);
	if (r->lost) {
		fail_final(r, final);
	} else {
		close_path(r);
		if (!has_heir(r))
			unplan(r);
	}
	orders_run_over(&session->desk, r->id);
	say_end(r, final);
	mailbox_put(&session->mailbox, r->ending);
	r->ending = NULL;
	watch_close(&r->watch);
	sampler_close(&r->sampler);
	rows_reader_close(&r->rows);
	stages_reader_close(&r->stages);
	run_info_free(r->info);
	r->info = NULL;
}
